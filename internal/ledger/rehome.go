package ledger

import (
	"fmt"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// ErrPending refuses to rehome accounts on which something is still open.
var ErrPending = errs.New(errs.Conflict, "ledger_pending", "还有未生效或已预约的积分，请先办结")

// Rehome puts the accounts of a village that is merged into another under the one that continues, with their balances
// and totals as they are. Entries keep the village in whose book they were written. It returns ErrPending while
// points of the village are pending or held, because the decisions on them are the old village's. The book of the village
// that ends is sealed for the last time: its tree holds all that was written while the accounts were its own.
func Rehome(tx *storage.Tx, from, into id.ID, at time.Time) error {
	if _, err := tx.Exec("UPDATE accounts SET rev = rev + 1 WHERE village_id = ?", from); err != nil {
		return fmt.Errorf("hold accounts: %w", err)
	}
	if err := settled(tx, from); err != nil {
		return err
	}
	if _, err := SealIn(tx, from, at); err != nil {
		return err
	}
	for _, table := range []string{"accounts", "totals"} {
		if _, err := tx.Exec("UPDATE "+table+" SET village_id = ? WHERE village_id = ?", into, from); err != nil {
			return fmt.Errorf("rehome %s: %w", table, err)
		}
	}
	for _, village := range []id.ID{from, into} { // the boards of both are read anew from the totals
		if err := tx.Emit(village, TopicPosted, map[string]bool{"rebuild": true}); err != nil {
			return err
		}
	}
	return nil
}

// settled returns ErrPending, with what has to be done first, while points of a village are pending or held.
func settled(tx *storage.Tx, village id.ID) error {
	var waiting, reserved int
	err := tx.QueryRow(`SELECT COUNT(DISTINCT CASE WHEN b.bucket = 'pending' THEN b.account_id END), COUNT(DISTINCT CASE WHEN b.bucket = 'held' THEN b.account_id END)
		FROM balances b JOIN accounts a ON a.id = b.account_id WHERE a.village_id = ? AND b.bucket <> 'available' AND b.amount <> 0`, village).Scan(&waiting, &reserved)
	if err != nil {
		return fmt.Errorf("read balances: %w", err)
	}
	var first []string
	if waiting > 0 {
		first = append(first, fmt.Sprintf("%d户有还没生效的积分，请等公示期满，把异议答复完，待整改的复查销号或冲正", waiting))
	}
	if reserved > 0 {
		first = append(first, fmt.Sprintf("%d户有预约还没领，请通知来领，或者取消预约", reserved))
	}
	if first == nil {
		return nil
	}
	return ErrPending.With("现在还不能并村：并入的村%s。办完再来。", strings.Join(first, "；"))
}

// WalletsInUse are the wallets in which accounts of a village hold something.
func WalletsInUse(tx *storage.Tx, village id.ID) (map[string]points.Amount, error) {
	rows, err := tx.Query(`SELECT b.wallet, SUM(b.amount) FROM balances b JOIN accounts a ON a.id = b.account_id
		WHERE a.village_id = ? AND a.closed_on = ? AND b.amount <> 0 GROUP BY b.wallet`, village, clock.Forever)
	if err != nil {
		return nil, fmt.Errorf("read wallets: %w", err)
	}
	defer rows.Close()
	out := map[string]points.Amount{}
	for rows.Next() {
		var wallet string
		var sum points.Amount
		if err := rows.Scan(&wallet, &sum); err != nil {
			return nil, err
		}
		out[wallet] = sum
	}
	return out, rows.Err()
}
