package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hefen/internal/config"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

var at = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// installation is a database with a table of its own, and two photos.
func installation(t *testing.T) (config.Config, *storage.DB) {
	t.Helper()
	cfg := config.Default()
	cfg.Database = dbtest.Config(t, storage.SQLite)
	cfg.Database.Engine = config.SQLite
	cfg.Photos.Dir = filepath.Join(t.TempDir(), "photos")
	write(t, filepath.Join(cfg.Photos.Dir, "ab", "one.jpg"), "one")
	write(t, filepath.Join(cfg.Photos.Dir, "two.jpg"), "two")
	db := dbtest.Connect(t, cfg.Database)
	if _, err := db.SQL().Exec("CREATE TABLE notes (n INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	insert(t, db, 1)
	return cfg, db
}

func insert(t *testing.T, db *storage.DB, n int) {
	t.Helper()
	err := db.InTx(context.Background(), func(tx *storage.Tx) error {
		_, err := tx.Exec("INSERT INTO notes (n) VALUES (?)", n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// elsewhere is a second place with nothing in it.
func elsewhere(t *testing.T) config.Config {
	t.Helper()
	cfg := config.Default()
	dir := t.TempDir()
	cfg.Database.Path = filepath.Join(dir, "data", "hefen.db")
	cfg.Photos.Dir = filepath.Join(dir, "data", "photos")
	return cfg
}

func save(t *testing.T, cfg config.Config) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "b.tar.gz")
	if _, err := Create(context.Background(), cfg, to, "test", at); err != nil {
		t.Fatal(err)
	}
	return to
}

func newest(t *testing.T) int64 {
	t.Helper()
	n, err := storage.NewestMigration(storage.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A backup made while the server writes restores to one instant of it, with its photos.
func TestBackupAndRestoreWhileWriting(t *testing.T) {
	cfg, db := installation(t)
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 1
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
				n++
				err := db.InTx(context.Background(), func(tx *storage.Tx) error {
					_, err := tx.Exec("INSERT INTO notes (n) VALUES (?)", n)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		}
	}()
	to := save(t, cfg)
	close(stop)
	written := <-done

	there := elsewhere(t)
	done2, err := Restore(context.Background(), there, to, newest(t), false, at)
	if err != nil {
		t.Fatal(err)
	}
	if len(done2.Aside) != 0 || done2.Manifest.Program != "test" || len(done2.Manifest.Files) != 3 {
		t.Errorf("restored %+v", done2)
	}
	if got := read(t, filepath.Join(there.Photos.Dir, "ab", "one.jpg")); got != "one" {
		t.Errorf("photo %q", got)
	}
	copied := dbtest.Connect(t, there.Database)
	var count, last int
	if err := copied.QueryRow(context.Background(), "SELECT COUNT(*), MAX(n) FROM notes").Scan(&count, &last); err != nil {
		t.Fatal(err)
	}
	if count != last || count < 1 || count > written {
		t.Errorf("%d rows up to %d of %d written: not one instant", count, last, written)
	}
	entries, err := os.ReadDir(filepath.Dir(to))
	if err != nil || len(entries) != 1 {
		t.Errorf("left beside the backup: %v %v", entries, err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the backup: %v %v", info.Mode(), err)
	}
}

// The keys are nowhere in the backup, also when the keys file lies in the photos' parent.
func TestBackupHoldsNoKeys(t *testing.T) {
	cfg, _ := installation(t)
	keys := filepath.Join(filepath.Dir(cfg.Database.Path), "hefen.keys")
	if _, err := storage.CreateKeyring(keys); err != nil {
		t.Fatal(err)
	}
	for name := range members(t, save(t, cfg)) {
		if strings.Contains(name, "key") {
			t.Errorf("the backup holds %s", name)
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	cfg, _ := installation(t)
	to := save(t, cfg)
	if _, err := Create(context.Background(), cfg, to, "test", at); !errors.Is(err, ErrExists) {
		t.Errorf("over an existing file: %v", err)
	}
	if _, err := Create(context.Background(), elsewhere(t), to+"2", "test", at); err == nil {
		t.Error("saved nothing")
	}
	cfg.Database.Engine = config.MySQL
	if _, err := Create(context.Background(), cfg, to+"3", "test", at); !errors.Is(err, ErrEngine) {
		t.Errorf("on MySQL: %v", err)
	}
}

func TestRestoreOverData(t *testing.T) {
	cfg, _ := installation(t)
	to := save(t, cfg)
	db, err := storage.Open(context.Background(), cfg.Database)
	if err != nil {
		t.Fatal(err)
	}
	insert(t, db, 2)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(context.Background(), cfg, to, newest(t), false, at); !errors.Is(err, ErrNotEmpty) {
		t.Fatalf("over data: %v", err)
	}
	done, err := Restore(context.Background(), cfg, to, newest(t), true, at)
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Aside) < 2 || read(t, cfg.Photos.Dir+".before-20261121-080000/two.jpg") != "two" {
		t.Errorf("moved aside: %v", done.Aside)
	}
	rows := func(path string) int {
		c := cfg.Database
		c.Path = path
		var n int
		if err := dbtest.Connect(t, c).QueryRow(context.Background(), "SELECT COUNT(*) FROM notes").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if rows(cfg.Database.Path) != 1 || rows(cfg.Database.Path+".before-20261121-080000") != 2 {
		t.Error("the old data is not what was moved aside")
	}
}

func TestRestoreWhileServing(t *testing.T) {
	cfg, _ := installation(t)
	to := save(t, cfg)
	first, err := HoldShared(cfg)
	if err != nil {
		t.Fatal(err)
	}
	second, err := HoldShared(cfg)
	if err != nil {
		t.Fatal("two servers on one machine:", err)
	}
	second()
	if _, err := Restore(context.Background(), cfg, to, newest(t), true, at); !errors.Is(err, ErrRunning) {
		t.Errorf("while a server runs: %v", err)
	}
	first()
	if _, err := Restore(context.Background(), cfg, to, newest(t), true, at); err != nil {
		t.Error(err)
	}
}

func members(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, tape := map[string][]byte{}, tar.NewReader(zip)
	for {
		h, err := tape.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if all[h.Name], err = io.ReadAll(tape); err != nil {
			t.Fatal(err)
		}
	}
}

// pack writes members in order, the manifest first.
func pack(t *testing.T, m Manifest, files map[string][]byte, extra ...string) string {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	tape := tar.NewWriter(zip)
	put := func(name string, b []byte) {
		if err := tape.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tape.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	head, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	put(manifestName, head)
	for _, f := range m.Files {
		if b, ok := files[f.Name]; ok {
			put(f.Name, b)
		}
	}
	for _, name := range extra {
		put(name, []byte("x"))
	}
	if err := errors.Join(tape.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.tar.gz")
	write(t, path, out.String())
	return path
}

// Whatever is wrong with a backup, it is said and nothing is changed.
func TestRestoreBroken(t *testing.T) {
	cfg, _ := installation(t)
	good := save(t, cfg)
	files := members(t, good)
	var m Manifest
	if err := json.Unmarshal(files[manifestName], &m); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Manifest)) Manifest {
		c := m
		c.Files = append([]File{}, m.Files...)
		if change != nil {
			change(&c)
		}
		return c
	}
	altered := map[string][]byte{}
	for k, v := range files {
		altered[k] = v
	}
	altered["photos/two.jpg"] = []byte("TWO")
	missing := map[string][]byte{databaseName: files[databaseName]}
	half := filepath.Join(t.TempDir(), "half")
	write(t, half, read(t, good)[:len(read(t, good))/2])
	text := filepath.Join(t.TempDir(), "text")
	write(t, text, "not a backup")
	cases := []struct {
		name, path string
		newest     int64
		err        error
	}{
		{"not_a_backup", text, 999, ErrBroken},
		{"cut_short", half, 999, ErrBroken},
		{"photo_changed", pack(t, with(nil), altered), 999, ErrBroken},
		{"photo_missing", pack(t, with(nil), missing), 999, ErrBroken},
		{"more_than_the_manifest_says", pack(t, with(nil), files, "photos/three.jpg"), 999, ErrBroken},
		{"outside_the_folder", pack(t, with(func(m *Manifest) {
			m.Files = append(m.Files, File{Name: "photos/../../evil", Size: 1, SHA256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"})
		}), files, "photos/../../evil"), 999, ErrBroken},
		{"newer_format", pack(t, with(func(m *Manifest) { m.Format = 2 }), files), 999, ErrNewer},
		{"newer_schema", good, 1, ErrNewer},
		{"no_file", "/nowhere", 999, os.ErrNotExist},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			there := elsewhere(t)
			_, err := Restore(context.Background(), there, c.path, c.newest, false, at)
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			left, err := os.ReadDir(filepath.Dir(there.Database.Path))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range left {
				if e.Name() != "hefen.db.lock" {
					t.Errorf("left behind: %s", e.Name())
				}
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(there.Database.Path)), "evil")); err == nil {
				t.Error(fmt.Sprint("wrote outside the folder"))
			}
		})
	}
}
