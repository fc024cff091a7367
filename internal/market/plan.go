package market

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
)

// DeadDays is after how many days without a redemption goods with stock count as dead (滞销).
const DeadDays = 90

// Plan is what a shop should buy next and what it should not (采购参考).
type Plan struct {
	Shop   id.ID      `json:"shop"`
	On     clock.Day  `json:"on"`
	Days   int        `json:"days" doc:"days that turnover is counted over"`
	Items  []PlanLine `json:"items" doc:"goods on sale, the most urgent first"`
	Wishes []Wish     `json:"wishes" doc:"open wishes of the village, the most wanted first"`
}

// PlanLine is one goods of a plan.
type PlanLine struct {
	Goods     id.ID     `json:"goods"`
	Name      string    `json:"name"`
	Unit      string    `json:"unit"`
	Stock     int64     `json:"stock" doc:"good pieces"`
	ReorderAt int64     `json:"reorder_at"`
	Low       bool      `json:"low" doc:"at or below the reorder level"`
	Redeemed  int64     `json:"redeemed" doc:"pieces given out in those days, less what came back"`
	LastOn    clock.Day `json:"last_on" doc:"the last day one was given out in the last year; empty: none"`
	Dead      bool      `json:"dead" doc:"it has stock and nobody took one for 90 days"`
	DaysLeft  int64     `json:"days_left" doc:"how long the stock lasts at that rate; -1: nobody takes it"`
	Buy       int64     `json:"buy" doc:"pieces to buy so that it lasts as many days again"`
}

// Plan works out turnover, dead stock and what runs short over some days (0: 90), beside the open wishes.
func (s *Service) Plan(ctx context.Context, a access.Actor, in, shop id.ID, days int) (Plan, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Plan{}, err
	}
	days = cmp.Or(days, DeadDays)
	if days < 1 || days > 365 {
		return Plan{}, wrong("days", "天数应在1到365之间")
	}
	today := clock.DayOf(s.now())
	p := Plan{Shop: shop, On: today, Days: days, Items: []PlanLine{}}
	rows, err := s.db.Query(ctx, `SELECT g.id, g.name, g.unit, g.reorder_at, g.terms, g.created_at,
		COALESCE((SELECT SUM(l.qty_left) FROM stock_lots l WHERE l.goods_id = g.id AND l.expires_on >= ?), 0),
		COALESCE(-SUM(CASE WHEN m.moved_on >= ? THEN m.qty END), 0), COALESCE(MAX(CASE WHEN m.kind = 'redeem' THEN m.moved_on END), 0)
		FROM goods g LEFT JOIN stock_moves m ON m.goods_id = g.id AND m.shop_id = g.shop_id AND m.kind IN ('redeem', 'return') AND m.moved_on >= ?
		WHERE g.shop_id = ? AND g.state = 'on' GROUP BY g.id, g.name, g.unit, g.reorder_at, g.terms, g.created_at`, today, today.Add(1-days), today.Add(-366), shop)
	if err := each(rows, err, func(r *sql.Rows) error {
		var l PlanLine
		var made int64
		var text string
		if err := r.Scan(&l.Goods, &l.Name, &l.Unit, &l.ReorderAt, &text, &made, &l.Stock, &l.Redeemed, &l.LastOn); err != nil {
			return err
		}
		if terms, err := goodsTerms(text); err != nil || terms.Fee { // a fee has no stock
			return err
		}
		l.judge(today, clock.DayOf(clock.FromMs(made)), days)
		p.Items = append(p.Items, l)
		return nil
	}); err != nil {
		return Plan{}, err
	}
	slices.SortFunc(p.Items, func(x, y PlanLine) int {
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(y.Redeemed, x.Redeemed), cmp.Compare(x.Goods, y.Goods))
	})
	p.Wishes, err = s.readWishes(ctx, a, "w.village_id = ? AND w.open_key = 0 ORDER BY w.votes DESC, w.id LIMIT 50", in)
	return p, err
}

// judge: dead is what has stock, has been there for so long, and nobody took.
func (l *PlanLine) judge(today, made clock.Day, days int) {
	l.Low = l.Stock <= l.ReorderAt
	seen := max(l.LastOn, made)
	l.Dead = l.Stock > 0 && today.Sub(seen) >= DeadDays
	l.DaysLeft = -1
	if l.Redeemed > 0 {
		l.DaysLeft = l.Stock * int64(days) / l.Redeemed
		l.Buy = max(0, l.Redeemed-l.Stock)
	}
	if l.Low {
		l.Buy = max(l.Buy, l.ReorderAt+1-l.Stock)
	}
}

// rank puts what runs short first and what nobody takes last.
func (l *PlanLine) rank() int {
	switch {
	case l.Low && !l.Dead:
		return 0
	case l.Buy > 0:
		return 1
	case l.Dead:
		return 3
	}
	return 2
}
