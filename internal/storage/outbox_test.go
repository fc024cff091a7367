package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// setClock is a clock the test moves by hand.
type setClock struct{ ms atomic.Int64 }

func newClock() *setClock {
	c := &setClock{}
	c.ms.Store(1_790_000_000_000)
	return c
}
func (c *setClock) now() time.Time       { return time.UnixMilli(c.ms.Load()) }
func (c *setClock) pass(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func emit(t *testing.T, db *storage.DB, village id.ID, topic string, payloads ...int) {
	t.Helper()
	for _, p := range payloads {
		err := db.InTx(t.Context(), func(tx *storage.Tx) error { return tx.Emit(village, topic, p) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func undone(t *testing.T, db *storage.DB) string {
	t.Helper()
	return dbtest.Rows(t, db, "SELECT COUNT(*) FROM outbox WHERE done_at = 0")[0]
}

// seen records what handlers were given, over all workers.
type seen struct {
	mu      sync.Mutex
	rows    map[id.ID][]int   // by village, in order of handling
	numbers map[id.ID][]int64 // by village, of every batch begun
}

func (s *seen) handle(_ context.Context, lane storage.Lane, rows []storage.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows, s.numbers = map[id.ID][]int{}, map[id.ID][]int64{}
	}
	s.numbers[lane.Village] = append(s.numbers[lane.Village], lane.Number)
	for _, r := range rows {
		n, err := strconv.Atoi(string(r.Payload))
		if err != nil {
			return err
		}
		s.rows[lane.Village] = append(s.rows[lane.Village], n)
	}
	return nil
}

// tries counts the batches of a village that were begun.
func (s *seen) tries(village id.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.numbers[village])
}

func TestEmitStandsOrFallsWithItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		var heard []id.ID
		db.Watch("t", func(v id.ID) { heard = append(heard, v) })
		boom := errors.New("boom")
		err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			if err := tx.Emit(7, "t", 1); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || undone(t, db) != "0" || len(heard) != 0 {
			t.Fatalf("after a rollback: %v, %s events, heard %v", err, undone(t, db), heard)
		}
		emit(t, db, 7, "t", 2)
		if undone(t, db) != "1" || !slices.Equal(heard, []id.ID{7}) {
			t.Fatalf("after a commit: %s events, heard %v", undone(t, db), heard)
		}
	})
}

func TestLanesInOrderOverBatchesAndTopics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		var a, b seen
		lanes := storage.NewLanes(db, storage.LaneOptions{Batch: 3})
		lanes.Handle("a", a.handle)
		lanes.Handle("b", b.handle)
		emit(t, db, 1, "a", 1, 2, 3, 4, 5, 6, 7)
		emit(t, db, 2, "a", 10, 11)
		emit(t, db, 1, "b", 20)
		emit(t, db, 1, "nobody", 30)
		if err := lanes.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(a.rows, b.rows); got != "map[1:[1 2 3 4 5 6 7] 2:[10 11]] map[1:[20]]" {
			t.Errorf("handled %s", got)
		}
		if undone(t, db) != "1" {
			t.Errorf("%s events left, want the one nobody handles", undone(t, db))
		}
		s, err := db.LaneState(t.Context(), 1, "a")
		if err != nil || s.Undone || s.Reached != 3 {
			t.Errorf("lane state %+v %v, want 3 batches reached", s, err)
		}
		if s, err = db.LaneState(t.Context(), 99, "a"); err != nil || s.Undone || s.Reached != 0 {
			t.Errorf("a lane without history: %+v %v", s, err)
		}
		back, err := db.OutboxBacklog(t.Context())
		if err != nil || len(back) != 1 || back[0].Topic != "nobody" || back[0].Events != 1 {
			t.Errorf("backlog %+v %v", back, err)
		}
	})
}

// A worker dies in the middle of a batch: its lease runs out, another does all of it, and when the first comes back to
// life it cannot mark anything.
func TestDeadWorkersLanePassesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		clk := newClock()
		opt := storage.LaneOptions{Lease: 10 * time.Second, Now: clk.now}
		begun, goOn := make(chan storage.Lane, 1), make(chan struct{})
		first := storage.NewLanes(db, opt)
		first.Handle("t", func(_ context.Context, lane storage.Lane, rows []storage.Row) error {
			begun <- lane
			<-goOn
			return nil
		})
		var s seen
		second := storage.NewLanes(db, opt)
		second.Handle("t", s.handle)

		emit(t, db, 1, "t", 1, 2, 3)
		marked := make(chan int, 1)
		go func() {
			n, err := first.Step(context.WithoutCancel(t.Context()))
			if err != nil {
				t.Error(err)
			}
			marked <- n
		}()
		dead := <-begun
		step := func(want int) {
			t.Helper()
			if n, err := second.Step(t.Context()); err != nil || n != want {
				t.Fatalf("second worker marked %d (%v), want %d", n, err, want)
			}
		}
		step(0) // still leased
		clk.pass(9 * time.Second)
		step(0)
		clk.pass(2 * time.Second)
		step(3)
		if s.numbers[1][0] <= dead.Number {
			t.Errorf("fence %d is not above the dead worker's %d", s.numbers[1][0], dead.Number)
		}
		emit(t, db, 1, "t", 4)
		close(goOn)
		if n := <-marked; n != 0 {
			t.Errorf("the late worker marked %d events", n)
		}
		if undone(t, db) != "1" {
			t.Errorf("%s events undone, want the new one", undone(t, db))
		}
		step(1)
		if got := fmt.Sprint(s.rows[1]); got != "[1 2 3 4]" {
			t.Errorf("handled %s", got)
		}
	})
}

func TestFailedBatchComesAgainLaterWithAHigherNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		clk := newClock()
		var s seen
		fail := true
		lanes := storage.NewLanes(db, storage.LaneOptions{Now: clk.now, MaxBackoff: 4 * time.Second})
		lanes.Handle("t", func(ctx context.Context, lane storage.Lane, rows []storage.Row) error {
			if lane.Village == 1 && fail {
				if s.tries(1) == 1 {
					panic("a handler's mistake is a failure of its lane only")
				}
				return errors.Join(s.handle(ctx, lane, nil), errors.New("away"))
			}
			return s.handle(ctx, lane, rows)
		})
		emit(t, db, 1, "t", 1)
		emit(t, db, 2, "t", 2)
		if n, err := lanes.Step(t.Context()); n != 1 || err != nil {
			t.Fatalf("marked %d (%v), want the good lane's one", n, err)
		}
		for range 3 { // at once: the lane rests
			if n, err := lanes.Step(t.Context()); n != 0 || err != nil || s.tries(1) != 1 {
				t.Fatalf("marked %d (%v), tried %d times", n, err, s.tries(1))
			}
		}
		clk.pass(500 * time.Millisecond)
		if n, err := lanes.Step(t.Context()); n != 0 || err != nil {
			t.Fatalf("marked %d (%v) by a handler that panics", n, err)
		}
		fail = false
		clk.pass(4 * time.Second)
		if n, err := lanes.Step(t.Context()); n != 1 || err != nil {
			t.Fatalf("marked %d (%v) after the rest", n, err)
		}
		if last := len(s.numbers[1]) - 1; s.numbers[1][last] <= s.numbers[1][0]+1 {
			t.Errorf("numbers %v do not rise with every try", s.numbers[1])
		}
	})
}

// Two servers, failing handlers, dying leases and writers at the same time: nothing is lost, numbers only rise, and
// what was done stays done.
func TestTwoServersLoseNothing(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			db := dbtest.Connect(t, cfg)
			dbs := []*storage.DB{db, db}
			if engine == storage.MySQL {
				dbs[1] = dbtest.Connect(t, cfg)
			}
			const villages, events = 4, 40
			var mu sync.Mutex
			handled := map[id.ID]map[int]bool{}
			numbers := map[id.ID]int64{}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var workers, writers sync.WaitGroup
			for w, d := range dbs {
				lanes := storage.NewLanes(d, storage.LaneOptions{Poll: 5 * time.Millisecond, Pace: time.Millisecond, MaxBackoff: 3 * time.Millisecond, Batch: 5, Lease: 2 * time.Second})
				r := rand.New(rand.NewPCG(uint64(w), 1))
				var rmu sync.Mutex
				lanes.Handle("t", func(_ context.Context, lane storage.Lane, rows []storage.Row) error {
					rmu.Lock()
					bad := r.IntN(5) == 0
					rmu.Unlock()
					mu.Lock()
					defer mu.Unlock()
					if lane.Number <= numbers[lane.Village] {
						t.Errorf("village %d: number %d after %d", lane.Village, lane.Number, numbers[lane.Village])
					}
					numbers[lane.Village] = lane.Number
					if bad {
						return errors.New("now and then")
					}
					for _, row := range rows {
						n, _ := strconv.Atoi(string(row.Payload))
						if handled[lane.Village] == nil {
							handled[lane.Village] = map[int]bool{}
						}
						handled[lane.Village][n] = true
					}
					return nil
				})
				workers.Go(func() {
					if err := lanes.Run(ctx); err != nil {
						t.Errorf("stop: %v", err)
					}
				})
			}
			for v := range villages {
				writers.Go(func() {
					for n := range events {
						err := dbs[n%2].InTx(ctx, func(tx *storage.Tx) error { return tx.Emit(id.ID(v+1), "t", n) })
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for undone(t, db) != "0" {
				<-tick.C
			}
			stop()
			workers.Wait()
			for v := range villages {
				if got := len(handled[id.ID(v+1)]); got != events {
					t.Errorf("village %d: %d events handled, want %d", v+1, got, events)
				}
			}
			if held := dbtest.Rows(t, db, "SELECT village_id FROM outbox_lanes WHERE until_at > 0"); len(held) != 0 {
				t.Errorf("lanes not given back: %v", held)
			}
		})
	}
}

func TestPurgeAndMute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		clk := newClock()
		var s seen
		lanes := storage.NewLanes(db, storage.LaneOptions{Now: clk.now, Keep: time.Hour})
		lanes.Handle("t", s.handle)
		emit(t, db, 1, "t", 1, 2)
		if err := lanes.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		emit(t, db, 1, "t", 3)
		before, err := db.LaneState(t.Context(), 1, "t")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := lanes.Purge(t.Context()); n != 0 || err != nil {
			t.Fatalf("purged %d (%v) too early", n, err)
		}
		clk.pass(2 * time.Hour)
		if n, err := lanes.Purge(t.Context()); n != 2 || err != nil {
			t.Fatalf("purged %d (%v), want the two done", n, err)
		}
		if undone(t, db) != "1" {
			t.Fatal("an event that is not done was purged")
		}
		for range 2 { // the second server of the installation
			if err := db.Mute(t.Context(), "t"); err != nil {
				t.Fatal(err)
			}
		}
		emit(t, db, 1, "t", 4)
		after, err := db.LaneState(t.Context(), 1, "t")
		if err != nil || after.Undone || after.Reached <= before.Reached+1 {
			t.Errorf("muted lane %+v (%v), before %+v: a reader would not see that it missed something", after, err, before)
		}
	})
}

// With hundreds of villages and a long history, finding work reads the index on undone events and nothing else.
func TestFindingWorkUsesTheIndex(t *testing.T) {
	queries := []string{
		"SELECT DISTINCT village_id FROM outbox WHERE done_at = 0 AND topic = 't'",
		"SELECT id FROM outbox WHERE done_at = 0 AND topic = 't' AND village_id = 5 ORDER BY id LIMIT 500",
		"SELECT EXISTS (SELECT 1 FROM outbox WHERE done_at = 0 AND topic = 't' AND village_id = 5)",
		"SELECT id FROM outbox WHERE done_at > 0 AND done_at < 5 LIMIT 500",
	}
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			for v := range 300 {
				args := make([]any, 0, 60)
				for i := range 10 {
					done := 1_000_000 + v
					if i == 0 && v%10 == 0 {
						done = 0
					}
					args = append(args, v*10+i+1, v+1, "t", "{}", 1, done)
				}
				if _, err := tx.Exec("INSERT INTO outbox (id, village_id, topic, payload, created_at, done_at) VALUES "+storage.Rows(10, 6), args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			explain := "EXPLAIN "
			if db.Dialect() == storage.SQLite {
				explain = "EXPLAIN QUERY PLAN "
			}
			plan := strings.Join(dbtest.Rows(t, db, explain+q), "\n")
			if !strings.Contains(plan, "outbox_undone") || strings.Contains(plan, "filesort") {
				t.Errorf("%s:\n%s", q, plan)
			}
		}
	})
}
