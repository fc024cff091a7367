package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// Change is the corrected content of a case.
type Change struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64"`
	Points    points.Amount `json:"points,omitempty" doc:"items with a range: the value given, in hundredths, with its sign"`
	Grade     string        `json:"grade,omitempty" maxLength:"32"`
	Quantity  int64         `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Note      string        `json:"note,omitempty" maxLength:"500"`
	Why       string        `json:"why" maxLength:"200"`
}

// Amend corrects what a case in effect says about its value: not by its author, not for an own or kin household. It
// keeps its place in the order of decisions; it and the later decisions that rest on it are replayed, and only
// differences are posted.
func (s *Service) Amend(ctx context.Context, a access.Actor, village, caseID id.ID, r Change) (Answer, error) {
	if err := a.Allow(MayReverse, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Answer{}, err
	}
	c, err := s.toCorrect(ctx, a, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.amend", Step{RequestID: r.RequestID, Why: r.Why}, func(tx *storage.Tx, at time.Time) error {
		if err := vs.guard(tx, c); err != nil {
			return err
		}
		c, err := one(tx, village, caseID)
		if err != nil {
			return err
		}
		if c.state.inEffect() && c.points == r.Points && c.grade == r.Grade && c.quantity == r.Quantity && strings.TrimSpace(c.note) == strings.TrimSpace(r.Note) {
			return ErrNoChange
		}
		c.points, c.grade, c.quantity, c.note, c.gradeName = r.Points, r.Grade, r.Quantity, r.Note, ""
		if item, ok := vs[c.scheme].Scheme.Item(c.item); ok {
			if g, ok := item.Value.Grade(r.Grade); ok {
				c.gradeName = g.Name
			}
		}
		if err := c.move(tx, amend, a.User(), at, strings.TrimSpace(r.Why)); err != nil {
			return err
		}
		return vs.replay(tx, c, a.User(), at)
	}, r)
}

// versions are the rule versions by which the cases of an account were decided, read before the transaction.
type versions map[id.ID]*rulebook.Version

// versionsOf reads the versions that a correction of some cases may need.
func (s *Service) versionsOf(ctx context.Context, cs ...*record) (versions, error) {
	vs, accounts := versions{}, make([]id.ID, len(cs))
	for i, c := range cs {
		vs[c.scheme], accounts[i] = nil, c.account
	}
	if len(cs) == 0 {
		return vs, nil
	}
	accounts = storage.Padded(accounts)
	rows, err := s.db.Query(ctx, "SELECT DISTINCT scheme_id FROM cases WHERE account_id IN "+storage.In(len(accounts)), storage.Args(accounts)...)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v id.ID
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		vs[v] = nil
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for v := range vs {
		if vs[v], err = s.rules.Version(ctx, v); err != nil {
			return nil, err
		}
	}
	return vs, nil
}

// guard locks what a correction of c reads.
func (vs versions) guard(tx *storage.Tx, c *record) error {
	keys := scheme.Needs(vs[c.scheme].Scheme, []scheme.Case{c.deed()})
	return ledger.Guard(tx, []id.ID{c.account}, keys.Guards)
}

// replay decides anew, in the order of their first decision, the cases that rest on the corrected one: itself if it
// still counts, then every later one with a changed case in its windows.
func (vs versions) replay(tx *storage.Tx, corrected *record, by id.ID, at time.Time) error {
	later, err := many(tx.Query("SELECT "+columnList+` FROM cases WHERE account_id = ? AND decided_no >= ? AND state IN ('effective','amended')
		ORDER BY decided_no, id`, corrected.account, corrected.no))
	if err != nil || len(later) == 0 {
		return err
	}
	windows := make([][]scheme.Window, len(later))
	from, to := clock.Forever, clock.Day(0)
	for i, c := range later {
		v := vs[c.scheme]
		if v == nil { // decided by a version that came into force since: the whole step is tried again by the person
			return ErrState
		}
		windows[i] = scheme.Needs(v.Scheme, []scheme.Case{c.deed()}).Windows
		for _, w := range windows[i] {
			from, to = min(from, w.From), max(to, w.To)
		}
	}
	known, err := readDecided(tx.Query, "SELECT "+decidedColumns+` FROM cases WHERE account_id = ? AND occurred_on BETWEEN ? AND ?
		AND state IN ('effective','amended') ORDER BY decided_no, id`, corrected.account, from, to)
	if err != nil {
		return err
	}
	open, err := ledger.FirstOpen(tx, corrected.village)
	if err != nil {
		return err
	}
	r := replayer{known: known, changed: []*record{corrected}, by: by, at: at, open: open}
	for i, c := range later {
		if c.id == corrected.id || r.restsOnChanged(c, windows[i]) {
			if err := r.again(tx, vs[c.scheme], c); err != nil {
				return err
			}
		}
	}
	return nil
}

// replayer carries the decisions as they stand while later ones are decided anew.
type replayer struct {
	known   []scheme.Decided // in order of decision
	changed []*record
	by      id.ID
	at      time.Time
	open    clock.Day
}

// restsOnChanged reports whether one of the changed cases lies in a window of c.
func (r *replayer) restsOnChanged(c *record, windows []scheme.Window) bool {
	for _, w := range windows {
		for _, x := range r.changed {
			if x.id != c.id && w.From <= x.occurred && x.occurred <= w.To && slices.Contains(w.Accounts, x.account) &&
				(len(w.Items) == 0 || slices.Contains(w.Items, x.item)) && (len(w.Classes) == 0 || slices.Contains(w.Classes, x.class)) {
				return true
			}
		}
	}
	return false
}

// again decides one case anew with what was decided before it, and posts the difference.
func (r *replayer) again(tx *storage.Tx, v *rulebook.Version, c *record) error {
	var earlier []scheme.Decided
	for _, d := range r.known {
		if d.No < c.no || d.No == c.no && d.Case < c.id {
			earlier = append(earlier, d)
		}
	}
	d, err := scheme.Decide(v.Scheme, c.deed(), scheme.NewFacts(earlier))
	if err != nil {
		return err
	}
	old := *c
	c.apply(d)
	if c.worth == old.worth && c.warned == old.warned && slices.Equal(c.reasons, old.reasons) {
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
	why := "因更正重新评定：由" + old.worth.String() + "分改为" + c.worth.String() + "分"
	if err := event(tx, c.village, c.id, r.by, c.changedAt, from, c.state, why); err != nil {
		return err
	}
	if i := slices.IndexFunc(r.known, func(k scheme.Decided) bool { return k.Case == c.id }); i >= 0 {
		r.known[i] = c.decided()
	}
	r.changed = append(r.changed, c)
	if err := r.retag(tx, &old, c); err != nil {
		return err
	}
	return r.postDifference(tx, v, &old, c)
}

// retag sets the tags anew where a warning has become a deduction or the other way round.
func (r *replayer) retag(tx *storage.Tx, old, c *record) error {
	if old.warned == c.warned {
		return nil
	}
	if err := standing.LiftOfCase(tx, c.account, c.id, clock.DayOf(r.at), r.by, r.at); err != nil {
		return err
	}
	var tags []standing.Tag
	for _, t := range c.tags {
		tags = append(tags, standing.Tag{Village: c.village, Account: c.account, Kind: t.Kind, From: t.From, To: t.To, Case: c.id, Reason: c.title()})
	}
	return standing.Add(tx, r.by, r.at, tags...)
}

// postDifference moves each wallet from what the case has moved to what it should.
func (r *replayer) postDifference(tx *storage.Tx, v *rulebook.Version, old, c *record) error {
	entries, err := ledger.EntriesOfCase(tx, c.account, c.id)
	if err != nil {
		return err
	}
	moved := map[string]points.Amount{}
	for _, e := range entries {
		moved[e.Wallet] += e.Amount
	}
	target := map[string]scheme.Change{}
	for _, ch := range c.changes {
		target[ch.Wallet] = ch
	}
	for w := range moved {
		if _, ok := target[w]; !ok {
			target[w] = scheme.Change{Account: c.account, Wallet: w, Intent: scheme.Add}
		}
	}
	p := c.posting(ledger.Adjust, c.id.String()+":"+strconv.Itoa(c.revision), r.by, r.at)
	p.Title, p.Counted = "更正："+c.title(), max(c.counted, r.open)
	if len(entries) > 0 {
		p.Corrects = entries[0].Posting
	}
	for _, w := range slices.Sorted(maps.Keys(target)) {
		if delta, intent := difference(old.worth, moved[w], target[w]); delta != 0 {
			p.Lines = append(p.Lines, c.line(c.account, w, delta, intent))
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	_, err = ledger.Post(tx, v.Scheme, p)
	return err
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
