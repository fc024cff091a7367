package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"hefen/internal/errs"
	"hefen/internal/id"
)

// ErrBusy is what a transaction answers that lost every retry against others.
var ErrBusy = errs.New(errs.Unavailable, "storage_busy", "系统正忙，请稍后再试一次")

// attempts and the first wait bound InTx: eight tries within about two seconds.
const (
	attempts  = 8
	firstWait = 4 * time.Millisecond
)

// Tx is one running transaction. Its methods may be used by the goroutine that was given it, until fn returns.
type Tx struct {
	ctx    context.Context // the caller's; statements run under Brief of it
	db     *DB
	sql    *sql.Tx
	misses []string
	after  []func()
	notes  map[any]any
}

// InTx runs fn in a transaction and commits it: the only way to write. READ COMMITTED; on SQLite the write lock is taken
// at the start. fn is run again from its beginning after a deadlock or a lock time-out, so it has no effect but on tx;
// what must follow a commit goes to tx.AfterCommit. An error of fn rolls everything back and is returned as it is. When ctx
// ends, the statement that runs is finished and the next one fails; a wait for a lock is bounded by the engine.
func (d *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	wait := firstWait
	for try := 1; ; try++ {
		err := d.once(ctx, fn)
		if err == nil || !retryable(err) {
			return err
		}
		if try == attempts {
			return ErrBusy.Wrap(err)
		}
		t := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
		wait *= 2
	}
}

func (d *DB) once(ctx context.Context, fn func(tx *Tx) error) (err error) {
	conn, raw, err := d.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Close()
	tx := &Tx{ctx: ctx, db: d, sql: raw}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			_ = raw.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	conn.Close()
	for _, q := range tx.misses { // now, when the writer's connection is free again
		d.writer.stmts.want(context.WithoutCancel(ctx), d.writer.db, q)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// begin takes a connection, for which it waits no longer than ctx, and begins on it. A connection that turns out to be
// gone is given up for another, as database/sql does by itself where the two are one.
func (d *DB) begin(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	for try := 1; ; try++ {
		conn, err := d.writer.db.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		raw, err := conn.BeginTx(Brief(ctx), nil)
		if err == nil {
			return conn, raw, nil
		}
		conn.Close()
		if !errors.Is(err, driver.ErrBadConn) || try == 3 {
			return nil, nil, err
		}
	}
}

// Brief is ctx for a statement that is over in a moment: it is not interrupted when the caller goes away, unless it has gone
// already. To watch for that costs the drivers a goroutine or two for each statement, a quarter of a look-up by key.
func Brief(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// retryable: InnoDB deadlock and lock wait time-out, TiDB write conflicts, SQLite busy or locked.
func retryable(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1213 || m.Number == 1205 || m.Number == 8028 || m.Number == 9007
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code()&0xff == sqlite3.SQLITE_BUSY || s.Code()&0xff == sqlite3.SQLITE_LOCKED
	}
	return false
}

// IsDuplicate reports whether a unique key refused the statement. The transaction stays usable on every engine.
func IsDuplicate(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1062
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

func (tx *Tx) Context() context.Context { return tx.ctx }
func (tx *Tx) DB() *DB                  { return tx.db }
func (tx *Tx) NewID() id.ID             { return tx.db.NewID() }

// AfterCommit runs f once the transaction stands, in order; never after a rollback. It is for waking workers, not for
// effects that must happen: those go through the outbox.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Note keeps a value for the length of this attempt of the transaction: what a package has already locked, say.
func (tx *Tx) Note(key any, fresh func() any) any {
	if tx.notes == nil {
		tx.notes = map[any]any{}
	}
	v, ok := tx.notes[key]
	if !ok {
		v = fresh()
		tx.notes[key] = v
	}
	return v
}

// Exec sends one writing statement and answers how many rows it matched.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(Brief(tx.ctx), query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertRows is how many rows one prepared statement of Insert carries: with more, the engine gains little and keeps a
// large statement on each connection.
const insertRows = 100

// Insert adds rows: head is "INSERT INTO t (a, b) VALUES ", args their values one row after the other, width of them in a
// row. Blocks of 100 rows go through one prepared statement, which costs up to a third less than as many rows of text; the rest
// is one statement more.
func (tx *Tx) Insert(head string, width int, args []any) error {
	block := insertRows * width
	if len(args) >= block {
		query := head + Rows(insertRows, width)
		if tx.db.writer.stmts.get(query) == nil {
			tx.misses = append(tx.misses, query)
		}
		for ; len(args) >= block; args = args[block:] {
			if _, err := tx.Exec(query, args[:block]...); err != nil {
				return err
			}
		}
	}
	if len(args) == 0 {
		return nil
	}
	_, err := tx.Exec(head+Rows(len(args)/width, width), args...)
	return err
}

// Query reads inside the transaction.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	return tx.QueryContext(Brief(tx.ctx), query, args...)
}

// QueryRow reads one row inside the transaction.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	return tx.QueryRowContext(Brief(tx.ctx), query, args...)
}

// Gorm writes simple records inside the transaction.
func (tx *Tx) Gorm() *gorm.DB {
	g := tx.db.gorm.Session(&gorm.Session{NewDB: true, Context: tx.ctx})
	g.Statement.ConnPool = tx
	return g
}

// The next four make Tx a gorm.ConnPool, so that gorm's statements pass the same cache and counter.

func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	count(tx.ctx)
	if s := tx.stmt(query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return tx.sql.ExecContext(ctx, query, args...)
}

func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(tx.ctx)
	if s := tx.stmt(query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return tx.sql.QueryContext(ctx, query, args...)
}

func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	count(tx.ctx)
	if s := tx.stmt(query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return tx.sql.QueryRowContext(ctx, query, args...)
}

func (tx *Tx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return tx.sql.PrepareContext(ctx, query)
}

func (tx *Tx) stmt(query string) *sql.Stmt {
	if s := tx.db.writer.stmts.get(query); s != nil {
		return tx.sql.StmtContext(Brief(tx.ctx), s)
	}
	if len(query) <= maxStmtText {
		tx.misses = append(tx.misses, query)
	}
	return nil
}
