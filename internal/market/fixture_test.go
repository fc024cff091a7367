package market_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

const rules = `format: 1
title: 超市试验细则
subject: household
wallets:
  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 1}
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 2}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
redemption: {cancel_same_day: true}
boards: {wallet: year}
`

var (
	today = clock.MakeDay(2026, 5, 20)
	noon  = today.Start().Add(12 * time.Hour)
)

// world is a village with some households, a shop and its keeper.
type world struct {
	t      testing.TB
	db     *storage.DB
	at     atomic.Int64 // the clock, ms
	market *market.Service
	people *village.Service
	books  *rulebook.Book

	county, town, village, other id.ID
	households                   []id.ID
	members                      []id.ID // the householders
	secretary, keeper            access.Actor
	shop                         id.ID
	n                            atomic.Int64
	lock                         sync.Mutex
}

var worlds atomic.Int64

func newWorld(t testing.TB, db *storage.DB, households int) *world {
	return worldBy(t, db, households, rules)
}

func worldBy(t testing.TB, db *storage.DB, households int, rules string) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.at.Store(clock.Ms(noon.AddDate(-1, 0, 0)))
	w.people = village.New(db, w.now, ledger.OpenAccounts)
	w.books = rulebook.New(db, w.now)
	w.market = market.New(db, w.now, w.people, w.books, access.New(db, w.now, nil).Names)
	ctx, n := context.Background(), worlds.Add(1)
	region := func(r village.Region, err error) id.ID { must(t, err); return r.ID }
	w.county = region(w.people.CreateCounty(ctx, village.NewRegion{Code: fmt.Sprintf("%06d", n), Name: "试验县"}))
	w.town = region(w.people.CreateTown(ctx, w.county, village.NewRegion{Code: fmt.Sprintf("%09d", n), Name: "试验镇"}))
	w.village = region(w.people.CreateVillage(ctx, w.town, village.NewRegion{Code: fmt.Sprintf("%012d", n), Name: "试验村"}))
	w.other = region(w.people.CreateVillage(ctx, w.town, village.NewRegion{Code: fmt.Sprintf("9%011d", n), Name: "邻村"}))
	group := region(w.people.CreateGroup(ctx, w.village, village.NewRegion{Code: "01", Name: "一组"}))
	for i := range households {
		h, _, err := w.people.CreateHousehold(ctx, village.Write{Village: w.village, By: 1}, village.NewHousehold{Number: fmt.Sprintf("%03d", i+1), Group: group,
			Members: []village.NewMember{{Name: "张三", Relation: village.Head}}})
		must(t, err)
		w.households = append(w.households, h)
		detail, err := w.people.Detail(ctx, w.village, h, clock.DayOf(w.now()))
		must(t, err)
		w.members = append(w.members, detail.People[0].ID)
	}
	w.secretary = accesstest.Official(t, db, w.now, access.FirstSecretary, access.Place{Village: w.village})
	_, _, err := w.books.Adopt(ctx, w.secretary, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: rules,
		AdoptedOn: clock.DayOf(w.now()), FromDay: clock.DayOf(w.now())})
	must(t, err)
	w.at.Store(clock.Ms(noon))
	s, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "村超市"})
	must(t, err)
	w.shop = s.ID
	_, err = w.editShop(market.ShopEdit{SecondAbove: ptr(market.MaxPrice)}) // what one person may adjust is a test of its own
	must(t, err)
	w.keeper = w.newKeeper()
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) now() time.Time { return clock.FromMs(w.at.Load()) }

// on sets the clock to noon of a day.
func (w *world) on(d clock.Day) { w.at.Store(clock.Ms(d.Start().Add(12 * time.Hour))) }

func (w *world) request() string { return fmt.Sprintf("request-%016d", w.n.Add(1)) }

func (w *world) official(role access.Role) access.Actor {
	return accesstest.Official(w.t, w.db, w.now, role, access.Place{Village: w.village})
}

func (w *world) newKeeper() access.Actor {
	return accesstest.Official(w.t, w.db, w.now, access.Keeper, access.Place{Village: w.village, Shop: w.shop})
}

// give awards points to the spend wallet and the year's score.
func (w *world) give(household id.ID, amount points.Amount) {
	w.post(household, ledger.Award, "spend", amount, "year", amount)
}

func (w *world) post(account id.ID, kind ledger.Kind, pairs ...any) {
	w.t.Helper()
	v, err := w.books.InForce(context.Background(), w.village, clock.DayOf(w.now()))
	must(w.t, err)
	p := ledger.Posting{Village: w.village, Kind: kind, Ref: w.request(), At: w.now(), Occurred: clock.DayOf(w.now()), Counted: clock.DayOf(w.now()), Title: "试验"}
	for i := 0; i < len(pairs); i += 2 {
		p.Lines = append(p.Lines, ledger.Line{Account: account, Wallet: pairs[i].(string), Amount: pairs[i+1].(points.Amount)})
	}
	must(w.t, w.db.InTx(context.Background(), func(tx *storage.Tx) error { _, err := ledger.Post(tx, v.Scheme, p); return err }))
}

// goods enters goods with one lot of stock.
func (w *world) goods(name string, price points.Amount, stock int64) id.ID {
	w.t.Helper()
	g, err := w.market.CreateGoods(context.Background(), w.keeper, w.village, w.shop, market.GoodsRequest{RequestID: w.request(), Name: name, Unit: "块", Price: price})
	must(w.t, err)
	if stock > 0 {
		w.receive(g.ID, stock, 0)
	}
	return g.ID
}

func (w *world) receive(goods id.ID, qty int64, expires clock.Day) {
	w.t.Helper()
	_, err := w.move(goods, market.MoveRequest{Kind: market.Purchase, Qty: qty, ExpiresOn: expires})
	must(w.t, err)
}

func (w *world) move(goods id.ID, r market.MoveRequest) (market.Goods, error) {
	r.RequestID = w.request()
	return w.market.MoveStock(context.Background(), w.keeper, w.village, w.shop, goods, r)
}

func (w *world) redeem(household id.ID, total points.Amount, wants ...market.Want) (market.Receipt, error) {
	return w.market.Redeem(context.Background(), w.keeper, w.village, w.shop,
		market.RedeemRequest{RequestID: w.request(), Household: household, Lines: wants, Total: total})
}

func (w *world) cancel(redemption id.ID) (market.Receipt, error) {
	return w.market.Cancel(context.Background(), w.keeper, w.village, w.shop, redemption, market.CancelRequest{RequestID: w.request(), Reason: "拿错了"})
}

// look is the goods as the keeper sees them.
func (w *world) look(goods id.ID) market.Goods {
	w.t.Helper()
	list, err := w.market.Goods(context.Background(), w.keeper, w.village, w.shop, true, market.Page{Limit: 100})
	must(w.t, err)
	for _, g := range list.Items {
		if g.ID == goods {
			return g
		}
	}
	w.t.Fatalf("no goods %s", goods)
	return market.Goods{}
}

// balance is what stands available in a wallet.
func (w *world) balance(account id.ID, wallet string) points.Amount {
	w.t.Helper()
	list, err := ledger.Balances(context.Background(), w.db, account)
	must(w.t, err)
	for _, b := range list {
		if b.Wallet == wallet && b.Bucket == ledger.Available {
			return b.Amount
		}
	}
	return 0
}

// audit checks every law that a test may have broken.
func audit(t testing.TB, db *storage.DB) {
	t.Helper()
	ledgertest.Audit(t, db)
	r, err := market.Audit(context.Background(), db)
	must(t, err)
	if !r.OK() {
		t.Fatalf("audit:\n%s", r)
	}
}
