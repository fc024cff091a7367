package season

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/rulebook"
)

// Advance does what has fallen due since in all villages whose spans were closed: the nightly job. It tells how many
// closes it finished.
func (s *Service) Advance(ctx context.Context) (int, error) {
	type open struct {
		village, by id.ID
		span        clock.Span
	}
	var list []open
	rows, err := s.db.Query(ctx, "SELECT village_id, asked_by, span FROM season_runs WHERE state IN ('closing', 'waiting') ORDER BY id")
	err = each(rows, err, func(r *sql.Rows) error {
		var o open
		err := r.Scan(&o.village, &o.by, &o.span)
		list = append(list, o)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read runs: %w", err)
	}
	n := 0
	for _, o := range list {
		before, err := s.closings(ctx, o.village, o.span)
		if err == nil {
			err = s.advance(ctx, o.by, o.village, o.span, nil)
		}
		if err != nil {
			return n, err
		}
		after, err := s.closings(ctx, o.village, o.span)
		if err != nil {
			return n, err
		}
		n += len(after) - len(before)
	}
	return n, nil
}

// run reads an order with what has been done and what is still to come.
func (s *Service) run(ctx context.Context, village id.ID, span clock.Span) (Run, error) {
	r := Run{Span: span}
	var waited string
	err := s.db.QueryRow(ctx, "SELECT id, state, asked_by, why, overrides, asked_at, done_at FROM season_runs WHERE village_id = ? AND span = ?", village, span).
		Scan(&r.ID, &r.State, &r.AskedBy, &r.Why, &waited, &r.AskedAt, &r.DoneAt)
	if err != nil {
		return r, fmt.Errorf("read run: %w", err)
	}
	if err := json.Unmarshal([]byte(waited), &r.Waited); err != nil {
		return r, fmt.Errorf("read run: %w", err)
	}
	if r.Closings, err = s.closings(ctx, village, span); err != nil {
		return r, err
	}
	list, err := s.due(ctx, village, span)
	if errors.Is(err, rulebook.ErrNone) {
		return r, nil
	}
	for i := range list {
		if d := &list[i]; !begun(r.Closings, d) {
			r.Closings = append(r.Closings, Closing{Span: d.Span, DueOn: d.On, State: closeDue})
		}
	}
	return r, err
}

func begun(had []Closing, d *due) bool {
	for i := range had {
		if had[i].Span == d.Span && had[i].DueOn == d.On {
			return true
		}
	}
	return false
}
