package ledger

import (
	"fmt"
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
	var open int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM balances b JOIN accounts a ON a.id = b.account_id
		WHERE a.village_id = ? AND b.bucket <> 'available' AND b.amount <> 0`, from).Scan(&open); err != nil {
		return fmt.Errorf("read balances: %w", err)
	}
	if open > 0 {
		return ErrPending.With("并入的村还有%d笔未生效或已预约的积分，请先办结再并村", open)
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
