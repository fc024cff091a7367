package scheme

import (
	"strconv"

	"hefen/internal/clock"
)

// multiply applies the campaigns that cover the day; of several, the factors multiply.
func (r *run) multiply(sh *share) {
	for i := range r.scheme.Campaigns {
		g := &r.scheme.Campaigns[i]
		if !g.covers(r.item, r.c.OccurredOn) || !onSide(g.On, sh.to) {
			continue
		}
		if g.BeyondCaps {
			if sh.beyond == 0 {
				sh.beyond = 1000
			}
			sh.beyond = sh.beyond * g.Factor / 1000
			continue
		}
		sh.to = sh.to.Times(g.Factor, 1000)
		r.becauseOf(sh, "“"+g.Name+"”期间按"+quantity(g.Factor)+"倍计，"+plainPoints(sh.to))
	}
}

func (g *Campaign) covers(item *Item, day clock.Day) bool {
	if day < g.From || day > g.To {
		return false
	}
	return len(g.Classes)+len(g.Items) == 0 || contains(g.Classes, item.Class) || contains(g.Items, item.Code)
}

// warnFirst turns the first record within a validity into a warning. A like record on either side of the day makes this
// one the repetition, because the earlier decision is never changed.
func (r *run) warnFirst(sh *share) {
	w := r.item.WarnFirst
	if w == nil || sh.to >= 0 || r.c.Repaired {
		return
	}
	for _, d := range r.facts.byAccount[sh.Account] {
		if d.Item == r.item.Code && d.Case != r.c.ID && w.holds(d.OccurredOn, r.c.OccurredOn) {
			r.becauseOf(sh, sayRepeat(&d, sh.to))
			return
		}
	}
	if r.c.Overdue {
		r.becauseOf(sh, "到期没有整改，"+plainPoints(sh.to))
		return
	}
	until := w.end(r.c.OccurredOn)
	r.becauseOf(sh, sayWarned(until, sh.to))
	sh.to, sh.Warned = 0, true
	if sh == &r.own {
		r.dropped = true
	}
	r.tag(sh, Tag{Kind: TagWarning, From: r.c.OccurredOn, To: until})
	if w.FixDays > 0 {
		due := r.c.OccurredOn.Add(w.FixDays)
		r.tag(sh, Tag{Kind: TagOpenFault, From: r.c.OccurredOn, To: clock.Forever, Due: due})
		r.becauseOf(sh, "请在"+due.Chinese()+"前整改，逾期没有整改的"+plainPoints(sh.Value))
	}
}

// repeat makes a like record within a validity count more, once or for every earlier one. Warnings are no earlier
// records.
func (r *run) repeat(sh *share) {
	p := r.item.Repeat
	if p == nil || sh.to == 0 || r.c.Repaired {
		return
	}
	earlier := 0
	for _, d := range r.facts.byAccount[sh.Account] {
		if d.Item == r.item.Code && d.Case != r.c.ID && !d.Warned && (d.Counted < 0) == (sh.to < 0) && d.Counted != 0 &&
			p.holds(d.OccurredOn, r.c.OccurredOn) {
			earlier++
		}
	}
	if earlier == 0 {
		return
	}
	if !p.Each {
		earlier = min(earlier, 1)
	}
	for range earlier {
		sh.to = sh.to.Times(p.Factor, 1000)
	}
	r.becauseOf(sh, "有效期内再次发生，按"+quantity(p.Factor)+"倍"+times(earlier)+"计，"+plainPoints(sh.to))
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return "（连续" + strconv.Itoa(n) + "次加倍）"
}

// round brings the value to whole points where the scheme wants it.
func (r *run) round(sh *share) {
	if rounded := roundTo(sh.to, r.scheme.Rounding); rounded != sh.to {
		sh.to = rounded
		r.becauseOf(sh, "取整为"+plainPoints(rounded))
	}
}
