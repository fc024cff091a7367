package clock

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"time"
)

// Day is a calendar day in Asia/Shanghai as yyyymmdd, the same number in every engine. Zero is "no day"; in JSON a day
// is "2026-11-21" and zero is "".
type Day int32

// Forever ends a term that has no end, so that "from <= d and d < to" needs no NULL.
const Forever Day = 99991231

// DayOf is the day on which an instant falls in Shanghai.
func DayOf(t time.Time) Day {
	y, m, d := t.In(Shanghai).Date()
	return MakeDay(y, int(m), d)
}

// MakeDay puts a day together; out-of-range parts roll over as in time.Date.
func MakeDay(year, month, day int) Day {
	t := time.Date(year, time.Month(month), day, 12, 0, 0, 0, time.UTC)
	y, m, d := t.Date()
	return Day(y*10000 + int(m)*100 + d)
}

// ParseDay reads "2026-11-21" or "20261121" and refuses days that do not exist.
func ParseDay(s string) (Day, error) {
	layout := "2006-01-02"
	if len(s) == 8 {
		layout = "20060102"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, fmt.Errorf("day %q: want yyyy-mm-dd", s)
	}
	y, m, d := t.Date()
	return Day(y*10000 + int(m)*100 + d), nil
}

func (d Day) Year() int  { return int(d) / 10000 }
func (d Day) Month() int { return int(d) / 100 % 100 }
func (d Day) Dom() int   { return int(d) % 100 }

// Valid reports whether the number is a day of the calendar.
func (d Day) Valid() bool { return d > 0 && MakeDay(d.Year(), d.Month(), d.Dom()) == d }

// Time is noon UTC of the day: for arithmetic on days, never for instants.
func (d Day) Time() time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.Dom(), 12, 0, 0, 0, time.UTC)
}

// Start is the instant at which the day begins in Shanghai.
func (d Day) Start() time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.Dom(), 0, 0, 0, 0, Shanghai)
}

// Add moves by n days.
func (d Day) Add(n int) Day { return MakeDay(d.Year(), d.Month(), d.Dom()+n) }

// AddMonths moves by n months; the 31st becomes the last day of a shorter month.
func (d Day) AddMonths(n int) Day {
	first := MakeDay(d.Year(), d.Month()+n, 1)
	return MakeDay(first.Year(), first.Month(), min(d.Dom(), first.EndOfMonth().Dom()))
}

// Sub counts the days from e to d.
func (d Day) Sub(e Day) int { return int(d.Time().Sub(e.Time()).Hours() / 24) }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.Time().Weekday() }

func (d Day) StartOfMonth() Day { return d - Day(d.Dom()) + 1 }
func (d Day) EndOfMonth() Day   { return MakeDay(d.Year(), d.Month()+1, 0) }

func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year(), d.Month(), d.Dom())
}

// Chinese is the day as people write it: 2026年11月21日.
func (d Day) Chinese() string { return fmt.Sprintf("%d年%d月%d日", d.Year(), d.Month(), d.Dom()) }

func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	p, err := ParseDay(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}

func (d Day) Value() (driver.Value, error) { return int64(d), nil }

func (d *Day) Scan(v any) error {
	switch x := v.(type) {
	case int64:
		*d = Day(x)
	case []byte:
		n, err := strconv.ParseInt(string(x), 10, 32)
		if err != nil {
			return err
		}
		*d = Day(n)
	default:
		return fmt.Errorf("day from %T", v)
	}
	return nil
}
