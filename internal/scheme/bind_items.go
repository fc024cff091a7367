package scheme

import (
	"cmp"

	"hefen/internal/points"
)

func (b *binder) items(n *node) {
	s := b.s
	s.Items, s.items = make([]Item, 0, len(n.vals)), make(map[string]*Item, len(n.vals))
	codes, names := unique{}, unique{}
	b.own = ownCount{}
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
		if it.Conflict != "" {
			s.conflictItems[it.Conflict] = append(s.conflictItems[it.Conflict], it.Code)
		}
		for _, e := range it.effects() {
			for _, t := range e.Tags {
				s.opensFaults = s.opensFaults || t.Kind == TagOpenFault
			}
		}
		s.opensFaults = s.opensFaults || it.WarnFirst != nil && it.WarnFirst.FixDays > 0
	}
}

func (b *binder) item(n *node) Item {
	it := Item{
		Code: text(n.get("code")), Name: text(n.get("name")), Class: text(n.get("class")), Hint: text(n.get("hint")),
		Value: b.value(n), Credits: texts(n.get("credits")), Caps: b.caps(n.get("caps"), OnBoth),
		Evidence: texts(n.get("evidence")), EvidenceAll: boolOr(n.get("evidence_all"), false),
		Subject: text(n.get("subject")), Parties: b.parties(n.get("parties")), Only: b.only(n.get("only")), Times: text(n.get("times")),
		Set: boolOr(n.get("set"), false), State: text(n.get("state")), Conflict: text(n.get("conflict")), Effects: b.effects(n.get("effects")),
		Calendar: b.calendar(n.get("calendar")), Charge: b.charge(n.get("charge")), Own: boolOr(n.get("own"), false),
		From: b.day(n.get("from")), To: b.day(n.get("to")),
	}
	if it.Evidence == nil {
		it.Evidence = []string{EvidenceNone}
	}
	if it.Credits == nil {
		for _, w := range b.s.Wallets {
			if w.Earns && w.Kind != KindBase && !(it.Deducts() && w.GainsOnly) {
				it.Credits = append(it.Credits, w.Code)
			}
		}
	}
	review := n.get("review")
	it.Review = Review{Direct: boolOr(review.get("direct"), false), Panel: boolOr(review.get("panel"), false) || it.Value.Panel}
	levels := 1
	if it.Review.Direct {
		levels = 0
	}
	it.Review.Levels = number(review.get("levels"), levels)
	it.Review.Average = boolOr(review.get("average"), false)
	it.FixPhotos = boolOr(n.get("fix_photos"), false)
	if it.Ways = texts(n.get("ways")); it.Ways == nil {
		it.Ways = it.usualWays()
	}
	if w := n.get("warn_first"); w != nil {
		it.WarnFirst = &WarnFirst{Term: b.term(w, "{months: 12} 或 {days: 30}"), FixDays: number(w.get("fix_days"), 0)}
	}
	if r := n.get("repeat"); r != nil {
		it.Repeat = &Repeat{Term: b.term(r, "{months: 12, factor: 2}"), Factor: b.thousandths(r.get("factor")), Each: boolOr(r.get("each"), false)}
	}
	if r := n.get("repair"); r != nil {
		it.Repair = &Repair{Points: b.amount(r.get("points"))}
	}
	if v := n.get("valid"); v != nil {
		t := b.term(v, "{years: 2}")
		it.Valid = &t
	}
	return it
}

// usualWays are how records of an item come in where the file does not say: what can cost points is entered by officials;
// everything else may be claimed by the household or told by another.
func (i *Item) usualWays() []string {
	if lo, _ := i.sides(); lo < 0 || len(i.effects()) > 0 || i.Set {
		return []string{WayEntry}
	}
	return []string{WayEntry, WayClaim, WayPeer}
}

// effects binds what a record does beside its points.
func (b *binder) effects(n *node) *Effects {
	if n == nil {
		return nil
	}
	e := &Effects{Zero: b.zeroed(n.get("zero"))}
	if v := n.get(TagVeto); v != nil {
		t := b.term(v, "{years: 1}")
		e.Tags = append(e.Tags, TagEffect{Kind: TagVeto, Term: &t, Rounds: b.knownRounds(v.get("rounds"))})
	}
	for _, kind := range [...]string{TagBarred, TagSuspended} {
		if v := n.get(kind); v != nil {
			t := b.term(v, "{until: next_year} 或 {days: 30}")
			e.Tags = append(e.Tags, TagEffect{Kind: kind, Term: &t})
		}
	}
	if v := n.get(TagOpenFault); v != nil {
		e.Tags = append(e.Tags, TagEffect{Kind: TagOpenFault, FixDays: number(v.get("fix_days"), 0)})
	}
	return e
}

// zeroed binds the wallets that are emptied; all are those that can be spent or are ranked, but not those that only gain.
func (b *binder) zeroed(n *node) []string {
	if n == nil {
		return nil
	}
	if len(n.vals) == 0 {
		var all []string
		for _, w := range b.s.Wallets {
			if w.Kind != KindBase && !w.GainsOnly {
				all = append(all, w.Code)
			}
		}
		return all
	}
	codes := texts(n)
	for i, code := range codes {
		switch w, ok := b.s.Wallet(code); {
		case !ok:
			b.fail(n.vals[i], "reference", "没有“"+short(code)+"”这个钱包", "请写 all，或写 wallets 里的代号："+b.walletCodes())
		case w.GainsOnly:
			b.fail(n.vals[i], "effects", "“"+w.Name+"”只增不减，不能清零", "请删去它，或删去这个钱包的 gains_only")
		}
	}
	return codes
}

func (b *binder) parties(n *node) []PartyRule {
	var out []PartyRule
	roles, names := unique{}, unique{}
	for _, v := range list(n) {
		b.unique(roles, v.get("role"), "代号")
		b.unique(names, v.get("name"), "名称")
		p := PartyRule{Role: text(v.get("role")), Name: text(v.get("name")), Who: text(v.get("who")), Relations: texts(v.get("relations"))}
		if a := v.get("points"); a != nil {
			amount := b.amount(a)
			p.Points = &amount
		} else {
			p.Factor = 1000
		}
		if f := v.get("factor"); f != nil {
			p.Factor = b.thousandths(f)
		}
		if p.Who == PartyNamed {
			p.Min = number(v.get("min"), 1)
			p.Max = number(v.get("max"), max(1, p.Min))
		}
		out = append(out, p)
	}
	return out
}

func (b *binder) only(n *node) *Only {
	if n == nil {
		return nil
	}
	o := &Only{States: texts(n.get("states")), Not: texts(n.get("not")), MinAge: number(n.get("min_age"), 0), MaxAge: number(n.get("max_age"), 0),
		When: text(n.get("when")), Say: text(n.get("say"))}
	if o.When != "" {
		o.when = b.condition(n.get("when"), o.When)
	}
	return o
}

func (b *binder) calendar(n *node) *Calendar {
	if n == nil {
		return nil
	}
	c := &Calendar{}
	for _, v := range list(n.get("weekdays")) {
		c.Weekdays = append(c.Weekdays, number(v, 0))
	}
	if days := list(n.get("month_days")); len(days) == 2 {
		c.From, c.To = number(days[0], 0), number(days[1], 0)
		if c.From > c.To {
			b.fail(days[1], "calendar", "结束的日子早于开始的日子", "请把小的写在前面，例如 [1, 8]")
		}
	}
	return c
}

// sides are the least and the most that a record may count for anybody: the value's bounds and what parties get of their
// own.
func (i *Item) sides() (lo, hi points.Amount) {
	vlo, vhi := i.Value.Bounds()
	if len(i.Parties) == 0 || i.Value.Kind == ValuePerPerson {
		lo, hi = vlo, vhi
	}
	for k := range i.Parties {
		p := &i.Parties[k]
		l, h := p.amount(vlo), p.amount(vhi)
		lo, hi = min(lo, l, h), max(hi, l, h)
	}
	return lo, hi
}

// subject is whose account a record of the item moves.
func (s *Scheme) subject(it *Item) string { return cmp.Or(it.Subject, s.Subject) }
