package village

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Head is the relation of the householder. Every household in force has exactly one.
const Head = "户主"

// Relations are offered in lists; others of up to 8 characters are taken too.
var Relations = []string{Head, "配偶", "儿子", "女儿", "儿媳", "女婿", "父亲", "母亲", "孙子", "孙女", "祖父", "祖母", "兄弟", "姐妹", "其他"}

// Limits of one household.
const MaxMembers = 60

// NewMember is a person to be entered.
type NewMember struct {
	Name     string    `json:"name" minLength:"1" maxLength:"30"`
	Relation string    `json:"relation" minLength:"1" maxLength:"8" doc:"relation to the householder, 户主 for the householder"`
	Phone    string    `json:"phone,omitempty" maxLength:"20"`
	IDNo     string    `json:"idno,omitempty" maxLength:"20" doc:"identity card number; stored sealed"`
	BornOn   clock.Day `json:"born_on,omitempty" doc:"only needed without an identity card number"`
	Status   string    `json:"status,omitempty" enum:"resident,away,suspended"`
	Flags    []string  `json:"flags,omitempty" maxItems:"20"`
}

// Sealed are the columns of this package that hold personal data under a key, for the re-encryption after a rotation.
var Sealed = []storage.SealedColumn{{Table: "members", Column: "phone_enc"}, {Table: "members", Column: "idno_enc"}}

// NewHousehold is a household to be entered. Exactly one of its members is the householder.
type NewHousehold struct {
	Number  string      `json:"number" minLength:"1" maxLength:"20" doc:"number of the household, unique in the village for ever"`
	Group   id.ID       `json:"group_id"`
	Status  string      `json:"status,omitempty" enum:"resident,away,suspended"`
	Flags   []string    `json:"flags,omitempty" maxItems:"20"`
	Members []NewMember `json:"members" minItems:"1" maxItems:"60"`
}

// CreateHousehold enters a household with its members from w.On (today if zero) and opens their accounts. It returns
// ErrInvalid with fields, ErrNumberTaken, ErrIDNoTaken, ErrNoGroup or ErrNoVillage.
func (s *Service) CreateHousehold(ctx context.Context, w Write, n NewHousehold) (household id.ID, repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return 0, false, err
	}
	members, err := checkHousehold(&n, s.Today())
	if err != nil {
		return 0, false, err
	}
	household = s.db.NewID()
	return s.write(ctx, w, "village.household", n, household, func(tx *storage.Tx) error {
		return s.insertHousehold(tx, w, household, n, members, day)
	})
}

// AddMember enters a person into a household from w.On (today if zero), as after a birth or a marriage.
func (s *Service) AddMember(ctx context.Context, w Write, household id.ID, n NewMember) (member id.ID, repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return 0, false, err
	}
	p, fields := checkMember(n, s.Today(), "")
	if n.Relation == Head {
		fields = append(fields, errs.Field{Path: "relation", Msg: "这户已有户主；要换户主请用“变更户主”"})
	}
	if fields != nil {
		return 0, false, ErrInvalid.WithFields(fields...)
	}
	body := struct {
		Household id.ID
		N         NewMember
	}{household, n}
	p.id = s.db.NewID()
	return s.write(ctx, w, "village.member", body, p.id, func(tx *storage.Tx) error {
		if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
			return err
		}
		return s.insertMembers(tx, w, household, []person{p}, day)
	})
}

func (s *Service) insertHousehold(tx *storage.Tx, w Write, household id.ID, n NewHousehold, members []person, day clock.Day) error {
	var head person
	for i := range members {
		members[i].id = tx.NewID()
		if members[i].relation == Head {
			head = members[i]
		}
	}
	if err := s.OpenHousehold(tx, w, household, n.Number, n.Group, head.name, day); err != nil {
		return err
	}
	if n.Status != "" {
		if err := s.SetHouseholdStatus(tx, w, household, n.Status, day); err != nil {
			return err
		}
	}
	if err := s.setFlags(tx, householdStates, w, household, n.Flags, day); err != nil {
		return err
	}
	return s.insertMembers(tx, w, household, members, day)
}

// OpenHousehold enters a household without members, in a group and shown under its householder's name, and opens its
// account. The caller holds Lock and gives it a householder in the same transaction.
func (s *Service) OpenHousehold(tx *storage.Tx, w Write, household id.ID, number string, group id.ID, head string, day clock.Day) error {
	if !goodNumber(number) {
		return ErrInvalid.WithFields(errs.Field{Path: "number", Msg: badNumber})
	}
	var used int
	if err := tx.QueryRow(`SELECT COUNT(*) FROM household_aliases WHERE village_id = ? AND number = ?`, w.Village, number).Scan(&used); err != nil {
		return err
	}
	if used > 0 {
		return ErrNumberTaken
	}
	full, initials := Pinyin(head)
	_, err := tx.Exec(`INSERT INTO households (id, village_id, number, name, pinyin, initials, created_at, from_day, to_day) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		household, w.Village, number, head, full, initials, clock.Ms(s.now()), day, clock.Forever)
	if storage.IsDuplicate(err) {
		return ErrNumberTaken
	}
	if err != nil {
		return fmt.Errorf("insert household: %w", err)
	}
	if err := s.SetGroup(tx, w, household, group, day); err != nil {
		return err
	}
	return s.opened(tx, w.Village, []Owner{{ID: household, Kind: OwnerHousehold, Village: w.Village}})
}

// person is a checked member about to be inserted.
type person struct {
	id       id.ID
	name     string
	relation string
	phone    string
	idno     string
	born     clock.Day
	status   string
	flags    []string
}

func (s *Service) insertMembers(tx *storage.Tx, w Write, household id.ID, members []person, day clock.Day) error {
	owners := make([]Owner, 0, len(members))
	for _, p := range members {
		if p.idno != "" {
			var taken int
			if err := tx.QueryRow(`SELECT COUNT(*) FROM members WHERE village_id = ? AND idno_idx = ?`,
				w.Village, s.db.Keys.Index(storage.IndexIDNo, p.idno)).Scan(&taken); err != nil {
				return err
			}
			if taken > 0 {
				return ErrIDNoTaken
			}
		}
		row, err := s.memberRow(w.Village, p)
		if err != nil {
			return err
		}
		if err := insertRows(tx, memberInsert, [][]any{row}); err != nil {
			return err
		}
		if err := joinHousehold(tx, w, p.id, household, p.relation, day); err != nil {
			return err
		}
		if p.status != "" {
			if err := s.SetMemberStatus(tx, w, p.id, p.status, day); err != nil {
				return err
			}
		}
		if err := s.setFlags(tx, memberStates, w, p.id, p.flags, day); err != nil {
			return err
		}
		owners = append(owners, Owner{ID: p.id, Kind: OwnerPerson, Village: w.Village})
	}
	return s.opened(tx, w.Village, owners)
}

const memberInsert = `INSERT INTO members (id, village_id, name, pinyin, initials, phone_enc, phone_idx, idno_enc, idno_idx, born_on, created_at) VALUES `

// memberRow is the row of a person, its phone and identity number sealed.
func (s *Service) memberRow(village id.ID, p person) ([]any, error) {
	phone, err := s.db.Keys.Seal("members", "phone_enc", p.id, p.phone)
	if err != nil {
		return nil, err
	}
	idno, err := s.db.Keys.Seal("members", "idno_enc", p.id, p.idno)
	if err != nil {
		return nil, err
	}
	full, initials := Pinyin(p.name)
	return []any{p.id, village, p.name, full, initials, phone, s.db.Keys.Index(storage.IndexPhone, p.phone),
		idno, s.db.Keys.Index(storage.IndexIDNo, p.idno), p.born, clock.Ms(s.now())}, nil
}

func joinHousehold(tx *storage.Tx, w Write, member, household id.ID, relation string, day clock.Day) error {
	_, err := tx.Exec(`INSERT INTO memberships (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		tx.NewID(), w.Village, member, household, relation, day, clock.Forever, w.By)
	return err
}
