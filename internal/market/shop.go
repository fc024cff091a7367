package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// States of a shop. A closed one is kept for its history.
const (
	Open   = "open"
	Paused = "paused"
	Closed = "closed"
)

var shopStates = map[string]string{Open: "营业", Paused: "暂停", Closed: "停业"}

// Shop is a points supermarket (积分超市).
type Shop struct {
	ID        id.ID   `json:"id"`
	Owner     id.ID   `json:"owner" doc:"village or town whose shop it is"`
	Name      string  `json:"name"`
	Address   string  `json:"address"`
	Hours     string  `json:"hours" doc:"opening hours, in words"`
	State     string  `json:"state" enum:"open,paused,closed"`
	StateName string  `json:"state_name"`
	Villages  []id.ID `json:"villages" doc:"villages it serves"`
	Repeated  bool    `json:"repeated" doc:"this request had already been carried out"`
}

// Shops is a list of shops.
type Shops struct {
	Items []Shop `json:"items"`
}

// ShopRequest makes a shop.
type ShopRequest struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Name      string  `json:"name" minLength:"1" maxLength:"60"`
	Address   string  `json:"address,omitempty" maxLength:"120"`
	Hours     string  `json:"hours,omitempty" maxLength:"120"`
	Owner     id.ID   `json:"owner,omitempty" doc:"the town, for a town's shop; without it the village of the path"`
	Villages  []id.ID `json:"villages,omitempty" maxItems:"200" doc:"villages it serves; without them the village of the path"`
}

// ShopEdit changes a shop; what is left out stays.
type ShopEdit struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Name      string  `json:"name,omitempty" maxLength:"60"`
	Address   *string `json:"address,omitempty" maxLength:"120"`
	Hours     *string `json:"hours,omitempty" maxLength:"120"`
	State     string  `json:"state,omitempty" enum:"open,paused,closed"`
	Villages  []id.ID `json:"villages,omitempty" maxItems:"200" doc:"villages it serves from today on"`
}

// CreateShop opens a shop of the village, or of a town whose administrator the actor is.
func (s *Service) CreateShop(ctx context.Context, a access.Actor, in id.ID, r ShopRequest) (Shop, error) {
	if err := a.Allow(MayRunShops, access.Place{Village: in}); err != nil {
		return Shop{}, err
	}
	owner, villages := r.Owner, slices.Clone(r.Villages)
	if owner == 0 {
		owner = in
	}
	if len(villages) == 0 {
		villages = []id.ID{in}
	}
	if owner != in {
		if err := a.Allow(ownsRegion, access.Place{Region: owner}); err != nil {
			return Shop{}, err
		}
	}
	if err := errors.Join(text("name", "超市名称", r.Name, true, 60), text("address", "地址", r.Address, false, 120),
		text("hours", "营业时间", r.Hours, false, 120)); err != nil {
		return Shop{}, first(err)
	}
	if err := mayServe(a, villages); err != nil {
		return Shop{}, err
	}
	at, made := s.now(), s.db.NewID()
	repeated := false
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "market.shop.create", []any{in, r}, made)
		if repeated = again; err != nil || again {
			made = earlier
			return err
		}
		_, err = tx.Exec("INSERT INTO shops (id, owner_id, name, address, hours, state, created_by, created_at) VALUES (?,?,?,?,?,?,?,?)",
			made, owner, r.Name, r.Address, r.Hours, Open, a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrShopName.Wrap(err)
		}
		if err != nil {
			return fmt.Errorf("insert shop: %w", err)
		}
		return serve(tx, made, villages, a.User(), clock.DayOf(at))
	})
	if err != nil {
		return Shop{}, err
	}
	return s.answerShop(ctx, made, repeated)
}

// EditShop renames, pauses, opens or closes a shop or changes which villages it serves.
func (s *Service) EditShop(ctx context.Context, a access.Actor, in, shop id.ID, r ShopEdit) (Shop, error) {
	if err := a.Allow(MayRunShops, access.Place{Village: in}); err != nil {
		return Shop{}, err
	}
	if _, ok := shopStates[r.State]; r.State != "" && !ok {
		return Shop{}, wrong("state", "状态只能是营业、暂停或停业")
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, again, err := tx.Once(a.User(), r.RequestID, "market.shop.edit", []any{in, shop, r}, shop)
		if repeated = again; err != nil || again {
			return err
		}
		if _, err := tx.Exec("UPDATE shops SET rev = rev + 1 WHERE id = ?", shop); err != nil {
			return fmt.Errorf("lock shop: %w", err)
		}
		old, err := s.mine(a, tx.QueryRow, in, shop, clock.DayOf(at))
		if err != nil {
			return err
		}
		if err := old.apply(r); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE shops SET name = ?, address = ?, hours = ?, state = ? WHERE id = ?", old.Name, old.Address, old.Hours, old.State, shop)
		if storage.IsDuplicate(err) {
			return ErrShopName.Wrap(err)
		}
		if err != nil || len(r.Villages) == 0 {
			return err
		}
		return s.reassign(tx, a, shop, r.Villages, clock.DayOf(at))
	})
	if err != nil {
		return Shop{}, err
	}
	return s.answerShop(ctx, shop, repeated)
}

func (o *Shop) apply(r ShopEdit) error {
	if r.Name != "" {
		o.Name = r.Name
	}
	if r.Address != nil {
		o.Address = *r.Address
	}
	if r.Hours != nil {
		o.Hours = *r.Hours
	}
	if r.State != "" {
		o.State = r.State
	}
	return first(errors.Join(text("name", "超市名称", o.Name, true, 60), text("address", "地址", o.Address, false, 120),
		text("hours", "营业时间", o.Hours, false, 120)))
}

// reassign ends the service of villages that are not listed and begins that of new ones, from today.
func (s *Service) reassign(tx *storage.Tx, a access.Actor, shop id.ID, villages []id.ID, today clock.Day) error {
	served, err := servedBy(tx.Query, []id.ID{shop}, today)
	if err != nil {
		return err
	}
	var fresh, gone []id.ID
	for _, v := range villages {
		if !slices.Contains(served[shop], v) {
			fresh = append(fresh, v)
		}
	}
	for _, v := range served[shop] {
		if !slices.Contains(villages, v) {
			gone = append(gone, v)
		}
	}
	if err := mayServe(a, append(slices.Clone(fresh), gone...)); err != nil {
		return err
	}
	for _, v := range gone {
		if _, err := tx.Exec("UPDATE shop_villages SET to_day = ? WHERE shop_id = ? AND village_id = ? AND to_day = ?", today, shop, v, clock.Forever); err != nil {
			return fmt.Errorf("end service: %w", err)
		}
	}
	return serve(tx, shop, fresh, a.User(), today)
}

// mayServe checks that the actor runs shops in each village.
func mayServe(a access.Actor, villages []id.ID) error {
	if len(villages) > MaxServed {
		return wrong("villages", "一个超市最多服务%d个村", MaxServed)
	}
	for _, v := range villages {
		if err := a.Allow(MayRunShops, access.Place{Village: v}); err != nil {
			return err
		}
	}
	return nil
}

func serve(tx *storage.Tx, shop id.ID, villages []id.ID, by id.ID, today clock.Day) error {
	slices.Sort(villages)
	for _, v := range slices.Compact(villages) {
		n, err := tx.Exec("UPDATE shop_villages SET to_day = ? WHERE shop_id = ? AND village_id = ? AND from_day = ?", clock.Forever, shop, v, today)
		if err == nil && n == 0 {
			_, err = tx.Exec("INSERT INTO shop_villages (shop_id, village_id, from_day, to_day, set_by) VALUES (?,?,?,?,?)", shop, v, today, clock.Forever, by)
		}
		if err != nil {
			return fmt.Errorf("serve village: %w", err)
		}
	}
	return nil
}

// Shops lists the shops that serve a village, but not closed ones.
func (s *Service) Shops(ctx context.Context, a access.Actor, in id.ID) (Shops, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return Shops{}, err
	}
	today := clock.DayOf(s.now())
	list, err := readShops(s.query(ctx), today, `FROM shops s JOIN shop_villages v ON v.shop_id = s.id
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
	list, err := readShops(s.query(ctx), clock.DayOf(s.now()), "FROM shops s WHERE s.id = ?", shop)
	if err != nil {
		return Shop{}, err
	}
	if len(list) == 0 {
		return Shop{}, ErrNoShop
	}
	list[0].Repeated = repeated
	return list[0], nil
}

func readShops(q query, today clock.Day, from string, args ...any) ([]Shop, error) {
	list := []Shop{}
	var ids []id.ID
	rows, err := q("SELECT s.id, s.owner_id, s.name, s.address, s.hours, s.state "+from, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var o Shop
		err := r.Scan(&o.ID, &o.Owner, &o.Name, &o.Address, &o.Hours, &o.State)
		o.StateName = shopStates[o.State]
		list, ids = append(list, o), append(ids, o.ID)
		return err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	served, err := servedBy(q, ids, today)
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
	err := q(`SELECT s.id, s.owner_id, s.name, s.address, s.hours, s.state, COALESCE(v.village_id, 0)
		FROM shops s LEFT JOIN shop_villages v ON v.shop_id = s.id AND v.village_id = ? AND v.from_day <= ? AND v.to_day > ?
		WHERE s.id = ?`, in, today, today, shop).Scan(&o.ID, &o.Owner, &o.Name, &o.Address, &o.Hours, &o.State, &served)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return o, ErrNoShop
	case err != nil:
		return o, fmt.Errorf("read shop: %w", err)
	case served == 0 && o.Owner != in:
		return o, ErrNotServed
	}
	return o, nil
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

// first keeps the sentence of the first of joined errors and the fields of all.
func first(err error) error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var fields []errs.Field
	var msgs []string
	for _, one := range joined.Unwrap() {
		if e := errs.As(one); e != nil {
			fields, msgs = append(fields, e.Fields...), append(msgs, e.Msg)
		}
	}
	return ErrInvalid.With("%s", strings.Join(msgs, "；")).WithFields(fields...)
}
