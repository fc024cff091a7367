package market

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// MaySeeLeases is for every keeper and official of the village: a device that holds the lease keeps all others from one.
var MaySeeLeases = access.Need{Scope: access.Village, Roles: MaySeeStock.Roles}

// LeaseGist is a lease in the village's list: who holds it, where, and what came of it.
type LeaseGist struct {
	ID         id.ID         `json:"id"`
	Shop       id.ID         `json:"shop"`
	ShopName   string        `json:"shop_name"`
	Keeper     id.ID         `json:"keeper"`
	KeeperName string        `json:"keeper_name" doc:"who took it"`
	TakenAt    int64         `json:"taken_at" doc:"milliseconds since 1970 UTC"`
	EndsAt     int64         `json:"ends_at" doc:"milliseconds since 1970 UTC"`
	ClosedAt   int64         `json:"closed_at,omitempty" doc:"milliseconds since 1970 UTC; empty: not given back"`
	ClosedBy   string        `json:"closed_by,omitempty" doc:"who ended it"`
	Open       bool          `json:"open" doc:"the device may redeem by it now; no other can take one"`
	Households int           `json:"households" doc:"households in it"`
	Spent      points.Amount `json:"spent" doc:"by what has been brought back"`
	Returned   int           `json:"returned" doc:"redemptions brought back so far"`
	Waiting    int           `json:"waiting" doc:"of them, those on which somebody must decide"`
	MayClose   bool          `json:"may_close" doc:"the caller may end it"`
}

// Leases is a page of them, newest first.
type Leases struct {
	Items []LeaseGist `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Leases lists the leases of a village. A keeper ends those of the own shop, an official any; see CloseLease.
func (s *Service) Leases(ctx context.Context, a access.Actor, in id.ID, page Page) (Leases, error) {
	if err := a.Allow(MaySeeLeases, access.Place{Village: in}); err != nil {
		return Leases{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Leases{}, err
	}
	now, list, users := clock.Ms(s.now()), []LeaseGist{}, []id.ID{}
	var closers []id.ID
	rows, err := s.db.Query(ctx, `SELECT l.id, l.shop_id, COALESCE(s.name, ''), l.keeper, l.taken_at, l.ends_at, l.closed_at, l.closed_by,
		(SELECT COUNT(*) FROM lease_lines x WHERE x.lease_id = l.id), (SELECT COALESCE(SUM(x.spent), 0) FROM lease_lines x WHERE x.lease_id = l.id),
		(SELECT COUNT(*) FROM lease_returns r WHERE r.lease_id = l.id), (SELECT COUNT(*) FROM lease_returns r WHERE r.lease_id = l.id AND r.state = 'waiting')
		FROM leases l LEFT JOIN shops s ON s.id = l.shop_id WHERE l.village_id = ? AND l.id < ? ORDER BY l.id DESC`+page.rows(), in, before)
	err = each(rows, err, func(r *sql.Rows) error {
		var l LeaseGist
		var by id.ID
		err := r.Scan(&l.ID, &l.Shop, &l.ShopName, &l.Keeper, &l.TakenAt, &l.EndsAt, &l.ClosedAt, &by, &l.Households, &l.Spent, &l.Returned, &l.Waiting)
		l.Open = l.ClosedAt == 0 && l.EndsAt > now
		l.MayClose = l.Open && a.Allow(MayRedeem, access.Place{Village: in, Shop: l.Shop}) == nil
		list, closers, users = append(list, l), append(closers, by), append(users, l.Keeper, by)
		return err
	})
	if err != nil {
		return Leases{}, fmt.Errorf("read leases: %w", err)
	}
	names, err := s.userNames(ctx, users)
	if err != nil {
		return Leases{}, err
	}
	for i := range list {
		list[i].KeeperName, list[i].ClosedBy = names[list[i].Keeper], names[closers[i]]
	}
	items, next := cut(list, page.limit(), func(l LeaseGist) id.ID { return l.ID })
	return Leases{items, next}, nil
}

// describe fills in what people need to know of what was brought back before they decide on it.
func (s *Service) describe(ctx context.Context, list []LeaseReturn) error {
	var homes, goods, users []id.ID
	for _, n := range list {
		homes, users = append(homes, n.Household), append(users, n.Keeper)
		for _, l := range n.body.Lines {
			goods = append(goods, l.Goods)
		}
	}
	people, err := s.pairs(ctx, "SELECT id, number, name FROM households WHERE id IN ", homes)
	if err != nil {
		return err
	}
	things, err := s.pairs(ctx, "SELECT id, name, unit FROM goods WHERE id IN ", goods)
	if err != nil {
		return err
	}
	names, err := s.userNames(ctx, users)
	if err != nil {
		return err
	}
	for i := range list {
		n := &list[i]
		n.HouseholdNumber, n.HouseholdName, n.KeeperName = people[n.Household][0], people[n.Household][1], names[n.Keeper]
		words := make([]string, len(n.body.Lines))
		for j, l := range n.body.Lines {
			name := things[l.Goods][0]
			if name == "" {
				name = "不认识的商品"
			}
			words[j] = fmt.Sprintf("%s×%d", name, l.Qty)
		}
		n.What = strings.Join(words, "、")
	}
	return nil
}

// pairs are two texts of each row, by id.
func (s *Service) pairs(ctx context.Context, query string, ids []id.ID) (map[id.ID][2]string, error) {
	found := map[id.ID][2]string{}
	for chunk := range storage.Chunks(ids, storage.ChunkRows) {
		padded := storage.Padded(chunk)
		rows, err := s.db.Query(ctx, query+storage.In(len(padded)), storage.Args(padded)...)
		if err := each(rows, err, func(r *sql.Rows) error {
			var k id.ID
			var v [2]string
			err := r.Scan(&k, &v[0], &v[1])
			found[k] = v
			return err
		}); err != nil {
			return nil, err
		}
	}
	return found, nil
}
