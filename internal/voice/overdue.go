package voice

import (
	"context"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// raise shows a voice to the town, and tells it and the village.
func raise(tx *storage.Tx, v *Voice, why string, at time.Time, words string) error {
	today := clock.DayOf(at)
	n, err := tx.Exec("UPDATE voices SET raised_on = ?, raised_why = ? WHERE id = ? AND raised_on = 0", today, why, v.ID)
	if err != nil {
		return fmt.Errorf("raise voice: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := step(tx, v.ID, 0, clock.Ms(at), "raised", words); err != nil {
		return err
	}
	m := message.Message{Village: v.Village, Kind: message.Waiting, At: at, Title: "有一条" + names[v.Kind] + words, Body: "已转到镇里，请尽快书面答复。", About: message.About{Kind: "voice", ID: v.ID}}
	if !v.ToTown {
		if err := message.Tell(tx, m); err != nil {
			return err
		}
	}
	return tellTown(tx, v.Village, today, m)
}

// RaiseOverdue shows the town what was not answered in time, and answers how many. Each is raised once: it may be run twice,
// on several servers and again after a kill.
func (s *Service) RaiseOverdue(ctx context.Context) (int, error) {
	total := 0
	for {
		at := s.now()
		today := clock.DayOf(at)
		late, err := s.late(ctx, today)
		if err != nil || len(late) == 0 {
			return total, err
		}
		for _, voice := range late {
			err := s.db.InTx(ctx, func(tx *storage.Tx) error {
				n, err := tx.Exec("UPDATE voices SET state = state WHERE id = ? AND state = 'open' AND raised_on = 0", voice)
				if err != nil || n == 0 {
					return err
				}
				list, err := scan(tx.Query(selectVoice+"WHERE v.id = ?", voice))
				if err != nil || len(list) == 0 {
					return err
				}
				return raise(tx, &list[0], Overdue, at, "超过期限没有答复")
			})
			if err != nil {
				return total, err
			}
			total++
		}
	}
}

func (s *Service) late(ctx context.Context, today clock.Day) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM voices WHERE state = 'open' AND raised_on = 0 AND due_on < ? ORDER BY due_on LIMIT 100", today)
	if err != nil {
		return nil, fmt.Errorf("find overdue voices: %w", err)
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var v id.ID
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Rehome puts the voices of a village that is merged under the one that continues.
func Rehome(tx *storage.Tx, from, into id.ID) error {
	if _, err := tx.Exec("UPDATE voices SET village_id = ? WHERE village_id = ?", into, from); err != nil {
		return fmt.Errorf("rehome voices: %w", err)
	}
	return nil
}
