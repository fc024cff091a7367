package season_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

var ctx = context.Background()

// rules of the tests: everything that the end of a period can do.
const rules = `
format: 1
title: 测试细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, reset: {every: year, on: 01-10, carry: 50, max: 30}}
  - {code: coin, name: 金币, kind: spend, earns: false}
  - {code: year, name: 年度积分, kind: score}
  - {code: base, name: 基础分, kind: base}
base: {wallet: base, points: 100, line: 100}
classes: [{code: good, name: 好事}]
items:
  - {code: free, name: 志愿服务, class: good, points: 5, review: {direct: true}}
rank_coins:
  - {name: 年度前三, every: year, top: 3, wallet: coin, points: 10, ties: all}
thresholds:
  - {code: low, name: 得分太低, of: [base, year], below: 90, lift_at: 95, then: suspended, at: close}
watch:
  - {code: behind, name: 落后户, span: year, mean_of: quarter, below: 1, last: 2}
rounds:
  - {code: year_end, name: 年终积分奖励, span: year, top: 2, ties: all, rewards: [{points: 20, wallet: coin}]}
`

// world is a village with rules and households, on a clock of its own.
type world struct {
	t        testing.TB
	db       *storage.DB
	time     atomic.Int64
	season   *season.Service
	villages *village.Service
	book     *rulebook.Book
	market   *market.Service
	photos   *media.Service
	village  id.ID
	town     id.ID
	groups   [2]id.ID
	homes    []id.ID
	boss     access.Actor
	refs     int
	requests atomic.Int64
}

func (w *world) now() time.Time { return time.UnixMilli(w.time.Load()) }

// at sets the clock to nine in the morning of a day.
func (w *world) at(year, month, day int) {
	w.time.Store(clock.MakeDay(year, month, day).Start().Add(9 * time.Hour).UnixMilli())
}

func (w *world) pass(d time.Duration) { w.time.Add(d.Milliseconds()) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) request() string { return fmt.Sprintf("season-request-%08d", w.requests.Add(1)) }

// open makes the services over a database.
func (w *world) open(db *storage.DB) {
	w.db = db
	w.villages = village.New(db, w.now, ledger.OpenAccounts)
	w.book = rulebook.New(db, w.now)
	people := access.New(db, w.now, nil)
	folder, err := media.NewFolder(w.t.TempDir())
	w.must(err)
	w.photos = media.New(db, w.now, folder, config.Default().Photos)
	w.market = market.New(db, w.now, w.villages, w.book, people.Names)
	w.season = season.New(db, w.now, w.villages, w.book, w.market, w.photos)
}

func newWorld(t testing.TB, db *storage.DB, source string, households int) *world {
	t.Helper()
	w := &world{t: t}
	w.at(2026, 1, 1)
	w.open(db)
	start := clock.MakeDay(2026, 1, 1)
	county, err := w.villages.CreateCounty(ctx, village.NewRegion{Code: fmt.Sprint(db.NewID()), Name: "靖州县", From: start})
	w.must(err)
	town, err := w.villages.CreateTown(ctx, county.ID, village.NewRegion{Code: "431229100", Name: "渠阳镇", From: start})
	w.must(err)
	w.town = town.ID
	v, err := w.villages.CreateVillage(ctx, town.ID, village.NewRegion{Code: "431229100201", Name: "林源村", From: start})
	w.must(err)
	w.village = v.ID
	for i := range w.groups {
		g, err := w.villages.CreateGroup(ctx, v.ID, village.NewRegion{Code: fmt.Sprintf("%02d", i+1), Name: fmt.Sprintf("第%d组", i+1), From: start})
		w.must(err)
		w.groups[i] = g.ID
	}
	w.boss = accesstest.Official(t, db, w.now, access.FirstSecretary, access.Place{Village: v.ID})
	w.adopt(source, start)
	for range households {
		w.household()
	}
	t.Cleanup(func() {
		if !t.Failed() {
			w.audit()
		}
	})
	return w
}

func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
	r, err := season.Audit(ctx, w.db)
	w.must(err)
	if !r.OK() {
		w.t.Fatalf("audit:\n%s", r)
	}
}

func (w *world) adopt(source string, from clock.Day) {
	w.t.Helper()
	_, _, err := w.book.Adopt(ctx, w.boss, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: source, AdoptedOn: min(from, clock.DayOf(w.now())), FromDay: from})
	w.must(err)
}

func (w *world) household() id.ID {
	w.t.Helper()
	n := len(w.homes)
	h, _, err := w.villages.CreateHousehold(ctx, village.Write{Village: w.village, By: 1, On: clock.DayOf(w.now())}, village.NewHousehold{Number: fmt.Sprintf("%03d", n+1), Group: w.groups[n%2],
		Members: []village.NewMember{{Name: fmt.Sprintf("张%c", rune('一'+n)), Relation: village.Head}}})
	w.must(err)
	w.homes = append(w.homes, h)
	return h
}

// earn posts a deed of a day: the same amount to what can be spent and to the score; a negative one is a fault.
func (w *world) earn(home int, on clock.Day, amount points.Amount) {
	w.t.Helper()
	w.must(w.db.InTx(ctx, func(tx *storage.Tx) error { return w.earnIn(tx, home, on, amount) }))
}

func (w *world) earnIn(tx *storage.Tx, home int, on clock.Day, amount points.Amount) error {
	v, err := w.book.InForce(ctx, w.village, on)
	if err != nil {
		return err
	}
	counted, err := ledger.CountedOn(tx, w.village, on)
	if err != nil {
		return err
	}
	w.refs++
	kind := ledger.Award
	if amount < 0 {
		kind = ledger.Deduct
	}
	_, err = ledger.Post(tx, v.Scheme, ledger.Posting{Village: w.village, Kind: kind, Ref: fmt.Sprint("deed", w.refs), Title: "志愿服务", At: w.now(), Occurred: on, Counted: counted, Item: "free", Class: "good",
		Lines: []ledger.Line{{Account: w.homes[home], Wallet: "spend", Amount: amount, Group: w.groups[home%2]}, {Account: w.homes[home], Wallet: "year", Amount: amount, Group: w.groups[home%2]}}})
	return err
}

// spend takes points as a redemption, or holds them as a reservation.
func (w *world) spend(home int, kind ledger.Kind, amount points.Amount) string {
	w.t.Helper()
	w.refs++
	ref := fmt.Sprint("spend", w.refs)
	v, err := w.book.InForce(ctx, w.village, clock.DayOf(w.now()))
	w.must(err)
	w.must(w.db.InTx(ctx, func(tx *storage.Tx) error {
		counted, err := ledger.CountedOn(tx, w.village, clock.DayOf(w.now()))
		if err != nil {
			return err
		}
		_, err = ledger.Spend(tx, v.Scheme, ledger.Posting{Village: w.village, Kind: kind, Ref: ref, Title: "兑换", At: w.now(), Counted: counted}, w.homes[home], amount)
		return err
	}))
	return ref
}

func (w *world) balance(home int, wallet string, bucket ledger.Bucket) points.Amount {
	w.t.Helper()
	list, err := ledger.Balances(ctx, w.db, w.homes[home])
	w.must(err)
	at := slices.IndexFunc(list, func(b ledger.Balance) bool { return b.Wallet == wallet && b.Bucket == bucket })
	if at < 0 {
		return 0
	}
	return list[at].Amount
}

func (w *world) order(span string, overrides ...season.Override) season.Order {
	s, err := clock.ParseSpan(span)
	w.must(err)
	return season.Order{RequestID: w.request(), Span: s, Why: "村民代表会议决定", Overrides: overrides}
}

// shut stops a span and waits until it may be closed.
func (w *world) shut(span string) {
	w.t.Helper()
	_, err := w.season.Stop(ctx, w.boss, w.village, w.order(span))
	w.must(err)
	w.pass(2 * time.Minute)
}

// books is every entry and tag, without ids and instants, in an order that does not depend on when they were made.
func (w *world) books() []string {
	w.t.Helper()
	out := dbtest.Rows(w.t, w.db, `SELECT h.number, e.kind, e.wallet, e.bucket, e.seq, e.amount, e.balance_after, e.expires_on, e.occurred_on, e.counted_on, e.title
		FROM entries e JOIN households h ON h.id = e.account_id ORDER BY h.number, e.wallet, e.bucket, e.seq`)
	out = append(out, dbtest.Rows(w.t, w.db, "SELECT h.number, t.kind, t.code, t.from_day, t.to_day, t.reason FROM tags t JOIN households h ON h.id = t.account_id ORDER BY h.number, t.from_day, t.code")...)
	return append(out, dbtest.Rows(w.t, w.db, `SELECT c.span, c.due_on, c.state, c.accounts, c.resets, c.reset_sum, c.grants, c.grant_sum, c.coins, c.coin_sum, c.tags, c.lifts, c.named
		FROM season_closes c ORDER BY c.due_on, c.span`)...)
}

const pt = points.Point
