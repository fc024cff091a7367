package access

import (
	"context"
	"fmt"
	"slices"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Officer is who serves a village, as a keeper at its counter knows them: by name and office.
type Officer struct {
	User     id.ID  `json:"user"`
	Name     string `json:"name"`
	RoleName string `json:"role_name"`

	Member id.ID `json:"-"` // who they are in the village's register; 0: they live elsewhere
}

// serving are the offices by which somebody is a cadre to the people of a village.
var serving = []Role{FirstSecretary, TeamMember, GroupLeader, VillageSupervisor}

// Officers are those who serve a village today as first secretary, in the team, as group leaders or supervisors, each once.
func (s *Service) Officers(ctx context.Context, in id.ID) ([]Officer, error) {
	list := []Officer{}
	day := s.today()
	rows, err := s.db.Query(ctx, `SELECT u.id, u.name, r.role, m.member_id
		FROM user_roles r JOIN users u ON u.id = r.user_id
		LEFT JOIN user_members m ON m.user_id = r.user_id AND m.village_id = r.village_id AND m.from_day <= ? AND m.to_day > ?
		WHERE r.village_id = ? AND r.from_day <= ? AND r.to_day > ? AND u.name <> '' ORDER BY u.id, r.id, m.id`, day, day, in, day, day)
	if err != nil {
		return nil, fmt.Errorf("officers: %w", err)
	}
	err = eachRow(rows, func() error {
		var o Officer
		var role Role
		if err := rows.Scan(&o.User, &o.Name, &role, storage.OrZero(&o.Member)); err != nil {
			return err
		}
		if o.RoleName = role.Name(); slices.Contains(serving, role) && (len(list) == 0 || list[len(list)-1].User != o.User) {
			list = append(list, o)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("officers: %w", err)
	}
	return list, nil
}
