// Package storage opens the database, runs the only transaction there is (InTx) and keeps what every feature needs of
// it: one statement cache, request ids answered once, the outbox, migrations, encrypted columns. It speaks the portable
// subset of SQLite, MySQL, MariaDB and TiDB: no FOR UPDATE, no RETURNING, no upsert, no JSON operators.
package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // registers "sqlite"

	"hefen/internal/config"
	"hefen/internal/id"
)

// Dialect is the engine's family.
type Dialect string

const (
	SQLite Dialect = "sqlite" // embedded default: one writer, many readers, one file
	MySQL  Dialect = "mysql"  // MySQL 8, MariaDB 10.6+, TiDB
)

// DB is an open database whose schema is current. Safe for concurrent use.
type DB struct {
	// Keys encrypt the columns that hold phone and ID numbers; set once after Open.
	Keys *Keyring

	dialect Dialect
	writer  *pool // for InTx alone
	reader  *pool
	gorm    *gorm.DB
	node    *nodeLease
	outbox  outbox
}

// pool is a connection pool with the prepared statements of its constant queries.
type pool struct {
	db    *sql.DB
	stmts stmtCache
}

// Open connects, brings the schema up to date (SQLite) or insists that it is (MySQL: `hefen migrate` runs once, on one
// node), and leases an id node. Close it to give the node back.
func Open(ctx context.Context, cfg config.Database) (*DB, error) {
	db, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := db.ready(ctx); err != nil {
		db.closePools()
		return nil, err
	}
	return db, nil
}

func (d *DB) ready(ctx context.Context) error {
	if d.dialect == SQLite {
		if err := d.migrateUp(ctx); err != nil {
			return err
		}
	} else if pending, err := d.Pending(ctx); err != nil {
		return err
	} else if pending {
		return ErrSchemaBehind
	}
	node, err := leaseNode(ctx, d)
	if err != nil {
		return err
	}
	d.node = node
	return nil
}

func connect(ctx context.Context, cfg config.Database) (*DB, error) {
	var d *DB
	var err error
	switch Dialect(cfg.Engine) {
	case SQLite, "":
		d, err = connectSQLite(cfg)
	case MySQL:
		d, err = connectMySQL(ctx, cfg)
	default:
		return nil, fmt.Errorf("database engine %q: want sqlite or mysql", cfg.Engine)
	}
	if err != nil {
		return nil, err
	}
	if err := d.reader.db.PingContext(ctx); err != nil {
		d.closePools()
		return nil, fmt.Errorf("database is not reachable: %w", err)
	}
	return d, nil
}

// SQLite: one writer that begins IMMEDIATE, so that read-then-write never fails half way, and a pool of readers.
func connectSQLite(cfg config.Database) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(cfg.Path), 0o700); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	const pragmas = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=temp_store(2)"
	file := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(cfg.Path) // it is read as a URI
	writer, err := sql.Open("sqlite", file+pragmas+"&_pragma=cache_size(-8000)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", file+pragmas+"&_pragma=cache_size(-4000)&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	bound(reader, cfg, max(4, runtime.NumCPU()*2))
	if err := writer.Ping(); err != nil { // makes the file and sets WAL before a reader looks
		return nil, fmt.Errorf("open %s: %w", cfg.Path, err)
	}
	d := &DB{dialect: SQLite, writer: &pool{db: writer}, reader: &pool{db: reader}}
	d.gorm, err = gorm.Open(gormsqlite.Dialector{DriverName: "sqlite", Conn: reader}, gormConfig())
	return d, err
}

// bound holds a pool to the settings, or to usual connections where they say nothing.
func bound(db *sql.DB, cfg config.Database, usual int) {
	open := cmp.Or(cfg.MaxOpen, usual)
	db.SetMaxOpenConns(open)
	db.SetMaxIdleConns(min(cmp.Or(cfg.MaxIdle, open), open))
	db.SetConnMaxLifetime(cfg.MaxLife)
	db.SetConnMaxIdleTime(5 * time.Minute)
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, // InTx is the transaction
		DisableAutomaticPing:   true,
		TranslateError:         false,
		Logger:                 logger.Discard, // statements may hold personal data
	}
}

// Dialect tells the engine's family, for the few statements that must differ.
func (d *DB) Dialect() Dialect { return d.dialect }

// NewID is the next id; it never repeats across servers.
func (d *DB) NewID() id.ID { return d.node.newID() }

// Query reads outside a transaction, through the prepared statements of the read pool.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx)
	if s := d.reader.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return d.reader.db.QueryContext(ctx, query, args...)
}

// QueryRow is Query for one row.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	count(ctx)
	if s := d.reader.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return d.reader.db.QueryRowContext(ctx, query, args...)
}

// prepared is the query's statement, or nil at its first use. It is prepared before the query runs, never while its
// rows hold a connection: readers that each hold one and want another would wait for one another for ever.
func (p *pool) prepared(ctx context.Context, query string) *sql.Stmt {
	if s := p.stmts.get(query); s != nil {
		return s
	}
	if len(query) > maxStmtText {
		return nil
	}
	p.stmts.want(ctx, p.db, query)
	return p.stmts.get(query)
}

// Gorm reads outside a transaction, for lists and simple records.
func (d *DB) Gorm(ctx context.Context) *gorm.DB { return d.gorm.WithContext(ctx) }

// Ping answers whether the database is reachable.
func (d *DB) Ping(ctx context.Context) error { return d.reader.db.PingContext(ctx) }

// Pools are the pool of InTx and the one that reads, for metrics.
func (d *DB) Pools() (writes, reads *sql.DB) { return d.writer.db, d.reader.db }

// SQL is a pool on which each statement stands by itself and may write: for migrations, backup and the benchmark's floor,
// never for a feature's writes.
func (d *DB) SQL() *sql.DB {
	if d.dialect == SQLite {
		return d.writer.db // the only one that may
	}
	return d.reader.db
}

// Close gives the id node back and closes the pools.
func (d *DB) Close() error {
	if d.node != nil {
		if err := d.node.release(); err != nil {
			slog.Warn("id node not released; it lapses by itself", "err", err)
		}
	}
	return d.closePools()
}

func (d *DB) closePools() error {
	d.reader.stmts.close()
	d.writer.stmts.close()
	return errors.Join(d.reader.db.Close(), d.writer.db.Close())
}
