package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// ErrNotYours refuses to change to a user who does not have the number that the session has proved.
var ErrNotYours = errs.New(errs.Forbidden, "access_not_yours", "只能换成用同一个手机号的人，请用那个人的手机号重新登录")

// CodeLogin logs in with the code that was sent to a number.
type CodeLogin struct {
	Phone   string `json:"phone" minLength:"11" maxLength:"20"`
	Code    string `json:"code" minLength:"4" maxLength:"8"`
	Device  string `json:"device,omitempty" maxLength:"60" doc:"name of the device for the list of sessions"`
	Privacy string `json:"privacy,omitempty" maxLength:"20" doc:"version of the privacy statement that the person has agreed to"`
}

// LoginByCode opens a session for who has the number, and makes a user of a number that nobody has yet. The user stands for
// every member in the register with this number from then on. Of several users with one number it takes the one with
// an office, else with a household, else the newest; Identities and Switch let the person choose another. Errors:
// ErrPhone, ErrCode, ErrCodeSpent, ErrUserClosed.
func (s *Service) LoginByCode(ctx context.Context, r CodeLogin) (Session, error) {
	if s.sender == nil {
		return Session{}, ErrNoCodes
	}
	phone, err := mobileNumber(r.Phone)
	if err != nil {
		return Session{}, err
	}
	idx := s.db.Keys.Index(storage.IndexPhone, phone)
	if err := s.proveCode(ctx, idx, r.Code); err != nil {
		return Session{}, err
	}
	people, err := s.withPhone(ctx, idx)
	if err != nil {
		return Session{}, fmt.Errorf("login by code: %w", err)
	}
	o := opening{device: r.Device, how: ByCode, phone: idx, consent: r.Privacy}
	var session Session
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if len(people) > 0 {
			o.user = people[0].User
		} else {
			o.user = tx.NewID()
			if err := insertUser(tx, o.user, "", clock.Ms(s.now())); err != nil {
				return err
			}
		}
		if o.user, _, err = s.provenPhone(tx, o.user, idx); err != nil {
			return err
		}
		if err := s.setPhone(tx, o.user, phone); err != nil {
			return err
		}
		session, err = s.openIn(tx, o)
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("login by code: %w", err)
	}
	session.New, session.People = len(people) == 0, max(1, len(people))
	return session, nil
}

// Identity is a user who has the phone number that a session has proved.
type Identity struct {
	User    id.ID    `json:"user_id"`
	Name    string   `json:"name"`
	Current bool     `json:"current"`
	Roles   []string `json:"roles" doc:"offices with the village, such as 林源村 驻村队员"`
	Homes   []string `json:"homes" doc:"households, such as 林源村 户号12"`
}

// withPhone lists the active users of a number, the likeliest first.
func (s *Service) withPhone(ctx context.Context, idx []byte) ([]Identity, error) {
	people := []Identity{}
	if len(idx) == 0 {
		return people, nil
	}
	day := s.today()
	rows, err := s.db.Query(ctx, "SELECT id, name FROM users WHERE phone_idx = ? AND state = 'active' ORDER BY id DESC LIMIT 20", idx)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func() error {
		p := Identity{Roles: []string{}, Homes: []string{}}
		err := rows.Scan(&p.User, &p.Name)
		people = append(people, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range people {
		if err := s.describe(ctx, &people[i], day); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(people, func(a, b Identity) int {
		return cmp.Or(cmp.Compare(min(1, len(b.Roles)), min(1, len(a.Roles))), cmp.Compare(min(1, len(b.Homes)), min(1, len(a.Homes))))
	})
	return people, nil
}

// describe fills in by what a person is known.
func (s *Service) describe(ctx context.Context, p *Identity, day clock.Day) error {
	rows, err := s.db.Query(ctx, `SELECT r.role, COALESCE(v.name, '') FROM user_roles r LEFT JOIN regions v ON v.id = r.village_id + r.region_id
		WHERE r.user_id = ? AND r.to_day > ? AND r.from_day <= ? ORDER BY r.id LIMIT 20`, p.User, day, day)
	if err != nil {
		return err
	}
	err = eachRow(rows, func() error {
		var role, place string
		err := rows.Scan(&role, &place)
		p.Roles = append(p.Roles, place+" "+Role(role).Name())
		return err
	})
	if err != nil {
		return err
	}
	rows, err = s.db.Query(ctx, `SELECT v.name, h.number FROM user_members um
		JOIN memberships ms ON ms.member_id = um.member_id AND ms.to_day > ? AND ms.from_day <= ?
		JOIN households h ON h.id = ms.household_id JOIN regions v ON v.id = ms.village_id
		WHERE um.user_id = ? AND um.to_day > ? AND um.from_day <= ? ORDER BY um.id LIMIT 20`, day, day, p.User, day, day)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var place, number string
		err := rows.Scan(&place, &number)
		p.Homes = append(p.Homes, place+" 户号"+number)
		return err
	})
}

// Identities lists the users who have the number that this session has proved by a code; only those of this user where
// it was opened in another way.
func (s *Service) Identities(ctx context.Context, a Actor) ([]Identity, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return nil, err
	}
	phone, err := s.proved(ctx, a)
	if err != nil {
		return nil, err
	}
	people, err := s.withPhone(ctx, phone)
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	for i := range people {
		people[i].Current = people[i].User == a.user
	}
	return people, nil
}

// proved is the index of the number that the actor's session has proved, empty if none.
func (s *Service) proved(ctx context.Context, a Actor) (phone []byte, err error) {
	if a.session == nil {
		return nil, nil
	}
	err = s.db.QueryRow(ctx, "SELECT phone_idx FROM sessions WHERE token_hash = ?", a.session).Scan(&phone)
	if noRows(err) {
		return nil, ErrSignIn
	}
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return phone, nil
}

// Switch opens a session for another user with the number that this session has proved, and ends this one.
func (s *Service) Switch(ctx context.Context, a Actor, to id.ID, device string) (Session, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return Session{}, err
	}
	phone, err := s.proved(ctx, a)
	if err != nil {
		return Session{}, err
	}
	people, err := s.withPhone(ctx, phone)
	if err != nil {
		return Session{}, fmt.Errorf("switch: %w", err)
	}
	if !slices.ContainsFunc(people, func(p Identity) bool { return p.User == to }) {
		return Session{}, ErrNotYours
	}
	var session Session
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		n, err := tx.Exec("DELETE FROM sessions WHERE token_hash = ?", a.session)
		if err != nil {
			return err
		}
		if n == 0 { // revoked meanwhile
			return ErrSignIn
		}
		session, err = s.openIn(tx, opening{user: to, device: device, how: ByCode, phone: phone})
		return err
	})
	session.People = len(people)
	return session, err
}
