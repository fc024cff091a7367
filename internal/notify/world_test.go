package notify_test

import (
	"context"
	"fmt"
	"sync"
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
	"hefen/internal/message"
	"hefen/internal/notify"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

const rules = `format: 1
title: 试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
boards: {wallet: year}
`

var noon = clock.MakeDay(2026, 5, 20).Start().Add(12 * time.Hour)

// world is a village of two households with a father and a son in the first, each with a phone.
type world struct {
	t      *testing.T
	db     *storage.DB
	at     atomic.Int64
	people *access.Service
	wx     *post
	notify *notify.Service
	lanes  *storage.Lanes
	rules  *scheme.Scheme

	village, home, next    id.ID
	father, son, neighbour access.Actor
	secretary              access.Actor
	n                      atomic.Int64
}

// post is a WeChat whose answers to Send the test sets.
type post struct {
	wechat.Fake
	mu     sync.Mutex
	answer func(wechat.Message) error
	tries  []wechat.Message
}

func (p *post) Send(ctx context.Context, m wechat.Message) error {
	p.mu.Lock()
	p.tries = append(p.tries, m)
	answer := p.answer
	p.mu.Unlock()
	if answer != nil {
		if err := answer(m); err != nil {
			return err
		}
	}
	return p.Fake.Send(ctx, m)
}

func (p *post) tried() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tries)
}

var settings = config.Notify{ExpiringDays: 30, Templates: []config.Template{
	{ID: "t-points", Title: "积分变动", Page: "pages/messages/index", Kinds: []string{"decided", "expiring"}, Fields: map[string]string{"thing1": "what", "time2": "time", "thing3": "village"}},
	{ID: "t-rest", Title: "其他", Kinds: []string{"redeemed", "waiting", "notice"}, Fields: map[string]string{"phrase1": "kind", "thing2": "hint"}},
}}

func newWorld(t *testing.T, db *storage.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, wx: &post{}}
	w.at.Store(clock.Ms(noon))
	ctx := t.Context()
	people := village.New(db, w.now, ledger.OpenAccounts)
	region := func(r village.Region, err error) id.ID { w.must(err); return r.ID }
	county := region(people.CreateCounty(ctx, village.NewRegion{Code: "510131", Name: "试验县", From: 20260101}))
	town := region(people.CreateTown(ctx, county, village.NewRegion{Code: "510131100", Name: "试验镇", From: 20260101}))
	w.village = region(people.CreateVillage(ctx, town, village.NewRegion{Code: "510131100201", Name: "试验村", From: 20260101}))
	group := region(people.CreateGroup(ctx, w.village, village.NewRegion{Code: "01", Name: "一组", From: 20260101}))
	home := func(number string, names ...string) (h id.ID, members []id.ID) {
		var list []village.NewMember
		for i, n := range names {
			list = append(list, village.NewMember{Name: n, Relation: []string{village.Head, "儿子"}[i]})
		}
		h, _, err := people.CreateHousehold(ctx, village.Write{Village: w.village, By: 1, On: 20260101}, village.NewHousehold{Number: number, Group: group, Members: list})
		w.must(err)
		d, err := people.Detail(ctx, w.village, h, clock.DayOf(noon))
		w.must(err)
		for _, p := range d.People {
			members = append(members, p.ID)
		}
		return h, members
	}
	w.people = access.New(db, w.now, w.wx)
	var m []id.ID
	w.home, m = home("001", "张三", "张四")
	user := func(code string, member id.ID) access.Actor {
		u, err := w.people.AddUser(ctx, code, code, "")
		w.must(err)
		if member != 0 {
			w.must(w.people.Stand(ctx, u, member, w.village))
		}
		return accesstest.Actor(t, db, w.now, u)
	}
	w.father, w.son = user("father", m[0]), user("son", m[1])
	w.next, m = home("002", "李四")
	w.neighbour = user("neighbour", m[0])
	boss := user("boss", 0)
	accesstest.Grant(t, db, boss.User(), access.FirstSecretary, access.Place{Village: w.village})
	w.secretary = accesstest.Actor(t, db, w.now, boss.User())
	v, _, err := rulebook.New(db, w.now).Adopt(ctx, w.secretary, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: rules, AdoptedOn: 20260501, FromDay: 20260501})
	w.must(err)
	w.rules = v.Scheme
	w.notify = w.service()
	w.lanes = storage.NewLanes(db, storage.LaneOptions{})
	w.must(w.notify.Start(ctx, w.lanes))
	return w
}

func (w *world) service() *notify.Service {
	s, err := notify.New(w.db, w.now, w.people, w.wx, settings)
	w.must(err)
	return s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time { return clock.FromMs(w.at.Load()) }

func (w *world) pass(d time.Duration) { w.at.Add(d.Milliseconds()) }

func (w *world) request() string { return fmt.Sprintf("request-%016d", w.n.Add(1)) }

func (w *world) tell(ms ...message.Message) {
	w.t.Helper()
	for i := range ms {
		ms[i].Village, ms[i].At = w.village, w.now()
		if ms[i].Kind == "" {
			ms[i].Kind = message.Decided
		}
	}
	w.must(w.db.InTx(w.t.Context(), func(tx *storage.Tx) error { return message.Tell(tx, ms...) }))
}

// award posts points to a household, for a case if one is named.
func (w *world) award(household, caseID id.ID, title string, amount points.Amount, expires clock.Day) {
	w.t.Helper()
	w.must(w.db.InTx(w.t.Context(), func(tx *storage.Tx) error {
		_, err := ledger.Post(tx, w.rules, ledger.Posting{Village: w.village, Kind: ledger.Award, Ref: w.request(), At: w.now(), Occurred: clock.DayOf(w.now()),
			Counted: clock.DayOf(w.now()), Title: title, Case: caseID, Lines: []ledger.Line{
				{Account: household, Wallet: "spend", Amount: amount, ExpiresOn: expires}, {Account: household, Wallet: "year", Amount: amount}}})
		return err
	}))
}

func (w *world) subscribe(a access.Actor, templates ...string) {
	w.t.Helper()
	_, err := w.notify.Subscribe(w.t.Context(), a, notify.SubscribeRequest{RequestID: w.request(), Templates: templates})
	w.must(err)
}

// push notes what is to be sent and sends it, and answers how many went out.
func (w *world) push(s *notify.Service) (int, error) {
	w.t.Helper()
	w.must(w.lanes.Drain(w.t.Context()))
	w.must(s.NotePostings(w.t.Context()))
	return s.Send(w.t.Context())
}

func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
}
