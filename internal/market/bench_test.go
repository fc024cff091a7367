package market_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"hefen/internal/market"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// BenchmarkRedeem measures redemptions of one line from 8 counters that all want the same goods, and from 8 that want
// different ones. p50 should be under 5 ms on MariaDB with flush at every commit.
func BenchmarkRedeem(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		for _, wish := range []string{"same", "own"} {
			b.Run(string(engine)+"/8/"+wish, func(b *testing.B) { benchRedeem(b, engine, wish == "same") })
		}
	}
}

func benchRedeem(b *testing.B, engine storage.Dialect, same bool) {
	const workers = 8
	w := newWorld(b, dbtest.Open(b, engine), 400)
	wants := make([]market.Want, workers)
	for i := range wants {
		wants[i] = want(w.goods(string(rune('A'+i)), 1, 100_000), 1)
		if same {
			wants[i] = wants[0]
		}
	}
	for _, h := range w.households {
		w.give(h, 1_000_000)
	}
	var mu sync.Mutex
	var took []time.Duration
	b.ResetTimer()
	run(b.N, workers, func(i int) {
		start := time.Now()
		if _, err := w.redeem(w.households[i%400], 1, wants[i%workers]); err != nil {
			b.Error(err)
		}
		d := time.Since(start)
		mu.Lock()
		took = append(took, d)
		mu.Unlock()
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "redeem/s")
}
