package publication

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// orders are what the child is told to publish until it is killed; the requests are those that a device would send again.
type orders struct {
	Database     config.Database
	At           int64
	Village, By  id.ID
	Publications []PublishRequest
	Corrects     id.ID // correct this notice first; 0: none
}

func TestMain(m *testing.M) { dbtest.Main(m, publishUntilKilled) }

func publishUntilKilled(o orders) error {
	ctx := context.Background()
	db, err := dbtest.OpenShared(o.Database)
	if err != nil {
		return err
	}
	now := func() time.Time { return clock.FromMs(o.At) }
	villages, book, people := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now), access.New(db, now, nil)
	s := New(db, now, cases.New(db, now, villages, book, people, nil), villages, book)
	by, err := people.ActAs(ctx, o.By)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if o.Corrects != 0 {
		if _, err := s.Correct(ctx, by, o.Village, o.Corrects, CorrectRequest{RequestID: "request-of-the-correction"}); err != nil {
			return err
		}
	}
	for _, r := range o.Publications {
		if _, err := s.Publish(ctx, by, o.Village, r); err != nil {
			return err
		}
	}
	return nil
}

// TestKilledWhilePublishing kills a server over notices and a correction and has the same requests sent again: each notice is
// there once, whole, with its number and its seal, each of its cases is marked and its household told once.
func TestKilledWhilePublishing(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg, db := dbtest.Shared(t, engine)
			w := newWorld(t, db, 6)
			o := w.orders()
			o.Database = cfg
			kills := 0
			for ; !dbtest.Kill(t, o, dbtest.KillAfter(time.Duration(1+rand.IntN(1+15*kills))*time.Millisecond)); kills++ {
				w.audit()
			}
			if kills == 0 {
				t.Error("the first moment was too long: nothing was killed")
			}
			w.isOut()
			if !dbtest.Kill(t, o, func(string, func(time.Duration)) {}) {
				t.Error("what is out could not be sent again")
			}
			w.isOut()
			w.audit()
		})
	}
}

const deedsOut = 30 // of each household

// orders are a correction of a notice that is out, and one more notice for each group.
func (w *world) orders() orders {
	w.t.Helper()
	ctx := context.Background()
	made := w.record("sweep", w.homes...)
	first := w.publish(june)
	_, err := w.cases.Reverse(ctx, w.secretary, w.village, made[1], cases.Step{RequestID: w.request(), Why: "记错了人"})
	w.must(err)
	for range deedsOut {
		w.record("sweep", w.homes...)
	}
	o := orders{At: w.time.Load(), Village: w.village, By: w.member.User(), Corrects: first.ID}
	for _, g := range w.groups {
		r := PublishRequest{RequestID: w.request(), Range: june}
		r.Group = g
		p, err := w.pub.Preview(ctx, w.member, w.village, r.Range)
		w.must(err)
		r.Digest = p.Digest
		o.Publications = append(o.Publications, r)
	}
	return o
}

// isOut holds what is published against what was ordered.
func (w *world) isOut() {
	w.t.Helper()
	got := dbtest.Rows(w.t, w.db, "SELECT number, kind, cases FROM notices ORDER BY number")
	if want := []string{"1|notice|6", "2|correction|1", "3|notice|90", "4|notice|90"}; !slices.Equal(got, want) {
		w.t.Errorf("published %q, want %q", got, want)
	}
	for _, q := range []string{"SELECT household_id, COUNT(*) FROM messages WHERE kind = 'published' GROUP BY household_id",
		"SELECT c.household_id, COUNT(*) FROM case_events e JOIN cases c ON c.id = e.case_id WHERE e.to_state = 'published' GROUP BY c.household_id"} {
		rows := dbtest.Rows(w.t, w.db, q)
		for _, row := range rows {
			if !strings.HasSuffix(row, fmt.Sprintf("|%d", deedsOut+1)) {
				w.t.Errorf("%s: %s", q, row)
			}
		}
		if len(rows) != len(w.homes) {
			w.t.Errorf("%s: %d households", q, len(rows))
		}
	}
}
