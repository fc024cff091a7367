package scheme

import (
	"cmp"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Keys is what must be guarded and loaded before a batch of cases is decided. The accounts of the cases are always
// guarded; Guards names the limits that accounts share.
type Keys struct {
	Windows []Window
	Guards  []string
}

// Window asks for the decided records of some accounts whose deed fell between two days, both inside, of some items or
// of some classes; of all where both are empty. Windows may overlap.
type Window struct {
	Accounts []id.ID
	Items    []string
	Classes  []string
	From, To clock.Day
}

// Needs is what Decide has to know for each of the cases. Cases of items that the scheme does not have ask for nothing:
// Decide refuses them.
func Needs(s *Scheme, cs []Case) Keys {
	var k Keys
	at := map[windowKey]int{}
	ask := func(c *Case, item, class string, from, to clock.Day) {
		key := windowKey{item, class, from, to}
		i, ok := at[key]
		if !ok {
			i = len(k.Windows)
			at[key] = i
			k.Windows = append(k.Windows, Window{Items: one(item), Classes: one(class), From: from, To: to})
		}
		k.Windows[i].Accounts = append(k.Windows[i].Accounts, c.Account)
	}
	for i := range cs {
		c := &cs[i]
		item, ok := s.items[c.Item]
		if !ok {
			continue
		}
		for scope, caps := range [...][]Cap{item.Caps, s.classes[item.Class].Caps, s.personCaps, s.totalCaps} {
			itemCode, class := "", ""
			switch scope {
			case 0:
				itemCode = item.Code
			case 1:
				class = item.Class
			}
			if from, to, any := hull(caps, item, c.OccurredOn); any {
				ask(c, itemCode, class, from, to)
			}
		}
		if item.WarnFirst != nil {
			from, to := item.WarnFirst.reach(c.OccurredOn)
			ask(c, item.Code, "", from, to)
		}
	}
	for i := range k.Windows {
		slices.Sort(k.Windows[i].Accounts)
		k.Windows[i].Accounts = slices.Compact(k.Windows[i].Accounts)
	}
	return k
}

// History sorts what the windows brought by order of decision, drops the copies that overlapping windows bring, and
// gives each account its own facts.
func History(rows []Decided) map[id.ID]Facts {
	slices.SortFunc(rows, func(a, b Decided) int { return cmp.Or(cmp.Compare(a.No, b.No), cmp.Compare(a.Case, b.Case)) })
	rows = slices.CompactFunc(rows, func(a, b Decided) bool { return a.Case == b.Case && a.No == b.No })
	out := map[id.ID]Facts{}
	for _, r := range rows {
		f := out[r.Account]
		f.Decided = append(f.Decided, r)
		out[r.Account] = f
	}
	return out
}

type windowKey struct {
	item, class string
	from, to    clock.Day
}

// hull is the days from the first to the last that any of the caps looks at for an item.
func hull(caps []Cap, item *Item, day clock.Day) (from, to clock.Day, any bool) {
	lo, hi := item.Value.Bounds()
	for i := range caps {
		if !caps[i].limits(lo) && !caps[i].limits(hi) {
			continue
		}
		f, t := caps[i].window(day)
		if !any || f < from {
			from = f
		}
		to, any = max(to, t), true
	}
	return from, to, any
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
