package clock

import "testing"

func TestWeekdays(t *testing.T) {
	for _, c := range []struct {
		from Day
		n    int
		want Day
	}{{20260522, 0, 20260522}, {20260522, 1, 20260525}, {20260523, 1, 20260525}, {20260518, 5, 20260525}, {20260522, 7, 20260602}} {
		if got := Weekdays(c.from, c.n); got != c.want {
			t.Errorf("%d after %s: %s, want %s", c.n, c.from, got, c.want)
		}
	}
}
