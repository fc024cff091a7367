package season_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/season"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// prizeRules have a reward of each kind.
var prizeRules = strings.Replace(rules, "  - {code: year_end, name: 年终积分奖励, span: year, top: 2, ties: all, rewards: [{points: 20, wallet: coin}]}\n", `
  - code: year_end
    name: 年终积分奖励
    span: year
    ties: all
    tiers:
      - {name: 一等奖, top: 1, rewards: [{goods: 电饭锅, count: 1}, {title: 最美家庭}]}
      - {name: 二等奖, top: 3, rewards: [{points: 20, wallet: coin}, {choice: [{name: 大米}, {name: 套餐, goods: [{name: 面条, count: 2}, {name: 食用油}]}]}]}
    rewards: [{dividend: {points: 100, wallet: coin}}, {dividend: {yuan: 100}}]
  - {code: lucky, name: 幸运户, span: year, tiers: [{name: 幸运户, everyone: true, draw: 2, rewards: [{points: 5, wallet: coin}]}]}
`, 1)

func span(year int) clock.Span { return clock.Span(year * 100) }

func (w *world) publish(code string) season.Award {
	w.t.Helper()
	a, err := w.season.Publish(ctx, w.boss, w.village, season.Publish{RequestID: w.request(), Code: code, Span: span(2026), Days: 3})
	w.must(err)
	return a
}

func (w *world) step() season.Step { return season.Step{RequestID: w.request()} }

// freeze lets the days for objections pass and freezes the list.
func (w *world) freeze(a season.Award) {
	w.t.Helper()
	w.time.Store(a.ObjectUntil.Add(1).Start().UnixMilli())
	_, err := w.season.Freeze(ctx, w.boss, w.village, a.ID, w.step())
	w.must(err)
}

// scored is a year with scores 60, 60, 40, 40, 20, 1, 0; the last but one is under a veto, and the year is shut.
func scored(t testing.TB, db *storage.DB) *world {
	w := newWorld(t, db, prizeRules, 7)
	w.at(2026, 5, 10)
	for home, a := range []points.Amount{60, 60, 40, 40, 20, 1, 0} {
		if a > 0 {
			w.earn(home, clock.MakeDay(2026, 5, 10), a*pt)
		}
	}
	w.must(db.InTx(ctx, func(tx *storage.Tx) error {
		return standing.Add(tx, 1, w.now(), standing.Tag{Village: w.village, Account: w.homes[5], Kind: "veto", From: clock.MakeDay(2026, 6, 1), To: clock.MakeDay(2027, 6, 1), Reason: "赌博"})
	}))
	w.at(2027, 1, 5)
	return w
}

func TestAward(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := scored(t, db)
		look, err := w.season.Preview(ctx, w.boss, w.village, "year_end", span(2026), season.Page{})
		w.must(err)
		if look.Winners != 4 || look.Of != 7 || look.Items[0].TierName != "一等奖" || look.Items[2].TierName != "二等奖" || !strings.Contains(strings.Join(look.Items[6].Reasons, "；"), "一票否决") {
			t.Errorf("%+v", look)
		}
		if _, err := w.season.Publish(ctx, w.boss, w.village, season.Publish{RequestID: w.request(), Code: "year_end", Span: span(2026), Days: 3}); !errors.Is(err, season.ErrOpenPeriod) {
			t.Errorf("still counting: %v", err)
		}
		w.shut("2026")
		a := w.publish("year_end")
		if _, err := w.season.Publish(ctx, w.boss, w.village, season.Publish{RequestID: w.request(), Code: "year_end", Span: span(2026), Days: 3}); !errors.Is(err, season.ErrRoundOn) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.season.Issue(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrAwardState) {
			t.Errorf("issued before it was frozen: %v", err)
		}
		if _, err := w.season.Freeze(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrObjecting) {
			t.Errorf("frozen in the days for objections: %v", err)
		}
		w.freeze(a)
		for range 2 { // however often it is run
			got, err := w.season.Issue(ctx, w.boss, w.village, a.ID, w.step())
			if err != nil || got.State != "issued" {
				t.Fatalf("%+v %v", got, err)
			}
			var coins, fen int64
			w.must(db.QueryRow(ctx, "SELECT SUM(amount) FROM entries WHERE kind = 'prize' AND batch_id = ? AND ref LIKE '%:0.1:%'", a.ID).Scan(&coins))
			w.must(db.QueryRow(ctx, "SELECT SUM(fen) FROM award_prizes").Scan(&fen))
			if coins != 10000 || fen != 10000 {
				t.Errorf("dividends: %d hundredths, %d fen", coins, fen)
			}
			if n := dbtest.Rows(t, db, "SELECT COUNT(*) FROM award_prizes"); n[0] != "16" { // 2 × 4, 2 × 4
				t.Errorf("%s prizes", n)
			}
		}
		if got := w.balance(2, "coin", ledger.Available); got != 40*pt { // 20 of the tier, 20 of the dividend
			t.Errorf("household 3 has %s coins", got)
		}
		own, err := w.season.Own(ctx, w.boss, w.village, w.homes[5])
		if err != nil || len(own.Items) != 1 || own.Items[0].Eligible || len(own.Prizes) != 0 {
			t.Errorf("%+v %v", own, err)
		}
		w.handOut(a)

		// a correction afterwards leaves what was issued and carries a note
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Reverse(tx, ledger.Correction{Village: w.village, Kind: ledger.Award, Ref: "deed1", At: w.now(), Title: "冲正：志愿服务"})
			return err
		}))
		for _, want := range []int{1, 0} {
			if n, err := w.season.NoteCorrections(ctx); err != nil || n != want {
				t.Errorf("%d noted, %v", n, err)
			}
		}
		own, err = w.season.Own(ctx, w.boss, w.village, w.homes[0])
		if err != nil || len(own.Items[0].Notes) != 1 || own.Items[0].Notes[0].Amount != -60*pt || len(own.Prizes) != 4 {
			t.Errorf("%+v %v", own, err)
		}
	})
}

// handOut collects what is due of an award.
func (w *world) handOut(a season.Award) {
	w.t.Helper()
	shop, err := w.market.CreateShop(ctx, w.boss, w.village, market.ShopRequest{RequestID: w.request(), Name: "超市", Address: "村部", Hours: "全天"})
	w.must(err)
	place := access.Place{Village: w.village, Shop: shop.ID}
	keeper := accesstest.Official(w.t, w.db, w.now, access.Keeper, place)
	pot, err := w.market.CreateGoods(ctx, w.boss, w.village, shop.ID, market.GoodsRequest{RequestID: w.request(), Name: "电饭锅", Unit: "个", Price: 100 * pt})
	w.must(err)
	_, err = w.market.MoveStock(ctx, keeper, w.village, shop.ID, pot.ID, market.MoveRequest{RequestID: w.request(), Kind: "purchase", Qty: 1, Origin: "村集体"})
	w.must(err)
	due, err := w.season.Prizes(ctx, keeper, w.village, a.ID, "due", season.Page{Limit: 100})
	w.must(err)
	pots := 0
	for _, p := range due.Items {
		c := season.Collect{RequestID: w.request(), Receiver: "张三", Note: "签收表第1页", Shop: shop.ID}
		if p.Kind == "choice" {
			if _, err := w.season.Collect(ctx, keeper, w.village, a.ID, p.ID, c); !errors.Is(err, season.ErrChoice) {
				w.t.Errorf("nothing chosen: %v", err)
			}
			c.RequestID, c.Choice = w.request(), "套餐"
			if _, err := w.season.Collect(ctx, keeper, w.village, a.ID, p.ID, c); !errors.Is(err, market.ErrNoPrizeGoods) {
				w.t.Errorf("not in the shop: %v", err)
			}
			c.RequestID, c.Shop = w.request(), 0
		}
		if p.Kind == "goods" {
			pots++
		}
		got, err := w.season.Collect(ctx, keeper, w.village, a.ID, p.ID, c)
		if p.Kind == "goods" && pots == 2 { // there was one
			if !errors.Is(err, market.ErrStock) {
				w.t.Errorf("the second pot: %v", err)
			}
			continue
		}
		if err != nil || got.State != "collected" {
			w.t.Errorf("%+v %v", got, err)
		}
		again, err := w.season.Collect(ctx, keeper, w.village, a.ID, p.ID, c)
		if err != nil || !again.Repeated {
			w.t.Errorf("the same request: %+v %v", again, err)
		}
		c.RequestID = w.request()
		if _, err := w.season.Collect(ctx, keeper, w.village, a.ID, p.ID, c); !errors.Is(err, season.ErrCollected) {
			w.t.Errorf("collected twice: %v", err)
		}
	}
	if got := dbtest.Rows(w.t, w.db, "SELECT qty_left FROM stock_lots"); !slices.Equal(got, []string{"0"}) {
		w.t.Errorf("stock %v", got)
	}
}

// TestObjection: an objection keeps the list open, and one that is upheld has it published anew.
func TestObjection(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := scored(t, db)
		w.shut("2026")
		a := w.publish("year_end")
		var member id.ID
		w.must(db.QueryRow(ctx, "SELECT member_id FROM memberships WHERE household_id = ?", w.homes[5]).Scan(&member))
		villager := accesstest.Villager(t, db, w.now, w.village, member)
		list, err := w.season.List(ctx, villager, w.village, a.ID, season.Page{})
		if err != nil || len(list.Items) != 7 || len(list.Items[0].Reasons) != 0 || !strings.Contains(list.Items[0].Name, "*") || len(list.Items[6].Reasons) == 0 {
			t.Errorf("%+v %v", list, err)
		}
		if _, err := w.season.Object(ctx, villager, w.village, w.homes[4], a.ID, season.Objecting{RequestID: w.request(), Text: "替别人"}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("for a neighbour: %v", err)
		}
		o, err := w.season.Object(ctx, villager, w.village, w.homes[5], a.ID, season.Objecting{RequestID: w.request(), Text: "没有赌博，是弄错了人"})
		w.must(err)
		w.time.Store(a.ObjectUntil.Add(1).Start().UnixMilli())
		if _, err := w.season.Object(ctx, villager, w.village, w.homes[5], a.ID, season.Objecting{RequestID: w.request(), Text: "晚了"}); !errors.Is(err, season.ErrTooLate) {
			t.Errorf("too late: %v", err)
		}
		if _, err := w.season.Freeze(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrObjecting) {
			t.Errorf("not answered: %v", err)
		}
		_, err = w.season.Answer(ctx, w.boss, w.village, a.ID, o.ID, season.Answering{RequestID: w.request(), Upheld: true, Answer: "查实是同名的人"})
		w.must(err)
		if _, err := w.season.Freeze(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrObjecting) {
			t.Errorf("upheld: %v", err)
		}
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE tags SET to_day = from_day, lifted_at = 1 WHERE account_id = ?", w.homes[5])
			return err
		}))
		_, err = w.season.Withdraw(ctx, w.boss, w.village, a.ID, season.Step{RequestID: w.request(), Why: "更正名单"})
		w.must(err)
		b := w.publish("year_end")
		if b.Revision != 2 || b.Hash == a.Hash {
			t.Errorf("%+v", b)
		}
		w.freeze(b)
		_, err = w.season.Issue(ctx, w.boss, w.village, b.ID, w.step())
		w.must(err)
	})
}

// TestListChanged: a list that would be another by now is not frozen.
func TestListChanged(t *testing.T) {
	w := scored(t, dbtest.Open(t, storage.SQLite))
	w.shut("2026")
	a := w.publish("year_end")
	w.must(w.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE tags SET to_day = from_day, lifted_at = 1 WHERE account_id = ?", w.homes[5])
		return err
	}))
	w.time.Store(a.ObjectUntil.Add(1).Start().UnixMilli())
	if _, err := w.season.Freeze(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrChanged) {
		t.Errorf("%v", err)
	}
}

func TestLottery(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := scored(t, db)
		w.shut("2026")
		a := w.publish("lucky")
		if len(a.Drawings) != 1 || a.Drawings[0].Seats != 2 || len(a.Drawings[0].Accounts) != 6 {
			t.Fatalf("%+v", a.Drawings)
		}
		draw := season.Step{RequestID: w.request(), Number: "双色球2027003期 03 07 12 18 25 31+09", How: "村部广场，村民代表8人在场"}
		if _, err := w.season.Draw(ctx, w.boss, w.village, a.ID, draw); !errors.Is(err, season.ErrAwardState) {
			t.Errorf("drawn before it was frozen: %v", err)
		}
		w.freeze(a)
		if _, err := w.season.Issue(ctx, w.boss, w.village, a.ID, w.step()); !errors.Is(err, season.ErrLots) {
			t.Errorf("issued before lots were drawn: %v", err)
		}
		got, err := w.season.Draw(ctx, w.boss, w.village, a.ID, draw)
		if err != nil || len(got.Drawings[0].Drawn) != 2 || got.Hash != a.Hash {
			t.Fatalf("%+v %v", got, err)
		}
		again := draw
		again.RequestID, again.Number = w.request(), "另一个号码"
		if _, err := w.season.Draw(ctx, w.boss, w.village, a.ID, again); !errors.Is(err, season.ErrAwardState) {
			t.Errorf("drawn twice: %v", err)
		}
		if _, err := w.season.Withdraw(ctx, w.boss, w.village, a.ID, season.Step{RequestID: w.request(), Why: "结果不好"}); !errors.Is(err, season.ErrAwardState) {
			t.Errorf("withdrawn after the draw: %v", err)
		}
		_, err = w.season.Issue(ctx, w.boss, w.village, a.ID, w.step())
		w.must(err)
		e, err := w.season.Evidence(ctx, w.boss, w.village, a.ID)
		w.must(err)
		v, err := season.Verify(e)
		if err != nil || len(v.Wrong) != 0 || v.Drawings != 1 || v.Standings != 7 {
			t.Errorf("%+v %v", v, err)
		}
		for name, forge := range map[string]func(*season.Evidence){
			"another winner": func(e *season.Evidence) { e.Winners = e.Winners[1:] },
			"another number": func(e *season.Evidence) { e.Number += "1" },
			"another list":   func(e *season.Evidence) { e.List = strings.Replace(e.List, `"amount":`, `"amount":1`, 1) },
			"other rules":    func(e *season.Evidence) { e.Rules += "\n" },
			"sealed later":   func(e *season.Evidence) { e.FrozenAt = e.DrawnAt + 1 },
			"another draw": func(e *season.Evidence) {
				e.Drawings = slices.Clone(e.Drawings)
				e.Drawings[0].Drawn = slices.Clone(e.Drawings[0].Drawn)
				slices.Reverse(e.Drawings[0].Drawn)
			},
		} {
			forged := e
			forge(&forged)
			if v, err := season.Verify(forged); err == nil && len(v.Wrong) == 0 {
				t.Errorf("%s was not noticed", name)
			}
		}
	})
}

// TestIssueCutUp: broken off after any chunk and asked by several at once, everything is issued once.
func TestIssueCutUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := scored(t, db)
		w.shut("2026")
		a := w.publish("year_end")
		w.freeze(a)
		defer season.SetChunk(1)()
		for i := range 3 {
			some, stop := context.WithCancel(ctx)
			if i < 2 {
				stop()
			}
			var all sync.WaitGroup
			for j := range 3 {
				all.Go(func() {
					_, err := w.season.Issue(some, w.boss, w.village, a.ID, season.Step{RequestID: fmt.Sprintf("issue-an-award-%d-%d", i, j)})
					if i == 2 && err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			stop()
		}
		if n := dbtest.Rows(t, db, "SELECT COUNT(*) FROM award_prizes"); n[0] != "16" {
			t.Errorf("%s prizes", n)
		}
	})
}
