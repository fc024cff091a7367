package market

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// RedeemRequest is a basket at the counter.
type RedeemRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Household id.ID         `json:"household,omitempty" doc:"whose points pay, where the village scores households"`
	Member    id.ID         `json:"member,omitempty" doc:"whose points pay, where the village scores persons"`
	Lines     []Want        `json:"lines" minItems:"1" maxItems:"20"`
	Total     points.Amount `json:"total" minimum:"1" doc:"what the page showed, in hundredths of a point; refused if prices have changed since"`
	Visit     id.ID         `json:"visit,omitempty" doc:"the visit, when they were known by card, phone or PIN"`
	Signed    bool          `json:"signed,omitempty" doc:"they have signed the paper slip"`
	Agent     *AgentRequest `json:"agent,omitempty" doc:"who fetches the goods for the household"`
	TopUp     *TopUp        `json:"top_up,omitempty" doc:"what is paid in cash because points are missing"`
	FeeFor    string        `json:"fee_for,omitempty" maxLength:"60" doc:"which fee, when points take off a part of one"`
}

// buyer is whose points pay, and the rules by which.
type buyer struct {
	subject village.Subject
	version *rulebook.Version
}

// Redeem turns points into goods, in one transaction: the account is locked, tags and goods are read, points are spent
// in the scheme's order, and stock leaves the lots that end first. It returns the receipt. Whoever asks again with the
// same request id gets the same receipt.
//
// Refusals: ErrInvalid, ErrNoShop, ErrNotServed, ErrShopClosed, ErrNoGoods, ErrGoodsPaused, ErrNoPrice, ErrSoldOut,
// ErrPriceChanged, ErrSuspended, access.ErrOwn, standing's refusals, ledger.ErrNotEnough and ErrInDebt.
func (s *Service) Redeem(ctx context.Context, a access.Actor, in, shop id.ID, r RedeemRequest) (Receipt, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Receipt{}, err
	}
	if err := checkBasket(r.Lines); err != nil {
		return Receipt{}, err
	}
	at := s.now()
	b, refusal := s.buyer(ctx, a, in, r, clock.DayOf(at)) // a refusal waits: what was done before is answered whatever holds now
	c := claim{way: ByNumber}
	if refusal == nil {
		c, refusal = s.claimOf(ctx, a, in, shop, &r, b, clock.DayOf(at))
	}
	made, repeated := s.db.NewID(), false
	var receipt Receipt
	err := s.inTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "market.redeem", []any{in, shop, r}, made)
		if repeated = again; err != nil || again {
			receipt.ID = earlier
			return err
		}
		if refusal != nil {
			return refusal
		}
		receipt, err = s.redeem(tx, a.User(), b, c, shop, made, r, at)
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

// buyer finds the household or person and the rules in force; nobody redeems for an own household as an official.
func (s *Service) buyer(ctx context.Context, a access.Actor, in id.ID, r RedeemRequest, today clock.Day) (buyer, error) {
	v, err := s.books.InForce(ctx, in, today)
	if err != nil {
		return buyer{}, err
	}
	owner := r.Household
	if v.Scheme.Subject == scheme.SubjectPerson {
		if owner = r.Member; owner == 0 {
			return buyer{}, wrong("member", "本村按个人积分，请选择家庭成员")
		}
	} else if owner == 0 {
		return buyer{}, wrong("household", "请选择要兑换的户")
	}
	subjects, err := s.people.Subjects(ctx, in, today, []id.ID{owner})
	if err != nil {
		return buyer{}, err
	}
	b := buyer{subjects[0], v}
	switch {
	case b.subject.Owner() != owner, v.Scheme.Subject == scheme.SubjectPerson && b.subject.Member == 0:
		return buyer{}, village.ErrNotInForce
	case v.Scheme.Subject != scheme.SubjectPerson && b.subject.Member != 0:
		return buyer{}, village.ErrNotInForce
	case r.Household != 0 && r.Household != b.subject.Household:
		return buyer{}, wrong("member", "这个人不在所选的户里，请重新选择")
	case !b.subject.Active:
		return b, ErrSuspended
	}
	return b, a.NotOwn(b.subject.Household)
}

// redeem is the transaction after the request has been noted.
func (s *Service) redeem(tx *storage.Tx, by id.ID, b buyer, c claim, shop, made id.ID, r RedeemRequest, at time.Time) (Receipt, error) {
	account, today := b.subject.Owner(), clock.DayOf(at)
	if err := ledger.Guard(tx, []id.ID{account}, c.guards(b, today)); err != nil {
		return Receipt{}, err
	}
	if c.visit != nil {
		if err := c.visit.use(tx, made, at); err != nil {
			return Receipt{}, err
		}
	}
	wants := sorted(r.Lines)
	d, err := readDesk(tx, b.subject.Village, shop, account, wants, at, today)
	if e := standing.RefuseSpending(d.tags); e != nil {
		err = e
	}
	if err == nil {
		err = d.open(at)
	}
	if err != nil {
		return Receipt{}, err
	}
	lines, takes, total, err := d.basket(tx, b, wants, r.Total, today)
	if err == nil {
		err = c.checkFee(lines)
	}
	if err != nil {
		return Receipt{}, err
	}
	spent, err := c.afford(tx, b, d.terms, total, at)
	if err == nil {
		err = c.allow(d.terms, spent)
	}
	if err != nil {
		return Receipt{}, err
	}
	posted, err := ledger.Spend(tx, b.version.Scheme, ledger.Posting{
		Village: b.subject.Village, Kind: ledger.Redeem, Ref: made.String(), By: by, Title: c.title("兑换", lines), At: at,
		Occurred: today, Counted: b.version.Counted(today), Scheme: b.version.ID,
	}, account, spent, b.subject.Flags...)
	if err != nil {
		return Receipt{}, err
	}
	left, err := spendLeft(tx, b.version.Scheme, account, posted)
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{ID: made, Village: b.subject.Village, Shop: shop, On: today, CreatedAt: clock.Ms(at), Account: account,
		Household: b.subject.Household, Member: b.subject.Member, HouseholdNumber: b.subject.Number, HouseholdName: b.subject.Name,
		Total: spent, State: Done, Keeper: by, Slip: Slip{Lines: lines, Paid: paid(b.version.Scheme, posted), BalanceAfter: left}}
	c.sign(&receipt.Slip)
	if err := receipt.insert(tx); err != nil {
		return Receipt{}, err
	}
	if c.agent != nil {
		if err := c.agent.note(tx, &receipt, d.terms.AgentLimit, at); err != nil {
			return Receipt{}, err
		}
	}
	op := stockOp{shop: shop, ref: made, kind: redeemed, by: by, at: moment{clock.Ms(at), today}}
	return receipt, op.post(tx, takes)
}

// paid adds up what each wallet gave.
func paid(book *scheme.Scheme, p ledger.Posted) []Paid {
	var list []Paid
	for _, e := range p.Entries {
		if e.Amount > 0 { // the other side of a hold
			continue
		}
		if n := len(list); n > 0 && list[n-1].Wallet == e.Wallet {
			list[n-1].Amount -= e.Amount
			continue
		}
		name := e.Wallet
		if w, ok := book.Wallet(e.Wallet); ok {
			name = w.Name
		}
		list = append(list, Paid{Wallet: e.Wallet, Name: name, Amount: -e.Amount})
	}
	return list
}

const availableOf = "SELECT COALESCE(SUM(amount), 0) FROM balances WHERE account_id = ? AND bucket = 'available' AND kind = '" + scheme.KindSpend + "'"

// spendLeft is what the account's spend wallets hold after the posting. With one such wallet its last entry says it.
func spendLeft(tx *storage.Tx, book *scheme.Scheme, account id.ID, p ledger.Posted) (points.Amount, error) {
	if n := len(p.Entries); len(book.SpendOrder()) == 1 && n > 0 {
		return p.Entries[n-1].BalanceAfter, nil
	}
	var left points.Amount
	if err := tx.QueryRow(availableOf, account).Scan(&left); err != nil {
		return 0, fmt.Errorf("read balance: %w", err)
	}
	return left, nil
}

// numberTries bounds the draw of a free receipt number: with 5,000 receipts of a shop on one day one in twenty is taken.
const numberTries = 12

// insert stores the receipt under a number of its shop and day. Numbers are drawn, not counted: a counter would be a row
// that every counter of the shop waits for.
func (r *Receipt) insert(tx *storage.Tx) error {
	text, err := json.Marshal(r.Slip)
	if err != nil {
		return err
	}
	for range numberTries {
		r.Number = fmt.Sprintf("%04d-%05d", int(r.On)%10000, rand.IntN(100_000))
		_, err = tx.Exec(`INSERT INTO redemptions (id, village_id, shop_id, number, redeemed_on, created_at, account_id, household_id, member_id,
			household_number, name, total, receipt, keeper, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			r.ID, r.Village, r.Shop, r.Number, r.On, r.CreatedAt, r.Account, r.Household, r.Member,
			r.HouseholdNumber, r.HouseholdName, int64(r.Total), string(text), r.Keeper, r.State)
		if !storage.IsDuplicate(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("insert redemption: %w", err)
	}
	return nil
}
