package village

import (
	"context"
	"database/sql"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Member is a person of a household as officials see them. Phone and identity number are masked.
type Member struct {
	ID       id.ID    `json:"id"`
	Name     string   `json:"name"`
	Relation string   `json:"relation" doc:"to the householder; 户主 for the householder"`
	Phone    string   `json:"phone" doc:"masked: 138****1234; empty if none"`
	HasIDNo  bool     `json:"has_idno" doc:"an identity card number is on file"`
	Minor    bool     `json:"minor"`
	Status   string   `json:"status" enum:"resident,away,suspended,moved,dead"`
	Flags    []string `json:"flags"`
}

// Detail is a household with its people.
type Detail struct {
	Household
	Aliases []string `json:"aliases" doc:"numbers it once had"`
	HasCode bool     `json:"has_code" doc:"a household code has been made and is good"`
	People  []Member `json:"people"`
}

// Masked hides names as for the public: the householder's name and every member's.
func (d Detail) Masked() Detail {
	d.Name = MaskName(d.Name)
	people := make([]Member, len(d.People))
	for i, m := range d.People {
		m.Name, m.Phone, m.HasIDNo = MaskName(m.Name), "", false
		people[i] = m
	}
	d.People = people
	return d
}

// Detail reads a household with its people as of a day. It returns ErrNoHousehold.
func (s *Service) Detail(ctx context.Context, village, household id.ID, day clock.Day) (Detail, error) {
	h, err := s.Get(ctx, village, household, day)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Household: h}
	if d.People, err = s.people(ctx, household, day); err != nil {
		return d, err
	}
	rows, err := s.db.Query(ctx, `SELECT number FROM household_aliases WHERE household_id = ? ORDER BY id`, household)
	if err != nil {
		return d, err
	}
	if d.Aliases, err = collect(rows, func(rows *sql.Rows) (n string, err error) { err = rows.Scan(&n); return n, err }); err != nil {
		return d, err
	}
	var codes int
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM household_codes WHERE household_id = ? AND ended_at = 0`, household).Scan(&codes)
	d.HasCode = codes > 0
	return d, err
}

func (s *Service) people(ctx context.Context, household id.ID, day clock.Day) ([]Member, error) {
	rows, err := s.db.Query(ctx, `SELECT m.id, m.name, b.relation, m.phone_enc, m.idno_enc, m.born_on
		FROM memberships b JOIN members m ON m.id = b.member_id
		WHERE b.household_id = ? AND b.from_day <= ? AND b.to_day > ?
		ORDER BY CASE WHEN b.relation = '`+Head+`' THEN 0 ELSE 1 END, m.id`, household, day, day)
	if err != nil {
		return nil, err
	}
	people, err := collect(rows, func(rows *sql.Rows) (m Member, err error) {
		var phone, idno []byte
		var born clock.Day
		if err := rows.Scan(&m.ID, &m.Name, &m.Relation, &phone, &idno, &born); err != nil {
			return m, err
		}
		m.Status, m.Flags, m.HasIDNo, m.Minor = Resident, []string{}, len(idno) > 0, Minor(born, day)
		plain, err := s.db.Keys.Open("members", "phone_enc", m.ID, phone)
		m.Phone = MaskPhone(plain)
		return m, err
	})
	if err != nil || len(people) == 0 {
		return people, err
	}
	ids := make([]id.ID, len(people))
	for i, m := range people {
		ids[i] = m.ID
	}
	states, err := s.states(ctx, memberStates, ids, day)
	for i, m := range people {
		if st := states[m.ID]; st.Status != "" {
			people[i].Status = st.Status
		}
		people[i].Flags = append(people[i].Flags, states[m.ID].Flags...)
	}
	return people, err
}
