package season_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// year fills 2026: scores 60, 60, 40, 20, 1, -20 and one household without any entry.
func year(t testing.TB, db *storage.DB) *world {
	w := newWorld(t, db, rules, 7)
	w.at(2026, 1, 2)
	if n, err := w.season.GrantBase(ctx); err != nil || n != 7 {
		t.Fatalf("%d base scores, %v", n, err)
	}
	for home, amounts := range [][]points.Amount{{40, 20}, {60}, {10, 30}, {20}, {1}, {-20}, {}} {
		for i, a := range amounts {
			w.at(2026, 3+4*i, 10)
			w.earn(home, clock.MakeDay(2026, 3+4*i, 10), a*pt)
		}
	}
	w.at(2026, 12, 20)
	w.spend(0, ledger.Redeem, 60*pt) // everything: it moves no rank
	w.spend(1, ledger.Hold, 10*pt)
	return w
}

func TestCloseYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := year(t, db)
		w.at(2026, 12, 31)
		if _, err := w.season.Stop(ctx, w.boss, w.village, w.order("2026")); !errors.Is(err, season.ErrSpan) {
			t.Errorf("a year that is not over: %v", err)
		}
		w.at(2027, 1, 5)
		if _, err := w.season.Close(ctx, w.boss, w.village, w.order("2026")); !errors.Is(err, season.ErrStopped) {
			t.Errorf("not stopped: %v", err)
		}
		_, err := w.season.Stop(ctx, w.boss, w.village, w.order("2026"))
		w.must(err)
		if _, err := w.season.Close(ctx, w.boss, w.village, w.order("2026")); !errors.Is(err, season.ErrSoon) {
			t.Errorf("at once: %v", err)
		}
		w.earn(6, clock.MakeDay(2026, 12, 30), 5*pt) // decided after the stop: counts in 2027
		w.pass(time.Minute)
		run, err := w.season.Close(ctx, w.boss, w.village, w.order("2026"))
		w.must(err)
		if run.State != "waiting" {
			t.Errorf("the reset falls due on January 10: %+v", run)
		}
		for home, want := range []struct {
			coin, base points.Amount
			tags       int
		}{{10, 100, 0}, {10, 100, 0}, {10, 100, 0}, {0, 100, 0}, {0, 100, 0}, {0, 100, 1}, {0, 100, 0}} {
			if got := w.balance(home, "coin", ledger.Available); got != want.coin*pt {
				t.Errorf("household %d has %s coins", home, got)
			}
			if got := w.balance(home, "base", ledger.Available); got != want.base*pt {
				t.Errorf("household %d has %s base score", home, got)
			}
			if got := dbtest.Rows(t, db, "SELECT kind, from_day FROM tags WHERE account_id = ? AND to_day = 99991231", w.homes[home]); len(got) != want.tags {
				t.Errorf("household %d: tags %v", home, got)
			}
		}
		if got := dbtest.Rows(t, db, "SELECT h.number FROM season_lines l JOIN households h ON h.id = l.account_id WHERE l.kind = 'watch' ORDER BY 1"); !slices.Equal(got, []string{"006", "007"}) {
			t.Errorf("behind: %v", got)
		}
		if got := dbtest.Rows(t, db, "SELECT r.place, h.number FROM season_ranks r JOIN households h ON h.id = r.account_id JOIN season_closes c ON c.id = r.close_id AND c.span = 202600 AND c.due_on = 20270101 ORDER BY 2"); !slices.Equal(got,
			[]string{"1|001", "1|002", "3|003", "4|004", "5|005", "7|006", "6|007"}) {
			t.Errorf("ranks %v", got)
		}

		w.at(2027, 1, 12) // the reset: half of what was there on December 31, at most 30; held points and what came since stay
		w.spend(2, ledger.Redeem, 5*pt)
		if n, err := w.season.Advance(ctx); err != nil || n != 1 {
			t.Errorf("%d closes, %v", n, err)
		}
		if n, err := w.season.Advance(ctx); err != nil || n != 0 {
			t.Errorf("again: %d closes, %v", n, err)
		}
		for home, want := range []points.Amount{0, 25 * pt, 17*pt + 50, 10 * pt, 50, -20 * pt, 5 * pt} {
			if got := w.balance(home, "spend", ledger.Available); got != want {
				t.Errorf("household %d has %s left, want %s", home, got, want)
			}
		}
		if got := w.balance(1, "spend", ledger.Held); got != 10*pt {
			t.Errorf("held %s", got)
		}
		again, err := w.season.Close(ctx, w.boss, w.village, w.order("2026"))
		if err != nil || again.State != "done" {
			t.Errorf("closed again: %+v %v", again, err)
		}
	})
}

// TestThresholdLifted: what the close of a month set is lifted by the close of a later one, by the year's score so far.
func TestThresholdLifted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, rules, 2)
		_, err := w.season.GrantBaseIn(ctx, w.village)
		w.must(err)
		w.at(2026, 3, 10)
		w.earn(0, clock.MakeDay(2026, 3, 10), -15*pt)
		w.at(2026, 4, 20)
		w.earn(0, clock.MakeDay(2026, 4, 20), 15*pt) // does not save March, which is closed after it
		w.at(2026, 5, 2)
		for _, c := range []struct {
			span string
			to   string
		}{{"2026-03", "99991231"}, {"2026-04", "20260501"}} {
			w.shut(c.span)
			_, err := w.season.Close(ctx, w.boss, w.village, w.order(c.span))
			w.must(err)
			if got := dbtest.Rows(t, db, "SELECT from_day, to_day FROM tags"); !slices.Equal(got, []string{"20260401|" + c.to}) {
				t.Errorf("%s: %v", c.span, got)
			}
		}
		told := dbtest.Rows(t, db, "SELECT m.household_id, m.title FROM messages m JOIN tags t ON t.account_id = m.household_id AND t.account_id = m.about_id WHERE m.kind = 'lifted'")
		if want := []string{w.homes[0].String() + "|限制已解除"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

// TestWaiting: what blocks must be overridden by name.
func TestWaiting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, rules, 1)
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("INSERT INTO leases (id, village_id, shop_id, keeper, device, open_key, taken_at, ends_at) VALUES (?,?,1,1,'x',?,0,0)", tx.NewID(), w.village, w.village)
			return err
		}))
		w.at(2027, 1, 5)
		w.shut("2026")
		if _, err := w.season.Close(ctx, w.boss, w.village, w.order("2026")); !errors.Is(err, season.ErrWaiting) {
			t.Errorf("%v", err)
		}
		if got := dbtest.Rows(t, db, "SELECT state FROM periods"); !slices.Equal(got, []string{"grace"}) {
			t.Errorf("%v", got)
		}
		run, err := w.season.Close(ctx, w.boss, w.village, w.order("2026", season.Override{Kind: "lease", Why: "手机坏了，人工对账"}))
		if err != nil || len(run.Waited) != 1 || run.Waited[0].Why != "手机坏了，人工对账" {
			t.Errorf("%+v %v", run, err)
		}
	})
}

// TestTwoHalves: however a close is cut up and broken off, the books are the same as those of one run.
func TestTwoHalves(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		var want []string
		for cut := range 6 {
			w := year(t, dbtest.Open(t, engine))
			w.at(2027, 1, 15)
			w.shut("2026")
			if cut == 0 {
				_, err := w.season.Close(ctx, w.boss, w.village, w.order("2026"))
				w.must(err)
				want = w.books()
				continue
			}
			undo := season.SetChunk(cut)
			settled := 0
			some, stop := context.WithCancel(ctx)
			_, err := w.season.CloseBy(some, 1, w.village, w.order("2026"), func(n int) {
				if settled += n; settled >= 3 {
					stop()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("not broken off: %v", err)
			}
			season.SetChunk(7 - cut)
			_, err = w.season.CloseBy(ctx, 1, w.village, w.order("2026"), nil)
			undo()
			w.must(err)
			if got := w.books(); !slices.Equal(got, want) {
				t.Errorf("%s cut at %d:\n%q\nwant\n%q", engine, cut, got, want)
			}
		}
	}
}

// TestTwoClosers: several at once close once.
func TestTwoClosers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		one := year(t, dbtest.Open(t, storage.SQLite))
		one.at(2027, 1, 15)
		one.shut("2026")
		_, err := one.season.Close(ctx, one.boss, one.village, one.order("2026"))
		one.must(err)
		w := year(t, db)
		w.at(2027, 1, 15)
		w.shut("2026")
		defer season.SetChunk(2)()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				run, err := w.season.Close(ctx, w.boss, w.village, w.order("2026"))
				if err != nil || run.State != "done" {
					t.Errorf("%+v %v", run, err)
				}
			})
		}
		all.Wait()
		if got, want := w.books(), one.books(); !slices.Equal(got, want) {
			t.Errorf("%q\nwant\n%q", got, want)
		}
	})
}

// TestBase: who comes in the middle of the year has a base score the next morning, once; who leaves has none.
func TestBase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, rules, 3)
		for _, want := range []int{3, 0} {
			if n, err := w.season.GrantBase(ctx); err != nil || n != want {
				t.Errorf("%d, %v", n, err)
			}
		}
		w.at(2026, 6, 1)
		w.household()
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			return ledger.CloseAccount(tx, w.village, w.homes[0], clock.MakeDay(2026, 6, 1))
		}))
		if n, err := w.season.GrantBase(ctx); err != nil || n != 1 || w.balance(3, "base", ledger.Available) != 100*pt {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// TestAnnounce: who has points that will be emptied is told once, in time, and only of what would go.
func TestAnnounce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := year(t, db)
		w.at(2026, 12, 10) // more than 30 days before January 10
		if n, err := w.season.Announce(ctx); err != nil || n != 0 {
			t.Errorf("%d told, %v", n, err)
		}
		w.at(2026, 12, 20)
		for _, want := range []int{4, 0} {
			if n, err := w.season.Announce(ctx); err != nil || n != want {
				t.Errorf("%d told, %v", n, err)
			}
		}
		if got := dbtest.Rows(t, db, "SELECT m.body FROM messages m JOIN households h ON h.id = m.household_id WHERE h.number = '003'"); len(got) != 1 || got[0] != "您家的可兑积分到2027年1月10日将有20分清零，请在这以前使用。" {
			t.Errorf("%v", got)
		}
	})
}
