package scheme

import (
	"fmt"

	"hefen/internal/clock"
)

// OwnPeriod is a stretch of the calendar with a village's own dates (自定周期): between the same dates of every year, such
// as a village year from 11-01 to 10-31, or once between two days. Resets, base score, points for ranks, watch lists,
// award rounds and boards name it by its code where they else name a month, quarter, half or year.
type OwnPeriod struct {
	Code string `json:"code"`
	Name string `json:"name"`
	From string `json:"from" doc:"first day: 11-01 of every year, or once 2026-02-15"`
	To   string `json:"to" doc:"last day, written likewise; before the first one: of the following year"`

	once     clock.Span // of dates that come once
	from, to monthDay   // of dates that come every year
}

// monthDay is a date that every year has.
type monthDay struct{ month, day int }

func (d monthDay) in(year int) clock.Day { return clock.MakeDay(year, d.month, d.day) }

func (d monthDay) String() string { return fmt.Sprintf("%02d-%02d", d.month, d.day) }

// year is the period's span that begins in a year; zero where there is none.
func (o *OwnPeriod) year(y int) clock.Span {
	if o.once != 0 {
		if o.once.First().Year() != y {
			return 0
		}
		return o.once
	}
	from, to := o.from.in(y), o.to.in(y)
	if to < from {
		to = o.to.in(y + 1)
	}
	if o.wholeYear() { // up to the day before the next one begins: February has 29 days in some years
		to = o.from.in(y + 1).Add(-1)
	}
	return clock.Between(from, to)
}

// wholeYear reports whether one span ends the day before the next begins.
func (o *OwnPeriod) wholeYear() bool {
	return o.once == 0 && o.to.in(2026).Add(1) == o.from.in(o.to.in(2026).Add(1).Year())
}

// months reports whether all its spans begin with a month and end with one.
func (o *OwnPeriod) months() bool {
	span := o.year(2026)
	if o.once != 0 {
		span = o.once
	}
	return span.First().Dom() == 1 && span.Last().Add(1).Dom() == 1
}

// own finds a period of the village's own by its code.
func (s *Scheme) own(code string) *OwnPeriod {
	for i := range s.OwnPeriods {
		if s.OwnPeriods[i].Code == code {
			return &s.OwnPeriods[i]
		}
	}
	return nil
}

// SpansOf lists the spans of a kind (month, quarter, half, year or an own period's code) of which any day lies between two
// days, in order.
func (s *Scheme) SpansOf(every string, from, to clock.Day) []clock.Span {
	var out []clock.Span
	if o := s.own(every); o != nil {
		for y := from.Year() - 1; y <= to.Year(); y++ {
			if span := o.year(y); span != 0 && span.First() <= to && span.Last() >= from {
				out = append(out, span)
			}
		}
		return out
	}
	for span := spanOf(every, from); span.First() <= to; span = spanOf(every, dayAfter(span)) {
		out = append(out, span)
	}
	return out
}

// IsSpan reports whether a span is one of a kind.
func (s *Scheme) IsSpan(every string, span clock.Span) bool {
	if o := s.own(every); o != nil {
		return o.year(span.First().Year()) == span
	}
	return spanOf(every, span.First()) == span
}

// Knows reports whether a span is of the calendar or of one of the village's own periods.
func (s *Scheme) Knows(span clock.Span) bool { return !span.Own() || s.ownOf(span) != nil }

func (s *Scheme) ownOf(span clock.Span) *OwnPeriod {
	for i := range s.OwnPeriods {
		if s.OwnPeriods[i].year(span.First().Year()) == span {
			return &s.OwnPeriods[i]
		}
	}
	return nil
}

// SpanName names a span as people do, one of own dates by its name too: 村年（2025年11月1日至2026年10月31日）.
func (s *Scheme) SpanName(span clock.Span) string {
	if !span.Own() {
		return span.Chinese()
	}
	if o := s.ownOf(span); o != nil {
		return o.Name + "（" + span.Chinese() + "）"
	}
	return span.Chinese()
}

// yearly is the first day on or after another that has a date.
func yearly(day clock.Day, month, dom int) clock.Day {
	on := clock.MakeDay(day.Year(), month, dom)
	if on < day {
		on = clock.MakeDay(day.Year()+1, month, dom)
	}
	return on
}
