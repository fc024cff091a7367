package scheme

import "hefen/internal/points"

// Kinds of value.
const (
	ValueFixed      = "fixed"
	ValueRange      = "range"
	ValueGrades     = "grades"
	ValueSteps      = "steps"
	ValuePerUnit    = "per_unit"
	ValueBrackets   = "brackets"
	ValueFaults     = "faults"
	ValueMilestones = "milestones"
	ValueStreak     = "streak"
	ValueSheet      = "sheet"
	ValuePerPerson  = "per_person"
)

// How an amount is rounded.
const (
	RoundNearest = "nearest" // to whole points, a half up
	RoundDown    = "down"    // to whole points
	RoundUp      = "up"      // to whole points
	RoundNone    = "none"    // to hundredths, the rest dropped
)

// Value says how many points a record of an item is worth. Deductions are negative.
type Value struct {
	Kind       string        `json:"kind" enum:"fixed,range,grades,steps,per_unit,brackets,faults,milestones,streak,sheet,per_person"`
	Points     points.Amount `json:"points,omitempty" doc:"fixed, streak; per_unit, per_person: of one; faults: of one, negative"`
	From       points.Amount `json:"from,omitempty" doc:"range: least; faults: where it stops"`
	To         points.Amount `json:"to,omitempty" doc:"range: most; a note is mandatory"`
	Panel      bool          `json:"panel,omitempty" doc:"range: the panel gives the value"`
	Grades     []Grade       `json:"grades,omitempty"`
	Unit       string        `json:"unit,omitempty" doc:"what the quantity counts"`
	Max        points.Amount `json:"max,omitempty" doc:"per_unit, per_person, brackets: most that one record is worth, without sign; 0: no limit"`
	Full       points.Amount `json:"full,omitempty" doc:"faults, sheet: what there is without any fault"`
	Round      string        `json:"round,omitempty" enum:"nearest,down,up,none" doc:"per_unit, brackets: to whole points"`
	Steps      []Step        `json:"steps,omitempty" doc:"from the smallest quantity up; the last has no end"`
	Brackets   []Bracket     `json:"brackets,omitempty" doc:"from the smallest quantity up; each part at its own rate"`
	Least      int64         `json:"least,omitempty" doc:"brackets: a smaller quantity is worth nothing; thousandths"`
	Milestones []Milestone   `json:"milestones,omitempty" doc:"from the smallest quantity up"`
	Per        string        `json:"per,omitempty" enum:"month,quarter,half,year,life" doc:"milestones: within which the quantities add up"`
	Sum        bool          `json:"sum,omitempty" doc:"milestones: each one reached counts, instead of the highest"`
	Streak     *Streak       `json:"streak,omitempty"`
	Parts      []SheetPart   `json:"parts,omitempty" doc:"sheet"`
}

// Bracket is the rate of the part of a quantity up to and including UpTo.
type Bracket struct {
	UpTo   int64         `json:"up_to,omitempty" doc:"thousandths of the unit, inclusive; absent in the last bracket"`
	Every  int64         `json:"every" doc:"thousandths of the unit that earn Points"`
	Points points.Amount `json:"points"`
}

// Milestone is what a sum of quantities is worth once it has reached At.
type Milestone struct {
	At     int64         `json:"at" doc:"thousandths of the unit"`
	Points points.Amount `json:"points"`
}

// Streak asks for days in a row, the day of the deed the last of them, on each of which the listed items or classes
// counted at least AtLeast together; all items where none are listed. Days of one streak are not used for another.
type Streak struct {
	Days    int           `json:"days"`
	AtLeast points.Amount `json:"at_least"`
	Items   []string      `json:"items,omitempty"`
	Classes []string      `json:"classes,omitempty"`
}

// SheetPart is one line of an inspection sheet: either Full points from which faults are taken, or one of Options.
type SheetPart struct {
	Code    string        `json:"code"`
	Name    string        `json:"name"`
	Full    points.Amount `json:"full,omitempty"`
	Options []Grade       `json:"options,omitempty"`
}

// Grade is one of the levels of a graded item.
type Grade struct {
	Code   string        `json:"code"`
	Name   string        `json:"name"`
	Points points.Amount `json:"points"`

	Effects *Effects `json:"effects,omitempty" doc:"in place of the item's"`
}

// Step is what a quantity up to and including UpTo is worth.
type Step struct {
	UpTo   int64         `json:"up_to,omitempty" doc:"thousandths of the unit, inclusive; absent in the last step"`
	Points points.Amount `json:"points"`
}

// Bounds are the least and the most a record can be worth before limits and factors.
func (v *Value) Bounds() (lo, hi points.Amount) {
	switch v.Kind {
	case ValueRange:
		return v.From, v.To
	case ValueGrades:
		return gradeBounds(v.Grades)
	case ValueSteps:
		lo, hi = v.Steps[0].Points, v.Steps[0].Points
		for _, s := range v.Steps {
			lo, hi = min(lo, s.Points), max(hi, s.Points)
		}
		return lo, hi
	case ValuePerUnit, ValuePerPerson:
		return v.upTo(v.Points)
	case ValueBrackets:
		return v.upTo(v.Brackets[0].Points)
	case ValueFaults:
		return v.From, v.Full
	case ValueMilestones:
		for _, m := range v.Milestones {
			lo, hi = min(lo, m.Points), max(hi, m.Points)
			if v.Sum {
				hi += m.Points
			}
		}
		return lo, hi
	case ValueStreak:
		return 0, v.Points
	case ValueSheet:
		for _, p := range v.Parts {
			l, h := points.Amount(0), p.Full
			if len(p.Options) > 0 {
				l, h = gradeBounds(p.Options)
			}
			lo, hi = lo+l, hi+h
		}
		return lo, hi
	}
	return v.Points, v.Points
}

func gradeBounds(grades []Grade) (lo, hi points.Amount) {
	lo, hi = grades[0].Points, grades[0].Points
	for _, g := range grades {
		lo, hi = min(lo, g.Points), max(hi, g.Points)
	}
	return lo, hi
}

// upTo is from nothing to the maximum, on the side of a rate.
func (v *Value) upTo(rate points.Amount) (lo, hi points.Amount) {
	most := v.Max
	if most == 0 {
		most = points.Max
	}
	if rate < 0 {
		return -most, 0
	}
	return 0, most
}

// Quantified reports whether a case must say how much there was.
func (v *Value) Quantified() bool {
	switch v.Kind {
	case ValueSteps, ValuePerUnit, ValueBrackets, ValueFaults, ValueMilestones:
		return true
	}
	return false
}

// signed is an amount without sign on the side of the item's rate.
func (v *Value) signed(a points.Amount) points.Amount {
	if lo, hi := v.Bounds(); lo < 0 && hi <= 0 {
		return -a
	}
	return a
}

// perUnit is what a quantity is worth: rounded without its sign, then no more than Max.
func (v *Value) perUnit(quantity int64) points.Amount {
	worth := roundThousandths(int64(v.Points.Abs())*quantity, v.Round)
	if v.Max > 0 {
		worth = min(worth, v.Max)
	}
	if v.Points < 0 {
		return -worth
	}
	return worth
}

// roundTo rounds an amount to whole points, without its sign.
func roundTo(a points.Amount, how string) points.Amount {
	r := roundThousandths(int64(a.Abs())*1000, how)
	if a < 0 {
		return -r
	}
	return r
}

// roundThousandths makes an amount of thousandths of hundredths, to whole points where a way to round is named.
func roundThousandths(exact int64, how string) points.Amount {
	unit := int64(points.Point) * 1000
	switch how {
	case RoundNearest:
		exact = (exact + unit/2) / unit * unit
	case RoundDown:
		exact = exact / unit * unit
	case RoundUp:
		exact = (exact + unit - 1) / unit * unit
	}
	return points.Amount(exact / 1000)
}

// Grade finds a grade by its code.
func (v *Value) Grade(code string) (*Grade, bool) {
	for i := range v.Grades {
		if v.Grades[i].Code == code {
			return &v.Grades[i], true
		}
	}
	return nil, false
}

// step is the one a quantity falls into.
func (v *Value) step(quantity int64) *Step {
	last := len(v.Steps) - 1
	for i := range v.Steps[:last] {
		if quantity <= v.Steps[i].UpTo {
			return &v.Steps[i]
		}
	}
	return &v.Steps[last]
}
