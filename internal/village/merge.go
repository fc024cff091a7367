package village

import (
	"database/sql"
	"fmt"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Absorb puts everything registered under a village under another that continues, from a day on: groups, households, members
// and all their terms keep their ids. Every household of the absorbed village is known by prefix and its number, and its
// old number stays as an alias; without a prefix the numbers stay, and ErrNumberTaken says that two are the
// same. Groups of the same name are told apart by the absorbed village's name. The caller holds Lock on both.
func (s *Service) Absorb(tx *storage.Tx, w Write, from id.ID, prefix string, day clock.Day) error {
	old, err := scanRegion(tx.QueryRow(`SELECT `+regionColumns+` FROM regions WHERE id = ?`, from))
	if err != nil {
		return err
	}
	into, err := scanRegion(tx.QueryRow(`SELECT `+regionColumns+` FROM regions WHERE id = ?`, w.Village))
	if err != nil {
		return err
	}
	if day < old.From {
		return ErrBadDay
	}
	if err := s.absorbNumbers(tx, from, w.Village, prefix, day); err != nil {
		return err
	}
	if err := absorbGroups(tx, old, into); err != nil {
		return err
	}
	for _, table := range []string{"household_aliases", "household_groups", "household_states", "household_codes", "members", "memberships", "member_states", "kin", "links", "teams"} {
		if _, err := tx.Exec(`UPDATE `+table+` SET village_id = ? WHERE village_id = ?`, into.ID, from); err != nil {
			return fmt.Errorf("absorb %s: %w", table, err)
		}
	}
	if _, err := tx.Exec(`UPDATE regions SET into_id = ? WHERE into_id = ?`, into.ID, from); err != nil { // merged into this one earlier
		return err
	}
	_, err = tx.Exec(`UPDATE regions SET to_day = ?, into_id = ? WHERE id = ?`, day, into.ID, from)
	return err
}

func (s *Service) absorbNumbers(tx *storage.Tx, from, into id.ID, prefix string, day clock.Day) error {
	type numbered struct {
		id     id.ID
		number string
	}
	rows, err := tx.Query(`SELECT id, number FROM households WHERE village_id = ?`, from)
	if err != nil {
		return err
	}
	all, err := collect(rows, func(rows *sql.Rows) (n numbered, err error) {
		err = rows.Scan(&n.id, &n.number)
		return n, err
	})
	if err != nil {
		return err
	}
	for _, h := range all {
		number := prefix + h.number
		if !goodNumber(number) {
			return ErrInvalid.With("户编号加上前缀“%s”后不合要求（最多20个字母、数字、汉字）：%s", prefix, number)
		}
		_, err := tx.Exec(`UPDATE households SET village_id = ?, number = ? WHERE id = ?`, into, number, h.id)
		if storage.IsDuplicate(err) {
			return ErrNumberTaken.With("两个村都有编号为 %s 的户，请给并入的村填一个编号前缀。", number)
		}
		if err != nil {
			return err
		}
		if prefix == "" {
			continue
		}
		if err := s.Alias(tx, from, h.id, h.number, from, day); err != nil {
			return err
		}
	}
	return nil
}

func absorbGroups(tx *storage.Tx, old, into Region) error {
	rows, err := tx.Query(`SELECT `+regionColumns+` FROM regions WHERE kind = 'group' AND village_id IN (?, ?) ORDER BY code, id`, old.ID, into.ID)
	if err != nil {
		return err
	}
	groups, err := collect(rows, func(rows *sql.Rows) (Region, error) { return scanRegion(rows) })
	if err != nil {
		return err
	}
	names, codes := map[string]bool{}, map[string]bool{}
	for _, g := range groups {
		if g.Village == into.ID {
			names[g.Name], codes[g.Code] = true, true
		}
	}
	for _, g := range groups {
		if g.Village != old.ID {
			continue
		}
		if names[g.Name] {
			g.Name = old.Name + g.Name
			if utf8.RuneCountInString(g.Name) > 30 {
				g.Name = string([]rune(g.Name)[utf8.RuneCountInString(g.Name)-30:])
			}
		}
		for n := len(groups); codes[g.Code]; n++ {
			g.Code = fmt.Sprintf("%02d", n)
		}
		names[g.Name], codes[g.Code] = true, true
		full, _ := Pinyin(g.Name)
		if _, err := tx.Exec(`UPDATE regions SET parent_id = ?, village_id = ?, town_id = ?, county_id = ?, code = ?, name = ?, pinyin = ? WHERE id = ?`,
			into.ID, into.ID, into.Town, into.County, g.Code, g.Name, full, g.ID); err != nil {
			return err
		}
	}
	return nil
}
