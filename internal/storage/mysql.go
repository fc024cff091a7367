package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"hefen/internal/config"
)

// mysqlOpen is how many connections each of the two pools opens at most, if the settings leave it open.
const mysqlOpen = 32

// Two pools: on the connections of InTx a transaction begins by itself with its first statement, which saves the round
// trip of BEGIN; those that read outside a transaction must leave none open behind them.
func connectMySQL(ctx context.Context, cfg config.Database) (*DB, error) {
	c, err := mysql.ParseDSN(cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("database dsn: %w", err)
	}
	c.ClientFoundRows = true   // RowsAffected counts matched rows, not changed ones
	c.InterpolateParams = true // one round trip for queries that are not worth preparing
	c.ParseTime, c.Loc = true, time.UTC
	c.Collation = "utf8mb4_bin"
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
	if c.Params["innodb_lock_wait_timeout"] == "" {
		c.Params["innodb_lock_wait_timeout"] = "10" // seconds; nobody waits longer for a counter's answer
	}
	if err := setIsolation(ctx, c); err != nil {
		return nil, err
	}
	reads, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	c.Params["autocommit"] = "0"
	writes, err := mysql.NewConnector(c) // it has a copy of c, as the other has
	if err != nil {
		return nil, err
	}
	d := &DB{dialect: MySQL, writer: &pool{db: sql.OpenDB(writeConnector{writes})}, reader: &pool{db: sql.OpenDB(reads)}}
	bound(d.writer.db, cfg, mysqlOpen)
	bound(d.reader.db, cfg, mysqlOpen)
	d.gorm, err = gorm.Open(gormmysql.New(gormmysql.Config{Conn: d.reader.db, SkipInitializeWithVersion: true}), gormConfig())
	return d, err
}

// setIsolation makes READ COMMITTED the session's level at connect time, which costs no statement per transaction.
// MySQL and TiDB call the variable transaction_isolation, MariaDB before 11.1 only tx_isolation.
func setIsolation(ctx context.Context, c *mysql.Config) error {
	conn, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	probe := sql.OpenDB(conn)
	defer probe.Close()
	var version string
	if err := probe.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return fmt.Errorf("database is not reachable: %w", err)
	}
	name := "transaction_isolation"
	if strings.Contains(version, "MariaDB") {
		name = "tx_isolation"
	}
	c.Params[name] = "'READ-COMMITTED'"
	return nil
}

// writeConnector makes connections without autocommit.
type writeConnector struct{ driver.Connector }

func (c writeConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return writeConn{conn.(mysqlConn)}, nil
}

// mysqlConn is what database/sql uses of the driver's connections, but for driver.ConnBeginTx: without it a caller that
// asks for a level of isolation or for reading only is refused.
type mysqlConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

type writeConn struct{ mysqlConn }

// Begin sends nothing: the session is without autocommit. A connection that has died in the pool is found when it is taken out.
func (c writeConn) Begin() (driver.Tx, error) { return writeTx(c), nil }

type writeTx struct{ mysqlConn }

func (t writeTx) Commit() error   { return t.end("COMMIT") }
func (t writeTx) Rollback() error { return t.end("ROLLBACK") }

func (t writeTx) end(how string) error {
	_, err := t.ExecContext(context.Background(), how, nil)
	return err
}
