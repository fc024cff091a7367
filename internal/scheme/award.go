package scheme

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Outcome is what a round says of everybody.
type Outcome struct {
	On       clock.Day `json:"on" doc:"the day on which it was settled"`
	Places   []Place   `json:"places" doc:"the eligible by rank, then the others"`
	Drawings []Drawing `json:"drawings,omitempty"`
}

// Place is what an award round says of one account, in or out.
type Place struct {
	Account  id.ID         `json:"account"`
	Score    points.Amount `json:"score"`
	Eligible bool          `json:"eligible"`
	Rank     int           `json:"rank,omitempty" doc:"among those eligible; ties share it; 0 where not eligible"`
	Wins     bool          `json:"wins"`
	Tier     int           `json:"tier,omitempty" doc:"which tier it wins, counted from 1"`
	Title    string        `json:"tier_name,omitempty"`
	Stars    int           `json:"stars,omitempty"`
	Drawing  int           `json:"drawing,omitempty" doc:"the drawing that is still to decide; 0: none"`
	Prizes   []Prize       `json:"prizes,omitempty"`
	Reasons  []string      `json:"reasons" doc:"why, in plain Chinese, one sentence each"`
}

// Drawing is one drawing of lots: which accounts take part, by account, and who was drawn. The number drawn in public
// settles all drawings of a round.
type Drawing struct {
	No       int     `json:"no"`
	What     string  `json:"what"`
	Seats    int     `json:"seats"`
	Accounts []id.ID `json:"accounts"`
	Drawn    []id.ID `json:"drawn,omitempty" doc:"in the order in which they came; absent while nothing is drawn"`
}

// Award says who wins the round about a span and why everybody else does not. The seed is the number drawn in public;
// while there is none, whoever depends on it has no place yet. The order of the standings does not matter, and neither
// does what anybody spent: balances are not read.
func Award(s *Scheme, r *Round, span clock.Span, standings []Standing, seed []byte) Outcome {
	a := &awarding{s: s, r: r, span: span, on: r.On(span), seed: seed}
	a.enter(standings)
	for t := range r.Tiers {
		a.tier(t)
	}
	a.reward()
	out := Outcome{On: a.on, Drawings: a.drawings, Places: make([]Place, len(a.entries))}
	for i, e := range a.entries {
		out.Places[i] = e.Place
	}
	return out
}

// awarding is one round in the making.
type awarding struct {
	s        *Scheme
	r        *Round
	span     clock.Span
	on       clock.Day
	seed     []byte
	entries  []*entry // the eligible by rank, then the others
	eligible int
	drawings []Drawing
}

// entry is an account in a round. It is settled once it has a place or waits for a drawing.
type entry struct {
	Place
	st *Standing
}

func (e *entry) settled() bool { return e.Wins || e.Drawing > 0 }

func (e *entry) because(reason string) { e.Reasons = append(e.Reasons, reason) }

// enter ranks the eligible. A rank is the number of those above plus one, so ties share it.
func (a *awarding) enter(standings []Standing) {
	for i := range standings {
		st := &standings[i]
		e := &entry{st: st, Place: Place{Account: st.Account, Score: a.r.RankBy.score(st, a.span)}}
		e.Reasons = a.obstacles(e)
		if e.Eligible = len(e.Reasons) == 0; e.Eligible {
			a.eligible++
		}
		a.entries = append(a.entries, e)
	}
	slices.SortFunc(a.entries, func(x, y *entry) int {
		if x.Eligible != y.Eligible {
			return map[bool]int{true: -1, false: 1}[x.Eligible]
		}
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Account, y.Account))
	})
	for i, e := range a.entries[:a.eligible] {
		e.Rank = i + 1
		if i > 0 && a.entries[i-1].Score == e.Score {
			e.Rank = a.entries[i-1].Rank
		}
		e.because("得" + e.Score.String() + "分，在" + strconv.Itoa(a.eligible) + a.unit() + "中排第" + strconv.Itoa(e.Rank) + "名")
	}
}

var accountUnits = map[string]string{SubjectHousehold: "户", SubjectPerson: "人", SubjectGroup: "个小组"}

func (a *awarding) unit() string { return accountUnits[a.r.Of] }

// obstacles is every reason why an account does not compete, none if it does.
func (a *awarding) obstacles(e *entry) []string {
	r, st := a.r, e.st
	var out []string
	no := func(why string) { out = append(out, why+"，不参加评比") }
	if len(r.Among.States) > 0 && !slices.ContainsFunc(r.Among.States, func(s string) bool { return slices.Contains(st.States, s) }) {
		no("不在评比范围内（只评" + stateNames(r.Among.States) + "）")
	}
	for _, state := range r.Among.Not {
		if slices.Contains(st.States, state) {
			no("不在评比范围内（" + stateNames([]string{state}) + "不评）")
		}
	}
	if len(r.Among.Groups) > 0 && !slices.Contains(r.Among.Groups, st.GroupName) {
		no("不在评比范围内（只评" + strings.Join(r.Among.Groups, "、") + "）")
	}
	if r.Eligibility.Resident && !slices.Contains(st.States, "resident") {
		no("不是本村常住")
	}
	for i := range st.Tags {
		if why := a.bars(&st.Tags[i]); why != "" {
			no(why)
		}
	}
	if b := a.s.Base; b != nil && r.Eligibility.BaseLine {
		score := st.Scores[ScoreKey{a.s.scoreWallet, a.span}]
		if sum := b.Points + score; sum < b.Line {
			no("基础分" + b.Points.String() + "分加本期净得分" + score.String() + "分，共" + sum.String() + "分，低于" + b.Line.String() + "分")
		}
	}
	if m := r.Eligibility.Min; m != nil && e.Score < *m {
		no("得" + e.Score.String() + "分，不到最低" + m.String() + "分")
	}
	return out
}

// bars is why a tag that stands on the day keeps out of the round, empty where it does not.
func (a *awarding) bars(t *Tag) string {
	el := &a.r.Eligibility
	if a.on < t.From || a.on >= t.To {
		return ""
	}
	switch {
	case t.Kind == TagVeto && el.Veto && (len(t.Rounds) == 0 || slices.Contains(t.Rounds, a.r.Code)):
		return "被一票否决" + untilText(t.To) + whyText(t)
	case t.Kind == TagBarred && el.Barred:
		return "被取消资格" + untilText(t.To) + whyText(t)
	case t.Kind == TagSuspended && el.Suspended:
		return "处于暂停状态" + untilText(t.To) + whyText(t)
	case t.Kind == TagOpenFault && el.OpenFault:
		return "有一项问题还没有整改" + whyText(t)
	}
	return ""
}

func whyText(t *Tag) string {
	if t.Reason == "" {
		return ""
	}
	return "，原因：" + t.Reason
}

func untilText(to clock.Day) string {
	if to >= clock.Forever {
		return ""
	}
	return "（到" + to.Add(-1).Chinese() + "为止）"
}
