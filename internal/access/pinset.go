package access

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MayOwn is for the people of the household alone, MayIssuePIN for who knows them by sight, MaySeePIN for both.
var (
	MayOwn      = Need{Scope: Self}
	MayIssuePIN = Need{Roles: []Role{TeamMember, FirstSecretary}, Scope: Village}
	MaySeePIN   = Need{Roles: []Role{TeamMember, FirstSecretary}, Scope: Self}
)

// PINState is what may be known of a household's PIN.
type PINState struct {
	Set       bool   `json:"set"`
	Locked    bool   `json:"locked"`
	TriesLeft int    `json:"tries_left"`
	FromSlip  bool   `json:"from_slip" doc:"an official issued it and the household has not chosen its own yet"`
	SetAt     int64  `json:"set_at" doc:"milliseconds since 1970 UTC, 0 if never"`
	SetBy     string `json:"set_by" doc:"name of who set or issued it"`
}

// PINState tells the household and its officials how the PIN stands.
func (s *Service) PINState(ctx context.Context, a Actor, village, household id.ID) (PINState, error) {
	if err := a.Allow(MaySeePIN, Place{Village: village, Household: household}); err != nil {
		return PINState{}, err
	}
	if _, err := s.pinHome(ctx, village, household); err != nil {
		return PINState{}, err
	}
	p, err := s.pin(ctx, household)
	if err != nil {
		return PINState{}, fmt.Errorf("pin state: %w", err)
	}
	state := PINState{Set: p.hash != "", TriesLeft: pinTries, FromSlip: p.how == pinSlip, SetAt: p.setAt}
	if state.Set {
		state.TriesLeft = max(0, pinTries-p.tries)
		state.Locked = state.TriesLeft == 0
	}
	if p.setBy != 0 {
		names, err := s.Names(ctx, p.setBy)
		if err != nil {
			return PINState{}, err
		}
		state.SetBy = names[p.setBy]
	}
	return state, nil
}

// pinHome is a household of the village that is in force.
type pinHomeRow struct{ number, name, village string }

func (s *Service) pinHome(ctx context.Context, village, household id.ID) (h pinHomeRow, err error) {
	err = s.db.QueryRow(ctx, `SELECT h.number, h.name, v.name FROM households h JOIN regions v ON v.id = h.village_id
		WHERE h.id = ? AND h.village_id = ? AND h.to_day > ?`, household, village, s.today()).Scan(&h.number, &h.name, &h.village)
	if noRows(err) {
		return h, ErrPINCode.With("没有找到这一户")
	}
	if err != nil {
		return h, fmt.Errorf("household: %w", err)
	}
	return h, nil
}

// PINRequest sets the household's own PIN.
type PINRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	PIN       string `json:"pin" minLength:"6" maxLength:"24" doc:"six figures"`
	Old       string `json:"old_pin,omitempty" maxLength:"24" doc:"the present one; asked of a session that was itself opened with the PIN, unless that came from a slip"`
}

// SetPIN sets or changes the PIN of one's household and ends the other sessions that were opened with the earlier one. Errors:
// ErrPINForm, ErrPINWeak, and for the present one those of CheckPIN.
func (s *Service) SetPIN(ctx context.Context, a Actor, village, household id.ID, r PINRequest) (repeated bool, err error) {
	if err := a.Allow(MayOwn, Place{Village: village, Household: household}); err != nil {
		return false, err
	}
	pin, err := pinForm(r.PIN)
	if err != nil {
		return false, err
	}
	h, err := s.pinHome(ctx, village, household)
	if err != nil {
		return false, err
	}
	if err := s.weakFor(ctx, household, h.number, pin); err != nil {
		return false, err
	}
	if err := s.proveOld(ctx, a, household, r); err != nil {
		return false, err
	}
	hash, err := s.hashPIN(household, pin)
	if err != nil {
		return false, fmt.Errorf("hash pin: %w", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.user, r.RequestID, "set_pin", []any{household, pin}, household); err != nil || repeated {
			return err
		}
		if err := s.storePIN(tx, pinRow{household: household, hash: hash, how: pinOwn, setBy: a.user}, h); err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM sessions WHERE household_id = ? AND token_hash <> ?", household, nonNil(a.session))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("set pin: %w", err)
	}
	return repeated, nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// proveOld asks who is logged in with the PIN alone for the present one, except at the repeat of a request that has
// changed it already.
func (s *Service) proveOld(ctx context.Context, a Actor, household id.ID, r PINRequest) error {
	if a.only == 0 {
		return nil
	}
	var sent int
	if err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM requests WHERE user_id = ? AND request_id = ?", a.user, r.RequestID).Scan(&sent); err != nil {
		return fmt.Errorf("requests: %w", err)
	}
	p, err := s.pin(ctx, household)
	if err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	if sent > 0 || p.how != pinOwn {
		return nil
	}
	if r.Old == "" {
		return ErrPINForm.With("请先填现在的密码")
	}
	_, err = s.tryPIN(ctx, household, r.Old)
	return err
}

// storePIN writes the PIN, and makes the user as whom the household acts at the first one.
func (s *Service) storePIN(tx *storage.Tx, p pinRow, h pinHomeRow) error {
	at := clock.Ms(s.now())
	for range 2 {
		n, err := tx.Exec("UPDATE household_pins SET hash = ?, tries = 0, how = ?, set_by = ?, set_at = ? WHERE household_id = ?", p.hash, p.how, p.setBy, at, p.household)
		if n == 1 || err != nil {
			return err
		}
		user := tx.NewID()
		_, err = tx.Exec("INSERT INTO household_pins (household_id, user_id, hash, tries, how, set_by, set_at) VALUES (?,?,?,0,?,?,?)", p.household, user, p.hash, p.how, p.setBy, at)
		if !storage.IsDuplicate(err) {
			if err == nil {
				err = insertUser(tx, user, h.name+"家", at)
			}
			return err
		}
		// Another request made the row meanwhile: it is there to be updated now.
	}
	return fmt.Errorf("store pin of household %d: neither there nor new", p.household)
}

// RemovePIN takes the PIN of one's household away and ends all sessions that were opened with it.
func (s *Service) RemovePIN(ctx context.Context, a Actor, village, household id.ID, request string) (repeated bool, err error) {
	if err := a.Allow(MayOwn, Place{Village: village, Household: household}); err != nil {
		return false, err
	}
	return s.changePIN(ctx, a, household, request, "remove_pin", func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE household_pins SET hash = '', how = ?, tries = 0, set_by = ?, set_at = ? WHERE household_id = ?", pinNone, a.user, clock.Ms(s.now()), household)
		if err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM sessions WHERE household_id = ?", household)
		return err
	})
}

// UnlockPIN gives a household that has come in person its five tries again. Nobody unlocks the own one or that of relatives.
func (s *Service) UnlockPIN(ctx context.Context, a Actor, village, household id.ID, request string) (repeated bool, err error) {
	if err := s.mayIssue(ctx, a, village, household); err != nil {
		return false, err
	}
	return s.changePIN(ctx, a, household, request, "unlock_pin", func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE household_pins SET tries = 0 WHERE household_id = ? AND hash <> ''", household)
		if err == nil && n == 0 {
			return ErrNoPIN
		}
		return err
	})
}

func (s *Service) mayIssue(ctx context.Context, a Actor, village, household id.ID) error {
	if err := a.Allow(MayIssuePIN, Place{Village: village}); err != nil {
		return err
	}
	if err := a.NotOwn(household); err != nil {
		return err
	}
	_, err := s.pinHome(ctx, village, household)
	return err
}

func (s *Service) changePIN(ctx context.Context, a Actor, household id.ID, request, op string, change func(tx *storage.Tx) error) (repeated bool, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.user, request, op, household, household); err != nil || repeated {
			return err
		}
		return change(tx)
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", op, err)
	}
	return repeated, nil
}

// PINSlip is what is printed and handed over. The PIN is shown in this answer only.
type PINSlip struct {
	Village   string    `json:"village_name"`
	Number    string    `json:"number"`
	Household string    `json:"household_name"`
	PIN       string    `json:"pin"`
	IssuedOn  clock.Day `json:"issued_on"`
	Lines     []string  `json:"lines" doc:"what the slip says besides"`
	Repeated  bool      `json:"repeated"`
}

// IssuePIN gives a household that has come in person a new PIN on a slip, which also unlocks, and ends all sessions that were opened
// with an earlier one. The household is asked to choose its own at the next login. It is recorded who issued it, and
// the household sees that. The repeat of a request answers the same slip. Errors: ErrOwn, ErrPINChanged at the repeat
// after the PIN has changed again.
func (s *Service) IssuePIN(ctx context.Context, a Actor, village, household id.ID, request string) (PINSlip, error) {
	if err := s.mayIssue(ctx, a, village, household); err != nil {
		return PINSlip{}, err
	}
	h, err := s.pinHome(ctx, village, household)
	if err != nil {
		return PINSlip{}, err
	}
	pin, err := s.slipPIN(ctx, a.user, household, h.number, request)
	if err != nil {
		return PINSlip{}, err
	}
	hash, err := s.hashPIN(household, pin)
	if err != nil {
		return PINSlip{}, fmt.Errorf("hash pin: %w", err)
	}
	repeated, err := s.changePIN(ctx, a, household, request, "issue_pin", func(tx *storage.Tx) error {
		if err := s.storePIN(tx, pinRow{household: household, hash: hash, how: pinSlip, setBy: a.user}, h); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM sessions WHERE household_id = ?", household)
		return err
	})
	if err != nil {
		return PINSlip{}, err
	}
	if repeated {
		if p, err := s.pin(ctx, household); err != nil || p.how != pinSlip || !s.samePIN(p.hash, household, pin) {
			return PINSlip{}, ErrPINChanged
		}
	}
	return PINSlip{Village: h.village, Number: h.number, Household: h.name, PIN: pin, IssuedOn: s.today(), Repeated: repeated, Lines: []string{
		"用法：打开禾分网页，选“用积分卡进入”，扫积分卡上的码，再填这6位密码。",
		"第一次进去后，请马上换成自己的密码。",
		"密码不要告诉别人，村干部也不会问您要。输错5次会锁住，请找驻村队员解锁。",
	}}, nil
}

// slipPIN follows from the request and the installation's key, so that its repeat gives the same slip and nothing need be stored.
func (s *Service) slipPIN(ctx context.Context, by, household id.ID, number, request string) (string, error) {
	for n := range 100 {
		sum := s.db.Keys.Index("pin_slip", fmt.Sprintf("%d|%d|%s|%d", by, household, request, n))
		pin := fmt.Sprintf("%06d", binary.BigEndian.Uint64(sum)%1_000_000)
		err := s.weakFor(ctx, household, number, pin)
		if err == nil {
			return pin, nil
		}
		if !errors.Is(err, ErrPINWeak) {
			return "", err
		}
	}
	return "", ErrPINWeak
}
