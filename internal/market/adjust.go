package market

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

var (
	ErrSecond   = errs.New(errs.Conflict, "market_second_person", "调整的数量较大，请由另一人确认")
	ErrNoMove   = errs.New(errs.NotFound, "market_move_not_found", "没有找到这次登记，请刷新后再试")
	ErrUndone   = errs.New(errs.Conflict, "market_already_undone", "这次登记已经撤销过了")
	ErrNoUndo   = errs.New(errs.Conflict, "market_cannot_undo", "这笔库存流水不能撤销：兑换请在兑换记录里取消")
	ErrPartner  = errs.New(errs.Conflict, "market_partner_shop", "合作商店的货是店家自己的，不能用村里的资金进货或调拨")
	ErrSameShop = errs.New(errs.Invalid, "market_transfer_same_shop", "请选择另一个超市")
)

// TransferRequest sends goods to another shop.
type TransferRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	ToShop    id.ID  `json:"to_shop"`
	ToGoods   id.ID  `json:"to_goods" doc:"what the other shop calls these goods"`
	Qty       int64  `json:"qty" minimum:"1" maximum:"100000"`
	Lot       id.ID  `json:"lot,omitempty" doc:"of this lot only; empty: of those that end first"`
	Note      string `json:"note" minLength:"1" maxLength:"200" doc:"why"`
}

// UndoRequest takes an operation back.
type UndoRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Reason    string `json:"reason" minLength:"1" maxLength:"100"`
}

// TransferStock moves pieces to another shop: each lot drawn on becomes a lot there, with its source, last day and its share
// of the cost. The actor must be allowed to keep the stock of both.
func (s *Service) TransferStock(ctx context.Context, a access.Actor, in, shop, goods id.ID, r TransferRequest) (Goods, error) {
	for _, one := range []id.ID{shop, r.ToShop} {
		if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: one}); err != nil {
			return Goods{}, err
		}
	}
	if err := text("note", "调拨原因", r.Note, true, 200); err != nil {
		return Goods{}, err
	}
	if r.Qty < 1 || r.Qty > MaxMove {
		return Goods{}, wrong("qty", "数量应在1到%d之间", MaxMove)
	}
	if r.ToShop == shop {
		return Goods{}, ErrSameShop
	}
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.transfer", r, func(tx *storage.Tx, goods id.ID, now moment) error {
		if _, err := s.mine(a, tx.QueryRow, in, r.ToShop, now.day); err != nil {
			return err
		}
		for _, one := range []id.ID{shop, r.ToShop} {
			if err := s.ownShop(tx, a, in, one, now.day); err != nil {
				return err
			}
		}
		if err := lockAll(tx, map[id.ID]id.ID{goods: shop, r.ToGoods: r.ToShop}); err != nil {
			return err
		}
		lots, err := lockLots(tx, goods)
		if err != nil {
			return err
		}
		lots = slices.DeleteFunc(lots, func(l lot) bool { return l.expires < now.day || r.Lot != 0 && l.id != r.Lot })
		takes, missing := draw(lots, r.Qty, goods, 0)
		if missing > 0 {
			return ErrStock.With("要调拨%d，库存只有%d，请核对后再填", r.Qty, r.Qty-missing)
		}
		out := stockOp{shop: shop, goods: goods, ref: tx.NewID(), kind: Transfer, note: r.Note, by: a.User(), at: now}
		if err := out.post(tx, takes); err != nil {
			return err
		}
		into := out
		into.shop, into.goods = r.ToShop, r.ToGoods
		for _, t := range takes {
			if err := into.carry(tx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// carry makes the lot that continues the pieces taken from another.
func (o *stockOp) carry(tx *storage.Tx, t take) error {
	l := newLot{from: t.lot, qty: -t.qty}
	var cost, born int64
	if err := tx.QueryRow("SELECT source, origin, cost_fen, qty_in, expires_on, fund_id, thanked FROM stock_lots WHERE id = ?", t.lot).
		Scan(&l.source, &l.origin, &cost, &born, &l.expires, &l.fund, &l.thanked); err != nil {
		return fmt.Errorf("read lot: %w", err)
	}
	l.cost = share(cost, l.qty, born)
	_, err := o.makeLot(tx, l)
	return err
}

// share is the cost of some pieces of a lot, in fen, rounded half up.
func share(cost, pieces, born int64) int64 {
	if born <= 0 {
		return 0
	}
	return (2*cost*pieces + born) / (2 * born)
}

// UndoMove takes back what was entered wrongly: every move of the operation gets its opposite, and a fund gets back what it paid.
// The pieces must still be there. Above the shop's limit somebody else than the one who entered it must take it back.
func (s *Service) UndoMove(ctx context.Context, a access.Actor, in, shop, ref id.ID, r UndoRequest) (Moves, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Moves{}, err
	}
	if err := text("reason", "撤销原因", r.Reason, true, 100); err != nil {
		return Moves{}, err
	}
	at := s.now()
	now := moment{clock.Ms(at), clock.DayOf(at)}
	_, _, err := s.once(ctx, a, r.RequestID, "market.undo", []any{in, shop, ref, r}, ref, func(tx *storage.Tx) error {
		return s.undo(tx, a, in, shop, ref, r.Reason, now)
	})
	if err != nil {
		return Moves{}, err
	}
	return s.movesWhere(ctx, Page{Limit: MaxPage}, "ref_id = ? AND shop_id = ? AND id < ?", ref, shop, newest)
}

// entered is one move of an operation that is taken back.
type entered struct {
	take
	shop id.ID
	kind string
	by   id.ID
}

func (s *Service) undo(tx *storage.Tx, a access.Actor, in, shop, ref id.ID, reason string, now moment) error {
	moves, err := readEntered(tx, ref)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(moves, func(m entered) bool { return m.shop == shop }) {
		return ErrNoMove
	}
	goods := map[id.ID]id.ID{}
	worth := points.Amount(0)
	for _, m := range moves {
		switch m.kind {
		case Purchase, Donation, Damage, Expire, Count, Transfer:
		case Undo:
			return ErrUndone
		default:
			return ErrNoUndo
		}
		goods[m.goods] = m.shop
	}
	shops := map[id.ID]bool{}
	for _, one := range goods {
		shops[one] = true
	}
	for one := range shops {
		if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: one}); err != nil {
			return err
		}
		if _, err := s.mine(a, tx.QueryRow, in, one, now.day); err != nil {
			return err
		}
	}
	if err := lockAll(tx, goods); err != nil {
		return err
	}
	if moves, err = readEntered(tx, ref); err != nil { // again, under the lock: somebody may have been quicker
		return err
	}
	byShop := map[id.ID][]take{}
	for i, m := range moves {
		if m.kind == Undo {
			return ErrUndone
		}
		price, err := weightOf(tx, in, m.goods, now.day)
		if err != nil {
			return err
		}
		if m.shop == shop {
			worth += price * points.Amount(max(m.qty, -m.qty))
		}
		moves[i].price, moves[i].qty = price, -m.qty
		byShop[m.shop] = append(byShop[m.shop], moves[i].take)
	}
	limit, err := s.limitOf(tx, in, shop, now.day)
	if err != nil {
		return err
	}
	if worth > limit && moves[0].by == a.User() && moves[0].kind != Expire {
		return ErrSecond.With("这次登记值%s分，超过%s分，请由登记人以外的人撤销", worth, limit)
	}
	if err := enough(tx, moves); err != nil {
		return err
	}
	for one, takes := range byShop {
		op := stockOp{shop: one, ref: ref, kind: Undo, note: reason, by: a.User(), at: now}
		if err := op.post(tx, takes); err != nil {
			return err
		}
	}
	if moves[0].kind == Purchase {
		return refundLot(tx, moves[0].lot, reason, a.User(), now)
	}
	return nil
}

// enough refuses when the pieces to be taken back are no longer all there.
func enough(tx *storage.Tx, moves []entered) error {
	for _, m := range moves {
		var left int64
		if err := tx.QueryRow("SELECT qty_left FROM stock_lots WHERE id = ?", m.lot).Scan(&left); err != nil {
			return fmt.Errorf("read lot: %w", err)
		}
		if left+m.qty < 0 {
			return ErrStock.With("这一批只剩%d件，已经有%d件兑换或下架，不能整批撤销；请用盘点说明差异", left, -m.qty-left)
		}
	}
	return nil
}

func readEntered(tx *storage.Tx, ref id.ID) (moves []entered, err error) {
	rows, err := tx.Query("SELECT lot_id, goods_id, shop_id, kind, qty, by_user FROM stock_moves WHERE ref_id = ? ORDER BY id", ref)
	err = each(rows, err, func(r *sql.Rows) error {
		var m entered
		err := r.Scan(&m.lot, &m.goods, &m.shop, &m.kind, &m.qty, &m.by)
		if m.kind == Undo { // first, so that it is met first
			moves = append([]entered{m}, moves...)
		} else {
			moves = append(moves, m)
		}
		return err
	})
	return moves, err
}

// lockAll takes goods rows with their lots, in one order.
func lockAll(tx *storage.Tx, shopOf map[id.ID]id.ID) error {
	var ids []id.ID
	for goods := range shopOf {
		ids = append(ids, goods)
	}
	slices.SortFunc(ids, func(x, y id.ID) int { return cmp.Compare(x, y) })
	for _, goods := range ids {
		if err := lockGoods(tx, shopOf[goods], goods); err != nil {
			return err
		}
	}
	for _, goods := range ids {
		if _, err := tx.Exec("UPDATE stock_lots SET rev = rev + 1 WHERE goods_id = ?", goods); err != nil {
			return fmt.Errorf("lock lots: %w", err)
		}
	}
	return nil
}

// lockShop takes the row under which a day's adjustments are added up. Redemptions do not wait for it.
func lockShop(tx *storage.Tx, shop id.ID) error {
	n, err := tx.Exec("UPDATE shops SET rev = rev + 1 WHERE id = ?", shop)
	if err == nil && n == 0 {
		err = ErrNoShop
	}
	return err
}

// ownShop refuses a partner store.
func (s *Service) ownShop(tx *storage.Tx, a access.Actor, in, shop id.ID, today clock.Day) error {
	o, err := s.mine(a, tx.QueryRow, in, shop, today)
	if err == nil && o.settings.Kind == Partner {
		err = ErrPartner
	}
	return err
}

func (s *Service) limitOf(tx *storage.Tx, in, shop id.ID, today clock.Day) (points.Amount, error) {
	o, err := shopAt(tx.QueryRow, in, shop, today)
	return o.settings.secondAbove(), err
}

// mayAdjust adds up what single persons adjusted in the shop on the day; more than the limit takes a second one, by a
// stock-take. The shop's row is held.
func mayAdjust(tx *storage.Tx, shop id.ID, today clock.Day, worth points.Amount) error {
	var set string
	var sum points.Amount
	if err := tx.QueryRow(`SELECT s.settings, COALESCE((SELECT SUM(ABS(m.qty) * m.price) FROM stock_moves m WHERE m.shop_id = s.id AND m.moved_on = ? AND m.kind IN ('count', 'damage')
		AND NOT EXISTS (SELECT 1 FROM stocktakes t WHERE t.id = m.ref_id AND t.ended_by <> t.sent_by)), 0) FROM shops s WHERE s.id = ?`, today, shop).
		Scan(&set, &sum); err != nil {
		return fmt.Errorf("read adjustments: %w", err)
	}
	o, err := readSettings(set)
	if err != nil {
		return err
	}
	if limit := o.secondAbove(); worth > 0 && sum+worth > limit {
		return ErrSecond.With("今天的损坏和盘点差异合计值%s分，超过%s分，请用盘点单登记，由另一人确认", sum+worth, limit)
	}
	return nil
}

func worthOf(takes []take) (sum points.Amount) {
	for _, t := range takes {
		sum += t.price * points.Amount(max(t.qty, -t.qty))
	}
	return sum
}

// weighDays is how far back adjustments are weighed.
const weighDays = 30

// weightOf is what a piece weighs in an adjustment: its dearest price for the village in the last 30 days. Whoever keeps stock sets
// prices too; a price lowered for an hour must not make a loss small.
func weightOf(tx *storage.Tx, in, goods id.ID, today clock.Day) (p points.Amount, err error) {
	err = tx.QueryRow("SELECT COALESCE(MAX(price), 0) FROM goods_prices WHERE goods_id = ? AND village_id IN (0, ?) AND from_day <= ? AND over_day >= ?",
		goods, in, today, today.Add(-weighDays)).Scan(&p)
	if err != nil {
		err = fmt.Errorf("read dearest price: %w", err)
	}
	return p, err
}

// heldPieces are the pieces of goods that lie reserved in the shop: out of their lots, still on the shelf.
func heldPieces(tx *storage.Tx, goods id.ID) (n int64, err error) {
	err = tx.QueryRow("SELECT COALESCE(-SUM(qty), 0) FROM stock_moves WHERE goods_id = ? AND kind IN ('hold', 'unhold')", goods).Scan(&n)
	return n, err
}
