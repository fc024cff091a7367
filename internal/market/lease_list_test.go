package market_test

import (
	"errors"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/market"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestEndingAnotherDevicesLease: who may see and end the lease of a device that is not theirs, lost perhaps, and what becomes of
// what it redeems after that.
func TestEndingAnotherDevicesLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		home := w.households[0]
		card := w.card(home)
		w.give(home, 5000)
		soap := w.goods("香皂", 250, 50)
		l, err := w.lease()
		must(t, err)
		o := &offline{world: w, lease: l}
		before := o.sale(home, card, soap, 1, 250)

		foreign := accesstest.Official(t, db, w.now, access.Keeper, access.Place{Village: w.village, Shop: db.NewID()})
		watcher := accesstest.Official(t, db, w.now, access.VillageSupervisor, access.Place{Village: w.village})
		second := w.newKeeper()
		list := func(a access.Actor) []market.LeaseGist {
			t.Helper()
			page, err := w.market.Leases(ctx, a, w.village, market.Page{})
			must(t, err)
			return page.Items
		}
		for who, may := range map[*access.Actor]bool{&w.keeper: true, &second: true, &w.secretary: true, &foreign: false, &watcher: false} {
			if got := list(*who); len(got) != 1 || !got[0].Open || got[0].MayClose != may || got[0].KeeperName == "" || got[0].ShopName != "村超市" || got[0].Households != 1 {
				t.Errorf("%+v", got)
			}
			if _, err := w.market.CloseLease(ctx, *who, w.village, w.shop, db.NewID(), market.CloseRequest{RequestID: w.request()}); may != errors.Is(err, market.ErrNoLease) || may == errors.Is(err, access.ErrForbidden) {
				t.Errorf("may %v: %v", may, err)
			}
		}
		if _, err := w.market.Leases(ctx, w.keeper, w.other, market.Page{}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("another village's: %v", err)
		}

		w.at.Add(time.Hour.Milliseconds())
		_, err = w.market.CloseLease(ctx, second, w.village, w.shop, l.ID, market.CloseRequest{RequestID: w.request()})
		must(t, err)
		if got := list(w.secretary)[0]; got.Open || got.MayClose || got.ClosedBy == "" || got.ClosedAt == 0 {
			t.Errorf("%+v", got)
		}
		if n := o.back(before); n.State != market.Posted {
			t.Errorf("redeemed before it was ended: %+v", n)
		}
		w.at.Add(time.Hour.Milliseconds())
		if n := o.back(o.sale(home, card, soap, 1, 250)); n.State != market.Waiting || len(n.Conflicts) != 1 || n.Conflicts[0] != market.OutOfTime {
			t.Errorf("redeemed after it was ended: %+v", n)
		}
		page, err := w.market.Returns(ctx, w.secretary, w.village, market.Waiting, market.Page{})
		must(t, err)
		if n := page.Items[0]; n.HouseholdNumber != "001" || n.HouseholdName != "张三" || n.What != "香皂×1" || n.KeeperName == "" {
			t.Errorf("the official reads %+v", n)
		}
		if _, err := w.lease(); err != nil {
			t.Errorf("the next device: %v", err)
		}
		if got := list(w.secretary); len(got) != 2 || !got[0].Open || got[1].Open || got[1].Returned != 2 || got[1].Waiting != 1 || got[1].Spent != 250 {
			t.Errorf("%+v", got)
		}
		audit(t, db)
	})
}
