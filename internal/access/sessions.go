package access

import (
	"context"
	"encoding/hex"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/storage"
)

// ErrNoSession answers a session of the list that has ended meanwhile.
var ErrNoSession = errs.New(errs.NotFound, "access_no_session", "这台设备已经退出了")

// Device is a session as its user sees it in the list.
type Device struct {
	Ref       string `json:"ref" doc:"names the session; it is no token"`
	Device    string `json:"device"`
	How       string `json:"how" enum:"wechat,code,pin,demo" doc:"by WeChat, by a code to the phone, by household code and PIN"`
	CreatedAt int64  `json:"created_at" doc:"milliseconds since 1970 UTC"`
	ExpiresAt int64  `json:"expires_at"`
	SeenAt    int64  `json:"seen_at" doc:"when it was last used, to within some minutes; the one that asks: now"`
	Current   bool   `json:"current" doc:"the one that asks"`

	hash []byte
}

// refBytes of the token's hash name a session in the list; they say nothing of the token.
const refBytes = 8

// Sessions lists where the actor is logged in, the newest first.
func (s *Service) Sessions(ctx context.Context, a Actor) ([]Device, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "SELECT token_hash, device, how, created_at, expires_at, seen_at FROM sessions WHERE user_id = ? AND expires_at > ? ORDER BY created_at DESC LIMIT 20",
		a.user, s.now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	list := []Device{}
	err = eachRow(rows, func() error {
		var d Device
		err := rows.Scan(&d.hash, &d.Device, &d.How, &d.CreatedAt, &d.ExpiresAt, &d.SeenAt)
		d.SeenAt = max(d.SeenAt, d.CreatedAt)
		d.Ref = hex.EncodeToString(d.hash[:min(len(d.hash), refBytes)])
		if d.Current = string(d.hash) == string(a.session); d.Current {
			d.SeenAt = clock.Ms(s.now())
		}
		list = append(list, d)
		return err
	})
	return list, err
}

// EndSession ends one session of the actor, at once. ErrNoSession if it has ended.
func (s *Service) EndSession(ctx context.Context, a Actor, ref string) error {
	list, err := s.Sessions(ctx, a)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Ref != ref {
			continue
		}
		return s.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("DELETE FROM sessions WHERE token_hash = ? AND user_id = ?", d.hash, a.user)
			return err
		})
	}
	return ErrNoSession
}
