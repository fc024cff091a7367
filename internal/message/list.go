package message

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Reader is who lists messages: a user with the households the user belongs to and the villages in which the user is an
// official with a desk. The caller has checked all of it.
type Reader struct {
	User       id.ID
	Households []id.ID
	Desks      []id.ID
}

// places are the ids under which the reader's messages stand.
func (r Reader) places() []id.ID {
	p := append([]id.ID{r.User}, r.Households...)
	return storage.Padded(append(p, r.Desks...))
}

// Stored is a message as it stands.
type Stored struct {
	ID        id.ID
	Village   id.ID
	Household id.ID
	Member    id.ID
	User      id.ID
	Kind      Kind
	Title     string
	Body      string
	About     About
	At        int64 // milliseconds since 1970 UTC
}

// List is a page of the reader's messages, newest first: those with an id below before (zero: from the newest).
func List(ctx context.Context, db *storage.DB, r Reader, before id.ID, limit int) ([]Stored, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	places := r.places()
	return read(ctx, db, "to_id IN "+storage.In(len(places))+" AND id < ? ORDER BY id DESC LIMIT "+strconv.Itoa(limit),
		append(storage.Args(places), before)...)
}

// ByID are messages by their ids, those that are still there, oldest first.
func ByID(ctx context.Context, db *storage.DB, ids []id.ID) ([]Stored, error) {
	var out []Stored
	for chunk := range storage.Chunks(ids, storage.ChunkRows) {
		chunk = storage.Padded(chunk)
		got, err := read(ctx, db, "id IN "+storage.In(len(chunk))+" ORDER BY id", storage.Args(chunk)...)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

func read(ctx context.Context, db *storage.DB, where string, args ...any) ([]Stored, error) {
	rows, err := db.Query(ctx, "SELECT id, village_id, household_id, member_id, user_id, kind, title, body, about_kind, about_id, at_ms FROM messages WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var out []Stored
	for rows.Next() {
		var m Stored
		if err := rows.Scan(&m.ID, &m.Village, &m.Household, &m.Member, &m.User, &m.Kind, &m.Title, &m.Body, &m.About.Kind, &m.About.ID, &m.At); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// MaxUnread is where counting stops; pages show 99+ above it.
const MaxUnread = 100

// Unread counts the reader's messages newer than a mark, up to MaxUnread.
func Unread(ctx context.Context, db *storage.DB, r Reader, after id.ID) (int, error) {
	places := r.places()
	var n int
	err := db.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE to_id IN "+storage.In(len(places))+" AND id > ? LIMIT "+strconv.Itoa(MaxUnread)+") m",
		append(storage.Args(places), after)...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count unread messages: %w", err)
	}
	return n, nil
}

// ReadTo is the mark of a user: everything up to that id has been seen; zero for a user who has never looked.
func ReadTo(ctx context.Context, db *storage.DB, user id.ID) (mark id.ID, err error) {
	err = db.QueryRow(ctx, "SELECT COALESCE(MAX(read_to), 0) FROM message_marks WHERE user_id = ?", user).Scan(&mark)
	if err != nil {
		return 0, fmt.Errorf("read mark: %w", err)
	}
	return mark, nil
}

// MarkRead moves the mark of a user up to an id, never back, and never past what can have been written by now.
func MarkRead(tx *storage.Tx, user, upto id.ID, at time.Time) error {
	upto = min(upto, tx.NewID())
	for range 2 { // the second round is for a mark that another phone has just made
		n, err := tx.Exec("UPDATE message_marks SET read_to = CASE WHEN read_to < ? THEN ? ELSE read_to END, marked_at = ? WHERE user_id = ?", upto, upto, clock.Ms(at), user)
		if err != nil || n > 0 {
			return err
		}
		_, err = tx.Exec("INSERT INTO message_marks (user_id, read_to, marked_at) VALUES (?,?,?)", user, upto, clock.Ms(at))
		if !storage.IsDuplicate(err) {
			return err
		}
	}
	return storage.ErrBusy
}

// Keep is for how long messages stay; the records they tell of stay on.
const Keep = 2 * 365 * 24 * time.Hour

// Purge removes messages older than Keep, and answers how many.
func Purge(ctx context.Context, db *storage.DB, now time.Time) (int, error) {
	before, total := clock.Ms(now.Add(-Keep)), 0
	for {
		var n int64
		err := db.InTx(ctx, func(tx *storage.Tx) (err error) {
			rows, err := tx.Query("SELECT id FROM messages WHERE at_ms < ? ORDER BY at_ms LIMIT 500", before)
			if err != nil {
				return err
			}
			var ids []id.ID
			for rows.Next() {
				var i id.ID
				if err := rows.Scan(&i); err != nil {
					rows.Close()
					return err
				}
				ids = append(ids, i)
			}
			if err := rows.Err(); err != nil || len(ids) == 0 {
				n = 0
				return err
			}
			ids = storage.Padded(ids)
			n, err = tx.Exec("DELETE FROM messages WHERE id IN "+storage.In(len(ids)), storage.Args(ids)...)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("purge messages: %w", err)
		}
		if n == 0 {
			return total, nil
		}
		total += int(n)
	}
}

// Rehome puts the messages of a village that is merged under the one that continues, those of its officials' desk too.
func Rehome(tx *storage.Tx, from, into id.ID) error {
	if _, err := tx.Exec("UPDATE messages SET village_id = ?, to_id = CASE WHEN to_id = ? THEN ? ELSE to_id END WHERE village_id = ?", into, from, into, from); err != nil {
		return fmt.Errorf("rehome messages: %w", err)
	}
	return nil
}
