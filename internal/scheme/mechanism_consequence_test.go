package scheme

import (
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
)

func init() {
	for name, test := range map[string]func(*testing.T){
		"D1_conflict_group":        mechanismD1,
		"D2_doubled_when_repeated": mechanismD2,
		"D3_direct_grading":        mechanismD3,
		"D4_zero_and_barred":       mechanismD4,
		"D5_veto":                  mechanismD5,
		"D6_thresholds_at_entry":   mechanismD6Entry,
		"D8_open_fault":            mechanismD8,
		"D9_repair":                mechanismD9,
		"D12_replay":               mechanismD12,
	} {
		mechanisms[name] = test
	}
}

// One deed that fits several items of a group counts the highest only; several faults of one event count each.
func mechanismD1(t *testing.T) {
	items := []string{"{code: town, name: 乡镇表彰, class: eco, points: 100, conflict: praise}", "{code: county, name: 县级表彰, class: eco, points: 200, conflict: praise}",
		"{code: province, name: 省级表彰, class: eco, points: 500, conflict: praise}", "{code: f, name: 打架, class: free, points: -5}", "{code: g, name: 辱骂, class: free, points: -2}"}
	deed := func(e id.ID) Case { return Case{Event: e} }
	d := table(t, "conflicts: [{code: praise, name: 表彰}]", items...)
	d.run(t,
		step{item: "county", on: 20260301, want: 20000, c: deed(1)},
		step{item: "town", on: 20260301, want: 0, c: deed(1), say: "只计最高的一项，已计200分，本次计0分"}, // lower, later
		step{item: "province", on: 20260501, want: 30000, c: deed(1), say: "由200分改为500分"},  // higher, later, on another day
		step{item: "county", on: 20260501, want: 0, c: deed(1)},
		step{item: "province", on: 20260501, want: 50000, c: deed(2)}, // another deed
		step{item: "town", on: 20260601, want: 10000},                 // none named: those of the same day are one deed
		step{item: "county", on: 20260601, want: 10000},
		step{item: "town", on: 20260602, want: 10000},
		step{item: "province", on: 20260601, want: 50000, c: by(8, 80)}, // another household
		step{item: "f", on: 20260601, want: -500, c: deed(9)}, step{item: "g", on: 20260601, want: -200, c: deed(9)})
	if d.has(7, "year") != 50000+50000+20000+10000-700 {
		t.Errorf("year %s", d.has(7, "year"))
	}
	d = table(t, "conflicts: [{code: praise, name: 表彰, same: year}]", items...)
	d.run(t, step{item: "town", on: 20260101, want: 10000, c: deed(1)}, step{item: "county", on: 20261231, want: 10000, c: deed(2)}, step{item: "town", on: 20270101, want: 10000, c: deed(3)})
}

// The same fault within its validity costs more: once, or more each time.
func mechanismD2(t *testing.T) {
	d := table(t, "", "{code: f, name: 乱倒, class: eco, points: -5, repeat: {months: 12, factor: 2}}")
	d.run(t,
		step{item: "f", on: 20260310, want: -500},
		step{item: "f", on: 20270309, want: -1000, say: "有效期内再次发生，按2倍计，扣10分"}, // the last day of the twelve months
		step{item: "f", on: 20270310, want: -1000},                            // not of the first, but of the second
		step{item: "f", on: 20280310, want: -500},                             // just outside
		step{item: "f", on: 20250311, want: -1000},                            // entered late: the other lies within its validity
		step{item: "f", on: 20260310, want: -500, c: by(8, 80)})
	d = table(t, "rounding: nearest", "{code: f, name: 乱倒, class: eco, points: -3, repeat: {days: 30, factor: 1.5, each: true}}")
	d.run(t, step{item: "f", on: 20260301, want: -300}, step{item: "f", on: 20260302, want: -500, say: "取整为"}, step{item: "f", on: 20260303, want: -700}) // 4.5 and 6.75, rounded
	d = table(t, "", "{code: f, name: 乱倒, class: eco, points: -5, warn_first: {days: 30}, repeat: {months: 12, factor: 2}}")
	d.run(t, step{item: "f", on: 20260301, want: 0, say: "先警告不扣分"}, step{item: "f", on: 20260302, want: -500}, step{item: "f", on: 20260303, want: -1000}, step{item: "f", on: 20260401, want: -1000}, step{item: "f", on: 20260501, want: 0}) // outside the thirty days of all of them: a warning again
	d = table(t, "", "{code: a, name: 献血, class: eco, points: 5, repeat: {until: year, factor: 2}}")                                                                                                                                           // awards too
	d.run(t, step{item: "a", on: 20260301, want: 500}, step{item: "a", on: 20261231, want: 1000}, step{item: "a", on: 20270101, want: 500})
}

// The year score is set to 0 or to a fixed minus by grade; the spendable points are left alone.
func mechanismD3(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 30}", "{code: zero, name: 重大违约, class: eco, points: 0, set: true}",
		"{code: set, name: 直接评定, class: eco, grades: [{code: b, name: 较差, points: -20}, {code: c, name: 很差, points: -50}], set: true}")
	year := func(want int64) {
		t.Helper()
		if int64(d.has(7, "year")) != want || d.has(7, "spend") < 3000 {
			t.Errorf("year %s, want %d; spend %s", d.has(7, "year"), want, d.has(7, "spend"))
		}
	}
	d.run(t, step{item: "a", on: 20260301, want: 3000})
	if dec, err := d.do(Case{Item: "set", OccurredOn: 20260302, Grade: "b"}); err != nil || len(dec.Changes) != 1 {
		t.Errorf("%+v %v", dec, err)
	}
	year(-2000)
	d.run(t, step{item: "a", on: 20260303, want: 3000})
	year(1000)
	if dec, err := d.do(Case{Item: "set", OccurredOn: 20260304, Grade: "c"}); err != nil || len(dec.Changes) != 1 {
		t.Errorf("%+v %v", dec, err)
	}
	year(-5000)
	if _, err := d.do(Case{Item: "zero", OccurredOn: 20260305}); err != nil {
		t.Error(err)
	}
	year(0)
	if dec, _ := d.do(Case{Item: "zero", OccurredOn: 20260306}); len(dec.Changes) != 0 { // is 0 already
		t.Errorf("%+v", dec)
	}
}

// All points to zero, and no redemption this year and the next. A debt is not forgiven by it.
func mechanismD4(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 30}", "{code: f, name: 乱倒, class: eco, points: 0, effects: {zero: all, barred: {until: next_year}}}",
		"{code: one, name: 只清, class: eco, points: -2, effects: {zero: [spend]}}", "{code: m, name: 过, class: eco, points: -40}")
	d.run(t, step{item: "a", on: 20260301, want: 3000}, step{item: "f", on: 20260302, say: "取消兑换资格，到2027年12月31日为止"})
	if d.has(7, "spend") != 0 || d.has(7, "year") != 0 || d.has(7, "base") != 10000 {
		t.Errorf("spend %s year %s base %s", d.has(7, "spend"), d.has(7, "year"), d.has(7, "base"))
	}
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagBarred || tags[0].From != 20260302 || tags[0].To != 20280101 {
		t.Errorf("%+v", tags)
	}
	d.run(t, step{item: "a", on: 20260401, want: 3000}, step{item: "one", on: 20260402, want: -200})
	if d.has(7, "spend") != 0 || d.has(7, "year") != 2800 {
		t.Errorf("spend %s year %s", d.has(7, "spend"), d.has(7, "year"))
	}
	d.run(t, step{item: "m", on: 20260403, want: -4000}, step{item: "f", on: 20260404})
	if d.has(7, "year") != -1200 {
		t.Errorf("year %s", d.has(7, "year"))
	}
}

// A veto bars from awards for a time, from all or from some, and touches no points.
func mechanismD5(t *testing.T) {
	d := table(t, "rounds: [{code: year_end, name: 年终, span: year, top: 5}, {code: civil, name: 文明户, span: year, top: 5}]",
		"{code: a, name: 甲, class: eco, points: 30}", "{code: v, name: 违法, class: eco, points: 0, effects: {veto: {years: 1}}}", "{code: w, name: 失信, class: eco, points: 0, effects: {veto: {until: year, rounds: [civil]}}}")
	d.run(t, step{item: "a", on: 20260101, want: 3000}, step{item: "a", on: 20260101, want: 3000, c: by(8, 80)}, step{item: "a", on: 20260101, want: 3000, c: by(9, 90)},
		step{item: "v", on: 20260102}, step{item: "w", on: 20260201, c: by(8, 80), say: "一票否决，到2026年12月31日为止"})
	if d.has(7, "year") != 3000 || d.has(7, "spend") != 3000 {
		t.Errorf("year %s", d.has(7, "year"))
	}
	stand := func(span clock.Span) (out []Standing) {
		for _, a := range []id.ID{7, 8, 9} {
			st := scored(a, span, d.has(a, "year"))
			st.Tags = d.tags[a]
			out = append(out, st)
		}
		return out
	}
	if got := winners(Award(d.s, &d.s.Rounds[0], 202600, stand(202600), nil)); got != "8年终 9年终" {
		t.Error(got)
	}
	if got := winners(Award(d.s, &d.s.Rounds[1], 202600, stand(202600), nil)); got != "9文明户" {
		t.Error(got)
	}
	if got := winners(Award(d.s, &d.s.Rounds[1], 202700, stand(202700), nil)); got != "7文明户 8文明户 9文明户" { // over
		t.Error(got)
	}
}

// 108 − 40 = 68: suspended; 68 + 5 = 73: restored. Below a second line: no redemption this quarter, whatever comes.
func mechanismD6Entry(t *testing.T) {
	d := table(t, "thresholds: [{code: low, name: 低于70分, of: [base, year], below: 70, then: suspended}, {code: lower, name: 低于50分, of: [base, year], below: 50, then: barred, term: {until: quarter}}, {code: shut, name: 年底看, of: [base, year], below: 90, then: veto, at: close}]",
		"{code: a, name: 甲, class: eco, points: 8}", "{code: five, name: 乙, class: eco, points: 5}", "{code: two, name: 丙, class: eco, points: 2}", "{code: f, name: 过, class: eco, points: -40}")
	d.run(t, step{item: "a", on: 20260301, want: 800}, step{item: "f", on: 20260302, want: -4000, say: "积分68分，低于70分：暂停，直到解除"})
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagSuspended || tags[0].To != clock.Forever || tags[0].Code != "low" {
		t.Errorf("%+v", tags)
	}
	d.run(t, step{item: "five", on: 20260303, want: 500, say: "积分73分，已回到70分，解除暂停"})
	if len(d.tags[7]) != 0 {
		t.Errorf("%+v", d.tags[7])
	}
	e := table(t, "thresholds: [{code: low, name: 低于70分, of: [base, year], below: 70, then: suspended}]", "{code: f, name: 过, class: eco, points: -30}", "{code: g, name: 小过, class: eco, points: -0.01}", "{code: h, name: 补, class: eco, points: 0.01}")
	e.run(t, step{item: "f", on: 20260301, want: -3000})
	if len(e.tags[7]) != 0 { // exactly 70
		t.Errorf("%+v", e.tags[7])
	}
	e.run(t, step{item: "g", on: 20260301, want: -1})
	if len(e.tags[7]) != 1 {
		t.Errorf("%+v", e.tags[7])
	}
	e.run(t, step{item: "h", on: 20260301, want: 1})
	if len(e.tags[7]) != 0 {
		t.Errorf("%+v", e.tags[7])
	}
	d.run(t, step{item: "f", on: 20260304, want: -4000}) // 33
	if tags := d.tags[7]; len(tags) != 2 || tags[1].Kind != TagBarred || tags[1].To != 20260401 {
		t.Errorf("%+v", tags)
	}
	d.run(t, step{item: "a", on: 20260305, want: 800}, step{item: "a", on: 20260305, want: 800}, step{item: "a", on: 20260305, want: 800}) // 57: the term stands
	if tags := d.tags[7]; len(tags) != 2 {
		t.Errorf("%+v", tags)
	}
	d.run(t, step{item: "a", on: 20260306, want: 800}, step{item: "a", on: 20260306, want: 800}) // 73
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagBarred {
		t.Errorf("%+v", tags)
	}
}

// While a fault is open awards wait, are lost, or count.
func mechanismD8(t *testing.T) {
	for mode, want := range map[string]struct {
		counted int64
		pending bool
	}{"wait": {500, true}, "lost": {0, false}, "count": {500, false}} {
		d := table(t, "open_fault: "+mode, "{code: a, name: 甲, class: eco, points: 5}", "{code: f, name: 占道, class: eco, points: -1, effects: {open_fault: {fix_days: 15}}}")
		d.run(t, step{item: "a", on: 20260301, want: 500}, step{item: "f", on: 20260310, want: -100, say: "列为待整改，请在2026年3月25日前整改"})
		_, dec, err := d.decide(Case{Item: "a", OccurredOn: 20260311})
		if err != nil || int64(dec.Counted) != want.counted || len(dec.Changes) > 0 && dec.Changes[0].Pending != want.pending {
			t.Errorf("%s: %+v %v", mode, dec, err)
		}
		d.run(t, step{item: "f", on: 20260311, want: -100}, step{item: "a", on: 20260309, want: 500}) // a fault counts; a deed of before the fault too
		d.tags[7] = nil                                                                               // put right
		d.run(t, step{item: "a", on: 20260312, want: 500})
	}
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 5}", "{code: f, name: 占道, class: eco, points: -1, warn_first: {months: 12, fix_days: 15}}")
	d.run(t, step{item: "f", on: 20260310, want: 0, say: "请在2026年3月25日前整改"}, step{item: "a", on: 20260312, want: 500, say: "整改到位后生效"}, step{item: "a", on: 20260312, want: 500, c: by(8, 80)})
	if d.has(7, "year") != 0 || d.has(8, "year") != 500 {
		t.Errorf("year %s and %s", d.has(7, "year"), d.has(8, "year"))
	}
}

// Put right, with a written promise: a zero becomes a small minus, or the record goes.
func mechanismD9(t *testing.T) {
	d := table(t, "", "{code: a, name: 甲, class: eco, points: 30}", "{code: f, name: 乱倒, class: eco, points: 0, effects: {zero: all, barred: {years: 1}}, repair: {points: -10}}", "{code: g, name: 小过, class: eco, points: -5, repair: {points: 0}}",
		"{code: w, name: 先警告, class: eco, points: -5, warn_first: {months: 1}, repeat: {months: 1, factor: 2}, repair: {points: -1}}")
	d.run(t, step{item: "a", on: 20260301, want: 3000})
	for _, tt := range []struct {
		item    string
		counted int64
		changes int
	}{{"f", -1000, 2}, {"g", 0, 0}, {"w", -100, 2}} {
		_, dec, err := d.decide(Case{Item: tt.item, OccurredOn: 20260302, Repaired: true})
		if err != nil || int64(dec.Counted) != tt.counted || len(dec.Changes) != tt.changes || len(dec.Tags) != 0 || dec.Warned {
			t.Errorf("%s: %+v %v", tt.item, dec, err)
		}
	}
	d.run(t, step{item: "f", on: 20260302, want: -1000, c: Case{Repaired: true}, say: "已整改到位并书面保证，改按扣10分计"})
	if d.has(7, "spend") != 2000 || d.has(7, "year") != 2000 {
		t.Errorf("spend %s year %s", d.has(7, "spend"), d.has(7, "year"))
	}
}

// A record taken away: what later ones of the same window count is computed again, in the order of decision.
func mechanismD12(t *testing.T) {
	items := []string{"{code: a, name: 甲, class: eco, points: 2, caps: [{per: month, points: 3}]}", "{code: f, name: 过, class: eco, points: -5, repeat: {months: 12, factor: 2}}"}
	d := table(t, "", items...)
	d.run(t, step{item: "a", on: 20260301, want: 200}, step{item: "a", on: 20260302, want: 100}, step{item: "f", on: 20260303, want: -500}, step{item: "f", on: 20260304, want: -1000}, step{item: "a", on: 20260401, want: 200})
	again := replayWithout(d, 1)
	if again[2].Counted != 200 || again[5].Counted != 200 {
		t.Errorf("%+v", again)
	}
	again = replayWithout(d, 3)
	if again[4].Counted != -500 || again[2].Counted != 100 {
		t.Errorf("%+v", again)
	}
}

// replayWithout decides a diary's cases again without one of them, by case.
func replayWithout(d *diary, gone id.ID) map[id.ID]Decision {
	again := newDiary(d.s)
	out := map[id.ID]Decision{}
	for _, c := range d.cases {
		if c.ID != gone {
			out[c.ID], _ = again.do(c)
		}
	}
	return out
}
