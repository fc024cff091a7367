package cases_test

import (
	"strings"
	"testing"
	"time"

	"hefen/internal/cases"
	"hefen/internal/clock"
)

const faultRules = `
format: 1
title: 整改细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事}
  - {code: fault, name: 反向约束}
items:
  - {code: tree, name: 植树, class: good, points: 8, review: {direct: true}}
  - {code: pile, name: 乱堆乱放, class: fault, points: -10, warn_first: {months: 12, fix_days: 10}, repeat: {months: 12, factor: 2}}
  - {code: yard, name: 庭院脏乱, class: fault, points: -6, warn_first: {months: 12, fix_days: 10}, fix_photos: true}
records: {withdraw_minutes: 10, backdate_days: 30}
`

// TestOverdueFaultIsChargedOnce: a warning whose fault is not put right in time becomes the deduction by the nightly job, once;
// awards go on waiting until it is put right.
func TestOverdueFaultIsChargedOnce(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		w.adoptNow(faultRules)
		w.record("tree", today, w.homes...)
		charge := func(want int) {
			t.Helper()
			if n, err := w.cases.ChargeOverdue(ctx); err != nil || n != want {
				t.Errorf("%d charged, want %d, %v", n, want, err)
			}
		}
		c := w.approved(cases.Request{Item: "pile", Subjects: w.homes[:1], OccurredOn: today})
		fixed := w.approved(cases.Request{Item: "pile", Subjects: w.homes[1:], OccurredOn: today})
		w.pass(time.Minute)
		w.record("tree", today, home) // waits for the fault
		w.has("warned", home, 8, 8, 8, 8)
		if a, err := w.cases.Recheck(ctx, w.secretary, w.village, c.ID, w.fault("垃圾还在门口")); err != nil || a.State != cases.Effective {
			t.Errorf("%+v %v", a, err)
		}
		_, err := w.cases.CloseFault(ctx, w.secretary, w.village, fixed.ID, w.fault("已清理"))
		w.must(err)
		w.refuses("recheck what is closed", cases.ErrNoFault, func() error {
			_, err := w.cases.Recheck(ctx, w.secretary, w.village, fixed.ID, w.fault("再看"))
			return err
		})
		w.days(10)
		charge(0) // the last day
		w.days(1)
		charge(1)
		charge(0)
		w.has("charged", home, 0, -2, 8, 8)
		w.has("put right in time", w.homes[1], 8, 8, 0, 0)
		got, err := w.cases.Get(ctx, w.member, w.village, c.ID)
		if err != nil || got.Warned || got.Points != -1000 || !strings.Contains(strings.Join(got.Reasons, ""), "到期没有整改") {
			t.Errorf("%+v %v", got, err)
		}
		if told := w.told(home); len(told) != 2 || !strings.Contains(told[1], "扣10分") {
			t.Errorf("%q", told)
		}
		_, err = w.cases.CloseFault(ctx, w.secretary, w.village, c.ID, w.fault("已清理"))
		w.must(err)
		w.has("closed", home, 8, 6, 0, 0)
		charge(0)
		// The next record is a repetition of the one that counts.
		again := w.approved(cases.Request{Item: "pile", Subjects: w.homes[:1], OccurredOn: clock.DayOf(w.now())})
		if again.Points != -2000 || again.Warned {
			t.Errorf("%+v", again.View)
		}
		_, err = w.cases.Reverse(ctx, w.secretary, w.village, c.ID, w.step("查错了"))
		w.must(err)
		charge(0)
	})
}

func TestClosingTakesPhotos(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(faultRules)
		c := w.approved(cases.Request{Item: "yard", Subjects: w.homes, OccurredOn: today})
		r := w.fault("已整理")
		w.refuses("no photos", cases.ErrFixPhotos, func() error { _, err := w.cases.CloseFault(ctx, w.secretary, w.village, c.ID, r); return err })
		r.Evidence = []cases.Evidence{w.shot("after")}
		w.refuses("none of before", cases.ErrFixPhotos, func() error { _, err := w.cases.CloseFault(ctx, w.secretary, w.village, c.ID, r); return err })
		r.Evidence = append(r.Evidence, w.shot("photo"))
		w.refuses("neither before nor after", cases.ErrProof, func() error { _, err := w.cases.CloseFault(ctx, w.secretary, w.village, c.ID, r); return err })
		r.Evidence[1].Kind = "before"
		a, err := w.cases.CloseFault(ctx, w.secretary, w.village, c.ID, r)
		if err != nil || len(a.Photos) != 2 {
			t.Errorf("%+v %v", a.Photos, err)
		}
	})
}

// shot is an uploaded photo of a kind.
func (w *world) shot(kind string) cases.Evidence {
	e := w.photo(w.secretary)
	e.Kind = kind
	return e
}
