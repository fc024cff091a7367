package market_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// fund opens a fund with money in it.
func (w *world) fund(name string, fen int64) id.ID {
	w.t.Helper()
	f, err := w.market.CreateFund(ctx, w.secretary, w.village, market.FundRequest{RequestID: w.request(), Name: name, Source: "村集体经济"})
	must(w.t, err)
	_, err = w.market.AddMoney(ctx, w.secretary, w.village, f.ID, market.MoneyRequest{RequestID: w.request(), AmountFen: fen, Note: "第一笔"})
	must(w.t, err)
	return f.ID
}

func (w *world) balanceOf(fund id.ID) (fen int64) {
	w.t.Helper()
	must(w.t, w.db.QueryRow(ctx, "SELECT balance_fen FROM funds WHERE id = ?", fund).Scan(&fen))
	return fen
}

func (w *world) undo(by access.Actor, goods id.ID) error {
	w.t.Helper()
	moves, err := w.market.Moves(ctx, w.keeper, w.village, w.shop, goods, market.Page{Limit: 1})
	must(w.t, err)
	_, err = w.market.UndoMove(ctx, by, w.village, w.shop, moves.Items[0].Ref, market.UndoRequest{RequestID: w.request(), Reason: "录错了"})
	return err
}

// TestFunds: money comes in, goods are paid from it, what was entered wrongly is taken back by opposite moves, and a fund is
// never overdrawn.
func TestFunds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		soap := w.goods("香皂", 250, 0)
		fund := w.fund("帮扶资金", 10_000)
		pay := func(by access.Actor, qty, fen int64) error {
			_, err := w.market.MoveStock(ctx, by, w.village, w.shop, soap, market.MoveRequest{RequestID: w.request(), Kind: market.Purchase, Qty: qty, CostFen: fen, Fund: fund})
			return err
		}
		if err := pay(w.keeper, 10, 1000); !errors.Is(err, market.ErrFundKeeper) {
			t.Errorf("a keeper pays: %v", err)
		}
		if err := pay(w.secretary, 10, 0); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("paid nothing: %v", err)
		}
		if err := pay(w.secretary, 10, 10_001); !errors.Is(err, market.ErrFundShort) || w.look(soap).Stock != 0 {
			t.Errorf("overdrawn: %v", err)
		}
		must(t, pay(w.secretary, 20, 4000))
		_, err := w.move(soap, market.MoveRequest{Kind: market.Purchase, Qty: 30, CostFen: 1})
		must(t, err)
		lots, err := w.market.Lots(ctx, w.keeper, w.village, w.shop, soap)
		must(t, err)
		if lots.Items[0].FundName != "帮扶资金" || lots.Items[0].In != 20 || lots.Items[1].Fund != 0 {
			t.Errorf("lots %+v", lots)
		}
		r := market.PayRequest{RequestID: w.request(), Fund: fund, CostFen: 5000}
		f, err := w.market.PayLot(ctx, w.secretary, w.village, w.shop, lots.Items[1].ID, r)
		must(t, err)
		if f.BalanceFen != 1000 || f.InFen != 10_000 || f.OutFen != 9000 {
			t.Errorf("paid afterwards: %+v", f)
		}
		if f, err = w.market.PayLot(ctx, w.secretary, w.village, w.shop, lots.Items[1].ID, r); err != nil || !f.Repeated || f.BalanceFen != 1000 {
			t.Errorf("the same request: %+v, %v", f, err)
		}
		r.RequestID = w.request()
		if _, err = w.market.PayLot(ctx, w.secretary, w.village, w.shop, lots.Items[1].ID, r); !errors.Is(err, market.ErrLotPaid) {
			t.Errorf("paid twice: %v", err)
		}
		must(t, w.undo(w.secretary, soap)) // the receipt of the 30
		if w.balanceOf(fund) != 6000 || w.look(soap).Stock != 20 {
			t.Errorf("taken back: fund %d, stock %d", w.balanceOf(fund), w.look(soap).Stock)
		}
		if err := w.undo(w.secretary, soap); !errors.Is(err, market.ErrUndone) {
			t.Errorf("taken back twice: %v", err)
		}
		if _, err = w.market.PayLot(ctx, w.secretary, w.village, w.shop, lots.Items[1].ID, market.PayRequest{RequestID: w.request(), Fund: fund, CostFen: 1}); !errors.Is(err, market.ErrLotPaid) {
			t.Errorf("paid after it was taken back: %v", err)
		}
		book, err := w.market.FundMoves(ctx, w.secretary, w.village, fund, market.Page{})
		must(t, err)
		if len(book.Items) != 4 || book.Items[0].KindName != "撤销" || book.Items[0].AmountFen != 5000 || book.Items[1].AboutName != "香皂" || book.Items[3].AmountFen != 10_000 {
			t.Errorf("book %+v", book.Items)
		}
		taken := func(move id.ID) error {
			_, err := w.market.UndoMoney(ctx, w.secretary, w.village, fund, move, market.UndoRequest{RequestID: w.request(), Reason: "付错了"})
			return err
		}
		if err := taken(book.Items[1].ID); !errors.Is(err, market.ErrUndone) {
			t.Errorf("a payment whose receipt was taken back: %v", err)
		}
		if err := taken(book.Items[0].ID); !errors.Is(err, market.ErrNoUndo) {
			t.Errorf("an undo taken back: %v", err)
		}
		must(t, taken(book.Items[2].ID)) // the payment of the 20: they stay, and wait to be paid
		audit(t, db)
		unpaid, err := w.market.Unpaid(ctx, w.secretary, w.village, market.Page{})
		must(t, err)
		if len(unpaid.Items) != 1 || unpaid.Items[0].Qty != 20 || unpaid.Items[0].Goods != "香皂" || unpaid.Items[0].CostFen != 4000 || w.balanceOf(fund) != 10_000 {
			t.Errorf("unpaid %+v, fund %d", unpaid.Items, w.balanceOf(fund))
		}
		_, err = w.market.PayLot(ctx, w.secretary, w.village, w.shop, unpaid.Items[0].Lot, market.PayRequest{RequestID: w.request(), Fund: fund, CostFen: 4100})
		must(t, err)
		audit(t, db)
		income := book.Items[3].ID
		if _, err = w.market.UndoMoney(ctx, w.secretary, w.village, fund, income, market.UndoRequest{RequestID: w.request(), Reason: "录错"}); !errors.Is(err, market.ErrFundShort) {
			t.Errorf("income taken back that was spent: %v", err)
		}
		_, err = w.market.AddMoney(ctx, w.secretary, w.village, fund, market.MoneyRequest{RequestID: w.request(), AmountFen: 9000, Note: "第二笔"})
		must(t, err)
		for i, want := range []error{nil, market.ErrUndone} {
			if _, err = w.market.UndoMoney(ctx, w.secretary, w.village, fund, income, market.UndoRequest{RequestID: w.request(), Reason: "录错"}); !errors.Is(err, want) {
				t.Errorf("income taken back, time %d: %v", i+1, err)
			}
		}
		foreign := accesstest.Official(t, db, w.now, access.FirstSecretary, access.Place{Village: w.other})
		if _, err = w.market.AddMoney(ctx, foreign, w.other, fund, market.MoneyRequest{RequestID: w.request(), AmountFen: 1, Note: "x"}); !errors.Is(err, market.ErrNoFund) {
			t.Errorf("another village's fund: %v", err)
		}
		audit(t, db)
	})
}

// TestFundNeverOverdrawn: many purchases at once spend exactly what is there.
func TestFundNeverOverdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		goods := []id.ID{w.goods("香皂", 250, 0), w.goods("大米", 3000, 0), w.goods("毛巾", 500, 0)}
		fund := w.fund("帮扶资金", 10_050)
		var bought atomic.Int64
		run(60, 12, func(i int) {
			_, err := w.market.MoveStock(ctx, w.secretary, w.village, w.shop, goods[i%3], market.MoveRequest{RequestID: w.request(), Kind: market.Purchase, Qty: 1, CostFen: 500, Fund: fund})
			if err == nil {
				bought.Add(1)
			} else if !errors.Is(err, market.ErrFundShort) {
				t.Error(err)
			}
		})
		if bought.Load() != 20 || w.balanceOf(fund) != 50 {
			t.Errorf("%d purchases, %d left", bought.Load(), w.balanceOf(fund))
		}
		audit(t, db)
	})
}

// TestPaidAndTakenBackAtOnce: however payments and their undoing cross, a lot and a statement are paid once or not at all, and the fund has
// the rest.
func TestPaidAndTakenBackAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 10_000)
		w.goods("香皂", 250, 10)
		fund := w.fund("帮扶资金", 100_000)
		unpaid, err := w.market.Unpaid(ctx, w.secretary, w.village, market.Page{})
		must(t, err)
		lot, own := unpaid.Items[0].Lot, w.shop
		partner, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "李家小店", Kind: market.Partner})
		must(t, err)
		w.shop, w.keeper = partner.ID, accesstest.Official(t, db, w.now, access.Keeper, access.Place{Village: w.village, Shop: partner.ID})
		rice, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, market.GoodsRequest{RequestID: w.request(), Name: "大米", Unit: "袋", Price: 3000, WorthFen: 3000})
		must(t, err)
		w.receive(rice.ID, 1, 0)
		_, err = w.redeem(w.households[0], 3000, want(rice.ID, 1))
		must(t, err)
		w.on(today.AddMonths(1))
		st, err := w.market.HandIn(ctx, w.keeper, w.village, w.shop, market.StatementRequest{RequestID: w.request(), Month: clock.MonthSpan(today)})
		must(t, err)
		_, err = w.market.Decide(ctx, w.secretary, w.village, st.ID, market.DecideRequest{RequestID: w.request(), Approve: true})
		must(t, err)
		run(60, 10, func(i int) {
			var err error
			switch i % 5 {
			case 0:
				_, err = w.market.PayLot(ctx, w.secretary, w.village, own, lot, market.PayRequest{RequestID: w.request(), Fund: fund, CostFen: int64(1000 + i)})
			case 1, 2:
				var move id.ID
				if db.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM fund_moves WHERE kind = 'purchase'").Scan(&move) == nil && move != 0 {
					_, err = w.market.UndoMoney(ctx, w.secretary, w.village, fund, move, market.UndoRequest{RequestID: w.request(), Reason: "付错了"})
				}
			case 3:
				_, err = w.market.PayStatement(ctx, w.secretary, w.village, st.ID, market.PaymentRequest{RequestID: w.request(), Fund: fund, Note: "转账"})
			case 4:
				_, err = w.market.UndoPayment(ctx, w.secretary, w.village, st.ID, market.UndoRequest{RequestID: w.request(), Reason: "付错了"})
			}
			if err != nil && !errors.Is(err, market.ErrLotPaid) && !errors.Is(err, market.ErrUndone) && !errors.Is(err, market.ErrStatementState) {
				t.Error(err)
			}
		})
		audit(t, db)
		var cost, paid int64
		must(t, db.QueryRow(ctx, "SELECT CASE WHEN fund_id = 0 THEN 0 ELSE cost_fen END FROM stock_lots WHERE id = ?", lot).Scan(&cost))
		must(t, db.QueryRow(ctx, "SELECT paid_fen FROM statements WHERE id = ?", st.ID).Scan(&paid))
		if w.balanceOf(fund) != 100_000-cost-paid {
			t.Errorf("fund %d after a lot for %d and a statement for %d", w.balanceOf(fund), cost, paid)
		}
	})
}

// TestUndo: an operation is taken back whole by opposite moves, while its pieces are there, above the limit by somebody else.
func TestUndo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 100_000)
		_, err := w.editShop(market.ShopEdit{SecondAbove: ptr(points.Amount(2000))})
		must(t, err)
		soap := w.goods("香皂", 250, 40)
		if err := w.undo(w.keeper, soap); !errors.Is(err, market.ErrSecond) {
			t.Errorf("100 points by the same person: %v", err)
		}
		w.receive(soap, 4, 0)
		must(t, w.undo(w.keeper, soap))
		_, err = w.move(soap, market.MoveRequest{Kind: market.Damage, Qty: 3, Note: "破损"})
		must(t, err)
		must(t, w.undo(w.keeper, soap))
		if g := w.look(soap); g.Stock != 40 {
			t.Errorf("stock %d", g.Stock)
		}
		_, err = w.redeem(w.households[0], 250, want(soap, 1))
		must(t, err)
		if err := w.undo(w.newKeeper(), soap); !errors.Is(err, market.ErrNoUndo) {
			t.Errorf("a redemption: %v", err)
		}
		moves, err := w.market.Moves(ctx, w.keeper, w.village, w.shop, soap, market.Page{})
		must(t, err)
		first := moves.Items[len(moves.Items)-1]
		if _, err = w.market.UndoMove(ctx, w.newKeeper(), w.village, w.shop, first.Ref, market.UndoRequest{RequestID: w.request(), Reason: "录错"}); !errors.Is(err, market.ErrStock) {
			t.Errorf("a receipt of which one piece is gone: %v", err)
		}
		if _, err = w.market.UndoMove(ctx, w.keeper, w.village, w.shop, 77, market.UndoRequest{RequestID: w.request(), Reason: "录错"}); !errors.Is(err, market.ErrNoMove) {
			t.Errorf("nothing: %v", err)
		}
		if moves.Items[0].ByName == "" || moves.Items[1].Note != "录错了" {
			t.Errorf("who and why: %+v", moves.Items[:2])
		}
		audit(t, db)
	})
}

// TestTransfer: pieces go to another shop with their last day, their source and their share of the cost, and nothing is lost.
func TestTransfer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		soap := w.goods("香皂", 250, 0)
		_, err := w.move(soap, market.MoveRequest{Kind: market.Purchase, Qty: 3, CostFen: 1000, ExpiresOn: today.Add(3)})
		must(t, err)
		_, err = w.move(soap, market.MoveRequest{Kind: market.Donation, Qty: 10, Origin: "县供销社", Thanked: true})
		must(t, err)
		_, err = w.move(soap, market.MoveRequest{Kind: market.Donation, Qty: 1, Origin: "王五"})
		must(t, err)
		home := w.shop
		branch, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "二组分店"})
		must(t, err)
		there, err := w.market.CreateGoods(ctx, w.secretary, w.village, branch.ID, market.GoodsRequest{RequestID: w.request(), Name: "香皂", Unit: "块", Price: 250})
		must(t, err)
		send := func(by access.Actor, qty int64) error {
			_, err := w.market.TransferStock(ctx, by, w.village, home, soap, market.TransferRequest{RequestID: w.request(), ToShop: branch.ID, ToGoods: there.ID, Qty: qty, Note: "分店缺货"})
			return err
		}
		if err := send(w.keeper, 1); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a keeper of one of the two: %v", err)
		}
		if err := send(w.secretary, 15); !errors.Is(err, market.ErrStock) {
			t.Errorf("more than there is: %v", err)
		}
		must(t, send(w.secretary, 5))
		lots, err := w.market.Lots(ctx, w.secretary, w.village, branch.ID, there.ID)
		must(t, err)
		if len(lots.Items) != 2 || lots.Items[0].Left != 3 || lots.Items[0].CostFen != 1000 || lots.Items[0].ExpiresOn != today.Add(3) || lots.Items[1].Left != 2 || lots.Items[1].Origin != "县供销社" {
			t.Errorf("lots %+v", lots.Items)
		}
		if w.look(soap).Stock != 9 {
			t.Errorf("left %d", w.look(soap).Stock)
		}
		gifts, err := w.market.Thanks(ctx, w.keeper, w.village, home, market.Page{})
		must(t, err)
		if len(gifts.Items) != 2 || gifts.Items[0].Giver != "爱心人士" || gifts.Items[1].Giver != "县供销社" || gifts.Items[1].Qty != 10 {
			t.Errorf("thanks %+v", gifts.Items)
		}
		must(t, w.undo(w.secretary, soap)) // the transfer, both sides
		if g, _ := w.market.Goods(ctx, w.secretary, w.village, branch.ID, true, market.Page{}); g.Items[0].Stock != 0 || w.look(soap).Stock != 14 {
			t.Errorf("taken back: %d there, %d here", g.Items[0].Stock, w.look(soap).Stock)
		}
		partner, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "李家小店", Kind: market.Partner})
		must(t, err)
		milk, err := w.market.CreateGoods(ctx, w.secretary, w.village, partner.ID, market.GoodsRequest{RequestID: w.request(), Name: "香皂", Unit: "块", Price: 250, WorthFen: 300})
		must(t, err)
		if _, err := w.market.TransferStock(ctx, w.secretary, w.village, home, soap, market.TransferRequest{RequestID: w.request(), ToShop: partner.ID, ToGoods: milk.ID, Qty: 1, Note: "x"}); !errors.Is(err, market.ErrPartner) {
			t.Errorf("to a partner store: %v", err)
		}
		fund := w.fund("帮扶资金", 10_000)
		if _, err := w.market.MoveStock(ctx, w.secretary, w.village, partner.ID, milk.ID, market.MoveRequest{RequestID: w.request(), Kind: market.Purchase, Qty: 1, CostFen: 100, Fund: fund}); !errors.Is(err, market.ErrPartner) {
			t.Errorf("a partner's goods from a fund: %v", err)
		}
		audit(t, db)
	})
}
