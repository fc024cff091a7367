package cases_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// night is what the child is told that does the work of one night and is killed over it.
type night struct {
	Database config.Database
	At       int64
	Batch    int
}

func TestMain(m *testing.M) { dbtest.Main(m, workUntilKilled) }

func workUntilKilled(n night) error {
	db, err := dbtest.OpenShared(n.Database)
	if err != nil {
		return err
	}
	now := func() time.Time { return clock.FromMs(n.At) }
	cases.SetEffectBatch(n.Batch)
	s := cases.New(db, now, village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now), access.New(db, now, nil), nil)
	fmt.Println("ready")
	return nightly(context.Background(), s)
}

// nightly is what the server does after midnight, in its order.
func nightly(ctx context.Context, s *cases.Service) error {
	for _, job := range []func(context.Context) (int, error){s.TakeEffect, s.ChargeOverdue, s.RaiseObjections} {
		if _, err := job(ctx); err != nil {
			return err
		}
	}
	return nil
}

// TestKilledAtNight kills the nightly jobs over their work, again and again: what has begun is done whole or not at all, and
// when they have come to their end the books, the steps and what the households were told are those of a night without a kill.
func TestKilledAtNight(t *testing.T) {
	quiet := newWorld(t, dbtest.Open(t, storage.SQLite), 10)
	quiet.eve()
	before := quiet.books()
	quiet.must(nightly(t.Context(), quiet.cases))
	want := quiet.books()
	if slices.Equal(before, want) {
		t.Fatal("nothing happens in that night")
	}
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			const tries = 5 // on a machine that is busy or fast all kills of a night may come too early or too late
			for range tries {
				if killedNight(t, engine, want) > 0 {
					return
				}
			}
			t.Errorf("in %d nights no kill came between the beginning and the end", tries)
		})
	}
}

// killedNight kills a night at later and later moments until it comes to its end, which is to be as want, and answers how many
// kills left a part of the work done.
func killedNight(t *testing.T, engine storage.Dialect, want []string) (between int) {
	t.Helper()
	cfg, db := dbtest.Shared(t, engine)
	w := newWorld(t, db, 10)
	w.eve()
	n, last := night{Database: cfg, At: w.time.Load(), Batch: 2}, w.books()
	for moment := time.Millisecond; !dbtest.Kill(t, n, dbtest.KillAfter(moment)); moment += time.Millisecond + moment/6 {
		w.audit()
		if now := w.books(); !slices.Equal(now, last) && !slices.Equal(now, want) {
			between, last = between+1, now
		}
	}
	w.audit()
	if got := w.books(); !slices.Equal(got, want) {
		t.Errorf("after the kills\n%q\nwant\n%q", got, want)
	}
	w.must(nightly(t.Context(), w.cases))
	if got := w.books(); !slices.Equal(got, want) {
		t.Errorf("another night changed\n%q", got)
	}
	return between
}

// eve is the evening before a night with much to do: of each household there are awards and a deduction on a notice whose days
// are over, and a warning whose fault was not put right in time; three households have objected, and nobody has answered.
func (w *world) eve() {
	w.t.Helper()
	ctx := w.t.Context()
	w.adoptNow(waitingFaults)
	for range 4 {
		w.record("tree", today, w.homes...)
	}
	for i := range w.homes {
		w.approved(cases.Request{Item: "burn", Subjects: w.homes[i : i+1], OccurredOn: today})
	}
	w.pass(time.Minute)
	for i := range w.homes {
		w.approved(cases.Request{Item: "pile", Subjects: w.homes[i : i+1], OccurredOn: today})
	}
	_, lines := w.publish()
	for _, l := range lines {
		if l.Item == "burn" && slices.Index(w.homes, l.Household) < 3 {
			_, err := w.cases.Object(ctx, w.lives(l.Household), w.village, l.Household, l.ID, cases.ObjectRequest{RequestID: w.request(), Text: "不是我家"})
			w.must(err)
		}
	}
	w.days(20)
}

// books is everything that the night changes, without the ids and instants that differ from run to run.
func (w *world) books() []string {
	w.t.Helper()
	var out []string
	for _, q := range []string{
		`SELECT h.number, e.kind, e.wallet, e.bucket, e.seq, e.amount, e.balance_after, e.expires_on, e.occurred_on, e.counted_on, e.title
			FROM entries e JOIN households h ON h.id = e.account_id ORDER BY h.number, e.wallet, e.bucket, e.seq`,
		"SELECT h.number, t.kind, t.code, t.from_day, t.to_day, t.lifted_at, t.reason FROM tags t JOIN households h ON h.id = t.account_id ORDER BY h.number, t.kind, t.code, t.from_day",
		`SELECT h.number, c.item, c.state, c.counted, c.warned, c.revision, c.reasons, COUNT(*) FROM cases c JOIN households h ON h.id = c.household_id JOIN case_events e ON e.case_id = c.id
			GROUP BY c.id, h.number, c.item, c.state, c.counted, c.warned, c.revision, c.reasons ORDER BY h.number, c.item, c.state, c.revision`,
		"SELECT h.number, m.kind, m.title, m.body FROM messages m JOIN households h ON h.id = m.household_id ORDER BY h.number, m.kind, m.title, m.body",
		"SELECT h.number, o.outcome, o.raised_at, (SELECT COUNT(*) FROM messages d WHERE d.household_id = 0 AND d.kind = 'objected') FROM objections o JOIN households h ON h.id = o.household_id ORDER BY h.number",
	} {
		out = append(out, dbtest.Rows(w.t, w.db, q)...)
	}
	return out
}
