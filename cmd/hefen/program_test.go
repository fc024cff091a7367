package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hefen/internal/config"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Keys are made for a new database and never for one whose numbers were sealed with others.
func TestKeysAreNotMadeTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		cfg := config.Default()
		cfg.Database.KeysFile = filepath.Join(t.TempDir(), "hefen.keys")
		p := &program{cfg: cfg, db: db}
		if err := p.loadKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
		small(t, db)
		if err := p.loadKeys(context.Background()); err != nil {
			t.Error("with its keys:", err)
		}
		if err := os.Remove(cfg.Database.KeysFile); err != nil {
			t.Fatal(err)
		}
		if err := p.loadKeys(context.Background()); err == nil || !strings.Contains(err.Error(), "put the copy there") {
			t.Errorf("without its keys: %v", err)
		}
		if _, err := os.Stat(cfg.Database.KeysFile); err == nil {
			t.Error("new keys were made")
		}
	})
}
