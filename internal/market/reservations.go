package market

import (
	"cmp"
	"context"
	"database/sql"

	"hefen/internal/access"
	"hefen/internal/id"
)

// ReservationsOf lists a household's reservations, newest first, with their pick-up codes for its own people.
func (s *Service) ReservationsOf(ctx context.Context, a access.Actor, in, household id.ID, page Page) (Reservations, error) {
	if err := a.Allow(MaySeeOwn, access.Place{Village: in, Household: household}); err != nil {
		return Reservations{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Reservations{}, err
	}
	out, err := s.reservationPage(ctx, page, "village_id = ? AND household_id = ? AND id < ? ORDER BY id DESC"+page.rows(), in, household, before)
	own := false
	for _, h := range a.Households() {
		own = own || h == household
	}
	if !own {
		hideCodes(out.Items)
	}
	return out, err
}

// ReservationsAt lists the reservations of a shop by this village's people: the open ones, the next to lapse first, or
// the one with a pick-up code.
func (s *Service) ReservationsAt(ctx context.Context, a access.Actor, in, shop id.ID, code string, page Page) (Reservations, error) {
	if err := a.Allow(MaySeeRedemptions, access.Place{Village: in, Shop: shop}); err != nil {
		return Reservations{}, err
	}
	if code != "" {
		out, err := s.reservationPage(ctx, page, "open_key = ? AND village_id = ?", shop.String()+"/"+code, in)
		if err == nil && len(out.Items) == 0 {
			err = ErrNoReservation
		}
		return out, err
	}
	after, err := page.from(0)
	if err != nil {
		return Reservations{}, err
	}
	out, err := s.reservationPage(ctx, page, "shop_id = ? AND state = ? AND village_id = ? AND id > ? ORDER BY id"+page.rows(), shop, Reserved, in, after)
	hideCodes(out.Items)
	return out, err
}

// hideCodes keeps the pick-up code from whom it is to be told by.
func hideCodes(list []Reservation) {
	for i := range list {
		list[i].Code = ""
	}
}

func (s *Service) reservationPage(ctx context.Context, page Page, where string, args ...any) (Reservations, error) {
	list, err := s.reservations(ctx, where, args...)
	if err != nil {
		return Reservations{Items: []Reservation{}}, err
	}
	items, next := cut(list, page.limit(), func(n Reservation) id.ID { return n.ID })
	return Reservations{items, next}, nil
}

func (s *Service) reservation(ctx context.Context, where string, args ...any) (Reservation, error) {
	list, err := s.reservations(ctx, where, args...)
	if err != nil {
		return Reservation{}, err
	}
	if len(list) == 0 {
		return Reservation{}, ErrNoReservation
	}
	return list[0], nil
}

func (s *Service) reservations(ctx context.Context, where string, args ...any) ([]Reservation, error) {
	return readReservations(s.query(ctx), where, args...)
}

func readReservations(q query, where string, args ...any) ([]Reservation, error) {
	list := []Reservation{}
	rows, err := q(`SELECT id, code, village_id, shop_id, reserved_on, lapses_on, created_at, account_id, household_id, member_id, household_number, name, total,
		slip, scheme_id, state, points_back, ended_at, redemption_id FROM reservations WHERE `+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var n Reservation
		var text []byte
		var back int
		if err := r.Scan(&n.ID, &n.Code, &n.Village, &n.Shop, &n.On, &n.LapsesOn, &n.CreatedAt, &n.Account, &n.Household, &n.Member, &n.HouseholdNumber,
			&n.HouseholdName, &n.Total, &text, &n.Scheme, &n.State, &back, &n.EndedAt, &n.Redemption); err != nil {
			return err
		}
		slip, err := readSlip(text)
		n.Lines, n.Paid, n.PointsBack, n.StateName = slip.Lines, slip.Paid, back == 1, reservationStates[n.State]
		n.StateName = cmp.Or(n.StateName, n.State)
		list = append(list, n)
		return err
	})
	return list, err
}
