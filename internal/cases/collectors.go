package cases

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// MaySeeCollectors: those who look on, not the collectors themselves.
var MaySeeCollectors = access.Need{Roles: []access.Role{access.FirstSecretary, access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}

// ErrSpan refuses a stretch of days that is empty or longer than a year.
var ErrSpan = errs.New(errs.Invalid, "cases_span", "请选择起止日期，最长一年")

// topHouseholds is how many households are named of each collector.
const topHouseholds = 5

// Given is what was awarded and deducted.
type Given struct {
	Cases    int           `json:"cases"`
	Awarded  points.Amount `json:"awarded"`
	Deducted points.Amount `json:"deducted" doc:"without sign"`
}

func (g *Given) add(o Given) {
	g.Cases, g.Awarded, g.Deducted = g.Cases+o.Cases, g.Awarded+o.Awarded, g.Deducted+o.Deducted
}

// Collector is what somebody has entered that stands (登记人), and how much of it was the own judgement.
type Collector struct {
	User       id.ID            `json:"user"`
	Name       string           `json:"name"`
	All        Given            `json:"all"`
	Discretion Given            `json:"discretion" doc:"items with a range, grades, faults or a sheet: somebody judged how much"`
	Households int              `json:"households" doc:"how many households it was about"`
	Reversed   int              `json:"reversed" doc:"records that were taken back"`
	Top        []CollectorsHome `json:"top" doc:"the households that were given most, at most five"`
}

// CollectorsHome is what a collector entered for one household.
type CollectorsHome struct {
	Household  id.ID  `json:"household"`
	Number     string `json:"number"`
	Name       string `json:"name"`
	All        Given  `json:"all"`
	Discretion Given  `json:"discretion"`
}

// Collectors are the figures of all who entered records that were decided between two days, both inside: who awards whom and
// how much at discretion, by what was awarded at discretion. Claims of villagers are not counted.
func (s *Service) Collectors(ctx context.Context, a access.Actor, where id.ID, from, to clock.Day) ([]Collector, error) {
	if err := a.Allow(MaySeeCollectors, access.Place{Village: where}); err != nil {
		return nil, err
	}
	if !from.Valid() || !to.Valid() || to < from || to.Sub(from) > 366 {
		return nil, ErrSpan
	}
	v, err := s.rules.InForce(ctx, where, to)
	if err != nil {
		return nil, err
	}
	of, homes := map[id.ID]*Collector{}, map[id.ID]map[id.ID]*CollectorsHome{}
	err = each(func(row *collected, rows *sql.Rows) error {
		if err := row.scan(rows); err != nil {
			return err
		}
		c := of[row.author]
		if c == nil {
			c = &Collector{User: row.author, Name: row.name}
			of[row.author], homes[row.author] = c, map[id.ID]*CollectorsHome{}
		}
		if row.state == Reversed {
			c.Reversed += row.given.Cases
			return nil
		}
		h := homes[row.author][row.home.Household]
		if h == nil {
			h = &row.home
			homes[row.author][h.Household] = h
		}
		c.All.add(row.given)
		h.All.add(row.given)
		if item, ok := v.Scheme.Item(row.item); ok && judged(item) {
			c.Discretion.add(row.given)
			h.Discretion.add(row.given)
		}
		return nil
	})(s.db.Query(ctx, `SELECT x.author, COALESCE(u.name, ''), x.household_id, COALESCE(h.number, ''), COALESCE(h.name, ''), x.item, x.state, x.n, x.up, x.down FROM
		(SELECT author, household_id, item, CASE WHEN state = 'reversed' THEN 'reversed' ELSE '' END AS state, COUNT(*) AS n,
			SUM(CASE WHEN counted > 0 THEN counted ELSE 0 END) AS up, SUM(CASE WHEN counted < 0 THEN -counted ELSE 0 END) AS down
		FROM cases WHERE village_id = ? AND decided_at >= ? AND decided_at < ? AND way = '' AND decided_no > 0
		GROUP BY author, household_id, item, CASE WHEN state = 'reversed' THEN 'reversed' ELSE '' END) x
		LEFT JOIN users u ON u.id = x.author LEFT JOIN households h ON h.id = x.household_id`, where, clock.Ms(from.Start()), clock.Ms(to.Add(1).Start())))
	if err != nil {
		return nil, fmt.Errorf("read collectors: %w", err)
	}
	out := []Collector{}
	for user, c := range of {
		for _, h := range homes[user] {
			if h.Household != 0 {
				c.Households++
				c.Top = append(c.Top, *h)
			}
		}
		slices.SortFunc(c.Top, func(a, b CollectorsHome) int {
			return cmp.Or(cmp.Compare(b.Discretion.Awarded, a.Discretion.Awarded), cmp.Compare(b.All.Awarded, a.All.Awarded), cmp.Compare(a.Number, b.Number))
		})
		c.Top = c.Top[:min(len(c.Top), topHouseholds)]
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Collector) int {
		return cmp.Or(cmp.Compare(b.Discretion.Awarded, a.Discretion.Awarded), cmp.Compare(b.All.Awarded, a.All.Awarded), cmp.Compare(a.User, b.User))
	})
	return out, nil
}

// collected is one row of the figures.
type collected struct {
	author     id.ID
	name, item string
	state      State
	home       CollectorsHome
	given      Given
}

func (c *collected) scan(rows *sql.Rows) error {
	return rows.Scan(&c.author, &c.name, &c.home.Household, &c.home.Number, &c.home.Name, &c.item, &c.state, &c.given.Cases, &c.given.Awarded, &c.given.Deducted)
}

// judged reports whether somebody judges how much a record of the item is worth.
func judged(i *scheme.Item) bool {
	return slices.Contains([]string{scheme.ValueRange, scheme.ValueGrades, scheme.ValueFaults, scheme.ValueSheet}, i.Value.Kind)
}
