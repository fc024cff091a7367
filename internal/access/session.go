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
	New       bool   `json:"new" doc:"true at the very first login of this WeChat account"`
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
	session, err := s.open(ctx, user, device)
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

// open begins a session of a user, and clears away expired ones and those beyond the limit.
func (s *Service) open(ctx context.Context, user id.ID, device string) (Session, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails: the runtime aborts when the system has no randomness
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	expires := now.AddDate(0, 0, sessionDays)
	if r := []rune(strings.ToValidUTF8(device, "")); len(r) > maxDevice {
		device = string(r[:maxDevice])
	} else {
		device = string(r)
	}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := lockUser(tx, user); errors.Is(err, ErrUserUnknown) {
			return ErrUserClosed
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", user, clock.Ms(now)); err != nil {
			return err
		}
		var oldest int64
		err := tx.QueryRow("SELECT created_at FROM sessions WHERE user_id = ? ORDER BY created_at DESC LIMIT 1 OFFSET ?", user, maxSessions-2).Scan(&oldest)
		if err == nil {
			_, err = tx.Exec("DELETE FROM sessions WHERE user_id = ? AND created_at < ?", user, oldest)
		}
		if err != nil && !noRows(err) {
			return err
		}
		_, err = tx.Exec("INSERT INTO sessions (token_hash, user_id, device, created_at, expires_at) VALUES (?,?,?,?,?)",
			hashToken(token), user, device, clock.Ms(now), clock.Ms(expires))
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	return Session{Token: token, ExpiresAt: clock.Ms(expires), User: user}, nil
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

// PurgeSessions deletes the expired sessions of everyone; a nightly job calls it.
func (s *Service) PurgeSessions(ctx context.Context) (purged int64, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		purged, err = tx.Exec("DELETE FROM sessions WHERE expires_at <= ?", clock.Ms(s.now()))
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
