package market

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// States of a redemption.
const (
	Done      = "done"
	Cancelled = "cancelled"
)

var redemptionStates = map[string]string{Done: "已兑换", Cancelled: "已取消"}

// Receipt is a redemption as it is shown and printed.
type Receipt struct {
	ID              id.ID         `json:"id"`
	Number          string        `json:"number" doc:"short number, unique in the shop: month and day, and five digits"`
	Village         id.ID         `json:"village"`
	Shop            id.ID         `json:"shop"`
	On              clock.Day     `json:"redeemed_on"`
	CreatedAt       int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Account         id.ID         `json:"-"`
	Household       id.ID         `json:"household"`
	Member          id.ID         `json:"member,omitempty" doc:"who paid, where the village scores persons"`
	HouseholdNumber string        `json:"household_number"`
	HouseholdName   string        `json:"household_name" doc:"the householder, or the person who paid"`
	Total           points.Amount `json:"total" doc:"hundredths of a point"`
	Slip
	State       string `json:"state" enum:"done,cancelled"`
	StateName   string `json:"state_name"`
	Keeper      id.ID  `json:"keeper"`
	KeeperName  string `json:"keeper_name"`
	CancelledAt int64  `json:"cancelled_at,omitempty" doc:"milliseconds since 1970 UTC"`
	CanCancel   bool   `json:"can_cancel" doc:"it is still the day on which it may be cancelled; the scheme may forbid it"`
	Repeated    bool   `json:"repeated" doc:"this request had already been carried out"`
}

// Slip is the part of a receipt that is stored as it was given out.
type Slip struct {
	Lines        []Line        `json:"lines"`
	Way          string        `json:"way,omitempty" enum:"card,phone,lease" doc:"how the household was known; empty: by number or name"`
	Proof        string        `json:"proof,omitempty" enum:"pin,phone,signature" doc:"what made sure that it was they"`
	Agent        *Agent        `json:"agent,omitempty" doc:"who fetched it for them"`
	TopUp        *TopUp        `json:"top_up,omitempty" doc:"what was paid in cash because points were missing"`
	FeeFor       string        `json:"fee_for,omitempty" doc:"the fee of which points took off a part"`
	Reservation  id.ID         `json:"reservation,omitempty" doc:"the reservation that was collected"`
	Owed         points.Amount `json:"owed,omitempty" doc:"what was missing when a redemption made without signal came in, and is owed now"`
	Paid         []Paid        `json:"paid" doc:"which wallets paid"`
	BalanceAfter points.Amount `json:"balance_after" doc:"what the spend wallets then held"`
}

// Paid is what one wallet gave.
type Paid struct {
	Wallet string        `json:"wallet"`
	Name   string        `json:"name"`
	Amount points.Amount `json:"amount"`
}

// CancelRequest cancels a redemption.
type CancelRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Reason    string `json:"reason,omitempty" maxLength:"100"`
}

// Receipts is a page of redemptions, newest first.
type Receipts struct {
	Items []Receipt `json:"items"`
	Next  string    `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Redemption is one receipt of a shop.
func (s *Service) Redemption(ctx context.Context, a access.Actor, in, shop, redemption id.ID) (Receipt, error) {
	if err := a.Allow(MaySeeRedemptions, access.Place{Village: in, Shop: shop}); err != nil {
		return Receipt{}, err
	}
	r, err := s.read(ctx, in, shop, redemption)
	if err != nil {
		return Receipt{}, err
	}
	return s.finish(ctx, r)
}

// RedemptionOf is one receipt of a household, for its people.
func (s *Service) RedemptionOf(ctx context.Context, a access.Actor, in, household, redemption id.ID) (Receipt, error) {
	if err := a.Allow(MaySeeOwn, access.Place{Village: in, Household: household}); err != nil {
		return Receipt{}, err
	}
	list, err := s.list(ctx, "id = ? AND village_id = ? AND household_id = ?", redemption, in, household)
	if err != nil {
		return Receipt{}, err
	}
	if len(list) == 0 {
		return Receipt{}, ErrNoRedemption
	}
	return list[0], nil
}

// RedemptionsOn lists what a shop gave out to this village's people on a day (0: today), newest first.
func (s *Service) RedemptionsOn(ctx context.Context, a access.Actor, in, shop id.ID, day clock.Day, page Page) (Receipts, error) {
	if err := a.Allow(MaySeeRedemptions, access.Place{Village: in, Shop: shop}); err != nil {
		return Receipts{}, err
	}
	if day == 0 {
		day = clock.DayOf(s.now())
	}
	before, err := page.from(newest)
	if err != nil {
		return Receipts{}, err
	}
	out, err := s.page(ctx, page, "shop_id = ? AND redeemed_on = ? AND village_id = ? AND id < ? ORDER BY id DESC"+page.rows(), shop, day, in, before)
	return s.orNone(ctx, out, err, ErrNoShop, "SELECT COUNT(*) FROM shop_villages WHERE shop_id = ? AND village_id = ?", shop, in)
}

// RedemptionsOf lists a household's redemptions, newest first.
func (s *Service) RedemptionsOf(ctx context.Context, a access.Actor, in, household id.ID, page Page) (Receipts, error) {
	if err := a.Allow(MaySeeOwn, access.Place{Village: in, Household: household}); err != nil {
		return Receipts{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Receipts{}, err
	}
	out, err := s.page(ctx, page, "household_id = ? AND village_id = ? AND id < ? ORDER BY id DESC"+page.rows(), household, in, before)
	return s.orNone(ctx, out, err, village.ErrNoHousehold, "SELECT COUNT(*) FROM households WHERE id = ? AND village_id = ?", household, in)
}

// orNone tells an empty list from that of something the village does not have.
func (s *Service) orNone(ctx context.Context, out Receipts, err, none error, count string, args ...any) (Receipts, error) {
	if err != nil || len(out.Items) > 0 {
		return out, err
	}
	var n int
	if err := s.db.QueryRow(ctx, count, args...).Scan(&n); err != nil || n == 0 {
		return Receipts{}, cmp.Or(err, none)
	}
	return out, nil
}

func (s *Service) page(ctx context.Context, page Page, where string, args ...any) (Receipts, error) {
	list, err := s.list(ctx, where, args...)
	if err != nil {
		return Receipts{}, err
	}
	items, next := cut(list, page.limit(), func(r Receipt) id.ID { return r.ID })
	return Receipts{items, next}, nil
}

func (s *Service) list(ctx context.Context, where string, args ...any) ([]Receipt, error) {
	list, err := readReceipts(s.query(ctx), where, args...)
	if err != nil {
		return nil, err
	}
	var keepers []id.ID
	for i := range list {
		if !slices.Contains(keepers, list[i].Keeper) {
			keepers = append(keepers, list[i].Keeper)
		}
	}
	names, err := s.names(ctx, keepers...)
	if err != nil {
		return nil, err
	}
	today := clock.DayOf(s.now())
	for i := range list {
		list[i].describe(names, today)
	}
	return list, nil
}

// read is one receipt as stored.
func (s *Service) read(ctx context.Context, in, shop, redemption id.ID) (Receipt, error) {
	list, err := readReceipts(s.query(ctx), "id = ? AND village_id = ? AND shop_id = ?", redemption, in, shop)
	if err != nil {
		return Receipt{}, err
	}
	if len(list) == 0 {
		return Receipt{}, ErrNoRedemption
	}
	return list[0], nil
}

// repeat answers a request that had been carried out before.
func (s *Service) repeat(ctx context.Context, in, shop, redemption id.ID) (Receipt, error) {
	r, err := s.read(ctx, in, shop, redemption)
	if err != nil {
		return Receipt{}, err
	}
	r.Repeated = true
	return s.finish(ctx, r)
}

// finish adds what is not stored.
func (s *Service) finish(ctx context.Context, r Receipt) (Receipt, error) {
	names, err := s.names(ctx, r.Keeper)
	r.describe(names, clock.DayOf(s.now()))
	return r, err
}

func (r *Receipt) describe(names map[id.ID]string, today clock.Day) {
	r.KeeperName, r.StateName = names[r.Keeper], redemptionStates[r.State]
	r.CanCancel = r.State == Done && r.On == today
}

func readReceipts(q query, where string, args ...any) ([]Receipt, error) {
	list := []Receipt{}
	rows, err := q(`SELECT id, number, village_id, shop_id, redeemed_on, created_at, account_id, household_id, member_id, household_number, name,
		total, receipt, state, keeper, cancelled_at FROM redemptions WHERE `+where, args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var r Receipt
		var text []byte
		if err := rows.Scan(&r.ID, &r.Number, &r.Village, &r.Shop, &r.On, &r.CreatedAt, &r.Account, &r.Household, &r.Member, &r.HouseholdNumber,
			&r.HouseholdName, &r.Total, &text, &r.State, &r.Keeper, &r.CancelledAt); err != nil {
			return err
		}
		var err error
		if r.Slip, err = readSlip(text); err != nil {
			return fmt.Errorf("receipt %s: %w", r.ID, err)
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

var (
	wayNames   = map[string]string{ByCard: "凭积分卡", ByPhone: "凭手机上的码", "lease": "没有信号时凭积分卡"}
	proofNames = map[string]string{ProofPIN: "已核对登录密码", ProofPhone: "已核对手机", ProofSignature: "本人（代领人）签字"}
)

// Notes are the sentences a slip says beside its goods: how they were known, who fetched it, what was paid in cash.
func (s Slip) Notes() []string {
	var notes []string
	if how := wayNames[s.Way] + map[bool]string{true: "，"}[s.Way != "" && s.Proof != ""] + proofNames[s.Proof]; how != "" {
		notes = append(notes, how)
	}
	if s.Agent != nil {
		notes = append(notes, "代领人："+s.Agent.Name+"（"+s.Agent.Said+"）")
	}
	if s.TopUp != nil {
		notes = append(notes, fmt.Sprintf("差%s分，现金补了%.2f元", s.TopUp.Points, float64(s.TopUp.Fen)/100))
	}
	if s.FeeFor != "" {
		notes = append(notes, "抵扣："+s.FeeFor)
	}
	if s.Owed > 0 {
		notes = append(notes, "积分不够，欠"+s.Owed.String()+"分")
	}
	return notes
}

func readSlip(text []byte) (s Slip, err error) {
	err = json.Unmarshal(text, &s)
	return s, err
}

// movesOf are the takes of a redemption, or of a reservation.
func movesOf(tx *storage.Tx, ref id.ID, kind string) ([]take, error) {
	var takes []take
	rows, err := tx.Query("SELECT lot_id, goods_id, qty, price FROM stock_moves WHERE ref_id = ? AND kind = ? ORDER BY lot_id", ref, kind)
	err = each(rows, err, func(r *sql.Rows) error {
		var t take
		err := r.Scan(&t.lot, &t.goods, &t.qty, &t.price)
		takes = append(takes, t)
		return err
	})
	return takes, err
}
