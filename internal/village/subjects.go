package village

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MaxSubjects is how many owners one call of Subjects takes.
const MaxSubjects = 500

// Subject is a household or a person as it was on a day.
type Subject struct {
	Household id.ID
	Member    id.ID // 0 for a household
	Body      id.ID // of a group or team; the others are 0 then, but Group for a group
	Group     id.ID // of the household on that day, 0 if none
	Village   id.ID
	Number    string // of the household
	Name      string // of the person, or of the householder
	BornOn    clock.Day
	Relation  string   // of a person to the householder
	Status    string   // of a person or a household
	Flags     []string // of the household, and of the person too for a person; sorted
	Active    bool     // neither it nor its household is suspended
}

// Owner is the id of the account: the member's for a person, the group's or team's for those, else the household's.
func (s Subject) Owner() id.ID {
	if s.Body != 0 {
		return s.Body
	}
	if s.Member != 0 {
		return s.Member
	}
	return s.Household
}

// Subjects tells of households and members, by their ids in any mixture, how they were on a day, in the order asked: one
// statement for households, one more where some of them are members. It returns ErrNotInForce, naming the positions, when one is missing, of another village, or
// was not in force that day (a member: belonged to no household).
func (s *Service) Subjects(ctx context.Context, village id.ID, day clock.Day, owners []id.ID) ([]Subject, error) {
	return subjects(func(q string, args ...any) (*sql.Rows, error) { return s.db.Query(storage.Brief(ctx), q, args...) }, village, day, owners)
}

func subjects(query queryFunc, village id.ID, day clock.Day, owners []id.ID) ([]Subject, error) {
	if len(owners) == 0 {
		return nil, nil
	}
	if len(owners) > MaxSubjects {
		return nil, errs.New(errs.TooLarge, "village_too_many_subjects", "一次最多处理500户（人），请分批。")
	}
	found, err := householdSubjects(query, village, day, owners)
	if err != nil {
		return nil, err
	}
	var rest []id.ID // members, or nothing that is there
	for _, o := range owners {
		if found[o] == nil {
			rest = append(rest, o)
		}
	}
	if len(rest) > 0 {
		if err := memberSubjects(query, village, day, rest, found); err != nil {
			return nil, err
		}
	}
	return inOrder(found, owners)
}

type queryFunc func(string, ...any) (*sql.Rows, error)

// householdSubjects reads the households among the owners with all their groups and states, as their product: they have few of
// each. Terms are compared with the day here, because each condition on a term costs MariaDB's optimiser more than a few
// ended rows do; most calls ask for one household.
func householdSubjects(query queryFunc, village id.ID, day clock.Day, owners []id.ID) (map[id.ID]*Subject, error) {
	padded := storage.Padded(owners)
	rows, err := query(`SELECT h.id, h.number, h.name, h.from_day, h.to_day, COALESCE(g.group_id, 0), COALESCE(g.from_day, 0), COALESCE(g.to_day, 0),
		COALESCE(t.kind, ''), COALESCE(t.value, ''), COALESCE(t.from_day, 0), COALESCE(t.to_day, 0)
		FROM households h LEFT JOIN household_groups g ON g.household_id = h.id LEFT JOIN household_states t ON t.household_id = h.id
		WHERE h.id IN `+storage.In(len(padded))+` AND h.village_id = ?`, append(storage.Args(padded), village)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[id.ID]*Subject, len(owners))
	for rows.Next() {
		var kind, value string
		var group id.ID
		var stood, grouped, held [2]clock.Day
		r := Subject{Village: village, Status: Resident, Active: true}
		if err := rows.Scan(&r.Household, &r.Number, &r.Name, &stood[0], &stood[1], &group, &grouped[0], &grouped[1], &kind, &value, &held[0], &held[1]); err != nil {
			return nil, err
		}
		if !inForce(stood, day) {
			continue
		}
		at := found[r.Household]
		if at == nil {
			at = &r
			found[r.Household] = at
		}
		if inForce(grouped, day) {
			at.Group = group
		}
		if inForce(held, day) {
			at.take(kind, value)
		}
	}
	return found, rows.Err()
}

func inForce(term [2]clock.Day, day clock.Day) bool { return term[0] <= day && day < term[1] }

// take notes a state of the subject's own.
func (s *Subject) take(kind, value string) {
	if kind == kindFlag {
		s.Flags = append(s.Flags, value)
		return
	}
	s.Status = value
	s.Active = s.Active && value != Suspended
}

// memberSubjects reads the members among the owners, with the flags and a suspension of their households.
func memberSubjects(query queryFunc, village id.ID, day clock.Day, owners []id.ID, found map[id.ID]*Subject) error {
	padded := storage.Padded(owners)
	in := storage.In(len(padded))
	q := `SELECT 'm', m.id, h.id, COALESCE(g.group_id, 0), h.number, m.name, m.born_on, b.relation
	FROM members m JOIN memberships b ON b.member_id = m.id AND b.from_day <= ? AND b.to_day > ?
	JOIN households h ON h.id = b.household_id AND h.village_id = ?
	LEFT JOIN household_groups g ON g.household_id = h.id AND g.from_day <= ? AND g.to_day > ?
	WHERE m.id IN ` + in + `
	UNION ALL SELECT t.kind, b.member_id, 0, 0, 'household', t.value, 0, ''
	FROM memberships b JOIN household_states t ON t.household_id = b.household_id AND t.from_day <= ? AND t.to_day > ?
	WHERE b.from_day <= ? AND b.to_day > ? AND b.member_id IN ` + in + `
	UNION ALL SELECT t.kind, t.member_id, 0, 0, '', t.value, 0, ''
	FROM member_states t WHERE t.from_day <= ? AND t.to_day > ? AND t.member_id IN ` + in
	args := storage.Args(padded, day, day, village, day, day)
	args = append(args, storage.Args(padded, day, day, day, day)...)
	args = append(args, storage.Args(padded, day, day)...)
	rows, err := query(q, args...)
	if err != nil {
		return err
	}
	return readMembers(rows, village, found)
}

func readMembers(rows *sql.Rows, village id.ID, found map[id.ID]*Subject) error {
	defer rows.Close()
	type state struct {
		owner             id.ID
		kind, whose, name string
	}
	var states []state
	for rows.Next() {
		var owner id.ID
		var kind string
		r := Subject{Village: village, Status: Resident, Active: true}
		if err := rows.Scan(&kind, &owner, &r.Household, &r.Group, &r.Number, &r.Name, &r.BornOn, &r.Relation); err != nil {
			return err
		}
		if kind != "m" {
			states = append(states, state{owner, kind, r.Number, r.Name})
			continue
		}
		r.Member = owner
		found[owner] = &r
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, st := range states {
		r := found[st.owner]
		switch {
		case r == nil:
		case st.whose == "" || st.kind == kindFlag:
			r.take(st.kind, st.name)
		default: // the status of the household is not the person's, but its suspension holds for both
			r.Active = r.Active && st.name != Suspended
		}
	}
	return nil
}

func inOrder(found map[id.ID]*Subject, owners []id.ID) ([]Subject, error) {
	out := make([]Subject, len(owners))
	var missing []errs.Field
	for i, o := range owners {
		if found[o] == nil {
			missing = append(missing, errs.Field{Path: "subjects[" + strconv.Itoa(i) + "]", Msg: "这一天本村没有这一户或这个人"})
			continue
		}
		out[i] = *found[o]
		slices.Sort(out[i].Flags)
		out[i].Flags = slices.Compact(slices.Clone(out[i].Flags))
	}
	if missing != nil {
		return nil, ErrNotInForce.WithFields(missing...)
	}
	return out, nil
}
