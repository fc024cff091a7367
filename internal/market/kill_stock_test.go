package market_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// backroom is what the child is told that receives, counts and transfers until it is killed.
type backroom struct {
	Fund, Secretary   id.ID
	Other, OtherGoods id.ID // the shop that goods are sent to, and what it calls them
	Counted           id.ID // goods that only the stock-takes touch
	Cost, Pieces      int64 // of one purchase
}

const roomWorkers = 4

// step is the n-th thing a worker does in the back room. Whoever does it again finds it done: what was answered stands,
// what was cut off is finished.
func (c *counter) step(db *storage.DB, shop *market.Service, keeper, secretary access.Actor, worker, n int) error {
	b := c.Backroom
	made := func(what string) string { return fmt.Sprintf("%s-%04d-%04d-%06d", what, c.Round, worker, n) }
	if worker == 0 { // a shop has one stock-take at a time
		return c.countShelf(shop, keeper, secretary, made, n)
	}
	switch n % 3 {
	case 0, 1:
		if _, err := shop.MoveStock(ctx, secretary, c.Village, c.Shop, c.Goods, market.MoveRequest{RequestID: made("purchase"), Kind: market.Purchase, Qty: b.Pieces,
			CostFen: b.Cost, Fund: b.Fund, Note: made("purchase")}); err != nil {
			return err
		}
		if n%3 == 0 {
			return nil
		}
		ref, err := c.entered(db, made("purchase"))
		if err == nil {
			_, err = shop.UndoMove(ctx, secretary, c.Village, c.Shop, ref, market.UndoRequest{RequestID: made("undo-it"), Reason: "录错了"})
		}
		if errors.Is(err, market.ErrStock) { // a transfer drew on the lot
			err = nil
		}
		return err
	}
	_, err := shop.TransferStock(ctx, secretary, c.Village, c.Shop, c.Goods, market.TransferRequest{RequestID: made("transfer"), ToShop: b.Other, ToGoods: b.OtherGoods, Qty: 3, Note: "调剂"})
	return err
}

// entered is the purchase that carries a note.
func (c *counter) entered(db *storage.DB, note string) (ref id.ID, err error) {
	err = db.QueryRow(ctx, "SELECT ref_id FROM stock_moves WHERE goods_id = ? AND kind = 'purchase' AND note = ?", c.Goods, note).Scan(&ref)
	return ref, err
}

// countShelf is a whole stock-take with a difference: begun, counted, handed in, and confirmed by somebody else.
func (c *counter) countShelf(shop *market.Service, keeper, secretary access.Actor, made func(string) string, n int) error {
	take, err := shop.StartStocktake(ctx, keeper, c.Village, c.Shop, market.StepRequest{RequestID: made("take-start")})
	if err != nil {
		return err
	}
	if _, err = shop.CountStock(ctx, keeper, c.Village, c.Shop, take.ID, market.CountRequest{RequestID: made("take-count"),
		Lines: []market.CountEntry{{Goods: c.Backroom.Counted, Found: 40 + int64(n%9), Reason: "重新点过"}}}); err != nil {
		return err
	}
	sent, err := shop.SendStocktake(ctx, keeper, c.Village, c.Shop, take.ID, market.StepRequest{RequestID: made("take-send")})
	if err != nil || sent.State != market.TakeWaiting {
		return err
	}
	_, err = shop.ConfirmStocktake(ctx, secretary, c.Village, c.Shop, take.ID, market.StepRequest{RequestID: made("take-confirm")})
	return err
}

// keepUntilKilled is the child.
func keepUntilKilled(c *counter) error {
	db, shop, keeper, err := c.open(ctx)
	if err != nil {
		return err
	}
	secretary, err := access.New(db, func() time.Time { return noon }, nil).ActAs(ctx, c.Backroom.Secretary)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for worker := range roomWorkers {
		go func() {
			for n := 0; ; n++ {
				if err := c.step(db, shop, keeper, secretary, worker, n); err != nil {
					failed <- fmt.Errorf("worker %d, step %d: %w", worker, n, err)
					return
				}
				out.Lock()
				fmt.Println(worker, n)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// TestKilledInTheBackroom kills a server in the middle of purchases that a fund pays, of their undoing, of transfers and of
// stock-takes: lots, moves, funds and stock-takes stay in step, and what was cut off is finished by sending it again.
func TestKilledInTheBackroom(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg, db := dbtest.Shared(t, engine)
			w := newWorld(t, db, 1)
			told := w.backroom()
			told.Database = cfg
			for round := range 3 {
				told.Round = round
				answered := told.killAfter(t, 5+rand.IntN(60))
				audit(t, db)
				for worker := range roomWorkers {
					for n := range answered[worker] + 1 { // all that was answered, and the one that may or may not have been done
						must(t, told.step(db, w.market, w.keeper, w.secretary, worker, n))
					}
				}
				audit(t, db)
			}
			w.backroomAgrees(told)
		})
	}
}

// backroom is a fund, a second shop and something to count.
func (w *world) backroom() counter {
	w.t.Helper()
	second, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "二店"})
	must(w.t, err)
	g, err := w.market.CreateGoods(ctx, w.secretary, w.village, second.ID, market.GoodsRequest{RequestID: w.request(), Name: "香皂", Unit: "块", Price: 250})
	must(w.t, err)
	fund, err := w.market.CreateFund(ctx, w.secretary, w.village, market.FundRequest{RequestID: w.request(), Name: "超市资金", Source: "村集体经济"})
	must(w.t, err)
	_, err = w.market.AddMoney(ctx, w.secretary, w.village, fund.ID, market.MoneyRequest{RequestID: w.request(), AmountFen: 1_000_000_000, Note: "拨款"})
	must(w.t, err)
	_, err = w.editShop(market.ShopEdit{SecondAbove: ptr(market.MaxPrice)})
	must(w.t, err)
	return counter{Village: w.village, Shop: w.shop, Goods: w.goods("香皂", 250, 20_000), Keeper: w.keeper.User(),
		Backroom: &backroom{Fund: fund.ID, Secretary: w.secretary.User(), Other: second.ID, OtherGoods: g.ID, Counted: w.goods("食盐", 300, 50), Cost: 1500, Pieces: 5}}
}

// backroomAgrees adds everything up: what the fund paid is what the lots that stand cost, and no piece was lost on the way.
func (w *world) backroomAgrees(c counter) {
	w.t.Helper()
	b := c.Backroom
	number := func(query string, args ...any) (n int64) {
		must(w.t, w.db.QueryRow(ctx, query, args...).Scan(&n))
		return n
	}
	paid := 1_000_000_000 - number("SELECT balance_fen FROM funds WHERE id = ?", b.Fund)
	bought := number("SELECT COALESCE(SUM(qty), 0) FROM stock_moves WHERE goods_id = ? AND kind IN ('purchase', 'undo')", c.Goods) - 20_000
	here, there := number("SELECT SUM(qty_left) FROM stock_lots WHERE goods_id = ?", c.Goods), number("SELECT COALESCE(SUM(qty_left), 0) FROM stock_lots WHERE goods_id = ?", b.OtherGoods)
	if paid <= 0 || paid != bought/b.Pieces*b.Cost || here+there != 20_000+bought || there == 0 {
		w.t.Errorf("paid %d for %d pieces; %d here and %d there", paid, bought, here, there)
	}
	if open := number("SELECT COUNT(*) FROM stocktakes WHERE state IN ('counting', 'waiting')"); open != 0 {
		w.t.Errorf("%d stock-takes were left open", open)
	}
}
