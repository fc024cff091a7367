package board

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/id"
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
				if _, ok := s.redisPage(t.Context(), e.r, cursor{}, 10); !ok {
					t.Fatal("redis does not answer before the damage")
				}
				damage(e)
				same := func() bool {
					t.Helper()
					want, err := s.sqlPage(t.Context(), e.r, cursor{}, 10)
					if err != nil {
						t.Fatal(err)
					}
					got, err := s.page(t.Context(), e.r, cursor{}, 10)
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
					if tries == 5 {
						t.Fatal("Redis does not answer again")
					}
				}
				p.give(day, 0, 0, 250)
				s.drain(t)
				if !same() {
					t.Error("Redis does not answer after the next posting")
				}
			})
		}
		ledgertest.Audit(t, db)
	})
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
	got, ok := s.redisPage(t.Context(), r, cursor{}, 10)
	if !ok || got.lines[0] != (line{p.accounts[0], 300}) {
		t.Errorf("after the late worker: %+v %v", got, ok)
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
	got, ok := s.redisPage(t.Context(), p.ref("year", month), cursor{}, n)
	if err != nil || !ok || !reflect.DeepEqual(got, want) || got.of != n {
		t.Fatalf("Redis answered %v with %d rows, SQL %d (%v)", ok, len(got.lines), len(want.lines), err)
	}
}

// Two servers on one database and one Redis: awards, reversals, closings, rebuilds, a Redis killed, frozen and restarted
// empty in the middle. No answer is ever wrong, no reader waits long, and in the end Redis answers as SQL does.
func TestTwoServersUnderFire(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			redis := redistest.Start(t)
			db := dbtest.Connect(t, cfg)
			dbs := []*storage.DB{db, db}
			if engine == storage.MySQL {
				dbs[1] = dbtest.Connect(t, cfg)
			}
			var servers []*server
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var running sync.WaitGroup
			for _, d := range dbs {
				client := redisx.Open(redis.Config())
				defer client.Close()
				s := newServer(t, d, client, Options{Fresh: -1})
				servers = append(servers, s)
				running.Go(func() { _ = s.lanes.Run(ctx) })
			}
			var places []*place
			for range 6 {
				places = append(places, newPlace(t, db, 8))
			}
			f := &fire{t: t, servers: servers, places: places}
			var work sync.WaitGroup
			for w := range 4 {
				work.Go(func() { f.write(w, 100) })
			}
			readers, quit := sync.WaitGroup{}, make(chan struct{})
			for w := range 2 {
				readers.Go(func() { f.read(w, quit) })
			}
			f.until(150)
			redis.Kill()
			f.until(200)
			redis.Run()
			f.until(250)
			redis.Freeze()
			f.until(270)
			redis.Thaw()
			f.until(300)
			if err := servers[0].Rebuild(ctx); err != nil {
				t.Error(err)
			}
			work.Wait()
			close(quit)
			readers.Wait()
			f.settle()
			stop()
			running.Wait()
			t.Logf("%d answers compared, %d of them from Redis; longest wait for Redis %v", f.compared.Load(), f.fromRedis.Load(), time.Duration(f.longest.Load()))
			if settled := int64(len(servers) * len(places)); f.fromRedis.Load() <= settled {
				t.Error("Redis never answered under fire")
			}
			if w := time.Duration(f.longest.Load()); w > 200*time.Millisecond {
				t.Errorf("a reader waited %v for Redis", w)
			}
			ledgertest.Audit(t, db)
		})
	}
}

type fire struct {
	t       *testing.T
	servers []*server
	places  []*place

	written, compared, fromRedis, longest atomic.Int64
}

// write posts awards and deductions, and reverses every third.
func (f *fire) write(w, n int) {
	r := rand.New(rand.NewPCG(uint64(w), 7))
	s := f.servers[w%2]
	pace := time.NewTicker(15 * time.Millisecond) // leaves the lanes moments without work
	defer pace.Stop()
	for i := range n {
		<-pace.C
		p := f.places[r.IntN(len(f.places))]
		account := p.accounts[r.IntN(len(p.accounts))]
		ref := fmt.Sprintf("w%d-%d", w, i)
		posting := p.posting(ref, account, points.Amount(r.IntN(9)-3)*100+50, day)
		if err := p.post(s.db, posting); err != nil {
			f.t.Error(err)
		}
		if i%3 == 0 {
			err := s.db.InTx(context.Background(), func(tx *storage.Tx) error {
				_, err := ledger.Reverse(tx, ledger.Correction{Village: p.village, Kind: posting.Kind, Ref: ref, At: noon, Title: "冲正"})
				return err
			})
			if err != nil {
				f.t.Error(err)
			}
		}
		f.written.Add(1)
	}
}

// until waits for the writers to have come so far.
func (f *fire) until(n int64) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for f.written.Load() < n {
		<-tick.C
	}
}

// read compares: when nothing was posted meanwhile, Redis must say what SQL says, or not answer.
func (f *fire) read(w int, quit chan struct{}) {
	r := rand.New(rand.NewPCG(uint64(w), 9))
	s := f.servers[w%2]
	pace := time.NewTicker(3 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-quit:
			return
		case <-pace.C:
		}
		p := f.places[r.IntN(len(f.places))]
		f.compare(s, p.ref("year", month), p.accounts[r.IntN(len(p.accounts))])
	}
}

// compare answers whether Redis answered.
func (f *fire) compare(s *server, r ref, account id.ID) bool {
	ctx := context.Background()
	ask := func() (part, part) {
		a, err := s.sqlPage(ctx, r, cursor{}, 20)
		if err != nil {
			f.t.Error(err)
		}
		b, err := s.sqlAround(ctx, r, account, 2)
		if err != nil {
			f.t.Error(err)
		}
		return a, b
	}
	// The book only grows: the same number of entries is the same book.
	entries := func() (n int64) {
		if err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM entries WHERE village_id = ?", r.village).Scan(&n); err != nil {
			f.t.Error(err)
		}
		return n
	}
	book := entries()
	page, around := ask()
	begin := time.Now()
	redPage, ok1 := s.redisPage(ctx, r, cursor{}, 20)
	redAround, ok2 := s.redisAround(ctx, r, account, 2)
	if d := int64(time.Since(begin)); d > f.longest.Load() {
		f.longest.Store(d)
	}
	if entries() != book {
		return false
	}
	f.compared.Add(1)
	if ok1 {
		f.fromRedis.Add(1)
		if !reflect.DeepEqual(redPage, page) {
			f.t.Errorf("Redis said %+v, SQL %+v", redPage, page)
		}
	}
	if ok2 && !reflect.DeepEqual(redAround, around) {
		f.t.Errorf("around %v Redis said %+v, SQL %+v", account, redAround, around)
	}
	return ok1 && ok2
}

// settle waits until Redis answers for every place on every server, and then all must be the same.
func (f *fire) settle() {
	f.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, s := range f.servers {
		for _, p := range f.places {
			for try := 0; !f.compare(s, p.ref("year", year), p.accounts[0]); try++ {
				if try == 1000 {
					f.t.Fatal("Redis does not answer again")
				}
				<-tick.C
			}
		}
	}
}
