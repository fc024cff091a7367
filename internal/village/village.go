// Package village knows the regions of a county, the households and members of its villages and how they were on any
// day: what may change over time is a row with a term (from_day, to_day), a change ends the open term and begins another,
// and nothing is overwritten. Phone and identity numbers are stored sealed.
//
// Every verb that changes the people of a village locks the village's row first, so that two imports, or an import and a
// split, never work on the same picture.
package village

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Kinds of owner an account is made for.
const (
	OwnerHousehold = "household"
	OwnerPerson    = "person"
	OwnerGroup     = "group"
	OwnerTeam      = "team"
)

// Owner is someone who has just been entered and gets an account of the same id.
type Owner struct {
	ID      id.ID
	Kind    string // household, person, group or team
	Village id.ID
}

// Opened is told of new owners in the transaction that enters them.
type Opened func(tx *storage.Tx, village id.ID, owners []Owner) error

// Service is the register of regions, households and members.
type Service struct {
	db     *storage.DB
	now    clock.Clock
	opened Opened
}

// New makes the register. opened may not be nil: the ledger opens an account for every household, member and group.
func New(db *storage.DB, now clock.Clock, opened Opened) *Service {
	return &Service{db: db, now: now, opened: opened}
}

var (
	ErrNoVillage   = errs.New(errs.NotFound, "village_not_found", "没有这个村。")
	ErrNoGroup     = errs.New(errs.NotFound, "village_group_not_found", "本村没有这个小组。")
	ErrNoHousehold = errs.New(errs.NotFound, "village_household_not_found", "本村没有这一户。请核对户号、姓名或积分卡上的码。")
	ErrNoMember    = errs.New(errs.NotFound, "village_member_not_found", "本村没有这个人。")
	ErrNotInForce  = errs.New(errs.NotFound, "village_not_in_force", "这一天本村没有这一户或这个人。请核对日期。")
	ErrInvalid     = errs.New(errs.Invalid, "village_invalid", "填写的内容有误，请按提示修改。")
	ErrNumberTaken = errs.New(errs.Conflict, "village_number_taken", "这个户编号已经用过了，请换一个。")
	ErrIDNoTaken   = errs.New(errs.Conflict, "village_idno_taken", "本村已经有人登记了这个身份证号，请核对。")
	ErrCodeTaken   = errs.New(errs.Conflict, "village_code_taken", "这个代码已经用过了，请换一个。")
	ErrBadDay      = errs.New(errs.Invalid, "village_bad_day", "日期不对：不能早于已登记的开始日期。")
)

// Today is the day of the service's clock.
func (s *Service) Today() clock.Day { return clock.DayOf(s.now()) }

// Lock takes the village's row until the transaction ends. It returns ErrNoVillage when there is none or it was merged
// into another.
func (s *Service) Lock(tx *storage.Tx, village id.ID) error {
	n, err := tx.Exec(`UPDATE regions SET rev = rev + 1 WHERE id = ? AND kind = 'village' AND to_day = ?`, village, clock.Forever)
	if err != nil {
		return fmt.Errorf("lock village: %w", err)
	}
	if n == 0 {
		return ErrNoVillage
	}
	return nil
}

// write runs fn as one change of a village's people, once per request id when there is one.
func (s *Service) write(ctx context.Context, w Write, op string, body any, made id.ID, fn func(tx *storage.Tx) error) (id.ID, bool, error) {
	repeated := false
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		repeated = false
		if w.RequestID != "" {
			earlier, again, err := tx.Once(w.By, w.RequestID, op, []any{w.Village, w.On, body}, made)
			if err != nil {
				return err
			}
			if again {
				made, repeated = earlier, true
				return nil
			}
		}
		if err := s.Lock(tx, w.Village); err != nil {
			return err
		}
		return fn(tx)
	})
	return made, repeated, err
}

// Write says in which village, by whom and from which day something is changed.
type Write struct {
	Village   id.ID     `json:"-"`
	By        id.ID     `json:"-"`
	On        clock.Day `json:"on,omitempty"`
	RequestID string    `json:"-"` // made by the client; empty for commands
}

// day is the day from which the change holds: today unless the writer named one, never in the future.
func (s *Service) day(w Write) (clock.Day, error) {
	today := s.Today()
	switch {
	case w.On == 0:
		return today, nil
	case !w.On.Valid() || w.On > today:
		return 0, ErrBadDay.With("日期不对：请填今天（%s）或以前的日期。", today)
	}
	return w.On, nil
}
