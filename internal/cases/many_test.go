package cases_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// rowsEnv sets how many cases the village of TestManyCases has; `make soak` takes a million.
const rowsEnv = "HEFEN_CASES_ROWS"

// oneIn is how many cases of the village there are to each that waits for review.
const oneIn = 1000

// TestManyCases fills a village with cases of many years, of which one in a thousand waits for review, and asks for these: the
// list finds exactly them, page by page, and answers by an index, whatever else the village has decided.
func TestManyCases(t *testing.T) {
	rows := 4000
	if text := os.Getenv(rowsEnv); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) { manyCases(t, newWorld(t, dbtest.Open(t, engine), 2), rows) })
	}
}

func manyCases(t *testing.T, w *world, rows int) {
	first := w.manyCases(rows)
	want := (rows + oneIn - 1) / oneIn
	w.answersByIndex("SELECT c.id FROM cases c LEFT JOIN households h ON h.id = c.household_id WHERE c.village_id = ? AND c.state = ? ORDER BY c.id DESC LIMIT 51", "cases_state", w.village, "submitted")
	w.answersByIndex("SELECT c.id, c.item FROM cases c LEFT JOIN households h ON h.id = c.household_id WHERE c.village_id = ? ORDER BY c.id DESC LIMIT 51", "cases_newest", w.village)

	waiting := cases.Filter{State: cases.Submitted, Limit: cases.MaxLimit}
	var found []id.ID
	for f := waiting; ; {
		p, err := w.cases.List(t.Context(), w.member, w.village, f)
		w.must(err)
		for _, c := range p.Items {
			found = append(found, c.ID)
		}
		if p.Next == "" {
			break
		}
		f.Before = found[len(found)-1]
	}
	for i, c := range found {
		if int64(c-first)%oneIn != 0 || i > 0 && c >= found[i-1] {
			t.Fatalf("case %d of the list is %s, the first case of the village %s", i, c, first)
		}
	}
	if len(found) != want {
		t.Errorf("%d of %d cases wait", len(found), want)
	}

	median := func(a access.Actor, f cases.Filter) time.Duration {
		var took []time.Duration
		for range 21 { // at the median, because others may be using the machine
			began := time.Now()
			_, err := w.cases.List(t.Context(), a, w.village, f)
			w.must(err)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	page := median(w.second, cases.Filter{State: cases.Submitted})
	last := median(w.second, cases.Filter{State: cases.Submitted, Before: found[len(found)/2]})
	newest := median(w.second, cases.Filter{})
	t.Logf("%d cases, %d wait: first page %s, a page in the middle %s, the newest of all %s", rows, len(found), page.Round(time.Microsecond), last.Round(time.Microsecond), newest.Round(time.Microsecond))
	if max(page, last, newest) > 100*time.Millisecond {
		t.Error("a page took more than 100 ms")
	}
}

// manyCases copies one decided case until the village has so many, and lets one in a thousand wait. It answers the first.
func (w *world) manyCases(rows int) (first id.ID) {
	w.t.Helper()
	pattern := w.record("free", today, w.homes[0]).Items[0].ID
	first = w.db.NewID()
	exec := func(query string, args ...any) {
		w.t.Helper()
		w.must(w.db.InTx(w.t.Context(), func(tx *storage.Tx) error { _, err := tx.Exec(query, args...); return err }))
	}
	columns := strings.Join(cases.Columns, ", ")
	copied := "INSERT INTO cases (" + columns + ") SELECT " + strings.Replace(columns, "id,", "id + ?,", 1) + " FROM cases WHERE "
	exec(copied+"id = ?", first-pattern, pattern)
	const block = 1 << 16 // of one transaction
	for have := 1; have < rows; {
		more := min(have, rows-have, block)
		exec(copied+"id >= ? AND id < ?", have, first, first+id.ID(more))
		have += more
	}
	for n := 0; n < rows; n += block {
		exec("UPDATE cases SET state = 'submitted', decided_no = 0, decided_at = 0, decider = 0 WHERE id >= ? AND id < ? AND (id - ?) % ? = 0",
			first+id.ID(n), first+id.ID(min(n+block, rows)), first, oneIn)
	}
	if w.db.Dialect() == storage.MySQL {
		exec("ANALYZE TABLE cases")
	}
	return first
}

// answersByIndex reads the plan: the cases come from an index, in its order, and not by a look at all of them.
func (w *world) answersByIndex(query, index string, args ...any) {
	w.t.Helper()
	explain := "EXPLAIN "
	if w.db.Dialect() == storage.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	plan := strings.Join(dbtest.Rows(w.t, w.db, explain+query, args...), "\n")
	if first := w.db.Dialect() == storage.MySQL && strings.Contains(plan, "PRIMARY"); !strings.Contains(plan, index) && !first || strings.Contains(plan, "filesort") || strings.Contains(plan, "TEMP B-TREE") {
		w.t.Errorf("%s\n%s", query, plan)
	}
}
