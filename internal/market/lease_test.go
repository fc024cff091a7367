package market_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const device = "device-0000000001"

func (w *world) lease() (market.Lease, error) {
	return w.market.TakeLease(ctx, w.keeper, w.village, w.shop, market.LeaseRequest{RequestID: w.request(), Device: device})
}

// offline is a device that has no signal: it knows only what its lease told it.
type offline struct {
	*world
	lease market.Lease
	spent map[id.ID]points.Amount
}

// scan finds the household of a card by its mark, as the page does.
func (o *offline) scan(card string) (market.LeaseLine, bool) {
	key, err := base64.StdEncoding.DecodeString(o.lease.Key)
	must(o.t, err)
	mac := func(key, text []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(text)
		return m.Sum(nil)
	}
	mark := base64.StdEncoding.EncodeToString(mac(key, mac([]byte(card), []byte("hefen-lease")))[:16])
	i := slices.IndexFunc(o.lease.Lines, func(l market.LeaseLine) bool { return l.Mark == mark })
	if i < 0 {
		return market.LeaseLine{}, false
	}
	return o.lease.Lines[i], true
}

func (o *offline) sale(household id.ID, card string, goods id.ID, qty int64, price points.Amount) market.ReturnRequest {
	return market.ReturnRequest{RequestID: o.request(), Household: household, Card: card, RedeemedAt: o.at.Load(), Signed: true,
		Lines: []market.ReturnLine{{Goods: goods, Qty: qty, Price: price}}, Total: price * points.Amount(qty)}
}

func (o *offline) back(r market.ReturnRequest) market.LeaseReturn {
	o.t.Helper()
	n, err := o.market.Return(ctx, o.keeper, o.village, o.shop, o.lease.ID, r)
	must(o.t, err)
	return n
}

func TestLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 5)
		rich, poor, cardless, barred, gone := w.households[0], w.households[1], w.households[2], w.households[3], w.households[4]
		cards := map[id.ID]string{}
		for _, h := range []id.ID{rich, poor, barred, gone} {
			cards[h] = w.card(h)
		}
		for _, h := range w.households {
			w.give(h, 9000)
		}
		_, err := w.redeemPoints(poor, 8000)
		must(t, err)
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			return standing.Add(tx, 1, w.now(), standing.Tag{Village: w.village, Account: barred, Kind: scheme.TagBarred, From: today, To: clock.Forever, Reason: "试验"})
		}))
		soap := w.goods("香皂", 250, 10)

		must(t, w.terms(market.ShopTerms{}))
		if _, err := w.lease(); !errors.Is(err, market.ErrLeaseOff) {
			t.Errorf("leases are off: %v", err)
		}
		must(t, w.terms(market.ShopTerms{LeaseLimit: 2000, ProofAbove: 100_000}))
		request := market.LeaseRequest{RequestID: w.request(), Device: device}
		l, err := w.market.TakeLease(ctx, w.keeper, w.village, w.shop, request)
		must(t, err)
		again, err := w.market.TakeLease(ctx, w.keeper, w.village, w.shop, request)
		if err != nil || again.ID != l.ID || again.Key != l.Key || !again.Repeated {
			t.Errorf("the repeat of a lost answer: %v %v", again.ID, err)
		}
		if _, err := w.lease(); !errors.Is(err, market.ErrLeaseTaken) {
			t.Errorf("a second one: %v", err)
		}
		if len(l.Lines) != 3 || len(l.Goods) != 2 || l.EndsAt-l.TakenAt != 24*3600_000 {
			t.Fatalf("%d lines: %+v", len(l.Lines), l)
		}
		o := &offline{world: w, lease: l}
		for h, budget := range map[id.ID]points.Amount{rich: 2000, poor: 1000} {
			if line, ok := o.scan(cards[h]); !ok || line.Household != h || line.Budget != budget || !strings.Contains(line.Name, "*") {
				t.Errorf("%+v", line)
			}
		}
		if _, ok := o.scan(cards[barred]); ok {
			t.Error("a barred household has a budget")
		}
		seen, err := w.market.Lease(ctx, w.secretary, w.village, w.shop, l.ID)
		if err != nil || seen.Key != "" || seen.Lines[0].Mark != "" {
			t.Errorf("an official is told the key: %+v %v", seen, err)
		}
		w.at.Add(time.Hour.Milliseconds())
		first := o.sale(rich, cards[rich], soap, 4, 250)

		n := o.back(first)
		if n.State != market.Posted || len(n.Conflicts) != 0 || w.balance(rich, "spend") != 8000 || w.look(soap).Stock != 6 {
			t.Errorf("%+v", n)
		}
		if n = o.back(first); !n.Repeated || w.balance(rich, "spend") != 8000 {
			t.Errorf("brought back twice: %+v", n)
		}
		r, err := w.market.Redemption(ctx, w.keeper, w.village, w.shop, n.Redemption)
		if err != nil || r.Way != "lease" || r.Proof != market.ProofSignature || r.Total != 1000 {
			t.Errorf("%+v %v", r, err)
		}
		audit(t, db)

		// Meanwhile the poor household spends in the other shop, the price changes and the card is replaced: goods are out all the same.
		_, err = w.redeemPoints(poor, 700)
		must(t, err)
		_, err = w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, market.PriceRequest{RequestID: w.request(), Price: 300})
		must(t, err)
		o.at.Add(1000)
		old := cards[poor]
		cards[poor] = w.card(poor)
		n = o.back(o.sale(poor, old, soap, 4, 200))
		if n.State != market.Posted || n.Owed != 500 || !slices.Equal(n.Conflicts, []string{market.NewCard, market.NewPrice, market.Owing}) || w.balance(poor, "spend") != -500 {
			t.Errorf("%+v, balance %s", n, w.balance(poor, "spend"))
		}
		if _, err := w.redeem(poor, 300, want(soap, 1)); !errors.Is(err, ledger.ErrInDebt) {
			t.Errorf("in debt: %v", err)
		}
		audit(t, db)
		n = o.back(o.sale(gone, cards[gone], soap, 3, 300))
		if n.State != market.Posted || !slices.Equal(n.Conflicts, []string{market.ShortStock}) || w.look(soap).Stock != 0 {
			t.Errorf("more than the book has: %+v, stock %d", n, w.look(soap).Stock)
		}
		audit(t, db)

		waiting := map[string]market.ReturnRequest{
			market.OverBudget: o.sale(rich, cards[rich], soap, 5, 250),
			market.WrongCard:  o.sale(rich, cards[gone], soap, 1, 250),
			market.NotLeased:  o.sale(cardless, w.card(cardless), soap, 1, 250),
			market.WrongGoods: o.sale(rich, cards[rich], rich, 1, 250),
			market.Unsigned:   {},
			market.OutOfTime:  {},
		}
		unsigned, late := o.sale(rich, cards[rich], soap, 1, 250), o.sale(rich, cards[rich], soap, 1, 250)
		unsigned.Signed, late.RedeemedAt = false, l.EndsAt+3600_000
		waiting[market.Unsigned], waiting[market.OutOfTime] = unsigned, late
		before := w.balance(rich, "spend")
		kept := map[string]market.LeaseReturn{}
		for conflict, r := range waiting {
			if n := o.back(r); n.State != market.Waiting || !slices.Contains(n.Conflicts, conflict) || n.Redemption != 0 || n.Said == "" {
				t.Errorf("%s: %+v", conflict, n)
			} else {
				kept[conflict] = n
			}
		}
		if w.balance(rich, "spend") != before {
			t.Errorf("what waits has been charged: %s", w.balance(rich, "spend"))
		}
		audit(t, db)
		o.settle(kept)
		list, err := w.market.Returns(ctx, w.secretary, w.village, market.Waiting, market.Page{})
		if err != nil || len(list.Items) != 3 {
			t.Errorf("%d wait, %v", len(list.Items), err)
		}
		_, err = w.market.CloseLease(ctx, w.keeper, w.village, w.shop, l.ID, market.CloseRequest{RequestID: w.request()})
		must(t, err)
		if n := o.back(o.sale(rich, cards[rich], soap, 1, 250)); n.State != market.Posted {
			t.Errorf("brought back after closing: %+v", n)
		}
		if _, err := w.lease(); err != nil {
			t.Errorf("the next one: %v", err)
		}
		audit(t, db)
	})
}

// settle decides on some of what waits.
// TestReturnAgainstTheShelf: what was given out without signal leaves the lots that were good, not those past their day; more than a
// household may have, and goods given out when the shop gives nothing out, are posted and reported.
func TestReturnAgainstTheShelf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		card := w.card(h)
		w.give(h, 9000)
		rice := w.goods("大米", 250, 0)
		w.receive(rice, 4, today)
		w.receive(rice, 4, today.Add(30))
		_, err := w.market.SetGoodsTerms(ctx, w.keeper, w.village, w.shop, rice, market.GoodsTermsRequest{RequestID: w.request(), GoodsTerms: market.GoodsTerms{LimitQty: 3, LimitSpan: "month"}})
		must(t, err)
		w.on(today.Add(1)) // four pieces are past their day
		_, err = w.redeem(h, 500, want(rice, 2))
		must(t, err)
		l, err := w.lease()
		must(t, err)
		o := &offline{world: w, lease: l}
		n := o.back(o.sale(h, card, rice, 1, 250))
		if n.State != market.Posted || len(n.Conflicts) != 0 || w.look(rice).Stock != 1 || w.look(rice).Spoiled != 4 {
			t.Errorf("%+v; %d good, %d spoiled", n, w.look(rice).Stock, w.look(rice).Spoiled)
		}
		weekday := int(today.Weekday()+6)%7 + 1
		_, err = w.editShop(market.ShopEdit{RedeemDays: &market.RedeemDays{Weekdays: []int{weekday}}})
		must(t, err)
		n = o.back(o.sale(h, card, rice, 1, 250))
		if n.State != market.Posted || !slices.Equal(n.Conflicts, []string{market.NotOpen, market.OverLimit}) && !slices.Equal(n.Conflicts, []string{market.OverLimit, market.NotOpen}) ||
			!strings.Contains(n.Said, "超过了每户限量") || !strings.Contains(n.Said, "不在兑换日") {
			t.Errorf("%+v", n)
		}
		audit(t, db)
		must(t, errorOf(w.market.CloseLease(ctx, w.keeper, w.village, w.shop, l.ID, market.CloseRequest{RequestID: w.request()})))
		_, err = w.editShop(market.ShopEdit{State: market.Paused, PauseReason: ptr("修房子")})
		must(t, err)
		if _, err := w.lease(); !errors.Is(err, market.ErrShopClosed) || !strings.Contains(err.Error(), "修房子") {
			t.Errorf("a lease while the shop pauses: %v", err)
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

func (o *offline) settle(kept map[string]market.LeaseReturn) {
	o.t.Helper()
	decide := func(by access.Actor, n market.LeaseReturn, post bool) (market.LeaseReturn, error) {
		return o.market.Settle(ctx, by, o.village, n.ID, market.SettleRequest{RequestID: o.request(), Post: post, Note: "已核实"})
	}
	if _, err := decide(o.keeper, kept[market.OverBudget], true); !errors.Is(err, access.ErrForbidden) {
		o.t.Errorf("the keeper decides: %v", err)
	}
	if n, err := decide(o.secretary, kept[market.OverBudget], true); err != nil || n.State != market.Settled || n.Redemption == 0 {
		o.t.Errorf("%+v %v", n, err)
	}
	if _, err := decide(o.secretary, kept[market.OverBudget], false); !errors.Is(err, market.ErrNotWaiting) {
		o.t.Errorf("decided twice: %v", err)
	}
	if n, err := decide(o.secretary, kept[market.Unsigned], false); err != nil || n.State != market.Dropped {
		o.t.Errorf("%+v %v", n, err)
	}
	if _, err := decide(o.secretary, kept[market.WrongGoods], true); !errors.Is(err, market.ErrCannotPost) {
		o.t.Errorf("goods that are not there: %v", err)
	}
	if n, err := decide(o.secretary, kept[market.NotLeased], true); err != nil || n.State != market.Settled {
		o.t.Errorf("%+v %v", n, err)
	}
	audit(o.t, o.db)
}

// redeemPoints spends points on something of no interest.
func (w *world) redeemPoints(household id.ID, amount points.Amount) (market.Receipt, error) {
	g := w.goods("杂货"+w.request()[20:], amount, 1)
	return w.redeem(household, amount, want(g, 1))
}

// TestLeaseIsBounded: whatever a device brings back at once, no household pays more than its budget.
func TestLeaseIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		cards := []string{w.card(w.households[0]), w.card(w.households[1])}
		for _, h := range w.households {
			w.give(h, 5000)
		}
		soap := w.goods("香皂", 250, 100)
		must(t, w.terms(market.ShopTerms{LeaseLimit: 2000, ProofAbove: 100_000}))
		l, err := w.lease()
		must(t, err)
		o := &offline{world: w, lease: l}
		var posted, waiting atomic.Int64
		run(40, 8, func(i int) {
			n, err := w.market.Return(ctx, w.keeper, w.village, w.shop, l.ID, o.sale(w.households[i%2], cards[i%2], soap, 1, 250))
			switch {
			case err != nil:
				t.Error(err)
			case n.State == market.Posted:
				posted.Add(1)
			default:
				waiting.Add(1)
			}
		})
		if posted.Load() != 16 || waiting.Load() != 24 || w.balance(w.households[0], "spend") != 3000 || w.balance(w.households[1], "spend") != 3000 {
			t.Errorf("%d posted, %d wait, %s and %s left", posted.Load(), waiting.Load(), w.balance(w.households[0], "spend"), w.balance(w.households[1], "spend"))
		}
		audit(t, db)
	})
}
