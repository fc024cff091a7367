package report

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MayReport: those who work for the village there. What names households goes no further up.
var MayReport = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.VillageSupervisor}, Scope: access.Village}

// Home is a household of a list.
type Home struct {
	ID     id.ID  `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"`
	Group  string `json:"group"`

	active bool
}

// Quiet are the households without any deed in a span: somebody should look in on them.
type Quiet struct {
	Span  clock.Span `json:"span"`
	Items []Home     `json:"items" doc:"by group and number"`
	Of    int        `json:"of" doc:"households of the village"`
}

// Quiet lists the households of a village without any deed that stands in a span, up to this moment. ErrSpan.
func (s *Service) Quiet(ctx context.Context, a access.Actor, in id.ID, span clock.Span) (Quiet, error) {
	if err := a.Allow(MayReport, access.Place{Village: in}); err != nil {
		return Quiet{}, err
	}
	if !goodSpan(span, clock.DayOf(s.now())) {
		return Quiet{}, ErrSpan
	}
	all, err := s.homes(ctx, in, span)
	out := Quiet{Span: span, Of: len(all), Items: slices.DeleteFunc(all, func(h Home) bool { return h.active })}
	return out, err
}

// homes are the households of a village on a span's last day, or today, with what is known of their taking part.
func (s *Service) homes(ctx context.Context, in id.ID, span clock.Span) ([]Home, error) {
	at, err := s.villages.Region(ctx, in)
	if err != nil {
		return nil, err
	}
	day := min(span.Last(), clock.DayOf(s.now()))
	l, err := s.land(ctx, at, day)
	if err != nil {
		return nil, err
	}
	all, code := []Home{}, map[id.ID]string{}
	rows, err := s.db.Query(ctx, `SELECT h.id, h.number, h.name, COALESCE(g.name, ''), COALESCE(g.code, '') FROM households h
		LEFT JOIN household_groups hg ON hg.household_id = h.id AND hg.from_day <= ? AND hg.to_day > ? LEFT JOIN regions g ON g.id = hg.group_id
		WHERE h.village_id = ? AND h.from_day <= ? AND h.to_day > ?`, day, day, in, day, day)
	if err := each(rows, err, func(r *sql.Rows) error {
		var h Home
		var group string
		err := r.Scan(&h.ID, &h.Number, &h.Name, &h.Group, &group)
		code[h.ID] = group
		all = append(all, h)
		return err
	}); err != nil {
		return nil, fmt.Errorf("list households: %w", err)
	}
	slices.SortFunc(all, func(a, b Home) int {
		return cmp.Or(cmp.Compare(code[a.ID], code[b.ID]), cmp.Compare(len(a.Number), len(b.Number)), cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	if len(l.villages) == 0 {
		return all, nil
	}
	deeds := map[id.ID]int64{}
	rows, err = s.db.Query(ctx, participationQuery+" AND e.village_id IN "+storage.In(len(l.villages))+" GROUP BY m, home", storage.Args(l.villages, any(span.First()), any(span.Last()))...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var m, n int64
		var home id.ID
		err := r.Scan(&m, &home, &n)
		deeds[home] += n
		return err
	}); err != nil {
		return nil, fmt.Errorf("read participation: %w", err)
	}
	for i := range all {
		all[i].active = deeds[all[i].ID] > 0
	}
	return all, nil
}
