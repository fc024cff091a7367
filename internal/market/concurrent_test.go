package market_test

import (
	"encoding/base64"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// run calls fn with 0 … n-1 from workers goroutines.
func run(n, workers int, fn func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	wg.Wait()
}

// TestNeverOversold: 1,000 requests over 20 goroutines for 100 pieces, which lie in several lots, sell exactly 100.
func TestNeverOversold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 20)
		soap := w.goods("香皂", 250, 0)
		for i, qty := range []int64{40, 1, 1, 38, 20} {
			w.receive(soap, qty, today.Add(10+i))
		}
		keepers := make([]access.Actor, 4)
		for i := range keepers {
			keepers[i] = w.newKeeper()
		}
		for _, h := range w.households {
			w.give(h, 10_000)
		}
		var sold, out, other atomic.Int64
		run(1000, 20, func(i int) {
			_, err := w.market.Redeem(ctx, keepers[i%len(keepers)], w.village, w.shop, market.RedeemRequest{RequestID: w.request(),
				Household: w.households[i%len(w.households)], Lines: []market.Want{want(soap, 1)}, Total: 250})
			switch {
			case err == nil:
				sold.Add(1)
			case errors.Is(err, market.ErrSoldOut):
				out.Add(1)
			default:
				other.Add(1)
				t.Error(err)
			}
		})
		if sold.Load() != 100 || out.Load() != 900 {
			t.Errorf("sold %d, refused %d, failed %d", sold.Load(), out.Load(), other.Load())
		}
		var spent points.Amount
		for _, h := range w.households {
			spent += 10_000 - w.balance(h, "spend")
		}
		if spent != 100*250 || w.look(soap).Stock != 0 {
			t.Errorf("points %s for 100 pieces, stock %d", spent, w.look(soap).Stock)
		}
		audit(t, db)
	})
}

// TestNeverOverReserved: 1,000 reservations and redemptions at once for 100 pieces give exactly 100, and what is cancelled
// meanwhile can be had again.
func TestNeverOverReserved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 40)
		soap := w.goods("香皂", 250, 0)
		for i, qty := range []int64{40, 1, 1, 38, 20} {
			w.receive(soap, qty, today.Add(10+i))
		}
		persons := make([]access.Actor, len(w.households))
		for i, h := range w.households {
			w.give(h, 25_000)
			persons[i] = w.person(i)
		}
		var sold, reserved, out, full atomic.Int64
		run(1000, 20, func(i int) {
			k := i % len(w.households)
			var err error
			if i/len(w.households)%2 == 0 {
				if _, err = w.redeem(w.households[k], 250, want(soap, 1)); err == nil {
					sold.Add(1)
				}
			} else {
				var n market.Reservation
				if n, err = w.reserve(persons[k], w.households[k], 250, want(soap, 1)); err == nil && i%7 == 0 {
					_, err = w.market.CancelReservation(ctx, persons[k], w.village, w.households[k], n.ID, market.CancelRequest{RequestID: w.request()})
				} else if err == nil {
					reserved.Add(1)
				}
			}
			switch {
			case errors.Is(err, market.ErrSoldOut):
				out.Add(1)
			case errors.Is(err, market.ErrReserveMany):
				full.Add(1)
			case err != nil:
				t.Error(err)
			}
		})
		if left := w.look(soap).Stock; sold.Load()+reserved.Load()+left != 100 || left > 3 {
			t.Errorf("sold %d, reserved %d, left %d; refused %d, %d", sold.Load(), reserved.Load(), left, out.Load(), full.Load())
		}
		var kept points.Amount
		for _, h := range w.households {
			kept += w.balance(h, "spend")
		}
		if spent := points.Amount(40*25_000) - kept; spent != points.Amount(sold.Load()+reserved.Load())*250 {
			t.Errorf("%s spent or held for %d pieces", spent, sold.Load()+reserved.Load())
		}
		audit(t, db)
		w.on(today.Add(30))
		lapsed, err := w.market.LapseReservations(ctx)
		if err != nil || int64(lapsed) != reserved.Load() {
			t.Errorf("%d lapsed of %d: %v", lapsed, reserved.Load(), err)
		}
		audit(t, db)
	})
}

// TestNeverOverspent: one household at many counters at once spends what it has and no more.
func TestNeverOverspent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.post(h, ledger.Prize, "gift", points.Amount(600))
		w.give(h, 2000) // 26 points: 10 pieces of 2.5
		soap := w.goods("香皂", 250, 500)
		var sold atomic.Int64
		run(100, 16, func(int) {
			_, err := w.redeem(h, 250, want(soap, 1))
			if err == nil {
				sold.Add(1)
			} else if !errors.Is(err, ledger.ErrNotEnough) {
				t.Error(err)
			}
		})
		if left := w.balance(h, "gift") + w.balance(h, "spend"); sold.Load() != 10 || left != 100 || w.look(soap).Stock != 490 {
			t.Errorf("sold %d, left %s, stock %d", sold.Load(), left, w.look(soap).Stock)
		}
		audit(t, db)
	})
}

// TestSameRequestAtOnce: a device that sends one request many times gets one redemption and the same receipt.
func TestSameRequestAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 10_000)
		soap := w.goods("香皂", 250, 50)
		r := market.RedeemRequest{RequestID: w.request(), Household: w.households[0], Lines: []market.Want{want(soap, 1)}, Total: 250}
		var fresh atomic.Int64
		var numbers sync.Map
		run(40, 10, func(int) {
			got, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, r)
			if err != nil {
				t.Error(err)
				return
			}
			if !got.Repeated {
				fresh.Add(1)
			}
			numbers.Store(got.Number, true)
		})
		count := 0
		numbers.Range(func(any, any) bool { count++; return true })
		if fresh.Load() != 1 || count != 1 || w.balance(w.households[0], "spend") != 9750 {
			t.Errorf("%d fresh, %d numbers, balance %s", fresh.Load(), count, w.balance(w.households[0], "spend"))
		}
		audit(t, db)
	})
}

// TestCancelOnceAtOnce: many cancel the same redemption; one wins, the others are told, all is restored once.
func TestCancelOnceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 1000)
		soap := w.goods("香皂", 250, 3)
		r, err := w.redeem(w.households[0], 750, want(soap, 3))
		must(t, err)
		var won atomic.Int64
		run(20, 10, func(int) {
			if _, err := w.cancel(r.ID); err == nil {
				won.Add(1)
			} else if !errors.Is(err, market.ErrCancelled) {
				t.Error(err)
			}
		})
		if won.Load() != 1 || w.balance(w.households[0], "spend") != 1000 || w.look(soap).Stock != 3 {
			t.Errorf("%d cancels, balance %s, stock %d", won.Load(), w.balance(w.households[0], "spend"), w.look(soap).Stock)
		}
		audit(t, db)
	})
}

// TestPriceChangeRace: while the price flips, everyone pays either what the page showed or nothing.
func TestPriceChangeRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 1_000_000)
		soap := w.goods("香皂", 250, 500)
		var paid atomic.Int64
		run(120, 8, func(i int) {
			if i%10 == 0 {
				price := []points.Amount{250, 300}[i/10%2]
				if _, err := w.market.SetPrice(ctx, w.keeper, w.village, w.shop, soap, market.PriceRequest{RequestID: w.request(), Price: price}); err != nil {
					t.Error(err)
				}
				return
			}
			total := []points.Amount{250, 300}[i%2]
			r, err := w.redeem(w.households[0], total, want(soap, 1))
			switch {
			case err == nil && r.Lines[0].Price == total:
				paid.Add(int64(total))
			case !errors.Is(err, market.ErrPriceChanged):
				t.Errorf("paid %+v: %v", r.Lines, err)
			}
		})
		if got := 1_000_000 - w.balance(w.households[0], "spend"); int64(got) != paid.Load() {
			t.Errorf("paid %s, receipts say %d", got, paid.Load())
		}
		audit(t, db)
	})
}

// TestEverythingAtOnce mixes redemptions of baskets in both orders with receiving, damage, counts and cancels.
func TestEverythingAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		for _, h := range w.households {
			w.give(h, 1_000_000)
		}
		a, b := w.goods("香皂", 250, 30), w.goods("毛巾", 100, 30)
		w.receive(a, 10, today.Add(3))
		run(300, 12, func(i int) {
			var err error
			switch i % 10 {
			case 0:
				_, err = w.move(a, market.MoveRequest{Kind: market.Purchase, Qty: 5, ExpiresOn: today.Add(i)})
			case 1:
				_, err = w.move(b, market.MoveRequest{Kind: market.Damage, Qty: 1, Note: "破损"})
			case 2:
				_, err = w.move([]id.ID{a, b}[i%2], market.MoveRequest{Kind: market.Count, Qty: 20, Note: "月末盘点"})
			case 3, 4:
				var r market.Receipt
				if r, err = w.redeem(w.households[i%4], 250, want(a, 1)); err == nil {
					_, err = w.cancel(r.ID)
				}
			default:
				basket := []market.Want{want(a, 1), want(b, 2)}
				if i%2 == 0 {
					basket[0], basket[1] = basket[1], basket[0]
				}
				_, err = w.redeem(w.households[i%4], 450, basket...)
			}
			if err != nil && !errors.Is(err, market.ErrSoldOut) && !errors.Is(err, market.ErrStock) {
				t.Errorf("step %d: %v", i, err)
			}
		})
		audit(t, db)
	})
}

// TestOnceAtOnce: a step of the phone's code makes one visit, a visit one redemption, and a reservation that is collected and cancelled at
// the same moment is one of the two.
func TestOnceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h, zhang := w.households[0], w.person(0)
		w.give(h, 50_000)
		soap := w.goods("香皂", 250, 100)
		c, err := w.market.TakePhoneCode(ctx, zhang, w.village, h, market.PhoneCodeRequest{RequestID: w.request()})
		must(t, err)
		secret, err := base64.StdEncoding.DecodeString(c.Secret)
		must(t, err)
		code := market.PhonePrefix + c.Alias + "-" + market.PhoneCodeAt(secret, w.now().Unix()/30)
		var visit id.ID
		once := func(what string, refused error, try func() error) {
			t.Helper()
			var wins atomic.Int64
			run(12, 12, func(int) {
				if err := try(); err == nil {
					wins.Add(1)
				} else if !errors.Is(err, refused) {
					t.Errorf("%s: %v", what, err)
				}
			})
			if wins.Load() != 1 {
				t.Errorf("%s: %d times", what, wins.Load())
			}
		}
		once("a step of the code", market.ErrPhoneCodeUsed, func() error {
			v, err := w.visit(market.VisitRequest{Code: code})
			if err == nil {
				w.lock.Lock()
				visit = v.ID
				w.lock.Unlock()
			}
			return err
		})
		once("a visit", market.ErrVisit, func() error {
			_, err := w.sell(h, 250, market.RedeemRequest{Visit: visit}, want(soap, 1))
			return err
		})
		for range 5 {
			n, err := w.reserve(zhang, h, 250, want(soap, 1))
			must(t, err)
			var turn atomic.Int64
			once("a reservation", market.ErrReserved, func() error {
				if turn.Add(1)%2 == 0 {
					_, err := w.collect(n, n.Code)
					return err
				}
				_, err := w.market.CancelReservation(ctx, zhang, w.village, h, n.ID, market.CancelRequest{RequestID: w.request()})
				return err
			})
		}
		if gone := 100 - w.look(soap).Stock; w.balance(h, "spend") != 50_000-250*points.Amount(gone) {
			t.Errorf("%d pieces for %s points", gone, 50_000-w.balance(h, "spend"))
		}
		audit(t, db)
	})
}
