package season

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Award is a round about a span as it was published (一次评比).
type Award struct {
	ID          id.ID      `json:"id"`
	Code        string     `json:"code" doc:"the round of the rules"`
	Span        clock.Span `json:"span"`
	Revision    int        `json:"revision" doc:"1, 2, 3 …: a list that was withdrawn is published anew"`
	Name        string     `json:"name"`
	Of          string     `json:"of" enum:"household,person,group"`
	State       string     `json:"state" enum:"published,frozen,issuing,issued,withdrawn"`
	On          clock.Day  `json:"on" doc:"day of the cut-off"`
	Hash        string     `json:"hash" doc:"SHA-256 of the sealed list: it was sealed before lots were drawn"`
	PublishedAt int64      `json:"published_at" doc:"milliseconds since 1970 UTC"`
	ObjectUntil clock.Day  `json:"object_until" doc:"last day for objections"`
	FrozenAt    int64      `json:"frozen_at,omitempty"`
	Number      string     `json:"number,omitempty" doc:"the number drawn in public"`
	How         string     `json:"how,omitempty" doc:"where and before whom it was drawn"`
	DrawnAt     int64      `json:"drawn_at,omitempty"`
	IssuedAt    int64      `json:"issued_at,omitempty"`
	Why         string     `json:"why,omitempty" doc:"why it was withdrawn"`
	Drawings    []Drawing  `json:"drawings" doc:"lots that are to be drawn, or were"`
	Prizes      PrizeCount `json:"prizes" doc:"what has become of its prizes; all 0 before it is issued"`
	Repeated    bool       `json:"repeated,omitempty" doc:"the request had been carried out before"`

	rules, cursor id.ID
	village       id.ID
	list          string
}

// PrizeCount is how many prizes of a list are in which state.
type PrizeCount struct {
	Posted    int `json:"posted" doc:"points that stand in the book"`
	Due       int `json:"due" doc:"to be collected"`
	Collected int `json:"collected"`
}

// Drawing is one drawing of lots.
type Drawing struct {
	No       int     `json:"no"`
	What     string  `json:"what"`
	Seats    int     `json:"seats"`
	Accounts []id.ID `json:"accounts" doc:"in the order of their numbers: lot 0, 1, 2 …"`
	Drawn    []id.ID `json:"drawn,omitempty" doc:"in the order in which they came"`
}

// States of an award.
const (
	awardPublished = "published"
	awardFrozen    = "frozen"
	awardIssuing   = "issuing"
	awardIssued    = "issued"
	awardWithdrawn = "withdrawn"
)

// idList is ids as text, a space between two.
func idList(list []id.ID) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return strings.Join(out, " ")
}

func ofList(text string) ([]id.ID, error) {
	var out []id.ID
	for _, f := range strings.Fields(text) {
		v, err := id.Parse(f)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

const awardColumns = "id, village_id, code, span, revision, name, of_kind, state, rules_id, on_day, hash, published_at, object_until, frozen_at, number, how, drawn_at, cursor_id, issued_at, why"

func (w *Award) into() []any {
	return []any{&w.ID, &w.village, &w.Code, &w.Span, &w.Revision, &w.Name, &w.Of, &w.State, &w.rules, &w.On, &w.Hash, &w.PublishedAt, &w.ObjectUntil, &w.FrozenAt, &w.Number, &w.How, &w.DrawnAt, &w.cursor, &w.IssuedAt, &w.Why}
}

// award reads one with its drawings.
func (s *Service) award(ctx context.Context, in, round id.ID, repeated bool) (Award, error) {
	w := Award{Repeated: repeated, Drawings: []Drawing{}}
	err := s.db.QueryRow(ctx, "SELECT "+awardColumns+" FROM award_rounds WHERE id = ? AND village_id = ?", round, in).Scan(w.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return w, ErrNoAward
	}
	if err != nil {
		return w, fmt.Errorf("read award: %w", err)
	}
	rows, err := s.db.Query(ctx, "SELECT number, what, seats, accounts, drawn FROM award_drawings WHERE round_id = ? ORDER BY number", round)
	err = each(rows, err, func(r *sql.Rows) error {
		var d Drawing
		var accounts, drawn string
		err := r.Scan(&d.No, &d.What, &d.Seats, &accounts, &drawn)
		if err == nil {
			d.Accounts, err = ofList(accounts)
		}
		if err == nil {
			d.Drawn, err = ofList(drawn)
		}
		w.Drawings = append(w.Drawings, d)
		return err
	})
	if err == nil && (w.State == awardIssuing || w.State == awardIssued) {
		err = s.db.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'posted' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'due' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN state = 'collected' THEN 1 ELSE 0 END), 0) FROM award_prizes WHERE round_id = ?`, round).Scan(&w.Prizes.Posted, &w.Prizes.Due, &w.Prizes.Collected)
	}
	return w, err
}

// hold takes the row of an award, which must be in one of some states, and reads it.
func hold(tx *storage.Tx, in, round id.ID, states ...string) (w Award, err error) {
	n, err := tx.Exec("UPDATE award_rounds SET rev = rev + 1 WHERE id = ? AND village_id = ?", round, in)
	if err == nil && n == 0 {
		err = ErrNoAward
	}
	if err != nil {
		return w, err
	}
	if err := tx.QueryRow("SELECT "+awardColumns+", list FROM award_rounds WHERE id = ?", round).Scan(append(w.into(), &w.list)...); err != nil {
		return w, fmt.Errorf("read award: %w", err)
	}
	for _, s := range states {
		if w.State == s {
			return w, nil
		}
	}
	return w, ErrAwardState
}

// Step is a request that moves an award on.
type Step struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string `json:"why,omitempty" maxLength:"200" doc:"withdraw: why; everybody reads it"`
	Number    string `json:"number,omitempty" maxLength:"200" doc:"draw: the number drawn in public, exactly as it was written down"`
	How       string `json:"how,omitempty" maxLength:"200" doc:"draw: what number it is, where and before whom it was drawn"`
}

// step runs a change of an award under its row, once for a request.
func (s *Service) step(ctx context.Context, a access.Actor, in, round id.ID, op string, r Step, states []string, change func(tx *storage.Tx, w *Award, at time.Time) error) (Award, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Award{}, err
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, op, []any{in, round, r}, round); err != nil || repeated {
			return err
		}
		w, err := hold(tx, in, round, states...)
		if err != nil {
			return err
		}
		return change(tx, &w, at)
	})
	if err != nil {
		return Award{}, err
	}
	return s.award(ctx, in, round, repeated)
}

// Withdraw takes a list back of which nothing has been drawn or issued, so that another can be published.
func (s *Service) Withdraw(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	why := strings.TrimSpace(r.Why)
	if n := utf8.RuneCountInString(why); n == 0 || n > 200 {
		return Award{}, ErrWhy
	}
	return s.step(ctx, a, in, round, "season.withdraw", r, []string{awardPublished, awardFrozen}, func(tx *storage.Tx, w *Award, at time.Time) error {
		if w.Number != "" {
			return ErrAwardState.With("已经抽签，不能撤回")
		}
		_, err := tx.Exec("UPDATE award_rounds SET state = ?, why = ?, ended_at = ?, ended_by = ? WHERE id = ?", awardWithdrawn, why, clock.Ms(at), a.User(), round)
		return err
	})
}
