package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Errors of roles.
var (
	ErrRole      = errs.New(errs.Invalid, "access_role", "没有这种角色，或缺少任职的村、超市、小组或区域")
	ErrRoleTerm  = errs.New(errs.Invalid, "access_role_term", "任职开始日期不能早于今天，结束日期要晚于开始日期")
	ErrRoleHeld  = errs.New(errs.Conflict, "access_role_held", "对方已经担任这一角色")
	ErrRoleEnded = errs.New(errs.Conflict, "access_role_ended", "这项任职已经结束")
	ErrNoRole    = errs.New(errs.NotFound, "access_no_role", "没有找到这项任职")
	ErrNoRegion  = errs.New(errs.NotFound, "access_no_region", "没有找到这个区域")
	ErrOwnRole   = errs.New(errs.Forbidden, "access_own_role", "不能给自己任职，请由上级管理员办理")
	ErrAbove     = errs.New(errs.Forbidden, "access_above", "这一角色须由上级管理员任命或免去")
)

// Needs of the verbs on roles. Who may give which role is stricter: see mayGrant.
var (
	MayGrant         = Need{Roles: []Role{FirstSecretary, CountyAdmin}, Scope: Village}
	MayGrantRegion   = Need{Roles: []Role{CountyAdmin}, Scope: Region}
	MaySeeRoles      = Need{Roles: []Role{TeamMember, FirstSecretary, VillageSupervisor, Supervisor, CountyAdmin}, Scope: Village}
	MayEndRole       = MayHandOver // one may resign; otherwise mayGrant decides
	MayEndRegionRole = MaySeeRegionRole
	MaySeeRegionRole = Need{Roles: []Role{Supervisor, CountyAdmin}, Scope: Region}
)

// Term is a role of a user with its term: in force on d when from_day <= d < to_day.
type Term struct {
	ID        id.ID     `json:"id"`
	User      id.ID     `json:"user_id"`
	Name      string    `json:"name" doc:"name of the user"`
	Role      Role      `json:"role"`
	RoleName  string    `json:"role_name"`
	Village   id.ID     `json:"village_id"`
	Shop      id.ID     `json:"shop_id" doc:"for keepers"`
	Group     id.ID     `json:"group_id" doc:"for group leaders, 0 if no group is named"`
	Region    id.ID     `json:"region_id" doc:"for roles over a town or county"`
	FromDay   clock.Day `json:"from_day"`
	ToDay     clock.Day `json:"to_day" doc:"first day on which it is no longer held; 9999-12-31 if open"`
	GrantedBy id.ID     `json:"granted_by"`
	EndedBy   id.ID     `json:"ended_by" doc:"who ended it, 0 if nobody did"`
	Repeated  bool      `json:"repeated"`
}

// Grant names who is to hold which role. Exactly one of User and Phone is needed. Empty days mean from today, without end.
type Grant struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64"`
	User      id.ID     `json:"user_id,omitempty"`
	Phone     string    `json:"phone,omitempty" maxLength:"20" doc:"phone number the user has let us know, instead of user_id"`
	Name      string    `json:"name,omitempty" maxLength:"60" doc:"name to show, if the user has none yet"`
	Role      Role      `json:"role" enum:"group_leader,team_member,first_secretary,panel_member,village_supervisor,keeper,supervisor,county_admin"`
	Shop      id.ID     `json:"shop_id,omitempty"`
	Group     id.ID     `json:"group_id,omitempty"`
	FromDay   clock.Day `json:"from_day,omitempty" doc:"empty: today"`
	ToDay     clock.Day `json:"to_day,omitempty" doc:"empty: without end"`
}

// mayGrant holds the rule: the first secretary grants and ends roles inside the village except the own rank; a county
// administrator grants everything in the region; nobody grants above or to oneself.
func mayGrant(a Actor, role Role, p Place, target id.ID) error {
	if target == a.user {
		return ErrOwnRole
	}
	if role.seat() == onRegion {
		if a.Allow(MayGrantRegion, p) != nil {
			return ErrAbove
		}
		return nil
	}
	if a.Has(CountyAdmin, p.Village) || role != FirstSecretary && a.Has(FirstSecretary, p.Village) {
		return nil
	}
	return ErrAbove
}

// Grant gives a role in place.Village, or over place.Region for supervisors and county administrators. Whether a keeper's
// shop belongs to the village is for the caller to have checked. Errors: those above.
func (s *Service) Grant(ctx context.Context, a Actor, place Place, g Grant) (Term, error) {
	need := MayGrant
	if g.Role.seat() == onRegion {
		need, place.Village = MayGrantRegion, 0
	} else {
		place.Region = 0
	}
	if err := a.Allow(need, place); err != nil {
		return Term{}, err
	}
	sent := g
	user, err := s.findUser(ctx, g.User, g.Phone)
	if err != nil {
		return Term{}, err
	}
	g.User = user
	if err := mayGrant(a, g.Role, place, g.User); err != nil {
		return Term{}, err
	}
	var made id.ID
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if made, repeated, err = tx.Once(a.user, g.RequestID, "grant", []any{place, sent}, tx.NewID()); err != nil || repeated {
			return err
		}
		return s.grant(tx, made, place, g, a.user)
	})
	if err != nil {
		return Term{}, fmt.Errorf("grant role: %w", err)
	}
	t, err := s.term(ctx, made)
	t.Repeated = repeated
	return t, err
}

// Install gives a role without asking who may: for commands run on the server and the demo.
func (s *Service) Install(ctx context.Context, place Place, g Grant) (Term, error) {
	user, err := s.findUser(ctx, g.User, g.Phone)
	if err != nil {
		return Term{}, err
	}
	g.User = user
	var made id.ID
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made = tx.NewID()
		return s.grant(tx, made, place, g, 0)
	})
	if err != nil {
		return Term{}, fmt.Errorf("install role: %w", err)
	}
	return s.term(ctx, made)
}

func (s *Service) grant(tx *storage.Tx, made id.ID, p Place, g Grant, by id.ID) error {
	today := s.today()
	if g.FromDay == 0 {
		g.FromDay = today
	}
	if g.ToDay == 0 {
		g.ToDay = clock.Forever
	}
	if g.Name = strings.TrimSpace(g.Name); utf8.RuneCountInString(g.Name) > 20 {
		return ErrBindingName
	}
	if g.FromDay < today || g.ToDay <= g.FromDay || !g.FromDay.Valid() || !g.ToDay.Valid() {
		return ErrRoleTerm
	}
	if err := s.checkSeat(tx, p, &g, today); err != nil {
		return err
	}
	if err := lockPerson(tx, g.User); err != nil {
		return err
	}
	t := Term{ID: made, User: g.User, Role: g.Role, Village: p.Village, Shop: g.Shop, Group: g.Group, Region: p.Region,
		FromDay: g.FromDay, ToDay: g.ToDay, GrantedBy: by}
	if held, err := s.holdsAlready(tx, t); err != nil {
		return err
	} else if held {
		return ErrRoleHeld
	}
	if g.Name != "" {
		if _, err := tx.Exec("UPDATE users SET name = ? WHERE id = ? AND name = ''", g.Name, g.User); err != nil {
			return err
		}
	}
	return s.insertTerm(tx, t)
}

// checkSeat checks that the role exists and that the place has what it is held on.
func (s *Service) checkSeat(tx *storage.Tx, p Place, g *Grant, today clock.Day) error {
	var seat, parent id.ID
	var kinds []string
	switch g.Role.seat() {
	case onVillage:
		seat, kinds, g.Shop = p.Village, []string{"village"}, 0
	case onShop:
		seat, kinds = p.Village, []string{"village"}
		if g.Shop == 0 {
			return ErrRole
		}
	case onRegion:
		seat, kinds, g.Shop = p.Region, []string{"town", "county"}, 0
	}
	if g.Role != GroupLeader {
		g.Group = 0
	}
	if seat == 0 {
		return ErrRole
	}
	var kind string
	region := "SELECT kind, parent_id FROM regions WHERE id = ? AND to_day > ?"
	if err := tx.QueryRow(region, seat, today).Scan(&kind, &parent); noRows(err) || err == nil && !slices.Contains(kinds, kind) {
		return ErrNoRegion
	} else if err != nil {
		return err
	}
	if g.Group == 0 {
		return nil
	}
	err := tx.QueryRow(region, g.Group, today).Scan(&kind, &parent)
	if noRows(err) || err == nil && (kind != "group" || parent != seat) {
		return ErrNoRegion
	}
	return err
}

// holdsAlready reports whether the user, whose lock is held, holds the same seat on a day of the term.
func (s *Service) holdsAlready(tx *storage.Tx, t Term) (bool, error) {
	var n int
	err := tx.QueryRow(`SELECT COUNT(*) FROM user_roles WHERE user_id = ? AND to_day > ? AND from_day < ?
		AND role = ? AND village_id = ? AND shop_id = ? AND group_id = ? AND region_id = ?`,
		t.User, t.FromDay, t.ToDay, string(t.Role), t.Village, t.Shop, t.Group, t.Region).Scan(&n)
	return n > 0, err
}

func (s *Service) insertTerm(tx *storage.Tx, t Term) error {
	_, err := tx.Exec(`INSERT INTO user_roles (id, user_id, role, village_id, shop_id, group_id, region_id, from_day, to_day, granted_by, granted_at, ended_by, ended_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,0,0)`,
		t.ID, t.User, string(t.Role), t.Village, t.Shop, t.Group, t.Region, t.FromDay, t.ToDay, t.GrantedBy, clock.Ms(s.now()))
	return err
}
