// Package standing keeps what stands against an account for a time: a veto on awards (一票否决), barred or suspended
// redemption, a warning, an open fault. Tags never touch points; they name a term and end, and are not removed.
package standing

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	Code    string    `json:"code,omitempty" doc:"the threshold of the rules that set it"`
	Due     clock.Day `json:"due_on,omitempty" doc:"open fault: last day to put it right"`
	Rounds  []string  `json:"rounds,omitempty" doc:"veto: the award rounds it bars from; empty: all"`
	Known   int64     `json:"-"` // when it was added, milliseconds since 1970 UTC; filled in by OpenFaults only
}

// Tags are those that stand on a day, by account. The accounts should be guarded if a decision rests on the answer.
func Tags(tx *storage.Tx, accounts []id.ID, day clock.Day) (map[id.ID][]Tag, error) {
	return read(tx.Query, accounts, day)
}

// Beside reads the tags of one account that stand on a day along with the rows of another package's SELECT, which costs
// less than a statement of their own: its columns come last, its join takes the account and twice the day, and after each
// row is scanned into Into, Take notes what it brought.
type Beside struct {
	Tags []Tag
	one  Tag
}

// The texts of Beside. They name the tags x.
const (
	BesideColumns = ", x.id, x.kind, x.from_day, x.to_day, x.reason"
	BesideJoin    = " LEFT JOIN tags x ON x.account_id = ? AND x.to_day > ? AND x.from_day <= ?"
)

// Into are the destinations of BesideColumns, behind the caller's own.
func (b *Beside) Into(own ...any) []any {
	t := &b.one
	return append(own, storage.OrZero(&t.ID), storage.OrEmpty(&t.Kind), storage.OrZero(&t.From), storage.OrZero(&t.To), storage.OrEmpty(&t.Reason))
}

// Take notes the tag of the row just scanned, if it has one that has not come before.
func (b *Beside) Take() {
	at, had := slices.BinarySearchFunc(b.Tags, b.one.ID, func(t Tag, i id.ID) int { return cmp.Compare(t.ID, i) })
	if b.one.ID != 0 && !had {
		b.Tags = slices.Insert(b.Tags, at, b.one)
	}
}

// Of are the tags of one account that stand on a day, to be shown.
func Of(ctx context.Context, db *storage.DB, account id.ID, day clock.Day) ([]Tag, error) {
	tags, err := read(func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }, []id.ID{account}, day)
	return tags[account], err
}

// Standing is Tags for a caller that has a query of its own.
func Standing(query func(string, ...any) (*sql.Rows, error), accounts []id.ID, day clock.Day) (map[id.ID][]Tag, error) {
	return read(query, accounts, day)
}

func read(query func(string, ...any) (*sql.Rows, error), accounts []id.ID, day clock.Day) (map[id.ID][]Tag, error) {
	out := map[id.ID][]Tag{}
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := query("SELECT id, village_id, account_id, kind, from_day, to_day, case_id, reason, code, due_on, rounds FROM tags WHERE to_day > ? AND from_day <= ? AND account_id IN "+
			storage.In(len(chunk))+" ORDER BY id", storage.Args(chunk, day, day)...)
		if err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var t Tag
			var rounds string
			if err := rows.Scan(&t.ID, &t.Village, &t.Account, &t.Kind, &t.From, &t.To, &t.Case, &t.Reason, &t.Code, &t.Due, &rounds); err != nil {
				return nil, err
			}
			t.Rounds = strings.Fields(rounds)
			out[t.Account] = append(out[t.Account], t)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	return out, nil
}

// OpenFaults are the faults of accounts that nobody has closed, by account.
func OpenFaults(query func(string, ...any) (*sql.Rows, error), accounts []id.ID) (map[id.ID][]Tag, error) {
	out := map[id.ID][]Tag{}
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := query("SELECT id, account_id, from_day, due_on, case_id, added_at FROM tags WHERE kind = 'open_fault' AND lifted_at = 0 AND to_day > from_day AND account_id IN "+
			storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("read faults: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			t := Tag{Kind: scheme.TagOpenFault}
			if err := rows.Scan(&t.ID, &t.Account, &t.From, &t.Due, &t.Case, &t.Known); err != nil {
				return nil, err
			}
			out[t.Account] = append(out[t.Account], t)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FaultsThen are the faults that stood on a day and were still open at an instant (milliseconds since 1970 UTC), even if
// they have been closed since: for deciding anew what was decided then.
func FaultsThen(query func(string, ...any) (*sql.Rows, error), accounts []id.ID, day clock.Day, at int64) ([]Tag, error) {
	var out []Tag
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := query("SELECT account_id, from_day FROM tags WHERE kind = 'open_fault' AND from_day <= ? AND added_at < ? AND (lifted_at = 0 OR lifted_at > ?) AND account_id IN "+
			storage.In(len(chunk)), storage.Args(chunk, day, at, at)...)
		if err != nil {
			return nil, fmt.Errorf("read faults: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			t := Tag{Kind: scheme.TagOpenFault}
			if err := rows.Scan(&t.Account, &t.From); err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Add puts tags on accounts; ids are given here.
func Add(tx *storage.Tx, by id.ID, at time.Time, tags ...Tag) error {
	for chunk := range storage.Chunks(tags, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*15)
		for i := range chunk {
			t := &chunk[i]
			if t.Account == 0 || t.Village == 0 || !t.From.Valid() || t.To <= t.From || utf8.RuneCountInString(t.Reason) > MaxReason || len(t.Code) > 32 {
				return errMalformed
			}
			t.ID = tx.NewID()
			args = append(args, t.ID, t.Village, t.Account, t.Kind, t.From, t.To, t.Case, t.Reason, clock.Ms(at), by, 0, 0, t.Code, t.Due, strings.Join(t.Rounds, " "))
		}
		if _, err := tx.Exec("INSERT INTO tags (id, village_id, account_id, kind, from_day, to_day, case_id, reason, added_at, added_by, lifted_at, lifted_by, code, due_on, rounds) VALUES "+
			storage.Rows(len(chunk), 15), args...); err != nil {
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

// LiftOfThresholds ends what thresholds of the rules have set on accounts and what still stands, and tells the households. The
// accounts are guarded.
func LiftOfThresholds(tx *storage.Tx, lifts []scheme.Lift, on clock.Day, by id.ID, at time.Time) error {
	byCode := map[string][]id.ID{}
	for _, l := range lifts {
		byCode[l.Code] = append(byCode[l.Code], l.Account)
	}
	var lifted []id.ID
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		for some := range storage.Chunks(byCode[code], storage.ChunkRows) {
			const still = " WHERE code = ? AND lifted_at = 0 AND to_day > ? AND account_id IN "
			of, err := ids(tx.Query("SELECT DISTINCT account_id FROM tags"+still+storage.In(len(some)), storage.Args(some, code, on)...))
			if err != nil {
				return fmt.Errorf("read tags of threshold: %w", err)
			}
			if len(of) == 0 {
				continue
			}
			if _, err := tx.Exec("UPDATE tags SET to_day = ?, lifted_at = ?, lifted_by = ?"+still+storage.In(len(of)), storage.Args(of, on, clock.Ms(at), by, code, on)...); err != nil {
				return fmt.Errorf("lift tags of threshold: %w", err)
			}
			lifted = append(lifted, of...)
		}
	}
	return tellLifted(tx, lifted, "积分回到了规定的线上，限制已经解除。", on, at)
}

func ids(rows *sql.Rows, err error) (out []id.ID, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var x id.ID
		if err := rows.Scan(&x); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// CloseFaults ends the open faults that a case has set, and answers on which accounts.
func CloseFaults(tx *storage.Tx, accounts []id.ID, caseID id.ID, on clock.Day, by id.ID, at time.Time) ([]id.ID, error) {
	var closed []id.ID
	for _, account := range accounts {
		n, err := tx.Exec("UPDATE tags SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END, lifted_at = ?, lifted_by = ? WHERE account_id = ? AND case_id = ? AND kind = 'open_fault' AND lifted_at = 0",
			on, on, clock.Ms(at), by, account, caseID)
		if err != nil {
			return nil, fmt.Errorf("close faults: %w", err)
		}
		if n > 0 {
			closed = append(closed, account)
		}
	}
	return closed, nil
}

// LiftWarnings ends the warnings that a case has led to: they have become the deduction.
func LiftWarnings(tx *storage.Tx, accounts []id.ID, caseID id.ID, on clock.Day, by id.ID, at time.Time) error {
	_, err := tx.Exec("UPDATE tags SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END, lifted_at = ?, lifted_by = ? WHERE case_id = ? AND kind = 'warning' AND lifted_at = 0 AND to_day > ? AND account_id IN "+
		storage.In(len(accounts)), storage.Args(accounts, on, on, clock.Ms(at), by, caseID, on)...)
	if err != nil {
		return fmt.Errorf("lift warnings: %w", err)
	}
	return nil
}

// LiftOfCases ends every tag that some cases have led to on some accounts, when the cases are reversed.
func LiftOfCases(tx *storage.Tx, accounts, cases []id.ID, on clock.Day, by id.ID, at time.Time) error {
	for some := range storage.Chunks(accounts, storage.ChunkRows/2) {
		for of := range storage.Chunks(cases, storage.ChunkRows/2) {
			_, err := tx.Exec("UPDATE tags SET to_day = ?, lifted_at = ?, lifted_by = ? WHERE lifted_at = 0 AND to_day > ? AND account_id IN "+storage.In(len(some))+
				" AND case_id IN "+storage.In(len(of)), storage.Args(of, storage.Args(some, on, clock.Ms(at), by, on)...)...)
			if err != nil {
				return fmt.Errorf("lift tags of cases: %w", err)
			}
		}
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
