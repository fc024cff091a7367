package standing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// TestLift: who may lift what, with a reason that the household reads.
func TestLift(t *testing.T) {
	day := clock.MakeDay(2026, 5, 20)
	now := func() time.Time { return day.Start().Add(9 * time.Hour) }
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		v := village.New(db, now, ledger.OpenAccounts)
		from := clock.MakeDay(2026, 1, 1)
		county, err := v.CreateCounty(ctx, village.NewRegion{Code: fmt.Sprint(db.NewID()), Name: "县", From: from})
		must(err)
		town, err := v.CreateTown(ctx, county.ID, village.NewRegion{Code: "T", Name: "镇", From: from})
		must(err)
		place, err := v.CreateVillage(ctx, town.ID, village.NewRegion{Code: "V", Name: "村", From: from})
		must(err)
		group, err := v.CreateGroup(ctx, place.ID, village.NewRegion{Code: "G", Name: "一组", From: from})
		must(err)
		home := func(number, name string) (household, member id.ID) {
			h, _, err := v.CreateHousehold(ctx, village.Write{Village: place.ID, By: 1, On: from}, village.NewHousehold{Number: number, Group: group.ID,
				Members: []village.NewMember{{Name: name, Relation: village.Head}}})
			must(err)
			must(db.QueryRow(ctx, "SELECT member_id FROM memberships WHERE household_id = ?", h).Scan(&member))
			return h, member
		}
		h, person := home("001", "张三")
		own, me := home("002", "李四")
		tags := []standing.Tag{
			{Village: place.ID, Account: h, Kind: scheme.TagSuspended, From: day.Add(-5), To: clock.Forever, Reason: "门前堆柴"},
			{Village: place.ID, Account: h, Kind: scheme.TagVeto, From: day.Add(-4), To: day.Add(200), Reason: "赌博"},
			{Village: place.ID, Account: person, Kind: scheme.TagBarred, From: day.Add(-3), To: day.Add(30), Reason: "闹事"},
			{Village: place.ID, Account: h, Kind: scheme.TagWarning, From: day.Add(-2), To: clock.Forever, Reason: "乱倒垃圾"},
			{Village: place.ID, Account: me, Kind: scheme.TagSuspended, From: day.Add(-1), To: clock.Forever, Reason: "自家的"},
		}
		must(db.InTx(ctx, func(tx *storage.Tx) error { return standing.Add(tx, 1, now(), tags...) }))
		s := standing.New(db, now, v)
		at := access.Place{Village: place.ID}
		boss := accesstest.Official(t, db, now, access.FirstSecretary, at)
		user := accesstest.User(t, db, "队员")
		accesstest.Grant(t, db, user, access.TeamMember, at)
		accesstest.Stand(t, db, user, place.ID, me)
		member := accesstest.Actor(t, db, now, user)
		requests := 0
		ask := func(why string) standing.LiftRequest {
			requests++
			return standing.LiftRequest{RequestID: fmt.Sprintf("lift-a-tag-%08d", requests), Why: why}
		}
		for _, c := range []struct {
			name string
			by   access.Actor
			in   id.ID
			tag  int
			why  string
			want error
		}{
			{"no reason", boss, place.ID, 0, " ", standing.ErrWhy},
			{"a veto by a team member", member, place.ID, 1, "改好了", standing.ErrRank},
			{"a bar by a team member", member, place.ID, 2, "改好了", standing.ErrRank},
			{"a warning", boss, place.ID, 3, "改好了", standing.ErrByCase},
			{"against the own household", member, place.ID, 4, "改好了", access.ErrOwn},
			{"by the keeper", accesstest.Official(t, db, now, access.Keeper, access.Place{Village: place.ID, Shop: 3}), place.ID, 0, "改好了", access.ErrForbidden},
			{"in another village", boss, 77, 0, "改好了", access.ErrForbidden},
		} {
			before := dbtest.Rows(t, db, "SELECT * FROM tags ORDER BY id")
			if _, err := s.Lift(ctx, c.by, c.in, tags[c.tag].ID, ask(c.why)); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			if !slices.Equal(before, dbtest.Rows(t, db, "SELECT * FROM tags ORDER BY id")) {
				t.Errorf("%s: something has changed", c.name)
			}
		}
		first := ask("柴已清走")
		for _, repeated := range []bool{false, true} {
			n, err := s.Lift(ctx, member, place.ID, tags[0].ID, first)
			if err != nil || n.Repeated != repeated || n.Stands || n.LiftedWhy != "柴已清走" || n.LifterName != "队员" || n.To != day {
				t.Errorf("%+v %v", n, err)
			}
		}
		if _, err := s.Lift(ctx, boss, place.ID, tags[0].ID, ask("再来")); !errors.Is(err, standing.ErrNoTag) {
			t.Errorf("twice: %v", err)
		}
		for _, i := range []int{1, 2} {
			_, err := s.Lift(ctx, boss, place.ID, tags[i].ID, ask("村民代表会议同意"))
			must(err)
		}
		if got := dbtest.Rows(t, db, "SELECT COUNT(*) FROM messages WHERE kind = 'lifted'")[0]; got != "3" {
			t.Errorf("%s messages of three that were lifted", got)
		}
		list, err := s.List(ctx, accesstest.Villager(t, db, now, place.ID, person), place.ID, h)
		if err != nil || len(list) != 4 || list[0].Kind != scheme.TagWarning || !list[0].Stands || list[1].LiftedWhy == "" || list[1].KindName != "取消兑换资格" {
			t.Errorf("%+v %v", list, err)
		}
		if _, err := s.List(ctx, accesstest.Villager(t, db, now, place.ID, person), place.ID, own); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a neighbour's: %v", err)
		}
	})
}
