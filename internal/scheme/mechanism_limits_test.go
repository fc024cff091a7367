package scheme

import (
	"errors"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
)

func init() {
	for name, test := range map[string]func(*testing.T){
		"C1_points_per_item":            mechanismC1,
		"C2_class_and_total":            mechanismC2,
		"C3_times":                      mechanismC3,
		"C4_person_across_items":        mechanismC4,
		"C5_recorded_with_what_fits":    mechanismC5,
		"C6_budget":                     mechanismC6,
		"F2_validity":                   mechanismF2,
		"F3_calendar":                   mechanismF3,
		"F4_day_of_the_deed":            mechanismF4,
		"F5_versions_keep_names":        mechanismF5,
		"E9_charge_order_and_floor":     mechanismE9Charge,
		"A11_quota_of_a_group_by_cases": mechanismA11Cases,
	} {
		mechanisms[name] = test
	}
}

func by(account, member id.ID) Case {
	return Case{Account: account, Household: account, Member: member, Group: 3}
}

// Points of one item per day, week, month, two months, quarter, half, year and life: the last day of a period and the
// first of the next.
func mechanismC1(t *testing.T) {
	for _, tt := range []struct {
		per           string
		first         clock.Day // in the period
		last, outside clock.Day // its last day, and the first of the next
	}{
		{"day", 20260310, 20260310, 20260311},
		{"week", 20260309, 20260315, 20260316}, // Monday to Sunday
		{"month", 20260301, 20260331, 20260401},
		{"two_months", 20260301, 20260430, 20260501},
		{"quarter", 20260101, 20260331, 20260401},
		{"half", 20260101, 20260630, 20260701},
		{"year", 20260101, 20261231, 20270101},
		{"life", 20260101, 20991231, 0},
	} {
		d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, caps: [{per: "+tt.per+", points: 3}]}")
		d.run(t, step{item: "a", on: tt.first, want: 200}, step{item: "a", on: tt.last, want: 100, say: "已得2分，本次计1分"},
			step{item: "a", on: tt.last, want: 0, say: "上限3分，已得3分，本次计0分"},
			step{item: "a", on: tt.first, want: 200, c: by(8, 80)}) // another household has its own
		if tt.outside != 0 {
			d.run(t, step{item: "a", on: tt.outside, want: 200})
		}
	}
	// Per person of the household, and deductions apart from awards.
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, caps: [{per: month, points: 3, of: member}]}",
		"{code: b, name: 乙, class: eco, range: {from: -9, to: 9}, caps: [{per: month, points: 10}]}")
	d.run(t, step{item: "a", on: 20260301, want: 200, c: by(7, 70)}, step{item: "a", on: 20260301, want: 200, c: by(7, 71)}, step{item: "a", on: 20260302, want: 100, c: by(7, 70)},
		step{item: "b", on: 20260301, want: 900, c: Case{Points: 900}}, step{item: "b", on: 20260301, want: -900, c: Case{Points: -900}},
		step{item: "b", on: 20260301, want: 100, c: Case{Points: 900}}, step{item: "b", on: 20260301, want: -100, c: Case{Points: -900}, say: "最多扣10分，已扣9分，本次扣1分"})
}

// A class has a limit of its own, all together another, and a class that is excepted stands beside them.
func mechanismC2(t *testing.T) {
	d := table(t, `caps: [{per: month, points: 12, except: [extra]}]
classes:
  - {code: eco, name: 环境, caps: [{per: month, points: 10}]}
  - {code: free, name: 其他}
  - {code: extra, name: 突出贡献}
`, "{code: a, name: 甲, class: eco, points: 6}", "{code: b, name: 乙, class: eco, points: 5}", "{code: c, name: 丙, class: free, points: 5}", "{code: hero, name: 见义勇为, class: extra, points: 50}")
	d.run(t,
		step{item: "a", on: 20260301, want: 600},
		step{item: "b", on: 20260302, want: 400, say: "本月“环境”类上限10分，已得6分，本次计4分"},
		step{item: "hero", on: 20260303, want: 5000},
		step{item: "c", on: 20260303, want: 200, say: "本月各项合计上限12分，已得10分，本次计2分"},
		step{item: "c", on: 20260331, want: 0},
		step{item: "hero", on: 20260331, want: 5000},
		step{item: "c", on: 20260401, want: 500})
}

// Times: what counts 0 is no time, and neither is what is beyond.
func mechanismC3(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, caps: [{per: month, times: 2}]}", "{code: b, name: 乙, class: eco, grades: [{code: ok, name: 好, points: 1}, {code: no, name: 差, points: 0}], caps: [{per: day, times: 1}]}")
	d.run(t, step{item: "a", on: 20260301, want: 200}, step{item: "a", on: 20260301, want: 200}, step{item: "a", on: 20260331, want: 0, say: "本月这件事最多记2次，已记2次，本次计0分"}, step{item: "a", on: 20260401, want: 200},
		step{item: "b", on: 20260301, want: 0, c: Case{Grade: "no"}}, step{item: "b", on: 20260301, want: 100, c: Case{Grade: "ok"}}, step{item: "b", on: 20260301, want: 0, c: Case{Grade: "ok"}, say: "当天这件事最多记1次"})
}

// Nobody earns more than 5 points a day for the household, whatever with; another member has an own limit.
func mechanismC4(t *testing.T) {
	d := table(t, "caps: [{per: day, points: 5, of: member}]", "{code: a, name: 甲, class: eco, points: 3}", "{code: b, name: 乙, class: free, points: 3}")
	d.run(t, step{item: "a", on: 20260301, want: 300, c: by(7, 70)}, step{item: "b", on: 20260301, want: 200, c: by(7, 70), say: "当天个人各项合计上限5分，已得3分，本次计2分"},
		step{item: "b", on: 20260301, want: 0, c: by(7, 70)}, step{item: "b", on: 20260301, want: 300, c: by(7, 71)}, step{item: "b", on: 20260302, want: 300, c: by(7, 70)})
}

// Beyond the cap the act is recorded, with 0 points, a reason and no change of a wallet; the tightest cap is named.
func mechanismC5(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, caps: [{per: year, points: 20}, {per: month, points: 3}]}")
	d.run(t, step{item: "a", on: 20260301, want: 200}, step{item: "a", on: 20260302, want: 100, say: "本月这件事上限3分，已得2分，本次计1分"})
	_, dec, err := d.decide(Case{Item: "a", OccurredOn: 20260303})
	if err != nil || dec.Counted != 0 || dec.Value != 200 || len(dec.Changes) != 0 || len(dec.Reasons) != 2 {
		t.Errorf("%+v %v", dec, err)
	}
	if d.has(7, "year") != 300 || d.has(7, "spend") != 300 {
		t.Errorf("has %s", d.has(7, "year"))
	}
}

// The village issues 10 points a month: beyond it records wait, are refused or count what is left, as the scheme says.
func mechanismC6(t *testing.T) {
	items := []string{"{code: a, name: 甲, class: eco, points: 4}", "{code: fault, name: 过, class: eco, points: -4}", "{code: c, name: 丙, class: free, points: 4}"}
	full := []step{{item: "a", on: 20260301, want: 400}, {item: "a", on: 20260331, want: 400, c: by(8, 80)}, {item: "fault", on: 20260315, want: -400}} // a deduction gives nothing back
	d := table(t, "budgets: [{per: month, points: 10, classes: [eco]}]", items...)
	d.run(t, full...)
	_, dec, err := d.decide(Case{Item: "a", OccurredOn: 20260320})
	if err != nil || !dec.Waits || dec.Counted != 0 || len(dec.Changes) != 0 {
		t.Errorf("wait: %+v %v", dec, err)
	}
	d.run(t, step{item: "a", on: 20260320, want: 0, say: "等下一期"}, step{item: "a", on: 20260401, want: 400}, step{item: "c", on: 20260320, want: 400}, step{item: "fault", on: 20260320, want: -400})

	d = table(t, "budgets: [{per: month, points: 10, beyond: refuse}]", items...)
	d.run(t, full...)
	if _, _, err := d.decide(Case{Item: "a", OccurredOn: 20260320}); !errors.Is(err, ErrBudget) {
		t.Errorf("refuse: %v", err)
	}
	d = table(t, "budgets: [{per: month, points: 10, beyond: cut}]", items...)
	d.run(t, full...)
	d.run(t, step{item: "a", on: 20260320, want: 200, say: "还剩2分，本次计2分"}, step{item: "a", on: 20260320, want: 0})
	d = table(t, "budgets: [{per: month, points: 8, beyond: refuse}]", items...)
	d.run(t, full...) // exactly to the last point
}

// A record stands for its term from the day of the deed; an open fault runs on until it is closed.
func mechanismF2(t *testing.T) {
	for term, want := range map[string]clock.Day{
		"{years: 1}": 20270310, "{years: 5}": 20310310, "{months: 3}": 20260610, "{days: 30}": 20260409, "{until: quarter}": 20260401, "{until: year}": 20270101, "{until: next_year}": 20280101,
	} {
		d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, valid: "+term+"}")
		_, dec, err := d.decide(Case{Item: "a", OccurredOn: 20260310})
		if err != nil || dec.ValidTo != want {
			t.Errorf("%s: valid to %s: %v", term, dec.ValidTo, err)
		}
		for _, ch := range dec.Changes { // spendable points lapse on the last day, the score stays
			last := want.Add(-1)
			if want == clock.Forever || ch.Wallet == "year" {
				last = 0
			}
			if ch.Expires != last {
				t.Errorf("%s: %s until %s", term, ch.Wallet, ch.Expires)
			}
		}
	}
	d := table(t, "", "{code: f, name: 占道, class: eco, points: -2, valid: {years: 1}, effects: {open_fault: {fix_days: 15}}}")
	_, dec, _ := d.decide(Case{Item: "f", OccurredOn: 20260310})
	if len(dec.Tags) != 1 || dec.Tags[0].To != clock.Forever || dec.Tags[0].Due != 20260325 || dec.ValidTo != 20270310 {
		t.Errorf("%+v", dec)
	}
}

// Checked on Fridays, on a day of the month, or between two days of it; any other day is refused.
func mechanismF3(t *testing.T) {
	for _, tt := range []struct {
		calendar string
		day      clock.Day
		ok       bool
	}{
		{"{weekdays: [5]}", 20260306, true}, {"{weekdays: [5]}", 20260307, false}, {"{weekdays: [7]}", 20260308, true},
		{"{month_days: [1, 8]}", 20260301, true}, {"{month_days: [1, 8]}", 20260308, true}, {"{month_days: [1, 8]}", 20260309, false}, {"{month_days: [15, 15]}", 20260214, false},
	} {
		d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, calendar: "+tt.calendar+"}")
		if _, _, err := d.decide(Case{Item: "a", OccurredOn: tt.day}); (err == nil) != tt.ok {
			t.Errorf("%s %s: %v", tt.calendar, tt.day, err)
		}
	}
}

// The window is that of the deed and is used up in the order of decision: a late arrival takes what is left.
func mechanismF4(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 2, caps: [{per: month, points: 3}]}", "{code: f, name: 过, class: eco, points: -5, warn_first: {days: 30}}")
	d.run(t, step{item: "a", on: 20260320, want: 200}, step{item: "a", on: 20260402, want: 200}, step{item: "a", on: 20260301, want: 100, c: Case{DecidedOn: 20260410}}, step{item: "a", on: 20260331, want: 0, c: Case{DecidedOn: 20260410}},
		step{item: "f", on: 20260320, want: 0},                          // a warning
		step{item: "f", on: 20260301, want: -500, say: "2026年3月20日已警告"}, // earlier, but entered later
		step{item: "f", on: 20260130, want: 0})                          // 30 days before 1 March is just outside its 30 days
	// The year in which it counts may be another one than that of the deed.
	_, dec, _ := d.decide(Case{Item: "a", OccurredOn: 20261231, CountedOn: 20270101})
	if dec.Counted != 200 {
		t.Errorf("%+v", dec)
	}
}

// The reasons of a decision name the item and the rules as they were.
func mechanismF5(t *testing.T) {
	old := table(t, "edition: 2026年1月1日起施行", "{code: a, name: 扫街, class: eco, points: 2, to: 2026-06-30}")
	renamed := table(t, "edition: 2026年7月1日起施行", "{code: a, name: 清扫街道, class: eco, points: 3, from: 2026-07-01}")
	old.run(t, step{item: "a", on: 20260630, want: 200, say: "扫街：每次2分。依据《某村》2026年1月1日起施行"})
	renamed.run(t, step{item: "a", on: 20260701, want: 300, say: "清扫街道：每次3分。依据《某村》2026年7月1日起施行"})
	for d, day := range map[*diary]clock.Day{old: 20260701, renamed: 20260630} {
		if _, _, err := d.decide(Case{Item: "a", OccurredOn: day}); !errors.Is(err, ErrNotInForce) {
			t.Errorf("%s: %v", day, err)
		}
	}
}

// Earned points first, then base, each down to its floor; the score takes it in full; or a debt, where that is allowed.
func mechanismE9Charge(t *testing.T) {
	items := []string{"{code: a, name: 甲, class: eco, points: 8}", "{code: f, name: 过, class: eco, points: -40}", "{code: own, name: 专扣, class: eco, points: -3, charge: [base]}"}
	d := table(t, "charge: [spend, base]", items...)
	d.run(t, step{item: "a", on: 20260301, want: 800}, step{item: "f", on: 20260302, want: -4000})
	if d.has(7, "spend") != 0 || d.has(7, "base") != 6800 || d.has(7, "year") != -3200 { // 108 − 40 = 68
		t.Errorf("spend %s base %s year %s", d.has(7, "spend"), d.has(7, "base"), d.has(7, "year"))
	}
	d.run(t, step{item: "a", on: 20260303, want: 800}, step{item: "own", on: 20260304, want: -300})
	if d.has(7, "spend") != 800 || d.has(7, "base") != 6500 {
		t.Errorf("an item with an order of its own: spend %s base %s", d.has(7, "spend"), d.has(7, "base"))
	}
	d.run(t, step{item: "f", on: 20260305, want: -4000}, step{item: "f", on: 20260305, want: -4000})
	if d.has(7, "spend") != 0 || d.has(7, "base") != 0 || d.has(7, "year") != -10700 { // the rest is not taken, but from the score
		t.Errorf("spend %s base %s year %s", d.has(7, "spend"), d.has(7, "base"), d.has(7, "year"))
	}
	d = table(t, "", items[:2]...) // without charge each wallet for itself: earned stops at 0, base is not touched
	d.run(t, step{item: "a", on: 20260301, want: 800}, step{item: "f", on: 20260302, want: -4000})
	if d.has(7, "spend") != 0 || d.has(7, "base") != 10000 || d.has(7, "year") != -3200 {
		t.Errorf("spend %s base %s year %s", d.has(7, "spend"), d.has(7, "base"), d.has(7, "year"))
	}
	s, problems := Parse([]byte("format: 1\ntitle: 某村\nsubject: household\nwallets:\n  - {code: low, name: 到底, kind: spend, floor: -5}\n  - {code: loan, name: 可欠, kind: spend, debt: true}\n  - {code: year, name: 年度积分, kind: score}\n" +
		"classes: [{code: eco, name: 环境}]\nitems:\n  - {code: f, name: 过, class: eco, points: -40}\n  - {code: a, name: 甲, class: eco, points: 1}\n"))
	if s == nil {
		t.Fatal(problems)
	}
	d = newDiary(s)
	d.run(t, step{item: "f", on: 20260302, want: -4000})
	if d.has(7, "low") != -500 || d.has(7, "loan") != -4000 {
		t.Errorf("floor %s, debt %s", d.has(7, "low"), d.has(7, "loan"))
	}
}

// One most beautiful household per group per year, by records.
func mechanismA11Cases(t *testing.T) {
	d := table(t, "", "{code: best, name: 最美人家, class: eco, points: 50, caps: [{per: year, times: 1, of: group}]}", "{code: first, name: 全村首个, class: eco, points: 5, caps: [{per: year, points: 5, of: village}]}")
	other := by(9, 90)
	other.Group = 4
	d.run(t, step{item: "best", on: 20260301, want: 5000}, step{item: "best", on: 20261231, want: 0, c: by(8, 80)}, step{item: "best", on: 20260301, want: 5000, c: other}, step{item: "best", on: 20270101, want: 5000, c: by(8, 80)},
		step{item: "first", on: 20260301, want: 500}, step{item: "first", on: 20260302, want: 0, c: other})
}
