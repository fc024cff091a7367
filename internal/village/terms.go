package village

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Statuses of a household or a person; each has one at a time. Resident is the one that needs no row.
const (
	Resident  = "resident"  // 常住
	Away      = "away"      // 外出
	Suspended = "suspended" // 暂停
	Moved     = "moved"     // 迁出
	Dead      = "dead"      // 去世
	Dissolved = "dissolved" // 销户
)

// StatusNames are the statuses in Chinese, as sheets and pages show them.
var StatusNames = map[string]string{Resident: "常住", Away: "外出", Suspended: "暂停", Moved: "迁出", Dead: "去世", Dissolved: "销户"}

const (
	kindStatus = "status"
	kindFlag   = "flag"
	maxFlags   = 20
)

// stateTable says where the states of an owner are kept.
type stateTable struct{ table, owner string }

var (
	householdStates = stateTable{"household_states", "household_id"}
	memberStates    = stateTable{"member_states", "member_id"}
)

// term is a row with an open end.
type term struct {
	id    id.ID
	kind  string
	value string
	from  clock.Day
}

// SetHouseholdStatus and SetMemberStatus end the open status and begin another from a day on.
// They return ErrBadDay when the day lies before the open one began. The caller holds Lock.
func (s *Service) SetHouseholdStatus(tx *storage.Tx, w Write, household id.ID, status string, day clock.Day) error {
	return s.setStatus(tx, householdStates, w, household, status, day)
}

func (s *Service) SetMemberStatus(tx *storage.Tx, w Write, member id.ID, status string, day clock.Day) error {
	return s.setStatus(tx, memberStates, w, member, status, day)
}

func (s *Service) setStatus(tx *storage.Tx, t stateTable, w Write, owner id.ID, status string, day clock.Day) error {
	if StatusNames[status] == "" {
		return ErrInvalid.WithFields(errs.Field{Path: "status", Msg: "没有这种状态"})
	}
	open, err := openStates(tx, t, owner)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.kind != kindStatus {
			continue
		}
		if o.value == status {
			return nil
		}
		if err := endTerm(tx, t.table, o.id, o.from, day); err != nil {
			return err
		}
	}
	if status == Resident {
		return nil
	}
	return beginState(tx, t, w, owner, kindStatus, status, day)
}

// setFlags makes the open flags exactly those wanted.
func (s *Service) setFlags(tx *storage.Tx, t stateTable, w Write, owner id.ID, want []string, day clock.Day) error {
	open, err := openStates(tx, t, owner)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, o := range open {
		if o.kind != kindFlag {
			continue
		}
		has[o.value] = true
		if !slices.Contains(want, o.value) {
			if err := endTerm(tx, t.table, o.id, o.from, day); err != nil {
				return err
			}
		}
	}
	for _, f := range want {
		if !has[f] {
			if err := beginState(tx, t, w, owner, kindFlag, f, day); err != nil {
				return err
			}
		}
	}
	return nil
}

func openStates(tx *storage.Tx, t stateTable, owner id.ID) ([]term, error) {
	rows, err := tx.Query(`SELECT id, kind, value, from_day FROM `+t.table+` WHERE `+t.owner+` = ? AND to_day = ?`, owner, clock.Forever)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (o term, err error) {
		err = rows.Scan(&o.id, &o.kind, &o.value, &o.from)
		return o, err
	})
}

func beginState(tx *storage.Tx, t stateTable, w Write, owner id.ID, kind, value string, day clock.Day) error {
	_, err := tx.Exec(`INSERT INTO `+t.table+` (id, village_id, `+t.owner+`, kind, value, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		tx.NewID(), w.Village, owner, kind, value, day, clock.Forever, w.By)
	return err
}

// endTerm ends an open term on a day: it holds no longer from that day on. A term that began that very day keeps a row
// that holds on no day.
func endTerm(tx *storage.Tx, table string, term id.ID, from, day clock.Day) error {
	if day < from {
		return ErrBadDay.With("日期不对：现在登记的情况是从%s开始的，新的日期不能早于它。", from.Chinese())
	}
	n, err := tx.Exec(`UPDATE `+table+` SET to_day = ? WHERE id = ? AND to_day = ?`, day, term, clock.Forever)
	if err == nil && n != 1 {
		err = fmt.Errorf("%s %s: the term is not open", table, term)
	}
	return err
}

// SetGroup moves a household to another group of its village from a day on. The caller holds Lock.
func (s *Service) SetGroup(tx *storage.Tx, w Write, household, group id.ID, day clock.Day) error {
	if err := groupOpen(tx, w.Village, group); err != nil {
		return err
	}
	var open, now id.ID
	var from clock.Day
	err := tx.QueryRow(`SELECT id, group_id, from_day FROM household_groups WHERE household_id = ? AND to_day = ?`, household, clock.Forever).
		Scan(&open, &now, &from)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case now == group:
		return nil
	default:
		if err := endTerm(tx, "household_groups", open, from, day); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`INSERT INTO household_groups (id, village_id, household_id, group_id, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		tx.NewID(), w.Village, household, group, day, clock.Forever, w.By)
	return err
}

func groupOpen(tx *storage.Tx, village, group id.ID) error {
	var one int
	err := tx.QueryRow(`SELECT 1 FROM regions WHERE id = ? AND kind = 'group' AND village_id = ? AND to_day = ?`, group, village, clock.Forever).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoGroup
	}
	return err
}
