package ledger_test

import (
	"context"
	"strings"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestAuditSeesAShortReversal: a reversal that left out entries of its posting is named, also where it left out an account
// as a whole.
func TestAuditSeesAShortReversal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		p := w.posting(ledger.Award, "both", ledger.Line{Account: w.accounts[0], Wallet: "spend", Amount: 500}, ledger.Line{Account: w.accounts[1], Wallet: "spend", Amount: 300})
		w.must(p)
		if err := w.reverse(ledger.Award, "both"); err != nil {
			t.Fatal(err)
		}
		broken := func() string {
			r, err := ledger.Audit(context.Background(), db)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Checks {
				if strings.Contains(c.What, "reversal") {
					return strings.Join(c.Broken, "; ")
				}
			}
			t.Fatal("no such check")
			return ""
		}
		if got := broken(); got != "" {
			t.Error(got)
		}
		err := db.InTx(context.Background(), func(tx *storage.Tx) error {
			_, err := tx.Exec("DELETE FROM entries WHERE kind = 'reverse' AND account_id = ?", w.accounts[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := broken(); !strings.Contains(got, "1 entries of the original were left out") {
			t.Errorf("%q", got)
		}
	})
}
