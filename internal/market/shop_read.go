package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Shops lists the shops that serve a village, but not closed ones.
func (s *Service) Shops(ctx context.Context, a access.Actor, in id.ID) (Shops, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return Shops{}, err
	}
	at := s.now()
	today := clock.DayOf(at)
	list, err := readShops(s.query(ctx), at, `FROM shops s JOIN shop_villages v ON v.shop_id = s.id
		WHERE v.village_id = ? AND v.from_day <= ? AND v.to_day > ? AND s.state <> ? ORDER BY s.id`, in, today, today, Closed)
	return Shops{list}, err
}

// Shop is one shop that serves the village.
func (s *Service) Shop(ctx context.Context, a access.Actor, in, shop id.ID) (Shop, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return Shop{}, err
	}
	if _, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now())); err != nil {
		return Shop{}, err
	}
	return s.answerShop(ctx, shop, false)
}

func (s *Service) answerShop(ctx context.Context, shop id.ID, repeated bool) (Shop, error) {
	list, err := readShops(s.query(ctx), s.now(), "FROM shops s WHERE s.id = ?", shop)
	if err != nil {
		return Shop{}, err
	}
	if len(list) == 0 {
		return Shop{}, ErrNoShop
	}
	list[0].Repeated = repeated
	return list[0], nil
}

func readShops(q query, at time.Time, from string, args ...any) ([]Shop, error) {
	list := []Shop{}
	var ids []id.ID
	rows, err := q("SELECT s.id, s.owner_id, s.name, s.address, s.hours, s.state, s.settings "+from, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var o Shop
		var text string
		if err := r.Scan(&o.ID, &o.Owner, &o.Name, &o.Address, &o.Hours, &o.State, &text); err != nil {
			return err
		}
		err := o.describe(text, at)
		list, ids = append(list, o), append(ids, o.ID)
		return err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	served, err := servedBy(q, ids, clock.DayOf(at))
	for i := range list {
		if list[i].Villages = served[list[i].ID]; list[i].Villages == nil {
			list[i].Villages = []id.ID{}
		}
	}
	return list, err
}

func servedBy(q query, shops []id.ID, today clock.Day) (map[id.ID][]id.ID, error) {
	served := map[id.ID][]id.ID{}
	padded := storage.Padded(shops)
	rows, err := q("SELECT shop_id, village_id FROM shop_villages WHERE from_day <= ? AND to_day > ? AND shop_id IN "+storage.In(len(padded))+
		" ORDER BY shop_id, village_id", storage.Args(padded, today, today)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var shop, v id.ID
		err := r.Scan(&shop, &v)
		served[shop] = append(served[shop], v)
		return err
	})
	return served, err
}

// shopAt is a shop as the village in the path may see it: ErrNoShop, or ErrNotServed if it serves others only.
func shopAt(q queryRow, in, shop id.ID, today clock.Day) (Shop, error) {
	var o Shop
	var served id.ID
	var text string
	err := q(`SELECT s.id, s.owner_id, s.name, s.address, s.hours, s.state, s.settings, COALESCE(v.village_id, 0)
		FROM shops s LEFT JOIN shop_villages v ON v.shop_id = s.id AND v.village_id = ? AND v.from_day <= ? AND v.to_day > ?
		WHERE s.id = ?`, in, today, today, shop).Scan(&o.ID, &o.Owner, &o.Name, &o.Address, &o.Hours, &o.State, &text, &served)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return o, ErrNoShop
	case err != nil:
		return o, fmt.Errorf("read shop: %w", err)
	case served == 0 && o.Owner != in:
		return o, ErrNotServed
	}
	o.settings, err = readSettings(text)
	return o, err
}

// describe fills in what the settings say, as of an instant.
func (o *Shop) describe(text string, at time.Time) (err error) {
	if o.settings, err = readSettings(text); err != nil {
		return err
	}
	if e := errs.As(openAt(o.State, text, at)); e != nil {
		o.Refuses = e.Msg
	}
	set := o.settings
	o.State = set.stateOn(o.State, clock.DayOf(at))
	o.StateName, o.Kind = shopStates[o.State], cmp.Or(set.Kind, Own)
	o.KindName, o.RedeemDays, o.DaysWords, o.SecondAbove = shopKinds[o.Kind], set.Days, set.Days.words(), set.secondAbove()
	if set.Days.From != "" {
		o.DaysWords += " " + set.Days.From + "—" + set.Days.To
	}
	if o.State == Paused {
		o.PauseReason, o.PausedUntil = set.PauseReason, set.PausedUntil
	}
	return nil
}

// mine is shopAt for who wants to change the shop, its goods or its stock: its keepers, and officials of the region that owns
// it, not those of every village it happens to serve.
func (s *Service) mine(a access.Actor, q queryRow, in, shop id.ID, today clock.Day) (Shop, error) {
	o, err := shopAt(q, in, shop, today)
	if err != nil {
		return o, err
	}
	if o.Owner != in && !a.KeepsShop(shop) && a.Allow(ownsRegion, access.Place{Region: o.Owner}) != nil {
		return o, access.ErrForbidden
	}
	return o, nil
}

// MayAppoint checks that the actor may name keepers of a shop: in the path of the village that owns it, or over the town
// or county that does. Villages that are merely served do not choose another's keepers. ErrNoShop, ErrNotServed,
// access.ErrForbidden.
func (s *Service) MayAppoint(ctx context.Context, a access.Actor, in, shop id.ID) error {
	o, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now()))
	if err != nil {
		return err
	}
	if o.Owner != in && a.Allow(ownsRegion, access.Place{Region: o.Owner}) != nil {
		return access.ErrForbidden
	}
	return nil
}
