package report

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Ways to list what lies in a region, and orders of the list.
const (
	ByTown    = "town"
	ByVillage = "village"

	OrderCode   = "code"
	OrderActive = "active" // a ranking
	OrderIssued = "issued" // a ranking
)

// Question is what is asked of a region. The zero values of By and Order take the default.
type Question struct {
	Span  clock.Span // a year or a month
	By    string     // ByTown or ByVillage; towns of a county, villages of a town
	Order string     // OrderCode unless the region has opened the ranking of its villages
}

// Region is how the villages of a town or county are doing.
type Region struct {
	ID    id.ID      `json:"id"`
	Name  string     `json:"name"`
	Kind  string     `json:"kind" enum:"county,town,village"`
	Span  clock.Span `json:"span"`
	By    string     `json:"by" enum:"town,village"`
	Order string     `json:"order" enum:"code,active,issued"`
	AsOf  int64      `json:"as_of" doc:"of the oldest roll-up among its villages, milliseconds since 1970 UTC; 0: none yet"`

	Sum     Figures `json:"sum"`
	Before  Figures `json:"before" doc:"the whole span before: last year's, last month's"`
	Items   []Part  `json:"items" doc:"in order of their codes, unless a ranking was asked for and is open"`
	Trend   []Month `json:"trend" doc:"the months of the year, or the twelve up to the month"`
	Classes []Class `json:"classes" doc:"by name, most points first"`
	Ranked  bool    `json:"ranked" doc:"the region has opened the ranking of its villages: they may be listed in another order"`
	Note    string  `json:"note,omitempty" doc:"what a ranking is not for"`
}

// Part is a town or village of a region.
type Part struct {
	ID   id.ID  `json:"id"`
	Code string `json:"code"`
	Name string `json:"name"`
	Town id.ID  `json:"town,omitempty"`
	Figures

	apart bool // its rules keep it out of rankings
}

const rankingNote = "本排序只供交流参考，不得用来考核干部。"

// Region adds up the villages of a town or county. ErrSpan, ErrBy; ErrOrder for a ranking that is not open.
func (s *Service) Region(ctx context.Context, a access.Actor, region id.ID, q Question) (Region, error) {
	if err := a.Allow(MayCount, access.Place{Region: region}); err != nil {
		return Region{}, err
	}
	today := clock.DayOf(s.now())
	if !goodSpan(q.Span, today) {
		return Region{}, ErrSpan
	}
	at, err := s.villages.Region(ctx, region)
	if err != nil {
		return Region{}, err
	}
	if q.By == "" {
		if q.By = ByVillage; at.Kind == village.County {
			q.By = ByTown
		}
	}
	if q.By != ByVillage && (q.By != ByTown || at.Kind != village.County) {
		return Region{}, ErrBy
	}
	open, err := s.villages.Setting(ctx, region, board.TownSetting, today)
	if err != nil {
		return Region{}, err
	}
	q.Order = cmp.Or(q.Order, OrderCode)
	out := Region{ID: region, Name: at.Name, Kind: at.Kind, Span: q.Span, By: q.By, Order: q.Order, Ranked: open == "on", Trend: []Month{}, Classes: []Class{}}
	if q.Order != OrderCode && !out.Ranked {
		return Region{}, ErrOrder
	}
	land, err := s.land(ctx, at, today)
	if err != nil {
		return Region{}, err
	}
	if err := s.fillRegion(ctx, &out, land); err != nil {
		return Region{}, err
	}
	return out, s.order(ctx, &out, q, today)
}

// goodSpan: a year or a month that has begun.
func goodSpan(span clock.Span, today clock.Day) bool {
	return span.Total() && span.First() <= today
}

// land is what lies in a region: the villages whose entries count there, and the part each counts in.
type land struct {
	parts    []Part
	of       map[id.ID]int // villages, merged ones too → place of their part, by village
	town     map[id.ID]int // towns
	villages []id.ID       // keys of of, padded
}

// land reads the towns and villages of a region as they are today. A village that was merged into another counts with it.
func (s *Service) land(ctx context.Context, at village.Region, today clock.Day) (*land, error) {
	l := &land{of: map[id.ID]int{}, town: map[id.ID]int{}}
	into := map[id.ID]id.ID{}
	rows, err := s.db.Query(ctx, `SELECT id, kind, town_id, code, name, to_day, into_id FROM regions
		WHERE kind IN ('town', 'village') AND (id = ? OR town_id = ? OR county_id = ?) OR kind = 'village' AND into_id <> 0 ORDER BY code, id`, at.ID, at.ID, at.ID)
	if err := each(rows, err, func(r *sql.Rows) error {
		var p Part
		var kind string
		var to clock.Day
		var next id.ID
		err := r.Scan(&p.ID, &kind, &p.Town, &p.Code, &p.Name, &to, &next)
		switch {
		case kind == village.Town && p.ID != at.ID:
			l.town[p.ID] = -1 // its place is known when the villages are
			l.parts = append(l.parts, p)
		case kind == village.Village:
			if into[p.ID] = next; next == 0 && to > today {
				l.of[p.ID] = -1
				l.parts = append(l.parts, p)
			}
		}
		return err
	}); err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	for i, p := range l.parts {
		if l.town[p.ID] < 0 {
			l.town[p.ID] = i
		} else {
			l.of[p.ID] = i
		}
	}
	for v := range into {
		if i, ok := l.of[successor(into, v)]; ok {
			l.of[v] = i
		}
	}
	for v := range l.of {
		l.villages = append(l.villages, v)
	}
	slices.Sort(l.villages)
	l.villages = storage.Padded(l.villages)
	return l, nil
}

// fillRegion reads what was rolled up.
func (s *Service) fillRegion(ctx context.Context, out *Region, l *land) error {
	if len(l.villages) > 0 {
		if err := s.addMonths(ctx, out, l); err != nil {
			return fmt.Errorf("read figures: %w", err)
		}
		var err error
		if out.Trend, err = s.trend(ctx, out.Span, l.villages); err != nil {
			return err
		}
		if out.Classes, err = s.classes(ctx, out.Span, l.villages); err != nil {
			return err
		}
	}
	out.Items = []Part{}
	for i, p := range l.parts {
		if _, town := l.town[p.ID]; town == (out.By == ByTown) {
			out.Items = append(out.Items, l.parts[i])
		}
	}
	return nil
}

// addMonths adds the villages' rows to their parts, to their towns and to the sum.
func (s *Service) addMonths(ctx context.Context, out *Region, l *land) error {
	in := "village_id IN " + storage.In(len(l.villages))
	if err := s.db.QueryRow(ctx, "SELECT COALESCE(MIN(as_of), 0) FROM report_villages WHERE as_of > 0 AND "+in, storage.Args(l.villages)...).Scan(&out.AsOf); err != nil {
		return err
	}
	rows, err := s.db.Query(ctx, "SELECT "+monthColumns+" FROM report_months WHERE span IN (?, ?) AND "+in, storage.Args(l.villages, any(out.Span), any(out.Span.Before()))...)
	return each(rows, err, func(r *sql.Rows) error {
		of, m, err := scanMonth(r)
		switch {
		case err != nil:
		case m.span == out.Span:
			l.add(out, of, &m.Figures)
		default:
			out.Before.add(&m.Figures)
		}
		return err
	})
}

func (l *land) add(out *Region, of id.ID, f *Figures) {
	p := &l.parts[l.of[of]]
	p.Figures.add(f)
	if i, ok := l.town[p.Town]; ok {
		l.parts[i].Figures.add(f)
	}
	out.Sum.add(f)
}

// lastMonth is the last month of a year or month.
func lastMonth(span clock.Span) clock.Span { return clock.MonthSpan(span.Last()) }

// trend is the months of a year, or the twelve that end with a month, of several villages together.
func (s *Service) trend(ctx context.Context, span clock.Span, villages []id.ID) ([]Month, error) {
	last := lastMonth(span)
	first := clock.MonthSpan(last.First().AddMonths(-11))
	all := []Month{}
	for m := first; m <= last; m = next(m) {
		all = append(all, Month{Month: m})
	}
	rows, err := s.db.Query(ctx, `SELECT span, SUM(households), SUM(active), SUM(deeds), SUM(earned), SUM(lost), SUM(issued), SUM(deducted), SUM(redeemed), SUM(expired), SUM(other),
		SUM(outstanding), SUM(late_reviews), SUM(late_objections) FROM report_months WHERE span >= ? AND span <= ? AND span % 100 <> 0 AND village_id IN `+
		storage.In(len(villages))+" GROUP BY span", storage.Args(villages, any(first), any(last))...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var m Month
		f := &m.Figures
		err := r.Scan(&m.Month, &f.Households, &f.Active, &f.Deeds, &f.Earned, &f.Lost, &f.Issued, &f.Deducted, &f.Redeemed, &f.Expired, &f.Other, &f.Outstanding, &f.LateReviews, &f.LateObjections)
		f.rate()
		for i := range all {
			if all[i].Month == m.Month {
				all[i].Figures = m.Figures
			}
		}
		return err
	}); err != nil {
		return nil, fmt.Errorf("read trend: %w", err)
	}
	return begun(all, clock.DayOf(s.now())), nil
}

// begun leaves out the months to come.
func begun(all []Month, today clock.Day) []Month {
	return slices.DeleteFunc(all, func(m Month) bool { return m.Month.First() > today })
}

// classes adds up deeds by class. Villages call their classes as they like; those of one name are taken together.
func (s *Service) classes(ctx context.Context, span clock.Span, villages []id.ID) ([]Class, error) {
	first := span
	if span%100 == 0 {
		first = span + 1
	}
	all := []Class{}
	rows, err := s.db.Query(ctx, "SELECT name, SUM(earned), SUM(lost) FROM report_classes WHERE span >= ? AND span <= ? AND village_id IN "+storage.In(len(villages))+
		" GROUP BY name", storage.Args(villages, any(first), any(lastMonth(span)))...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var c Class
		err := r.Scan(&c.Name, &c.Earned, &c.Lost)
		all = append(all, c)
		return err
	}); err != nil {
		return nil, fmt.Errorf("read classes: %w", err)
	}
	slices.SortFunc(all, func(a, b Class) int { return cmp.Or(cmp.Compare(b.Earned, a.Earned), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

// order ranks the list where that was asked for and is open. Villages whose rules stay out of rankings come last, by code.
func (s *Service) order(ctx context.Context, out *Region, q Question, today clock.Day) error {
	if q.Order == OrderCode {
		return nil
	}
	out.Note = rankingNote
	if q.By == ByVillage {
		for i := range out.Items {
			v, err := s.book.InForce(ctx, out.Items[i].ID, min(today, q.Span.Last()))
			out.Items[i].apart = err != nil || !v.Scheme.Boards.Villages
		}
	}
	slices.SortStableFunc(out.Items, func(a, b Part) int {
		if a.apart || b.apart {
			return cmp.Compare(bit(a.apart), bit(b.apart))
		}
		if q.Order == OrderActive { // a/ah > b/bh, without rounding
			return cmp.Compare(b.Active*max(a.Households, 1), a.Active*max(b.Households, 1))
		}
		return cmp.Compare(b.Issued*points.Amount(max(a.Households, 1)), a.Issued*points.Amount(max(b.Households, 1)))
	})
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
