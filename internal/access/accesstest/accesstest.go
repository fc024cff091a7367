// Package accesstest makes actors for the tests of other packages: real users with real roles in the test's database.
package accesstest

import (
	"testing"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// User makes a user without any role.
func User(t testing.TB, db *storage.DB, name string) id.ID {
	t.Helper()
	user := db.NewID()
	exec(t, db, "INSERT INTO users (id, name, state, phone_enc, phone_idx, created_at, rev) VALUES (?,?,'active',?,?,0,0)", user, name, []byte{}, []byte{})
	return user
}

// Grant gives a user a role from the first day on, without asking whether the place exists.
func Grant(t testing.TB, db *storage.DB, user id.ID, role access.Role, p access.Place) {
	t.Helper()
	exec(t, db, `INSERT INTO user_roles (id, user_id, role, village_id, shop_id, group_id, region_id, from_day, to_day, granted_by, granted_at, ended_by, ended_at)
		VALUES (?,?,?,?,?,0,?,19700101,?,0,0,0,0)`, db.NewID(), user, string(role), p.Village, p.Shop, p.Region, clock.Forever)
}

// Official is a new user with one role. Place names the village, with the shop for a keeper, or the region alone for a
// supervisor or county administrator.
func Official(t testing.TB, db *storage.DB, now clock.Clock, role access.Role, p access.Place) access.Actor {
	t.Helper()
	user := User(t, db, role.Name())
	Grant(t, db, user, role, p)
	return Actor(t, db, now, user)
}

// Villager is a new user who stands for a member. The member's household is the one of the memberships in force.
func Villager(t testing.TB, db *storage.DB, now clock.Clock, village, member id.ID) access.Actor {
	t.Helper()
	user := User(t, db, "村民")
	Stand(t, db, user, village, member)
	return Actor(t, db, now, user)
}

// Stand makes a user stand for a member from the first day on.
func Stand(t testing.TB, db *storage.DB, user, village, member id.ID) {
	t.Helper()
	exec(t, db, `INSERT INTO user_members (id, user_id, member_id, village_id, how, from_day, to_day, made_by, ended_by, created_at)
		VALUES (?,?,?,?,'office',19700101,?,0,0,0)`, db.NewID(), user, member, village, clock.Forever)
}

// Actor is the user as the database knows them now; ask again after a change.
func Actor(t testing.TB, db *storage.DB, now clock.Clock, user id.ID) access.Actor {
	t.Helper()
	a, err := access.New(db, now, nil).ActAs(t.Context(), user)
	if err != nil {
		t.Fatalf("actor: %v", err)
	}
	return a
}

func exec(t testing.TB, db *storage.DB, query string, args ...any) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *storage.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
