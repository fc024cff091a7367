package market

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Lot is goods received together (批次).
type Lot struct {
	ID         id.ID     `json:"id"`
	Source     string    `json:"source" enum:"purchase,donation"`
	Origin     string    `json:"origin" doc:"who gave it, or where it was bought"`
	Fund       id.ID     `json:"fund,omitempty" doc:"the fund that paid; empty: not paid from a fund"`
	FundName   string    `json:"fund_name,omitempty"`
	CostFen    int64     `json:"cost_fen" doc:"what the lot cost or is worth, in fen"`
	In         int64     `json:"in" doc:"pieces it was received with"`
	ExpiresOn  clock.Day `json:"expires_on" doc:"last good day; empty: none"`
	Left       int64     `json:"left"`
	ReceivedOn clock.Day `json:"received_on"`
	FromLot    id.ID     `json:"from_lot,omitempty" doc:"the lot of another shop it was transferred from"`
}

// Lots is a list of lots.
type Lots struct {
	Items []Lot `json:"items"`
}

// Lots lists the lots of goods that still hold something, first to end first.
func (s *Service) Lots(ctx context.Context, a access.Actor, in, shop, goods id.ID) (Lots, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Lots{}, err
	}
	list := []Lot{}
	rows, err := s.db.Query(ctx, `SELECT l.id, l.source, l.origin, l.fund_id, COALESCE(f.name, ''), l.cost_fen, l.qty_in, l.expires_on, l.qty_left, l.received_on, l.from_lot
		FROM stock_lots l LEFT JOIN funds f ON f.id = l.fund_id
		WHERE l.goods_id = ? AND l.shop_id = ? AND l.qty_left > 0 ORDER BY l.expires_on, l.id LIMIT 500`, goods, shop)
	err = each(rows, err, func(r *sql.Rows) error {
		var l Lot
		err := r.Scan(&l.ID, &l.Source, &l.Origin, &l.Fund, &l.FundName, &l.CostFen, &l.In, &l.ExpiresOn, &l.Left, &l.ReceivedOn, &l.FromLot)
		if l.ExpiresOn == clock.Forever {
			l.ExpiresOn = 0
		}
		list = append(list, l)
		return err
	})
	return Lots{list}, err
}

// takenBack finds the undo of the receipt of lot l.
const takenBack = `(SELECT 1 FROM stock_moves u JOIN stock_moves b ON b.ref_id = u.ref_id AND b.lot_id = u.lot_id
	WHERE u.lot_id = l.id AND u.kind = 'undo' AND b.kind IN ('purchase', 'donation'))`

// Gift is a donation as the village is told of it.
type Gift struct {
	Giver string    `json:"giver" doc:"who gave it, 爱心人士 if the name is not to be shown"`
	Goods string    `json:"goods"`
	Unit  string    `json:"unit"`
	Qty   int64     `json:"qty"`
	On    clock.Day `json:"on"`
}

// Gifts is a page of donations.
type Gifts struct {
	Items []Gift `json:"items"`
	Next  string `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Thanks lists what was given to a shop, newest first, with the givers who may be named. What was taken back as entered
// wrongly is not shown.
func (s *Service) Thanks(ctx context.Context, a access.Actor, in, shop id.ID, page Page) (Gifts, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return Gifts{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Gifts{}, err
	}
	if _, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now())); err != nil {
		return Gifts{}, err
	}
	type row struct {
		id id.ID
		Gift
	}
	list := []row{}
	rows, err := s.db.Query(ctx, `SELECT l.id, l.origin, l.thanked, g.name, g.unit, l.qty_in, l.received_on FROM stock_lots l JOIN goods g ON g.id = l.goods_id
		WHERE l.shop_id = ? AND l.source = 'donation' AND l.from_lot = 0 AND l.id < ?
		AND NOT EXISTS `+takenBack+` ORDER BY l.id DESC`+page.rows(), shop, before)
	err = each(rows, err, func(r *sql.Rows) error {
		var g row
		var thanked bool
		err := r.Scan(&g.id, &g.Giver, &thanked, &g.Gift.Goods, &g.Unit, &g.Qty, &g.On)
		if !thanked {
			g.Giver = "爱心人士"
		}
		list = append(list, g)
		return err
	})
	if err != nil {
		return Gifts{}, err
	}
	list, next := cut(list, page.limit(), func(r row) id.ID { return r.id })
	gifts := Gifts{Items: make([]Gift, len(list)), Next: next}
	for i := range list {
		gifts.Items[i] = list[i].Gift
	}
	return gifts, nil
}

// newLot is what a lot is made with.
type newLot struct {
	source, origin string
	cost           int64
	expires        clock.Day
	qty            int64
	fund, from     id.ID
	thanked        bool
}

// receive makes a lot of bought or given goods. A partner's goods are its own: no fund pays for them.
func (s *Service) receive(tx *storage.Tx, a access.Actor, in id.ID, op stockOp, r MoveRequest) error {
	expires := r.ExpiresOn
	if expires == 0 {
		expires = clock.Forever
	}
	made, err := op.makeLot(tx, newLot{source: r.Kind, origin: r.Origin, cost: r.CostFen, expires: expires, qty: r.Qty, fund: r.Fund, thanked: r.Thanked})
	if err != nil || r.Fund == 0 {
		return err
	}
	if err := s.ownShop(tx, a, in, op.shop, op.at.day); err != nil {
		return err
	}
	return payLot(tx, a, in, r.Fund, made, r.CostFen, r.Note, op.at)
}

func (o *stockOp) makeLot(tx *storage.Tx, l newLot) (id.ID, error) {
	made := tx.NewID()
	if _, err := tx.Exec(`INSERT INTO stock_lots (id, shop_id, goods_id, source, origin, cost_fen, expires_on, qty_left, received_on, received_at, received_by,
		fund_id, from_lot, qty_in, thanked) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, made, o.shop, o.goods, l.source, l.origin, l.cost, l.expires, 0,
		o.at.day, o.at.ms, o.by, l.fund, l.from, l.qty, boolInt(l.thanked)); err != nil {
		return 0, fmt.Errorf("insert lot: %w", err)
	}
	return made, o.post(tx, []take{{lot: made, qty: l.qty}})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lockLots takes all lots of goods whose row is held and reads them, first to end first.
func lockLots(tx *storage.Tx, goods id.ID) ([]lot, error) {
	if _, err := tx.Exec("UPDATE stock_lots SET rev = rev + 1 WHERE goods_id = ?", goods); err != nil {
		return nil, fmt.Errorf("lock lots: %w", err)
	}
	var lots []lot
	rows, err := tx.Query("SELECT id, expires_on, qty_left, received_at FROM stock_lots WHERE goods_id = ? ORDER BY expires_on, id", goods)
	err = each(rows, err, func(r *sql.Rows) error {
		var l lot
		err := r.Scan(&l.id, &l.expires, &l.left, &l.at)
		lots = append(lots, l)
		return err
	})
	return lots, err
}
