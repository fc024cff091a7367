package access

import (
	"context"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// ErrTries refuses further tries of a user on a day.
var ErrTries = errs.New(errs.TooMany, "access_tries", "今天尝试的次数太多了，请明天再试，或请驻村队员帮忙")

// Tries a user has on one day.
const (
	triesPhone   = 10
	triesBinding = 10
)

// try counts one try of a user and returns ErrTries beyond the limit. It commits by itself, because a try that fails
// counts as well.
func (s *Service) try(ctx context.Context, user id.ID, kind string, limit int) error {
	day := s.today()
	count := func(tx *storage.Tx) (bool, error) {
		n, err := tx.Exec("UPDATE tries SET n = n + 1 WHERE user_id = ? AND kind = ? AND on_day = ? AND n < ?", user, kind, day, limit)
		return n == 1, err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		if ok, err := count(tx); ok || err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO tries (user_id, kind, on_day, n) VALUES (?,?,?,1)", user, kind, day)
		if !storage.IsDuplicate(err) {
			return err
		}
		// Either the limit is reached or another request made the row in between.
		if ok, err := count(tx); ok || err != nil {
			return err
		}
		return ErrTries
	})
}

// PhoneRequest carries the code of the getPhoneNumber button.
type PhoneRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Code      string `json:"code" minLength:"1" maxLength:"128" doc:"code of the getPhoneNumber button"`
}

// PhoneBound says what came of binding a phone number.
type PhoneBound struct {
	Phone    string `json:"phone" doc:"masked"`
	Members  int    `json:"members" doc:"members of households the user stands for now"`
	Joined   bool   `json:"joined" doc:"the person had come in with this number before; both are one user now"`
	Repeated bool   `json:"repeated"`
}

// BindPhone takes the phone number that WeChat vouches for and makes the user stand for every member in the register who
// has this number: one phone may stand for several members, in several villages. The number replaces an earlier one;
// what the user stood for before stays. Errors: ErrTries and those of wechat.
func (s *Service) BindPhone(ctx context.Context, a Actor, r PhoneRequest) (PhoneBound, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return PhoneBound{}, err
	}
	if err := a.person(); err != nil {
		return PhoneBound{}, err
	}
	if s.wx == nil {
		return PhoneBound{}, ErrNoWeChat
	}
	if err := s.try(ctx, a.user, "phone", triesPhone); err != nil {
		return PhoneBound{}, err
	}
	phone, wxErr := s.wx.Phone(ctx, r.Code)
	if wxErr != nil && !errors.Is(wxErr, wechat.ErrCode) {
		return PhoneBound{}, fmt.Errorf("bind phone: %w", wxErr)
	}
	var repeated, joined bool
	keep := a.user
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		keep, joined = a.user, false
		// A code serves once: the repeat of a request that succeeded is known here, not at WeChat.
		if _, repeated, err = tx.Once(a.user, r.RequestID, "phone", r.Code, a.user); err != nil || repeated {
			return err
		}
		if wxErr != nil {
			return fmt.Errorf("bind phone: %w", wxErr)
		}
		if keep, joined, err = s.provenPhone(tx, a.user, s.db.Keys.Index(storage.IndexPhone, phone)); err != nil {
			return err
		}
		if keep != a.user { // the session is the other's from now on, and so is the repeat of this request
			if _, _, err := tx.Once(keep, r.RequestID, "phone", r.Code, keep); err != nil {
				return err
			}
		}
		return s.setPhone(tx, keep, phone)
	})
	if err != nil {
		return PhoneBound{}, err
	}
	me, err := s.ActAs(ctx, keep)
	if err != nil {
		return PhoneBound{}, err
	}
	out := PhoneBound{Members: len(me.homes), Joined: joined, Repeated: repeated}
	out.Phone, err = s.phoneOf(ctx, keep)
	return out, err
}

// setPhone stores a number of a user and makes the user stand for the members who have it.
func (s *Service) setPhone(tx *storage.Tx, user id.ID, phone string) error {
	if err := lockUser(tx, user); err != nil {
		return err
	}
	sealed, err := s.db.Keys.Seal("users", "phone_enc", user, phone)
	if err != nil {
		return err
	}
	idx := s.db.Keys.Index(storage.IndexPhone, phone)
	if _, err := tx.Exec("UPDATE users SET phone_enc = ?, phone_idx = ?, phone_at = ? WHERE id = ?", sealed, idx, clock.Ms(s.now()), user); err != nil {
		return err
	}
	day := s.today()
	rows, err := tx.Query(`SELECT DISTINCT m.id, ms.village_id FROM members m
		JOIN memberships ms ON ms.member_id = m.id AND ms.to_day > ? AND ms.from_day <= ?
		WHERE m.phone_idx = ?`, day, day, idx)
	if err != nil {
		return err
	}
	type found struct{ member, village id.ID }
	var all []found
	err = eachRow(rows, func() error {
		var f found
		if err := rows.Scan(&f.member, &f.village); err != nil {
			return err
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range all {
		if err := s.stand(tx, user, f.member, f.village, "phone", user); err != nil {
			return err
		}
	}
	return nil
}

// stand makes the user, whose lock is held, stand for a member from today on; nothing happens if that is so already. A
// user without a name gets the member's.
func (s *Service) stand(tx *storage.Tx, user, member, village id.ID, how string, by id.ID) error {
	day := s.today()
	var n int
	if err := tx.QueryRow("SELECT COUNT(*) FROM user_members WHERE user_id = ? AND member_id = ? AND to_day > ?", user, member, day).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO user_members (id, user_id, member_id, village_id, how, from_day, to_day, made_by, ended_by, created_at)
		VALUES (?,?,?,?,?,?,?,?,0,?)`, tx.NewID(), user, member, village, how, day, clock.Forever, by, clock.Ms(s.now()))
	if err != nil {
		return err
	}
	var name string
	if err := tx.QueryRow("SELECT name FROM members WHERE id = ?", member).Scan(&name); err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE users SET name = ? WHERE id = ? AND name = ''", name, user)
	return err
}

// phoneOf is the masked number of a user, empty if none.
func (s *Service) phoneOf(ctx context.Context, user id.ID) (string, error) {
	var sealed []byte
	if err := s.db.QueryRow(ctx, "SELECT phone_enc FROM users WHERE id = ?", user).Scan(&sealed); err != nil {
		return "", fmt.Errorf("phone: %w", err)
	}
	phone, err := s.db.Keys.Open("users", "phone_enc", user, sealed)
	if err != nil {
		return "", fmt.Errorf("phone: %w", err)
	}
	return maskPhone(phone), nil
}

// maskPhone keeps the first three and the last four figures: 139****1111.
func maskPhone(phone string) string {
	if len(phone) < 8 {
		return ""
	}
	return phone[:3] + "****" + phone[len(phone)-4:]
}
