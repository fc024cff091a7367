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

// SpeakRequest is what a villager has to say, or an official writes down for one without a phone.
type SpeakRequest struct {
	RequestID  string      `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Kind       string      `json:"kind" enum:"complaint,suggestion"`
	Text       string      `json:"text" minLength:"1" maxLength:"500"`
	ToTown     bool        `json:"to_town,omitempty" doc:"about the village's officials: the village does not see it"`
	MayBeShown bool        `json:"may_be_shown,omitempty" doc:"the village may read it with its answer, without a name"`
	Member     id.ID       `json:"member,omitempty" doc:"entered by an official: who of the household says it"`
	Photos     []media.Ref `json:"photos,omitempty" maxItems:"3"`
}

// Speak keeps what was said and tells those who answer.
func (s *Service) Speak(ctx context.Context, a access.Actor, in, household id.ID, r SpeakRequest) (Voice, error) {
	if err := a.Allow(MaySpeak, access.Place{Village: in, Household: household}); err != nil {
		return Voice{}, err
	}
	said, err := text("text", "要反映的事情", r.Text, true, MaxText)
	if err != nil {
		return Voice{}, err
	}
	if names[r.Kind] == "" || r.Kind != Complaint && r.Kind != Suggestion {
		return Voice{}, ErrInvalid.With("请选择投诉或建议").WithFields(errs.Field{Path: "kind", Msg: "请选择投诉或建议"})
	}
	if len(r.Photos) > MaxPhotos {
		return Voice{}, ErrInvalid.With("照片最多%d张", MaxPhotos).WithFields(errs.Field{Path: "photos", Msg: "照片太多"})
	}
	at, v := s.now(), id.ID(0)
	today := clock.DayOf(at)
	author, member := id.ID(0), r.Member
	for _, h := range a.Homes() {
		if h.Household == household {
			author, member = a.User(), h.Member
		}
	}
	if err := s.belongs(ctx, in, household, member, today); err != nil {
		return Voice{}, err
	}
	made, repeated := s.db.NewID(), false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		v, repeated, err = tx.Once(a.User(), r.RequestID, "voice.speak", []any{in, household, r}, made)
		if err != nil || repeated {
			return err
		}
		if err := roomFor(tx, household); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO voices (id, village_id, kind, to_town, household_id, member_id, author, entered_by, text, may_be_shown, shown, state, due_on,
			raised_on, raised_why, answer, answered_by, answered_at, rating, rating_note, made_at) VALUES (?,?,?,?,?,?,?,?,?,?,0,'open',?,0,'','',0,0,0,'',?)`,
			v, in, r.Kind, bit(r.ToTown), household, member, author, a.User(), said, bit(r.MayBeShown), s.after(today, s.days), clock.Ms(at))
		if err != nil {
			return fmt.Errorf("insert voice: %w", err)
		}
		if err := step(tx, v, a.User(), clock.Ms(at), "said", ""); err != nil {
			return err
		}
		if err := s.photos.Attach(tx, media.Use{Village: in, Kind: Photos, Ref: v, Role: "photo", By: a.User(), Trusted: author == 0}, r.Photos...); err != nil {
			return err
		}
		if err := s.photos.AskText(tx, media.Sender{Village: in, User: a.User()}, author == 0, textOfVoices, v, said); err != nil {
			return err
		}
		m := message.Message{Village: in, Kind: message.Waiting, At: at, Title: "有一条" + names[r.Kind] + "等待答复",
			Body: "请在" + s.after(today, s.days).Chinese() + "以前书面答复。", About: message.About{Kind: "voice", ID: v}}
		if r.ToTown {
			return tellTown(tx, in, today, m)
		}
		return message.Tell(tx, m)
	})
	if err != nil {
		return Voice{}, err
	}
	return s.answer(ctx, a, in, v, repeated)
}

// belongs checks that the household is one of the village's and the member, if named, of the household.
func (s *Service) belongs(ctx context.Context, in, household, member id.ID, today clock.Day) error {
	var there, of int
	err := s.db.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM households WHERE id = ? AND village_id = ? AND to_day > ?),
		(SELECT COUNT(*) FROM memberships WHERE household_id = ? AND member_id = ? AND to_day > ?)`, household, in, today, household, member, today).Scan(&there, &of)
	if err != nil {
		return fmt.Errorf("read household: %w", err)
	}
	if there == 0 || member != 0 && of == 0 {
		return ErrHousehold
	}
	return nil
}

// roomFor holds the household's row of open voices to its limit; the row of the household's first is the lock.
func roomFor(tx *storage.Tx, household id.ID) error {
	if _, err := tx.Exec("UPDATE voices SET state = state WHERE household_id = ? AND state = 'open'", household); err != nil {
		return fmt.Errorf("lock voices: %w", err)
	}
	var n int
	if err := tx.QueryRow("SELECT COUNT(*) FROM voices WHERE household_id = ? AND state = 'open'", household).Scan(&n); err != nil {
		return fmt.Errorf("count voices: %w", err)
	}
	if n >= MaxOpen {
		return ErrMany
	}
	return nil
}

// tellTown tells whoever supervises the village, from the town or the county.
func tellTown(tx *storage.Tx, village id.ID, today clock.Day, m message.Message) error {
	rows, err := tx.Query(`SELECT DISTINCT r.user_id FROM regions v JOIN regions t ON t.id = v.parent_id JOIN user_roles r ON r.region_id IN (t.id, t.parent_id)
		WHERE v.id = ? AND r.role = 'supervisor' AND r.from_day <= ? AND r.to_day > ? ORDER BY r.user_id`, village, today, today)
	if err != nil {
		return fmt.Errorf("read supervisors: %w", err)
	}
	defer rows.Close()
	var ms []message.Message
	for rows.Next() {
		to := m
		if err := rows.Scan(&to.User); err != nil {
			return err
		}
		ms = append(ms, to)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return message.Tell(tx, ms...)
}

func step(tx *storage.Tx, voice, by id.ID, at int64, what, words string) error {
	_, err := tx.Exec("INSERT INTO voice_steps (id, voice_id, at_ms, by_user, step, text) VALUES (?,?,?,?,?,?)", tx.NewID(), voice, at, by, what, words)
	if err != nil {
		return fmt.Errorf("insert step: %w", err)
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
