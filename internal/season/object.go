package season

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

var (
	ErrText        = errs.New(errs.Invalid, "season_text", "请写明内容，最多500字")
	ErrTooLate     = errs.New(errs.Conflict, "season_too_late", "异议期已经过了，或者名单已经撤回")
	ErrNoObjection = errs.New(errs.NotFound, "season_no_objection", "没有找到这件异议，或者已经答复过")
	ErrMany        = errs.New(errs.Conflict, "season_many_objections", "您家对这份名单已经提了5件异议，请等答复")
)

// maxObjections is how many a household may have against one list.
const maxObjections = 5

// Objection is what a household says against a published list.
type Objection struct {
	ID         id.ID  `json:"id"`
	Award      id.ID  `json:"award"`
	Household  id.ID  `json:"household"`
	Number     string `json:"number"`
	Text       string `json:"text"`
	At         int64  `json:"at" doc:"milliseconds since 1970 UTC"`
	State      string `json:"state" enum:"open,upheld,refused"`
	Answer     string `json:"answer,omitempty"`
	AnsweredAt int64  `json:"answered_at,omitempty"`
	Repeated   bool   `json:"repeated,omitempty" doc:"the request had been carried out before"`
}

// Objections is a page of them.
type Objections struct {
	Items []Objection `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Objecting is a request to object.
type Objecting struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Text      string `json:"text" minLength:"1" maxLength:"500"`
}

// Answering is a request to answer an objection.
type Answering struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Upheld    bool   `json:"upheld" doc:"the list must then be withdrawn, put right and published anew"`
	Answer    string `json:"answer" minLength:"1" maxLength:"500" doc:"the household reads it"`
}

// Object enters a household's objection against a published list in time.
func (s *Service) Object(ctx context.Context, a access.Actor, in, household, round id.ID, r Objecting) (Objection, error) {
	if err := a.Allow(MayObject, access.Place{Village: in, Household: household}); err != nil {
		return Objection{}, err
	}
	text := strings.TrimSpace(r.Text)
	if n := utf8.RuneCountInString(text); n == 0 || n > 500 {
		return Objection{}, ErrText
	}
	made, repeated, at := s.db.NewID(), false, s.now()
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "season.object", []any{in, household, round, r}, made)
		if made, repeated = earlier, again; err != nil || again {
			return err
		}
		w, err := hold(tx, in, round, awardPublished)
		if err == nil && clock.DayOf(at) > w.ObjectUntil || err == ErrAwardState {
			err = ErrTooLate
		}
		if err != nil {
			return err
		}
		var had int
		if err := tx.QueryRow("SELECT COUNT(*) FROM award_objections WHERE round_id = ? AND household_id = ?", round, household).Scan(&had); err != nil {
			return err
		}
		if had >= maxObjections {
			return ErrMany
		}
		if _, err := tx.Exec("INSERT INTO award_objections (id, round_id, village_id, household_id, user_id, text, at, state, answer, answered_by, answered_at) VALUES (?,?,?,?,?,?,?,'open','',0,0)",
			made, round, in, household, a.User(), text, clock.Ms(at)); err != nil {
			return fmt.Errorf("enter objection: %w", err)
		}
		return message.Tell(tx, message.Message{Village: in, Kind: message.Waiting, Title: w.Name + "有异议", Body: text, About: message.About{Kind: "award", ID: round}, At: at})
	})
	if err != nil {
		return Objection{}, err
	}
	return s.objection(ctx, made, repeated)
}

// Answer answers an objection. One that is upheld keeps the list from being frozen.
func (s *Service) Answer(ctx context.Context, a access.Actor, in, round, objection id.ID, r Answering) (Objection, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Objection{}, err
	}
	text := strings.TrimSpace(r.Answer)
	if n := utf8.RuneCountInString(text); n == 0 || n > 500 {
		return Objection{}, ErrText
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "season.answer", []any{in, round, objection, r}, objection); err != nil || repeated {
			return err
		}
		w, err := hold(tx, in, round, awardPublished)
		if err != nil {
			return err
		}
		return answer(tx, a, &w, objection, r.Upheld, text, at)
	})
	if err != nil {
		return Objection{}, err
	}
	return s.objection(ctx, objection, repeated)
}

func answer(tx *storage.Tx, a access.Actor, w *Award, objection id.ID, upheld bool, text string, at time.Time) error {
	var household id.ID
	err := tx.QueryRow("SELECT household_id FROM award_objections WHERE id = ? AND round_id = ? AND state = 'open'", objection, w.ID).Scan(&household)
	if err == sql.ErrNoRows {
		return ErrNoObjection
	}
	if err != nil {
		return err
	}
	if err := a.NotOwn(household); err != nil {
		return err
	}
	state := "refused"
	if upheld {
		state = "upheld"
	}
	if _, err := tx.Exec("UPDATE award_objections SET state = ?, answer = ?, answered_by = ?, answered_at = ? WHERE id = ?", state, text, a.User(), clock.Ms(at), objection); err != nil {
		return fmt.Errorf("answer objection: %w", err)
	}
	return message.Tell(tx, message.Message{Village: w.village, Household: household, Kind: message.Answered, Title: w.Name + "的异议有了答复", Body: text, About: message.About{Kind: "award", ID: w.ID}, At: at})
}

const objectionColumns = "SELECT o.id, o.round_id, o.household_id, COALESCE(h.number, ''), o.text, o.at, o.state, o.answer, o.answered_at FROM award_objections o LEFT JOIN households h ON h.id = o.household_id "

func (s *Service) objections(ctx context.Context, where string, args ...any) ([]Objection, error) {
	out := []Objection{}
	rows, err := s.db.Query(ctx, objectionColumns+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var o Objection
		err := r.Scan(&o.ID, &o.Award, &o.Household, &o.Number, &o.Text, &o.At, &o.State, &o.Answer, &o.AnsweredAt)
		out = append(out, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	return out, nil
}

func (s *Service) objection(ctx context.Context, objection id.ID, repeated bool) (Objection, error) {
	list, err := s.objections(ctx, "WHERE o.id = ?", objection)
	if err != nil || len(list) == 0 {
		return Objection{}, err
	}
	list[0].Repeated = repeated
	return list[0], nil
}

// Objections lists what was said against a list, the oldest first.
func (s *Service) Objections(ctx context.Context, a access.Actor, in, round id.ID, page Page) (Objections, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Objections{}, err
	}
	after, err := page.after(0)
	if err != nil {
		return Objections{}, err
	}
	list, err := s.objections(ctx, fmt.Sprintf("WHERE o.round_id = ? AND o.village_id = ? AND o.id > ? ORDER BY o.id LIMIT %d", page.limit()+1), round, in, after)
	if err != nil {
		return Objections{}, err
	}
	items, next := cut(list, page.limit(), func(o Objection) id.ID { return o.ID })
	return Objections{items, next}, nil
}
