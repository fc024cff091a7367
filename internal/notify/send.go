package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// States of a push.
const (
	waiting = "waiting"
	sending = "sending" // marked and paid for; stays so if the program dies: the outcome is unknown
	sent    = "sent"
	refused = "refused" // WeChat answered that it was not delivered
	unknown = "unknown" // no answer
	dropped = "dropped" // too old, or no subscription was left
)

const (
	staleAfter = 24 * time.Hour      // a push that could not be sent for a day is no news
	keepPushes = 90 * 24 * time.Hour // for how long what was sent is kept
)

// Send sends what waits and answers how many were handed to WeChat. Each is marked in a transaction of its own before it is
// sent, so that no other server and no later run sends it again. It stops at the first that WeChat does not answer; that
// one's outcome is unknown, the others wait.
func (s *Service) Send(ctx context.Context) (int, error) {
	total := 0
	for {
		batch, err := s.waitingPushes(ctx)
		if err != nil || len(batch) == 0 {
			return total, err
		}
		for i := range batch {
			ok, err := s.sendOne(ctx, &batch[i])
			if ok {
				total++
			}
			if err != nil {
				return total, err
			}
		}
	}
}

func (s *Service) waitingPushes(ctx context.Context) ([]push, error) {
	rows, err := s.db.Query(ctx, "SELECT id, user_id, ref_id, village_id, kind, template, at_ms FROM notify_pushes WHERE state = 'waiting' ORDER BY id LIMIT 100")
	if err != nil {
		return nil, fmt.Errorf("read pushes: %w", err)
	}
	var out []push
	err = each(rows, func() error {
		var p push
		err := rows.Scan(&p.id, &p.user, &p.ref, &p.village, &p.kind, &p.template, &p.at)
		out = append(out, p)
		return err
	})
	return out, err
}

// sendOne marks, sends and notes what came of it. The error is of the database or says that WeChat should be left alone.
func (s *Service) sendOne(ctx context.Context, p *push) (ok bool, err error) {
	openid, err := s.people.OpenID(ctx, p.user)
	if err != nil {
		return false, err
	}
	var village string
	if err := s.db.QueryRow(ctx, "SELECT name FROM regions WHERE id = ?", p.village).Scan(&village); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	claimed, err := s.claim(ctx, p, openid != "")
	if err != nil || !claimed {
		return false, err
	}
	t := s.byID(p.template)
	err = s.wx.Send(ctx, wechat.Message{OpenID: openid, Template: t.ID, Page: t.Page, Data: t.fill(p.kind, village, p.at)})
	state, back, rest := outcome(err)
	if e := s.done(context.WithoutCancel(ctx), p, state, back); e != nil {
		return false, e
	}
	if rest {
		return false, err
	}
	return err == nil, nil
}

// claim marks a push and takes one of the person's subscriptions for it, in one transaction. It answers false for one that
// another server was faster to take, that is too old, or that nobody is subscribed to any more.
func (s *Service) claim(ctx context.Context, p *push, reachable bool) (claimed bool, err error) {
	at := s.now()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		claimed = false
		n, err := tx.Exec("UPDATE notify_pushes SET state = 'sending', done_at = ? WHERE id = ? AND state = 'waiting'", clock.Ms(at), p.id)
		if err != nil || n == 0 {
			return err
		}
		if reachable && s.byID(p.template) != nil && p.at >= clock.Ms(at.Add(-staleAfter)) {
			if n, err = tx.Exec("UPDATE notify_subscriptions SET remaining = remaining - 1 WHERE user_id = ? AND template = ? AND remaining > 0", p.user, p.template); err != nil {
				return err
			}
			claimed = n > 0
		}
		if !claimed {
			_, err = tx.Exec("UPDATE notify_pushes SET state = 'dropped' WHERE id = ?", p.id)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("mark push: %w", err)
	}
	return claimed, nil
}

// outcome says what an answer of WeChat makes of a push: its state, whether the subscription was not used up, and whether
// the rest should wait.
func outcome(err error) (state string, back, rest bool) {
	switch {
	case err == nil:
		return sent, false, false
	case errors.Is(err, wechat.ErrNoConsent):
		return refused, false, false
	case errors.Is(err, wechat.ErrBusy), errors.Is(err, wechat.ErrSetup), errors.Is(err, wechat.ErrContent):
		return refused, true, !errors.Is(err, wechat.ErrContent)
	}
	return unknown, false, true
}

// done notes the outcome. Who has taken consent back in WeChat has no subscription left.
func (s *Service) done(ctx context.Context, p *push, state string, back bool) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec("UPDATE notify_pushes SET state = ?, done_at = ? WHERE id = ? AND state = 'sending'", state, clock.Ms(s.now()), p.id); err != nil {
			return fmt.Errorf("note outcome: %w", err)
		}
		query := ""
		switch {
		case back:
			query = "UPDATE notify_subscriptions SET remaining = remaining + 1 WHERE user_id = ? AND template = ?"
		case state == refused:
			query = "UPDATE notify_subscriptions SET remaining = 0 WHERE user_id = ? AND template = ?"
		default:
			return nil
		}
		_, err := tx.Exec(query, p.user, p.template)
		return err
	})
}

func (s *Service) byID(template string) *Template {
	for i := range s.templates {
		if s.templates[i].ID == template {
			return &s.templates[i]
		}
	}
	return nil
}

// Purge removes messages and pushes that are past their time.
func (s *Service) Purge(ctx context.Context) (int, error) {
	total, err := message.Purge(ctx, s.db, s.now())
	if err != nil {
		return total, err
	}
	before := clock.Ms(s.now().Add(-keepPushes))
	for {
		rows, err := s.db.Query(ctx, "SELECT id FROM notify_pushes WHERE made_at < ? LIMIT 500", before)
		if err != nil {
			return total, fmt.Errorf("purge pushes: %w", err)
		}
		var ids []id.ID
		err = each(rows, func() error {
			var i id.ID
			err := rows.Scan(&i)
			ids = append(ids, i)
			return err
		})
		if err != nil || len(ids) == 0 {
			return total, err
		}
		ids = storage.Padded(ids)
		err = s.db.InTx(ctx, func(tx *storage.Tx) error {
			n, err := tx.Exec("DELETE FROM notify_pushes WHERE id IN "+storage.In(len(ids)), storage.Args(ids)...)
			total += int(n)
			return err
		})
		if err != nil {
			return total, err
		}
	}
}
