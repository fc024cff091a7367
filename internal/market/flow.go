package market

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// flow is what came and went.
type flow struct {
	months   []MonthFlow
	forecast Forecast
}

// carry multiplies what happened in the days looked at to the days to come.
func (f *flow) carry(p points.Amount) points.Amount {
	return p * points.Amount(f.forecast.Days) / points.Amount(max(1, f.forecast.RateDays))
}

// flow reads the entries of 12 months: redeemed is what redemptions took less what was given back, issued is all other change.
func (s *Service) flow(ctx context.Context, in id.ID, today clock.Day, year bool) (*flow, error) {
	f := &flow{months: []MonthFlow{}}
	start := today.StartOfMonth().AddMonths(-11)
	at := map[clock.Span]*MonthFlow{}
	if !year {
		start = today.Add(1 - rateDays)
	}
	for i := 0; year && i < 12; i++ {
		f.months = append(f.months, MonthFlow{Month: clock.MonthSpan(start.AddMonths(i))})
	}
	for i := range f.months {
		at[f.months[i].Month] = &f.months[i]
	}
	last := clock.MakeDay(today.Year(), 12, 31)
	from := today.Add(1 - rateDays)
	f.forecast = Forecast{Until: last, Days: last.Sub(today), RateDays: rateDays}
	var earliest clock.Day
	if err := s.db.QueryRow(ctx, "SELECT COALESCE(MIN(counted_on), 0) FROM entries WHERE village_id = ?", in).Scan(&earliest); err != nil {
		return nil, fmt.Errorf("read first entry: %w", err)
	}
	if earliest > from || earliest == 0 {
		f.forecast.RateDays = today.Sub(cmp.Or(earliest, today)) + 1
	}
	rows, err := s.db.Query(ctx, `SELECT e.counted_on, CASE WHEN e.kind = 'redeem' OR e.kind = 'reverse' AND e.ref LIKE 'redeem:%' THEN 1 ELSE 0 END AS taken, SUM(e.amount)
		FROM entries e WHERE e.village_id = ? AND e.counted_on >= ? AND e.counted_on <= ?
		AND e.wallet IN (SELECT b.wallet FROM accounts a JOIN balances b ON b.account_id = a.id WHERE a.village_id = ? AND b.kind = 'spend')
		GROUP BY e.counted_on, taken`, in, min(start, from), today, in)
	if err := each(rows, err, func(r *sql.Rows) error {
		var day clock.Day
		var taken bool
		var sum points.Amount
		if err := r.Scan(&day, &taken, &sum); err != nil {
			return err
		}
		f.count(at, day, day >= from, taken, sum)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	rows, err = s.db.Query(ctx, `SELECT m.moved_on, m.kind = 'income' OR m.kind = 'undo' AND m.about_id = 0, m.amount_fen FROM fund_moves m JOIN funds f ON f.id = m.fund_id
		WHERE f.owner_id = ? AND m.moved_on >= ?`, in, start)
	return f, each(rows, err, func(r *sql.Rows) error {
		var day clock.Day
		var income bool
		var fen int64
		if err := r.Scan(&day, &income, &fen); err != nil {
			return err
		}
		if m := at[clock.MonthSpan(day)]; m == nil {
		} else if income {
			m.IncomeFen += fen
		} else {
			m.PaidFen -= fen
		}
		return nil
	})
}

func (f *flow) count(at map[clock.Span]*MonthFlow, day clock.Day, recent, taken bool, sum points.Amount) {
	m := at[clock.MonthSpan(day)]
	if m == nil {
		m = &MonthFlow{} // before the twelve months, within the 90 days: never
	}
	if taken {
		m.Redeemed -= sum
		if recent {
			f.forecast.Redeemed -= sum
		}
		return
	}
	m.Issued += sum
	if recent {
		f.forecast.Issued += sum
	}
}
