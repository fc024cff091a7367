package market_test

import (
	"errors"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// person is somebody of a household, signed in on a phone.
func (w *world) person(i int) access.Actor {
	return accesstest.Villager(w.t, w.db, w.now, w.village, w.members[i])
}

func (w *world) reserve(by access.Actor, household id.ID, total points.Amount, wants ...market.Want) (market.Reservation, error) {
	return w.market.Reserve(ctx, by, w.village, household, market.ReserveRequest{RequestID: w.request(), Shop: w.shop, Lines: wants, Total: total})
}

func (w *world) collect(n market.Reservation, code string) (market.Receipt, error) {
	return w.market.Collect(ctx, w.keeper, w.village, w.shop, n.ID, market.CollectRequest{RequestID: w.request(), Code: code})
}

// inBucket is what an account has in a wallet's bucket.
func (w *world) inBucket(account id.ID, wallet string, bucket ledger.Bucket) points.Amount {
	w.t.Helper()
	list, err := ledger.Balances(ctx, w.db, account)
	must(w.t, err)
	for _, b := range list {
		if b.Wallet == wallet && b.Bucket == bucket {
			return b.Amount
		}
	}
	return 0
}

func TestReserveAndCollect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		h, zhang := w.households[0], w.person(0)
		w.post(h, ledger.Prize, "gift", points.Amount(300))
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 0)
		w.receive(soap, 4, today.Add(3)) // ends before the reservation would: not for reserving
		w.receive(soap, 4, today.Add(60))

		if _, err := w.reserve(zhang, h, 1250, want(soap, 5)); !errors.Is(err, market.ErrSoldOut) {
			t.Errorf("pieces that spoil before they are fetched: %v", err)
		}
		n, err := w.reserve(zhang, h, 750, want(soap, 3))
		must(t, err)
		if len(n.Code) != 6 || n.State != market.Reserved || n.LapsesOn != today.Add(7) || len(n.Paid) != 2 || n.Paid[0].Amount != 300 {
			t.Errorf("%+v", n)
		}
		if w.balance(h, "spend") != 1550 || w.inBucket(h, "spend", ledger.Held) != 450 || w.inBucket(h, "gift", ledger.Held) != 300 || w.look(soap).Stock != 5 {
			t.Errorf("spend %s, held %s, stock %d", w.balance(h, "spend"), w.inBucket(h, "spend", ledger.Held), w.look(soap).Stock)
		}
		_, err = w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, market.PriceRequest{RequestID: w.request(), Price: 900})
		must(t, err)
		audit(t, db)

		at, err := w.market.ReservationsAt(ctx, w.keeper, w.village, w.shop, "", market.Page{})
		must(t, err)
		if len(at.Items) != 1 || at.Items[0].Code != "" {
			t.Errorf("the shop's list tells codes: %+v", at.Items)
		}
		if _, err := w.collect(n, "000000"); n.Code != "000000" && !errors.Is(err, market.ErrNoReservation) {
			t.Errorf("a wrong code: %v", err)
		}
		if _, err := w.collect(n, ""); !errors.Is(err, market.ErrPickup) {
			t.Errorf("no proof: %v", err)
		}
		r, err := w.collect(n, n.Code)
		must(t, err)
		if r.Total != 750 || r.Reservation != n.ID || r.Proof != market.ProofPhone || r.BalanceAfter != 1550 || r.Lines[0].Price != 250 {
			t.Errorf("the price of the day it was made: %+v", r)
		}
		if _, err := w.collect(n, n.Code); !errors.Is(err, market.ErrReserved) {
			t.Errorf("collected twice: %v", err)
		}
		if w.inBucket(h, "spend", ledger.Held) != 0 || w.look(soap).Stock != 5 {
			t.Errorf("held %s, stock %d", w.inBucket(h, "spend", ledger.Held), w.look(soap).Stock)
		}
		audit(t, db)
		_, err = w.cancel(r.ID)
		must(t, err)
		if w.balance(h, "spend") != 2000 || w.balance(h, "gift") != 300 || w.inBucket(h, "gift", ledger.Held) != 0 || w.look(soap).Stock != 8 {
			t.Errorf("cancelled: spend %s gift %s, stock %d", w.balance(h, "spend"), w.balance(h, "gift"), w.look(soap).Stock)
		}
		own, err := w.market.ReservationsOf(ctx, zhang, w.village, h, market.Page{})
		must(t, err)
		if len(own.Items) != 1 || own.Items[0].State != market.Collected || own.Items[0].Code != n.Code {
			t.Errorf("%+v", own.Items)
		}
		if _, err := w.reserve(w.person(1), h, 900, want(soap, 1)); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("for another household: %v", err)
		}
		audit(t, db)
	})
}

func TestReservationEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h, zhang := w.households[0], w.person(0)
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 8)
		var made []market.Reservation
		for range 3 {
			n, err := w.reserve(zhang, h, 250, want(soap, 1))
			must(t, err)
			made = append(made, n)
		}
		request := market.CancelRequest{RequestID: w.request(), Reason: "不要了"}
		for i := range 2 {
			n, err := w.market.CancelReservation(ctx, zhang, w.village, h, made[0].ID, request)
			if err != nil || n.State != market.GivenUp || !n.PointsBack || n.Repeated != (i == 1) {
				t.Errorf("%+v %v", n, err)
			}
		}
		if w.balance(h, "spend") != 1500 || w.look(soap).Stock != 6 {
			t.Errorf("%s, stock %d", w.balance(h, "spend"), w.look(soap).Stock)
		}
		w.on(today.Add(7))
		if n, err := w.market.LapseReservations(ctx); n != 0 || err != nil {
			t.Errorf("on its last day: %d %v", n, err)
		}
		_, err := w.collect(made[1], made[1].Code)
		must(t, err)
		w.on(today.Add(8))
		for _, want := range []int{1, 0} {
			if n, err := w.market.LapseReservations(ctx); n != want || err != nil {
				t.Errorf("lapsed %d, want %d: %v", n, want, err)
			}
		}
		if _, err := w.collect(made[2], made[2].Code); !errors.Is(err, market.ErrReserved) {
			t.Errorf("lapsed and collected: %v", err)
		}
		if w.balance(h, "spend") != 1750 || w.inBucket(h, "spend", ledger.Held) != 0 || w.look(soap).Stock != 7 {
			t.Errorf("%s, held %s, stock %d", w.balance(h, "spend"), w.inBucket(h, "spend", ledger.Held), w.look(soap).Stock)
		}
		must(t, w.terms(market.ShopTerms{ReserveDays: 0}))
		if _, err := w.reserve(zhang, h, 250, want(soap, 1)); !errors.Is(err, market.ErrReserveOff) {
			t.Errorf("reservations are off: %v", err)
		}
		audit(t, db)
	})
}

// TestReservationMeetsRedemptionDay: a shop that gives goods out once a month keeps what is reserved until then, however few its
// days; whoever could not come because the shop paused loses nothing, even where the rules take the points of who did not come.
func TestReservationMeetsRedemptionDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := worldBy(t, db, 1, strings.Replace(rules, "cancel_same_day: true", "cancel_same_day: true, lose_lapsed: true", 1))
		h := w.households[0]
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 10)
		must(t, w.terms(market.ShopTerms{ReserveDays: 3}))
		_, err := w.editShop(market.ShopEdit{RedeemDays: &market.RedeemDays{MonthDays: []int{15}}})
		must(t, err)
		fifteenth := clock.MakeDay(2026, 6, 15)
		n, err := w.reserve(w.person(0), h, 250, want(soap, 1))
		if err != nil || n.LapsesOn != fifteenth {
			t.Fatalf("kept until %s: %v", n.LapsesOn, err)
		}
		w.on(today.Add(4))
		if k, err := w.market.LapseReservations(ctx); err != nil || k != 0 {
			t.Errorf("%d lapsed before the redemption day: %v", k, err)
		}
		if _, err := w.collect(n, n.Code); !errors.Is(err, market.ErrShopClosed) || !strings.Contains(err.Error(), "下一个兑换日是6月15日") {
			t.Errorf("collected on another day: %v", err)
		}
		w.on(fifteenth)
		_, err = w.collect(n, n.Code)
		must(t, err)
		audit(t, db)

		lost, err := w.reserve(w.person(0), h, 250, want(soap, 1))
		must(t, err)
		w.on(lost.LapsesOn.Add(1))
		_, err = w.editShop(market.ShopEdit{State: market.Paused, PauseReason: ptr("房子漏雨")})
		must(t, err)
		if k, err := w.market.LapseReservations(ctx); err != nil || k != 1 || w.balance(h, "spend") != 1750 {
			t.Errorf("%d lapsed while the shop paused, %s left: %v", k, w.balance(h, "spend"), err)
		}
		if _, err := w.reserve(w.person(0), h, 250, want(soap, 1)); !errors.Is(err, market.ErrShopClosed) || !strings.Contains(err.Error(), "房子漏雨") {
			t.Errorf("reserved while it pauses: %v", err)
		}
		_, err = w.editShop(market.ShopEdit{State: market.Open})
		must(t, err)
		lost, err = w.reserve(w.person(0), h, 250, want(soap, 1))
		must(t, err)
		w.on(lost.LapsesOn.Add(1))
		if k, err := w.market.LapseReservations(ctx); err != nil || k != 1 || w.balance(h, "spend") != 1500 {
			t.Errorf("%d lapsed, %s left: %v", k, w.balance(h, "spend"), err)
		}
		audit(t, db)
	})
}

func (w *world) terms(t market.ShopTerms) error {
	_, err := w.market.SetTerms(ctx, w.secretary, w.village, w.shop, market.TermsRequest{RequestID: w.request(), ShopTerms: t})
	return err
}

// TestLapseLosesPoints: where the rules say so, what nobody fetched is lost, and the goods go back all the same.
func TestLapseLosesPoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := worldBy(t, db, 1, strings.Replace(rules, "{cancel_same_day: true}", "{cancel_same_day: true, lose_lapsed: true}", 1))
		h := w.households[0]
		w.give(h, 1000)
		soap := w.goods("香皂", 250, 8)
		_, err := w.reserve(w.person(0), h, 500, want(soap, 2))
		must(t, err)
		w.on(today.Add(8))
		if n, err := w.market.LapseReservations(ctx); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if w.balance(h, "spend") != 500 || w.inBucket(h, "spend", ledger.Held) != 0 || w.look(soap).Stock != 8 || w.balance(h, "year") != 1000 {
			t.Errorf("spend %s, held %s, stock %d, score %s", w.balance(h, "spend"), w.inBucket(h, "spend", ledger.Held), w.look(soap).Stock, w.balance(h, "year"))
		}
		audit(t, db)
	})
}

// TestKeeperReserves: officials reserve for others, at home they are villagers, and never hand out to themselves.
func TestKeeperReserves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		own, other := w.households[0], w.households[1]
		user := accesstest.User(t, db, "李店员")
		accesstest.Stand(t, db, user, w.village, w.members[0])
		accesstest.Grant(t, db, user, access.Keeper, access.Place{Village: w.village, Shop: w.shop})
		keeper := accesstest.Actor(t, db, w.now, user)
		w.give(own, 1000)
		w.give(other, 1000)
		soap := w.goods("香皂", 250, 8)
		n, err := w.reserve(keeper, own, 250, want(soap, 1))
		must(t, err)
		_, err = w.reserve(keeper, other, 250, want(soap, 1))
		must(t, err)
		_, err = w.market.Collect(ctx, keeper, w.village, w.shop, n.ID, market.CollectRequest{RequestID: w.request(), Code: n.Code})
		if !errors.Is(err, access.ErrOwn) {
			t.Errorf("handed out to the own household: %v", err)
		}
		audit(t, db)
	})
}
