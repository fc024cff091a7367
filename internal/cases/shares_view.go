package cases

import (
	"context"
	"fmt"

	"hefen/internal/id"
)

// sharesOf are what a case counts for others, with their names.
func (s *Service) sharesOf(ctx context.Context, caseID id.ID) ([]ShareView, error) {
	rows, err := s.db.Query(ctx, `SELECT s.role, s.account_id, s.counted, COALESCE(m.name, h.name, g.name, '') FROM case_shares s
		LEFT JOIN members m ON m.id = s.member_id LEFT JOIN households h ON h.id = s.household_id LEFT JOIN regions g ON g.id = s.account_id
		WHERE s.case_id = ? ORDER BY s.line`, caseID)
	if err != nil {
		return nil, fmt.Errorf("read shares: %w", err)
	}
	defer rows.Close()
	var out []ShareView
	for rows.Next() {
		var v ShareView
		if err := rows.Scan(&v.Role, &v.Account, &v.Points, &v.Name); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
