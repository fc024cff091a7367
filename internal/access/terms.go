package access

import (
	"context"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// EndRole ends a role today: it is no longer held from this moment on, and all sessions of the user are revoked. The
// place is the village or region in the path; a role of elsewhere is not found. One may resign an own role.
func (s *Service) EndRole(ctx context.Context, a Actor, place Place, term id.ID, request string) (Term, error) {
	need := MayEndRole
	if place.Village == 0 {
		need = MayEndRegionRole
	}
	if err := a.Allow(need, place); err != nil { // whoever has resigned the only role may do nothing here any more
		made, found, e := s.db.Earlier(ctx, a.user, request, "end_role", term)
		if e != nil || !found {
			return Term{}, err
		}
		t, err := s.term(ctx, made)
		t.Repeated = true
		return t, err
	}
	t, err := s.term(ctx, term)
	if err != nil {
		return Term{}, err
	}
	if t.Village != place.Village || t.Region != place.Region {
		return Term{}, ErrNoRole
	}
	if t.User != a.user {
		if err := mayGrant(a, t.Role, place, t.User); err != nil {
			return Term{}, err
		}
	}
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.user, request, "end_role", term, term); err != nil || repeated {
			return err
		}
		if err := lockUser(tx, t.User); err != nil && !errors.Is(err, ErrUserUnknown) { // a closed user's roles can be ended
			return err
		}
		if err := s.endTerm(tx, t, a.user); err != nil {
			return err
		}
		return revokeAll(tx, t.User)
	})
	if err != nil {
		return Term{}, fmt.Errorf("end role: %w", err)
	}
	t, err = s.term(ctx, term)
	t.Repeated = repeated
	return t, err
}

// endTerm ends a term today, or before it has begun.
func (s *Service) endTerm(tx *storage.Tx, t Term, by id.ID) error {
	today := s.today()
	n, err := tx.Exec("UPDATE user_roles SET to_day = ?, ended_by = ?, ended_at = ? WHERE id = ? AND to_day > ?",
		max(today, t.FromDay), by, clock.Ms(s.now()), t.ID, max(today, t.FromDay))
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrRoleEnded
	}
	return nil
}

const selectTerm = `SELECT r.id, r.user_id, COALESCE(u.name, ''), r.role, r.village_id, r.shop_id, r.group_id, r.region_id,
	r.from_day, r.to_day, r.granted_by, r.ended_by FROM user_roles r LEFT JOIN users u ON u.id = r.user_id `

func scanTerm(scan func(...any) error) (t Term, err error) {
	var role string
	err = scan(&t.ID, &t.User, &t.Name, &role, &t.Village, &t.Shop, &t.Group, &t.Region, &t.FromDay, &t.ToDay, &t.GrantedBy, &t.EndedBy)
	t.Role, t.RoleName = Role(role), Role(role).Name()
	return t, err
}

func (s *Service) term(ctx context.Context, term id.ID) (Term, error) {
	t, err := scanTerm(s.db.QueryRow(ctx, selectTerm+"WHERE r.id = ?", term).Scan)
	if noRows(err) {
		return Term{}, ErrNoRole
	}
	return t, err
}

// Roles lists the roles of a village, or over a region, that are in force on the day or will be later; with ended also
// those of the past. At most 500, by user.
func (s *Service) Roles(ctx context.Context, a Actor, place Place, ended bool) ([]Term, error) {
	need, column, seat := MaySeeRoles, "village_id", place.Village
	if place.Village == 0 {
		need, column, seat = MaySeeRegionRole, "region_id", place.Region
	}
	if err := a.Allow(need, place); err != nil {
		return nil, err
	}
	after := s.today()
	if ended {
		after = 0
	}
	rows, err := s.db.Query(ctx, selectTerm+"WHERE r."+column+" = ? AND r.to_day > ? ORDER BY r.user_id, r.id LIMIT 500", seat, after)
	return scanTerms(rows, err)
}
