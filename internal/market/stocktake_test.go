package market_test

import (
	"errors"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func (w *world) step(note string) market.StepRequest {
	return market.StepRequest{RequestID: w.request(), Note: note}
}

// stocktake starts one and counts.
func (w *world) stocktake(by access.Actor, lines ...market.CountEntry) id.ID {
	w.t.Helper()
	t, err := w.market.StartStocktake(ctx, by, w.village, w.shop, w.step(""))
	must(w.t, err)
	_, err = w.market.CountStock(ctx, by, w.village, w.shop, t.ID, market.CountRequest{RequestID: w.request(), Lines: lines})
	must(w.t, err)
	return t.ID
}

// TestLoweredPriceWeighs: whoever keeps stock sets prices too; a price lowered just before does not make a loss small enough for
// one person, and a price for one village that was ended neither.
func TestLoweredPriceWeighs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 0)
		_, err := w.editShop(market.ShopEdit{SecondAbove: ptr(points.Amount(10_000))})
		must(t, err)
		rice := w.goods("大米", 3000, 10)
		lower := func(village id.ID, price points.Amount) {
			_, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, rice, market.PriceRequest{RequestID: w.request(), Price: price, Village: village})
			must(t, err)
		}
		lost := func(qty int64) error {
			_, err := w.move(rice, market.MoveRequest{Kind: market.Damage, Qty: qty, Note: "受潮"})
			return err
		}
		lower(0, 1)
		lower(w.village, 1)
		if err := lost(4); !errors.Is(err, market.ErrSecond) || !strings.Contains(err.Error(), "120") {
			t.Errorf("four bags of 30 at a price of today: %v", err)
		}
		w.on(today.Add(1))
		if err := lost(4); !errors.Is(err, market.ErrSecond) {
			t.Errorf("the day after: %v", err)
		}
		w.on(today.Add(31))
		must(t, lost(4)) // it has cost that little for a month
		audit(t, db)
	})
}

// TestStocktake: small differences are booked by one person, large ones by two, and goods given out meanwhile disturb nothing.
func TestStocktake(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		_, err := w.editShop(market.ShopEdit{SecondAbove: ptr(points.Amount(2000))})
		must(t, err)
		w.give(w.households[0], 100_000)
		soap, rice := w.goods("香皂", 250, 40), w.goods("大米", 3000, 10)
		other := w.newKeeper()

		take := w.stocktake(w.keeper, market.CountEntry{Goods: soap, Found: 38}, market.CountEntry{Goods: rice, Found: 10})
		if _, err := w.market.StartStocktake(ctx, other, w.village, w.shop, w.step("")); !errors.Is(err, market.ErrStocktakeOpen) {
			t.Errorf("a second one: %v", err)
		}
		if _, err = w.market.SendStocktake(ctx, w.keeper, w.village, w.shop, take, w.step("")); !errors.Is(err, market.ErrInvalid) || !strings.Contains(errs.As(err).Msg, "香皂账上有40，数出来38，相差-2") {
			t.Errorf("a difference without a reason: %v", err)
		}
		_, err = w.redeem(w.households[0], 500, want(soap, 2)) // after the count
		must(t, err)
		_, err = w.market.CountStock(ctx, w.keeper, w.village, w.shop, take, market.CountRequest{RequestID: w.request(), Lines: []market.CountEntry{{Goods: soap, Found: 36, Reason: "点错了，少两块"}}})
		must(t, err)
		_, err = w.redeem(w.households[0], 250, want(soap, 1))
		must(t, err)
		r := w.step("月底盘点")
		got, err := w.market.SendStocktake(ctx, w.keeper, w.village, w.shop, take, r)
		must(t, err)
		if got.State != market.Counted || got.Differ != 1 || got.Worth != 500 || w.look(soap).Stock != 35 {
			t.Errorf("within the limit: %+v, stock %d", got, w.look(soap).Stock)
		}
		if again, err := w.market.SendStocktake(ctx, w.keeper, w.village, w.shop, take, r); err != nil || !again.Repeated || w.look(soap).Stock != 35 {
			t.Errorf("the same request: %v, stock %d", err, w.look(soap).Stock)
		}
		if _, err := w.market.CountStock(ctx, w.keeper, w.village, w.shop, take, market.CountRequest{RequestID: w.request(), Lines: []market.CountEntry{{Goods: soap, Found: 1}}}); !errors.Is(err, market.ErrStocktakeDone) {
			t.Errorf("counting after the end: %v", err)
		}
		// The day's adjustments add up: a bag of rice is 30 points, above the 20 of one person.
		if _, err := w.move(rice, market.MoveRequest{Kind: market.Damage, Qty: 1, Note: "进水"}); !errors.Is(err, market.ErrSecond) {
			t.Errorf("damage above the limit: %v", err)
		}
		if _, err := w.move(soap, market.MoveRequest{Kind: market.Count, Qty: 28, Note: "少了"}); !errors.Is(err, market.ErrSecond) {
			t.Errorf("count that passes the limit with what was adjusted before: %v", err)
		}
		take = w.stocktake(w.keeper, market.CountEntry{Goods: rice, Found: 8, Reason: "进水两袋"}, market.CountEntry{Goods: soap, Found: 37, Reason: "找到两块"})
		got, err = w.market.SendStocktake(ctx, other, w.village, w.shop, take, w.step(""))
		must(t, err)
		if got.State != market.TakeWaiting || w.look(rice).Stock != 10 || got.CanEnd || got.Worth != 6500 {
			t.Errorf("above the limit: %+v, stock %d", got, w.look(rice).Stock)
		}
		for name, who := range map[string]access.Actor{"who counted": w.keeper, "who handed it in": other} {
			if _, err := w.market.ConfirmStocktake(ctx, who, w.village, w.shop, take, w.step("")); !errors.Is(err, market.ErrSamePerson) {
				t.Errorf("%s confirms: %v", name, err)
			}
		}
		leader := accesstest.Official(t, db, w.now, access.TeamMember, access.Place{Village: w.village})
		if seen, err := w.market.Stocktake(ctx, leader, w.village, w.shop, take); err != nil || !seen.CanEnd {
			t.Errorf("the second person sees %+v, %v", seen, err)
		}
		got, err = w.market.ConfirmStocktake(ctx, leader, w.village, w.shop, take, w.step(""))
		must(t, err)
		if got.State != market.Counted || w.look(rice).Stock != 8 || w.look(soap).Stock != 37 {
			t.Errorf("confirmed: %+v, rice %d, soap %d", got, w.look(rice).Stock, w.look(soap).Stock)
		}
		if _, err := w.market.ConfirmStocktake(ctx, leader, w.village, w.shop, take, w.step("")); !errors.Is(err, market.ErrStocktakeDone) {
			t.Errorf("confirmed again: %v", err)
		}
		// What two persons confirmed does not count against what one may do.
		if _, err := w.move(soap, market.MoveRequest{Kind: market.Damage, Qty: 5, Note: "压坏"}); err != nil {
			t.Errorf("within the limit after a confirmed stock-take: %v", err)
		}
		take = w.stocktake(w.keeper, market.CountEntry{Goods: soap, Found: 0, Reason: "试"})
		if _, err = w.market.DropStocktake(ctx, w.keeper, w.village, w.shop, take, w.step(" ")); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("dropped without a reason: %v", err)
		}
		_, err = w.market.DropStocktake(ctx, w.keeper, w.village, w.shop, take, w.step("点错了店"))
		must(t, err)
		if list, err := w.market.Stocktakes(ctx, w.keeper, w.village, w.shop, market.Page{}); err != nil || len(list.Items) != 3 || list.Items[0].State != market.TakeDropped || w.look(soap).Stock != 32 {
			t.Errorf("list %+v, %v", list, err)
		}
		audit(t, db)
	})
}

// TestStocktakeSoldMeanwhile: what is missing cannot leave lots that are empty by now.
func TestStocktakeSoldMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 100_000)
		soap := w.goods("香皂", 250, 10)
		take := w.stocktake(w.keeper, market.CountEntry{Goods: soap, Found: 5, Reason: "少五块"})
		_, err := w.redeem(w.households[0], 2000, want(soap, 8))
		must(t, err)
		if _, err := w.market.SendStocktake(ctx, w.keeper, w.village, w.shop, take, w.step("")); !errors.Is(err, market.ErrStock) {
			t.Errorf("handed in: %v", err)
		}
		if got, _ := w.market.Stocktake(ctx, w.keeper, w.village, w.shop, take); got.State != market.Counting || w.look(soap).Stock != 2 {
			t.Errorf("a refusal changed %+v", got)
		}
		audit(t, db)
	})
}
