package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Balance is what stands in one bucket of a wallet.
type Balance struct {
	Wallet string        `json:"wallet"`
	Bucket Bucket        `json:"bucket" enum:"available,pending,held"`
	Kind   string        `json:"kind" enum:"score,spend,base"`
	Amount points.Amount `json:"amount" doc:"hundredths of a point"`
	Seq    int64         `json:"seq" doc:"number of the last entry"`
}

// Balances are all balances of an account, by wallet and bucket.
func Balances(ctx context.Context, db *storage.DB, account id.ID) ([]Balance, error) {
	rows, err := db.Query(ctx, "SELECT wallet, bucket, kind, amount, seq FROM balances WHERE account_id = ? ORDER BY wallet, bucket", account)
	if err != nil {
		return nil, fmt.Errorf("read balances: %w", err)
	}
	defer rows.Close()
	var out []Balance
	for rows.Next() {
		var b Balance
		if err := rows.Scan(&b.Wallet, &b.Bucket, &b.Kind, &b.Amount, &b.Seq); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// Spendable is what a redemption could draw from an account today, in all its spend wallets: nothing below a floor, no lot
// past its day. ErrInDebt while one of them is below zero.
func Spendable(ctx context.Context, db *storage.DB, book *scheme.Scheme, account id.ID, today clock.Day, states ...string) (points.Amount, error) {
	query := func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }
	s, err := load(query, book, today, []id.ID{account})
	if err != nil {
		return 0, err
	}
	return s.free(account, states...)
}

// Total is the net score of an account in a span, zero without any entry.
func Total(ctx context.Context, db *storage.DB, account id.ID, wallet string, span clock.Span) (points.Amount, error) {
	var sum points.Amount
	err := db.QueryRow(ctx, "SELECT COALESCE(SUM(amount), 0) FROM totals WHERE account_id = ? AND wallet = ? AND span = ?", account, wallet, span).Scan(&sum)
	return sum, err
}

// Entries is a page of an account's passbook, newest first: entries with an id below before (zero: from the newest). The
// limit stands in the text, because SQLite compiles a statement with a parameter there anew each time.
func Entries(ctx context.Context, db *storage.DB, account, before id.ID, limit int) ([]Entry, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := db.Query(ctx, "SELECT "+entryColumns+" FROM entries WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT "+strconv.Itoa(limit), account, before)
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return scanEntries(rows)
}

// EntriesOfCase are the entries that a case has led to, oldest first.
func EntriesOfCase(tx *storage.Tx, account, caseID id.ID) ([]Entry, error) {
	rows, err := tx.Query("SELECT "+entryColumns+" FROM entries WHERE account_id = ? AND case_id = ? ORDER BY id", account, caseID)
	if err != nil {
		return nil, fmt.Errorf("read entries of case: %w", err)
	}
	return scanEntries(rows)
}

func scanEntries(rows *sql.Rows) ([]Entry, error) {
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.ID, &e.Village, &e.Posting, &e.Line, &e.Kind, &e.Ref, &e.Batch, &e.Corrects, &e.By, &e.Account,
			&e.Wallet, &e.Bucket, &e.Seq, &e.Amount, &e.BalanceAfter, &e.ExpiresOn, &e.Occurred, &e.Counted, &e.At, &e.Case,
			&e.Member, &e.Group, &e.Item, &e.Class, &e.Scheme, &e.Title); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
