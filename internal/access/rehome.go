package access

import (
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Rehome is what becomes of people when their village is merged into another: its offices end on the day, with the
// sessions of who held them, because the village that continues names its own; who stands for whom goes over, and so do
// requests to be bound that nobody has decided.
func Rehome(tx *storage.Tx, from, into, by id.ID, on clock.Day, atMs int64) error {
	for _, q := range []struct {
		text string
		args []any
	}{
		{"DELETE FROM sessions WHERE user_id IN (SELECT user_id FROM user_roles WHERE village_id = ? AND to_day > ?)", []any{from, on}},
		{"UPDATE user_roles SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END, ended_by = ?, ended_at = ? WHERE village_id = ? AND to_day > ?",
			[]any{on, on, by, atMs, from, on}},
		{"UPDATE user_members SET village_id = ? WHERE village_id = ?", []any{into, from}},
		{"UPDATE bindings SET village_id = ? WHERE village_id = ? AND state = 'pending'", []any{into, from}},
	} {
		if _, err := tx.Exec(q.text, q.args...); err != nil {
			return fmt.Errorf("rehome people: %w", err)
		}
	}
	return nil
}
