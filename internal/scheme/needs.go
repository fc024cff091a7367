package scheme

import (
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Needs is what Decide has to know for each of the cases. Cases of items that the scheme does not have ask for nothing:
// Decide refuses them.
func Needs(s *Scheme, cs []Case) Keys {
	a := asking{scheme: s, windows: map[windowKey]int{}, keys: Keys{Shares: s.shares()}}
	for i := range cs {
		if item, ok := s.items[cs[i].Item]; ok {
			a.of(&cs[i], item)
		}
	}
	return a.done()
}

// asking gathers the keys of a batch. Windows that differ only in whose records they hold are one.
type asking struct {
	scheme  *Scheme
	keys    Keys
	windows map[windowKey]int
}

type windowKey struct {
	of       string
	items    string
	class    string
	from, to clock.Day
}

// of asks for all that one case needs, for each account that it touches.
func (a *asking) of(c *Case, item *Item) {
	for _, who := range touched(item, c) {
		a.keys.Accounts = append(a.keys.Accounts, who.Account)
		a.shared(c, item, who.Group)
		a.history(c, item, who.Account)
		a.measures(c, item, who.Account)
	}
	for i := range a.scheme.Budgets {
		b := &a.scheme.Budgets[i]
		if _, hi := item.reach(); hi > 0 && b.covers(a.scheme, c) {
			issue := b.issue(c.OccurredOn)
			if !slices.ContainsFunc(a.keys.Issued, func(x Issue) bool { return x.key() == issue.key() }) {
				a.keys.Issued = append(a.keys.Issued, issue)
				a.keys.Guards = append(a.keys.Guards, issue.key())
			}
		}
	}
}

// history asks for the account's own records.
func (a *asking) history(c *Case, item *Item, account id.ID) {
	s, day, code := a.scheme, c.OccurredOn, item.Code
	ask := func(items, class string, from, to clock.Day) {
		a.window(windowKey{OfAccount, items, class, from, to}, account)
	}
	for scope, caps := range [...][]Cap{item.Caps, s.classes[item.Class].Caps, s.Caps} {
		if from, to, any := hull(caps, item, day, func(of string) bool { return of == OfAccount || of == OfMember }); any {
			switch scope {
			case 0:
				ask(code, "", from, to)
			case 1:
				ask("", item.Class, from, to)
			default:
				ask("", "", from, to)
			}
		}
	}
	if item.WarnFirst != nil {
		from, to := item.WarnFirst.reach(day)
		ask(code, "", from, to)
	}
	if item.Repeat != nil {
		from, to := item.Repeat.reach(day)
		ask(code, "", from, to)
	}
	if item.State != "" {
		from, to := period(item.State, day)
		ask(code, "", from, to)
	}
	if g := s.conflict(item); g != nil {
		from, to := g.window(c)
		ask(strings.Join(s.conflictItems[g.Code], " "), "", from, to)
	}
	switch v := &item.Value; v.Kind {
	case ValueMilestones:
		from, to := period(v.Per, day)
		ask(code, "", from, to)
	case ValuePerPerson:
		from, to := eventWindow(c)
		ask(code, "", from, to)
	case ValueStreak:
		ask(code, "", day.Add(1-v.Streak.Days), day.Add(v.Streak.Days-1))
		a.streak(v.Streak, day, account)
	}
}

// streak asks for the days in a row that end on the day.
func (a *asking) streak(st *Streak, day clock.Day, account id.ID) {
	from := day.Add(1 - st.Days)
	if len(st.Items) == 0 && len(st.Classes) == 0 {
		a.window(windowKey{OfAccount, "", "", from, day}, account)
	}
	if len(st.Items) > 0 {
		a.window(windowKey{OfAccount, strings.Join(st.Items, " "), "", from, day}, account)
	}
	for _, class := range st.Classes {
		a.window(windowKey{OfAccount, "", class, from, day}, account)
	}
}

// shared asks for the records that limits of the group or the village count, and guards those limits.
func (a *asking) shared(c *Case, item *Item, group id.ID) {
	s := a.scheme
	for scope, caps := range [...][]Cap{item.Caps, s.classes[item.Class].Caps, s.Caps} {
		items, class, name := item.Code, "", "item:"+item.Code
		switch scope {
		case 1:
			items, class, name = "", item.Class, "class:"+item.Class
		case 2:
			items, name = "", "all"
		}
		for _, of := range [...]string{OfGroup, OfVillage} {
			from, to, any := hull(caps, item, c.OccurredOn, func(x string) bool { return x == of })
			if !any || of == OfGroup && group == 0 {
				continue
			}
			owner := group
			if of == OfVillage {
				owner = 0
			}
			a.window(windowKey{of, items, class, from, to}, owner)
			if guard := name + ":" + owner.String(); !slices.Contains(a.keys.Guards, guard) {
				a.keys.Guards = append(a.keys.Guards, guard)
			}
		}
	}
}

// measures asks for the scores and tags that thresholds, settings and zeroing rest on.
func (a *asking) measures(c *Case, item *Item, account id.ID) {
	s := a.scheme
	ask := func(wallet string) {
		m := s.measure(account, wallet, c)
		if !slices.Contains(a.keys.Measures, m) {
			a.keys.Measures = append(a.keys.Measures, m)
		}
	}
	for i := range s.Thresholds {
		if t := &s.Thresholds[i]; t.At != AtClose {
			a.keys.Tags = true
			for _, w := range t.Of {
				ask(w)
			}
		}
	}
	for _, code := range item.Credits {
		if w, _ := s.Wallet(code); item.Set && w.Kind == KindScore {
			ask(code)
		}
	}
	for _, e := range item.effects() {
		for _, code := range e.Zero {
			ask(code)
		}
	}
	if _, hi := item.reach(); hi > 0 && s.opensFaults && s.OpenFault != FaultCount {
		a.keys.Tags = true
	}
}

func (a *asking) window(k windowKey, owner id.ID) {
	i, ok := a.windows[k]
	if !ok {
		i = len(a.keys.Windows)
		a.windows[k] = i
		a.keys.Windows = append(a.keys.Windows, Window{Items: strings.Fields(k.items), Classes: strings.Fields(k.class), From: k.from, To: k.to})
	}
	w := &a.keys.Windows[i]
	switch k.of {
	case OfAccount:
		w.Accounts = append(w.Accounts, owner)
	case OfGroup:
		w.Groups = append(w.Groups, owner)
	}
}

// done sorts owners, so that the same batch asks the same question whatever its order.
func (a *asking) done() Keys {
	a.keys.Accounts = unite(a.keys.Accounts)
	for i := range a.keys.Windows {
		w := &a.keys.Windows[i]
		w.Accounts, w.Groups = unite(w.Accounts), unite(w.Groups)
	}
	slices.Sort(a.keys.Guards)
	return a.keys
}

func unite(ids []id.ID) []id.ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// hull is the days from the first to the last that any of the caps of some owner looks at for an item.
func hull(caps []Cap, item *Item, day clock.Day, of func(string) bool) (from, to clock.Day, any bool) {
	lo, hi := item.reach()
	for i := range caps {
		if !of(caps[i].Of) || caps[i].spares(item.Class) || !caps[i].limits(lo) && !caps[i].limits(hi) {
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

// measure is where a wallet's score stands for thresholds and settings.
func (s *Scheme) measure(account id.ID, wallet string, c *Case) Measure {
	m := Measure{Account: account, Wallet: wallet}
	if w, ok := s.Wallet(wallet); ok && w.Kind == KindScore {
		m.Year = clock.YearSpan(c.day())
	}
	return m
}

// shares reports whether a case may count for other accounts than its own.
func (s *Scheme) shares() bool {
	return slices.ContainsFunc(s.Items, func(i Item) bool { return len(i.Parties) > 0 })
}
