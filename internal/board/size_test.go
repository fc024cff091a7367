package board

import (
	"testing"

	"hefen/internal/ledger/ledgertest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// How many stand on a board is remembered, until this process posts or closes there; what another does shows later, but
// never fewer than the rows.
func TestSizeIsRemembered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newServer(t, db, nil, Options{})
		other := &server{Service: New(db, nil, nowAt, s.book, s.villages, Options{})} // not started: it hears of no commit
		p := newPlace(t, db, 4)
		r := p.ref("year", year)
		expect := func(when string, s *server, rows int, of int64, statements int64) {
			t.Helper()
			ctx, n := storage.CountStatements(t.Context())
			page, err := s.sqlPage(ctx, r, cursor{}, 10)
			if err != nil || len(page.lines) != rows || page.of != of || n.Load() != statements {
				t.Errorf("%s: %d rows of %d in %d statements (%v), want %d of %d in %d", when, len(page.lines), page.of, n.Load(), err, rows, of, statements)
			}
		}
		p.give(day, 100, 200)
		expect("first", s, 2, 2, 2)
		expect("remembered", s, 2, 2, 1)
		expect("another process", other, 2, 2, 2)
		p.give(day, 0, 0, 50)
		expect("after a posting", s, 3, 3, 2)
		expect("another process, not yet told", other, 3, 3, 1)
		p.close(p.accounts[0], day)
		expect("after a closing", s, 2, 2, 2)
		expect("where somebody is closed", s, 2, 2, 1)
		p.give(day, 0, 1, 0, 7)
		around, err := s.sqlAround(t.Context(), r, p.accounts[3], Neighbours)
		if err != nil || around.of != 3 || len(around.lines) != 3 {
			t.Errorf("around: %+v %v", around, err)
		}
		ledgertest.Audit(t, db)
	})
}
