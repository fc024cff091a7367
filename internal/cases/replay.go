package cases

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// replay decides anew, in the order of their first decision, the cases that rest on the corrected ones: themselves if they
// still count, then every later one with a changed case in its windows.
func (vs versions) replay(tx *storage.Tx, by id.ID, at time.Time, corrected ...*record) error {
	return vs.replayFor(tx, "因更正重新评定", by, at, corrected...)
}

// replayFor is replay with what the steps say why.
func (vs versions) replayFor(tx *storage.Tx, why string, by id.ID, at time.Time, corrected ...*record) error {
	later, err := vs.later(tx, corrected)
	if err != nil || len(later) == 0 {
		return err
	}
	keys := make([]scheme.Keys, len(later))
	all := scheme.Keys{Shares: true}
	for i, c := range later {
		v := vs.of[c.scheme]
		if v == nil { // decided by a version that came into force since: the whole step is tried again by the person
			return ErrState
		}
		if err := vs.readAside(tx.Query, c); err != nil {
			return err
		}
		keys[i] = scheme.Needs(v.Scheme, []scheme.Case{c.deed()})
		all.Windows = append(all.Windows, keys[i].Windows...)
	}
	known, err := history(tx.Query, corrected[0].village, all)
	if err != nil {
		return err
	}
	open, err := ledger.FirstOpen(tx, corrected[0].village)
	if err != nil {
		return err
	}
	r := replayer{why: why, known: known, by: by, at: at, open: open, who: vs.who}
	for _, c := range corrected {
		r.corrected = append(r.corrected, c.id)
		r.changed = append(r.changed, scheme.Remember(vs.of[c.scheme].Scheme, c.deed(), c.decision(), c.no)...)
	}
	for i, c := range later {
		if slices.Contains(r.corrected, c.id) || r.restsOnChanged(c, keys[i].Windows) {
			if err := r.again(tx, vs.of[c.scheme], c); err != nil {
				return err
			}
		}
	}
	return nil
}

// later are the cases in effect, decided not before the first of the corrected ones, that move one of the guarded accounts.
func (vs versions) later(tx *storage.Tx, corrected []*record) ([]*record, error) {
	var out []*record
	no := corrected[0].no
	for _, c := range corrected {
		no = min(no, c.no)
	}
	for chunk := range storage.Chunks(vs.accounts, storage.ChunkRows/2) {
		in := storage.In(len(chunk))
		cs, err := many(tx.Query("SELECT "+columnsOfC+" FROM cases c WHERE c.account_id IN "+in+" AND c.decided_no >= ? AND"+cThatStand+
			" UNION SELECT "+columnsOfC+" FROM case_shares s JOIN cases c ON c.id = s.case_id WHERE s.account_id IN "+in+" AND c.decided_no >= ? AND"+cThatStand,
			append(storage.Args(chunk), append([]any{no}, append(storage.Args(chunk), no)...)...)...))
		if err != nil {
			return nil, err
		}
		out = append(out, cs...)
	}
	slices.SortFunc(out, func(a, b *record) int { return cmp.Or(cmp.Compare(a.no, b.no), cmp.Compare(a.id, b.id)) })
	return slices.CompactFunc(out, func(a, b *record) bool { return a.id == b.id }), nil
}

// replayer carries the decisions as they stand while later ones are decided anew.
type replayer struct {
	why       string
	corrected []id.ID
	known     []scheme.Decided
	changed   []scheme.Decided
	by        id.ID
	at        time.Time
	open      clock.Day
	who       func(*scheme.Item, *record) error
}

// restsOnChanged reports whether one of the changed records lies in a window of c.
func (r *replayer) restsOnChanged(c *record, windows []scheme.Window) bool {
	return slices.ContainsFunc(windows, func(w scheme.Window) bool {
		return slices.ContainsFunc(r.changed, func(x scheme.Decided) bool { return x.Case != c.id && w.Holds(&x) })
	})
}

// again decides one case anew with what was decided before it, and posts the difference. Decisions that rested on a
// balance, and what has been acted on since, stay: the year score that was set, wallets emptied, tags of thresholds.
func (r *replayer) again(tx *storage.Tx, v *rulebook.Version, c *record) error {
	item, ok := v.Scheme.Item(c.item)
	if ok && item.RestsOnBalance() && !c.repaired && !c.overdue {
		return nil
	}
	if ok && (item.Times != "" || item.Only != nil) { // as they were on the day of the deed
		if err := r.who(item, c); err != nil {
			return err
		}
	}
	var earlier []scheme.Decided
	for _, d := range r.known {
		if d.No < c.no || d.No == c.no && d.Case < c.id {
			earlier = append(earlier, d)
		}
	}
	facts, err := r.factsAsThen(tx, v, c, earlier)
	if err != nil {
		return err
	}
	d, err := scheme.Decide(v.Scheme.Replayed(), c.deed(), facts)
	if (err != nil || d.Waits) && !slices.Contains(r.corrected, c.id) { // no longer meant for them: it stays as it was
		return unlessRefused(err)
	}
	if err != nil {
		return err
	}
	old := *c
	c.apply(d)
	if c.worth == old.worth && c.replaced == old.replaced && c.warned == old.warned && slices.Equal(c.shares, old.shares) && slices.Equal(c.reasons, old.reasons) {
		return nil
	}
	from := c.state
	if c.state, err = from.next(replay); err != nil {
		return err
	}
	c.revision++
	c.changedAt = clock.Ms(r.at)
	if err := c.update(tx, from); err != nil {
		return err
	}
	if err := storeAside(tx, []*record{c}, false); err != nil {
		return err
	}
	why := r.why + "：由" + old.worth.String() + "分改为" + c.worth.String() + "分"
	if err := event(tx, c.village, c.id, r.by, c.changedAt, from, c.state, why); err != nil {
		return err
	}
	r.known = slices.DeleteFunc(r.known, func(k scheme.Decided) bool { return k.Case == c.id })
	now := scheme.Remember(v.Scheme, c.deed(), c.decision(), c.no)
	r.known = append(r.known, now...)
	r.changed = append(r.changed, now...)
	if err := r.retag(tx, &old, c); err != nil {
		return err
	}
	return r.postDifference(tx, v, &old, c)
}

// factsAsThen are the facts of a decision as they were when it was first made, with the history as it stands now.
func (r *replayer) factsAsThen(tx *storage.Tx, v *rulebook.Version, c *record, earlier []scheme.Decided) (*scheme.Facts, error) {
	f := scheme.NewFacts(earlier)
	keys := scheme.Needs(v.Scheme, []scheme.Case{c.deed()})
	for _, i := range keys.Issued {
		sum, err := issued(tx.Query, c.village, i, c.no)
		if err != nil {
			return nil, err
		}
		f.Issued(i, sum)
	}
	if c.overdue && len(keys.Measures) > 0 { // what it empties, as it is now
		var err error
		if f.Scores, err = ledger.Scores(tx.Query, keys.Measures); err != nil {
			return nil, err
		}
	}
	if !keys.Tags {
		return f, nil
	}
	tags, err := standing.FaultsThen(tx.Query, keys.Accounts, c.occurred, c.decidedAt)
	if err != nil {
		return nil, err
	}
	f.Tags = map[id.ID][]scheme.Tag{}
	for _, t := range tags {
		f.Tags[t.Account] = append(f.Tags[t.Account], scheme.Tag{Account: t.Account, Kind: t.Kind, From: t.From, To: clock.Forever})
	}
	return f, nil
}

// unlessRefused lets a refusal by the rules pass: what was decided once is not taken back because of it.
func unlessRefused(err error) error {
	if k := errs.KindOf(err); k == errs.Invalid || k == errs.Conflict {
		return nil
	}
	return err
}

// retag sets the tags anew where a warning has become a deduction or the other way round.
func (r *replayer) retag(tx *storage.Tx, old, c *record) error {
	if old.warned == c.warned {
		return nil
	}
	if c.overdue { // the fault is still open
		if err := standing.LiftWarnings(tx, c.accounts(), c.id, clock.DayOf(r.at), r.by, r.at); err != nil {
			return err
		}
		return standing.Add(tx, r.by, r.at, c.standing()...)
	}
	if err := c.liftTags(tx, r.by, r.at); err != nil {
		return err
	}
	return standing.Add(tx, r.by, r.at, c.standing()...)
}

// walletOf is one wallet of one account.
type walletOf struct {
	account id.ID
	wallet  string
}

// postDifference moves each wallet from what the case has moved to what it should.
func (r *replayer) postDifference(tx *storage.Tx, v *rulebook.Version, old, c *record) error {
	moved, pending := map[walletOf]points.Amount{}, lotsOf{}
	var corrects id.ID
	for _, account := range c.accounts() {
		entries, err := ledger.EntriesOfCase(tx, account, c.id)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if corrects == 0 {
				corrects = e.Posting
			}
			k := walletOf{e.Account, e.Wallet}
			moved[k] += e.Amount
			if e.Bucket == ledger.Pending {
				pending.add(k, e.ExpiresOn, e.Amount)
			}
		}
	}
	target := map[walletOf]scheme.Change{}
	for _, ch := range c.changes {
		target[walletOf{ch.Account, ch.Wallet}] = ch
	}
	for k := range moved {
		if _, ok := target[k]; !ok {
			target[k] = scheme.Change{Account: k.account, Wallet: k.wallet, Intent: scheme.Add}
		}
	}
	p := c.posting(ledger.Adjust, c.id.String()+":"+strconv.Itoa(c.revision), r.by, r.at)
	p.Title, p.Counted, p.Corrects = "更正："+c.title(), max(c.counted, r.open), corrects
	for _, k := range slices.SortedFunc(maps.Keys(target), func(a, b walletOf) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.wallet, b.wallet))
	}) {
		ch := target[k]
		delta, intent := difference(old.counts(k.account), moved[k], ch)
		if c.waits() {
			delta = whileWaiting(ch) - moved[k]
		}
		if delta == 0 {
			continue
		}
		l := c.line(k.account, k.wallet, delta, intent)
		l.ExpiresOn = ch.Expires
		if delta < 0 {
			l.ExpiresOn = 0
		}
		if pending.sum(k) != 0 || c.waits() {
			l.Bucket, l.Intent = ledger.Pending, scheme.Add
			p.Lines = append(p.Lines, pending.given(l)...)
			continue
		}
		p.Lines = append(p.Lines, l)
	}
	if len(p.Lines) == 0 {
		return nil
	}
	if _, err := ledger.Post(tx, v.Scheme, p); err != nil {
		return fmt.Errorf("post difference of case %s: %w", c.id, err)
	}
	return nil
}

// lotsOf are the pending points of a case by wallet and last day.
type lotsOf map[walletOf]map[clock.Day]points.Amount

func (p lotsOf) add(k walletOf, expires clock.Day, amount points.Amount) {
	if p[k] == nil {
		p[k] = map[clock.Day]points.Amount{}
	}
	p[k][expires] += amount
}

func (p lotsOf) sum(k walletOf) (sum points.Amount) {
	for _, amount := range p[k] {
		sum += amount
	}
	return sum
}

// given splits what is taken back of pending points over the lots that the case itself has there, the latest first.
func (p lotsOf) given(l ledger.Line) []ledger.Line {
	if l.Amount >= 0 {
		return []ledger.Line{l}
	}
	var out []ledger.Line
	own := p[walletOf{l.Account, l.Wallet}]
	for _, expires := range slices.Backward(slices.Sorted(maps.Keys(own))) {
		if take := min(-l.Amount, own[expires]); expires != 0 && take > 0 {
			part := l
			part.ExpiresOn, part.Amount = expires, -take
			out, l.Amount = append(out, part), l.Amount+take
		}
	}
	if l.Amount != 0 {
		out = append(out, l)
	}
	return out
}

// counts is what the case counts for an account.
func (c *record) counts(account id.ID) points.Amount {
	if account == c.account {
		return c.worth
	}
	for _, sh := range c.shares {
		if sh.Account == account {
			return sh.Counted
		}
	}
	return 0
}

// difference is what brings a wallet from what was moved to what is wanted; was is what counted before. A deduction that
// stopped at the floor took less than it counted: only the growth of what counts is taken in addition, and only what
// was really taken is given back. An award that shrinks is taken back in full, into debt if it is spent.
func difference(was, moved points.Amount, want scheme.Change) (points.Amount, scheme.Intent) {
	if want.Amount < moved && want.Amount < 0 && moved <= 0 {
		return min(0, want.Amount-min(moved, was)), want.Intent
	}
	return want.Amount - moved, scheme.Add
}
