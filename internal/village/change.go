package village

import (
	"context"
	"database/sql"
	"errors"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// The verbs of this file change households inside a transaction of the caller, who holds Lock. A succession is made of
// them.

// openHousehold finds a household in force and returns its number. It returns ErrNoHousehold, or ErrBadDay for a day before
// the household was entered.
func (s *Service) openHousehold(tx *storage.Tx, village, household id.ID, day clock.Day) (number string, err error) {
	var from clock.Day
	err = tx.QueryRow(`SELECT number, from_day FROM households WHERE id = ? AND village_id = ? AND to_day = ?`, household, village, clock.Forever).
		Scan(&number, &from)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoHousehold
	}
	if err == nil && day < from {
		err = ErrBadDay.With("日期不对：这户是从%s开始登记的。", from.Chinese())
	}
	return number, err
}

// Membership is a member's place in a household.
type Membership struct {
	Member    id.ID
	Household id.ID
	Name      string
	Relation  string
	BornOn    clock.Day
	From      clock.Day
	row       id.ID
}

// OpenMembers are the present members of a household, the householder first.
func (s *Service) OpenMembers(tx *storage.Tx, village, household id.ID) ([]Membership, error) {
	return s.memberships(tx, `s.household_id = ? AND s.to_day = ? AND s.village_id = ?`, household, clock.Forever, village)
}

// OpenMembership is the present household of a member. It returns ErrNoMember.
func (s *Service) OpenMembership(tx *storage.Tx, village, member id.ID) (Membership, error) {
	found, err := s.memberships(tx, `s.member_id = ? AND s.to_day = ? AND s.village_id = ?`, member, clock.Forever, village)
	if err != nil {
		return Membership{}, err
	}
	if len(found) == 0 {
		return Membership{}, ErrNoMember
	}
	return found[0], nil
}

func (s *Service) memberships(tx *storage.Tx, where string, args ...any) ([]Membership, error) {
	rows, err := tx.Query(`SELECT s.id, s.member_id, s.household_id, m.name, s.relation, m.born_on, s.from_day
		FROM memberships s JOIN members m ON m.id = s.member_id WHERE `+where+`
		ORDER BY CASE WHEN s.relation = '`+Head+`' THEN 0 ELSE 1 END, s.id`, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (m Membership, err error) {
		err = rows.Scan(&m.row, &m.Member, &m.Household, &m.Name, &m.Relation, &m.BornOn, &m.From)
		return m, err
	})
}

// Place puts a member into a household of the same village with a relation from a day on, ending the place held
// before. It returns ErrNoMember, ErrNoHousehold or ErrBadDay.
func (s *Service) Place(tx *storage.Tx, w Write, member, household id.ID, relation string, day clock.Day) error {
	if !goodLabel(relation, 8) {
		return ErrInvalid.WithFields(errs.Field{Path: "relation", Msg: badRelation})
	}
	if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
		return err
	}
	now, err := s.OpenMembership(tx, w.Village, member)
	if err != nil {
		return err
	}
	if now.Household == household && now.Relation == relation {
		return nil
	}
	if err := endTerm(tx, "memberships", now.row, now.From, day); err != nil {
		return err
	}
	return joinHousehold(tx, w, member, household, relation, day)
}

// Leave ends a member's place in a household, as by death or moving away.
func (s *Service) Leave(tx *storage.Tx, w Write, member id.ID, day clock.Day) error {
	now, err := s.OpenMembership(tx, w.Village, member)
	if err != nil {
		return err
	}
	return endTerm(tx, "memberships", now.row, now.From, day)
}

// SetHead makes a present member the householder and gives the former one, if still a member, another relation.
func (s *Service) SetHead(tx *storage.Tx, w Write, household, member id.ID, formerIs string, day clock.Day) error {
	if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
		return err
	}
	members, err := s.OpenMembers(tx, w.Village, household)
	if err != nil {
		return err
	}
	var next *Membership
	for i, m := range members {
		if m.Member == member {
			next = &members[i]
		} else if m.Relation == Head {
			if formerIs == Head || formerIs == "" {
				formerIs = "其他"
			}
			if err := s.Place(tx, w, m.Member, household, formerIs, day); err != nil {
				return err
			}
		}
	}
	if next == nil {
		return ErrNoMember.With("新户主不是这户的人。")
	}
	if err := s.Place(tx, w, member, household, Head, day); err != nil {
		return err
	}
	return showHead(tx, household, next.Name)
}

// showHead shows a household under its householder's name.
func showHead(tx *storage.Tx, household id.ID, name string) error {
	full, initials := Pinyin(name)
	_, err := tx.Exec(`UPDATE households SET name = ?, pinyin = ?, initials = ? WHERE id = ?`, name, full, initials, household)
	return err
}

// ChangeHead is SetHead as an operation of its own, without points.
func (s *Service) ChangeHead(ctx context.Context, w Write, household, member id.ID, formerIs string) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	body := []any{household, member, formerIs, w.On}
	_, repeated, err = s.write(ctx, w, "village.head", body, household, func(tx *storage.Tx) error {
		return s.SetHead(tx, w, household, member, formerIs, day)
	})
	return repeated, err
}

// Alias keeps a number under which a household was known, of its own village or of one that was merged.
func (s *Service) Alias(tx *storage.Tx, village, household id.ID, number string, ofVillage id.ID, day clock.Day) error {
	_, err := tx.Exec(`INSERT INTO household_aliases (id, village_id, household_id, number, of_village_id, ended_day) VALUES (?, ?, ?, ?, ?, ?)`,
		tx.NewID(), village, household, number, ofVillage, day)
	return err
}

// Renumber gives a household another number; the old one stays as an alias and is never given to another household.
func (s *Service) Renumber(tx *storage.Tx, w Write, household id.ID, number string, day clock.Day) error {
	if !goodNumber(number) {
		return ErrInvalid.WithFields(errs.Field{Path: "number", Msg: badNumber})
	}
	old, err := s.openHousehold(tx, w.Village, household, day)
	if err != nil || old == number {
		return err
	}
	var others int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM household_aliases WHERE village_id = ? AND number = ? AND household_id <> ?`,
		w.Village, number, household).Scan(&others); err != nil {
		return err
	}
	if others > 0 {
		return ErrNumberTaken
	}
	_, err = tx.Exec(`UPDATE households SET number = ? WHERE id = ?`, number, household)
	if storage.IsDuplicate(err) {
		return ErrNumberTaken
	}
	if err != nil {
		return err
	}
	return s.Alias(tx, w.Village, household, old, w.Village, day)
}

// CloseHousehold ends a household with every open term it has; its code dies. status says why: Moved, Dead or Dissolved.
// Whoever still belongs to it leaves with it. successor, if any, inherits its number and aliases as aliases.
func (s *Service) CloseHousehold(tx *storage.Tx, w Write, household, successor id.ID, status string, day clock.Day) error {
	number, err := s.openHousehold(tx, w.Village, household, day)
	if err != nil {
		return err
	}
	members, err := s.OpenMembers(tx, w.Village, household)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := endTerm(tx, "memberships", m.row, m.From, day); err != nil {
			return err
		}
		if status == Moved || status == Dead {
			if err := s.SetMemberStatus(tx, w, m.Member, status, day); err != nil {
				return err
			}
		}
	}
	if err := s.SetHouseholdStatus(tx, w, household, status, day); err != nil {
		return err
	}
	if err := s.setFlags(tx, householdStates, w, household, nil, day); err != nil {
		return err
	}
	for _, table := range []string{"household_groups", "kin"} {
		if err := endOpen(tx, table, household, day); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE households SET to_day = ? WHERE id = ?`, day, household); err != nil {
		return err
	}
	if err := s.killCodes(tx, household); err != nil || successor == 0 {
		return err
	}
	return s.inherit(tx, w.Village, household, successor, number, day)
}

// inherit makes every number of an ended household an alias of the one that continues it.
func (s *Service) inherit(tx *storage.Tx, village, household, successor id.ID, number string, day clock.Day) error {
	type alias struct {
		number string
		of     id.ID
	}
	rows, err := tx.Query(`SELECT number, of_village_id FROM household_aliases WHERE household_id = ?`, household)
	if err != nil {
		return err
	}
	old, err := collect(rows, func(rows *sql.Rows) (a alias, err error) {
		err = rows.Scan(&a.number, &a.of)
		return a, err
	})
	if err != nil {
		return err
	}
	for _, a := range append(old, alias{number, village}) {
		if err := s.Alias(tx, village, successor, a.number, a.of, day); err != nil {
			return err
		}
	}
	return nil
}

// endOpen ends whatever of a table is open for a household.
func endOpen(tx *storage.Tx, table string, household id.ID, day clock.Day) error {
	rows, err := tx.Query(`SELECT id, from_day FROM `+table+` WHERE household_id = ? AND to_day = ?`, household, clock.Forever)
	if err != nil {
		return err
	}
	open, err := collect(rows, func(rows *sql.Rows) (t term, err error) {
		err = rows.Scan(&t.id, &t.from)
		return t, err
	})
	if err != nil {
		return err
	}
	for _, t := range open {
		if err := endTerm(tx, table, t.id, t.from, day); err != nil {
			return err
		}
	}
	return nil
}
