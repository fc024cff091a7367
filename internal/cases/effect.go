package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// effectBatch is how many cases take effect in one transaction of the nightly job; tests make it smaller.
var effectBatch = 200

// TakeEffect lets the points count of all published cases whose days of publication are over, in batches: the nightly job.
// It may be stopped at any point and run again, by several servers at once. It answers how many cases took effect.
func (s *Service) TakeEffect(ctx context.Context) (int, error) {
	at := s.now()
	villages, err := s.villagesWith(ctx, Published)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, v := range villages {
		n, err := s.takeEffectIn(ctx, v, at)
		total += n
		if err != nil {
			return total, fmt.Errorf("village %s: %w", v, err)
		}
	}
	return total, nil
}

// villagesWith are the villages with cases in a state.
func (s *Service) villagesWith(ctx context.Context, state State) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT r.id FROM regions r WHERE r.kind = 'village' AND EXISTS (SELECT 1 FROM cases c WHERE c.village_id = r.id AND c.state = ?) ORDER BY r.id", string(state))
	if err != nil {
		return nil, fmt.Errorf("list villages: %w", err)
	}
	return scanIDs(rows)
}

func (s *Service) takeEffectIn(ctx context.Context, village id.ID, at time.Time) (int, error) {
	total := 0
	for after := id.ID(0); ; {
		due, err := many(s.db.Query(ctx, "SELECT "+columnList+" FROM cases WHERE village_id = ? AND state = 'published' AND until_on < ? AND id > ? ORDER BY id LIMIT "+strconv.Itoa(effectBatch),
			village, clock.DayOf(at), after))
		if err != nil || len(due) == 0 {
			return total, err
		}
		n, err := s.effectOf(ctx, due, at)
		if errors.Is(err, ledger.ErrAccountClosed) { // one of them cannot: the others need not wait for it
			n, err = s.effectOneByOne(ctx, due, at)
		}
		if total += n; err != nil {
			return total, err
		}
		after = due[len(due)-1].id
	}
}

func (s *Service) effectOneByOne(ctx context.Context, due []*record, at time.Time) (total int, failed error) {
	for _, c := range due {
		n, err := s.effectOf(ctx, []*record{c}, at)
		total += n
		if err != nil && !errors.Is(err, ledger.ErrAccountClosed) { // the points of who has left wait for a correction
			failed = fmt.Errorf("case %s: %w", c.id, err)
		}
	}
	return total, failed
}

// effectOf lets some published cases of one village take effect in one transaction.
func (s *Service) effectOf(ctx context.Context, due []*record, at time.Time) (n int, err error) {
	vs := versions{of: map[id.ID]*rulebook.Version{}}
	var accounts []id.ID
	ids := make([]id.ID, len(due))
	for i, c := range due {
		if err := s.addVersion(ctx, &vs, c.scheme); err != nil {
			return 0, err
		}
		if err := vs.readAside(s.outside(ctx), c); err != nil {
			return 0, err
		}
		accounts = append(accounts, c.accounts()...)
		ids[i] = c.id
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		n = 0
		if err := ledger.Guard(tx, accounts, nil); err != nil {
			return err
		}
		cs, err := many(tx.Query("SELECT "+columnList+" FROM cases WHERE id IN "+storage.In(len(ids))+" AND state = 'published' AND until_on < ? ORDER BY decided_no, id",
			append(storage.Args(ids), clock.DayOf(at))...))
		if err != nil || len(cs) == 0 {
			return err
		}
		for _, c := range cs {
			i := slices.IndexFunc(due, func(d *record) bool { return d.id == c.id })
			if c.scheme != due[i].scheme { // decided anew by a later version since: the next run takes it
				return ErrState
			}
			c.aside(due[i])
			c.shares = due[i].shares
		}
		n = len(cs)
		return vs.letCount(tx, cs, at)
	})
	return n, err
}

// letCount lets the points of published cases of one village count: the accounts are guarded, and the parties are read.
// Deductions reach as far as the balance then allows.
func (vs versions) letCount(tx *storage.Tx, cs []*record, at time.Time) error {
	village, today := cs[0].village, clock.DayOf(at)
	open, err := ledger.FirstOpen(tx, village)
	if err != nil {
		return err
	}
	accounts := accountsOf(cs)
	faults, err := standing.OpenFaults(tx.Query, accounts)
	if err != nil {
		return err
	}
	var posted []ledger.OfCase
	for _, c := range cs {
		for _, account := range c.accounts() {
			posted = append(posted, ledger.OfCase{Case: c.id, Account: account})
		}
	}
	held, err := ledger.WaitingOf(tx, posted)
	if err != nil {
		return err
	}
	for version, of := range byVersion(cs) {
		book := vs.of[version].Scheme
		facts, err := factsOfEffect(tx.Query, book, of, today)
		if err != nil {
			return err
		}
		var all effected
		for _, c := range of {
			c.counted = max(c.counted, open)
			e := effecting{record: c, book: book, at: at, open: open, today: today, faults: faults}
			e.run(&all, facts, held)
		}
		if err := all.store(tx, book, of, open, at); err != nil {
			return err
		}
	}
	return nil
}

// effected is what some cases of one version do when they take effect, to be stored together.
type effected struct {
	postings []ledger.Posting
	tags     []standing.Tag
	lifts    []scheme.Lift
	why      []string // of each case
}

func (all *effected) store(tx *storage.Tx, book *scheme.Scheme, cs []*record, open clock.Day, at time.Time) error {
	ids, events := make([]id.ID, len(cs)), make([]any, 0, len(cs)*8)
	for i, c := range cs {
		to, err := c.state.next(effect)
		if err != nil {
			return err
		}
		ids[i] = c.id
		events = append(events, tx.NewID(), c.village, c.id, clock.Ms(at), 0, string(c.state), string(to), all.why[i])
	}
	n, err := tx.Exec("UPDATE cases SET state = 'effective', changed_at = ?, counted_on = CASE WHEN counted_on < ? THEN ? ELSE counted_on END WHERE state = 'published' AND id IN "+
		storage.In(len(ids)), storage.Args(ids, clock.Ms(at), open, open)...)
	if err != nil {
		return fmt.Errorf("let cases count: %w", err)
	}
	if int(n) != len(ids) {
		return ErrState
	}
	if err := tx.Insert("INSERT INTO case_events (id, village_id, case_id, at_ms, by_user, from_state, to_state, why) VALUES ", 8, events); err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	if _, err := ledger.Post(tx, book, all.postings...); err != nil {
		return err
	}
	if err := standing.LiftOfThresholds(tx, all.lifts, clock.DayOf(at), 0, at); err != nil {
		return err
	}
	return standing.Add(tx, 0, at, all.tags...)
}

func accountsOf(cs []*record) (all []id.ID) {
	for _, c := range cs {
		all = append(all, c.accounts()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// byVersion yields the cases of each version, in the order of decision within it; versions in the order of their ids.
func byVersion(cs []*record) func(func(id.ID, []*record) bool) {
	of := map[id.ID][]*record{}
	var order []id.ID
	for _, c := range cs {
		if of[c.scheme] == nil {
			order = append(order, c.scheme)
		}
		of[c.scheme] = append(of[c.scheme], c)
	}
	slices.Sort(order)
	return func(yield func(id.ID, []*record) bool) {
		for _, v := range order {
			if !yield(v, of[v]) {
				return
			}
		}
	}
}

// factsOfEffect reads the scores and tags on which thresholds and emptied wallets rest; nothing where the rules have none.
func factsOfEffect(read query, book *scheme.Scheme, cs []*record, today clock.Day) (*scheme.Facts, error) {
	deeds := make([]scheme.Case, len(cs))
	for i, c := range cs {
		deeds[i] = c.deed()
	}
	keys := scheme.Needs(book, deeds)
	f := scheme.NewFacts(nil)
	var err error
	if len(keys.Measures) > 0 {
		if f.Scores, err = ledger.Scores(read, keys.Measures); err != nil {
			return nil, err
		}
	}
	if len(book.Thresholds) > 0 {
		f.Tags, err = tagsFor(read, keys.Accounts, today, today)
	}
	return f, err
}

// effecting is one case taking effect.
type effecting struct {
	*record
	book        *scheme.Scheme
	at          time.Time
	open, today clock.Day
	faults      map[id.ID][]standing.Tag // that are open now, by account
}

func (e *effecting) run(all *effected, facts *scheme.Facts, held []ledger.HeldBack) {
	deed := e.deed()
	deed.DecidedOn = e.today
	out := scheme.TakeEffect(e.book, deed, e.decision(), facts, e.waitsForFault)
	facts.Note(e.book, deed, scheme.Decision{Changes: out.Changes, Tags: out.Tags, Lifts: out.Lifts}, e.no)
	why := "公示期满，没有异议"
	if len(out.Reasons) > 0 {
		why += "；" + strings.Join(out.Reasons, "；")
	}
	all.why = append(all.why, cut(why, MaxEventWhy))
	all.postings = append(all.postings, e.postings(out, held)...)
	all.lifts = append(all.lifts, out.Lifts...)
	for _, t := range out.Tags {
		all.tags = append(all.tags, e.tag(t))
	}
}

// waitsForFault reports whether awards of the case to an account go on waiting: a fault stood there on the day of the deed,
// was known when the case was decided, and is still open.
func (e *effecting) waitsForFault(account id.ID) bool {
	return e.book.OpenFault == scheme.FaultWait && slices.ContainsFunc(e.faults[account], func(t standing.Tag) bool {
		return t.From <= e.occurred && t.Known < e.decidedAt
	})
}

// postings are what the effect moves, account by account: awards as they stand in the pending bucket, lot for lot; where
// something is taken, the pending amount goes and what the balance allows is taken instead.
func (e *effecting) postings(out scheme.Effected, held []ledger.HeldBack) []ledger.Posting {
	move := e.posting(ledger.Effect, e.record.id.String()+":effect", 0, e.at)
	move.Title, move.Counted = "生效："+e.title(), max(e.counted, e.open)
	take := move
	take.Kind, take.Lines = ledger.Adjust, nil
	for _, account := range e.accounts() {
		var lines []ledger.Line
		if i, ok := slices.BinarySearchFunc(held, ledger.OfCase{Case: e.id, Account: account}, func(h ledger.HeldBack, of ledger.OfCase) int {
			return cmp.Or(cmp.Compare(h.Case, of.Case), cmp.Compare(h.Account, of.Account))
		}); ok {
			lines = held[i].Lines
		}
		charges := e.charges(account, out.Changes)
		switch {
		case len(charges) > 0:
			for _, l := range lines {
				l.To = "" // not to the other bucket: this much is not owed any more
				take.Lines = append(take.Lines, l)
			}
			take.Lines = append(take.Lines, charges...)
		case !e.waitsForFault(account):
			move.Lines = append(move.Lines, lines...)
		}
	}
	var ps []ledger.Posting
	for _, p := range []ledger.Posting{move, take} {
		if len(p.Lines) > 0 {
			ps = append(ps, p)
		}
	}
	return ps
}

// charges are the changes of an account, if something is taken from it.
func (e *effecting) charges(account id.ID, changes []scheme.Change) []ledger.Line {
	item, _ := e.book.Item(e.item)
	taken := item != nil && item.Set
	var lines []ledger.Line
	for _, ch := range changes {
		if ch.Account != account {
			continue
		}
		taken = taken || ch.Amount < 0 || ch.Intent == scheme.Zero
		l := e.line(ch.Account, ch.Wallet, ch.Amount, ch.Intent)
		l.Member, l.Group, l.ExpiresOn = ch.Member, ch.Group, ch.Expires
		lines = append(lines, l)
	}
	if !taken {
		return nil
	}
	return lines
}

// MaxEventWhy is the longest reason of a step, in characters.
const MaxEventWhy = 500

func cut(text string, max int) string {
	if r := []rune(text); len(r) > max {
		return string(r[:max-1]) + "…"
	}
	return text
}

// tellDeductions tells the households of decided deductions that points are about to be taken, before they count.
func tellDeductions(tx *storage.Tx, rules *scheme.Scheme, cs []*record, at time.Time) error {
	var ms []message.Message
	for _, c := range cs {
		if !c.waits() || c.worth >= 0 && !c.warned || c.household == 0 {
			continue
		}
		title, body := "将扣分："+c.title(), "拟扣"+(-c.worth).String()+"分，公示"+fmt.Sprint(rules.Records.PublishDays)+"天。有不同意见，可以在公示期内提出异议。"
		if c.warned {
			title, body = "警告："+c.title(), strings.Join(c.reasons, "；")
		}
		ms = append(ms, message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Deduct, Title: title, Body: body,
			About: message.About{Kind: "case", ID: c.id}, At: at})
	}
	return message.Tell(tx, ms...)
}
