package access

import (
	"errors"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// provedDays is for how long a proof of a number vouches for who holds it: operators keep a returned number back for
// ninety days before somebody else gets it.
const provedDays = 90

// provenPhone is when a number has just been proved for a user, by WeChat or by a code: where another user with the number is plainly
// the same person, who came in the other way, the two become one (docs/adr/0007). It gives the user that remains, with its
// lock held, and whether there were two. They are the same person if the other's proof is younger than
// provedDays, exactly one of them comes in by WeChat, nobody else has the number, their names do not differ, and at most
// one of them holds an office. That one remains, else the older; what the other has is carried over.
func (s *Service) provenPhone(tx *storage.Tx, user id.ID, idx []byte) (keep id.ID, joined bool, err error) {
	others, err := scanIDs(tx.Query("SELECT id FROM users WHERE phone_idx = ? AND id <> ? AND state = 'active' LIMIT 2", idx, user))
	if err != nil {
		return 0, false, err
	}
	if len(others) != 1 {
		return user, false, lockUser(tx, user)
	}
	both := []id.ID{user, others[0]}
	slices.Sort(both) // one order of locks; the older first
	for _, u := range both {
		if err := lockUser(tx, u); errors.Is(err, ErrUserUnknown) && u != user { // closed this moment
			return user, false, lockUser(tx, user)
		} else if err != nil {
			return 0, false, err
		}
	}
	one, err := s.namesake(tx, both[0])
	if err != nil {
		return 0, false, err
	}
	two, err := s.namesake(tx, both[1])
	if err != nil {
		return 0, false, err
	}
	known := one
	if others[0] == two.user {
		known = two
	}
	recent := known.provedAt >= clock.Ms(s.now().AddDate(0, 0, -provedDays)) && string(known.phone) == string(idx)
	apart := one.name != two.name && one.name != "" && two.name != ""
	if !recent || apart || one.weChat == two.weChat || one.office && two.office {
		return user, false, nil
	}
	if two.office {
		one, two = two, one
	}
	return one.user, true, s.carryOver(tx, two, one)
}

// namesake is what decides whether two users are one person.
type namesake struct {
	user     id.ID
	name     string
	phone    []byte
	provedAt int64
	weChat   bool
	office   bool
}

func (s *Service) namesake(tx *storage.Tx, user id.ID) (n namesake, err error) {
	n.user = user
	var identities, offices int
	err = tx.QueryRow(`SELECT u.name, u.phone_idx, u.phone_at, (SELECT COUNT(*) FROM identities i WHERE i.user_id = u.id),
		(SELECT COUNT(*) FROM user_roles r WHERE r.user_id = u.id AND r.to_day > ?) FROM users u WHERE u.id = ?`, s.today(), user).
		Scan(&n.name, &n.phone, &n.provedAt, &identities, &offices)
	n.weChat, n.office = identities > 0, offices > 0
	return n, err
}

// carryOver gives what a user has to the one that remains and closes it. Its sessions go on as the other's; its name stays
// under what it has signed.
func (s *Service) carryOver(tx *storage.Tx, from, into namesake) error {
	if err := s.moveHomes(tx, from.user, into.user); err != nil {
		return err
	}
	if err := moveBindings(tx, from.user, into.user); err != nil {
		return err
	}
	for _, q := range []string{
		"UPDATE identities SET user_id = ? WHERE user_id = ?",
		"UPDATE sessions SET user_id = ? WHERE user_id = ?",
		"UPDATE consents SET user_id = ? WHERE user_id = ?",
	} {
		if _, err := tx.Exec(q, into.user, from.user); err != nil {
			return err
		}
	}
	if into.name == "" {
		if _, err := tx.Exec("UPDATE users SET name = ? WHERE id = ?", from.name, into.user); err != nil {
			return err
		}
	}
	_, err := tx.Exec("UPDATE users SET state = 'closed', phone_enc = ?, phone_idx = ?, into_id = ? WHERE id = ?", []byte{}, []byte{}, into.user, from.user)
	return err
}

// moveHomes ends what one user stands for and lets the other stand for it from today on.
func (s *Service) moveHomes(tx *storage.Tx, from, into id.ID) error {
	rows, err := tx.Query("SELECT member_id, village_id, how FROM user_members WHERE user_id = ? AND to_day > ? ORDER BY id", from, s.today())
	if err != nil {
		return err
	}
	type home struct {
		member, village id.ID
		how             string
	}
	var homes []home
	err = eachRow(rows, func() error {
		var h home
		err := rows.Scan(&h.member, &h.village, &h.how)
		homes = append(homes, h)
		return err
	})
	if err != nil {
		return err
	}
	for _, h := range homes {
		if err := s.stand(tx, into, h.member, h.village, h.how, into); err != nil {
			return err
		}
	}
	today := s.today()
	_, err = tx.Exec("UPDATE user_members SET to_day = CASE WHEN from_day > ? THEN from_day ELSE ? END, ended_by = ? WHERE user_id = ? AND to_day > ?",
		today, today, into, from, today)
	return err
}

// moveBindings gives over what waits for a decision; where both have asked for one household one request is enough.
func moveBindings(tx *storage.Tx, from, into id.ID) error {
	rows, err := tx.Query("SELECT id, household_id FROM bindings WHERE user_id = ? AND state = 'pending' ORDER BY id", from)
	if err != nil {
		return err
	}
	type asked struct{ binding, household id.ID }
	var all []asked
	err = eachRow(rows, func() error {
		var a asked
		err := rows.Scan(&a.binding, &a.household)
		all = append(all, a)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range all {
		var n int
		if err := tx.QueryRow("SELECT COUNT(*) FROM bindings WHERE open_key = ?", openKey(into, a.household)).Scan(&n); err != nil {
			return err
		}
		q, args := "UPDATE bindings SET user_id = ?, open_key = ? WHERE id = ?", []any{into, openKey(into, a.household), a.binding}
		if n > 0 {
			q, args = "DELETE FROM bindings WHERE id = ?", []any{a.binding}
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
	}
	return nil
}
