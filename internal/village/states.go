package village

import (
	"context"

	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// SetFlags makes the flags of a household exactly those given, from w.On (today if zero) on.
func (s *Service) SetFlags(ctx context.Context, w Write, household id.ID, flags []string) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	if !goodFlags(flags) {
		return false, ErrInvalid.WithFields(errs.Field{Path: "flags", Msg: badFlag})
	}
	_, repeated, err = s.write(ctx, w, "village.flags", []any{household, flags, w.On}, household, func(tx *storage.Tx) error {
		if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
			return err
		}
		return s.setFlags(tx, householdStates, w, household, flags, day)
	})
	return repeated, err
}

// SetStatus sets the status of a household from w.On (today if zero) on: resident, away or suspended. The others come by
// succession.
func (s *Service) SetStatus(ctx context.Context, w Write, household id.ID, status string) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	if status == "" || !enterable(status) {
		return false, ErrInvalid.WithFields(errs.Field{Path: "status", Msg: "只能设为常住、外出或暂停；迁出、去世、销户请办理变更"})
	}
	_, repeated, err = s.write(ctx, w, "village.status", []any{household, status, w.On}, household, func(tx *storage.Tx) error {
		if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
			return err
		}
		return s.SetHouseholdStatus(tx, w, household, status, day)
	})
	return repeated, err
}
