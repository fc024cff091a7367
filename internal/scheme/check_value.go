package scheme

import (
	"strings"

	"hefen/internal/points"
)

func (b *binder) checkValue(it *Item, n *node) {
	var kinds []string
	for _, k := range valueKeys {
		if n.get(k) != nil {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		b.fail(n, "no_value", "事项“"+it.Name+"”没有写分值", "请写 points（固定）、range（范围）、grades（分等级）、steps（按数量分档）、per_unit（每单位几分）等中的一种，例如 points: 5")
		return
	}
	if len(kinds) > 1 {
		b.fail(n.get(kinds[1]), "two_values", "事项“"+it.Name+"”写了两种分值："+strings.Join(kinds, "、"), "请只留一种")
		return
	}
	at := n.get(kinds[0])
	switch v := &it.Value; v.Kind {
	case ValueFixed:
		if v.Points == 0 && !it.Set && it.Effects == nil && !partiesPaid(it) {
			b.fail(at, "zero", "分值是0", "请写加多少分，扣分写负数；只有直接评定（set）和有后果（effects）的事项可以写0")
		}
	case ValueRange:
		if v.From >= v.To {
			b.fail(at, "range", "范围的最少要小于最多", "例如 {from: 1, to: 20}；扣分写 {from: -20, to: -1}")
		}
	case ValueGrades:
		b.checkGrades(it, at)
	case ValuePerUnit, ValuePerPerson:
		b.checkRate(v, at)
	case ValueSteps:
		b.checkSteps(v, at.get("tiers"))
	case ValueBrackets:
		b.checkBrackets(v, at)
	case ValueFaults:
		if v.From >= v.Full {
			b.fail(at.get("floor"), "faults", "扣到"+v.From.String()+"分为止，不比满分"+v.Full.String()+"分少，扣不下去", "请让 floor 小于 full，不写就是0")
		}
	case ValueMilestones:
		b.checkMilestones(v, at.get("tiers"))
	case ValueStreak:
		if v.Points == 0 {
			b.fail(at.get("points"), "zero", "分值是0", "请写连续达标计多少分")
		} else if v.Points < 0 {
			b.fail(at.get("points"), "streak", "连续达标不能扣分", "请写正数")
		}
	case ValueSheet:
		b.checkSheet(it, at.get("parts"))
	}
}

// partiesPaid reports whether others get amounts of their own, so that the item itself may be worth nothing.
func partiesPaid(it *Item) bool {
	for i := range it.Parties {
		if p := it.Parties[i].Points; p != nil && *p != 0 {
			return true
		}
	}
	return false
}

func (b *binder) checkGrades(it *Item, n *node) {
	codes, names := unique{}, unique{}
	nothing := !it.Set && it.Effects == nil
	for i, g := range n.vals {
		b.unique(codes, g.get("code"), "代号")
		b.unique(names, g.get("name"), "名称")
		nothing = nothing && it.Value.Grades[i].Points == 0 && it.Value.Grades[i].Effects == nil
	}
	if nothing {
		b.fail(n, "zero", "各等级的分值都是0", "请至少给一个等级写上加分或扣分")
	}
}

func (b *binder) checkRate(v *Value, n *node) {
	switch {
	case v.Points == 0:
		b.fail(n.get("points"), "zero", "分值是0", "请写每单位加多少分，扣分写负数")
	case n.get("max") == nil && v.Kind == ValuePerPerson:
		b.warn(n, "no_max", "没有写一次最多几分，人多时一次会记很多分", "请加上 max，例如 {points: 2, max: 20}")
	case n.get("max") != nil && v.Max < v.Points.Abs():
		b.warn(n.get("max"), "cap_small", "一次最多"+v.Max.String()+"分，比一"+v.Unit+"的"+v.Points.Abs().String()+"分还少", "请核对 max 和 points")
	}
}

func (b *binder) checkSteps(v *Value, tiers *node) {
	last := len(v.Steps) - 1
	for i, t := range tiers.vals {
		up := t.get("up_to")
		switch {
		case i == last && up != nil:
			b.fail(up, "steps", "最后一档不能写到多少为止，再多就没有分值了", "请删去最后一档的 up_to，或在后面加一档")
		case i < last && up == nil:
			b.fail(t, "steps", "这一档没有写到多少为止，后面的档用不上", "请补上 up_to，例如 {up_to: 2, points: 1}")
		case i < last && i > 0 && v.Steps[i].UpTo <= v.Steps[i-1].UpTo:
			b.fail(up, "steps", "各档没有从小到大排列", "请把 up_to 小的写在前面，不要重复")
		case i > 0 && v.Steps[i].Points == v.Steps[i-1].Points:
			b.warn(t, "steps", "这一档和前一档分值一样，多分了一档", "请核对分值，或把两档合成一档")
		}
	}
}

// checkBrackets holds that brackets follow each other, and warns of those too narrow to ever count and of those that
// the maximum has overtaken.
func (b *binder) checkBrackets(v *Value, n *node) {
	last, lower, worth := len(v.Brackets)-1, int64(0), points.Amount(0)
	gives, takes := false, false
	for i, t := range n.get("tiers").vals {
		k, up := &v.Brackets[i], t.get("up_to")
		gives, takes = gives || k.Points > 0, takes || k.Points < 0
		switch {
		case i == last && up != nil:
			b.fail(up, "brackets", "最后一段不能写到多少为止，再多就没有算法了", "请删去最后一段的 up_to；再多不计分的，请在后面加一段 {every: 1, points: 0}")
		case i < last && up == nil:
			b.fail(t, "brackets", "这一段没有写到多少为止，和后面的段重叠，后面的用不上", "请补上 up_to，例如 {up_to: 2000, every: 200, points: 1}")
		case i < last && k.UpTo <= lower:
			b.fail(up, "brackets", "这一段和前一段重叠", "各段接着前一段算，请从小到大写 up_to，不要重复")
		case i < last && v.Round == RoundDown && k.UpTo-lower < k.Every:
			b.warn(t, "brackets", "这一段只有"+quantity(k.UpTo-lower)+v.Unit+"，不满"+quantity(k.Every)+v.Unit+"，一份也算不到", "请核对 up_to 和 every，或写 round: none 按比例算")
		case v.Max > 0 && worth.Abs() >= v.Max:
			b.warn(t, "brackets", "前面的段已经到了一次最多"+v.Max.String()+"分，这一段用不上", "请核对 max，或删去这一段")
		}
		if i < last && k.UpTo > lower && k.Every > 0 {
			worth += k.Points.Times((k.UpTo-lower)/k.Every, 1)
			lower = k.UpTo
		}
	}
	if gives == takes {
		b.fail(n.get("tiers"), "brackets", "各段要么都加分，要么都扣分", "请核对各段的分值，至少有一段不是0")
	}
}

func (b *binder) checkMilestones(v *Value, tiers *node) {
	for i, t := range tiers.vals {
		m := &v.Milestones[i]
		switch {
		case m.Points == 0:
			b.fail(t.get("points"), "zero", "分值是0", "请写达到这一档计多少分")
		case (m.Points < 0) != (v.Milestones[0].Points < 0):
			b.fail(t.get("points"), "milestones", "各档要么都加分，要么都扣分", "请核对各档的分值")
		case i > 0 && m.At <= v.Milestones[i-1].At:
			b.fail(t.get("at"), "milestones", "各档没有从小到大排列", "请把 at 小的写在前面，不要重复")
		case i > 0 && !v.Sum && m.Points.Abs() <= v.Milestones[i-1].Points.Abs():
			b.warn(t, "milestones", "只计最高一档，这一档的分不比前一档多，达到了也没有用", "请核对分值；各档要相加的请写 sum: true")
		}
	}
}

func (b *binder) checkSheet(it *Item, parts *node) {
	codes, names := unique{}, unique{}
	for _, p := range parts.vals {
		b.unique(codes, p.get("code"), "代号")
		b.unique(names, p.get("name"), "名称")
		full, options := p.get("full"), p.get("options")
		if (full == nil) == (options == nil) {
			b.fail(p, "sheet", "检查表的一部分要写满分或几种情况，两个里写一个", "例如 {code: yard, name: 庭院, full: 3}，或用 options 列出几种情况")
		}
		optionCodes, optionNames := unique{}, unique{}
		for _, o := range list(options) {
			b.unique(optionCodes, o.get("code"), "代号")
			b.unique(optionNames, o.get("name"), "名称")
		}
	}
	if lo, hi := it.Value.Bounds(); lo == 0 && hi == 0 {
		b.fail(parts, "zero", "检查表合计是0分", "请给各部分写上分值")
	}
}

// least is the smallest that a full record on one side is worth, without sign; 0 where that cannot be said.
func (v *Value) least(on string) points.Amount {
	var least points.Amount
	look := func(a points.Amount) {
		if a = a.Abs(); least == 0 || a < least {
			least = a
		}
	}
	switch v.Kind {
	case ValueFixed, ValueStreak, ValuePerUnit, ValuePerPerson:
		if onSide(on, v.Points) {
			look(v.Points)
		}
	case ValueRange:
		if v.From > 0 && onSide(on, v.From) {
			look(v.From)
		}
		if v.To < 0 && onSide(on, v.To) {
			look(v.To)
		}
	case ValueGrades:
		for _, g := range v.Grades {
			if onSide(on, g.Points) {
				look(g.Points)
			}
		}
	case ValueSteps:
		for _, s := range v.Steps {
			if onSide(on, s.Points) {
				look(s.Points)
			}
		}
	case ValueBrackets:
		for _, k := range v.Brackets {
			if onSide(on, k.Points) {
				look(k.Points)
			}
		}
	}
	return least
}
