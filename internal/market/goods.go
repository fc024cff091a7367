package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// States of goods. What is removed is kept for old receipts.
const (
	OnSale  = "on"
	OffSale = "paused"
	Removed = "removed"
)

var goodsStates = map[string]string{OnSale: "可兑换", OffSale: "暂停兑换", Removed: "已下架"}

// Goods is something a shop gives for points.
type Goods struct {
	ID        id.ID         `json:"id"`
	Shop      id.ID         `json:"shop"`
	Class     string        `json:"class" doc:"heading on the pages"`
	Name      string        `json:"name"`
	Unit      string        `json:"unit" doc:"what one piece is called: 块, 袋, 瓶"`
	Barcode   string        `json:"barcode"`
	Note      string        `json:"note"`
	State     string        `json:"state" enum:"on,paused,removed"`
	StateName string        `json:"state_name"`
	Price     points.Amount `json:"price" doc:"today's price of one piece, in hundredths of a point; 0: not priced yet"`
	OwnPrice  bool          `json:"own_price" doc:"the price is the village's own, not the one for all"`
	NextPrice points.Amount `json:"next_price" doc:"the next price that is already set; 0: none"`
	NextFrom  clock.Day     `json:"next_from" doc:"the day it takes effect"`
	Stock     int64         `json:"stock" doc:"pieces that can be redeemed today"`
	Spoiled   int64         `json:"spoiled" doc:"pieces past their last day, to be written off"`
	GoodUntil clock.Day     `json:"good_until" doc:"last day of the lot that ends first; empty: no piece has one"`
	ReorderAt int64         `json:"reorder_at" doc:"at this many pieces or fewer it is time to buy"`
	Low       bool          `json:"low" doc:"it is time to buy"`
	WorthFen  int64         `json:"worth_fen" doc:"what one piece is worth today, in fen; 0: not said"`
	Terms     GoodsTerms    `json:"terms" doc:"how many of it a household may have, and whether it is a fee"`
	Photo     *media.Shot   `json:"photo,omitempty" doc:"its picture"`
	Repeated  bool          `json:"repeated" doc:"this request had already been carried out"`
}

// GoodsList is a page of goods.
type GoodsList struct {
	Items []Goods `json:"items"`
	Next  string  `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// GoodsRequest enters goods, on sale from now.
type GoodsRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Class     string        `json:"class,omitempty" maxLength:"32"`
	Name      string        `json:"name" minLength:"1" maxLength:"60"`
	Unit      string        `json:"unit" minLength:"1" maxLength:"10"`
	Barcode   string        `json:"barcode,omitempty" maxLength:"32"`
	Note      string        `json:"note,omitempty" maxLength:"200"`
	ReorderAt int64         `json:"reorder_at,omitempty" minimum:"0" maximum:"100000"`
	Price     points.Amount `json:"price" minimum:"1" maximum:"10000000" doc:"price of one piece from today, in hundredths of a point"`
	WorthFen  int64         `json:"worth_fen,omitempty" minimum:"0" maximum:"100000000" doc:"what one piece is worth, in fen"`
}

// GoodsEdit changes goods; what is left out stays.
type GoodsEdit struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Class     *string `json:"class,omitempty" maxLength:"32"`
	Name      string  `json:"name,omitempty" maxLength:"60"`
	Unit      string  `json:"unit,omitempty" maxLength:"10"`
	Barcode   *string `json:"barcode,omitempty" maxLength:"32"`
	Note      *string `json:"note,omitempty" maxLength:"200"`
	ReorderAt *int64  `json:"reorder_at,omitempty" minimum:"0" maximum:"100000"`
	State     string  `json:"state,omitempty" enum:"on,paused,removed"`
	Photo     *id.ID  `json:"photo,omitempty" doc:"a picture that the caller has uploaded in the village; 0 takes it off"`
}

// PriceRequest sets a price from a day on.
type PriceRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Price     points.Amount `json:"price" minimum:"1" maximum:"10000000" doc:"price of one piece, in hundredths of a point"`
	From      clock.Day     `json:"from,omitempty" doc:"first day of the price, today or later; empty: today"`
	Village   id.ID         `json:"village,omitempty" doc:"the price holds for this village only, before the price for all; empty: for all that have none of their own"`
	WorthFen  *int64        `json:"worth_fen,omitempty" minimum:"0" maximum:"100000000" doc:"what one piece is worth from that day, in fen; left out: as before"`
}

// Price is one price of the history.
type Price struct {
	Price    points.Amount `json:"price"`
	From     clock.Day     `json:"from"`
	Village  id.ID         `json:"village,omitempty" doc:"for this village only"`
	WorthFen int64         `json:"worth_fen" doc:"what one piece is worth, in fen"`
	SetAt    int64         `json:"set_at" doc:"milliseconds since 1970 UTC"`
	EndedAt  int64         `json:"ended_at,omitempty" doc:"own price of a village: when it was ended, milliseconds since 1970 UTC; empty: it was not"`
	By       id.ID         `json:"by"`
	ByName   string        `json:"by_name" doc:"who set it"`
}

// Prices is the history of a goods' prices.
type Prices struct {
	Items []Price `json:"items"`
}

// CreateGoods enters goods of a shop with their first price.
func (s *Service) CreateGoods(ctx context.Context, a access.Actor, in, shop id.ID, r GoodsRequest) (Goods, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Goods{}, err
	}
	g := Goods{Class: r.Class, Name: r.Name, Unit: r.Unit, Barcode: r.Barcode, Note: r.Note, ReorderAt: r.ReorderAt, State: OnSale}
	if err := first(errors.Join(g.check(), checkPrice(r.Price), checkWorth(r.WorthFen))); err != nil {
		return Goods{}, err
	}
	return s.change(ctx, a, in, shop, s.db.NewID(), r.RequestID, "market.goods.create", r, func(tx *storage.Tx, made id.ID, now moment) error {
		if err := valued(tx, shop, r.WorthFen); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO goods (id, shop_id, class, name, unit, barcode, note, state, reorder_at, created_by, created_at)
			VALUES (?,?,?,?,?,?,?,?,?,?,?)`, made, shop, g.Class, g.Name, g.Unit, g.Barcode, g.Note, g.State, g.ReorderAt, a.User(), now.ms)
		if storage.IsDuplicate(err) {
			return ErrGoodsName.Wrap(err)
		}
		if err != nil {
			return fmt.Errorf("insert goods: %w", err)
		}
		return insertPrice(tx, made, 0, now.day, r.Price, r.WorthFen, a.User(), now)
	})
}

// EditGoods changes what goods are called, when to reorder them, and whether they can be redeemed.
func (s *Service) EditGoods(ctx context.Context, a access.Actor, in, shop, goods id.ID, r GoodsEdit) (Goods, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Goods{}, err
	}
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.goods.edit", r, func(tx *storage.Tx, goods id.ID, _ moment) error {
		if err := lockGoods(tx, shop, goods); err != nil {
			return err
		}
		var g Goods
		if err := tx.QueryRow("SELECT class, name, unit, barcode, note, state, reorder_at FROM goods WHERE id = ?", goods).
			Scan(&g.Class, &g.Name, &g.Unit, &g.Barcode, &g.Note, &g.State, &g.ReorderAt); err != nil {
			return fmt.Errorf("read goods: %w", err)
		}
		g.apply(r)
		if err := g.check(); err != nil {
			return first(err)
		}
		_, err := tx.Exec("UPDATE goods SET class = ?, name = ?, unit = ?, barcode = ?, note = ?, state = ?, reorder_at = ? WHERE id = ?",
			g.Class, g.Name, g.Unit, g.Barcode, g.Note, g.State, g.ReorderAt, goods)
		if storage.IsDuplicate(err) {
			return ErrGoodsName.Wrap(err)
		}
		if err != nil || r.Photo == nil {
			return err
		}
		return s.hang(tx, in, goods, *r.Photo, a.User())
	})
}

func (g *Goods) apply(r GoodsEdit) {
	if r.Class != nil {
		g.Class = *r.Class
	}
	if r.Name != "" {
		g.Name = r.Name
	}
	if r.Unit != "" {
		g.Unit = r.Unit
	}
	if r.Barcode != nil {
		g.Barcode = *r.Barcode
	}
	if r.Note != nil {
		g.Note = *r.Note
	}
	if r.ReorderAt != nil {
		g.ReorderAt = *r.ReorderAt
	}
	if r.State != "" {
		g.State = r.State
	}
}

func (g *Goods) check() error {
	var state, reorder error
	if goodsStates[g.State] == "" {
		state = wrong("state", "状态只能是可兑换、暂停兑换或已下架")
	}
	if g.ReorderAt < 0 || g.ReorderAt > MaxMove {
		reorder = wrong("reorder_at", "补货提醒的数量应在0到%d之间", MaxMove)
	}
	return first(errors.Join(text("class", "分类", g.Class, false, 32), text("name", "商品名称", g.Name, true, 60), text("unit", "单位", g.Unit, true, 10),
		text("barcode", "条码", g.Barcode, false, 32), text("note", "说明", g.Note, false, 200), state, reorder))
}

// moment is the one instant of a use case.
type moment struct {
	ms  int64
	day clock.Day
}

// change runs one write on goods: once, by who may change the shop, and answers the goods as they then are.
func (s *Service) change(ctx context.Context, a access.Actor, in, shop, goods id.ID, request, op string, body any,
	fn func(tx *storage.Tx, goods id.ID, now moment) error) (Goods, error) {
	at := s.now()
	now := moment{clock.Ms(at), clock.DayOf(at)}
	made, repeated, err := s.once(ctx, a, request, op, []any{in, shop, bodyGoods(op, goods), body}, goods, func(tx *storage.Tx) error {
		if _, err := s.mine(a, tx.QueryRow, in, shop, now.day); err != nil {
			return err
		}
		return fn(tx, goods, now)
	})
	if err != nil {
		return Goods{}, err
	}
	g, err := s.oneGoods(ctx, a.User(), in, shop, made)
	g.Repeated = repeated
	return g, err
}

// bodyGoods is the goods a request names: none yet when it makes them, or the repeat would look like another request.
func bodyGoods(op string, goods id.ID) id.ID {
	if op == "market.goods.create" {
		return 0
	}
	return goods
}

// lockGoods takes the row under which the stock and the record of goods are changed, but not redeemed.
func lockGoods(tx *storage.Tx, shop, goods id.ID) error {
	n, err := tx.Exec("UPDATE goods SET rev = rev + 1 WHERE id = ? AND shop_id = ?", goods, shop)
	if err != nil {
		return fmt.Errorf("lock goods: %w", err)
	}
	if n == 0 {
		return ErrNoGoods
	}
	return nil
}

const goodsColumns = `g.id, g.shop_id, g.class, g.name, g.unit, g.barcode, g.note, g.state, g.reorder_at, g.terms, ` + priceOn + `,
	COALESCE((SELECT p.price ` + nextPrice + ` ORDER BY p.from_day, p.village_id DESC, p.id DESC LIMIT 1), 0),
	COALESCE((SELECT MIN(p.from_day) ` + nextPrice + `), 0),
	COALESCE((SELECT SUM(l.qty_left) FROM stock_lots l WHERE l.goods_id = g.id AND l.expires_on >= ?), 0),
	COALESCE((SELECT SUM(l.qty_left) FROM stock_lots l WHERE l.goods_id = g.id AND l.expires_on < ?), 0),
	COALESCE((SELECT MIN(l.expires_on) FROM stock_lots l WHERE l.goods_id = g.id AND l.expires_on >= ? AND l.qty_left > 0), 0), ` + worthOn + `,
	CASE WHEN EXISTS (SELECT 1 ` + ownPrice + `) THEN 1 ELSE 0 END`

// readGoods reads goods as a village sees them on a day.
func readGoods(q query, in id.ID, today clock.Day, where string, args ...any) ([]Goods, error) {
	list := []Goods{}
	prices, next := priceArgs(in, today), nextArgs(in, today)
	head := slices.Concat(prices, next, next, []any{today, today, today}, prices, []any{in, today, today})
	rows, err := q("SELECT "+goodsColumns+" FROM goods g WHERE "+where, append(head, args...)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var g Goods
		var terms string
		err := r.Scan(&g.ID, &g.Shop, &g.Class, &g.Name, &g.Unit, &g.Barcode, &g.Note, &g.State, &g.ReorderAt, &terms, &g.Price, &g.NextPrice,
			&g.NextFrom, &g.Stock, &g.Spoiled, &g.GoodUntil, &g.WorthFen, &g.OwnPrice)
		if err == nil {
			g.Terms, err = goodsTerms(terms)
		}
		if g.GoodUntil == clock.Forever {
			g.GoodUntil = 0
		}
		g.StateName = goodsStates[g.State]
		g.Low = g.State != Removed && !g.Terms.Fee && g.Stock <= g.ReorderAt
		list = append(list, g)
		return err
	})
	return list, err
}

func (s *Service) oneGoods(ctx context.Context, by, in, shop, goods id.ID) (Goods, error) {
	list, err := readGoods(s.query(ctx), in, clock.DayOf(s.now()), "g.id = ? AND g.shop_id = ?", goods, shop)
	if err != nil {
		return Goods{}, err
	}
	if len(list) == 0 {
		return Goods{}, ErrNoGoods
	}
	return list[0], s.show(ctx, by, list)
}

// Goods lists what a shop gives, oldest first. all shows paused and removed goods too, to those who see the stock.
func (s *Service) Goods(ctx context.Context, a access.Actor, in, shop id.ID, all bool, page Page) (GoodsList, error) {
	need, place := MaySeeShops, access.Place{Village: in}
	if all {
		need, place.Shop = MaySeeStock, shop
	}
	if err := a.Allow(need, place); err != nil {
		return GoodsList{}, err
	}
	page.Limit = cmp.Or(page.Limit, MaxPage) // pages show the whole shelf
	after, err := page.from(0)
	if err != nil {
		return GoodsList{}, err
	}
	today := clock.DayOf(s.now())
	if _, err := shopAt(s.row(ctx), in, shop, today); err != nil {
		return GoodsList{}, err
	}
	where, args := "g.shop_id = ? AND g.id > ? AND g.state = 'on' ORDER BY g.id"+page.rows(), []any{shop, after}
	if all {
		where = "g.shop_id = ? AND g.id > ? ORDER BY g.id" + page.rows()
	}
	list, err := readGoods(s.query(ctx), in, today, where, args...)
	if err != nil {
		return GoodsList{}, err
	}
	items, next := cut(list, page.limit(), func(g Goods) id.ID { return g.ID })
	return GoodsList{items, next}, s.show(ctx, a.User(), items)
}
