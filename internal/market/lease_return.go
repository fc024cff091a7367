package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// What did not agree when a redemption made without signal came in. The first group waits for somebody to decide, because
// the lease does not cover it or it cannot be posted; the second is posted and reported.
const (
	NotLeased  = "not_leased"  // the household had no budget in this lease
	OverBudget = "over_budget" // more than the lease allowed it
	OutOfTime  = "out_of_time" // made before the lease began or after it ended
	WrongCard  = "wrong_card"  // the card is not one of the household's
	Unsigned   = "unsigned"    // nobody signed
	WrongGoods = "wrong_goods" // goods the shop does not have, or lines that do not add up
	OwnHouse   = "own"         // the keeper's own household
	ClosedOff  = "closed"      // the account has been closed since

	NewCard    = "new_card"  // the card has been replaced since
	NewPrice   = "new_price" // not the price of the lease's day or of the day it was made
	NotAllowed = "barred"    // barred or suspended since
	ShortStock = "short"     // the book had fewer pieces than were given
	OverLimit  = "limit"     // more than a household may have of the goods in their period
	NotOpen    = "not_open"  // on a day or at an hour at which the shop gives nothing out
	Owing      = "owing"     // points were missing and are owed now
	slack      = 10 * 60_000 // ms by which a device's clock may be wrong
	maxReturn  = 200         // conflicts and rows of one page
)

var waits = []string{NotLeased, OverBudget, OutOfTime, WrongCard, Unsigned, WrongGoods, OwnHouse, ClosedOff}

var conflictNames = map[string]string{NotLeased: "这一户不在离线名单里", OverBudget: "超过了离线限额", OutOfTime: "不在离线时间内", WrongCard: "卡和户对不上",
	Unsigned: "没有签字", WrongGoods: "商品或数目对不上", OwnHouse: "是管理员自己家", ClosedOff: "账户已经停用", NewCard: "积分卡后来换了新的",
	NewPrice: "价格后来变了", NotAllowed: "后来被暂停兑换", ShortStock: "账上库存不够，已按实发补记", OverLimit: "超过了每户限量", NotOpen: "不在兑换日或兑换时间里", Owing: "积分不够，已记为欠分"}

// States of what was brought back.
const (
	Posted  = "posted"
	Waiting = "waiting"
	Settled = "settled" // somebody decided that it is posted
	Dropped = "dropped" // somebody decided that it is not
)

// ReturnRequest is one redemption made without signal, as the device kept it. Its request id was made at the counter.
type ReturnRequest struct {
	RequestID  string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device when it happened"`
	Household  id.ID         `json:"household"`
	Member     id.ID         `json:"member,omitempty" doc:"who pays, where the village scores persons"`
	Card       string        `json:"card" maxLength:"300" doc:"what the card held"`
	RedeemedAt int64         `json:"redeemed_at" minimum:"0" doc:"milliseconds since 1970 UTC"`
	Lines      []ReturnLine  `json:"lines" minItems:"1" maxItems:"20"`
	Total      points.Amount `json:"total" minimum:"1" doc:"hundredths of a point"`
	Signed     bool          `json:"signed" doc:"they have signed the paper slip"`
}

// ReturnLine is one goods of it, at the price the device had.
type ReturnLine struct {
	Goods id.ID         `json:"goods"`
	Qty   int64         `json:"qty" minimum:"1" maximum:"999"`
	Price points.Amount `json:"price" minimum:"1"`
}

// LeaseReturn is what became of it.
type LeaseReturn struct {
	ID              id.ID         `json:"id"`
	Lease           id.ID         `json:"lease"`
	Village         id.ID         `json:"village"`
	Shop            id.ID         `json:"shop"`
	Household       id.ID         `json:"household"`
	RedeemedAt      int64         `json:"redeemed_at" doc:"milliseconds since 1970 UTC"`
	ReceivedAt      int64         `json:"received_at" doc:"milliseconds since 1970 UTC"`
	Keeper          id.ID         `json:"keeper" doc:"who brought it back"`
	KeeperName      string        `json:"keeper_name,omitempty" doc:"in lists"`
	What            string        `json:"what,omitempty" doc:"in lists: the goods in words"`
	HouseholdNumber string        `json:"household_number,omitempty" doc:"in lists"`
	HouseholdName   string        `json:"household_name,omitempty" doc:"in lists"`
	Total           points.Amount `json:"total"`
	Owed            points.Amount `json:"owed" doc:"points that were missing and are owed now"`
	Redemption      id.ID         `json:"redemption,omitempty" doc:"the redemption it became"`
	Conflicts       []string      `json:"conflicts" doc:"what did not agree"`
	Said            string        `json:"said" doc:"the same in words"`
	State           string        `json:"state" enum:"posted,waiting,settled,dropped"`
	Note            string        `json:"note" doc:"of who decided"`
	Repeated        bool          `json:"repeated" doc:"this request had already been carried out"`

	account id.ID
	body    ReturnRequest
	subject village.Subject
	version *rulebook.Version
}

// Returns is a page of them, newest first.
type Returns struct {
	Items []LeaseReturn `json:"items"`
	Next  string        `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// leased is a lease and one account's line of it, as stored.
type leased struct {
	id, village, shop id.ID
	taken, ends       int64
}

// Return takes in one redemption made without signal. Nothing is dropped: what the lease covers is posted, whatever has
// changed since, and the difference is reported; what it does not cover waits for somebody to decide.
func (s *Service) Return(ctx context.Context, a access.Actor, in, shop, lease id.ID, r ReturnRequest) (LeaseReturn, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return LeaseReturn{}, err
	}
	l := leased{id: lease, village: in, shop: shop}
	var closed int64
	err := s.db.QueryRow(ctx, "SELECT taken_at, ends_at, closed_at FROM leases WHERE id = ? AND village_id = ? AND shop_id = ?", lease, in, shop).Scan(&l.taken, &l.ends, &closed)
	if errors.Is(err, sql.ErrNoRows) {
		return LeaseReturn{}, ErrNoLease
	}
	if err != nil {
		return LeaseReturn{}, fmt.Errorf("read lease: %w", err)
	}
	if closed != 0 { // ended early, by somebody who thinks the device lost perhaps: from then on another holds the budgets
		l.ends = min(l.ends, closed)
	}
	at := s.now()
	n := LeaseReturn{ID: s.db.NewID(), Lease: lease, Village: in, Shop: shop, Household: r.Household, RedeemedAt: r.RedeemedAt, ReceivedAt: clock.Ms(at),
		Keeper: a.User(), Total: r.Total, account: r.Household, body: r}
	if r.Member != 0 {
		n.account = r.Member
	}
	if err := s.examine(ctx, a, l, &n); err != nil {
		return LeaseReturn{}, err
	}
	found, repeated := slices.Clone(n.Conflicts), false
	err = s.inTx(ctx, func(tx *storage.Tx) error {
		n.Conflicts, n.Owed, n.Redemption = slices.Clone(found), 0, 0
		_, again, err := tx.Once(a.User(), r.RequestID, "market.return", []any{in, shop, lease, r}, n.ID)
		if repeated = again; err != nil || again {
			return err
		}
		return s.takeBack(tx, a.User(), &n, at)
	})
	if err != nil {
		return LeaseReturn{}, err
	}
	if repeated {
		return s.returned(ctx, a.User(), r.RequestID)
	}
	return n.say(), nil
}

// takeBack counts it against the lease, posts it if nothing stands in the way, and keeps it in any case.
func (s *Service) takeBack(tx *storage.Tx, by id.ID, n *LeaseReturn, at time.Time) error {
	if !n.waits() {
		k, err := tx.Exec("UPDATE lease_lines SET spent = spent + ? WHERE lease_id = ? AND account_id = ? AND spent + ? <= budget",
			int64(n.Total), n.Lease, n.account, int64(n.Total))
		if err != nil {
			return fmt.Errorf("spend lease: %w", err)
		}
		if k == 0 {
			n.Conflicts = append(n.Conflicts, OverBudget)
		}
	}
	n.State = Waiting
	if !n.waits() {
		n.State = Posted
		if err := s.postReturn(tx, by, n, at); err != nil {
			return err
		}
	}
	return n.insert(tx)
}

func (n *LeaseReturn) waits() bool {
	return slices.ContainsFunc(n.Conflicts, func(c string) bool { return slices.Contains(waits, c) })
}

// examine finds what can be known before the transaction.
func (s *Service) examine(ctx context.Context, a access.Actor, l leased, n *LeaseReturn) error {
	r, note := &n.body, n.note
	note(r.RedeemedAt < l.taken-slack || r.RedeemedAt > l.ends+slack, OutOfTime)
	note(!r.Signed, Unsigned)
	note(a.IsOwn(r.Household), OwnHouse)
	card, err := s.cardAt(ctx, r.Card, l)
	if err != nil {
		return err
	}
	note(card.household != r.Household, WrongCard)
	note(card.ended != 0, NewCard)
	var lines int
	var closed clock.Day
	if err := s.db.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(c.closed_on), 0) FROM lease_lines x JOIN accounts c ON c.id = x.account_id
		WHERE x.lease_id = ? AND x.account_id = ? AND x.household_id = ?`, l.id, n.account, r.Household).Scan(&lines, &closed); err != nil {
		return fmt.Errorf("read lease line: %w", err)
	}
	note(lines == 0, NotLeased)
	note(lines > 0 && closed != clock.Forever, ClosedOff)
	agree, priced, err := s.linesAgree(ctx, l, n)
	note(!agree, WrongGoods)
	note(agree && !priced, NewPrice)
	if err == nil {
		err = n.find(ctx, s)
	}
	return err
}

type cardSeen struct {
	household id.ID
	ended     int64
}

// cardAt is whose card it was while the lease was taken; a card that was dead by then is nobody's.
func (s *Service) cardAt(ctx context.Context, text string, l leased) (c cardSeen, err error) {
	token := village.CardToken(text)
	if token == "" {
		return c, nil
	}
	err = s.db.QueryRow(ctx, "SELECT household_id, ended_at FROM household_codes WHERE token_idx = ? AND village_id = ?", s.db.Keys.Index(storage.IndexCode, token), l.village).
		Scan(&c.household, &c.ended)
	if errors.Is(err, sql.ErrNoRows) {
		return cardSeen{}, nil
	}
	if err != nil {
		return c, fmt.Errorf("read card: %w", err)
	}
	if c.ended != 0 && c.ended < l.taken {
		c.household = 0
	}
	return c, nil
}

// linesAgree checks that the goods are the shop's and the sum is right, and whether the prices are those of the day the
// lease was taken or of the day it was redeemed.
func (s *Service) linesAgree(ctx context.Context, l leased, n *LeaseReturn) (agree, priced bool, err error) {
	r := &n.body
	var sum points.Amount
	wants := map[id.ID]points.Amount{}
	for _, x := range r.Lines {
		if x.Qty < 1 || x.Qty > MaxQty || x.Price < 1 || x.Price > MaxPrice || wants[x.Goods] != 0 {
			return false, false, nil
		}
		wants[x.Goods], sum = x.Price, sum+x.Price*points.Amount(x.Qty)
	}
	if sum != r.Total || len(wants) == 0 || len(wants) > MaxLines {
		return false, false, nil
	}
	priced = true
	known := map[id.ID]bool{}
	days := []clock.Day{clock.DayOf(clock.FromMs(l.taken)), n.day()}
	for goods, price := range wants {
		right := false
		for _, day := range days {
			list, err := readGoods(s.query(ctx), l.village, day, "g.id = ? AND g.shop_id = ?", goods, l.shop)
			if err != nil {
				return false, false, err
			}
			if len(list) == 1 {
				known[goods], right = true, right || list[0].Price == price
			}
		}
		priced = priced && right
	}
	return len(known) == len(wants), priced, nil
}

// say puts the conflicts into words.
func (n LeaseReturn) say() LeaseReturn {
	words := make([]string, len(n.Conflicts))
	for i, c := range n.Conflicts {
		words[i] = conflictNames[c]
	}
	if n.Said = strings.Join(words, "；"); n.Conflicts == nil {
		n.Conflicts = []string{}
	}
	return n
}
