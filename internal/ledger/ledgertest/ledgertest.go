// Package ledgertest audits the book at the end of a test.
package ledgertest

import (
	"context"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Audit fails the test if the ledger breaks a law.
func Audit(t testing.TB, db *storage.DB) {
	t.Helper()
	r, err := ledger.Audit(context.Background(), db)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	if !r.OK() {
		t.Fatalf("audit:\n%s", r)
	}
}
