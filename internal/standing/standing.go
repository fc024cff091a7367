// Package standing keeps what stands against an account for a time: a veto on awards (一票否决), barred or suspended
// redemption, a warning, an open fault. Tags never touch points; they name a term and end, and are not removed.
package standing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// MaxReason is the longest reason, in characters.
const MaxReason = 200

var (
	ErrBarred    = errs.New(errs.Conflict, "standing_barred", "现在不能兑换")
	ErrSuspended = errs.New(errs.Conflict, "standing_suspended", "积分兑换已暂停")
	ErrNoTag     = errs.New(errs.NotFound, "standing_no_tag", "没有找到要解除的这一条，可能已经解除了")
)

var errMalformed = errors.New("standing: malformed tag")

// Tag stands against an account on the days from From until before To.
type Tag struct {
	ID      id.ID     `json:"id"`
	Village id.ID     `json:"-"`
	Account id.ID     `json:"account"`
	Kind    string    `json:"kind" enum:"veto,barred,suspended,warning,open_fault"`
	From    clock.Day `json:"from_day"`
	To      clock.Day `json:"to_day" doc:"first day on which it no longer stands; 9999-12-31 while open"`
	Case    id.ID     `json:"case,omitempty" doc:"the record that led to it"`
	Reason  string    `json:"reason"`
}

// Tags are those that stand on a day, by account. The accounts should be guarded if a decision rests on the answer.
func Tags(tx *storage.Tx, accounts []id.ID, day clock.Day) (map[id.ID][]Tag, error) {
	return read(tx.Query, accounts, day)
}

// Of are the tags of one account that stand on a day, to be shown.
func Of(ctx context.Context, db *storage.DB, account id.ID, day clock.Day) ([]Tag, error) {
	tags, err := read(func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }, []id.ID{account}, day)
	return tags[account], err
}

func read(query func(string, ...any) (*sql.Rows, error), accounts []id.ID, day clock.Day) (map[id.ID][]Tag, error) {
	out := map[id.ID][]Tag{}
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := query("SELECT id, village_id, account_id, kind, from_day, to_day, case_id, reason FROM tags WHERE to_day > ? AND from_day <= ? AND account_id IN "+
			storage.In(len(chunk))+" ORDER BY id", storage.Args(chunk, day, day)...)
		if err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var t Tag
			if err := rows.Scan(&t.ID, &t.Village, &t.Account, &t.Kind, &t.From, &t.To, &t.Case, &t.Reason); err != nil {
				return nil, err
			}
			out[t.Account] = append(out[t.Account], t)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	return out, nil
}

// Add puts tags on accounts; ids are given here.
func Add(tx *storage.Tx, by id.ID, at time.Time, tags ...Tag) error {
	for chunk := range storage.Chunks(tags, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*12)
		for i := range chunk {
			t := &chunk[i]
			if t.Account == 0 || t.Village == 0 || !t.From.Valid() || t.To <= t.From || utf8.RuneCountInString(t.Reason) > MaxReason {
				return errMalformed
			}
			t.ID = tx.NewID()
			args = append(args, t.ID, t.Village, t.Account, t.Kind, t.From, t.To, t.Case, t.Reason, clock.Ms(at), by, 0, 0)
		}
		if _, err := tx.Exec("INSERT INTO tags (id, village_id, account_id, kind, from_day, to_day, case_id, reason, added_at, added_by, lifted_at, lifted_by) VALUES "+
			storage.Rows(len(chunk), 12), args...); err != nil {
			return fmt.Errorf("add tags: %w", err)
		}
	}
	return nil
}

// Lift ends a tag: from that day on it no longer stands. A tag lifted on or before its first day never stood. ErrNoTag
// if it does not stand or has been lifted.
func Lift(tx *storage.Tx, village, tag id.ID, on clock.Day, by id.ID, at time.Time) error {
	n, err := tx.Exec("UPDATE tags SET to_day = ?, lifted_at = ?, lifted_by = ? WHERE id = ? AND village_id = ? AND lifted_at = 0 AND to_day > ?",
		on, clock.Ms(at), by, tag, village, on)
	if err != nil {
		return fmt.Errorf("lift tag: %w", err)
	}
	if n == 0 {
		return ErrNoTag
	}
	return nil
}

// LiftOfCase ends every tag that a case has led to, when the case is reversed.
func LiftOfCase(tx *storage.Tx, account, caseID id.ID, on clock.Day, by id.ID, at time.Time) error {
	_, err := tx.Exec("UPDATE tags SET to_day = ?, lifted_at = ?, lifted_by = ? WHERE account_id = ? AND case_id = ? AND lifted_at = 0 AND to_day > ?",
		on, clock.Ms(at), by, account, caseID, on)
	if err != nil {
		return fmt.Errorf("lift tags of case: %w", err)
	}
	return nil
}

// RefuseSpending says why an account with these tags may not redeem, or nil.
func RefuseSpending(tags []Tag) error {
	for _, t := range tags {
		switch t.Kind {
		case scheme.TagBarred:
			return ErrBarred.With("%s前不能兑换%s", until(t.To), because(t.Reason))
		case scheme.TagSuspended:
			return ErrSuspended.With("积分兑换已暂停%s，%s", because(t.Reason), "整改到位后可以恢复")
		}
	}
	return nil
}

func until(to clock.Day) string {
	if to == clock.Forever {
		return "解除之"
	}
	return to.Chinese()
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return "（" + reason + "）"
}
