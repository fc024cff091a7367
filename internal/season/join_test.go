package season_test

import (
	"errors"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// TestJoinInMidYear: a household that joins has its base score with its account, once, whatever the nightly job does after
// it; one that fails to join leaves nothing.
func TestJoinInMidYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, rules, 2)
		_, err := w.season.GrantBaseIn(ctx, w.village)
		w.must(err)
		w.villages = village.New(db, w.now, season.OpenAccounts(w.book, w.now))
		w.at(2026, 7, 3)
		w.household()
		if got := w.balance(2, "base", ledger.Available); got != 100*pt {
			t.Errorf("base score %s", got)
		}
		n, err := w.season.GrantBaseIn(ctx, w.village)
		if err != nil || n != 0 {
			t.Errorf("the night gave %d more, %v", n, err)
		}
		entries := dbtest.Rows(t, db, "SELECT COUNT(*) FROM entries")
		_, _, err = w.villages.CreateHousehold(ctx, village.Write{Village: w.village, By: 1}, village.NewHousehold{Number: "003", Group: w.groups[0],
			Members: []village.NewMember{{Name: "李四", Relation: village.Head}}})
		if !errors.Is(err, village.ErrNumberTaken) {
			t.Errorf("a number twice: %v", err)
		}
		if now := dbtest.Rows(t, db, "SELECT COUNT(*) FROM entries"); now[0] != entries[0] {
			t.Errorf("%s entries, before %s", now[0], entries[0])
		}
	})
}

// TestJoinBeforeRules: a register is often entered before the village has rules; then the night gives the base score.
func TestJoinBeforeRules(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	w := newWorld(t, db, rules, 0)
	w.villages = village.New(db, w.now, season.OpenAccounts(w.book, w.now))
	v, err := w.villages.CreateVillage(ctx, w.town, village.NewRegion{Code: "431229100202", Name: "新村", From: 20260101})
	w.must(err)
	g, err := w.villages.CreateGroup(ctx, v.ID, village.NewRegion{Code: "01", Name: "第一组", From: 20260101})
	w.must(err)
	_, _, err = w.villages.CreateHousehold(ctx, village.Write{Village: v.ID, By: 1}, village.NewHousehold{Number: "001", Group: g.ID, Members: []village.NewMember{{Name: "王五", Relation: village.Head}}})
	w.must(err)
	if got := dbtest.Rows(t, db, "SELECT COUNT(*) FROM entries"); got[0] != "0" {
		t.Errorf("%s entries without rules", got[0])
	}
}
