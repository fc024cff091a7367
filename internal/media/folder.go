package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Folder is a store in a local folder, two levels of subfolders by the first digits of the key. A file appears whole or
// not at all, and once Put has returned it survives a loss of power.
type Folder struct{ dir string }

const (
	unfinished    = ".part-"
	unfinishedAge = 24 * time.Hour
)

// NewFolder makes the folder if need be and removes what a crash left half-written in it long ago.
func NewFolder(dir string) (*Folder, error) {
	if dir == "" {
		return nil, errors.New("photos: no folder is named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("photos: %w", err)
	}
	f := &Folder{dir}
	left, err := filepath.Glob(filepath.Join(dir, unfinished+"*"))
	if err != nil {
		return nil, fmt.Errorf("photos: %w", err)
	}
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > unfinishedAge {
			_ = os.Remove(name) // another start tries again
		}
	}
	return f, nil
}

func (f *Folder) path(key string) string {
	return filepath.Join(f.dir, key[:2], key[2:4], key)
}

// Put writes a file of its own, flushes it and names it into place; the folders on the way are flushed too.
func (f *Folder) Put(_ context.Context, key string, data []byte) (err error) {
	path := f.path(key)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(data)) {
		return nil
	}
	if err := f.makeFolders(filepath.Dir(path)); err != nil {
		return fmt.Errorf("store photo: %w", err)
	}
	tmp, err := os.CreateTemp(f.dir, unfinished+"*")
	if err != nil {
		return fmt.Errorf("store photo: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("store photo: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("store photo: %w", err)
	}
	return flush(filepath.Dir(path))
}

func (f *Folder) makeFolders(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(flush(filepath.Dir(dir)), flush(f.dir))
}

func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads a file.
func (f *Folder) Get(_ context.Context, key string) ([]byte, error) {
	data, err := os.ReadFile(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotStored
	}
	return data, err
}

// Has reports whether there is a file.
func (f *Folder) Has(_ context.Context, key string) (bool, error) {
	_, err := os.Stat(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes a file.
func (f *Folder) Delete(_ context.Context, key string) error {
	path := f.path(key)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := flush(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "no such file") {
		return nil
	}
	return err
}
