package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestPrintedRoot: a root on paper tells whether the book still contains what it sealed, also where everything on the machine
// was written anew to agree with itself.
func TestPrintedRoot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newWorld(t, db, 3)
		posted := func(ref string) (last id.ID) {
			for i, a := range w.accounts {
				last = w.must(w.award(fmt.Sprintf("%s.%d", ref, i), a, 100))[0].ID
			}
			return last
		}
		posted("a")
		paper := w.seal()
		posted("b")
		newest := w.seal()
		finds := func(p ledger.PrintedRoot, want string) {
			t.Helper()
			c, err := ledger.AuditRoot(ctx, db, p)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.Broken, "\n"); want == "" && (got != "" || c.Rows != 1) || !strings.Contains(got, want) {
				t.Errorf("%+v: %d seals, %q, want %q", p, c.Rows, got, want)
			}
		}
		whole := ledger.PrintedRoot{Root: paper.Root, Size: paper.Size, Village: w.village}
		finds(whole, "")
		finds(ledger.PrintedRoot{Root: newest.Root}, "")
		finds(ledger.PrintedRoot{Root: strings.ToUpper(paper.Root[:8] + " " + paper.Root[8:16])}, "")
		finds(ledger.PrintedRoot{Root: paper.Root, Size: 5}, "the paper says 5")
		finds(ledger.PrintedRoot{Root: strings.Repeat("0", 64)}, "no seal of this book")
		finds(ledger.PrintedRoot{Root: paper.Root, Village: 77, Size: paper.Size}, "were removed")
		for _, root := range []string{"", "abc", strings.Repeat("g", 64), strings.Repeat("0", 65)} {
			if _, err := ledger.AuditRoot(ctx, db, ledger.PrintedRoot{Root: root}); !errors.Is(err, ledger.ErrRoot) {
				t.Errorf("%q: %v", root, err)
			}
		}
		restored := func(table string, change func()) {
			t.Helper()
			run(t, db, "CREATE TABLE kept_rows AS SELECT * FROM "+table)
			change()
			run(t, db, "DELETE FROM "+table)
			run(t, db, "INSERT INTO "+table+" SELECT * FROM kept_rows")
			run(t, db, "DROP TABLE kept_rows")
		}
		restored("seal_heads", func() {
			run(t, db, "DELETE FROM seal_heads WHERE size = ?", paper.Size)
			finds(whole, "their seal was removed")
			finds(ledger.PrintedRoot{Root: paper.Root}, "with --village and --size")
		})
		restored("seal_leaves", func() {
			run(t, db, "UPDATE seal_leaves SET hash = salt WHERE leaf_index = 1")
			finds(whole, "are not those that were sealed")
		})
		restored("seal_leaves", func() {
			run(t, db, "DELETE FROM seal_leaves WHERE leaf_index > 2")
			finds(whole, "only 3 are left")
		})
		restored("seal_leaves", func() {
			run(t, db, "UPDATE seal_leaves SET hash = salt WHERE leaf_index = ?", newest.Size-1)
			finds(whole, "does not go on from this one")
		})
		finds(whole, "")
		// the whole history written anew: nothing on the machine disagrees, only the paper does
		run(t, db, "UPDATE entries SET title = '改过' WHERE account_id = ? AND seq = 1", w.accounts[0])
		for _, table := range []string{"seal_heads", "seal_nodes", "seal_leaves"} {
			run(t, db, "DELETE FROM "+table)
		}
		w.seal()
		if broken := sealsBroken(t, db); len(broken) > 0 {
			t.Errorf("%q", broken)
		}
		finds(whole, "at least one was changed")
	})
}
