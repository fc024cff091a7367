package market

import (
	"context"
	"crypto/subtle"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// CollectRequest hands out what was reserved. One of code, visit with proof, and signature must be there.
type CollectRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Code      string        `json:"code,omitempty" maxLength:"8" doc:"the pick-up code the household told"`
	Visit     id.ID         `json:"visit,omitempty" doc:"the visit, when they were known by card, phone or PIN"`
	Signed    bool          `json:"signed,omitempty" doc:"they have signed the paper slip"`
	Agent     *AgentRequest `json:"agent,omitempty" doc:"who fetches the goods for the household"`
}

// Collect turns a reservation into a redemption: held points are spent and the goods set aside are handed out, at the
// prices of the day it was made. Refusals: ErrNoReservation, ErrReserved, ErrPickup, access.ErrOwn, standing's, an agent's.
func (s *Service) Collect(ctx context.Context, a access.Actor, in, shop, reservation id.ID, r CollectRequest) (Receipt, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Receipt{}, err
	}
	at := s.now()
	n, err := s.reservation(ctx, "id = ? AND village_id = ? AND shop_id = ?", reservation, in, shop)
	if err != nil {
		return Receipt{}, err
	}
	b, c, refusal := s.collector(ctx, a, &n, r, at)
	made, repeated := s.db.NewID(), false
	var receipt Receipt
	err = s.inTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "market.collect", []any{in, shop, reservation, r}, made)
		if repeated = again; err != nil || again {
			receipt.ID = earlier
			return err
		}
		if refusal != nil {
			return refusal
		}
		receipt, err = s.collect(tx, a.User(), b, c, &n, made, at)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	if repeated {
		return s.repeat(ctx, in, shop, receipt.ID)
	}
	return s.finish(ctx, receipt)
}

// collector finds who fetches and whether they may. The code is as good as the household's phone: only it shows it.
func (s *Service) collector(ctx context.Context, a access.Actor, n *Reservation, r CollectRequest, at time.Time) (buyer, claim, error) {
	today := clock.DayOf(at)
	asked := RedeemRequest{Visit: r.Visit, Signed: r.Signed, Agent: r.Agent, Household: n.Household, Member: n.Member}
	b, err := s.buyer(ctx, a, n.Village, asked, today)
	if err != nil {
		return b, claim{}, err
	}
	told := r.Code != "" && subtle.ConstantTimeCompare([]byte(r.Code), []byte(n.Code)) == 1
	if r.Code != "" && !told {
		return b, claim{}, ErrNoReservation
	}
	if told && r.Visit == 0 {
		asked.Signed = true // an agent needs some proof: the code will do
	}
	c, err := s.claimOf(ctx, a, n.Village, n.Shop, &asked, b, today)
	if told && !r.Signed && (c.proof == "" || c.proof == ProofSignature) {
		c.proof = ProofPhone
	}
	if err == nil && c.proof == "" && c.way != ByCard {
		err = ErrPickup
	}
	return b, c, err
}

func (s *Service) collect(tx *storage.Tx, by id.ID, b buyer, c claim, n *Reservation, made id.ID, at time.Time) (Receipt, error) {
	today := clock.DayOf(at)
	if err := ledger.Guard(tx, []id.ID{n.Account}, c.guards(b, today)); err != nil {
		return Receipt{}, err
	}
	if c.visit != nil {
		if err := c.visit.use(tx, made, at); err != nil {
			return Receipt{}, err
		}
	}
	tags, err := standing.Tags(tx, []id.ID{n.Account}, today)
	if err != nil {
		return Receipt{}, err
	}
	if err := standing.RefuseSpending(tags[n.Account]); err != nil {
		return Receipt{}, err
	}
	terms, err := openDesk(tx, n.Village, n.Shop, at)
	if err != nil {
		return Receipt{}, err
	}
	if err := c.allow(terms, 0); err != nil {
		return Receipt{}, err
	}
	if c.proof == "" && n.Total > terms.ProofAbove { // the card alone
		return Receipt{}, ErrPickup
	}
	if err := n.shut(tx, Collected, by, false, made, at); err != nil {
		return Receipt{}, err
	}
	posted, err := ledger.SpendHeld(tx, b.version.Scheme, ledger.Posting{Village: n.Village, Kind: ledger.Redeem, Ref: made.String(), By: by,
		Title: c.title("领取预约", n.Lines), At: at, Occurred: today, Counted: b.version.Counted(today), Scheme: n.Scheme}, n.ID.String())
	if err != nil {
		return Receipt{}, err
	}
	return s.handOut(tx, by, b, c, n, posted, terms, made, at)
}

// handOut writes the receipt and moves the pieces: back from where they were set aside, and out.
func (s *Service) handOut(tx *storage.Tx, by id.ID, b buyer, c claim, n *Reservation, posted ledger.Posted, terms ShopTerms, made id.ID, at time.Time) (Receipt, error) {
	var left points.Amount
	if err := tx.QueryRow(availableOf, n.Account).Scan(&left); err != nil {
		return Receipt{}, err
	}
	today := clock.DayOf(at)
	receipt := Receipt{ID: made, Village: n.Village, Shop: n.Shop, On: today, CreatedAt: clock.Ms(at), Account: n.Account, Household: n.Household, Member: n.Member,
		HouseholdNumber: n.HouseholdNumber, HouseholdName: n.HouseholdName, Total: n.Total, State: Done, Keeper: by,
		Slip: Slip{Lines: n.Lines, Paid: paid(b.version.Scheme, posted), BalanceAfter: left, Reservation: n.ID}}
	c.sign(&receipt.Slip)
	if err := receipt.insert(tx); err != nil {
		return Receipt{}, err
	}
	if c.agent != nil {
		if err := c.agent.note(tx, &receipt, terms.AgentLimit, at); err != nil {
			return Receipt{}, err
		}
	}
	takes, err := movesOf(tx, n.ID, held)
	if err != nil {
		return Receipt{}, err
	}
	if err := n.unhold(tx, by, at); err != nil {
		return Receipt{}, err
	}
	op := stockOp{shop: n.Shop, ref: made, kind: redeemed, by: by, at: moment{clock.Ms(at), today}}
	return receipt, op.post(tx, takes)
}

// openDesk is the terms of a shop that is open now.
func openDesk(tx *storage.Tx, in, shop id.ID, at time.Time) (ShopTerms, error) {
	d, err := readDesk(tx, in, shop, 0, nil, at, clock.DayOf(at))
	if err == nil {
		err = d.open(at)
	}
	return d.terms, err
}
