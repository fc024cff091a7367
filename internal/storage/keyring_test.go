package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newKeyring(t *testing.T) *Keyring {
	t.Helper()
	k, err := CreateKeyring(filepath.Join(t.TempDir(), "sub", "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyringSealsForOneRowOnly(t *testing.T) {
	k := newKeyring(t)
	sealed, err := k.Seal("members", "phone_enc", 7, "13900001111")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("13900001111")) {
		t.Fatal("plain text in the sealed value")
	}
	if got, err := k.Open("members", "phone_enc", 7, sealed); err != nil || got != "13900001111" {
		t.Fatalf("open = %q, %v", got, err)
	}
	again, _ := k.Seal("members", "phone_enc", 7, "13900001111")
	if bytes.Equal(sealed, again) {
		t.Fatal("two seals of one value are equal")
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, try := range map[string]func() (string, error){
		"other row":    func() (string, error) { return k.Open("members", "phone_enc", 8, sealed) },
		"other column": func() (string, error) { return k.Open("members", "idno_enc", 7, sealed) },
		"other table":  func() (string, error) { return k.Open("users", "phone_enc", 7, sealed) },
		"changed":      func() (string, error) { return k.Open("members", "phone_enc", 7, flipped) },
		"cut":          func() (string, error) { return k.Open("members", "phone_enc", 7, sealed[:10]) },
		"other form":   func() (string, error) { return k.Open("members", "phone_enc", 7, append([]byte{9}, sealed[1:]...)) },
	} {
		got, err := try()
		if !errors.Is(err, ErrTampered) || got != "" || strings.Contains(err.Error(), "139") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if empty, err := k.Seal("members", "phone_enc", 7, ""); err != nil || len(empty) != 0 || empty == nil {
		t.Errorf("empty text: %v, %v", empty, err)
	}
	if got, err := k.Open("members", "phone_enc", 7, nil); got != "" || err != nil {
		t.Errorf("open of nothing: %q, %v", got, err)
	}
}

func TestKeyringIndex(t *testing.T) {
	k := newKeyring(t)
	want := k.Index(IndexPhone, "13900001111")
	if len(want) != 32 {
		t.Fatalf("%d bytes", len(want))
	}
	for _, same := range []string{"+86 139 0000 1111", "139-0000-1111", "008613900001111", " 13900001111 "} {
		if !bytes.Equal(want, k.Index(IndexPhone, same)) {
			t.Errorf("%q has another index", same)
		}
	}
	if !bytes.Equal(k.Index(IndexIDNo, "52010119700101123x"), k.Index(IndexIDNo, "52010119700101123X")) {
		t.Error("x and X differ")
	}
	if bytes.Equal(want, k.Index(IndexIDNo, "13900001111")) || bytes.Equal(want, k.Index(IndexPhone, "13900001112")) {
		t.Error("different values or kinds meet")
	}
	if len(k.Index(IndexPhone, " ")) != 0 {
		t.Error("an empty text has an index")
	}
	if bytes.Equal(want, newKeyring(t).Index(IndexPhone, "13900001111")) {
		t.Error("the index does not depend on the key")
	}
}

func TestKeyringRotate(t *testing.T) {
	k := newKeyring(t)
	other, err := LoadKeyring(k.path) // a server that runs while the keys are rotated elsewhere
	if err != nil {
		t.Fatal(err)
	}
	old, _ := k.Seal("t", "c", 1, "before")
	index := k.Index(IndexPhone, "13900001111")
	key, err := k.Rotate()
	if err != nil || key != 2 {
		t.Fatalf("rotate: %d, %v", key, err)
	}
	fresh, _ := k.Seal("t", "c", 1, "after")
	if !k.Stale(old) || k.Stale(fresh) || k.Stale(nil) {
		t.Error("stale values are not told from fresh ones")
	}
	for _, ring := range []*Keyring{k, other} {
		if got, err := ring.Open("t", "c", 1, old); got != "before" || err != nil {
			t.Errorf("old value: %q, %v", got, err)
		}
		if got, err := ring.Open("t", "c", 1, fresh); got != "after" || err != nil {
			t.Errorf("new value: %q, %v", got, err)
		}
	}
	if !bytes.Equal(index, k.Index(IndexPhone, "13900001111")) {
		t.Error("rotation changed the index")
	}
	foreign, _ := newKeyring(t).Seal("t", "c", 1, "x")
	foreign[4] = 99
	if _, err := k.Open("t", "c", 1, foreign); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("foreign key: %v", err)
	}
	if info, err := os.Stat(k.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode after rotation: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(k.path), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestKeyringFile(t *testing.T) {
	k := newKeyring(t)
	if _, err := CreateKeyring(k.path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("existing file: %v", err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o606, 0o700} {
		if err := os.Chmod(k.path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeyring(k.path); !errors.Is(err, ErrKeysMode) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if _, err := LoadKeyring(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	for name, content := range map[string]string{
		"no json":    "current: 1",
		"empty":      "{}",
		"no current": `{"current":2,"keys":[{"id":1,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}],"index":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`,
		"short key":  `{"current":1,"keys":[{"id":1,"key":"AAAA"}],"index":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`,
		"no index":   `{"current":1,"keys":[{"id":1,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`,
	} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeyring(path); !errors.Is(err, ErrKeysInvalid) || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyringCreatedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	got := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			k, err := LoadOrCreateKeyring(path)
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = k.Index(IndexPhone, "1")
		})
	}
	wg.Wait()
	for _, g := range got {
		if !bytes.Equal(g, got[0]) {
			t.Fatal("starters hold different keys")
		}
	}
}

func TestKeyringInMemory(t *testing.T) {
	k := MemoryKeyring()
	sealed, err := k.Seal("t", "c", 1, "x")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open("t", "c", 1, sealed); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	sealed[4] = 9
	if _, err := k.Open("t", "c", 1, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
}
