package ledger

import (
	"database/sql"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Scores answers what decisions measure: net totals of a year in score wallets, available balances of the others. Each
// measure is answered, with zero where there is no entry. The accounts must be guarded.
func Scores(query func(string, ...any) (*sql.Rows, error), measures []scheme.Measure) (map[scheme.Measure]points.Amount, error) {
	out := make(map[scheme.Measure]points.Amount, len(measures))
	bySpan := map[clock.Span][]id.ID{}
	for _, m := range measures {
		out[m] = 0
		bySpan[m.Year] = append(bySpan[m.Year], m.Account)
	}
	for span, accounts := range bySpan {
		for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
			in := storage.In(len(chunk))
			text, args := "SELECT account_id, wallet, amount FROM totals WHERE account_id IN "+in+" AND span = ?", append(storage.Args(chunk), span)
			if span == 0 {
				text, args = "SELECT account_id, wallet, amount FROM balances WHERE account_id IN "+in+" AND bucket = ?", append(storage.Args(chunk), string(Available))
			}
			if err := readScores(query, span, out, text, args); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func readScores(query func(string, ...any) (*sql.Rows, error), span clock.Span, out map[scheme.Measure]points.Amount, text string, args []any) error {
	rows, err := query(text, args...)
	if err != nil {
		return fmt.Errorf("read scores: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		m := scheme.Measure{Year: span}
		var sum points.Amount
		if err := rows.Scan(&m.Account, &m.Wallet, &sum); err != nil {
			return err
		}
		if _, asked := out[m]; asked {
			out[m] = sum
		}
	}
	return rows.Err()
}
