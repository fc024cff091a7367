package board

import (
	"strings"
	"testing"

	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// A page is read from the rank index in order: no sorting, no walk over the table, however many accounts there are.
func TestPageReadsTheIndexInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		newPlace(t, db, 300)
		p := newPlace(t, db, 50)
		amounts := make([]points.Amount, 50)
		for i := range amounts {
			amounts[i] = points.Amount(i + 1)
		}
		p.give(day, amounts...)
		r := p.ref("year", year)
		for name, after := range map[string]cursor{"top": {}, "after a cursor": {20, p.accounts[19], true}} {
			for _, gone := range []bool{false, true} {
				q, args := pageQuery(r, after, 20, gone)
				explain := "EXPLAIN "
				if db.Dialect() == storage.SQLite {
					explain = "EXPLAIN QUERY PLAN "
				}
				plan := strings.Join(dbtest.Rows(t, db, explain+q, args...), "\n")
				if !strings.Contains(plan, "totals_rank") || strings.Contains(plan, "filesort") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") {
					t.Errorf("%s:\n%s", name, plan)
				}
			}
		}
	})
}
