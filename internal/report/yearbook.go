package report

import (
	"context"
	"slices"

	"hefen/internal/access"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

// Yearbook is a village's report of a year or a month, as it is printed or saved.
type Yearbook struct {
	Figures   Village
	Standings []board.Row // masked as the village's rules say
	Subject   string      // households or persons are ranked
	Groups    []Group
	Quiet     []Home // not masked: for those who go and see
	Awards    []Award
}

// Group is the part of a villagers' group.
type Group struct {
	Name string
	Figures
}

// Award is what one household or person was awarded in a round.
type Award struct {
	Round, Tier, Number, Name, Words string
	Place                            int64
	State                            string
	Honour                           bool // a title or a privilege
}

// maxStandings bounds the ranking in a report.
const maxStandings = 5000

// Yearbook puts a village's report together. Names on the ranking are masked as the village's rules say, also for officials,
// because reports hang on walls; the list of those to look in on is not. ErrSpan.
func (s *Service) Yearbook(ctx context.Context, a access.Actor, in id.ID, span clock.Span) (Yearbook, error) {
	if err := a.Allow(MayReport, access.Place{Village: in}); err != nil {
		return Yearbook{}, err
	}
	var b Yearbook
	var err error
	if b.Figures, err = s.village(ctx, in, span); err != nil {
		return b, err
	}
	version, err := s.book.InForce(ctx, in, min(clock.DayOf(s.now()), span.Last()))
	if err != nil {
		return b, err
	}
	kind := board.Households
	if b.Subject = version.Scheme.Subject; b.Subject == scheme.SubjectPerson {
		kind = board.Persons
	}
	for cursor := ""; ; {
		page, err := s.boards.Page(ctx, a, in, board.View{Kind: kind, Span: span}, cursor, board.MaxPage)
		if err != nil {
			return b, err
		}
		for i := range page.Items { // the reader's own is masked like the others
			if r := &page.Items[i]; r.Mine && version.Scheme.Boards.Mask {
				r.Name, r.Number, r.Mine = village.MaskName(r.Name), "", false
			}
		}
		b.Standings = append(b.Standings, page.Items...)
		if cursor = page.Next; cursor == "" || len(b.Standings) >= maxStandings {
			break
		}
	}
	at, err := s.villages.Region(ctx, in)
	if err != nil {
		return b, err
	}
	l, err := s.land(ctx, at, clock.DayOf(s.now()))
	if err == nil && len(l.villages) > 0 {
		b.Awards, err = s.readAwards(ctx, l.villages, span, version.Scheme.Boards.Mask)
	}
	if err != nil {
		return b, err
	}
	homes, err := s.homes(ctx, in, span)
	if err != nil {
		return b, err
	}
	b.Quiet = slices.DeleteFunc(slices.Clone(homes), func(h Home) bool { return h.active })
	scores, err := s.boards.Page(ctx, a, in, board.View{Kind: board.Groups, Span: span}, "", board.MaxPage)
	if err != nil {
		return b, err
	}
	b.Groups = groupsOf(homes, scores.Items)
	return b, nil
}

// groupsOf counts households by group, in the order in which they stand, and adds what the groups scored.
func groupsOf(homes []Home, scores []board.Row) []Group {
	var all []Group
	at := map[string]int{}
	of := func(name string) *Group {
		i, ok := at[name]
		if !ok {
			i = len(all)
			at[name] = i
			all = append(all, Group{Name: name})
		}
		return &all[i]
	}
	for _, h := range homes {
		g := of(h.Group)
		g.Households++
		if h.active {
			g.Active++
		}
		g.rate()
	}
	for _, r := range scores {
		of(r.Name).Earned = r.Amount
	}
	return all
}
