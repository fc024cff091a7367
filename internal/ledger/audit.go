package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// maxBroken is how many broken rows a check names; one is enough to know, a few help to find the cause.
const maxBroken = 20

// Check is one thing an audit looked at.
type Check struct {
	Law    string   // number in the list of laws
	What   string   // what must hold
	Rows   int64    // how many rows were looked at
	Broken []string // rows that break it, named; at most 20
}

func (c *Check) broken(format string, args ...any) {
	if len(c.Broken) < maxBroken {
		c.Broken = append(c.Broken, fmt.Sprintf(format, args...))
	}
}

// Report is what an audit found. Features add their own checks to it.
type Report struct{ Checks []Check }

// OK reports whether nothing is broken.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if len(c.Broken) > 0 {
			return false
		}
	}
	return true
}

// String is a line a check, and the broken rows below it.
func (r Report) String() string {
	var b strings.Builder
	for _, c := range r.Checks {
		verdict := "ok"
		if len(c.Broken) > 0 {
			verdict = "BROKEN"
		}
		fmt.Fprintf(&b, "%-6s law %s: %s (%d rows)\n", verdict, c.Law, c.What, c.Rows)
		for _, row := range c.Broken {
			fmt.Fprintf(&b, "       %s\n", row)
		}
	}
	return b.String()
}

// Audit recomputes every fold from the entries and compares. It reads in streams of constant memory and changes nothing.
// Run it when nothing is being written, or accept that rows in motion are named. An error means that it could not read.
func Audit(ctx context.Context, db *storage.DB) (Report, error) {
	var r Report
	for _, check := range []func(context.Context, *storage.DB) (Check, error){
		auditChains, auditSigns, auditMoves, auditOnce, auditReversals, auditTotals, auditScoreWallets, auditLots,
	} {
		c, err := check(ctx, db)
		if err != nil {
			return r, fmt.Errorf("audit %q: %w", c.What, err)
		}
		r.Checks = append(r.Checks, c)
	}
	return r, nil
}

// auditChains walks each account, wallet and bucket in order of seq.
func auditChains(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "2", What: "balance = sum of entries, seq without gaps, balance_after chains"}
	stored, err := db.Query(ctx, "SELECT account_id, wallet, bucket, amount, seq FROM balances ORDER BY account_id, wallet, bucket")
	if err != nil {
		return c, err
	}
	defer stored.Close()
	rows, err := db.Query(ctx, "SELECT account_id, wallet, bucket, seq, amount, balance_after, id FROM entries ORDER BY account_id, wallet, bucket, seq")
	if err != nil {
		return c, err
	}
	defer rows.Close()
	var at slot
	var sum points.Amount
	var last int64
	settle := func() error { // the chain of one slot has ended: its balance must be the next one stored
		if at.account == 0 {
			return nil
		}
		var k slot
		var amount points.Amount
		var seq int64
		if !stored.Next() {
			c.broken("account %s wallet %s %s: entries without a balance", at.account, at.wallet, at.bucket)
			return stored.Err()
		}
		if err := stored.Scan(&k.account, &k.wallet, &k.bucket, &amount, &seq); err != nil {
			return err
		}
		if k != at || amount != sum || seq != last {
			c.broken("account %s wallet %s %s: balance %s seq %d stored for %s %s %s, entries give %s seq %d",
				at.account, at.wallet, at.bucket, amount, seq, k.account, k.wallet, k.bucket, sum, last)
		}
		return nil
	}
	for rows.Next() {
		var k slot
		var seq int64
		var amount, after points.Amount
		var entry id.ID
		if err := rows.Scan(&k.account, &k.wallet, &k.bucket, &seq, &amount, &after, &entry); err != nil {
			return c, err
		}
		if k != at {
			if err := settle(); err != nil {
				return c, err
			}
			at, sum, last = k, 0, 0
		}
		c.Rows++
		sum += amount
		last++
		if seq != last || after != sum {
			c.broken("entry %s of account %s wallet %s %s: seq %d balance_after %s, want seq %d balance_after %s",
				entry, k.account, k.wallet, k.bucket, seq, after, last, sum)
			last, sum = seq, after
		}
	}
	if err := rows.Err(); err != nil {
		return c, err
	}
	if err := settle(); err != nil {
		return c, err
	}
	for stored.Next() {
		var k slot
		var amount points.Amount
		var seq int64
		if err := stored.Scan(&k.account, &k.wallet, &k.bucket, &amount, &seq); err != nil {
			return c, err
		}
		c.broken("account %s wallet %s %s: balance %s without entries", k.account, k.wallet, k.bucket, amount)
	}
	return c, stored.Err()
}

func kindsWith(s sign) []string {
	var names []string
	for k, v := range kinds {
		if v == s {
			names = append(names, string(k))
		}
	}
	return names
}

func auditSigns(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "2", What: "each kind of posting keeps its sign"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM entries").Scan(&c.Rows); err != nil {
		return c, err
	}
	gains, losses := kindsWith(gain), kindsWith(loss)
	args := append(storage.Args(gains), storage.Args(losses)...)
	return c, each(ctx, db, &c, "SELECT id, kind, amount FROM entries WHERE (kind IN "+storage.In(len(gains))+" AND amount < 0) OR (kind IN "+
		storage.In(len(losses))+" AND amount > 0)", args, "entry %s: %s of %s hundredths")
}

func auditMoves(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "2", What: "postings that only move points sum to 0"}
	moves := storage.Args(kindsWith(move))
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM entries WHERE kind IN "+storage.In(len(moves)), moves...).Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, each(ctx, db, &c, "SELECT posting_id, wallet, SUM(amount) FROM entries WHERE kind IN "+storage.In(len(moves))+
		" GROUP BY posting_id, wallet HAVING SUM(amount) <> 0", moves, "posting %s wallet %s: sum %s hundredths")
}

func auditOnce(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "4", What: "(village, kind, ref) is posted once"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM entries WHERE line = 0").Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, each(ctx, db, &c, "SELECT village_id, kind, ref FROM entries WHERE line = 0 GROUP BY village_id, kind, ref HAVING COUNT(*) > 1", nil,
		"village %s: %s %s posted twice")
}

// each names the rows a query finds, which must find none.
func each(ctx context.Context, db *storage.DB, c *Check, query string, args []any, format string) error {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var x, y, z sql.NullString
		if err := rows.Scan(&x, &y, &z); err != nil {
			return err
		}
		c.broken(format, x.String, y.String, z.String)
	}
	return rows.Err()
}

// auditReversals holds each reversal against the entries it undoes.
func auditReversals(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "1", What: "a reversal undoes its posting entry by entry"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM entries WHERE kind = 'reverse'").Scan(&c.Rows); err != nil {
		return c, err
	}
	if err := each(ctx, db, &c, `SELECT o.id, r.ref, o.amount FROM (SELECT DISTINCT account_id, posting_id, corrects_id, ref FROM entries WHERE kind = 'reverse') r
		JOIN entries o ON o.account_id = r.account_id AND o.posting_id = r.corrects_id
		LEFT JOIN entries u ON u.account_id = o.account_id AND u.posting_id = r.posting_id AND u.line = o.line WHERE u.id IS NULL`, nil,
		"entry %s of %s: its %s hundredths were left out of the reversal"); err != nil {
		return c, err
	}
	if err := each(ctx, db, &c, `SELECT r.posting_id, r.ref, o.n - r.n FROM
		(SELECT posting_id, corrects_id, ref, COUNT(*) AS n FROM entries WHERE kind = 'reverse' GROUP BY posting_id, corrects_id, ref) r
		JOIN (SELECT posting_id, COUNT(*) AS n FROM entries WHERE posting_id IN (SELECT corrects_id FROM entries WHERE kind = 'reverse') GROUP BY posting_id) o
			ON o.posting_id = r.corrects_id WHERE o.n > r.n`, nil,
		"reversal %s of %s: %s entries of the original were left out"); err != nil {
		return c, err
	}
	return c, each(ctx, db, &c, `SELECT r.id, r.ref, r.amount FROM entries r LEFT JOIN entries o
		ON o.account_id = r.account_id AND o.posting_id = r.corrects_id AND o.line = r.line
		WHERE r.kind = 'reverse' AND (o.id IS NULL OR o.amount <> -r.amount OR o.wallet <> r.wallet OR o.bucket <> r.bucket OR o.expires_on <> r.expires_on)`, nil,
		"reversal entry %s of %s: %s hundredths do not undo it")
}

// auditTotals compares the month and year totals with the entries of the available bucket of score wallets.
func auditTotals(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "6", What: "totals = entries of score wallets by month and year"}
	for _, width := range []int{100, 10000} {
		span := fmt.Sprintf("(e.counted_on - e.counted_on %% %d)", width)
		folded, err := db.Query(ctx, `SELECT e.account_id, e.wallet, `+span+`, SUM(e.amount) FROM entries e
			JOIN balances b ON b.account_id = e.account_id AND b.wallet = e.wallet AND b.bucket = e.bucket
			WHERE e.bucket = 'available' AND b.kind = 'score' GROUP BY e.account_id, e.wallet, `+span+` ORDER BY 1, 2, 3`)
		if err != nil {
			return c, err
		}
		cond := "span % 100 <> 0"
		if width == 10000 {
			cond = "span % 100 = 0"
		}
		stored, err := db.Query(ctx, "SELECT account_id, wallet, span, amount FROM totals WHERE "+cond+" ORDER BY 1, 2, 3")
		if err != nil {
			folded.Close()
			return c, err
		}
		err = compareTotals(&c, folded, stored)
		folded.Close()
		stored.Close()
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func compareTotals(c *Check, folded, stored *sql.Rows) error {
	for folded.Next() {
		var t, have total
		var day clock.Day
		var want, got points.Amount
		if err := folded.Scan(&t.account, &t.wallet, &day, &want); err != nil {
			return err
		}
		t.span = clock.Span(day / 100)
		c.Rows++
		if !stored.Next() {
			c.broken("account %s wallet %s span %s: no total, entries give %s", t.account, t.wallet, t.span, want)
			return stored.Err()
		}
		if err := stored.Scan(&have.account, &have.wallet, &have.span, &got); err != nil {
			return err
		}
		if have != t || want != got {
			c.broken("account %s wallet %s span %s: entries give %s, stored is account %s wallet %s span %s with %s",
				t.account, t.wallet, t.span, want, have.account, have.wallet, have.span, got)
			return nil // the streams are out of step; the first difference is named
		}
	}
	if stored.Next() {
		c.broken("totals has rows that no entry explains")
	}
	return folded.Err()
}

func auditScoreWallets(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "6", What: "score wallets are never spent, held, reset or expired"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM balances WHERE kind = 'score'").Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, each(ctx, db, &c, `SELECT e.id, e.kind, e.wallet FROM entries e
		JOIN balances b ON b.account_id = e.account_id AND b.wallet = e.wallet AND b.bucket = e.bucket
		WHERE b.kind = 'score' AND (e.kind IN ('redeem','reset','expire','hold','release','grant') OR e.bucket = 'held' OR e.expires_on <> 0)`, nil,
		"entry %s: %s in score wallet %s")
}

func auditLots(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "2", What: "lots = entries by the day they end"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM lots").Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, each(ctx, db, &c, `SELECT account_id, wallet, SUM(amount) FROM (
		SELECT account_id, wallet, bucket, expires_on, amount FROM entries WHERE expires_on <> 0
		UNION ALL SELECT account_id, wallet, bucket, expires_on, -amount FROM lots) AS both_sides
		GROUP BY account_id, wallet, bucket, expires_on HAVING SUM(amount) <> 0`, nil, "account %s wallet %s: lots differ from entries by %s hundredths")
}
