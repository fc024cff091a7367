package board

import (
	"cmp"
	"context"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// name is how an account's owner is called.
type name struct {
	number string // of the household; empty for a person
	full   string
	bornOn clock.Day // of a person
}

// show turns a stretch of a ranking into rows for this reader. p may hold one line more than limit: it tells whether a
// next page follows and whether the last row is tied.
func (s *Service) show(ctx context.Context, who reader, r ref, p part, limit int) (Page, error) {
	out := Page{Span: r.span, Of: p.of, Items: []Row{}}
	shown := p.lines[:min(limit, len(p.lines))]
	names, err := s.namesOf(ctx, r, shown)
	if err != nil {
		return out, err
	}
	ranks, own := p.ranks(), who.actor.Households()
	today := clock.DayOf(s.now())
	for i, l := range shown {
		n := names[l.account]
		row := Row{Rank: ranks[i], ID: l.account, Number: n.number, Name: n.full, Amount: l.amount,
			Mine: slices.Contains(own, l.account) || who.actor.IsMember(l.account)}
		minor := n.bornOn != 0 && today < n.bornOn.AddMonths(18*12)
		if (who.mask || minor) && !row.Mine {
			row.Name, row.Number = village.MaskName(n.full), ""
		}
		row.Tied = i > 0 && ranks[i-1] == ranks[i] || i+1 < len(ranks) && ranks[i+1] == ranks[i] || i == 0 && p.above < p.before
		out.Items = append(out.Items, row)
	}
	if len(p.lines) > limit {
		last := shown[limit-1]
		out.Next = cursor{last.amount, last.account, true}.String()
	}
	orderTies(out.Items, names)
	return out, nil
}

// orderTies puts rows of one rank in order of household number, then name, as people expect to find them.
func orderTies(rows []Row, names map[id.ID]name) {
	slices.SortStableFunc(rows, func(a, b Row) int {
		if a.Rank != b.Rank {
			return cmp.Compare(a.Rank, b.Rank)
		}
		x, y := names[a.ID], names[b.ID]
		return cmp.Or(cmp.Compare(len(x.number), len(y.number)), cmp.Compare(x.number, y.number), cmp.Compare(x.full, y.full))
	})
}

// namesOf finds the names of the lines, in memory or in one statement.
func (s *Service) namesOf(ctx context.Context, r ref, lines []line) (map[id.ID]name, error) {
	names := make(map[id.ID]name, len(lines))
	var missing []id.ID
	for _, l := range lines {
		if n, ok := s.names.Get(l.account); ok && s.opt.Names > 0 {
			names[l.account] = n
			continue
		}
		missing = append(missing, l.account)
	}
	if len(missing) == 0 {
		return names, nil
	}
	missing = storage.Padded(missing)
	q := "SELECT id, number, name, 0 FROM households WHERE id IN "
	if r.kind == scheme.SubjectPerson {
		q = "SELECT id, '', name, born_on FROM members WHERE id IN "
	}
	rows, err := s.db.Query(ctx, q+storage.In(len(missing)), storage.Args(missing)...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var who id.ID
		var n name
		if err := rows.Scan(&who, &n.number, &n.full, &n.bornOn); err != nil {
			return nil, wrap(err)
		}
		names[who] = n
		s.names.Add(who, n)
	}
	return names, wrap(rows.Err())
}
