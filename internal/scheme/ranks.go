package scheme

import (
	"cmp"
	"slices"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// CloseRanks is what falls due by comparison: coins for a rank and watch lists. The standings must be those of the whole
// village; only Scores are read. What was spent never matters, because only score wallets are compared.
func CloseRanks(s *Scheme, p Period, standings []Standing) []Closing {
	var out []Closing
	all := s.ranked(standings)
	for i := range s.RankCoins {
		if rc := &s.RankCoins[i]; s.ends(p, rc.Every, dayAfter) {
			out = append(out, rc.give(s, p, all)...)
		}
	}
	for i := range s.Watch {
		if w := &s.Watch[i]; s.ends(p, w.Span, dayAfter) {
			out = append(out, w.name(s, p, all)...)
		}
	}
	sortClosings(out)
	return out
}

// rank is an account with its score and with how many score more.
type rank struct {
	st    *Standing
	score points.Amount
	above int
	tied  int // how many have this score, itself among them
}

// rankBy orders accounts by a score, highest first, equal ones by account.
func rankBy(all []*Standing, score func(*Standing) points.Amount) []rank {
	out := make([]rank, len(all))
	for i, st := range all {
		out[i] = rank{st: st, score: score(st)}
	}
	slices.SortFunc(out, func(a, b rank) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.st.Account, b.st.Account))
	})
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && out[j].score == out[i].score {
			j++
		}
		for k := i; k < j; k++ {
			out[k].above, out[k].tied = i, j-i
		}
		i = j
	}
	return out
}

// give is the coins for the ranks of a period: to those who scored above 0 and stand within the cut-off. Of a rank that
// is shared across the cut-off everybody gets them, or nobody, as the scheme says.
func (rc *RankCoin) give(s *Scheme, p Period, all []*Standing) []Closing {
	ranks := rankBy(all, func(st *Standing) points.Amount { return st.Scores[ScoreKey{s.scoreWallet, p.Span}] })
	scored := slices.IndexFunc(ranks, func(r rank) bool { return r.score <= 0 })
	if scored < 0 {
		scored = len(ranks)
	}
	places := rc.Top
	line := "前" + strconv.Itoa(rc.Top) + "名"
	if rc.Per100 > 0 {
		places = cutoff(rc.Per100, scored)
		line = "前" + quantity(rc.Per100) + "%（" + strconv.Itoa(scored) + "户中取" + strconv.Itoa(places) + "户）"
		if s.kind() != SubjectHousehold {
			line = "前" + quantity(rc.Per100) + "%（" + strconv.Itoa(scored) + "个中取" + strconv.Itoa(places) + "个）"
		}
	}
	w, _ := s.Wallet(rc.Wallet)
	var out []Closing
	for _, r := range ranks[:scored] {
		if r.above >= places || rc.Ties == "none" && r.above+r.tied > places {
			break
		}
		out = append(out, Closing{Kind: CloseCoin, Account: r.st.Account,
			Change: &Change{Account: r.st.Account, Wallet: rc.Wallet, Amount: rc.Points, Intent: Add},
			Reason: rc.Name + "：" + s.SpanName(p.Span) + "得" + r.score.String() + "分，排第" + strconv.Itoa(r.above+1) + "名，在" + line + "以内，得" + w.Name + rc.Points.String() + "分"})
	}
	return out
}

// name is who is behind: the mean of the span's periods is below the line, and the score of the span is among the last.
// A period that ended before the account began is left out of its mean.
func (w *Watch) name(s *Scheme, p Period, all []*Standing) []Closing {
	parts := partsOf(p.Span, w.MeanOf)
	ranks := rankBy(all, func(st *Standing) points.Amount { return st.Scores[ScoreKey{s.scoreWallet, p.Span}] })
	var out []Closing
	for _, r := range ranks {
		behind := len(ranks) - r.above - r.tied // how many score less
		if behind >= w.Last {
			continue
		}
		sum, n := mean(r.st, s.scoreWallet, parts)
		if n == 0 || sum >= w.Below*points.Amount(n) {
			continue
		}
		out = append(out, Closing{Kind: CloseWatch, Account: r.st.Account, Watch: w.Code,
			Reason: w.Name + "：" + s.SpanName(p.Span) + "平均每" + partNames[w.MeanOf] + (sum / points.Amount(n)).String() + "分，低于" + w.Below.String() +
				"分，又排在倒数第" + strconv.Itoa(behind+1) + "名，在最后" + strconv.Itoa(w.Last) + "名以内"})
	}
	return out
}

var partNames = map[string]string{"month": "月", "quarter": "季度", "half": "半年"}

// mean is the sum of an account's periods and how many there were.
func mean(st *Standing, wallet string, parts []clock.Span) (sum points.Amount, n int) {
	for _, part := range parts {
		if part.Last() >= st.Since {
			sum += st.Scores[ScoreKey{wallet, part}]
			n++
		}
	}
	return sum, n
}
