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
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Village is how one village is doing in a span.
type Village struct {
	ID   id.ID      `json:"id"`
	Name string     `json:"name"`
	Span clock.Span `json:"span"`
	AsOf int64      `json:"as_of" doc:"of the roll-up, milliseconds since 1970 UTC; 0: none yet"`

	Sum     Figures `json:"sum"`
	Before  Figures `json:"before" doc:"the whole span before: last year's, last month's"`
	Quiet   int64   `json:"quiet" doc:"households without any deed in the span"`
	Waiting int64   `json:"waiting" doc:"records that waited for approval at the last roll-up"`
	Trend   []Month `json:"trend" doc:"the months of the year, or the twelve up to the month"`
	Days    []Day   `json:"days" doc:"of a month: its days on which something happened"`
	Classes []Class `json:"classes" doc:"most points first"`
	Goods   []Goods `json:"goods" doc:"most points first"`
}

// Day is a day of a month.
type Day struct {
	On       clock.Day     `json:"on"`
	Earned   points.Amount `json:"earned"`
	Issued   points.Amount `json:"issued"`
	Redeemed points.Amount `json:"redeemed"`
}

// Goods is what was redeemed of one goods.
type Goods struct {
	Name   string        `json:"name"`
	Unit   string        `json:"unit"`
	Qty    int64         `json:"qty"`
	Amount points.Amount `json:"amount"`
}

// Village reads the figures of a village, those of villages that were merged into it included. ErrSpan.
func (s *Service) Village(ctx context.Context, a access.Actor, in id.ID, span clock.Span) (Village, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Village{}, err
	}
	return s.village(ctx, in, span)
}

func (s *Service) village(ctx context.Context, in id.ID, span clock.Span) (Village, error) {
	today := clock.DayOf(s.now())
	if !goodSpan(span, today) {
		return Village{}, ErrSpan
	}
	at, err := s.villages.Region(ctx, in)
	if err != nil {
		return Village{}, err
	}
	l, err := s.land(ctx, at, today)
	if err != nil {
		return Village{}, err
	}
	r := Region{ID: in, Span: span, By: ByVillage, Trend: []Month{}, Classes: []Class{}}
	if err := s.fillRegion(ctx, &r, l); err != nil {
		return Village{}, err
	}
	v := Village{ID: in, Name: at.Name, Span: span, AsOf: r.AsOf, Sum: r.Sum, Before: r.Before, Quiet: max(0, r.Sum.Households-r.Sum.Active),
		Trend: r.Trend, Classes: r.Classes, Days: []Day{}, Goods: []Goods{}}
	if len(l.villages) == 0 { // it was merged into another
		return v, nil
	}
	if v.Goods, err = s.goods(ctx, span, l.villages); err != nil {
		return v, err
	}
	if span%100 != 0 {
		if v.Days, err = s.days(ctx, span, l.villages); err != nil {
			return v, err
		}
	}
	err = s.db.QueryRow(ctx, "SELECT COALESCE(SUM(waiting), 0) FROM report_villages WHERE village_id IN "+storage.In(len(l.villages)), storage.Args(l.villages)...).Scan(&v.Waiting)
	return v, err
}

func (s *Service) goods(ctx context.Context, span clock.Span, villages []id.ID) ([]Goods, error) {
	first := span
	if span%100 == 0 {
		first = span + 1
	}
	all := []Goods{}
	rows, err := s.db.Query(ctx, `SELECT o.name, o.unit, SUM(g.qty), SUM(g.amount) FROM report_goods g JOIN goods o ON o.id = g.goods_id
		WHERE g.span >= ? AND g.span <= ? AND g.village_id IN `+storage.In(len(villages))+" GROUP BY o.name, o.unit", storage.Args(villages, any(first), any(lastMonth(span)))...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var g Goods
		err := r.Scan(&g.Name, &g.Unit, &g.Qty, &g.Amount)
		if g.Qty != 0 || g.Amount != 0 {
			all = append(all, g)
		}
		return err
	}); err != nil {
		return nil, fmt.Errorf("read goods: %w", err)
	}
	slices.SortFunc(all, func(a, b Goods) int {
		return cmp.Or(cmp.Compare(b.Amount, a.Amount), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Unit, b.Unit))
	})
	return all, nil
}

func (s *Service) days(ctx context.Context, span clock.Span, villages []id.ID) ([]Day, error) {
	all := []Day{}
	rows, err := s.db.Query(ctx, "SELECT on_day, SUM(earned), SUM(issued), SUM(redeemed) FROM report_days WHERE on_day >= ? AND on_day <= ? AND village_id IN "+
		storage.In(len(villages))+" GROUP BY on_day ORDER BY on_day", storage.Args(villages, any(span.First()), any(span.Last()))...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var d Day
		err := r.Scan(&d.On, &d.Earned, &d.Issued, &d.Redeemed)
		all = append(all, d)
		return err
	}); err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}
	return all, nil
}
