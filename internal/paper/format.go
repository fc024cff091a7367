package paper

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Days from serial number 0 to 1970-01-01. Excel's first calendar counts a 29 February 1900 that never was.
const (
	base1900 = 25569
	base1904 = 24107
	maxDate  = 2_958_465 // 9999-12-31
)

// format is how Excel shows the numbers of a style, as far as registers and passbooks need it.
type format struct {
	date, time bool
	digits     int // at least so many before the point, filled up with onlyZeros
	decimals   int // so many after the point, where fixed
	fixed      bool
	percent    bool
}

var (
	notShown   = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	onlyZeros  = regexp.MustCompile(`^0+$`)
	fixedPoint = regexp.MustCompile(`^(?:#,##)?0(?:\.(0+))?(%?)$`)
)

// built-in formats that are not spelled out in a file, with those of Chinese Excel.
var builtIn = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm",
	19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm", 27: "yyyy m", 28: "m d", 29: "m d", 30: "m-d-yy", 31: "yyyy m d", 32: "h mm",
	33: "h mm ss", 34: "h mm", 35: "h mm ss", 36: "yyyy m", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 50: "yyyy m", 51: "m d", 52: "yyyy m",
	53: "m d", 54: "m d", 55: "h mm", 56: "h mm ss", 57: "yyyy m", 58: "m d",
}

// formatOf reads a format by its number and its code; what it does not know is shown as a plain number.
func formatOf(id, code string) format {
	if code == "" {
		n, _ := strconv.Atoi(id)
		code = builtIn[n]
	}
	code, _, _ = strings.Cut(code, ";")
	if len(code) > 256 || strings.Contains(strings.ToLower(code), "general") || strings.Contains(code, "通用") {
		return format{}
	}
	code = strings.ToLower(strings.TrimSpace(notShown.ReplaceAllString(code, "")))
	clock := strings.ContainsAny(code, "hs")
	switch {
	case strings.ContainsAny(code, "yd") || strings.Contains(code, "m") && !clock:
		return format{date: true, time: clock}
	case clock:
		return format{time: true}
	case onlyZeros.MatchString(code):
		return format{digits: len(code), fixed: true}
	}
	if m := fixedPoint.FindStringSubmatch(code); m != nil {
		return format{fixed: true, digits: 1, decimals: len(m[1]), percent: m[2] != ""}
	}
	return format{}
}

// show is a stored number as text. Days are shown as 2026-01-31 whatever the format's order is, because the order of
// day and month on the screen depends on the machine.
func (f format) show(value string, base int) string {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || len(value) > 40 {
		return value
	}
	if (f.date || f.time) && v >= 0 && v < maxDate+1 {
		return f.showTime(v, base)
	}
	n, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', 15, 64)) // Excel keeps 15 digits
	if !ok || v > 1e20 || v < -1e20 {
		return value
	}
	if !f.fixed {
		s := n.FloatString(15)
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	end := ""
	if f.percent {
		n.Mul(n, big.NewRat(100, 1))
		end = "%"
	}
	s := n.FloatString(f.decimals)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, _, _ := strings.Cut(s, ".")
	return sign + strings.Repeat("0", max(0, f.digits-len(whole))) + s + end
}

func (f format) showTime(v float64, base int) string {
	day := int(v)
	seconds := int((v-float64(day))*86400 + 0.5)
	if base == base1900 && day < 60 {
		day++
	}
	t := time.Unix(int64(day-base)*86400+int64(seconds), 0).UTC()
	switch {
	case !f.date:
		return t.Format("15:04:05")
	case f.time && seconds > 0:
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02")
}
