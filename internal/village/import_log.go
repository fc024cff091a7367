package village

import (
	"encoding/json"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Kinds of files that are taken in.
const (
	RegisterFile = "register"
	OpeningFile  = "opening"
)

// ImportOnce makes a file that came with a request id count once: body is what the file and the request say, made the id
// under which NoteImport keeps its report, which a repeat gets back in earlier. Commands on the server send no id.
func ImportOnce(tx *storage.Tx, w Write, op string, body any, made id.ID, earlier any) (repeated bool, err error) {
	if w.RequestID == "" {
		return false, nil
	}
	made, repeated, err = tx.Once(w.By, w.RequestID, op, []any{w.Village, w.On, body}, made)
	if err != nil || !repeated {
		return false, err
	}
	var report string
	if err := tx.QueryRow(`SELECT report FROM imports WHERE id = ? AND village_id = ?`, made, w.Village).Scan(&report); err != nil {
		return false, fmt.Errorf("read import: %w", err)
	}
	return true, json.Unmarshal([]byte(report), earlier)
}

// NoteImport keeps the report of a file that was taken in, under an id that was made for it.
func NoteImport(tx *storage.Tx, w Write, kind string, made id.ID, on clock.Day, atMs int64, report any) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO imports (id, village_id, kind, on_day, report, made_by, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		made, w.Village, kind, on, string(text), w.By, atMs)
	if err != nil {
		return fmt.Errorf("note import: %w", err)
	}
	return nil
}
