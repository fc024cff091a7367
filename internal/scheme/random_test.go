package scheme

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// anyScheme is a scheme file with up to eight items of every kind of value and whatever limits and consequences fit.
// Plain ones have no budgets, thresholds, effects, faults and settings of the score: nothing but records of earlier
// deeds matters to their decisions.
func anyScheme(t *rapid.T, plain bool) *Scheme {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	maybe := func(label string) bool { return rapid.IntRange(0, 2).Draw(t, label) == 0 }
	pts := func(label string) string {
		return points.Amount(rapid.IntRange(1, 12).Draw(t, label) * 50).String()
	}
	per := func() string {
		return pick("per", "day", "week", "month", "two_months", "quarter", "half", "year", "life")
	}
	caps := func(of ...string) string {
		c := "{per: " + per() + ", of: " + pick("of", of...)
		if rapid.Bool().Draw(t, "times") {
			return c + ", times: " + fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "n")) + "}"
		}
		return c + ", points: " + pts("cap") + ", on: " + pick("on", OnAwards, OnDeductions, OnBoth) + "}"
	}
	b := &strings.Builder{}
	b.WriteString("format: 1\ntitle: 某村\nsubject: " + pick("subject", SubjectHousehold, SubjectPooled) + "\nrounding: " + pick("rounding", "none", "nearest", "down", "up") +
		"\nwallets:\n  - {code: spend, name: 可兑积分, kind: spend}\n  - {code: year, name: 年度积分, kind: score}\n  - {code: honor, name: 荣誉, kind: score, gains_only: true}\n  - {code: base, name: 基础分, kind: base}\nbase: {wallet: base, points: 10}\n")
	if maybe("charge") {
		b.WriteString("charge: [spend, base]\n")
	}
	b.WriteString("classes:\n  - {code: eco, name: 环境")
	if maybe("class caps") {
		b.WriteString(", caps: [" + caps(OfAccount, OfMember, OfGroup, OfVillage) + "]")
	}
	b.WriteString("}\n  - {code: free, name: 其他}\n")
	if maybe("caps") {
		b.WriteString("caps: [" + caps(OfAccount, OfMember, OfVillage) + "]\n")
	}
	b.WriteString("conflicts: [{code: group, name: 同类, same: " + pick("same", "deed", "day", "month", "year") + "}]\n")
	if maybe("campaign") {
		b.WriteString("campaigns: [{name: 双倍, from: 2026-01-10, to: 2026-01-31, factor: " + pick("factor", "2", "1.5", "0.333") + ", beyond_caps: " + pick("beyond", "true", "false") + "}]\n")
	}
	if !plain {
		b.WriteString("open_fault: " + pick("open_fault", "wait", "lost", "count") + "\n")
		if maybe("budget") {
			b.WriteString("budgets: [{per: month, points: " + pts("budget") + ", beyond: " + pick("beyond budget", "wait", "cut") + "}]\n")
		}
		if maybe("threshold") {
			b.WriteString("thresholds: [{code: low, name: 偏低, of: [year], below: -1, then: suspended}]\n")
		}
	}
	b.WriteString("items:\n  - {code: always, name: 扫地, class: free, points: 5}\n")
	for i := range rapid.IntRange(1, 8).Draw(t, "items") {
		fmt.Fprintf(b, "  - {code: i%d, name: 事项%d, class: %s, %s", i, i, pick("class", "eco", "free"), anyValue(t, plain))
		if maybe("item caps") {
			b.WriteString(", caps: [" + caps(OfAccount, OfMember, OfGroup) + "]")
		}
		b.WriteString("}\n")
	}
	s, problems := Parse([]byte(b.String()))
	if s == nil {
		t.Fatalf("%v\n%s", problems, b.String())
	}
	return s
}

// anyValue is the value of an item with what may stand beside it.
func anyValue(t *rapid.T, plain bool) string {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	fault := func() string {
		s := "points: -" + pick("loss", "1", "2.5", "4")
		if rapid.Bool().Draw(t, "repeat") {
			s += ", repeat: {" + pick("term", "months: 1", "days: 10", "until: year") + ", factor: 2, each: " + pick("each", "true", "false") + "}"
		}
		if plain {
			return s
		}
		return s + pick("consequence", "", ", warn_first: {days: 20}", ", effects: {zero: [spend]}", ", effects: {open_fault: {fix_days: 5}}", ", effects: {veto: {months: 1}}")
	}
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 0:
		return fault()
	case 1:
		return "range: {from: -5, to: 5}"
	case 2:
		return "grades: [{code: good, name: 好, points: 3}, {code: poor, name: 差, points: -2}]" + pick("state", "", ", state: month", ", state: two_months")
	case 3:
		return "steps: {unit: 小时, tiers: [{up_to: 2, points: 1}, {points: 2}]}"
	case 4:
		return "per_unit: {unit: 公斤, points: 0.37, round: " + pick("round", "none", "nearest", "down", "up") + "}"
	case 5:
		return "brackets: {unit: 元, least: 2, tiers: [{up_to: 6, every: 2, points: 1}, {every: 3, points: 1}]}"
	case 6:
		return "faults: {unit: 处, full: 12, each: -3, floor: 0}" + pick("state", "", ", state: quarter")
	case 7:
		return "milestones: {unit: 小时, per: " + pick("milestone", "month", "year") + ", tiers: [{at: 3, points: 1}, {at: 8, points: 4}], sum: " + pick("sum", "true", "false") + "}"
	case 8:
		return "streak: {days: 2, at_least: 0.5, points: 5}"
	case 9:
		return "sheet: {parts: [{code: a, name: 甲, full: 3}, {code: b, name: 乙, options: [{code: x, name: 好, points: 2}, {code: y, name: 差, points: -1}]}]}, state: month"
	case 10:
		return "points: " + pick("gain", "1", "2.5", "4") + ", conflict: group"
	case 11:
		return "points: -2, parties: [{role: self, name: 本户, who: self}, {role: other, name: 另一方, who: named, max: 2}, {role: third, name: 第三方, who: named, min: 0, " + pick("third", "points: 1", "factor: -0.5", "factor: 0.5") + "}]"
	}
	return "points: " + pick("gain", "1", "2.5", "4") + pick("valid", "", ", valid: {months: 1}", ", repeat: {days: 5, factor: 2}")
}

// anyCaseOf is a case that one of the scheme's items takes.
func anyCaseOf(t *rapid.T, s *Scheme) Case {
	item := &s.Items[rapid.IntRange(0, len(s.Items)-1).Draw(t, "item")]
	account := id.ID(rapid.IntRange(7, 9).Draw(t, "account"))
	c := Case{Item: item.Code, Account: account, Household: account, Group: 1 + account%2, Member: account*10 + id.ID(rapid.IntRange(0, 1).Draw(t, "member")),
		OccurredOn: clock.Day(20260101).Add(rapid.IntRange(0, 75).Draw(t, "day")), Event: id.ID(max(0, rapid.IntRange(-3, 2).Draw(t, "event")))}
	switch v := &item.Value; v.Kind {
	case ValueRange:
		if c.Points = points.Amount(rapid.IntRange(-500, 500).Draw(t, "points")); c.Points == 0 {
			c.Points = 1
		}
	case ValueGrades:
		c.Grade = rapid.SampledFrom([]string{"good", "poor"}).Draw(t, "grade")
	case ValueSheet:
		c.Parts = []PartResult{{Code: "a", Off: points.Amount(rapid.IntRange(0, 3).Draw(t, "off")) * 100}, {Code: "b", Option: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "option")}}
	case ValueFaults:
		c.Quantity = int64(rapid.IntRange(0, 5).Draw(t, "faults")) * 1000
	default:
		if v.Quantified() {
			c.Quantity = int64(rapid.IntRange(1, 9000).Draw(t, "quantity"))
		}
	}
	for _, p := range item.Parties {
		if p.Who == PartyNamed {
			for k := range rapid.IntRange(p.Min, p.Max).Draw(t, p.Role) {
				other := 7 + (account-7+1+id.ID(k))%3
				c.Parties = append(c.Parties, Party{Role: p.Role, Account: other, Household: other, Member: other * 10, Group: 1 + other%2})
			}
		}
	}
	return c
}

func anyCasesOf(t *rapid.T, s *Scheme, n int) []Case {
	out := make([]Case, rapid.IntRange(1, n).Draw(t, "n"))
	for i := range out {
		out[i] = anyCaseOf(t, s)
	}
	return out
}

// The same input gives the same output, Needs asks for everything that matters, and nothing that counts is out of bounds.
func TestPropertyRandomSchemes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScheme(t, false)
		d := newDiary(s)
		for _, c := range anyCasesOf(t, s, 20) {
			filled, dec, err := d.decide(c)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			if _, again, _ := d.decide(c); !reflect.DeepEqual(dec, again) {
				t.Fatalf("same input, other output:\n%+v\n%+v", dec, again)
			}
			wide := Needs(s, []Case{filled})
			wide.Windows = []Window{{To: clock.Forever}}
			if whole, err := Decide(s, filled, d.facts(wide)); err != nil || !reflect.DeepEqual(dec, whole) {
				t.Fatalf("%+v with everything\n%+v\n%+v %v", filled, dec, whole, err)
			}
			if len(dec.Reasons) == 0 || dec.Waits && (dec.Counted != 0 || dec.Changes != nil) {
				t.Fatalf("%+v", dec)
			}
			for _, ch := range dec.Changes {
				if w, ok := s.Wallet(ch.Wallet); !ok || ch.Account == 0 || w.GainsOnly && ch.Amount < 0 && dec.Replaced == 0 {
					t.Fatalf("%+v of %+v", ch, dec)
				}
			}
			d.post(filled, dec)
		}
	})
}

// A year decided in one batch equals the same year decided in two halves, and one by one.
func TestPropertyBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScheme(t, false)
		cs := anyCasesOf(t, s, 16)
		cut := rapid.IntRange(0, len(cs)).Draw(t, "cut")
		single, whole, halves := newDiary(s), newDiary(s), newDiary(s)
		var one []Decision
		for _, c := range cs {
			dec, err := single.do(c)
			if err != nil {
				t.Fatal(err)
			}
			one = append(one, unknown(dec))
		}
		if got := whole.batch(t, cs); !reflect.DeepEqual(one, got) {
			t.Fatalf("as a batch: %s", differ(one, got))
		}
		if got := append(halves.batch(t, cs[:cut]), halves.batch(t, cs[cut:])...); !reflect.DeepEqual(one, got) {
			t.Fatalf("in two halves at %d: %s", cut, differ(one, got))
		}
		if !reflect.DeepEqual(single.amounts, halves.amounts) || !reflect.DeepEqual(single.history, halves.history) {
			t.Fatalf("%v\n%v", single.amounts, halves.amounts)
		}
	})
}

// unknown leaves out what a decision says of the balance of a wallet that it empties: within a batch only the ledger
// knows it, which is why the change is an intent.
func unknown(d Decision) Decision {
	d.Changes, d.Reasons = slices.Clone(d.Changes), slices.Clone(d.Reasons)
	for i := range d.Changes {
		if d.Changes[i].Intent == Zero {
			d.Changes[i].Amount = 0
		}
	}
	for i := range d.Reasons {
		if strings.Contains(d.Reasons[i], "清零，原有") {
			d.Reasons[i] = "清零"
		}
	}
	return d
}

func differ(a, b []Decision) string {
	for i := range a {
		if !reflect.DeepEqual(a[i], b[i]) {
			return fmt.Sprintf("case %d\n%+v\n%+v", i+1, a[i], b[i])
		}
	}
	return ""
}

// batch decides cases together: what they need is loaded once, and each decision is noted for the next.
func (d *diary) batch(t *rapid.T, cs []Case) []Decision {
	cs = slices.Clone(cs)
	no := int64(len(d.cases))
	for i := range cs {
		cs[i].ID = id.ID(int(no) + i + 1)
		if item, _ := d.s.Item(cs[i].Item); item.Value.Kind == ValueRange {
			cs[i].Note = "理由"
		}
	}
	f := d.facts(Needs(d.s, cs))
	var out []Decision
	for i, c := range cs {
		dec, err := Decide(d.s, c, f)
		if err != nil {
			t.Fatal(err)
		}
		if !dec.Waits {
			f.Note(d.s, c, dec, no+int64(i)+1)
		}
		out = append(out, dec)
	}
	for i, c := range cs {
		d.post(c, out[i])
		out[i] = unknown(out[i])
	}
	return out
}

// Taking a case back and deciding anew only what depends on it, in the order of decision, leaves what there would be had
// it never been: a case depends on it if it asks for its records, or for those of another one that came out differently.
func TestPropertyReversal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScheme(t, true)
		d := newDiary(s)
		var made []Decision
		for _, c := range anyCasesOf(t, s, 16) {
			dec, err := d.do(c)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, dec)
		}
		gone := id.ID(rapid.IntRange(1, len(d.cases)).Draw(t, "gone"))
		never := replayWithout(d, gone)
		touched := slices.Clone(d.history)
		touched = slices.DeleteFunc(touched, func(r Decided) bool { return r.Case != gone })
		again := newDiary(s)
		for i, c := range d.cases {
			if c.ID == gone {
				continue
			}
			dec := made[i]
			if k := Needs(s, []Case{c}); slices.ContainsFunc(touched, func(r Decided) bool {
				return slices.ContainsFunc(k.Windows, func(w Window) bool { return w.wants(&r) })
			}) {
				_, dec, _ = again.decide(c)
				if !reflect.DeepEqual(dec, made[i]) {
					touched = append(touched, Remember(s, c, dec, int64(i+1))...)
				}
			}
			again.post(c, dec)
			if !reflect.DeepEqual(dec, never[c.ID]) {
				t.Fatalf("case %d %+v\n%+v\nhad case %d never been:\n%+v", c.ID, c, dec, gone, never[c.ID])
			}
		}
	})
}
