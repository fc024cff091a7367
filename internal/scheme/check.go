package scheme

import (
	"slices"
	"strings"
)

func (b *binder) checkWallet(w *Wallet, n *node) {
	deny := func(key, msg, advice string) {
		if k := n.get(key); k != nil && k.text != "false" {
			b.fail(k, "wallet", msg, advice)
		}
	}
	if w.Kind != KindSpend {
		deny("reset", "只有可以兑换的钱包能到期清零", "请删去 reset，或把 kind 改成 spend")
		deny("order", "只有可以兑换的钱包有兑换顺序", "请删去 order")
	}
	switch w.Kind {
	case KindScore:
		deny("floor", "计入排名的钱包扣分总是扣足，不能设下限", "请删去 floor")
		deny("debt", "计入排名的钱包扣分总是扣足，不用写允许欠分", "请删去 debt")
	case KindSpend:
		deny("gains_only", "只有计入排名的钱包能只增不减", "请删去 gains_only，或把 kind 改成 score")
	case KindBase:
		deny("gains_only", "只有计入排名的钱包能只增不减", "请删去 gains_only")
		deny("earns", "基础分钱包不能由事项记分", "请删去 earns")
	}
	if w.Debt && n.get("floor") != nil {
		b.fail(n.get("floor"), "wallet", "允许欠分和扣到多少为止只能写一个", "请删去 floor 或 debt")
	}
}

// checkItem looks at one item: its references, its value, its review, its limits.
func (b *binder) checkItem(it *Item, n *node) {
	if _, ok := b.s.classes[it.Class]; !ok {
		b.fail(n.get("class"), "reference", "没有“"+short(it.Class)+"”这个类别", "请先在 classes 里写上它，或改成已有的类别："+b.classCodes())
	}
	if it.From != 0 && it.To != 0 && it.From > it.To {
		b.fail(n.get("to"), "date", "停止施行的日期早于开始施行的日期", "请核对 from 和 to")
	}
	if it.EvidenceAll && slices.Contains(it.Evidence, EvidenceNone) {
		b.fail(n.get("evidence"), "evidence", "证明既写了都要，又写了不需要（none）", "请删去 none，或删去 evidence_all")
	}
	before := len(b.problems)
	b.checkValue(it, n)
	if len(b.problems) > before {
		return // the rest would only repeat it
	}
	b.checkReview(it, n)
	b.checkCredits(it, n)
	b.checkWarnFirst(it, n)
	b.checkCaps(it, n)
	b.checkRights(it, n)
}

func (b *binder) classCodes() string {
	codes := make([]string, len(b.s.Classes))
	for i, c := range b.s.Classes {
		codes[i] = c.Code
	}
	return strings.Join(codes, "、")
}

func (b *binder) checkValue(it *Item, n *node) {
	var kinds []string
	for _, k := range []string{"points", "range", "grades", "steps", "per_unit"} {
		if n.get(k) != nil {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		b.fail(n, "no_value", "事项“"+it.Name+"”没有写分值", "请写 points（固定）、range（范围）、grades（分等级）、steps（按数量分档）、per_unit（每单位几分）中的一种，例如 points: 5")
		return
	}
	if len(kinds) > 1 {
		b.fail(n.get(kinds[1]), "two_values", "事项“"+it.Name+"”写了两种分值："+strings.Join(kinds, "、"), "请只留一种")
		return
	}
	v := &it.Value
	switch v.Kind {
	case ValueFixed:
		if v.Points == 0 {
			b.fail(n.get("points"), "zero", "分值是0", "请写加多少分，扣分写负数")
		}
	case ValueRange:
		if v.From >= v.To {
			b.fail(n.get("range"), "range", "范围的最少要小于最多", "例如 {from: 1, to: 20}；扣分写 {from: -20, to: -1}")
		}
	case ValueGrades:
		codes, names := unique{}, unique{}
		for _, g := range n.get("grades").vals {
			b.unique(codes, g.get("code"), "代号")
			b.unique(names, g.get("name"), "名称")
		}
	case ValuePerUnit:
		if v.Points == 0 {
			b.fail(n.get("per_unit").get("points"), "zero", "分值是0", "请写每单位加多少分，扣分写负数")
		}
	case ValueSteps:
		b.checkSteps(v, n.get("steps").get("tiers"))
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
		}
	}
}

// checkReview holds the rule that only a fixed award may take effect without anybody's approval.
func (b *binder) checkReview(it *Item, n *node) {
	at := n.get("review")
	if at == nil {
		return
	}
	switch {
	case it.Review.Direct && it.Review.Levels > 0:
		b.fail(at, "review", "既写了直接生效，又写了审核级数", "请只留一个：{direct: true} 或 {levels: 1}")
	case !it.Review.Direct && it.Review.Levels == 0:
		b.fail(at, "review", "审核级数是0", "固定分值的加分可以写 {direct: true}；其他事项至少写 {levels: 1}")
	case it.Review.Direct && it.Value.Kind != ValueFixed:
		b.fail(at, "review", "要人评定的事项不能直接生效", "请写 {levels: 1}，由另一个人审核；只有固定分值的加分可以直接生效")
	case it.Review.Direct && it.Value.Points < 0:
		b.fail(at, "review", "扣分事项不能直接生效", "请写 {levels: 1}，由另一个人审核")
	}
}

// checkCredits holds that a deduction reaches the wallet that boards read, unless that one only grows.
func (b *binder) checkCredits(it *Item, n *node) {
	for i, code := range it.Credits {
		w, ok := b.s.Wallet(code)
		at := n
		if c := n.get("credits"); c != nil {
			at = c.vals[i]
		}
		if !ok || w.Kind == KindBase {
			b.fail(at, "reference", "“"+short(code)+"”不是可以记分的钱包", "请写 kind 是 score 或 spend 的钱包代号")
			return
		}
	}
	lo, _ := it.Value.Bounds()
	if lo >= 0 {
		return
	}
	at := n
	if c := n.get("credits"); c != nil {
		at = c
	}
	score, ok := b.s.Wallet(b.s.scoreWallet)
	if ok && !score.GainsOnly && score.Earns && !slices.Contains(it.Credits, score.Code) {
		b.fail(at, "score_deduction", "扣分没有记入计入排名的钱包“"+score.Name+"”", "请在 credits 里加上 "+score.Code+"，扣分在排名里要扣足")
	}
	takes := func(code string) bool { w, _ := b.s.Wallet(code); return !w.GainsOnly }
	if !slices.ContainsFunc(it.Credits, takes) {
		b.fail(at, "no_deduction", "扣分事项没有可以扣的钱包", "请在 credits 里写一个不是只增不减的钱包")
	}
}

func (b *binder) checkWarnFirst(it *Item, n *node) {
	at := n.get("warn_first")
	if at == nil {
		return
	}
	if (it.WarnFirst.Months == 0) == (it.WarnFirst.Days == 0) {
		b.fail(at, "warn_first", "先警告要写有效期，月数和天数写一个", "例如 {months: 12} 或 {days: 30}")
	}
	if lo, _ := it.Value.Bounds(); lo >= 0 {
		b.fail(at, "warn_first", "加分事项不用先警告", "请删去 warn_first，或把分值写成负数")
	}
}

// checkCaps warns where a limit is smaller than a single record, which nobody means.
func (b *binder) checkCaps(it *Item, n *node) {
	if it.Value.Kind != ValueFixed {
		return
	}
	for i := range it.Caps {
		c := &it.Caps[i]
		if c.Points > 0 && c.limits(it.Value.Points) && c.Points < it.Value.Points.Abs() {
			b.warn(n.get("caps").vals[i], "cap_small", "上限"+c.Points.String()+"分比一次的"+it.Value.Points.Abs().String()+"分还少，一次也记不满", "请核对上限和分值")
		}
	}
	if class, ok := b.s.classes[it.Class]; ok {
		for i := range class.Caps {
			if c := &class.Caps[i]; c.Points > 0 && c.limits(it.Value.Points) && c.Points < it.Value.Points.Abs() {
				b.warn(n.get("points"), "cap_small", "“"+class.Name+"”类的上限"+c.Points.String()+"分比这个事项一次的分还少", "请核对类别的上限和事项的分值")
			}
		}
	}
}

// rights are words of items that may touch what village rules must leave alone.
var rights = []string{"上访", "信访", "举报", "投诉", "控告", "诉讼", "言论", "宗教", "信仰", "信教", "结婚", "离婚", "再婚", "生育", "早恋", "未成年", "患病", "疾病", "残疾"}

func (b *binder) checkRights(it *Item, n *node) {
	lo, _ := it.Value.Bounds()
	for _, w := range rights {
		if lo < 0 && strings.Contains(it.Name+it.Hint, w) {
			b.warn(n.get("name"), "rights", "事项里有“"+w+"”，可能涉及村民的合法权利", "村规不能因信访、投诉、言论、信仰、健康、婚姻等扣分，请核对，必要时删去这个事项")
			return
		}
	}
}
