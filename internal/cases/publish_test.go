package cases_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// waiting are the rules of the tests with points that wait for publication.
var waiting = strings.Replace(rules, "records: {withdraw_minutes: 10, backdate_days: 30, leaders_wait: true}",
	"records: {withdraw_minutes: 10, backdate_days: 30, leaders_wait: true, effect: after_publication, publish_days: 7}", 1)

// eachWaiting is each with rules whose points wait.
func eachWaiting(t *testing.T, households int, source string, test func(t *testing.T, w *world)) {
	each(t, households, func(t *testing.T, w *world) {
		w.adopt(source, clock.DayOf(w.now()))
		test(t, w)
	})
}

// publish puts everything decided so far on a notice that stands for a week from today.
func (w *world) publish() (notice id.ID, lines []cases.NoticeLine) {
	w.t.Helper()
	ctx, on := w.t.Context(), clock.DayOf(w.now())
	lines, err := w.cases.ForNotice(ctx, w.village, 0, on.Add(-60), on)
	w.must(err)
	notice = w.db.NewID()
	w.must(w.mark(notice, on, lines))
	return notice, lines
}

func (w *world) mark(notice id.ID, on clock.Day, lines []cases.NoticeLine) error {
	ids := make([]id.ID, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
	}
	return w.db.InTx(w.t.Context(), func(tx *storage.Tx) error {
		return cases.MarkPublished(tx, w.village, notice, ids, on, on.Add(6), w.secretary.User(), w.now())
	})
}

// days lets days pass.
func (w *world) days(n int) { w.pass(time.Duration(n) * 24 * time.Hour) }

func (w *world) takeEffect(want int) {
	w.t.Helper()
	n, err := w.cases.TakeEffect(w.t.Context())
	w.must(err)
	if n != want {
		w.t.Errorf("%d cases took effect, want %d", n, want)
	}
}

// bucket is what an account has in one bucket of a wallet, in hundredths.
func (w *world) bucket(account id.ID, wallet string, bucket ledger.Bucket) points.Amount {
	w.t.Helper()
	bs, err := ledger.Balances(w.t.Context(), w.db, account)
	w.must(err)
	for _, b := range bs {
		if b.Wallet == wallet && b.Bucket == bucket {
			return b.Amount
		}
	}
	return 0
}

// has checks available and pending points, in whole points: spend, year, pending spend, pending year.
func (w *world) has(what string, account id.ID, want ...points.Amount) {
	w.t.Helper()
	for i, k := range []struct {
		wallet string
		bucket ledger.Bucket
	}{{"spend", ledger.Available}, {"year", ledger.Available}, {"spend", ledger.Pending}, {"year", ledger.Pending}} {
		if got := w.bucket(account, k.wallet, k.bucket); got != want[i]*points.Point {
			w.t.Errorf("%s: %s %s is %s, want %s", what, k.wallet, k.bucket, got, want[i]*points.Point)
		}
	}
}

func TestPointsWaitForPublication(t *testing.T) {
	eachWaiting(t, 2, waiting, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		direct := w.record("sweep", today, home).Items[0]
		if direct.State != cases.Decided || !direct.Waits || direct.Points != 5*points.Point {
			t.Errorf("%+v", direct)
		}
		reviewed := w.approved(cases.Request{Item: "help", Subjects: w.homes[:1], OccurredOn: today})
		fault := w.approved(cases.Request{Item: "gamble", Subjects: w.homes[:1], OccurredOn: today})
		if reviewed.State != cases.Decided || fault.State != cases.Decided {
			t.Errorf("%s %s", reviewed.State, fault.State)
		}
		w.has("decided", home, 0, 0, -5, -5)
		w.takeEffect(0)

		notice, lines := w.publish()
		if len(lines) != 3 || lines[0].Name == "" || lines[0].Number == "" || lines[0].ItemName == "" {
			t.Errorf("%+v", lines)
		}
		w.refuses("twice on a notice", cases.ErrState, func() error { return w.mark(w.db.NewID(), today, lines) })
		if again, err := w.cases.ForNotice(ctx, w.village, 0, today, today); err != nil || len(again) != 0 {
			t.Errorf("%d lines again, %v", len(again), err)
		}
		got, err := w.cases.Get(ctx, w.member, w.village, direct.ID)
		if err != nil || got.State != cases.Published || got.Notice != notice || got.PublishedOn != today || got.ObjectUntil != today.Add(6) {
			t.Errorf("%+v %v", got, err)
		}
		w.refuses("withdraw from a notice", cases.ErrState, func() error {
			_, err := w.cases.Withdraw(ctx, w.member, w.village, direct.ID, w.step(""))
			return err
		})
		w.days(6)
		w.takeEffect(0) // the last day is still a day for objections
		w.days(1)
		w.takeEffect(3)
		w.takeEffect(0)
		// The two awards came first: the deduction takes the spend wallet to its floor, the score takes it in full.
		w.has("effective", home, 0, -5, 0, 0)
		if total, err := ledger.Total(ctx, w.db, home, "year", clock.YearSpan(today)); err != nil || total != -5*points.Point {
			t.Errorf("year score %s %v", total, err)
		}
		got, err = w.cases.Get(ctx, w.member, w.village, fault.ID)
		if err != nil || got.State != cases.Effective || len(got.Events) != 4 || got.Events[3].Why != "公示期满，没有异议" {
			t.Errorf("%+v %v", got.Events, err)
		}
	})
}

// TestDeductionTakesEffectAtTheFloor: what can be taken is known when it takes effect, not when it was decided.
func TestDeductionTakesEffectAtTheFloor(t *testing.T) {
	eachWaiting(t, 1, waiting, func(t *testing.T, w *world) {
		home := w.homes[0]
		fault := w.approved(cases.Request{Item: "gamble", Subjects: w.homes[:1], OccurredOn: today}) // -20
		w.publish()
		w.adoptNow(rules) // from now on points count at once
		w.record("tree", clock.DayOf(w.now()), home)
		w.has("before", home, 8, 8, -20, -20)
		w.days(7)
		w.takeEffect(1)
		w.has("after", home, 0, -12, 0, 0)
		_, err := w.cases.Reverse(t.Context(), w.secretary, w.village, fault.ID, w.step("查无此事"))
		w.must(err)
		w.has("reversed", home, 8, 8, 0, 0) // what was taken comes back, not what was asked
	})
}

func (w *world) adoptNow(source string) { w.t.Helper(); w.adopt(source, clock.DayOf(w.now())) }

// TestCorrectionsOfWaitingCases: reversing, amending and replaying move the pending points, to the last unit.
func TestCorrectionsOfWaitingCases(t *testing.T) {
	eachWaiting(t, 1, waiting, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		praise := w.approved(cases.Request{Item: "praise", Subjects: w.homes[:1], OccurredOn: today, Points: 30 * points.Point, Note: "抢险"})
		var swept []id.ID
		for range 5 { // the fifth meets the limit of 20 a month
			swept = append(swept, w.record("sweep", today, home).Items[0].ID)
		}
		w.has("decided", home, 0, 0, 50, 50)
		_, err := w.cases.Reverse(ctx, w.secretary, w.village, swept[0], w.step("重复登记"))
		w.must(err)
		w.has("a late one moves up", home, 0, 0, 50, 50)
		w.publish()
		a, err := w.cases.Amend(ctx, w.secretary, w.village, praise.ID, cases.Change{RequestID: w.request(), Points: 12 * points.Point, Note: "抢险", Why: "按村民会议定的分"})
		if err != nil || a.State != cases.Published || a.Points != 12*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		w.has("amended", home, 0, 0, 32, 32)
		_, err = w.cases.Reverse(ctx, w.secretary, w.village, swept[1], w.step("重复登记"))
		w.must(err)
		w.has("reversed on the notice", home, 0, 0, 27, 27)
		now, err := w.cases.SinceNotice(ctx, w.village, []id.ID{praise.ID, swept[1], swept[2]})
		if err != nil || now[praise.ID].Revision == 0 || now[praise.ID].Points != 12*points.Point || !now[swept[1]].Reversed || now[swept[1]].Why != "重复登记" || now[swept[2]].State != cases.Published {
			t.Errorf("%+v %v", now, err)
		}
		w.days(7)
		w.takeEffect(4)
		w.has("effective", home, 27, 27, 0, 0)
		_, err = w.cases.Amend(ctx, w.secretary, w.village, praise.ID, cases.Change{RequestID: w.request(), Points: 20 * points.Point, Note: "抢险", Why: "再核对"})
		w.must(err)
		w.has("amended in effect", home, 35, 35, 0, 0)
		_, err = w.cases.Reverse(ctx, w.secretary, w.village, praise.ID, w.step("弄错了"))
		w.must(err)
		w.has("all of it back", home, 15, 15, 0, 0)
	})
}

const waitingFaults = `
format: 1
title: 公示与整改
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事}
  - {code: fault, name: 反向约束}
thresholds:
  - {code: low, name: 低于零分, of: [year], below: 0, then: suspended}
items:
  - {code: tree, name: 植树, class: good, points: 8, review: {direct: true}, valid: {years: 1}}
  - {code: pile, name: 乱堆乱放, class: fault, points: -10, warn_first: {months: 12, fix_days: 10}}
  - {code: burn, name: 焚烧秸秆, class: fault, points: -4, effects: {veto: {years: 1}}}
records: {withdraw_minutes: 10, backdate_days: 30, effect: after_publication, publish_days: 7}
`

// TestTwoReasonsToWait: points may wait for the notice and for a fault to be put right; both must be over.
func TestTwoReasonsToWait(t *testing.T) {
	eachWaiting(t, 2, waitingFaults, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		warned := w.approved(cases.Request{Item: "pile", Subjects: w.homes[:1], OccurredOn: today})
		if !warned.Warned {
			t.Fatalf("%+v", warned.View)
		}
		w.pass(time.Minute)
		w.record("tree", today, w.homes...)
		w.publish()
		w.pass(time.Minute)
		late := w.record("tree", today, home).Items[0].ID // not on the notice
		w.days(7)
		w.takeEffect(3)
		w.has("the fault is open", home, 0, 0, 16, 16)
		w.has("no fault here", w.homes[1], 8, 8, 0, 0)
		_, err := w.cases.CloseFault(ctx, w.secretary, w.village, warned.ID, w.fault("已清理"))
		w.must(err)
		w.has("closed: the other still waits for its notice", home, 8, 8, 8, 8)
		w.publish()
		w.days(7)
		w.takeEffect(1)
		w.has("all", home, 16, 16, 0, 0)
		if got, err := w.cases.Get(ctx, w.member, w.village, late); err != nil || got.State != cases.Effective {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// TestReversedFaultLetsPointsCount: when the case that opened the fault is taken back, nothing waits for it any more.
func TestReversedFaultLetsPointsCount(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		w.adoptNow(strings.Replace(waitingFaults, ", effect: after_publication, publish_days: 7", "", 1))
		warned := w.approved(cases.Request{Item: "pile", Subjects: w.homes, OccurredOn: today})
		w.pass(time.Minute)
		w.record("tree", today, w.homes[0])
		w.has("waits", w.homes[0], 0, 0, 8, 8)
		_, err := w.cases.Reverse(t.Context(), w.secretary, w.village, warned.ID, w.step("不是他家的"))
		w.must(err)
		w.has("counts", w.homes[0], 8, 8, 0, 0)
	})
}

// TestConsequencesComeWithTheEffect: a veto and the threshold of the score begin when the points count.
func TestConsequencesComeWithTheEffect(t *testing.T) {
	eachWaiting(t, 1, waitingFaults, func(t *testing.T, w *world) {
		c := w.approved(cases.Request{Item: "burn", Subjects: w.homes, OccurredOn: today})
		tags := func() (kinds []string) {
			rows, err := w.db.Query(t.Context(), "SELECT kind FROM tags WHERE account_id = ? AND lifted_at = 0 ORDER BY kind", w.homes[0])
			w.must(err)
			defer rows.Close()
			for rows.Next() {
				var k string
				w.must(rows.Scan(&k))
				kinds = append(kinds, k)
			}
			return kinds
		}
		if got := tags(); len(got) != 0 {
			t.Errorf("before: %v", got)
		}
		w.publish()
		w.days(7)
		w.takeEffect(1)
		if got := tags(); strings.Join(got, " ") != "suspended veto" {
			t.Errorf("after: %v", got)
		}
		w.has("after", w.homes[0], 0, -4, 0, 0)
		got, err := w.cases.Get(t.Context(), w.secretary, w.village, c.ID)
		if err != nil || !strings.Contains(got.Events[len(got.Events)-1].Why, "低于") {
			t.Errorf("%+v %v", got.Events, err)
		}
	})
}

// TestEffectIsResumable: a run that is cut short leaves whole batches; the next one does the rest, and two at once do each
// case once.
func TestEffectIsResumable(t *testing.T) {
	eachWaiting(t, 3, waiting, func(t *testing.T, w *world) {
		for range 80 {
			w.record("free", today, w.homes...)
		}
		w.publish()
		w.days(7)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if n, err := w.cases.TakeEffect(ctx); err == nil || n != 0 {
			t.Errorf("a run that is stopped at once: %d %v", n, err)
		}
		done := make(chan int, 2)
		for range 2 {
			go func() {
				for {
					n, err := w.cases.TakeEffect(t.Context())
					if errors.Is(err, cases.ErrState) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					done <- n
					return
				}
			}()
		}
		if n := <-done + <-done; n != 240 {
			t.Errorf("%d cases took effect", n)
		}
		for _, h := range w.homes {
			w.has("each once", h, 240, 240, 0, 0)
		}
	})
}

// TestEffectStatements: a batch takes effect in a few statements, however many cases it has.
func TestEffectStatements(t *testing.T) {
	eachWaiting(t, 0, waiting, func(t *testing.T, w *world) {
		w.households(200)
		in := w.submitted("a", "b", "c", "d")
		_, err := w.cases.DecideInspection(t.Context(), w.second, w.village, in.ID, w.step(""))
		w.must(err)
		w.publish()
		w.days(7)
		ctx, n := storage.CountStatements(t.Context())
		if done, err := w.cases.TakeEffect(ctx); err != nil || done != 200 {
			t.Fatalf("%d %v", done, err)
		}
		if n.Load() > 45 {
			t.Errorf("%d statements for 200 cases", n.Load())
		}
	})
}

// TestReverseWaitingInspection takes a whole inspection back whose points wait; one under objection has to be settled first.
func TestReverseWaitingInspection(t *testing.T) {
	eachWaiting(t, 2, waiting, func(t *testing.T, w *world) {
		ctx := t.Context()
		in := w.submitted("a", "d")
		report, err := w.cases.DecideInspection(ctx, w.second, w.village, in.ID, w.step(""))
		w.must(err)
		w.publish()
		praised, blamed := report.Rows[0], report.Rows[1]
		w.has("decided", praised.Household, 0, 0, 10, 10)
		w.has("decided", blamed.Household, 0, 0, -5, -5)
		o := w.object(w.lives(blamed.Household), blamed.Household, blamed.Case)
		w.refuses("under objection", cases.ErrState, func() error {
			_, err := w.cases.ReverseInspection(ctx, w.secretary, w.village, in.ID, w.step("查错了组"))
			return err
		})
		w.refuses("settled by the inspector", cases.ErrOwnSettle, func() error { _, err := w.settle(w.member, o.ID, cases.SettleRequest{Outcome: cases.Kept}); return err })
		w.refuses("settled by who decided", cases.ErrOwnSettle, func() error { _, err := w.settle(w.second, o.ID, cases.SettleRequest{Outcome: cases.Kept}); return err })
		_, err = w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Kept})
		w.must(err)
		_, err = w.cases.ReverseInspection(ctx, w.secretary, w.village, in.ID, w.step("查错了组"))
		w.must(err)
		for _, h := range w.homes {
			w.has("reversed", h, 0, 0, 0, 0)
		}
		w.days(7)
		w.takeEffect(0)
	})
}
