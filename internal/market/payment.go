package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// unpaidDays is how long a purchase that no fund has paid stays on the list of those to be paid.
const unpaidDays = 366

// refunded finds the move that takes fund move m back.
const refunded = "(SELECT 1 FROM fund_moves u WHERE u.ref_id = m.id AND u.kind = 'undo')"

// PayRequest pays for a lot that a keeper received.
type PayRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Fund      id.ID  `json:"fund"`
	CostFen   int64  `json:"cost_fen" minimum:"1" maximum:"1000000000000" doc:"what was paid, in fen"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"voucher"`
}

// UnpaidLot is a purchase that a keeper has received and no fund has paid.
type UnpaidLot struct {
	Lot        id.ID     `json:"lot"`
	Shop       id.ID     `json:"shop"`
	ShopName   string    `json:"shop_name"`
	Goods      string    `json:"goods"`
	Unit       string    `json:"unit"`
	Qty        int64     `json:"qty"`
	CostFen    int64     `json:"cost_fen" doc:"what the keeper wrote that it cost; 0: nothing"`
	Origin     string    `json:"origin" doc:"where it was bought, as written"`
	ReceivedOn clock.Day `json:"received_on"`
	ByName     string    `json:"by_name" doc:"who received it"`
}

// UnpaidLots is a page of them, newest first.
type UnpaidLots struct {
	Items []UnpaidLot `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Unpaid lists what was bought for the village's own shops in the last year and is not paid from a fund.
func (s *Service) Unpaid(ctx context.Context, a access.Actor, in id.ID, page Page) (UnpaidLots, error) {
	if err := a.Allow(MaySeeFunds, access.Place{Village: in}); err != nil {
		return UnpaidLots{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return UnpaidLots{}, err
	}
	shops, err := s.ownShops(ctx, in)
	if err != nil {
		return UnpaidLots{}, err
	}
	list, users := []UnpaidLot{}, []id.ID{}
	padded := storage.Padded(slices.Collect(maps.Keys(shops)))
	rows, err := s.db.Query(ctx, `SELECT l.id, l.shop_id, g.name, g.unit, l.qty_in, l.cost_fen, l.origin, l.received_on, l.received_by
		FROM stock_lots l JOIN goods g ON g.id = l.goods_id
		WHERE l.source = 'purchase' AND l.fund_id = 0 AND l.from_lot = 0 AND l.received_on > ? AND l.id < ? AND l.shop_id IN `+storage.In(len(padded))+`
		AND NOT EXISTS `+takenBack+" ORDER BY l.id DESC"+page.rows(), storage.Args(padded, clock.DayOf(s.now()).Add(-unpaidDays), before)...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var l UnpaidLot
		var by id.ID
		err := r.Scan(&l.Lot, &l.Shop, &l.Goods, &l.Unit, &l.Qty, &l.CostFen, &l.Origin, &l.ReceivedOn, &by)
		l.ShopName = shops[l.Shop]
		list, users = append(list, l), append(users, by)
		return err
	}); err != nil {
		return UnpaidLots{}, fmt.Errorf("read unpaid lots: %w", err)
	}
	names, err := s.userNames(ctx, slices.Clone(users))
	for i := range list {
		list[i].ByName = names[users[i]]
	}
	items, next := cut(list, page.limit(), func(l UnpaidLot) id.ID { return l.Lot })
	return UnpaidLots{items, next}, err
}

// ownShops names the shops of a village whose goods are its own: not partner stores.
func (s *Service) ownShops(ctx context.Context, in id.ID) (map[id.ID]string, error) {
	shops := map[id.ID]string{}
	rows, err := s.db.Query(ctx, "SELECT id, name, settings FROM shops WHERE owner_id = ?", in)
	return shops, each(rows, err, func(r *sql.Rows) error {
		var shop id.ID
		var name, text string
		if err := r.Scan(&shop, &name, &text); err != nil {
			return err
		}
		set, err := readSettings(text)
		if set.Kind != Partner {
			shops[shop] = name
		}
		return err
	})
}

// PayLot enters that a fund paid for a lot, once; the lot then costs what was paid.
func (s *Service) PayLot(ctx context.Context, a access.Actor, in, shop, lot id.ID, r PayRequest) (Fund, error) {
	if err := a.Allow(MayRunFunds, access.Place{Village: in}); err != nil {
		return Fund{}, err
	}
	var cost error
	if r.CostFen < 1 || r.CostFen > maxFen {
		cost = wrong("cost_fen", "金额应在0.01元到一百亿元之间")
	}
	if err := first(errors.Join(cost, text("note", "说明", r.Note, false, 200))); err != nil {
		return Fund{}, err
	}
	at := s.now()
	now := moment{clock.Ms(at), clock.DayOf(at)}
	return s.fundChange(ctx, a, in, r.Fund, r.RequestID, "market.lot.pay", []any{in, shop, lot, r}, func(tx *storage.Tx, fund id.ID) error {
		if err := s.ownShop(tx, a, in, shop, now.day); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE stock_lots SET fund_id = ?, cost_fen = ?, rev = rev + 1 WHERE id = ? AND shop_id = ? AND source = 'purchase' AND fund_id = 0 AND from_lot = 0",
			fund, r.CostFen, lot, shop)
		if err != nil {
			return fmt.Errorf("pay lot: %w", err)
		}
		if n == 0 {
			return unpayable(tx, shop, lot)
		}
		var undone int
		if err := tx.QueryRow("SELECT COUNT(*) FROM stock_lots l WHERE l.id = ? AND EXISTS "+takenBack, lot).Scan(&undone); err != nil || undone > 0 {
			return cmp.Or[error](err, ErrUndone.With("这一批的进货登记已经撤销，不能付款"))
		}
		return payLot(tx, a, in, fund, lot, r.CostFen, r.Note, now)
	})
}

func unpayable(tx *storage.Tx, shop, lot id.ID) error {
	var fund id.ID
	err := tx.QueryRow("SELECT fund_id FROM stock_lots WHERE id = ? AND shop_id = ?", lot, shop).Scan(&fund)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoLot.With("没有这个批次，请刷新后再试")
	case err != nil:
		return err
	case fund != 0:
		return ErrLotPaid
	}
	return ErrNoLot.With("捐赠和调拨来的批次不用付款")
}

func payLot(tx *storage.Tx, a access.Actor, in, fund, lot id.ID, fen int64, note string, now moment) error {
	if err := mayUse(tx, a, in, fund); err != nil {
		return err
	}
	m := money{fund: fund, kind: Purchase, fen: -fen, about: lot, village: in, note: note, by: a.User(), at: now}
	return m.post(tx)
}

// refundLot gives back what a fund paid for a lot whose receipt is taken back. The lot's row is held.
func refundLot(tx *storage.Tx, lot id.ID, reason string, by id.ID, now moment) error {
	m := money{kind: Undo, about: lot, note: reason, by: by, at: now}
	err := tx.QueryRow("SELECT m.id, m.fund_id, -m.amount_fen, m.village_id FROM fund_moves m WHERE m.about_id = ? AND m.kind = ? AND NOT EXISTS "+refunded, lot, Purchase).
		Scan(&m.ref, &m.fund, &m.fen, &m.village)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read payment: %w", err)
	}
	return m.post(tx)
}

// UndoMoney takes back what was entered wrongly in a fund, once: money that came in, or the payment of a purchase, which can then be
// entered anew. The payment of a statement is taken back there (UndoPayment).
func (s *Service) UndoMoney(ctx context.Context, a access.Actor, in, fund, move id.ID, r UndoRequest) (Fund, error) {
	if err := a.Allow(MayRunFunds, access.Place{Village: in}); err != nil {
		return Fund{}, err
	}
	if err := text("reason", "撤销原因", r.Reason, true, 100); err != nil {
		return Fund{}, err
	}
	at := s.now()
	return s.fundChange(ctx, a, in, fund, r.RequestID, "market.fund.undo", []any{in, fund, move, r}, func(tx *storage.Tx, fund id.ID) error {
		if err := mayUse(tx, a, in, fund); err != nil {
			return err
		}
		m := money{fund: fund, kind: Undo, ref: move, village: in, note: r.Reason, by: a.User(), at: moment{clock.Ms(at), clock.DayOf(at)}}
		var kind string
		err := tx.QueryRow("SELECT kind, -amount_fen, about_id FROM fund_moves WHERE id = ? AND fund_id = ?", move, fund).Scan(&kind, &m.fen, &m.about)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoMove
		}
		if err != nil {
			return fmt.Errorf("read fund move: %w", err)
		}
		switch kind {
		case Income:
		case Purchase:
			if _, err := tx.Exec("UPDATE stock_lots SET fund_id = 0, rev = rev + 1 WHERE id = ?", m.about); err != nil { // another's payment of it: m.post refuses
				return fmt.Errorf("unpay lot: %w", err)
			}
		case settlement:
			return ErrNoUndo.With("结算付款请在那张结算单里撤销")
		default:
			return ErrNoUndo.With("撤销不能再撤销，请重新登记")
		}
		return m.post(tx)
	})
}

// UndoPayment takes back that a statement was paid: it waits for its payment again, and a fund gets back what it paid.
func (s *Service) UndoPayment(ctx context.Context, a access.Actor, in, statement id.ID, r UndoRequest) (Statement, error) {
	if err := a.Allow(MayApprove, access.Place{Village: in}); err != nil {
		return Statement{}, err
	}
	if err := text("reason", "撤销原因", r.Reason, true, 100); err != nil {
		return Statement{}, err
	}
	at := s.now()
	return s.statementStep(ctx, a, in, statement, "market.statement.unpay", r.RequestID, []any{in, statement, r}, func(tx *storage.Tx, statement id.ID) error {
		st, err := lockStatement(tx, in, statement)
		if err != nil {
			return err
		}
		if st.State != PaidOut {
			return ErrStatementState.With("这张结算单%s，没有付款可以撤销", statementStates[st.State])
		}
		if a.KeepsShop(st.Shop) {
			return ErrStatementOwn
		}
		if _, err := tx.Exec("UPDATE statements SET state = ?, paid_fen = 0, paid_on = 0, paid_note = '', paid_by = 0, note = ? WHERE id = ?",
			Approved, "撤销付款登记："+r.Reason, statement); err != nil {
			return fmt.Errorf("unpay statement: %w", err)
		}
		m := money{kind: Undo, about: statement, village: in, note: r.Reason, by: a.User(), at: moment{clock.Ms(at), clock.DayOf(at)}}
		err = tx.QueryRow("SELECT m.id, m.fund_id, -m.amount_fen FROM fund_moves m WHERE m.about_id = ? AND m.kind = ? AND NOT EXISTS "+refunded, statement, settlement).
			Scan(&m.ref, &m.fund, &m.fen)
		if errors.Is(err, sql.ErrNoRows) { // it was paid from elsewhere
			return nil
		}
		if err != nil {
			return fmt.Errorf("read payment: %w", err)
		}
		return m.post(tx)
	})
}
