package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Kinds of stock moves. A keeper enters the first five and transfers; undo takes an operation back by opposite moves; the
// others come with redemptions and reservations.
const (
	Purchase  = "purchase" // bought: a new lot
	Donation  = "donation" // given by somebody: a new lot
	Damage    = "damage"
	Expire    = "expire"   // past the last day, written off
	Count     = "count"    // the difference found by a stock-take
	Transfer  = "transfer" // to or from another shop
	Undo      = "undo"     // the opposite of an operation that was entered wrongly
	redeemed  = "redeem"
	cancelled = "return"
)

var moveNames = map[string]string{Purchase: "进货", Donation: "捐赠", Damage: "损坏", Expire: "过期下架", Count: "盘点", Transfer: "调拨", Undo: "撤销登记",
	redeemed: "兑换", cancelled: "取消退回", held: "预约留货", unheld: "预约退货", prized: "奖品发放"}

// Move is one change of a lot (库存流水).
type Move struct {
	ID        id.ID         `json:"id"`
	Goods     id.ID         `json:"goods"`
	Lot       id.ID         `json:"lot"`
	Kind      string        `json:"kind" enum:"purchase,donation,redeem,return,damage,expire,count,transfer,undo,hold,unhold,prize"`
	KindName  string        `json:"kind_name"`
	Qty       int64         `json:"qty" doc:"pieces, with sign"`
	Ref       id.ID         `json:"ref" doc:"the redemption, or the keeper's operation: its moves share it"`
	Price     points.Amount `json:"price" doc:"of one piece, for redemptions and returns"`
	Note      string        `json:"note" doc:"why"`
	By        id.ID         `json:"by"`
	ByName    string        `json:"by_name" doc:"who"`
	On        clock.Day     `json:"moved_on"`
	CreatedAt int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
}

// Moves is a page of stock moves.
type Moves struct {
	Items []Move `json:"items"`
	Next  string `json:"next" doc:"cursor of the next page; empty: this was the last"`
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
	Fund      id.ID     `json:"fund,omitempty" doc:"purchase: the fund that pays cost_fen at once; for team members, not keepers"`
	Thanked   bool      `json:"thanked,omitempty" doc:"donation: the giver's name may be shown to the village"`
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
	if r.Fund != 0 {
		if err := a.Allow(MayRunFunds, access.Place{Village: in}); err != nil {
			return Goods{}, ErrFundKeeper.Wrap(err)
		}
	}
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.stock", r, func(tx *storage.Tx, goods id.ID, now moment) error {
		op := stockOp{shop: shop, goods: goods, ref: tx.NewID(), kind: r.Kind, note: r.Note, by: a.User(), at: now}
		if r.Kind == Purchase || r.Kind == Donation {
			if err := lockGoods(tx, shop, goods); err != nil {
				return err
			}
			return s.receive(tx, a, in, op, r)
		}
		return s.adjust(tx, in, op, r)
	})
}

// adjust writes off or enters a count. What one person may adjust in a day is bounded by the shop's limit.
func (s *Service) adjust(tx *storage.Tx, in id.ID, op stockOp, r MoveRequest) error {
	if err := lockShop(tx, op.shop); err != nil { // the day's adjustments are added up under it
		return err
	}
	if err := lockGoods(tx, op.shop, op.goods); err != nil {
		return err
	}
	lots, err := lockLots(tx, op.goods)
	if err != nil {
		return err
	}
	held := int64(0)
	if r.Kind == Count {
		if held, err = heldPieces(tx, op.goods); err != nil {
			return err
		}
	}
	takes, err := r.plan(lots, op.at.day, held)
	if err != nil {
		return err
	}
	if r.Kind == Expire { // what is past its day is worth nothing any more
		return op.post(tx, takes)
	}
	price, err := weightOf(tx, in, op.goods, op.at.day)
	if err != nil {
		return err
	}
	for i := range takes {
		takes[i].price = price
	}
	if err := mayAdjust(tx, op.shop, op.at.day, worthOf(takes)); err != nil {
		return err
	}
	return op.post(tx, takes)
}

func (r *MoveRequest) check(today clock.Day) error {
	var kind, qty, why, origin, expires, cost, fund error
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
	if r.Fund != 0 && (r.Kind != Purchase || r.CostFen == 0) {
		fund = wrong("fund", "只有进货可以从资金里付款，并要写明花了多少钱")
	}
	return first(errors.Join(kind, qty, why, origin, expires, cost, fund, text("note", "说明", r.Note, false, 200)))
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

// plan turns a write-off or a stock-take into takes. held are pieces that lie reserved on the shelf: out of their lots, but
// counted by whoever counts.
func (r *MoveRequest) plan(lots []lot, today clock.Day, held int64) ([]take, error) {
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
		if out = book + held - r.Qty; out != 0 && strings.TrimSpace(r.Note) == "" {
			return nil, wrong("note", "账上有%d，数出来%d，相差%d，请写明原因", book+held, r.Qty, -out)
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

// stockOp is what the moves of one operation share.
type stockOp struct {
	shop, goods id.ID // goods may differ by take
	ref         id.ID
	kind        string
	note        string
	by          id.ID
	at          moment
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
	return s.movesWhere(ctx, page, "goods_id = ? AND shop_id = ? AND id < ?", goods, shop, before)
}

func (s *Service) movesWhere(ctx context.Context, page Page, where string, args ...any) (Moves, error) {
	list := []Move{}
	rows, err := s.db.Query(ctx, `SELECT id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at FROM stock_moves
		WHERE `+where+" ORDER BY id DESC"+page.rows(), args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var m Move
		err := r.Scan(&m.ID, &m.Goods, &m.Lot, &m.Kind, &m.Qty, &m.Ref, &m.Price, &m.Note, &m.By, &m.On, &m.CreatedAt)
		m.KindName = moveNames[m.Kind]
		list = append(list, m)
		return err
	})
	if err != nil {
		return Moves{}, err
	}
	items, next := cut(list, page.limit(), func(m Move) id.ID { return m.ID })
	var users []id.ID
	for _, m := range items {
		users = append(users, m.By)
	}
	names, err := s.userNames(ctx, users)
	for i := range items {
		items[i].ByName = names[items[i].By]
	}
	return Moves{items, next}, err
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
