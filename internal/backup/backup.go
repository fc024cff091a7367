// Package backup saves and restores an installation on the embedded default: one file with a snapshot of the database,
// the photos and a manifest with the hash of each. The keys of the encrypted columns are never in it: who finds a backup
// must not find the key to it.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the snapshot is made through its own connection

	"hefen/internal/config"
)

// Errors that a person can do something about.
var (
	ErrEngine   = errors.New("backup and restore are for the embedded database; for MariaDB and MySQL see docs/operations.md (mariadb-dump --single-transaction)")
	ErrExists   = errors.New("there is a file of that name already; choose another")
	ErrBroken   = errors.New("the backup is damaged")
	ErrNotEmpty = errors.New("there is data already; --force moves it aside and restores in its place")
	ErrNewer    = errors.New("the backup comes from a newer program; restore it with that one or a later one")
	ErrRunning  = errors.New("the server is running on this data; stop it first")
)

// Manifest is the first member of a backup.
type Manifest struct {
	Format  int       `json:"format"` // of the backup itself: 1
	MadeAt  time.Time `json:"made_at"`
	Program string    `json:"program"`
	Schema  int64     `json:"schema"` // newest migration of the snapshot
	Files   []File    `json:"files"`
}

// File is one member: hefen.db or photos/….
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const (
	manifestName = "manifest.json"
	databaseName = "hefen.db"
	photosPrefix = "photos/"
	format       = 1
)

// Create writes a backup to the file to, which must not exist, while the server may be running. The database is read in
// one transaction; photos are never changed once written, so those of the snapshot are all there.
func Create(ctx context.Context, cfg config.Config, to, program string, at time.Time) (m Manifest, err error) {
	if cfg.Database.Engine != config.SQLite {
		return m, ErrEngine
	}
	if _, err := os.Lstat(to); err == nil {
		return m, fmt.Errorf("%s: %w", to, ErrExists)
	}
	if _, err := os.Stat(cfg.Database.Path); err != nil {
		return m, fmt.Errorf("no database to save: %w", err)
	}
	part := to + ".part"
	snapshot := to + ".snapshot"
	defer os.Remove(part)
	defer os.Remove(snapshot)
	if m, err = takeSnapshot(ctx, cfg.Database.Path, snapshot); err != nil {
		return m, err
	}
	m.Format, m.Program, m.MadeAt = format, program, at.UTC().Truncate(time.Second)
	sources := map[string]string{databaseName: snapshot}
	if err := m.add(databaseName, snapshot); err != nil {
		return m, err
	}
	if err := m.addPhotos(cfg.Photos.Dir, sources); err != nil {
		return m, err
	}
	if err := m.write(ctx, part, sources); err != nil {
		return m, err
	}
	return m, os.Rename(part, to)
}

// takeSnapshot copies the database as of one instant, without stopping writers.
func takeSnapshot(ctx context.Context, path, to string) (m Manifest, err error) {
	_ = os.Remove(to) // left by a broken-off backup
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return m, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return m, fmt.Errorf("snapshot: %w", err)
	}
	if err := os.Chmod(to, 0o600); err != nil {
		return m, err
	}
	m.Schema, err = schemaOf(ctx, to)
	return m, err
}

// schemaOf is the newest migration applied in a database file.
func schemaOf(ctx context.Context, path string) (v int64, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version WHERE is_applied = 1").Scan(&v); err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	return v, nil
}

func (m *Manifest) add(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	m.Files = append(m.Files, File{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))})
	return nil
}

func (m *Manifest) addPhotos(dir string, sources map[string]string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return nil // no photo yet
		}
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := photosPrefix + filepath.ToSlash(rel)
		sources[name] = path
		return m.add(name, path)
	})
}

func (m *Manifest) write(ctx context.Context, to string, sources map[string]string) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	zip := gzip.NewWriter(out)
	tape := tar.NewWriter(zip)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := tape.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(head)), ModTime: m.MadeAt}); err != nil {
		return err
	}
	if _, err := tape.Write(head); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := putFile(tape, f, sources[f.Name], m.MadeAt); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return errors.Join(tape.Close(), zip.Close(), out.Sync(), out.Close())
}

func putFile(tape *tar.Writer, f File, path string, at time.Time) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := tape.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o600, Size: f.Size, ModTime: at}); err != nil {
		return err
	}
	_, err = io.Copy(tape, in) // a file that grew meanwhile is an error of tar: write too long
	return err
}
