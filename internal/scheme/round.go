package scheme

import (
	"hefen/internal/clock"
	"hefen/internal/points"
)

// Round is an award round as the scheme declares it (年终评比). docs/awards.md is its reference.
type Round struct {
	Code        string      `json:"code"`
	Name        string      `json:"name"`
	Of          string      `json:"of" enum:"household,person,group" doc:"whose accounts compete"`
	Span        string      `json:"span" doc:"the period it is about: month, quarter, half, year or the code of an own one"`
	ObjectDays  *int        `json:"object_days,omitempty" doc:"days for objections, 0: none; absent: whoever publishes the list says how many"`
	Cutoff      Cutoff      `json:"cutoff" doc:"the day on which standings, states and tags are read"`
	Among       Among       `json:"among" doc:"who competes at all"`
	Eligibility Eligibility `json:"eligibility" doc:"what keeps out those who compete"`
	RankBy      RankBy      `json:"rank_by"`
	Ties        string      `json:"ties" enum:"all,none,lottery" doc:"a rank shared across a cut-off: all of it win, none of it wins, or lots are drawn"`
	Tiers       []Tier      `json:"tiers" doc:"from the best; an account wins the first one that takes it"`
	Rewards     []Reward    `json:"rewards,omitempty" doc:"for everybody who wins, beside the tier's"`
}

// Cutoff is the day on which a round is settled.
type Cutoff struct {
	Days  int `json:"days,omitempty" doc:"so many days after the last day of the period"`
	Month int `json:"month,omitempty" doc:"with day: the first such date after the period, only for span: year and own periods"`
	Day   int `json:"day,omitempty"`
}

// Among is the population of a round. All that is written must hold.
type Among struct {
	States []string `json:"states,omitempty" doc:"one of these must stand"`
	Not    []string `json:"not,omitempty" doc:"none of these may stand"`
	Groups []string `json:"groups,omitempty" doc:"names of villagers' groups"`
}

// Eligibility says what keeps an account out. The first four are true where the file does not say otherwise.
type Eligibility struct {
	Veto      bool `json:"veto" doc:"under a veto that bars from this round"`
	Barred    bool `json:"barred" doc:"barred from redemption"`
	Suspended bool `json:"suspended"`
	OpenFault bool `json:"open_fault" doc:"with a fault not yet put right"`
	BaseLine  bool `json:"base_line" doc:"base and score together below the line of the base score; true where there is one"`
	Resident  bool `json:"resident" doc:"not a resident of the village"`

	Min *points.Amount `json:"min,omitempty" doc:"with a lower score"`
}

// RankBy is what a round is ranked by: the sum of score wallets, or of what classes or items counted.
type RankBy struct {
	Wallets []string `json:"wallets,omitempty"`
	Classes []string `json:"classes,omitempty"`
	Items   []string `json:"items,omitempty"`
	Ever    bool     `json:"ever,omitempty" doc:"everything ever counted instead of the period's"`
}

// How a rank shared across a cut-off is settled.
const (
	TiesAll     = "all"
	TiesNone    = "none"
	TiesLottery = "lottery"
)

// Tier is one of the places of a round. All limits that are given must hold.
type Tier struct {
	Name      string         `json:"name"`
	Top       int            `json:"top,omitempty" doc:"ranks from the first, those of better tiers counted"`
	Per100    int64          `json:"percent,omitempty" doc:"the same as a share of all, thousandths of a per cent, rounded up to whole accounts"`
	PercentOf string         `json:"percent_of,omitempty" enum:"scored,eligible" doc:"percent: of those above 0, or of all eligible"`
	PerGroup  int            `json:"per_group,omitempty" doc:"at most so many of each villagers' group, those of better tiers counted"`
	From      *points.Amount `json:"from,omitempty" doc:"least score, inclusive"`
	To        *points.Amount `json:"to,omitempty" doc:"highest score, inclusive"`
	Everyone  bool           `json:"everyone,omitempty" doc:"all who are eligible"`
	Draw      int            `json:"draw,omitempty" doc:"so many of them are drawn by lot"`
	Stars     int            `json:"stars,omitempty" doc:"star level that it stands for"`
	Rewards   []Reward       `json:"rewards,omitempty"`
}

// Kinds of Reward.
const (
	RewardPoints    = "points"
	RewardGoods     = "goods"
	RewardChoice    = "choice"    // one of several baskets
	RewardPrivilege = "privilege" // 礼遇: something that is not goods
	RewardTitle     = "title"     // 荣誉称号
	RewardDividend  = "dividend"  // a part of a pool
)

// Reward is what a winner receives.
type Reward struct {
	Kind   string        `json:"kind" enum:"points,goods,choice,privilege,title,dividend"`
	Wallet string        `json:"wallet,omitempty" doc:"points; dividend of points"`
	Points points.Amount `json:"points,omitempty"`
	Name   string        `json:"name,omitempty" doc:"goods, privilege, title: what it is"`
	Count  int           `json:"count,omitempty" doc:"goods: pieces"`
	Choice []Basket      `json:"choice,omitempty"`
	Pool   *Pool         `json:"pool,omitempty" doc:"dividend"`
}

// Basket is goods of which a winner may choose one.
type Basket struct {
	Name  string  `json:"name"`
	Goods []Goods `json:"goods"`
}

// Goods is so many pieces of something of the shop.
type Goods struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Pool is what a dividend shares out: money or points.
type Pool struct {
	Fen    int64         `json:"fen,omitempty"`
	Points points.Amount `json:"points,omitempty"`
}

// On is the day on which the round about a span is settled.
func (r *Round) On(span clock.Span) clock.Day {
	if r.Cutoff.Month > 0 {
		return yearly(dayAfter(span), r.Cutoff.Month, r.Cutoff.Day)
	}
	return span.Last().Add(r.Cutoff.Days)
}

// Needs is what the standings of a round about a span must hold.
func (r *Round) Needs(span clock.Span) StandingNeeds {
	n := StandingNeeds{Tags: true}
	for _, code := range r.RankBy.Wallets {
		n.score(ScoreKey{code, r.RankBy.over(span)})
	}
	for _, code := range r.RankBy.Classes {
		n.Counts = append(n.Counts, CountKey{Class: code, Span: r.RankBy.over(span)})
	}
	for _, code := range r.RankBy.Items {
		n.Counts = append(n.Counts, CountKey{Item: code, Span: r.RankBy.over(span)})
	}
	return n
}

// NeedsOf is Needs together with the score that the base line is held against.
func (s *Scheme) NeedsOf(r *Round, span clock.Span) StandingNeeds {
	n := r.Needs(span)
	if r.Eligibility.BaseLine {
		n.score(ScoreKey{s.scoreWallet, span})
	}
	return n
}

func (b *RankBy) over(span clock.Span) clock.Span {
	if b.Ever {
		return 0
	}
	return span
}

// score is what the account is ranked by.
func (b *RankBy) score(st *Standing, span clock.Span) (sum points.Amount) {
	span = b.over(span)
	for _, code := range b.Wallets {
		sum += st.Scores[ScoreKey{code, span}]
	}
	for _, code := range b.Classes {
		sum += st.Counts[CountKey{Class: code, Span: span}]
	}
	for _, code := range b.Items {
		sum += st.Counts[CountKey{Item: code, Span: span}]
	}
	return sum
}
