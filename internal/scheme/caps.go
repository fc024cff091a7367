package scheme

import (
	"hefen/internal/clock"
	"hefen/internal/points"
)

// Whose records a cap counts.
const (
	OfAccount = "account" // the account that is credited
	OfMember  = "member"  // the person who did it, where a household is credited
	OfGroup   = "group"   // all accounts of the villagers' group together
	OfVillage = "village" // all accounts of the village together
)

// Directions a cap limits.
const (
	OnAwards     = "awards"
	OnDeductions = "deductions"
	OnBoth       = "both" // awards and deductions, each for itself
)

// Cap limits what counts within one period of the calendar, by the day of the deed. Exactly one of Points and Times is set.
type Cap struct {
	Per    string        `json:"per" enum:"day,week,month,two_months,quarter,half,year,life"`
	Points points.Amount `json:"points,omitempty" doc:"sum of what counts, as a positive number"`
	Times  int           `json:"times,omitempty" doc:"records that count; warnings and records of 0 points do not"`
	Of     string        `json:"of" enum:"account,member,group,village"`
	On     string        `json:"on" enum:"awards,deductions,both"`
	Except []string      `json:"except,omitempty" doc:"caps over all items: classes that they neither limit nor count"`
}

// limits reports whether the cap concerns an amount of this sign.
func (c *Cap) limits(amount points.Amount) bool {
	switch c.On {
	case OnAwards:
		return amount > 0
	case OnDeductions:
		return amount < 0
	}
	return amount != 0
}

// window is the period of the cap that holds a day: both ends inside. A week runs from Monday to Sunday.
func (c *Cap) window(day clock.Day) (from, to clock.Day) {
	switch c.Per {
	case "day":
		return day, day
	case "week":
		monday := day.Add(-(int(day.Weekday()) + 6) % 7)
		return monday, monday.Add(6)
	case "month":
		return day.StartOfMonth(), day.EndOfMonth()
	case "quarter":
		s := clock.QuarterSpan(day)
		return s.First(), s.Last()
	case "half":
		s := clock.HalfSpan(day)
		return s.First(), s.Last()
	case "year":
		s := clock.YearSpan(day)
		return s.First(), s.Last()
	}
	return 0, clock.Forever
}

// counts reports whether a decided record falls under the cap for a case, leaving its day aside.
func (c *Cap) counts(k *Case, r *Decided) bool {
	if c.Of == OfMember {
		return r.Member == k.Member
	}
	return true
}
