// Package clock holds the program's idea of time: an instant is a time.Time in UTC, stored as milliseconds; a day is a
// calendar day in Asia/Shanghai. Features are given a Clock and ask it once per use case.
package clock

import (
	"time"
	_ "time/tzdata" // village servers may lack zone files
)

// Shanghai is the zone in which a village counts its days.
var Shanghai = func() *time.Location {
	l, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err) // embedded by time/tzdata
	}
	return l
}()

// Clock tells the present instant.
type Clock func() time.Time

// System is the machine's clock.
func System() time.Time { return time.Now() }

// Ms is the stored form of an instant: milliseconds since 1970 UTC.
func Ms(t time.Time) int64 { return t.UnixMilli() }

// FromMs is the instant of a stored value, in UTC.
func FromMs(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
