// Package points is the amount in which a village counts: hundredths of a point, never a float.
package points

import (
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Amount is hundredths of a point: 150 is 1.5 points. In JSON it is that integer.
type Amount int64

// Scan reads a column as the drivers give it. database/sql itself would go through text.
func (a *Amount) Scan(v any) error {
	if n, ok := v.(int64); ok {
		*a = Amount(n)
		return nil
	}
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	if !n.Valid {
		return errNull
	}
	*a = Amount(n.Int64)
	return nil
}

var errNull = errors.New("points: NULL in a column")

// Max bounds every single amount a person or a scheme may give: ten million points. Sums of many stay far inside int64.
const Max Amount = 10_000_000 * Point

// Point is one point.
const Point Amount = 100

// ErrFormat is what Parse answers to anything but a decimal number of at most two places within ±Max.
var ErrFormat = errors.New("points: want a number with at most two decimal places")

// Parse reads "3", "-2.5" or "0.01".
func Parse(s string) (Amount, error) {
	t, neg := s, false
	if strings.HasPrefix(t, "-") || strings.HasPrefix(t, "+") {
		neg, t = t[0] == '-', t[1:]
	}
	whole, frac, dot := strings.Cut(t, ".")
	if whole == "" || len(whole) > 8 || len(frac) > 2 || (dot && frac == "") {
		return 0, fmt.Errorf("%q: %w", s, ErrFormat)
	}
	for len(frac) < 2 {
		frac += "0"
	}
	n, err := strconv.ParseUint(whole+frac, 10, 63)
	if err != nil || Amount(n) > Max {
		return 0, fmt.Errorf("%q: %w", s, ErrFormat)
	}
	if neg {
		return -Amount(n), nil
	}
	return Amount(n), nil
}

// String is the shortest decimal form: 3, -2.5, 0.01.
func (a Amount) String() string {
	sign, n := "", uint64(a)
	if a < 0 {
		sign, n = "-", -n
	}
	s := sign + strconv.FormatUint(n/100, 10)
	if f := n % 100; f != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%02d", f), "0")
	}
	return s
}

// Signed is String with a plus before gains, for lists that show gains and losses.
func (a Amount) Signed() string {
	if a > 0 {
		return "+" + a.String()
	}
	return a.String()
}

// Times is the amount times n / d, cut towards zero to hundredths and to ±Max. d is positive.
func (a Amount) Times(n, d int64) Amount {
	negative := (a < 0) != (n < 0)
	hi, lo := bits.Mul64(uint64(a.Abs()), uint64(max(n, -n)))
	out := Max
	if hi < uint64(d) {
		if q, _ := bits.Div64(hi, lo, uint64(d)); q < uint64(Max) {
			out = Amount(q)
		}
	}
	if negative {
		return -out
	}
	return out
}

// Abs is the amount without its sign.
func (a Amount) Abs() Amount { return max(a, -a) }
