package access

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Actor is the caller behind a token. Everything is read from the database at each request, in one statement (one more
// for holders of a role over a region), so that a session or role that has ended has no effect on the next request.
// ErrSignIn when there is no such session or it has expired.
func (s *Service) Actor(ctx context.Context, token string) (Actor, error) {
	if len(token) != tokenChars {
		return Actor{}, ErrSignIn
	}
	now := s.now()
	hash := hashToken(token)
	a, err := s.load(ctx, bySession, clock.DayOf(now), hash, clock.Ms(now))
	if err == nil {
		s.seen.note(hash)
	}
	a.session = hash
	return a, err
}

// ActAs is the user without a session: for commands, the demo and jobs that act for somebody.
func (s *Service) ActAs(ctx context.Context, user id.ID) (Actor, error) {
	a, err := s.load(ctx, byUser, s.today(), user)
	if err == ErrSignIn {
		return Actor{}, ErrUserUnknown
	}
	return a, err
}

// actorSQL reads a user with the offices, the homes and the declared kin, as their product: people hold few of each. The
// terms are compared with the day in Go: conditions on two more columns cost the optimiser of MariaDB more than a few
// ended rows do, and COALESCE on every column costs a third of the statement; so it costs hardly more than the look-up of
// the session alone.
const actorSQL = `SELECT {id}, {only},
  r.id, r.role, r.village_id, r.shop_id, r.group_id, r.region_id, r.from_day, r.to_day, um.from_day, um.to_day,
  m.village_id, m.household_id, m.member_id, m.from_day, m.to_day, k.village_id, k.household_id, k.from_day, k.to_day
FROM {from}
LEFT JOIN user_roles r ON r.user_id = {id}
LEFT JOIN user_members um ON um.user_id = {id}
LEFT JOIN memberships m ON m.member_id = um.member_id
LEFT JOIN kin k ON k.member_id = um.member_id
WHERE {where}`

// Closing a user deletes the sessions, so a session need not look at the user's state.
var (
	bySession = strings.NewReplacer("{from}", "sessions s", "{id}", "s.user_id", "{only}", "s.household_id", "{where}", "s.token_hash = ? AND s.expires_at > ?").Replace(actorSQL)
	byUser    = strings.NewReplacer("{from}", "users u", "{id}", "u.id", "{only}", "0", "{where}", "u.id = ? AND u.state = 'active'").Replace(actorSQL)
)

func (s *Service) load(ctx context.Context, query string, day clock.Day, who ...any) (Actor, error) {
	rows, err := s.db.Query(storage.Brief(ctx), query, who...)
	if err != nil {
		return Actor{}, fmt.Errorf("load actor: %w", err)
	}
	var a Actor
	err = eachRow(rows, func() error {
		var o Office
		var h Home
		var k Kinship
		var role sql.NullString
		var held, stood, lived, akin term
		if err := rows.Scan(&a.user, &a.only, storage.OrZero(&o.ID), &role, storage.OrZero(&o.Village), storage.OrZero(&o.Shop), storage.OrZero(&o.Group), storage.OrZero(&o.Region),
			storage.OrZero(&held.from), storage.OrZero(&held.to), storage.OrZero(&stood.from), storage.OrZero(&stood.to), storage.OrZero(&h.Village), storage.OrZero(&h.Household), storage.OrZero(&h.Member),
			storage.OrZero(&lived.from), storage.OrZero(&lived.to), storage.OrZero(&k.Village), storage.OrZero(&k.Household), storage.OrZero(&akin.from), storage.OrZero(&akin.to)); err != nil {
			return err
		}
		o.Role = Role(role.String)
		if held.holds(day) && !slices.ContainsFunc(a.offices, func(x Office) bool { return x.ID == o.ID }) {
			a.offices = append(a.offices, o)
		}
		if stood.holds(day) && lived.holds(day) && !slices.Contains(a.homes, h) {
			a.homes = append(a.homes, h)
		}
		if stood.holds(day) && akin.holds(day) && !slices.Contains(a.kin, k) {
			a.kin = append(a.kin, k)
		}
		return nil
	})
	if err != nil {
		return Actor{}, fmt.Errorf("load actor: %w", err)
	}
	if a.user == 0 {
		return Actor{}, ErrSignIn
	}
	if a.only != 0 {
		return s.asHousehold(ctx, a, day)
	}
	if slices.ContainsFunc(a.offices, func(o Office) bool { return o.Role.seat() == onRegion }) {
		err = s.loadCovered(ctx, &a)
	}
	return a, err
}

// asHousehold is the actor of a session opened with a household's PIN: it lives in that household, as its householder, and
// holds nothing else. ErrSignIn once the household has ended.
func (s *Service) asHousehold(ctx context.Context, a Actor, day clock.Day) (Actor, error) {
	home := Home{Household: a.only}
	err := s.db.QueryRow(ctx, `SELECT h.village_id, m.member_id FROM households h
		LEFT JOIN memberships m ON m.household_id = h.id AND m.relation = ? AND m.from_day <= ? AND m.to_day > ?
		WHERE h.id = ? AND h.to_day > ? LIMIT 1`, village.Head, day, day, a.only, day).Scan(&home.Village, storage.OrZero(&home.Member))
	if noRows(err) {
		return Actor{}, ErrSignIn
	}
	if err != nil {
		return Actor{}, fmt.Errorf("load household: %w", err)
	}
	return Actor{user: a.user, only: a.only, homes: []Home{home}}, nil
}

// term is from a first day to the day after the last; the zero term, of a row that is missing, holds on no day.
type term struct{ from, to clock.Day }

func (t term) holds(day clock.Day) bool { return t.from <= day && day < t.to }

// loadCovered fills in which towns and villages lie under the regions of the actor's offices.
func (s *Service) loadCovered(ctx context.Context, a *Actor) error {
	var over []id.ID
	for i, o := range a.offices {
		if o.Role.seat() == onRegion {
			a.offices[i].covers = map[id.ID]bool{o.Region: true}
			over = append(over, o.Region)
		}
	}
	rows, err := s.db.Query(ctx, `SELECT r.parent_id, r.id, COALESCE(v.id, 0) FROM regions r
		LEFT JOIN regions v ON v.parent_id = r.id AND v.kind = 'village'
		WHERE r.parent_id IN `+storage.In(len(over))+` AND r.kind IN ('town', 'village')`, storage.Args(over)...)
	if err != nil {
		return fmt.Errorf("load regions: %w", err)
	}
	err = eachRow(rows, func() error {
		var top, below, village id.ID
		if err := rows.Scan(&top, &below, &village); err != nil {
			return err
		}
		for _, o := range a.offices {
			if o.Region == top && o.covers != nil {
				o.covers[below] = true
				if village != 0 {
					o.covers[village] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load regions: %w", err)
	}
	return nil
}
