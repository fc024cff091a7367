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

// Bounds are the least and the most a record can be worth before limits.
func (v *Value) Bounds() (lo, hi points.Amount) {
	switch v.Kind {
	case ValueRange:
		return v.From, v.To
	case ValueGrades:
		lo, hi = v.Grades[0].Points, v.Grades[0].Points
		for _, g := range v.Grades {
			lo, hi = min(lo, g.Points), max(hi, g.Points)
		}
		return lo, hi
	case ValueSteps:
		lo, hi = v.Steps[0].Points, v.Steps[0].Points
		for _, s := range v.Steps {
			lo, hi = min(lo, s.Points), max(hi, s.Points)
		}
		return lo, hi
	case ValuePerUnit:
		if v.Points < 0 {
			return -v.Max, 0
		}
		return 0, v.Max
	}
	return v.Points, v.Points
}

// Quantified reports whether a case must say how much there was.
func (v *Value) Quantified() bool { return v.Kind == ValueSteps || v.Kind == ValuePerUnit }

// most is the largest amount a quantity can be worth, with its sign.
func (v *Value) most() points.Amount {
	if v.Points < 0 {
		return -v.Max
	}
	return v.Max
}

// perUnit is what a quantity is worth: rounded without its sign, then no more than Max.
func (v *Value) perUnit(quantity int64) points.Amount {
	exact := int64(v.Points.Abs()) * quantity // in thousandths of hundredths
	unit := int64(points.Point) * 1000
	switch v.Round {
	case RoundNearest:
		exact = (exact + unit/2) / unit * unit
	case RoundDown:
		exact = exact / unit * unit
	case RoundUp:
		exact = (exact + unit - 1) / unit * unit
	}
	worth := min(points.Amount(exact/1000), v.Max)
	if v.Points < 0 {
		return -worth
	}
	return worth
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
