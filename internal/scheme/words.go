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
		if v.To <= 0 {
			return "扣" + span(-v.To, -v.From)
		}
		return span(v.From, v.To)
	case ValueGrades:
		parts := make([]string, len(v.Grades))
		for k, g := range v.Grades {
			parts[k] = g.Name + plainPoints(g.Points)
		}
		return strings.Join(parts, "、")
	case ValueSteps:
		parts := make([]string, len(v.Steps))
		for k := range v.Steps {
			parts[k] = v.stepName(&v.Steps[k]) + plainPoints(v.Steps[k].Points)
		}
		return strings.Join(parts, "，")
	case ValuePerUnit:
		return "每" + v.Unit + plainPoints(v.Points) + roundNames[v.Round] + "，一次最多" + plainPoints(v.signed(v.Max))
	}
	return "每次" + plainPoints(v.Points)
}

// CapsText is the limits in words: 每月最多10分；每天最多1次. Empty without limits.
func (i *Item) CapsText() string { return capsText(i.Caps) }

// EvidenceText is the evidence in words: 照片或双方确认.
func (i *Item) EvidenceText() string {
	if len(i.Evidence) == 1 && i.Evidence[0] == EvidenceNone {
		return "无需证明材料"
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
	if i.Review.Direct {
		return "登记后直接生效"
	}
	return "需" + strconv.Itoa(i.Review.Levels) + "级审核"
}

func (i *Item) words(class string) ItemWords {
	return ItemWords{Class: class, Value: i.ValueText(), Caps: i.CapsText(), Evidence: i.EvidenceText(), Review: i.ReviewText()}
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
		s := everyPer[c.Per]
		if c.Of == OfMember {
			s += "每人"
		}
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

// plainPoints is 5分 or 扣5分.
func plainPoints(a points.Amount) string {
	if a < 0 {
		return "扣" + (-a).String() + "分"
	}
	return a.String() + "分"
}

func span(from, to points.Amount) string { return from.String() + "—" + to.String() + "分" }

// between is a range of points as an instruction.
func between(from, to points.Amount) string {
	if to <= 0 {
		return "扣分，" + from.String() + "到" + to.String() + "之间（扣分写成负数）"
	}
	return from.String() + "到" + to.String() + "之间"
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
