package scheme

import (
	"cmp"
	"slices"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Round is an award round as the scheme declares it (年终评比).
type Round struct {
	Code string        `json:"code"`
	Name string        `json:"name"`
	Span string        `json:"span" enum:"month,quarter,half,year" doc:"the period it is about"`
	Top  int           `json:"top" doc:"ranks that win; a shared last rank wins as a whole"`
	Min  points.Amount `json:"min" doc:"least score that wins"`
}

// Standing is where an account stands when a period is closed or awards are given.
type Standing struct {
	Account  id.ID
	Score    points.Amount            // net score of the period in the score wallet
	Balances map[string]points.Amount // available points by wallet; read by Close
	Tags     []Tag                    // open on the day; read by Award
}

// Place is what an award round says of one account.
type Place struct {
	Account  id.ID         `json:"account"`
	Score    points.Amount `json:"score"`
	Eligible bool          `json:"eligible"`
	Rank     int           `json:"rank,omitempty" doc:"among those eligible; ties share it; 0 where not eligible"`
	Wins     bool          `json:"wins"`
	Reason   string        `json:"reason"`
}

// Award says who wins a round and why everybody else does not: the eligible ranked by score, then the others, equal
// ones by account. A rank is the number of those above plus one, so ties share it.
func Award(s *Scheme, round Round, on clock.Day, standings []Standing) []Place {
	places := make([]Place, 0, len(standings))
	for i := range standings {
		st := &standings[i]
		p := Place{Account: st.Account, Score: st.Score}
		p.Reason = s.barredFromAwards(st, on)
		p.Eligible = p.Reason == ""
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b Place) int {
		if a.Eligible != b.Eligible {
			return map[bool]int{true: -1, false: 1}[a.Eligible]
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Account, b.Account))
	})
	for i := range places {
		p := &places[i]
		if !p.Eligible {
			break
		}
		p.Rank = i + 1
		if i > 0 && places[i-1].Score == p.Score {
			p.Rank = places[i-1].Rank
		}
		p.Wins, p.Reason = round.outcome(p)
	}
	return places
}

// barredFromAwards is why an account may not win, or empty.
func (s *Scheme) barredFromAwards(st *Standing, on clock.Day) string {
	for _, t := range st.Tags {
		if on < t.From || on >= t.To {
			continue
		}
		switch t.Kind {
		case TagVeto:
			return "被一票否决" + untilText(t.To) + "，不参加评比"
		case TagBarred:
			return "被取消资格" + untilText(t.To) + "，不参加评比"
		case TagSuspended:
			return "处于暂停状态" + untilText(t.To) + "，不参加评比"
		}
	}
	if b := s.Base; b != nil && b.Points+st.Score < b.Line {
		return "基础分" + b.Points.String() + "分加本期净得分" + st.Score.String() + "分，共" + (b.Points + st.Score).String() +
			"分，低于" + b.Line.String() + "分，不参加评比"
	}
	return ""
}

func (r *Round) outcome(p *Place) (wins bool, reason string) {
	score := "得" + p.Score.String() + "分，排第" + strconv.Itoa(p.Rank) + "名"
	switch {
	case p.Rank > r.Top:
		return false, score + "，未进入前" + strconv.Itoa(r.Top) + "名"
	case p.Score < r.Min:
		return false, score + "，但不到最低" + r.Min.String() + "分"
	}
	return true, score + "，获得“" + r.Name + "”"
}

func untilText(to clock.Day) string {
	if to >= clock.Forever {
		return ""
	}
	return "（到" + to.Add(-1).Chinese() + "为止）"
}
