package clock

import "testing"

// TestOwnSpan: a span of own dates is a number that says by itself when it begins and ends, and is read back from its text.
func TestOwnSpan(t *testing.T) {
	for _, c := range []struct {
		from, to Day
		text     string
		before   string
	}{
		{20251101, 20261031, "20251101-20261031", "20241101-20251031"},
		{20260301, 20270228, "20260301-20270228", "20250301-20260228"},
		{20240301, 20250228, "20240301-20250228", "20230301-20240229"}, // a whole year before, leap day and all
		{20260215, 20260531, "20260215-20260531", "20250215-20250531"},
		{20260301, 20260301, "20260301-20260301", "20250301-20250301"},
	} {
		s := Between(c.from, c.to)
		if !s.Own() || s.Total() || s.First() != c.from || s.Last() != c.to || s.String() != c.text || s.Before().String() != c.before {
			t.Errorf("%s–%s: %d %s, %s–%s, before %s", c.from, c.to, s, s, s.First(), s.Last(), s.Before())
		}
		if read, err := ParseSpan(c.text); err != nil || read != s {
			t.Errorf("read %q: %v, %v", c.text, read, err)
		}
	}
	for _, bad := range []string{"20261031-20251101", "20251101-20301031", "20260230-20260301", "19991101-20001031", "2026110-120261031", "20251101_20261031"} {
		if s, err := ParseSpan(bad); err == nil {
			t.Errorf("%q was read as %s", bad, s)
		}
	}
}

// TestCovers: closing a calendar year closes the own periods that end in it; anything else only what lies inside.
func TestCovers(t *testing.T) {
	own := Between(20251101, 20261031)
	for _, c := range []struct {
		span, part Span
		want       bool
	}{
		{202600, own, true}, {202500, own, false}, {202632, own, false}, {own, 202610, true}, {own, 202611, false}, {own, own, true},
		{own, 202600, false}, {202600, 202612, true}, {202612, 202600, false}, {202624, 202600, false},
	} {
		if got := c.span.Covers(c.part); got != c.want {
			t.Errorf("%s covers %s: %v", c.span, c.part, got)
		}
	}
}
