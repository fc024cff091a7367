package ledger_test

import (
	"fmt"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// BenchmarkPost is the ledger's part alone: one award to two wallets in its own transaction, and 500 in one.
func BenchmarkPost(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		for _, n := range []int{1, 500} {
			b.Run(fmt.Sprintf("%s/%d", engine, n), func(b *testing.B) {
				w := newWorld(b, dbtest.Open(b, engine), n)
				for i := 0; b.Loop(); i++ {
					ps := make([]ledger.Posting, n)
					for k := range ps {
						ps[k] = w.award(fmt.Sprintf("%d.%d", i, k), w.accounts[k], 200)
					}
					w.must(ps...)
				}
			})
		}
	}
}
