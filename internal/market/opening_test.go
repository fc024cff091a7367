package market_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func ptr[T any](v T) *T { return &v }

func (w *world) editShop(r market.ShopEdit) (market.Shop, error) {
	r.RequestID = w.request()
	return w.market.EditShop(ctx, w.secretary, w.village, w.shop, r)
}

// TestOpening: goods are given out on redemption days and in opening hours only, not during a pause, and every refusal says why.
func TestOpening(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 100_000)
		soap := w.goods("香皂", 250, 100)
		_, err := w.editShop(market.ShopEdit{RedeemDays: &market.RedeemDays{Weekdays: []int{5, 1}, MonthDays: []int{31, 10}, From: "08:30", To: "17:00"}})
		must(t, err)
		for _, c := range []struct {
			name string
			day  clock.Day
			hour time.Duration
			want string // empty: it is open
		}{
			{"a Wednesday that is no 10th", clock.MakeDay(2026, 5, 20), 12 * time.Hour, "今天不是兑换日（每周一、五和每月10日、31日），下一个兑换日是5月22日"},
			{"a Friday", clock.MakeDay(2026, 5, 22), 12 * time.Hour, ""},
			{"the tenth", clock.MakeDay(2026, 6, 10), 12 * time.Hour, ""},
			{"the last day of a short month", clock.MakeDay(2026, 6, 30), 12 * time.Hour, ""},
			{"at the opening minute", clock.MakeDay(2026, 5, 22), 8*time.Hour + 30*time.Minute, ""},
			{"before opening", clock.MakeDay(2026, 5, 22), 8*time.Hour + 29*time.Minute, "兑换时间是08:30到17:00"},
			{"at the closing minute", clock.MakeDay(2026, 5, 22), 17 * time.Hour, "兑换时间是08:30到17:00"},
		} {
			w.at.Store(clock.Ms(c.day.Start().Add(c.hour)))
			shop, err := w.market.Shop(ctx, w.keeper, w.village, w.shop)
			must(t, err)
			if !strings.Contains(shop.Refuses, c.want) || (c.want == "") != (shop.Refuses == "") {
				t.Errorf("%s: the shop says %q", c.name, shop.Refuses)
			}
			_, err = w.redeem(w.households[0], 250, want(soap, 1))
			if c.want == "" {
				must(t, err)
			} else if !errors.Is(err, market.ErrShopClosed) || !strings.Contains(errs.As(err).Msg, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		friday := clock.MakeDay(2026, 5, 22)
		w.on(friday)
		shop, err := w.editShop(market.ShopEdit{State: market.Paused, PauseReason: ptr("盘点"), PausedUntil: ptr(friday.Add(2))})
		must(t, err)
		if shop.State != market.Paused || shop.Refuses != "超市暂停兑换（盘点），5月25日恢复" {
			t.Errorf("paused %+v", shop)
		}
		if _, err = w.redeem(w.households[0], 250, want(soap, 1)); !errors.Is(err, market.ErrShopClosed) {
			t.Errorf("paused: %v", err)
		}
		w.on(friday.Add(3)) // Monday
		if _, err = w.redeem(w.households[0], 250, want(soap, 1)); err != nil {
			t.Errorf("the day after the pause: %v", err)
		}
		if shop, _ := w.market.Shop(ctx, w.keeper, w.village, w.shop); shop.State != market.Open || shop.DaysWords != "每周一、五和每月10日、31日 08:30—17:00" {
			t.Errorf("after the pause %+v", shop)
		}
		for _, r := range []market.ShopEdit{
			{RedeemDays: &market.RedeemDays{Weekdays: []int{8}}}, {RedeemDays: &market.RedeemDays{MonthDays: []int{0}}},
			{RedeemDays: &market.RedeemDays{From: "9:00", To: "17:00"}}, {RedeemDays: &market.RedeemDays{From: "17:00", To: "09:00"}},
			{PausedUntil: ptr(friday)}, {SecondAbove: ptr(points.Amount(-1))},
		} {
			if _, err := w.editShop(r); !errors.Is(err, market.ErrInvalid) {
				t.Errorf("%+v: %v", r, err)
			}
		}
		audit(t, db)
	})
}

// TestVillagePrice: a village may have a price of its own; the price in force on the day is what is paid.
func TestVillagePrice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 100_000)
		soap := w.goods("香皂", 250, 100)
		set := func(r market.PriceRequest) market.Goods {
			t.Helper()
			r.RequestID = w.request()
			g, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, r)
			must(t, err)
			return g
		}
		set(market.PriceRequest{Price: 300, From: today.Add(1), WorthFen: ptr(int64(320))})
		g := set(market.PriceRequest{Price: 200, From: today.Add(2), Village: w.village})
		if g.Price != 250 || g.NextPrice != 300 || g.NextFrom != today.Add(1) || g.WorthFen != 0 {
			t.Errorf("today %+v", g)
		}
		for day, price := range []points.Amount{250, 300, 200, 200} {
			w.on(today.Add(day))
			if _, err := w.redeem(w.households[0], price, want(soap, 1)); err != nil || w.look(soap).Price != price {
				t.Errorf("day %d: %v, shown %s", day, err, w.look(soap).Price)
			}
		}
		g = set(market.PriceRequest{Price: 500})
		if g.Price != 200 || g.NextPrice != 0 || g.WorthFen != 320 {
			t.Errorf("the village's own price goes before one for all: %+v", g)
		}
		if _, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, market.PriceRequest{RequestID: w.request(), Price: 1, Village: w.other}); !errors.Is(err, market.ErrNotServed) {
			t.Errorf("a village that is not served: %v", err)
		}
		history, err := w.market.Prices(ctx, w.keeper, w.village, w.shop, soap)
		must(t, err)
		if len(history.Items) != 4 || history.Items[0].Price != 500 || history.Items[1].Village != w.village || history.Items[1].WorthFen != 320 {
			t.Errorf("history %+v", history.Items)
		}
		end := func(village id.ID) (market.Goods, error) {
			return w.market.EndOwnPrice(ctx, w.keeper, w.village, w.shop, soap, market.EndPriceRequest{RequestID: w.request(), Village: village})
		}
		if _, err := end(w.other); !errors.Is(err, market.ErrNoOwnPrice) {
			t.Errorf("a village without its own: %v", err)
		}
		set(market.PriceRequest{Price: 150, From: clock.DayOf(w.now()).Add(5), Village: w.village}) // withdrawn with the one that holds
		if !w.look(soap).OwnPrice {
			t.Error("it does not show that the price is the village's own")
		}
		if g, err = end(0); err != nil || g.Price != 500 || g.OwnPrice || g.NextPrice != 0 {
			t.Errorf("ended: %+v, %v", g, err)
		}
		if _, err := end(w.village); !errors.Is(err, market.ErrNoOwnPrice) {
			t.Errorf("ended twice: %v", err)
		}
		_, err = w.redeem(w.households[0], 500, want(soap, 1))
		must(t, err)
		audit(t, db)
		w.on(clock.DayOf(w.now()).Add(6))
		if w.look(soap).Price != 500 {
			t.Errorf("a price withdrawn holds: %s", w.look(soap).Price)
		}
		if g = set(market.PriceRequest{Price: 220, Village: w.village}); g.Price != 220 || !g.OwnPrice {
			t.Errorf("an own price anew: %+v", g)
		}
		audit(t, db)
	})
}
