package bench

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// The floor writes to tables of its own, so that the book stays whole. They have the columns, keys and rows of the real
// ones.
const floorPrefix = "bench_floor_"

var floorTables = []string{"requests", "cases", "entries", "balances", "totals", "redemptions", "stock_lots", "stock_moves"}

func makeFloorTables(ctx context.Context, db *storage.DB) error {
	for _, t := range floorTables {
		statements := []string{"CREATE TABLE " + floorPrefix + t + " LIKE " + t}
		if db.Dialect() == storage.SQLite {
			var err error
			if statements, err = sqliteLike(ctx, db, t); err != nil {
				return err
			}
		}
		for _, q := range append([]string{"DROP TABLE IF EXISTS " + floorPrefix + t}, statements...) {
			if _, err := db.SQL().ExecContext(ctx, q); err != nil {
				return fmt.Errorf("make %s%s: %w", floorPrefix, t, err)
			}
		}
	}
	return nil
}

var sqliteName = regexp.MustCompile(`(?i)^(CREATE (?:UNIQUE )?(?:TABLE|INDEX)) "?(\w+)"?( ON "?(\w+)"?)?`)

// sqliteLike is what made a table and its indexes, under the floor's names.
func sqliteLike(ctx context.Context, db *storage.DB, table string) ([]string, error) {
	rows, err := db.Query(ctx, "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var q string
		if err := rows.Scan(&q); err != nil {
			return nil, err
		}
		q = sqliteName.ReplaceAllStringFunc(q, func(head string) string {
			m := sqliteName.FindStringSubmatch(head)
			if m[4] != "" {
				return m[1] + " " + floorPrefix + m[2] + " ON " + floorPrefix + m[4]
			}
			return m[1] + " " + floorPrefix + m[2]
		})
		out = append(out, q)
	}
	return out, rows.Err()
}

// copyToFloor gives the floor's tables what a village's real ones hold.
func copyToFloor(tx *storage.Tx, village, shop id.ID) error {
	for _, t := range floorTables {
		var of id.ID
		var where string
		switch t {
		case "cases", "entries", "totals":
			of, where = village, "village_id = ?"
		case "balances":
			of, where = village, "account_id IN (SELECT id FROM accounts WHERE village_id = ?)"
		case "stock_lots", "stock_moves":
			of, where = shop, "shop_id = ?"
		default: // no rows yet
			continue
		}
		if _, err := tx.Exec(strings.Join([]string{"INSERT INTO", floorPrefix + t, "SELECT * FROM", t, "WHERE", where}, " "), of); err != nil {
			return fmt.Errorf("copy %s to the floor: %w", t, err)
		}
	}
	return nil
}
