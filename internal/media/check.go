package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"log/slog"
	"sync/atomic"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// TopicCheck is the outbox topic of what is to be shown to WeChat's content check.
const TopicCheck = "content_check"

const (
	checkPhoto     = "photo" // the kind of checks whose ref is a picture
	checkSide      = 750     // WeChat takes no larger picture
	checkRest      = time.Minute
	verdictWaiting = "waiting"
)

// checker asks WeChat. Nil wx: there is nobody to ask, and everything passes.
type checker struct {
	wx     wechat.Client
	openid func(ctx context.Context, user id.ID) (string, error)
	rest   *atomic.Int64 // ms until which WeChat is left alone, after it did not answer
}

// inquiry is the payload of the outbox.
type inquiry struct {
	Kind string `json:"kind"`
	Ref  id.ID  `json:"ref"`
	User id.ID  `json:"user"`
	Text string `json:"text,omitempty"`
}

// AskText has a text checked, in the transaction that stores it; a text that replaces another is checked anew. trusted: written
// by an official. The check may take long when WeChat is away; nothing waits for it.
func (s *Service) AskText(tx *storage.Tx, by Sender, trusted bool, kind string, ref id.ID, text string) error {
	if text == "" {
		return nil
	}
	return s.ask(tx, by, trusted, inquiry{kind, ref, by.User, text})
}

// ask notes what is to be checked. Where there is no WeChat to ask, nothing is noted and everything may be shown. The same
// picture is asked for once.
func (s *Service) ask(tx *storage.Tx, by Sender, trusted bool, q inquiry) error {
	if s.check.wx == nil {
		return nil
	}
	at := clock.Ms(s.now())
	_, err := tx.Exec("INSERT INTO content_checks (id, village_id, kind, ref_id, user_id, trusted, verdict, asked_at, checked_at, text) VALUES (?,?,?,?,?,?,?,?,0,?)",
		tx.NewID(), by.Village, q.Kind, q.Ref, by.User, bit(trusted), verdictWaiting, at, excerpt(q.Text))
	if storage.IsDuplicate(err) {
		if q.Kind == checkPhoto {
			return nil
		}
		_, err = tx.Exec("UPDATE content_checks SET verdict = ?, user_id = ?, trusted = ?, asked_at = ?, checked_at = 0, judged_by = 0, text = ? WHERE kind = ? AND ref_id = ?",
			verdictWaiting, by.User, bit(trusted), at, excerpt(q.Text), q.Kind, q.Ref)
	}
	if err != nil {
		return fmt.Errorf("ask for check: %w", err)
	}
	return tx.Emit(by.Village, TopicCheck, q)
}

// Start registers the handler of what is to be checked; without a WeChat the topic has no reader.
func (s *Service) Start(ctx context.Context, lanes *storage.Lanes) error {
	if s.check.wx == nil {
		return s.db.Mute(ctx, TopicCheck)
	}
	lanes.Handle(TopicCheck, s.checkLane)
	return nil
}

// checkLane asks WeChat about each row. What it has already answered is passed over, so a batch may come again; when WeChat
// is away the rest waits.
func (s *Service) checkLane(ctx context.Context, _ storage.Lane, rows []storage.Row) error {
	if clock.Ms(s.now()) < s.check.rest.Load() {
		return wechat.ErrAway
	}
	for _, row := range rows {
		var q inquiry
		if err := json.Unmarshal(row.Payload, &q); err != nil {
			return fmt.Errorf("content check %d: %w", row.ID, err)
		}
		var verdict string
		err := s.db.QueryRow(ctx, "SELECT verdict FROM content_checks WHERE kind = ? AND ref_id = ?", q.Kind, q.Ref).Scan(&verdict)
		if noRows(err) || err == nil && verdict != verdictWaiting {
			continue
		}
		if err != nil {
			return err
		}
		v, err := s.verdict(ctx, q)
		if err != nil {
			s.check.rest.Store(clock.Ms(s.now().Add(checkRest)))
			return err
		}
		if err := s.judge(ctx, q, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) judge(ctx context.Context, q inquiry, v wechat.Verdict) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		text := "text"
		if v != wechat.Review { // only a person who has to judge needs the words here
			text = "''"
		}
		_, err := tx.Exec("UPDATE content_checks SET verdict = ?, checked_at = ?, text = "+text+" WHERE kind = ? AND ref_id = ?", string(v), clock.Ms(s.now()), q.Kind, q.Ref)
		return err
	})
}

// verdict asks. An error says that WeChat cannot be asked now; a refusal to judge is a case for a person.
func (s *Service) verdict(ctx context.Context, q inquiry) (wechat.Verdict, error) {
	v, err := s.asked(ctx, q)
	switch {
	case err == nil:
	case errors.Is(err, wechat.ErrContent):
		return wechat.Risky, nil
	case errors.Is(err, ErrNotStored):
		return wechat.Review, nil
	case errors.Is(err, wechat.ErrSetup): // a user whom WeChat has not seen lately, or a right that the app lacks
		slog.WarnContext(ctx, "content check refused; a person should look", "kind", q.Kind, "ref", q.Ref, "err", err)
		return wechat.Review, nil
	default:
		return "", err
	}
	switch v {
	case wechat.Pass, wechat.Review, wechat.Risky:
		return v, nil
	}
	return wechat.Review, nil
}

func (s *Service) asked(ctx context.Context, q inquiry) (wechat.Verdict, error) {
	if q.Kind != checkPhoto {
		openid, err := s.check.openid(ctx, q.User)
		if err != nil {
			return "", err
		}
		if openid == "" { // never came through WeChat, which checks texts of its own users only
			return wechat.Review, nil
		}
		return s.check.wx.CheckText(ctx, openid, q.Text)
	}
	var hash string
	if err := s.db.QueryRow(ctx, "SELECT hash FROM media WHERE id = ? AND state = 'kept'", q.Ref).Scan(&hash); err != nil {
		if noRows(err) {
			return "", ErrNotStored
		}
		return "", err
	}
	key, err := keyOf(hash, false)
	if err != nil {
		return "", err
	}
	data, err := s.store.Get(ctx, key)
	if err != nil {
		return "", err
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	if data, _, _, err = squeeze(fit(img, checkSide), checkSide, MaxStored); err != nil {
		return "", err
	}
	return s.check.wx.CheckImage(ctx, data)
}

// Readable reports which texts of a kind may be shown to a viewer. Texts that were never asked about may.
func (s *Service) Readable(ctx context.Context, v Viewer, kind string, refs ...id.ID) (map[id.ID]bool, error) {
	out := make(map[id.ID]bool, len(refs))
	for _, r := range refs {
		out[r] = true
	}
	if len(refs) == 0 {
		return out, nil
	}
	padded := storage.Padded(refs)
	rows, err := s.db.Query(ctx, "SELECT ref_id, user_id, trusted, verdict FROM content_checks WHERE kind = ? AND ref_id IN "+storage.In(len(padded)), storage.Args(padded, kind)...)
	if err != nil {
		return nil, fmt.Errorf("read checks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		o := Opened{state: "kept"}
		var ref id.ID
		var trusted int
		if err := rows.Scan(&ref, &o.By, &trusted, &o.verdict); err != nil {
			return nil, err
		}
		o.Trusted = trusted != 0
		out[ref] = o.stateFor(v) == Shown
	}
	return out, rows.Err()
}
