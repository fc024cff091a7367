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
	Zero        Intent = "zero"          // whatever is there when posted goes; the amount is what was known before
)

// Change is what a decision does to one wallet.
type Change struct {
	Account id.ID         `json:"account"`
	Wallet  string        `json:"wallet"`
	Amount  points.Amount `json:"amount"`
	Intent  Intent        `json:"intent" enum:"add,stop_at_floor,zero"`
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
	Kind string    `json:"kind" enum:"veto,barred,suspended,warning,open_fault"`
	From clock.Day `json:"from"`
	To   clock.Day `json:"to"`
}

// Decided is an earlier decision as the ledger and the cases remember it; reversed ones are left out.
type Decided struct {
	Case       id.ID
	Account    id.ID
	Member     id.ID
	Group      id.ID
	Item       string
	Class      string
	OccurredOn clock.Day
	No         int64 // order of decision
	Counted    points.Amount
	Warned     bool
}

// Facts is what Needs asked for, for one account: Decided sorted by No, each case once. See History.
type Facts struct{ Decided []Decided }

// Decision is what a case is worth and why (评定).
type Decision struct {
	Value   points.Amount `json:"value" doc:"what the item gives before warnings and limits"`
	Counted points.Amount `json:"counted" doc:"what counts"`
	Warned  bool          `json:"warned" doc:"a warning in place of a deduction"`
	Changes []Change      `json:"changes,omitempty"`
	Tags    []Tag         `json:"tags,omitempty"`
	Reasons []string      `json:"reasons" doc:"why, one sentence each, in plain Chinese"`
}

// Decide answers what a case is worth, in the order of the steps below. Limits are consumed in the order of decision
// within the window that holds the day of the deed: everything in facts comes before this case, whatever its day, so a
// late arrival takes what is left. A capped case is decided with what still fits, perhaps nothing, never refused.
// Errors are those of Validate.
func Decide(s *Scheme, c Case, f Facts) (Decision, error) {
	r := run{scheme: s, c: &c, decided: f.Decided}
	for _, step := range steps {
		if err := step(&r); err != nil {
			return Decision{}, err
		}
	}
	return r.Decision, nil
}

// run is one decision in the making.
type run struct {
	Decision
	scheme  *Scheme
	c       *Case
	item    *Item
	decided []Decided
	limit   string // the reason of the tightest cap so far
}

// steps is the order of a decision: eligibility → value → amounts by role → multiplier → repeat → rounding → conflict
// group → caps (item, class, person, total) → budget → open fault → effects. A construct of the file is one step.
var steps = []func(*run) error{
	(*run).eligible,
	(*run).value,
	(*run).repeat,
	(*run).capItem,
	(*run).capClass,
	(*run).capPerson,
	(*run).capTotal,
	(*run).explainCaps,
	(*run).effects,
}

// eligible finds the item and checks that it covers the day and is filled in.
func (r *run) eligible() (err error) {
	r.item, err = r.scheme.validate(r.c)
	return err
}

func (r *run) value() error {
	v := &r.item.Value
	switch v.Kind {
	case ValueFixed:
		r.Value = v.Points
		r.because(sayFixed(r.item))
	case ValueRange:
		r.Value = r.c.Points
		r.because(sayRange(r.item, r.c.Points))
	case ValueGrades:
		g, _ := v.Grade(r.c.Grade)
		r.Value = g.Points
		r.because(sayGrade(r.item, g))
	case ValueSteps:
		st := v.step(r.c.Quantity)
		r.Value = st.Points
		r.because(sayStep(r.item, r.c.Quantity, st))
	case ValuePerUnit:
		r.Value = v.perUnit(r.c.Quantity)
		r.because(sayPerUnit(r.item, r.c.Quantity, r.Value))
	}
	r.Counted = r.Value
	return nil
}

// repeat turns the first record within a validity into a warning. A like record on either side of the day makes this
// one the repetition, because the earlier decision is never changed.
func (r *run) repeat() error {
	w := r.item.WarnFirst
	if w == nil || r.Counted >= 0 {
		return nil
	}
	for i := range r.decided {
		if d := &r.decided[i]; d.Item == r.item.Code && d.Account == r.c.Account && d.Case != r.c.ID && w.like(d.OccurredOn, r.c.OccurredOn) {
			r.because(sayRepeat(d, r.Counted))
			return nil
		}
	}
	until := w.ends(r.c.OccurredOn)
	r.because(sayWarned(until, r.Counted))
	r.Counted, r.Warned = 0, true
	r.Tags = append(r.Tags, Tag{Kind: TagWarning, From: r.c.OccurredOn, To: until})
	return nil
}

// effects turns what counts into changes of wallets. A score wallet takes a deduction in full, whatever the spend
// wallet has left.
func (r *run) effects() error {
	if r.Counted == 0 {
		return nil
	}
	r.Changes = make([]Change, 0, len(r.item.Credits))
	for _, code := range r.item.Credits {
		w, _ := r.scheme.Wallet(code)
		if r.Counted < 0 && w.GainsOnly {
			continue
		}
		r.Changes = append(r.Changes, Change{Account: r.c.Account, Wallet: code, Amount: r.Counted, Intent: w.intent(r.Counted)})
	}
	return nil
}

func (r *run) because(reason string) { r.Reasons = append(r.Reasons, reason) }
