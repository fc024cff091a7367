package scheme

import "hefen/internal/clock"

// Term is how long something stands, from the day of the deed. Exactly one of its fields is set.
type Term struct {
	Days   int    `json:"days,omitempty"`
	Months int    `json:"months,omitempty"`
	Until  string `json:"until,omitempty" enum:"month,quarter,half,year,next_year" doc:"the end of the period that holds the day; next_year: the end of the year after"`
	Open   bool   `json:"open,omitempty" doc:"until somebody lifts it"`
}

// end is the first day on which what began on a day no longer stands.
func (t *Term) end(from clock.Day) clock.Day {
	switch {
	case t == nil || t.Open:
		return clock.Forever
	case t.Days > 0:
		return from.Add(t.Days)
	case t.Months > 0:
		return from.AddMonths(t.Months)
	case t.Until == "next_year":
		return clock.MakeDay(from.Year()+2, 1, 1)
	}
	return spanOf(t.Until, from).Last().Add(1)
}

// reach is the days on which another deed would lie within one term of a deed of day d, on either side, both inside.
func (t *Term) reach(d clock.Day) (from, to clock.Day) {
	switch {
	case t.Open:
		return 0, clock.Forever
	case t.Days > 0:
		return d.Add(-t.Days), d.Add(t.Days)
	case t.Months > 0:
		return d.AddMonths(-t.Months), d.AddMonths(t.Months)
	case t.Until == "next_year":
		return clock.MakeDay(d.Year()-1, 1, 1), clock.MakeDay(d.Year()+1, 12, 31)
	}
	s := spanOf(t.Until, d)
	return s.First(), s.Last()
}

// holds reports whether deeds of days d and e lie within one term of each other.
func (t *Term) holds(d, e clock.Day) bool {
	if e > d {
		d, e = e, d
	}
	return d < t.end(e)
}
