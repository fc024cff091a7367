package market_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

var ctx = context.Background()

func want(goods id.ID, qty int64) market.Want { return market.Want{Goods: goods, Qty: qty} }

func TestRedeem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.post(h, ledger.Prize, "gift", points.Amount(300))
		w.give(h, 2000)
		soap, towel := w.goods("香皂", 250, 5), w.goods("毛巾", 1000, 0)
		w.receive(towel, 2, today.Add(-1+10))
		w.receive(towel, 2, today.Add(3))

		r, err := w.redeem(h, 1500, want(soap, 2), want(towel, 1))
		must(t, err)
		if r.Total != 1500 || len(r.Lines) != 2 || r.State != market.Done || r.Repeated || !r.CanCancel || r.KeeperName == "" || r.HouseholdNumber != "001" {
			t.Errorf("receipt %+v", r)
		}
		if !strings.HasPrefix(r.Number, "0520-") || r.On != today {
			t.Errorf("number %s on %s", r.Number, r.On)
		}
		wantPaid := []market.Paid{{Wallet: "gift", Name: "礼品积分", Amount: 300}, {Wallet: "spend", Name: "可兑积分", Amount: 1200}}
		if len(r.Paid) != 2 || r.Paid[0] != wantPaid[0] || r.Paid[1] != wantPaid[1] || r.BalanceAfter != 800 {
			t.Errorf("paid %+v, left %s", r.Paid, r.BalanceAfter)
		}
		if g := w.look(soap); g.Stock != 3 {
			t.Errorf("soap %d", g.Stock)
		}
		lots, err := w.market.Lots(ctx, w.keeper, w.village, w.shop, towel)
		must(t, err)
		if len(lots.Items) != 2 || lots.Items[0].ExpiresOn != today.Add(3) || lots.Items[0].Left != 1 || lots.Items[1].Left != 2 {
			t.Errorf("first to end is given out first: %+v", lots)
		}
		entries, err := ledger.Entries(ctx, db, h, 0, 1)
		must(t, err)
		if !strings.HasPrefix(entries[0].Title, "兑换：") || !strings.Contains(entries[0].Title, "香皂×2") || entries[0].Ref != r.ID.String() {
			t.Errorf("passbook says %q for %s", entries[0].Title, entries[0].Ref)
		}
		again, err := w.market.Redemption(ctx, w.keeper, w.village, w.shop, r.ID)
		must(t, err)
		if again.BalanceAfter != r.BalanceAfter || again.Number != r.Number || len(again.Lines) != 2 {
			t.Errorf("read again: %+v", again)
		}
		audit(t, db)
	})
}

func TestRedeemRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 5)
		r := market.RedeemRequest{RequestID: w.request(), Household: h, Lines: []market.Want{want(soap, 1)}, Total: 250}
		first, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, r)
		must(t, err)
		// What holds now does not change the answer to what was done: the shop is paused, the household barred.
		_, err = w.market.EditShop(ctx, w.secretary, w.village, w.shop, market.ShopEdit{RequestID: w.request(), State: market.Paused})
		must(t, err)
		w.tag(h, scheme.TagBarred)
		second, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, r)
		must(t, err)
		if !second.Repeated || first.Repeated || second.ID != first.ID || second.Number != first.Number || second.BalanceAfter != first.BalanceAfter {
			t.Errorf("first %+v\nsecond %+v", first, second)
		}
		r.Lines[0].Qty = 2
		if _, err := w.market.Redeem(ctx, w.keeper, w.village, w.shop, r); !errors.Is(err, storage.ErrRequestReused) {
			t.Errorf("other content under the same id: %v", err)
		}
		if g := w.look(soap); g.Stock != 4 {
			t.Errorf("stock %d", g.Stock)
		}
		audit(t, db)
	})
}

func (w *world) tag(account id.ID, kind string) {
	w.t.Helper()
	must(w.t, w.db.InTx(ctx, func(tx *storage.Tx) error {
		return standing.Add(tx, 1, w.now(), standing.Tag{Village: w.village, Account: account, Kind: kind, From: today, To: today.Add(30), Reason: "试验"})
	}))
}

// TestTagsBesideGoods: what stands against a household without keeping it from redeeming makes no goods more or fewer.
func TestTagsBesideGoods(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.give(h, 100000)
		soap, towel := w.goods("香皂", 250, 2), w.goods("毛巾", 100, 1)
		w.receive(soap, 1, today.Add(20))
		for _, kind := range []string{scheme.TagVeto, scheme.TagWarning, scheme.TagWarning} {
			w.tag(h, kind)
		}
		if _, err := w.redeem(h, 1100, want(soap, 4), want(towel, 1)); !errors.Is(err, market.ErrSoldOut) {
			t.Errorf("four of three: %v", err)
		}
		r, err := w.redeem(h, 850, want(soap, 3), want(towel, 1))
		if err != nil || len(r.Lines) != 2 || w.look(soap).Stock != 0 || w.look(towel).Stock != 0 {
			t.Errorf("%+v %v", r, err)
		}
		w.tag(h, scheme.TagBarred)
		if _, err := w.redeem(h, 250, want(soap, 1)); !errors.Is(err, standing.ErrBarred) {
			t.Errorf("barred: %v", err)
		}
		audit(t, db)
	})
}

// TestRedeemRefusals: every refusal has its error, says what to do, and changes nothing.
func TestRedeemRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 5)
		h, barred, suspended, poor, indebted := w.households[0], w.households[1], w.households[2], w.households[3], w.households[4]
		for _, x := range []id.ID{h, barred, suspended, indebted} {
			w.give(x, 10000)
		}
		w.give(poor, 100)
		w.post(indebted, ledger.Adjust, "spend", points.Amount(-10500))
		w.tag(barred, scheme.TagBarred)
		w.tag(suspended, scheme.TagSuspended)
		soap, paused, unpriced, spoiled := w.goods("香皂", 250, 5), w.goods("毛巾", 250, 5), w.goods("米", 250, 5), w.goods("牛奶", 250, 0)
		w.receive(spoiled, 5, today)
		_, err := w.market.EditGoods(ctx, w.keeper, w.village, w.shop, paused, market.GoodsEdit{RequestID: w.request(), State: market.OffSale})
		must(t, err)
		execute(t, db, "DELETE FROM goods_prices WHERE goods_id = ?", unpriced)
		w.on(today.Add(1))
		other, err := w.market.CreateShop(ctx, w.secretary, w.village, market.ShopRequest{RequestID: w.request(), Name: "二店"})
		must(t, err)
		villager := accesstest.Villager(t, db, w.now, w.village, w.members[0])
		neighbour := accesstest.Official(t, db, w.now, access.TeamMember, access.Place{Village: w.other})
		own := accesstest.User(t, db, "自家店长")
		accesstest.Grant(t, db, own, access.Keeper, access.Place{Village: w.village, Shop: w.shop})
		accesstest.Stand(t, db, own, w.village, w.members[0])
		ownKeeper := accesstest.Actor(t, db, w.now, own)

		lines := []market.Want{want(soap, 1)}
		many := make([]market.Want, market.MaxLines+1)
		for i := range many {
			many[i] = want(id.ID(i+1), 1)
		}
		before := dbtest.Rows(t, db, "SELECT id, qty_left FROM stock_lots ORDER BY id")
		for _, c := range []struct {
			name    string
			by      access.Actor
			village id.ID
			shop    id.ID
			account id.ID
			total   points.Amount
			lines   []market.Want
			err     error
			says    string
		}{
			{"no session", access.Actor{}, w.village, w.shop, h, 250, lines, access.ErrSignIn, "登录"},
			{"villager", villager, w.village, w.shop, h, 250, lines, access.ErrForbidden, "权限"},
			{"official of another village", neighbour, w.village, w.shop, h, 250, lines, access.ErrForbidden, "权限"},
			{"foreign household in own village", neighbour, w.other, w.shop, h, 250, lines, rulebook.ErrNone, "细则"},
			{"keeper of another shop", w.keeper, w.village, other.ID, h, 250, lines, access.ErrForbidden, "权限"},
			{"own household", ownKeeper, w.village, w.shop, h, 250, lines, access.ErrOwn, "其他工作人员"},
			{"no goods named", w.keeper, w.village, w.shop, h, 250, []market.Want{want(0, 1)}, market.ErrNoGoods, "没有这样商品"},
			{"no household", w.keeper, w.village, w.shop, 0, 250, lines, market.ErrInvalid, "请选择"},
			{"unknown household", w.keeper, w.village, w.shop, 77, 250, lines, village.ErrNotInForce, "没有这一户"},
			{"a member where households are scored", w.keeper, w.village, w.shop, w.members[0], 250, lines, village.ErrNotInForce, "没有这一户"},
			{"barred", w.keeper, w.village, w.shop, barred, 250, lines, standing.ErrBarred, "不能兑换"},
			{"suspended", w.keeper, w.village, w.shop, suspended, 250, lines, standing.ErrSuspended, "暂停"},
			{"in debt", w.keeper, w.village, w.shop, indebted, 250, lines, ledger.ErrInDebt, "-5"},
			{"not enough points", w.keeper, w.village, w.shop, poor, 250, lines, ledger.ErrNotEnough, "需要2.5分，只有1分，还差1.5分"},
			{"empty basket", w.keeper, w.village, w.shop, h, 250, nil, market.ErrInvalid, "还没有选"},
			{"too many lines", w.keeper, w.village, w.shop, h, 250, many, market.ErrInvalid, "最多兑换20样"},
			{"no pieces", w.keeper, w.village, w.shop, h, 250, []market.Want{want(soap, 0)}, market.ErrInvalid, "1到999"},
			{"too many pieces", w.keeper, w.village, w.shop, h, 250, []market.Want{want(soap, 1000)}, market.ErrInvalid, "1到999"},
			{"the same goods twice", w.keeper, w.village, w.shop, h, 500, []market.Want{want(soap, 1), want(soap, 1)}, market.ErrInvalid, "合成一行"},
			{"unknown goods", w.keeper, w.village, w.shop, h, 250, []market.Want{want(77, 1)}, market.ErrNoGoods, "没有这样商品"},
			{"paused goods", w.keeper, w.village, w.shop, h, 250, []market.Want{want(paused, 1)}, market.ErrGoodsPaused, "毛巾"},
			{"goods without price", w.keeper, w.village, w.shop, h, 250, []market.Want{want(unpriced, 1)}, market.ErrNoPrice, "定价"},
			{"sold out", w.keeper, w.village, w.shop, h, 1500, []market.Want{want(soap, 6)}, market.ErrSoldOut, "香皂只剩5块，不够6块"},
			{"only spoiled lots", w.keeper, w.village, w.shop, h, 250, []market.Want{want(spoiled, 1)}, market.ErrSoldOut, "已经兑完"},
			{"another total", w.keeper, w.village, w.shop, h, 200, lines, market.ErrPriceChanged, "现在一共2.5分"},
		} {
			_, err := w.market.Redeem(ctx, c.by, c.village, c.shop, market.RedeemRequest{RequestID: w.request(), Household: c.account, Lines: c.lines, Total: c.total})
			if !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", c.name, err, c.err)
			} else if e := errs.As(err); !strings.Contains(e.Msg, c.says) {
				t.Errorf("%s says %q, not %q", c.name, e.Msg, c.says)
			}
		}
		for state, says := range map[string]string{market.Paused: "暂停", market.Closed: "停业"} {
			_, err := w.market.EditShop(ctx, w.secretary, w.village, w.shop, market.ShopEdit{RequestID: w.request(), State: state})
			must(t, err)
			if _, err := w.redeem(h, 250, want(soap, 1)); !errors.Is(err, market.ErrShopClosed) || !strings.Contains(errs.As(err).Msg, says) {
				t.Errorf("%s shop: %v", state, err)
			}
		}
		after := dbtest.Rows(t, db, "SELECT id, qty_left FROM stock_lots ORDER BY id")
		if strings.Join(before, ";") != strings.Join(after, ";") || w.balance(h, "spend") != 10000 || len(dbtest.Rows(t, db, "SELECT id FROM redemptions")) != 0 {
			t.Error("a refusal changed something")
		}
		audit(t, db)
	})
}

// TestRedeemServesItsVillages: a shop gives only to villages it serves, and stops on the day it is told to.
func TestRedeemServesItsVillages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		w.give(w.households[0], 1000)
		soap := w.goods("香皂", 250, 5)
		secretary := accesstest.User(t, db, "两村书记")
		accesstest.Grant(t, db, secretary, access.FirstSecretary, access.Place{Village: w.village})
		accesstest.Grant(t, db, secretary, access.FirstSecretary, access.Place{Village: w.other})
		both := accesstest.Actor(t, db, w.now, secretary)
		s, err := w.market.EditShop(ctx, both, w.village, w.shop, market.ShopEdit{RequestID: w.request(), Villages: []id.ID{w.other}})
		must(t, err)
		if len(s.Villages) != 1 || s.Villages[0] != w.other {
			t.Errorf("serves %v", s.Villages)
		}
		if _, err := w.redeem(w.households[0], 250, want(soap, 1)); !errors.Is(err, market.ErrNotServed) {
			t.Errorf("a village that is no longer served: %v", err)
		}
		// An official of a village that is merely served does not run the shop.
		guest := accesstest.Official(t, db, w.now, access.FirstSecretary, access.Place{Village: w.other})
		_, err = w.market.MoveStock(ctx, guest, w.other, w.shop, soap, market.MoveRequest{RequestID: w.request(), Kind: market.Damage, Qty: 1, Note: "试"})
		if !errors.Is(err, access.ErrForbidden) {
			t.Errorf("stock moved by a served village's official: %v", err)
		}
		if _, err := w.market.EditShop(ctx, w.secretary, w.village, w.shop, market.ShopEdit{RequestID: w.request(), Villages: []id.ID{w.other, w.village}}); err != nil {
			t.Errorf("serving again on the same day: %v", err)
		}
		if _, err := w.redeem(w.households[0], 250, want(soap, 1)); err != nil {
			t.Error(err)
		}
		audit(t, db)
	})
}

// TestRedeemBudget holds the number of statements inside the transaction.
func TestRedeemBudget(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.give(h, 10000)
		soap := w.goods("香皂", 250, 50)
		if _, err := w.redeem(h, 250, want(soap, 1)); err != nil {
			t.Fatal(err)
		}
		counted, n := storage.CountStatements(ctx)
		_, err := w.market.Redeem(counted, w.keeper, w.village, w.shop,
			market.RedeemRequest{RequestID: w.request(), Household: h, Lines: []market.Want{want(soap, 1)}, Total: 250})
		must(t, err)
		// Before the transaction the rules and the household are read, after it the keeper's name. In it: request, guard, desk with tags, balances,
		// entries, moved balances, redemption, stock moves, stock.
		if got := n.Load() - 3; got > 9 {
			t.Errorf("%d statements in a redemption of one line", got)
		} else {
			t.Logf("%d statements", got)
		}
	})
}

// TestPersonsRedeem: where the scheme scores persons, the member's account pays.
func TestPersonsRedeem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := worldBy(t, db, 1, strings.Replace(rules, "subject: household", "subject: person", 1))
		m, h := w.members[0], w.households[0]
		w.give(m, 1000)
		soap := w.goods("香皂", 250, 5)
		redeem := func(household, member id.ID) (market.Receipt, error) {
			return w.market.Redeem(ctx, w.keeper, w.village, w.shop,
				market.RedeemRequest{RequestID: w.request(), Household: household, Member: member, Lines: []market.Want{want(soap, 1)}, Total: 250})
		}
		if _, err := redeem(h, 0); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("no member named: %v", err)
		}
		if _, err := redeem(0, h); !errors.Is(err, village.ErrNotInForce) {
			t.Errorf("a household as member: %v", err)
		}
		if _, err := redeem(m, m); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a member of another household: %v", err)
		}
		r, err := redeem(h, m)
		must(t, err)
		if r.Member != m || r.Household != h || w.balance(m, "spend") != 750 {
			t.Errorf("%+v", r)
		}
		audit(t, db)
	})
}

// TestSpendingMovesNoRank is law 6: the same deeds, one household spends everything first, and both stand alike.
func TestSpendingMovesNoRank(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		spender, saver := w.households[0], w.households[1]
		soap := w.goods("香皂", 250, 100)
		w.give(spender, 2000)
		r, err := w.redeem(spender, 2000, want(soap, 8))
		must(t, err)
		w.give(saver, 2000)
		for _, h := range w.households {
			w.post(h, ledger.Deduct, "year", points.Amount(-300))
		}
		total := func(h id.ID, span clock.Span) points.Amount {
			sum, err := ledger.Total(ctx, db, h, "year", span)
			must(t, err)
			return sum
		}
		for _, span := range []clock.Span{clock.MonthSpan(today), clock.YearSpan(today)} {
			if total(spender, span) != 1700 || total(saver, span) != 1700 {
				t.Errorf("%s: %s after spending, %s without", span, total(spender, span), total(saver, span))
			}
		}
		if _, err := w.cancel(r.ID); err != nil {
			t.Fatal(err)
		}
		if total(spender, clock.YearSpan(today)) != 1700 {
			t.Error("cancelling moved the score")
		}
		audit(t, db)
	})
}

func execute(t testing.TB, db *storage.DB, query string, args ...any) {
	t.Helper()
	must(t, db.InTx(ctx, func(tx *storage.Tx) error { _, err := tx.Exec(query, args...); return err }))
}
