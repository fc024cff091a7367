package ledger

import (
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// HeldBack are the points of one case that stand in an account's pending bucket, with the lines that would make them
// available.
type HeldBack struct {
	Case              id.ID
	Title             string
	Item, Class       string
	Scheme            id.ID
	Occurred, Counted clock.Day
	Lines             []Line
}

// Waiting is what stands in the pending bucket of an account, by case. The account must be guarded.
func Waiting(tx *storage.Tx, account id.ID) ([]HeldBack, error) {
	rows, err := tx.Query(`SELECT case_id, wallet, expires_on, SUM(amount), MAX(occurred_on), MAX(counted_on), MAX(item), MAX(class), MAX(scheme_id), MIN(title), MAX(member_id), MAX(group_id)
		FROM entries WHERE account_id = ? AND bucket = ? GROUP BY case_id, wallet, expires_on HAVING SUM(amount) > 0 ORDER BY case_id, wallet, expires_on`,
		account, string(Pending))
	if err != nil {
		return nil, fmt.Errorf("read waiting points: %w", err)
	}
	defer rows.Close()
	var out []HeldBack
	for rows.Next() {
		var h HeldBack
		l := Line{Account: account, Bucket: Pending, To: Available}
		var sum points.Amount
		if err := rows.Scan(&h.Case, &l.Wallet, &l.ExpiresOn, &sum, &h.Occurred, &h.Counted, &h.Item, &h.Class, &h.Scheme, &h.Title, &l.Member, &l.Group); err != nil {
			return nil, err
		}
		l.Amount = -sum
		if n := len(out); n > 0 && out[n-1].Case == h.Case {
			out[n-1].Lines = append(out[n-1].Lines, l)
			continue
		}
		h.Lines = []Line{l}
		out = append(out, h)
	}
	return out, rows.Err()
}
