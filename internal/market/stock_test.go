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

func TestStock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		milk := w.goods("牛奶", 250, 0)
		if g := w.look(milk); !g.Low || g.Stock != 0 || g.Price != 250 {
			t.Errorf("new goods %+v", g)
		}
		w.receive(milk, 10, today.Add(2))
		_, err := w.move(milk, market.MoveRequest{Kind: market.Donation, Qty: 4, ExpiresOn: today.Add(20), Origin: "县供销社"})
		must(t, err)
		g, err := w.move(milk, market.MoveRequest{Kind: market.Damage, Qty: 3, Note: "破损"})
		must(t, err)
		if g.Stock != 11 || g.GoodUntil != today.Add(2) || g.Low {
			t.Errorf("after damage %+v", g)
		}
		if _, err = w.move(milk, market.MoveRequest{Kind: market.Count, Qty: 10}); !errors.Is(err, market.ErrInvalid) || !strings.Contains(errs.As(err).Msg, "账上有11，数出来10，相差-1") {
			t.Errorf("a difference without a word: %v", err)
		}
		g, err = w.move(milk, market.MoveRequest{Kind: market.Count, Qty: 10, Note: "少一盒，找不到"})
		must(t, err)
		if g.Stock != 10 {
			t.Errorf("after the count %+v", g)
		}
		g, err = w.move(milk, market.MoveRequest{Kind: market.Count, Qty: 12, Note: "货架后面找到两盒"})
		must(t, err)
		if lots, _ := w.market.Lots(ctx, w.keeper, w.village, w.shop, milk); g.Stock != 12 || lots.Items[1].Left != 6 || lots.Items[1].Origin != "县供销社" {
			t.Errorf("what is found goes to the lot received last: %+v", lots)
		}
		if g, err = w.move(milk, market.MoveRequest{Kind: market.Count, Qty: 12}); err != nil || g.Stock != 12 {
			t.Errorf("a count that agrees needs no word: %v", err)
		}
		w.on(today.Add(3))
		if g := w.look(milk); g.Stock != 6 || g.Spoiled != 6 {
			t.Errorf("past the first lot's day %+v", g)
		}
		g, err = w.move(milk, market.MoveRequest{Kind: market.Expire})
		must(t, err)
		if g.Stock != 6 || g.Spoiled != 0 {
			t.Errorf("after writing off %+v", g)
		}
		moves, err := w.market.Moves(ctx, w.keeper, w.village, w.shop, milk, market.Page{Limit: 100})
		must(t, err)
		var sum int64
		for _, m := range moves.Items {
			sum += m.Qty
		}
		if sum != 6 || moves.Items[0].KindName != "过期下架" {
			t.Errorf("moves %+v", moves)
		}
		audit(t, db)
	})
}

func TestStockRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		soap := w.goods("香皂", 250, 5)
		empty := w.goods("空", 250, 0)
		for _, c := range []struct {
			name  string
			goods id.ID
			r     market.MoveRequest
			err   error
		}{
			{"unknown goods", 77, market.MoveRequest{Kind: market.Purchase, Qty: 1}, market.ErrNoGoods},
			{"kind of the program", soap, market.MoveRequest{Kind: "redeem", Qty: 1}, market.ErrInvalid},
			{"nothing received", soap, market.MoveRequest{Kind: market.Purchase}, market.ErrInvalid},
			{"too much", soap, market.MoveRequest{Kind: market.Purchase, Qty: market.MaxMove + 1}, market.ErrInvalid},
			{"already past its day", soap, market.MoveRequest{Kind: market.Purchase, Qty: 1, ExpiresOn: today.Add(-1)}, market.ErrInvalid},
			{"donation of nobody", soap, market.MoveRequest{Kind: market.Donation, Qty: 1}, market.ErrInvalid},
			{"damage without reason", soap, market.MoveRequest{Kind: market.Damage, Qty: 1}, market.ErrInvalid},
			{"damage with a blank reason", soap, market.MoveRequest{Kind: market.Damage, Qty: 1, Note: " 　"}, market.ErrInvalid},
			{"more damage than stock", soap, market.MoveRequest{Kind: market.Damage, Qty: 6, Note: "x"}, market.ErrStock},
			{"unknown lot", soap, market.MoveRequest{Kind: market.Damage, Qty: 1, Note: "x", Lot: 77}, market.ErrNoLot},
			{"nothing past its day", soap, market.MoveRequest{Kind: market.Expire}, market.ErrStock},
			{"found without any lot", empty, market.MoveRequest{Kind: market.Count, Qty: 2, Note: "x"}, market.ErrNoLot},
			{"negative worth", soap, market.MoveRequest{Kind: market.Purchase, Qty: 1, CostFen: -1}, market.ErrInvalid},
		} {
			if _, err := w.move(c.goods, c.r); !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", c.name, err, c.err)
			}
		}
		villager := accesstest.Villager(t, db, w.now, w.village, w.members[0])
		if _, err := w.market.MoveStock(ctx, villager, w.village, w.shop, soap, market.MoveRequest{RequestID: w.request(), Kind: market.Purchase, Qty: 1}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a villager: %v", err)
		}
		if g := w.look(soap); g.Stock != 5 {
			t.Errorf("a refusal moved stock: %d", g.Stock)
		}
		audit(t, db)
	})
}

func TestGoodsAndPrices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 10_000)
		soap := w.goods("香皂", 250, 50)
		r := market.GoodsRequest{RequestID: w.request(), Name: "香皂", Unit: "块", Price: 100}
		if _, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r); !errors.Is(err, market.ErrGoodsName) {
			t.Errorf("the same name: %v", err)
		}
		r.Name = " 　"
		if _, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a blank name: %v", err)
		}
		r.Name = "毛巾"
		first, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r)
		must(t, err)
		again, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r)
		if err != nil || !again.Repeated || again.ID != first.ID {
			t.Errorf("repeated: %+v, %v", again, err)
		}
		price := func(p points.Amount, r market.PriceRequest) (market.Goods, error) {
			r.RequestID, r.Price = w.request(), p
			return w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, r)
		}
		if _, err := price(300, market.PriceRequest{From: today.Add(-1)}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a price for yesterday: %v", err)
		}
		if _, err := price(0, market.PriceRequest{}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("no price: %v", err)
		}
		g, err := price(400, market.PriceRequest{From: today.Add(1)})
		must(t, err)
		if g.Price != 250 || g.NextPrice != 400 || g.NextFrom != today.Add(1) {
			t.Errorf("a price from tomorrow: %+v", g)
		}
		if _, err := price(300, market.PriceRequest{}); err != nil {
			t.Fatal(err)
		}
		sold, err := w.redeem(w.households[0], 300, want(soap, 1))
		must(t, err)
		w.on(today.Add(1))
		if _, err := w.redeem(w.households[0], 300, want(soap, 1)); !errors.Is(err, market.ErrPriceChanged) {
			t.Errorf("yesterday's price: %v", err)
		}
		if _, err := w.redeem(w.households[0], 400, want(soap, 1)); err != nil {
			t.Error(err)
		}
		old, err := w.market.Redemption(ctx, w.keeper, w.village, w.shop, sold.ID)
		if err != nil || old.Lines[0].Price != 300 || old.Total != 300 {
			t.Errorf("a receipt keeps its price: %+v, %v", old, err)
		}
		history, err := w.market.Prices(ctx, w.keeper, w.village, w.shop, soap)
		if err != nil || len(history.Items) != 3 || history.Items[0].Price != 400 {
			t.Errorf("history %+v, %v", history, err)
		}
		_, err = w.market.EditGoods(ctx, w.keeper, w.village, w.shop, soap, market.GoodsEdit{RequestID: w.request(), State: market.Removed})
		must(t, err)
		me := accesstest.Villager(t, db, w.now, w.village, w.members[0])
		list, err := w.market.Goods(ctx, me, w.village, w.shop, false, market.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Name != "毛巾" {
			t.Errorf("villagers see what can be had: %+v, %v", list, err)
		}
		if _, err := w.market.Goods(ctx, me, w.village, w.shop, true, market.Page{}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a villager reads the stock: %v", err)
		}
		if _, err := w.market.Goods(ctx, accesstest.Villager(t, db, w.now, w.other, 77), w.other, w.shop, false, market.Page{}); err == nil {
			t.Error("another village reads the goods")
		}
		audit(t, db)
	})
}
