package scheme

import (
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// value is what the item gives for what the record says, before anybody's share, factors and limits.
func (r *run) value() error {
	v := &r.item.Value
	switch v.Kind {
	case ValueFixed:
		r.worth = v.Points
		r.because(sayFixed(r.item))
	case ValueRange:
		r.worth = r.c.Points
		r.because(sayRange(r.item, r.c.Points))
	case ValueGrades:
		r.grade, _ = v.Grade(r.c.Grade)
		r.worth = r.grade.Points
		r.because(sayGrade(r.item, r.grade))
	case ValueSteps:
		st := v.step(r.c.Quantity)
		r.worth = st.Points
		r.because(sayStep(r.item, r.c.Quantity, st))
	case ValuePerUnit:
		r.worth = v.perUnit(r.c.Quantity)
		r.because(sayPerUnit(r.item, r.c.Quantity, r.worth))
	case ValueBrackets:
		r.brackets(v)
	case ValueFaults:
		r.faults(v)
	case ValueMilestones:
		r.milestones(v)
	case ValueStreak:
		r.streak(v)
	case ValueSheet:
		r.sheet(v)
	case ValuePerPerson:
		r.perPerson(v)
	}
	if r.c.Settled && v.Settles() {
		r.settled()
	}
	if r.c.Repaired && r.item.Repair != nil {
		r.worth, r.dropped = r.item.Repair.Points, true
		r.because("已整改到位并书面保证，改按" + plainPoints(r.worth) + "计")
	}
	return nil
}

// Settles reports whether the rules fix the value, so that the record says nothing that could be corrected: the written answer
// to an objection may then lower it.
func (v *Value) Settles() bool { return v.Kind == ValueFixed || v.Kind == ValueStreak }

// Judged reports whether a record says what it is worth, or what decides that: what somebody could see otherwise.
func (v *Value) Judged() bool {
	return v.Kind == ValueRange || v.Kind == ValueGrades || v.Kind == ValueSheet || v.Quantified()
}

// settled is what the written answer to an objection has left: never more than the rules give, nor of another sign.
func (r *run) settled() {
	left := r.c.Points
	if left.Abs() >= r.worth.Abs() || (left < 0) != (r.worth < 0) {
		return
	}
	r.worth = left
	r.because("按异议的书面答复，核定为" + plainPoints(left))
}

// brackets adds up the parts of a quantity, each at its own rate, as a tax table does.
func (r *run) brackets(v *Value) {
	q := r.c.Quantity
	if q < v.Least {
		r.because(r.item.Name + "：" + quantity(q) + v.Unit + "，不到" + quantity(v.Least) + v.Unit + "，不计分")
		return
	}
	text, lower := "", int64(0)
	for i := range v.Brackets {
		b := &v.Brackets[i]
		part := q - lower
		if b.UpTo > 0 {
			part = min(q, b.UpTo) - lower
		}
		if part <= 0 {
			break
		}
		worth := b.Points.Times(part/b.Every, 1)
		if v.Round == RoundNone {
			worth = b.Points.Times(part, b.Every)
		}
		if text != "" {
			text += "，"
		}
		text += quantity(part) + v.Unit + "按每" + quantity(b.Every) + v.Unit + plainPoints(b.Points) + "计" + plainPoints(worth)
		r.worth += worth
		lower = b.UpTo
	}
	r.because(r.item.Name + "：" + text + r.atMost(v))
}

// atMost cuts what one record is worth to the item's maximum and says so.
func (r *run) atMost(v *Value) string {
	if v.Max == 0 || r.worth.Abs() <= v.Max {
		return ""
	}
	r.worth = v.signed(v.Max)
	return "，一次最多" + plainPoints(r.worth)
}

// faults is what is left of the full points, so much off for each fault, never below the floor.
func (r *run) faults(v *Value) {
	off := (-v.Points).Times(r.c.Quantity, 1000)
	r.worth = max(v.From, v.Full-off)
	r.because(r.item.Name + "：满分" + v.Full.String() + "分，发现" + quantity(r.c.Quantity) + v.Unit + "，每" + v.Unit + plainPoints(v.Points) +
		"，" + least(r.worth, v.From, v.Full-off) + "得" + r.worth.String() + "分")
}

func least(worth, floor, exact points.Amount) string {
	if worth > exact {
		return "最少" + floor.String() + "分，"
	}
	return ""
}

// milestones is the height that the sum of the period's quantities has reached, this one included. What earlier records
// reached is taken back in replace.
func (r *run) milestones(v *Value) {
	sum := r.c.Quantity
	from, to := period(v.Per, r.c.OccurredOn)
	for _, d := range r.facts.byAccount[r.c.Account] {
		if d.Item == r.item.Code && d.Case != r.c.ID && r.same(&d) && from <= d.OccurredOn && d.OccurredOn <= to {
			sum += d.Quantity
		}
	}
	reached := ""
	for _, m := range v.Milestones {
		if sum < m.At {
			break
		}
		reached = "，达到" + quantity(m.At) + v.Unit
		if r.worth = r.worth + m.Points; !v.Sum {
			r.worth = m.Points
		}
	}
	if reached == "" {
		reached = "，还没有达到" + quantity(v.Milestones[0].At) + v.Unit
	}
	r.because(r.item.Name + "：" + thisPer[v.Per] + "累计" + quantity(sum) + v.Unit + reached + "，累计应得" + plainPoints(r.worth))
}

// same reports whether a record of the account is of the one who did this deed: where persons are named for their
// household's account, of the same person.
func (r *run) same(d *Decided) bool {
	return r.scheme.Subject != SubjectPooled || d.Member == r.c.Member
}

// streak asks whether each of the days in a row counted enough and is not part of an earlier streak.
func (r *run) streak(v *Value) {
	st := v.Streak
	first := r.c.OccurredOn.Add(1 - st.Days)
	sums := map[clock.Day]points.Amount{}
	for _, d := range r.facts.byAccount[r.c.Account] {
		switch {
		case d.Case == r.c.ID || !r.same(&d):
		case d.Item == r.item.Code:
			if d.Counted > 0 && d.OccurredOn > r.c.OccurredOn.Add(-st.Days) && d.OccurredOn < r.c.OccurredOn.Add(st.Days) {
				r.because(r.item.Name + "：" + d.OccurredOn.Chinese() + "已经记过一次，每一天只能用一次，本次计0分")
				return
			}
		case st.counts(&d) && first <= d.OccurredOn && d.OccurredOn <= r.c.OccurredOn:
			sums[d.OccurredOn] += d.Counted
		}
	}
	for day := first; day <= r.c.OccurredOn; day = day.Add(1) {
		if sums[day] < st.AtLeast {
			r.because(r.item.Name + "：要连续" + strconv.Itoa(st.Days) + "天、每天至少" + st.AtLeast.String() + "分；" + day.Chinese() + "只有" + sums[day].String() + "分，本次计0分")
			return
		}
	}
	r.worth = v.Points
	r.because(r.item.Name + "：连续" + strconv.Itoa(st.Days) + "天每天至少" + st.AtLeast.String() + "分，" + plainPoints(v.Points))
}

// counts reports whether a record adds to a day of the streak.
func (st *Streak) counts(d *Decided) bool {
	if len(st.Items) == 0 && len(st.Classes) == 0 {
		return true
	}
	return contains(st.Items, d.Item) || contains(st.Classes, d.Class)
}

// sheet adds up its parts: what is left of each one's full points, or the option chosen.
func (r *run) sheet(v *Value) {
	text := ""
	for i := range v.Parts {
		p := &v.Parts[i]
		worth := p.Full
		for _, got := range r.c.Parts {
			if got.Code != p.Code {
				continue
			}
			worth = p.Full - got.Off
			if o, ok := p.option(got.Option); ok {
				worth = o.Points
			}
		}
		if text != "" {
			text += "，"
		}
		text += p.Name + plainPoints(worth)
		r.worth += worth
	}
	r.because(r.item.Name + "：" + text + "，合计" + plainPoints(r.worth))
}

func (p *SheetPart) option(code string) (*Grade, bool) {
	for i := range p.Options {
		if p.Options[i].Code == code {
			return &p.Options[i], true
		}
	}
	return nil, false
}

// perPerson is so much for each person who took part and does not count by another record of the event.
func (r *run) perPerson(v *Value) {
	count, again := r.c.Persons, 0
	if len(r.c.Parties) > 0 {
		count, again = r.fresh()
	}
	r.worth = v.Points.Times(int64(count), 1)
	text := r.item.Name + "：" + strconv.Itoa(count) + v.Unit + "，每" + v.Unit + plainPoints(v.Points)
	if again > 0 {
		text += "，另有" + strconv.Itoa(again) + v.Unit + "在同一活动中已经记过，不重复计"
	}
	text += "，共" + plainPoints(r.worth)
	text += r.atMost(v)
	r.because(text)
}
