package cases

import (
	"fmt"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Rehome puts the cases of a village that is merged, with their steps and inspections, under the one that continues. What
// was decided stands by the rules by which it was decided, and can be corrected there; what waits is decided by the rules
// of the village that continues.
func Rehome(tx *storage.Tx, from, into id.ID) error {
	for _, q := range []string{"UPDATE cases SET village_id = ? WHERE village_id = ?", "UPDATE case_events SET village_id = ? WHERE village_id = ?",
		"UPDATE inspections SET village_id = ? WHERE village_id = ?", "UPDATE case_shares SET village_id = ? WHERE village_id = ?",
		"UPDATE case_confirmations SET village_id = ? WHERE village_id = ?", "UPDATE case_votes SET village_id = ? WHERE village_id = ?",
		"UPDATE objections SET village_id = ? WHERE village_id = ?", "UPDATE case_tellings SET village_id = ? WHERE village_id = ?",
		"UPDATE case_details SET village_id = ? WHERE village_id = ?", "UPDATE case_claims SET village_id = ? WHERE village_id = ?"} {
		if _, err := tx.Exec(q, into, from); err != nil {
			return fmt.Errorf("rehome cases: %w", err)
		}
	}
	return nil
}
