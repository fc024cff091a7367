package season_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// told is what the child is told that closes and tells each chunk until it is killed.
type told struct {
	Database config.Database
	Village  id.ID
	Award    id.ID // issue this one; 0: close the year
	Rounds   bool  // close the year and take its award rounds as far as a machine may
	At       int64
	Chunk    int
}

func TestMain(m *testing.M) { dbtest.Main(m, closeUntilKilled) }

func closeUntilKilled(c told) error {
	db, err := dbtest.OpenShared(c.Database)
	if err != nil {
		return err
	}
	now := func() time.Time { return clock.FromMs(c.At) }
	season.SetChunk(c.Chunk)
	villages, book := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now)
	s := season.New(db, now, villages, book, market.New(db, now, villages, book, access.New(db, now, nil).Names), nil)
	fmt.Println("ready")
	if c.Award != 0 {
		return s.IssueBy(ctx, 1, c.Village, c.Award)
	}
	_, err = s.CloseBy(ctx, 1, c.Village, season.Order{Span: span(2026), Why: "年度结账"}, func(int) { fmt.Println("chunk") })
	if err == nil && c.Rounds {
		_, err = s.CarryRounds(ctx, 1, c.Village, span(2026))
	}
	return err
}

// killAfterLines kills the child when it has written so many lines.
func killAfterLines(lines int) dbtest.Heard {
	seen := 0
	return func(_ string, kill func(time.Duration)) {
		if seen++; seen == lines {
			kill(0)
		}
	}
}

// TestKilled kills a closer after each of its chunks, and between them: begun again, the books are those of one run; then
// the same with the issue of awards.
func TestKilled(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			one := year(t, dbtest.Open(t, storage.SQLite))
			one.at(2027, 1, 15)
			one.shut("2026")
			_, err := one.season.Close(ctx, one.boss, one.village, one.order("2026"))
			one.must(err)

			cfg, db := dbtest.Shared(t, engine)
			w := year(t, db)
			w.at(2027, 1, 15)
			w.shut("2026")
			c := told{Database: cfg, Village: w.village, At: w.time.Load(), Chunk: 2}
			kills := 0
			for lines := 2; !dbtest.Kill(t, c, killAfterLines(lines)); lines += 7 {
				kills++
				w.audit()
			}
			if kills < 2 {
				t.Errorf("killed %d times only", kills)
			}
			if got, want := w.books(), one.books(); !slices.Equal(got, want) {
				t.Errorf("%q\nwant\n%q", got, want)
			}

			a := w.publish("year_end")
			w.freeze(a)
			w.must(w.db.InTx(ctx, func(tx *storage.Tx) error {
				_, err := tx.Exec("UPDATE award_rounds SET state = 'issuing' WHERE id = ?", a.ID)
				return err
			}))
			c.Award, c.Chunk, c.At = a.ID, 1, w.time.Load()
			for moment := time.Millisecond; !dbtest.Kill(t, c, dbtest.KillAfter(moment)); moment += 4 * time.Millisecond {
				w.audit()
			}
			if got := dbtest.Rows(t, w.db, "SELECT COUNT(*), SUM(amount) FROM entries WHERE batch_id = ?", a.ID); !slices.Equal(got, []string{"2|4000"}) {
				t.Errorf("issued %v", got)
			}
		})
	}
}
