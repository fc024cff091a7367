package preview

import (
	"cmp"
	"maps"
	"slices"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// comparison decides cases by new rules and holds the result beside what they count now.
type comparison struct {
	now, rules *scheme.Scheme
	facts      *scheme.Facts
	cases      int
	issued     [2]points.Amount // old, new
	taken      [2]points.Amount
	classes    map[string]*Line
	months     map[string]*Line
	accounts   map[id.ID]*Account
	refused    map[Refused]int
}

func newComparison(now, rules *scheme.Scheme) *comparison {
	c := &comparison{now: now, rules: rules, facts: scheme.NewFacts(nil), classes: map[string]*Line{}, months: map[string]*Line{},
		accounts: map[id.ID]*Account{}, refused: map[Refused]int{}}
	c.facts.Scores = map[scheme.Measure]points.Amount{}
	c.facts.Tags = map[id.ID][]scheme.Tag{}
	return c
}

// run decides the deeds in their order.
func (c *comparison) run(deeds []cases.Deed) {
	for i := range deeds {
		d := &deeds[i]
		c.add(d, 0, d.Account, d.Counted)
		for _, sh := range d.Shares {
			c.add(d, 0, sh.Account, sh.Counted)
		}
		deed := d.Case
		deed.CountedOn, deed.DecidedOn = 0, 0
		for _, m := range scheme.Needs(c.rules, []scheme.Case{deed}).Measures {
			if _, there := c.facts.Scores[m]; !there {
				c.facts.Scores[m] = c.base(m)
			}
		}
		decision, err := scheme.Decide(c.rules, deed, c.facts)
		if err != nil || decision.Waits {
			c.refuse(d, err)
			continue
		}
		c.cases++
		c.facts.Note(c.rules, deed, decision, int64(c.cases))
		c.add(d, 1, d.Account, decision.Counted)
		for _, sh := range decision.Shares {
			c.add(d, 1, sh.Account, sh.Counted)
		}
	}
}

// base is where a measure begins: the base score in its wallet, nothing elsewhere.
func (c *comparison) base(m scheme.Measure) points.Amount {
	if b := c.rules.Base; b != nil && m.Year == 0 && m.Wallet == b.Wallet {
		return b.Points
	}
	return 0
}

func (c *comparison) refuse(d *cases.Deed, err error) {
	why := "超出发放总额，要等下一期"
	if e := errs.As(err); e != nil {
		why = e.Msg
	}
	r := Refused{Item: d.Item, Name: d.Item, Why: why}
	if item, ok := c.now.Item(d.Item); ok {
		r.Name = item.Name
	}
	c.refused[r]++
}

// add counts points of a deed for an account, on the old (0) or the new (1) side.
func (c *comparison) add(d *cases.Deed, side int, account id.ID, counted points.Amount) {
	if counted > 0 {
		c.issued[side] += counted
	} else {
		c.taken[side] -= counted
	}
	class, rules := d.Class, c.now
	if side == 1 {
		item, _ := c.rules.Item(d.Item)
		class, rules = item.Class, c.rules
	}
	name := class
	if k, ok := rules.Class(class); ok {
		name = k.Name
	}
	month := clock.MonthSpan(d.OccurredOn)
	for _, l := range [...]*Line{line(c.classes, class, name), line(c.months, month.String(), month.Chinese())} {
		if side == 0 {
			l.Old += counted
		} else {
			l.New += counted
		}
	}
	a := c.accounts[account]
	if a == nil {
		a = &Account{ID: account}
		c.accounts[account] = a
	}
	if side == 0 {
		a.Old += counted
	} else {
		a.New += counted
	}
}

func line(lines map[string]*Line, key, name string) *Line {
	if lines[key] == nil {
		lines[key] = &Line{Key: key, Name: name}
	}
	return lines[key]
}

// report sums up: lines by their key, accounts by how much they gain or lose.
func (c *comparison) report() Report {
	r := Report{Cases: c.cases, Old: c.issued[0], New: c.issued[1], OldTaken: c.taken[0], NewTaken: c.taken[1],
		Classes: sorted(c.classes), Months: sorted(c.months)}
	for k, n := range c.refused {
		k.N = n
		r.Refused = append(r.Refused, k)
	}
	slices.SortFunc(r.Refused, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Why, b.Why))
	})
	all := make([]*Account, 0, len(c.accounts))
	for _, a := range c.accounts {
		all = append(all, a)
	}
	rank(all, func(a *Account) points.Amount { return a.Old }, func(a *Account, n int) { a.OldRank = n })
	rank(all, func(a *Account) points.Amount { return a.New }, func(a *Account, n int) { a.NewRank = n })
	slices.SortFunc(all, func(a, b *Account) int { return cmp.Or(cmp.Compare(b.New-b.Old, a.New-a.Old), cmp.Compare(a.ID, b.ID)) })
	for i, a := range all {
		if a.OldRank != a.NewRank {
			r.Moved++
		}
		if a.New > a.Old && i < listedTop {
			r.Gainers = append(r.Gainers, *a)
		}
	}
	slices.Reverse(all)
	for i, a := range all {
		if a.New < a.Old && i < listedTop {
			r.Losers = append(r.Losers, *a)
		}
	}
	return r
}

func sorted(lines map[string]*Line) []Line {
	out := make([]Line, 0, len(lines))
	for _, k := range slices.Sorted(maps.Keys(lines)) {
		out = append(out, *lines[k])
	}
	return out
}

// rank gives each account the number of those above it plus one.
func rank(all []*Account, by func(*Account) points.Amount, set func(*Account, int)) {
	slices.SortFunc(all, func(a, b *Account) int { return cmp.Compare(by(b), by(a)) })
	place := 0
	for i, a := range all {
		if i == 0 || by(a) != by(all[i-1]) {
			place = i + 1
		}
		set(a, place)
	}
}
