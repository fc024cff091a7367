package publication

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// NamesRequest says how a household wants its name on notices.
type NamesRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device and kept until a definite answer"`
	Masked    bool   `json:"masked" doc:"true: masked on every notice; false: as the rules have it"`
}

// Names is how a household's name is shown.
type Names struct {
	Masked   bool `json:"masked" doc:"the household has asked to be masked"`
	ByRule   bool `json:"by_rule" doc:"the rules mask all names anyway"`
	Repeated bool `json:"repeated,omitempty"`
}

// NamesOf answers how a household's name is shown on notices.
func (s *Service) NamesOf(ctx context.Context, a access.Actor, in, household id.ID) (Names, error) {
	if err := s.mayMask(ctx, a, in, household); err != nil {
		return Names{}, err
	}
	v, err := s.rules.InForce(ctx, in, clock.DayOf(s.now()))
	if err != nil {
		return Names{}, err
	}
	masked, err := maskedHomes(ctx, s.db, []id.ID{household})
	return Names{Masked: masked[household], ByRule: v.Scheme.Boards.Mask}, err
}

func (s *Service) mayMask(ctx context.Context, a access.Actor, in, household id.ID) error {
	if err := a.Allow(MayMask, access.Place{Village: in, Household: household}); err != nil {
		return err
	}
	_, err := s.villages.Get(ctx, in, household, clock.DayOf(s.now()))
	return err
}

// SetNames stores what a household wants, from now on also for notices that are out: on the page and in later prints.
func (s *Service) SetNames(ctx context.Context, a access.Actor, in, household id.ID, r NamesRequest) (Names, error) {
	if err := s.mayMask(ctx, a, in, household); err != nil {
		return Names{}, err
	}
	repeated := false
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "publication.names", []any{in, household, r}, household); err != nil || repeated {
			return err
		}
		masked := 0
		if r.Masked {
			masked = 1
		}
		args := []any{in, masked, a.User(), clock.Ms(s.now()), household}
		n, err := tx.Exec("UPDATE notice_names SET village_id = ?, masked = ?, by_user = ?, set_at = ? WHERE household_id = ?", args...)
		if err == nil && n == 0 {
			_, err = tx.Exec("INSERT INTO notice_names (village_id, masked, by_user, set_at, household_id) VALUES (?,?,?,?,?)", args...)
		}
		return err
	})
	if err != nil {
		return Names{}, err
	}
	out, err := s.NamesOf(ctx, a, in, household)
	out.Repeated = repeated
	return out, err
}

// HideRequest asks that a good deed of one's own is not shown any more.
type HideRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device and kept until a definite answer"`
	Case      id.ID  `json:"case"`
	Why       string `json:"why" minLength:"1" maxLength:"200"`
	GiveUp    bool   `json:"give_up,omitempty" doc:"the points are given up as well; otherwise they stay"`
}

// Hidden is a record that is not shown any more.
type Hidden struct {
	Case     id.ID `json:"case"`
	Reversed bool  `json:"reversed" doc:"its points were taken back"`
	Waits    bool  `json:"waits" doc:"the points were given up and an official has yet to take them back"`
	Repeated bool  `json:"repeated,omitempty"`
}

// Hide takes a good deed of a household off every page and later print: asked for by the household in the pages, or entered
// for it by an official, who then also takes back the points that it gives up. What the household itself gives up in the pages goes
// to the officials' desk, because points are taken back under the rules of reversal only.
func (s *Service) Hide(ctx context.Context, a access.Actor, in, household id.ID, r HideRequest) (Hidden, error) {
	if err := s.mayMask(ctx, a, in, household); err != nil {
		return Hidden{}, err
	}
	if r.Why = strings.TrimSpace(r.Why); r.Why == "" || utf8.RuneCountInString(r.Why) > MaxWhy {
		return Hidden{}, ErrWhy
	}
	item, state, err := s.goodDeed(ctx, in, household, r.Case)
	if err != nil {
		return Hidden{}, err
	}
	out := Hidden{Case: r.Case, Reversed: state == cases.Reversed}
	official := !a.IsOwn(household)
	if r.GiveUp && official && !out.Reversed {
		if _, err := s.cases.Reverse(ctx, a, in, r.Case, cases.Step{RequestID: r.RequestID[:min(len(r.RequestID), 60)] + "-rev", Why: "本户放弃积分：" + r.Why}); err != nil {
			return Hidden{}, err
		}
		out.Reversed = true
	}
	out.Waits = r.GiveUp && !out.Reversed
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if _, out.Repeated, err = tx.Once(a.User(), r.RequestID, "publication.hide", []any{in, household, r}, r.Case); err != nil || out.Repeated {
			return err
		}
		at := s.now()
		n, err := tx.Exec("UPDATE notice_hidden SET give_up = CASE WHEN ? = 1 THEN 1 ELSE give_up END WHERE case_id = ?", flag(r.GiveUp), r.Case)
		if err == nil && n == 0 {
			_, err = tx.Exec("INSERT INTO notice_hidden (case_id, village_id, household_id, why, give_up, by_user, hidden_at) VALUES (?,?,?,?,?,?,?)",
				r.Case, in, household, r.Why, flag(r.GiveUp), a.User(), clock.Ms(at))
		}
		if err != nil || !out.Waits {
			return err
		}
		return message.Tell(tx, message.Message{Village: in, Kind: message.Waiting, Title: "有一户放弃积分：" + item, Body: "请核对后冲正这条记录。原因：" + r.Why,
			About: message.About{Kind: "case", ID: r.Case}, At: at})
	})
	return out, err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// goodDeed finds a case of the household that gave it points, in effect or already taken back.
func (s *Service) goodDeed(ctx context.Context, in, household, caseID id.ID) (item string, state cases.State, err error) {
	var owner id.ID
	var worth points.Amount
	err = s.db.QueryRow(ctx, "SELECT household_id, item_name, state, counted FROM cases WHERE id = ? AND village_id = ?", caseID, in).Scan(&owner, &item, &state, &worth)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", ErrNotOwn
	}
	if err != nil {
		return "", "", fmt.Errorf("read case: %w", err)
	}
	switch state {
	case cases.Decided, cases.Published, cases.Effective, cases.Amended, cases.Objected, cases.Reversed:
	default:
		return "", "", ErrNotOwn
	}
	if owner != household || worth < 0 || worth == 0 && state != cases.Reversed {
		return "", "", ErrNotOwn
	}
	return item, state, nil
}
