package cases

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// DecideInspection takes an inspection one step on, all rows or none. Its author submits it, with effect at once where
// the item is direct; otherwise another person decides it. All rows become one batch of cases and postings.
// ErrRows, with a field for each wrong row, leaves everything as it was.
func (s *Service) DecideInspection(ctx context.Context, a access.Actor, where, inspection id.ID, r Step) (Report, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Report{}, err
	}
	if len([]rune(r.Why)) > MaxWhy {
		return Report{}, ErrWhy
	}
	d, err := s.prepareInspection(ctx, a, where, inspection)
	if err != nil {
		return Report{}, err
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "cases.inspection.decide", []any{where, inspection, r.Why}, inspection); err != nil || repeated {
			return err
		}
		return d.run(tx, r.Why)
	})
	if err != nil {
		return Report{}, err
	}
	if repeated {
		return s.reported(ctx, where, inspection)
	}
	return d.report(), nil
}

// inspecting is the decision of an inspection in the making.
type inspecting struct {
	in       Inspection
	actor    access.Actor
	version  *rulebook.Version
	item     *scheme.Item
	at       time.Time
	act      Action
	subjects map[id.ID]village.Subject // as they were on the day
	newID    func() id.ID
	photos   *media.Service
	around   func(cs []*record, subs []village.Subject) error // adds what the rules ask about the households

	to      State // what came of it
	cases   []*record
	rows    []InspectionLine // of the cases
	skipped int
}

// prepareInspection reads what needs no lock: who may do what, the rules, and the households on the day.
func (s *Service) prepareInspection(ctx context.Context, a access.Actor, where, inspection id.ID) (*inspecting, error) {
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return nil, err
	}
	d := &inspecting{in: in, actor: a, at: s.now(), newID: s.db.NewID, photos: s.photos, subjects: map[id.ID]village.Subject{}}
	if d.version, err = s.rules.InForce(ctx, where, in.OccurredOn); err != nil {
		return nil, err
	}
	var ok bool
	if d.item, ok = d.version.Scheme.Item(in.Item); !ok {
		return nil, scheme.ErrItemUnknown
	}
	fills, err := s.fills(ctx, a, &in)
	if err != nil {
		return nil, err
	}
	waiting := len(waits(a, where, d.version.Scheme, d.item, in.OccurredOn, clock.DayOf(d.at))) > 0
	mayApprove := a.Allow(MayApprove, access.Place{Village: where})
	switch {
	case in.State == Submitted && in.Author == a.User():
		d.act = submit // a repeat, or refused by the table
	case in.State == Submitted && in.approvals+1 < d.item.Review.Levels:
		d.act, err = pass, mayApprove
	case in.State == Submitted:
		d.act, err = approve, mayApprove
	case !fills && in.State == Draft:
		err = ErrInspector
	case waiting:
		d.act = submit
	default:
		d.act = enter
	}
	if err != nil {
		return nil, err
	}
	households, err := s.listed(ctx, inspection)
	if err != nil {
		return nil, err
	}
	d.around = func(cs []*record, subs []village.Subject) error {
		return s.surround(ctx, a, d.version, d.item, cs, subs, nil)
	}
	return d, d.readSubjects(ctx, s.villages, households)
}

// listed are the households of an inspection; they never change.
func (s *Service) listed(ctx context.Context, inspection id.ID) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT household_id FROM inspection_lines WHERE inspection_id = ?", inspection)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var h id.ID
		if err := rows.Scan(&h); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

// readSubjects asks for the households as they were; those that were not in force that day stay out and are wrong
// rows if they were filled in.
func (d *inspecting) readSubjects(ctx context.Context, villages *village.Service, households []id.ID) error {
	found, err := villages.Subjects(ctx, d.in.Village, d.in.OccurredOn, households)
	if errors.Is(err, village.ErrNotInForce) {
		missing := map[string]bool{}
		for _, f := range errs.As(err).Fields {
			missing[f.Path] = true
		}
		var rest []id.ID
		for _, h := range households {
			if !missing[h.String()] {
				rest = append(rest, h)
			}
		}
		found, err = villages.Subjects(ctx, d.in.Village, d.in.OccurredOn, rest)
	}
	for _, sub := range found {
		d.subjects[sub.Household] = sub
	}
	return err
}

// run takes the step: it locks the inspection by changing its state, then the accounts.
func (d *inspecting) run(tx *storage.Tx, why string) error {
	to, err := d.in.State.next(d.act)
	if err != nil {
		return err
	}
	approvals, decider := 0, id.ID(0)
	if d.act == approve || d.act == pass {
		approvals, decider = 1, d.actor.User()
	}
	n, err := tx.Exec("UPDATE inspections SET state = ?, approvals = approvals + ?, decider = ?, changed_at = ?, rev = rev + 1 WHERE id = ? AND state = ? AND approvals = ?",
		string(to), approvals, decider, clock.Ms(d.at), d.in.ID, string(d.in.State), d.in.approvals)
	if err != nil {
		return fmt.Errorf("decide inspection: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	if approvals > 0 {
		if err := otherThanBefore(tx, d.in.ID, d.actor.User()); err != nil {
			return err
		}
	}
	if err := event(tx, d.in.Village, d.in.ID, d.actor.User(), clock.Ms(d.at), d.in.State, to, why); err != nil {
		return err
	}
	lines, err := readLines(tx.Query, d.in.ID)
	if err != nil {
		return err
	}
	d.cases, d.rows, err = d.records(lines)
	d.to, d.skipped = to, len(lines)-len(d.rows)
	if err == nil {
		err = d.proven(tx)
	}
	if err != nil || to != Effective {
		return err
	}
	st := newSettlement(d.version, d.cases, d.actor.User(), d.at)
	if err := st.guard(tx); err != nil {
		return err
	}
	refused, err := st.decide(tx.Query, tx.NewID)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return wrongRows(refused, d.rows)
	}
	if err := insert(tx, d.cases); err != nil {
		return err
	}
	if err := d.askNotes(tx); err != nil {
		return err
	}
	return st.post(tx)
}

// records turns the filled lines into cases, or says which rows are wrong.
func (d *inspecting) records(lines []InspectionLine) ([]*record, []InspectionLine, error) {
	var cs []*record
	var rows []InspectionLine
	var subs []village.Subject
	var refused []refusal
	for _, l := range lines {
		if !l.Seen {
			continue
		}
		rows = append(rows, l)
		sub, ok := d.subjects[l.Household]
		if !ok {
			refused = append(refused, refusal{len(rows) - 1, village.ErrNotInForce})
			continue
		}
		c := newRecord(d.version, d.item, &sub, Request{OccurredOn: d.in.OccurredOn, Points: l.Points, Grade: l.Grade, Quantity: l.Quantity, Note: l.Note},
			d.in.Author, d.at)
		c.id, c.batch, c.state = d.newID(), d.in.ID, decidedState(d.version.Scheme)
		c.enteredAs = c.state
		if err := mayScore(d.actor, d.version.Scheme.SubjectOf(d.item), d.in.Village, &sub); err != nil {
			refused = append(refused, refusal{len(rows) - 1, err})
		}
		cs, subs = append(cs, c), append(subs, sub)
	}
	if len(refused) == 0 && len(cs) > 0 {
		if err := d.around(cs, subs); err != nil {
			return nil, nil, err
		}
		for i, c := range cs {
			if err := d.version.Scheme.Validate(c.deed()); err != nil {
				refused = append(refused, refusal{i, err})
			}
		}
	}
	switch {
	case len(refused) > 0:
		return nil, nil, wrongRows(refused, rows)
	case len(rows) == 0:
		return nil, nil, ErrNothingSeen
	}
	return cs, rows, nil
}

// wrongRows is the report of what has to be mended before the inspection can be decided.
func wrongRows(refused []refusal, rows []InspectionLine) error {
	fields := make([]errs.Field, len(refused))
	for i, r := range refused {
		e := errs.As(r.err)
		if e == nil {
			return r.err
		}
		l := &rows[r.index]
		fields[i] = errs.Field{Path: "第" + strconv.Itoa(l.Row) + "行", Msg: l.Number + " " + l.Name + "：" + e.Msg}
	}
	return ErrRows.With("有%d行填写不对，请改好后再提交；所有户都还没有记分", len(fields)).WithFields(fields...)
}
