package scheme

import (
	"slices"
	"strconv"

	"hefen/internal/points"
)

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
	if slices.ContainsFunc(b.problems[before:], isError) {
		return // the rest would only repeat it
	}
	b.checkReview(it, n)
	b.checkCredits(it, n)
	b.checkSet(it, n)
	b.checkTogether(it, n)
	b.checkWarnFirst(it, n)
	b.checkRepeat(it, n)
	b.checkEffects(it, n)
	b.checkRepair(it, n)
	b.checkParties(it, n)
	b.checkOnly(it, n)
	b.checkCharge(it, n)
	b.checkOwn(it, n)
	b.checkCaps(it, n)
	b.checkRights(it, n)
}

// checkReview holds the rule that only a fixed award may take effect without anybody's approval.
func (b *binder) checkReview(it *Item, n *node) {
	at := n.get("review")
	if at == nil {
		return
	}
	lo, _ := it.sides()
	switch r := it.Review; {
	case r.Direct && r.Levels > 0:
		b.fail(at, "review", "既写了直接生效，又写了审核级数", "请只留一个：{direct: true} 或 {levels: 1}")
	case r.Direct && r.Panel:
		b.fail(at, "review", "要评议小组评定的事项不能直接生效", "请写 {panel: true}，或另写 {levels: 1}")
	case !r.Direct && r.Levels == 0:
		b.fail(at, "review", "审核级数是0", "固定分值的加分可以写 {direct: true}；其他事项至少写 {levels: 1}")
	case r.Average && (!r.Panel || it.Value.Kind != ValueRange):
		b.fail(at, "review", "自评与评议平均（average）只用于由评议小组评分的事项", "请写 {panel: true, average: true}，分值写 panel: {from: 1, to: 50}")
	case r.Direct && it.Value.Kind != ValueFixed:
		b.fail(at, "review", "要人评定的事项不能直接生效", "请写 {levels: 1}，由另一个人审核；只有固定分值的加分可以直接生效")
	case r.Direct && lo < 0:
		b.fail(at, "review", "扣分事项不能直接生效", "请写 {levels: 1}，由另一个人审核")
	case r.Direct && it.Set:
		b.fail(at, "review", "直接评定年度积分的事项不能直接生效", "请写 {levels: 1}，由另一个人审核")
	case r.Direct && len(it.effects()) > 0:
		b.fail(at, "review", "有后果（effects）的事项不能直接生效", "请写 {levels: 1}，由另一个人审核")
	}
}

// checkCredits holds that a deduction reaches a wallet that is ranked: the one that boards read, or one of their own for
// officials and others who are ranked apart.
func (b *binder) checkCredits(it *Item, n *node) {
	written := n.get("credits")
	for i, code := range it.Credits {
		w, ok := b.s.Wallet(code)
		if !ok || w.Kind == KindBase {
			at := n
			if written != nil {
				at = written.vals[i]
			}
			b.fail(at, "reference", "“"+short(code)+"”不是可以记分的钱包", "请写 kind 是 score 或 spend 的钱包代号")
			return
		}
	}
	lo, _ := it.sides()
	if lo >= 0 {
		return
	}
	at := n
	if written != nil {
		at = written
	}
	score, ok := b.s.Wallet(b.s.scoreWallet)
	ranked := func(code string) bool { w, _ := b.s.Wallet(code); return w.Kind == KindScore && !w.GainsOnly }
	if ok && !score.GainsOnly && score.Earns && !slices.ContainsFunc(it.Credits, ranked) {
		b.fail(at, "score_deduction", "扣分没有记入计入排名的钱包“"+score.Name+"”", "请在 credits 里加上 "+score.Code+"，扣分在排名里要扣足")
	}
	takes := func(code string) bool { w, _ := b.s.Wallet(code); return !w.GainsOnly }
	if !slices.ContainsFunc(it.Credits, takes) && len(it.Charge)+len(b.s.Charge) == 0 {
		b.fail(at, "no_deduction", "扣分事项没有可以扣的钱包", "请在 credits 里写一个不是只增不减的钱包")
	}
}

// checkSet holds that only what is given as it stands can be what the year score is set to.
func (b *binder) checkSet(it *Item, n *node) {
	if !it.Set {
		return
	}
	at := n.get("set")
	switch it.Value.Kind {
	case ValueFixed, ValueGrades, ValueRange, ValueSheet, ValueFaults:
	default:
		b.fail(at, "set", "按数量、人次、累计或连续计分的事项不能直接评定年度积分", "请用 points 或 grades 写年度积分定为多少，或删去 set")
	}
	settable := func(code string) bool { w, ok := b.s.Wallet(code); return ok && w.Kind == KindScore && !w.GainsOnly }
	if !slices.ContainsFunc(it.Credits, settable) {
		b.fail(at, "set", "没有可以直接评定的钱包", "请在 credits 里写一个 kind: score、不是只增不减的钱包")
	}
	for _, k := range []string{"state", "conflict", "repeat", "caps", "parties", "times", "valid"} {
		if v := n.get(k); v != nil {
			b.fail(v, "set", "直接评定年度积分的事项不能再写 "+k, "请删去 "+k+"，或删去 set")
		}
	}
}

// checkTogether holds that at most one rule says what earlier records a record takes the place of.
func (b *binder) checkTogether(it *Item, n *node) {
	if c := n.get("conflict"); c != nil && !slices.ContainsFunc(b.s.Conflicts, func(g Conflict) bool { return g.Code == it.Conflict }) {
		b.fail(c, "reference", "没有“"+short(it.Conflict)+"”这个不重复计分的组", "请先在文件里写 conflicts: [{code: "+short(it.Conflict)+", name: ……}]，或删去 conflict")
	}
	var rules []string
	for _, k := range []string{"milestones", "streak", "state", "conflict"} {
		if n.get(k) != nil {
			rules = append(rules, k)
		}
	}
	if len(rules) > 1 {
		b.fail(n.get(rules[1]), "together", rules[0]+"和"+rules[1]+"不能写在同一个事项里，它们各自决定哪条记录算数", "请只留一个，或分成两个事项")
	}
	if it.Times != "" && b.s.subject(it) != SubjectHousehold && b.s.subject(it) != SubjectPooled {
		b.fail(n.get("times"), "times", "不是按户记分的事项不能乘以家庭人口", "请删去 times，或写 subject: household")
	}
}

func (b *binder) checkCharge(it *Item, n *node) {
	if lo, _ := it.sides(); len(it.Charge) > 0 && lo >= 0 {
		b.fail(n.get("charge"), "charge", "加分事项没有扣分顺序", "请删去 charge，或把分值写成负数")
	}
}

// ownCount counts the village's own items as they are bound.
type ownCount struct{ awards, deductions int }

func (b *binder) checkOwn(it *Item, n *node) {
	if !it.Own {
		return
	}
	at, limit := n.get("own"), b.s.OwnItems
	if limit == nil {
		b.fail(at, "own_items", "没有写自定事项可以有几个", "请在文件里写 own_items: {awards: 4, deductions: 4, points: 3}，或删去 own")
		return
	}
	lo, hi := it.sides()
	if hi > 0 {
		if b.own.awards++; b.own.awards > limit.Awards {
			b.fail(at, "own_items", "自定的加分事项超过"+strconv.Itoa(limit.Awards)+"个", "请删去多余的自定事项，或经上级同意后改大 own_items 的 awards")
		}
	} else if b.own.deductions++; b.own.deductions > limit.Deductions {
		b.fail(at, "own_items", "自定的扣分事项超过"+strconv.Itoa(limit.Deductions)+"个", "请删去多余的自定事项，或经上级同意后改大 own_items 的 deductions")
	}
	if most := max(-lo, hi); most > limit.Points {
		if most >= points.Max {
			b.fail(at, "own_items", "自定事项没有写一次最多几分", "请写 max，最多"+limit.Points.String()+"分")
			return
		}
		b.fail(at, "own_items", "自定事项一次有"+most.String()+"分，最多"+limit.Points.String()+"分", "请把分值改到"+limit.Points.String()+"分以内")
	}
}

func isError(p Problem) bool { return p.Level == LevelError }

// failed reports whether an error has been found.
func (b *binder) failed() bool { return slices.ContainsFunc(b.problems, isError) }
