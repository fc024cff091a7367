package media

import (
	"context"
	"errors"
	"fmt"

	"hefen/internal/config"
)

// Store keeps the bytes of pictures under keys made of their hash. What lies under a key never changes, so putting it
// again does nothing. Folder and Bucket are its two implementations.
type Store interface {
	Put(ctx context.Context, key string, data []byte) error
	// Get returns ErrNotStored when there is nothing under the key.
	Get(ctx context.Context, key string) ([]byte, error)
	Has(ctx context.Context, key string) (bool, error)
	// Delete of what is not there is no error.
	Delete(ctx context.Context, key string) error
}

// ErrNotStored: nothing lies under the key.
var ErrNotStored = errors.New("not in the store")

// OpenStore is the store that the settings name: a bucket if one is, else the folder, which is made.
func OpenStore(cfg config.Photos) (Store, error) {
	if cfg.S3.Endpoint != "" {
		return NewBucket(cfg.S3)
	}
	return NewFolder(cfg.Dir)
}

// keyOf is where a picture lies in the store: nothing but hexadecimal digits and a fixed end, whatever is asked for.
func keyOf(hash string, small bool) (string, error) {
	if !isHash(hash) {
		return "", fmt.Errorf("%q is no hash", hash)
	}
	if small {
		return hash + "-s.jpg", nil
	}
	return hash + ".jpg", nil
}

func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
