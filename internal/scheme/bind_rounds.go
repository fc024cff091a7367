package scheme

import (
	"slices"
	"strconv"
	"strings"

	"hefen/internal/points"
)

// rounds binds the award rounds, after everything they refer to.
func (b *binder) rounds(n *node) {
	codes, names := unique{}, unique{}
	for _, v := range list(n) {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		b.s.Rounds = append(b.s.Rounds, b.round(v))
	}
}

func (b *binder) round(n *node) Round {
	r := Round{Code: text(n.get("code")), Name: text(n.get("name")), Of: textOr(n.get("of"), b.s.kind()), Span: text(n.get("span")),
		Among:  Among{States: texts(n.get("among").get("states")), Not: texts(n.get("among").get("not")), Groups: texts(n.get("among").get("groups"))},
		RankBy: b.rankBy(n.get("rank_by")), Ties: textOr(n.get("ties"), TiesAll), Rewards: b.rewards(n.get("rewards"))}
	own := b.kind(n.get("span"), "month")
	r.Cutoff = b.cutoff(n, r.Span == "year" || own != nil)
	r.Eligibility = b.eligibility(n)
	if days := n.get("object_days"); days != nil {
		most := number(days, 0)
		r.ObjectDays = &most
	}
	top, tiers := n.get("top"), n.get("tiers")
	switch {
	case top == nil && tiers == nil:
		b.fail(n, "round", "评比“"+r.Name+"”没有写奖给谁", "请写 top: 10（前10名），或用 tiers 分档，例如 tiers: [{name: 一等奖, top: 3}]")
	case top != nil && tiers != nil:
		b.fail(top, "round", "top 和 tiers 只能写一个", "请把 top 写进 tiers 的某一档里")
	case top != nil:
		r.Tiers = []Tier{{Name: r.Name, Top: number(top, 0)}}
	}
	titles := unique{}
	for _, v := range list(tiers) {
		t := b.tier(v, &r)
		if len(tiers.vals) > 1 && v.get("name") == nil {
			b.fail(v, "tier", "这一档没有写名称", "请补上，例如 name: 一等奖")
		}
		b.unique(titles, v.get("name"), "名称")
		b.checkReached(v, r.Tiers, &t)
		r.Tiers = append(r.Tiers, t)
	}
	if slices.Contains(r.Among.Not, "resident") && r.Eligibility.Resident {
		b.fail(n.get("among"), "round", "常住的不评、不是常住的也不评，没有人能参加", "请在 among 的 not 里删去 resident，或删去 eligibility 的 resident")
	}
	for _, st := range r.Among.Not {
		if slices.Contains(r.Among.States, st) {
			b.fail(n.get("among"), "round", "“"+short(st)+"”既要有又不能有", "请在 states 或 not 里删去它")
		}
	}
	return r
}

func (b *binder) cutoff(n *node, dated bool) Cutoff {
	c := n.get("cutoff")
	days, on := c.get("days"), c.get("on")
	out := Cutoff{Days: number(days, 0)}
	switch {
	case c != nil && (days == nil) == (on == nil):
		b.fail(c, "cutoff", "截止日写几天后或日期，两个里写一个", "例如 {days: 5} 或 {on: 01-10}")
	case on != nil && !dated:
		b.fail(on, "cutoff", "只有评全年才能写日期", "请改成 {days: 5} 这样的写法，或把 span 写成 year")
	case on != nil:
		month, day, _ := strings.Cut(text(on), "-")
		out.Month, _ = strconv.Atoi(month)
		out.Day, _ = strconv.Atoi(day)
		b.day(&node{line: on.line, col: on.col, text: "2025-" + text(on)}) // a date that every year has
	}
	return out
}

func (b *binder) eligibility(n *node) Eligibility {
	e := n.get("eligibility")
	out := Eligibility{Veto: boolOr(e.get("veto"), true), Barred: boolOr(e.get("barred"), true), Suspended: boolOr(e.get("suspended"), true),
		OpenFault: boolOr(e.get("open_fault"), true), BaseLine: boolOr(e.get("base_line"), b.s.Base != nil), Resident: boolOr(e.get("resident"), false)}
	if out.BaseLine && b.s.Base == nil {
		b.fail(e.get("base_line"), "reference", "细则里没有基础分", "请加上 base，或删去 base_line")
	}
	if m := n.get("min"); m != nil {
		least := b.amount(m)
		out.Min = &least
	}
	return out
}

func (b *binder) rankBy(n *node) RankBy {
	r := RankBy{Wallets: texts(n.get("wallets")), Classes: texts(n.get("classes")), Items: texts(n.get("items")), Ever: boolOr(n.get("ever"), false)}
	kinds := 0
	for _, k := range []string{"wallets", "classes", "items"} {
		if n.get(k) != nil {
			kinds++
		}
	}
	if kinds > 1 {
		b.fail(n, "rank_by", "按钱包、按类别、按事项排名只能写一种", "请只留 wallets、classes、items 中的一个")
	}
	if kinds == 0 {
		r.Wallets = []string{b.s.scoreWallet}
	}
	for i, code := range r.Wallets {
		if w, ok := b.s.Wallet(code); n.get("wallets") != nil && (!ok || w.Kind != KindScore) {
			b.fail(n.get("wallets").vals[i], "reference", "“"+short(code)+"”不是计入排名的钱包", "请写 kind: score 的钱包代号；兑换掉的分不能影响排名，所以可兑换的钱包不能用来排名")
		}
	}
	for i, code := range r.Classes {
		if _, ok := b.s.classes[code]; !ok {
			b.fail(n.get("classes").vals[i], "reference", "没有“"+short(code)+"”这个类别", "请写已有的类别："+b.classCodes())
		}
	}
	for i, code := range r.Items {
		if _, ok := b.s.items[code]; !ok {
			b.fail(n.get("items").vals[i], "reference", "没有“"+short(code)+"”这个事项", "请写 items 里已有的代号")
		}
	}
	return r
}

func (b *binder) tier(n *node, r *Round) Tier {
	t := Tier{Name: textOr(n.get("name"), r.Name), Top: number(n.get("top"), 0), PercentOf: text(n.get("percent_of")), PerGroup: number(n.get("per_group"), 0),
		Everyone: boolOr(n.get("everyone"), false), Draw: number(n.get("draw"), 0), Stars: number(n.get("stars"), 0), Rewards: b.rewards(n.get("rewards"))}
	limit := func(key string) *points.Amount {
		v := n.get(key)
		if v == nil {
			return nil
		}
		a := b.amount(v)
		return &a
	}
	t.From, t.To = limit("from"), limit("to")
	if p := n.get("percent"); p != nil {
		t.Per100 = b.thousandths(p)
		t.PercentOf = textOr(n.get("percent_of"), "scored")
	} else if t.PercentOf != "" {
		b.fail(n.get("percent_of"), "tier", "没有写前百分之几", "请补上 percent，例如 percent: 20，或删去 percent_of")
	}
	limited := t.Top > 0 || t.Per100 > 0 || t.PerGroup > 0 || t.From != nil || t.To != nil
	switch {
	case t.Everyone && limited:
		b.fail(n.get("everyone"), "tier", "既写了人人有份，又写了名次或分数", "请删去 everyone，或删去 top、percent、per_group、from、to")
	case !t.Everyone && !limited && t.Draw == 0:
		b.fail(n, "tier", "“"+t.Name+"”没有写奖给谁", "请写 top（前几名）、percent（前百分之几）、per_group（每组几个）、from 和 to（分数段）、draw（抽签）或 everyone: true")
	case t.From != nil && t.To != nil && *t.From > *t.To:
		b.fail(n.get("to"), "tier", "最高分低于最低分", "请核对 from 和 to")
	case t.PerGroup > 0 && r.Of == SubjectGroup:
		b.fail(n.get("per_group"), "tier", "评的就是小组，不能再按小组分名额", "请改成 top")
	}
	return t
}

// checkReached finds tiers that can never take anybody because a better one takes all of them.
func (b *binder) checkReached(n *node, better []Tier, t *Tier) {
	for i := range better {
		o := &better[i]
		if o.Draw > 0 || o.PerGroup > 0 && (t.PerGroup == 0 || o.PerGroup < t.PerGroup) {
			continue
		}
		ranks := o.Top == 0 || t.Top > 0 && t.Top <= o.Top
		share := o.Per100 == 0 || t.Per100 > 0 && t.Per100 <= o.Per100 && t.PercentOf == o.PercentOf
		from := o.From == nil || t.From != nil && *t.From >= *o.From
		to := o.To == nil || t.To != nil && *t.To <= *o.To
		if ranks && share && from && to {
			b.fail(n, "unreachable", "“"+t.Name+"”永远轮不到，前面的“"+o.Name+"”已经把这些都算进去了", "请从高到低写；名次要写总名次，例如一等奖 top: 1，二等奖 top: 3（第2、3名）")
			return
		}
	}
}

var rewardKeys = []string{"points", "goods", "choice", "privilege", "title", "dividend"}

func (b *binder) rewards(n *node) []Reward {
	var out []Reward
	for _, v := range list(n) {
		var kinds []string
		for _, k := range rewardKeys {
			if v.get(k) != nil {
				kinds = append(kinds, k)
			}
		}
		if len(kinds) != 1 {
			b.fail(v, "reward", "一条奖励只能写一样", "请在 points、goods、choice、privilege、title、dividend 里写一个；要给两样就写两条")
			continue
		}
		out = append(out, b.reward(v, kinds[0]))
	}
	return out
}

func (b *binder) reward(n *node, kind string) Reward {
	r := Reward{Kind: kind}
	at := n.get(kind)
	if kind != RewardPoints && n.get("wallet") != nil {
		b.fail(n.get("wallet"), "reward", "这一条不是积分，不用写钱包", "请删去 wallet")
	}
	if kind != RewardGoods && n.get("count") != nil {
		b.fail(n.get("count"), "reward", "这一条不是商品，不用写件数", "请删去 count")
	}
	switch kind {
	case RewardPoints:
		r.Points, r.Wallet = b.amount(at), b.rewardWallet(n)
	case RewardGoods:
		r.Name, r.Count = text(at), number(n.get("count"), 1)
	case RewardPrivilege, RewardTitle:
		r.Name = text(at)
	case RewardChoice:
		for _, v := range at.vals {
			r.Choice = append(r.Choice, b.basket(v))
		}
	case RewardDividend:
		r.Pool = b.pool(at)
		if r.Pool.Points > 0 {
			r.Wallet = b.rewardWallet(at)
		}
	}
	return r
}

func (b *binder) pool(n *node) *Pool {
	yuan, pts := n.get("yuan"), n.get("points")
	if (yuan == nil) == (pts == nil) {
		b.fail(n, "dividend", "分红写元或积分，两个里写一个", "例如 {yuan: 10000} 或 {points: 5000, wallet: coin}")
		return &Pool{}
	}
	if yuan != nil && n.get("wallet") != nil {
		b.fail(n.get("wallet"), "dividend", "分的是钱，不用写钱包", "请删去 wallet")
	}
	return &Pool{Fen: int64(b.amount(yuan)), Points: b.amount(pts)}
}

// rewardWallet is where points of a reward go: the wallet named, or the only one that can be spent.
func (b *binder) rewardWallet(n *node) string {
	at := n.get("wallet")
	if at == nil {
		if len(b.s.spendOrder) == 1 {
			return b.s.spendOrder[0]
		}
		b.fail(n, "reward", "没有写积分记入哪个钱包", "请补上 wallet，例如 wallet: coin")
		return ""
	}
	if w, ok := b.s.Wallet(text(at)); !ok || w.Kind == KindBase {
		b.fail(at, "reference", "“"+short(text(at))+"”不是可以记分的钱包", "请写 wallets 里已有的、不是基础分的钱包代号")
	}
	return text(at)
}

func (b *binder) basket(n *node) Basket {
	out := Basket{Name: text(n.get("name"))}
	goods := n.get("goods")
	if goods != nil && n.get("count") != nil {
		b.fail(n.get("count"), "reward", "写了 goods 就不用再写件数", "请把件数写在每样商品后面")
	}
	for _, g := range list(goods) {
		out.Goods = append(out.Goods, Goods{Name: text(g.get("name")), Count: number(g.get("count"), 1)})
	}
	if goods == nil {
		out.Goods = []Goods{{Name: out.Name, Count: number(n.get("count"), 1)}}
	}
	return out
}
