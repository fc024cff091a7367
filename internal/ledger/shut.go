package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// graceLeast is how long a period stays in grace at least: longer than any transaction that may have read it as open.
const graceLeast = time.Minute

var (
	ErrPeriodDays = errs.New(errs.Invalid, "ledger_period_days", "积分周期要到某月最后一天为止，而且已经过完")
	ErrPeriodWhy  = errs.New(errs.Invalid, "ledger_period_why", "请写明理由，最多200字")
	ErrPeriodSoon = errs.New(errs.Conflict, "ledger_period_soon", "刚刚转入核对，请一分钟以后再结账")
)

// Period is a stretch of a village's calendar that has been shut.
type Period struct {
	From      clock.Day `json:"from_day"`
	To        clock.Day `json:"to_day"`
	State     string    `json:"state" enum:"open,grace,closed" doc:"grace: deeds count on the next open day from now on; closed: its standings never change"`
	ChangedAt int64     `json:"changed_at" doc:"milliseconds since 1970 UTC"`
	ChangedBy id.ID     `json:"changed_by"`
	Why       string    `json:"why"`
	Repeated  bool      `json:"repeated,omitempty" doc:"the request had been carried out before"`
}

// ShutRequest moves a period on.
type ShutRequest struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64"`
	From      clock.Day `json:"from_day" doc:"the day after the last period that was shut"`
	To        clock.Day `json:"to_day" doc:"last day of a month that is over"`
	State     string    `json:"state" enum:"grace,closed"`
	Why       string    `json:"why" maxLength:"200"`

	// Own: the last day is that of a period with the village's own dates, as its rules have it, and may lie within a month.
	// Only package season says so, which has looked.
	Own bool `json:"-"`
}

// Periods are those of a village that have been shut, the latest first.
func Periods(ctx context.Context, db *storage.DB, village id.ID) ([]Period, error) {
	rows, err := db.Query(ctx, "SELECT from_day, to_day, state, changed_at, changed_by, why FROM periods WHERE village_id = ? ORDER BY to_day DESC LIMIT 200", village)
	if err != nil {
		return nil, fmt.Errorf("list periods: %w", err)
	}
	defer rows.Close()
	out := []Period{}
	for rows.Next() {
		var p Period
		if err := rows.Scan(&p.From, &p.To, &p.State, &p.ChangedAt, &p.ChangedBy, &p.Why); err != nil {
			return nil, fmt.Errorf("list periods: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// ShutPeriod moves a period that ends with a month, or on a day of the village's own rules, to grace or, at least a minute later, to closed. There is no way back: what is
// found wrong afterwards counts on the first open day.
func ShutPeriod(ctx context.Context, db *storage.DB, at time.Time, village, by id.ID, r ShutRequest) (Period, error) {
	if !r.From.Valid() || !r.To.Valid() || r.To < r.From || !r.Own && r.To != r.To.EndOfMonth() || r.To >= clock.DayOf(at) {
		return Period{}, ErrPeriodDays
	}
	why := strings.TrimSpace(r.Why)
	if n := utf8.RuneCountInString(why); n == 0 || n > 200 {
		return Period{}, ErrPeriodWhy
	}
	p := Period{From: r.From, To: r.To}
	err := db.InTx(ctx, func(tx *storage.Tx) error {
		_, repeated, err := tx.Once(by, r.RequestID, "ledger.shut", []any{village, r.From, r.To, r.State, r.Why}, id.ID(r.To))
		if p.Repeated = repeated; err != nil {
			return err
		}
		if !repeated {
			if err := shut(tx, village, by, at, r, why); err != nil {
				return err
			}
		}
		return tx.QueryRow("SELECT state, changed_at, changed_by, why FROM periods WHERE village_id = ? AND to_day = ?", village, r.To).
			Scan(&p.State, &p.ChangedAt, &p.ChangedBy, &p.Why)
	})
	if err != nil {
		return Period{}, fmt.Errorf("shut period: %w", err)
	}
	return p, nil
}

func shut(tx *storage.Tx, village, by id.ID, at time.Time, r ShutRequest, why string) error {
	if err := Guard(tx, nil, []string{"periods:" + village.String()}); err != nil {
		return err
	}
	if r.State == PeriodClosed {
		var since int64
		err := tx.QueryRow("SELECT changed_at FROM periods WHERE village_id = ? AND to_day = ?", village, r.To).Scan(&since)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && at.Sub(clock.FromMs(since)) < graceLeast {
			return ErrPeriodSoon
		}
	}
	if err := MarkPeriod(tx, village, r.From, r.To, r.State, by, at); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE periods SET why = ? WHERE village_id = ? AND to_day = ?", why, village, r.To)
	return err
}
