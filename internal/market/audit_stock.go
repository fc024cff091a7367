package market

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/id"
	"hefen/internal/ledger"
)

// rule is one law of the stock or the money as a statement whose rows are breaches: each row is one line of text.
type rule struct{ what, sql string }

var stockRules = []rule{
	{"a lot's first move is not what the lot was received with",
		`SELECT l.id, l.qty_in FROM stock_lots l WHERE l.qty_in <= 0 OR NOT EXISTS (SELECT 1 FROM stock_moves m WHERE m.lot_id = l.id AND m.qty = l.qty_in
			AND (m.kind = l.source AND l.from_lot = 0 OR m.kind = 'transfer' AND l.from_lot <> 0))`},
	{"a lot was received more than once",
		"SELECT lot_id, COUNT(*) FROM stock_moves WHERE kind IN ('purchase', 'donation') OR kind = 'transfer' AND qty > 0 GROUP BY lot_id HAVING COUNT(*) > 1"},
	{"a transfer does not arrive as it left",
		"SELECT ref_id, SUM(qty) FROM stock_moves WHERE kind = 'transfer' GROUP BY ref_id HAVING SUM(qty) <> 0"},
	{"an operation was not taken back as it was entered",
		`SELECT u.ref_id, u.lot_id FROM stock_moves u WHERE u.kind = 'undo' AND u.qty <> -COALESCE((SELECT SUM(m.qty) FROM stock_moves m WHERE m.ref_id = u.ref_id
			AND m.lot_id = u.lot_id AND m.kind IN ('purchase', 'donation', 'damage', 'expire', 'count', 'transfer')), 0)`},
	{"an operation was taken back in part",
		`SELECT m.ref_id, m.lot_id FROM stock_moves m WHERE m.kind <> 'undo' AND EXISTS (SELECT 1 FROM stock_moves u WHERE u.ref_id = m.ref_id AND u.kind = 'undo')
			AND NOT EXISTS (SELECT 1 FROM stock_moves u WHERE u.ref_id = m.ref_id AND u.kind = 'undo' AND u.lot_id = m.lot_id)`},
	{"more pieces came back from reservations than were kept for them",
		"SELECT ref_id, lot_id FROM stock_moves WHERE kind IN ('hold', 'unhold') GROUP BY ref_id, lot_id HAVING SUM(qty) > 0"},
	{"a stock-take that is booked moved something else than its differences",
		`SELECT l.stocktake_id, l.goods_id FROM stocktake_lines l JOIN stocktakes t ON t.id = l.stocktake_id WHERE l.found - l.book <> COALESCE((SELECT SUM(m.qty) FROM stock_moves m
			WHERE m.ref_id = t.id AND m.goods_id = l.goods_id AND m.kind = 'count'), 0) AND t.state = 'done'`},
	{"a stock-take that is not booked moved stock",
		"SELECT t.id, m.goods_id FROM stocktakes t JOIN stock_moves m ON m.ref_id = t.id WHERE t.state <> 'done'"},
	{"a price does not end where the next of the same goods and village begins",
		`SELECT p.id, p.over_day FROM goods_prices p WHERE p.ended_at <> 0 AND (p.village_id = 0 OR p.over_day < p.from_day) OR p.ended_at = 0 AND p.over_day <> COALESCE((SELECT MIN(o.from_day) FROM goods_prices o WHERE o.goods_id = p.goods_id
			AND o.village_id = p.village_id AND (o.from_day > p.from_day OR o.from_day = p.from_day AND o.id > p.id)), 99991231)`},
	{"somebody confirmed a stock-take in which they took part",
		`SELECT t.id, t.ended_by FROM stocktakes t WHERE t.state = 'done' AND t.ended_by <> t.sent_by
			AND (t.ended_by = t.started_by OR EXISTS (SELECT 1 FROM stocktake_lines l WHERE l.stocktake_id = t.id AND l.by_user = t.ended_by))`},
}

var fundRules = []rule{
	{"a fund's balance is not the sum of its moves, or below zero",
		`SELECT f.id, f.balance_fen FROM funds f WHERE f.balance_fen < 0 OR f.balance_fen <> COALESCE((SELECT SUM(m.amount_fen) FROM fund_moves m WHERE m.fund_id = f.id), 0)`},
	{"a move belongs to no fund",
		"SELECT m.id, m.fund_id FROM fund_moves m WHERE NOT EXISTS (SELECT 1 FROM funds f WHERE f.id = m.fund_id)"},
	{"what stands paid for a lot is not what it cost, or it was taken back",
		`SELECT l.id, l.cost_fen FROM stock_lots l LEFT JOIN (SELECT m.about_id, SUM(m.amount_fen) AS paid FROM fund_moves m WHERE m.kind = 'purchase' AND NOT EXISTS ` + refunded + `
			GROUP BY m.about_id) p ON p.about_id = l.id WHERE l.from_lot = 0
			AND COALESCE(-p.paid, 0) <> CASE WHEN l.fund_id <> 0 AND NOT EXISTS ` + takenBack + ` THEN l.cost_fen ELSE 0 END`},
	{"a payment that stands names a lot that it did not pay for",
		`SELECT m.id, m.about_id FROM fund_moves m WHERE m.kind = 'purchase' AND NOT EXISTS ` + refunded + `
			AND NOT EXISTS (SELECT 1 FROM stock_lots l WHERE l.id = m.about_id AND l.fund_id = m.fund_id)`},
	{"a fund move was taken back as something else",
		`SELECT u.id, u.ref_id FROM fund_moves u WHERE u.kind = 'undo' AND NOT EXISTS (SELECT 1 FROM fund_moves m WHERE m.id = u.ref_id AND m.fund_id = u.fund_id
			AND m.amount_fen = -u.amount_fen AND m.about_id = u.about_id AND m.kind <> 'undo')`},
	{"a statement was not paid as it says",
		`SELECT t.id, t.paid_fen FROM statements t WHERE t.state = 'paid' AND t.paid_fen <> t.worth_fen OR t.state <> 'paid' AND t.paid_fen <> 0
			OR EXISTS (SELECT 1 FROM fund_moves m WHERE m.about_id = t.id AND (m.kind NOT IN ('settle', 'undo') OR m.kind = 'settle' AND m.amount_fen <> -t.paid_fen AND NOT EXISTS ` + refunded + `))`},
	{"a payment names a statement that is not there",
		"SELECT m.id, m.about_id FROM fund_moves m WHERE m.kind = 'settle' AND NOT EXISTS (SELECT 1 FROM statements t WHERE t.id = m.about_id)"},
}

func (a auditor) rules(ctx context.Context, c *ledger.Check, count string, rules []rule) error {
	if err := a.db.QueryRow(ctx, count).Scan(&c.Rows); err != nil {
		return err
	}
	for _, one := range rules {
		rows, err := a.db.Query(ctx, one.sql+" LIMIT 20")
		if err := each(rows, err, func(r *sql.Rows) error {
			var what, value id.ID
			err := r.Scan(&what, &value)
			broken(c, "%s: %s (%s)", one.what, what, value)
			return err
		}); err != nil {
			return fmt.Errorf("audit %s: %w", one.what, err)
		}
	}
	return nil
}

// checkStatements adds up each statement anew: goods, points and worth.
func (a auditor) checkStatements(ctx context.Context, c *ledger.Check) error {
	q := func(text string, args ...any) (*sql.Rows, error) { return a.db.Query(ctx, text, args...) }
	var list []Statement
	rows, err := q("SELECT id, shop_id, village_id, month, pieces, amount, worth_fen FROM statements WHERE state <> 'returned' ORDER BY id")
	if err := each(rows, err, func(r *sql.Rows) error {
		var t Statement
		err := r.Scan(&t.ID, &t.Shop, &t.Village, &t.Month, &t.Pieces, &t.Amount, &t.WorthFen)
		list = append(list, t)
		return err
	}); err != nil {
		return fmt.Errorf("audit statements: %w", err)
	}
	c.Rows = int64(len(list))
	for _, t := range list {
		again := Statement{Shop: t.Shop, Village: t.Village, Month: t.Month}
		if err := again.fill(q); err != nil {
			return err
		}
		if again.Pieces != t.Pieces || again.Amount != t.Amount || again.WorthFen != t.WorthFen {
			broken(c, "statement %s: %d pieces for %s worth %s, its redemptions say %d for %s worth %s", t.ID, t.Pieces, t.Amount, yuan(t.WorthFen), again.Pieces, again.Amount, yuan(again.WorthFen))
		}
	}
	return nil
}
