package scheme

import (
	"slices"

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
	return onSide(c.On, amount)
}

// onSide reports whether an amount is on the side that a rule is about.
func onSide(on string, amount points.Amount) bool {
	switch on {
	case OnAwards:
		return amount > 0
	case OnDeductions:
		return amount < 0
	}
	return amount != 0
}

// window is the period of the cap that holds a day: both ends inside.
func (c *Cap) window(day clock.Day) (from, to clock.Day) { return period(c.Per, day) }

// spares reports whether a cap over all items leaves a class alone.
func (c *Cap) spares(class string) bool { return contains(c.Except, class) }

// period is the stretch of the calendar that holds a day: both ends inside. A week runs from Monday to Sunday; two months
// from an odd month to an even one.
func period(per string, day clock.Day) (from, to clock.Day) {
	switch per {
	case "day":
		return day, day
	case "week":
		monday := day.Add(-(int(day.Weekday()) + 6) % 7)
		return monday, monday.Add(6)
	case "month":
		return day.StartOfMonth(), day.EndOfMonth()
	case "two_months":
		odd := clock.MakeDay(day.Year(), (day.Month()-1)/2*2+1, 1)
		return odd, odd.Add(31).EndOfMonth()
	case "quarter", "half", "year":
		s := spanOf(per, day)
		return s.First(), s.Last()
	}
	return 0, clock.Forever
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
