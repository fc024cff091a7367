package scheme

import (
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
)

// ErrBudget refuses an award beyond what the village may issue, where the scheme says so.
var ErrBudget = errs.New(errs.Conflict, "scheme_budget", "本村这段时间的积分发放总额已用完，不能再加分")

// replace finds what earlier records reached that this one takes the place of: the earlier state of the same period, the
// milestones reached before, the other records of one deed in a conflict group.
func (r *run) replace(sh *share) {
	switch {
	case r.item.State != "":
		r.replaceState(sh)
	case r.item.Value.Kind == ValueMilestones && sh == &r.own:
		from, to := period(r.item.Value.Per, r.c.OccurredOn)
		sh.from = r.sum(sh, func(d *Decided) bool {
			return d.Item == r.item.Code && r.same(d) && from <= d.OccurredOn && d.OccurredOn <= to
		})
	case r.item.Conflict != "":
		r.replaceLower(sh)
	}
}

// sum is what earlier records of the share's account count.
func (r *run) sum(sh *share, of func(*Decided) bool) (sum points.Amount) {
	history := r.facts.byAccount[sh.Account]
	for i := range history {
		if d := &history[i]; d.Case != r.c.ID && of(d) {
			sum += d.Counted
		}
	}
	return sum
}

// replaceState lets the latest inspection of a period stand for it. One that happened before another of the same period
// that is decided already changes nothing.
func (r *run) replaceState(sh *share) {
	from, to := period(r.item.State, r.c.OccurredOn)
	var latest clock.Day
	sh.from = r.sum(sh, func(d *Decided) bool {
		if d.Item != r.item.Code || d.OccurredOn < from || d.OccurredOn > to || !r.same(d) {
			return false
		}
		latest = max(latest, d.OccurredOn)
		return true
	})
	switch {
	case latest > r.c.OccurredOn:
		sh.to = sh.from
		r.becauseOf(sh, thisPer[r.item.State]+"已有"+latest.Chinese()+"更晚的一次检查，以更晚的为准，本次计0分")
	case latest != 0:
		r.becauseOf(sh, thisPer[r.item.State]+"以最近一次为准，由"+sh.from.String()+"分改为"+sh.to.String()+"分")
	}
}

// replaceLower lets the highest of one deed's records stand for it; gains and losses apart.
func (r *run) replaceLower(sh *share) {
	g := r.scheme.conflict(r.item)
	reached := r.sum(sh, func(d *Decided) bool {
		return contains(r.scheme.conflictItems[g.Code], d.Item) && g.same(r.c, d) && (d.Counted+d.Replaced < 0) == (sh.to < 0)
	})
	if reached == 0 || sh.to == 0 {
		return
	}
	sh.from = reached
	if reached.Abs() >= sh.to.Abs() {
		sh.to = reached
		r.becauseOf(sh, "同一件事“"+g.Name+"”只计最高的一项，已计"+reached.Abs().String()+"分，本次计0分")
		return
	}
	r.becauseOf(sh, "同一件事“"+g.Name+"”只计最高的一项，由"+reached.String()+"分改为"+sh.to.String()+"分")
}

// window is the days that may hold records of the same deed.
func (g *Conflict) window(c *Case) (from, to clock.Day) {
	if g.Same == "deed" {
		return eventWindow(c)
	}
	return period(g.Same, c.OccurredOn)
}

// eventWindow is the days that may hold other records of a case's event.
func eventWindow(c *Case) (from, to clock.Day) {
	if c.Event != 0 {
		return 0, clock.Forever
	}
	return c.OccurredOn, c.OccurredOn
}

func (g *Conflict) same(c *Case, d *Decided) bool {
	if g.Same == "deed" {
		return sameEvent(c, d)
	}
	from, to := period(g.Same, c.OccurredOn)
	return from <= d.OccurredOn && d.OccurredOn <= to
}

// caps lets each cap cut what counts to what is left of it: those of the item, of its class, of the person over all
// items, of the account over all items. The tightest is named, because its numbers are those of the decision.
func (r *run) caps(sh *share) {
	r.eachCaps(func(caps []Cap, what string, within func(*Decided) bool) { r.apply(sh, caps, what, within) })
	if sh.limit != "" {
		r.becauseOf(sh, sh.limit)
	}
	if sh.beyond != 0 && sh.to != 0 {
		sh.to = sh.to.Times(sh.beyond, 1000)
		r.becauseOf(sh, "活动期间在上限以外按"+quantity(sh.beyond)+"倍计，"+plainPoints(sh.to))
	}
}

// eachCaps visits the limits of the item, of its class, of the person and of all items, in this order.
func (r *run) eachCaps(visit func(caps []Cap, what string, within func(*Decided) bool)) {
	class := r.scheme.classes[r.item.Class]
	visit(r.item.Caps, "这件事", func(d *Decided) bool { return d.Item == r.item.Code })
	visit(class.Caps, "“"+class.Name+"”类", func(d *Decided) bool { return d.Class == class.Code })
	for _, person := range [...]bool{true, false} {
		for i := range r.scheme.Caps {
			c := &r.scheme.Caps[i]
			if (c.Of == OfMember) != person || c.spares(class.Code) {
				continue
			}
			what := "各项合计"
			if person {
				what = "个人各项合计"
			}
			visit(r.scheme.Caps[i:i+1], what, func(d *Decided) bool { return !c.spares(d.Class) })
		}
	}
}

func (r *run) apply(sh *share, caps []Cap, what string, within func(*Decided) bool) {
	for i := range caps {
		cp := &caps[i]
		if !cp.limits(sh.to) || sh.to == sh.from {
			continue
		}
		used, times := r.used(sh, cp, within)
		if cp.Times > 0 {
			if times >= cp.Times {
				sh.to = sh.from
				sh.limit = sayTimes(cp, what, times)
			}
			continue
		}
		if left := max(0, cp.Points-used); sh.to.Abs() > left {
			loss := sh.to < 0
			sh.to = left
			if loss {
				sh.to = -left
			}
			sh.limit = sayPoints(cp, what, used, left, loss)
		}
	}
}

// used is what earlier decisions took of a cap on the share's side: points without sign, and records that count. What
// this record takes the place of is not used.
func (r *run) used(sh *share, cp *Cap, within func(*Decided) bool) (used points.Amount, times int) {
	from, to := cp.window(r.c.OccurredOn)
	loss := sh.to < 0
	history := r.counted(sh, cp)
	for i := range history {
		d := &history[i]
		if d.OccurredOn < from || d.OccurredOn > to || d.Case == r.c.ID || cp.Of == OfMember && d.Member != sh.Member || !within(d) {
			continue
		}
		reached, before := side(d.Counted+d.Replaced, loss), side(d.Replaced, loss)
		used += reached - before
		times += one(reached) - one(before)
	}
	own := side(sh.from, loss)
	return used - own, times - one(own)
}

// counted are the records among which a cap counts.
func (r *run) counted(sh *share, cp *Cap) []Decided {
	switch cp.Of {
	case OfGroup:
		if sh.Group == 0 {
			return nil
		}
		return r.facts.byGroup[sh.Group]
	case OfVillage:
		return r.facts.byGroup[id.ID(0)]
	}
	return r.facts.byAccount[sh.Account]
}

// side is the amount without its sign if it is on that side, else zero.
func side(a points.Amount, loss bool) points.Amount {
	if loss {
		return max(0, -a)
	}
	return max(0, a)
}

func one(a points.Amount) int {
	if a == 0 {
		return 0
	}
	return 1
}

// budget holds what the village issues to what is left of it.
func (r *run) budget() error {
	issue := gained(r.own.delta(), r.own.from)
	for i := range r.others {
		issue += gained(r.others[i].delta(), r.others[i].from)
	}
	for i := range r.scheme.Budgets {
		b := &r.scheme.Budgets[i]
		if issue <= 0 || !b.covers(r.scheme, r.c) {
			continue
		}
		left := max(0, b.Points-r.facts.issued[b.issue(r.c.OccurredOn).key()])
		if issue <= left {
			continue
		}
		text := thisPer[b.Per] + "本村发放总额" + b.Points.String() + "分，还剩" + left.String() + "分"
		switch b.Beyond {
		case BeyondRefuse:
			return ErrBudget.With("%s，不够本次的%s分，不能再加分", text, issue.String())
		case BeyondCut:
			r.cut(left)
			issue = left
			r.because(text + "，本次计" + left.String() + "分")
		default:
			r.hold()
			r.because(text + "，本次的" + issue.String() + "分等下一期有余额时再计")
			return nil
		}
	}
	return nil
}

func (b *Budget) covers(s *Scheme, c *Case) bool {
	return len(b.Classes) == 0 || contains(b.Classes, s.items[c.Item].Class)
}

func (b *Budget) issue(day clock.Day) Issue {
	from, to := period(b.Per, day)
	return Issue{From: from, To: to, Classes: b.Classes}
}

// cut leaves so much of the awards, the case's own account first.
func (r *run) cut(left points.Amount) {
	shares := []*share{&r.own}
	for i := range r.others {
		shares = append(shares, &r.others[i])
	}
	for _, sh := range shares {
		if got := gained(sh.delta(), sh.from); got > 0 {
			keep := min(got, left)
			sh.to -= got - keep
			left -= keep
		}
	}
}

// hold lets the whole record wait: nothing counts.
func (r *run) hold() {
	r.Waits = true
	r.own.to = r.own.from
	for i := range r.others {
		r.others[i].to = r.others[i].from
	}
}
