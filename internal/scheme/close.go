package scheme

import (
	"cmp"
	"slices"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// Period is a stretch of the calendar with the day on which what ends with it falls due.
type Period struct {
	Span clock.Span `json:"span"`
	On   clock.Day  `json:"on"`
}

// Closing is what the end of a period does to one account's wallet, with its reason.
type Closing struct {
	Change
	Reason string `json:"reason"`
}

// Periods are the closings that fall due between two days, both inside, in order of day. Each is to be run once.
func (s *Scheme) Periods(from, to clock.Day) []Period {
	var out []Period
	add := func(p Period) {
		if from <= p.On && p.On <= to && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for i := range s.Wallets {
		if r := s.Wallets[i].Reset; r != nil {
			// A reset falls due at most 366 days after its period ended, so the periods before the window matter too.
			for span := spanOf(r.Every, from.Add(-2*366)); span.First() <= to; span = nextSpan(r.Every, span) {
				add(Period{span, r.due(span)})
			}
		}
	}
	if s.Base != nil {
		for span := clock.YearSpan(from.Add(-2 * 366)); span.First() <= to; span = nextSpan("year", span) {
			add(Period{span, span.Last().Add(1)})
		}
	}
	slices.SortFunc(out, func(a, b Period) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Span, b.Span)) })
	return out
}

// Close says what falls due on the period's day: spend wallets are reset, carrying over what the scheme lets them, and
// the base score is granted anew. A debt is never forgiven by a reset. Score wallets are never touched.
func Close(s *Scheme, p Period, standings []Standing) []Closing {
	var out []Closing
	for i := range s.Wallets {
		w := &s.Wallets[i]
		if w.Reset == nil || w.Reset.due(p.Span) != p.On || spanOf(w.Reset.Every, p.Span.First()) != p.Span {
			continue
		}
		for k := range standings {
			if c, ok := w.reset(p, &standings[k]); ok {
				out = append(out, c)
			}
		}
	}
	if s.Base != nil && clock.YearSpan(p.Span.First()) == p.Span && p.Span.Last().Add(1) == p.On {
		year := clock.YearSpan(p.On).Chinese()
		for k := range standings {
			st := &standings[k]
			if grant := s.Base.Points - st.Balances[s.Base.Wallet]; grant != 0 {
				out = append(out, Closing{Change{Account: st.Account, Wallet: s.Base.Wallet, Amount: grant, Intent: Add},
					year + "基础分定为" + s.Base.Points.String() + "分，原有" + st.Balances[s.Base.Wallet].String() + "分"})
			}
		}
	}
	return out
}

// reset is what one account's wallet loses at a reset; nothing where there is nothing above zero.
func (w *Wallet) reset(p Period, st *Standing) (Closing, bool) {
	had := st.Balances[w.Code]
	if had <= 0 || w.Reset.Carry == 100 {
		return Closing{}, false
	}
	if w.Reset.Carry == 0 {
		return Closing{Change{Account: st.Account, Wallet: w.Code, Amount: -had, Intent: Zero}, p.Span.Chinese() + w.Name + "到期清零，清零前" + had.String() + "分"}, true
	}
	kept := had / 100 * points.Amount(w.Reset.Carry)
	kept += had % 100 * points.Amount(w.Reset.Carry) / 100
	return Closing{Change{Account: st.Account, Wallet: w.Code, Amount: kept - had, Intent: Add}, p.Span.Chinese() + w.Name + "到期，" + had.String() + "分中结转" +
		strconv.Itoa(w.Reset.Carry) + "%，留下" + kept.String() + "分"}, true
}

// due is the day on which the end of a period empties the wallet.
func (r *Reset) due(span clock.Span) clock.Day {
	next := span.Last().Add(1)
	if r.Month > 0 {
		return clock.MakeDay(next.Year(), r.Month, r.Day)
	}
	return next.Add(r.Grace)
}

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

func nextSpan(every string, s clock.Span) clock.Span { return spanOf(every, s.Last().Add(1)) }
