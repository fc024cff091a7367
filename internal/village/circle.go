package village

import (
	"context"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Circle is whom a household consists of, and who answers for it, on a day.
type Circle struct {
	Size   int     // members
	Adults int     // of them, 18 years or older; an unknown birthday counts as one
	Head   id.ID   // the householder, 0 if none
	Linked []id.ID // members of other households who answer for this one, sorted
}

// adult is the age from which a member counts as one.
const adult = 18

// Circles tells of households as they were on a day, in one statement. Those that are not in the village are missing.
func (s *Service) Circles(ctx context.Context, village id.ID, day clock.Day, households []id.ID) (map[id.ID]*Circle, error) {
	out := make(map[id.ID]*Circle, len(households))
	for chunk := range storage.Chunks(households, MaxSubjects) {
		if err := s.circles(ctx, village, day, storage.Padded(chunk), out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) circles(ctx context.Context, village id.ID, day clock.Day, households []id.ID, out map[id.ID]*Circle) error {
	in := storage.In(len(households))
	rows, err := s.db.Query(ctx, `SELECT b.household_id, b.member_id, b.relation, m.born_on, 0
		FROM memberships b JOIN members m ON m.id = b.member_id
		WHERE b.household_id IN `+in+` AND b.village_id = ? AND b.from_day <= ? AND b.to_day > ?
		UNION ALL SELECT l.household_id, l.member_id, '', 0, 1 FROM links l
		WHERE l.household_id IN `+in+` AND l.village_id = ? AND l.from_day <= ? AND l.to_day > ? ORDER BY 1, 2`,
		append(append(append(storage.Args(households), village, day, day), storage.Args(households)...), village, day, day)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var household, member id.ID
		var relation string
		var born clock.Day
		var linked int
		if err := rows.Scan(&household, &member, &relation, &born, &linked); err != nil {
			return err
		}
		c := out[household]
		if c == nil {
			c = &Circle{}
			out[household] = c
		}
		if linked != 0 {
			c.Linked = append(c.Linked, member)
			continue
		}
		c.Size++
		if born == 0 || day >= clock.MakeDay(born.Year()+adult, born.Month(), born.Dom()) {
			c.Adults++
		}
		if relation == Head {
			c.Head = member
		}
	}
	return rows.Err()
}
