package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"regexp"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/sms"
	"hefen/internal/storage"
)

// Errors of login codes.
var (
	ErrNoCodes    = errs.New(errs.Unavailable, "access_no_codes", "这里还不能用手机号登录，请用积分卡和密码登录，或用微信小程序")
	ErrPhone      = errs.New(errs.Invalid, "access_phone", "请填写11位手机号，例如13812345678")
	ErrCodeSoon   = errs.New(errs.TooMany, "access_code_soon", "刚刚已经发过验证码，请过一分钟再点")
	ErrCodeMany   = errs.New(errs.TooMany, "access_code_many", "今天要验证码的次数太多了，请明天再试，或用积分卡和密码登录")
	ErrCodeRefuse = errs.New(errs.Unavailable, "access_code_refused", "短信没有发出去，请核对手机号，过一分钟再试，或用积分卡和密码登录")
	ErrCode       = errs.New(errs.Invalid, "access_code", "验证码不对，或者已经过期，请核对后再填")
	ErrCodeSpent  = errs.New(errs.Conflict, "access_code_spent", "这个验证码已经作废，请重新获取一个")
)

// CodeSender sends a login code to a mainland mobile number. An error that is sms.ErrRefused says that it has surely not
// been sent; after any other nobody knows, and the code is not sent again. sms.Log and sms.Tencent are the two senders.
type CodeSender interface {
	SendCode(ctx context.Context, phone, code string, minutes int) error
}

// Sender is the sender that the settings ask for: the log for a demonstration that is allowed, the SMS service where an
// account is configured, nil otherwise.
func Sender(cfg config.Config, log *slog.Logger) (CodeSender, error) {
	switch {
	case DemoAllowed(cfg):
		return sms.Log{To: log}, nil
	case cfg.SMS.On():
		m := cfg.SMS
		return sms.NewTencent(sms.TencentOptions{SecretID: m.SecretID, SecretKey: m.SecretKey, AppID: m.AppID, SignName: m.Sign, Template: m.Template, Region: m.Region})
	}
	return nil, nil
}

// CodeLimits bound how many codes are sent.
type CodeLimits struct {
	PerPhone   int // to one number in 24 hours
	PerAddress int // asked for from one address in an hour
	PerDay     int // in all in 24 hours
}

// SendCodes lets people log in with a phone number; a nil sender keeps that closed.
func (s *Service) SendCodes(sender CodeSender, limits CodeLimits) {
	s.sender, s.limits = sender, limits
}

const (
	codeDigits  = 6
	codeMinutes = 5
	codeTries   = 5
	codeGap     = time.Minute // between two codes to one number
)

// CodeRequest asks for a login code.
type CodeRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Phone     string `json:"phone" minLength:"11" maxLength:"20" doc:"mainland mobile number"`
}

// CodeAsked is the same for numbers that somebody here has and for all others.
type CodeAsked struct {
	ResendAfter int  `json:"resend_after" doc:"seconds until another code may be asked for"`
	Minutes     int  `json:"minutes" doc:"how long the code is good"`
	Digits      int  `json:"digits"`
	Repeated    bool `json:"repeated"`
}

var mobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// mobileNumber brings +86 138-1234-5678 into the form 13812345678.
func mobileNumber(text string) (string, error) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case strings.ContainsRune(" \u3000-+()", r):
		default:
			return "", ErrPhone
		}
	}
	number := b.String()
	if len(number) == 13 {
		number = strings.TrimPrefix(number, "86")
	}
	if !mobile.MatchString(number) {
		return "", ErrPhone
	}
	return number, nil
}

// AskCode sends a code for a login to a number, whether or not anybody here has it. The code exists in memory until it is
// sent; the database has a keyed hash. It is sent once: the repeat of a request is answered and sends nothing, and
// after a sending without an answer the person asks for another code. Address is who asks, for the limits. Errors:
// ErrNoCodes, ErrPhone, ErrCodeSoon, ErrCodeMany, ErrCodeRefuse.
func (s *Service) AskCode(ctx context.Context, address string, r CodeRequest) (CodeAsked, error) {
	if s.sender == nil {
		return CodeAsked{}, ErrNoCodes
	}
	phone, err := mobileNumber(r.Phone)
	if err != nil {
		return CodeAsked{}, err
	}
	code := newCode()
	idx := s.db.Keys.Index(storage.IndexPhone, phone)
	now := s.now()
	asked := CodeAsked{ResendAfter: int(codeGap / time.Second), Minutes: codeMinutes, Digits: codeDigits}
	var made id.ID
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if made, asked.Repeated, err = tx.Once(0, r.RequestID, "login_code", phone, tx.NewID()); err != nil || asked.Repeated {
			return err
		}
		if err := s.limitCodes(tx, idx, address, now); err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO login_codes (id, phone_idx, code_mac, state, tries, created_at, expires_at, used_at) VALUES (?,?,?,'sending',0,?,?,0)",
			made, idx, s.codeMAC(made, code), clock.Ms(now), clock.Ms(now.Add(codeMinutes*time.Minute)))
		return err
	})
	if err != nil {
		return CodeAsked{}, fmt.Errorf("ask code: %w", err)
	}
	if asked.Repeated {
		return asked, s.refusedBefore(ctx, made)
	}
	return asked, s.send(ctx, made, phone, code)
}

// send hands the code to the sender once and notes what came of it.
func (s *Service) send(ctx context.Context, made id.ID, phone, code string) error {
	state, err := "sent", s.sender.SendCode(ctx, phone, code, codeMinutes)
	switch {
	case errors.Is(err, sms.ErrRefused):
		state, err = "refused", ErrCodeRefuse.Wrap(err)
	case err != nil: // it may arrive
		slog.WarnContext(ctx, "login code sent without an answer", "err", err)
		state, err = "unknown", nil
	}
	noted := s.db.InTx(context.WithoutCancel(ctx), func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE login_codes SET state = ? WHERE id = ?", state, made)
		return err
	})
	if noted != nil {
		return errors.Join(err, fmt.Errorf("note sending: %w", noted))
	}
	return err
}

// refusedBefore is the answer that the first request with this id had.
func (s *Service) refusedBefore(ctx context.Context, made id.ID) error {
	var state string
	err := s.db.QueryRow(ctx, "SELECT state FROM login_codes WHERE id = ?", made).Scan(&state)
	if noRows(err) || err == nil && state != "refused" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("code state: %w", err)
	}
	return ErrCodeRefuse
}

func newCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails: the runtime aborts when the system has no randomness
	return fmt.Sprintf("%06d", n)
}

// codeMAC binds a code to its row, so that equal codes have unlike hashes.
func (s *Service) codeMAC(row id.ID, code string) []byte {
	return s.db.Keys.Index("login_code", row.String()+"|"+code)
}

// limitCodes counts one code to a phone, for an address, and in all.
func (s *Service) limitCodes(tx *storage.Tx, phone []byte, address string, now time.Time) error {
	from := s.db.Keys.Index("address", address)
	for _, l := range []struct {
		kind   string
		key    []byte
		window time.Duration
		most   int
		full   *errs.Error
	}{
		{"code_gap", phone, codeGap, 1, ErrCodeSoon},
		{"code_phone", phone, 24 * time.Hour, s.limits.PerPhone, ErrCodeMany},
		{"code_address", from, time.Hour, s.limits.PerAddress, ErrCodeMany.With("这里要验证码的人太多了，请过一小时再试，或用积分卡和密码登录")},
		{"code_all", []byte{}, 24 * time.Hour, s.limits.PerDay, ErrCodeMany.With("今天的短信已经发完，请明天再试，或用积分卡和密码登录")},
	} {
		ok, err := underLimit(tx, l.kind, l.key, clock.Ms(now), l.window.Milliseconds(), l.most)
		if err != nil {
			return fmt.Errorf("limit %s: %w", l.kind, err)
		}
		if !ok {
			return l.full
		}
	}
	return nil
}

// underLimit counts one of at most so many in a window, which begins with the first of it.
func underLimit(tx *storage.Tx, kind string, key []byte, nowMs, windowMs int64, most int) (bool, error) {
	for range 2 {
		n, err := tx.Exec("UPDATE login_limits SET n = n + 1 WHERE kind = ? AND key_idx = ? AND since > ? AND n < ?", kind, key, nowMs-windowMs, most)
		if n == 1 || err != nil {
			return n == 1, err
		}
		n, err = tx.Exec("UPDATE login_limits SET since = ?, n = 1 WHERE kind = ? AND key_idx = ? AND since <= ?", nowMs, kind, key, nowMs-windowMs)
		if n == 1 || err != nil {
			return n == 1, err
		}
		_, err = tx.Exec("INSERT INTO login_limits (kind, key_idx, since, n) VALUES (?,?,?,1)", kind, key, nowMs)
		if !storage.IsDuplicate(err) {
			return err == nil, err
		}
		// The window is full, or another request made the row in between: once more tells.
	}
	return false, nil
}

// proveCode checks a code against the newest one sent to the number and uses it up. Each code has five tries, which are
// taken before the comparison, so that many at once have no more.
func (s *Service) proveCode(ctx context.Context, phone []byte, code string) error {
	var row id.ID
	var mac []byte
	var left bool
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		err := tx.QueryRow("SELECT id, code_mac FROM login_codes WHERE phone_idx = ? AND state <> 'refused' ORDER BY created_at DESC, id DESC LIMIT 1", phone).Scan(&row, &mac)
		if noRows(err) {
			return ErrCode
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE login_codes SET tries = tries + 1 WHERE id = ? AND tries < ? AND used_at = 0 AND expires_at > ?", row, codeTries, clock.Ms(s.now()))
		left = n == 1
		return err
	})
	if err != nil {
		return fmt.Errorf("try code: %w", err)
	}
	if !left {
		return s.deadCode(ctx, row)
	}
	if subtle.ConstantTimeCompare(mac, s.codeMAC(row, strings.TrimSpace(code))) != 1 {
		return ErrCode
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE login_codes SET used_at = ? WHERE id = ? AND used_at = 0", clock.Ms(s.now()), row)
		if err == nil && n == 0 {
			return ErrCodeSpent
		}
		return err
	})
}

// deadCode says of a code that has no tries left, was used or is too old which of these it is.
func (s *Service) deadCode(ctx context.Context, row id.ID) error {
	var expires int64
	if err := s.db.QueryRow(ctx, "SELECT expires_at FROM login_codes WHERE id = ?", row).Scan(&expires); err != nil {
		return fmt.Errorf("dead code: %w", err)
	}
	if expires <= clock.Ms(s.now()) {
		return ErrCode
	}
	return ErrCodeSpent
}

// keptCodes is how long codes and counts are kept.
const keptCodes = 48 * time.Hour

// purgeCodes deletes codes and counts of days past.
func (s *Service) purgeCodes(tx *storage.Tx) (int64, error) {
	before := clock.Ms(s.now().Add(-keptCodes))
	codes, err := tx.Exec("DELETE FROM login_codes WHERE created_at < ?", before)
	if err != nil {
		return 0, err
	}
	counts, err := tx.Exec("DELETE FROM login_limits WHERE since < ?", before)
	return codes + counts, err
}
