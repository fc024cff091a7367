package cases_test

import (
	"fmt"
	"testing"

	"hefen/internal/cases"
	"hefen/internal/storage"
)

// TestFaultLeavesNothing lets each table refuse to be written, one after another, in the middle of each verb: nothing
// of the verb may remain, and once the fault is gone the same request goes through.
func TestFaultLeavesNothing(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.record("sweep", today, w.homes[0])
		capped := w.record("sweep", today, w.homes[0], w.homes[1]).Items[0].ID
		for range 3 {
			w.record("sweep", today, w.homes[0])
		}
		waiting := w.record("trash", today, w.homes[0]).Items[0].ID
		in := w.submitted("a")
		record := cases.Request{RequestID: w.request(), Item: "tree", Subjects: w.homes}
		approve, reverse, decide := w.step(""), w.step("登记错了"), w.step("")
		for _, verb := range []struct {
			name   string
			tables []string
			run    func() error
		}{
			{"record", []string{"requests", "cases", "entries", "balances", "totals", "outbox"}, func() error {
				_, err := w.cases.Record(ctx, w.member, w.village, record)
				return err
			}},
			{"approve", []string{"requests", "cases", "case_events", "tags"}, func() error {
				_, err := w.cases.Approve(ctx, w.second, w.village, waiting, approve)
				return err
			}},
			{"reverse", []string{"requests", "cases", "case_events", "entries", "balances", "totals", "outbox"}, func() error {
				_, err := w.cases.Reverse(ctx, w.second, w.village, capped, reverse)
				return err
			}},
			{"inspection", []string{"requests", "inspections", "case_events", "cases", "entries", "balances", "totals", "outbox"}, func() error {
				_, err := w.cases.DecideInspection(ctx, w.second, w.village, in.ID, decide)
				return err
			}},
		} {
			for _, table := range verb.tables {
				before := w.tables()
				w.breakTable(table)
				if err := verb.run(); err == nil {
					t.Errorf("%s went through while %s cannot be written", verb.name, table)
				}
				w.mendTable(table)
				if w.tables() != before {
					t.Fatalf("%s left something behind when %s could not be written", verb.name, table)
				}
			}
			if err := verb.run(); err != nil {
				t.Errorf("%s after the fault: %v", verb.name, err)
			}
		}
	})
}

// breakTable makes every insert and update of a table fail.
func (w *world) breakTable(table string) {
	w.t.Helper()
	fail := "BEGIN SELECT RAISE(ABORT, 'broken'); END"
	if w.db.Dialect() == storage.MySQL {
		fail = "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'"
	}
	for _, on := range []string{"INSERT", "UPDATE"} {
		w.exec(fmt.Sprintf("CREATE TRIGGER broken_%s BEFORE %s ON %s %s", on, on, table, fail))
	}
}

func (w *world) mendTable(string) {
	w.t.Helper()
	w.exec("DROP TRIGGER broken_INSERT")
	w.exec("DROP TRIGGER broken_UPDATE")
}

func (w *world) exec(sql string) {
	w.t.Helper()
	w.must(w.db.InTx(w.t.Context(), func(tx *storage.Tx) error {
		_, err := tx.Exec(sql)
		return err
	}))
}
