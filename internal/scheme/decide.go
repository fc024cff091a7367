package scheme

import (
	"slices"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// Decide answers what a case is worth, in the order of the steps below. Limits are consumed in the order of decision
// within the window that holds the day of the deed: everything in facts comes before this case, whatever its day, so a
// late arrival takes what is left. A capped case is decided with what still fits, perhaps nothing, never refused.
// Errors are those of Validate, and ErrBudget.
func Decide(s *Scheme, c Case, f *Facts) (Decision, error) {
	if f == nil {
		f = &Facts{}
	}
	r := run{scheme: s, c: &c, facts: f}
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
	grade   *Grade // graded items: the grade given
	facts   *Facts
	worth   points.Amount // what the item gives, once
	own     share         // of the case's account
	others  []share
	dropped bool // a warning, or a record that was put right: no effects
}

// share is what the case is becoming worth for one account. What it reaches is to; what earlier records of the same
// state or conflict group reached, and what it takes the place of, is from; their difference is what counts.
type share struct {
	Share
	name     string // of the party, in reasons; empty for the case's own account
	to, from points.Amount
	beyond   int64  // thousandths by which a campaign multiplies after the caps; 0: none
	limit    string // the reason of the tightest cap so far
	pending  bool
}

// delta is what counts.
func (sh *share) delta() points.Amount { return sh.to - sh.from }

// steps is the order of a decision: eligibility → value → amounts by role → multiplier → repeat → rounding → conflict
// group → caps (item, class, person, total) → budget → open fault → effects. A construct of the file is one step.
var steps = append(slices.Clip(uncapped),
	each((*run).caps),
	(*run).budget,
	each((*run).openFault),
	(*run).settle,
	(*run).effects,
	(*run).thresholds,
	(*run).basis,
)

// uncapped are the steps before the limits.
var uncapped = []func(*run) error{
	(*run).eligible,
	(*run).value,
	(*run).divide,
	each((*run).multiply),
	each((*run).warnFirst),
	each((*run).repeat),
	each((*run).round),
	each((*run).replace),
}

// each makes a step of what is done to every share.
func each(do func(*run, *share)) func(*run) error {
	return func(r *run) error {
		do(r, &r.own)
		for i := range r.others {
			do(r, &r.others[i])
		}
		return nil
	}
}

// eligible finds the item and checks that it covers the day, is meant for whom it touches, and is filled in.
func (r *run) eligible() (err error) {
	r.item, err = r.scheme.validate(r.c)
	return err
}

// settle takes over what the steps have found.
func (r *run) settle() error {
	r.Counted, r.Replaced, r.Warned = r.own.delta(), r.own.from, r.own.Warned
	for i := range r.others {
		sh := &r.others[i]
		sh.Counted, sh.Replaced = sh.delta(), sh.from
		r.Shares = append(r.Shares, sh.Share)
	}
	if r.item.Valid != nil {
		r.ValidTo = r.item.Valid.end(r.c.OccurredOn)
	}
	return nil
}

// because notes a reason; that of another party is told with its name.
func (r *run) because(reason string) { r.Reasons = append(r.Reasons, reason) }

func (r *run) becauseOf(sh *share, reason string) {
	if sh.name != "" {
		reason = sh.name + "：" + reason
	}
	r.because(reason)
}

// basis names the version of the rules, so that a reason can be looked up in it years later.
func (r *run) basis() error {
	if r.scheme.Edition != "" {
		r.because("依据《" + r.scheme.Title + "》" + r.scheme.Edition)
	}
	return nil
}

// day is the day in whose year the case counts.
func (c *Case) day() clock.Day {
	if c.CountedOn != 0 {
		return c.CountedOn
	}
	return c.OccurredOn
}
