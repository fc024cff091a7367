package httpapi

import (
	"fmt"
	"testing"
	"time"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

// TestMarketOverHTTP is a day at the counter: goods and stock are entered, a household redeems, cancels, and each caller
// who may not is told so.
func TestMarketOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newAccessWorld(t, db, &wechat.Fake{}, true)
		now := clock.Clock(func() time.Time { return time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC) })
		people, book := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now)
		_, w.h, _ = frame(t, func(s *Server) {
			s.features, s.Config.Demo = []func(*Server, *api){(*Server).registerAccess, (*Server).registerMarket}, true
			s.DB, s.Now, s.Access, s.Session = db, now, w.access, w.access.Actor
			s.Market = market.New(db, now, people, book, w.access.Names)
		})
		boss, bossUser := w.user(db, "boss", access.FirstSecretary, access.Place{Village: w.village})
		w.open(db, people, book, accesstest.Actor(t, db, now, bossUser))
		v := "/api/villages/" + w.village.String()
		var shop market.Shop
		w.call(boss, "POST", v+"/shops", `{"request_id":"$R","name":"村超市"}`, 200, &shop)
		keeper, _ := w.user(db, "keeper", access.Keeper, access.Place{Village: w.village, Shop: shop.ID})
		plain, plainUser := w.user(db, "plain", "", access.Place{})
		hire := func(shop string) string {
			return fmt.Sprintf(`{"request_id":"$R","user_id":"%s","role":"keeper","shop_id":"%s"}`, plainUser, shop)
		}
		if got := w.call(boss, "POST", v+"/roles", hire("77"), 404, nil); got != "market_shop_not_found" {
			t.Errorf("a keeper of no shop: %s", got)
		}
		s := v + "/shops/" + shop.ID.String()

		var soap market.Goods
		w.call(keeper, "POST", s+"/goods", `{"request_id":"$R","name":"香皂","unit":"块","price":250}`, 200, &soap)
		g := s + "/goods/" + soap.ID.String()
		w.call(keeper, "POST", g+"/moves", `{"request_id":"$R","kind":"purchase","qty":5,"expires_on":"2027-01-01"}`, 200, &soap)
		w.call(keeper, "POST", g+"/moves", `{"request_id":"$R","kind":"gift","qty":5}`, 422, nil)
		w.call(keeper, "POST", g+"/prices", `{"request_id":"$R","price":300,"from":"2026-03-11"}`, 200, &soap)
		if soap.Stock != 5 || soap.Price != 250 || soap.NextPrice != 300 || soap.GoodUntil != 20270101 {
			t.Errorf("%+v", soap)
		}
		var list market.GoodsList
		if w.call(keeper, "GET", s+"/goods?limit=10", "", 200, &list); len(list.Items) != 1 {
			t.Errorf("%+v", list)
		}

		var at market.Counter
		w.call(keeper, "GET", s+"/counter?household="+w.household.String(), "", 200, &at)
		if at.Spendable != 1000 || at.Refused != "" {
			t.Errorf("%+v", at)
		}
		basket := func(qty, total int) string {
			return fmt.Sprintf(`{"request_id":"$R","household":"%s","lines":[{"goods":"%s","qty":%d}],"total":%d}`, w.household, soap.ID, qty, total)
		}
		w.call("", "POST", s+"/redemptions", basket(1, 250), 401, nil)
		w.call(plain, "POST", s+"/redemptions", basket(1, 250), 403, nil)
		for body, code := range map[string]string{basket(1, 200): "market_price_changed", basket(5, 1250): "ledger_not_enough", basket(6, 1500): "market_sold_out"} {
			if got := w.call(keeper, "POST", s+"/redemptions", body, 409, nil); got != code {
				t.Errorf("%s: %s", body, got)
			}
		}
		once := fmt.Sprintf(`{"request_id":"request-from-the-till","household":"%s","lines":[{"goods":"%s","qty":2}],"total":500}`, w.household, soap.ID)
		var first, again market.Receipt
		w.call(keeper, "POST", s+"/redemptions", once, 200, &first)
		w.call(keeper, "POST", s+"/redemptions", once, 200, &again)
		if first.Repeated || !again.Repeated || again.ID != first.ID || again.Number != first.Number || first.BalanceAfter != 500 || len(again.Lines) != 1 {
			t.Errorf("%+v\n%+v", first, again)
		}
		var day market.Receipts
		if w.call(keeper, "GET", s+"/redemptions?day=2026-03-10", "", 200, &day); len(day.Items) != 1 || day.Items[0].KeeperName == "" {
			t.Errorf("%+v", day)
		}
		one := s + "/redemptions/" + first.ID.String()
		w.call(keeper, "GET", one, "", 200, &again)
		w.call(plain, "GET", one, "", 403, nil)
		w.call(boss, "GET", v+"/households/"+w.household.String()+"/redemptions/"+first.ID.String(), "", 200, &again)
		w.call(keeper, "POST", one+"/cancel", `{"request_id":"$R"}`, 200, &again)
		if got := w.call(keeper, "POST", one+"/cancel", `{"request_id":"$R"}`, 409, nil); again.State != market.Cancelled || got != "market_already_cancelled" {
			t.Errorf("%+v, then %s", again, got)
		}
		w.call(boss, "POST", s, `{"request_id":"$R","state":"paused"}`, 200, &shop)
		if got := w.call(keeper, "POST", s+"/redemptions", basket(1, 250), 409, nil); got != "market_shop_closed" {
			t.Error(got)
		}
		var shops market.Shops
		if w.call(keeper, "GET", v+"/shops", "", 200, &shops); len(shops.Items) != 1 || shops.Items[0].State != market.Paused {
			t.Errorf("%+v", shops)
		}

		admin, _ := w.user(db, "admin", access.CountyAdmin, access.Place{Region: w.county})
		var towns market.Shop
		w.call(admin, "POST", v+"/shops", fmt.Sprintf(`{"request_id":"$R","name":"镇超市","owner":"%s"}`, w.county), 200, &towns)
		w.call(boss, "POST", v+"/roles", hire(towns.ID.String()), 403, nil) // the village is served by the town's shop and does not run it
		w.call(admin, "POST", v+"/roles", hire(towns.ID.String()), 200, nil)
	})
}

// open gives the village its rules and one household with ten points.
func (w *accessWorld) open(db *storage.DB, people *village.Service, book *rulebook.Book, boss access.Actor) {
	w.t.Helper()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	ctx, today := w.t.Context(), people.Today()
	source, err := configs.Schemes.ReadFile("schemes/linyuan.yaml")
	must(err)
	version, _, err := book.Adopt(ctx, boss, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: string(source), AdoptedOn: today, FromDay: today})
	must(err)
	group, err := people.CreateGroup(ctx, w.village, village.NewRegion{Code: "01", Name: "一组"})
	must(err)
	w.household, _, err = people.CreateHousehold(ctx, village.Write{Village: w.village, By: 1}, village.NewHousehold{Number: "001", Group: group.ID,
		Members: []village.NewMember{{Name: "张三", Relation: village.Head}}})
	must(err)
	must(db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := ledger.Post(tx, version.Scheme, ledger.Posting{Village: w.village, Kind: ledger.Award, Ref: "1", At: clock.FromMs(clock.Ms(today.Start())),
			Counted: today, Title: "试验", Lines: []ledger.Line{{Account: w.household, Wallet: "spend", Amount: 1000}}})
		return err
	}))
}
