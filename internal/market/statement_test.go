package market_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/market"
	sheets "hefen/internal/paper"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestStatement: a partner store is paid by the month for what it gave out, at what it was worth on the day; somebody else
// approves, the payment is recorded, and nothing of it can be done twice.
func TestStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		for _, h := range w.households {
			w.give(h, 100_000)
		}
		own := w.shop
		partner, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "李家小店", Kind: market.Partner})
		must(t, err)
		w.shop = partner.ID
		w.keeper = w.newKeeper()
		stocked := func(name string, price points.Amount, worth, pieces int64) id.ID {
			r := market.GoodsRequest{RequestID: w.request(), Name: name, Unit: "块", Price: price}
			if _, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r); !errors.Is(err, market.ErrInvalid) || !strings.Contains(err.Error(), "结算") {
				t.Errorf("goods that are worth nothing: %v", err)
			}
			r.WorthFen = worth
			g, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, r)
			must(t, err)
			w.receive(g.ID, pieces, 0)
			return g.ID
		}
		soap, rice := stocked("香皂", 250, 260, 40), stocked("大米", 3000, 10, 10)
		if _, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, market.PriceRequest{RequestID: w.request(), Price: 250, WorthFen: ptr(int64(0))}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("worth nothing from today: %v", err)
		}
		price := func(day clock.Day, r market.PriceRequest) {
			r.RequestID, r.From = w.request(), day
			_, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, r)
			must(t, err)
		}
		price(0, market.PriceRequest{Price: 250, WorthFen: ptr(int64(260))})
		redeem := func(home int, total points.Amount, wants ...market.Want) market.Receipt {
			r, err := w.redeem(w.households[home], total, wants...)
			must(t, err)
			return r
		}
		redeem(0, 500, want(soap, 2))
		w.at.Add(60_000)
		price(0, market.PriceRequest{Price: 250, WorthFen: ptr(int64(300))}) // the same day: what was given before keeps its worth
		redeem(1, 3250, want(soap, 1), want(rice, 1))
		_, err = w.cancel(redeem(0, 250, want(soap, 1)).ID)
		must(t, err)
		w.on(clock.MakeDay(2026, 5, 31))
		redeem(0, 250, want(soap, 1))
		hand := func(by access.Actor, month clock.Span) (market.Statement, error) {
			return w.market.HandIn(ctx, by, w.village, w.shop, market.StatementRequest{RequestID: w.request(), Month: month})
		}
		if _, err := hand(w.keeper, 202605); !errors.Is(err, market.ErrStatementEarly) {
			t.Errorf("before the month's end: %v", err)
		}
		w.on(clock.MakeDay(2026, 6, 1))
		redeem(0, 250, want(soap, 1)) // June's
		if _, err := hand(w.keeper, 202604); !errors.Is(err, market.ErrNothingSold) {
			t.Errorf("a month without redemptions: %v", err)
		}
		if _, err := hand(w.keeper, 2026); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a year: %v", err)
		}
		st, err := hand(w.keeper, 202605)
		must(t, err)
		if st.Pieces != 5 || st.Amount != 4000 || st.WorthFen != 2*260+2*300+10 || len(st.Lines) != 3 || st.Lines[0].PieceFen != 260 || st.Lines[1].Qty != 2 || st.State != market.HandedIn {
			t.Errorf("statement %+v", st)
		}
		if _, err := hand(w.keeper, 202605); !errors.Is(err, market.ErrStatementMade) {
			t.Errorf("handed in twice: %v", err)
		}
		decide := func(by access.Actor, yes bool, note string) error {
			_, err := w.market.Decide(ctx, by, w.village, st.ID, market.DecideRequest{RequestID: w.request(), Approve: yes, Note: note})
			return err
		}
		pay := func(by access.Actor, r market.PaymentRequest) (market.Statement, error) {
			r.RequestID, r.Note = w.request(), "转账凭证 0601"
			return w.market.PayStatement(ctx, by, w.village, st.ID, r)
		}
		if err := decide(w.keeper, true, ""); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("the store approves: %v", err)
		}
		if _, err := pay(w.secretary, market.PaymentRequest{}); !errors.Is(err, market.ErrStatementState) {
			t.Errorf("paid before it was approved: %v", err)
		}
		if err := decide(w.secretary, false, ""); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("returned without a reason: %v", err)
		}
		must(t, decide(w.secretary, false, "大米单价填错了"))
		_, err = w.market.SetPrice(ctx, w.keeper, w.village, w.shop, rice, market.PriceRequest{RequestID: w.request(), Price: 3000, WorthFen: ptr(int64(3200))})
		must(t, err)
		official := accesstest.Official(t, db, w.now, access.TeamMember, access.Place{Village: w.village})
		if st, err = hand(official, 202605); err != nil || st.WorthFen != 1130 {
			t.Errorf("handed in anew: %+v, %v; a worth set later does not reach back", st, err)
		}
		if err := decide(official, true, ""); !errors.Is(err, market.ErrStatementOwn) {
			t.Errorf("who handed it in approves: %v", err)
		}
		must(t, decide(w.secretary, true, ""))
		must(t, decide(w.secretary, false, "再核一次雨伞")) // approved too soon: it can be returned until it is paid
		st, err = hand(w.keeper, 202605)
		must(t, err)
		must(t, decide(w.secretary, true, ""))
		if err := decide(w.secretary, true, ""); !errors.Is(err, market.ErrStatementState) {
			t.Errorf("approved twice: %v", err)
		}
		w.shop = own
		fund := w.fund("帮扶资金", 1129)
		if _, err := pay(w.secretary, market.PaymentRequest{Fund: fund}); !errors.Is(err, market.ErrFundShort) {
			t.Errorf("paid with more than the fund has: %v", err)
		}
		_, err = w.market.AddMoney(ctx, w.secretary, w.village, fund, market.MoneyRequest{RequestID: w.request(), AmountFen: 1, Note: "补"})
		must(t, err)
		if _, err := pay(w.secretary, market.PaymentRequest{PaidOn: clock.MakeDay(2026, 6, 2)}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("paid tomorrow: %v", err)
		}
		st, err = pay(w.secretary, market.PaymentRequest{Fund: fund})
		must(t, err)
		if st.State != market.PaidOut || st.PaidFen != 1130 || w.balanceOf(fund) != 0 || st.PaidOn != clock.MakeDay(2026, 6, 1) {
			t.Errorf("paid %+v, fund %d", st, w.balanceOf(fund))
		}
		undo := func(by access.Actor, why string) (market.Statement, error) {
			return w.market.UndoPayment(ctx, by, w.village, st.ID, market.UndoRequest{RequestID: w.request(), Reason: why})
		}
		if _, err := undo(w.secretary, ""); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a payment taken back without a reason: %v", err)
		}
		if st, err = undo(w.secretary, "付错了资金"); err != nil || st.State != market.Approved || st.PaidFen != 0 || st.PaidBy != "" || w.balanceOf(fund) != 1130 || st.Note != "撤销付款登记：付错了资金" {
			t.Errorf("the payment taken back: %+v, %v, fund %d", st, err, w.balanceOf(fund))
		}
		if _, err := undo(w.secretary, "再来一次"); !errors.Is(err, market.ErrStatementState) {
			t.Errorf("taken back twice: %v", err)
		}
		audit(t, db)
		if st, err = pay(w.secretary, market.PaymentRequest{}); err != nil || w.balanceOf(fund) != 1130 {
			t.Errorf("paid from elsewhere: %+v, %v", st, err)
		}
		if _, err = undo(w.secretary, "是从资金付的"); err != nil || w.balanceOf(fund) != 1130 {
			t.Errorf("that taken back: %v", err)
		}
		st, err = pay(w.secretary, market.PaymentRequest{Fund: fund})
		must(t, err)
		book, err := w.market.FundMoves(ctx, w.secretary, w.village, fund, market.Page{})
		must(t, err)
		if m := book.Items[0]; m.AboutName != "李家小店" || m.Undone || !book.Items[2].Undone || w.balanceOf(fund) != 0 {
			t.Errorf("the fund's book: %+v", book.Items)
		}
		if _, err := w.market.UndoMoney(ctx, w.secretary, w.village, fund, book.Items[0].ID, market.UndoRequest{RequestID: w.request(), Reason: "x"}); !errors.Is(err, market.ErrNoUndo) {
			t.Errorf("a statement's payment taken back in the fund: %v", err)
		}
		if err := decide(w.secretary, false, "数目不对"); !errors.Is(err, market.ErrStatementState) {
			t.Errorf("returned after it was paid: %v", err)
		}
		if _, err := pay(w.secretary, market.PaymentRequest{}); !errors.Is(err, market.ErrStatementState) {
			t.Errorf("paid twice: %v", err)
		}
		var sheet bytes.Buffer
		must(t, w.market.ExportStatement(ctx, w.keeper, w.village, partner.ID, st.ID, &sheet))
		sheetBytes := bytes.Clone(sheet.Bytes())
		table, err := sheets.Open(&sheet, "")
		must(t, err)
		defer table.Close()
		var rows [][]string
		for {
			cells, _, err := table.Next()
			if err != nil {
				break
			}
			rows = append(rows, cells)
		}
		if len(rows) != 8 || rows[4][0] != "合计" || rows[4][5] != "11.3" || rows[5][4] != "试验村" {
			t.Errorf("sheet %q", rows)
		}
		workbook, err := excelize.OpenReader(bytes.NewReader(sheetBytes))
		must(t, err)
		defer workbook.Close()
		for _, cell := range []string{"C2", "D3", "E4", "F2", "F5"} { // numbers, so that whoever opens it can add them up
			if kind, err := workbook.GetCellType("结算单", cell); err != nil || kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString {
				t.Errorf("%s is text: %v, %v", cell, kind, err)
			}
		}
		for _, no := range []clock.Span{0, 2026, 20260501} {
			if _, err := w.market.PreviewStatement(ctx, w.secretary, w.village, partner.ID, no); !errors.Is(err, market.ErrInvalid) {
				t.Errorf("a preview of %d: %v", no, err)
			}
		}
		if _, err := w.market.PreviewStatement(ctx, w.secretary, w.village, own, 202605); !errors.Is(err, market.ErrNotPartner) {
			t.Errorf("the village's own shop: %v", err)
		}
		audit(t, db)
	})
}

// TestEndedPriceKeepsItsWorth: what was given out while a village had a price of its own is paid by that one, also on the day on which it
// was ended.
func TestEndedPriceKeepsItsWorth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 10_000)
		partner, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "李家小店", Kind: market.Partner})
		must(t, err)
		w.shop = partner.ID
		w.keeper = w.newKeeper()
		soap, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, market.GoodsRequest{RequestID: w.request(), Name: "香皂", Unit: "块", Price: 250, WorthFen: 260})
		must(t, err)
		w.receive(soap.ID, 10, 0)
		sell := func(price points.Amount) {
			w.at.Add(1000)
			_, err := w.redeem(w.households[0], price, want(soap.ID, 1))
			must(t, err)
			w.at.Add(1000)
		}
		for _, price := range []points.Amount{300, 400} { // set twice on one day
			_, err = w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap.ID, market.PriceRequest{RequestID: w.request(), Price: price, Village: w.village, WorthFen: ptr(int64(price))})
			must(t, err)
			sell(price)
		}
		_, err = w.market.EndOwnPrice(ctx, w.keeper, w.village, w.shop, soap.ID, market.EndPriceRequest{RequestID: w.request()})
		must(t, err)
		sell(250)
		st, err := w.market.PreviewStatement(ctx, w.secretary, w.village, w.shop, clock.MonthSpan(today))
		must(t, err)
		if st.WorthFen != 300+400+260 || st.Amount != 300+400+250 || len(st.Lines) != 3 {
			t.Errorf("%+v", st)
		}
		w.on(today.AddMonths(1))
		_, err = w.market.HandIn(ctx, w.keeper, w.village, w.shop, market.StatementRequest{RequestID: w.request(), Month: clock.MonthSpan(today)})
		must(t, err)
		audit(t, db)
	})
}

// TestDaybook: stock before plus every kind of move is stock after, for a day that is over too.
func TestDaybook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		w.give(w.households[0], 100_000)
		w.post(w.households[0], "prize", "gift", points.Amount(300))
		soap := w.goods("香皂", 250, 0)
		w.goods("空", 100, 0)
		w.receive(soap, 30, today.Add(1))
		w.on(today.Add(1))
		w.receive(soap, 20, 0)
		_, err := w.redeem(w.households[0], 1000, want(soap, 4))
		must(t, err)
		gone, err := w.redeem(w.households[0], 250, want(soap, 1))
		must(t, err)
		_, err = w.cancel(gone.ID)
		must(t, err)
		_, err = w.move(soap, market.MoveRequest{Kind: market.Damage, Qty: 2, Note: "破损"})
		must(t, err)
		_, err = w.move(soap, market.MoveRequest{Kind: market.Count, Qty: 45, Note: "多一块"})
		must(t, err)
		w.on(today.Add(2))
		_, err = w.move(soap, market.MoveRequest{Kind: market.Expire})
		must(t, err)
		day := func(from, to clock.Day) market.Daybook {
			b, err := w.market.Daybook(ctx, w.keeper, w.village, w.shop, from, to)
			must(t, err)
			return b
		}
		b := day(today.Add(1), 0)
		want := market.DaybookLine{Goods: soap, Name: "香皂", Unit: "块", Before: 30, Received: 20, Redeemed: 4, Written: 2, Counted: 1, After: 45, Amount: 1000}
		if len(b.Lines) != 1 || b.Lines[0] != want || b.Receipts != 1 || b.Cancelled != 1 || b.Homes != 1 || b.Amount != 1000 || len(b.Paid) != 2 || b.Paid[0].Amount != 300 {
			t.Errorf("the day: %+v", b)
		}
		if b := day(0, 0); b.Lines[0].Before != 45 || b.Lines[0].After != w.look(soap).Stock || b.Lines[0].Written != 24 {
			t.Errorf("today: %+v", b.Lines)
		}
		if b := day(today, today.Add(2)); b.Lines[0].Before != 0 || b.Lines[0].Received != 50 {
			t.Errorf("all days: %+v", b.Lines)
		}
		if _, err := w.market.Daybook(ctx, w.keeper, w.village, w.shop, today, today.Add(-1)); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("days the wrong way round: %v", err)
		}
		audit(t, db)
	})
}
