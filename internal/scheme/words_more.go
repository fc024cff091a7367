package scheme

import (
	"strconv"
	"strings"
)

func (s *Scheme) words(i *Item) ItemWords {
	return ItemWords{Class: s.classes[i.Class].Name, Value: i.ValueText(), Caps: i.CapsText(), Evidence: i.EvidenceText(), Review: i.ReviewText(), More: s.more(i)}
}

// more is what else holds for an item, one sentence each, for those whom the value and the caps do not tell everything.
func (s *Scheme) more(i *Item) []string {
	var out []string
	say := func(text string) {
		if text != "" {
			out = append(out, text)
		}
	}
	say(s.ownerText(i))
	say(i.Only.text())
	say(i.timesText())
	for k := range i.Parties {
		say(i.Parties[k].text(i.Value.Kind == ValuePerPerson))
	}
	if i.State != "" {
		say(everyPer[i.State] + "以最近一次检查为准，不重复计分")
	}
	if g := s.conflict(i); g != nil {
		say(sameTexts[g.Same] + "有几项属于“" + g.Name + "”的，只计最高的一项")
	}
	if w := i.WarnFirst; w != nil {
		text := "第一次只警告，" + w.within() + "再犯才扣分"
		if w.FixDays > 0 {
			text += "；警告后要在" + strconv.Itoa(w.FixDays) + "天内整改"
		}
		say(text)
	}
	if r := i.Repeat; r != nil {
		text := r.within() + "再次发生的，按" + quantity(r.Factor) + "倍计"
		if r.Each {
			text += "，每多一次再乘一次"
		}
		say(text)
	}
	out = append(out, s.effectTexts(i.Effects, "")...)
	for k := range i.Value.Grades {
		g := &i.Value.Grades[k]
		out = append(out, s.effectTexts(g.Effects, "评为“"+g.Name+"”的，")...)
	}
	if r := i.Repair; r != nil {
		if r.Points == 0 {
			say("整改到位并写下保证的，不再扣分")
		} else {
			say("整改到位并写下保证的，改为" + plainPoints(r.Points))
		}
	}
	if i.Valid != nil {
		say("记录有效到" + i.Valid.until() + "，过期不再计算")
	}
	say(i.Calendar.text())
	if len(i.Charge) > 0 {
		say("扣分依次从" + s.walletNames(i.Charge) + "里扣")
	}
	if i.Own {
		say("本村自定事项")
	}
	say(i.fromToText())
	return out
}

// fromToText says between which days an item is in force.
func (i *Item) fromToText() string {
	if i.From != 0 && i.To != 0 {
		return i.From.Chinese() + "到" + i.To.Chinese() + "施行"
	}
	if i.From != 0 {
		return i.From.Chinese() + "起施行"
	}
	if i.To != 0 {
		return "施行到" + i.To.Chinese()
	}
	return ""
}

var subjectNames = map[string]string{SubjectHousehold: "户", SubjectPerson: "个人", SubjectGroup: "村民小组", SubjectTeam: "队伍"}

// ownerText says whose account is meant where it is not the scheme's usual one.
func (s *Scheme) ownerText(i *Item) string {
	if i.Subject == "" || i.Subject == s.Subject {
		return ""
	}
	return "记到" + subjectNames[i.Subject]
}

func (i *Item) timesText() string {
	switch i.Times {
	case TimesMembers:
		return "按家庭人口数计，每人一份"
	case TimesAdults:
		return "按家中成年人数计，每人一份"
	}
	return ""
}

// text says for whom an item is meant.
func (o *Only) text() string {
	if o == nil {
		return ""
	}
	if o.Say != "" {
		return o.Say
	}
	var parts []string
	if len(o.States) > 0 {
		parts = append(parts, "有这些身份之一的："+stateNames(o.States))
	}
	if len(o.Not) > 0 {
		parts = append(parts, "没有这些身份的："+stateNames(o.Not))
	}
	switch {
	case o.MinAge > 0 && o.MaxAge > 0:
		parts = append(parts, strconv.Itoa(o.MinAge)+"到"+strconv.Itoa(o.MaxAge)+"岁的")
	case o.MinAge > 0:
		parts = append(parts, "满"+strconv.Itoa(o.MinAge)+"岁的")
	case o.MaxAge > 0:
		parts = append(parts, strconv.Itoa(o.MaxAge)+"岁以下（含）的")
	}
	if o.When != "" {
		parts = append(parts, "符合规定条件的")
	}
	return "只给" + strings.Join(parts, "，并且")
}

// stateWords are the states that the village's records know by themselves, as people call them; others are the village's
// own words.
var stateWords = map[string]string{
	"resident": "常住", "away": "外出", "suspended": "暂停", "moved": "迁出", "dead": "去世", "dissolved": "销户", "party_member": "党员", "volunteer": "志愿者", "student": "学生", "needy": "困难户",
	"poor": "脱贫户", "monitored": "监测户", "lone_elder": "独居老人", "disabled": "残疾人", "veteran": "退役军人", "cadre": "村干部", "group_leader": "村民小组长", "head": "户主",
}

func stateNames(states []string) string {
	names := make([]string, len(states))
	for i, s := range states {
		if names[i] = stateWords[s]; names[i] == "" {
			names[i] = s
		}
	}
	return strings.Join(names, "、")
}

// text says what a party gets.
func (p *PartyRule) text(perPerson bool) string {
	who := p.Name
	switch {
	case p.Who == PartySelf:
	case p.Who == PartyNamed && p.Min == p.Max:
		who += "（登记时选" + strconv.Itoa(p.Max) + "个）"
	case p.Who == PartyNamed:
		who += "（登记时选" + strconv.Itoa(p.Min) + "到" + strconv.Itoa(p.Max) + "个）"
	}
	if len(p.Relations) > 0 {
		who += "，须是" + strings.Join(p.Relations, "、")
	}
	switch {
	case perPerson:
		return who + "：同一活动每人只计一次"
	case p.Points != nil:
		return who + "：" + plainPoints(*p.Points)
	case p.Factor == 1000:
		return who + "：同样的分值"
	case p.Factor < 0:
		return who + "：相反的分值，按" + quantity(-p.Factor) + "倍计"
	}
	return who + "：按分值的" + quantity(p.Factor) + "倍计"
}

var sameTexts = map[string]string{"deed": "同一件事", "day": "同一天", "month": "同一个月", "year": "同一年"}

var untilNames = map[string]string{"month": "当月底", "quarter": "当季度末", "half": "当半年末", "year": "当年年底", "next_year": "下一年年底"}

// within is the time in which something happens again: 12个月内.
func (t *Term) within() string {
	switch {
	case t.Open:
		return "以后"
	case t.Days > 0:
		return strconv.Itoa(t.Days) + "天内"
	case t.Months > 0:
		return months(t.Months) + "内"
	}
	return untilNames[t.Until] + "以前"
}

// until is when something ends.
func (t *Term) until() string {
	switch {
	case t.Days > 0:
		return strconv.Itoa(t.Days) + "天后"
	case t.Months > 0:
		return months(t.Months) + "后"
	}
	return untilNames[t.Until]
}

// lasts is how long something stands: 1年, 到当年年底.
func (t *Term) lasts() string {
	switch {
	case t.Open:
		return "直到解除"
	case t.Days > 0:
		return strconv.Itoa(t.Days) + "天"
	case t.Months > 0:
		return months(t.Months)
	}
	return "到" + untilNames[t.Until]
}

func months(n int) string {
	if n%12 == 0 {
		return strconv.Itoa(n/12) + "年"
	}
	return strconv.Itoa(n) + "个月"
}

func (s *Scheme) effectTexts(e *Effects, when string) []string {
	if e == nil {
		return nil
	}
	var out []string
	if len(e.Zero) > 0 {
		out = append(out, when+s.walletNames(e.Zero)+"清零")
	}
	for k := range e.Tags {
		t := &e.Tags[k]
		text := tagNames[t.Kind]
		switch {
		case t.Kind == TagOpenFault:
			text = "列为待整改，限" + strconv.Itoa(t.FixDays) + "天内整改"
		case t.Term != nil:
			text += t.Term.lasts()
		}
		if len(t.Rounds) > 0 {
			text += "（" + s.titlesOf(t.Rounds) + "）"
		}
		out = append(out, when+text)
	}
	return out
}

func (s *Scheme) walletNames(codes []string) string {
	names := make([]string, len(codes))
	for k, code := range codes {
		if w, ok := s.Wallet(code); ok {
			names[k] = w.Name
		}
	}
	return strings.Join(names, "、")
}

func (s *Scheme) titlesOf(codes []string) string {
	var names []string
	for i := range s.Rounds {
		if contains(codes, s.Rounds[i].Code) {
			names = append(names, s.Rounds[i].Name)
		}
	}
	return strings.Join(names, "、")
}

var weekdayNames = [...]string{"", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"}

// text says on which days an item is checked.
func (c *Calendar) text() string {
	if c == nil {
		return ""
	}
	text := "只在"
	if c.From > 0 {
		text += "每月" + strconv.Itoa(c.From) + "日到" + strconv.Itoa(c.To) + "日"
	}
	if len(c.Weekdays) > 0 {
		names := make([]string, len(c.Weekdays))
		for k, d := range c.Weekdays {
			names[k] = weekdayNames[d]
		}
		if c.From > 0 {
			text += "的"
		} else {
			text += "每周"
		}
		text += strings.Join(names, "、")
	}
	return text + "检查登记"
}
