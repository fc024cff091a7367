package village

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// surnames whose reading as a family name is not the character's usual one.
var surnames = map[string][]string{
	"单": {"shan"}, "曾": {"zeng"}, "解": {"xie"}, "仇": {"qiu"}, "查": {"zha"}, "任": {"ren"}, "区": {"ou"}, "朴": {"piao"},
	"翟": {"zhai"}, "盖": {"ge"}, "尉迟": {"yu", "chi"}, "万俟": {"mo", "qi"}, "乐": {"yue"}, "员": {"yun"}, "宓": {"mi"},
	"洗": {"xian"}, "冼": {"xian"}, "缪": {"miao"}, "覃": {"qin"}, "谌": {"chen"}, "长孙": {"zhang", "sun"}, "华": {"hua"},
	"折": {"she"}, "种": {"chong"}, "逄": {"pang"}, "黑": {"he"}, "郇": {"xun"}, "祭": {"zhai"}, "逯": {"lu"}, "召": {"shao"},
}

var pinyinArgs = pinyin.NewArgs()

// Pinyin is the reading of a name for sorting ("zhang xiao san") and its initials for search ("zxs"). Letters and digits
// stand for themselves; other signs are left out.
func Pinyin(name string) (full, initials string) {
	var syllables []string
	rest := name
	for _, n := range []int{2, 1} {
		if r := []rune(name); len(r) > n {
			if s, ok := surnames[string(r[:n])]; ok {
				syllables, rest = append(syllables, s...), string(r[n:])
				break
			}
		}
	}
	for _, r := range rest {
		switch py := pinyin.SinglePinyin(r, pinyinArgs); {
		case len(py) > 0:
			syllables = append(syllables, py[0])
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			syllables = append(syllables, string(unicode.ToLower(r)))
		}
	}
	var b strings.Builder
	for _, s := range syllables {
		b.WriteByte(s[0])
	}
	return cut(strings.Join(syllables, " "), 240), cut(b.String(), 60)
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

// MaskName hides the middle of a name as it is shown in public: 张*, 张*三, 欧阳*华 becomes 欧**华.
func MaskName(name string) string {
	r := []rune(name)
	switch n := len(r); {
	case n == 0:
		return ""
	case n == 1:
		return "*"
	case n == 2:
		return string(r[0]) + "*"
	default:
		return string(r[0]) + strings.Repeat("*", min(n-2, 4)) + string(r[n-1])
	}
}

// MaskPhone keeps the ends of a number: 138****1234.
func MaskPhone(phone string) string {
	if len(phone) < 8 {
		return strings.Repeat("*", len(phone))
	}
	return phone[:3] + "****" + phone[len(phone)-4:]
}

// goodName reports whether a text can be a person's name: 1 to 30 characters, letters and the dot that joins the parts
// of a minority name, no digits.
func goodName(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > 30 || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && r != '·' && r != '•' && r != '.' && r != ' ' {
			return false
		}
	}
	return true
}

// goodLabel reports whether a text can be a relation, a flag or a region's name: up to max characters, nothing
// that separates or runs in a sheet.
func goodLabel(s string, max int) bool {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > max || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_·()（）#", r) {
			return false
		}
	}
	return !strings.HasPrefix(s, "-")
}

// goodNumber reports whether a text can be a household's number: 1 to 20 letters, digits, Chinese characters and hyphens.
func goodNumber(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > 20 || s[0] == '-' {
		return false
	}
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) && !(r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))) && r != '-' {
			return false
		}
	}
	return true
}
