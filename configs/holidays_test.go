package configs

import (
	"testing"
	"testing/fstest"

	"hefen/internal/clock"
)

func TestHolidays(t *testing.T) {
	c, err := clock.ReadCalendar(Holidays, "holidays/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		what string
		from clock.Day
		n    int
		want clock.Day
	}{
		{"an ordinary week", 20261109, 7, 20261118},
		{"over the national holidays of 2026, with 10 October worked", 20260930, 3, 20261010},
		{"over the new year of 2025, with 26 January and 8 February worked", 20250124, 5, 20250207},
		{"made on a Sunday that is worked", 20260920, 1, 20260921},
		{"no day", 20261109, 0, 20261109},
	} {
		if got := c.AddWorkDays(tc.from, tc.n); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.what, got, tc.want)
		}
	}
	// Each year works 365 or 366 days less weekends, less holidays on weekdays, plus weekends worked: as published.
	for year, want := range map[int]int{2025: 248, 2026: 248} {
		n := 0
		for d := clock.MakeDay(year, 1, 1); d.Year() == year; d = d.Add(1) {
			if c.Works(d) {
				n++
			}
		}
		if n != want {
			t.Errorf("%d has %d working days, want %d", year, n, want)
		}
	}
	if !c.Knows(2026) || c.Knows(2031) || (*clock.Calendar)(nil).Knows(2026) {
		t.Error("known years")
	}
	if got := (*clock.Calendar)(nil).AddWorkDays(20260930, 3); got != 20261005 {
		t.Errorf("without a table: %d", got)
	}
}

func TestHolidaysRefuseNonsense(t *testing.T) {
	for what, text := range map[string]string{
		"another year":      "year: 2027\noff: [{name: 元旦, from: 2026-01-01, to: 2026-01-01}]",
		"backwards":         "year: 2027\noff: [{name: 元旦, from: 2027-01-03, to: 2027-01-01}]",
		"a weekday worked":  "year: 2027\nwork: [2027-01-04]",
		"no year":           "off: []",
		"a word misspelt":   "year: 2027\nworks: []",
		"no day":            "year: 2027\nwork: [2027-02-30]",
		"a holiday for all": "year: 2027\noff: [{name: 假, from: 2027-01-01, to: 2027-12-31}]",
	} {
		if _, err := clock.ReadCalendar(fstest.MapFS{"h/2027.yaml": {Data: []byte(text)}}, "h/*.yaml"); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}
