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
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Kinds of stock moves. A keeper enters the first five; redeem and return come with redemptions.
const (
	Purchase  = "purchase" // bought: a new lot
	Donation  = "donation" // given by somebody: a new lot
	Damage    = "damage"
	Expire    = "expire" // past the last day, written off
	Count     = "count"  // the difference found by a stock-take
	redeemed  = "redeem"
	cancelled = "return"
)

var moveNames = map[string]string{Purchase: "进货", Donation: "捐赠", Damage: "损坏", Expire: "过期下架", Count: "盘点", redeemed: "兑换", cancelled: "取消退回", held: "预约留货", unheld: "预约退货"}

// Move is one change of a lot (库存流水).
type Move struct {
	ID        id.ID         `json:"id"`
	Goods     id.ID         `json:"goods"`
	Lot       id.ID         `json:"lot"`
	Kind      string        `json:"kind" enum:"purchase,donation,redeem,return,damage,expire,count,hold,unhold"`
	KindName  string        `json:"kind_name"`
	Qty       int64         `json:"qty" doc:"pieces, with sign"`
	Ref       id.ID         `json:"ref" doc:"the redemption, or the keeper's operation: its moves share it"`
	Price     points.Amount `json:"price" doc:"of one piece, for redemptions and returns"`
	Note      string        `json:"note"`
	On        clock.Day     `json:"moved_on"`
	CreatedAt int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
}

// Moves is a page of stock moves.
type Moves struct {
	Items []Move `json:"items"`
	Next  string `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Lot is goods received together (批次).
type Lot struct {
	ID         id.ID     `json:"id"`
	Source     string    `json:"source" enum:"purchase,donation"`
	Origin     string    `json:"origin" doc:"who gave it, or which fund paid"`
	CostFen    int64     `json:"cost_fen" doc:"what the lot cost or is worth, in fen"`
	ExpiresOn  clock.Day `json:"expires_on" doc:"last good day; empty: none"`
	Left       int64     `json:"left"`
	ReceivedOn clock.Day `json:"received_on"`
}

// Lots is a list of lots.
type Lots struct {
	Items []Lot `json:"items"`
}

// MoveRequest is what a keeper enters about the stock of one goods.
type MoveRequest struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Kind      string    `json:"kind" enum:"purchase,donation,damage,expire,count"`
	Qty       int64     `json:"qty" minimum:"0" maximum:"100000" doc:"pieces received, damaged or written off (expire: 0 for all that are past their day); for count: good pieces found on the shelf"`
	Lot       id.ID     `json:"lot,omitempty" doc:"damage, expire: of this lot only"`
	ExpiresOn clock.Day `json:"expires_on,omitempty" doc:"purchase, donation: last good day; empty: none"`
	Origin    string    `json:"origin,omitempty" maxLength:"120" doc:"purchase: which fund paid; donation: who gave it (required)"`
	CostFen   int64     `json:"cost_fen,omitempty" minimum:"0" doc:"what the lot cost or is worth, in fen"`
	Note      string    `json:"note,omitempty" maxLength:"200" doc:"why; required for damage and for a stock-take that differs"`
}

// MoveStock receives goods into a new lot, writes off what is damaged or past its day, or enters a stock-take: then the
// difference to the book becomes a move with its explanation. What leaves without a lot named leaves from the lot that
// ends first. Answers the goods with the new stock.
func (s *Service) MoveStock(ctx context.Context, a access.Actor, in, shop, goods id.ID, r MoveRequest) (Goods, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Goods{}, err
	}
	if err := r.check(clock.DayOf(s.now())); err != nil {
		return Goods{}, err
	}
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.stock", r, func(tx *storage.Tx, goods id.ID, now moment) error {
		if err := lockGoods(tx, shop, goods); err != nil {
			return err
		}
		op := stockOp{shop: shop, goods: goods, ref: tx.NewID(), kind: r.Kind, note: r.Note, by: a.User(), at: now}
		if r.Kind == Purchase || r.Kind == Donation {
			return op.receive(tx, r)
		}
		lots, err := lockLots(tx, goods)
		if err != nil {
			return err
		}
		takes, err := r.plan(lots, now.day)
		if err != nil {
			return err
		}
		return op.post(tx, takes)
	})
}

func (r *MoveRequest) check(today clock.Day) error {
	var kind, qty, why, origin, expires, cost error
	switch r.Kind {
	case Purchase, Donation:
		if r.Qty < 1 || r.Qty > MaxMove {
			qty = wrong("qty", "数量应在1到%d之间", MaxMove)
		}
		if r.ExpiresOn != 0 && (!r.ExpiresOn.Valid() || r.ExpiresOn < today || r.ExpiresOn >= clock.Forever) {
			expires = wrong("expires_on", "保质期不能早于今天（%s）", today)
		}
		origin = text("origin", "捐赠人或资金来源", r.Origin, r.Kind == Donation, 120)
	case Damage:
		if r.Qty < 1 || r.Qty > MaxMove {
			qty = wrong("qty", "数量应在1到%d之间", MaxMove)
		}
		why = text("note", "损坏原因", r.Note, true, 200)
	case Expire, Count:
		if r.Qty < 0 || r.Qty > MaxMove {
			qty = wrong("qty", "数量应在0到%d之间", MaxMove)
		}
	default:
		kind = wrong("kind", "只能登记进货、捐赠、损坏、过期下架或盘点")
	}
	if r.CostFen < 0 || r.CostFen > 1e12 {
		cost = wrong("cost_fen", "金额不对，请核对")
	}
	return first(errors.Join(kind, qty, why, origin, expires, cost, text("note", "说明", r.Note, false, 200)))
}

// lot is a lot as read for planning, in the order in which it is drawn on.
type lot struct {
	id      id.ID
	expires clock.Day
	left    int64
	at      int64 // when it was received
}

// take is what an operation does to one lot, with sign.
type take struct {
	lot   id.ID
	goods id.ID
	qty   int64
	price points.Amount
}

// plan turns a write-off or a stock-take into takes.
func (r *MoveRequest) plan(lots []lot, today clock.Day) ([]take, error) {
	var usable []lot
	book := int64(0)
	for _, l := range lots {
		spoiled := l.expires < today
		if (r.Lot == 0 && spoiled == (r.Kind == Expire)) || (r.Lot == l.id && (spoiled || r.Kind == Damage)) {
			usable, book = append(usable, l), book+l.left
		}
	}
	if r.Lot != 0 && r.Kind != Count && len(usable) == 0 {
		return nil, ErrNoLot.With("没有这个批次，或它还没有过期，请核对")
	}
	out := r.Qty
	switch r.Kind {
	case Expire:
		if out == 0 {
			out = book
		}
		if out == 0 {
			return nil, ErrStock.With("没有过期的库存需要下架")
		}
	case Count:
		if out = book - r.Qty; out != 0 && r.Note == "" {
			return nil, wrong("note", "账面%d，实盘%d，相差%d，请写明原因", book, r.Qty, -out)
		}
	}
	if out < 0 {
		return surplus(usable, -out)
	}
	if out > book {
		return nil, ErrStock.With("登记%d，库存只有%d，请核对后再填", out, book)
	}
	takes, _ := draw(usable, out, 0, 0)
	return takes, nil
}

// surplus puts what a stock-take found too much to the lot received last.
func surplus(lots []lot, qty int64) ([]take, error) {
	if len(lots) == 0 {
		return nil, ErrNoLot
	}
	last := slices.MaxFunc(lots, func(x, y lot) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.id, y.id)) })
	return []take{{lot: last.id, qty: qty}}, nil
}

// draw takes pieces from lots in their order and answers how many it could not take.
func draw(lots []lot, qty int64, goods id.ID, price points.Amount) (takes []take, missing int64) {
	for _, l := range lots {
		if n := min(qty, l.left); n > 0 {
			takes = append(takes, take{lot: l.id, goods: goods, qty: -n, price: price})
			qty -= n
		}
	}
	return takes, qty
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

// stockOp is what the moves of one operation share.
type stockOp struct {
	shop, goods id.ID // goods may differ by take
	ref         id.ID
	kind        string
	note        string
	by          id.ID
	at          moment
}

func (o *stockOp) receive(tx *storage.Tx, r MoveRequest) error {
	made, expires := tx.NewID(), r.ExpiresOn
	if expires == 0 {
		expires = clock.Forever
	}
	if _, err := tx.Exec(`INSERT INTO stock_lots (id, shop_id, goods_id, source, origin, cost_fen, expires_on, qty_left, received_on, received_at, received_by)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)`, made, o.shop, o.goods, r.Kind, r.Origin, r.CostFen, expires, 0, o.at.day, o.at.ms, o.by); err != nil {
		return fmt.Errorf("insert lot: %w", err)
	}
	return o.post(tx, []take{{lot: made, qty: r.Qty}})
}

// post appends the moves and then brings the lots to what they say, by lot id. errRace if a lot holds less than planned.
func (o *stockOp) post(tx *storage.Tx, takes []take) error {
	if len(takes) == 0 {
		return nil
	}
	const width = 12
	args := make([]any, 0, len(takes)*width)
	for _, t := range takes {
		goods := cmp.Or(t.goods, o.goods)
		args = append(args, int64(tx.NewID()), int64(o.shop), int64(goods), int64(t.lot), o.kind, t.qty, int64(o.ref), int64(t.price), o.note,
			int64(o.by), int64(o.at.day), o.at.ms)
	}
	if _, err := tx.Exec("INSERT INTO stock_moves (id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at) VALUES "+
		storage.Rows(len(takes), width), args...); err != nil {
		return fmt.Errorf("insert stock moves: %w", err)
	}
	slices.SortFunc(takes, func(x, y take) int { return cmp.Compare(x.lot, y.lot) })
	for _, t := range takes {
		n, err := tx.Exec("UPDATE stock_lots SET qty_left = qty_left + ? WHERE id = ? AND qty_left >= ?", t.qty, t.lot, max(0, -t.qty))
		if err != nil {
			return fmt.Errorf("move stock: %w", err)
		}
		if n == 0 {
			return errRace
		}
	}
	return nil
}

// Moves lists the stock moves of goods, newest first.
func (s *Service) Moves(ctx context.Context, a access.Actor, in, shop, goods id.ID, page Page) (Moves, error) {
	before, err := s.seeStock(ctx, a, in, shop, page)
	if err != nil {
		return Moves{}, err
	}
	list := []Move{}
	rows, err := s.db.Query(ctx, `SELECT id, goods_id, lot_id, kind, qty, ref_id, price, note, moved_on, created_at FROM stock_moves
		WHERE goods_id = ? AND shop_id = ? AND id < ? ORDER BY id DESC`+page.rows(), goods, shop, before)
	err = each(rows, err, func(r *sql.Rows) error {
		var m Move
		err := r.Scan(&m.ID, &m.Goods, &m.Lot, &m.Kind, &m.Qty, &m.Ref, &m.Price, &m.Note, &m.On, &m.CreatedAt)
		m.KindName = moveNames[m.Kind]
		list = append(list, m)
		return err
	})
	if err != nil {
		return Moves{}, err
	}
	items, next := cut(list, page.limit(), func(m Move) id.ID { return m.ID })
	return Moves{items, next}, nil
}

// Lots lists the lots of goods that still hold something, first to end first.
func (s *Service) Lots(ctx context.Context, a access.Actor, in, shop, goods id.ID) (Lots, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Lots{}, err
	}
	list := []Lot{}
	rows, err := s.db.Query(ctx, `SELECT id, source, origin, cost_fen, expires_on, qty_left, received_on FROM stock_lots
		WHERE goods_id = ? AND shop_id = ? AND qty_left > 0 ORDER BY expires_on, id LIMIT 500`, goods, shop)
	err = each(rows, err, func(r *sql.Rows) error {
		var l Lot
		err := r.Scan(&l.ID, &l.Source, &l.Origin, &l.CostFen, &l.ExpiresOn, &l.Left, &l.ReceivedOn)
		if l.ExpiresOn == clock.Forever {
			l.ExpiresOn = 0
		}
		list = append(list, l)
		return err
	})
	return Lots{list}, err
}

// seeStock checks who asks and reads the cursor of a list that runs backwards.
func (s *Service) seeStock(ctx context.Context, a access.Actor, in, shop id.ID, page Page) (before id.ID, err error) {
	if err := a.Allow(MaySeeStock, access.Place{Village: in, Shop: shop}); err != nil {
		return 0, err
	}
	if _, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now())); err != nil {
		return 0, err
	}
	return page.from(newest)
}
