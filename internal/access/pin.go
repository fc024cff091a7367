package access

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Errors of household PINs.
var (
	ErrPINForm    = errs.New(errs.Invalid, "access_pin_form", "密码是6位数字")
	ErrPINWeak    = errs.New(errs.Invalid, "access_pin_weak", "这个密码太好猜了，不要用连着的、重复的数字、户号或家里人的生日，请换一个")
	ErrNoPIN      = errs.New(errs.Conflict, "access_no_pin", "这一户还没有设密码，请用手机号登录后自己设，或找驻村队员当面领一个")
	ErrPIN        = errs.New(errs.Invalid, "access_pin_wrong", "密码不对，请再想一想")
	ErrPINLocked  = errs.New(errs.Forbidden, "access_pin_locked", "密码输错了5次，已经锁住，请找驻村队员解锁，或用手机号登录")
	ErrPINChanged = errs.New(errs.Conflict, "access_pin_changed", "这个密码后来又改过了，请重新发一个")
	ErrPINCode    = errs.New(errs.NotFound, "access_pin_code", "没有找到这个码，请核对后再试；换过卡的，请用新卡上的码")
)

const (
	pinDigits = 6
	pinTries  = 5
	pinCost   = 11 // of bcrypt: about a tenth of a second
)

// Where a PIN comes from.
const (
	pinOwn  = "own"
	pinSlip = "slip"
	pinNone = "none"
)

// pinRow is what stands about a household's PIN.
type pinRow struct {
	household, user, setBy id.ID
	hash, how              string
	tries                  int
	setAt                  int64
}

const selectPIN = "SELECT household_id, user_id, hash, tries, how, set_by, set_at FROM household_pins WHERE household_id = ?"

func scanPIN(scan func(...any) error) (p pinRow, err error) {
	err = scan(&p.household, &p.user, &p.hash, &p.tries, &p.how, &p.setBy, &p.setAt)
	return p, err
}

func (s *Service) pin(ctx context.Context, household id.ID) (pinRow, error) {
	p, err := scanPIN(s.db.QueryRow(ctx, selectPIN, household).Scan)
	if noRows(err) {
		return pinRow{}, nil
	}
	return p, err
}

// HasPIN reports whether the household has a PIN, locked or not.
func (s *Service) HasPIN(ctx context.Context, household id.ID) (bool, error) {
	p, err := s.pin(ctx, household)
	return p.hash != "", err
}

// CheckPIN compares a household's PIN and counts the try; it writes, so it is called outside other transactions. After five wrong
// tries in a row the PIN is locked until an official unlocks it or issues another. Errors: ErrNoPIN, ErrPIN, ErrPINLocked,
// ErrPINCode for a household that is not of the village.
func (s *Service) CheckPIN(ctx context.Context, village, household id.ID, pin string) error {
	var n int
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM households WHERE id = ? AND village_id = ? AND to_day > ?", household, village, s.today()).Scan(&n)
	if err != nil {
		return fmt.Errorf("check pin: %w", err)
	}
	if n == 0 {
		return ErrPINCode
	}
	_, err = s.tryPIN(ctx, household, pin)
	return err
}

// tryPIN takes one of the tries before it compares, so that many at once have no more than there are.
func (s *Service) tryPIN(ctx context.Context, household id.ID, pin string) (p pinRow, err error) {
	if pin, err = pinForm(pin); err != nil {
		return pinRow{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE household_pins SET tries = tries + 1 WHERE household_id = ? AND hash <> '' AND tries < ?", household, pinTries)
		if err != nil {
			return err
		}
		p, err = scanPIN(tx.QueryRow(selectPIN, household).Scan)
		switch {
		case noRows(err) || err == nil && p.hash == "":
			return ErrNoPIN
		case err == nil && n == 0:
			return ErrPINLocked
		}
		return err
	})
	if err != nil {
		return pinRow{}, fmt.Errorf("try pin: %w", err)
	}
	if !s.samePIN(p.hash, household, pin) {
		if left := pinTries - p.tries; left > 0 {
			return pinRow{}, ErrPIN.With("密码不对，还可以试%d次。忘了的话，请找驻村队员", left)
		}
		return pinRow{}, ErrPINLocked
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE household_pins SET tries = 0 WHERE household_id = ? AND hash = ?", household, p.hash)
		if err == nil && n == 0 { // changed while it was compared
			return ErrPIN
		}
		return err
	})
	return p, err
}

// pinForm takes six figures, typed wide or narrow.
func pinForm(pin string) (string, error) {
	pin = strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, strings.TrimSpace(pin))
	if len(pin) != pinDigits || strings.Trim(pin, "0123456789") != "" {
		return "", ErrPINForm
	}
	return pin, nil
}

// pepper puts the installation's key into what is hashed: six figures alone would be found from a stolen hash in a day.
func (s *Service) pepper(household id.ID, pin string) []byte {
	return []byte(hex.EncodeToString(s.db.Keys.Index("pin", household.String()+"|"+pin)))
}

func (s *Service) hashPIN(household id.ID, pin string) (string, error) {
	s.hashes <- struct{}{}
	defer func() { <-s.hashes }()
	hash, err := bcrypt.GenerateFromPassword(s.pepper(household, pin), s.cost)
	return string(hash), err
}

func (s *Service) samePIN(hash string, household id.ID, pin string) bool {
	s.hashes <- struct{}{}
	defer func() { <-s.hashes }()
	return bcrypt.CompareHashAndPassword([]byte(hash), s.pepper(household, pin)) == nil
}

// popular are PINs that many people choose and that no rule below finds.
var popular = []string{"112233", "123321", "332211", "520520", "521521", "147258", "258369", "159357", "147852", "741852", "963852", "888666", "666888", "168168", "131452", "520131", "131400"}

// weakPIN refuses what somebody who knows the household would try first: runs, repetitions, the household's number, birthdays.
func weakPIN(pin, number string, births []clock.Day) error {
	up, down, period := true, true, false
	for i := 1; i < len(pin); i++ {
		up = up && (pin[i]-'0') == (pin[i-1]-'0'+1)%10
		down = down && (pin[i-1]-'0') == (pin[i]-'0'+1)%10
	}
	for _, n := range []int{1, 2, 3} {
		period = period || strings.Repeat(pin[:n], pinDigits/n) == pin
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	own := digits != "" && (strings.TrimLeft(pin, "0") == strings.TrimLeft(digits, "0") || strings.HasSuffix(digits, pin))
	for _, b := range births {
		text := fmt.Sprintf("%08d", int(b))
		own = own || b != 0 && (pin == text[2:] || pin == text[:6])
	}
	if up || down || period || own || slices.Contains(popular, pin) {
		return ErrPINWeak
	}
	return nil
}

// weakFor is weakPIN with what the register knows of the household.
func (s *Service) weakFor(ctx context.Context, household id.ID, number, pin string) error {
	day := s.today()
	births, err := scanIDs(s.db.Query(ctx, `SELECT m.born_on FROM memberships ms JOIN members m ON m.id = ms.member_id
		WHERE ms.household_id = ? AND ms.from_day <= ? AND ms.to_day > ?`, household, day, day))
	if err != nil {
		return fmt.Errorf("birthdays: %w", err)
	}
	days := make([]clock.Day, len(births))
	for i, b := range births {
		days[i] = clock.Day(b)
	}
	return weakPIN(pin, number, days)
}

// PINLogin logs in with a household's code and its PIN.
type PINLogin struct {
	HouseholdCode string `json:"household_code" minLength:"4" maxLength:"128" doc:"what the household's card says"`
	PIN           string `json:"pin" minLength:"6" maxLength:"24" doc:"six figures"`
	Device        string `json:"device,omitempty" maxLength:"60" doc:"name of the device for the list of sessions"`
	Privacy       string `json:"privacy,omitempty" maxLength:"20" doc:"version of the privacy statement that the person has agreed to"`
}

// LoginByPIN opens a session that acts as the household: with a villager's rights in that household and none besides, also
// when the person holds an office. Errors: ErrPINCode, ErrPINForm, ErrNoPIN, ErrPIN, ErrPINLocked.
func (s *Service) LoginByPIN(ctx context.Context, r PINLogin) (Session, error) {
	var household id.ID
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		household, _, err = s.householdByCode(tx, strings.Join(strings.Fields(r.HouseholdCode), ""))
		return err
	})
	if errors.Is(err, ErrHouseholdCode) {
		return Session{}, ErrPINCode
	}
	if err != nil {
		return Session{}, fmt.Errorf("login by pin: %w", err)
	}
	p, err := s.tryPIN(ctx, household, r.PIN)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		// The session must not outlive a PIN that changes at this moment.
		n, err := tx.Exec("UPDATE household_pins SET tries = 0 WHERE household_id = ? AND hash = ?", household, p.hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrPIN
		}
		session, err = s.openIn(tx, opening{user: p.user, device: r.Device, how: ByPIN, household: household, consent: r.Privacy})
		return err
	})
	session.ChoosePIN, session.People = p.how == pinSlip, 1
	return session, err
}
