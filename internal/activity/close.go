package activity

import (
	"context"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// lease is how long a closing that has died keeps others from going on with it.
const lease = time.Minute

// CloseRequest ends an event. It may be sent again at any time: it goes on with who has no record yet.
type CloseRequest struct {
	RequestID string      `json:"request_id,omitempty" maxLength:"64" doc:"need not be the same when it is sent again"`
	Photos    []media.Ref `json:"photos,omitempty" maxItems:"9" doc:"of the event, uploaded by the caller: they prove it for all who have none of their own"`
}

// Close makes the records of all who were there, by the rules of the item: in batches of one request each, those who brought a
// photo of their own apart. Whoever the rules refuse is left out with the reason; the own and kin households of the official
// are left for another one, who closes the event again. It can be killed at any point and sent again: who has a record is
// recognised by the event that the record names.
func (s *Service) Close(ctx context.Context, a access.Actor, in, event id.ID, r CloseRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	v, err := s.claim(ctx, a, in, event)
	if err != nil {
		return Activity{}, err
	}
	closed := s.post(ctx, a, v, r)
	if err := s.settle(context.WithoutCancel(ctx), a, v, closed == nil); err != nil {
		return Activity{}, err
	}
	if closed != nil {
		return Activity{}, closed
	}
	return s.Get(ctx, a, in, event)
}

// claim takes the event for one closing at a time.
func (s *Service) claim(ctx context.Context, a access.Actor, in, event id.ID) (*Activity, error) {
	now := s.now()
	var v *Activity
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if v, err = lock(tx, in, event); err != nil {
			return err
		}
		switch {
		case v.State == Cancelled:
			return ErrOver
		case v.day() > clock.DayOf(now):
			return ErrEarly.With("活动还没有开始，不能结束入账")
		}
		n, err := tx.Exec("UPDATE activities SET state = 'closing', closer = ?, lease_until = ? WHERE id = ? AND lease_until < ?", a.User(), clock.Ms(now.Add(lease)), event, clock.Ms(now))
		if err != nil || n == 0 {
			return or(err, ErrClosing)
		}
		return nil
	})
	return v, err
}

// renew keeps the claim for another while; ErrClosing when it has passed to somebody else.
func (s *Service) renew(ctx context.Context, a access.Actor, v *Activity) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE activities SET lease_until = ? WHERE id = ? AND state = 'closing' AND closer = ? AND lease_until > 0", clock.Ms(s.now().Add(lease)), v.ID, a.User())
		if err != nil || n == 0 {
			return or(err, ErrClosing)
		}
		return nil
	})
}

// settle gives the claim back. An event whose closing failed before anything was recorded is open again.
func (s *Service) settle(ctx context.Context, a access.Actor, v *Activity, done bool) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		state := Closed
		if !done && v.State == Open {
			var n int
			if err := tx.QueryRow("SELECT COUNT(*) FROM attendees WHERE activity_id = ? AND batch_id > 0", v.ID).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				state = Open
			}
		}
		_, err := tx.Exec("UPDATE activities SET state = ?, lease_until = 0, closed_at = ? WHERE id = ? AND state = 'closing' AND closer = ?", state, clock.Ms(s.now()), v.ID, a.User())
		return err
	})
}

// post records who is on the list without a record.
func (s *Service) post(ctx context.Context, a access.Actor, v *Activity, r CloseRequest) error {
	if err := s.recognise(ctx, v); err != nil {
		return err
	}
	list, err := s.attendees(ctx, a, "WHERE t.activity_id = ? AND t.state = 'in' AND t.batch_id = 0 ORDER BY t.id", v.ID)
	if err != nil {
		return err
	}
	shots, err := s.taken(ctx, v.ID)
	if err != nil {
		return err
	}
	var alone, together []Attendee
	for _, t := range list {
		switch {
		case a.IsOwn(t.Household):
		case shots[t.ID] != 0:
			alone = append(alone, t)
		default:
			together = append(together, t)
		}
	}
	var event []cases.Evidence
	for _, p := range r.Photos {
		event = append(event, cases.Evidence{Kind: scheme.EvidencePhoto, Ref: p})
	}
	for chunk := range storage.Chunks(together, cases.MaxSubjects) {
		if err := s.record(ctx, a, v, chunk, event); err != nil {
			return err
		}
	}
	for i := range alone {
		t := &alone[i]
		own := cases.Evidence{Kind: scheme.EvidencePhoto, Ref: media.Ref{Photo: shots[t.ID]}, By: t.by}
		if err := s.record(ctx, a, v, alone[i:i+1], []cases.Evidence{own}); err != nil {
			return err
		}
	}
	return nil
}

// record makes one request of people, and of halves of them where one of them is refused.
func (s *Service) record(ctx context.Context, a access.Actor, v *Activity, list []Attendee, proof []cases.Evidence) error {
	if err := s.renew(ctx, a, v); err != nil {
		return err
	}
	r := cases.Request{RequestID: "activity-" + list[0].ID.String(), Item: v.Item, OccurredOn: v.day(), Points: v.Points, Grade: v.Grade, Quantity: v.Quantity,
		Note: v.Title, Event: v.ID, Evidence: proof}
	if len(list) > 1 {
		r.RequestID = fmt.Sprintf("activity-%s-%d", list[0].ID, len(list))
	}
	for i := range list {
		r.Subjects = append(r.Subjects, list[i].who())
	}
	got, err := s.cases.Record(ctx, a, v.Village, r)
	switch {
	case err == nil:
		return s.recorded(ctx, list, got.Items[0].Batch)
	case !aboutOne(err) || ctx.Err() != nil:
		return err
	case len(list) == 1:
		return s.refuse(ctx, list[0].ID, errs.As(err).Msg)
	}
	half := len(list) / 2
	if err := s.record(ctx, a, v, list[:half], proof); err != nil {
		return err
	}
	return s.record(ctx, a, v, list[half:], proof)
}

func (s *Service) recorded(ctx context.Context, list []Attendee, batch id.ID) error {
	ids := make([]id.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	ids = storage.Padded(ids)
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE attendees SET batch_id = ?, refused = '' WHERE id IN "+storage.In(len(ids)), storage.Args(ids, any(batch))...)
		return err
	})
}

func (s *Service) refuse(ctx context.Context, attendee id.ID, why string) error {
	if r := []rune(why); len(r) > MaxWhy {
		why = string(r[:MaxWhy])
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE attendees SET refused = ? WHERE id = ? AND batch_id = 0", why, attendee)
		return err
	})
}

// recognise marks who has a record of the event already: a closing died between the record and the mark.
func (s *Service) recognise(ctx context.Context, v *Activity) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(`SELECT t.id, c.batch_id FROM attendees t JOIN cases c ON c.account_id IN (t.household_id, t.member_id) AND c.occurred_on = ? AND c.event_id = ? AND c.item = ?
			AND c.member_id = t.member_id AND c.household_id = t.household_id WHERE t.activity_id = ? AND t.batch_id = 0`, v.day(), v.ID, v.Item, v.ID)
		if err != nil {
			return fmt.Errorf("find records: %w", err)
		}
		found := map[id.ID]id.ID{}
		for rows.Next() {
			var seat, batch id.ID
			if err := rows.Scan(&seat, &batch); err != nil {
				rows.Close()
				return err
			}
			found[seat] = batch
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for seat, batch := range found {
			if _, err := tx.Exec("UPDATE attendees SET batch_id = ?, refused = '' WHERE id = ? AND batch_id = 0", batch, seat); err != nil {
				return err
			}
		}
		return nil
	})
}

// taken are the photos of check-ins, by attendance.
func (s *Service) taken(ctx context.Context, event id.ID) (map[id.ID]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT u.ref_id, u.media_id FROM attendees t JOIN media_uses u ON u.kind = 'activity' AND u.ref_id = t.id AND u.ended_at = 0 WHERE t.activity_id = ? AND t.batch_id = 0", event)
	if err != nil {
		return nil, fmt.Errorf("read photos: %w", err)
	}
	defer rows.Close()
	out := map[id.ID]id.ID{}
	for rows.Next() {
		var seat, photo id.ID
		if err := rows.Scan(&seat, &photo); err != nil {
			return nil, err
		}
		out[seat] = photo
	}
	return out, rows.Err()
}
