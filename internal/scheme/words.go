package scheme

import (
	"strconv"
	"strings"

	"hefen/internal/points"
)

// ValueText is the value in words: 每次5分, 1—20分, 清洁5分、较清洁3分.
func (i *Item) ValueText() string {
	v := &i.Value
	switch v.Kind {
	case ValueRange:
		by := ""
		if v.Panel {
			by = "由评议小组在"
		}
		text := span(v.From, v.To)
		if v.To <= 0 {
			text = "扣" + span(-v.To, -v.From)
		}
		if v.Panel {
			return by + text + "内评定"
		}
		return text
	case ValueGrades:
		return i.gradesText(v.Grades)
	case ValueSteps:
		parts := make([]string, len(v.Steps))
		for k := range v.Steps {
			parts[k] = v.stepName(&v.Steps[k]) + plainPoints(v.Steps[k].Points)
		}
		return strings.Join(parts, "，")
	case ValuePerUnit, ValuePerPerson:
		return "每" + v.Unit + plainPoints(v.Points) + roundNames[v.Round] + v.maxText()
	case ValueBrackets:
		return v.bracketsText()
	case ValueFaults:
		return "满分" + v.Full.String() + "分，每" + v.Unit + plainPoints(v.Points) + "，最少" + v.From.String() + "分"
	case ValueMilestones:
		return v.milestonesText()
	case ValueStreak:
		return v.streakText()
	case ValueSheet:
		return v.sheetText()
	}
	switch {
	case i.Set:
		return "年度积分直接定为" + v.Points.String() + "分"
	case v.Points == 0:
		return "不加分也不扣分"
	}
	return "每次" + plainPoints(v.Points)
}

func (i *Item) gradesText(grades []Grade) string {
	parts := make([]string, len(grades))
	for k, g := range grades {
		parts[k] = g.Name + plainPoints(g.Points)
		if i.Set {
			parts[k] = g.Name + "定为" + g.Points.String() + "分"
		}
	}
	if i.Set {
		return "年度积分直接评定：" + strings.Join(parts, "、")
	}
	return strings.Join(parts, "、")
}

// maxText is what one record is worth at most: ，一次最多10分.
func (v *Value) maxText() string {
	if v.Max == 0 {
		return ""
	}
	return "，一次最多" + plainPoints(v.signed(v.Max))
}

func (v *Value) bracketsText() string {
	text, lower := "", int64(0)
	if v.Least > 0 {
		text = "满" + quantity(v.Least) + v.Unit + "起计，"
	}
	for k := range v.Brackets {
		br := &v.Brackets[k]
		switch {
		case k > 0:
			text += "，" + quantity(lower) + v.Unit + "以上的部分"
		case br.UpTo > 0:
			text += quantity(br.UpTo) + v.Unit + "以内的部分"
		}
		if br.Points == 0 {
			text += "不计分"
		} else {
			text += "每" + quantity(br.Every) + v.Unit + plainPoints(br.Points)
		}
		lower = br.UpTo
	}
	return text + v.maxText()
}

func (v *Value) milestonesText() string {
	parts := make([]string, len(v.Milestones))
	for k, m := range v.Milestones {
		parts[k] = "满" + quantity(m.At) + v.Unit + plainPoints(m.Points)
	}
	how := "，只计最高一档"
	if v.Sum {
		how = "，各档相加"
	} else if len(v.Milestones) == 1 {
		how = ""
	}
	within := everyPer[v.Per] + "累计"
	if v.Per == "life" {
		within = "累计"
	}
	return within + strings.Join(parts, "、") + how
}

func (v *Value) streakText() string {
	daily := "每天至少" + v.Streak.AtLeast.String() + "分"
	if v.Streak.AtLeast == 1 {
		daily = "每天都有得分"
	}
	return "连续" + strconv.Itoa(v.Streak.Days) + "天、" + daily + "，" + plainPoints(v.Points)
}

func (v *Value) sheetText() string {
	parts := make([]string, len(v.Parts))
	for k, p := range v.Parts {
		if len(p.Options) == 0 {
			parts[k] = p.Name + p.Full.String() + "分"
			continue
		}
		options := make([]string, len(p.Options))
		for o, g := range p.Options {
			options[o] = g.Name + plainPoints(g.Points)
		}
		parts[k] = p.Name + "（" + strings.Join(options, "、") + "）"
	}
	text := "按检查表计：" + strings.Join(parts, "、")
	if v.Full > 0 {
		text += "；有满分的从满分往下扣"
	}
	return text
}

// CapsText is the limits in words: 每月最多10分；每天最多1次. Empty without limits.
func (i *Item) CapsText() string { return capsText(i.Caps) }

// EvidenceText is the evidence in words: 照片或双方确认.
func (i *Item) EvidenceText() string {
	if len(i.Evidence) == 1 && i.Evidence[0] == EvidenceNone {
		return "不用证明材料"
	}
	names := make([]string, len(i.Evidence))
	for k, e := range i.Evidence {
		names[k] = evidenceNames[e]
	}
	if i.EvidenceAll {
		return strings.Join(names, "和")
	}
	return strings.Join(names, "或")
}

// ReviewText is the review in words.
func (i *Item) ReviewText() string {
	switch {
	case i.Review.Direct:
		return "记上就生效"
	case i.Review.Panel:
		return "评议小组表决，再" + approvals(i.Review.Levels)
	}
	return "要" + approvals(i.Review.Levels)
}

// approvals is who has to agree, in words: one other person, or so many one after the other.
func approvals(levels int) string {
	if levels == 1 {
		return "另一个人审核"
	}
	return strconv.Itoa(levels) + "个人先后审核"
}

var roundNames = map[string]string{RoundNearest: "（四舍五入到整分）", RoundDown: "（不满1分的舍去）", RoundUp: "（不满1分的算1分）"}

var evidenceNames = map[string]string{
	EvidenceNone: "记录人证明", EvidencePhoto: "照片", EvidenceCertificate: "证书或通知书", EvidenceBoth: "双方确认", EvidenceSignature: "签字",
}

var (
	everyPer = map[string]string{"day": "每天", "week": "每周", "month": "每月", "two_months": "每两个月", "quarter": "每季度", "half": "每半年", "year": "每年", "life": "累计"}
	thisPer  = map[string]string{"day": "当天", "week": "本周", "month": "本月", "two_months": "这两个月", "quarter": "本季度", "half": "本半年", "year": "本年", "life": "累计"}
)

func capsText(caps []Cap) string {
	parts := make([]string, len(caps))
	for k := range caps {
		c := &caps[k]
		s := everyPer[c.Per] + capOwners[c.Of]
		verb := "最多"
		if c.On == OnDeductions {
			verb = "最多扣"
		}
		if c.Times > 0 {
			parts[k] = s + "最多" + strconv.Itoa(c.Times) + "次"
		} else {
			parts[k] = s + verb + c.Points.String() + "分"
		}
	}
	return strings.Join(parts, "；")
}

var capOwners = map[string]string{OfMember: "每人", OfGroup: "每个村民小组", OfVillage: "全村"}

// plainPoints is 5分 or 扣5分.
func plainPoints(a points.Amount) string {
	if a < 0 {
		return "扣" + (-a).String() + "分"
	}
	return a.String() + "分"
}

// span is a range in words; one that reaches below zero says which end takes points away.
func span(from, to points.Amount) string {
	if from < 0 && to > 0 {
		return "扣" + from.Abs().String() + "分到加" + to.String() + "分"
	}
	return from.String() + "—" + to.String() + "分"
}

func gradeNames(gs []Grade) string {
	names := make([]string, len(gs))
	for i, g := range gs {
		names[i] = g.Name
	}
	return strings.Join(names, "、")
}

// stepName is 2小时以内（含） or 2小时以上.
func (v *Value) stepName(st *Step) string {
	if st.UpTo > 0 {
		return quantity(st.UpTo) + v.Unit + "以内（含）"
	}
	if len(v.Steps) == 1 {
		return "不限" + v.Unit
	}
	return quantity(v.Steps[len(v.Steps)-2].UpTo) + v.Unit + "以上"
}

// quantity is thousandths in their shortest decimal form.
func quantity(q int64) string {
	s := strconv.FormatInt(q/1000, 10)
	if f := q % 1000; f != 0 {
		s += "." + strings.TrimRight(strconv.FormatInt(1000+f, 10)[1:], "0")
	}
	return s
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
