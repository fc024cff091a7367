package storage_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Many more readers than connections, all with queries that are just being prepared: none waits for another for ever.
func TestReadersPrepareWithoutWaitingForOneAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for round := range 20 {
				query := fmt.Sprintf("SELECT %d", round)
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						var n int
						if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil || n != round {
							t.Errorf("%d, %v", n, err)
						}
					})
				}
				wg.Wait()
			}
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("readers wait for one another")
		}
	})
}
