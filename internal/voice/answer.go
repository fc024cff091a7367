package voice

import (
	"context"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// AnswerRequest is the written answer.
type AnswerRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Answer    string `json:"answer" minLength:"1" maxLength:"500"`
	Show      bool   `json:"show,omitempty" doc:"let the village read it with the answer, without a name; only where the author agrees"`
}

// RateRequest is what the author thinks of the answer.
type RateRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Rating    int    `json:"rating" minimum:"1" maximum:"3" doc:"3 good, 2 fair, 1 bad: the town then sees it"`
	Note      string `json:"note,omitempty" maxLength:"200"`
}

// StepRequest is a step that says nothing more.
type StepRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
}

// Answer answers in writing: the village what is open, the town and county what has come up to them, also once more.
func (s *Service) Answer(ctx context.Context, a access.Actor, in, voice id.ID, r AnswerRequest) (Voice, error) {
	place := access.Place{Village: in}
	if err := a.Allow(MayAnswer, place); err != nil {
		return Voice{}, err
	}
	words, err := text("answer", "答复", r.Answer, true, MaxText)
	if err != nil {
		return Voice{}, err
	}
	up := a.Allow(above, place) == nil
	return s.write(ctx, a, in, voice, "voice.answer", r.RequestID, r, func(tx *storage.Tx, v *Voice, at int64) error {
		if _, listener := v.sees(a); !listener {
			return ErrNoVoice
		}
		if err := a.NotOwn(v.household); err != nil {
			return err
		}
		from, raised := "state = 'open'", v.ToTown || v.RaisedOn != 0
		switch {
		case up && !raised:
			return ErrState.With("这一条还在村里答复的期限内，请先由村里答复")
		case up:
			from = "state IN ('open', 'answered') AND (state = 'open' OR rating < 2)"
		}
		if r.Show && !v.MayBeShown {
			return ErrInvalid.With("反映的人没有同意公开这一条").WithFields(errs.Field{Path: "show", Msg: "反映的人没有同意公开"})
		}
		n, err := tx.Exec("UPDATE voices SET state = 'answered', answer = ?, answered_by = ?, answered_at = ?, shown = ?, rating = 0, rating_note = '' WHERE id = ? AND "+from,
			words, a.User(), at, bit(r.Show), voice)
		if err != nil || n == 0 {
			return orState(err)
		}
		if err := s.photos.AskText(tx, media.Sender{Village: in, User: a.User()}, true, textOfAnswers, voice, words); err != nil {
			return err
		}
		if err := step(tx, voice, a.User(), at, "answered", words); err != nil {
			return err
		}
		m := message.Message{Village: in, Kind: message.Answered, Title: "您的" + names[v.Kind] + "有了答复", Body: words, At: clock.FromMs(at), About: message.About{Kind: "voice", ID: voice}}
		if m.User = v.author; v.author == 0 {
			m.Household, m.Member = v.household, v.member
		}
		return message.Tell(tx, m)
	})
}

// Rate notes what the author thinks of the answer, once for each answer. A bad one goes to the town.
func (s *Service) Rate(ctx context.Context, a access.Actor, in, voice id.ID, r RateRequest) (Voice, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Voice{}, err
	}
	note, err := text("note", "说明", r.Note, false, MaxNote)
	if err != nil {
		return Voice{}, err
	}
	if r.Rating < Bad || r.Rating > Good {
		return Voice{}, ErrInvalid.With("请选择满意、基本满意或不满意").WithFields(errs.Field{Path: "rating", Msg: "请选择满意、基本满意或不满意"})
	}
	return s.write(ctx, a, in, voice, "voice.rate", r.RequestID, r, func(tx *storage.Tx, v *Voice, at int64) error {
		if author, listener := v.sees(a); !author {
			return hidden(listener)
		}
		n, err := tx.Exec("UPDATE voices SET rating = ?, rating_note = ? WHERE id = ? AND state = 'answered' AND rating = 0", r.Rating, note, voice)
		if err != nil || n == 0 {
			return orState(err)
		}
		if err := step(tx, voice, a.User(), at, "rated", ratings[r.Rating]+" "+note); err != nil {
			return err
		}
		if r.Rating != Bad || v.ToTown || v.RaisedOn != 0 {
			return nil
		}
		return raise(tx, v, Unsatisfied, clock.FromMs(at), "对村里的答复不满意")
	})
}

var ratings = map[int]string{Good: "满意", Fair: "基本满意", Bad: "不满意"}

// Withdraw takes back what has not been answered.
func (s *Service) Withdraw(ctx context.Context, a access.Actor, in, voice id.ID, r StepRequest) (Voice, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Voice{}, err
	}
	return s.write(ctx, a, in, voice, "voice.withdraw", r.RequestID, r, func(tx *storage.Tx, v *Voice, at int64) error {
		if author, listener := v.sees(a); !author {
			return hidden(listener)
		}
		n, err := tx.Exec("UPDATE voices SET state = 'withdrawn' WHERE id = ? AND state = 'open'", voice)
		if err != nil || n == 0 {
			return orState(err)
		}
		return step(tx, voice, a.User(), at, "withdrawn", "")
	})
}

// write runs one step once, on the voice as it stands.
func (s *Service) write(ctx context.Context, a access.Actor, in, voice id.ID, op, request string, body any, fn func(tx *storage.Tx, v *Voice, at int64) error) (Voice, error) {
	at, repeated := clock.Ms(s.now()), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), request, op, []any{in, voice, body}, voice); err != nil || repeated {
			return err
		}
		n, err := tx.Exec("UPDATE voices SET state = state WHERE id = ? AND village_id = ?", voice, in) // nobody changes it until this ends
		if err != nil {
			return fmt.Errorf("lock voice: %w", err)
		}
		if n == 0 {
			return ErrNoVoice
		}
		list, err := scan(tx.Query(selectVoice+"WHERE v.id = ?", voice))
		if err != nil || len(list) == 0 {
			return orNone(err)
		}
		return fn(tx, &list[0], at)
	})
	if err != nil {
		return Voice{}, err
	}
	return s.answer(ctx, a, in, voice, repeated)
}

// hidden is what an actor is told who may not do a step: whoever may not see the voice either, that there is none.
func hidden(listener bool) error {
	if listener {
		return ErrNotAuthor
	}
	return ErrNoVoice
}

func orState(err error) error {
	if err != nil {
		return fmt.Errorf("change voice: %w", err)
	}
	return ErrState
}

func orNone(err error) error {
	if err != nil {
		return err
	}
	return ErrNoVoice
}
