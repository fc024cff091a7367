package season

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
)

// rule is a law of this package as a statement whose rows are breaches: each row is one line of text.
type rule struct{ what, sql string }

var closeRules = []rule{
	{"a close that is done has not come to its last account, or says another number of postings than there are",
		`SELECT c.id, c.due_on FROM season_closes c WHERE c.state = 'done' AND c.coins <> (SELECT COUNT(*) FROM season_lines l WHERE l.close_id = c.id AND l.kind = 'coin'
			AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = l.account_id AND a.closed_on = 99991231)) AND NOT EXISTS (SELECT 1 FROM season_lines l JOIN accounts a ON a.id = l.account_id
			WHERE l.close_id = c.id AND a.closed_on <> 99991231)`},
	{"a rank is not the number of those above plus one",
		`SELECT r.close_id, r.account_id FROM season_ranks r WHERE r.place <> 1 + (SELECT COUNT(*) FROM season_ranks o WHERE o.close_id = r.close_id AND o.score > r.score)`},
	{"a close belongs to no order",
		"SELECT c.id, c.span FROM season_closes c WHERE NOT EXISTS (SELECT 1 FROM season_runs r WHERE r.village_id = c.village_id)"},
	{"a run is done and a close of its village still posts",
		"SELECT c.id, c.span FROM season_closes c JOIN season_runs r ON r.village_id = c.village_id AND r.span = c.span WHERE c.state <> 'done' AND r.state = 'done'"},
}

var awardRules = []rule{
	{"a prize of points does not stand in the book exactly once",
		`SELECT p.id, p.ref FROM award_prizes p JOIN award_rounds w ON w.id = p.round_id WHERE p.state = 'posted' AND 1 <> (SELECT COUNT(*) FROM entries e WHERE e.account_id = p.account_id
			AND e.batch_id = w.id AND e.kind = 'prize' AND e.wallet = p.wallet AND e.amount = p.points AND e.ref LIKE CONCAT('award:', w.code, ':', w.span, ':', p.ref, ':%'))`},
	{"an entry of an award has no prize",
		`SELECT e.id, e.ref FROM entries e JOIN award_rounds w ON w.id = e.batch_id AND w.village_id = e.village_id WHERE e.kind = 'prize' AND NOT EXISTS (SELECT 1 FROM award_prizes p
			WHERE p.round_id = w.id AND p.account_id = e.account_id AND p.state = 'posted')`},
	{"a winner of an award that was issued has not as many prizes as the list says",
		`SELECT x.round_id, x.account_id FROM award_places x JOIN award_rounds w ON w.id = x.round_id AND w.state = 'issued' WHERE x.wins = 1 AND x.prizes NOT IN ('null', '[]')
			AND NOT EXISTS (SELECT 1 FROM award_prizes p WHERE p.round_id = x.round_id AND p.account_id = x.account_id)`},
	{"somebody has a prize and has not won",
		`SELECT p.id, p.account_id FROM award_prizes p WHERE NOT EXISTS (SELECT 1 FROM award_places x WHERE x.round_id = p.round_id AND x.account_id = p.account_id AND x.wins = 1)`},
	{"a round stands on more than one list",
		"SELECT village_id, code FROM award_rounds WHERE state <> 'withdrawn' GROUP BY village_id, code, span HAVING COUNT(*) > 1"},
	{"goods left a shop for a prize that was not handed out from it",
		`SELECT m.id, m.ref_id FROM stock_moves m WHERE m.kind = 'prize' AND NOT EXISTS (SELECT 1 FROM award_prizes p WHERE p.handed_id = m.ref_id AND p.state = 'collected' AND p.shop_id = m.shop_id)
			AND NOT EXISTS (SELECT 1 FROM award_undone u JOIN stock_moves b ON b.ref_id = u.handed_id AND b.kind = 'undo' WHERE u.handed_id = m.ref_id AND b.lot_id = m.lot_id)`},
	{"a prize was handed out from a shop and nothing left it",
		`SELECT p.id, p.shop_id FROM award_prizes p WHERE p.shop_id <> 0 AND NOT EXISTS (SELECT 1 FROM stock_moves m WHERE m.ref_id = p.handed_id AND m.kind = 'prize')`},
	{"a handing out was undone and its prize was not given back to wait, or its goods not to the stock",
		`SELECT u.handed_id, u.prize_id FROM award_undone u WHERE EXISTS (SELECT 1 FROM award_prizes p WHERE p.handed_id = u.handed_id)
			OR u.shop_id <> 0 AND 0 <> (SELECT SUM(m.qty) FROM stock_moves m WHERE m.ref_id = u.handed_id)`},
}

// Audit checks what this package keeps against the ledger. It changes nothing.
func Audit(ctx context.Context, db *storage.DB) (ledger.Report, error) {
	var out ledger.Report
	for _, part := range []struct {
		what  string
		table string
		rules []rule
	}{
		{"closes are whole: ranks, coins and runs agree", "season_closes", closeRules},
		{"each prize was issued once, and what was handed out left the stock", "award_prizes", awardRules},
	} {
		c := ledger.Check{Law: "4", What: part.what}
		if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM "+part.table).Scan(&c.Rows); err != nil {
			return out, fmt.Errorf("audit %s: %w", part.table, err)
		}
		for _, r := range part.rules {
			rows, err := db.Query(ctx, r.sql)
			err = each(rows, err, func(rows *sql.Rows) error {
				var a, b string
				err := rows.Scan(&a, &b)
				if len(c.Broken) < 20 {
					c.Broken = append(c.Broken, r.what+": "+a+" "+b)
				}
				return err
			})
			if err != nil {
				return out, fmt.Errorf("audit %q: %w", r.what, err)
			}
		}
		out.Checks = append(out.Checks, c)
	}
	if err := auditPosted(ctx, db, &out); err != nil {
		return out, err
	}
	return out, auditLists(ctx, db, &out)
}

// auditLists computes every list that was published again from what was sealed.
func auditLists(ctx context.Context, db *storage.DB, out *ledger.Report) error {
	c := ledger.Check{Law: "10", What: "a published list and its drawings follow from what was sealed"}
	type key struct{ village, id id.ID }
	var rounds []key
	rows, err := db.Query(ctx, "SELECT village_id, id FROM award_rounds ORDER BY id")
	err = each(rows, err, func(r *sql.Rows) error {
		var k key
		err := r.Scan(&k.village, &k.id)
		rounds = append(rounds, k)
		return err
	})
	if err != nil {
		return err
	}
	s := New(db, clock.System, nil, rulebook.New(db, clock.System), nil, nil)
	for _, k := range rounds {
		e, err := s.EvidenceOf(ctx, k.village, k.id)
		if err != nil {
			return err
		}
		v, err := Verify(e)
		if err != nil {
			v.Wrong = append(v.Wrong, err.Error())
		}
		c.Rows += int64(v.Standings)
		for _, wrong := range v.Wrong {
			if len(c.Broken) < 20 {
				c.Broken = append(c.Broken, fmt.Sprintf("award %s: %s", k.id, wrong))
			}
		}
	}
	out.Checks = append(out.Checks, c)
	return nil
}

// auditPosted adds up the entries of each close that is done and compares with what it says it did.
func auditPosted(ctx context.Context, db *storage.DB, out *ledger.Report) error {
	c := ledger.Check{Law: "2", What: "a close's sums are those of its entries"}
	rows, err := db.Query(ctx, `SELECT c.id, c.reset_sum + c.grant_sum + c.coin_sum, COALESCE((SELECT SUM(e.amount) FROM entries e WHERE e.village_id = c.village_id AND e.batch_id = c.id), 0)
		FROM season_closes c`)
	err = each(rows, err, func(r *sql.Rows) error {
		var of string
		var said, are int64
		err := r.Scan(&of, &said, &are)
		if c.Rows++; said != are && len(c.Broken) < 20 {
			c.Broken = append(c.Broken, fmt.Sprintf("close %s says %d, its entries give %d", of, said, are))
		}
		return err
	})
	out.Checks = append(out.Checks, c)
	return err
}
