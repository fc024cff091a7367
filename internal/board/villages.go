package board

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// MayReadTown: supervisors and county administrators of the town or the county above it.
var MayReadTown = access.Need{Roles: []access.Role{access.Supervisor, access.CountyAdmin}, Scope: access.Region}

// TownSetting is the region setting under which a town opens the ranking of its villages: "on". It is off by default,
// because ranks of villages may not be used to assess cadres.
const TownSetting = "board_villages"

// VillageRow is a village's place among those of its town.
type VillageRow struct {
	Rank         int64         `json:"rank" doc:"by net score per household; ties share a rank"`
	ID           id.ID         `json:"id"`
	Name         string        `json:"name"`
	Amount       points.Amount `json:"amount" doc:"net score of the span over all accounts"`
	Households   int64         `json:"households" doc:"households of the village"`
	PerHousehold points.Amount `json:"per_household" doc:"amount divided by households, in hundredths of a point, rounded down"`
	Tied         bool          `json:"tied"`
}

// VillagesPage is the ranking of a town's villages.
type VillagesPage struct {
	Span  clock.Span   `json:"span"`
	Items []VillageRow `json:"items"`
	Note  string       `json:"note" doc:"what the ranking is not for"`
}

const villagesNote = "本排行只供交流参考，不得用来考核干部。"

type townKey struct {
	town id.ID
	span clock.Span
}

// Villages ranks the villages of a town whose scheme takes part, by net score per household. ErrVillagesOff unless the
// town has opened it; ErrSpan.
func (s *Service) Villages(ctx context.Context, a access.Actor, town id.ID, span clock.Span) (VillagesPage, error) {
	if err := a.Allow(MayReadTown, access.Place{Region: town}); err != nil {
		return VillagesPage{}, err
	}
	today := clock.DayOf(s.now())
	if !goodSpan(span, today) || !span.Total() {
		return VillagesPage{}, ErrSpan
	}
	on, err := s.villages.Setting(ctx, town, TownSetting, today)
	if err != nil {
		return VillagesPage{}, err
	}
	if on != "on" {
		return VillagesPage{}, ErrVillagesOff
	}
	k, at := townKey{town, span}, time.Now()
	rows, ok := s.towns.get(k, 0)
	if !ok {
		made, err := s.sumVillages(ctx, town, span, min(today, span.Last()))
		if err != nil {
			return VillagesPage{}, err
		}
		rows = made
		s.towns.put(k, 0, at, made)
	}
	return VillagesPage{Span: span, Items: slices.Clone(rows.([]VillageRow)), Note: villagesNote}, nil
}

func (s *Service) sumVillages(ctx context.Context, town id.ID, span clock.Span, day clock.Day) ([]VillageRow, error) {
	regions, err := s.villages.Villages(ctx, town, day)
	if err != nil {
		return nil, err
	}
	rows := []VillageRow{}
	scored := map[ref][]id.ID{} // villages that score the same way are summed together
	for _, v := range regions {
		book, err := s.rules(ctx, v.ID, day)
		if err != nil || !book.Boards.Villages {
			continue // a village without a scheme in force, or whose scheme stays out
		}
		way := ref{kind: book.Subject, wallet: book.ScoreWallet(), span: span}
		scored[way] = append(scored[way], v.ID)
		rows = append(rows, VillageRow{ID: v.ID, Name: v.Name})
	}
	amounts, households := map[id.ID]int64{}, map[id.ID]int64{}
	for way, ids := range scored {
		ids = storage.Padded(ids)
		in := storage.In(len(ids))
		if err := s.sumBy(ctx, amounts, `SELECT t.village_id, SUM(t.amount) FROM totals t WHERE t.wallet = ? AND t.span = ? AND t.kind = ? AND t.village_id IN `+in+notGone+` GROUP BY t.village_id`,
			append(storage.Args(ids, any(way.wallet), any(span), any(way.kind)), span.Last())); err != nil {
			return nil, err
		}
		if err := s.sumBy(ctx, households, `SELECT village_id, COUNT(*) FROM accounts WHERE kind = 'household' AND closed_on > ? AND village_id IN `+in+` GROUP BY village_id`,
			storage.Args(ids, any(day))); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		r := &rows[i]
		r.Amount, r.Households = points.Amount(amounts[r.ID]), households[r.ID]
		if r.Households > 0 {
			r.PerHousehold = floorDiv(r.Amount, r.Households)
		}
	}
	rankVillages(rows)
	return rows, nil
}

func rankVillages(rows []VillageRow) {
	slices.SortStableFunc(rows, func(a, b VillageRow) int { return cmp.Compare(b.PerHousehold, a.PerHousehold) })
	for i := range rows {
		rows[i].Rank = int64(i) + 1
		if i > 0 && rows[i].PerHousehold == rows[i-1].PerHousehold {
			rows[i].Rank = rows[i-1].Rank
			rows[i].Tied, rows[i-1].Tied = true, true
		}
	}
}

func floorDiv(a points.Amount, n int64) points.Amount {
	q := int64(a) / n
	if int64(a)%n < 0 {
		q--
	}
	return points.Amount(q)
}

func (s *Service) sumBy(ctx context.Context, into map[id.ID]int64, q string, args []any) error {
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v id.ID
		var n int64
		if err := rows.Scan(&v, &n); err != nil {
			return wrap(err)
		}
		into[v] = n
	}
	return wrap(rows.Err())
}

// OpenVillages opens or closes the ranking of a town's villages, in the name of a user (0: the program's operator).
func (s *Service) OpenVillages(ctx context.Context, by, town id.ID, open bool) error {
	value := ""
	if open {
		value = "on"
	}
	return s.villages.SetSetting(ctx, by, town, TownSetting, value)
}
