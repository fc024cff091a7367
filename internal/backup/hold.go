package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"hefen/internal/config"
)

// HoldShared marks the data as in use while a server runs on the embedded database, so that a restore refuses. It lasts
// until release or the end of the process, however that comes. On other engines there is nothing to hold.
func HoldShared(cfg config.Config) (release func(), err error) {
	if cfg.Database.Engine != config.SQLite {
		return func() {}, nil
	}
	return hold(cfg, syscall.LOCK_SH)
}

func holdAlone(cfg config.Config) (release func(), err error) { return hold(cfg, syscall.LOCK_EX) }

func hold(cfg config.Config, how int) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(cfg.Database.Path), 0o700); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	f, err := os.OpenFile(cfg.Database.Path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) && how == syscall.LOCK_EX {
			return nil, ErrRunning
		}
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("a restore is under way on this data; start the server when it has ended")
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return func() { f.Close() }, nil
}
