package board

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/redisx"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const rules = `format: 1
title: 排行试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

var (
	day   = clock.MakeDay(2026, 5, 20)
	noon  = day.Start().Add(12 * time.Hour)
	year  = clock.YearSpan(day)
	month = clock.MonthSpan(day)
)

func nowAt() time.Time { return noon }

func parse(t testing.TB, source string) *scheme.Scheme {
	t.Helper()
	s, problems := scheme.Parse([]byte(source))
	if s == nil {
		t.Fatalf("rules: %+v", problems)
	}
	return s
}

// server is one process of an installation: its service and its outbox worker.
type server struct {
	*Service
	lanes *storage.Lanes
	redis *redisx.Client
}

// newServer starts nothing by itself: tests step the lanes, or run them.
func newServer(t testing.TB, db *storage.DB, redis *redisx.Client, opt Options) *server {
	t.Helper()
	villages := village.New(db, nowAt, func(tx *storage.Tx, v id.ID, owners []village.Owner) error {
		return ledger.OpenAccounts(tx, v, owners)
	})
	s := &server{Service: New(db, redis, nowAt, rulebook.New(db, nowAt), villages, opt), redis: redis}
	s.lanes = storage.NewLanes(db, storage.LaneOptions{Poll: 10 * time.Millisecond, Pace: time.Millisecond, MaxBackoff: 50 * time.Millisecond})
	if err := s.Start(t.Context(), s.lanes); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) drain(t testing.TB) {
	t.Helper()
	if err := s.lanes.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// place is a village with accounts of one kind, without people.
type place struct {
	t        testing.TB
	db       *storage.DB
	book     *scheme.Scheme
	village  id.ID
	accounts []id.ID
	refs     int
}

func newPlace(t testing.TB, db *storage.DB, n int) *place {
	t.Helper()
	p := &place{t: t, db: db, book: parse(t, rules), village: db.NewID()}
	owners := make([]village.Owner, n)
	for i := range owners {
		owners[i] = village.Owner{ID: db.NewID(), Kind: "household", Village: p.village}
		p.accounts = append(p.accounts, owners[i].ID)
	}
	p.tx(func(tx *storage.Tx) error { return ledger.OpenAccounts(tx, p.village, owners) })
	return p
}

func (p *place) tx(fn func(tx *storage.Tx) error) {
	p.t.Helper()
	if err := p.db.InTx(context.Background(), fn); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) ref(wallet string, span clock.Span) ref {
	return ref{p.village, "household", wallet, span}
}

// posting credits or charges both wallets of one account on a day.
func (p *place) posting(ref string, account id.ID, amount points.Amount, on clock.Day) ledger.Posting {
	kind, intent := ledger.Award, scheme.Intent("")
	if amount < 0 {
		kind, intent = ledger.Deduct, scheme.StopAtFloor
	}
	return ledger.Posting{Village: p.village, Kind: kind, Ref: ref, At: noon, Occurred: on, Counted: on, Title: "试验", Lines: []ledger.Line{
		{Account: account, Wallet: "spend", Amount: amount, Intent: intent},
		{Account: account, Wallet: "year", Amount: amount},
	}}
}

func (p *place) post(db *storage.DB, postings ...ledger.Posting) error {
	return db.InTx(context.Background(), func(tx *storage.Tx) error {
		_, err := ledger.Post(tx, p.book, postings...)
		return err
	})
}

// give posts one amount for each account, in order; zero leaves the account without an entry.
func (p *place) give(on clock.Day, amounts ...points.Amount) {
	p.t.Helper()
	var ps []ledger.Posting
	for i, a := range amounts {
		if a != 0 {
			p.refs++
			ps = append(ps, p.posting(fmt.Sprintf("give-%d", p.refs), p.accounts[i], a, on))
		}
	}
	if err := p.post(p.db, ps...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) close(account id.ID, on clock.Day) {
	p.t.Helper()
	p.tx(func(tx *storage.Tx) error { return ledger.CloseAccount(tx, p.village, account, on) })
}

// all reads a whole board page by page through one of the two ways.
func all(t testing.TB, read func(after cursor, limit int) (part, error), limit int) (lines []line, ranks []int64, of int64) {
	t.Helper()
	var c cursor
	for {
		p, err := read(c, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.lines) == 0 {
			return lines, ranks, of
		}
		if int64(len(lines)) != p.before {
			t.Fatalf("page after %v says %d rows stand before it, %d were shown", c, p.before, len(lines))
		}
		lines, ranks, of = append(lines, p.lines...), append(ranks, p.ranks()...), p.of
		last := p.lines[len(p.lines)-1]
		c = cursor{last.amount, last.account, true}
	}
}

// cfgOf finds the settings of a test's database, to open it once more.
var cfgOf = map[*storage.DB]config.Database{}

func eachWithConfig(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			db := dbtest.Connect(t, cfg)
			cfgOf[db] = cfg
			test(t, db)
		})
	}
}

// ping asks Redis through the breaker.
func (s *server) ping(ctx context.Context) (string, error) {
	var said string
	err := s.redis.Do(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		said, err = r.Ping(ctx).Result()
		return err
	})
	return said, err
}
