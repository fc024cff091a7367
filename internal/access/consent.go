package access

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// What a user may agree to: the privacy statement, without which there are no sessions, and the keeping of the phone number.
const (
	ConsentPrivacy = "privacy"
	ConsentPhone   = "phone"
)

// Errors of consent and of closing an account.
var (
	ErrHoldsOffice = errs.New(errs.Conflict, "access_holds_office", "您还担任村里的工作，请先办理工作交接，再注销账号")
	ErrNotSure     = errs.New(errs.Invalid, "access_not_sure", "请填写“注销”两个字，确认要注销账号")
)

// Consent is the latest word of a user on one matter.
type Consent struct {
	Kind    string `json:"kind" enum:"privacy,phone"`
	Version string `json:"version" doc:"of the statement agreed to"`
	Given   bool   `json:"given" doc:"false: taken back"`
	At      int64  `json:"at" doc:"milliseconds since 1970 UTC"`
}

func (s *Service) noteConsent(tx *storage.Tx, user id.ID, kind, version string, given bool) error {
	n := 0
	if given {
		n = 1
	}
	_, err := tx.Exec("INSERT INTO consents (id, user_id, kind, version, given, at) VALUES (?,?,?,?,?,?)", tx.NewID(), user, kind, version, n, clock.Ms(s.now()))
	return err
}

// Consents lists the latest word of the actor on each matter.
func (s *Service) Consents(ctx context.Context, a Actor) ([]Consent, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT c.kind, c.version, c.given, c.at FROM consents c
		WHERE c.user_id = ? AND c.id = (SELECT MAX(d.id) FROM consents d WHERE d.user_id = c.user_id AND d.kind = c.kind) ORDER BY c.kind`, a.user)
	if err != nil {
		return nil, fmt.Errorf("consents: %w", err)
	}
	list := []Consent{}
	err = eachRow(rows, func() error {
		var c Consent
		err := rows.Scan(&c.Kind, &c.Version, &c.Given, &c.At)
		list = append(list, c)
		return err
	})
	return list, err
}

// ConsentRequest gives consent or takes it back.
type ConsentRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Kind      string `json:"kind" enum:"privacy,phone"`
	Version   string `json:"version,omitempty" maxLength:"20"`
	Given     bool   `json:"given"`
}

// Agree notes what the actor agrees to or takes back. Taking back the consent for the phone number removes the number from the
// account; taking back that for the privacy statement does the same and ends all sessions. What the village keeps in
// its register is the village's and stays.
func (s *Service) Agree(ctx context.Context, a Actor, r ConsentRequest) (repeated bool, err error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return false, err
	}
	if r.Kind != ConsentPrivacy && r.Kind != ConsentPhone {
		return false, errs.New(errs.Invalid, "access_consent_kind", "没有这一项可以同意或撤回")
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, repeated, err = tx.Once(a.user, r.RequestID, "consent", []any{r.Kind, r.Version, r.Given}, a.user); err != nil || repeated {
			return err
		}
		if err := lockUser(tx, a.user); err != nil {
			return err
		}
		if err := s.noteConsent(tx, a.user, r.Kind, r.Version, r.Given); err != nil || r.Given {
			return err
		}
		if err := forgetPhone(tx, a.user); err != nil || r.Kind == ConsentPhone {
			return err
		}
		return revokeAll(tx, a.user)
	})
	if err != nil {
		return false, fmt.Errorf("consent: %w", err)
	}
	return repeated, nil
}

// forgetPhone removes the number from a user and from the sessions that proved it.
func forgetPhone(tx *storage.Tx, user id.ID) error {
	if _, err := tx.Exec("UPDATE users SET phone_enc = ?, phone_idx = ? WHERE id = ?", []byte{}, []byte{}, user); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE sessions SET phone_idx = ? WHERE user_id = ?", []byte{}, user)
	return err
}

// CloseRequest asks to close the own account.
type CloseRequest struct {
	Confirm string `json:"confirm" maxLength:"20" doc:"the word 注销, typed by the person"`
}

// CloseOwn closes the actor's account: sessions end, the phone number, the WeChat identity and what the user stood for are
// removed, and the next login makes a new user. Officials hand over first. The village's register and ledger stay.
// Errors: ErrNotSure, ErrHoldsOffice, ErrHouseholdOnly.
func (s *Service) CloseOwn(ctx context.Context, a Actor, r CloseRequest) error {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return err
	}
	if err := a.person(); err != nil {
		return err
	}
	if r.Confirm != "注销" {
		return ErrNotSure
	}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error { return s.closeUser(tx, a.user) })
	if err != nil {
		return fmt.Errorf("close account: %w", err)
	}
	s.names.Remove(a.user)
	return nil
}

// CloseUser ends all sessions of a user, who cannot log in any more with the same WeChat account. For commands.
func (s *Service) CloseUser(ctx context.Context, user id.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := lockUser(tx, user); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE users SET state = 'closed' WHERE id = ?", user); err != nil {
			return err
		}
		return revokeAll(tx, user)
	})
}

// closeUser is what the owner asks for: nothing personal stays with the account. Whoever has held an office keeps the name, under
// which records are signed.
func (s *Service) closeUser(tx *storage.Tx, user id.ID) error {
	if err := lockUser(tx, user); err != nil {
		return err
	}
	today := s.today()
	var held, ever int
	err := tx.QueryRow("SELECT COALESCE(SUM(CASE WHEN to_day > ? THEN 1 ELSE 0 END), 0), COUNT(*) FROM user_roles WHERE user_id = ?", today, user).Scan(&held, &ever)
	if err != nil {
		return err
	}
	if held > 0 {
		return ErrHoldsOffice
	}
	if err := forgetPhone(tx, user); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE user_members SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END, ended_by = ? WHERE user_id = ? AND to_day > ?", today, today, user, user, today); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM identities WHERE user_id = ?", user); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE bindings SET state = 'refused', open_key = id, note = '', decided_at = ? WHERE user_id = ? AND state = 'pending'", clock.Ms(s.now()), user); err != nil {
		return err
	}
	if err := s.noteConsent(tx, user, ConsentPrivacy, "", false); err != nil {
		return err
	}
	name := "name"
	if ever == 0 {
		name = "''"
	}
	if _, err := tx.Exec("UPDATE users SET state = 'closed', name = "+name+" WHERE id = ?", user); err != nil {
		return err
	}
	return revokeAll(tx, user)
}
