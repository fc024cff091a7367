package access

import (
	"context"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Me is what the pages need to know about their user.
type Me struct {
	User        id.ID        `json:"user_id"`
	Name        string       `json:"name"`
	Phone       string       `json:"phone" doc:"masked; empty if none is bound"`
	Memberships []Membership `json:"memberships"`
	Roles       []MyRole     `json:"roles"`
	Villages    []Name       `json:"villages" doc:"villages in which the user may do something, at most 500"`
	Bindings    []Binding    `json:"bindings" doc:"requests to be taken as a member that wait for confirmation"`
	Only        id.ID        `json:"only_household_id,omitempty" doc:"the session was opened with this household's PIN and is for nothing else"`
}

// Membership is a household the user belongs to.
type Membership struct {
	Village       id.ID  `json:"village_id"`
	VillageName   string `json:"village_name"`
	Household     id.ID  `json:"household_id"`
	Number        string `json:"number"`
	HouseholdName string `json:"household_name" doc:"name of the householder"`
	Member        id.ID  `json:"member_id"`
	MemberName    string `json:"member_name"`
	Relation      string `json:"relation"`
}

// MyRole is a role the user holds now.
type MyRole struct {
	Term
	VillageName string `json:"village_name"`
	RegionName  string `json:"region_name"`
}

// Name is a thing with its name.
type Name struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// Me reads what the pages of a user show first.
func (s *Service) Me(ctx context.Context, a Actor) (Me, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return Me{}, err
	}
	me := Me{User: a.user, Only: a.only, Memberships: []Membership{}, Roles: []MyRole{}, Villages: []Name{}, Bindings: []Binding{}}
	var sealed []byte
	if err := s.db.QueryRow(ctx, "SELECT name, phone_enc FROM users WHERE id = ?", a.user).Scan(&me.Name, &sealed); err != nil {
		return Me{}, fmt.Errorf("me: %w", err)
	}
	phone, err := s.db.Keys.Open("users", "phone_enc", a.user, sealed)
	if err != nil {
		return Me{}, fmt.Errorf("me: %w", err)
	}
	me.Phone = maskPhone(phone)
	if err := s.myHomes(ctx, a, &me); err != nil {
		return Me{}, fmt.Errorf("me: homes: %w", err)
	}
	if err := s.myRoles(ctx, a, &me); err != nil {
		return Me{}, fmt.Errorf("me: roles: %w", err)
	}
	rows, err := s.db.Query(ctx, selectBinding+"WHERE b.user_id = ? AND b.state = 'pending' ORDER BY b.id LIMIT 20", a.user)
	if err != nil {
		return Me{}, fmt.Errorf("me: bindings: %w", err)
	}
	err = eachRow(rows, func() error {
		b, err := scanBinding(rows.Scan)
		me.Bindings = append(me.Bindings, b)
		return err
	})
	return me, err
}

func (s *Service) myHomes(ctx context.Context, a Actor, me *Me) error {
	if len(a.homes) == 0 {
		return nil
	}
	day := s.today()
	if a.only != 0 {
		m := Membership{Village: a.homes[0].Village, Household: a.only, Member: a.homes[0].Member}
		err := s.db.QueryRow(ctx, `SELECT v.name, h.number, h.name, COALESCE(m.name, '') FROM households h JOIN regions v ON v.id = h.village_id
			LEFT JOIN members m ON m.id = ? WHERE h.id = ?`, m.Member, a.only).Scan(&m.VillageName, &m.Number, &m.HouseholdName, &m.MemberName)
		if m.Member != 0 {
			m.Relation = village.Head
		}
		me.Memberships = append(me.Memberships, m)
		return err
	}
	rows, err := s.db.Query(ctx, `SELECT ms.village_id, v.name, h.id, h.number, h.name, m.id, m.name, ms.relation FROM user_members um
		JOIN memberships ms ON ms.member_id = um.member_id AND ms.to_day > ? AND ms.from_day <= ?
		JOIN households h ON h.id = ms.household_id JOIN members m ON m.id = um.member_id JOIN regions v ON v.id = ms.village_id
		WHERE um.user_id = ? AND um.to_day > ? AND um.from_day <= ? ORDER BY um.id`, day, day, a.user, day, day)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var m Membership
		err := rows.Scan(&m.Village, &m.VillageName, &m.Household, &m.Number, &m.HouseholdName, &m.Member, &m.MemberName, &m.Relation)
		me.Memberships = append(me.Memberships, m)
		return err
	})
}

// myRoles fills in roles and the villages in which the user may do something.
func (s *Service) myRoles(ctx context.Context, a Actor, me *Me) error {
	day := s.today()
	terms, err := scanTerms(s.db.Query(ctx, selectTerm+"WHERE r.user_id = ? AND r.to_day > ? AND r.from_day <= ? ORDER BY r.id", a.user, day, day))
	if err != nil {
		return err
	}
	var regions []id.ID
	for _, h := range a.homes {
		regions = append(regions, h.Village)
	}
	for _, o := range a.offices {
		regions = append(regions, o.Village, o.Region)
		for r := range o.covers {
			regions = append(regions, r)
		}
	}
	slices.Sort(regions)
	names, err := s.regionNames(ctx, slices.Compact(regions), me, day)
	if err != nil {
		return err
	}
	for _, t := range terms {
		me.Roles = append(me.Roles, MyRole{Term: t, VillageName: names[t.Village], RegionName: names[t.Region]})
	}
	return nil
}

func (s *Service) regionNames(ctx context.Context, regions []id.ID, me *Me, day clock.Day) (map[id.ID]string, error) {
	names := map[id.ID]string{}
	for part := range storage.Chunks(regions, storage.ChunkRows) {
		rows, err := s.db.Query(ctx, "SELECT id, name, kind, to_day FROM regions WHERE id IN "+storage.In(len(part))+" ORDER BY pinyin, id", storage.Args(part)...)
		if err != nil {
			return nil, err
		}
		err = eachRow(rows, func() error {
			var n Name
			var kind string
			var to clock.Day
			if err := rows.Scan(&n.ID, &n.Name, &kind, &to); err != nil {
				return err
			}
			names[n.ID] = n.Name
			if kind == "village" && to > day && len(me.Villages) < 500 {
				me.Villages = append(me.Villages, n)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}
