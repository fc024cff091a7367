package cases_test

import (
	"errors"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/village"
)

// constructs are rules with what counts for several accounts, rests on earlier records, or has consequences.
const constructs = `
format: 1
title: 测试细则二
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事}
  - {code: gift, name: 捐赠}
  - {code: fault, name: 反向约束}
conflicts: [{code: honour, name: 表彰}]
budgets: [{per: month, points: 20, classes: [gift]}]
thresholds: [{code: low, name: 负分暂停, of: [year], below: -10, then: suspended}]
items:
  - {code: free, name: 志愿服务, class: good, points: 3, review: {direct: true}}
  - {code: elders, name: 只给困难户, class: good, points: 3, only: {states: [困难户]}, review: {direct: true}}
  - {code: big, name: 见义勇为, class: good, points: 40, review: {direct: true}}
  - {code: gift, name: 捐款, class: gift, points: 8, review: {direct: true}}
  - code: quarrel
    name: 吵架
    class: fault
    points: -5
    caps: [{per: month, points: 10}]
    parties: [{role: self, name: 本户, who: self}, {role: other, name: 另一方, who: named}]
  - code: linked
    name: 卫生不合格
    class: fault
    points: -6
    parties: [{role: self, name: 本户, who: self}, {role: linker, name: 联系党员, who: linked, factor: 0.5}, {role: group, name: 小组, who: group, points: -1}]
  - {code: heads, name: 全家出工, class: good, points: 4, times: members, caps: [{per: month, points: 12}], review: {direct: true}}
  - {code: county, name: 县级表彰, class: good, points: 20, conflict: honour, review: {direct: true}}
  - {code: province, name: 省级表彰, class: good, points: 50, conflict: honour, review: {direct: true}}
  - {code: best, name: 最美人家, class: good, points: 10, caps: [{per: year, times: 1, of: group}], review: {direct: true}}
  - code: check
    name: 月度检查
    class: good
    state: month
    grades: [{code: a, name: 好, points: 10}, {code: b, name: 中, points: 4}, {code: d, name: 差, points: -2}]
  - {code: trash, name: 乱倒垃圾, class: fault, points: -10, warn_first: {months: 12, fix_days: 7}}
  - code: gamble
    name: 聚众赌博
    class: fault
    points: -10
    effects: {zero: [spend], barred: {until: next_year}}
    repair: {points: -4}
`

func eachConstruct(t *testing.T, households int, test func(t *testing.T, w *world)) {
	each(t, households, func(t *testing.T, w *world) {
		w.adopt(constructs, today)
		test(t, w)
	})
}

func (w *world) kinds(account id.ID) (out []string) {
	w.t.Helper()
	tags, err := standing.Of(w.t.Context(), w.db, account, clock.DayOf(w.now()))
	w.must(err)
	for _, tag := range tags {
		out = append(out, tag.Kind)
	}
	return out
}

// TestBothSidesAreCharged: a quarrel charges both households, limits count for each of them, and undoing gives both back.
func TestBothSidesAreCharged(t *testing.T) {
	eachConstruct(t, 3, func(t *testing.T, w *world) {
		quarrel := func(a, b id.ID) id.ID {
			return w.approved(cases.Request{Item: "quarrel", Subjects: []id.ID{a}, OccurredOn: today, Parties: []cases.PartyRequest{{Role: "other", Subject: b}}}).ID
		}
		w.record("big", today, w.homes...)
		first := quarrel(w.homes[0], w.homes[1])
		quarrel(w.homes[1], w.homes[2])
		last := quarrel(w.homes[2], w.homes[1]) // the second household has lost its 10 of the month already
		w.expect(w.homes[0], 35, 35)
		w.expect(w.homes[1], 30, 30)
		w.expect(w.homes[2], 30, 30)
		v, err := w.cases.Get(t.Context(), w.second, w.village, last)
		if err != nil || len(v.Shares) != 1 || v.Shares[0].Points != 0 || v.Shares[0].Name != "王大山" || v.Points != -5*points.Point {
			t.Errorf("%+v %v", v, err)
		}
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, first, w.step("记错了"))
		w.must(err)
		w.expect(w.homes[0], 40, 40)
		w.expect(w.homes[1], 30, 30) // the first is given back, the last now has room
		w.expect(w.homes[2], 30, 30)
		w.refuses("no other side", scheme.ErrCaseInvalid, func() error {
			_, err := w.cases.Record(t.Context(), w.member, w.village, cases.Request{RequestID: w.request(), Item: "quarrel", Subjects: w.homes[:1], OccurredOn: today})
			return err
		})
	})
}

// TestLinkedHouseholds: who answers for a household loses a part of what it loses, the group a fixed amount.
func TestLinkedHouseholds(t *testing.T) {
	eachConstruct(t, 2, func(t *testing.T, w *world) {
		people, err := w.villages.Detail(t.Context(), w.village, w.homes[1], today)
		w.must(err)
		member := people.People[0].ID
		_, err = w.villages.Link(t.Context(), village.Write{Village: w.village, By: 9, On: clock.MakeDay(2026, 1, 1), RequestID: w.request()}, member, w.homes[0])
		w.must(err)
		w.record("big", today, w.homes[0])
		c := w.approved(cases.Request{Item: "linked", Subjects: w.homes[:1], OccurredOn: today}).ID
		w.expect(w.homes[0], 34, 34)
		if y := w.balance(member, "year"); y != -3*points.Point {
			t.Errorf("who answers for it: %s", y)
		}
		if y := w.balance(w.groups[0], "year"); y != -1*points.Point {
			t.Errorf("group: %s", y)
		}
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, c, w.step("记错了"))
		w.must(err)
		if w.balance(member, "year") != 0 || w.balance(w.groups[0], "year") != 0 {
			t.Error("others did not get theirs back")
		}
	})
}

// TestHighestOfOneDeed: of two honours of a day the higher counts, in either order, and after a reversal the other.
func TestHighestOfOneDeed(t *testing.T) {
	eachConstruct(t, 2, func(t *testing.T, w *world) {
		w.record("county", today, w.homes[0])
		high := w.record("province", today, w.homes...).Items
		w.record("county", today, w.homes[1])
		w.expect(w.homes[0], 50, 50)
		w.expect(w.homes[1], 50, 50)
		for _, c := range high {
			_, err := w.cases.Reverse(t.Context(), w.second, w.village, c.ID, w.step("没有这项表彰"))
			w.must(err)
		}
		w.expect(w.homes[0], 20, 20)
		w.expect(w.homes[1], 20, 20)
	})
}

// TestQuotaOfAGroup: one household of each group; when it is taken back the next one of the group moves up.
func TestQuotaOfAGroup(t *testing.T) {
	eachConstruct(t, 4, func(t *testing.T, w *world) {
		r := w.record("best", today, w.homes...).Items
		w.expect(w.homes[0], 10, 10)
		w.expect(w.homes[1], 10, 10)
		w.expect(w.homes[2], 0, 0)
		_, err := w.cases.Reverse(t.Context(), w.second, w.village, r[0].ID, w.step("评错了"))
		w.must(err)
		w.expect(w.homes[0], 0, 0)
		w.expect(w.homes[2], 10, 10)
		w.expect(w.homes[3], 0, 0)
	})
}

// TestStateOfAMonth: the latest check of the month counts, whatever came before and arrives late.
func TestStateOfAMonth(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		check := func(day int, grade string) id.ID {
			return w.approved(cases.Request{Item: "check", Subjects: w.homes, OccurredOn: clock.MakeDay(2026, 6, day), Grade: grade}).ID
		}
		w.pass(13 * 24 * 3600e9)
		check(18, "a")
		w.expect(w.homes[0], 10, 10)
		bad := check(25, "d")
		w.expect(w.homes[0], 0, -2)
		check(20, "b") // arrives late
		w.expect(w.homes[0], 0, -2)
		_, err := w.cases.Reverse(t.Context(), w.second, w.village, bad, w.step("查错了"))
		w.must(err)
		if y := w.balance(w.homes[0], "year"); y != 4*points.Point {
			t.Errorf("without the last check: %s", y)
		}
	})
}

// TestBudgetWaits: what the month has no room for waits for the next.
func TestBudgetWaits(t *testing.T) {
	eachConstruct(t, 3, func(t *testing.T, w *world) {
		w.record("gift", today, w.homes[0])
		w.record("gift", today, w.homes[1])
		r := w.record("gift", today, w.homes[2])
		if r.Items[0].State != cases.Submitted || r.Items[0].Points != 0 {
			t.Fatalf("%+v", r.Items[0])
		}
		w.expect(w.homes[2], 0, 0)
		w.refuses("approved beyond the budget", cases.ErrBudgetWaits, func() error {
			_, err := w.cases.Approve(t.Context(), w.second, w.village, r.Items[0].ID, w.step(""))
			return err
		})
	})
}

// TestOpenFaultHoldsAwards: awards wait in the pending bucket until the fault is closed.
func TestOpenFaultHoldsAwards(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		c := w.approved(cases.Request{Item: "trash", Subjects: w.homes, OccurredOn: today}).ID
		if got := w.kinds(w.homes[0]); len(got) != 2 {
			t.Fatalf("tags %v", got)
		}
		w.record("free", today, w.homes[0])
		total, err := ledger.Total(t.Context(), w.db, w.homes[0], "year", clock.YearSpan(today))
		if err != nil || total != 0 {
			t.Fatalf("the award counts already: %s %v", total, err)
		}
		_, err = w.cases.CloseFault(t.Context(), w.second, w.village, c, w.fault("已清理干净"))
		w.must(err)
		if total, _ = ledger.Total(t.Context(), w.db, w.homes[0], "year", clock.YearSpan(today)); total != 3*points.Point {
			t.Errorf("after the fault was closed: %s", total)
		}
		w.refuses("closed twice", cases.ErrNoFault, func() error {
			_, err := w.cases.CloseFault(t.Context(), w.second, w.village, c, w.fault("再关一次"))
			return err
		})
	})
}

// TestZeroAndRepair: a grave fault empties the wallet and bars; put right, less counts and the rest is given back.
func TestZeroAndRepair(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		w.record("big", today, w.homes[0])
		c := w.approved(cases.Request{Item: "gamble", Subjects: w.homes, OccurredOn: today}).ID
		w.expect(w.homes[0], 0, 30)
		if got := w.kinds(w.homes[0]); len(got) != 1 || got[0] != scheme.TagBarred {
			t.Fatalf("tags %v", got)
		}
		_, err := w.cases.Repair(t.Context(), w.second, w.village, c, w.fault("已整改并写了保证书"))
		w.must(err)
		w.expect(w.homes[0], 36, 36)
		if got := w.kinds(w.homes[0]); len(got) != 0 {
			t.Errorf("tags after the repair %v", got)
		}
		w.refuses("repaired twice", cases.ErrRepaired, func() error {
			_, err := w.cases.Repair(t.Context(), w.second, w.village, c, w.fault("再来一次"))
			return err
		})
		other := w.record("free", today, w.homes[0]).Items[0].ID
		w.refuses("nothing to repair", cases.ErrNoRepair, func() error {
			_, err := w.cases.Repair(t.Context(), w.second, w.village, other, w.fault("没有这回事"))
			return err
		})
	})
}

// TestThresholdSuspendsAndLifts: below the line redemption is suspended, back at it restored.
func TestThresholdSuspendsAndLifts(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		w.approved(cases.Request{Item: "gamble", Subjects: w.homes, OccurredOn: today}) // -10 is not below -10
		if err := w.suspended(w.homes[0]); err != nil {
			t.Errorf("at the line: %v", err)
		}
		w.approved(cases.Request{Item: "gamble", Subjects: w.homes, OccurredOn: today})
		if err := w.suspended(w.homes[0]); !errors.Is(err, standing.ErrSuspended) {
			t.Errorf("below the line: %v", err)
		}
		w.record("big", today, w.homes[0])
		if err := w.suspended(w.homes[0]); err != nil {
			t.Errorf("back above the line: %v", err)
		}
	})
}

// suspended is the refusal to redeem because of a suspension.
func (w *world) suspended(account id.ID) error {
	tags, err := standing.Of(w.t.Context(), w.db, account, clock.DayOf(w.now()))
	w.must(err)
	var only []standing.Tag
	for _, t := range tags {
		if t.Kind == scheme.TagSuspended {
			only = append(only, t)
		}
	}
	return standing.RefuseSpending(only)
}

// TestOutlookLeavesOutWhatIsNotMeant: items for others, or that ask for more than a day, are not promised.
func TestOutlookLeavesOutWhatIsNotMeant(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		out, err := w.cases.Outlook(t.Context(), w.second, w.village, w.homes[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		if out["free"].Points != 3*points.Point || out["best"].Points != 10*points.Point {
			t.Errorf("%+v", out)
		}
		for _, item := range []string{"elders", "quarrel"} {
			if o, there := out[item]; there {
				t.Errorf("%s: %+v", item, o)
			}
		}
		w.refuses("not meant", scheme.ErrNotMeant, func() error {
			_, err := w.cases.Record(t.Context(), w.member, w.village, cases.Request{RequestID: w.request(), Item: "elders", Subjects: w.homes, OccurredOn: today})
			return err
		})
	})
}

// TestReplayKnowsTheHousehold: a value times the people of the household is replayed with them, not with nobody.
func TestReplayKnowsTheHousehold(t *testing.T) {
	eachConstruct(t, 1, func(t *testing.T, w *world) {
		people, err := w.villages.Detail(t.Context(), w.village, w.homes[0], today)
		w.must(err)
		each := points.Amount(len(people.People)) * 4
		w.record("heads", today, w.homes[0])
		w.expect(w.homes[0], each, each)
		first := w.record("heads", today, w.homes[0]).Items[0].ID
		w.record("heads", today, w.homes[0])
		w.expect(w.homes[0], min(3*each, 12), min(3*each, 12))
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, first, w.step("登记错了"))
		w.must(err)
		w.expect(w.homes[0], 2*each, 2*each)
	})
}

// TestNobodyDecidesForOwnParties: who is touched beside the account is as good as the account: officials of that
// household neither record nor approve nor reverse.
func TestNobodyDecidesForOwnParties(t *testing.T) {
	eachConstruct(t, 2, func(t *testing.T, w *world) {
		people, err := w.villages.Detail(t.Context(), w.village, w.homes[1], today)
		w.must(err)
		user := accesstest.User(t, w.db, "邻家队员")
		accesstest.Grant(t, w.db, user, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, user, w.village, people.People[0].ID)
		official := accesstest.Actor(t, w.db, w.now, user)
		_, err = w.villages.Link(t.Context(), village.Write{Village: w.village, By: 9, On: clock.MakeDay(2026, 1, 1), RequestID: w.request()}, people.People[0].ID, w.homes[0])
		w.must(err)
		for _, r := range []cases.Request{
			{Item: "quarrel", Subjects: w.homes[:1], OccurredOn: today, Parties: []cases.PartyRequest{{Role: "other", Subject: w.homes[1]}}},
			{Item: "linked", Subjects: w.homes[:1], OccurredOn: today},
		} {
			w.refuses("records "+r.Item, access.ErrOwn, func() error {
				r.RequestID = w.request()
				_, err := w.cases.Record(t.Context(), official, w.village, r)
				return err
			})
			r.RequestID = w.request()
			got, err := w.cases.Record(t.Context(), w.member, w.village, r)
			w.must(err)
			c := got.Items[0].ID
			w.refuses("approves "+r.Item, access.ErrOwn, func() error {
				_, err := w.cases.Approve(t.Context(), official, w.village, c, w.step(""))
				return err
			})
			_, err = w.cases.Approve(t.Context(), w.second, w.village, c, w.step(""))
			w.must(err)
			w.refuses("reverses "+r.Item, access.ErrOwn, func() error {
				_, err := w.cases.Reverse(t.Context(), official, w.village, c, w.step("不该扣"))
				return err
			})
		}
	})
}
