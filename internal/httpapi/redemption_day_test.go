package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const fairRules = `format: 1
title: 兑换日试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 2, earns: false, with: {wallet: spend, ratio: 0.5}}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 60, review: {direct: true}}
redemption: {cancel_same_day: true}
boards: {wallet: year}
`

const fairHomes = 300

// fair is a redemption day as its people live it: everything goes through a server on a socket, with the answers it gives.
// What the tills believe is kept beside it, and both must agree to the last unit.
type fair struct {
	*rig
	cards         []string
	shop, partner id.ID
	soap, bottle  id.ID // of bottles there are too few
	towel         id.ID // given by somebody
	noodles       id.ID // the partner store's

	book      sync.Mutex
	points    map[id.ID]points.Amount // what each household has left, by the tills
	shelf     map[id.ID]int64         // pieces that lie in the shop
	missing   map[id.ID]int64         // pieces that the book still has
	fund      int64                   // fen
	noodleFen int64                   // what noodles are worth now
	owed      int64                   // fen, to the partner store
	held      map[id.ID]points.Amount // by reservations
	sold      map[id.ID]points.Amount // by shop, on the day itself
	receipts  []market.Receipt        // of the first till
	soldOut   int
	repriced  int
	proofs    int
}

// TestRedemptionDay: 300 households, three keepers, a price change, an item that sells out, reservations collected,
// cancelled and lapsed, a keeper without signal, the stock-take at closing, the partner store's statement. Points, stock,
// funds and statement agree with what the tills did.
func TestRedemptionDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		f := newFair(t, db)
		f.open()
		f.stock()
		held := f.reserve()
		f.day(4, 8)
		f.lapse()
		f.morning()
		f.collect(held)
		f.offline()
		f.undo()
		f.agree("before the stock-take")
		f.count()
		f.agree("after the stock-take")
		f.settle()
		f.agree("after the statement")
		f.passbooks()
	})
}

func newFair(t *testing.T, db *storage.DB) *fair {
	return &fair{rig: newRig(t, db, fairRules, fairHomes), points: map[id.ID]points.Amount{}, shelf: map[id.ID]int64{}, missing: map[id.ID]int64{},
		held: map[id.ID]points.Amount{}, noodleFen: 600, sold: map[id.ID]points.Amount{}}
}

func (f *fair) desk(shop id.ID) string { return "/shops/" + shop.String() }

// open makes the two shops with their keepers, and gives everybody points and a card.
func (f *fair) open() {
	var shop, store market.Shop
	limit := points.Amount(1000)
	f.ok("secretary", "POST", "/shops", market.ShopRequest{RequestID: f.request(), Name: "村超市"}, &shop)
	f.ok("secretary", "POST", "/shops", market.ShopRequest{RequestID: f.request(), Name: "村口小店", Kind: market.Partner}, &store)
	f.shop, f.partner = shop.ID, store.ID
	f.ok("secretary", "POST", f.desk(f.shop), market.ShopEdit{RequestID: f.request(), SecondAbove: &limit}, nil)
	f.ok("secretary", "PUT", f.desk(f.shop)+"/terms", market.TermsRequest{RequestID: f.request(), ShopTerms: market.ShopTerms{ProofAbove: 3000, ReserveDays: 3, LeaseLimit: 2000}}, nil)
	f.hire("till", access.Keeper, f.shop)
	f.hire("field", access.Keeper, f.shop)
	f.hire("store", access.Keeper, f.partner)
	f.ok("secretary", "POST", "/point-value", market.PointValueRequest{FenPerPoint: 50}, nil)

	for from := 0; from < fairHomes; from += 100 {
		some := f.homes[from : from+100]
		f.ok("team", "POST", "/cases", cases.Request{RequestID: f.request(), Item: "sweep", Subjects: some, OccurredOn: walkDay}, nil)
		var codes codeList
		f.ok("secretary", "POST", "/household-codes", map[string]any{"request_id": f.request(), "households": some}, &codes)
		for _, c := range codes.Items {
			f.cards = append(f.cards, c.Code.Code)
		}
	}
	prize := ledger.Posting{Village: f.village, Kind: ledger.Prize, Ref: "prize", At: f.now(), Occurred: walkDay, Counted: walkDay, Title: "年货"}
	for i, h := range f.homes {
		f.points[h] = 6000
		if i%3 == 0 {
			f.points[h] += 1000
			prize.Lines = append(prize.Lines, ledger.Line{Account: h, Wallet: "gift", Amount: 1000})
		}
	}
	f.must(f.db.InTx(f.t.Context(), func(tx *storage.Tx) error { _, err := ledger.Post(tx, f.rules, prize); return err }))
}

// stock buys soap out of a fund, receives bottles that are paid later, takes a gift, and fills the partner's shelf.
func (f *fair) stock() {
	var fund market.Fund
	f.ok("team", "POST", "/funds", market.FundRequest{RequestID: f.request(), Name: "超市资金", Source: "村集体经济"}, &fund)
	f.ok("team", "POST", "/funds/"+fund.ID.String()+"/income", market.MoneyRequest{RequestID: f.request(), AmountFen: 500_000, Note: "拨款"}, nil)
	goods := func(who string, shop id.ID, name string, price points.Amount, worth int64) id.ID {
		var g market.Goods
		f.ok(who, "POST", f.desk(shop)+"/goods", market.GoodsRequest{RequestID: f.request(), Name: name, Unit: "件", Price: price, WorthFen: worth}, &g)
		return g.ID
	}
	receive := func(who string, shop, goods id.ID, r market.MoveRequest) {
		r.RequestID = f.request()
		f.ok(who, "POST", f.desk(shop)+"/goods/"+goods.String()+"/moves", r, nil)
		f.shelf[goods] += r.Qty
	}
	f.soap, f.bottle, f.towel = goods("till", f.shop, "香皂", 500, 0), goods("till", f.shop, "洗衣液", 2500, 0), goods("till", f.shop, "毛巾", 1000, 0)
	f.noodles = goods("store", f.partner, "挂面", 1200, 600)
	receive("secretary", f.shop, f.soap, market.MoveRequest{Kind: market.Purchase, Qty: 400, CostFen: 400 * 300, Fund: fund.ID, ExpiresOn: walkDay.Add(300)})
	receive("secretary", f.shop, f.soap, market.MoveRequest{Kind: market.Purchase, Qty: 200, CostFen: 200 * 300, Fund: fund.ID, ExpiresOn: walkDay.Add(90)})
	receive("till", f.shop, f.bottle, market.MoveRequest{Kind: market.Purchase, Qty: 40})
	receive("till", f.shop, f.towel, market.MoveRequest{Kind: market.Donation, Qty: 50, Origin: "后盾单位", Thanked: true})
	receive("store", f.partner, f.noodles, market.MoveRequest{Kind: market.Purchase, Qty: 200})
	var lots market.Lots
	f.ok("team", "GET", f.desk(f.shop)+"/goods/"+f.bottle.String()+"/lots", nil, &lots)
	f.ok("team", "POST", f.desk(f.shop)+"/lots/"+lots.Items[0].ID.String()+"/payment", market.PayRequest{RequestID: f.request(), Fund: fund.ID, CostFen: 40 * 1500, Note: "发票1"}, nil)
	f.fund = 500_000 - 600*300 - 40*1500
}

// reserve: five households reserve a bottle each. Two will not come in time, two will, one thinks better of it.
func (f *fair) reserve() (held map[int]market.Reservation) {
	held = map[int]market.Reservation{}
	for n := 200; n < 205; n++ {
		if n == 202 {
			f.day(2, 20)
		}
		var r market.Reservation
		home := "/households/" + f.homes[n].String()
		f.ok(f.villager(n), "POST", home+"/reservations", market.ReserveRequest{RequestID: f.request(), Shop: f.shop, Lines: []market.Want{{Goods: f.bottle, Qty: 1}}, Total: 2500}, &r)
		if len(r.Code) != 6 || r.Total != 2500 {
			f.t.Errorf("%+v", r)
		}
		if n == 204 {
			f.ok(f.villager(n), "POST", home+"/reservations/"+r.ID.String()+"/cancel", market.CancelRequest{RequestID: f.request()}, nil)
		} else if n >= 202 {
			held[n], f.held[f.homes[n]] = r, r.Total
		}
	}
	return held
}

// lapse is the night before the day.
func (f *fair) lapse() {
	if n, err := f.server.Market.LapseReservations(f.t.Context()); err != nil || n != 2 {
		f.t.Fatalf("%d reservations lapsed: %v", n, err)
	}
}

// morning: three tills at once, and a price that changes under them.
func (f *fair) morning() {
	var tills sync.WaitGroup
	change := make(chan struct{})
	tills.Go(func() {
		f.till("till", f.shop, 0, 130, func(served int) { // the first forty at the old price
			if served == 40 {
				close(change)
			}
		})
	})
	tills.Go(func() { f.till("field", f.shop, 130, 220, nil) })
	tills.Go(func() { f.till("store", f.partner, 220, 300, nil) })
	<-change
	f.ok("secretary", "POST", f.desk(f.shop)+"/goods/"+f.soap.String()+"/prices", market.PriceRequest{RequestID: f.request(), Price: 600}, nil)
	tills.Wait()
	if f.soldOut == 0 || f.repriced == 0 || f.repriced > 2 || f.proofs == 0 || f.shelf[f.bottle] != 2 {
		f.t.Errorf("%d met an empty shelf, %d a new price, %d were asked for a proof, %d bottles left for two", f.soldOut, f.repriced, f.proofs, f.shelf[f.bottle])
	}
	// From noon on the store's noodles are worth more to the village, at the same price in points.
	worth := int64(700)
	f.ok("store", "POST", f.desk(f.partner)+"/goods/"+f.noodles.String()+"/prices", market.PriceRequest{RequestID: f.request(), Price: 1200, WorthFen: &worth}, nil)
	f.noodleFen = 700
	f.till("store", f.partner, 0, 20, nil)
}

// prices are what a till shows until it is told that they have changed.
func (f *fair) prices(who string, shop id.ID) map[id.ID]points.Amount {
	var list market.GoodsList
	if code := f.call(who, "GET", f.desk(shop)+"/goods", nil, &list); code != "" {
		f.t.Error(code)
	}
	out := map[id.ID]points.Amount{}
	for _, g := range list.Items {
		out[g.ID] = g.Price
	}
	return out
}

// till serves households by their cards: soap for all and a bottle for one in four, or noodles.
func (f *fair) till(who string, shop id.ID, from, to int, after func(served int)) {
	prices := f.prices(who, shop)
	for n := from; n < to; n++ {
		var v market.Visit
		if code := f.call(who, "POST", f.desk(shop)+"/visits", market.VisitRequest{RequestID: f.request(), Code: "https://hefen.example.cn/k/" + f.cards[n]}, &v); code != "" || v.Household != f.homes[n] {
			f.t.Errorf("the card of %d: %s %s", n, code, v.Household)
			continue
		}
		r := market.RedeemRequest{RequestID: f.request(), Household: v.Household, Visit: v.ID, Lines: []market.Want{{Goods: f.soap, Qty: 2}}}
		if shop == f.partner {
			r.Lines[0] = market.Want{Goods: f.noodles, Qty: 1}
		} else if n%4 == 0 {
			r.Lines = append(r.Lines, market.Want{Goods: f.bottle, Qty: 1})
		}
		f.serve(who, shop, prices, &r)
		if after != nil {
			after(n - from + 1)
		}
	}
}

// serve redeems a basket, doing what a refusal asks for.
func (f *fair) serve(who string, shop id.ID, prices map[id.ID]points.Amount, r *market.RedeemRequest) {
	for range 5 {
		r.RequestID, r.Total = f.request(), 0 // other content, another request
		for _, l := range r.Lines {
			r.Total += prices[l.Goods] * points.Amount(l.Qty)
		}
		var made market.Receipt
		code := f.call(who, "POST", f.desk(shop)+"/redemptions", r, &made)
		f.book.Lock()
		switch code {
		case "":
			f.enter(who, shop, &made)
		case "market_sold_out":
			f.soldOut++
			r.Lines = r.Lines[:1]
		case "market_price_changed":
			f.repriced++
		case "market_proof_needed":
			f.proofs++
			r.Signed = true
		default:
			f.t.Errorf("redemption of %s: %s", r.Household, code)
		}
		f.book.Unlock()
		if code == "" {
			return
		}
		if code == "market_price_changed" {
			fresh := f.prices(who, shop)
			for g, p := range fresh {
				prices[g] = p
			}
		}
	}
	f.t.Errorf("%s was not served", r.Household)
}

// enter writes a receipt into the tills' own book, which is held.
func (f *fair) enter(who string, shop id.ID, r *market.Receipt) {
	var lines, paid points.Amount
	for _, l := range r.Lines {
		lines += l.Amount
		f.shelf[l.Goods] -= l.Qty
		if l.Goods == f.noodles {
			f.owed += l.Qty * f.noodleFen
		}
	}
	for _, w := range r.Paid {
		paid += w.Amount
	}
	f.points[r.Household] -= r.Total
	f.sold[shop] += r.Total
	if lines != r.Total || paid != r.Total || r.BalanceAfter != f.points[r.Household]-f.held[r.Household] {
		f.t.Errorf("%s: lines %s, total %s, paid %s, left %s, the till has %s", r.Number, lines, r.Total, paid, r.BalanceAfter, f.points[r.Household])
	}
	if who == "till" {
		f.receipts = append(f.receipts, *r)
	}
}

// collect: two come with their pick-up codes; a wrong one is refused.
func (f *fair) collect(held map[int]market.Reservation) {
	for n, r := range held {
		path := f.desk(f.shop) + "/reservations/" + r.ID.String() + "/collect"
		if code := f.call("till", "POST", path, market.CollectRequest{RequestID: f.request(), Code: "0" + r.Code[:5]}, nil); code != "market_reservation_not_found" && r.Code != "0"+r.Code[:5] {
			f.t.Errorf("a wrong pick-up code: %q", code)
		}
		var found market.Reservations
		f.ok("till", "GET", f.desk(f.shop)+"/reservations?code="+r.Code, nil, &found)
		if len(found.Items) != 1 || found.Items[0].ID != r.ID {
			f.t.Fatalf("%d reservations with the code", len(found.Items))
		}
		var made market.Receipt
		f.ok("till", "POST", path, market.CollectRequest{RequestID: f.request(), Code: r.Code}, &made)
		delete(f.held, f.homes[n])
		f.enter("", f.shop, &made)
	}
}

// device is a phone without signal: it has its lease, and keeps what it redeems.
type device struct {
	lease market.Lease
	kept  []market.ReturnRequest
}

// offline: the second till takes a lease and goes where there is no signal. Meanwhile one household spends all it has at
// the store, and one sale is more than the lease allows. In the evening everything is brought back, twice.
func (f *fair) offline() {
	d := &device{}
	f.ok("field", "POST", f.desk(f.shop)+"/leases", market.LeaseRequest{RequestID: f.request(), Device: "device-0000000001"}, &d.lease)
	if code := f.call("till", "POST", f.desk(f.shop)+"/leases", market.LeaseRequest{RequestID: f.request(), Device: "device-0000000002"}, nil); code != "market_lease_taken" {
		f.t.Errorf("a second lease: %q", code)
	}
	f.serve("store", f.partner, f.prices("store", f.partner), &market.RedeemRequest{Household: f.homes[31], Lines: []market.Want{{Goods: f.noodles, Qty: 4}}})
	for n := 30; n < 70; n++ {
		f.at.Add(1000)
		line, ok := d.scan(f.cards[n])
		if !ok || line.Household != f.homes[n] || line.Budget != 2000 {
			f.t.Fatalf("the card of %d: %+v", n, line)
		}
		qty := int64(1)
		if n == 31 {
			qty = 3
		} else if n == 32 {
			qty = 4
		}
		r := market.ReturnRequest{RequestID: f.request(), Household: line.Household, Card: f.cards[n], RedeemedAt: f.at.Load(), Signed: true,
			Lines: []market.ReturnLine{{Goods: f.soap, Qty: qty, Price: 600}}, Total: 600 * points.Amount(qty)}
		d.kept = append(d.kept, r)
	}
	f.day(4, 17)
	owed, posted := points.Amount(0), 0
	for _, r := range append(d.kept, d.kept...) {
		var n market.LeaseReturn
		f.ok("field", "POST", f.desk(f.shop)+"/leases/"+d.lease.ID.String()+"/returns", r, &n)
		switch {
		case n.Repeated:
		case n.State == market.Posted:
			posted++
			owed += n.Owed
			f.points[r.Household] -= r.Total
			f.shelf[f.soap] -= r.Lines[0].Qty
			f.sold[f.shop] += r.Total
		case r.Household == f.homes[32] && n.State == market.Waiting: // given out all the same
			f.shelf[f.soap] -= r.Lines[0].Qty
			f.missing[f.soap] += r.Lines[0].Qty
		default:
			f.t.Errorf("%s: %+v", r.Household, n)
		}
	}
	if left := f.points[f.homes[31]]; posted != 39 || left >= 0 || owed != -left {
		f.t.Errorf("%d posted, %s owed, %s by the till", posted, owed, left)
	}
	if code := f.call("till", "POST", f.desk(f.shop)+"/redemptions", market.RedeemRequest{RequestID: f.request(), Household: f.homes[31],
		Lines: []market.Want{{Goods: f.soap, Qty: 1}}, Total: 600}, nil); code != "ledger_in_debt" {
		f.t.Errorf("in debt: %q", code)
	}
	f.ok("field", "POST", f.desk(f.shop)+"/leases/"+d.lease.ID.String()+"/close", market.CloseRequest{RequestID: f.request()}, nil)
	var waiting market.Returns
	f.ok("secretary", "GET", "/lease-returns?state=waiting", nil, &waiting)
	if len(waiting.Items) != 1 {
		f.t.Fatalf("%d wait", len(waiting.Items))
	}
	f.ok("secretary", "POST", "/lease-returns/"+waiting.Items[0].ID.String()+"/settle", market.SettleRequest{RequestID: f.request(), Note: "超出限额，由管理员承担"}, nil)
}

// scan finds the household of a card by its mark, as the page does.
func (d *device) scan(card string) (market.LeaseLine, bool) {
	mac := func(key, text []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(text)
		return m.Sum(nil)
	}
	key, err := base64.StdEncoding.DecodeString(d.lease.Key)
	mark := base64.StdEncoding.EncodeToString(mac(key, mac([]byte(card), []byte("hefen-lease")))[:16])
	for _, l := range d.lease.Lines {
		if err == nil && l.Mark == mark {
			return l, true
		}
	}
	return market.LeaseLine{}, false
}

// undo: three think better of it in the evening.
func (f *fair) undo() {
	for _, r := range f.receipts[40:43] {
		path := f.desk(f.shop) + "/redemptions/" + r.ID.String() + "/cancel"
		f.ok("till", "POST", path, market.CancelRequest{RequestID: f.request(), Reason: "拿错了"}, nil)
		if code := f.call("till", "POST", path, market.CancelRequest{RequestID: f.request()}, nil); code != "market_already_cancelled" {
			f.t.Errorf("cancelled twice: %q", code)
		}
		f.points[r.Household] += r.Total
		f.sold[f.shop] -= r.Total
		for _, l := range r.Lines {
			f.shelf[l.Goods] += l.Qty
		}
	}
}

// count: the shelves are counted by who was away and confirmed by somebody else. One soap broke, four went without points.
func (f *fair) count() {
	f.day(4, 18)
	f.shelf[f.soap]--
	f.missing[f.soap]++
	var take market.Stocktake
	f.ok("field", "POST", f.desk(f.shop)+"/stocktakes", market.StepRequest{RequestID: f.request()}, &take)
	path := f.desk(f.shop) + "/stocktakes/" + take.ID.String()
	counts := market.CountRequest{RequestID: f.request()}
	for _, g := range []id.ID{f.soap, f.bottle, f.towel} {
		counts.Lines = append(counts.Lines, market.CountEntry{Goods: g, Found: f.shelf[g]})
	}
	f.ok("field", "POST", path+"/counts", counts, nil)
	if code := f.call("field", "POST", path+"/send", market.StepRequest{RequestID: f.request()}, nil); code == "" {
		f.t.Error("a difference without a reason is handed in")
	}
	counts.RequestID, counts.Lines[0].Reason = f.request(), "离线多给4块，摔坏1块"
	f.ok("field", "POST", path+"/counts", counts, &take)
	f.ok("field", "POST", path+"/send", market.StepRequest{RequestID: f.request()}, &take)
	if take.State != market.TakeWaiting || take.Differ != 1 || take.Worth != 5*600 {
		f.t.Errorf("%+v", take)
	}
	if code := f.call("field", "POST", path+"/confirm", market.StepRequest{RequestID: f.request()}, nil); code != "market_stocktake_same_person" {
		f.t.Errorf("who counted confirms: %q", code)
	}
	f.ok("till", "POST", path+"/confirm", market.StepRequest{RequestID: f.request()}, &take)
	f.missing[f.soap] = 0
}

// settle: after the month the store hands in its statement, and is paid.
func (f *fair) settle() {
	month := clock.MonthSpan(walkDay)
	hand := func() market.StatementRequest { return market.StatementRequest{RequestID: f.request(), Month: month} }
	if code := f.call("store", "POST", f.desk(f.partner)+"/statements", hand(), nil); code != "market_statement_early" {
		f.t.Errorf("before the month is over: %q", code)
	}
	f.day(20, 9)
	var st market.Statement
	f.ok("store", "POST", f.desk(f.partner)+"/statements", hand(), &st)
	if len(st.Lines) != 2 || st.WorthFen != f.owed || st.Amount != f.sold[f.partner] || st.Pieces != 200-f.shelf[f.noodles] {
		f.t.Errorf("%+v; the store reckons %d fen for %s", st, f.owed, f.sold[f.partner])
	}
	path := "/statements/" + st.ID.String()
	f.ok("team", "POST", path+"/decision", market.DecideRequest{RequestID: f.request(), Approve: true}, nil)
	var o market.Overview
	f.ok("team", "GET", "/funds", nil, &o)
	pay := market.PaymentRequest{RequestID: f.request(), Fund: o.Funds[0].ID, Note: "转账"}
	f.ok("team", "POST", path+"/payment", pay, nil)
	f.ok("team", "POST", path+"/payment", pay, nil) // the answer was lost
	f.fund -= f.owed
}

// agree compares what the server says with what the tills did.
func (f *fair) agree(when string) {
	f.t.Helper()
	var o market.Overview
	f.ok("team", "GET", "/funds", nil, &o)
	sum := points.Amount(0)
	for _, p := range f.points {
		sum += p
	}
	stock := (f.shelf[f.soap]+f.missing[f.soap])*300 + f.shelf[f.bottle]*1500
	if o.Outstanding != sum || o.FundFen != f.fund || o.StockFen != stock {
		f.t.Errorf("%s: %s points, funds %d, stock %d; the tills reckon %s, %d, %d", when, o.Outstanding, o.FundFen, o.StockFen, sum, f.fund, stock)
	}
	for shop, who := range map[id.ID]string{f.shop: "till", f.partner: "store"} {
		var list market.GoodsList
		f.ok(who, "GET", f.desk(shop)+"/stock", nil, &list)
		for _, g := range list.Items {
			if g.Stock != f.shelf[g.ID]+f.missing[g.ID] {
				f.t.Errorf("%s: %s has %d, on the shelf %d, missing %d", when, g.Name, g.Stock, f.shelf[g.ID], f.missing[g.ID])
			}
		}
		var book market.Daybook
		f.ok(who, "GET", f.desk(shop)+"/daybook?from="+walkDay.Add(4).String(), nil, &book)
		if book.Amount != f.sold[shop] {
			f.t.Errorf("%s: the daybook has %s, the tills %s", when, book.Amount, f.sold[shop])
		}
		for _, l := range book.Lines {
			if l.Before+l.Received-l.Redeemed-l.Held-l.Written+l.Counted-l.Sent+l.Undone != l.After {
				f.t.Errorf("%s: %+v", when, l)
			}
		}
	}
	ledgertest.Audit(f.t, f.db)
	r, err := market.Audit(f.t.Context(), f.db)
	if err != nil || !r.OK() {
		f.t.Errorf("%s: %v\n%s", when, err, r)
	}
}

// passbooks: every household reads the balance that the tills reckon.
func (f *fair) passbooks() {
	for _, h := range f.homes {
		var book passbookView
		f.ok("team", "GET", "/households/"+h.String()+"/passbook", nil, &book)
		left := points.Amount(0)
		for _, w := range book.Wallets {
			if w.Kind == "spend" {
				left += w.Available + w.Pending + w.Held
			}
		}
		if left != f.points[h] {
			f.t.Errorf("household %s reads %s, the tills reckon %s", book.Household.Number, left, f.points[h])
		}
	}
}
