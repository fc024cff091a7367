package market

import (
	"cmp"
	"context"
	"database/sql"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
)

func takeLines(q query, take id.ID) ([]StocktakeLine, error) {
	list := []StocktakeLine{}
	rows, err := q(`SELECT l.goods_id, g.name, g.unit, l.found, l.book, l.price, l.reason, l.by_user FROM stocktake_lines l JOIN goods g ON g.id = l.goods_id
		WHERE l.stocktake_id = ? ORDER BY l.goods_id`, take)
	err = each(rows, err, func(r *sql.Rows) error {
		var l StocktakeLine
		err := r.Scan(&l.Goods, &l.Name, &l.Unit, &l.Found, &l.Book, &l.Price, &l.Reason, &l.by)
		l.Diff = l.Found - l.Book
		list = append(list, l)
		return err
	})
	return list, err
}

// Stocktake is one stock-take with its lines.
func (s *Service) Stocktake(ctx context.Context, a access.Actor, in, shop, take id.ID) (Stocktake, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Stocktake{}, err
	}
	list, err := s.readTakes(ctx, "id = ? AND shop_id = ?", take, shop)
	if err != nil || len(list) == 0 {
		return Stocktake{}, cmp.Or[error](err, ErrNoStocktake)
	}
	t := list[0]
	if t.Lines, err = takeLines(s.query(ctx), take); err != nil {
		return Stocktake{}, err
	}
	for _, l := range t.Lines {
		if l.Diff != 0 {
			t.Differ++
		}
	}
	t.Worth = diffWorth(t.Lines)
	o, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now()))
	t.Limit = o.settings.secondAbove()
	t.CanEnd = t.State == TakeWaiting && !t.tookPart(a.User(), t.Lines) && a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}) == nil
	return t, err
}

// Stocktakes lists a shop's stock-takes, newest first.
func (s *Service) Stocktakes(ctx context.Context, a access.Actor, in, shop id.ID, page Page) (Stocktakes, error) {
	before, err := s.seeStock(ctx, a, in, shop, page)
	if err != nil {
		return Stocktakes{}, err
	}
	list, err := s.readTakes(ctx, "shop_id = ? AND id < ? ORDER BY id DESC"+page.rows(), shop, before)
	if err != nil {
		return Stocktakes{}, err
	}
	items, next := cut(list, page.limit(), func(t Stocktake) id.ID { return t.ID })
	return Stocktakes{items, next}, nil
}

func (s *Service) readTakes(ctx context.Context, where string, args ...any) ([]Stocktake, error) {
	list := []Stocktake{}
	var users []id.ID
	rows, err := s.db.Query(ctx, "SELECT id, shop_id, state, counted_on, note, started_by, sent_by, ended_by FROM stocktakes WHERE "+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		t := Stocktake{Lines: []StocktakeLine{}}
		err := r.Scan(&t.ID, &t.Shop, &t.State, &t.On, &t.Note, &t.started, &t.sent, &t.ended)
		t.StateName = takeStates[t.State]
		list, users = append(list, t), append(users, t.started, t.sent, t.ended)
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := s.userNames(ctx, users)
	for i := range list {
		t := &list[i]
		t.StartedBy, t.SentBy, t.EndedBy = names[t.started], names[t.sent], names[t.ended]
	}
	return list, err
}
