package cases_test

import (
	"strings"
	"testing"

	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

const claimRules = `
format: 1
title: 申报细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事, caps: [{per: month, points: 100}]}
  - {code: fault, name: 反向约束}
items:
  - {code: rate, name: 庭院自评, class: good, range: {from: 1, to: 50}, ways: [claim, entry]}
  - {code: twice, name: 突出贡献, class: good, range: {from: 1, to: 50}, ways: [claim, entry], review: {levels: 2}}
  - {code: tree, name: 植树, class: good, per_unit: {unit: 棵, points: 2}, ways: [claim, entry]}
  - {code: help, name: 帮扶, class: good, points: 10, ways: [claim, entry]}
  - {code: litter, name: 乱倒垃圾, class: fault, points: -10}
  - code: yard
    name: 庭院检查
    class: good
    sheet: {parts: [{code: clean, name: 室内, full: 6}, {code: order, name: 院坝, full: 4}]}
    ways: [claim, entry]
`

func eachClaimed(t *testing.T, test func(t *testing.T, w *world)) {
	each(t, 2, func(t *testing.T, w *world) {
		w.adoptNow(claimRules)
		test(t, w)
	})
}

// claims is a claim of the first household, made today.
func (w *world) claims(r cases.Claim) id.ID {
	w.t.Helper()
	r.OccurredOn = today
	return w.claim(w.lives(w.homes[0]), w.homes[0], r).ID
}

// TestCorrectedClaim: whoever lets a claim through may give another value, with a reason; the household reads what it claimed,
// what was given and why. What the rules fix is not theirs to give.
func TestCorrectedClaim(t *testing.T) {
	eachClaimed(t, func(t *testing.T, w *world) {
		ctx, me := t.Context(), w.lives(w.homes[0])
		c := w.claims(cases.Claim{Item: "rate", Points: 10 * points.Point, Note: "扫了院子"})
		r := cases.Approval{RequestID: w.request(), Correct: &cases.Content{Points: 6 * points.Point}}
		try := func() error { _, err := w.cases.ApproveWith(ctx, w.second, w.village, c, r); return err }
		w.refuses("without a reason", cases.ErrWhy, try)
		r.Why, r.Correct.Points = "后院没有扫", 60*points.Point
		w.refuses("beyond the range", scheme.ErrCaseInvalid, try)
		r.Correct.Points = 6 * points.Point
		a, err := w.cases.ApproveWith(ctx, w.second, w.village, c, r)
		if err != nil || a.State != cases.Effective || a.Points != 6*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		if again, err := w.cases.ApproveWith(ctx, w.second, w.village, c, r); err != nil || !again.Repeated {
			t.Errorf("%+v %v", again, err)
		}
		w.expect(w.homes[0], 6, 6)
		got, err := w.cases.Get(ctx, me, w.village, c)
		w.must(err)
		if x := got.Claimed; x == nil || x.Points != 10*points.Point || x.Said != "申报10分，核定6分" || x.Why != "后院没有扫" {
			t.Errorf("%+v", got.Claimed)
		}
		if last := got.Events[len(got.Events)-1]; last.Why != "申报10分，核定6分：后院没有扫" {
			t.Errorf("%+v", last)
		}
		asked := w.claims(cases.Claim{Item: "help"})
		w.refuses("fixed by the rules", cases.ErrNotCorrectable, func() error {
			_, err := w.cases.ApproveWith(ctx, w.second, w.village, asked, cases.Approval{RequestID: w.request(), Why: "少一点", Correct: &cases.Content{Points: 300}})
			return err
		})
		planted := w.claims(cases.Claim{Item: "tree", Quantity: 12_000})
		a, err = w.cases.ApproveWith(ctx, w.second, w.village, planted, cases.Approval{RequestID: w.request(), Why: "数过了", Correct: &cases.Content{Quantity: 9000}})
		if err != nil || a.Points != 18*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		sheet := w.claims(cases.Claim{Item: "yard", Parts: []scheme.PartResult{{Code: "clean", Off: 100}}})
		a, err = w.cases.ApproveWith(ctx, w.second, w.village, sheet, cases.Approval{RequestID: w.request(), Why: "院坝堆了柴",
			Correct: &cases.Content{Parts: []scheme.PartResult{{Code: "clean", Off: 100}, {Code: "order", Off: 300}}}})
		if err != nil || a.Points != 6*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		got, err = w.cases.Get(ctx, me, w.village, sheet)
		if err != nil || got.Claimed == nil || len(got.Parts) != 2 || got.Claimed.Said != "申报室内5分、院坝4分，共9分，核定室内5分、院坝1分，共6分" {
			t.Errorf("%+v %+v %v", got.Claimed, got.Parts, err)
		}
	})
}

// TestCorrectedTwice: each level may correct; what was claimed first is kept, and each step says what it gave.
func TestCorrectedTwice(t *testing.T) {
	eachClaimed(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.claims(cases.Claim{Item: "twice", Points: 20 * points.Point, Note: "抢险"})
		a, err := w.cases.ApproveWith(ctx, w.second, w.village, c, cases.Approval{RequestID: w.request(), Why: "一天", Correct: &cases.Content{Points: 15 * points.Point}})
		if err != nil || a.State != cases.Submitted || a.Asked != 15*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		list, err := w.cases.List(ctx, w.secretary, w.village, cases.Filter{State: cases.Submitted})
		if err != nil || len(list.Items) != 1 || list.Items[0].Claimed == nil || !list.Items[0].CanCorrect || list.Items[0].Claimed.Said != "申报20分，核定15分" {
			t.Errorf("%+v %v", list.Items, err)
		}
		a, err = w.cases.ApproveWith(ctx, w.secretary, w.village, c, cases.Approval{RequestID: w.request(), Why: "半天", Correct: &cases.Content{Points: 8 * points.Point}})
		if err != nil || a.Points != 8*points.Point {
			t.Errorf("%+v %v", a.View, err)
		}
		got, err := w.cases.Get(ctx, w.lives(w.homes[0]), w.village, c)
		if err != nil || got.Claimed == nil || got.Claimed.Points != 20*points.Point || got.Claimed.Said != "申报20分，核定15分，核定8分" || got.Claimed.Why != "半天" {
			t.Errorf("%+v %v", got.Claimed, err)
		}
	})
}

// TestObjectionAmendsWhatTheRulesFix: the written answer to an objection may change the lines of a sheet and lower a value that the
// rules fix, never raise it; it holds when the case is decided anew, and nobody lowers it without an objection.
func TestObjectionAmendsWhatTheRulesFix(t *testing.T) {
	eachClaimed(t, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		me := w.lives(home)
		amended := func(c id.ID, r cases.SettleRequest) {
			t.Helper()
			o := w.object(me, home, c)
			r.Outcome = cases.Corrected
			got, err := w.settle(w.secretary, o.ID, r)
			if err != nil || got.Outcome != cases.Corrected {
				t.Fatalf("%+v %v", got, err)
			}
		}
		fault := w.approved(cases.Request{Item: "litter", Subjects: w.homes[:1], OccurredOn: today}).ID
		o := w.object(me, home, fault)
		for what, given := range map[string]points.Amount{"all of it": -1000, "more": -1100, "the other sign": 300} {
			w.refuses(what, scheme.ErrCaseInvalid, func() error {
				_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Corrected, Points: given})
				return err
			})
		}
		w.refuses("nothing", cases.ErrNoChange, func() error {
			_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Corrected})
			return err
		})
		_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Corrected, Points: -400})
		w.must(err)
		w.has("lowered", home, 0, -4, 0, 0)
		got, err := w.cases.Get(ctx, me, w.village, fault)
		if err != nil || got.State != cases.Amended || got.Points != -400 || got.Asked != -400 || !strings.Contains(strings.Join(got.Reasons, ""), "按异议的书面答复，核定为扣4分") {
			t.Errorf("%+v %v", got, err)
		}
		w.refuses("without an objection", scheme.ErrCaseInvalid, func() error {
			_, err := w.cases.Amend(ctx, w.secretary, w.village, fault, cases.Change{RequestID: w.request(), Points: -200, Why: "再少一点"})
			return err
		})
		if a, err := w.cases.Amend(ctx, w.secretary, w.village, fault, cases.Change{RequestID: w.request(), Points: -400, Note: "路边", Why: "补充"}); err != nil || a.Points != -400 {
			t.Errorf("%+v %v", a.View, err)
		}
		help := w.approved(cases.Request{Item: "help", Subjects: w.homes[:1], OccurredOn: today}).ID
		amended(help, cases.SettleRequest{Points: 700})
		sheet := w.approved(cases.Request{Item: "yard", Subjects: w.homes[:1], OccurredOn: today, Parts: []scheme.PartResult{{Code: "clean", Off: 400}}}).ID
		amended(sheet, cases.SettleRequest{Parts: []scheme.PartResult{{Code: "clean", Off: 100}}})
		w.has("all three", home, 7+9, -4+7+9, 0, 0)
		_, err = w.cases.Reverse(ctx, w.second, w.village, help, w.step("不是他")) // those after it are decided anew
		w.must(err)
		w.has("reversed", home, 9, -4+9, 0, 0)
		if got, err := w.cases.Get(ctx, me, w.village, sheet); err != nil || got.Points != 900 {
			t.Errorf("%+v %v", got, err)
		}
	})
}
