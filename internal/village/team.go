package village

import (
	"context"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// ErrTeamTaken: the name is in use.
var ErrTeamTaken = errs.New(errs.Conflict, "village_team_taken", "已经有同名的队伍了，请换一个名称。")

// Team is a body with an account of its own, such as a dance troupe (队伍).
type Team struct {
	ID   id.ID     `json:"id"`
	Name string    `json:"name"`
	From clock.Day `json:"from_day"`
}

// AddTeam enters a team from w.On, today if zero.
func (s *Service) AddTeam(ctx context.Context, w Write, name string) (team id.ID, repeated bool, err error) {
	if !goodLabel(name, 20) {
		return 0, false, ErrInvalid.WithFields(errs.Field{Path: "name", Msg: "队伍名称应为1到20个字"})
	}
	day, err := s.day(w)
	if err != nil {
		return 0, false, err
	}
	made := s.db.NewID()
	return s.write(ctx, w, "village.team", []any{name}, made, func(tx *storage.Tx) error {
		var taken int // the village is locked
		if err := tx.QueryRow(`SELECT COUNT(*) FROM teams WHERE village_id = ? AND name = ? AND to_day = ?`, w.Village, name, clock.Forever).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return ErrTeamTaken
		}
		_, err := tx.Exec(`INSERT INTO teams (id, village_id, name, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?)`,
			made, w.Village, name, day, clock.Forever, w.By)
		if err != nil {
			return err
		}
		return s.opened(tx, w.Village, []Owner{{ID: made, Kind: OwnerTeam, Village: w.Village}})
	})
}

// Teams are those of a village that are there today.
func (s *Service) Teams(ctx context.Context, village id.ID) ([]Team, error) {
	rows, err := s.db.Query(ctx, `SELECT id, name, from_day FROM teams WHERE village_id = ? AND to_day = ? ORDER BY name LIMIT 500`, village, clock.Forever)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Team{}
	for rows.Next() {
		var t Team
		if err := rows.Scan(&t.ID, &t.Name, &t.From); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// Bodies tells of groups and teams, by their ids in any mixture, as they were on a day, in the order asked. ErrNotInForce,
// naming the positions, when one is missing or of another village.
func (s *Service) Bodies(ctx context.Context, village id.ID, day clock.Day, owners []id.ID) ([]Subject, error) {
	padded := storage.Padded(owners)
	in := storage.In(len(padded))
	rows, err := s.db.Query(ctx, `SELECT id, id, code, name FROM regions WHERE kind = 'group' AND id IN `+in+` AND village_id = ? AND from_day <= ? AND to_day > ?
		UNION ALL SELECT id, 0, '', name FROM teams WHERE id IN `+in+` AND village_id = ? AND from_day <= ? AND to_day > ?`,
		append(append(append(storage.Args(padded), village, day, day), storage.Args(padded)...), village, day, day)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[id.ID]*Subject{}
	for rows.Next() {
		r := Subject{Village: village, Status: Resident, Active: true}
		if err := rows.Scan(&r.Body, &r.Group, &r.Number, &r.Name); err != nil {
			return nil, err
		}
		found[r.Body] = &r
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return inOrder(found, owners)
}
