package scheme

import (
	"cmp"
	"slices"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Period is a stretch of the calendar with the day on which what ends with it falls due.
type Period struct {
	Span clock.Span `json:"span"`
	On   clock.Day  `json:"on"`
}

// Kinds of Closing.
const (
	CloseReset = "reset" // a wallet is emptied, but for what is carried over
	CloseBase  = "base"  // the base score is granted anew
	CloseCoin  = "coin"  // points for a rank
	CloseTag   = "tag"   // the score is below a threshold
	CloseLift  = "lift"  // the score is back
	CloseWatch = "watch" // named among those who are behind
)

// Closing is one thing that the end of a period does to one account, with its reason.
type Closing struct {
	Kind    string  `json:"kind" enum:"reset,base,coin,tag,lift,watch"`
	Account id.ID   `json:"account"`
	Change  *Change `json:"change,omitempty" doc:"of reset, base and coin"`
	Tag     *Tag    `json:"tag,omitempty"`
	Lift    *Lift   `json:"lift,omitempty"`
	Watch   string  `json:"watch,omitempty" doc:"code of the watch list"`
	Reason  string  `json:"reason"`
}

// Periods are the closings that fall due between two days, both inside, in order of day. Each is to be run once.
func (s *Scheme) Periods(from, to clock.Day) []Period {
	var out []Period
	add := func(every string, due func(clock.Span) clock.Day) {
		// A reset falls due less than 366 + 90 days after its period ended, so the periods before the window matter too.
		for _, span := range s.SpansOf(every, from.Add(-3*366), to) {
			if p := (Period{span, due(span)}); from <= p.On && p.On <= to && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	for i := range s.Wallets {
		if r := s.Wallets[i].Reset; r != nil {
			add(r.Every, r.due)
		}
	}
	if s.Base != nil {
		add(s.Base.Every, dayAfter)
	}
	for i := range s.RankCoins {
		add(s.RankCoins[i].Every, dayAfter)
	}
	for i := range s.Thresholds {
		if s.Thresholds[i].At != AtEntry {
			add("month", dayAfter)
		}
	}
	for i := range s.Watch {
		add(s.Watch[i].Span, dayAfter)
	}
	for i := range s.OwnPeriods { // where nothing else falls due its ranking is frozen
		add(s.OwnPeriods[i].Code, dayAfter)
	}
	slices.SortFunc(out, func(a, b Period) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Span, b.Span)) })
	return out
}

// Empties are the codes of the wallets that the end of a period resets.
func (s *Scheme) Empties(p Period) []string {
	var out []string
	for i := range s.Wallets {
		if w := &s.Wallets[i]; w.Reset != nil && s.ends(p, w.Reset.Every, w.Reset.due) {
			out = append(out, w.Code)
		}
	}
	return out
}

// GrantsBase reports whether the base score is granted anew at the end of a period.
func (s *Scheme) GrantsBase(p Period) bool {
	return s.Base != nil && s.ends(p, s.Base.Every, dayAfter)
}

// CloseNeeds is what the standings for a close must hold.
func (s *Scheme) CloseNeeds(p Period) StandingNeeds {
	var n StandingNeeds
	for _, code := range s.Empties(p) {
		n.balance(code)
	}
	if s.GrantsBase(p) {
		n.balance(s.Base.Wallet)
	}
	for i := range s.RankCoins {
		if s.ends(p, s.RankCoins[i].Every, dayAfter) {
			n.score(ScoreKey{s.scoreWallet, p.Span})
		}
	}
	for i := range s.Thresholds {
		t := &s.Thresholds[i]
		if !s.looksAt(t, p) {
			continue
		}
		n.Tags = true
		for _, code := range t.Of {
			if w, ok := s.Wallet(code); ok && w.Kind == KindScore {
				n.score(ScoreKey{code, clock.YearSpan(p.Span.First())})
			} else {
				n.balance(code)
			}
		}
	}
	for i := range s.Watch {
		if w := &s.Watch[i]; s.ends(p, w.Span, dayAfter) {
			n.score(ScoreKey{s.scoreWallet, p.Span})
			for _, part := range partsOf(p.Span, w.MeanOf) {
				n.score(ScoreKey{s.scoreWallet, part})
			}
		}
	}
	return n
}

// Close says what falls due on the period's day, by account, and of one account in the order in which it is to be posted:
// resets, base score, coins, thresholds, watch lists. It is CloseEach of every account and CloseRanks of all together.
// A debt is never forgiven and points that are held or pending are not touched; score wallets are left alone.
func Close(s *Scheme, p Period, standings []Standing) []Closing {
	out := CloseRanks(s, p, standings)
	for i := range standings {
		out = append(out, CloseEach(s, p, &standings[i])...)
	}
	sortClosings(out)
	return out
}

// sortClosings puts what belongs to one account together. Of one kind the order of the scheme stays.
func sortClosings(cs []Closing) {
	order := map[string]int{CloseReset: 0, CloseBase: 1, CloseCoin: 2, CloseTag: 3, CloseLift: 3, CloseWatch: 4}
	slices.SortStableFunc(cs, func(a, b Closing) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(order[a.Kind], order[b.Kind]))
	})
}

// CloseEach is what falls due for one account and does not depend on others, so a village may be closed in any parts.
func CloseEach(s *Scheme, p Period, st *Standing) []Closing {
	var out []Closing
	for i := range s.Wallets {
		if w := &s.Wallets[i]; w.Reset != nil && s.ends(p, w.Reset.Every, w.Reset.due) {
			if c, ok := w.reset(s.SpanName(p.Span), st); ok {
				out = append(out, c)
			}
		}
	}
	if b := s.Base; s.GrantsBase(p) && (st.Kind == "" || st.Kind == s.kind()) {
		if had := st.Balances[b.Wallet]; had != b.Points {
			out = append(out, Closing{Kind: CloseBase, Account: st.Account,
				Change: &Change{Account: st.Account, Wallet: b.Wallet, Amount: b.Points - had, Intent: Add},
				Reason: s.nameAt(b.Every, p.On) + "基础分定为" + b.Points.String() + "分，原有" + had.String() + "分"})
		}
	}
	for i := range s.Thresholds {
		if t := &s.Thresholds[i]; s.looksAt(t, p) {
			if c, ok := s.look(t, p, st); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// reset is what one account's wallet loses at the end of a span; nothing where there is nothing above zero.
func (w *Wallet) reset(span string, st *Standing) (Closing, bool) {
	had := st.Balances[w.Code]
	kept := w.Reset.kept(had)
	if had <= 0 || kept == had {
		return Closing{}, false
	}
	c := Closing{Kind: CloseReset, Account: st.Account, Change: &Change{Account: st.Account, Wallet: w.Code, Amount: kept - had, Intent: Add}}
	switch {
	case kept == 0:
		c.Change.Intent = Zero
		c.Reason = span + w.Name + "到期清零，清零前" + had.String() + "分"
	case kept == w.Reset.Max:
		c.Reason = span + w.Name + "到期，" + had.String() + "分中最多结转" + kept.String() + "分，留下" + kept.String() + "分"
	default:
		c.Reason = span + w.Name + "到期，" + had.String() + "分中结转" + strconv.Itoa(w.Reset.Carry) + "%，留下" + kept.String() + "分"
	}
	return c, true
}

// kept is what stays of a balance above zero: so many per cent, cut to hundredths, and no more than Max.
func (r *Reset) kept(had points.Amount) points.Amount {
	kept := had/100*points.Amount(r.Carry) + had%100*points.Amount(r.Carry)/100
	if r.Max > 0 {
		kept = min(kept, r.Max)
	}
	return kept
}

// looksAt reports whether a threshold is looked at: on the first day after every month.
func (s *Scheme) looksAt(t *Threshold, p Period) bool {
	return t.At != AtEntry && s.ends(p, "month", dayAfter)
}

// look holds one account against a threshold, by the year in which the month lies and what its base wallets hold now.
func (s *Scheme) look(t *Threshold, p Period, st *Standing) (Closing, bool) {
	var score points.Amount
	for _, code := range t.Of {
		if w, ok := s.Wallet(code); ok && w.Kind == KindScore {
			score += st.Scores[ScoreKey{code, clock.YearSpan(p.Span.First())}]
		} else {
			score += st.Balances[code]
		}
	}
	stands := slices.ContainsFunc(st.Tags, func(x Tag) bool { return x.Code == t.Code && p.On < x.To })
	c := Closing{Account: st.Account}
	switch {
	case score < t.Below && !stands:
		c.Kind = CloseTag
		c.Reason = t.Name + "（" + p.Span.Chinese() + "底" + score.String() + "分，低于" + t.Below.String() + "分）"
		c.Tag = &Tag{Account: st.Account, Kind: t.Then, Code: t.Code, From: p.On, To: t.Term.end(p.On), Rounds: t.Rounds, Reason: c.Reason}
	case score >= t.LiftAt && stands && t.Term == nil:
		c.Kind = CloseLift
		c.Reason = t.Name + "解除：" + p.Span.Chinese() + "底" + score.String() + "分，已回到" + t.LiftAt.String() + "分"
		c.Lift = &Lift{Account: st.Account, Code: t.Code, Reason: c.Reason}
	default:
		return c, false
	}
	return c, true
}

// ends reports whether the period is one of those that end with every, on the day that due says.
func (s *Scheme) ends(p Period, every string, due func(clock.Span) clock.Day) bool {
	return s.IsSpan(every, p.Span) && due(p.Span) == p.On
}

// nameAt names the span of a kind that begins on a day.
func (s *Scheme) nameAt(every string, day clock.Day) string {
	for _, span := range s.SpansOf(every, day, day) {
		if span.First() == day {
			return s.SpanName(span)
		}
	}
	return ""
}

// due is the day on which the end of a period empties the wallet.
func (r *Reset) due(span clock.Span) clock.Day {
	next := dayAfter(span)
	if r.Month > 0 {
		next = yearly(next, r.Month, r.Day)
	}
	return next.Add(r.Grace)
}

func dayAfter(span clock.Span) clock.Day { return span.Last().Add(1) }

func spanOf(every string, day clock.Day) clock.Span {
	switch every {
	case "month":
		return clock.MonthSpan(day)
	case "quarter":
		return clock.QuarterSpan(day)
	case "half":
		return clock.HalfSpan(day)
	}
	return clock.YearSpan(day)
}

// partsOf is the shorter periods of which a span consists.
func partsOf(span clock.Span, every string) []clock.Span {
	var out []clock.Span
	for part := spanOf(every, span.First()); part.First() <= span.Last(); part = spanOf(every, dayAfter(part)) {
		out = append(out, part)
	}
	return out
}
