package season

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
)

// due is the end of a period with the rules that hold for it: those in force on its last day say what its end does,
// those in force on the day it falls due give the base score of what begins. Either may be nil.
type due struct {
	scheme.Period
	rules, base *rulebook.Version
}

// term is a version with the days on which it is in force, to exclusive.
type term struct {
	*rulebook.Version
	from, to clock.Day
}

// terms are the versions of a village that were ever in force, in order.
func (s *Service) terms(ctx context.Context, village id.ID) ([]term, error) {
	var ids []id.ID
	var days []clock.Day
	rows, err := s.db.Query(ctx, "SELECT id, from_day FROM scheme_versions WHERE village_id = ? ORDER BY from_day, number", village)
	err = each(rows, err, func(r *sql.Rows) error {
		var v id.ID
		var from clock.Day
		err := r.Scan(&v, &from)
		ids, days = append(ids, v), append(days, from)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	if len(ids) == 0 {
		return nil, rulebook.ErrNone
	}
	var out []term
	for i := range ids {
		t := term{from: days[i], to: clock.Forever}
		if i+1 < len(ids) {
			t.to = days[i+1]
		}
		if t.from == t.to { // replaced on the day it was to begin
			continue
		}
		if t.Version, err = s.book.Version(ctx, ids[i]); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (t *term) holds(day clock.Day) bool { return t.from <= day && day < t.to }

// due lists what the ends of the periods that lie in a span do, in order of day, whether it has been done or not.
// A period that had ended before the village had rules is left out.
func (s *Service) due(ctx context.Context, village id.ID, span clock.Span) ([]due, error) {
	terms, err := s.terms(ctx, village)
	if err != nil {
		return nil, err
	}
	begin := terms[0].from
	at := map[scheme.Period]*due{}
	var order []*due
	for i := range terms {
		t := &terms[i]
		// a reset falls due at most 90 days and a year after its period
		for _, p := range t.Scheme.Periods(span.First(), span.Last().Add(366+91)) {
			if !span.Covers(p.Span) || p.Span.Last() < begin {
				continue
			}
			ends, grants := t.holds(p.Span.Last()), t.holds(p.On) && t.Scheme.GrantsBase(p)
			if !ends && !grants {
				continue
			}
			d := at[p]
			if d == nil {
				d = &due{Period: p}
				at[p] = d
				order = append(order, d)
			}
			if ends {
				d.rules = t.Version
			}
			if grants {
				d.base = t.Version
			}
		}
	}
	out := make([]due, len(order))
	for i, d := range order {
		out[i] = *d
	}
	slices.SortFunc(out, func(a, b due) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Span.Last(), b.Span.Last()), cmp.Compare(a.Span, b.Span))
	})
	return out, nil
}

// each says what falls due for one account by itself.
func (d *due) each(st *scheme.Standing) []scheme.Closing {
	var out []scheme.Closing
	if d.rules != nil {
		out = slices.DeleteFunc(scheme.CloseEach(d.rules.Scheme, d.Period, st), func(c scheme.Closing) bool { return c.Kind == scheme.CloseBase })
	}
	if d.base != nil {
		granted := slices.DeleteFunc(scheme.CloseEach(d.base.Scheme, d.Period, st), func(c scheme.Closing) bool { return c.Kind != scheme.CloseBase })
		at := slices.IndexFunc(out, func(c scheme.Closing) bool { return c.Kind != scheme.CloseReset })
		if at < 0 {
			at = len(out)
		}
		out = slices.Insert(out, at, granted...)
	}
	return out
}

// subject is whose accounts are scored.
func subject(book *scheme.Scheme) string {
	if book.Subject == scheme.SubjectPooled {
		return scheme.SubjectHousehold
	}
	return book.Subject
}

// book is any of the two versions: both score the same subject, for it cannot be changed.
func (d *due) book() *rulebook.Version {
	if d.rules != nil {
		return d.rules
	}
	return d.base
}

// emptied are the wallets that the period's end resets.
func (d *due) emptied() []string {
	if d.rules == nil {
		return nil
	}
	return d.rules.Scheme.Empties(d.Period)
}
