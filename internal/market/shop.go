package market

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
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
	ID        id.ID  `json:"id"`
	Owner     id.ID  `json:"owner" doc:"village or town whose shop it is"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	Hours     string `json:"hours" doc:"opening hours, in words"`
	State     string `json:"state" enum:"open,paused,closed"`
	StateName string `json:"state_name"`

	Kind        string        `json:"kind" enum:"own,partner" doc:"partner: an ordinary store that is paid by a monthly statement"`
	KindName    string        `json:"kind_name"`
	RedeemDays  RedeemDays    `json:"redeem_days" doc:"when goods are given out; empty: always"`
	DaysWords   string        `json:"days_words" doc:"the redemption days and hours in words"`
	PauseReason string        `json:"pause_reason"`
	PausedUntil clock.Day     `json:"paused_until" doc:"last day of the pause; empty: until it is opened again"`
	Refuses     string        `json:"refuses" doc:"why nothing is given out at this moment; empty: it is open"`
	SecondAbove points.Amount `json:"second_above" doc:"worth in hundredths of a point that one person may adjust by counting and writing off in a day; above it a second person confirms"`

	Villages []id.ID `json:"villages" doc:"villages it serves"`
	Repeated bool    `json:"repeated" doc:"this request had already been carried out"`

	settings settings
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
	Kind      string  `json:"kind,omitempty" enum:"own,partner" doc:"empty: own"`
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

	RedeemDays  *RedeemDays    `json:"redeem_days,omitempty"`
	PauseReason *string        `json:"pause_reason,omitempty" maxLength:"100" doc:"why it is paused; told to whoever comes"`
	PausedUntil *clock.Day     `json:"paused_until,omitempty" doc:"last day of the pause"`
	SecondAbove *points.Amount `json:"second_above,omitempty" minimum:"0" maximum:"10000000" doc:"hundredths of a point"`

	Villages []id.ID `json:"villages,omitempty" maxItems:"200" doc:"villages it serves from today on"`
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
	r.Kind = cmp.Or(r.Kind, Own)
	if err := errors.Join(text("name", "超市名称", r.Name, true, 60), text("address", "地址", r.Address, false, 120),
		text("hours", "营业时间", r.Hours, false, 120)); err != nil {
		return Shop{}, first(err)
	}
	if shopKinds[r.Kind] == "" {
		return Shop{}, wrong("kind", "只能是积分超市或合作商店")
	}
	set, err := settings{Kind: r.Kind}.text()
	if err != nil {
		return Shop{}, err
	}
	if err := mayServe(a, villages); err != nil {
		return Shop{}, err
	}
	at, shop := s.now(), s.db.NewID()
	made, repeated, err := s.once(ctx, a, r.RequestID, "market.shop.create", []any{in, r}, shop, func(tx *storage.Tx) error {
		_, err := tx.Exec("INSERT INTO shops (id, owner_id, name, address, hours, state, settings, created_by, created_at) VALUES (?,?,?,?,?,?,?,?,?)",
			shop, owner, r.Name, r.Address, r.Hours, Open, set, a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrShopName.Wrap(err)
		}
		if err != nil {
			return fmt.Errorf("insert shop: %w", err)
		}
		return serve(tx, shop, villages, a.User(), clock.DayOf(at))
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
	at := s.now()
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.shop.edit", []any{in, shop, r}, shop, func(tx *storage.Tx) error {
		if _, err := tx.Exec("UPDATE shops SET rev = rev + 1 WHERE id = ?", shop); err != nil {
			return fmt.Errorf("lock shop: %w", err)
		}
		old, err := s.mine(a, tx.QueryRow, in, shop, clock.DayOf(at))
		if err != nil {
			return err
		}
		set, err := old.apply(r, clock.DayOf(at))
		if err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE shops SET name = ?, address = ?, hours = ?, state = ?, settings = ? WHERE id = ?", old.Name, old.Address, old.Hours, old.State, set, shop)
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

// apply changes the shop and answers its settings as they are stored.
func (o *Shop) apply(r ShopEdit, today clock.Day) (string, error) {
	o.Name = cmp.Or(r.Name, o.Name)
	o.State = cmp.Or(r.State, o.State)
	keep(&o.Address, r.Address)
	keep(&o.Hours, r.Hours)
	keep(&o.settings.Days, r.RedeemDays)
	keep(&o.settings.PauseReason, r.PauseReason)
	keep(&o.settings.PausedUntil, r.PausedUntil)
	if r.SecondAbove != nil {
		o.settings.SecondAbove = r.SecondAbove
	}
	if r.State == Open {
		o.settings.PauseReason, o.settings.PausedUntil = "", 0
	}
	var until, second error
	if u := o.settings.PausedUntil; r.PausedUntil != nil && u != 0 && (!u.Valid() || u < today || u > today.Add(366)) {
		until = wrong("paused_until", "暂停到哪一天，应从今天（%s）起，不超过一年", today)
	}
	if a := o.settings.secondAbove(); a < 0 || a > MaxPrice {
		second = wrong("second_above", "须第二人确认的界限应在0到%s分之间", MaxPrice)
	}
	if err := first(errors.Join(text("name", "超市名称", o.Name, true, 60), text("address", "地址", o.Address, false, 120),
		text("hours", "营业时间", o.Hours, false, 120), text("pause_reason", "暂停原因", o.settings.PauseReason, false, 100),
		o.settings.Days.check(), until, second)); err != nil {
		return "", err
	}
	return o.settings.text()
}

// keep takes over what an edit names.
func keep[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
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
