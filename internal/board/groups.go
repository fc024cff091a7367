package board

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// groupPage ranks the groups of a village by the net score of the deeds that were done in them: by the group stamped on
// the entries, so that a household that moves takes nothing along. Groups without a deed stand at 0.
func (s *Service) groupPage(ctx context.Context, k foldKey) (Page, error) {
	changes, at := s.lanes.view(k.village).changes.Load(), time.Now()
	rows, ok := s.groups.get(k, changes)
	if !ok {
		made, err := s.sumGroups(ctx, k)
		if err != nil {
			return Page{}, err
		}
		rows = made
		s.groups.put(k, changes, at, made)
	}
	items := slices.Clone(rows.([]Row))
	return Page{Kind: Groups, Span: k.span, Class: k.class, Items: items, Of: int64(len(items))}, nil
}

func (s *Service) sumGroups(ctx context.Context, k foldKey) ([]Row, error) {
	day := min(clock.DayOf(s.now()), k.span.Last())
	args := []any{k.village, k.village, k.span.First(), k.span.Last(), k.wallet}
	ofClass := ""
	if k.class != "" {
		ofClass = " AND class = ?"
		args = append(args, k.class)
	}
	rows, err := s.db.Query(ctx, `SELECT g.id, g.name, g.code, COALESCE(SUM(e.amount), 0) FROM regions g
		LEFT JOIN (SELECT group_id, amount FROM entries WHERE village_id IN (SELECT id FROM regions WHERE id = ? OR into_id = ?) AND counted_on >= ? AND counted_on <= ? AND wallet = ? AND bucket = 'available' AND group_id <> 0`+ofClass+`) e
			ON e.group_id = g.id
		WHERE g.village_id = ? AND g.kind = 'group' AND g.from_day <= ? AND g.to_day > ? GROUP BY g.id, g.name, g.code`,
		append(args, k.village, day, day)...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	type group struct {
		Row
		code string
	}
	var all []group
	for rows.Next() {
		var g group
		if err := rows.Scan(&g.ID, &g.Name, &g.code, &g.Amount); err != nil {
			return nil, wrap(err)
		}
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.Amount, a.Amount), cmp.Compare(a.code, b.code), cmp.Compare(a.ID, b.ID))
	})
	out := make([]Row, len(all))
	for i, g := range all {
		out[i] = g.Row
	}
	rankRows(out, func(r Row) points.Amount { return r.Amount })
	return out, wrap(rows.Err())
}

// rankRows gives rows that are in order their ranks.
func rankRows(rows []Row, of func(Row) points.Amount) {
	for i := range rows {
		rows[i].Rank = int64(i) + 1
		if i > 0 && of(rows[i]) == of(rows[i-1]) {
			rows[i].Rank = rows[i-1].Rank
			rows[i].Tied, rows[i-1].Tied = true, true
		}
	}
}
