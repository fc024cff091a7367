package scheme

import (
	"slices"
	"strconv"
	"strings"
)

// scheme binds the whole file, wallets and classes first because items refer to them.
func (b *binder) scheme(root *node) {
	s := b.s
	s.Title, s.Subject = text(root.get("title")), text(root.get("subject"))
	s.FenPerPoint = int64(b.amount(root.get("yuan_per_point")))
	s.OpenFault, s.Rounding, s.conflictItems = FaultWait, RoundNone, map[string][]string{}
	b.wallets(root)
	b.base(root)
	b.classes(root)
	s.Caps = b.caps(root.get("caps"), OnAwards)
	b.items(root.get("items"))
	records := root.get("records")
	s.Records = Records{
		WithdrawMinutes: number(records.get("withdraw_minutes"), 10),
		BackdateDays:    number(records.get("backdate_days"), 30),
		LeadersWait:     boolOr(records.get("leaders_wait"), true),
	}
	s.Redemption = Redemption{CancelSameDay: boolOr(root.get("redemption").get("cancel_same_day"), true)}
	b.rounds(root.get("rounds"))
}

func (b *binder) wallets(root *node) {
	s, ns := b.s, root.get("wallets")
	codes, names := unique{}, unique{}
	for _, n := range ns.vals {
		w := Wallet{
			Code: text(n.get("code")), Name: text(n.get("name")), Kind: text(n.get("kind")),
			Floor: b.amount(n.get("floor")), Debt: boolOr(n.get("debt"), false), GainsOnly: boolOr(n.get("gains_only"), false),
			Order: number(n.get("order"), 0), Reset: b.reset(n.get("reset")),
		}
		w.Earns = boolOr(n.get("earns"), w.Kind != KindBase)
		b.unique(codes, n.get("code"), "代号")
		b.unique(names, n.get("name"), "名称")
		b.checkWallet(&w, n)
		s.Wallets = append(s.Wallets, w)
		if w.Kind == KindSpend {
			s.spendOrder = append(s.spendOrder, w.Code)
		}
	}
	slices.SortStableFunc(s.spendOrder, func(x, y string) int {
		a, _ := s.Wallet(x)
		c, _ := s.Wallet(y)
		return a.Order - c.Order
	})
	boards := root.get("boards")
	s.Boards = Boards{Wallet: text(boards.get("wallet")), Mask: boolOr(boards.get("mask"), true), Villages: boolOr(boards.get("villages"), false),
		Show: textOr(boards.get("show"), ShowMembers)}
	b.chooseScore(ns, boards.get("wallet"))
}

// chooseScore settles which score wallet boards read: the one named, or else the first.
func (b *binder) chooseScore(wallets, named *node) {
	s := b.s
	first := slices.IndexFunc(s.Wallets, func(w Wallet) bool { return w.Kind == KindScore })
	if first < 0 {
		b.fail(wallets, "no_score", "没有计入排名的钱包", "请加一个 kind: score 的钱包，例如 - {code: year, name: 年度积分, kind: score}")
		return
	}
	if !slices.ContainsFunc(s.Wallets, func(w Wallet) bool { return w.Earns }) {
		b.fail(wallets, "no_earns", "没有一个钱包记分", "请至少让一个钱包 earns: true（不写就是 true）")
	}
	if named == nil {
		s.Boards.Wallet = s.Wallets[first].Code
	} else if w, ok := s.Wallet(s.Boards.Wallet); !ok || w.Kind != KindScore {
		b.fail(named, "reference", "排行榜读的钱包“"+short(s.Boards.Wallet)+"”不是计入排名的钱包", "请写一个 kind: score 的钱包代号，例如 "+s.Wallets[first].Code)
	}
	s.scoreWallet = s.Boards.Wallet
}

func (b *binder) reset(n *node) *Reset {
	if n == nil {
		return nil
	}
	r := &Reset{Every: text(n.get("every")), Grace: number(n.get("grace_days"), 0), Carry: number(n.get("carry"), 0)}
	on := n.get("on")
	if on == nil {
		return r
	}
	month, day, _ := strings.Cut(text(on), "-")
	r.Month, _ = strconv.Atoi(month)
	r.Day, _ = strconv.Atoi(day)
	if r.Every != "year" {
		b.fail(on, "reset", "只有每年清零才能写日期", "请改成 every: year，或删去 on，用 grace_days 写周期结束后的天数")
	} else if n.get("grace_days") != nil {
		b.fail(n.get("grace_days"), "reset", "清零日期和宽限天数只能写一个", "请删去 grace_days 或 on")
	}
	b.day(&node{line: on.line, col: on.col, text: "2025-" + text(on)}) // a date that every year has
	return r
}

func (b *binder) base(root *node) {
	n := root.get("base")
	if n == nil {
		for i, w := range b.s.Wallets {
			if w.Kind == KindBase {
				b.fail(root.get("wallets").vals[i], "base", "有基础分钱包“"+w.Name+"”，却没有写基础分是多少", "请加上 base: {wallet: "+w.Code+", points: 100}")
			}
		}
		return
	}
	base := &Base{Wallet: text(n.get("wallet")), Points: b.amount(n.get("points")), Line: b.amount(n.get("line"))}
	if n.get("line") == nil {
		base.Line = base.Points
	}
	if w, ok := b.s.Wallet(base.Wallet); !ok || w.Kind != KindBase {
		b.fail(n.get("wallet"), "reference", "“"+short(base.Wallet)+"”不是基础分钱包", "请写一个 kind: base 的钱包代号；没有就在 wallets 里加一个")
	}
	b.s.Base = base
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

// caps binds limits; on is what they limit where they do not say.
func (b *binder) caps(n *node, on string) []Cap {
	var out []Cap
	for _, c := range list(n) {
		pts, times := c.get("points"), c.get("times")
		if (pts == nil) == (times == nil) {
			b.fail(c, "cap", "上限要写分数或次数，两个里写一个", "例如 {per: month, points: 10} 或 {per: day, times: 1}；两样都要限制就写两条")
		}
		if c.get("of") != nil && b.s.Subject == SubjectPerson {
			b.fail(c.get("of"), "cap", "本细则按人积分，上限本来就是每个人的", "请删去 of")
		}
		out = append(out, Cap{Per: text(c.get("per")), Points: b.amount(pts), Times: number(times, 0),
			Of: textOr(c.get("of"), OfAccount), On: textOr(c.get("on"), on)})
	}
	return out
}

func (b *binder) items(n *node) {
	s := b.s
	s.Items, s.items = make([]Item, 0, len(n.vals)), make(map[string]*Item, len(n.vals))
	codes, names := unique{}, unique{}
	for _, v := range n.vals {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		it := b.item(v)
		b.checkItem(&it, v)
		s.Items = append(s.Items, it)
	}
	for i := range s.Items {
		it := &s.Items[i]
		s.items[it.Code] = it
		if c, ok := s.classes[it.Class]; ok {
			it.Words = it.words(c.Name)
		}
	}
}

func (b *binder) item(n *node) Item {
	it := Item{
		Code: text(n.get("code")), Name: text(n.get("name")), Class: text(n.get("class")), Hint: text(n.get("hint")),
		Value: b.value(n), Credits: texts(n.get("credits")), Caps: b.caps(n.get("caps"), OnBoth),
		Evidence: texts(n.get("evidence")), EvidenceAll: boolOr(n.get("evidence_all"), false),
		From: b.day(n.get("from")), To: b.day(n.get("to")),
	}
	if it.Evidence == nil {
		it.Evidence = []string{EvidenceNone}
	}
	if it.Credits == nil {
		lo, _ := it.Value.Bounds()
		for _, w := range b.s.Wallets {
			if w.Earns && w.Kind != KindBase && !(it.Deducts() && lo < 0 && w.GainsOnly) {
				it.Credits = append(it.Credits, w.Code)
			}
		}
	}
	review := n.get("review")
	it.Review.Direct = boolOr(review.get("direct"), false)
	levels := 1
	if it.Review.Direct {
		levels = 0
	}
	it.Review.Levels = number(review.get("levels"), levels)
	if w := n.get("warn_first"); w != nil {
		it.WarnFirst = &WarnFirst{Term: Term{Months: number(w.get("months"), 0), Days: number(w.get("days"), 0)}}
	}
	return it
}

// value binds whichever kind of value the item has; checkItem sees to it that there is exactly one.
func (b *binder) value(n *node) Value {
	switch {
	case n.get("range") != nil:
		r := n.get("range")
		return Value{Kind: ValueRange, From: b.amount(r.get("from")), To: b.amount(r.get("to"))}
	case n.get("grades") != nil:
		v := Value{Kind: ValueGrades}
		for _, g := range n.get("grades").vals {
			v.Grades = append(v.Grades, Grade{Code: text(g.get("code")), Name: text(g.get("name")), Points: b.amount(g.get("points"))})
		}
		return v
	case n.get("steps") != nil:
		v := Value{Kind: ValueSteps, Unit: text(n.get("steps").get("unit"))}
		for _, t := range n.get("steps").get("tiers").vals {
			st := Step{Points: b.amount(t.get("points"))}
			if up := t.get("up_to"); up != nil {
				st.UpTo = b.thousandths(up)
			}
			v.Steps = append(v.Steps, st)
		}
		return v
	}
	if u := n.get("per_unit"); u != nil {
		return Value{Kind: ValuePerUnit, Unit: text(u.get("unit")), Points: b.amount(u.get("points")), Max: b.amount(u.get("max")),
			Round: textOr(u.get("round"), RoundNearest)}
	}
	return Value{Kind: ValueFixed, Points: b.amount(n.get("points"))}
}
