package notify

import (
	"context"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/storage"
)

// MaxSubscribed is how many messages of a template a person may have agreed to beforehand.
const MaxSubscribed = 50

// Subscription is a template with how many messages the user has still agreed to.
type Subscription struct {
	Template  string `json:"template" doc:"id to pass to wx.requestSubscribeMessage"`
	Title     string `json:"title"`
	Remaining int    `json:"remaining" doc:"messages that will still be sent; each agreement is good for one"`
}

// Subscriptions is what a user can agree to; empty where nothing can be sent.
type Subscriptions struct {
	Items    []Subscription `json:"items"`
	Repeated bool           `json:"repeated,omitempty"`
}

// SubscribeRequest tells which templates the user has agreed to in WeChat's own dialogue.
type SubscribeRequest struct {
	RequestID string   `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Templates []string `json:"templates" minItems:"1" maxItems:"10" doc:"ids that wx.requestSubscribeMessage answered with accept"`
}

// Subscriptions are the templates with what the user has left of each.
func (s *Service) Subscriptions(ctx context.Context, a access.Actor) (Subscriptions, error) {
	if err := a.Allow(MayRead, access.Place{}); err != nil {
		return Subscriptions{}, err
	}
	left := map[string]int{}
	rows, err := s.db.Query(ctx, "SELECT template, remaining FROM notify_subscriptions WHERE user_id = ?", a.User())
	if err != nil {
		return Subscriptions{}, fmt.Errorf("read subscriptions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var template string
		var n int
		if err := rows.Scan(&template, &n); err != nil {
			return Subscriptions{}, err
		}
		left[template] = n
	}
	out := Subscriptions{Items: []Subscription{}}
	for _, t := range s.templates {
		out.Items = append(out.Items, Subscription{t.ID, t.Title, left[t.ID]})
	}
	return out, rows.Err()
}

// Subscribe notes one more message of each template, as WeChat counts: every agreement is good for one.
func (s *Service) Subscribe(ctx context.Context, a access.Actor, r SubscribeRequest) (Subscriptions, error) {
	if err := a.Allow(MayRead, access.Place{}); err != nil {
		return Subscriptions{}, err
	}
	seen := map[string]bool{}
	for _, id := range r.Templates {
		known := false
		for i := range s.templates {
			known = known || s.templates[i].ID == id
		}
		if !known || seen[id] {
			return Subscriptions{}, ErrTemplate
		}
		seen[id] = true
	}
	repeated, at := false, clock.Ms(s.now())
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "notify.subscribe", r.Templates, a.User()); err != nil || repeated {
			return err
		}
		for _, template := range r.Templates {
			n, err := tx.Exec("UPDATE notify_subscriptions SET remaining = CASE WHEN remaining < ? THEN remaining + 1 ELSE remaining END, changed_at = ? WHERE user_id = ? AND template = ?",
				MaxSubscribed, at, a.User(), template)
			if err != nil {
				return fmt.Errorf("subscribe: %w", err)
			}
			if n > 0 {
				continue
			}
			_, err = tx.Exec("INSERT INTO notify_subscriptions (user_id, template, remaining, changed_at) VALUES (?,?,1,?)", a.User(), template, at)
			if storage.IsDuplicate(err) { // another phone of the same user, at this moment
				return storage.ErrBusy
			}
			if err != nil {
				return fmt.Errorf("subscribe: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return Subscriptions{}, err
	}
	out, err := s.Subscriptions(ctx, a)
	out.Repeated = repeated
	return out, err
}
