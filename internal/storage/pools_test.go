package storage_test

import (
	"testing"

	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Each pool keeps to the settings: of MySQL both, of SQLite the readers; what one transaction has written and not committed no reader sees.
func TestPools(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			cfg.MaxOpen = 7
			db := dbtest.Connect(t, cfg)
			writes, reads := db.Pools()
			most := 7
			if engine == storage.SQLite {
				most = 1
			}
			if w, r := writes.Stats().MaxOpenConnections, reads.Stats().MaxOpenConnections; w != most || r != 7 {
				t.Errorf("at most %d connections that write and %d that read", w, r)
			}
			rows := func() string {
				return dbtest.Rows(t, db, "SELECT COUNT(*) FROM id_nodes WHERE holder = 'pools'")[0]
			}
			insert := func(tx *storage.Tx) error {
				_, err := tx.Exec("INSERT INTO id_nodes (node, holder, until_at) VALUES (7003,'pools',1)")
				return err
			}
			err := db.InTx(t.Context(), func(tx *storage.Tx) error {
				if err := insert(tx); err != nil {
					return err
				}
				if n := rows(); n != "0" {
					t.Errorf("a reader sees %s rows that are not committed", n)
				}
				return nil
			})
			if err != nil || rows() != "1" {
				t.Errorf("%s rows committed, %v", rows(), err)
			}
		})
	}
}
