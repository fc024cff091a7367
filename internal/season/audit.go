package season

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/ledger"
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

// Audit checks what this package keeps against the ledger. It changes nothing.
func Audit(ctx context.Context, db *storage.DB) (ledger.Report, error) {
	var out ledger.Report
	for _, part := range []struct {
		what  string
		table string
		rules []rule
	}{
		{"closes are whole: ranks, coins and runs agree", "season_closes", closeRules},
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
	return out, nil
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
