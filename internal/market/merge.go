package market

import (
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Rehome is what becomes of the shops when a village is merged into another: those it owned belong to the village that
// continues, with stock and books, and every shop that served it serves that one from the day on. A shop whose name is
// taken there gets its number behind it.
func Rehome(tx *storage.Tx, from, into, by id.ID, on clock.Day) error {
	if err := renameTaken(tx, from, into); err != nil {
		return err
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{"UPDATE shops SET owner_id = ?, rev = rev + 1 WHERE owner_id = ?", []any{into, from}},
		{"INSERT INTO shop_villages (shop_id, village_id, from_day, to_day, set_by) SELECT shop_id, ?, ?, ?, ? FROM shop_villages o WHERE village_id = ? AND to_day > ? AND from_day <= ? " +
			"AND shop_id NOT IN (SELECT shop_id FROM shop_villages WHERE village_id = ? AND to_day > ?)", []any{into, on, clock.Forever, by, from, on, on, into, on}},
		{"UPDATE shop_villages SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END WHERE village_id = ? AND to_day > ?", []any{on, on, from, on}},
	} {
		if _, err := tx.Exec(q.text, q.args...); err != nil {
			return fmt.Errorf("rehome shops: %w", err)
		}
	}
	return nil
}

// renameTaken gives shops of a village whose names another village's shops have a name of their own.
func renameTaken(tx *storage.Tx, from, into id.ID) error {
	rows, err := tx.Query("SELECT o.id, o.name FROM shops o JOIN shops t ON t.owner_id = ? AND t.name = o.name WHERE o.owner_id = ?", into, from)
	if err != nil {
		return fmt.Errorf("rehome shops: %w", err)
	}
	defer rows.Close()
	names := map[id.ID]string{}
	for rows.Next() {
		var shop id.ID
		var name string
		if err := rows.Scan(&shop, &name); err != nil {
			return err
		}
		names[shop] = name
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for shop, name := range names {
		number := "（" + shop.String() + "）"
		short := []rune(name)
		short = short[:min(len(short), 60-len([]rune(number)))]
		if _, err := tx.Exec("UPDATE shops SET name = ? WHERE id = ?", string(short)+number, shop); err != nil {
			return fmt.Errorf("rename shop: %w", err)
		}
	}
	return nil
}
