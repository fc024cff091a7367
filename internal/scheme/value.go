package scheme

import "hefen/internal/points"

// Kinds of value.
const (
	ValueFixed   = "fixed"
	ValueRange   = "range"
	ValueGrades  = "grades"
	ValueSteps   = "steps"
	ValuePerUnit = "per_unit"
)

// How an amount per unit is rounded.
const (
	RoundNearest = "nearest" // to whole points, a half up
	RoundDown    = "down"    // to whole points
	RoundUp      = "up"      // to whole points
	RoundNone    = "none"    // to hundredths, the rest dropped
)

// Value says how many points a record of an item is worth. Deductions are negative.
type Value struct {
	Kind   string        `json:"kind" enum:"fixed,range,grades,steps,per_unit"`
	Points points.Amount `json:"points,omitempty" doc:"fixed; per_unit: of one unit"`
	From   points.Amount `json:"from,omitempty" doc:"range: least"`
	To     points.Amount `json:"to,omitempty" doc:"range: most; a note is mandatory"`
	Grades []Grade       `json:"grades,omitempty"`
	Unit   string        `json:"unit,omitempty" doc:"steps and per_unit: what the quantity counts"`
	Max    points.Amount `json:"max,omitempty" doc:"per_unit: most that one record is worth, without sign"`
	Round  string        `json:"round,omitempty" enum:"nearest,down,up,none" doc:"per_unit: to whole points"`
	Steps  []Step        `json:"steps,omitempty" doc:"from the smallest quantity up; the last has no end"`
}

// Grade is one of the levels of a graded item.
type Grade struct {
	Code   string        `json:"code"`
	Name   string        `json:"name"`
	Points points.Amount `json:"points"`
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
