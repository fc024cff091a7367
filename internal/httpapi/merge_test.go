package httpapi

import (
	"fmt"
	"slices"
	"testing"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/succession"
)

// TestMergerCarriesOver: offices of the village that ends end; its shops, tags and cases and who stands for whom go over; what
// its groups earned this year stands on the board of the village that continues.
func TestMergerCarriesOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		c := newCountyside(t, db)
		s := &Server{}
		c.services(s)
		into, from := c.here, c.there
		rules, err := configs.Schemes.ReadFile("schemes/linyuan.yaml")
		if err != nil {
			t.Fatal(err)
		}
		head := accesstest.Official(t, db, c.now, access.FirstSecretary, access.Place{Village: into.village})
		if _, problems, err := s.Book.Adopt(ctx, head, into.village, rulebook.AdoptRequest{RequestID: "adopting-rules-001", Source: string(rules), AdoptedOn: walkDay, FromDay: walkDay}); err != nil {
			t.Fatal(problems, err)
		}
		exec := func(q string, args ...any) {
			t.Helper()
			if err := db.InTx(ctx, func(tx *storage.Tx) error { _, err := tx.Exec(q, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		for i, owner := range []spot{into, from} {
			exec("INSERT INTO shops (id, owner_id, name, address, hours, state, created_by, created_at, settings) VALUES (?, ?, '积分超市', '', '', 'open', 1, 1, '{}')", owner.shop, owner.village)
			exec("INSERT INTO shop_villages (shop_id, village_id, from_day, to_day, set_by) VALUES (?, ?, ?, ?, 1)", owner.shop, owner.village, walkDay.Add(-30-i), clock.Forever)
		}
		exec("INSERT INTO case_events (id, village_id, case_id, at_ms, by_user, from_state, to_state, why) VALUES (?, ?, 5, 1, 1, '', 'submitted', '')", db.NewID(), from.village)
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			return standing.Add(tx, 1, c.now(), standing.Tag{Village: from.village, Account: from.household, Kind: scheme.TagVeto, From: walkDay.Add(-3), To: clock.Forever, Reason: "赌博"})
		}); err != nil {
			t.Fatal(err)
		}
		official := accesstest.Official(t, db, c.now, access.TeamMember, access.Place{Village: from.village})
		stays := accesstest.Official(t, db, c.now, access.TeamMember, access.Place{Village: into.village})
		person := accesstest.User(t, db, "村民")
		accesstest.Stand(t, db, person, from.village, from.member)
		user := accesstest.User(t, db, "县里")
		for _, county := range []spot{into, from} {
			accesstest.Grant(t, db, user, access.CountyAdmin, access.Place{Region: county.county})
		}
		rec, err := s.Successions.MergeVillages(ctx, accesstest.Actor(t, db, c.now, user), into.village, succession.MergeVillages{From: from.village, Prefix: "西",
			Act: succession.Act{RequestID: "merging-villages-01", DecidedBy: "县人民政府批复"}})
		if err != nil || rec.Kind != succession.KindVillages {
			t.Fatalf("%+v %v", rec, err)
		}
		if a := accesstest.Actor(t, db, c.now, official.User()); a.Has(access.TeamMember, from.village) || a.Has(access.TeamMember, into.village) {
			t.Error("an office of the village that ended is still held")
		}
		if a := accesstest.Actor(t, db, c.now, stays.User()); !a.Has(access.TeamMember, into.village) {
			t.Error("an office of the village that continues was lost")
		}
		villager := accesstest.Actor(t, db, c.now, person)
		tags, err := s.Standing.List(ctx, villager, into.village, from.household)
		if err != nil || len(tags) != 1 || !tags[0].Stands {
			t.Errorf("tags: %+v %v", tags, err)
		}
		shops, err := s.Market.Shops(ctx, villager, into.village)
		if err != nil || len(shops.Items) != 2 || shops.Items[0].Name == shops.Items[1].Name {
			t.Errorf("shops: %+v %v", shops, err)
		}
		for table, want := range map[string][]string{"case_events": {"1"}, "user_members": {"1"}, "shops": {"2"}} {
			column := map[string]string{"shops": "owner_id"}[table]
			if column == "" {
				column = "village_id"
			}
			if got := dbtest.Rows(t, db, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s = ?", table, column), into.village); !slices.Equal(got, want) {
				t.Errorf("%s: %v", table, got)
			}
		}
		if got := dbtest.Rows(t, db, "SELECT COUNT(*) FROM shop_villages WHERE village_id = ? AND to_day > ?", from.village, walkDay); got[0] != "0" {
			t.Errorf("%s shops serve the village that ended", got[0])
		}
	})
}
