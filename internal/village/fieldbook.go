package village

import (
	"context"
	"database/sql"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// FieldHousehold is a household as an official carries it where there is no signal: enough to find and name it, no more.
type FieldHousehold struct {
	ID       id.ID         `json:"id"`
	Number   string        `json:"number"`
	Name     string        `json:"name"`
	Initials string        `json:"initials,omitempty" doc:"first letters of the name's pinyin"`
	Group    id.ID         `json:"group_id,omitempty"`
	Own      bool          `json:"own,omitempty" doc:"the caller's own or kin: somebody else records it"`
	People   []FieldPerson `json:"people,omitempty" doc:"where persons are scored"`
}

// FieldPerson is one of its people.
type FieldPerson struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// FieldBook lists the households of a village that can be recorded on a day, in order of pinyin: of some groups, or of all
// when none is named; with their people where asked.
func (s *Service) FieldBook(ctx context.Context, village id.ID, day clock.Day, groups []id.ID, people bool) ([]FieldHousehold, error) {
	all, err := s.households(ctx, village, day, ` ORDER BY h.pinyin, h.id`)
	if err != nil {
		return nil, err
	}
	if err := s.addStates(ctx, all, day); err != nil {
		return nil, err
	}
	wanted := make(map[id.ID]bool, len(groups))
	for _, g := range groups {
		wanted[g] = true
	}
	out, at := []FieldHousehold{}, map[id.ID]int{}
	for _, h := range all {
		if h.Status == Suspended || len(groups) > 0 && !wanted[h.Group] {
			continue
		}
		_, initials := Pinyin(h.Name)
		at[h.ID] = len(out)
		out = append(out, FieldHousehold{ID: h.ID, Number: h.Number, Name: h.Name, Initials: initials, Group: h.Group})
	}
	if !people {
		return out, nil
	}
	rows, err := s.db.Query(ctx, `SELECT b.household_id, m.id, m.name FROM memberships b JOIN members m ON m.id = b.member_id
		JOIN households h ON h.id = b.household_id WHERE h.village_id = ? AND b.from_day <= ? AND b.to_day > ?
		ORDER BY CASE WHEN b.relation = '`+Head+`' THEN 0 ELSE 1 END, m.id`, village, day, day)
	if err != nil {
		return nil, err
	}
	type lodger struct {
		of id.ID
		FieldPerson
	}
	lodgers, err := collect(rows, func(rows *sql.Rows) (l lodger, err error) {
		err = rows.Scan(&l.of, &l.ID, &l.Name)
		return l, err
	})
	for _, l := range lodgers {
		if i, ok := at[l.of]; ok {
			out[i].People = append(out[i].People, l.FieldPerson)
		}
	}
	return out, err
}
