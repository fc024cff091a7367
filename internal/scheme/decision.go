package scheme

import (
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Intent is how a change meets the balance, which only the ledger knows when it posts.
type Intent string

const (
	Add         Intent = "add"           // the amount as it is
	StopAtFloor Intent = "stop_at_floor" // a deduction takes what is above the wallet's floor, and no more
	Rest        Intent = "rest"          // the part of the amount that the lines before it, of the same account and chain, could not take; stops at the floor
	RestAdd     Intent = "rest_add"      // the same without a floor
	Zero        Intent = "zero"          // whatever is there when posted goes; the amount is what was known before
)

// Change is what a decision does to one wallet.
type Change struct {
	Account id.ID         `json:"account"`
	Wallet  string        `json:"wallet"`
	Amount  points.Amount `json:"amount"`
	Intent  Intent        `json:"intent" enum:"add,stop_at_floor,rest,rest_add,zero"`
	Expires clock.Day     `json:"expires_on,omitempty" doc:"last day on which the points can be spent; absent: no limit"`
	Pending bool          `json:"pending,omitempty" doc:"goes to the pending bucket, because a fault is open"`
	Member  id.ID         `json:"-"`
	Group   id.ID         `json:"-"`
}

// Kinds of tag that package standing keeps on accounts.
const (
	TagVeto      = "veto"       // 一票否决: no awards
	TagBarred    = "barred"     // no redemption
	TagSuspended = "suspended"  // everything paused
	TagWarning   = "warning"    // warned, not yet deducted
	TagOpenFault = "open_fault" // a fault not yet put right
)

// Tag is a mark on an account for a term: from From, until To (exclusive; clock.Forever is open).
type Tag struct {
	Account id.ID     `json:"account"`
	Kind    string    `json:"kind" enum:"veto,barred,suspended,warning,open_fault"`
	Code    string    `json:"code,omitempty" doc:"the threshold that set it"`
	From    clock.Day `json:"from"`
	To      clock.Day `json:"to"`
	Due     clock.Day `json:"due,omitempty" doc:"open_fault: last day to put it right"`
	Rounds  []string  `json:"rounds,omitempty" doc:"veto: the award rounds it bars from; empty: all"`
	Reason  string    `json:"reason,omitempty"`
}

// Lift ends the tags that a threshold set on an account.
type Lift struct {
	Account id.ID  `json:"account"`
	Code    string `json:"code"`
	Reason  string `json:"reason"`
}

// Decided is an earlier decision, of one account, as the cases remember it; reversed ones are left out. What a state or
// a conflict group took back of earlier records is in Replaced: the height that was reached is Counted + Replaced.
type Decided struct {
	Case       id.ID
	Role       string // of the party it counts for; empty: the case's own account
	Account    id.ID
	Member     id.ID
	Group      id.ID
	Event      id.ID
	Item       string
	Class      string
	Grade      string
	Quantity   int64
	OccurredOn clock.Day
	No         int64 // order of decision
	Counted    points.Amount
	Replaced   points.Amount
	Warned     bool
}

// Share is what a case counts for somebody beside its own account.
type Share struct {
	Role     string        `json:"role"`
	Account  id.ID         `json:"account"`
	Member   id.ID         `json:"member,omitempty"`
	Group    id.ID         `json:"group,omitempty"`
	Value    points.Amount `json:"value"`
	Counted  points.Amount `json:"counted"`
	Replaced points.Amount `json:"replaced,omitempty"`
	Warned   bool          `json:"warned,omitempty"`
}

// Decision is what a case is worth and why (评定). The first four fields are those of the case's own account.
type Decision struct {
	Value    points.Amount `json:"value" doc:"what the item gives before warnings and limits"`
	Counted  points.Amount `json:"counted" doc:"what counts"`
	Replaced points.Amount `json:"replaced,omitempty" doc:"what earlier records counted that this one takes the place of; counted is the difference"`
	Warned   bool          `json:"warned" doc:"a warning in place of a deduction"`
	Shares   []Share       `json:"shares,omitempty" doc:"what counts for others"`
	Changes  []Change      `json:"changes,omitempty"`
	Tags     []Tag         `json:"tags,omitempty"`
	Lifts    []Lift        `json:"lifts,omitempty"`
	Waits    bool          `json:"waits,omitempty" doc:"beyond the village's budget: nothing counts, the record waits"`
	ValidTo  clock.Day     `json:"valid_to,omitempty" doc:"first day on which the record is archived; absent: never"`
	Reasons  []string      `json:"reasons" doc:"why, one sentence each, in plain Chinese"`
}
