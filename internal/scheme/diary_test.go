package scheme

import (
	"slices"
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// diary is a village that decides one case after the other the way cases and the ledger do, in memory: what Needs asks
// for is all that Decide is given.
type diary struct {
	s       *Scheme
	cases   []Case
	history []Decided
	amounts map[Measure]points.Amount
	tags    map[id.ID][]Tag
	issued  []issuedOn
}

// issuedOn is what a case issued.
type issuedOn struct {
	on     clock.Day
	class  string
	points points.Amount
}

func newDiary(s *Scheme) *diary {
	return &diary{s: s, amounts: map[Measure]points.Amount{}, tags: map[id.ID][]Tag{}}
}

// wants reports whether a window asks for a record.
func (w *Window) wants(d *Decided) bool {
	if d.OccurredOn < w.From || d.OccurredOn > w.To {
		return false
	}
	if len(w.Accounts)+len(w.Groups) > 0 && !slices.Contains(w.Accounts, d.Account) && !slices.Contains(w.Groups, d.Group) {
		return false
	}
	return len(w.Items)+len(w.Classes) == 0 || slices.Contains(w.Items, d.Item) || slices.Contains(w.Classes, d.Class)
}

// facts loads what is asked for and nothing else.
func (d *diary) facts(k Keys) *Facts {
	var rows []Decided
	for i := range d.history {
		for w := range k.Windows {
			if k.Windows[w].wants(&d.history[i]) {
				rows = append(rows, d.history[i])
			}
		}
	}
	f := NewFacts(rows)
	f.Scores = map[Measure]points.Amount{}
	for _, m := range k.Measures {
		f.Scores[m] = d.amounts[m]
	}
	if k.Tags {
		f.Tags = map[id.ID][]Tag{}
		for _, a := range k.Accounts {
			f.Tags[a] = d.tags[a]
		}
	}
	for _, issue := range k.Issued {
		for _, i := range d.issued {
			if issue.From <= i.on && i.on <= issue.To && (len(issue.Classes) == 0 || slices.Contains(issue.Classes, i.class)) {
				f.Issued(issue, i.points)
			}
		}
	}
	return f
}

// decide answers what a case would be worth now. Account 7 of group 3 and member 70 do it unless the case says otherwise.
func (d *diary) decide(c Case) (Case, Decision, error) {
	if c.ID == 0 {
		c.ID = id.ID(len(d.cases) + 1)
	}
	if c.Account == 0 {
		c.Account, c.Household, c.Group = 7, 7, 3
	}
	if c.Member == 0 {
		c.Member = c.Account * 10
	}
	if item, ok := d.s.Item(c.Item); ok && item.Value.Kind == ValueRange {
		c.Note = "理由"
	}
	dec, err := Decide(d.s, c, d.facts(Needs(d.s, []Case{c})))
	return c, dec, err
}

// do decides a case and posts it.
func (d *diary) do(c Case) (Decision, error) {
	c, dec, err := d.decide(c)
	if err == nil {
		d.post(c, dec)
	}
	return dec, err
}

func (d *diary) post(c Case, dec Decision) {
	d.cases = append(d.cases, c)
	if !dec.Waits {
		d.history = append(d.history, Remember(d.s, c, dec, int64(len(d.cases)))...)
	}
	item, _ := d.s.Item(c.Item)
	d.issued = append(d.issued, issuedOn{c.OccurredOn, item.Class, dec.awarded()})
	var rest points.Amount // what the chain could not take yet
	for i := range dec.Changes {
		ch := &dec.Changes[i]
		if ch.Pending {
			continue
		}
		m := d.s.measure(ch.Account, ch.Wallet, &c)
		w, _ := d.s.Wallet(ch.Wallet)
		amount := ch.Amount
		room := -max(d.amounts[m]-w.Floor, 0)
		switch ch.Intent {
		case Rest, RestAdd:
			if amount = rest; ch.Intent == Rest {
				amount = max(amount, room)
			}
			rest -= amount
		case StopAtFloor:
			amount = max(amount, room)
			rest = ch.Amount - amount
		case Zero:
			amount = -max(d.amounts[m], 0)
		}
		d.amounts[m] += amount
	}
	for _, t := range dec.Tags {
		d.tags[t.Account] = append(d.tags[t.Account], t)
	}
	for _, l := range dec.Lifts {
		d.tags[l.Account] = slices.DeleteFunc(d.tags[l.Account], func(t Tag) bool { return t.Code == l.Code })
	}
}

// has is what an account holds in a wallet, for score wallets in 2026.
func (d *diary) has(account id.ID, wallet string) points.Amount {
	return d.amounts[d.s.measure(account, wallet, &Case{OccurredOn: 20260101})]
}

// step is a case and what must become of it.
type step struct {
	item string
	on   clock.Day
	want points.Amount // counted
	c    Case          // what it says beside item and day
	say  string        // part of the reasons
}

// run decides the steps one after the other.
func (d *diary) run(t *testing.T, steps ...step) {
	t.Helper()
	for i, st := range steps {
		c := st.c
		c.Item, c.OccurredOn = st.item, st.on
		dec, err := d.do(c)
		if all := strings.Join(dec.Reasons, "。"); err != nil || dec.Counted != st.want || !strings.Contains(all, st.say) {
			t.Errorf("step %d %s %s: counted %s, want %s: %v %s", i+1, st.item, st.on, dec.Counted, st.want, err, all)
		}
	}
}

// table is a village with these items, given as lines, and whatever else the file needs. It has a year score, spendable
// points, a base score of 100 and two classes, eco and free.
func table(t testing.TB, rest string, items ...string) *diary {
	t.Helper()
	src := `format: 1
title: 某村
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend}
  - {code: year, name: 年度积分, kind: score}
  - {code: base, name: 基础分, kind: base}
base: {wallet: base, points: 100}
`
	if !strings.Contains(rest, "\nclasses:") {
		rest += "\nclasses:\n  - {code: eco, name: 环境}\n  - {code: free, name: 其他}\n"
	}
	s, problems := Parse([]byte(src + rest + "\nitems:\n  - " + strings.Join(items, "\n  - ") + "\n"))
	for _, p := range problems {
		if p.Level == LevelError {
			t.Fatalf("%s\n%s", p, src+rest+strings.Join(items, "\n"))
		}
	}
	d := newDiary(s)
	for _, account := range []id.ID{7, 8, 9} {
		d.amounts[Measure{Account: account, Wallet: "base"}] = 10000
	}
	return d
}
