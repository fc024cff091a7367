// Package dbtest gives tests real databases: a fresh one for each test, on SQLite and on MariaDB, and a real Redis.
// Servers come from HEFEN_TEST_MYSQL and HEFEN_TEST_REDIS (the test script sets them) or are started here, privately,
// once per test process. A server that cannot be had fails the test; nothing is skipped.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"

	"hefen/internal/config"
	"hefen/internal/storage"
)

// Each runs the test on a fresh database of each engine.
func Each(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) { test(t, Open(t, engine)) })
	}
}

// Open is a fresh, migrated database that is dropped when the test ends.
func Open(t testing.TB, engine storage.Dialect) *storage.DB {
	t.Helper()
	return Connect(t, Config(t, engine))
}

// Connect opens a database of Config once more: a second server beside the first.
func Connect(t testing.TB, cfg config.Database) *storage.DB {
	t.Helper()
	db, err := storage.Open(context.Background(), cfg)
	if err != nil {
		t.Fatalf("open %s: %v", cfg.Engine, err)
	}
	db.Keys = Keys(t)
	t.Cleanup(func() { db.Close() })
	return db
}

// Config names a fresh, migrated database that is dropped when the test ends.
func Config(t testing.TB, engine storage.Dialect) config.Database {
	t.Helper()
	if engine == storage.SQLite {
		path := filepath.Join(t.TempDir(), "hefen.db")
		if err := os.WriteFile(path, sqliteTemplate(t), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Database{Engine: string(storage.SQLite), Path: path}
	}
	cfg := config.Database{Engine: string(storage.MySQL), DSN: createMySQL(t), MaxOpen: 40}
	if err := storage.Migrate(context.Background(), cfg); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return cfg
}

// Empty is a database without any schema, for tests of migrations.
func Empty(t testing.TB, engine storage.Dialect) config.Database {
	t.Helper()
	if engine == storage.SQLite {
		return config.Database{Engine: string(storage.SQLite), Path: filepath.Join(t.TempDir(), "hefen.db")}
	}
	return config.Database{Engine: string(storage.MySQL), DSN: createMySQL(t), MaxOpen: 40}
}

var keys = sync.OnceValues(func() (*storage.Keyring, error) {
	dir, err := os.MkdirTemp("", "hefen-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return storage.CreateKeyring(filepath.Join(dir, "keys.json"))
})

// Keys is a key ring made for this test process.
func Keys(t testing.TB) *storage.Keyring {
	t.Helper()
	k, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// template is an empty migrated SQLite file; copying it is much faster than migrating each time.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "hefen-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "t.db")
	if err := storage.Migrate(context.Background(), config.Database{Engine: string(storage.SQLite), Path: path}); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func sqliteTemplate(t testing.TB) []byte {
	t.Helper()
	b, err := template()
	if err != nil {
		t.Fatalf("sqlite template: %v", err)
	}
	return b
}

var databases atomic.Int64

// createMySQL makes an empty database and answers its DSN.
func createMySQL(t testing.TB) string {
	t.Helper()
	root := mysqlServer(t)
	c, err := mysql.ParseDSN(root)
	if err != nil {
		t.Fatalf("HEFEN_TEST_MYSQL: %v", err)
	}
	db, err := sql.Open("mysql", root)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("hefen_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := db.Exec("CREATE DATABASE " + name + " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		db, err := sql.Open("mysql", root)
		if err != nil {
			return
		}
		defer db.Close()
		if _, err := db.Exec("DROP DATABASE " + name); err != nil {
			t.Logf("drop %s: %v", name, err)
		}
	})
	c.DBName = name
	return c.FormatDSN()
}

// Rows reads a whole query as text, one string a row, for comparing tables across engines and instants.
func Rows(t testing.TB, db *storage.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		cells := make([]sql.NullString, len(cols))
		ptrs := make([]any, len(cols))
		for i := range cells {
			ptrs[i] = &cells[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		text := make([]string, len(cols))
		for i, c := range cells {
			text[i] = c.String
		}
		out = append(out, strings.Join(text, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
