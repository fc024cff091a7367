package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// A caller that goes away in the middle stops the transaction at its next statement, or at its commit, and nothing of it
// stays.
func TestCallerGoesAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		insert := func(tx *storage.Tx, node int) error {
			_, err := tx.Exec("INSERT INTO id_nodes (node, holder, until_at) VALUES (?,?,?)", node, "away", 1)
			return err
		}
		for name, last := range map[string]func(tx *storage.Tx) error{
			"next statement": func(tx *storage.Tx) error { return insert(tx, 7002) },
			"next read":      func(tx *storage.Tx) error { return tx.QueryRow("SELECT 1").Scan(new(int)) },
			"commit":         func(*storage.Tx) error { return nil },
		} {
			ctx, leave := context.WithCancel(t.Context())
			err := db.InTx(ctx, func(tx *storage.Tx) error {
				if err := insert(tx, 7001); err != nil {
					t.Error(err)
				}
				leave()
				return last(tx)
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if n := dbtest.Rows(t, db, "SELECT COUNT(*) FROM id_nodes WHERE holder = 'away'")[0]; n != "0" {
				t.Errorf("%s: %s rows stay", name, n)
			}
		}
	})
}

// A caller does not wait for a connection, nor for another's lock, longer than told.
func TestCallerWaitsNoLonger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		held, release := make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- db.InTx(t.Context(), func(tx *storage.Tx) error {
				close(held)
				<-release
				return nil
			})
		}()
		<-held
		if db.Dialect() == storage.SQLite { // one writer
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer stop()
			if err := db.InTx(ctx, func(*storage.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		} else if got := dbtest.Rows(t, db, "SELECT @@innodb_lock_wait_timeout")[0]; got != "10" {
			t.Errorf("a lock is waited for %s seconds", got)
		}
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
