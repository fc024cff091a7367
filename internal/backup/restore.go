package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hefen/internal/config"
)

// maxManifest bounds the manifest's size: half a million photos.
const maxManifest = 64 << 20

// Restored says what was done.
type Restored struct {
	Manifest Manifest
	Aside    []string // what lay there before and was moved, with --force
}

// Restore puts a backup in the configured places. Everything is unpacked beside them and checked against its hash
// before anything is moved. It refuses where there is data, unless force: then that is renamed, never deleted.
// newest is the newest migration the program knows; the caller brings the schema up and audits afterwards.
func Restore(ctx context.Context, cfg config.Config, from string, newest int64, force bool, at time.Time) (r Restored, err error) {
	if cfg.Database.Engine != config.SQLite {
		return r, ErrEngine
	}
	release, err := holdAlone(cfg)
	if err != nil {
		return r, err
	}
	defer release()
	old, err := present(cfg)
	if err != nil {
		return r, err
	}
	if len(old) > 0 && !force {
		return r, fmt.Errorf("%s: %w", strings.Join(old, ", "), ErrNotEmpty)
	}
	work, err := os.MkdirTemp(filepath.Dir(cfg.Database.Path), ".restore-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(work)
	if r.Manifest, err = unpack(ctx, from, work); err != nil {
		return r, fmt.Errorf("%s: %w", from, err)
	}
	schema, err := schemaOf(ctx, filepath.Join(work, databaseName))
	if err != nil {
		return r, fmt.Errorf("%s: %w: %w", from, ErrBroken, err)
	}
	if schema > newest {
		return r, fmt.Errorf("schema %d, this program knows %d: %w", schema, newest, ErrNewer)
	}
	for _, path := range old {
		aside := path + ".before-" + at.UTC().Format("20060102-150405")
		if strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") { // SQLite finds them by the name of the database
			i := len(path) - len("-wal")
			aside = path[:i] + ".before-" + at.UTC().Format("20060102-150405") + path[i:]
		}
		if err := os.Rename(path, aside); err != nil {
			return r, err
		}
		r.Aside = append(r.Aside, aside)
	}
	return r, place(cfg, work)
}

// present lists what a restore would have to move: the database with its companions, and a folder with photos.
func present(cfg config.Config) ([]string, error) {
	var old []string
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if _, err := os.Lstat(cfg.Database.Path + suffix); err == nil {
			old = append(old, cfg.Database.Path+suffix)
		}
	}
	entries, err := os.ReadDir(cfg.Photos.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(entries) > 0 {
		old = append(old, cfg.Photos.Dir)
	}
	return old, nil
}

func place(cfg config.Config, work string) error {
	photos := filepath.Join(work, strings.TrimSuffix(photosPrefix, "/"))
	if _, err := os.Stat(photos); err == nil {
		if err := os.MkdirAll(filepath.Dir(cfg.Photos.Dir), 0o700); err != nil {
			return err
		}
		if err := os.Remove(cfg.Photos.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty folder
			return err
		}
		if err := os.Rename(photos, cfg.Photos.Dir); err != nil {
			return err
		}
	}
	return os.Rename(filepath.Join(work, databaseName), cfg.Database.Path) // last: with it the restore is done
}

// unpack writes the members of a backup into a folder and compares each with the manifest.
func unpack(ctx context.Context, from, into string) (m Manifest, err error) {
	in, err := os.Open(from)
	if err != nil {
		return m, err
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		return m, fmt.Errorf("%w: not a backup of hefen", ErrBroken)
	}
	tape := tar.NewReader(zip)
	if m, err = readManifest(tape); err != nil {
		return m, err
	}
	want := map[string]File{}
	for _, f := range m.Files {
		want[f.Name] = f
	}
	for {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		h, err := tape.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return m, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		f, ok := want[h.Name]
		if !ok || h.Typeflag != tar.TypeReg || !clean(h.Name) {
			return m, fmt.Errorf("%w: %q is not in its manifest", ErrBroken, h.Name)
		}
		delete(want, h.Name)
		if err := take(tape, f, filepath.Join(into, filepath.FromSlash(h.Name))); err != nil {
			return m, err
		}
	}
	for name := range want {
		return m, fmt.Errorf("%w: %s is missing", ErrBroken, name)
	}
	return m, nil
}

func readManifest(tape *tar.Reader) (m Manifest, err error) {
	h, err := tape.Next()
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return m, fmt.Errorf("%w: it does not begin with a manifest", ErrBroken)
	}
	if err := json.NewDecoder(io.LimitReader(tape, maxManifest)).Decode(&m); err != nil {
		return m, fmt.Errorf("%w: manifest: %w", ErrBroken, err)
	}
	if m.Format > format {
		return m, fmt.Errorf("format %d: %w", m.Format, ErrNewer)
	}
	return m, nil
}

// clean reports whether a name is one that Create writes: nothing may leave the folder.
func clean(name string) bool {
	return name == databaseName || strings.HasPrefix(name, photosPrefix) && filepath.IsLocal(filepath.FromSlash(name))
}

func take(r io.Reader, f File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), io.LimitReader(r, f.Size+1))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBroken, f.Name, err)
	}
	if n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%w: %s is not what was saved", ErrBroken, f.Name)
	}
	return errors.Join(out.Sync(), out.Close())
}
