package access

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// ErrNoDemo answers what exists in a demonstration only.
var ErrNoDemo = errs.New(errs.NotFound, "access_no_demo", "这里不是演示系统")

// Persona is a person of the demo county whose place anyone may take there.
type Persona struct {
	Code        string `json:"code" doc:"what /login/demo takes"`
	Name        string `json:"name"`
	Role        Role   `json:"role"`
	RoleName    string `json:"role_name"`
	Village     id.ID  `json:"village_id"`
	VillageName string `json:"village_name"`
	Note        string `json:"note"`
	User        id.ID  `json:"-"`
}

// AddUser makes a user of the demo who logs in with the code "demo:" + code, with a phone number if one is given: the
// user then stands for the members who have it. The demo's loader calls it.
func (s *Service) AddUser(ctx context.Context, code, name, phone string) (user id.ID, err error) {
	at := clock.Ms(s.now())
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		user = tx.NewID()
		if err := insertUser(tx, user, name, at); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO identities (appid, openid, unionid, user_id, created_at) VALUES (?,?,'',?,?)",
			wechat.FakeAppID, "demo-"+code, user, at); err != nil {
			return err
		}
		if phone == "" {
			return nil
		}
		return s.setPhone(tx, user, phone)
	})
	if err != nil {
		return 0, fmt.Errorf("add user: %w", err)
	}
	return user, nil
}

// Stand makes a user stand for a member without anybody's confirmation: for commands and the demo.
func (s *Service) Stand(ctx context.Context, user, member, village id.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := lockUser(tx, user); err != nil {
			return err
		}
		return s.stand(tx, user, member, village, "office", 0)
	})
}

// AddPersona puts a user of the demo on the page that offers places to take; place orders that page.
func (s *Service) AddPersona(ctx context.Context, p Persona, place int) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("INSERT INTO personas (code, user_id, village_id, name, role, note, place) VALUES (?,?,?,?,?,?,?)",
			p.Code, p.User, p.Village, p.Name, string(p.Role), p.Note, place)
		return err
	})
}

// Personas lists the places that may be taken. ErrNoDemo outside a demonstration.
func (s *Service) Personas(ctx context.Context) ([]Persona, error) {
	if !s.demo() {
		return nil, ErrNoDemo
	}
	rows, err := s.db.Query(ctx, `SELECT p.code, p.user_id, p.village_id, COALESCE(v.name, ''), p.name, p.role, p.note FROM personas p
		LEFT JOIN regions v ON v.id = p.village_id ORDER BY p.place, p.code LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("personas: %w", err)
	}
	list := []Persona{}
	err = eachRow(rows, func() error {
		var p Persona
		var role string
		err := rows.Scan(&p.Code, &p.User, &p.Village, &p.VillageName, &p.Name, &role, &p.Note)
		p.Role, p.RoleName = Role(role), Role(role).Name()
		list = append(list, p)
		return err
	})
	return list, err
}

// LoginDemo logs in as a persona. ErrNoDemo outside a demonstration, ErrUserUnknown for codes that are not offered.
func (s *Service) LoginDemo(ctx context.Context, code, device string) (Session, error) {
	if !s.demo() {
		return Session{}, ErrNoDemo
	}
	var user id.ID
	err := s.db.QueryRow(ctx, "SELECT user_id FROM personas WHERE code = ?", code).Scan(&user)
	if noRows(err) {
		return Session{}, ErrUserUnknown
	}
	if err != nil {
		return Session{}, fmt.Errorf("persona: %w", err)
	}
	return s.open(ctx, opening{user: user, device: device, how: ByDemo})
}

// demo reports whether the fake of WeChat is at work, which only DemoAllowed lets start.
func (s *Service) demo() bool {
	_, fake := s.wx.(*wechat.Fake)
	return fake
}
