package market

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// prized is the kind of stock moves of goods that are handed out as an award: nobody pays for them.
const prized = "prize"

// ErrNoPrizeGoods names goods of an award that the shop does not keep.
var ErrNoPrizeGoods = errs.New(errs.Conflict, "market_no_prize_goods", "这个超市没有登记这种奖品，请先登记商品并进货，或者选择不经超市发放")

// PrizeGoods is so many pieces of something, by its name in the shop.
type PrizeGoods struct {
	Name  string
	Count int64
}

// HandOut takes goods of an award out of a shop's stock, the lots that end first first, in the transaction that notes the
// award as handed out. ref is the prize: with the lot it makes each move unique. The actor must be allowed to keep the stock.
// ErrNoPrizeGoods; ErrStock if there is less.
func (s *Service) HandOut(tx *storage.Tx, a access.Actor, in, shop, ref id.ID, goods []PrizeGoods, note string, at time.Time) error {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return err
	}
	now := moment{clock.Ms(at), clock.DayOf(at)}
	if _, err := s.mine(a, tx.QueryRow, in, shop, now.day); err != nil {
		return err
	}
	want, shopOf := map[id.ID]int64{}, map[id.ID]id.ID{}
	var order []id.ID
	for _, g := range goods {
		var found id.ID
		err := tx.QueryRow("SELECT id FROM goods WHERE shop_id = ? AND name = ? ORDER BY CASE WHEN state = 'on' THEN 0 ELSE 1 END, id LIMIT 1", shop, g.Name).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoPrizeGoods.With("这个超市没有登记奖品“%s”，请先登记商品并进货，或者选择不经超市发放", g.Name)
		}
		if err != nil {
			return fmt.Errorf("find goods: %w", err)
		}
		if want[found] == 0 {
			order = append(order, found)
		}
		want[found] += g.Count
		shopOf[found] = shop
	}
	if err := lockAll(tx, shopOf); err != nil {
		return err
	}
	slices.Sort(order)
	var takes []take
	for _, g := range order {
		lots, err := lockLots(tx, g)
		if err != nil {
			return err
		}
		lots = slices.DeleteFunc(lots, func(l lot) bool { return l.expires < now.day })
		some, missing := draw(lots, want[g], g, 0)
		if missing > 0 {
			return ErrStock.With("奖品库存不够：要发%d件，只有%d件", want[g], want[g]-missing)
		}
		takes = append(takes, some...)
	}
	if r := []rune(note); len(r) > 200 {
		note = string(r[:200])
	}
	op := stockOp{shop: shop, ref: ref, kind: prized, note: strings.TrimSpace(note), by: a.User(), at: now}
	return op.post(tx, takes)
}

// TakeBack puts goods of an award back into the lots that they came from, in the transaction that undoes the handing out
// which HandOut was told of as ref.
func (s *Service) TakeBack(tx *storage.Tx, a access.Actor, in, shop, ref id.ID, why string, at time.Time) error {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return err
	}
	rows, err := tx.Query("SELECT goods_id, lot_id, qty, price FROM stock_moves WHERE shop_id = ? AND ref_id = ? AND kind = ?", shop, ref, prized)
	if err != nil {
		return fmt.Errorf("read stock moves: %w", err)
	}
	defer rows.Close()
	shopOf := map[id.ID]id.ID{}
	var takes []take
	for rows.Next() {
		var t take
		if err := rows.Scan(&t.goods, &t.lot, &t.qty, &t.price); err != nil {
			return err
		}
		t.qty, shopOf[t.goods] = -t.qty, shop
		takes = append(takes, t)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	if err := lockAll(tx, shopOf); err != nil {
		return err
	}
	op := stockOp{shop: shop, ref: ref, kind: Undo, note: why, by: a.User(), at: moment{clock.Ms(at), clock.DayOf(at)}}
	return op.post(tx, takes)
}
