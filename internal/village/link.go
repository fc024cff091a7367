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

// MaxLinks is how many households one member may answer for at a time.
const MaxLinks = 50

var (
	ErrOwnLink  = errs.New(errs.Invalid, "village_own_link", "不用联系自己家，请选别的户。")
	ErrManyLink = errs.New(errs.Conflict, "village_many_links", "一个人最多联系50户，请先取消几户。")
)

// Linked is a household and the member who answers for it.
type Linked struct {
	Member    id.ID     `json:"member"`
	Name      string    `json:"name"`
	Household id.ID     `json:"household"`
	Number    string    `json:"number"`
	Holder    string    `json:"holder" doc:"the householder"`
	From      clock.Day `json:"from_day"`
}

// Link records that a member answers for a household (党员联户) from w.On, today if zero. Linking again is no error.
func (s *Service) Link(ctx context.Context, w Write, member, household id.ID) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	_, repeated, err = s.write(ctx, w, "village.link", []any{member, household}, household, func(tx *storage.Tx) error {
		if _, err := s.openHousehold(tx, w.Village, household, day); err != nil {
			return err
		}
		var home id.ID
		err := tx.QueryRow(`SELECT household_id FROM memberships WHERE member_id = ? AND village_id = ? AND to_day = ?`, member, w.Village, clock.Forever).Scan(&home)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoMember
		case err != nil:
			return err
		case home == household:
			return ErrOwnLink
		}
		var links, same int
		err = tx.QueryRow(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN household_id = ? THEN 1 ELSE 0 END), 0) FROM links WHERE member_id = ? AND to_day = ?`,
			household, member, clock.Forever).Scan(&links, &same)
		switch {
		case err != nil:
			return err
		case same > 0:
			return nil
		case links >= MaxLinks:
			return ErrManyLink
		}
		_, err = tx.Exec(`INSERT INTO links (id, village_id, member_id, household_id, from_day, to_day, set_by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			tx.NewID(), w.Village, member, household, day, clock.Forever, w.By)
		return err
	})
	return repeated, err
}

// Unlink ends it from w.On on. Where nothing is open it is no error.
func (s *Service) Unlink(ctx context.Context, w Write, member, household id.ID) (repeated bool, err error) {
	day, err := s.day(w)
	if err != nil {
		return false, err
	}
	_, repeated, err = s.write(ctx, w, "village.unlink", []any{member, household}, household, func(tx *storage.Tx) error {
		_, err := tx.Exec(`UPDATE links SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END
			WHERE village_id = ? AND member_id = ? AND household_id = ? AND to_day = ?`, day, day, w.Village, member, household, clock.Forever)
		return err
	})
	return repeated, err
}

// Links are those of a village that are open today, by member.
func (s *Service) Links(ctx context.Context, village id.ID) ([]Linked, error) {
	rows, err := s.db.Query(ctx, `SELECT l.member_id, m.name, l.household_id, h.number, h.name, l.from_day
		FROM links l JOIN members m ON m.id = l.member_id JOIN households h ON h.id = l.household_id
		WHERE l.village_id = ? AND l.to_day = ? ORDER BY l.member_id, h.number LIMIT 5000`, village, clock.Forever)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Linked{}
	for rows.Next() {
		var l Linked
		if err := rows.Scan(&l.Member, &l.Name, &l.Household, &l.Number, &l.Holder, &l.From); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}
