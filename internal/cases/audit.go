package cases

import (
	"context"
	"database/sql"
	"fmt"

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
	for _, check := range []func(context.Context, *storage.DB) (ledger.Check, error){auditPoints, auditNumbers, auditSteps} {
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

// auditPoints walks cases and their entries side by side, both by case. A case in effect has moved what counts in each
// score wallet that its item credits, and no more than counts in others; any other case has moved nothing on balance.
func auditPoints(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "2", What: "a case in effect has its points in the book, any other has none"}
	cs, err := db.Query(ctx, "SELECT id, scheme_id, item, state, counted FROM cases ORDER BY id")
	if err != nil {
		return c, err
	}
	defer cs.Close()
	sums, err := db.Query(ctx, `SELECT case_id, wallet, SUM(amount) FROM entries WHERE case_id <> 0 AND kind IN ('award','deduct','adjust','reverse')
		GROUP BY case_id, wallet ORDER BY case_id, wallet`)
	if err != nil {
		return c, err
	}
	defer sums.Close()
	moved := movedStream{rows: sums}
	if err := moved.next(); err != nil {
		return c, err
	}
	book := auditBook{rulebook.New(db, clock.System), map[id.ID]*scheme.Scheme{}}
	for cs.Next() {
		var caseID, version id.ID
		var item string
		var state State
		var counted points.Amount
		if err := cs.Scan(&caseID, &version, &item, &state, &counted); err != nil {
			return c, err
		}
		c.Rows++
		for moved.ok && moved.caseID < caseID {
			broken(&c, "entries of case %s, which does not exist", moved.caseID)
			if err := moved.next(); err != nil {
				return c, err
			}
		}
		have := map[string]points.Amount{}
		for moved.ok && moved.caseID == caseID {
			have[moved.wallet] = moved.sum
			if err := moved.next(); err != nil {
				return c, err
			}
		}
		s, err := book.scheme(ctx, version)
		if err != nil {
			return c, err
		}
		if !state.inEffect() {
			counted = 0
		}
		for _, why := range wrongPoints(s, item, counted, have) {
			broken(&c, "case %s (%s): %s", caseID, state, why)
		}
	}
	if err := cs.Err(); err != nil {
		return c, err
	}
	for moved.ok {
		broken(&c, "entries of case %s, which does not exist", moved.caseID)
		if err := moved.next(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// wrongPoints compares what a case has moved with what counts.
func wrongPoints(s *scheme.Scheme, code string, counted points.Amount, have map[string]points.Amount) []string {
	var wrong []string
	item, ok := s.Item(code)
	if !ok {
		return []string{"item " + code + " is not in its rules"}
	}
	for _, code := range item.Credits {
		w, _ := s.Wallet(code)
		want, got := counted, have[code]
		if counted < 0 && w.GainsOnly {
			want = 0
		}
		exact := w.Kind == scheme.KindScore || counted >= 0 || w.Debt
		if exact && got != want || !exact && (got < want || got > 0) { // a deduction may have stopped at the floor
			wrong = append(wrong, fmt.Sprintf("wallet %s moved %s, counts %s", code, got, want))
		}
		delete(have, code)
	}
	for code, got := range have {
		if got != 0 {
			wrong = append(wrong, fmt.Sprintf("wallet %s moved %s without being credited", code, got))
		}
	}
	return wrong
}

// movedStream is the sums of entries by case and wallet.
type movedStream struct {
	rows   *sql.Rows
	ok     bool
	caseID id.ID
	wallet string
	sum    points.Amount
}

func (m *movedStream) next() error {
	if m.ok = m.rows.Next(); !m.ok {
		return m.rows.Err()
	}
	return m.rows.Scan(&m.caseID, &m.wallet, &m.sum)
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
