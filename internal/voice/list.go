package voice

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
)

// Filter of a list.
type Filter struct {
	Of     string // mine, shown (to the village), all (for those who listen)
	State  string
	Before id.ID // cursor
	Limit  int
}

// Page of voices, newest first.
type Page struct {
	Items []Voice `json:"items"`
	Next  string  `json:"next" doc:"cursor of the next page; empty at the end"`
}

const selectVoice = `SELECT v.id, v.village_id, v.kind, v.to_town, v.household_id, v.member_id, v.author, v.text, v.may_be_shown, v.shown, v.state, v.due_on,
	v.raised_on, v.raised_why, v.answer, v.answered_by, v.answered_at, v.rating, v.rating_note, v.made_at, h.number, COALESCE(m.name, h.name)
	FROM voices v JOIN households h ON h.id = v.household_id LEFT JOIN members m ON m.id = v.member_id `

func scan(rows *sql.Rows, err error) ([]Voice, error) {
	if err != nil {
		return nil, fmt.Errorf("read voices: %w", err)
	}
	defer rows.Close()
	var out []Voice
	for rows.Next() {
		var v Voice
		var toTown, may, shown int
		if err := rows.Scan(&v.ID, &v.Village, &v.Kind, &toTown, &v.household, &v.member, &v.author, &v.Text, &may, &shown, &v.State, &v.DueOn, &v.RaisedOn, &v.RaisedWhy,
			&v.Answer, &v.AnswererID, &v.AnsweredAt, &v.Rating, &v.RatingNote, &v.MadeAt, &v.Number, &v.Name); err != nil {
			return nil, fmt.Errorf("read voices: %w", err)
		}
		v.ToTown, v.MayBeShown, v.Shown, v.EnteredFor = toTown != 0, may != 0, shown != 0, v.author == 0
		v.KindName, v.StateName, v.Household = names[v.Kind], names[v.State], v.household
		out = append(out, v)
	}
	return out, rows.Err()
}

// List is a page of a village's voices: the actor's own, those that the village may read, or all for those who listen.
func (s *Service) List(ctx context.Context, a access.Actor, in id.ID, f Filter) (Page, error) {
	place := access.Place{Village: in}
	if err := a.Allow(MaySee, place); err != nil {
		return Page{}, err
	}
	where, args := "WHERE v.village_id = ?", []any{in}
	switch {
	case f.Of == "shown":
		where += " AND v.shown = 1 AND v.state = 'answered'"
	case f.Of == "mine" || a.Allow(listens, place) != nil:
		homes := storage.Padded(a.Households())
		where += " AND (v.author = ? OR v.author = 0 AND v.household_id IN " + storage.In(len(homes)) + ")"
		args = append(append(args, a.User()), storage.Args(homes)...)
	case a.Allow(above, place) != nil:
		where += " AND v.to_town = 0"
	}
	return s.page(ctx, a, f, where, args)
}

// Raised is a page of what the villages of a town or county have not answered in time or not well, and what was said to it
// past the village.
func (s *Service) Raised(ctx context.Context, a access.Actor, region id.ID, f Filter) (Page, error) {
	if err := a.Allow(MayLookUp, access.Place{Region: region}); err != nil {
		return Page{}, err
	}
	p, err := s.page(ctx, a, f, `JOIN regions r ON r.id = v.village_id JOIN regions t ON t.id = r.parent_id WHERE (t.id = ? OR t.parent_id = ?)
		AND (v.to_town = 1 OR v.raised_on > 0) AND v.state <> 'withdrawn'`, []any{region, region})
	if err != nil {
		return p, err
	}
	return p, s.nameVillages(ctx, p.Items)
}

func (s *Service) page(ctx context.Context, a access.Actor, f Filter, where string, args []any) (Page, error) {
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
	list, err := scan(s.db.Query(ctx, selectVoice+where+" ORDER BY v.id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...))
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: []Voice{}}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		p.Next = list[f.Limit-1].ID.String()
	}
	p.Items = append(p.Items, list...)
	return p, s.dress(ctx, a, p.Items)
}

func (s *Service) nameVillages(ctx context.Context, list []Voice) error {
	if len(list) == 0 {
		return nil
	}
	var villages []id.ID
	for _, v := range list {
		villages = append(villages, v.Village)
	}
	villages = storage.Padded(villages)
	rows, err := s.db.Query(ctx, "SELECT id, name FROM regions WHERE id IN "+storage.In(len(villages)), storage.Args(villages)...)
	if err != nil {
		return fmt.Errorf("read villages: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var of id.ID
		var name string
		if err := rows.Scan(&of, &name); err != nil {
			return err
		}
		for i := range list {
			if list[i].Village == of {
				list[i].VillageName = name
			}
		}
	}
	return rows.Err()
}

// Get is one voice with its steps. ErrNoVoice for whoever may not see it.
func (s *Service) Get(ctx context.Context, a access.Actor, in, voice id.ID) (Voice, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Voice{}, err
	}
	list, err := scan(s.db.Query(ctx, selectVoice+"WHERE v.id = ? AND v.village_id = ?", voice, in))
	if err != nil || len(list) == 0 {
		return Voice{}, orNone(err)
	}
	author, listener := list[0].sees(a)
	if !author && !listener && !(list[0].Shown && list[0].State == Answered) {
		return Voice{}, ErrNoVoice
	}
	if err := s.dress(ctx, a, list); err != nil {
		return Voice{}, err
	}
	if author || listener {
		list[0].Steps, err = s.steps(ctx, voice)
	}
	return list[0], err
}

func (s *Service) answer(ctx context.Context, a access.Actor, in, voice id.ID, repeated bool) (Voice, error) {
	v, err := s.Get(ctx, a, in, voice)
	v.Repeated = repeated
	return v, err
}

// MaySeePhotos reports, by ErrNoVoice, whether an actor may see the photos of a voice. They show too much to be shown to the village.
func (s *Service) MaySeePhotos(ctx context.Context, a access.Actor, in, voice id.ID) error {
	list, err := scan(s.db.Query(ctx, selectVoice+"WHERE v.id = ? AND v.village_id = ?", voice, in))
	if err != nil || len(list) == 0 {
		return orNone(err)
	}
	if author, listener := list[0].sees(a); !author && !listener {
		return ErrNoVoice
	}
	return nil
}

// dress makes voices fit for who reads them: no name for whoever is neither author nor listener, no text that the content
// check holds back, photos with links.
func (s *Service) dress(ctx context.Context, a access.Actor, list []Voice) error {
	if len(list) == 0 {
		return nil
	}
	var refs, people, near []id.ID
	listening := false
	for i := range list {
		author, listener := list[i].sees(a)
		refs = append(refs, list[i].ID)
		if author || listener {
			near = append(near, list[i].ID)
		}
		listening = listening || listener
		if list[i].AnswererID != 0 {
			people = append(people, list[i].AnswererID)
		}
	}
	viewer := media.Viewer{User: a.User(), Official: listening}
	said, err := s.photos.Verdicts(ctx, textOfVoices, refs...)
	if err != nil {
		return err
	}
	answered, err := s.photos.Verdicts(ctx, textOfAnswers, refs...)
	if err != nil {
		return err
	}
	shots, err := s.photos.Shots(ctx, viewer, Photos, near...)
	if err != nil {
		return err
	}
	by, err := s.names(ctx, people...)
	if err != nil {
		return err
	}
	today := clock.DayOf(s.now())
	for i := range list {
		v := &list[i]
		author, listener := v.sees(a)
		v.Mine, v.Late, v.Photos, v.Answerer = author, v.State == Open && v.DueOn < today, shots[v.ID], by[v.AnswererID]
		if !author && !listener {
			v.Household, v.Number, v.Name, v.RatingNote, v.EnteredFor, v.RaisedOn, v.RaisedWhy = 0, "", "", "", false, 0, ""
		}
		if !author && held(said[v.ID], listener) {
			v.Text, v.TextHeld = "", true
		}
		if v.AnswererID != a.User() && held(answered[v.ID], author || listener) {
			v.Answer = ""
		}
	}
	return nil
}

// held is the rule of what the content check keeps back: what it forbids, from all; what waits for it or for a person, from
// the village, but not from the two sides. Their business does not stop while WeChat is away.
func held(verdict string, side bool) bool {
	return verdict == "risky" || !side && verdict != "pass" && verdict != ""
}

// steps lists what happened; of those who did it only who answered is named.
func (s *Service) steps(ctx context.Context, voice id.ID) ([]Step, error) {
	rows, err := s.db.Query(ctx, "SELECT at_ms, by_user, step, text FROM voice_steps WHERE voice_id = ? ORDER BY id", voice)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	defer rows.Close()
	var out []Step
	var users []id.ID
	for rows.Next() {
		var st Step
		var by id.ID
		if err := rows.Scan(&st.At, &by, &st.Step, &st.Text); err != nil {
			return nil, err
		}
		if st.Step != "answered" {
			by = 0
		}
		out, users = append(out, st), append(users, by)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	by, err := s.names(ctx, users...)
	for i := range out {
		if users[i] != 0 {
			out[i].By = by[users[i]]
		}
	}
	return out, err
}
