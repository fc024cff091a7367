package storage

import (
	"context"
	"database/sql"
	"maps"
	"sync"
	"sync/atomic"
)

// A query text is prepared at its second use and kept; texts past these bounds (generated lists) go unprepared, so the
// cache cannot grow with the data, but for the blocks of Insert, which are one text a table. When it is full, texts that were seen once (batches, each of another
// length) make room, so that they keep nothing hot out.
const (
	maxStmts    = 400
	maxStmtText = 4 << 10
)

type stmtCache struct {
	mu     sync.RWMutex
	byText map[string]*sql.Stmt // nil value: seen once
	closed bool
}

func (c *stmtCache) get(query string) *sql.Stmt {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byText[query]
}

// want notes a use of the query and prepares it at the second. It must not be called while this goroutine holds the
// pool's only connection.
func (c *stmtCache) want(ctx context.Context, db *sql.DB, query string) {
	c.mu.Lock()
	if c.byText == nil {
		c.byText = map[string]*sql.Stmt{}
	}
	s, seen := c.byText[query]
	if !seen && len(c.byText) >= maxStmts {
		maps.DeleteFunc(c.byText, func(_ string, s *sql.Stmt) bool { return s == nil })
	}
	if c.closed || s != nil || (!seen && len(c.byText) >= maxStmts) {
		c.mu.Unlock()
		return
	}
	if !seen {
		c.byText[query] = nil
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	s, err := db.PrepareContext(ctx, query)
	if err != nil {
		return // the plain form still answers
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.byText[query] != nil {
		s.Close()
		return
	}
	c.byText[query] = s
}

func (c *stmtCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, s := range c.byText {
		if s != nil {
			s.Close()
		}
	}
	c.byText = nil
}

type countKey struct{}

// CountStatements returns a context under which every statement sent is counted: for the tests that hold a budget.
func CountStatements(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
