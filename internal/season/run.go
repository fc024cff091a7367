package season

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
)

// grace is how long a period stays stopped before it is closed: longer than any transaction that may have read it as open,
// and than a server remembers rules.
const grace = time.Minute

// Run is somebody's order to close a span.
type Run struct {
	ID       id.ID      `json:"id"`
	Span     clock.Span `json:"span"`
	State    string     `json:"state" enum:"stopped,closing,waiting,done" doc:"stopped: deeds count in the next period, nothing is closed yet; waiting: some of it falls due on a later day"`
	AskedBy  id.ID      `json:"asked_by"`
	Why      string     `json:"why"`
	Waited   []Waiting  `json:"waited" doc:"what was not settled when it was closed, with the reasons for not waiting"`
	AskedAt  int64      `json:"asked_at" doc:"milliseconds since 1970 UTC"`
	DoneAt   int64      `json:"done_at,omitempty" doc:"milliseconds since 1970 UTC"`
	Closings []Closing  `json:"closings" doc:"what the ends of its periods did or will do, in order of day"`
	Repeated bool       `json:"repeated,omitempty" doc:"the request had been carried out before"`
}

const (
	runStopped = "stopped"
	runClosing = "closing"
	runWaiting = "waiting"
	runDone    = "done"
)

// Order asks to stop or close a span.
type Order struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64"`
	Span      clock.Span `json:"span" doc:"2026, 2026H1, 2026Q4, 2026-12 or own dates of the rules, 20251101-20261031; must be over"`
	Why       string     `json:"why" minLength:"1" maxLength:"200"`
	Overrides []Override `json:"overrides,omitempty" maxItems:"10" doc:"close: what is not waited for, each with its reason"`
}

func (o *Order) check(today clock.Day) error {
	if o.Span <= 0 || !o.Span.First().Valid() || o.Span.Last() >= today {
		return ErrSpan
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(o.Why)); n == 0 || n > 200 {
		return ErrWhy
	}
	return checkOverrides(o.Overrides)
}

// Stop begins the end of a span: from now on deeds of its days count on the first open day after it. There is no way back.
// Stopping what is stopped changes nothing.
func (s *Service) Stop(ctx context.Context, a access.Actor, village id.ID, o Order) (Run, error) {
	if err := a.Allow(MayClose, access.Place{Village: village}); err != nil {
		return Run{}, err
	}
	repeated, err := s.once(ctx, a.User(), "season.stop", village, o)
	if err != nil {
		return Run{}, err
	}
	run, err := s.StopBy(ctx, a.User(), village, o)
	run.Repeated = repeated
	return run, err
}

// knows refuses own dates that the village's rules do not have: a ledger that was shut up to a day is never opened again.
func (s *Service) knows(ctx context.Context, village id.ID, span clock.Span) error {
	if !span.Own() {
		return nil
	}
	v, err := s.book.InForce(ctx, village, span.Last())
	if err != nil {
		return err
	}
	if !v.Scheme.Knows(span) {
		return ErrSpan.With("本村的积分细则里没有%s这个周期", span.Chinese())
	}
	return nil
}

// once notes a request. A repeat is carried out again, which changes nothing that was done.
func (s *Service) once(ctx context.Context, user id.ID, op string, village id.ID, o Order) (repeated bool, err error) {
	if err := o.check(clock.DayOf(s.now())); err != nil {
		return false, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		_, repeated, err = tx.Once(user, o.RequestID, op, []any{village, o}, village)
		return err
	})
	return repeated, err
}

// StopBy is Stop for a command on the server.
func (s *Service) StopBy(ctx context.Context, by, village id.ID, o Order) (Run, error) {
	at := s.now()
	if err := o.check(clock.DayOf(at)); err != nil {
		return Run{}, err
	}
	if err := s.knows(ctx, village, o.Span); err != nil {
		return Run{}, err
	}
	if err := s.begin(ctx, by, village, o, at); err != nil {
		return Run{}, err
	}
	for try := 1; ; try++ {
		from, state, _, err := s.period(ctx, village, o.Span)
		if err != nil {
			return Run{}, err
		}
		if state != ledger.PeriodOpen {
			return s.run(ctx, village, o.Span)
		}
		err = s.shut(ctx, by, village, from, o.Span.Last(), ledger.PeriodGrace, o.Why, at)
		if err != nil && (try == 3 || !outrun(err)) {
			return Run{}, err
		}
	}
}

// outrun reports whether somebody else has moved the period on in between: look again.
func outrun(err error) bool {
	return errors.Is(err, ledger.ErrPeriodOrder) || errors.Is(err, storage.ErrRequestReused)
}

// begin writes the order down, once for a span.
func (s *Service) begin(ctx context.Context, by, village id.ID, o Order, at time.Time) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var had int
		if err := tx.QueryRow("SELECT COUNT(*) FROM season_runs WHERE village_id = ? AND span = ?", village, o.Span).Scan(&had); err != nil || had > 0 {
			return err
		}
		_, err := tx.Exec("INSERT INTO season_runs (id, village_id, span, state, asked_by, why, overrides, asked_at, done_at, rev) VALUES (?,?,?,?,?,?,?,?,0,0)",
			tx.NewID(), village, o.Span, runStopped, by, strings.TrimSpace(o.Why), "[]", clock.Ms(at))
		return err
	})
	if err != nil && !storage.IsDuplicate(err) {
		return fmt.Errorf("write order down: %w", err)
	}
	return nil
}

// period tells how far the ledger has shut a span, and since when: open, with the first day that would be shut with it,
// grace or closed.
func (s *Service) period(ctx context.Context, village id.ID, span clock.Span) (from clock.Day, state string, since time.Time, err error) {
	var to clock.Day
	var ms int64
	err = s.db.QueryRow(ctx, "SELECT to_day, state, changed_at FROM periods WHERE village_id = ? AND to_day >= ? AND state <> 'open' ORDER BY to_day LIMIT 1", village, span.Last()).Scan(&to, &state, &ms)
	if err == nil {
		return 0, state, clock.FromMs(ms), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, "", since, fmt.Errorf("read periods: %w", err)
	}
	err = s.db.QueryRow(ctx, "SELECT COALESCE(MAX(to_day), 0) FROM periods WHERE village_id = ? AND state <> 'open'", village).Scan(&to)
	if err != nil {
		return 0, "", since, fmt.Errorf("read periods: %w", err)
	}
	if to != 0 {
		return to.Add(1), ledger.PeriodOpen, since, nil
	}
	// the first period that is ever shut begins with the first deed
	err = s.db.QueryRow(ctx, "SELECT COALESCE(MIN(counted_on), 0) FROM entries WHERE village_id = ?", village).Scan(&from)
	if from == 0 || from > span.First() {
		from = span.First()
	}
	return from.StartOfMonth(), ledger.PeriodOpen, since, err
}

// shut moves the ledger's period on. The request's name is the step's, so whoever begins again asks for the same.
func (s *Service) shut(ctx context.Context, by, village id.ID, from, to clock.Day, state, why string, at time.Time) error {
	_, err := ledger.ShutPeriod(ctx, s.db, at, village, by, ledger.ShutRequest{RequestID: fmt.Sprintf("season-%s-%d-%d-%s", village, from, to, state),
		From: from, To: to, State: state, Why: why, Own: true})
	return err
}

// Close closes a span that was stopped at least a minute ago: every end of a period in it that has fallen due and is not
// done yet, in order of day. What falls due later is done on its day. It may be killed at any moment and asked again.
func (s *Service) Close(ctx context.Context, a access.Actor, village id.ID, o Order) (Run, error) {
	if err := a.Allow(MayClose, access.Place{Village: village}); err != nil {
		return Run{}, err
	}
	repeated, err := s.once(ctx, a.User(), "season.close", village, o)
	if err != nil {
		return Run{}, err
	}
	run, err := s.CloseBy(ctx, a.User(), village, o, nil)
	run.Repeated = repeated
	return run, err
}

// CloseBy is Close for a command on the server, which is told how many accounts were settled.
func (s *Service) CloseBy(ctx context.Context, by, village id.ID, o Order, progress func(accounts int)) (Run, error) {
	at := s.now()
	if err := o.check(clock.DayOf(at)); err != nil {
		return Run{}, err
	}
	if err := s.shutFor(ctx, by, village, o, at); err != nil {
		return Run{}, err
	}
	if err := s.advance(ctx, by, village, o.Span, progress); err != nil {
		return Run{}, err
	}
	return s.run(ctx, village, o.Span)
}

// shutFor closes the ledger's period once nothing that blocks waits without a reason, and writes the reasons down.
func (s *Service) shutFor(ctx context.Context, by, village id.ID, o Order, at time.Time) error {
	var told string
	err := s.db.QueryRow(ctx, "SELECT overrides FROM season_runs WHERE village_id = ? AND span = ? AND state <> 'stopped'", village, o.Span).Scan(&told)
	if err == nil {
		return nil // begun before: what waits now waits for the next period
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	_, state, since, err := s.period(ctx, village, o.Span)
	switch {
	case err != nil:
		return err
	case state == ledger.PeriodOpen:
		return ErrStopped
	case state == ledger.PeriodGrace && at.Sub(since) < grace:
		return ErrSoon
	}
	if err := s.begin(ctx, by, village, o, at); err != nil { // the ledger alone may have been shut before
		return err
	}
	list, err := waiting(s.query(ctx), village, o.Span.Last())
	if err != nil {
		return err
	}
	if err := override(list, o.Overrides); err != nil {
		return err
	}
	if err := s.shutStretch(ctx, by, village, o, at); err != nil {
		return err
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE season_runs SET state = ?, overrides = ? WHERE village_id = ? AND span = ? AND state = 'stopped'", runClosing, string(text), village, o.Span)
		return err
	})
}

// shutStretch closes every stretch of the ledger that is in grace, as far as the span goes: they were stopped in order.
func (s *Service) shutStretch(ctx context.Context, by, village id.ID, o Order, at time.Time) error {
	var from, to clock.Day
	for try := 1; ; try++ {
		err := s.db.QueryRow(ctx, "SELECT from_day, to_day FROM periods WHERE village_id = ? AND state = 'grace' ORDER BY to_day LIMIT 1", village).Scan(&from, &to)
		if errors.Is(err, sql.ErrNoRows) || err == nil && from > o.Span.Last() {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read periods: %w", err)
		}
		err = s.shut(ctx, by, village, from, to, ledger.PeriodClosed, o.Why, at)
		if err != nil && (try > 24 || !outrun(err)) {
			return err
		}
	}
}

// advance does what has fallen due of a span whose run is begun, and marks the run.
func (s *Service) advance(ctx context.Context, by, village id.ID, span clock.Span, progress func(int)) error {
	at := s.now()
	list, err := s.due(ctx, village, span)
	if errors.Is(err, rulebook.ErrNone) {
		err = nil
	}
	if err != nil {
		return err
	}
	had, err := s.closings(ctx, village, span)
	if err != nil {
		return err
	}
	state := runDone
	for i := range list {
		d := &list[i]
		if d.On > clock.DayOf(at) {
			state = runWaiting
			continue
		}
		if done(had, d) {
			continue
		}
		made, err := s.plan(ctx, village, by, d, at)
		if err == nil {
			err = s.frozen(ctx, made, d)
		}
		if err != nil {
			return err
		}
		r := &running{Service: s, due: *d, id: made, village: village, by: by, at: at}
		if err := r.post(ctx, progress); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		doneAt := int64(0)
		if state == runDone {
			doneAt = clock.Ms(at)
		}
		_, err := tx.Exec("UPDATE season_runs SET state = ?, done_at = ? WHERE village_id = ? AND span = ? AND state <> 'done'", state, doneAt, village, span)
		return err
	})
}

func done(had []Closing, d *due) bool {
	for i := range had {
		if had[i].Span == d.Span && had[i].DueOn == d.On {
			return had[i].State == closeDone
		}
	}
	return false
}

// frozen takes the versions with which a close was planned, should others be in force by now.
func (s *Service) frozen(ctx context.Context, of id.ID, d *due) error {
	var rules, base id.ID
	if err := s.db.QueryRow(ctx, "SELECT rules_id, base_id FROM season_closes WHERE id = ?", of).Scan(&rules, &base); err != nil {
		return fmt.Errorf("read close: %w", err)
	}
	get := func(v id.ID, have *rulebook.Version) (*rulebook.Version, error) {
		if v == 0 {
			return nil, nil
		}
		if have != nil && have.ID == v {
			return have, nil
		}
		return s.book.Version(ctx, v)
	}
	var err error
	if d.rules, err = get(rules, d.rules); err == nil {
		d.base, err = get(base, d.base)
	}
	if d.rules != nil && rules == base {
		d.base = d.rules
	}
	return err
}
