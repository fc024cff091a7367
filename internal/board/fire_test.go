package board

import (
	"context"
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
			t.Logf("%d answers compared, %d of them from Redis; longest wait for Redis beyond that for SQL %v", f.compared.Load(), f.fromRedis.Load(), time.Duration(f.longest.Load()))
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
	begin := time.Now()
	page, around := ask()
	usual := time.Since(begin) // what the database takes on this machine just now
	begin = time.Now()
	redPage, ok1 := s.redisPage(ctx, r, cursor{}, 20)
	redAround, ok2 := s.redisAround(ctx, r, account, 2)
	if d := int64(time.Since(begin) - usual); d > f.longest.Load() {
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
