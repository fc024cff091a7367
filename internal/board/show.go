package board

import (
	"cmp"
	"context"
	"slices"
	"time"

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
func (s *Service) show(ctx context.Context, who reader, k foldKey, p part, limit int) (Page, error) {
	out := Page{Kind: k.kind, Span: k.span, Class: k.class, Of: p.of, Top: who.top, Items: []Row{}}
	shown := p.lines[:min(limit, len(p.lines))]
	if len(shown) == 0 {
		return out, nil
	}
	names, err := s.namesOf(ctx, k, shown)
	if err != nil {
		return out, err
	}
	past, err := s.pastRanks(ctx, k)
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
		if was, ok := past[l.account]; ok {
			moved := was - row.Rank
			row.Moved = &moved
		}
		row.Tied = i > 0 && ranks[i-1] == ranks[i] || i+1 < len(ranks) && ranks[i+1] == ranks[i] || i == 0 && p.above < p.before
		if who.top > 0 && row.Rank > int64(who.top) && !row.Mine {
			continue
		}
		out.Items = append(out.Items, row)
	}
	if len(p.lines) > limit && (who.top == 0 || ranks[limit] <= int64(who.top)) {
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
func (s *Service) namesOf(ctx context.Context, k foldKey, lines []line) (map[id.ID]name, error) {
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
	if k.ref.kind == scheme.SubjectPerson || k.kind.ofMembers() {
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

// pastRanks are the ranks of the same board in the span before: the year's in the year before, a month's in the month
// before. They hardly change any more and are kept for Options.Past.
func (s *Service) pastRanks(ctx context.Context, k foldKey) (map[id.ID]int64, error) {
	k.span = k.span.Before()
	at := time.Now()
	if kept, ok := s.past.get(k, 0); ok {
		return kept.(map[id.ID]int64), nil
	}
	f, err := s.fold(ctx, k)
	if err != nil {
		return nil, err
	}
	ranks := f.ranks()
	s.past.put(k, 0, at, ranks)
	return ranks, nil
}
