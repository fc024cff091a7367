package scheme

import (
	"cmp"
	"strconv"

	"hefen/internal/points"
)

// caps binds limits; on is what they limit where they do not say.
func (b *binder) caps(n *node, on string) []Cap {
	var out []Cap
	type same struct {
		per, of, on string
		times       bool
	}
	seen := map[same]*node{}
	for _, c := range list(n) {
		pts, times := c.get("points"), c.get("times")
		if (pts == nil) == (times == nil) {
			b.fail(c, "cap", "上限要写分数或次数，两个里写一个", "例如 {per: month, points: 10} 或 {per: day, times: 1}；两样都要限制就写两条")
		}
		limit := Cap{Per: text(c.get("per")), Points: b.amount(pts), Times: number(times, 0), Of: textOr(c.get("of"), OfAccount),
			On: textOr(c.get("on"), on), Except: b.knownClasses(c.get("except"))}
		switch {
		case limit.Of == OfMember && b.s.Subject == SubjectPerson:
			b.fail(c.get("of"), "cap", "本细则按人积分，上限本来就是每个人的", "请删去 of")
		case limit.Of == OfMember && b.s.Subject == SubjectGroup:
			b.fail(c.get("of"), "cap", "本细则按村民小组积分，没有记到个人", "请删去 of")
		}
		k := same{limit.Per, limit.Of, limit.On, limit.Times > 0}
		if first := seen[k]; first != nil && len(limit.Except) == 0 && first.get("except") == nil {
			b.warn(c, "cap_twice", "和第"+strconv.Itoa(first.line)+"行的上限管的是同一样，只有小的那个起作用", "请删去一条")
		}
		seen[k] = c
		out = append(out, limit)
	}
	return out
}

func (b *binder) conflicts(n *node) {
	codes, names := unique{}, unique{}
	for _, v := range list(n) {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		b.s.Conflicts = append(b.s.Conflicts, Conflict{Code: text(v.get("code")), Name: text(v.get("name")), Same: textOr(v.get("same"), "deed")})
	}
	b.s.conflictItems = map[string][]string{}
}

// checkConflicts looks at the groups once the items are bound.
func (b *binder) checkConflicts(n *node) {
	s := b.s
	for i, v := range list(n) {
		g := &s.Conflicts[i]
		switch members := s.conflictItems[g.Code]; len(members) {
		case 0:
			b.warn(v, "conflict", "“"+g.Name+"”组里没有事项", "请在事项里写 conflict: "+g.Code+"，或删去这一组")
		case 1:
			b.warn(v, "conflict", "“"+g.Name+"”组里只有一个事项，没有可以比较的", "请给另一个事项也写上 conflict: "+g.Code+"，或删去这一组")
		default:
			gives, takes := false, false
			for _, code := range members {
				lo, hi := s.items[code].sides()
				gives, takes = gives || hi > 0, takes || lo < 0
			}
			if gives && takes {
				b.warn(v, "conflict", "“"+g.Name+"”组里有加分也有扣分，加分和扣分各比各的", "请把加分和扣分分成两组")
			}
		}
	}
}

func (b *binder) ownItems(n *node) {
	if n == nil {
		return
	}
	b.s.OwnItems = &OwnItems{Awards: number(n.get("awards"), 0), Deductions: number(n.get("deductions"), 0), Points: b.amount(n.get("points"))}
}

// campaigns binds times of double points.
func (b *binder) campaigns(n *node) {
	s := b.s
	names := unique{}
	for _, v := range list(n) {
		b.unique(names, v.get("name"), "名称")
		g := Campaign{Name: text(v.get("name")), From: b.day(v.get("from")), To: b.day(v.get("to")), Factor: b.thousandths(v.get("factor")),
			Classes: b.knownClasses(v.get("classes")), Items: b.knownItems(v.get("items")), On: textOr(v.get("on"), OnAwards), BeyondCaps: boolOr(v.get("beyond_caps"), false)}
		if g.From != 0 && g.To != 0 && g.To < g.From {
			b.fail(v.get("to"), "date", "活动结束的日期早于开始的日期", "请核对 from 和 to")
		}
		if g.Factor == 1000 {
			b.warn(v.get("factor"), "campaign", "倍数是1，等于没有活动", "请写 2 表示双倍，或删去这个活动")
		}
		for i := range s.Campaigns {
			if o := &s.Campaigns[i]; g.overlaps(o, s) {
				b.warn(v, "campaign", "和“"+o.Name+"”（第"+strconv.Itoa(n.vals[i].line)+"行）有重叠的日子和事项，那几天两个倍数相乘", "不想相乘的，请错开日期或事项")
				break
			}
		}
		s.Campaigns = append(s.Campaigns, g)
	}
}

// overlaps reports whether a record may fall under both campaigns.
func (g *Campaign) overlaps(o *Campaign, s *Scheme) bool {
	if g.From > o.To || o.From > g.To || g.On != o.On && g.On != OnBoth && o.On != OnBoth {
		return false
	}
	day := max(g.From, o.From)
	for i := range s.Items {
		if it := &s.Items[i]; g.covers(it, day) && o.covers(it, day) {
			return true
		}
	}
	return false
}

func (b *binder) budgets(n *node) {
	s := b.s
	for _, v := range list(n) {
		g := Budget{Per: text(v.get("per")), Points: b.amount(v.get("points")), Beyond: textOr(v.get("beyond"), BeyondWait), Classes: b.knownClasses(v.get("classes"))}
		s.Budgets = append(s.Budgets, g)
		var dear *Item
		worth := points.Amount(0)
		for i := range s.Items {
			it := &s.Items[i]
			if least := it.Value.least(OnAwards); least > worth && (len(g.Classes) == 0 || contains(g.Classes, it.Class)) {
				dear, worth = it, least
			}
		}
		if dear != nil && worth > g.Points {
			b.warn(v.get("points"), "budget_small", "发放总额"+g.Points.String()+"分比“"+dear.Name+"”一次的"+worth.String()+"分还少，这个事项永远发不出来", "请核对发放总额，或用 classes 写明管哪些类别")
		}
	}
}

func (b *binder) thresholds(n *node) {
	codes, names := unique{}, unique{}
	for _, v := range list(n) {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		t := Threshold{Code: text(v.get("code")), Name: text(v.get("name")), Of: texts(v.get("of")), Below: b.amount(v.get("below")),
			LiftAt: b.amount(v.get("lift_at")), Then: text(v.get("then")), Rounds: b.knownRounds(v.get("rounds")), At: textOr(v.get("at"), AtBoth)}
		if v.get("lift_at") == nil {
			t.LiftAt = t.Below
		}
		if term := v.get("term"); term != nil {
			x := b.term(term, "{until: quarter} 或 {months: 3}")
			t.Term = &x
		}
		b.checkThreshold(&t, v)
		b.s.Thresholds = append(b.s.Thresholds, t)
	}
}

// checkThreshold finds lines that can never be left behind, and lines below which everybody begins.
func (b *binder) checkThreshold(t *Threshold, n *node) {
	s := b.s
	if t.Then != TagVeto && len(t.Rounds) > 0 {
		b.fail(n.get("rounds"), "threshold", "只有一票否决（veto）能写否决哪些评比", "请删去 rounds，或改成 then: veto")
	}
	if t.LiftAt < t.Below {
		b.fail(n.get("lift_at"), "threshold", "解除的分数比分数线还低，一解除又会触发", "请让 lift_at 等于或高于 below")
	}
	if t.Term != nil && n.get("lift_at") != nil {
		b.warn(n.get("lift_at"), "threshold", "写了时间（term），到期才解除，lift_at 不起作用", "请删去 lift_at 或 term")
	}
	onlyBase, start, ok := true, points.Amount(0), true
	for i, code := range t.Of {
		w, known := s.Wallet(code)
		switch {
		case !known || w.Kind == KindSpend:
			b.fail(n.get("of").vals[i], "reference", "“"+short(code)+"”不能用来看分数线", "请写 kind 是 score 或 base 的钱包代号")
			ok = false
		case w.Kind == KindScore:
			onlyBase = false
		case s.Base != nil:
			start += s.Base.Points
		}
	}
	if !ok {
		return
	}
	switch {
	case onlyBase && t.Term == nil && t.LiftAt > start:
		b.fail(cmp.Or(n.get("lift_at"), n.get("below")), "threshold", "基础分最多"+start.String()+"分，永远到不了"+t.LiftAt.String()+"分，解除不了", "请把解除的分数降到"+start.String()+"分以内，或在 of 里加上计入排名的钱包")
	case t.Below > start:
		b.warn(n.get("below"), "threshold", "一开始是"+start.String()+"分，低于"+t.Below.String()+"分，每一户年初就会被列入", "请核对分数线；有基础分的请在 of 里加上基础分钱包")
	}
}

func (b *binder) watch(n *node) {
	codes, names := unique{}, unique{}
	length := map[string]int{"month": 1, "quarter": 3, "half": 6, "year": 12}
	for _, v := range list(n) {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		w := Watch{Code: text(v.get("code")), Name: text(v.get("name")), Span: text(v.get("span")), MeanOf: text(v.get("mean_of")),
			Below: b.amount(v.get("below")), Last: number(v.get("last"), 0)}
		own := b.kind(v.get("span"), "quarter")
		switch {
		case own != nil && (w.MeanOf != "month" || !own.months()):
			b.fail(v.get("mean_of"), "watch", "“"+own.Name+"”分不成整的"+partNames[w.MeanOf], "自定周期请写 mean_of: month，周期也要从某月1日到某月最后一天")
		case own == nil && length[w.MeanOf] >= length[w.Span]:
			b.fail(v.get("mean_of"), "watch", "取平均的周期要比看的那一段短", "例如 span: year, mean_of: quarter")
		}
		b.s.Watch = append(b.s.Watch, w)
	}
}

func (b *binder) rankCoins(n *node) {
	names := unique{}
	for _, v := range list(n) {
		b.unique(names, v.get("name"), "名称")
		top, percent := v.get("top"), v.get("percent")
		if (top == nil) == (percent == nil) {
			b.fail(v, "rank_coins", "前几名和前百分之几要写一个", "例如 top: 10 或 percent: 20")
		}
		rc := RankCoin{Name: text(v.get("name")), Every: text(v.get("every")), Top: number(top, 0), Wallet: text(v.get("wallet")),
			Points: b.amount(v.get("points")), Ties: textOr(v.get("ties"), "all")}
		b.kind(v.get("every"), "month")
		if percent != nil {
			rc.Per100 = b.thousandths(percent)
		}
		switch w, ok := b.s.Wallet(rc.Wallet); {
		case !ok || w.Kind == KindBase:
			b.fail(v.get("wallet"), "reference", "“"+short(rc.Wallet)+"”不是可以记分的钱包", "请写 kind: spend 的钱包代号")
		case w.Kind == KindScore:
			b.warn(v.get("wallet"), "rank_coins", "“"+w.Name+"”计入排名，名次奖励再算进排名，名次会越滚越大", "请改成 kind: spend 的钱包")
		}
		b.s.RankCoins = append(b.s.RankCoins, rc)
	}
}
