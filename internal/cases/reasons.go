package cases

import (
	"context"
	"encoding/json"
	"fmt"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Reasons are why cases count what they count, for the lines of a passbook that the caller may already see.
func (s *Service) Reasons(ctx context.Context, cs []id.ID) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	if len(cs) == 0 {
		return out, nil
	}
	cs = storage.Padded(cs)
	rows, err := s.db.Query(ctx, "SELECT id, reasons FROM cases WHERE id IN "+storage.In(len(cs)), storage.Args(cs)...)
	if err != nil {
		return nil, fmt.Errorf("read reasons: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c id.ID
		var text string
		var reasons []string
		if err := rows.Scan(&c, &text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &reasons); err != nil {
			return nil, fmt.Errorf("reasons of case %s: %w", c, err)
		}
		out[c] = reasons
	}
	return out, rows.Err()
}
