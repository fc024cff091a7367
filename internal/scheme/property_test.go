package scheme

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

var anyCase = rapid.Custom(func(t *rapid.T) Case {
	c := Case{
		Account:    id.ID(rapid.IntRange(7, 8).Draw(t, "account")),
		Member:     id.ID(rapid.IntRange(70, 72).Draw(t, "member")),
		OccurredOn: clock.Day(20260101).Add(rapid.IntRange(0, 60).Draw(t, "day")),
	}
	c.Item = rapid.SampledFrom([]string{"sweep", "tree", "gift", "panel", "litter", "burn", "check", "help", "once", "weekly", "hour"}).Draw(t, "item")
	switch c.Item {
	case "gift":
		c.Points, c.Note = points.Amount(rapid.IntRange(100, 2000).Draw(t, "points")), "理由"
	case "panel":
		c.Points, c.Note = points.Amount(rapid.IntRange(1, 2000).Draw(t, "points")), "理由"
		if rapid.Bool().Draw(t, "loss") {
			c.Points = -c.Points
		}
	case "check":
		c.Grade = rapid.SampledFrom([]string{"good", "poor"}).Draw(t, "grade")
	case "help", "hour":
		c.Quantity = int64(rapid.IntRange(1, 5000).Draw(t, "quantity"))
	}
	return c
})

// replay decides cases in order, the way cases does: what Needs asks for, of what was decided before. It answers the
// decisions and the history that they leave.
func replay(t *rapid.T, s *Scheme, cs []Case, history []Decided) ([]Decision, []Decided) {
	var out []Decision
	for _, c := range cs {
		c.ID = id.ID(len(history) + 1)
		var loaded []Decided
		for _, w := range Needs(s, []Case{c}).Windows {
			for _, d := range history {
				if asked(w, d) {
					loaded = append(loaded, d)
				}
			}
		}
		facts := NewFacts(loaded)
		d, err := Decide(s, c, facts)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Decide(s, c, facts)
		whole, _ := Decide(s, c, NewFacts(slices.Clone(history)))
		if !reflect.DeepEqual(d, again) {
			t.Fatalf("same input, other output: %+v %+v", d, again)
		}
		if !reflect.DeepEqual(d, whole) {
			t.Fatalf("Needs asked for too little: %+v, with everything %+v", d, whole)
		}
		item, _ := s.Item(c.Item)
		history = append(history, Decided{Case: c.ID, Account: c.Account, Member: c.Member, Item: c.Item, Class: item.Class,
			OccurredOn: c.OccurredOn, No: int64(len(history) + 1), Counted: d.Counted, Warned: d.Warned})
		out = append(out, d)
	}
	return out, history
}

func asked(w Window, d Decided) bool {
	in := func(list []string, s string) bool { return len(list) == 1 && list[0] == s }
	for _, a := range w.Accounts {
		if a == d.Account && w.From <= d.OccurredOn && d.OccurredOn <= w.To {
			return len(w.Items)+len(w.Classes) == 0 || in(w.Items, d.Item) || in(w.Classes, d.Class)
		}
	}
	return false
}

func TestPropertyNothingExceedsACap(t *testing.T) {
	s := parseVillage(t)
	rapid.Check(t, func(t *rapid.T) {
		cs := rapid.SliceOfN(anyCase, 1, 40).Draw(t, "cases")
		_, history := replay(t, s, cs, nil)
		for i := range s.Items {
			it := &s.Items[i]
			withinCaps(t, it.Caps, history, func(d Decided) bool { return d.Item == it.Code })
		}
		for _, c := range s.Classes {
			withinCaps(t, c.Caps, history, func(d Decided) bool { return d.Class == c.Code })
		}
		withinCaps(t, s.Caps, history, func(Decided) bool { return true })
	})
}

func withinCaps(t *rapid.T, caps []Cap, history []Decided, within func(Decided) bool) {
	type key struct {
		who  id.ID
		from clock.Day
		loss bool
	}
	for i := range caps {
		c := &caps[i]
		sum, times := map[key]points.Amount{}, map[key]int{}
		for _, d := range history {
			if !within(d) || !c.limits(d.Counted) {
				continue
			}
			from, _ := c.window(d.OccurredOn)
			who := d.Account
			if c.Of == OfMember {
				who = d.Account*1000 + d.Member
			}
			k := key{who, from, d.Counted < 0}
			sum[k] += d.Counted.Abs()
			times[k]++
			if c.Points > 0 && sum[k] > c.Points || c.Times > 0 && times[k] > c.Times {
				t.Fatalf("cap %+v exceeded: %s in %d records", *c, sum[k], times[k])
			}
		}
	}
}

func TestPropertyTwoHalvesEqualOneRun(t *testing.T) {
	s := parseVillage(t)
	rapid.Check(t, func(t *rapid.T) {
		cs := rapid.SliceOfN(anyCase, 2, 40).Draw(t, "cases")
		cut := rapid.IntRange(0, len(cs)).Draw(t, "cut")
		one, history := replay(t, s, cs, nil)
		first, half := replay(t, s, cs[:cut], nil)
		second, both := replay(t, s, cs[cut:], half)
		if !reflect.DeepEqual(one, append(first, second...)) || !reflect.DeepEqual(history, both) {
			t.Fatal("two halves differ from one run")
		}
	})
}

var lastNumber = regexp.MustCompile(`(扣|计|评|每次|，|本次)([0-9.]+)分$`)

// Reasons name what was decided: the number at the end of the last sentence is what counted.
func TestPropertyReasonsMatch(t *testing.T) {
	s := parseVillage(t)
	rapid.Check(t, func(t *rapid.T) {
		decisions, _ := replay(t, s, rapid.SliceOfN(anyCase, 1, 30).Draw(t, "cases"), nil)
		for _, d := range decisions {
			last := d.Reasons[len(d.Reasons)-1]
			m := lastNumber.FindStringSubmatch(last)
			if m == nil {
				t.Fatalf("no number in %q", last)
			}
			said, err := points.Parse(m[2])
			want := d.Counted.Abs()
			if d.Warned {
				want = d.Value.Abs() // what the next one would cost
			}
			if err != nil || said != want {
				t.Fatalf("%q, but counted %s", last, d.Counted)
			}
			if d.Counted.Abs() > d.Value.Abs() || d.Counted != 0 && (d.Counted < 0) != (d.Value < 0) {
				t.Fatalf("counted %s of %s", d.Counted, d.Value)
			}
		}
	})
}
