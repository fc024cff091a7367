package activity

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
)

// Filter of a list.
type Filter struct {
	State  string
	Before id.ID // cursor
	Limit  int
}

// Page of events, newest first.
type Page struct {
	Items []Activity `json:"items"`
	Next  string     `json:"next" doc:"cursor of the next page; empty at the end"`
}

// Attendees is the list of an event.
type Attendees struct {
	Items []Attendee `json:"items"`
	Next  string     `json:"next" doc:"cursor of the next page; empty at the end"`
}

const (
	selectActivity = `SELECT v.id, v.village_id, v.item, v.item_name, v.title, v.place, v.starts_at, v.ends_at, v.capacity, v.joined, v.needs_photo, v.points, v.grade, v.quantity,
		v.state, v.why, v.organiser FROM activities v `
	selectAttendee = `SELECT t.id, t.household_id, t.member_id, t.how, t.state, t.at_ms, t.batch_id, t.refused, t.by_user, h.number, COALESCE(m.name, h.name)
		FROM attendees t JOIN households h ON h.id = t.household_id LEFT JOIN members m ON m.id = t.member_id `
)

func scan(rows *sql.Rows, err error) ([]Activity, error) {
	if err != nil {
		return nil, fmt.Errorf("read activities: %w", err)
	}
	defer rows.Close()
	var out []Activity
	for rows.Next() {
		var v Activity
		var photo int
		if err := rows.Scan(&v.ID, &v.Village, &v.Item, &v.ItemName, &v.Title, &v.Place, &v.StartsAt, &v.EndsAt, &v.Capacity, &v.Joined, &photo, &v.Points, &v.Grade, &v.Quantity,
			&v.State, &v.Why, &v.organiser); err != nil {
			return nil, fmt.Errorf("read activities: %w", err)
		}
		v.NeedsPhoto, v.StateName = photo != 0, stateNames[v.State]
		out = append(out, v)
	}
	return out, rows.Err()
}

func scanAttendees(rows *sql.Rows, err error) ([]Attendee, error) {
	if err != nil {
		return nil, fmt.Errorf("read attendees: %w", err)
	}
	defer rows.Close()
	out := []Attendee{}
	for rows.Next() {
		var t Attendee
		if err := rows.Scan(&t.ID, &t.Household, &t.Member, &t.How, &t.State, &t.At, &t.Batch, &t.Refused, &t.by, &t.Number, &t.Name); err != nil {
			return nil, fmt.Errorf("read attendees: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

func (s *Service) one(ctx context.Context, in, event id.ID) (*Activity, error) {
	list, err := scan(s.db.Query(ctx, selectActivity+"WHERE v.id = ? AND v.village_id = ?", event, in))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNone
	}
	return &list[0], nil
}

func (s *Service) attendees(ctx context.Context, a access.Actor, where string, args ...any) ([]Attendee, error) {
	list, err := scanAttendees(s.db.Query(ctx, selectAttendee+where, args...))
	if err != nil || len(list) == 0 {
		return list, err
	}
	refs := make([]id.ID, len(list))
	for i := range list {
		refs[i] = list[i].ID
	}
	shots, err := s.photos.Shots(ctx, media.Viewer{User: a.User(), Official: true}, Photos, refs...)
	for i := range list {
		list[i].Photos = shots[list[i].ID]
	}
	return list, err
}

// List is a page of a village's events.
func (s *Service) List(ctx context.Context, a access.Actor, in id.ID, f Filter) (Page, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Page{}, err
	}
	where, args := "WHERE v.village_id = ?", []any{in}
	if f.State != "" {
		where, args = where+" AND v.state = ?", append(args, f.State)
	}
	if f.Before != 0 {
		where, args = where+" AND v.id < ?", append(args, f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	list, err := scan(s.db.Query(ctx, selectActivity+where+" ORDER BY v.id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...))
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: []Activity{}}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		p.Next = list[f.Limit-1].ID.String()
	}
	p.Items = append(p.Items, list...)
	return p, s.dress(ctx, a, p.Items)
}

// Get is one event.
func (s *Service) Get(ctx context.Context, a access.Actor, in, event id.ID) (Activity, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Activity{}, err
	}
	v, err := s.one(ctx, in, event)
	if err != nil {
		return Activity{}, err
	}
	list := []Activity{*v}
	err = s.dress(ctx, a, list)
	return list[0], err
}

// dress adds who called the events, who of the caller's people is on their lists, and how far their records have come.
func (s *Service) dress(ctx context.Context, a access.Actor, list []Activity) error {
	if len(list) == 0 {
		return nil
	}
	var people, events []id.ID
	for i := range list {
		people, events = append(people, list[i].organiser), append(events, list[i].ID)
		list[i].Mine = []Attendee{}
	}
	by, err := s.names(ctx, people...)
	if err != nil {
		return err
	}
	events = storage.Padded(events)
	homes := storage.Padded(a.Households())
	if len(homes) > 0 {
		rows, err := s.db.Query(ctx, "SELECT t.activity_id, t.id FROM attendees t WHERE t.state <> 'removed' AND t.activity_id IN "+storage.In(len(events))+" AND t.household_id IN "+storage.In(len(homes)),
			append(storage.Args(events), storage.Args(homes)...)...)
		if err != nil {
			return fmt.Errorf("read own attendance: %w", err)
		}
		seats := map[id.ID]id.ID{}
		var refs []id.ID
		if err := each(rows, func() error {
			var event, seat id.ID
			err := rows.Scan(&event, &seat)
			seats[seat], refs = event, append(refs, seat)
			return err
		}); err != nil {
			return err
		}
		if len(refs) > 0 {
			refs = storage.Padded(refs)
			mine, err := s.attendees(ctx, a, "WHERE t.id IN "+storage.In(len(refs))+" ORDER BY t.id", storage.Args(refs)...)
			if err != nil {
				return err
			}
			for _, t := range mine {
				i := slices.IndexFunc(list, func(v Activity) bool { return v.ID == seats[t.ID] })
				list[i].Mine = append(list[i].Mine, t)
			}
		}
	}
	rows, err := s.db.Query(ctx, "SELECT activity_id, SUM(CASE WHEN batch_id > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN batch_id = 0 AND state = 'in' AND refused = '' THEN 1 ELSE 0 END) FROM attendees WHERE activity_id IN "+
		storage.In(len(events))+" GROUP BY activity_id", storage.Args(events)...)
	if err != nil {
		return fmt.Errorf("count attendees: %w", err)
	}
	for i := range list {
		list[i].Organiser = by[list[i].organiser]
	}
	return each(rows, func() error {
		var event id.ID
		var recorded, left int
		if err := rows.Scan(&event, &recorded, &left); err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(v Activity) bool { return v.ID == event })
		if list[i].Recorded = recorded; list[i].State == Closed || list[i].State == Closing {
			list[i].Left = left
		}
		return nil
	})
}

// Attendees is a page of the list of an event, for organisers, in order of coming.
func (s *Service) Attendees(ctx context.Context, a access.Actor, in, event id.ID, after id.ID, limit int) (Attendees, error) {
	if err := a.Allow(MayOrganise, access.Place{Village: in}); err != nil {
		return Attendees{}, err
	}
	if _, err := s.one(ctx, in, event); err != nil {
		return Attendees{}, err
	}
	if limit <= 0 || limit > 200 {
		limit = 100
	}
	list, err := s.attendees(ctx, a, "WHERE t.activity_id = ? AND t.id > ? ORDER BY t.id LIMIT "+strconv.Itoa(limit+1), event, after)
	if err != nil {
		return Attendees{}, err
	}
	out := Attendees{Items: list}
	if len(list) > limit {
		out.Items = list[:limit]
		out.Next = out.Items[limit-1].ID.String()
	}
	return out, nil
}

// MaySeePhotos reports, by ErrNone, whether an actor may see the photo of a check-in: the household and the organisers.
func (s *Service) MaySeePhotos(ctx context.Context, a access.Actor, in, seat id.ID) error {
	list, err := scanAttendees(s.db.Query(ctx, selectAttendee+"WHERE t.id = ? AND t.village_id = ?", seat, in))
	if err != nil {
		return err
	}
	if len(list) == 0 || !slices.Contains(a.Households(), list[0].Household) && a.Allow(MayOrganise, access.Place{Village: in}) != nil {
		return ErrNone
	}
	return nil
}

// Rehome puts the events of a village that is merged under the one that continues.
func Rehome(tx *storage.Tx, from, into id.ID) error {
	for _, q := range []string{"UPDATE activities SET village_id = ? WHERE village_id = ?", "UPDATE attendees SET village_id = ? WHERE village_id = ?"} {
		if _, err := tx.Exec(q, into, from); err != nil {
			return fmt.Errorf("rehome activities: %w", err)
		}
	}
	return nil
}

// each calls fn on every row and closes them.
func each(rows *sql.Rows, fn func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(); err != nil {
			return err
		}
	}
	return rows.Err()
}
