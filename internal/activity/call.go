package activity

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/stepcode"
	"hefen/internal/storage"
)

// CallRequest calls an event, or changes one that nobody has recorded yet.
type CallRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Item      string        `json:"item" maxLength:"32" doc:"code of the item that each gets a record of"`
	Title     string        `json:"title" minLength:"1" maxLength:"40"`
	Place     string        `json:"place" minLength:"1" maxLength:"40"`
	StartsAt  int64         `json:"starts_at" doc:"milliseconds since 1970 UTC"`
	EndsAt    int64         `json:"ends_at"`
	Capacity  int           `json:"capacity,omitempty" minimum:"0" maximum:"2000"`
	Photo     bool          `json:"photo,omitempty" doc:"ask for a photo on the spot although the item does not"`
	Points    points.Amount `json:"points,omitempty" doc:"items with a range"`
	Grade     string        `json:"grade,omitempty" maxLength:"32"`
	Quantity  int64         `json:"quantity,omitempty"`
	Announce  bool          `json:"announce,omitempty" doc:"tell all households of the village"`
}

// CancelRequest ends an event without records.
type CancelRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Why       string `json:"why" minLength:"1" maxLength:"200"`
}

// check looks at a request with the rules of its day, and answers the item.
func (s *Service) check(ctx context.Context, in id.ID, r *CallRequest, at time.Time) (*scheme.Item, error) {
	var err error
	if r.Title, err = text("title", "活动名称", r.Title, true, MaxTitle); err != nil {
		return nil, err
	}
	if r.Place, err = text("place", "地点", r.Place, true, MaxPlace); err != nil {
		return nil, err
	}
	starts, ends := clock.FromMs(r.StartsAt), clock.FromMs(r.EndsAt)
	switch {
	case starts.Before(at.AddDate(0, 0, -30)) || starts.After(at.AddDate(1, 0, 0)):
		return nil, wrong("starts_at", "开始时间要在最近30天到一年之内")
	case !ends.After(starts) || ends.Sub(starts) > 24*time.Hour:
		return nil, wrong("ends_at", "结束时间要晚于开始时间，不超过24小时")
	case r.Capacity < 0 || r.Capacity > MaxCapacity:
		return nil, wrong("capacity", "人数最多2000人")
	}
	v, err := s.rules.InForce(ctx, in, min(clock.DayOf(starts), clock.DayOf(at)))
	if err != nil {
		return nil, err
	}
	item, ok := v.Scheme.Item(r.Item)
	if !ok {
		return nil, scheme.ErrItemUnknown
	}
	if sub := v.Scheme.SubjectOf(item); sub == scheme.SubjectGroup || sub == scheme.SubjectTeam || item.Deducts() || !item.Allows(scheme.WayEntry) {
		return nil, wrong("item", "这个事项不能用活动签到来登记，请换一个事项")
	}
	return item, nil
}

// Call makes an event and, if asked, tells the village.
func (s *Service) Call(ctx context.Context, a access.Actor, in id.ID, r CallRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	at, body := s.now(), r
	item, err := s.check(ctx, in, &r, at)
	if err != nil {
		return Activity{}, err
	}
	made, repeated := s.db.NewID(), false
	var event id.ID
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if event, repeated, err = tx.Once(a.User(), r.RequestID, "activity.call", []any{in, body}, made); err != nil || repeated {
			return err
		}
		_, err = tx.Exec(`INSERT INTO activities (id, village_id, item, item_name, title, place, starts_at, ends_at, capacity, joined, needs_photo, points, grade, quantity,
			organiser, state, closer, lease_until, why, made_at, closed_at) VALUES (?,?,?,?,?,?,?,?,?,0,?,?,?,?,?,'open',0,0,'',?,0)`,
			event, in, item.Code, item.Name, r.Title, r.Place, r.StartsAt, r.EndsAt, r.Capacity, bit(r.Photo || asksPhoto(item)), int64(r.Points), r.Grade, r.Quantity, a.User(), clock.Ms(at))
		if err != nil {
			return fmt.Errorf("insert activity: %w", err)
		}
		if !r.Announce {
			return nil
		}
		return announce(tx, in, clock.DayOf(at), message.Message{Village: in, Kind: message.Activity, At: at, Title: "活动通知：" + r.Title,
			Body: clock.FromMs(r.StartsAt).In(clock.Shanghai).Format("1月2日 15:04") + "，" + r.Place + "。到场后扫组织者手机上的签到码。", About: message.About{Kind: "activity", ID: event}})
	})
	if err != nil {
		return Activity{}, err
	}
	v, err := s.Get(ctx, a, in, event)
	v.Repeated = repeated
	return v, err
}

// asksPhoto reports whether an item's evidence is a photo and nothing else will do.
func asksPhoto(item *scheme.Item) bool {
	return slices.Contains(item.Evidence, scheme.EvidencePhoto) && (len(item.Evidence) == 1 || item.EvidenceAll)
}

// announce writes a message to each household of the village.
func announce(tx *storage.Tx, in id.ID, today clock.Day, m message.Message) error {
	rows, err := tx.Query("SELECT id FROM households WHERE village_id = ? AND to_day > ? AND from_day <= ? ORDER BY id LIMIT 10000", in, today, today)
	if err != nil {
		return fmt.Errorf("read households: %w", err)
	}
	defer rows.Close()
	var ms []message.Message
	for rows.Next() {
		to := m
		if err := rows.Scan(&to.Household); err != nil {
			return err
		}
		ms = append(ms, to)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return message.Tell(tx, ms...)
}

// Change changes an event before it is closed. Its item stays.
func (s *Service) Change(ctx context.Context, a access.Actor, in, event id.ID, r CallRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	at, body := s.now(), r
	item, err := s.check(ctx, in, &r, at)
	if err != nil {
		return Activity{}, err
	}
	return s.write(ctx, a, in, event, "activity.change", r.RequestID, body, func(tx *storage.Tx, v *Activity) error {
		if v.Item != r.Item {
			return wrong("item", "活动的事项不能改，请取消后重新发起")
		}
		if r.Capacity > 0 && r.Capacity < v.Joined {
			return wrong("capacity", "名额不能少于已经签到的人数")
		}
		n, err := tx.Exec(`UPDATE activities SET title = ?, place = ?, starts_at = ?, ends_at = ?, capacity = ?, needs_photo = ?, points = ?, grade = ?, quantity = ? WHERE id = ? AND state = 'open'`,
			r.Title, r.Place, r.StartsAt, r.EndsAt, r.Capacity, bit(r.Photo || asksPhoto(item)), int64(r.Points), r.Grade, r.Quantity, event)
		if err == nil && n == 0 {
			return ErrOver
		}
		return err
	})
}

// Cancel ends an event that has no records; who is on the list is told.
func (s *Service) Cancel(ctx context.Context, a access.Actor, in, event id.ID, r CancelRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	why, err := text("why", "取消的原因", r.Why, true, MaxWhy)
	if err != nil {
		return Activity{}, err
	}
	at := s.now()
	return s.write(ctx, a, in, event, "activity.cancel", r.RequestID, r, func(tx *storage.Tx, v *Activity) error {
		n, err := tx.Exec("UPDATE activities SET state = 'cancelled', why = ?, closed_at = ? WHERE id = ? AND state = 'open'", why, clock.Ms(at), event)
		if err != nil || n == 0 {
			return or(err, ErrOver)
		}
		list, err := scanAttendees(tx.Query(selectAttendee+"WHERE t.activity_id = ? AND t.state <> 'removed' ORDER BY t.id", event))
		if err != nil {
			return err
		}
		var ms []message.Message
		seen := map[id.ID]bool{}
		for _, t := range list {
			if !seen[t.Household] {
				ms = append(ms, message.Message{Village: in, Household: t.Household, Member: t.Member, Kind: message.Activity, At: at, Title: "活动取消：" + v.Title, Body: why,
					About: message.About{Kind: "activity", ID: event}})
			}
			seen[t.Household] = true
		}
		return message.Tell(tx, ms...)
	})
}

// Secret is what an organiser's phone needs to show the code of an event without signal.
type Secret struct {
	Activity    id.ID  `json:"activity"`
	Secret      string `json:"secret" doc:"key of the HMAC, base64; stays on the phone"`
	StepSeconds int    `json:"step_seconds"`
	Digits      int    `json:"digits"`
	Prefix      string `json:"prefix" doc:"of the text in the QR code: prefix, activity, -, digits"`
	ServerTime  int64  `json:"server_time" doc:"milliseconds since 1970 UTC, for a phone whose clock is wrong"`
}

const (
	codePrefix = "HF3-"
	codeDigits = 6
)

// CodeSecret gives an organiser's phone the secret of an event's code, as often as it is asked: it follows from the index key
// and the event, and nothing is stored.
func (s *Service) CodeSecret(ctx context.Context, a access.Actor, in, event id.ID) (Secret, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Secret{}, err
	}
	v, err := s.one(ctx, in, event)
	if err != nil {
		return Secret{}, err
	}
	if v.State != Open {
		return Secret{}, ErrOver
	}
	return Secret{Activity: event, Secret: base64.StdEncoding.EncodeToString(s.secret(event)), StepSeconds: stepcode.Seconds, Digits: codeDigits, Prefix: codePrefix,
		ServerTime: clock.Ms(s.now())}, nil
}

func (s *Service) secret(event id.ID) []byte { return s.db.Keys.Index("activity-code", event.String()) }

// write runs one step once, on the event as it stands, under its row's lock.
func (s *Service) write(ctx context.Context, a access.Actor, in, event id.ID, op, request string, body any, fn func(tx *storage.Tx, v *Activity) error) (Activity, error) {
	repeated := false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), request, op, []any{in, event, body}, event); err != nil || repeated {
			return err
		}
		v, err := lock(tx, in, event)
		if err != nil {
			return err
		}
		return fn(tx, v)
	})
	if err != nil {
		return Activity{}, err
	}
	v, err := s.Get(ctx, a, in, event)
	v.Repeated = repeated
	return v, err
}

// lock takes the row of an event, so that nothing changes its list until the transaction ends.
func lock(tx *storage.Tx, in, event id.ID) (*Activity, error) {
	n, err := tx.Exec("UPDATE activities SET joined = joined WHERE id = ? AND village_id = ?", event, in)
	if err != nil {
		return nil, fmt.Errorf("lock activity: %w", err)
	}
	if n == 0 {
		return nil, ErrNone
	}
	list, err := scan(tx.Query(selectActivity+"WHERE v.id = ?", event))
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func or(err, otherwise error) error {
	if err != nil {
		return fmt.Errorf("change activity: %w", err)
	}
	return otherwise
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
