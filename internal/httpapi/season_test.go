package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// linyuanYear is 林源村 through 2026, over HTTP, by a clock that is moved.
type linyuanYear struct {
	*accessWorld
	at   atomic.Int64
	db   *storage.DB
	s    *Server
	v    string // path of the village
	home []id.ID
	// tokens are the users' ids: sessions of a year are not what is tested here
	boss, team, second, keeper, villager string
	shop                                 id.ID
}

func (y *linyuanYear) on(year, month, day int) {
	y.at.Store(clock.MakeDay(year, month, day).Start().Add(10 * time.Hour).UnixMilli())
}

func newLinyuanYear(t *testing.T, db *storage.DB) *linyuanYear {
	y := &linyuanYear{db: db}
	y.on(2026, 1, 1)
	c := &countyside{t: t, db: db, now: func() time.Time { return time.UnixMilli(y.at.Load()) }}
	c.villages = village.New(db, c.now, ledger.OpenAccounts)
	c.here = c.spot("431229", "林源")
	y.accessWorld = &accessWorld{t: t, village: c.here.village}
	y.s, y.h, y.logs = frame(t, func(s *Server) {
		s.features = nil
		s.Config.Limits.PerUser, s.Config.Limits.PerAddress = 1e9, 1e9
		c.services(s)
		s.Session = func(ctx context.Context, token string) (access.Actor, error) {
			user, err := id.Parse(token)
			if err != nil {
				return access.Actor{}, access.ErrSignIn
			}
			return s.Access.ActAs(ctx, user)
		}
	})
	y.access = y.s.Access
	y.v = "/api/villages/" + c.here.village.String()
	y.home = []id.ID{c.here.household, c.here.neighbour}
	for i := 3; i <= 7; i++ {
		y.home = append(y.home, c.household(c.here, fmt.Sprint(i), []string{"王五", "赵六", "孙七", "周八", "吴九"}[i-3]))
	}
	place := access.Place{Village: c.here.village}
	official := func(role access.Role, p access.Place) string {
		return accesstest.Official(t, db, c.now, role, p).User().String()
	}
	y.boss, y.team, y.second = official(access.FirstSecretary, place), official(access.TeamMember, place), official(access.TeamMember, place)
	var member id.ID
	if err := db.QueryRow(t.Context(), "SELECT member_id FROM memberships WHERE household_id = ?", y.home[4]).Scan(&member); err != nil {
		t.Fatal(err)
	}
	y.villager = accesstest.Villager(t, db, c.now, c.here.village, member).User().String()

	source, err := configs.Schemes.ReadFile("schemes/linyuan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(source), "    floor: 0\n", "    floor: 0\n    reset: {every: year, carry: 50}\n", 1)
	text = strings.Replace(text, "  - {code: year_end, name: 年终积分奖励, span: year, object_days: 7, top: 10, min: 1, rewards: [{points: 50}, {title: 积分先进户}]}",
		"  - {code: year_end, name: 年终积分奖励, span: year, top: 2, min: 1, rewards: [{points: 20, wallet: spend}, {title: 先进户}, {goods: 电饭锅}]}", 1)
	if !strings.Contains(text, "先进户}, {goods: 电饭锅}") || !strings.Contains(text, "carry: 50") {
		t.Fatal("the template has changed")
	}
	boss, err := y.s.Access.ActAs(t.Context(), mustID(y.boss))
	if err == nil {
		_, _, err = y.s.Book.Adopt(t.Context(), boss, c.here.village, rulebook.AdoptRequest{RequestID: "request-0000-adopt", Source: text, AdoptedOn: 20260101, FromDay: 20260101})
	}
	if err != nil {
		t.Fatal(err)
	}
	var shop market.Shop
	y.call(y.boss, "POST", y.v+"/shops", `{"request_id":"$R","name":"村超市"}`, 200, &shop)
	y.shop = shop.ID
	y.keeper = official(access.Keeper, access.Place{Village: c.here.village, Shop: shop.ID})
	return y
}

func mustID(text string) id.ID {
	v, err := id.Parse(text)
	if err != nil {
		panic(err)
	}
	return v
}

// deed records an item for some households and has a second person approve it where it waits.
func (y *linyuanYear) deed(item string, homes ...int) {
	y.t.Helper()
	for _, h := range homes {
		var got cases.Recorded
		y.call(y.team, "POST", y.v+"/cases", fmt.Sprintf(`{"request_id":"$R","item":"%s","subjects":["%s"]}`, item, y.home[h]), 200, &got)
		if one := got.Items[0]; one.State == cases.Submitted {
			y.call(y.second, "POST", y.v+"/cases/"+one.ID.String()+"/approve", `{"request_id":"$R","why":"属实"}`, 200, nil)
		}
	}
}

func (y *linyuanYear) passbook(home int) (book passbookView) {
	y.call(y.boss, "GET", y.v+"/households/"+y.home[home].String()+"/passbook", "", 200, &book)
	return book
}

func (y *linyuanYear) preview() (list season.Standings) {
	y.call(y.boss, "GET", y.v+"/award-rounds/year_end/preview?span=2026", "", 200, &list)
	return list
}

// TestYearOfLinyuan: base score, a household below it, a veto, spending in December that moves no rank, a tie at the
// cut-off, the extra reward, and the new year's opening balances.
func TestYearOfLinyuan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		y := newLinyuanYear(t, db)
		if n, err := y.s.Season.GrantBase(t.Context()); err != nil || n != 7 {
			t.Fatalf("%d base scores, %v", n, err)
		}
		y.on(2026, 3, 10)
		y.deed("dangri", 0, 1, 2)
		y.deed("cunmin_dahui", 0, 1, 2, 3)
		y.on(2026, 6, 10)
		y.deed("fanghuo", 0, 1, 2)
		y.deed("foujue", 3) // a veto for a year
		y.on(2026, 9, 10)
		y.deed("dangri", 0)
		y.deed("dubo", 4) // 80 of 100: below the base score

		y.on(2026, 12, 20)
		before := y.preview()
		var soap market.Goods
		goods := y.v + "/shops/" + y.shop.String() + "/goods"
		y.call(y.keeper, "POST", goods, `{"request_id":"$R","name":"香皂","unit":"块","price":100}`, 200, &soap)
		y.call(y.keeper, "POST", goods+"/"+soap.ID.String()+"/moves", `{"request_id":"$R","kind":"purchase","qty":50}`, 200, nil)
		y.call(y.keeper, "POST", y.v+"/shops/"+y.shop.String()+"/redemptions",
			fmt.Sprintf(`{"request_id":"$R","household":"%s","lines":[{"goods":"%s","qty":21}],"total":2100}`, y.home[0], soap.ID), 200, nil)
		after := y.preview()
		if y.passbook(0).Spendable != 0 || before.Items[0].Rank != 1 || before.Items[0].Account != y.home[0] || after.Items[0].Score != before.Items[0].Score || after.Winners != 3 {
			t.Errorf("%+v\n%+v", before.Items[0], after)
		}

		y.on(2027, 1, 4)
		order := `{"request_id":"$R","span":"2026","why":"年度结账"}`
		if code := y.call(y.boss, "POST", y.v+"/seasons/close", order, 409, nil); code != "season_not_stopped" {
			t.Error(code)
		}
		y.call(y.team, "POST", y.v+"/seasons/stop", order, 403, nil)
		y.call(y.boss, "POST", y.v+"/seasons/stop", order, 200, nil)
		y.deed("cunmin_dahui", 6) // today's, in the new year
		var look season.Outlook
		if y.call(y.boss, "GET", y.v+"/seasons/2026", "", 200, &look); look.State != "grace" || len(look.Waiting) != 0 {
			t.Errorf("%+v", look)
		}
		y.at.Add(2 * time.Minute.Milliseconds())
		var run season.Run
		if y.call(y.boss, "POST", y.v+"/seasons/close", order, 200, &run); run.State != "done" {
			t.Errorf("%+v", run)
		}

		y.award(t)
		y.newYear(t)
		ledgertest.Audit(t, db)
		for _, audit := range []func(context.Context, *storage.DB) (ledger.Report, error){cases.Audit, market.Audit, season.Audit} {
			if r, err := audit(t.Context(), db); err != nil || !r.OK() {
				t.Errorf("%s %v", r, err)
			}
		}
	})
}

// award runs the year's round: published, objected to, frozen, issued, collected.
func (y *linyuanYear) award(t *testing.T) {
	var award season.Award
	y.call(y.boss, "POST", y.v+"/awards", `{"request_id":"$R","code":"year_end","span":"2026","days":3}`, 200, &award)
	path := y.v + "/awards/" + award.ID.String()
	var list season.Standings
	y.call(y.boss, "GET", path, "", 200, &list)
	why := func(home int) string {
		i := slices.IndexFunc(list.Items, func(s season.Standing) bool { return s.Account == y.home[home] })
		return strings.Join(list.Items[i].Reasons, "；")
	}
	if list.Winners != 3 || list.Items[1].Rank != 2 || list.Items[2].Rank != 2 || !strings.Contains(why(3), "一票否决") || !strings.Contains(why(4), "低于100分") || !strings.Contains(why(5), "不到最低1分") {
		t.Errorf("%d winners; %s; %s; %s", list.Winners, why(3), why(4), why(5))
	}
	own := y.v + "/households/" + y.home[4].String() + "/awards"
	var mine season.Own
	y.call(y.villager, "GET", own, "", 200, &mine)
	if len(mine.Items) != 1 || !strings.Contains(strings.Join(mine.Items[0].Reasons, ""), "低于100分") {
		t.Errorf("%+v", mine)
	}
	y.call(y.villager, "GET", y.v+"/households/"+y.home[0].String()+"/awards", "", 403, nil)
	var objection season.Objection
	y.call(y.villager, "POST", own+"/"+award.ID.String()+"/objections", `{"request_id":"$R","text":"只打了一次牌"}`, 200, &objection)
	y.call(y.boss, "POST", path+"/objections/"+objection.ID.String()+"/answer", `{"request_id":"$R","upheld":false,"answer":"村委会核实，参与赌博属实"}`, 200, nil)
	if code := y.call(y.boss, "POST", path+"/freeze", `{"request_id":"$R"}`, 409, nil); code != "season_objecting" {
		t.Error(code)
	}
	y.on(2027, 1, 9)
	y.call(y.boss, "POST", path+"/freeze", `{"request_id":"$R"}`, 200, nil)
	for range 2 {
		y.call(y.boss, "POST", path+"/issue", `{"request_id":"$R"}`, 200, nil)
	}
	var due season.PrizeList
	y.call(y.keeper, "GET", path+"/prizes?state=due", "", 200, &due)
	if len(due.Items) != 6 {
		t.Fatalf("%+v", due)
	}
	goods := y.v + "/shops/" + y.shop.String() + "/goods"
	var pot market.Goods
	y.call(y.keeper, "POST", goods, `{"request_id":"$R","name":"电饭锅","unit":"个","price":10000}`, 200, &pot)
	y.call(y.keeper, "POST", goods+"/"+pot.ID.String()+"/moves", `{"request_id":"$R","kind":"purchase","qty":3}`, 200, nil)
	for _, p := range due.Items {
		body := fmt.Sprintf(`{"request_id":"$R","receiver":"户主","note":"签收表第1页","shop":"%s"}`, y.shop)
		y.call(y.keeper, "POST", path+"/prizes/"+p.ID.String()+"/collect", body, 200, nil)
		y.call(y.keeper, "POST", path+"/prizes/"+p.ID.String()+"/collect", body, 409, nil)
	}
	if left := dbtest.Rows(t, y.db, "SELECT SUM(qty_left) FROM stock_lots WHERE goods_id = ?", pot.ID); left[0] != "0" {
		t.Errorf("%s pots are left", left)
	}
}

// newYear looks at the books with which 2027 begins.
func (y *linyuanYear) newYear(t *testing.T) {
	for home, want := range []struct{ spend, year int64 }{{20_00, 0}, {28_00, 0}, {28_00, 0}, {0, 0}, {0, 0}, {0, 0}, {5_00, 5_00}} {
		book := y.passbook(home)
		if int64(book.Spendable) != want.spend || int64(book.YearScore) != want.year {
			t.Errorf("household %d begins with %s to spend and a score of %s", home+1, book.Spendable, book.YearScore)
		}
		i := slices.IndexFunc(book.Wallets, func(w walletView) bool { return w.Code == "base" })
		if i < 0 || book.Wallets[i].Available != 100_00 {
			t.Errorf("household %d: base score %+v", home+1, book.Wallets)
		}
	}
	var top board.Page
	y.call(y.boss, "GET", y.v+"/boards/households?span=2026", "", 200, &top)
	if len(top.Items) == 0 || top.Items[0].ID != y.home[0] || top.Items[0].Amount != 21_00 {
		t.Errorf("the board of the year that is over: %+v", top.Items)
	}
	var said season.SaidList
	y.call(y.boss, "GET", y.v+"/households/"+y.home[0].String()+"/closings", "", 200, &said)
	if len(said.Items) != 1 || said.Items[0].Rank != 1 {
		t.Errorf("%+v", said)
	}
}
