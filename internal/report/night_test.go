package report

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

func TestMain(m *testing.M) { dbtest.Main(m, rollUntilKilled) }

// rollUntilKilled rolls up again and again, and says so each time.
func rollUntilKilled(cfg config.Database) error {
	db, err := dbtest.OpenShared(cfg)
	if err != nil {
		return err
	}
	now := func() time.Time { return today.Start().Add(12 * time.Hour) }
	s := New(db, now, rulebook.New(db, now), village.New(db, now, ledger.OpenAccounts), nil)
	for n := 0; ; n++ {
		if _, err := s.RollUp(ctx); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// A roll-up that is killed anywhere leaves each village as it was or as it is to be, and the next one ends right.
func TestKilledInTheMiddle(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg, db := dbtest.Shared(t, engine)
			w := newWorld(t, db, 6)
			for round := range 2 {
				for i, h := range w.households {
					for m := range 14 {
						w.deed(h, "eco", 100+points.Amount(i), today.AddMonths(-m))
					}
				}
				killed := false
				if dbtest.Kill(t, cfg, func(line string, kill func(time.Duration)) {
					if killed {
						return
					}
					w.deed(w.households[0], "eco", 100, today)
					if killed = line == fmt.Sprint(1+round); killed {
						kill(0)
					}
				}) {
					t.Fatal("the child ended by itself")
				}
				w.roll()
				w.same()
			}
			ledgertest.Audit(t, w.db)
		})
	}
}

// Servers that roll up at once, while deeds are posted, agree in the end.
func TestTwoServersAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 3)
		var all sync.WaitGroup
		failed := make(chan error, 4)
		for range 4 {
			all.Go(func() {
				if n, err := w.report.RollUp(ctx); err != nil || n != 3 {
					failed <- fmt.Errorf("%d villages: %w", n, err)
				}
			})
		}
		for i := range 20 {
			w.deed(w.households[i%3], "civil", 150, today.Add(-i))
		}
		all.Wait()
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		w.roll()
		w.same()
	})
}

// A posting that began before a roll-up and is committed after it is in the next one, though its entries are older than
// those that were folded.
func TestLateCommitIsSeen(t *testing.T) {
	db := dbtest.Open(t, storage.MySQL)
	w := newWorld(t, db, 2)
	begun, rolled, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Post(tx, w.book, ledger.Posting{Village: w.villages[0], Kind: ledger.Award, Ref: "late", At: w.now(), Title: "迟到的一笔", Counted: today.AddMonths(-8),
				Case: tx.NewID(), Class: "eco", Lines: []ledger.Line{{Account: w.households[0], Wallet: "year", Amount: 100}}})
			begun <- true
			<-rolled
			return err
		})
	}()
	<-begun
	w.deed(w.households[1], "eco", 300, today)
	w.roll()
	w.same()
	rolled <- true
	must(t, <-done)
	w.roll()
	w.same()
	if got := dbtest.Rows(t, db, fmt.Sprintf("SELECT active, earned FROM report_months WHERE span = %d AND village_id = %d", clock.MonthSpan(today.AddMonths(-8)), w.villages[0])); !slices.Equal(got, []string{"1|100"}) {
		t.Errorf("%v", got)
	}
}

// A second roll-up with nothing new writes the same again, and old months are not touched.
func TestOnlyWhatIsBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		old := today.AddMonths(-7)
		w.deed(w.households[0], "eco", 500, old)
		w.roll()
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE report_months SET earned = 777 WHERE village_id = ? AND span = ?", w.villages[0], clock.MonthSpan(old))
			return err
		}))
		earned := func() string {
			return dbtest.Rows(t, db, fmt.Sprintf("SELECT earned FROM report_months WHERE village_id = %d AND span = %d", w.villages[0], clock.MonthSpan(old)))[0]
		}
		if w.roll(); earned() != "777" {
			t.Errorf("a month without new entries was folded again: %s", earned())
		}
		w.deed(w.households[1], "eco", 500, old)
		if w.roll(); earned() != "1000" {
			t.Errorf("a month with a new entry was not folded again: %s", earned())
		}
		w.same()
	})
}

// What the shop gave is counted by goods, and less what came back; late records count from the eighth day.
func TestGoodsAndLateRecords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		shop, err := w.market.CreateShop(ctx, w.secretary, w.villages[0], market.ShopRequest{RequestID: w.ref(), Name: "村超市"})
		must(t, err)
		keeper := accesstest.Official(t, db, w.now, access.Keeper, access.Place{Village: w.villages[0], Shop: shop.ID})
		soap, err := w.market.CreateGoods(ctx, keeper, w.villages[0], shop.ID, market.GoodsRequest{RequestID: w.ref(), Name: "香皂", Unit: "块", Price: 250})
		must(t, err)
		_, err = w.market.MoveStock(ctx, keeper, w.villages[0], shop.ID, soap.ID, market.MoveRequest{RequestID: w.ref(), Kind: market.Purchase, Qty: 100})
		must(t, err)
		w.deed(w.households[0], "eco", 10_000, today)
		redeem := func(qty int64) id.ID {
			r, err := w.market.Redeem(ctx, keeper, w.villages[0], shop.ID, market.RedeemRequest{RequestID: w.ref(), Household: w.households[0],
				Lines: []market.Want{{Goods: soap.ID, Qty: qty}}, Total: points.Amount(qty) * 250})
			must(t, err)
			return r.ID
		}
		redeem(3)
		taken := redeem(5)
		w.roll()
		shelf := func() string {
			return strings.Join(dbtest.Rows(t, db, "SELECT qty, amount FROM report_goods"), " ")
		}
		if shelf() != "8|2000" {
			t.Errorf("goods: %s", shelf())
		}
		_, err = w.market.Cancel(ctx, keeper, w.villages[0], shop.ID, taken, market.CancelRequest{RequestID: w.ref()})
		must(t, err)
		w.roll()
		w.same()
		if shelf() != "3|750" {
			t.Errorf("goods after one was cancelled: %s", shelf())
		}
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			for age := range 10 {
				_, err := tx.Exec(`INSERT INTO cases (id, village_id, batch_id, account_id, household_id, member_id, group_id, item, item_name, class, scheme_id, occurred_on, counted_on,
					state, entered_as, points, grade, grade_name, quantity, note, value, counted, warned, reasons, decided_no, revision, levels, approvals, author, decider, created_at, decided_at, changed_at)
					VALUES (?,?,0,?,?,0,0,'sweep','环境清扫','eco',0,?,?,'submitted','submitted',0,'','',0,'',0,0,0,'[]',0,0,1,0,0,0,?,0,0)`,
					tx.NewID(), w.villages[0], w.households[0], w.households[0], today, today, clock.Ms(w.now().AddDate(0, 0, -age)))
				if err != nil {
					return err
				}
			}
			for i, due := range []clock.Day{today.Add(-1), today, today.Add(-9)} {
				_, err := tx.Exec(`INSERT INTO objections (id, village_id, case_id, household_id, by_user, name, how, said, was, frozen, short, made_at, due_on, raised_at, outcome, answer, decided_by, decided_at)
					VALUES (?,?,1,?,0,'','app','不对','effective',0,0,0,?,0,?,'',0,?)`, tx.NewID(), w.villages[0], w.households[0], due, []string{"", "", "kept"}[i], i)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		w.roll()
		if got := dbtest.Rows(t, db, fmt.Sprintf("SELECT waiting, late_reviews, late_objections FROM report_villages WHERE village_id = %d", w.villages[0])); got[0] != "10|2|1" {
			t.Errorf("waiting and late: %v", got)
		}
		_, _, err = w.books.Adopt(ctx, w.secretary, w.villages[0], rulebook.AdoptRequest{RequestID: w.ref(), Source: rules + "\nrecords: {review_days: 3}\n", AdoptedOn: clock.DayOf(w.now()), FromDay: clock.DayOf(w.now())})
		must(t, err)
		w.roll()
		if got := dbtest.Rows(t, db, fmt.Sprintf("SELECT late_reviews FROM report_villages WHERE village_id = %d", w.villages[0])); got[0] != "6" {
			t.Errorf("late by rules that allow three days: %v", got)
		}
		w.on(today.AddMonths(1))
		w.roll()
		if got := dbtest.Rows(t, db, fmt.Sprintf("SELECT late_reviews FROM report_months WHERE village_id = %d AND span IN (202605, 202606) ORDER BY span", w.villages[0])); !slices.Equal(got, []string{"6", "10"}) {
			t.Errorf("late at the end of two months: %v", got)
		}
	})
}
