package village

import (
	"context"
	"errors"
	"slices"
	"testing"

	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestCodesOnce: the repeat of a request whose answer was lost gets the same codes, and kills none that were printed.
func TestCodesOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, f := context.Background(), newFixture(t, db)
		homes := []id.ID{f.household(t, "001", 0, "张三"), f.household(t, "002", 0, "李四")}
		w := f.write()
		w.RequestID = "codes-0123456789ab"
		first, repeated, err := f.ReplaceCodes(ctx, w, homes)
		if err != nil || repeated {
			t.Fatal(repeated, err)
		}
		again, repeated, err := f.ReplaceCodes(ctx, w, homes)
		if err != nil || !repeated || !slices.Equal(first, again) {
			t.Errorf("%v %v %t %v", first, again, repeated, err)
		}
		if _, h, err := f.HouseholdByCode(ctx, again[1].Code); err != nil || h != homes[1] {
			t.Errorf("%s %v", h, err)
		}
		if first[0].Code == first[1].Code || len(dbtest.Rows(t, db, "SELECT id FROM household_codes WHERE village_id = ?", f.village.ID)) != 2 {
			t.Errorf("%v", first)
		}
		if _, _, err := f.ReplaceCodes(ctx, w, homes[:1]); !errors.Is(err, storage.ErrRequestReused) {
			t.Errorf("the same request for other households: %v", err)
		}
		if _, _, err := f.ReplaceCodes(ctx, f.write(), []id.ID{homes[0], homes[0]}); !errors.Is(err, ErrInvalid) {
			t.Errorf("one household twice: %v", err)
		}
		other := w
		other.RequestID = "codes-another-0123"
		if codes, _, err := f.ReplaceCodes(ctx, other, homes[:1]); err != nil || codes[0].Code == first[0].Code {
			t.Errorf("%v %v", codes, err)
		}
		if _, _, err := f.ReplaceCodes(ctx, w, homes); !errors.Is(err, ErrCodesReplaced) {
			t.Errorf("replaced since: %v", err)
		}
	})
}

// TestImportOnce: the repeat of an import answers what the first did, and takes nothing in.
func TestImportOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, f := context.Background(), newFixture(t, db)
		w := f.write()
		w.RequestID = "import-0123456789ab"
		take := func(w Write, row string, o ImportOptions) (ImportReport, error) {
			return f.ImportHouseholds(ctx, w, table(row), o)
		}
		const row = "001,第1组,张三,户主,,,,,"
		first, err := take(w, row, ImportOptions{})
		if err != nil || first.Repeated || first.Members.New != 1 {
			t.Fatalf("%+v %v", first, err)
		}
		household := dbtest.Rows(t, db, "SELECT id FROM households WHERE number = '001' AND village_id = ?", f.village.ID)
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE households SET name = '后来改的' WHERE village_id = ?", f.village.ID)
			return err
		}))
		again, err := take(w, row, ImportOptions{})
		if err != nil || !again.Repeated || again.Members != first.Members || len(again.Faults) != 0 {
			t.Errorf("%+v %v", again, err)
		}
		if now := dbtest.Rows(t, db, "SELECT id FROM households WHERE name = '后来改的' AND village_id = ?", f.village.ID); !slices.Equal(now, household) {
			t.Errorf("the repeat has changed something: %v", now)
		}
		for name, try := range map[string]func() error{
			"another file":   func() error { _, err := take(w, row+" ", ImportOptions{}); return err },
			"another choice": func() error { _, err := take(w, row, ImportOptions{Partial: true}); return err },
			"another's day":  func() error { w := w; w.On = f.today; _, err := take(w, row, ImportOptions{}); return err },
			"another request": func() error {
				w := w
				w.RequestID = "import-another-012"
				_, err := take(w, row, ImportOptions{})
				return err
			},
		} {
			if err := try(); errors.Is(err, storage.ErrRequestReused) != (name != "another request") {
				t.Errorf("%s: %v", name, err)
			}
		}
		bad := w
		bad.RequestID = "import-refused-012"
		if _, err := take(bad, "002,没有的组,李四,户主,,,,,", ImportOptions{}); !errors.Is(err, ErrImport) {
			t.Error(err)
		}
		if rep, err := take(bad, "002,第2组,李四,户主,,,,,", ImportOptions{}); err != nil || rep.Repeated || rep.Members.New != 1 {
			t.Errorf("a corrected file may use the id of a refused one: %+v %v", rep, err)
		}
	})
}
