package village

import (
	"context"
	"errors"
	"testing"

	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// A declaration is ended in the household's own village only: whoever knows the ids elsewhere cannot lift a bar.
func TestKinEndsInItsVillage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, f := context.Background(), newFixture(t, db)
		official, relatives := f.household(t, "001", 0, "张三"), f.household(t, "002", 0, "李四")
		people, err := f.people(ctx, official, f.today)
		must(t, err)
		_, err = f.DeclareKin(ctx, f.write(), people[0].ID, relatives, "岳父")
		must(t, err)
		open := func() int {
			return len(dbtest.Rows(t, db, "SELECT id FROM kin WHERE household_id = ? AND to_day = 99991231", relatives))
		}
		other := newFixture(t, db)
		if _, err := f.EndKin(ctx, other.write(), people[0].ID, relatives); !errors.Is(err, ErrNoHousehold) || open() != 1 {
			t.Errorf("from another village: %v, %d open", err, open())
		}
		if _, err := f.DeclareKin(ctx, f.write(), people[0].ID, official, "本人"); !errors.Is(err, ErrOwnKin) {
			t.Errorf("the own household: %v", err)
		}
		if _, err := f.EndKin(ctx, f.write(), people[0].ID, relatives); err != nil || open() != 0 {
			t.Errorf("%v, %d open", err, open())
		}
	})
}

// The day and the village belong to what a request says: with others its id is refused.
func TestRequestOfAnotherDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, f := context.Background(), newFixture(t, db)
		h := f.household(t, "001", 0, "张三")
		w := f.write()
		w.RequestID = "flags-0123456789ab"
		for _, again := range []bool{false, true} {
			if repeated, err := f.SetFlags(ctx, w, h, []string{"党员户"}); err != nil || repeated != again {
				t.Errorf("repeated %t: %v", repeated, err)
			}
		}
		w.On = f.today
		if _, err := f.SetFlags(ctx, w, h, []string{"党员户"}); !errors.Is(err, storage.ErrRequestReused) {
			t.Errorf("another day: %v", err)
		}
		w.On, w.Village = 0, newFixture(t, db).village.ID
		if _, err := f.SetFlags(ctx, w, h, []string{"党员户"}); !errors.Is(err, storage.ErrRequestReused) {
			t.Errorf("another village: %v", err)
		}
	})
}
