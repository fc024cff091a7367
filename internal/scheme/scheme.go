// Package scheme is a village's rules (积分细则): it reads the file in which a village writes them and decides by them.
// Everything here is pure: no database, no clock, no randomness. The same version, case and facts give the same
// decision with the same reasons, today and in ten years; whoever calls loads what Needs asks for and posts what Decide
// answers. The file is documented in docs/scheme.md.
package scheme

import (
	"slices"

	"hefen/internal/points"
)

// Subjects of a scheme: whose account a deed moves.
const (
	SubjectHousehold = "household"
	SubjectPerson    = "person"
	SubjectPooled    = "pooled" // persons do the deeds, their household's account is credited
	SubjectGroup     = "group"
	SubjectTeam      = "team" // of items only
)

// Scheme is one parsed version of a village's rules. It is made by Parse only and never changed afterwards, so it may
// be shared between goroutines.
type Scheme struct {
	Title         string      `json:"title" doc:"name of the rules"`
	Subject       string      `json:"subject" enum:"household,person,pooled,group" doc:"who is scored"`
	FenPerPoint   int64       `json:"fen_per_point" doc:"what the village reckons a point to be worth, in fen; 0 where it does not say"`
	OwnPeriods    []OwnPeriod `json:"periods,omitempty" doc:"periods with the village's own dates, beside month, quarter, half and year"`
	Wallets       []Wallet    `json:"wallets"`
	Classes       []Class     `json:"classes"`
	Items         []Item      `json:"items"`
	Caps          []Cap       `json:"caps,omitempty" doc:"limits over all items together"`
	Base          *Base       `json:"base,omitempty"`
	Records       Records     `json:"records"`
	Panel         Panel       `json:"panel"`
	Redemption    Redemption  `json:"redemption"`
	Boards        Boards      `json:"boards"`
	Rounds        []Round     `json:"rounds,omitempty" doc:"award rounds (年终评比)"`
	Edition       string      `json:"edition,omitempty" doc:"which version of the rules, as reasons name it: 第2版（2026年1月1日起施行）"`
	Rounding      string      `json:"rounding" enum:"nearest,down,up,none" doc:"of values after factors: to whole points, or none: to hundredths"`
	Charge        []string    `json:"charge,omitempty" doc:"wallets that a deduction empties one after the other, the score wallets aside; absent: each for itself"`
	OpenFault     string      `json:"open_fault" enum:"wait,lost,count" doc:"awards while a fault is open: wait until it is closed, are lost, or count"`
	Conflicts     []Conflict  `json:"conflicts,omitempty"`
	Campaigns     []Campaign  `json:"campaigns,omitempty"`
	Budgets       []Budget    `json:"budgets,omitempty"`
	Thresholds    []Threshold `json:"thresholds,omitempty"`
	Watch         []Watch     `json:"watch,omitempty"`
	RankCoins     []RankCoin  `json:"rank_coins,omitempty"`
	OwnItems      *OwnItems   `json:"own_items,omitempty"`
	items         map[string]*Item
	classes       map[string]*Class
	scoreWallet   string
	spendOrder    []string
	conflictItems map[string][]string // by conflict group
	opensFaults   bool                // some item opens a fault
}

// What becomes of awards while a fault is open.
const (
	FaultWait  = "wait"
	FaultLost  = "lost"
	FaultCount = "count"
)

// Class groups items on the pages and may carry limits of its own.
type Class struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Caps []Cap  `json:"caps,omitempty"`
}

// Base is the score every account starts a year with (基础分). It lies in a wallet of its own that cannot be spent and
// that no board reads.
type Base struct {
	Wallet string        `json:"wallet" doc:"wallet of kind base that holds it"`
	Points points.Amount `json:"points"`
	Every  string        `json:"every" doc:"how often it is granted anew: month, quarter, half, year or the code of an own period"`
	Line   points.Amount `json:"line" doc:"an account whose base and year score together are below this gets no awards"`
}

// Records are the terms of entering deeds.
type Records struct {
	WithdrawMinutes int  `json:"withdraw_minutes" doc:"how long the author may withdraw a record"`
	BackdateDays    int  `json:"backdate_days" doc:"how old a deed may be when it is entered"`
	LeadersWait     bool `json:"leaders_wait" doc:"entries of group leaders wait for approval even where the item needs none"`

	Effect      string `json:"effect" enum:"at_once,after_publication" doc:"when decided points count: at once, or when the days of publication have passed without an objection"`
	PublishDays int    `json:"publish_days" doc:"how long a notice stands"`
	ObjectDays  int    `json:"object_days" doc:"how long after the decision, or after the day of the notice, an objection may be made"`
	AnswerDays  int    `json:"answer_days" doc:"working days within which an objection is settled"`
	ReviewDays  int    `json:"review_days" doc:"days after which a record that waits for review counts as late"`
	Falsified   string `json:"falsified,omitempty" doc:"item that scores the collector of a record found falsified"`
}

// DefaultReviewDays is where the rules say nothing of it, and where there are none yet.
const DefaultReviewDays = 7

// When decided points count.
const (
	AtOnce           = "at_once"
	AfterPublication = "after_publication"
)

// Waits reports whether decided points wait for the days of publication.
func (r *Records) Waits() bool { return r.Effect == AfterPublication }

// Panel is how the elected panel votes (评议小组).
type Panel struct {
	Quorum   int    `json:"quorum" doc:"how many votes a result needs"`
	Majority string `json:"majority" enum:"half,two_thirds" doc:"half: more than half of the votes; two_thirds: at least two thirds"`
	Days     int    `json:"days" doc:"how long the vote is open; without a quorum by then the team member decides"`
}

// Majorities of a panel.
const (
	MajorityHalf      = "half"
	MajorityTwoThirds = "two_thirds"
)

// Carried reports whether so many ayes of so many votes are a majority. A tie is none.
func (p *Panel) Carried(ayes, votes int) bool {
	if p.Majority == MajorityTwoThirds {
		return votes > 0 && 3*ayes >= 2*votes
	}
	return 2*ayes > votes
}

// Redemption are the terms of the points supermarket.
type Redemption struct {
	CancelSameDay bool `json:"cancel_same_day" doc:"a redemption may be cancelled on the day it was made"`
	LoseLapsed    bool `json:"lose_lapsed" doc:"the points of a reservation that nobody fetched are lost instead of given back"`
}

// Boards are the terms of publishing ranks.
type Boards struct {
	Wallet   string `json:"wallet" doc:"the score wallet that boards read"`
	Mask     bool   `json:"mask" doc:"names are masked (张*三)"`
	Villages bool   `json:"villages" doc:"the village takes part in rankings of villages"`
	Show     string `json:"show" enum:"members,public,off" doc:"who sees them: people of the village, everybody (always masked), or officials only"`
	Top      int    `json:"top,omitempty" doc:"villagers see so many places, and their own; 0: all"`
}

// Who sees the boards.
const (
	ShowMembers = "members"
	ShowPublic  = "public"
	ShowOff     = "off"
)

// Item finds an item by its code.
func (s *Scheme) Item(code string) (*Item, bool) { i, ok := s.items[code]; return i, ok }

// Class finds a class by its code.
func (s *Scheme) Class(code string) (*Class, bool) { c, ok := s.classes[code]; return c, ok }

// Wallet finds a wallet by its code.
func (s *Scheme) Wallet(code string) (*Wallet, bool) {
	i := slices.IndexFunc(s.Wallets, func(w Wallet) bool { return w.Code == code })
	if i < 0 {
		return nil, false
	}
	return &s.Wallets[i], true
}

// ScoreWallet is the code of the score wallet that boards and awards read.
func (s *Scheme) ScoreWallet() string { return s.scoreWallet }

// SpendOrder is the codes of the spend wallets in the order in which a redemption draws on them. Do not change it.
func (s *Scheme) SpendOrder() []string { return s.spendOrder }

// SubjectOf is whose accounts records of an item move.
func (s *Scheme) SubjectOf(i *Item) string {
	if i.Subject != "" {
		return i.Subject
	}
	return s.Subject
}

// InEdition is the same rules under the name of a version, which reasons give.
func (s *Scheme) InEdition(name string) *Scheme {
	named := *s
	named.Edition = name
	return &named
}

// Replayed is the same rules for deciding anew what was decided before: without thresholds, which have been acted on.
func (s *Scheme) Replayed() *Scheme {
	again := *s
	again.Thresholds = nil
	return &again
}

// conflict is the conflict group of an item, nil where it is in none.
func (s *Scheme) conflict(item *Item) *Conflict {
	for i := range s.Conflicts {
		if s.Conflicts[i].Code == item.Conflict {
			return &s.Conflicts[i]
		}
	}
	return nil
}
