package activity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/stepcode"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// CheckInRequest is the code that a villager has scanned or typed on the spot.
type CheckInRequest struct {
	RequestID string     `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Code      string     `json:"code" maxLength:"40" doc:"the QR code's text, or its six digits"`
	Member    id.ID      `json:"member,omitempty" doc:"who it is, where the user stands for several"`
	Photo     *media.Ref `json:"photo,omitempty" doc:"where the event asks for one"`
	ScannedAt int64      `json:"scanned_at,omitempty" doc:"without signal: when it was scanned, by the server's time, milliseconds since 1970 UTC; the organiser then accepts it"`
}

// Wrong codes of one person for one event before it takes a wait.
const (
	maxMisses = 5
	missWait  = 10 * time.Minute
	// liveDrift and offlineDrift are how many steps the clocks of the phones may be apart.
	liveDrift    = 1
	offlineDrift = 2
)

var codeForm = regexp.MustCompile(`^(?:HF3-([0-9]{1,20})-)?([0-9]{6})$`)

// CheckIn puts the actor onto the list of an event. A code that arrives later than it was scanned proves less, because it could
// have been passed on meanwhile: that person is accepted by the organiser.
func (s *Service) CheckIn(ctx context.Context, a access.Actor, in, event id.ID, r CheckInRequest) (Attendee, error) {
	if err := a.Allow(MayCheckIn, access.Place{Village: in}); err != nil {
		return Attendee{}, err
	}
	home, err := who(a, in, r.Member)
	if err != nil {
		return Attendee{}, err
	}
	at, body := s.now(), r
	// One request, whether it comes at once or, its answer lost, later from the shelf; and the device's clock is measured anew each
	// time that it sends.
	body.ScannedAt = 0
	made, repeated := s.db.NewID(), false
	var seat id.ID
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if seat, repeated, err = tx.Once(a.User(), r.RequestID, "activity.checkin", []any{in, event, body}, made); err != nil || repeated {
			return err
		}
		v, err := lock(tx, in, event)
		if err != nil {
			return err
		}
		t := Attendee{ID: seat, Household: home.Household, Member: home.Member, How: ByCode, State: In, At: clock.Ms(at), by: a.User()}
		scanned := at
		if r.ScannedAt != 0 {
			scanned = clock.FromMs(r.ScannedAt)
			if scanned.After(at.Add(stepcode.Seconds * time.Second)) {
				return wrong("scanned_at", "手机的时间不对，请校准手机时间后再试")
			}
			t.How, t.State, t.At = Offline, Asked, r.ScannedAt
		}
		if err := v.takes(scanned, at); err != nil {
			return err
		}
		if err := s.codeOf(tx, v, a.User(), r, scanned, at); err != nil {
			return err
		}
		if v.NeedsPhoto && r.Photo == nil {
			return ErrPhoto
		}
		if err := s.sit(tx, v, t); err != nil {
			return err
		}
		if r.Photo == nil {
			return nil
		}
		return s.photos.Attach(tx, media.Use{Village: in, Kind: Photos, Ref: seat, Role: "photo", By: a.User()}, *r.Photo)
	})
	if errors.Is(err, ErrCode) {
		err = errors.Join(err, s.miss(ctx, event, a.User(), at))
	}
	if err != nil {
		return Attendee{}, err
	}
	list, err := s.attendees(ctx, a, "WHERE t.id = ?", seat)
	if err != nil || len(list) == 0 {
		return Attendee{}, or(err, ErrNobody)
	}
	list[0].Repeated = repeated
	return list[0], nil
}

// who is the member of the village as whom an actor checks in.
func who(a access.Actor, in, member id.ID) (access.Home, error) {
	var homes []access.Home
	for _, h := range a.Homes() {
		if h.Village == in && (member == 0 || h.Member == member) {
			homes = append(homes, h)
		}
	}
	if len(homes) != 1 || homes[0].Member == 0 {
		return access.Home{}, ErrWho
	}
	return homes[0], nil
}

// takes reports why an event takes no check-in of an instant.
func (v *Activity) takes(scanned, now time.Time) error {
	switch {
	case v.State == Closing, v.State == Closed, v.State == Cancelled:
		return ErrOver
	case scanned.Before(clock.FromMs(v.StartsAt).Add(-Before)):
		return ErrEarly
	case scanned.After(clock.FromMs(v.EndsAt).Add(After)), now.Sub(scanned) > Behind:
		return ErrLate
	}
	return nil
}

// codeOf checks the code of an event as of an instant.
func (s *Service) codeOf(tx *storage.Tx, v *Activity, user id.ID, r CheckInRequest, scanned, at time.Time) error {
	var misses int
	var missed int64
	rows, err := tx.Query("SELECT misses, missed_at FROM activity_misses WHERE activity_id = ? AND user_id = ?", v.ID, user)
	if err != nil {
		return fmt.Errorf("read misses: %w", err)
	}
	for rows.Next() {
		if err := rows.Scan(&misses, &missed); err != nil {
			rows.Close()
			return err
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if misses >= maxMisses && clock.Ms(at) < missed+missWait.Milliseconds() {
		return ErrWait
	}
	m := codeForm.FindStringSubmatch(strings.TrimSpace(r.Code))
	if m == nil || m[1] != "" && m[1] != v.ID.String() {
		return ErrCode
	}
	drift := int64(liveDrift)
	if r.ScannedAt != 0 {
		drift = offlineDrift
	}
	if stepcode.Match(s.secret(v.ID), m[2], stepcode.Step(scanned), drift, codeDigits) == 0 {
		return ErrCode
	}
	return nil
}

// miss counts a wrong code, in a transaction of its own because the refusal undoes the caller's.
func (s *Service) miss(ctx context.Context, event, user id.ID, at time.Time) error {
	now := clock.Ms(at)
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE activity_misses SET misses = CASE WHEN missed_at < ? THEN 1 ELSE misses + 1 END, missed_at = ? WHERE activity_id = ? AND user_id = ?",
			now-missWait.Milliseconds(), now, event, user)
		if err != nil || n > 0 {
			return err
		}
		_, err = tx.Exec("INSERT INTO activity_misses (activity_id, user_id, misses, missed_at) VALUES (?,?,1,?)", event, user, now)
		if storage.IsDuplicate(err) {
			return nil // another miss of the same moment has counted
		}
		return err
	})
}

// sit puts somebody onto the list, once, while there is room. The event's row is locked.
func (s *Service) sit(tx *storage.Tx, v *Activity, t Attendee) error {
	if v.Capacity > 0 && v.Joined >= v.Capacity {
		return ErrFull
	}
	_, err := tx.Exec(`INSERT INTO attendees (id, activity_id, village_id, who_id, household_id, member_id, by_user, how, state, at_ms, batch_id, refused) VALUES (?,?,?,?,?,?,?,?,?,?,0,'')`,
		t.ID, v.ID, v.Village, t.who(), t.Household, t.Member, t.by, t.How, t.State, t.At)
	if storage.IsDuplicate(err) {
		var state string
		if err := tx.QueryRow("SELECT state FROM attendees WHERE activity_id = ? AND who_id = ?", v.ID, t.who()).Scan(&state); err != nil {
			return err
		}
		if state == Removed {
			return ErrRemoved
		}
		return ErrIn
	}
	if err != nil {
		return fmt.Errorf("insert attendee: %w", err)
	}
	v.Joined++
	_, err = tx.Exec("UPDATE activities SET joined = joined + 1 WHERE id = ?", v.ID)
	return err
}

// EnterRequest names people without a phone, whom the organiser has seen.
type EnterRequest struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	People    []id.ID `json:"people" minItems:"1" maxItems:"50" doc:"members, or households where the village scores households"`
}

// Enter puts people onto the list whom the organiser has seen; those who are on it already stay as they are, and who was
// removed comes back.
func (s *Service) Enter(ctx context.Context, a access.Actor, in, event id.ID, r EnterRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	if len(r.People) == 0 || len(r.People) > MaxLate {
		return Activity{}, wrong("people", "一次补登1到50人")
	}
	v, err := s.one(ctx, in, event)
	if err != nil {
		return Activity{}, err
	}
	subjects, err := s.villages.Subjects(ctx, in, min(v.day(), clock.DayOf(s.now())), r.People)
	if err != nil {
		return Activity{}, err
	}
	for _, sub := range subjects {
		if err := a.NotOwn(sub.Household); err != nil {
			return Activity{}, err
		}
	}
	at := s.now()
	return s.write(ctx, a, in, event, "activity.enter", r.RequestID, r, func(tx *storage.Tx, v *Activity) error {
		if v.State != Open {
			return ErrOver
		}
		for _, sub := range subjects {
			t := Attendee{ID: tx.NewID(), Household: sub.Household, Member: sub.Member, How: ByHand, State: In, At: clock.Ms(at), by: a.User()}
			err := s.sit(tx, v, t)
			switch {
			case errors.Is(err, ErrRemoved):
				err = s.turn(tx, v, t.who(), Removed, In)
			case errors.Is(err, ErrIn):
				_, err = tx.Exec("UPDATE attendees SET state = 'in' WHERE activity_id = ? AND who_id = ? AND state = 'asked'", event, t.who())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// turn moves somebody on the list from one state to another, with the count.
func (s *Service) turn(tx *storage.Tx, v *Activity, who id.ID, from, to string) error {
	if from == Removed && v.Capacity > 0 && v.Joined >= v.Capacity {
		return ErrFull
	}
	n, err := tx.Exec("UPDATE attendees SET state = ? WHERE activity_id = ? AND who_id = ? AND state = ? AND batch_id = 0", to, v.ID, who, from)
	if err != nil || n == 0 {
		return or(err, ErrNobody)
	}
	by := 0
	switch {
	case from == Removed:
		by = 1
	case to == Removed:
		by = -1
	}
	v.Joined += by
	_, err = tx.Exec("UPDATE activities SET joined = joined + ? WHERE id = ?", by, v.ID)
	return err
}

// MarkRequest accepts or removes people on the list.
type MarkRequest struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Attendees []id.ID `json:"attendees" minItems:"1" maxItems:"50"`
	Remove    bool    `json:"remove,omitempty" doc:"true: was not there; false: a check-in without signal is right"`
}

// Mark accepts check-ins that came without signal, or takes people off the list who were not there.
func (s *Service) Mark(ctx context.Context, a access.Actor, in, event id.ID, r MarkRequest) (Activity, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	if len(r.Attendees) == 0 || len(r.Attendees) > MaxLate {
		return Activity{}, wrong("attendees", "一次最多50人")
	}
	return s.write(ctx, a, in, event, "activity.mark", r.RequestID, r, func(tx *storage.Tx, v *Activity) error {
		if v.State != Open {
			return ErrRecorded
		}
		ids := storage.Padded(r.Attendees)
		list, err := scanAttendees(tx.Query(selectAttendee+"WHERE t.activity_id = ? AND t.id IN "+storage.In(len(ids))+" ORDER BY t.id", storage.Args(ids, event)...))
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := a.NotOwn(t.Household); err != nil {
				return err
			}
			switch {
			case r.Remove && t.State != Removed:
				err = s.turn(tx, v, t.who(), t.State, Removed)
			case !r.Remove && t.State == Asked:
				err = s.turn(tx, v, t.who(), Asked, In)
			}
			if err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(r.Attendees, func(i id.ID) bool { return slices.ContainsFunc(list, func(t Attendee) bool { return t.ID == i }) }) {
			return ErrNobody
		}
		return nil
	})
}

// aboutOne says whether a refusal is about one person of many, so that the others can be recorded without.
func aboutOne(err error) bool {
	switch errs.KindOf(err) {
	case errs.Conflict, errs.Forbidden, errs.NotFound:
		return true
	}
	return errors.Is(err, village.ErrNotInForce)
}
