package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Dated keeps the day with which each of a user's requests came first, and answers the days that stand: the day of a deed
// that a device without signal dates by its own clock must not move when the clock is set right, or its answer is lost, and
// it is sent again. days is by request id; all of them are in the answer.
func (d *DB) Dated(ctx context.Context, user id.ID, days map[string]clock.Day) (map[string]clock.Day, error) {
	out := make(map[string]clock.Day, len(days))
	if len(days) == 0 {
		return out, nil
	}
	requests := make([]string, 0, len(days))
	for r := range days {
		if !requestID.MatchString(r) {
			return nil, ErrRequestID
		}
		requests = append(requests, r)
	}
	if err := d.readDays(ctx, user, requests, out); err != nil || len(out) == len(days) {
		return out, err
	}
	slices.Sort(requests) // one order of locks
	at := clock.Ms(time.Now())
	err := d.InTx(ctx, func(tx *Tx) error {
		for _, r := range requests {
			if _, known := out[r]; known {
				continue
			}
			_, err := tx.Exec("INSERT INTO request_days (user_id, request_id, day, created_at) VALUES (?,?,?,?)", user, r, days[r], at)
			if err != nil && !IsDuplicate(err) { // another call of the same device may bring it at the same moment
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("date requests: %w", err)
	}
	return out, d.readDays(ctx, user, requests, out)
}

// DaysKept is how long the day of a request is remembered: longer than any device keeps what it could send again.
const DaysKept = 180 * 24 * time.Hour

// PurgeDays forgets the days of requests that came before an instant, some at a time so that nobody waits for it.
func (d *DB) PurgeDays(ctx context.Context, before time.Time) (total int, err error) {
	for last := false; !last; {
		end := clock.Ms(before) - 1
		err := d.QueryRow(ctx, "SELECT created_at FROM request_days WHERE created_at <= ? ORDER BY created_at LIMIT 1 OFFSET 499", end).Scan(&end)
		if last = errors.Is(err, sql.ErrNoRows); err != nil && !last {
			return total, fmt.Errorf("old days of requests: %w", err)
		}
		var n int64
		err = d.InTx(ctx, func(tx *Tx) (err error) {
			n, err = tx.Exec("DELETE FROM request_days WHERE created_at <= ?", end)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("purge days of requests: %w", err)
		}
		total += int(n)
	}
	return total, nil
}

func (d *DB) readDays(ctx context.Context, user id.ID, requests []string, out map[string]clock.Day) error {
	padded := Padded(requests)
	rows, err := d.Query(ctx, "SELECT request_id, day FROM request_days WHERE user_id = ? AND request_id IN "+In(len(padded)), Args(padded, user)...)
	if err != nil {
		return fmt.Errorf("days of requests: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r string
		var day clock.Day
		if err := rows.Scan(&r, &day); err != nil {
			return err
		}
		out[r] = day
	}
	return rows.Err()
}

// Made is what a user's request has made, and whether it was carried out.
func (d *DB) Made(ctx context.Context, user id.ID, request string) (ref id.ID, found bool, err error) {
	if !requestID.MatchString(request) {
		return 0, false, nil
	}
	err = d.QueryRow(ctx, "SELECT ref_id FROM requests WHERE user_id = ? AND request_id = ?", user, request).Scan(&ref)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read request: %w", err)
	}
	return ref, true, nil
}
