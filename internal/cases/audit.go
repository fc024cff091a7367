package cases

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// maxBroken is how many broken rows a check names.
const maxBroken = 20

// Audit holds the cases against the ledger and their own history. It changes nothing; an error means that it could not
// read.
func Audit(ctx context.Context, db *storage.DB) (ledger.Report, error) {
	var r ledger.Report
	for _, check := range []func(context.Context, *storage.DB) (ledger.Check, error){auditPoints, auditBuckets, auditNumbers, auditSteps} {
		c, err := check(ctx, db)
		if err != nil {
			return r, fmt.Errorf("audit %q: %w", c.What, err)
		}
		r.Checks = append(r.Checks, c)
	}
	return r, nil
}

func broken(c *ledger.Check, format string, args ...any) {
	if len(c.Broken) < maxBroken {
		c.Broken = append(c.Broken, fmt.Sprintf(format, args...))
	}
}

// auditPoints walks cases, their shares and their entries side by side, by case. A case in effect has moved, for each
// account that it touches, what counts in each score wallet that its item credits, and no more than counts in others; any
// other case has moved nothing on balance.
func auditPoints(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "2", What: "a case in effect has its points in the book, any other has none"}
	cs, err := db.Query(ctx, `SELECT id, 0, scheme_id, item, state, account_id, counted, replaced FROM cases
		UNION ALL SELECT c.id, s.line + 1, c.scheme_id, c.item, c.state, s.account_id, s.counted, s.replaced FROM case_shares s JOIN cases c ON c.id = s.case_id
		ORDER BY 1, 2`)
	if err != nil {
		return c, err
	}
	defer cs.Close()
	sums, err := db.Query(ctx, `SELECT case_id, account_id, wallet, SUM(amount) FROM entries WHERE case_id <> 0 AND kind IN ('award','deduct','adjust','reverse')
		GROUP BY case_id, account_id, wallet ORDER BY case_id, account_id, wallet`)
	if err != nil {
		return c, err
	}
	defer sums.Close()
	moved := movedStream{rows: sums}
	if err := moved.next(); err != nil {
		return c, err
	}
	a := pointsAudit{check: &c, book: auditBook{rulebook.New(db, clock.System), map[id.ID]*scheme.Scheme{}}, moved: &moved}
	for cs.Next() {
		var now auditedCase
		var line int
		var account id.ID
		var counted, replaced points.Amount
		if err := cs.Scan(&now.id, &line, &now.version, &now.item, &now.state, &account, &counted, &replaced); err != nil {
			return c, err
		}
		if now.id != a.of.id {
			if err := a.finish(ctx); err != nil {
				return c, err
			}
			c.Rows++
			a.of, a.counts = now, map[id.ID][2]points.Amount{}
		}
		sum := a.counts[account]
		a.counts[account] = [2]points.Amount{sum[0] + counted, sum[1] + replaced}
	}
	if err := cs.Err(); err != nil {
		return c, err
	}
	if err := a.finish(ctx); err != nil {
		return c, err
	}
	return c, a.strays(0)
}

// auditedCase is the case that the audit has reached.
type auditedCase struct {
	id, version id.ID
	item        string
	state       State
}

type pointsAudit struct {
	check  *ledger.Check
	book   auditBook
	moved  *movedStream
	of     auditedCase
	counts map[id.ID][2]points.Amount // what counts for each account, and what it took the place of
}

// strays reports entries of cases before one that do not exist; of all that are left where it is zero.
func (a *pointsAudit) strays(before id.ID) error {
	for a.moved.ok && (before == 0 || a.moved.caseID < before) {
		broken(a.check, "entries of case %s, which does not exist", a.moved.caseID)
		if err := a.moved.next(); err != nil {
			return err
		}
	}
	return nil
}

// finish compares the case that the audit has read in full with what it has moved.
func (a *pointsAudit) finish(ctx context.Context) error {
	if a.of.id == 0 {
		return nil
	}
	if err := a.strays(a.of.id); err != nil {
		return err
	}
	have := map[id.ID]map[string]points.Amount{}
	for a.moved.ok && a.moved.caseID == a.of.id {
		if have[a.moved.account] == nil {
			have[a.moved.account] = map[string]points.Amount{}
		}
		have[a.moved.account][a.moved.wallet] = a.moved.sum
		if err := a.moved.next(); err != nil {
			return err
		}
	}
	s, err := a.book.scheme(ctx, a.of.version)
	if err != nil {
		return err
	}
	item, ok := s.Item(a.of.item)
	if !ok {
		broken(a.check, "case %s (%s): item %s is not in its rules", a.of.id, a.of.state, a.of.item)
		return nil
	}
	for account, counts := range a.counts {
		if !a.of.state.stands() {
			counts = [2]points.Amount{}
		}
		if a.of.state.stands() && item.RestsOnBalance() { // only the ledger knew what was there
			delete(have, account)
			continue
		}
		for _, why := range wrongPoints(s, item, counts[0], counts[1], have[account]) {
			broken(a.check, "case %s (%s), account %s: %s", a.of.id, a.of.state, account, why)
		}
		delete(have, account)
	}
	for account := range have {
		broken(a.check, "case %s has moved points of account %s, which it does not touch", a.of.id, account)
	}
	return nil
}

// wrongPoints compares what a case has moved in one account with what counts there.
func wrongPoints(s *scheme.Scheme, item *scheme.Item, counted, replaced points.Amount, have map[string]points.Amount) []string {
	var wrong []string
	chain := item.Chain(s)
	var chained points.Amount
	for _, code := range item.Credits {
		w, _ := s.Wallet(code)
		want, got := counted, have[code]
		switch {
		case w.GainsOnly:
			want = max(counted+replaced, 0) - max(replaced, 0)
		case counted < 0 && slices.Contains(chain, code):
			continue
		case counted < 0 && len(chain) > 0 && w.Kind != scheme.KindScore:
			want = 0
		}
		exact := w.Kind == scheme.KindScore || counted >= 0 || w.Debt
		if exact && got != want || !exact && (got < want || got > 0) { // a deduction may have stopped at the floor
			wrong = append(wrong, fmt.Sprintf("wallet %s moved %s, counts %s", code, got, want))
		}
		delete(have, code)
	}
	for code, got := range have {
		if counted < 0 && slices.Contains(chain, code) {
			chained += got
		} else if got != 0 {
			wrong = append(wrong, fmt.Sprintf("wallet %s moved %s without being credited", code, got))
		}
	}
	if chained < min(counted, 0) || chained > 0 {
		wrong = append(wrong, fmt.Sprintf("wallets %v moved %s together, counts %s", chain, chained, counted))
	}
	return wrong
}

// movedStream is the sums of entries by case, account and wallet.
type movedStream struct {
	rows    *sql.Rows
	ok      bool
	caseID  id.ID
	account id.ID
	wallet  string
	sum     points.Amount
}

func (m *movedStream) next() error {
	if m.ok = m.rows.Next(); !m.ok {
		return m.rows.Err()
	}
	return m.rows.Scan(&m.caseID, &m.account, &m.wallet, &m.sum)
}

// auditBook keeps the parsed versions of an audit.
type auditBook struct {
	rules  *rulebook.Book
	parsed map[id.ID]*scheme.Scheme
}

func (b auditBook) scheme(ctx context.Context, version id.ID) (*scheme.Scheme, error) {
	if s, ok := b.parsed[version]; ok {
		return s, nil
	}
	v, err := b.rules.Version(ctx, version)
	if err != nil {
		return nil, err
	}
	b.parsed[version] = v.Scheme
	return v.Scheme, nil
}

// auditBuckets holds the state of each case against where its points stand: what waits for its publication has nothing
// available, what counts has nothing pending but for an open fault, and what was taken back has nothing anywhere.
func auditBuckets(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "2", What: "the points of a case stand where its state says"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM cases").Scan(&c.Rows); err != nil {
		return c, err
	}
	const sums = `SELECT c.id, c.state FROM (SELECT case_id, account_id, wallet, bucket FROM entries WHERE case_id <> 0
		GROUP BY case_id, account_id, wallet, bucket HAVING SUM(amount) <> 0) e JOIN cases c ON c.id = e.case_id WHERE `
	for _, check := range []struct{ where, format string }{
		{"e.bucket = 'available' AND (c.state IN ('decided','published') OR c.state = 'objected' AND c.was IN ('decided','published'))", "case %s is %s and has points that count"},
		{`e.bucket = 'pending' AND c.state IN ('effective','amended') AND NOT EXISTS
			(SELECT 1 FROM tags t WHERE t.account_id = e.account_id AND t.kind = 'open_fault' AND t.lifted_at = 0)`, "case %s is %s, no fault is open, and it has pending points"},
		{"c.state NOT IN ('decided','published','effective','objected','amended')", "case %s is %s and has points"},
		{"e.bucket = 'held'", "case %s is %s and has reserved points"},
	} {
		if err := eachBroken(ctx, db, &c, sums+check.where, check.format); err != nil {
			return c, err
		}
	}
	return c, nil
}

func auditNumbers(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "10", What: "the order of decisions is unambiguous in each village"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM cases WHERE decided_no > 0").Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, eachBroken(ctx, db, &c, "SELECT village_id, decided_no FROM cases WHERE decided_no > 0 GROUP BY village_id, decided_no HAVING COUNT(*) > 1",
		"village %s: two decisions numbered %s")
}

func auditSteps(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "1", What: "each case came to its state by a recorded step"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM case_events").Scan(&c.Rows); err != nil {
		return c, err
	}
	return c, eachBroken(ctx, db, &c, `SELECT c.id, c.state FROM cases c WHERE c.state <> c.entered_as AND NOT EXISTS
		(SELECT 1 FROM case_events e WHERE e.case_id = c.id AND e.to_state = c.state)`, "case %s is %s without a step that led there")
}

func eachBroken(ctx context.Context, db *storage.DB, c *ledger.Check, query, format string) error {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var x, y string
		if err := rows.Scan(&x, &y); err != nil {
			return err
		}
		broken(c, format, x, y)
	}
	return rows.Err()
}
