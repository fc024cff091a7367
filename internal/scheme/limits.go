package scheme

import "hefen/internal/points"

func (r *run) capItem() error {
	r.apply(r.item.Caps, "该项", func(d *Decided) bool { return d.Item == r.item.Code })
	return nil
}

func (r *run) capClass() error {
	class := r.scheme.classes[r.item.Class]
	if len(class.Caps) > 0 {
		r.apply(class.Caps, "“"+class.Name+"”类", func(d *Decided) bool { return d.Class == class.Code })
	}
	return nil
}

func (r *run) capPerson() error {
	r.apply(r.scheme.personCaps, "个人各项合计", all)
	return nil
}

func (r *run) capTotal() error {
	r.apply(r.scheme.totalCaps, "各项合计", all)
	return nil
}

// explainCaps names the tightest cap only: its numbers are the ones that match the decision.
func (r *run) explainCaps() error {
	if r.limit != "" {
		r.because(r.limit)
	}
	return nil
}

func all(*Decided) bool { return true }

// apply lets each cap cut what counts to what is left of it.
func (r *run) apply(caps []Cap, what string, within func(*Decided) bool) {
	for i := range caps {
		cp := &caps[i]
		if !cp.limits(r.Counted) {
			continue
		}
		used, times := r.used(cp, within)
		if cp.Times > 0 {
			if times >= cp.Times {
				r.Counted = 0
				r.limit = sayTimes(cp, what, times)
			}
			continue
		}
		if left := max(0, cp.Points-used); r.Counted.Abs() > left {
			loss := r.Counted < 0
			r.Counted = left
			if loss {
				r.Counted = -left
			}
			r.limit = sayPoints(cp, what, used, left, loss)
		}
	}
}

// used is what earlier decisions of the same sign took of a cap: points as a positive sum, and records that counted.
func (r *run) used(cp *Cap, within func(*Decided) bool) (used points.Amount, times int) {
	from, to := cp.window(r.c.OccurredOn)
	for i := range r.decided {
		d := &r.decided[i]
		if d.Counted == 0 || (d.Counted < 0) != (r.Counted < 0) || d.OccurredOn < from || d.OccurredOn > to ||
			d.Account != r.c.Account || d.Case == r.c.ID || !cp.counts(r.c, d) || !within(d) {
			continue
		}
		used += d.Counted.Abs()
		times++
	}
	return used, times
}
