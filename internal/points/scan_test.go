package points_test

import (
	"testing"

	"hefen/internal/points"
)

func TestScan(t *testing.T) {
	for _, c := range []struct {
		in   any
		want int64
		ok   bool
	}{{int64(-7), -7, true}, {[]byte("12345678901"), 12345678901, true}, {"42", 42, true}, {nil, 0, false}, {[]byte("3.5"), 0, false}, {true, 0, false}} {
		var got points.Amount
		if err := got.Scan(c.in); (err == nil) != c.ok || int64(got) != c.want {
			t.Errorf("%v: %d, %v", c.in, int64(got), err)
		}
	}
}
