package standing

import (
	"context"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
)

// MaySeeFaults: the officials of a village, who look at faults again.
var MaySeeFaults = access.Need{Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary, access.VillageSupervisor}, Scope: access.Village}

// MaxFaults is how many open faults are listed.
const MaxFaults = 200

// Fault is something that was found wrong and has not been put right (待整改).
type Fault struct {
	Case      id.ID     `json:"case" doc:"the record that found it"`
	ItemName  string    `json:"item_name"`
	Reason    string    `json:"reason"`
	Household id.ID     `json:"household"`
	Number    string    `json:"number"`
	Name      string    `json:"name" doc:"of the household"`
	Since     clock.Day `json:"since"`
	Due       clock.Day `json:"due_on,omitempty" doc:"last day to put it right"`
	Overdue   bool      `json:"overdue"`
	Closable  bool      `json:"closable" doc:"the caller may close it: not the author of the record, not of an own or kin household"`
}

// Faults lists the open faults of a village, the first due first, one for each record.
func (s *Service) Faults(ctx context.Context, a access.Actor, village id.ID) ([]Fault, error) {
	if err := a.Allow(MaySeeFaults, access.Place{Village: village}); err != nil {
		return nil, err
	}
	today := clock.DayOf(s.now())
	rows, err := s.db.Query(ctx, `SELECT t.case_id, c.item_name, t.reason, c.household_id, COALESCE(h.number, ''), COALESCE(h.name, ''), t.from_day, t.due_on, c.author
		FROM tags t JOIN cases c ON c.id = t.case_id LEFT JOIN households h ON h.id = c.household_id
		WHERE t.village_id = ? AND t.kind = 'open_fault' AND t.lifted_at = 0 AND t.to_day > ? AND t.from_day <= ? ORDER BY t.due_on, t.id LIMIT `+fmt.Sprint(2*MaxFaults),
		village, today, today)
	if err != nil {
		return nil, fmt.Errorf("list faults: %w", err)
	}
	defer rows.Close()
	mayClose := a.Allow(access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}, access.Place{Village: village}) == nil
	out, seen := []Fault{}, map[id.ID]bool{}
	for rows.Next() {
		var f Fault
		var author id.ID
		if err := rows.Scan(&f.Case, &f.ItemName, &f.Reason, &f.Household, &f.Number, &f.Name, &f.Since, &f.Due, &author); err != nil {
			return nil, fmt.Errorf("list faults: %w", err)
		}
		if seen[f.Case] || len(out) == MaxFaults { // a record may stand against several accounts
			continue
		}
		seen[f.Case] = true
		f.Overdue = f.Due != 0 && f.Due < today
		f.Closable = mayClose && author != a.User() && !a.IsOwn(f.Household)
		out = append(out, f)
	}
	return out, rows.Err()
}
