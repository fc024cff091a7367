package standing

import (
	"fmt"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Rehome puts the tags of a village that is merged under the one that continues: what stood against an account stands on.
func Rehome(tx *storage.Tx, from, into id.ID) error {
	if _, err := tx.Exec("UPDATE tags SET village_id = ? WHERE village_id = ?", into, from); err != nil {
		return fmt.Errorf("rehome tags: %w", err)
	}
	return nil
}
