package cases

import (
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// settlement is the decision of a batch of cases of one village and one rule version.
type settlement struct {
	version *rulebook.Version
	rules   *scheme.Scheme // of the version; without thresholds where points wait, because these are crossed when they count
	cases   []*record
	keys    scheme.Keys
	by      id.ID
	at      time.Time
	posted  []ledger.Posted
}

func newSettlement(v *rulebook.Version, cs []*record, by id.ID, at time.Time) *settlement {
	deeds := make([]scheme.Case, len(cs))
	for i, c := range cs {
		deeds[i] = c.deed()
	}
	rules := v.Scheme
	if rules.Records.Waits() {
		rules = rules.Replayed()
	}
	return &settlement{version: v, rules: rules, cases: cs, keys: scheme.Needs(rules, deeds), by: by, at: at}
}

// guard locks everything the decision reads: the accounts and the limits that accounts share.
func (s *settlement) guard(tx *storage.Tx) error {
	return ledger.Guard(tx, s.keys.Accounts, guardKeys(s.version.Village, s.keys))
}

// guardKeys are the limits that accounts share, by the names under which the ledger locks them.
func guardKeys(village id.ID, keys scheme.Keys) []string {
	out := make([]string, len(keys.Guards))
	for i, k := range keys.Guards {
		out[i] = village.String() + ":" + k
	}
	return out
}

// refusal is the error of one case of a batch.
type refusal struct {
	index int
	err   error
}

// decide decides the cases in their order, each resting on those before it, and gives them their numbers. Errors are
// answered for all cases, so that a list can say every row that is wrong.
func (s *settlement) decide(read query, newID func() id.ID) ([]refusal, error) {
	if len(s.cases) == 0 {
		return nil, nil
	}
	facts, last, err := factsFor(read, s.version.Village, s.keys, s.cases[0].occurred, clock.DayOf(s.at))
	if err != nil {
		return nil, err
	}
	var refused []refusal
	for i, c := range s.cases {
		c.scheme, c.counted = s.version.ID, s.version.Counted(c.occurred)
		c.decider, c.decidedAt, c.changedAt = s.by, clock.Ms(s.at), clock.Ms(s.at)
		deed := c.deed()
		d, err := scheme.Decide(s.rules, deed, facts)
		if err == nil && d.Waits {
			err = ErrBudgetWaits.With("%s", d.Reasons[len(d.Reasons)-1])
		}
		if err != nil {
			refused = append(refused, refusal{i, err})
			continue
		}
		c.apply(d)
		// Above everything the windows hold, even if another server's clock is ahead: the order of decisions is this number.
		last = max(int64(newID()), last+1)
		c.no = last
		facts.Note(s.rules, deed, d, c.no)
	}
	return refused, nil
}

// post moves the points and sets the tags of the decided cases.
func (s *settlement) post(tx *storage.Tx) error {
	ps := make([]ledger.Posting, 0, len(s.cases))
	var tags []standing.Tag
	for _, c := range s.cases {
		tags = append(tags, c.standing()...)
		if p, ok := c.award(s.by, s.at); ok {
			ps = append(ps, p)
		}
	}
	posted, err := ledger.Post(tx, s.version.Scheme, ps...)
	if err != nil {
		return err
	}
	s.posted = posted
	var lifts []scheme.Lift
	for _, c := range s.cases {
		lifts = append(lifts, c.lifts...)
	}
	if err := standing.LiftOfThresholds(tx, lifts, clock.DayOf(s.at), s.by, s.at); err != nil {
		return err
	}
	if err := standing.Add(tx, s.by, s.at, tags...); err != nil || !s.rules.Records.Waits() {
		return err
	}
	return tellDeductions(tx, s.rules, s.cases, s.at)
}

// award is the posting of a decided case; none where it moves nothing.
func (c *record) award(by id.ID, at time.Time) (ledger.Posting, bool) {
	p := c.posting(ledger.Award, c.id.String(), by, at)
	signs := [2]bool{}
	for _, ch := range c.changes {
		l := c.line(ch.Account, ch.Wallet, ch.Amount, ch.Intent)
		l.Member, l.Group, l.ExpiresOn = ch.Member, ch.Group, ch.Expires
		if ch.Pending {
			l.Bucket = ledger.Pending
		}
		if c.waits() {
			if l.Bucket, l.Amount, l.Intent = ledger.Pending, whileWaiting(ch), scheme.Add; l.Amount == 0 {
				continue
			}
		}
		p.Lines = append(p.Lines, l)
		signs[0], signs[1] = signs[0] || ch.Amount > 0, signs[1] || ch.Amount < 0 || ch.Intent == scheme.Zero
	}
	switch {
	case signs[0] && signs[1]: // one party gains, another loses
		p.Kind = ledger.Adjust
	case signs[1]:
		p.Kind = ledger.Deduct
	}
	return p, len(p.Lines) > 0
}

// whileWaiting is what a change puts into the pending bucket. How far a deduction reaches into a balance is known when it
// takes effect; until then the first wallet that it goes through shows all of it.
func whileWaiting(ch scheme.Change) points.Amount {
	switch ch.Intent {
	case scheme.Rest, scheme.RestAdd, scheme.Zero:
		return 0
	}
	return ch.Amount
}

// standing are the tags that the decision sets. Until its points count, only those that say what has to be put right.
func (c *record) standing() []standing.Tag {
	out := make([]standing.Tag, 0, len(c.tags))
	for _, t := range c.tags {
		if !c.waits() || t.Kind == scheme.TagWarning || t.Kind == scheme.TagOpenFault {
			out = append(out, c.tag(t))
		}
	}
	return out
}

func (c *record) tag(t scheme.Tag) standing.Tag {
	out := standing.Tag{Village: c.village, Account: t.Account, Kind: t.Kind, From: t.From, To: t.To, Case: c.id, Reason: c.title(),
		Code: t.Code, Due: t.Due, Rounds: t.Rounds}
	if t.Code != "" {
		out.Reason = t.Reason
	}
	return out
}

func (c *record) posting(kind ledger.Kind, ref string, by id.ID, at time.Time) ledger.Posting {
	return ledger.Posting{Village: c.village, Kind: kind, Ref: ref, Batch: c.batch, By: by, Title: c.title(), At: at,
		Occurred: c.occurred, Counted: c.counted, Case: c.id, Item: c.item, Class: c.class, Scheme: c.scheme}
}

func (c *record) line(account id.ID, wallet string, amount points.Amount, intent scheme.Intent) ledger.Line {
	return ledger.Line{Account: account, Wallet: wallet, Amount: amount, Intent: intent, Member: c.member, Group: c.group}
}
