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

// BenchmarkSeal adds the entries of a month, and of a year, of which none has a leaf yet.
func BenchmarkSeal(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		for _, n := range []int{2000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", engine, n), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					w := newWorld(b, dbtest.Open(b, engine), 500)
					for i := 0; i < n/2; i += 1000 {
						ps := make([]ledger.Posting, 1000)
						for k := range ps {
							ps[k] = w.award(fmt.Sprint(i+k), w.accounts[k%500], 200)
						}
						w.must(ps...)
					}
					b.StartTimer()
					if h := w.seal(); h.Size != int64(n) {
						b.Fatal(h)
					}
				}
			})
		}
	}
}
