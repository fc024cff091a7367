package board

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/redisx"
	"hefen/internal/redisx/redistest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Whatever becomes of what Redis holds, the answer stays right, and after the lanes have worked Redis answers again.
func TestBoardsMendThemselves(t *testing.T) {
	redis := redistest.Start(t)
	raw := redis.Client()
	defer raw.Close()
	type env struct {
		*testing.T
		s    *server
		p    *place
		r    ref
		meta string
	}
	damages := map[string]func(e env){
		"flushed":           func(e env) { raw.FlushAll(e.Context()) },
		"one board evicted": func(e env) { raw.Del(e.Context(), e.s.setKey(e.r)) },
		"hash evicted":      func(e env) { raw.Del(e.Context(), e.meta) },
		"row lost":          func(e env) { raw.ZRem(e.Context(), e.s.setKey(e.r), memberOf(e.p.accounts[1])) },
		"half a batch in":   func(e env) { raw.HSet(e.Context(), e.meta, "no", -1) },
		"restarted empty":   func(e env) { redis.Kill(); redis.Run() },
		"restarted old": func(e env) { // comes back as it was before the last posting
			redis.Save()
			e.p.give(day, 0, 700)
			e.s.drain(e)
			redis.Kill()
			redis.Run()
			redis.Forget()
		},
		"restarted old, then a posting": func(e env) {
			redis.Save()
			e.p.give(day, 0, 700)
			e.s.drain(e)
			redis.Kill()
			redis.Run()
			redis.Forget()
			e.p.give(day, 40)
			awaken(e, e.s)
			e.s.drain(e)
		},
		"database restored": func(e env) { // Redis is ahead of the lane
			e.p.tx(func(tx *storage.Tx) error {
				_, err := tx.Exec("UPDATE outbox_lanes SET number = 1, reached = 0, until_at = 0, owner = '' WHERE village_id = ?", e.p.village)
				return err
			})
			e.s.lanes = storage.NewLanes(e.p.db, storage.LaneOptions{})
			e.s.lanes.Handle(ledger.TopicPosted, e.s.project)
		},
		"muted for a while": func(e env) {
			quiet := dbtest.Connect(e, cfgOf[e.p.db])
			if err := newServer(e, quiet, nil, Options{}).db.Mute(e.Context(), ledger.TopicPosted); err != nil {
				e.Fatal(err)
			}
			if err := e.p.post(quiet, e.p.posting("while-muted", e.p.accounts[0], 900, day)); err != nil {
				e.Fatal(err)
			}
			e.s.lanes = storage.NewLanes(e.p.db, storage.LaneOptions{})
			e.s.lanes.Handle(ledger.TopicPosted, e.s.project)
		},
	}
	eachWithConfig(t, func(t *testing.T, db *storage.DB) {
		for name, damage := range damages {
			t.Run(name, func(t *testing.T) {
				client := redisx.Open(redis.Config())
				defer client.Close()
				s := newServer(t, db, client, Options{Fresh: -1})
				p := newPlace(t, db, 3)
				p.give(day, 300, 200, 200)
				e := env{t, s, p, p.ref("year", year), s.metaKey(p.village)}
				if err := s.Rebuild(t.Context(), p.village); err != nil {
					t.Fatal(err)
				}
				s.drain(t)
				fromRedis(t, s, func() (part, bool) { return s.redisPage(t.Context(), e.r, cursor{}, 10) })
				damage(e)
				same := func() bool {
					t.Helper()
					want, err := s.sqlPage(t.Context(), e.r, cursor{}, 10)
					if err != nil {
						t.Fatal(err)
					}
					got, err := s.page(t.Context(), foldKey{ref: e.r, kind: Households}, cursor{}, 10)
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("answered %+v (%v), want %+v", got, err, want)
					}
					red, ok := s.redisPage(t.Context(), e.r, cursor{}, 10)
					if ok && !reflect.DeepEqual(red, want) {
						t.Errorf("Redis answered %+v, want %+v", red, want)
					}
					return ok
				}
				same()
				awaken(e, s)
				same()
				for tries := 0; ; tries++ {
					s.drain(t)
					if same() {
						break
					}
					if tries == 20 {
						t.Fatal("Redis does not answer again")
					}
					awaken(t, s)
				}
				p.give(day, 0, 0, 250)
				s.drain(t)
				fromRedis(t, s, func() (part, bool) { return part{}, same() })
			})
		}
		ledgertest.Audit(t, db)
	})
}

// fromRedis asks until Redis answers: on a machine that is busy a call may be given up as too slow, and then Redis rests
// for a second.
func fromRedis(t testing.TB, s *server, ask func() (part, bool)) part {
	t.Helper()
	for range 20 {
		if p, ok := ask(); ok {
			return p
		}
		awaken(t, s)
		s.drain(t)
	}
	t.Fatal("redis does not answer")
	return part{}
}

// awaken ends the rest of a client whose Redis has come back, by probing until it answers.
func awaken(t testing.TB, s *server) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if _, err := s.ping(context.Background()); err == nil {
			return
		}
		<-tick.C
	}
	t.Fatal("redis does not come back")
}

// A worker that lost its lane writes nothing into Redis, however late its commands come.
func TestLateWorkerWritesNothing(t *testing.T) {
	redis := redistest.Start(t)
	db := dbtest.Open(t, storage.SQLite)
	client := redisx.Open(redis.Config())
	defer client.Close()
	s := newServer(t, db, client, Options{Fresh: -1})
	p := newPlace(t, db, 2)
	p.give(day, 300, 200)
	if err := s.Rebuild(t.Context(), p.village); err != nil {
		t.Fatal(err)
	}
	s.drain(t)
	state, err := db.LaneState(t.Context(), p.village, ledger.TopicPosted)
	if err != nil {
		t.Fatal(err)
	}
	r := p.ref("year", year)
	late := storage.Lane{Village: p.village, Topic: ledger.TopicPosted, Number: state.Reached - 1, Reached: 0}
	stale := []change{{ref: r, member: memberOf(p.accounts[0]), amount: 1}}
	if err := s.write(t.Context(), late, stale); !errors.Is(err, errLate) {
		t.Errorf("late write: %v", err)
	}
	if err := s.rebuild(t.Context(), late); !errors.Is(err, errLate) {
		t.Errorf("late rebuild: %v", err)
	}
	got := fromRedis(t, s, func() (part, bool) { return s.redisPage(t.Context(), r, cursor{}, 10) })
	if got.lines[0] != (line{p.accounts[0], 300}) {
		t.Errorf("after the late worker: %+v", got)
	}
}

// A batch larger than one script is never seen half.
func TestLargeBatchIsWhole(t *testing.T) {
	redis := redistest.Start(t)
	db := dbtest.Open(t, storage.SQLite)
	client := redisx.Open(redis.Config())
	defer client.Close()
	s := newServer(t, db, client, Options{Fresh: -1})
	const n = chunkRows/2 + 100 // two spans each
	p := newPlace(t, db, n)
	amounts := make([]points.Amount, n)
	for i := range amounts {
		amounts[i] = points.Amount(i%7 + 1)
	}
	p.give(day, amounts...)
	if err := s.Rebuild(t.Context(), p.village); err != nil {
		t.Fatal(err)
	}
	s.drain(t)
	p.give(day, amounts...)
	s.drain(t)
	want, err := s.sqlPage(t.Context(), p.ref("year", month), cursor{}, n)
	got := fromRedis(t, s, func() (part, bool) { return s.redisPage(t.Context(), p.ref("year", month), cursor{}, n) })
	if err != nil || !reflect.DeepEqual(got, want) || got.of != n {
		t.Fatalf("Redis answered with %d rows, SQL %d (%v)", len(got.lines), len(want.lines), err)
	}
}
