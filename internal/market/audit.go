package market

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// auditPage is how many redemptions are compared at a time.
const auditPage = 400

const maxBroken = 20

// Audit checks law 5 on a live database: stock per lot is the fold of its moves and never below zero; each redemption
// was paid once with exactly its total and gave out exactly its lines; each cancelled one gave both back.
func Audit(ctx context.Context, db *storage.DB) (ledger.Report, error) {
	lots := ledger.Check{Law: "5", What: "stock of each lot is the sum of its moves, and not below zero"}
	done := ledger.Check{Law: "5", What: "each redemption is one posting of its total and moves of its lines; a cancelled one gave both back"}
	stray := ledger.Check{Law: "5", What: "each redeem posting and each move of goods for points belongs to a redemption"}
	stock := ledger.Check{Law: "5", What: "lots, transfers, operations taken back and stock-takes agree with their moves"}
	funds := ledger.Check{Law: "5", What: "each fund is the sum of its moves, each lot and statement was paid as it stands"}
	a := auditor{db: db, lots: &lots, done: &done, stray: &stray}
	for _, check := range []func(context.Context) error{a.checkLots, a.checkRedemptions, a.checkStray} {
		if err := check(ctx); err != nil {
			return ledger.Report{}, err
		}
	}
	reserved, err := auditReservations(ctx, db)
	if err != nil {
		return ledger.Report{}, err
	}
	leases, err := auditLeases(ctx, db)
	if err != nil {
		return ledger.Report{}, err
	}
	if err := a.rules(ctx, &stock, "SELECT COUNT(*) FROM stock_moves", stockRules); err != nil {
		return ledger.Report{}, err
	}
	if err := a.rules(ctx, &funds, "SELECT COUNT(*) FROM fund_moves", fundRules); err != nil {
		return ledger.Report{}, err
	}
	statements := ledger.Check{Law: "5", What: "each statement is the sum of its month's redemptions"}
	if err := a.checkStatements(ctx, &statements); err != nil {
		return ledger.Report{}, err
	}
	return ledger.Report{Checks: []ledger.Check{lots, done, stray, reserved, leases, stock, funds, statements}}, nil
}

type auditor struct {
	db                *storage.DB
	lots, done, stray *ledger.Check
}

func broken(c *ledger.Check, format string, args ...any) {
	if len(c.Broken) < maxBroken {
		c.Broken = append(c.Broken, fmt.Sprintf(format, args...))
	}
}

func (a auditor) checkLots(ctx context.Context) error {
	if err := a.db.QueryRow(ctx, "SELECT COUNT(*) FROM stock_lots").Scan(&a.lots.Rows); err != nil {
		return err
	}
	rows, err := a.db.Query(ctx, `SELECT l.id, l.qty_left, COALESCE(SUM(m.qty), 0), COUNT(CASE WHEN m.goods_id <> l.goods_id OR m.shop_id <> l.shop_id THEN 1 END)
		FROM stock_lots l LEFT JOIN stock_moves m ON m.lot_id = l.id GROUP BY l.id, l.qty_left
		HAVING l.qty_left < 0 OR l.qty_left <> COALESCE(SUM(m.qty), 0) OR COUNT(CASE WHEN m.goods_id <> l.goods_id OR m.shop_id <> l.shop_id THEN 1 END) > 0`)
	if err := each(rows, err, func(r *sql.Rows) error {
		var lot id.ID
		var left, sum, foreign int64
		err := r.Scan(&lot, &left, &sum, &foreign)
		broken(a.lots, "lot %s holds %d, its moves say %d; %d moves of other goods", lot, left, sum, foreign)
		return err
	}); err != nil {
		return fmt.Errorf("audit lots: %w", err)
	}
	rows, err = a.db.Query(ctx, "SELECT m.id FROM stock_moves m WHERE NOT EXISTS (SELECT 1 FROM stock_lots l WHERE l.id = m.lot_id) LIMIT 20")
	return each(rows, err, func(r *sql.Rows) error {
		var move id.ID
		err := r.Scan(&move)
		broken(a.lots, "move %s has no lot", move)
		return err
	})
}

// dues is what the other tables say of one redemption.
type dues struct {
	spent, back     points.Amount // by its redeem posting and by the reversal of it
	posts, reverses int           // how many postings
	out, in         map[id.ID]int64
	worth           map[id.ID]points.Amount
}

func (a auditor) checkRedemptions(ctx context.Context) error {
	for after := id.ID(0); ; {
		page, err := readReceipts(func(q string, args ...any) (*sql.Rows, error) { return a.db.Query(ctx, q, args...) },
			fmt.Sprintf("id > ? ORDER BY id LIMIT %d", auditPage), after)
		if err != nil {
			return fmt.Errorf("audit redemptions: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		after = page[len(page)-1].ID
		a.done.Rows += int64(len(page))
		found, err := a.dues(ctx, page)
		if err != nil {
			return fmt.Errorf("audit redemptions: %w", err)
		}
		for i := range page {
			a.compare(&page[i], found[page[i].ID])
		}
	}
}

func (a auditor) dues(ctx context.Context, page []Receipt) (map[id.ID]*dues, error) {
	found := map[id.ID]*dues{}
	refs, owner := []string{}, map[string]id.ID{}
	villages := map[id.ID]bool{}
	ids := make([]id.ID, len(page))
	for i, r := range page {
		ids[i] = r.ID
		found[r.ID] = &dues{out: map[id.ID]int64{}, in: map[id.ID]int64{}, worth: map[id.ID]points.Amount{}}
		villages[r.Village] = true
		for _, ref := range []string{r.ID.String(), string(ledger.Redeem) + ":" + r.ID.String()} {
			refs, owner[ref] = append(refs, ref), r.ID
		}
	}
	args := []any{}
	for v := range villages {
		args = append(args, v)
	}
	n := len(args)
	args = storage.Args(refs, args...)
	rows, err := a.db.Query(ctx, "SELECT kind, ref, account_id, amount, line FROM entries WHERE village_id IN "+storage.In(n)+
		" AND kind IN ('redeem', 'reverse') AND ref IN "+storage.In(len(refs)), args...)
	accounts := map[id.ID]id.ID{}
	for _, r := range page {
		accounts[r.ID] = r.Account
	}
	if err := each(rows, err, func(r *sql.Rows) error { return addEntry(r, found, owner, accounts) }); err != nil {
		return nil, err
	}
	rows, err = a.db.Query(ctx, "SELECT ref_id, kind, goods_id, qty, price FROM stock_moves WHERE kind IN ('redeem', 'return') AND ref_id IN "+storage.In(len(ids)), storage.Args(ids)...)
	return found, each(rows, err, func(r *sql.Rows) error {
		var ref, goods id.ID
		var kind string
		var qty int64
		var price points.Amount
		if err := r.Scan(&ref, &kind, &goods, &qty, &price); err != nil {
			return err
		}
		d := found[ref]
		if kind == redeemed {
			d.out[goods] -= qty
			d.worth[goods] -= price * points.Amount(qty)
		} else {
			d.in[goods] += qty
		}
		return nil
	})
}

func addEntry(r *sql.Rows, found map[id.ID]*dues, owner map[string]id.ID, accounts map[id.ID]id.ID) error {
	var kind, ref string
	var account id.ID
	var amount points.Amount
	var line int
	if err := r.Scan(&kind, &ref, &account, &amount, &line); err != nil {
		return err
	}
	redemption := owner[ref]
	d := found[redemption]
	first := 0
	if line == 0 {
		first = 1
	}
	switch {
	case account != accounts[redemption]:
		d.posts += 100 // somebody else paid: never equal to 1
	case kind == string(ledger.Redeem) && ref == redemption.String():
		d.spent, d.posts = d.spent-amount, d.posts+first
	case kind == string(ledger.Reversal) && ref != redemption.String():
		d.back, d.reverses = d.back+amount, d.reverses+first
	}
	return nil
}

func (a auditor) compare(r *Receipt, d *dues) {
	name := fmt.Sprintf("redemption %s (%s of shop %s)", r.ID, r.Number, r.Shop)
	if d.posts != 1 || d.spent != r.Total {
		broken(a.done, "%s: total %s, but %d postings spent %s", name, r.Total, d.posts, d.spent)
	}
	var paid, sum points.Amount
	for _, p := range r.Paid {
		paid += p.Amount
	}
	wants := map[id.ID]int64{}
	if r.TopUp != nil {
		sum -= r.TopUp.Points
	}
	for _, l := range r.Lines {
		sum += l.Amount
		if l.Fee {
			continue
		}
		wants[l.Goods] += l.Qty
		if d.out[l.Goods] != l.Qty || d.worth[l.Goods] != l.Amount {
			broken(a.done, "%s: line of %d %s for %s, moves of %d for %s", name, l.Qty, l.Goods, l.Amount, d.out[l.Goods], d.worth[l.Goods])
		}
	}
	if paid != r.Total || sum != r.Total || len(wants) != len(d.out) {
		broken(a.done, "%s: total %s, paid %s, lines %s, %d goods in %d lines", name, r.Total, paid, sum, len(d.out), len(wants))
	}
	if r.State == Done {
		if d.reverses != 0 || len(d.in) != 0 {
			broken(a.done, "%s: not cancelled, but %s and %d goods were given back", name, d.back, len(d.in))
		}
		return
	}
	if d.reverses != 1 || d.back != r.Total {
		broken(a.done, "%s: cancelled, but %s of %s given back in %d postings", name, d.back, r.Total, d.reverses)
	}
	for goods, qty := range d.out {
		if d.in[goods] != qty {
			broken(a.done, "%s: cancelled, but %d of %d pieces of %s came back", name, d.in[goods], qty, goods)
		}
	}
}

// checkStray looks the other way: what names a redemption that is not there.
func (a auditor) checkStray(ctx context.Context) error {
	if err := a.db.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM entries WHERE kind = 'redeem' AND line = 0) + (SELECT COUNT(*) FROM stock_moves WHERE kind IN ('redeem', 'return'))").
		Scan(&a.stray.Rows); err != nil {
		return err
	}
	for what, q := range map[string]string{
		"posting": "SELECT e.posting_id FROM entries e WHERE e.kind = 'redeem' AND e.line = 0 AND NOT EXISTS (SELECT 1 FROM redemptions r WHERE r.id = CAST(e.ref AS SIGNED)) LIMIT 20",
		"move":    "SELECT m.id FROM stock_moves m WHERE m.kind IN ('redeem', 'return') AND NOT EXISTS (SELECT 1 FROM redemptions r WHERE r.id = m.ref_id) LIMIT 20",
	} {
		rows, err := a.db.Query(ctx, q)
		if err := each(rows, err, func(r *sql.Rows) error {
			var i id.ID
			err := r.Scan(&i)
			broken(a.stray, "%s %s names no redemption", what, i)
			return err
		}); err != nil {
			return fmt.Errorf("audit %ss: %w", what, err)
		}
	}
	return nil
}
