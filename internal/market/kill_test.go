package market_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// counter is what the child is told that redeems and cancels until it is killed.
type counter struct {
	Database      config.Database
	Village, Shop id.ID
	Goods, Keeper id.ID
	Households    []id.ID
	Round         int
	Persons       []id.ID // users, by household
	Lease         id.ID
	Cards         []string
	Backroom      *backroom // set: the child keeps stock instead
}

func TestMain(m *testing.M) { dbtest.Main(m, serveUntilKilled) }

// request is the n-th redemption of a worker: the parent can put it together again.
func (c *counter) request(worker, n int) market.RedeemRequest {
	return market.RedeemRequest{RequestID: fmt.Sprintf("redeem-%04d-%04d-%06d", c.Round, worker, n), Household: c.Households[(worker+n)%len(c.Households)],
		Lines: []market.Want{want(c.Goods, 1)}, Total: 250}
}

func (c *counter) open(ctx context.Context) (*storage.DB, *market.Service, access.Actor, error) {
	now := func() time.Time { return noon }
	db, err := dbtest.OpenShared(c.Database)
	if err != nil {
		return nil, nil, access.Actor{}, err
	}
	users := access.New(db, now, nil)
	keeper, err := users.ActAs(ctx, c.Keeper)
	return db, market.New(db, now, village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now), users.Names), keeper, err
}

func serveUntilKilled(c counter) error {
	if c.Backroom != nil {
		return keepUntilKilled(&c)
	}
	db, shop, keeper, err := c.open(ctx)
	if err != nil {
		return err
	}
	persons, err := c.persons(db)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for worker := range 4 {
		go func() {
			for n := 0; ; n++ {
				r, err := shop.Redeem(ctx, keeper, c.Village, c.Shop, c.request(worker, n))
				if err != nil {
					failed <- err
					return
				}
				if err := c.more(shop, keeper, persons, worker, n); err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(worker, n)
				out.Unlock()
				if n%3 != 0 {
					continue
				}
				if _, err := shop.Cancel(ctx, keeper, c.Village, c.Shop, r.ID, market.CancelRequest{RequestID: fmt.Sprintf("cancel-%s", r.ID)}); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// TestKilledInTheMiddle kills a server at a random moment of its work, several times on one database: points and stock
// stay in step, what was answered stands, and the device that sends its last request again gets it done once.
func TestKilledInTheMiddle(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg, db := dbtest.Shared(t, engine)
			w := newWorld(t, db, 6)
			for _, h := range w.households {
				w.give(h, 100_000_000)
			}
			soap := w.goods("香皂", 250, 0)
			for i := range 20 {
				w.receive(soap, 2000, today.Add(i))
			}
			must(t, w.terms(market.ShopTerms{ProofAbove: 10_000, ReserveDays: 7, LeaseLimit: 50_000}))
			told := counter{Database: cfg, Village: w.village, Shop: w.shop, Goods: soap, Keeper: w.keeper.User(), Households: w.households}
			for i := range w.households {
				told.Cards = append(told.Cards, w.card(w.households[i]))
				told.Persons = append(told.Persons, w.person(i).User())
			}
			lease, err := w.lease()
			must(t, err)
			told.Lease = lease.ID
			for round := range 3 {
				told.Round = round
				c := &told
				answered := c.killAfter(t, 5+rand.IntN(60))
				audit(t, db)
				c.checkAnswered(t, w, answered)
				audit(t, db)
			}
			var spent points.Amount
			for _, h := range w.households {
				spent += 100_000_000 - w.balance(h, "spend")
			}
			if gone := 20*2000 - w.look(soap).Stock; spent != points.Amount(gone)*250 {
				t.Errorf("%d pieces went for %s points", gone, spent)
			}
		})
	}
}

// killAfter runs the child until it has answered n requests and answers how many each worker had answered.
func (c *counter) killAfter(t *testing.T, n int) map[int]int {
	t.Helper()
	answered, seen := map[int]int{}, 0
	ended := dbtest.Kill(t, c, func(line string, kill func(time.Duration)) {
		var worker, k int
		if got, _ := fmt.Sscan(line, &worker, &k); got == 2 {
			answered[worker] = k + 1
		}
		if seen++; seen == n {
			kill(0)
		}
	})
	if ended || len(answered) == 0 {
		t.Fatalf("the child ended by itself, or answered nothing: %v", answered)
	}
	return answered
}

// checkAnswered sends again what had been answered, and the one request of each worker that may or may not have been done.
func (c *counter) checkAnswered(t *testing.T, w *world, answered map[int]int) {
	t.Helper()
	for worker, n := range answered {
		for k := range n {
			r, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, c.request(worker, k))
			if err != nil || !r.Repeated {
				t.Fatalf("redemption %d of worker %d was answered and is not there: %v", k, worker, err)
			}
		}
		first, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, c.request(worker, n))
		must(t, err)
		second, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, c.request(worker, n))
		if err != nil || second.ID != first.ID || !second.Repeated {
			t.Errorf("the request in flight: %s, then %s, %v", first.ID, second.ID, err)
		}
		persons, err := c.persons(w.db)
		must(t, err)
		must(t, c.more(w.market, w.keeper, persons, worker, n))
		if _, err := w.cancel(first.ID); err != nil && !errors.Is(err, market.ErrCancelled) {
			t.Error(err)
		}
	}
}

func (c *counter) persons(db *storage.DB) ([]access.Actor, error) {
	users := access.New(db, func() time.Time { return noon }, nil)
	var list []access.Actor
	for _, user := range c.Persons {
		a, err := users.ActAs(ctx, user)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// more is what a worker does besides: reserve and collect, reserve and cancel, or bring back what was redeemed without
// signal. Whoever does it again with the same number finds it done.
func (c *counter) more(shop *market.Service, keeper access.Actor, persons []access.Actor, worker, n int) error {
	i := (worker + n) % len(c.Households)
	h, made := c.Households[i], func(what string) string { return fmt.Sprintf("%s-%04d-%04d-%06d", what, c.Round, worker, n) }
	if n%3 == 2 {
		_, err := shop.Return(ctx, keeper, c.Village, c.Shop, c.Lease, market.ReturnRequest{RequestID: made("offline"), Household: h, Card: c.Cards[i],
			RedeemedAt: noon.UnixMilli(), Signed: true, Lines: []market.ReturnLine{{Goods: c.Goods, Qty: 1, Price: 250}}, Total: 250})
		return err
	}
	r, err := shop.Reserve(ctx, persons[i], c.Village, h, market.ReserveRequest{RequestID: made("reserve"), Shop: c.Shop, Lines: []market.Want{want(c.Goods, 1)}, Total: 250})
	if err != nil {
		return err
	}
	if n%3 == 1 {
		_, err = shop.CancelReservation(ctx, persons[i], c.Village, h, r.ID, market.CancelRequest{RequestID: made("give-up-it")})
		return err
	}
	_, err = shop.Collect(ctx, keeper, c.Village, c.Shop, r.ID, market.CollectRequest{RequestID: made("collect"), Code: r.Code})
	return err
}
