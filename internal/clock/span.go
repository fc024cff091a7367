package clock

import "fmt"

// Span names a stretch of the calendar as yyyy*100 + part: part 0 is the year, 1–12 a month, 21–24 a quarter,
// 31–32 a half-year. It is the key of totals and boards: one number, ordered within its kind, in every engine.
// A span of a village's own dates is a number too, ownSpan + first day × 1000 + number of days, so that it needs nobody
// else to say when it begins and ends.
type Span int32

const (
	ownSpan     Span = 1_000_000_000
	ownSpanDays      = 1000                // a span of own dates is shorter than this
	ownSpanZero Day  = 2000_01_01          // days are counted from here
	ownSpanForm      = "20060102-20060102" // how such a span is written
)

// Between is the span of own dates from one day to another, both inside; zero where there is none: it has 1 to 999 days
// and does not begin before the year 2000.
func Between(from, to Day) Span {
	if !from.Valid() || !to.Valid() || from < ownSpanZero || to < from || to.Sub(from) >= ownSpanDays-1 || from.Year() > 2999 {
		return 0
	}
	return ownSpan + Span(from.Sub(ownSpanZero)*ownSpanDays+to.Sub(from)+1)
}

// Own reports whether the span has dates of its own instead of being a month, quarter, half or year of the calendar.
func (s Span) Own() bool { return s >= ownSpan }

// Total reports whether the ledger keeps totals of the span: it is a month or a year of the calendar.
func (s Span) Total() bool { return s > 0 && !s.Own() && s%100 <= 12 }

// YearSpan, HalfSpan, QuarterSpan and MonthSpan are the spans that hold a day.
func YearSpan(d Day) Span    { return Span(d.Year() * 100) }
func HalfSpan(d Day) Span    { return YearSpan(d) + 31 + Span((d.Month()-1)/6) }
func QuarterSpan(d Day) Span { return YearSpan(d) + 21 + Span((d.Month()-1)/3) }
func MonthSpan(d Day) Span   { return YearSpan(d) + Span(d.Month()) }

// ParseSpan reads 2026, 2026H1, 2026Q3, 2026-11 or own dates: 20251101-20261031.
func ParseSpan(s string) (Span, error) {
	var y, n int
	switch {
	case len(s) == 4:
		if _, err := fmt.Sscanf(s, "%4d", &y); err == nil && y > 0 {
			return Span(y * 100), nil
		}
	case len(s) == 6 && s[4] == 'H':
		if _, err := fmt.Sscanf(s, "%4dH%1d", &y, &n); err == nil && n >= 1 && n <= 2 {
			return Span(y*100 + 30 + n), nil
		}
	case len(s) == 6 && s[4] == 'Q':
		if _, err := fmt.Sscanf(s, "%4dQ%1d", &y, &n); err == nil && n >= 1 && n <= 4 {
			return Span(y*100 + 20 + n), nil
		}
	case len(s) == 7 && s[4] == '-':
		if _, err := fmt.Sscanf(s, "%4d-%2d", &y, &n); err == nil && n >= 1 && n <= 12 {
			return Span(y*100 + n), nil
		}
	case len(s) == len(ownSpanForm) && s[8] == '-':
		from, err := ParseDay(s[:8])
		to, err2 := ParseDay(s[9:])
		if own := Between(from, to); err == nil && err2 == nil && own != 0 {
			return own, nil
		}
	}
	return 0, fmt.Errorf("span %q: want 2026, 2026H1, 2026Q3, 2026-11 or 20251101-20261031", s)
}

func (s Span) year() int { return int(s) / 100 }

// own are the bounds of a span of own dates.
func (s Span) own() (from, to Day) {
	from = ownSpanZero.Add(int(s-ownSpan) / ownSpanDays)
	return from, from.Add(int(s-ownSpan)%ownSpanDays - 1)
}

// First and Last are the days that bound the span, both inside it.
func (s Span) First() Day {
	if s.Own() {
		from, _ := s.own()
		return from
	}
	switch p := int(s) % 100; {
	case p >= 31:
		return MakeDay(s.year(), (p-31)*6+1, 1)
	case p >= 21:
		return MakeDay(s.year(), (p-21)*3+1, 1)
	case p >= 1:
		return MakeDay(s.year(), p, 1)
	}
	return MakeDay(s.year(), 1, 1)
}

func (s Span) Last() Day {
	if s.Own() {
		_, to := s.own()
		return to
	}
	switch p := int(s) % 100; {
	case p >= 31:
		return MakeDay(s.year(), (p-30)*6+1, 0)
	case p >= 21:
		return MakeDay(s.year(), (p-20)*3+1, 0)
	case p >= 1:
		return MakeDay(s.year(), p+1, 0)
	}
	return MakeDay(s.year(), 12, 31)
}

// Covers reports whether another span belongs to this one: it lies in it, or, for a year of the calendar, it has own dates
// and ends in it. So one order closes the year of every village, and one report has the awards of all its rounds.
func (s Span) Covers(p Span) bool {
	if p.Own() && s == YearSpan(s.First()) {
		return s.First() <= p.Last() && p.Last() <= s.Last()
	}
	return s.First() <= p.First() && p.Last() <= s.Last()
}

// Before is the span of the same kind that ends the day before this one begins; of own dates that are not a whole year,
// the same dates of the year before.
func (s Span) Before() Span {
	if s.Own() {
		from, to := s.own()
		if to.Add(1) == from.AddMonths(12) {
			return Between(from.AddMonths(-12), from.Add(-1))
		}
		return Between(from.AddMonths(-12), to.AddMonths(-12))
	}
	day := s.First().Add(-1)
	switch p := int(s) % 100; {
	case p >= 31:
		return HalfSpan(day)
	case p >= 21:
		return QuarterSpan(day)
	case p >= 1:
		return MonthSpan(day)
	}
	return YearSpan(day)
}

func (s Span) String() string {
	if s.Own() {
		from, to := s.own()
		return fmt.Sprintf("%08d-%08d", from, to)
	}
	switch p := int(s) % 100; {
	case p >= 31:
		return fmt.Sprintf("%04dH%d", s.year(), p-30)
	case p >= 21:
		return fmt.Sprintf("%04dQ%d", s.year(), p-20)
	case p >= 1:
		return fmt.Sprintf("%04d-%02d", s.year(), p)
	}
	return fmt.Sprintf("%04d", s.year())
}

// Chinese names the span as people do: 2026年, 2026年上半年, 2026年第3季度, 2026年11月, 2025年11月1日至2026年10月31日.
func (s Span) Chinese() string {
	if s.Own() {
		from, to := s.own()
		return from.Chinese() + "至" + to.Chinese()
	}
	switch p := int(s) % 100; {
	case p >= 31:
		return fmt.Sprintf("%d年%s半年", s.year(), [...]string{"上", "下"}[p-31])
	case p >= 21:
		return fmt.Sprintf("%d年第%d季度", s.year(), p-20)
	case p >= 1:
		return fmt.Sprintf("%d年%d月", s.year(), p)
	}
	return fmt.Sprintf("%d年", s.year())
}

func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Span) UnmarshalText(b []byte) error {
	p, err := ParseSpan(string(b))
	if err != nil {
		return err
	}
	*s = p
	return nil
}
