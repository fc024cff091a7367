package market_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestOverview works one village's account out by hand: points outstanding, what they are worth, what stands behind them, and
// the last days carried on to the year's end.
func TestOverview(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		see := func() market.Overview {
			t.Helper()
			o, err := w.market.Overview(ctx, w.secretary, w.village)
			must(t, err)
			return o
		}
		if o := see(); o.Level != market.Unknown || len(o.Months) != 12 || o.Forecast.RateDays != 1 {
			t.Errorf("nothing yet: %+v", o)
		}
		if _, err := w.market.SetPointValue(ctx, w.keeper, w.village, market.PointValueRequest{FenPerPoint: 100}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a keeper sets the worth of a point: %v", err)
		}
		for range 2 { // the second time changes nothing
			_, err := w.market.SetPointValue(ctx, w.secretary, w.village, market.PointValueRequest{FenPerPoint: 150})
			must(t, err)
		}
		w.on(today.Add(-19)) // the first entry: 20 days of rates
		w.give(w.households[0], 40_000)
		w.on(today)
		soap := w.goods("香皂", 250, 0)
		fund := w.fund("帮扶资金", 50_000)
		_, err := w.market.MoveStock(ctx, w.secretary, w.village, w.shop, soap, market.MoveRequest{RequestID: w.request(), Kind: market.Purchase, Qty: 30, CostFen: 10_000, Fund: fund})
		must(t, err)
		_, err = w.redeem(w.households[0], 2500, want(soap, 10))
		must(t, err)
		back, err := w.redeem(w.households[0], 250, want(soap, 1))
		must(t, err)
		_, err = w.cancel(back.ID)
		must(t, err)
		o := see()
		days := clock.MakeDay(2026, 12, 31).Sub(today)
		issue, take := points.Amount(40_000*days/20), points.Amount(2500*days/20)
		f := o.Forecast
		if o.Outstanding != 37_500 || o.OwedFen != 56_250 || o.FundFen != 40_000 || o.StockFen != 6667 {
			t.Errorf("outstanding %s, owed %d, fund %d, stock %d", o.Outstanding, o.OwedFen, o.FundFen, o.StockFen)
		}
		if f.RateDays != 20 || f.Days != days || f.Issued != 40_000 || f.Redeemed != 2500 || f.ToIssue != issue || f.ToRedeem != take || f.Outstanding != 37_500+issue-take {
			t.Errorf("forecast %+v", f)
		}
		if need := (int64(37_500+issue)*150 + 50) / 100; f.NeedFen != need || f.HaveFen != 46_667 || f.ShortFen != need-46_667 || o.Level != market.Short || !strings.Contains(o.Words, "差95.83元") {
			t.Errorf("need %d (%d), have %d, short %d: %s %s", f.NeedFen, need, f.HaveFen, f.ShortFen, o.Level, o.Words)
		}
		if m := o.Months[11]; m.Month != 202605 || m.Issued != 40_000 || m.Redeemed != 2500 || m.IncomeFen != 50_000 || m.PaidFen != 10_000 {
			t.Errorf("month %+v", m)
		}
		if len(o.Funds) != 1 || o.Funds[0].BalanceFen != 40_000 {
			t.Errorf("funds %+v", o.Funds)
		}
		_, err = w.market.AddMoney(ctx, w.secretary, w.village, fund, market.MoneyRequest{RequestID: w.request(), AmountFen: 10_000, Note: "补"})
		must(t, err)
		if o = see(); o.Level != market.Tight {
			t.Errorf("enough for today: %s", o.Words)
		}
		p, err := w.market.CheckPromise(ctx, w.secretary, w.village, 10_000)
		must(t, err)
		if p.Enough || p.ShortFen != o.Forecast.ShortFen+15_000 || !strings.HasPrefix(p.Words, "不够") {
			t.Errorf("promise %+v", p)
		}
		_, err = w.market.AddMoney(ctx, w.secretary, w.village, fund, market.MoneyRequest{RequestID: w.request(), AmountFen: p.ShortFen, Note: "补"})
		must(t, err)
		if p, err = w.market.CheckPromise(ctx, w.secretary, w.village, 10_000); err != nil || !p.Enough || p.ShortFen != 0 {
			t.Errorf("covered promise %+v, %v", p, err)
		}
		admin := accesstest.Official(t, db, w.now, access.Supervisor, access.Place{Region: w.town})
		all, err := w.market.Overviews(ctx, admin, w.town)
		must(t, err)
		now := see()
		if len(all.Items) != 2 || all.Missing != 1 || all.Sum.Outstanding != now.Outstanding || all.Sum.Forecast.NeedFen != now.Forecast.NeedFen || len(all.Sum.Months) != 12 || all.Sum.Months[11].PaidFen != 10_000 {
			t.Errorf("the town: %+v", all)
		}
		if _, err := w.market.Overviews(ctx, w.secretary, w.town); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a village's official sees the town: %v", err)
		}
		audit(t, db)
	})
}

// TestWishes: one vote of a household for a thing, however it is written; answered wishes are closed.
// TestOwedToStores: what partner stores gave out is owed from the moment it leaves the shelf until the statement is paid, and never twice.
func TestOwedToStores(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 10_000)
		_, err := w.market.SetPointValue(ctx, w.secretary, w.village, market.PointValueRequest{FenPerPoint: 100})
		must(t, err)
		w.fund("村集体", 8_000)
		owed := func(want int64, level string) {
			t.Helper()
			o, err := w.market.Overview(ctx, w.secretary, w.village)
			must(t, err)
			if o.PartnerFen != want || o.Level != level {
				t.Errorf("stores are owed %d, want %d; %s: %s", o.PartnerFen, want, o.Level, o.Words)
			}
		}
		owed(0, market.Short)
		partner, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "李家小店", Kind: market.Partner})
		must(t, err)
		w.shop = partner.ID
		w.keeper = w.newKeeper()
		rice, err := w.market.CreateGoods(ctx, w.keeper, w.village, w.shop, market.GoodsRequest{RequestID: w.request(), Name: "大米", Unit: "袋", Price: 3000, WorthFen: 3000})
		must(t, err)
		w.receive(rice.ID, 10, 0)
		_, err = w.redeem(w.households[0], 6000, want(rice.ID, 2))
		must(t, err)
		owed(6000, market.Short) // 40 points at a yuan and 60 yuan to the store, of 80 yuan: the points that were spent are still to be paid
		w.on(clock.MakeDay(2026, 6, 1))
		_, err = w.redeem(w.households[0], 3000, want(rice.ID, 1))
		must(t, err)
		owed(9000, market.Short)
		st, err := w.market.HandIn(ctx, w.keeper, w.village, w.shop, market.StatementRequest{RequestID: w.request(), Month: 202605})
		must(t, err)
		owed(9000, market.Short)
		_, err = w.market.Decide(ctx, w.secretary, w.village, st.ID, market.DecideRequest{RequestID: w.request(), Approve: true})
		must(t, err)
		_, err = w.market.PayStatement(ctx, w.secretary, w.village, st.ID, market.PaymentRequest{RequestID: w.request(), Note: "镇里代付"})
		must(t, err)
		o, err := w.market.Overview(ctx, w.secretary, w.village)
		must(t, err)
		if o.PartnerFen != 3000 || o.Level == market.Short || o.Forecast.NeedFen < 4000 {
			t.Errorf("%+v", o)
		}
		sum, err := w.market.Overviews(ctx, accesstest.Official(t, db, w.now, access.Supervisor, access.Place{Region: w.town}), w.town)
		must(t, err)
		if sum.Sum.PartnerFen != 3000 {
			t.Errorf("the town owes %d", sum.Sum.PartnerFen)
		}
		audit(t, db)
	})
}

func TestWishes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 8)
		villager := accesstest.Villager(t, db, w.now, w.village, w.members[0])
		wish := func(by access.Actor, home int, thing string) (market.Wish, error) {
			return w.market.Wish(ctx, by, w.village, w.households[home], market.WishRequest{RequestID: w.request(), Thing: thing})
		}
		r := market.WishRequest{RequestID: w.request(), Thing: " 5L 菜籽油"}
		oil, err := w.market.Wish(ctx, villager, w.village, w.households[0], r)
		must(t, err)
		if again, err := w.market.Wish(ctx, villager, w.village, w.households[0], r); err != nil || !again.Repeated || again.ID != oil.ID || again.Votes != 1 {
			t.Errorf("the same request: %+v, %v", again, err)
		}
		if _, err := wish(villager, 0, "５ｌ菜籽油！"); !errors.Is(err, market.ErrWished) {
			t.Errorf("the same thing, written otherwise: %v", err)
		}
		if _, err := wish(villager, 1, "盐"); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("for the neighbours: %v", err)
		}
		if _, err := wish(villager, 0, "！！"); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("nothing but signs: %v", err)
		}
		run(7, 4, func(i int) {
			if _, err := wish(w.secretary, i+1, "5L菜籽油"); err != nil {
				t.Error(err)
			}
		})
		for _, thing := range []string{"盐", "酱油", "牙膏", "毛巾"} {
			_, err := wish(villager, 0, thing)
			must(t, err)
		}
		if _, err := wish(villager, 0, "锄头"); !errors.Is(err, market.ErrManyWishes) {
			t.Errorf("a sixth: %v", err)
		}
		list, err := w.market.Wishes(ctx, villager, w.village)
		must(t, err)
		if len(list.Items) != 5 || list.Items[0].ID != oil.ID || list.Items[0].Votes != 8 || !list.Items[0].Mine {
			t.Errorf("list %+v", list.Items)
		}
		salt := list.Items[1].ID
		gone, err := w.market.Unwish(ctx, villager, w.village, w.households[0], salt, market.UnwishRequest{RequestID: w.request()})
		must(t, err)
		if gone.State != "withdrawn" || gone.Votes != 0 {
			t.Errorf("taken back: %+v", gone)
		}
		if _, err := w.market.Unwish(ctx, villager, w.village, w.households[0], salt, market.UnwishRequest{RequestID: w.request()}); !errors.Is(err, market.ErrWishClosed) {
			t.Errorf("taken back twice: %v", err)
		}
		answer := func(state string) error {
			_, err := w.market.AnswerWish(ctx, w.secretary, w.village, oil.ID, market.AnswerRequest{RequestID: w.request(), State: state, Answer: "已进货30桶"})
			return err
		}
		if err := answer("open"); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("answered with nothing: %v", err)
		}
		must(t, answer(market.WishMet))
		told := dbtest.Rows(t, db, "SELECT title, body, COUNT(DISTINCT household_id) FROM messages WHERE kind = 'answered' AND about_kind = 'wish' GROUP BY title, body")
		if !slices.Equal(told, []string{"您想要的5L 菜籽油已采购|已进货30桶|8"}) {
			t.Errorf("told %q", told)
		}
		if err := answer(market.WishNo); !errors.Is(err, market.ErrWishClosed) {
			t.Errorf("answered twice: %v", err)
		}
		if again, err := wish(villager, 0, "5L菜籽油"); err != nil || again.ID == oil.ID || again.Votes != 1 {
			t.Errorf("wished for again later: %+v, %v", again, err)
		}
		var off int
		must(t, db.QueryRow(ctx, "SELECT COUNT(*) FROM wishes w WHERE w.votes <> (SELECT COUNT(*) FROM wish_votes v WHERE v.wish_id = w.id)").Scan(&off))
		if off != 0 {
			t.Errorf("%d wishes count other votes than they have", off)
		}
	})
}

// TestPlan: what runs short comes first, what nobody takes comes last.
func TestPlan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 1_000_000)
		dead, soap, fine := w.goods("相框", 100, 9), w.goods("香皂", 250, 60), w.goods("毛巾", 500, 400)
		w.on(today.Add(70))
		for _, g := range []struct {
			want  market.Want
			total points.Amount
		}{{want(soap, 45), 11_250}, {want(fine, 10), 5000}} {
			_, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, market.RedeemRequest{RequestID: w.request(), Household: w.households[0], Lines: []market.Want{g.want}, Total: g.total, Signed: true})
			must(t, err)
		}
		w.on(today.Add(100))
		salt := w.goods("盐", 100, 0)
		_, err := w.market.Wish(ctx, w.secretary, w.village, w.households[0], market.WishRequest{RequestID: w.request(), Thing: "酱油"})
		must(t, err)
		p, err := w.market.Plan(ctx, w.keeper, w.village, w.shop, 0)
		must(t, err)
		var order []string
		for _, l := range p.Items {
			order = append(order, l.Name)
		}
		if strings.Join(order, " ") != "盐 香皂 毛巾 相框" || len(p.Wishes) != 1 {
			t.Errorf("order %v, wishes %v", order, p.Wishes)
		}
		if l := p.Items[1]; l.Goods != soap || l.Redeemed != 45 || l.Stock != 15 || l.DaysLeft != 30 || l.Buy != 30 || l.LastOn != today.Add(70) {
			t.Errorf("soap %+v", l)
		}
		if l := p.Items[0]; l.Goods != salt || !l.Low || l.Buy != 1 || l.DaysLeft != -1 {
			t.Errorf("salt %+v", l)
		}
		if l := p.Items[3]; l.Goods != dead || !l.Dead || p.Items[2].Dead {
			t.Errorf("dead stock %+v, %+v", l, p.Items[2])
		}
		audit(t, db)
	})
}

func TestYuan(t *testing.T) {
	for fen, want := range map[int64]string{0: "0", 5: "0.05", 12050: "120.50", 100_000: "1,000", 123_456_789: "1,234,567.89", -12_345_600: "-123,456", -99_900: "-999"} {
		if got := market.Yuan(fen); got != want {
			t.Errorf("%d: %s", fen, got)
		}
	}
}
