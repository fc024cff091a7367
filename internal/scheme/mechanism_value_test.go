package scheme

import (
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/points"
)

func init() {
	for name, test := range map[string]func(*testing.T){
		"B1_fixed":                mechanismB1,
		"B2_state_per_period":     mechanismB2,
		"B3_range_with_reason":    mechanismB3,
		"B4_severity_grades":      mechanismB4,
		"B5_marginal_brackets":    mechanismB5,
		"B6_faults_from_full":     mechanismB6,
		"B7_threshold_steps":      mechanismB7,
		"B8_milestones":           mechanismB8,
		"B9_streak":               mechanismB9,
		"B10_fractions":           mechanismB10,
		"B11_paired_items":        mechanismB11,
		"B12_inspection_sheet":    mechanismB12,
		"B13_once":                mechanismB13,
		"B14_highest_level_only":  mechanismB14,
		"B15_warning_first":       mechanismB15,
		"B16_panel":               mechanismB16,
		"B17_own_items":           mechanismB17,
		"B18_campaign_multiplier": mechanismB18,
	} {
		mechanisms[name] = test
	}
}

// refused decides a case that must not be filled in so; the error must hold the words.
func (d *diary) refused(t *testing.T, c Case, words string) {
	t.Helper()
	if c.OccurredOn == 0 {
		c.OccurredOn = 20260301
	}
	if _, err := Decide(d.s, c, NewFacts(nil)); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%+v: %v, want %s", c, err, words)
	}
}

func mechanismB1(t *testing.T) {
	d := table(t, "", "{code: a, name: 植树, class: eco, points: 10}", "{code: b, name: 赌博, class: free, points: -20}")
	d.run(t, step{item: "a", on: 20260301, want: 1000, say: "植树：每次10分"}, step{item: "b", on: 20260301, want: -2000, say: "每次扣20分"})
	d.refused(t, Case{Item: "a", Account: 7, Points: 500}, "不能自己填写分数")
	d.refused(t, Case{Item: "a", Account: 7, Quantity: 1000}, "不按数量计分")
	d.refused(t, Case{Item: "a", Account: 7, Grade: "good"}, "不分等级")
	d.refused(t, Case{Item: "a", Account: 7, Persons: 2}, "不按人次")
	d.refused(t, Case{Item: "a", Account: 7, Parts: []PartResult{{Code: "x"}}}, "没有检查表")
	d.refused(t, Case{Item: "a", Account: 7, Parties: []Party{party("x", 8)}}, "请不要填写")
}

// The latest inspection of a period takes the place of the earlier one, whichever is entered first.
func mechanismB2(t *testing.T) {
	const check = ", name: 卫生检查, class: eco, grades: [{code: clean, name: 清洁, points: 5}, {code: fair, name: 一般, points: 2}, {code: poor, name: 脏乱, points: -3}]}"
	good, fair, poor := Case{Grade: "clean"}, Case{Grade: "fair"}, Case{Grade: "poor"}
	d := table(t, "", "{code: m, state: month"+check)
	d.run(t,
		step{item: "m", on: 20260301, want: 200, c: fair},
		step{item: "m", on: 20260331, want: 300, c: good, say: "由2分改为5分"},
		step{item: "m", on: 20260315, want: 0, c: poor, say: "2026年3月31日更晚的一次检查"}, // entered late
		step{item: "m", on: 20260331, want: -800, c: poor},                        // the same day again: the last word
		step{item: "m", on: 20260401, want: 500, c: good})                         // another month
	if got := d.has(7, "year"); got != 200 {
		t.Errorf("year score %s, want -3 + 5", got)
	}
	for _, tt := range []struct {
		per          string
		in, out, say clock.Day
	}{
		{"two_months", 20260430, 20260501, 20260301}, {"quarter", 20260331, 20260401, 20260101}, {"half", 20260630, 20260701, 20260101},
		{"year", 20261231, 20270101, 20260101}, {"week", 20260315, 20260316, 20260309}, {"day", 20260315, 20260316, 20260315},
	} {
		d := table(t, "", "{code: m, state: "+tt.per+check)
		d.run(t, step{item: "m", on: tt.say, want: 500, c: good}, step{item: "m", on: tt.in, want: -300, c: fair}, step{item: "m", on: tt.out, want: 500, c: good})
	}
}

func mechanismB3(t *testing.T) {
	d := table(t, "", "{code: a, name: 贡献, class: free, range: {from: 1, to: 20}}", "{code: b, name: 过错, class: free, range: {from: -20, to: -1}}")
	d.run(t, step{item: "a", on: 20260301, want: 100, c: Case{Points: 100}}, step{item: "a", on: 20260301, want: 2000, c: Case{Points: 2000}}, step{item: "b", on: 20260301, want: -2000, c: Case{Points: -2000}})
	for _, p := range []points.Amount{0, 99, 2001, -100} {
		d.refused(t, Case{Item: "a", Account: 7, Points: p, Note: "理由"}, "1到20之间")
	}
	d.refused(t, Case{Item: "a", Account: 7, Points: 100, Note: " "}, "请写明理由")
}

func mechanismB4(t *testing.T) {
	d := table(t, "", "{code: a, name: 违建, class: free, grades: [{code: g1, name: 一般, points: -1}, {code: g2, name: 较重, points: -5}, {code: g3, name: 严重, points: -10}, {code: g4, name: 特别严重, points: -30, effects: {veto: {years: 1}}}]}")
	d.run(t, step{item: "a", on: 20260301, want: -100, c: Case{Grade: "g1"}}, step{item: "a", on: 20260301, want: -3000, c: Case{Grade: "g4"}, say: "评为“特别严重”"})
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagVeto || tags[0].To != 20270301 {
		t.Errorf("%+v", tags)
	}
	d.refused(t, Case{Item: "a", Account: 7, Grade: "g5"}, "请选择等级：一般、较重、严重、特别严重")
}

func mechanismB5(t *testing.T) {
	const tiers = "tiers: [{up_to: 2000, every: 200, points: 1}, {up_to: 6000, every: 500, points: 1}, {every: 1000, points: 1}]"
	d := table(t, "", "{code: gift, name: 捐款, class: free, brackets: {unit: 元, least: 200, "+tiers+"}}", "{code: capped, name: 捐物, class: free, brackets: {unit: 元, "+tiers+", max: 15}}",
		"{code: exact, name: 捐粮, class: free, brackets: {unit: 元, "+tiers+", round: none}}")
	for yuan, want := range map[int64]points.Amount{1: 0, 199: 0, 200: 1, 399: 1, 400: 2, 1999: 9, 2000: 10, 2001: 10, 2499: 10, 2500: 11, 6000: 18, 6999: 18, 7000: 19, 1_000_000: 1012} {
		d.run(t, step{item: "gift", on: 20260301, want: want * points.Point, c: Case{Quantity: yuan * 1000}})
	}
	d.run(t, step{item: "gift", on: 20260301, want: 0, c: Case{Quantity: 199_999}, say: "不到200元，不计分"},
		step{item: "gift", on: 20260301, want: 1800, c: Case{Quantity: 6_500_000}, say: "2000元按每200元1分计10分，4000元按每500元1分计8分，500元按每1000元1分计0分"},
		step{item: "capped", on: 20260301, want: 1500, c: Case{Quantity: 4_500_000}}, // exactly
		step{item: "capped", on: 20260301, want: 1500, c: Case{Quantity: 5_000_000}, say: "一次最多15分"},
		step{item: "exact", on: 20260301, want: 1050, c: Case{Quantity: 2_250_000}})
	d.refused(t, Case{Item: "gift", Account: 7}, "要大于0")
}

func mechanismB6(t *testing.T) {
	d := table(t, "", "{code: a, name: 庭院, class: eco, faults: {unit: 处, full: 12, each: -3}}", "{code: b, name: 厨房, class: eco, faults: {unit: 处, full: 10, each: -3, floor: -5}}")
	for n, want := range map[int64]points.Amount{0: 1200, 1: 900, 3: 300, 4: 0, 5: 0, 100: 0} {
		d.run(t, step{item: "a", on: 20260301, want: want, c: Case{Quantity: n * 1000}})
	}
	d.run(t, step{item: "b", on: 20260301, want: -500, c: Case{Quantity: 5000}}, step{item: "b", on: 20260301, want: -500, c: Case{Quantity: 6000}, say: "最少-5分"})
	d.refused(t, Case{Item: "a", Account: 7, Quantity: -1}, "没有就填0")
}

func mechanismB7(t *testing.T) {
	d := table(t, "", "{code: a, name: 帮工, class: free, steps: {unit: 小时, tiers: [{up_to: 2, points: 1}, {points: 2}]}}")
	d.run(t, step{item: "a", on: 20260301, want: 100, c: Case{Quantity: 1}}, step{item: "a", on: 20260301, want: 100, c: Case{Quantity: 2000}, say: "2小时以内（含）"},
		step{item: "a", on: 20260301, want: 200, c: Case{Quantity: 2001}}, step{item: "a", on: 20260301, want: 200, c: Case{Quantity: MaxQuantity}})
	d.refused(t, Case{Item: "a", Account: 7, Quantity: MaxQuantity + 1}, "不超过100万")
}

func mechanismB8(t *testing.T) {
	const tiers = "milestones: {unit: 小时, per: year, tiers: [{at: 5, points: 1}, {at: 15, points: 3}, {at: 40, points: 8}]"
	d := table(t, "", "{code: a, name: 志愿服务, class: free, "+tiers+"}}", "{code: sum, name: 学习, class: free, "+tiers+", sum: true}}")
	hours := func(on clock.Day, thousandths int64, want points.Amount, say string) step {
		return step{item: "a", on: on, want: want, c: Case{Quantity: thousandths}, say: say}
	}
	d.run(t,
		hours(20260101, 4999, 0, "还没有达到5小时"),
		hours(20260102, 1, 100, "累计5小时"),
		hours(20260103, 9999, 0, ""), // 14.999
		hours(20260103, 1, 200, "本年累计15小时，达到15小时"),
		hours(20261231, 25000, 500, "累计应得8分"),
		hours(20261231, 1000, 0, ""),
		hours(20270101, 5000, 100, "")) // another year
	d.run(t, step{item: "a", on: 20260201, want: 800, c: Case{Account: 8, Quantity: 40000}}) // all at once
	d.run(t, step{item: "sum", on: 20260201, want: 400, c: Case{Quantity: 15000}}, step{item: "sum", on: 20260202, want: 800, c: Case{Quantity: 25000}})
}

func mechanismB9(t *testing.T) {
	d := table(t, "", "{code: w, name: 劳动, class: eco, range: {from: 1, to: 50}}", "{code: other, name: 其他, class: free, points: 30}", "{code: s, name: 连续五天, class: free, streak: {days: 5, at_least: 20, points: 10, classes: [eco]}}")
	work := func(on clock.Day, p points.Amount) step { return step{item: "w", on: on, want: p, c: Case{Points: p}} }
	d.run(t, work(20260227, 2000), work(20260228, 2000), work(20260301, 1900), work(20260302, 2000), work(20260303, 5000),
		step{item: "other", on: 20260301, want: 3000}, // of another class
		step{item: "s", on: 20260303, want: 0, say: "2026年3月1日只有19分"},
		work(20260301, 100), // together 20
		step{item: "s", on: 20260303, want: 1000, say: "连续5天每天至少20分"},
		step{item: "s", on: 20260303, want: 0, say: "每一天只能用一次"},
		work(20260304, 2000),
		step{item: "s", on: 20260304, want: 0}, // four of its days are used
		step{item: "s", on: 20260302, want: 0},
		work(20260305, 2000), work(20260306, 2000), work(20260307, 2000), work(20260308, 2000),
		step{item: "s", on: 20260307, want: 0},
		step{item: "s", on: 20260308, want: 1000}) // the next five
	d.run(t, step{item: "s", on: 20260308, want: 0, c: Case{Account: 8}}) // another household did nothing
}

func mechanismB10(t *testing.T) {
	d := table(t, "", "{code: a, name: 回收, class: eco, points: 0.1, caps: [{per: day, points: 0.25}]}", "{code: b, name: 电池, class: eco, per_unit: {unit: 节, points: 0.1, round: none}}")
	d.run(t, step{item: "a", on: 20260301, want: 10, say: "每次0.1分"}, step{item: "a", on: 20260301, want: 10}, step{item: "a", on: 20260301, want: 5, say: "本次计0.05分"},
		step{item: "b", on: 20260301, want: 30, c: Case{Quantity: 3000}}, step{item: "b", on: 20260301, want: 5, c: Case{Quantity: 555}})
	for how, want := range map[string]points.Amount{"none": 150, "nearest": 200, "down": 100, "up": 200} {
		r := table(t, "rounding: "+how, "{code: a, name: 甲, class: eco, points: 1.5}", "{code: b, name: 乙, class: eco, points: -1.5}")
		r.run(t, step{item: "a", on: 20260301, want: want}, step{item: "b", on: 20260301, want: -want})
	}
}

// On time and late are one record; the six neat things are each a pair.
func mechanismB11(t *testing.T) {
	d := table(t, "", "{code: a, name: 参加会议, class: free, grades: [{code: on, name: 准时, points: 1}, {code: late, name: 迟到, points: -2}, {code: excused, name: 请假, points: 0}]}")
	d.run(t, step{item: "a", on: 20260301, want: 100, c: Case{Grade: "on"}}, step{item: "a", on: 20260308, want: -200, c: Case{Grade: "late"}}, step{item: "a", on: 20260315, want: 0, c: Case{Grade: "excused"}})
	if d.has(7, "year") != -100 {
		t.Errorf("year %s", d.has(7, "year"))
	}
}

func mechanismB12(t *testing.T) {
	d := table(t, "", "{code: a, name: 检查, class: eco, sheet: {parts: [{code: yard, name: 庭院, full: 3}, {code: room, name: 屋内, full: 3}, {code: pen, name: 圈舍, full: 2}, {code: fuel, name: 柴草, options: [{code: neat, name: 整齐, points: 2}, {code: messy, name: 乱, points: -1}]}]}, state: month}")
	neat := PartResult{Code: "fuel", Option: "neat"}
	d.run(t,
		step{item: "a", on: 20260301, want: 1000, c: Case{Parts: []PartResult{{Code: "yard"}, {Code: "room"}, {Code: "pen"}, neat}}, say: "合计10分"},
		step{item: "a", on: 20260302, want: -350, c: Case{Parts: []PartResult{{Code: "yard", Off: 150}, {Code: "pen", Off: 200}, neat}}, say: "由10分改为6.5分"},
		step{item: "a", on: 20260401, want: -100, c: Case{Parts: []PartResult{{Code: "yard", Off: 300}, {Code: "room", Off: 300}, {Code: "pen", Off: 200}, {Code: "fuel", Option: "messy"}}}})
	for words, parts := range map[string][]PartResult{
		"请填写“柴草”":    {{Code: "yard"}},
		"没有“roof”":   {{Code: "roof"}, neat},
		"填了两次":       {neat, neat},
		"满分3分":       {{Code: "yard", Off: 301}, neat},
		"0到3之间":      {{Code: "yard", Off: -1}, neat},
		"不用选择":       {{Code: "yard", Option: "neat"}, neat},
		"在这些里选一个：整齐": {{Code: "fuel", Option: "best"}},
		"请在这些里选一个":   {{Code: "fuel", Option: "neat", Off: 100}},
	} {
		d.refused(t, Case{Item: "a", Account: 7, Parts: parts}, words)
	}
}

func mechanismB13(t *testing.T) {
	d := table(t, "", "{code: life, name: 入伍, class: free, points: 30, caps: [{per: life, times: 1}]}", "{code: year, name: 体检, class: free, points: 1, caps: [{per: year, times: 1, of: member}]}")
	d.run(t, step{item: "life", on: 20260301, want: 3000}, step{item: "life", on: 20460301, want: 0, say: "累计这件事最多记1次"}, step{item: "life", on: 20260301, want: 3000, c: Case{Account: 8}},
		step{item: "year", on: 20260101, want: 100, c: by(7, 70)}, step{item: "year", on: 20261231, want: 0, c: by(7, 70)}, step{item: "year", on: 20261231, want: 100, c: by(7, 71)}, step{item: "year", on: 20270101, want: 100, c: by(7, 70)})
}

// Of the levels of one honour the highest counts, whichever is recorded first.
func mechanismB14(t *testing.T) {
	d := table(t, "conflicts: [{code: h, name: 表彰}]", "{code: nation, name: 国家级, class: free, points: 50, conflict: h}", "{code: city, name: 市级, class: free, points: 20, conflict: h}", "{code: town, name: 镇级, class: free, points: 5, conflict: h}")
	deed := Case{Event: 9}
	d.run(t,
		step{item: "city", on: 20260301, want: 2000, c: deed},
		step{item: "nation", on: 20260501, want: 3000, c: deed, say: "由20分改为50分"},
		step{item: "town", on: 20260601, want: 0, c: deed, say: "只计最高的一项"},
		step{item: "town", on: 20260601, want: 500, c: Case{Event: 10}}, // another deed
		step{item: "town", on: 20260701, want: 500},                     // none named: of its day
		step{item: "city", on: 20260701, want: 1500},
		step{item: "city", on: 20260702, want: 2000})
}

func mechanismB15(t *testing.T) {
	d := table(t, "", "{code: a, name: 乱堆, class: eco, points: -10, warn_first: {months: 12}}", "{code: b, name: 乱搭, class: eco, points: -10, warn_first: {days: 30, fix_days: 15}}")
	d.run(t, step{item: "a", on: 20260310, want: 0, say: "首次发生，先警告不扣分"}, step{item: "a", on: 20270309, want: -1000, say: "已警告"}, step{item: "a", on: 20280309, want: 0, say: "首次发生"},
		step{item: "b", on: 20260310, want: 0, say: "请在2026年3月25日前整改"}, step{item: "b", on: 20260408, want: -1000})
	if kinds := d.tags[7]; len(kinds) != 4 || kinds[3].Kind != TagOpenFault || kinds[3].Due != 20260325 {
		t.Errorf("%+v", kinds)
	}
	late := table(t, "", "{code: a, name: 乱堆, class: eco, points: -10, warn_first: {months: 12}}")
	late.run(t, step{item: "a", on: 20260310, want: 0}, step{item: "a", on: 20260301, want: -1000}) // an earlier one entered late is the repetition
}

func mechanismB16(t *testing.T) {
	d := table(t, "", "{code: a, name: 配合帮扶, class: free, panel: {from: 1, to: 50}}")
	if it, _ := d.s.Item("a"); !it.Review.Panel || !it.Value.Panel || it.Review.Direct {
		t.Errorf("%+v", it.Review)
	}
	d.run(t, step{item: "a", on: 20260301, want: 5000, c: Case{Points: 5000}})
	d.refused(t, Case{Item: "a", Account: 7, Note: "理由"}, "由评议小组给分")
	d.refused(t, Case{Item: "a", Account: 7, Points: 5001, Note: "理由"}, "1到50之间")
	d.refused(t, Case{Item: "a", Account: 7, Points: 100}, "理由")
}

// The village's own items are limited in number and size when the file is checked.
func mechanismB17(t *testing.T) {
	d := table(t, "own_items: {awards: 1, deductions: 1, points: 3}", "{code: a, name: 甲, class: free, points: 3, own: true}", "{code: b, name: 乙, class: free, points: -3, own: true}", "{code: c, name: 丙, class: free, points: 100}")
	d.run(t, step{item: "a", on: 20260301, want: 300})
	if it, _ := d.s.Item("a"); !it.Own || it.Words.More[0] != "本村自定事项" {
		t.Errorf("%+v", it)
	}
}

// Double points from the first to the last day; before the caps, or beyond them where the file says so.
func mechanismB18(t *testing.T) {
	items := []string{"{code: a, name: 甲, class: eco, points: 4, caps: [{per: month, points: 10}]}", "{code: b, name: 乙, class: free, points: 4}", "{code: c, name: 丙, class: eco, points: -4}"}
	d := table(t, "campaigns: [{name: 双倍, from: 2026-03-05, to: 2026-03-31, factor: 2, classes: [eco]}]", items...)
	d.run(t, step{item: "a", on: 20260304, want: 400}, step{item: "a", on: 20260305, want: 600, say: "“双倍”期间按2倍计"}, step{item: "b", on: 20260305, want: 400},
		step{item: "c", on: 20260305, want: -400}, step{item: "a", on: 20260331, want: 0}, step{item: "a", on: 20260401, want: 400})
	d = table(t, "campaigns: [{name: 双倍, from: 2026-03-05, to: 2026-03-31, factor: 1.5, beyond_caps: true, on: both}]", items...)
	d.run(t, step{item: "a", on: 20260310, want: 600}, step{item: "a", on: 20260310, want: 600, say: "上限以外按1.5倍计"}, step{item: "c", on: 20260331, want: -600}, step{item: "b", on: 20260401, want: 400})
}
