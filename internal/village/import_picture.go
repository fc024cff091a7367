package village

import (
	"database/sql"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// picture is what a village's register holds now, as far as an import compares with it.
type picture struct {
	groups     map[string]id.ID // by name and by code
	groupNames []string
	households map[string]*nowHousehold // by number, ended ones too
	byID       map[id.ID]*nowHousehold
	aliases    map[string]id.ID
	byIDNo     map[string]*nowMember // by blind index
}

type nowHousehold struct {
	id      id.ID
	number  string
	name    string
	ended   bool
	group   id.ID
	inGroup term
	states  []term
	members []*nowMember // who belong to it now
}

type nowMember struct {
	id        id.ID
	name      string
	idno      string // blind index
	phone     string // blind index
	born      clock.Day
	household *nowHousehold // nil if none
	place     term          // value is the relation
	states    []term
	taken     int // row of the file that stands for this person
}

func loadPicture(tx *storage.Tx, village id.ID) (*picture, error) {
	p := &picture{groups: map[string]id.ID{}, households: map[string]*nowHousehold{}, byID: map[id.ID]*nowHousehold{}, aliases: map[string]id.ID{}, byIDNo: map[string]*nowMember{}}
	members := map[id.ID]*nowMember{}
	const open = ` AND to_day = ?`
	steps := []struct {
		query string
		args  []any
		each  func(rows *sql.Rows) error
	}{
		{`SELECT id, code, name FROM regions WHERE village_id = ? AND kind = 'group'` + open + ` ORDER BY code`, []any{village, clock.Forever}, p.takeGroup},
		{`SELECT id, number, name, to_day FROM households WHERE village_id = ?`, []any{village}, p.takeHousehold},
		{`SELECT number, household_id FROM household_aliases WHERE village_id = ?`, []any{village}, func(rows *sql.Rows) error {
			var n string
			var h id.ID
			err := rows.Scan(&n, &h)
			p.aliases[n] = h
			return err
		}},
		{`SELECT household_id, id, group_id, from_day FROM household_groups WHERE village_id = ?` + open, []any{village, clock.Forever}, func(rows *sql.Rows) error {
			var h, group id.ID
			var t term
			err := rows.Scan(&h, &t.id, &group, &t.from)
			if now := p.byID[h]; now != nil {
				now.group, now.inGroup = group, t
			}
			return err
		}},
		{`SELECT household_id, id, kind, value, from_day FROM household_states WHERE village_id = ?` + open, []any{village, clock.Forever}, func(rows *sql.Rows) error {
			owner, t, err := scanState(rows)
			if now := p.byID[owner]; now != nil {
				now.states = append(now.states, t)
			}
			return err
		}},
		{`SELECT id, name, idno_idx, phone_idx, born_on FROM members WHERE village_id = ?`, []any{village}, func(rows *sql.Rows) error {
			m := &nowMember{}
			var idno, phone []byte
			err := rows.Scan(&m.id, &m.name, &idno, &phone, &m.born)
			m.idno, m.phone = string(idno), string(phone)
			members[m.id] = m
			if m.idno != "" {
				p.byIDNo[m.idno] = m
			}
			return err
		}},
		{`SELECT member_id, household_id, id, relation, from_day FROM memberships WHERE village_id = ?` + open + ` ORDER BY id`, []any{village, clock.Forever}, func(rows *sql.Rows) error {
			var member, household id.ID
			var t term
			err := rows.Scan(&member, &household, &t.id, &t.value, &t.from)
			if m, h := members[member], p.byID[household]; m != nil && h != nil {
				m.household, m.place = h, t
				h.members = append(h.members, m)
			}
			return err
		}},
		{`SELECT member_id, id, kind, value, from_day FROM member_states WHERE village_id = ?` + open, []any{village, clock.Forever}, func(rows *sql.Rows) error {
			owner, t, err := scanState(rows)
			if m := members[owner]; m != nil {
				m.states = append(m.states, t)
			}
			return err
		}},
	}
	for _, st := range steps {
		if err := eachRow(tx, st.query, st.args, st.each); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *picture) takeGroup(rows *sql.Rows) error {
	var g id.ID
	var code, name string
	err := rows.Scan(&g, &code, &name)
	if _, ok := p.groups[code]; !ok {
		p.groups[code] = g
	}
	p.groups[name] = g
	p.groupNames = append(p.groupNames, name)
	return err
}

func (p *picture) takeHousehold(rows *sql.Rows) error {
	h := &nowHousehold{}
	var to clock.Day
	err := rows.Scan(&h.id, &h.number, &h.name, &to)
	h.ended = to != clock.Forever
	p.households[h.number], p.byID[h.id] = h, h
	return err
}

func scanState(rows *sql.Rows) (owner id.ID, t term, err error) {
	err = rows.Scan(&owner, &t.id, &t.kind, &t.value, &t.from)
	return owner, t, err
}

func eachRow(tx *storage.Tx, query string, args []any, each func(*sql.Rows) error) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
