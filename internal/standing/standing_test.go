package standing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func TestTagsStandForTheirTerm(t *testing.T) {
	day := clock.MakeDay(2026, 5, 20)
	at := day.Start().Add(9 * time.Hour)
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		a, b, village := db.NewID(), db.NewID(), db.NewID()
		kinds := func(on clock.Day) map[id.ID][]string {
			out := map[id.ID][]string{}
			err := db.InTx(context.Background(), func(tx *storage.Tx) error {
				tags, err := standing.Tags(tx, []id.ID{a, b}, on)
				for account, ts := range tags {
					for _, tag := range ts {
						out[account] = append(out[account], tag.Kind)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		tags := []standing.Tag{
			{Village: village, Account: a, Kind: scheme.TagBarred, From: day, To: day.Add(10), Reason: "乱占耕地"},
			{Village: village, Account: a, Kind: scheme.TagWarning, From: day.Add(5), To: clock.Forever},
			{Village: village, Account: b, Kind: scheme.TagVeto, From: day, To: day.Add(1), Case: 77},
		}
		err := db.InTx(context.Background(), func(tx *storage.Tx) error { return standing.Add(tx, 1, at, tags...) })
		if err != nil {
			t.Fatal(err)
		}
		for on, want := range map[clock.Day][2]int{day.Add(-1): {0, 0}, day: {1, 1}, day.Add(1): {1, 0}, day.Add(9): {2, 0}, day.Add(10): {1, 0}} {
			got := kinds(on)
			if len(got[a]) != want[0] || len(got[b]) != want[1] {
				t.Errorf("%s: %v, want %v", on, got, want)
			}
		}
		lift := func(tag, village id.ID) error {
			return db.InTx(context.Background(), func(tx *storage.Tx) error { return standing.Lift(tx, village, tag, day.Add(6), 1, at) })
		}
		if err := lift(tags[1].ID, village+1); !errors.Is(err, standing.ErrNoTag) {
			t.Errorf("lifted from another village: %v", err)
		}
		if err := lift(tags[1].ID, village); err != nil {
			t.Fatal(err)
		}
		if err := lift(tags[1].ID, village); !errors.Is(err, standing.ErrNoTag) {
			t.Errorf("lifted twice: %v", err)
		}
		if got := kinds(day.Add(6)); len(got[a]) != 1 {
			t.Errorf("after lifting: %v", got)
		}
		err = db.InTx(context.Background(), func(tx *storage.Tx) error { return standing.LiftOfCases(tx, []id.ID{b}, []id.ID{77}, day, 1, at) })
		if err != nil || len(kinds(day)[b]) != 0 {
			t.Errorf("tags of a reversed case still stand: %v", err)
		}
	})
}

func TestRefuseSpending(t *testing.T) {
	for kind, want := range map[string]error{scheme.TagBarred: standing.ErrBarred, scheme.TagSuspended: standing.ErrSuspended, scheme.TagVeto: nil, scheme.TagWarning: nil} {
		err := standing.RefuseSpending([]standing.Tag{{Kind: kind, To: clock.Forever}})
		if !errors.Is(err, want) || (want == nil && err != nil) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
