package standing

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// tellLifted tells the household of an account that something no longer stands against it. Groups and teams have nobody to tell.
func tellLifted(tx *storage.Tx, account id.ID, words string, on clock.Day, at time.Time) error {
	m := message.Message{Kind: message.Lifted, At: at, Title: "限制已解除", Body: words, About: message.About{Kind: "tag", ID: account}}
	err := tx.QueryRow(`SELECT h.village_id, h.id, 0 FROM households h WHERE h.id = ?
		UNION ALL SELECT m.village_id, m.household_id, m.member_id FROM memberships m WHERE m.member_id = ? AND m.from_day <= ? AND m.to_day > ?`, account, account, on, on).
		Scan(&m.Village, &m.Household, &m.Member)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read whom to tell: %w", err)
	}
	return message.Tell(tx, m)
}
