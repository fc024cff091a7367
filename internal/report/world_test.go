package report

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

const rules = `format: 1
title: 统计试验细则
subject: household
wallets:
  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 1}
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 2}
  - {code: honour, name: 荣誉积分, kind: score}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
  - {code: civil, name: 乡风文明}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
redemption: {cancel_same_day: true}
boards: {wallet: year}
`

var (
	today = clock.MakeDay(2026, 5, 20)
	ctx   = context.Background()
)

// world is a county with two towns and three villages, of which the first has people, rules and a shop.
type world struct {
	t      testing.TB
	db     *storage.DB
	at     atomic.Int64 // the clock, ms
	report *Service
	people *village.Service
	books  *rulebook.Book
	boards *board.Service
	market *market.Service
	book   *scheme.Scheme

	county, town, other id.ID   // the other town has no village but the third
	villages            []id.ID // two in town, one in the other
	group               id.ID
	households          []id.ID // of the first village
	secretary, overseer access.Actor
	refs                int
}

func newWorld(t testing.TB, db *storage.DB, households int) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.on(clock.MakeDay(2025, 1, 2))
	w.people = village.New(db, w.now, ledger.OpenAccounts)
	w.books = rulebook.New(db, w.now)
	w.boards = board.New(db, nil, w.now, w.books, w.people, board.Options{Sums: -1, Names: -1})
	w.report = New(db, w.now, w.books, w.people, w.boards)
	w.market = market.New(db, w.now, w.people, w.books, access.New(db, w.now, nil).Names)
	region := func(r village.Region, err error) id.ID { must(t, err); return r.ID }
	w.county = region(w.people.CreateCounty(ctx, village.NewRegion{Code: "520100", Name: "试验县"}))
	w.town = region(w.people.CreateTown(ctx, w.county, village.NewRegion{Code: "520100101", Name: "东镇"}))
	w.other = region(w.people.CreateTown(ctx, w.county, village.NewRegion{Code: "520100100", Name: "西乡"}))
	for i, in := range []id.ID{w.town, w.town, w.other} {
		w.villages = append(w.villages, region(w.people.CreateVillage(ctx, in, village.NewRegion{Code: fmt.Sprintf("52010010%d20%d", i, 3-i), Name: []string{"林源村", "河口村", "山前村"}[i]})))
	}
	w.group = region(w.people.CreateGroup(ctx, w.villages[0], village.NewRegion{Code: "01", Name: "一组"}))
	for i := range households {
		h, _, err := w.people.CreateHousehold(ctx, village.Write{Village: w.villages[0], By: 1}, village.NewHousehold{Number: fmt.Sprintf("%03d", i+1), Group: w.group,
			Members: []village.NewMember{{Name: fmt.Sprintf("张%s", string("甲乙丙丁戊己庚辛壬癸"[3*(i%10):3*(i%10)+3])), Relation: village.Head}}})
		must(t, err)
		w.households = append(w.households, h)
	}
	w.secretary = accesstest.Official(t, db, w.now, access.FirstSecretary, access.Place{Village: w.villages[0]})
	v, _, err := w.books.Adopt(ctx, w.secretary, w.villages[0], rulebook.AdoptRequest{RequestID: w.ref(), Source: rules, AdoptedOn: clock.DayOf(w.now()), FromDay: clock.DayOf(w.now())})
	must(t, err)
	w.book = v.Scheme
	w.on(today)
	w.overseer = accesstest.Official(t, db, w.now, access.Supervisor, access.Place{Region: w.county})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) now() time.Time { return clock.FromMs(w.at.Load()) }

// on sets the clock to noon of a day.
func (w *world) on(d clock.Day) { w.at.Store(clock.Ms(d.Start().Add(12 * time.Hour))) }

func (w *world) ref() string { w.refs++; return fmt.Sprintf("request-%016d", w.refs) }

func (w *world) roll() {
	w.t.Helper()
	if _, err := w.report.RollUp(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// post enters one posting of the first village.
func (w *world) post(p ledger.Posting) ledger.Posted {
	w.t.Helper()
	var out ledger.Posted
	must(w.t, w.db.InTx(ctx, func(tx *storage.Tx) error {
		p.Village, p.At, p.Title = w.villages[0], w.now(), "试验"
		posted, err := ledger.Post(tx, w.book, p)
		if err == nil {
			out = posted[0]
		}
		return err
	}))
	return out
}

// deed credits or charges a household as a case does, and answers the reference.
func (w *world) deed(household id.ID, class string, amount points.Amount, on clock.Day) string {
	w.t.Helper()
	p := ledger.Posting{Kind: ledger.Award, Ref: w.ref(), Occurred: on, Counted: on, Class: class, Item: "sweep", Case: w.db.NewID()}
	intent := scheme.Intent("")
	if amount < 0 {
		p.Kind, intent = ledger.Deduct, scheme.StopAtFloor
	}
	p.Lines = []ledger.Line{{Account: household, Wallet: "spend", Amount: amount, Intent: intent, Group: w.group}, {Account: household, Wallet: "year", Amount: amount, Group: w.group}}
	w.post(p)
	return p.Ref
}

func (w *world) undo(kind ledger.Kind, ref string) {
	w.t.Helper()
	must(w.t, w.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := ledger.Reverse(tx, ledger.Correction{Village: w.villages[0], Kind: kind, Ref: ref, At: w.now()})
		return err
	}))
}

// round enters an award round with one reward of the first household, as package season does.
func (w *world) round(span clock.Span, state, kind, name, prize string) id.ID {
	w.t.Helper()
	round := w.db.NewID()
	must(w.t, w.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec(`INSERT INTO award_rounds (id, village_id, code, span, revision, name, of_kind, state, rules_id, on_day, list, hash, published_at, published_by, object_until, frozen_at, frozen_by,
			number, how, drawn_at, drawn_by, cursor_id, issued_at, issued_by, why, ended_at, ended_by, rev) VALUES (?,?,?,?,1,'年终评比','household',?,0,?,'','',0,0,0,0,0,'','',0,0,0,0,0,'',0,0,0)`,
			round, w.villages[0], w.ref(), span, state, today)
		if err != nil {
			return err
		}
		if _, err = tx.Exec(`INSERT INTO award_places (round_id, account_id, position, household_id, member_id, number, name, group_id, group_name, score, eligible, place, wins, tier, tier_name, stars, drawing, prizes, reasons)
			VALUES (?,?,1,?,0,'001','张甲',0,'一组',1000,1,1,1,1,'一等奖',0,0,'','')`, round, w.households[0], w.households[0]); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO award_prizes (id, round_id, village_id, account_id, household_id, ref, kind, wallet, points, fen, name, pieces, choice, words, state, chosen, shop_id, receiver, note, issued_at, collected_at, collected_by)
			VALUES (?,?,?,?,?,'1',?,'',0,0,?,1,'',?,?,'',0,'','',0,0,0)`, tx.NewID(), round, w.villages[0], w.households[0], w.households[0], kind, name, name, prize)
		return err
	}))
	return round
}
