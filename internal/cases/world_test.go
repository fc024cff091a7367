package cases_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// rules of the tests: two wallets that earn, caps, a warning, grades, a range and a value per quantity.
const rules = `
format: 1
title: 测试细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境, caps: [{per: month, points: 60}]}
  - {code: good, name: 好事}
  - {code: fault, name: 反向约束}
items:
  - {code: sweep, name: 参加清扫, class: eco, points: 5, caps: [{per: month, points: 20}], review: {direct: true}}
  - {code: tree, name: 植树, class: eco, points: 8, review: {direct: true}}
  - {code: free, name: 志愿服务, class: good, points: 3, review: {direct: true}}
  - {code: help, name: 帮扶, class: good, points: 10}
  - {code: two, name: 见义勇为, class: good, points: 50, review: {levels: 2}}
  - code: clean
    name: 户容户貌检查
    class: eco
    grades:
      - {code: a, name: 清洁户, points: 10}
      - {code: b, name: 较清洁户, points: 5}
      - {code: c, name: 一般户, points: 0}
      - {code: d, name: 不清洁户, points: -5}
  - code: deep
    name: 年底细查
    class: good
    grades: [{code: a, name: 好, points: 4}, {code: d, name: 差, points: -4}]
    review: {levels: 2}
  - {code: praise, name: 突出贡献, class: good, range: {from: 1, to: 30}, caps: [{per: year, points: 60}]}
  - {code: trash, name: 乱倒垃圾, class: fault, points: -10, warn_first: {months: 12}}
  - {code: gamble, name: 参与赌博, class: fault, points: -20}
records: {withdraw_minutes: 10, backdate_days: 30, leaders_wait: true}
`

// world is a village with rules, households and officials, on a clock of its own.
type world struct {
	t        testing.TB
	db       *storage.DB
	time     atomic.Int64
	cases    *cases.Service
	villages *village.Service
	rules    *rulebook.Book
	photos   *media.Service
	village  id.ID
	groups   [2]id.ID
	homes    []id.ID

	member, second, secretary access.Actor
	requests                  atomic.Int64
}

var today = clock.MakeDay(2026, 6, 15)

func (w *world) now() time.Time { return time.UnixMilli(w.time.Load()) }

func (w *world) pass(d time.Duration) { w.time.Add(d.Milliseconds()) }

func newWorld(t testing.TB, db *storage.DB, households int) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{t: t, db: db}
	w.time.Store(today.Start().Add(9 * time.Hour).UnixMilli())
	w.villages = village.New(db, w.now, ledger.OpenAccounts)
	w.rules = rulebook.New(db, w.now)
	people := access.New(db, w.now, nil)
	folder, err := media.NewFolder(t.TempDir())
	w.must(err)
	w.photos = media.New(db, w.now, folder, config.Default().Photos)
	w.cases = cases.New(db, w.now, w.villages, w.rules, people, w.photos)
	start := clock.MakeDay(2020, 1, 1)
	county, err := w.villages.CreateCounty(ctx, village.NewRegion{Code: fmt.Sprint(db.NewID()), Name: "靖州县", From: start})
	w.must(err)
	town, err := w.villages.CreateTown(ctx, county.ID, village.NewRegion{Code: "431229100", Name: "渠阳镇", From: start})
	w.must(err)
	v, err := w.villages.CreateVillage(ctx, town.ID, village.NewRegion{Code: "431229100201", Name: "林源村", From: start})
	w.must(err)
	w.village = v.ID
	for i := range w.groups {
		g, err := w.villages.CreateGroup(ctx, v.ID, village.NewRegion{Code: fmt.Sprintf("%02d", i+1), Name: fmt.Sprintf("第%d组", i+1), From: start})
		w.must(err)
		w.groups[i] = g.ID
	}
	place := access.Place{Village: v.ID}
	w.secretary = accesstest.Official(t, db, w.now, access.FirstSecretary, place)
	w.member = accesstest.Official(t, db, w.now, access.TeamMember, place)
	w.second = accesstest.Official(t, db, w.now, access.TeamMember, place)
	w.adopt(rules, clock.MakeDay(2025, 1, 1))
	for range households {
		w.household()
	}
	return w
}

func (w *world) adopt(source string, from clock.Day) *rulebook.Version {
	w.t.Helper()
	v, _, err := w.rules.Adopt(context.Background(), w.secretary, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: source,
		AdoptedOn: min(from, clock.DayOf(w.now())), FromDay: from})
	if err != nil {
		w.t.Fatalf("adopt: %v", err)
	}
	return v
}

var surnames = []string{"张", "王", "李", "赵", "陈", "杨", "黄", "周"}

// household enters one more household, alternating between the groups, and answers its id.
func (w *world) household() id.ID {
	w.t.Helper()
	n := len(w.homes)
	h, _, err := w.villages.CreateHousehold(context.Background(), village.Write{Village: w.village, By: 9, On: clock.MakeDay(2024, 1, 1)},
		village.NewHousehold{Number: fmt.Sprintf("%04d", n+1), Group: w.groups[n%2],
			Members: []village.NewMember{{Name: surnames[n%8] + "大山", Relation: village.Head}}})
	w.must(err)
	w.homes = append(w.homes, h)
	return h
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) request() string { return fmt.Sprintf("request-%012d", w.requests.Add(1)) }

// record enters a deed by a team member.
func (w *world) record(item string, day clock.Day, households ...id.ID) cases.Recorded {
	w.t.Helper()
	r, err := w.cases.Record(context.Background(), w.member, w.village, cases.Request{RequestID: w.request(), Item: item, Subjects: households, OccurredOn: day})
	if err != nil {
		w.t.Fatalf("record %s: %v", item, err)
	}
	return r
}

// approved enters a deed and has another person approve it.
func (w *world) approved(r cases.Request) cases.Answer {
	w.t.Helper()
	r.RequestID = w.request()
	got, err := w.cases.Record(context.Background(), w.member, w.village, r)
	w.must(err)
	a, err := w.cases.Approve(context.Background(), w.second, w.village, got.Items[0].ID, w.step(""))
	w.must(err)
	return a
}

func (w *world) step(why string) cases.Step { return cases.Step{RequestID: w.request(), Why: why} }

// balance is what an account has in a wallet.
func (w *world) balance(account id.ID, wallet string) points.Amount {
	w.t.Helper()
	bs, err := ledger.Balances(context.Background(), w.db, account)
	w.must(err)
	var sum points.Amount
	for _, b := range bs {
		if b.Wallet == wallet {
			sum += b.Amount
		}
	}
	return sum
}

func (w *world) expect(account id.ID, spend, year points.Amount) {
	w.t.Helper()
	if s, y := w.balance(account, "spend"), w.balance(account, "year"); s != spend*points.Point || y != year*points.Point {
		w.t.Errorf("balances %s and %s, want %s and %s", s, y, spend*points.Point, year*points.Point)
	}
}

// audit holds the ledger and the cases to their laws.
func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
	r, err := cases.Audit(context.Background(), w.db)
	w.must(err)
	if !r.OK() {
		w.t.Fatalf("audit:\n%s", r)
	}
}

// tables is everything this package and the ledger store, to show that nothing has changed.
func (w *world) tables() string {
	var all []string
	for _, q := range []string{"SELECT * FROM cases ORDER BY id", "SELECT * FROM case_events ORDER BY id", "SELECT * FROM entries ORDER BY id",
		"SELECT * FROM balances ORDER BY account_id, wallet, bucket", "SELECT * FROM totals ORDER BY account_id, wallet, span",
		"SELECT * FROM tags ORDER BY id", "SELECT * FROM inspections ORDER BY id", "SELECT * FROM inspection_lines ORDER BY inspection_id, household_id",
		"SELECT user_id, request_id FROM requests ORDER BY user_id, request_id"} {
		all = append(all, dbtest.Rows(w.t, w.db, q)...)
	}
	return strings.Join(all, "\n")
}

// refuses checks that a call fails with the error and changes nothing.
func (w *world) refuses(what string, want error, call func() error) {
	w.t.Helper()
	before := w.tables()
	if err := call(); !errors.Is(err, want) {
		w.t.Errorf("%s: %v, want %v", what, err, want)
	}
	if w.tables() != before {
		w.t.Errorf("%s: something has changed", what)
	}
}

func each(t *testing.T, households int, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, households)
		test(t, w)
		w.audit()
	})
}

func (w *world) fault(why string) cases.FaultStep {
	return cases.FaultStep{RequestID: w.request(), Why: why}
}

func (w *world) official(role access.Role, p access.Place) access.Actor {
	w.t.Helper()
	return accesstest.Official(w.t, w.db, w.now, role, p)
}
