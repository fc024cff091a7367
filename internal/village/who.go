package village

import (
	"context"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Known is what the register says of a household or member on a day.
type Known struct {
	States []string
	BornOn clock.Day
	Size   int // of a household
	Adults int // of them, 18 years or older
}

// Who is what the register says of every household and member of a village on a day, by id: for trying rules on a whole
// village at once.
func (s *Service) Who(ctx context.Context, village id.ID, day clock.Day) (map[id.ID]Known, error) {
	rows, err := s.db.Query(ctx, `SELECT 1, household_id, member_id, relation, 0 FROM memberships WHERE village_id = ? AND from_day <= ? AND to_day > ?
		UNION ALL SELECT 2, id, 0, '', born_on FROM members WHERE village_id = ?
		UNION ALL SELECT 3, household_id, 0, value, 0 FROM household_states WHERE village_id = ? AND from_day <= ? AND to_day > ?
		UNION ALL SELECT 3, member_id, 0, value, 0 FROM member_states WHERE village_id = ? AND from_day <= ? AND to_day > ?`,
		village, day, day, village, village, day, day, village, day, day)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out, homes := map[id.ID]Known{}, map[id.ID]id.ID{}
	for rows.Next() {
		var kind int
		var of, member id.ID
		var text string
		var born clock.Day
		if err := rows.Scan(&kind, &of, &member, &text, &born); err != nil {
			return nil, err
		}
		w := out[of]
		switch kind {
		case 1:
			homes[member] = of
			w.Size++
		case 2:
			w.BornOn = born
		default:
			w.States = append(w.States, text)
		}
		out[of] = w
	}
	for member, home := range homes {
		born := out[member].BornOn
		if born == 0 || day >= clock.MakeDay(born.Year()+adult, born.Month(), born.Dom()) {
			w := out[home]
			w.Adults++
			out[home] = w
		}
	}
	return out, rows.Err()
}
