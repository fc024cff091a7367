package clock

import "time"

// Weekdays is the day n weekdays (Monday to Friday) after a day, for a term where no calendar of holidays is set.
func Weekdays(day Day, n int) Day {
	for n > 0 {
		day = day.Add(1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n--
		}
	}
	return day
}
