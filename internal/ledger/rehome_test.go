package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestRehomeSaysWhatToDoFirst: a village with points that wait is not merged, and the refusal names how many households wait for
// what; once all is settled it goes.
func TestRehomeSaysWhatToDoFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		into := db.NewID()
		merge := func() error {
			return db.InTx(context.Background(), func(tx *storage.Tx) error { return ledger.Rehome(tx, w.village, into, noon) })
		}
		refused := func(words ...string) {
			t.Helper()
			err := merge()
			if !errors.Is(err, ledger.ErrPending) {
				t.Fatal(err)
			}
			for _, word := range words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q says nothing of %q", err, word)
				}
			}
		}
		for i, a := range w.accounts[:2] {
			w.must(w.posting(ledger.Award, string(rune('a'+i)), ledger.Line{Account: a, Wallet: "spend", Bucket: ledger.Pending, Amount: 500},
				ledger.Line{Account: a, Wallet: "year", Bucket: ledger.Pending, Amount: 500}))
		}
		w.must(w.award("c", w.accounts[0], 300))
		if _, err := w.spend(ledger.Hold, "h", w.accounts[0], 100); err != nil {
			t.Fatal(err)
		}
		refused("2户有还没生效的积分", "1户有预约还没领", "办完再来")
		for i := range 2 {
			if err := w.reverse(ledger.Award, string(rune('a'+i))); err != nil {
				t.Fatal(err)
			}
		}
		refused("1户有预约还没领")
		if err := w.reverse(ledger.Hold, "h"); err != nil {
			t.Fatal(err)
		}
		if err := merge(); err != nil {
			t.Fatal(err)
		}
	})
}
