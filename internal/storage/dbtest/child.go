package dbtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hefen/internal/config"
	"hefen/internal/storage"
)

// childEnv holds the order of a child; a test binary that finds it does the work instead of running its tests.
const childEnv = "HEFEN_TEST_CHILD"

// Main is the TestMain of a package whose tests kill a server in the middle of its work: the server is the test binary once
// more, which does work as it is ordered. Order must survive JSON.
func Main[Order any](m *testing.M, work func(Order) error) {
	text := os.Getenv(childEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var order Order
	err := json.Unmarshal([]byte(text), &order)
	if err == nil {
		err = work(order)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Heard is told each line that a child writes and may have it killed after a moment, 0: at once. Lines that were still on
// their way are told after that too: the child did what they say.
type Heard func(line string, kill func(after time.Duration))

// Kill runs a child with an order until it comes to its end or is killed, and reports whether it came to its end. A child that
// fails by itself fails the test with what it said.
func Kill(t *testing.T, order any, heard Heard) (ended bool) {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+string(text))
	var said strings.Builder
	child.Stderr = &said
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill := func(after time.Duration) {
		if after > 0 {
			time.AfterFunc(after, func() { _ = child.Process.Kill() })
			return
		}
		_ = child.Process.Kill()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		heard(lines.Text(), kill)
	}
	err = child.Wait()
	if child.ProcessState.Exited() && err != nil {
		t.Fatalf("the child failed by itself: %v\n%s", err, said.String())
	}
	return err == nil
}

// KillAfter is Heard for a child that is killed a moment after its first line.
func KillAfter(moment time.Duration) Heard {
	first := true
	return func(_ string, kill func(time.Duration)) {
		if first {
			first = false
			kill(moment)
		}
	}
}

// Shared is a fresh, migrated database that a child can open too, by OpenShared: its keys lie in a file.
func Shared(t *testing.T, engine storage.Dialect) (config.Database, *storage.DB) {
	t.Helper()
	cfg := Config(t, engine)
	cfg.KeysFile = filepath.Join(t.TempDir(), "keys.json")
	db := Connect(t, cfg)
	var err error
	if db.Keys, err = storage.LoadOrCreateKeyring(cfg.KeysFile); err != nil {
		t.Fatal(err)
	}
	return cfg, db
}

// OpenShared opens a database of Shared in a child.
func OpenShared(cfg config.Database) (*storage.DB, error) {
	db, err := storage.Open(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	db.Keys, err = storage.LoadOrCreateKeyring(cfg.KeysFile)
	return db, err
}
