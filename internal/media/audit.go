package media

import (
	"context"
	"fmt"

	"hefen/internal/storage"
)

// maxBroken is how many broken rows the audit names.
const maxBroken = 20

// Audit looks that each use is of a picture that is known and that the bytes of each kept picture are in the store (nil:
// not looked at). It answers how many rows were looked at and names those that are broken.
func Audit(ctx context.Context, db *storage.DB, store Store) (rows int64, broken []string, err error) {
	name := func(format string, args ...any) {
		if len(broken) < maxBroken {
			broken = append(broken, fmt.Sprintf(format, args...))
		}
	}
	lost, err := db.Query(ctx, "SELECT u.id, u.media_id FROM media_uses u LEFT JOIN media m ON m.id = u.media_id WHERE m.id IS NULL LIMIT 20")
	if err != nil {
		return 0, nil, fmt.Errorf("audit photos: %w", err)
	}
	defer lost.Close()
	for lost.Next() {
		var use, media int64
		if err := lost.Scan(&use, &media); err != nil {
			return 0, nil, err
		}
		name("use %d is of photo %d, which is not there", use, media)
	}
	if err := lost.Err(); err != nil {
		return 0, nil, err
	}
	lost.Close()
	kept, err := db.Query(ctx, "SELECT hash FROM media WHERE state = 'kept' ORDER BY id")
	if err != nil {
		return 0, nil, fmt.Errorf("audit photos: %w", err)
	}
	defer kept.Close()
	for kept.Next() {
		var hash string
		if err := kept.Scan(&hash); err != nil {
			return rows, broken, err
		}
		rows++
		for _, small := range []bool{false, true} {
			key, err := keyOf(hash, small)
			if err != nil {
				name("photo with the hash %q", hash)
				continue
			}
			if store == nil {
				continue
			}
			ok, err := store.Has(ctx, key)
			if err != nil {
				return rows, broken, err
			}
			if !ok {
				name("photo %s is not in the store", key)
			}
		}
	}
	return rows, broken, kept.Err()
}
