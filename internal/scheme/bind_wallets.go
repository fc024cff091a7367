package scheme

import (
	"slices"
	"strconv"
	"strings"
)

func (b *binder) wallets(root *node) {
	s, ns := b.s, root.get("wallets")
	b.walletNodes = ns
	codes, names := unique{}, unique{}
	for _, n := range ns.vals {
		w := Wallet{
			Code: text(n.get("code")), Name: text(n.get("name")), Kind: text(n.get("kind")),
			Floor: b.amount(n.get("floor")), Debt: boolOr(n.get("debt"), false), GainsOnly: boolOr(n.get("gains_only"), false),
			Order: number(n.get("order"), 0), Reset: b.reset(n.get("reset")), Pays: texts(n.get("pays")),
		}
		w.Earns = boolOr(n.get("earns"), w.Kind != KindBase)
		if w.Kind == KindSpend && w.Pays == nil {
			w.Pays = []string{PaysGoods}
		}
		b.unique(codes, n.get("code"), "代号")
		b.unique(names, n.get("name"), "名称")
		b.checkWallet(&w, n)
		s.Wallets = append(s.Wallets, w)
		if w.Kind == KindSpend {
			s.spendOrder = append(s.spendOrder, w.Code)
		}
	}
	for i, n := range ns.vals {
		if with := n.get("with"); with != nil {
			b.with(&s.Wallets[i], with)
		}
	}
	slices.SortStableFunc(s.spendOrder, func(x, y string) int {
		a, _ := s.Wallet(x)
		c, _ := s.Wallet(y)
		return a.Order - c.Order
	})
	boards := root.get("boards")
	s.Boards = Boards{Wallet: text(boards.get("wallet")), Mask: boolOr(boards.get("mask"), true), Villages: boolOr(boards.get("villages"), false),
		Show: textOr(boards.get("show"), ShowMembers), Top: number(boards.get("top"), 0)}
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

// reset binds when a wallet is emptied. Where only a maximum is written, all that it allows is carried over.
func (b *binder) reset(n *node) *Reset {
	if n == nil {
		return nil
	}
	r := &Reset{Every: text(n.get("every")), Grace: number(n.get("grace_days"), 0), Carry: number(n.get("carry"), 0), Max: b.amount(n.get("max"))}
	if n.get("max") != nil {
		if n.get("carry") == nil {
			r.Carry = 100
		} else if r.Carry == 0 {
			b.fail(n.get("max"), "reset", "一点也不结转，却写了最多结转几分", "请删去 max，或把 carry 改成大于0")
		}
	}
	own, on := b.kind(n.get("every"), "month"), n.get("on")
	if on == nil {
		return r
	}
	month, day, _ := strings.Cut(text(on), "-")
	r.Month, _ = strconv.Atoi(month)
	r.Day, _ = strconv.Atoi(day)
	if r.Every != "year" && own == nil {
		b.fail(on, "reset", "只有每年清零才能写日期", "请改成 every: year，或删去 on，用 grace_days 写周期结束后的天数")
	}
	b.day(&node{line: on.line, col: on.col, text: "2025-" + text(on)}) // a date that every year has
	return r
}

// with binds the other wallet beside which alone this one can be spent, once all wallets are known.
func (b *binder) with(w *Wallet, n *node) {
	w.With = &With{Wallet: text(n.get("wallet")), Ratio: b.thousandths(n.get("ratio"))}
	states := unique{}
	for _, v := range list(n.get("ratios")) {
		b.unique(states, v.get("state"), "身份")
		w.With.Ratios = append(w.With.Ratios, WithState{State: text(v.get("state")), Ratio: b.thousandths(v.get("ratio"))})
	}
	at := n.get("wallet")
	other, ok := b.s.Wallet(w.With.Wallet)
	switch {
	case w.Kind != KindSpend:
		b.fail(n, "wallet", "只有可以兑换的钱包能写搭配使用", "请删去 with，或把 kind 改成 spend")
	case !ok || other.Kind != KindSpend:
		b.fail(at, "reference", "“"+short(w.With.Wallet)+"”不是可以兑换的钱包", "请写另一个 kind: spend 的钱包代号")
	case other.Code == w.Code:
		b.fail(at, "with", "钱包不能和自己搭配", "请写另一个 kind: spend 的钱包代号")
	case b.wallet(other.Code).get("with") != nil:
		b.fail(at, "with", "“"+other.Name+"”自己也要搭配别的钱包，这样两个都用不了", "请让搭配的钱包是一个单独能用的钱包")
	case !slices.ContainsFunc(w.Pays, func(p string) bool { return contains(other.Pays, p) }):
		b.warn(at, "with", "“"+w.Name+"”要和“"+other.Name+"”一起用，可两个能抵的东西（pays）不一样，永远用不了", "请让两个钱包的 pays 有一样相同")
	}
}

// wallet is the node of a wallet.
func (b *binder) wallet(code string) *node {
	for i := range b.s.Wallets {
		if b.s.Wallets[i].Code == code {
			return b.walletNodes.vals[i]
		}
	}
	return nil
}

func (b *binder) checkWallet(w *Wallet, n *node) {
	deny := func(key, msg, advice string) {
		if k := n.get(key); k != nil && k.text != "false" {
			b.fail(k, "wallet", msg, advice)
		}
	}
	if w.Kind != KindSpend {
		deny("reset", "只有可以兑换的钱包能到期清零", "请删去 reset，或把 kind 改成 spend")
		deny("order", "只有可以兑换的钱包有兑换顺序", "请删去 order")
		deny("pays", "只有可以兑换的钱包能写抵什么", "请删去 pays，或把 kind 改成 spend")
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

// checkSupply warns of wallets into which nothing ever comes.
func (b *binder) checkSupply(root *node) {
	s := b.s
	filled := map[string]bool{}
	for i := range s.Items {
		_, hi := s.Items[i].sides()
		for _, code := range s.Items[i].Credits {
			w, _ := s.Wallet(code)
			filled[code] = filled[code] || hi > 0 || s.Items[i].Set || w != nil && w.Debt
		}
	}
	for _, rc := range s.RankCoins {
		filled[rc.Wallet] = true
	}
	for i := range s.Wallets {
		w, n := &s.Wallets[i], root.get("wallets").vals[i]
		if w.Kind != KindBase && !filled[w.Code] && !b.prizes(root, w.Code) {
			b.warn(n, "empty_wallet", "没有一个事项往“"+w.Name+"”里记分，它一直是空的", "请删去这个钱包，或在事项的 credits 里写上 "+w.Code)
		}
	}
}

// prizes reports whether some award round names the wallet.
func (b *binder) prizes(root *node, code string) bool {
	var names func(n *node) bool
	names = func(n *node) bool {
		for i, v := range n.vals {
			if len(n.keys) > 0 && strings.HasPrefix(n.keys[i].text, "wallet") && text(v) == code || names(v) {
				return true
			}
		}
		return false
	}
	return root.get("rounds") != nil && names(root.get("rounds"))
}
