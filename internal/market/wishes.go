package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// MaxWishes is how many things a household may want at a time.
const MaxWishes = 5

// Who may wish and answer.
var (
	MayWish       = access.Need{Scope: access.Self, Roles: []access.Role{access.TeamMember, access.FirstSecretary}}
	MaySeeWishes  = MaySeeShops
	MayAnswerWish = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary}}
)

var (
	ErrNoWish      = errs.New(errs.NotFound, "market_wish_not_found", "没有这个心愿，请刷新后再试")
	ErrWished      = errs.New(errs.Conflict, "market_already_wished", "您家已经提过这个心愿了，采购时会看到")
	ErrManyWishes  = errs.New(errs.Conflict, "market_too_many_wishes", "一户最多同时提5个心愿，请先撤回一个")
	ErrWishClosed  = errs.New(errs.Conflict, "market_wish_closed", "这个心愿已经办结")
	ErrNotWishedBy = errs.New(errs.Conflict, "market_not_wished", "您家没有提过这个心愿")
)

// States of a wish.
const (
	WishOpen  = "open"
	WishMet   = "met"
	WishNo    = "declined"
	wishTaken = "withdrawn" // nobody wants it any more
)

var wishStates = map[string]string{WishOpen: "等待采购", WishMet: "已采购", WishNo: "暂不采购", wishTaken: "已撤回"}

// Wish is a thing that households of a village want in the shop (心愿). Whoever wants what another wants adds a vote.
type Wish struct {
	ID        id.ID     `json:"id"`
	Thing     string    `json:"thing"`
	State     string    `json:"state" enum:"open,met,declined,withdrawn"`
	StateName string    `json:"state_name"`
	Votes     int64     `json:"votes" doc:"households that want it"`
	Mine      bool      `json:"mine" doc:"one of the caller's own households wants it"`
	Answer    string    `json:"answer" doc:"what the village said to it"`
	On        clock.Day `json:"on" doc:"the day it was first wished for"`
	Repeated  bool      `json:"repeated" doc:"this request had already been carried out"`
}

// Wishes is a page of wishes.
type Wishes struct {
	Items []Wish `json:"items"`
}

// WishRequest says what a household wants.
type WishRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Thing     string `json:"thing" minLength:"1" maxLength:"30" doc:"the thing, in a few words"`
	Note      string `json:"note,omitempty" maxLength:"100"`
}

// UnwishRequest takes a household's vote back.
type UnwishRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
}

// AnswerRequest closes a wish.
type AnswerRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	State     string `json:"state" enum:"met,declined"`
	Answer    string `json:"answer" minLength:"1" maxLength:"200" doc:"what was bought, or why not"`
}

// thingKey makes two ways of writing one thing alike: no spaces or signs, no case, half-width.
func thingKey(thing string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E: // full-width forms of ASCII
			r -= 0xFEE0
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, thing)
}

// Wish adds a household's vote for a thing, which opens the wish if nobody wants it yet.
func (s *Service) Wish(ctx context.Context, a access.Actor, in, household id.ID, r WishRequest) (Wish, error) {
	if err := a.Allow(MayWish, access.Place{Village: in, Household: household}); err != nil {
		return Wish{}, err
	}
	r.Thing = strings.TrimSpace(r.Thing)
	key := thingKey(r.Thing)
	if err := errors.Join(text("thing", "想要什么", r.Thing, true, 30), text("note", "说明", r.Note, false, 100)); err != nil {
		return Wish{}, first(err)
	}
	if key == "" {
		return Wish{}, wrong("thing", "请写明想要什么东西")
	}
	if err := s.livesHere(ctx, in, household); err != nil {
		return Wish{}, err
	}
	at, wish := s.now(), id.ID(0)
	if err := s.db.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM wishes WHERE village_id = ? AND thing_key = ? AND open_key = 0", in, key).Scan(&wish); err != nil {
		return Wish{}, fmt.Errorf("read wish: %w", err)
	}
	if wish == 0 {
		wish = s.db.NewID()
	}
	return s.wishStep(ctx, a, in, wish, "market.wish", r.RequestID, []any{in, household, r}, func(tx *storage.Tx, made id.ID) (id.ID, error) {
		wish, err := openWish(tx, in, made, r.Thing, key, a.User(), clock.Ms(at))
		if err != nil {
			return 0, err
		}
		var open, mine int
		if err := tx.QueryRow(`SELECT COUNT(*), COUNT(CASE WHEN w.id = ? THEN 1 END) FROM wish_votes v JOIN wishes w ON w.id = v.wish_id AND w.open_key = 0 WHERE v.household_id = ?`,
			wish, household).Scan(&open, &mine); err != nil {
			return 0, fmt.Errorf("read votes: %w", err)
		}
		if mine > 0 {
			return 0, ErrWished
		}
		if open >= MaxWishes {
			return 0, ErrManyWishes
		}
		_, err = tx.Exec("INSERT INTO wish_votes (wish_id, household_id, note, by_user, voted_at) VALUES (?,?,?,?,?)", wish, household, r.Note, a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return 0, ErrWished.Wrap(err)
		}
		return wish, err
	})
}

// openWish takes the row of a thing's open wish, making it if there is none, with one more vote.
func openWish(tx *storage.Tx, in, made id.ID, thing, key string, by id.ID, ms int64) (id.ID, error) {
	n, err := tx.Exec("UPDATE wishes SET votes = votes + 1 WHERE village_id = ? AND thing_key = ? AND open_key = 0", in, key)
	if err != nil {
		return 0, fmt.Errorf("count vote: %w", err)
	}
	if n == 0 {
		_, err := tx.Exec("INSERT INTO wishes (id, village_id, thing, thing_key, open_key, state, votes, answer, made_by, made_at) VALUES (?,?,?,?,0,?,1,'',?,?)",
			made, in, thing, key, WishOpen, by, ms)
		if storage.IsDuplicate(err) { // somebody else was first: plan again
			return 0, errRace
		}
		return made, err
	}
	var wish id.ID
	err = tx.QueryRow("SELECT id FROM wishes WHERE village_id = ? AND thing_key = ? AND open_key = 0", in, key).Scan(&wish)
	return wish, err
}

// Unwish takes a household's vote back; a wish without votes is closed.
func (s *Service) Unwish(ctx context.Context, a access.Actor, in, household, wish id.ID, r UnwishRequest) (Wish, error) {
	if err := a.Allow(MayWish, access.Place{Village: in, Household: household}); err != nil {
		return Wish{}, err
	}
	at := s.now()
	return s.wishStep(ctx, a, in, wish, "market.unwish", r.RequestID, []any{in, household, wish, r}, func(tx *storage.Tx, wish id.ID) (id.ID, error) {
		if err := lockWish(tx, in, wish); err != nil {
			return 0, err
		}
		n, err := tx.Exec("DELETE FROM wish_votes WHERE wish_id = ? AND household_id = ?", wish, household)
		if err != nil {
			return 0, fmt.Errorf("take vote back: %w", err)
		}
		if n == 0 {
			return 0, ErrNotWishedBy
		}
		if _, err := tx.Exec("UPDATE wishes SET votes = votes - 1 WHERE id = ?", wish); err != nil {
			return 0, err
		}
		_, err = tx.Exec("UPDATE wishes SET state = ?, open_key = id, closed_by = ?, closed_at = ? WHERE id = ? AND votes = 0", wishTaken, a.User(), clock.Ms(at), wish)
		return wish, err
	})
}

// AnswerWish closes a wish: bought, or not and why.
func (s *Service) AnswerWish(ctx context.Context, a access.Actor, in, wish id.ID, r AnswerRequest) (Wish, error) {
	if err := a.Allow(MayAnswerWish, access.Place{Village: in}); err != nil {
		return Wish{}, err
	}
	var state error
	if r.State != WishMet && r.State != WishNo {
		state = wrong("state", "只能是已采购或暂不采购")
	}
	if err := first(errors.Join(state, text("answer", "答复", r.Answer, true, 200))); err != nil {
		return Wish{}, err
	}
	at := s.now()
	return s.wishStep(ctx, a, in, wish, "market.wish.answer", r.RequestID, []any{in, wish, r}, func(tx *storage.Tx, wish id.ID) (id.ID, error) {
		if err := lockWish(tx, in, wish); err != nil {
			return 0, err
		}
		if _, err := tx.Exec("UPDATE wishes SET state = ?, open_key = id, answer = ?, closed_by = ?, closed_at = ? WHERE id = ?", r.State, r.Answer, a.User(), clock.Ms(at), wish); err != nil {
			return 0, fmt.Errorf("close wish: %w", err)
		}
		return wish, tellWishers(tx, in, wish, r, at)
	})
}

// tellWishers tells every household that wanted the thing what became of it.
func tellWishers(tx *storage.Tx, in, wish id.ID, r AnswerRequest, at time.Time) error {
	var list []message.Message
	rows, err := tx.Query("SELECT v.household_id, w.thing FROM wish_votes v JOIN wishes w ON w.id = v.wish_id WHERE v.wish_id = ? ORDER BY v.household_id", wish)
	if err := each(rows, err, func(rows *sql.Rows) error {
		m := message.Message{Village: in, Kind: message.Answered, Body: r.Answer, About: message.About{Kind: "wish", ID: wish}, At: at}
		var thing string
		err := rows.Scan(&m.Household, &thing)
		m.Title = "您想要的" + thing + wishStates[r.State]
		list = append(list, m)
		return err
	}); err != nil {
		return fmt.Errorf("read wishers: %w", err)
	}
	return message.Tell(tx, list...)
}

// lockWish takes an open wish.
func lockWish(tx *storage.Tx, in, wish id.ID) error {
	n, err := tx.Exec("UPDATE wishes SET votes = votes WHERE id = ? AND village_id = ? AND open_key = 0", wish, in)
	if err != nil || n > 0 {
		return err
	}
	var there int
	if err := tx.QueryRow("SELECT COUNT(*) FROM wishes WHERE id = ? AND village_id = ?", wish, in).Scan(&there); err != nil {
		return err
	}
	if there == 0 {
		return ErrNoWish
	}
	return ErrWishClosed
}

// wishStep runs one write once. fn answers the wish it acted on, which need not be the id that was at hand.
func (s *Service) wishStep(ctx context.Context, a access.Actor, in, at id.ID, op, request string, body any, fn func(tx *storage.Tx, at id.ID) (id.ID, error)) (Wish, error) {
	wish, repeated := at, false
	err := s.inTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), request, op, body, at)
		if repeated = again; err != nil || again {
			wish = earlier
			return err
		}
		wish, err = fn(tx, at)
		return err
	})
	if err != nil {
		return Wish{}, err
	}
	list, err := s.readWishes(ctx, a, "w.village_id = ? AND w.id = ?", in, wish)
	if err != nil || len(list) == 0 {
		if repeated && err == nil { // the vote had gone to a wish that was there before
			return Wish{Repeated: true}, nil
		}
		return Wish{}, cmp.Or[error](err, ErrNoWish)
	}
	list[0].Repeated = repeated
	return list[0], nil
}

// Wishes lists a village's wishes, those most wanted first; answered ones of the last 90 days after them.
func (s *Service) Wishes(ctx context.Context, a access.Actor, in id.ID) (Wishes, error) {
	if err := a.Allow(MaySeeWishes, access.Place{Village: in}); err != nil {
		return Wishes{}, err
	}
	since := clock.Ms(s.now().AddDate(0, 0, -90))
	list, err := s.readWishes(ctx, a, "w.village_id = ? AND (w.open_key = 0 OR w.state IN ('met', 'declined') AND w.closed_at >= ?) ORDER BY CASE WHEN w.open_key = 0 THEN 0 ELSE 1 END, w.votes DESC, w.id LIMIT 100", in, since)
	return Wishes{list}, err
}

func (s *Service) readWishes(ctx context.Context, a access.Actor, where string, args ...any) ([]Wish, error) {
	homes := storage.Padded(a.Households())
	list := []Wish{}
	rows, err := s.db.Query(ctx, `SELECT w.id, w.thing, w.state, w.votes, w.answer, w.made_at,
		CASE WHEN EXISTS (SELECT 1 FROM wish_votes v WHERE v.wish_id = w.id AND v.household_id IN `+storage.In(len(homes))+`) THEN 1 ELSE 0 END FROM wishes w WHERE `+where,
		append(storage.Args(homes), args...)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var w Wish
		var made int64
		err := r.Scan(&w.ID, &w.Thing, &w.State, &w.Votes, &w.Answer, &made, &w.Mine)
		w.On, w.StateName = clock.DayOf(clock.FromMs(made)), wishStates[w.State]
		list = append(list, w)
		return err
	})
	return list, err
}

// livesHere checks that the household is one of the village's.
func (s *Service) livesHere(ctx context.Context, in, household id.ID) error {
	var there int
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM households WHERE id = ? AND village_id = ? AND to_day = ?", household, in, clock.Forever).Scan(&there)
	if err == nil && there == 0 {
		err = errNoHousehold
	}
	return err
}

var errNoHousehold = errs.New(errs.NotFound, "market_household_not_found", "本村没有这一户，请重新选择")
