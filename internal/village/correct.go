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

// particulars are a person's own facts, which are corrected in place; a nil number stays as it is.
type particulars struct {
	name  string
	born  clock.Day
	phone *string
	idno  *string
}

func (s *Service) updateMember(tx *storage.Tx, member id.ID, p particulars) error {
	full, initials := Pinyin(p.name)
	if _, err := tx.Exec(`UPDATE members SET name = ?, pinyin = ?, initials = ?, born_on = ? WHERE id = ?`, p.name, full, initials, p.born, member); err != nil {
		return err
	}
	if p.phone != nil {
		if err := s.sealInto(tx, member, "phone_enc", "phone_idx", storage.IndexPhone, *p.phone); err != nil {
			return err
		}
	}
	if p.idno != nil {
		return s.sealInto(tx, member, "idno_enc", "idno_idx", storage.IndexIDNo, *p.idno)
	}
	return nil
}

func (s *Service) sealInto(tx *storage.Tx, member id.ID, column, index, kind, plain string) error {
	sealed, err := s.db.Keys.Seal("members", column, member, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE members SET `+column+` = ?, `+index+` = ? WHERE id = ?`, sealed, s.db.Keys.Index(kind, plain), member)
	return err
}

// Correction is what was entered wrongly about a person; empty fields stay as they are.
type Correction struct {
	Name   string    `json:"name,omitempty" maxLength:"30"`
	Phone  string    `json:"phone,omitempty" maxLength:"20"`
	IDNo   string    `json:"idno,omitempty" maxLength:"20"`
	BornOn clock.Day `json:"born_on,omitempty"`
}

// CorrectMember mends a person's name, phone, identity number or day of birth. What was entered wrongly was never right, so
// a correction has no day from which it holds: w.On must be zero. It returns ErrInvalid with fields,
// ErrNoMember or ErrIDNoTaken.
func (s *Service) CorrectMember(ctx context.Context, w Write, member id.ID, c Correction) (repeated bool, err error) {
	try := NewMember{Name: c.Name, Relation: Head, Phone: c.Phone, IDNo: c.IDNo, BornOn: c.BornOn}
	if try.Name == "" {
		try.Name = "某"
	}
	good, fields := checkMember(try, s.Today(), "")
	if fields != nil {
		return false, ErrInvalid.WithFields(fields...)
	}
	if c == (Correction{}) {
		return false, ErrInvalid.With("请填写要更正的姓名、电话、证件号或出生日期。")
	}
	_, repeated, err = s.write(ctx, w, "village.correct", []any{member, c}, member, func(tx *storage.Tx) error {
		return s.correctMember(tx, w, member, c, good)
	})
	return repeated, err
}

func (s *Service) correctMember(tx *storage.Tx, w Write, member id.ID, c Correction, good person) error {
	var p particulars
	err := tx.QueryRow(`SELECT name, born_on FROM members WHERE id = ? AND village_id = ?`, member, w.Village).Scan(&p.name, &p.born)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoMember
	}
	if err != nil {
		return err
	}
	if c.Name != "" {
		p.name = c.Name
	}
	if good.born != 0 {
		p.born = good.born
	}
	if c.Phone != "" {
		p.phone = &good.phone
	}
	if c.IDNo != "" {
		var taken int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM members WHERE village_id = ? AND idno_idx = ? AND id <> ?`,
			w.Village, s.db.Keys.Index(storage.IndexIDNo, good.idno), member).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return ErrIDNoTaken.WithFields(errs.Field{Path: "idno", Msg: ErrIDNoTaken.Msg})
		}
		p.idno = &good.idno
	}
	if err := s.updateMember(tx, member, p); err != nil || c.Name == "" {
		return err
	}
	m, err := s.OpenMembership(tx, w.Village, member)
	if errors.Is(err, ErrNoMember) || err == nil && m.Relation != Head {
		return nil
	}
	if err != nil {
		return err
	}
	return showHead(tx, m.Household, c.Name)
}
