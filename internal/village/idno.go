package village

import (
	"strings"

	"hefen/internal/clock"
)

// AdultAge is the age from which a person is no longer a minor.
const AdultAge = 18

// Minor reports whether someone born on a day is under age on another. An unknown day of birth is not a minor.
func Minor(born, on clock.Day) bool { return born != 0 && born.AddMonths(12*AdultAge) > on }

// parseIDNo checks an identity card number (18 places, GB 11643) and tells the day of birth in it. The problem is what to
// tell the clerk, empty if there is none; it never repeats the number.
func parseIDNo(s string, today clock.Day) (norm string, born clock.Day, problem string) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	if strings.ContainsAny(s, "E.+") {
		return "", 0, "身份证号被表格软件变成了数字，后几位已经丢失。请把这一列设为“文本”格式后重新填写"
	}
	if len(s) == 15 {
		return "", 0, "这是15位旧身份证号，请填18位的新号"
	}
	if len(s) != 18 {
		return "", 0, "身份证号应为18位，请核对位数"
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if s[i] < '0' || s[i] > '9' {
			return "", 0, "身份证号前17位只能是数字"
		}
		sum += w * int(s[i]-'0')
	}
	if "10X98765432"[sum%11] != s[17] {
		return "", 0, "身份证号校验不对，可能抄错了一位，请核对"
	}
	born, err := clock.ParseDay(s[6:14])
	if err != nil || born > today || born < 19000101 {
		return "", 0, "身份证号里的出生日期不存在，请核对"
	}
	return s, born, ""
}

// parsePhone checks a mobile number of mainland China, or a landline with its area code.
func parsePhone(s string) (norm, problem string) {
	norm = strings.NewReplacer(" ", "", "-", "", "+86", "", "(", "", ")", "").Replace(s)
	if len(norm) == 13 && strings.HasPrefix(norm, "86") {
		norm = norm[2:]
	}
	for i := range len(norm) {
		if norm[i] < '0' || norm[i] > '9' {
			return "", "手机号只能是数字，请核对"
		}
	}
	switch {
	case len(norm) == 11 && norm[0] == '1' && norm[1] >= '3':
		return norm, ""
	case len(norm) >= 10 && len(norm) <= 12 && norm[0] == '0' && norm[1] != '0':
		return norm, ""
	}
	return "", "手机号应为11位，请核对位数（座机请带区号）"
}

// parseBorn reads a day of birth as people type it.
func parseBorn(s string, today clock.Day) (clock.Day, string) {
	const wrong = "出生日期请写成 1980-01-31 的样子，且不能晚于今天"
	t := strings.TrimSuffix(strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-").Replace(s), "-")
	if p := strings.Split(t, "-"); len(p) == 3 && len(p[0]) == 4 {
		for i := 1; i < 3; i++ {
			if len(p[i]) == 1 {
				p[i] = "0" + p[i]
			}
		}
		t = strings.Join(p, "-")
	}
	d, err := clock.ParseDay(t)
	if err != nil || d > today || d < 19000101 {
		return 0, wrong
	}
	return d, ""
}
