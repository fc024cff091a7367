package ledger

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// HeldBack are the points of one case that stand in an account's pending bucket, with the lines that would make them
// available.
type HeldBack struct {
	Case              id.ID
	Account           id.ID
	Title             string
	Item, Class       string
	Scheme            id.ID
	Occurred, Counted clock.Day
	Lines             []Line
}

const heldBack = `SELECT case_id, account_id, wallet, expires_on, SUM(amount), MAX(occurred_on), MAX(counted_on), MAX(item), MAX(class), MAX(scheme_id), MIN(title), MAX(member_id), MAX(group_id)
	FROM entries WHERE `

// Waiting is what stands in the pending bucket of an account, by case. The account must be guarded.
func Waiting(tx *storage.Tx, account id.ID) ([]HeldBack, error) {
	return scanHeldBack(tx.Query(heldBack+`account_id = ? AND bucket = ? GROUP BY case_id, account_id, wallet, expires_on HAVING SUM(amount) > 0
		ORDER BY case_id, wallet, expires_on`, account, string(Pending)))
}

// WaitingOf is what some cases have in the pending buckets of accounts, gains and deductions, in the order of cases and
// accounts. The accounts must be guarded.
func WaitingOf(tx *storage.Tx, cases []OfCase) ([]HeldBack, error) {
	var out []HeldBack
	for chunk := range storage.Chunks(cases, storage.ChunkRows/2) {
		accounts, ids := make([]id.ID, len(chunk)), make([]id.ID, len(chunk))
		for i, x := range chunk {
			accounts[i], ids[i] = x.Account, x.Case
		}
		accounts, ids = storage.Padded(accounts), storage.Padded(ids)
		held, err := scanHeldBack(tx.Query(heldBack+"account_id IN "+storage.In(len(accounts))+" AND case_id IN "+storage.In(len(ids))+
			" AND bucket = ? GROUP BY case_id, account_id, wallet, expires_on HAVING SUM(amount) <> 0 ORDER BY case_id, account_id, wallet, expires_on",
			append(storage.Args(ids, storage.Args(accounts)...), string(Pending))...))
		if err != nil {
			return nil, err
		}
		out = append(out, held...)
	}
	slices.SortFunc(out, func(a, b HeldBack) int { return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Account, b.Account)) })
	return out, nil
}

func scanHeldBack(rows *sql.Rows, err error) ([]HeldBack, error) {
	if err != nil {
		return nil, fmt.Errorf("read waiting points: %w", err)
	}
	defer rows.Close()
	var out []HeldBack
	for rows.Next() {
		var h HeldBack
		l := Line{Bucket: Pending, To: Available}
		var sum points.Amount
		if err := rows.Scan(&h.Case, &h.Account, &l.Wallet, &l.ExpiresOn, &sum, &h.Occurred, &h.Counted, &h.Item, &h.Class, &h.Scheme, &h.Title, &l.Member, &l.Group); err != nil {
			return nil, err
		}
		l.Account, l.Amount = h.Account, -sum
		if n := len(out); n > 0 && out[n-1].Case == h.Case && out[n-1].Account == h.Account {
			out[n-1].Lines = append(out[n-1].Lines, l)
			continue
		}
		h.Lines = []Line{l}
		out = append(out, h)
	}
	return out, rows.Err()
}
