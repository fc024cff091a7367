package storage

import (
	"database/sql"
	"fmt"
	"testing"
)

// Batches of every length, each text seen once, do not keep a query that comes again and again from being prepared.
func TestBatchesDoNotFillTheStatementCache(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var c stmtCache
	defer c.close()
	for n := range 3 * maxStmts {
		c.want(t.Context(), db, fmt.Sprintf("SELECT %d", n))
	}
	if len(c.byText) > maxStmts {
		t.Errorf("%d texts are kept", len(c.byText))
	}
	const hot = "SELECT 'hot'"
	for range 2 {
		c.want(t.Context(), db, hot)
	}
	if c.get(hot) == nil {
		t.Error("a query in use is not prepared")
	}
	for n := range 2 * maxStmts { // prepared ones stay
		c.want(t.Context(), db, fmt.Sprintf("SELECT 1, %d", n))
	}
	if c.get(hot) == nil {
		t.Error("a prepared query was thrown out")
	}
}
