package market

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/stepcode"
	"hefen/internal/storage"
)

// The phone's code is PhonePrefix, an alias of eight digits and a changing code of eight digits. The alias names the phone
// and says nothing about the household; the code is an HMAC of the running step under a secret that the phone was given
// once, so it can be shown without signal.
const (
	PhonePrefix   = "HF2-"
	stepSeconds   = stepcode.Seconds
	phoneDigits   = 8
	phoneMisses   = 5 // wrong codes of one phone before it must wait
	phoneWait     = 10 * time.Minute
	aliasAttempts = 8
)

var (
	phoneForm = regexp.MustCompile(`^(?:HF2-)?([0-9]{8})[- ]?([0-9]{8})$`)
	phoneRoom = big.NewInt(100_000_000)
)

// MayHoldCode is for the people of a household: nobody else can show its code on a phone.
var MayHoldCode = access.Need{Scope: access.Self}

var (
	ErrPhoneCode     = errs.New(errs.Conflict, "market_phone_code", "手机上的码不对或者过期了，请让村民把码再打开一次，重新扫")
	ErrPhoneCodeUsed = errs.New(errs.Conflict, "market_phone_code_used", "这个码刚用过一次，请等手机上的码变了再扫")
	ErrPhoneCodeWait = errs.New(errs.TooMany, "market_phone_code_wait", "码错了好几次，请等十分钟再扫，或用积分卡、户号办理")
)

// PhoneCode is what a phone needs to show its changing code.
type PhoneCode struct {
	ID          id.ID  `json:"id"`
	Alias       string `json:"alias" doc:"eight digits that name this phone"`
	Secret      string `json:"secret" doc:"key of the HMAC, base64; stays on the phone"`
	StepSeconds int    `json:"step_seconds"`
	ServerTime  int64  `json:"server_time" doc:"milliseconds since 1970 UTC, for a phone whose clock is wrong"`
	Household   id.ID  `json:"household"`
	Member      id.ID  `json:"member,omitempty" doc:"whose points it spends, where the village scores persons"`
}

// PhoneCodeRequest asks for one.
type PhoneCodeRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
}

// TakePhoneCode gives this user's phone a code for the household and ends the one it had.
func (s *Service) TakePhoneCode(ctx context.Context, a access.Actor, in, household id.ID, r PhoneCodeRequest) (PhoneCode, error) {
	if err := a.Allow(MayHoldCode, access.Place{Village: in, Household: household}); err != nil {
		return PhoneCode{}, err
	}
	at := s.now()
	v, err := s.books.InForce(ctx, in, clock.DayOf(at))
	if err != nil {
		return PhoneCode{}, err
	}
	c := PhoneCode{ID: s.db.NewID(), StepSeconds: stepSeconds, ServerTime: clock.Ms(at), Household: household}
	if v.Scheme.Subject == scheme.SubjectPerson {
		for _, h := range a.Homes() {
			if h.Household == household {
				c.Member = h.Member
			}
		}
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "market.phone_code", []any{in, household}, c.ID)
		if c.ID = earlier; err != nil {
			return err
		}
		if again {
			return tx.QueryRow("SELECT alias, member_id FROM phone_codes WHERE id = ?", c.ID).Scan(&c.Alias, &c.Member)
		}
		if _, err := tx.Exec("UPDATE phone_codes SET ended_at = ? WHERE user_id = ? AND household_id = ? AND ended_at = 0", clock.Ms(at), a.User(), household); err != nil {
			return fmt.Errorf("end phone code: %w", err)
		}
		for range aliasAttempts {
			n, err := rand.Int(rand.Reader, phoneRoom)
			if err != nil {
				return fmt.Errorf("draw alias: %w", err)
			}
			c.Alias = fmt.Sprintf("%0*d", phoneDigits, n)
			_, err = tx.Exec(`INSERT INTO phone_codes (id, alias, user_id, village_id, household_id, member_id, last_step, misses, missed_at, made_at)
				VALUES (?,?,?,?,?,?,0,0,0,?)`, c.ID, c.Alias, a.User(), in, household, c.Member, clock.Ms(at))
			if !storage.IsDuplicate(err) {
				return err
			}
		}
		return storage.ErrBusy
	})
	if err != nil {
		return PhoneCode{}, err
	}
	c.Secret = base64.StdEncoding.EncodeToString(s.phoneSecret(c.ID))
	return c, nil
}

// phoneSecret follows from the index key and the row, so that no secret is stored.
func (s *Service) phoneSecret(code id.ID) []byte {
	return s.db.Keys.Index("phone-code", code.String())
}

// phoneCodeAt is the code of a step.
func phoneCodeAt(secret []byte, step int64) string {
	return stepcode.At(secret, step, phoneDigits)
}

func stepOf(at time.Time) int64 { return stepcode.Step(at) }

// phone is a phone's code as stored.
type phone struct {
	id, village, household, member id.ID
	lastStep                       int64
}

// usePhoneCode finds who shows a code and uses its step up. All three steps are compared whatever the first gives.
// ErrPhoneCode, ErrPhoneCodeUsed, ErrPhoneCodeWait.
func (s *Service) usePhoneCode(tx *storage.Tx, in id.ID, text string, at time.Time) (phone, error) {
	m := phoneForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return phone{}, ErrPhoneCode
	}
	var p phone
	var misses int
	var missed int64
	err := tx.QueryRow(`SELECT id, village_id, household_id, member_id, last_step, misses, missed_at FROM phone_codes WHERE alias = ? AND ended_at = 0`, m[1]).
		Scan(&p.id, &p.village, &p.household, &p.member, &p.lastStep, &misses, &missed)
	if errors.Is(err, sql.ErrNoRows) || err == nil && p.village != in {
		return phone{}, ErrPhoneCode
	}
	if err != nil {
		return phone{}, fmt.Errorf("read phone code: %w", err)
	}
	if misses >= phoneMisses && clock.Ms(at) < missed+phoneWait.Milliseconds() {
		return phone{}, ErrPhoneCodeWait
	}
	secret, now := s.phoneSecret(p.id), stepOf(at)
	step := stepcode.Match(secret, m[2], now, 1, phoneDigits)
	if step == 0 {
		return p, ErrPhoneCode
	}
	n, err := tx.Exec("UPDATE phone_codes SET last_step = ?, misses = 0 WHERE id = ? AND last_step < ? AND ended_at = 0", step, p.id, step)
	if err != nil {
		return phone{}, fmt.Errorf("use phone code: %w", err)
	}
	if n == 0 {
		return phone{}, ErrPhoneCodeUsed
	}
	return p, nil
}

// missPhoneCode counts a wrong code, in a transaction of its own because the refusal undoes the caller's.
func (s *Service) missPhoneCode(ctx context.Context, text string, at time.Time) error {
	m := phoneForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil
	}
	now := clock.Ms(at)
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE phone_codes SET misses = CASE WHEN missed_at < ? THEN 1 ELSE misses + 1 END, missed_at = ? WHERE alias = ? AND ended_at = 0",
			now-phoneWait.Milliseconds(), now, m[1])
		return err
	})
}
