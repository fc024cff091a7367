package cases

import (
	"context"
	"encoding/json"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// Deed is a case in effect as rules decide on it, with what it counts now.
type Deed struct {
	scheme.Case
	Class   string
	Counted points.Amount // for its own account
	Shares  []scheme.Share
}

// Deeds are the cases in effect of a village whose day lies between two days, both inside, in the order of decision: for
// trying other rules on them. What the rules ask of the accounts' owners is not filled in.
func (s *Service) Deeds(ctx context.Context, village id.ID, from, to clock.Day) ([]Deed, error) {
	cs, err := many(s.db.Query(ctx, "SELECT "+columnList+` FROM cases WHERE account_id IN (SELECT id FROM accounts WHERE village_id = ?)
		AND occurred_on BETWEEN ? AND ? AND`+thatStand+` ORDER BY decided_no, id`, village, from, to))
	if err != nil {
		return nil, err
	}
	out, at := make([]Deed, len(cs)), make(map[id.ID]int, len(cs))
	for i, c := range cs {
		out[i] = Deed{Case: c.deed(), Class: c.class, Counted: c.worth}
		at[c.id] = i
	}
	if err := s.partiesOf(ctx, village, from, to, out, at); err != nil {
		return nil, err
	}
	return out, s.detailsOf(ctx, village, from, to, out, at)
}

const ofDeeds = " JOIN cases c ON c.id = x.case_id WHERE x.village_id = ? AND c.occurred_on BETWEEN ? AND ? AND" + cThatStand + " ORDER BY x.case_id"

func (s *Service) partiesOf(ctx context.Context, village id.ID, from, to clock.Day, out []Deed, at map[id.ID]int) error {
	rows, err := s.db.Query(ctx, "SELECT x.case_id, x.role, x.relation, x.account_id, x.household_id, x.member_id, x.group_id, x.counted FROM case_shares x"+ofDeeds+", x.line",
		village, from, to)
	if err != nil {
		return fmt.Errorf("read shares: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var of id.ID
		var p scheme.Party
		var counted points.Amount
		if err := rows.Scan(&of, &p.Role, &p.Relation, &p.Account, &p.Household, &p.Member, &p.Group, &counted); err != nil {
			return err
		}
		if i, ok := at[of]; ok {
			out[i].Parties = append(out[i].Parties, p)
			out[i].Shares = append(out[i].Shares, scheme.Share{Role: p.Role, Account: p.Account, Member: p.Member, Group: p.Group, Counted: counted})
		}
	}
	return rows.Err()
}

func (s *Service) detailsOf(ctx context.Context, village id.ID, from, to clock.Day, out []Deed, at map[id.ID]int) error {
	rows, err := s.db.Query(ctx, "SELECT x.case_id, x.persons, x.repaired, x.parts FROM case_details x"+ofDeeds, village, from, to)
	if err != nil {
		return fmt.Errorf("read details: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var of id.ID
		var persons, repaired int
		var parts string
		if err := rows.Scan(&of, &persons, &repaired, &parts); err != nil {
			return err
		}
		if i, ok := at[of]; ok {
			out[i].Persons, out[i].Repaired = persons, repaired != 0
			if err := json.Unmarshal([]byte(parts), &out[i].Parts); err != nil {
				return fmt.Errorf("details of case %s: %w", of, err)
			}
		}
	}
	return rows.Err()
}
