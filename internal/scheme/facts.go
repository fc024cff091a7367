package scheme

import (
	"cmp"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Keys is what must be guarded and loaded before a batch of cases is decided.
type Keys struct {
	Accounts []id.ID  // every account that the decisions read or move, sorted: to be guarded
	Guards   []string // limits that accounts share, unique within the village: to be guarded
	Windows  []Window
	Measures []Measure
	Issued   []Issue
	Tags     bool // the tags that stand on the accounts
	Shares   bool // cases of other accounts may count for these, because some item has parties
}

// Window asks for the decided records of some accounts, of some groups, or of the whole village where both are empty,
// whose deed fell between two days, both inside, of some items or of some classes; of all where both are empty.
// Windows may overlap.
type Window struct {
	Accounts []id.ID
	Groups   []id.ID
	Items    []string
	Classes  []string
	From, To clock.Day
}

// Holds reports whether a record lies in the window.
func (w *Window) Holds(d *Decided) bool {
	if d.OccurredOn < w.From || w.To < d.OccurredOn {
		return false
	}
	if len(w.Accounts) > 0 && !slices.Contains(w.Accounts, d.Account) || len(w.Groups) > 0 && !slices.Contains(w.Groups, d.Group) {
		return false
	}
	return (len(w.Items) == 0 || slices.Contains(w.Items, d.Item)) && (len(w.Classes) == 0 || slices.Contains(w.Classes, d.Class))
}

// Measure asks for the net total of a year in a score wallet, or for the available balance of another wallet, where
// Year is zero.
type Measure struct {
	Account id.ID
	Wallet  string
	Year    clock.Span
}

// Issue asks for the sum of all awards of the village in some classes, of all where empty, of deeds between two days.
type Issue struct {
	From, To clock.Day
	Classes  []string
}

// key is the guard of the budget and its name among the facts.
func (i Issue) key() string {
	k := "budget:" + i.From.String()
	for _, c := range i.Classes {
		k += ":" + c
	}
	return k
}

// Facts is what Needs asked for. It may hold more; Decide looks only at what concerns it.
type Facts struct {
	Scores map[Measure]points.Amount
	Tags   map[id.ID][]Tag // that stand on the day

	issued    map[string]points.Amount
	byAccount map[id.ID][]Decided // each in the order of No
	byGroup   map[id.ID][]Decided // zero: the whole village
}

// NewFacts sorts what the windows brought by order of decision and drops the copies that overlapping windows bring. One
// case may hold several records of the same person, who has several roles in it.
func NewFacts(rows []Decided) *Facts {
	slices.SortFunc(rows, func(a, b Decided) int {
		return cmp.Or(cmp.Compare(a.No, b.No), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Member, b.Member), cmp.Compare(a.Group, b.Group))
	})
	rows = slices.Compact(rows)
	f := &Facts{byAccount: make(map[id.ID][]Decided, 8), byGroup: make(map[id.ID][]Decided, 4)}
	for _, d := range rows {
		f.add(d)
	}
	return f
}

func (f *Facts) add(d Decided) {
	f.byAccount[d.Account] = append(f.byAccount[d.Account], d)
	f.byGroup[0] = append(f.byGroup[0], d)
	if d.Group != 0 {
		f.byGroup[d.Group] = append(f.byGroup[d.Group], d)
	}
}

// Issued notes what the village has issued of one of the sums that Needs asked for.
func (f *Facts) Issued(i Issue, sum points.Amount) {
	if f.issued == nil {
		f.issued = map[string]points.Amount{}
	}
	f.issued[i.key()] += sum
}

// Note adds a decision just made, so that the next one of the batch rests on it. no is its place in the order.
func (f *Facts) Note(s *Scheme, c Case, d Decision, no int64) {
	for _, rec := range Remember(s, c, d, no) {
		f.add(rec)
	}
	for i := range d.Changes {
		ch := &d.Changes[i]
		for m := range f.Scores {
			if m.Account == ch.Account && m.Wallet == ch.Wallet && !ch.Pending && (m.Year == 0 || m.Year == clock.YearSpan(c.day())) {
				f.Scores[m] += ch.Amount
			}
		}
	}
	for i := range s.Budgets {
		if b := &s.Budgets[i]; b.covers(s, &c) {
			f.Issued(b.issue(c.OccurredOn), d.awarded())
		}
	}
	for _, t := range d.Tags {
		if f.Tags == nil {
			f.Tags = map[id.ID][]Tag{}
		}
		f.Tags[t.Account] = append(f.Tags[t.Account], t)
	}
	for _, l := range d.Lifts {
		f.Tags[l.Account] = slices.DeleteFunc(f.Tags[l.Account], func(t Tag) bool { return t.Code == l.Code })
	}
}

// Remember is what later decisions remember of one: a record of the case's own account and one of each share.
func Remember(s *Scheme, c Case, d Decision, no int64) []Decided {
	rec := Decided{Case: c.ID, Account: c.Account, Member: c.Member, Group: c.Group, Event: c.Event, Item: c.Item, Grade: c.Grade,
		Quantity: c.Quantity, OccurredOn: c.OccurredOn, No: no, Counted: d.Counted, Replaced: d.Replaced, Warned: d.Warned}
	if item, ok := s.items[c.Item]; ok {
		rec.Class = item.Class
	}
	out := []Decided{rec}
	for _, sh := range d.Shares {
		rec.Role, rec.Account, rec.Member, rec.Group, rec.Counted, rec.Replaced, rec.Warned = sh.Role, sh.Account, sh.Member, sh.Group, sh.Counted, sh.Replaced, sh.Warned
		out = append(out, rec)
	}
	return out
}

// awarded is what the decision issues: what it gives, less what earlier records had given in its place.
func (d *Decision) awarded() points.Amount {
	sum := gained(d.Counted, d.Replaced)
	for _, sh := range d.Shares {
		sum += gained(sh.Counted, sh.Replaced)
	}
	return sum
}

func gained(counted, replaced points.Amount) points.Amount {
	return max(counted+replaced, 0) - max(replaced, 0)
}
