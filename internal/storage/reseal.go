package storage

import (
	"context"
	"fmt"

	"hefen/internal/id"
)

// SealedColumn names a column of sealed values in a table whose key is id. Packages that keep such columns list them in
// a variable Sealed.
type SealedColumn struct{ Table, Column string }

// resealBatch rows are read and written at a time.
const resealBatch = 200

// Reseal walks the columns and seals anew what was sealed with another key than the current one, so that an old key can
// be taken out of the keys file afterwards. It may be stopped and started again at any point, and runs beside a working
// server: a value that changes meanwhile is left as it is. done, if not nil, is told the number resealed so far.
func (d *DB) Reseal(ctx context.Context, columns []SealedColumn, done func(n int)) (n int, err error) {
	for _, c := range columns {
		for after := id.ID(0); ; {
			last, changed, err := d.resealBatch(ctx, c, after)
			if err != nil {
				return n, fmt.Errorf("reseal %s.%s after row %d: %w", c.Table, c.Column, after, err)
			}
			if n += changed; done != nil && changed > 0 {
				done(n)
			}
			if last == 0 {
				break
			}
			after = last
		}
	}
	return n, nil
}

// resealBatch does the rows after one id and answers the last it saw, 0 at the end of the table.
func (d *DB) resealBatch(ctx context.Context, c SealedColumn, after id.ID) (last id.ID, changed int, err error) {
	err = d.InTx(ctx, func(tx *Tx) error {
		last, changed = 0, 0
		stale, seen, err := d.stale(tx, c, after)
		if err != nil {
			return err
		}
		last = seen
		for row, old := range stale {
			plain, err := d.Keys.Open(c.Table, c.Column, row, old)
			if err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
			fresh, err := d.Keys.Seal(c.Table, c.Column, row, plain)
			if err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
			hit, err := tx.Exec("UPDATE "+c.Table+" SET "+c.Column+" = ? WHERE id = ? AND "+c.Column+" = ?", fresh, row, old)
			if err != nil {
				return err
			}
			changed += int(hit)
		}
		return nil
	})
	return last, changed, err
}

func (d *DB) stale(tx *Tx, c SealedColumn, after id.ID) (map[id.ID][]byte, id.ID, error) {
	rows, err := tx.Query("SELECT id, "+c.Column+" FROM "+c.Table+" WHERE id > ? ORDER BY id LIMIT ?", after, resealBatch)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	stale := map[id.ID][]byte{}
	var last id.ID
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&last, &value); err != nil {
			return nil, 0, err
		}
		if d.Keys.Stale(value) {
			stale[last] = value
		}
	}
	return stale, last, rows.Err()
}
