package village

import (
	"strings"

	"hefen/internal/storage"
)

// rowsPerInsert bounds one statement: every table here has at most 12 columns, and SQLite takes 32,766 values.
const rowsPerInsert = 512

// insertRows inserts rows in statements of 512, 64, 8 and 1 rows, so that few different statements are prepared.
// insert ends with VALUES.
func insertRows(tx *storage.Tx, insert string, rows [][]any) error {
	for _, n := range []int{rowsPerInsert, 64, 8, 1} {
		if len(rows) < n {
			continue
		}
		one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(rows[0])), ",") + ")"
		query := insert + strings.TrimSuffix(strings.Repeat(one+",", n), ",")
		for len(rows) >= n {
			args := make([]any, 0, n*len(rows[0]))
			for _, r := range rows[:n] {
				args = append(args, r...)
			}
			if _, err := tx.Exec(query, args...); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return nil
}
