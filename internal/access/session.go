package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

const (
	sessionDays = 30
	maxSessions = 20 // of one user; the oldest go
	tokenBytes  = 32
	tokenChars  = 43 // base64url of 32 bytes
	maxDevice   = 60 // characters
)

// Session is what a login gives the device. The token is stored nowhere; the database knows its SHA-256.
type Session struct {
	Token     string `json:"token" doc:"send as Authorization: Bearer …; keep it secret"`
	ExpiresAt int64  `json:"expires_at" doc:"milliseconds since 1970 UTC"`
	User      id.ID  `json:"user_id"`
	New       bool   `json:"new" doc:"true at the very first login of this WeChat account or phone number"`
	Household id.ID  `json:"household_id,omitempty" doc:"the one household that this session is for, after a login with its PIN"`
	ChoosePIN bool   `json:"choose_pin" doc:"the PIN is one from a slip: the household should choose its own now"`
	People    int    `json:"people" doc:"users with this phone number, among whom GET /me/identities lets one choose"`
}

// Ways of opening a session.
const (
	ByWeChat = "wechat"
	ByCode   = "code"
	ByPIN    = "pin"
	ByDemo   = "demo"
)

// opening is how a session begins.
type opening struct {
	user      id.ID
	device    string
	how       string
	household id.ID  // for ByPIN
	phone     []byte // index of the number that a code has proved
	consent   string // version of the privacy statement agreed to, empty if not asked
}

// Login turns a code of wx.login into a session. The first login of a WeChat account makes a user; two at once make one.
// Device is a name for the list of sessions and may be empty.
func (s *Service) Login(ctx context.Context, code, device string) (Session, error) {
	if s.wx == nil {
		return Session{}, ErrNoWeChat
	}
	who, err := s.wx.Login(ctx, code)
	if err != nil {
		return Session{}, fmt.Errorf("login: %w", err)
	}
	user, fresh, err := s.userOf(ctx, who)
	if err != nil {
		return Session{}, err
	}
	session, err := s.open(ctx, opening{user: user, device: device, how: ByWeChat})
	session.New = fresh
	return session, err
}

// userOf finds the user of a WeChat account or makes one.
func (s *Service) userOf(ctx context.Context, who wechat.Login) (user id.ID, fresh bool, err error) {
	user, err = s.identity(ctx, who.OpenID)
	if err == nil || !noRows(err) {
		return user, false, err
	}
	at := clock.Ms(s.now())
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		user = tx.NewID()
		if err := insertUser(tx, user, "", at); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO identities (appid, openid, unionid, user_id, created_at) VALUES (?,?,?,?,?)",
			s.wx.AppID(), who.OpenID, who.UnionID, user, at)
		return err
	})
	if storage.IsDuplicate(err) { // another login of the same account was first
		user, err = s.identity(ctx, who.OpenID)
		return user, false, err
	}
	if err != nil {
		return 0, false, fmt.Errorf("new user: %w", err)
	}
	return user, true, nil
}

func (s *Service) identity(ctx context.Context, openid string) (user id.ID, err error) {
	err = s.db.QueryRow(ctx, "SELECT user_id FROM identities WHERE appid = ? AND openid = ?", s.wx.AppID(), openid).Scan(&user)
	return user, err
}

// open begins a session.
func (s *Service) open(ctx context.Context, o opening) (session Session, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		session, err = s.openIn(tx, o)
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	return session, nil
}

// openIn begins a session of a user, and clears away expired ones and those beyond the limit.
func (s *Service) openIn(tx *storage.Tx, o opening) (Session, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails: the runtime aborts when the system has no randomness
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	expires := now.AddDate(0, 0, sessionDays)
	device := []rune(strings.ToValidUTF8(o.device, ""))
	device = device[:min(len(device), maxDevice)]
	if err := lockUser(tx, o.user); errors.Is(err, ErrUserUnknown) {
		return Session{}, ErrUserClosed
	} else if err != nil {
		return Session{}, err
	}
	if _, err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", o.user, clock.Ms(now)); err != nil {
		return Session{}, err
	}
	var oldest int64
	err := tx.QueryRow("SELECT created_at FROM sessions WHERE user_id = ? ORDER BY created_at DESC LIMIT 1 OFFSET ?", o.user, maxSessions-2).Scan(&oldest)
	if err == nil {
		_, err = tx.Exec("DELETE FROM sessions WHERE user_id = ? AND created_at < ?", o.user, oldest)
	}
	if err != nil && !noRows(err) {
		return Session{}, err
	}
	if o.phone == nil {
		o.phone = []byte{}
	}
	_, err = tx.Exec("INSERT INTO sessions (token_hash, user_id, device, created_at, expires_at, how, household_id, phone_idx) VALUES (?,?,?,?,?,?,?,?)",
		hashToken(token), o.user, string(device), clock.Ms(now), clock.Ms(expires), o.how, o.household, o.phone)
	if err != nil {
		return Session{}, err
	}
	if o.consent != "" {
		if err := s.noteConsent(tx, o.user, ConsentPrivacy, o.consent, true); err != nil {
			return Session{}, err
		}
	}
	return Session{Token: token, ExpiresAt: clock.Ms(expires), User: o.user, Household: o.household}, nil
}

func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// Logout ends the session that the actor came with.
func (s *Service) Logout(ctx context.Context, a Actor) error {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("DELETE FROM sessions WHERE token_hash = ?", a.session)
		return err
	})
}

// LogoutEverywhere ends all sessions of the actor.
func (s *Service) LogoutEverywhere(ctx context.Context, a Actor) error {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error { return revokeAll(tx, a.user) })
}

// MaySignedIn is for what any user may do with what is theirs.
var MaySignedIn = Need{Scope: Signed}

func revokeAll(tx *storage.Tx, user id.ID) error {
	if _, err := tx.Exec("DELETE FROM sessions WHERE user_id = ?", user); err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	return nil
}

// PurgeSessions deletes the expired sessions of everyone and login codes of days past; a nightly job calls it.
func (s *Service) PurgeSessions(ctx context.Context) (purged int64, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if purged, err = tx.Exec("DELETE FROM sessions WHERE expires_at <= ?", clock.Ms(s.now())); err != nil {
			return err
		}
		codes, err := s.purgeCodes(tx)
		purged += codes
		return err
	})
	return purged, err
}

// OpenID is how WeChat knows a user of this mini-program; empty for one who has never come that way.
func (s *Service) OpenID(ctx context.Context, user id.ID) (openid string, err error) {
	if s.wx == nil {
		return "", nil
	}
	err = s.db.QueryRow(ctx, "SELECT openid FROM identities WHERE user_id = ? AND appid = ? ORDER BY created_at DESC LIMIT 1", user, s.wx.AppID()).Scan(&openid)
	if noRows(err) {
		return "", nil
	}
	return openid, err
}
