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

// ErrOwnKin refuses the official's own household as one of relatives: that one is barred by itself, for as long as they live there.
var ErrOwnKin = errs.New(errs.Invalid, "village_kin_own", "这是干部本人所在的户，本来就要回避，不用登记为亲属户。请核对要登记的是哪一户。")

// DeclareKin records that a household is one of relatives of a member in office, from w.On (today if zero). Declaring it
// again is no error. ErrOwnKin for the official's own household.
func (s *Service) DeclareKin(ctx context.Context, w Write, official, household id.ID, relation string) (repeated bool, err error) {
	if !goodLabel(relation, 8) {
		return false, ErrInvalid.WithFields(errs.Field{Path: "relation", Msg: "亲属关系应为1到8个字，例如 兄弟、岳父"})
	}
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	_, repeated, err = s.write(ctx, w, "village.kin", []any{official, household, relation}, household, func(tx *storage.Tx) error {
		if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
			return err
		}
		var one int
		err := tx.QueryRow(`SELECT 1 FROM members WHERE id = ? AND village_id = ?`, official, w.Village).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoMember
		}
		if err != nil {
			return err
		}
		var lives int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM memberships WHERE member_id = ? AND household_id = ? AND to_day = ?`, official, household, clock.Forever).Scan(&lives); err != nil {
			return err
		}
		if lives > 0 {
			return ErrOwnKin
		}
		if open, _, err := openKin(tx, official, household); err != nil || open != 0 {
			return err
		}
		_, err = tx.Exec(`INSERT INTO kin (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			tx.NewID(), w.Village, official, household, relation, day, clock.Forever, w.By)
		return err
	})
	return repeated, err
}

// EndKin ends a declaration about a household of the village from w.On on; ErrNoHousehold for one of another village.
// Where none is open it is no error.
func (s *Service) EndKin(ctx context.Context, w Write, official, household id.ID) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	_, repeated, err = s.write(ctx, w, "village.kin_end", []any{official, household}, household, func(tx *storage.Tx) error {
		var one int
		err := tx.QueryRow(`SELECT 1 FROM households WHERE id = ? AND village_id = ?`, household, w.Village).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoHousehold
		}
		if err != nil {
			return err
		}
		open, from, err := openKin(tx, official, household)
		if err != nil || open == 0 {
			return err
		}
		return endTerm(tx, "kin", open, from, day)
	})
	return repeated, err
}

func openKin(tx *storage.Tx, official, household id.ID) (open id.ID, from clock.Day, err error) {
	err = tx.QueryRow(`SELECT id, from_day FROM kin WHERE member_id = ? AND household_id = ? AND to_day = ?`, official, household, clock.Forever).Scan(&open, &from)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return open, from, err
}
