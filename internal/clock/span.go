package clock

import "fmt"

// Span names a stretch of the calendar as yyyy*100 + part: part 0 is the year, 1–12 a month, 21–24 a quarter,
// 31–32 a half-year. It is the key of totals and boards: one number, ordered within its kind, in every engine.
type Span int32

// YearSpan, HalfSpan, QuarterSpan and MonthSpan are the spans that hold a day.
func YearSpan(d Day) Span    { return Span(d.Year() * 100) }
func HalfSpan(d Day) Span    { return YearSpan(d) + 31 + Span((d.Month()-1)/6) }
func QuarterSpan(d Day) Span { return YearSpan(d) + 21 + Span((d.Month()-1)/3) }
func MonthSpan(d Day) Span   { return YearSpan(d) + Span(d.Month()) }

// ParseSpan reads 2026, 2026H1, 2026Q3 or 2026-11.
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
	}
	return 0, fmt.Errorf("span %q: want 2026, 2026H1, 2026Q3 or 2026-11", s)
}

func (s Span) year() int { return int(s) / 100 }

// First and Last are the days that bound the span, both inside it.
func (s Span) First() Day {
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

// Before is the span of the same kind that ends the day before this one begins.
func (s Span) Before() Span {
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

// Chinese names the span as people do: 2026年, 2026年上半年, 2026年第3季度, 2026年11月.
func (s Span) Chinese() string {
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
