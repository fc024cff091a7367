package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func TestInTxRollsBackOnError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, boom := context.Background(), errors.New("boom")
		ran := false
		err := db.InTx(ctx, func(tx *storage.Tx) error {
			tx.AfterCommit(func() { ran = true })
			if _, _, err := tx.Once(1, "request-000000001", "op", "body", 7); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || ran {
			t.Fatalf("err %v, after-commit ran %v", err, ran)
		}
		if rows := dbtest.Rows(t, db, "SELECT ref_id FROM requests"); len(rows) != 0 {
			t.Fatalf("rows left: %v", rows)
		}
	})
}

func TestOnce(t *testing.T) {
	type call struct {
		user         id.ID
		request, op  string
		body         any
		ref, earlier id.ID
		repeated     bool
		err          error
	}
	const r = "request-000000001"
	calls := []call{
		{1, r, "award", "soap", 7, 7, false, nil},
		{1, r, "award", "soap", 8, 7, true, nil},                        // the same again answers the first
		{1, r, "award", "rice", 9, 9, false, storage.ErrRequestReused},  // other body
		{1, r, "redeem", "soap", 9, 9, false, storage.ErrRequestReused}, // other verb
		{2, r, "award", "rice", 9, 9, false, nil},                       // another user's ids are his own
		{1, "request-00000000A", "award", "soap", 10, 10, false, nil},
		{1, "request-00000000a", "award", "soap", 11, 11, false, nil}, // case matters
		{1, "short", "award", "soap", 12, 12, false, storage.ErrRequestID},
		{1, "with space 000000000", "award", "soap", 12, 12, false, storage.ErrRequestID},
	}
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		for i, c := range calls {
			err := db.InTx(context.Background(), func(tx *storage.Tx) error {
				earlier, repeated, err := tx.Once(c.user, c.request, c.op, c.body, c.ref)
				if earlier != c.earlier || repeated != c.repeated {
					t.Errorf("call %d: ref %v repeated %v", i, earlier, repeated)
				}
				return err
			})
			if !errors.Is(err, c.err) {
				t.Errorf("call %d: err %v, want %v", i, err, c.err)
			}
		}
	})
}

// Read-then-write by many at once: on SQLite the writer waits, on InnoDB opposite lock orders deadlock and are retried.
func TestInTxRetriesAndLosesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		err := db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("INSERT INTO id_nodes (node, holder, until_at) VALUES (5001,'a',0),(5002,'b',0)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		failures := make(chan error, 400)
		for w := range 8 {
			wg.Go(func() {
				first, second := 5001, 5002
				if w%2 == 1 {
					first, second = second, first
				}
				for range 10 {
					failures <- db.InTx(ctx, func(tx *storage.Tx) error {
						for _, n := range []int{first, second} {
							if _, err := tx.Exec("UPDATE id_nodes SET until_at = until_at + 1 WHERE node = ?", n); err != nil {
								return err
							}
						}
						return nil
					})
				}
			})
		}
		wg.Wait()
		close(failures)
		done := 0
		for err := range failures {
			if err == nil {
				done++
			} else if !errors.Is(err, storage.ErrBusy) {
				t.Errorf("unexpected: %v", err)
			}
		}
		want := fmt.Sprintf("%d", done)
		for _, row := range dbtest.Rows(t, db, "SELECT until_at FROM id_nodes WHERE node > 5000") {
			if row != want {
				t.Errorf("until_at %s, want %s", row, want)
			}
		}
	})
}

func TestIDsDifferAcrossServers(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			seen := sync.Map{}
			var wg sync.WaitGroup
			for range 3 {
				db := dbtest.Connect(t, cfg)
				for range 2 {
					wg.Go(func() {
						for range 2000 {
							if _, dup := seen.LoadOrStore(db.NewID(), true); dup {
								t.Error("the same id twice")
								return
							}
						}
					})
				}
			}
			wg.Wait()
		})
	}
}

func TestMigrateByManyStarters(t *testing.T) {
	cfg := dbtest.Empty(t, storage.MySQL)
	if _, err := storage.Open(context.Background(), cfg); !errors.Is(err, storage.ErrSchemaBehind) {
		t.Fatalf("open before migrate: %v", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := storage.Migrate(context.Background(), cfg); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	dbtest.Connect(t, cfg)
}

func TestMigrateDownAndUp(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			if err := storage.MigrateDownTo(context.Background(), cfg, 0); err != nil {
				t.Fatal(err)
			}
			if err := storage.Migrate(context.Background(), cfg); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestGormInsideInTx(t *testing.T) {
	type node struct {
		Node    int    `gorm:"column:node;primaryKey"`
		Holder  string `gorm:"column:holder"`
		UntilAt int64  `gorm:"column:until_at"`
	}
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := storage.CountStatements(context.Background())
		boom := errors.New("boom")
		err := db.InTx(ctx, func(tx *storage.Tx) error {
			if err := tx.Gorm().Table("id_nodes").Create(&node{6001, "g", 1}).Error; err != nil {
				return err
			}
			var got node
			if err := tx.Gorm().Table("id_nodes").Where("node = ?", 6001).Take(&got).Error; err != nil || got.Holder != "g" {
				t.Errorf("read back %+v: %v", got, err)
			}
			return boom
		})
		if !errors.Is(err, boom) || n.Load() != 2 {
			t.Fatalf("err %v, statements %d", err, n.Load())
		}
		if rows := dbtest.Rows(t, db, "SELECT node FROM id_nodes WHERE node = 6001"); len(rows) != 0 {
			t.Fatal("gorm wrote outside the transaction")
		}
	})
}

// TestPathIsTakenLiterally: a path is a file name, though the driver reads it as a URI.
func TestPathIsTakenLiterally(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a#b?c%20d.db")
	db, err := storage.Open(context.Background(), config.Database{Engine: string(storage.SQLite), Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	var mode string
	if err := db.QueryRow(context.Background(), "PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %q, %v: the settings behind the path are lost", mode, err)
	}
}

// TestInsert: every row arrives once whatever their number, in blocks of one text and a rest, and a duplicate is told.
func TestInsert(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		const head = "INSERT INTO id_nodes (node, holder, until_at) VALUES "
		for want, n := range map[int]int{0: 0, 1: 1, 2: 99, 3: 100, 4: 101, 5: 250, 6: 300} {
			var args []any
			for i := range n {
				args = append(args, 1000*want+i, fmt.Sprint("insert-", want), i)
			}
			ctx, sent := storage.CountStatements(t.Context())
			if err := db.InTx(ctx, func(tx *storage.Tx) error { return tx.Insert(head, 3, args) }); err != nil {
				t.Fatal(err)
			}
			if got := dbtest.Rows(t, db, "SELECT COUNT(*), COALESCE(SUM(until_at), 0) FROM id_nodes WHERE holder = ?", fmt.Sprint("insert-", want))[0]; got != fmt.Sprintf("%d|%d", n, n*(n-1)/2) {
				t.Errorf("%d rows: count and sum are %s", n, got)
			}
			if blocks := int64((n + 99) / 100); sent.Load() != blocks {
				t.Errorf("%d rows in %d statements", n, sent.Load())
			}
		}
		err := db.InTx(t.Context(), func(tx *storage.Tx) error { return tx.Insert(head, 3, []any{900, "a", 1, 900, "b", 2}) })
		if !storage.IsDuplicate(err) {
			t.Errorf("a duplicate: %v", err)
		}
	})
}

// Days are forgotten when they are old, however many there are, and not before.
func TestPurgeDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		now := time.Now()
		days := map[string]clock.Day{}
		for i := range 1203 {
			days[fmt.Sprintf("request-purge-%04d", i)] = 20260520
		}
		if _, err := db.Dated(t.Context(), 7, days); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			before time.Time
			want   int
		}{{now.Add(-time.Minute), 0}, {now.Add(time.Hour), len(days)}, {now.Add(time.Hour), 0}} {
			if n, err := db.PurgeDays(t.Context(), c.before); err != nil || n != c.want {
				t.Errorf("purged %d, %v, want %d", n, err, c.want)
			}
		}
	})
}
