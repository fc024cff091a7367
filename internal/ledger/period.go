package ledger

import (
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// States of a period. Deeds of a period in grace or closed count on the first open day. A close marks the period grace,
// waits until every transaction that may have read the old state has ended (InTx is bounded), and only then computes;
// so awards need no lock on the period.
const (
	PeriodOpen   = "open"
	PeriodGrace  = "grace"
	PeriodClosed = "closed"
)

// ErrPeriodOrder refuses to close out of order or to open what is closed.
var ErrPeriodOrder = errs.New(errs.Conflict, "ledger_period_order", "积分周期要按先后顺序结账，已结账的不能再打开")

// CountedOn is the day in whose boards and period a deed counts: its own day while that period is open, else the first
// day of the oldest open period.
func CountedOn(tx *storage.Tx, village id.ID, occurred clock.Day) (clock.Day, error) {
	shut, err := FirstOpen(tx, village)
	if err != nil {
		return 0, err
	}
	return max(occurred, shut), nil
}

// FirstOpen is the first day that is still open in a village: the day after its last period in grace or closed, or
// zero.
func FirstOpen(tx *storage.Tx, village id.ID) (clock.Day, error) {
	var last clock.Day
	if err := tx.QueryRow("SELECT COALESCE(MAX(to_day), 0) FROM periods WHERE village_id = ? AND state <> 'open'", village).Scan(&last); err != nil {
		return 0, fmt.Errorf("read periods: %w", err)
	}
	if last == 0 {
		return 0, nil
	}
	return last.Add(1), nil
}

// MarkPeriod moves a period on: to grace, then to closed. Periods shut in order and without a gap.
func MarkPeriod(tx *storage.Tx, village id.ID, from, to clock.Day, state string, by id.ID, at time.Time) error {
	if !from.Valid() || !to.Valid() || to < from {
		return ErrPeriodOrder
	}
	open, err := FirstOpen(tx, village)
	if err != nil {
		return err
	}
	switch state {
	case PeriodGrace:
		if open != 0 && open != from {
			return ErrPeriodOrder
		}
		_, err = tx.Exec("INSERT INTO periods (village_id, from_day, to_day, state, changed_at, changed_by) VALUES (?,?,?,?,?,?)",
			village, from, to, state, clock.Ms(at), by)
		if storage.IsDuplicate(err) {
			return ErrPeriodOrder
		}
	case PeriodClosed:
		var n int64
		n, err = tx.Exec("UPDATE periods SET state = ?, changed_at = ?, changed_by = ? WHERE village_id = ? AND from_day = ? AND to_day = ? AND state = 'grace'",
			state, clock.Ms(at), by, village, from, to)
		if err == nil && n == 0 {
			return ErrPeriodOrder
		}
	default:
		return ErrPeriodOrder
	}
	if err != nil {
		return fmt.Errorf("mark period: %w", err)
	}
	return nil
}
