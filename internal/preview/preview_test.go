package preview

import (
	"errors"
	"strings"
	"testing"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

const before = `
format: 1
title: 旧细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend}
  - {code: year, name: 年度积分, kind: score}
classes: [{code: eco, name: 人居环境}, {code: fault, name: 反向约束}]
items:
  - {code: sweep, name: 参加清扫, class: eco, points: 5, caps: [{per: month, points: 20}], review: {direct: true}}
  - {code: tree, name: 植树, class: eco, points: 8, review: {direct: true}}
  - {code: trash, name: 乱倒垃圾, class: fault, points: -10}
`

func parse(t testing.TB, src string) *scheme.Scheme {
	t.Helper()
	s, problems := scheme.Parse([]byte(src))
	if s == nil {
		t.Fatal(problems)
	}
	return s
}

// deeds are what two households did, as the old rules counted it.
func deeds() []cases.Deed {
	deed := func(n int, item string, account id.ID, day clock.Day, counted points.Amount) cases.Deed {
		class := "eco"
		if counted < 0 {
			class = "fault"
		}
		return cases.Deed{Case: scheme.Case{ID: id.ID(n), Item: item, Account: account, Household: account, OccurredOn: day}, Class: class, Counted: counted * points.Point}
	}
	return []cases.Deed{
		deed(1, "sweep", 7, 20260301, 5), deed(2, "sweep", 7, 20260302, 5), deed(3, "tree", 8, 20260312, 8),
		deed(4, "trash", 8, 20260401, -10), deed(5, "tree", 8, 20260402, 8), deed(6, "sweep", 8, 20260403, 5),
	}
}

func TestComparison(t *testing.T) {
	now := parse(t, before)
	c := newComparison(now, now)
	c.run(deeds())
	same := c.report()
	if same.Old != 31*points.Point || same.New != same.Old || same.NewTaken != 10*points.Point || same.Moved != 0 || same.Gainers != nil || same.Losers != nil || same.Cases != 6 {
		t.Errorf("the same rules: %+v", same)
	}
	other := strings.NewReplacer("points: 8", "points: 2", "points: -10}", "points: -10, warn_first: {months: 12}}", "points: 20}]", "points: 7}]").Replace(before)
	other = strings.Replace(other, "  - {code: trash", "  - {code: new, name: 新事项, class: eco, points: 1}\n  - {code: trash", 1)
	c = newComparison(now, parse(t, other))
	c.run(deeds())
	r := c.report()
	// 7: 5 + 2 of the cap; 8: 2, a warning, 2, 5.
	if r.New != 16*points.Point || r.NewTaken != 0 || r.Old != 31*points.Point || r.OldTaken != 10*points.Point {
		t.Errorf("issued %s and %s, taken %s and %s", r.Old, r.New, r.OldTaken, r.NewTaken)
	}
	want := []Line{{"2026-03", "2026年3月", 18 * points.Point, 9 * points.Point}, {"2026-04", "2026年4月", 3 * points.Point, 7 * points.Point}}
	if len(r.Months) != 2 || r.Months[0] != want[0] || r.Months[1] != want[1] {
		t.Errorf("months %+v", r.Months)
	}
	if len(r.Losers) != 2 || r.Losers[0].ID != 7 || r.Losers[0].OldRank != 2 || r.Losers[0].NewRank != 2 || r.Losers[1].ID != 8 {
		t.Errorf("losers %+v", r.Losers)
	}
	without := strings.Replace(before, "  - {code: tree, name: 植树, class: eco, points: 8, review: {direct: true}}\n", "", 1)
	c = newComparison(now, parse(t, without))
	c.run(deeds())
	if r := c.report(); len(r.Refused) != 1 || r.Refused[0].N != 2 || r.Refused[0].Name != "植树" || r.Cases != 4 {
		t.Errorf("refused %+v", r.Refused)
	}
}

// BenchmarkCompare decides 10,000 cases of 400 households, a year's worth.
func BenchmarkCompare(b *testing.B) {
	now := parse(b, before)
	year := make([]cases.Deed, 10_000)
	items := []string{"sweep", "tree", "sweep", "trash"}
	for i := range year {
		counted := points.Amount(5 * points.Point)
		year[i] = cases.Deed{Case: scheme.Case{ID: id.ID(i + 1), Item: items[i%4], Account: id.ID(1000 + i%400), OccurredOn: clock.Day(20260101).Add(i / 28)}, Class: "eco", Counted: counted}
	}
	for b.Loop() {
		c := newComparison(now, now)
		c.run(year)
		if r := c.report(); r.Cases != len(year) {
			b.Fatal(r.Refused)
		}
	}
}

// Other points for an item are counted; what has no single number, another sign and nothing at all are refused.
func TestChange(t *testing.T) {
	now, other := parse(t, before), parse(t, before)
	if err := change(other, []Change{{"tree", 2 * points.Point}, {"trash", -4 * points.Point}}); err != nil {
		t.Fatal(err)
	}
	c := newComparison(now, other)
	c.run(deeds())
	if r := c.report(); r.New != 19*points.Point || r.NewTaken != 4*points.Point || r.Old != 31*points.Point {
		t.Errorf("%+v", r)
	}
	for name, wrong := range map[string][]Change{
		"nothing": nil, "no such item": {{"nobody", 1}}, "zero": {{"tree", 0}}, "an award taken": {{"tree", -1}}, "a deduction given": {{"trash", 1}}, "too much": {{"tree", MaxChange + 1}},
	} {
		if err := change(parse(t, before), wrong); !errors.Is(err, ErrChange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
