package scheme

import (
	"strconv"
	"strings"
)

// scheme binds the whole file, each part after those that it refers to.
func (b *binder) scheme(root *node) {
	s := b.s
	s.Title, s.Subject, s.Edition = text(root.get("title")), text(root.get("subject")), text(root.get("edition"))
	s.FenPerPoint = int64(b.amount(root.get("yuan_per_point")))
	s.Rounding, s.OpenFault = textOr(root.get("rounding"), RoundNone), textOr(root.get("open_fault"), FaultWait)
	b.roundCodes = codesOf(root.get("rounds"))
	b.ownPeriods(root.get("periods"))
	b.wallets(root)
	b.base(root)
	s.Charge = b.charge(root.get("charge"))
	b.classes(root)
	s.Caps = b.caps(root.get("caps"), OnAwards)
	b.conflicts(root.get("conflicts"))
	b.ownItems(root.get("own_items"))
	b.items(root.get("items"))
	b.checkStreaks(root.get("items"))
	b.checkConflicts(root.get("conflicts"))
	b.campaigns(root.get("campaigns"))
	b.budgets(root.get("budgets"))
	b.thresholds(root.get("thresholds"))
	b.watch(root.get("watch"))
	b.rankCoins(root.get("rank_coins"))
	b.checkSupply(root)
	records, redemption := root.get("records"), root.get("redemption")
	s.Records = Records{
		WithdrawMinutes: number(records.get("withdraw_minutes"), 10),
		BackdateDays:    number(records.get("backdate_days"), 30),
		LeadersWait:     boolOr(records.get("leaders_wait"), true),
		Effect:          textOr(records.get("effect"), AtOnce),
		PublishDays:     number(records.get("publish_days"), 7),
		ObjectDays:      number(records.get("object_days"), 7),
		AnswerDays:      number(records.get("answer_days"), 7),
		ReviewDays:      number(records.get("review_days"), DefaultReviewDays),
		Falsified:       text(records.get("falsified")),
	}
	if at := records.get("falsified"); at != nil {
		b.falsified(at)
	}
	panel := root.get("panel")
	s.Panel = Panel{Quorum: number(panel.get("quorum"), 3), Majority: textOr(panel.get("majority"), MajorityHalf), Days: number(panel.get("days"), 7)}
	s.Redemption = Redemption{
		CancelSameDay: boolOr(redemption.get("cancel_same_day"), true),
		LoseLapsed:    boolOr(redemption.get("lose_lapsed"), false),
	}
	b.rounds(root.get("rounds"))
	if b.failed() {
		return // texts may rest on what is wrong
	}
	for i := range s.Items {
		s.Items[i].Words = s.words(&s.Items[i])
	}
}

// falsified checks the item that scores the collector of a false record: a person or a household can be charged with it.
func (b *binder) falsified(at *node) {
	it, ok := b.s.items[text(at)]
	switch {
	case !ok:
		b.fail(at, "reference", "没有“"+short(text(at))+"”这个事项", "请写 items 里有的代号")
	case !it.Deducts() || it.Value.Kind != ValueFixed:
		b.fail(at, "falsified", "“"+it.Name+"”不是固定分值的扣分事项", "请写一个固定扣分的事项，例如 points: -10")
	}
}

// codesOf is the codes of a list, to be referred to before it is bound.
func codesOf(n *node) []string {
	var out []string
	for _, v := range list(n) {
		out = append(out, text(v.get("code")))
	}
	return out
}

func (b *binder) base(root *node) {
	n := root.get("base")
	s := b.s
	if n == nil {
		for i, w := range s.Wallets {
			if w.Kind == KindBase {
				b.fail(root.get("wallets").vals[i], "base", "有基础分钱包“"+w.Name+"”，却没有写基础分是多少", "请加上 base: {wallet: "+w.Code+", points: 100}")
			}
		}
		return
	}
	base := &Base{Wallet: text(n.get("wallet")), Points: b.amount(n.get("points")), Every: textOr(n.get("every"), "year"), Line: b.amount(n.get("line"))}
	if n.get("line") == nil {
		base.Line = base.Points
	}
	if w, ok := s.Wallet(base.Wallet); !ok || w.Kind != KindBase {
		b.fail(n.get("wallet"), "reference", "“"+short(base.Wallet)+"”不是基础分钱包", "请写一个 kind: base 的钱包代号；没有就在 wallets 里加一个")
	}
	for i, w := range s.Wallets {
		if w.Kind == KindBase && w.Code != base.Wallet {
			b.fail(root.get("wallets").vals[i], "base", "基础分钱包只能有一个，“"+w.Name+"”没有用上", "请删去这个钱包，或改成 kind: spend")
		}
	}
	if o := b.kind(n.get("every"), "month"); o != nil && !o.wholeYear() {
		b.fail(n.get("every"), "period", "“"+o.Name+"”过完要等一阵才有下一个，基础分接不上", "请写整年的周期（例如 from: 11-01, to: 10-31），或 month、quarter、half、year")
	}
	s.Base = base
}

// charge binds the wallets that a deduction empties one after the other.
func (b *binder) charge(n *node) []string {
	codes := texts(n)
	for i, code := range codes {
		w, ok := b.s.Wallet(code)
		switch {
		case !ok:
			b.fail(n.vals[i], "reference", "没有“"+short(code)+"”这个钱包", "请写 wallets 里的代号："+b.walletCodes())
		case w.Kind == KindScore:
			b.fail(n.vals[i], "charge", "“"+w.Name+"”计入排名，扣分总是扣足，不排在扣分顺序里", "请只写 kind 是 spend 或 base 的钱包")
		case w.Debt && i < len(codes)-1:
			b.warn(n.vals[i], "charge", "“"+w.Name+"”允许欠分，扣分到它为止，后面的钱包扣不到", "请把它写在最后，或删去它的 debt")
		}
	}
	return codes
}

func (b *binder) walletCodes() string {
	codes := make([]string, len(b.s.Wallets))
	for i := range b.s.Wallets {
		codes[i] = b.s.Wallets[i].Code
	}
	return strings.Join(codes, "、")
}

func (b *binder) classes(root *node) {
	s := b.s
	s.classes = map[string]*Class{}
	codes, names := unique{}, unique{}
	for _, n := range list(root.get("classes")) {
		s.Classes = append(s.Classes, Class{Code: text(n.get("code")), Name: text(n.get("name")), Caps: b.caps(n.get("caps"), OnAwards)})
		b.unique(codes, n.get("code"), "代号")
		b.unique(names, n.get("name"), "名称")
	}
	for i := range s.Classes {
		s.classes[s.Classes[i].Code] = &s.Classes[i]
	}
}

func (b *binder) classCodes() string {
	codes := make([]string, len(b.s.Classes))
	for i, c := range b.s.Classes {
		codes[i] = c.Code
	}
	return strings.Join(codes, "、")
}

// knownClasses binds a list of classes.
func (b *binder) knownClasses(n *node) []string {
	codes := texts(n)
	for i, code := range codes {
		if _, ok := b.s.classes[code]; !ok {
			b.fail(n.vals[i], "reference", "没有“"+short(code)+"”这个类别", "请改成已有的类别："+b.classCodes())
		}
	}
	return codes
}

// knownItems binds a list of items, once the items are bound.
func (b *binder) knownItems(n *node) []string {
	codes := texts(n)
	for i, code := range codes {
		if _, ok := b.s.items[code]; !ok {
			b.fail(n.vals[i], "reference", "没有“"+short(code)+"”这个事项", "请写 items 里有的代号")
		}
	}
	return codes
}

// knownRounds binds the award rounds that a veto bars from.
func (b *binder) knownRounds(n *node) []string {
	codes := texts(n)
	for i, code := range codes {
		if !contains(b.roundCodes, code) {
			b.fail(n.vals[i], "reference", "没有“"+short(code)+"”这个评比", "请写 rounds 里的代号"+orNone(b.roundCodes)+"；不写 rounds 就是全部评比")
		}
	}
	return codes
}

func orNone(codes []string) string {
	if len(codes) == 0 {
		return "，本细则还没有写评比"
	}
	return "：" + strings.Join(codes, "、")
}

// termKeys are the ways of writing how long something stands.
var termKeys = []string{"days", "months", "years", "until", "open"}

// term binds how long something stands. Exactly one way must be written.
func (b *binder) term(n *node, example string) Term {
	t := Term{Days: number(n.get("days"), 0), Months: number(n.get("months"), 0) + 12*number(n.get("years"), 0),
		Until: text(n.get("until")), Open: boolOr(n.get("open"), false)}
	ways := 0
	for _, k := range termKeys {
		if v := n.get(k); v != nil && v.text != "false" {
			ways++
		}
	}
	if ways != 1 {
		b.fail(n, "term", "时间长短写了"+strconv.Itoa(ways)+"样", "days、months、years、until、open 里写一样，例如 "+example)
	}
	return t
}
