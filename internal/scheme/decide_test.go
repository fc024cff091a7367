package scheme

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
)

const village = `format: 1
title: 试验村
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend}
  - {code: loan, name: 可欠积分, kind: spend, debt: true, earns: false, order: 1}
  - {code: year, name: 年度积分, kind: score}
  - {code: honor, name: 荣誉积分, kind: score, gains_only: true}
classes:
  - {code: eco, name: 环境, caps: [{per: month, points: 12}]}
  - {code: free, name: 其他}
caps:
  - {per: day, points: 30}
  - {per: day, points: 25, of: member}
items:
  - {code: sweep, name: 清扫, class: eco, points: 2, caps: [{per: month, points: 3}], review: {direct: true}}
  - {code: tree, name: 植树, class: eco, points: 10, caps: [{per: day, times: 1}], review: {direct: true}}
  - {code: gift, name: 好事, class: free, range: {from: 1, to: 20}}
  - {code: panel, name: 评议, class: free, range: {from: -20, to: 20}, caps: [{per: year, points: 30}]}
  - {code: litter, name: 乱倒垃圾, class: eco, points: -10, warn_first: {months: 12}}
  - {code: burn, name: 焚烧, class: eco, points: -5, warn_first: {days: 30}, caps: [{per: year, points: 8, on: deductions}]}
  - {code: check, name: 检查, class: free, grades: [{code: good, name: 清洁, points: 5}, {code: poor, name: 脏乱, points: -5}]}
  - {code: help, name: 帮工, class: free, steps: {unit: 小时, tiers: [{up_to: 2, points: 1}, {points: 2}]}}
  - {code: hour, name: 计时, class: free, per_unit: {unit: 小时, points: 2, max: 6}, caps: [{per: month, points: 20}]}
  - {code: lend, name: 记欠, class: free, points: -3, credits: [loan, year]}
  - {code: old, name: 旧事, class: free, points: 1, from: 2026-03-01, to: 2026-03-31}
  - {code: once, name: 一次, class: free, points: 7.5, caps: [{per: life, times: 1}]}
  - {code: weekly, name: 周活动, class: free, points: 4, caps: [{per: week, times: 1}, {per: quarter, points: 10}, {per: half, points: 14}]}
`

func parseVillage(t testing.TB) *Scheme {
	t.Helper()
	s, problems := Parse([]byte(village))
	for _, p := range problems {
		t.Fatal(p)
	}
	return s
}

// had is an earlier decision of household 7, member 70.
func had(no int64, item, class string, day clock.Day, counted points.Amount) Decided {
	return Decided{Case: id.ID(no), Account: 7, Member: 70, Item: item, Class: class, OccurredOn: day, No: no, Counted: counted}
}

func warned(no int64, item string, day clock.Day) Decided {
	d := had(no, item, "eco", day, 0)
	d.Warned = true
	return d
}

func TestDecide(t *testing.T) {
	s := parseVillage(t)
	const pt = points.Point
	tests := []struct {
		name    string
		c       Case
		history []Decided
		value   points.Amount
		counted points.Amount
		warned  bool
		last    string // last reason
	}{
		{name: "fixed", c: Case{Item: "sweep", OccurredOn: 20260310}, value: 2 * pt, counted: 2 * pt, last: "清扫：每次2分"},
		{name: "cap leaves one point", c: Case{Item: "sweep", OccurredOn: 20260331}, history: []Decided{had(1, "sweep", "eco", 20260301, 2*pt)},
			value: 2 * pt, counted: pt, last: "本月这件事上限3分，已得2分，本次计1分"},
		{name: "cap leaves nothing", c: Case{Item: "sweep", OccurredOn: 20260331}, history: []Decided{had(1, "sweep", "eco", 20260301, 2*pt), had(2, "sweep", "eco", 20260302, pt)},
			value: 2 * pt, counted: 0, last: "本月这件事上限3分，已得3分，本次计0分"},
		{name: "the next month is another window", c: Case{Item: "sweep", OccurredOn: 20260401}, history: []Decided{had(1, "sweep", "eco", 20260331, 3*pt)},
			value: 2 * pt, counted: 2 * pt, last: "清扫：每次2分"},
		{name: "a late arrival takes what later days left", c: Case{Item: "sweep", OccurredOn: 20260301}, history: []Decided{had(1, "sweep", "eco", 20260331, 2*pt)},
			value: 2 * pt, counted: pt, last: "本月这件事上限3分，已得2分，本次计1分"},
		{name: "another household's records do not count", c: Case{Item: "sweep", OccurredOn: 20260310},
			history: []Decided{{Case: 1, No: 1, Account: 8, Item: "sweep", Class: "eco", OccurredOn: 20260301, Counted: 3 * pt}}, value: 2 * pt, counted: 2 * pt, last: "清扫：每次2分"},
		{name: "class cap tighter than the item's", c: Case{Item: "sweep", OccurredOn: 20260310}, history: []Decided{had(1, "tree", "eco", 20260301, 10*pt), had(2, "sweep", "eco", 20260302, pt)},
			value: 2 * pt, counted: pt, last: "本月“环境”类上限12分，已得11分，本次计1分"},
		{name: "a deduction gives a class cap no room", c: Case{Item: "tree", OccurredOn: 20260310},
			history: []Decided{had(1, "tree", "eco", 20260301, 10*pt), had(2, "litter", "eco", 20260302, -10*pt)}, value: 10 * pt, counted: 2 * pt, last: "本月“环境”类上限12分，已得10分，本次计2分"},
		{name: "times", c: Case{Item: "tree", OccurredOn: 20260310}, history: []Decided{had(1, "tree", "eco", 20260310, 10*pt)},
			value: 10 * pt, counted: 0, last: "当天这件事最多记1次，已记1次，本次计0分"},
		{name: "a record of nothing is no time", c: Case{Item: "tree", OccurredOn: 20260310}, history: []Decided{had(1, "tree", "eco", 20260310, 0)},
			value: 10 * pt, counted: 10 * pt, last: "植树：每次10分"},
		{name: "once in a life", c: Case{Item: "once", OccurredOn: 20260310}, history: []Decided{had(1, "once", "free", 20110101, 750)},
			value: 750, counted: 0, last: "累计这件事最多记1次，已记1次，本次计0分"},
		{name: "week ends on Sunday", c: Case{Item: "weekly", OccurredOn: 20260302}, history: []Decided{had(1, "weekly", "free", 20260301, 4*pt)}, // a Monday
			value: 4 * pt, counted: 4 * pt, last: "周活动：每次4分"},
		{name: "week begins on Monday", c: Case{Item: "weekly", OccurredOn: 20260308}, history: []Decided{had(1, "weekly", "free", 20260302, 4*pt)},
			value: 4 * pt, counted: 0, last: "本周这件事最多记1次，已记1次，本次计0分"},
		{name: "quarter", c: Case{Item: "weekly", OccurredOn: 20260331}, history: []Decided{had(1, "weekly", "free", 20260101, 4*pt), had(2, "weekly", "free", 20260115, 4*pt)},
			value: 4 * pt, counted: 2 * pt, last: "本季度这件事上限10分，已得8分，本次计2分"},
		{name: "half", c: Case{Item: "weekly", OccurredOn: 20260401}, history: []Decided{had(1, "weekly", "free", 20260101, 4*pt), had(2, "weekly", "free", 20260115, 4*pt), had(3, "weekly", "free", 20260201, 4*pt)},
			value: 4 * pt, counted: 2 * pt, last: "本半年这件事上限14分，已得12分，本次计2分"},
		{name: "person", c: Case{Item: "gift", OccurredOn: 20260310, Points: 20 * pt, Note: "修路"}, history: []Decided{had(1, "gift", "free", 20260310, 20*pt)},
			value: 20 * pt, counted: 5 * pt, last: "当天个人各项合计上限25分，已得20分，本次计5分"},
		{name: "total, of another member", c: Case{Item: "gift", OccurredOn: 20260310, Points: 20 * pt, Note: "修路", Member: 71}, history: []Decided{had(1, "gift", "free", 20260310, 20*pt)},
			value: 20 * pt, counted: 10 * pt, last: "当天各项合计上限30分，已得20分，本次计10分"},
		{name: "range", c: Case{Item: "gift", OccurredOn: 20260310, Points: 8 * pt, Note: "修路"}, value: 8 * pt, counted: 8 * pt, last: "好事：由评定人在1—20分内评定，本次评8分"},
		{name: "awards and deductions of a cap apart", c: Case{Item: "panel", OccurredOn: 20260310, Points: -20 * pt, Note: "违约"},
			history: []Decided{had(1, "panel", "free", 20260101, 20*pt), had(2, "panel", "free", 20260102, -15*pt)}, value: -20 * pt, counted: -15 * pt, last: "本年这件事最多扣30分，已扣15分，本次扣15分"},
		{name: "grade", c: Case{Item: "check", OccurredOn: 20260310, Grade: "poor"}, value: -5 * pt, counted: -5 * pt, last: "检查：评为“脏乱”，扣5分"},
		{name: "exactly two hours", c: Case{Item: "help", OccurredOn: 20260310, Quantity: 2000}, value: pt, counted: pt, last: "帮工：2小时，按“2小时以内（含）”计1分"},
		{name: "two hours and a minute", c: Case{Item: "help", OccurredOn: 20260310, Quantity: 2017}, value: 2 * pt, counted: 2 * pt, last: "帮工：2.017小时，按“2小时以上”计2分"},
		{name: "per unit, rounded to whole points", c: Case{Item: "hour", OccurredOn: 20260310, Quantity: 1250}, value: 3 * pt, counted: 3 * pt, last: "计时：1.25小时，每小时2分（四舍五入到整分），一次最多6分，本次3分"},
		{name: "per unit, just below the half", c: Case{Item: "hour", OccurredOn: 20260310, Quantity: 1249}, value: 2 * pt, counted: 2 * pt, last: "计时：1.249小时，每小时2分（四舍五入到整分），一次最多6分，本次2分"},
		{name: "per unit, no more than its most", c: Case{Item: "hour", OccurredOn: 20260310, Quantity: MaxQuantity}, value: 6 * pt, counted: 6 * pt, last: "计时：1000000小时，每小时2分（四舍五入到整分），一次最多6分，本次6分"},
		{name: "first fault", c: Case{Item: "litter", OccurredOn: 20260310}, value: -10 * pt, warned: true, last: "首次发生，先警告不扣分；2027年3月10日前再犯扣10分"},
		{name: "last day of the validity", c: Case{Item: "litter", OccurredOn: 20270309}, history: []Decided{warned(1, "litter", 20260310)},
			value: -10 * pt, counted: -10 * pt, last: "2026年3月10日已警告，本次为再犯，扣10分"},
		{name: "validity over", c: Case{Item: "litter", OccurredOn: 20270310}, history: []Decided{warned(1, "litter", 20260310)},
			value: -10 * pt, warned: true, last: "首次发生，先警告不扣分；2028年3月10日前再犯扣10分"},
		{name: "an earlier fault that arrives late is the repetition", c: Case{Item: "litter", OccurredOn: 20250311}, history: []Decided{warned(1, "litter", 20260310)},
			value: -10 * pt, counted: -10 * pt, last: "2026年3月10日已警告，本次为再犯，扣10分"},
		{name: "too early to be the repetition", c: Case{Item: "litter", OccurredOn: 20250310}, history: []Decided{warned(1, "litter", 20260310)},
			value: -10 * pt, warned: true, last: "首次发生，先警告不扣分；2026年3月10日前再犯扣10分"},
		{name: "deduction capped", c: Case{Item: "burn", OccurredOn: 20260310}, history: []Decided{warned(1, "burn", 20260301), had(2, "burn", "eco", 20260305, -5*pt)},
			value: -5 * pt, counted: -3 * pt, last: "本年这件事最多扣8分，已扣5分，本次扣3分"},
		{name: "days of validity", c: Case{Item: "burn", OccurredOn: 20260331}, history: []Decided{warned(1, "burn", 20260301)},
			value: -5 * pt, warned: true, last: "首次发生，先警告不扣分；2026年4月30日前再犯扣5分"},
		{name: "the case itself is no history", c: Case{ID: 9, Item: "tree", OccurredOn: 20260310}, history: []Decided{had(9, "tree", "eco", 20260310, 10*pt)},
			value: 10 * pt, counted: 10 * pt, last: "植树：每次10分"},
	}
	for _, tt := range tests {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			tt.c.Account = 7
			if tt.c.Member == 0 {
				tt.c.Member = 70
			}
			d, err := Decide(s, tt.c, NewFacts(slices.Clone(tt.history)))
			if err != nil {
				t.Fatal(err)
			}
			if d.Value != tt.value || d.Counted != tt.counted || d.Warned != tt.warned || d.Reasons[len(d.Reasons)-1] != tt.last {
				t.Errorf("got value %s counted %s warned %v reasons %q", d.Value, d.Counted, d.Warned, d.Reasons)
			}
			if (len(d.Tags) > 0) != d.Warned || (len(d.Changes) > 0) != (d.Counted != 0) {
				t.Errorf("changes %v tags %v", d.Changes, d.Tags)
			}
		})
	}
}

func TestDecideChanges(t *testing.T) {
	s := parseVillage(t)
	for _, tt := range []struct {
		name, want string
		c          Case
	}{
		{"award_goes_to_every_wallet_that_earns", "spend 1 add, year 1 add, honor 1 add", Case{Item: "help", Quantity: 1}},
		{"deduction_is_full_on_the_score_and_spares_honour", "spend -5 stop_at_floor, year -5 add", Case{Item: "check", Grade: "poor"}},
		{"debt_where_allowed", "loan -3 add, year -3 add", Case{Item: "lend"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Account, tt.c.OccurredOn = 7, 20260310
			d, err := Decide(s, tt.c, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, ch := range d.Changes {
				if ch.Account != 7 {
					t.Errorf("account %v", ch.Account)
				}
				got = append(got, fmt.Sprintf("%s %s %s", ch.Wallet, ch.Amount, ch.Intent))
			}
			if g := strings.Join(got, ", "); g != tt.want {
				t.Errorf("got %s", g)
			}
		})
	}
	if got := s.SpendOrder(); !slices.Equal(got, []string{"spend", "loan"}) || s.ScoreWallet() != "year" {
		t.Errorf("spend order %v, score %s", got, s.ScoreWallet())
	}
}

func TestValidate(t *testing.T) {
	s := parseVillage(t)
	ok := Case{Item: "gift", OccurredOn: 20260310, Account: 7, Points: 100, Note: "修路"}
	if err := s.Validate(ok); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Case){
		"unknown item":         func(c *Case) { c.Item = "nothing" },
		"no day":               func(c *Case) { c.OccurredOn = 20260230 },
		"no account":           func(c *Case) { c.Account = 0 },
		"note missing":         func(c *Case) { c.Note = " " },
		"note too long":        func(c *Case) { c.Note = strings.Repeat("字", MaxNote+1) },
		"zero":                 func(c *Case) { c.Points = 0 },
		"too much":             func(c *Case) { c.Points = 2001 },
		"grade on a range":     func(c *Case) { c.Grade = "good" },
		"quantity on a range":  func(c *Case) { c.Quantity = 1000 },
		"points on a fixed":    func(c *Case) { c.Item = "sweep" },
		"unknown grade":        func(c *Case) { c.Item, c.Points, c.Grade = "check", 0, "best" },
		"no quantity":          func(c *Case) { c.Item, c.Points = "help", 0 },
		"quantity too large":   func(c *Case) { c.Item, c.Points, c.Quantity = "help", 0, MaxQuantity+1 },
		"day before the item":  func(c *Case) { c.Item, c.Points, c.OccurredOn = "old", 0, 20260228 },
		"day behind the item":  func(c *Case) { c.Item, c.Points, c.OccurredOn = "old", 0, 20260401 },
		"zero inside of range": func(c *Case) { c.Item, c.Points = "panel", 0 },
	} {
		c := ok
		spoil(&c)
		err := s.Validate(c)
		if errs.KindOf(err) != errs.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err2 := Decide(s, c, nil); err2 == nil || err2.Error() != err.Error() {
			t.Errorf("%s: Decide says %v, Validate %v", name, err2, err)
		}
	}
	for _, day := range []clock.Day{20260301, 20260331} {
		if err := s.Validate(Case{Item: "old", OccurredOn: day, Account: 7}); err != nil {
			t.Errorf("%v: %v", day, err)
		}
	}
	if err := template(t, "luoyu").Validate(Case{Item: "qingsao", OccurredOn: 20260310, Account: 7}); errs.As(err) == nil || errs.As(err).Code != ErrNeedsMember.Code {
		t.Errorf("a person's scheme without a person: %v", err)
	}
}

func TestNeeds(t *testing.T) {
	s := parseVillage(t)
	k := Needs(s, []Case{
		{Item: "sweep", Account: 8, OccurredOn: 20260310}, {Item: "sweep", Account: 7, OccurredOn: 20260310},
		{Item: "burn", Account: 7, OccurredOn: 20260310}, {Item: "no such item", Account: 7, OccurredOn: 20260310},
	})
	var got []string
	for _, w := range k.Windows {
		got = append(got, fmt.Sprint(w.Accounts, w.Items, w.Classes, w.From, w.To))
	}
	want := []string{
		"[7 8] [sweep] [] 2026-03-01 2026-03-31",
		"[7 8] [] [eco] 2026-03-01 2026-03-31",
		"[7 8] [] [] 2026-03-10 2026-03-10",
		"[7] [burn] [] 2026-01-01 2026-12-31",
		"[7] [burn] [] 2026-02-08 2026-04-09",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	h := NewFacts([]Decided{had(2, "a", "", 1, 0), had(1, "b", "", 1, 0), had(2, "a", "", 1, 0), {Account: 8, Case: 5, No: 3}})
	if len(h.byAccount) != 2 || len(h.byAccount[7]) != 2 || h.byAccount[7][0].No != 1 {
		t.Errorf("history %+v", h)
	}
}

func BenchmarkDecide(b *testing.B) {
	s := parseVillage(b)
	var history []Decided
	for i := range int64(200) {
		history = append(history, had(i+1, []string{"sweep", "tree", "burn"}[i%3], "eco", clock.Day(20260101).Add(int(i)), points.Point/10))
	}
	f := NewFacts(history)
	c := Case{ID: 999, Item: "sweep", Account: 7, Member: 70, OccurredOn: 20260310}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decide(s, c, f); err != nil {
			b.Fatal(err)
		}
	}
}
