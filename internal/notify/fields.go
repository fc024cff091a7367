package notify

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/message"
)

// What may fill a keyword. A message that leaves the village's server says that something happened and where to read it: no
// name, no number of a household, no amount of points.
var sources = map[string]string{
	"what":    "what happened, in fixed words of at most 20 characters",
	"kind":    "the kind in at most 4 characters",
	"time":    "when, to the minute",
	"date":    "the day",
	"village": "the village's name",
	"hint":    "where to read more",
}

// whats say what happened, at most 20 characters as WeChat's thing keywords take.
var whats = map[message.Kind]string{
	message.Decided: "您家有一条积分记录", message.Deduct: "您家有一项扣分，请查看", message.Published: "您家的积分记录已公示", message.Objected: "有人对公示提出异议",
	message.Answered: "您反映的事情有了答复", message.Redeemed: "您家兑换了商品", message.Reserved: "您家的预约有变动", message.Expiring: "您家有积分快到期了",
	message.Waiting: "有事情等您办理", message.Lifted: "您家的限制已解除", message.Activity: "村里的活动有通知", message.Notice: "村里有通知",
}

const hint = "请打开小程序查看"

// limits of WeChat by the type of a keyword, which is its name without the number, in characters.
var limits = map[string]int{"thing": 20, "phrase": 5, "character_string": 32, "time": 24, "date": 24, "const": 20, "short_thing": 5, "name": 10}

var keywordForm = regexp.MustCompile(`^([a-z_]+)[0-9]{1,3}$`)

// fits reports why a keyword cannot be filled from a source.
func fits(keyword, source string) error {
	m := keywordForm.FindStringSubmatch(keyword)
	if m == nil {
		return fmt.Errorf("fields: %q is no keyword of a template, such as thing1 or time2", keyword)
	}
	if sources[source] == "" {
		return fmt.Errorf("fields.%s: %q is none of what, kind, time, date, village, hint", keyword, source)
	}
	ok := false
	switch m[1] {
	case "thing":
		ok = source != "time"
	case "phrase", "short_thing":
		ok = source == "kind"
	case "time", "date":
		ok = source == "time" || source == "date"
	}
	if !ok {
		return fmt.Errorf("fields.%s: a keyword of type %s cannot be filled with %s", keyword, m[1], source)
	}
	return nil
}

// fill makes the texts of a template. What is too long is cut, because WeChat refuses the whole message otherwise.
func (t *Template) fill(kind message.Kind, village string, atMs int64) map[string]string {
	at := clock.FromMs(atMs).In(clock.Shanghai)
	data := make(map[string]string, len(t.Fields))
	for keyword, source := range t.Fields {
		var text string
		switch source {
		case "what":
			text = whats[kind]
		case "kind":
			text = kind.Name()
		case "time":
			text = at.Format("2006年1月2日 15:04")
		case "date":
			text = at.Format("2006年1月2日")
		case "village":
			text = village
		default:
			text = hint
		}
		if text == "" {
			text = hint
		}
		data[keyword] = shorten(text, limits[keywordForm.FindStringSubmatch(keyword)[1]])
	}
	return data
}

func shorten(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if n == 0 || utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}
