package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"hefen/internal/config"
)

//go:embed migrations
var migrations embed.FS

// ErrSchemaBehind: the database lacks migrations of this program.
var ErrSchemaBehind = errors.New("the database's schema is older than this program: run `hefen migrate` once, on one node")

// Migrate brings a database up to this program's schema. On MySQL it holds a named lock, so that several starters wait
// for one another; on Galera run it on the one node that takes writes.
func Migrate(ctx context.Context, cfg config.Database) error {
	d, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer d.closePools()
	return d.migrateUp(ctx)
}

// MigrateDownTo takes migrations back to a version, newest first: for tests of upgrades.
func MigrateDownTo(ctx context.Context, cfg config.Database, version int64) error {
	d, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer d.closePools()
	p, err := d.provider()
	if err != nil {
		return err
	}
	_, err = p.DownTo(ctx, version)
	return err
}

// Pending reports whether migrations are missing.
func (d *DB) Pending(ctx context.Context) (bool, error) {
	p, err := d.provider()
	if err != nil {
		return false, err
	}
	return p.HasPending(ctx)
}

// SchemaVersion is the number of the newest migration applied.
func (d *DB) SchemaVersion(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

func (d *DB) migrateUp(ctx context.Context) error {
	p, err := d.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (d *DB) provider() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+string(d.dialect))
	if err != nil {
		return nil, err
	}
	if d.dialect == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, d.SQL(), dir)
	}
	return goose.NewProvider(goose.DialectMySQL, d.SQL(), dir, goose.WithSessionLocker(namedLock{}))
}

// namedLock is MySQL's GET_LOCK, which goose does not bring along.
type namedLock struct{}

func (namedLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK('hefen_migrate', 120)").Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errors.New("another program is migrating this database and has not ended within two minutes")
	}
	return nil
}

func (namedLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT RELEASE_LOCK('hefen_migrate')")
	return err
}

// NewestMigration is the number of the newest migration this program brings for an engine.
func NewestMigration(d Dialect) (int64, error) {
	names, err := fs.Glob(migrations, "migrations/"+string(d)+"/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations for %s: %w", d, err)
	}
	return goose.NumericComponent(names[len(names)-1]) // Glob sorts, and the numbers have one length
}
