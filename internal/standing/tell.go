package standing

import (
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// tellLifted tells the households of accounts, for each account once, that something no longer stands against it. Groups and
// teams have nobody to tell.
func tellLifted(tx *storage.Tx, accounts []id.ID, words string, on clock.Day, at time.Time) error {
	for some := range storage.Chunks(accounts, storage.ChunkRows/2) {
		whom := map[id.ID]message.Message{}
		rows, err := tx.Query("SELECT h.id, h.village_id, h.id, 0 FROM households h WHERE h.id IN "+storage.In(len(some))+
			" UNION ALL SELECT m.member_id, m.village_id, m.household_id, m.member_id FROM memberships m WHERE m.member_id IN "+storage.In(len(some))+" AND m.from_day <= ? AND m.to_day > ?",
			append(storage.Args(some, storage.Args(some)...), on, on)...)
		if err != nil {
			return fmt.Errorf("read whom to tell: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var of id.ID
			m := message.Message{Kind: message.Lifted, At: at, Title: "限制已解除", Body: words}
			if err := rows.Scan(&of, &m.Village, &m.Household, &m.Member); err != nil {
				return fmt.Errorf("read whom to tell: %w", err)
			}
			m.About = message.About{Kind: "tag", ID: of}
			whom[of] = m
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read whom to tell: %w", err)
		}
		rows.Close()
		ms := make([]message.Message, 0, len(some))
		for _, a := range some {
			if m, ok := whom[a]; ok {
				ms = append(ms, m)
			}
		}
		if err := message.Tell(tx, ms...); err != nil {
			return err
		}
	}
	return nil
}
