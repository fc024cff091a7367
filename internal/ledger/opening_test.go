package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// register is a village with two households, the first of two people.
func register(t *testing.T, db *storage.DB) (*village.Service, id.ID) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	v := village.New(db, func() time.Time { return noon }, ledger.OpenAccounts)
	start := clock.MakeDay(2020, 1, 1)
	county, err := v.CreateCounty(ctx, village.NewRegion{Code: db.NewID().String(), Name: "县", From: start})
	must(err)
	town, err := v.CreateTown(ctx, county.ID, village.NewRegion{Code: "1", Name: "镇", From: start})
	must(err)
	vil, err := v.CreateVillage(ctx, town.ID, village.NewRegion{Code: "1", Name: "村", From: start})
	must(err)
	_, err = v.ImportHouseholds(ctx, village.Write{Village: vil.ID}, strings.NewReader("户编号,组,姓名,关系\n001,一组,张三,户主\n001,一组,张四,儿子\n002,一组,李五,户主\n"), village.ImportOptions{CreateGroups: true})
	must(err)
	return v, vil.ID
}

func TestOpeningBalances(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		v, vil := register(t, db)
		w := village.Write{Village: vil, By: 7}
		take := func(file string) (ledger.OpeningReport, error) {
			return ledger.ImportOpenings(ctx, db, v, book(t), w, noon, strings.NewReader(file), nil)
		}
		_, err := take("户编号,户主,姓名,可兑积分,礼品积分,年度积分\n001,李四,,1,,\n009,,,1,,\n002,,王八,1,,\n002,,,-1,1.234,\n002,,,3,,\n")
		e := errs.As(err)
		if !errors.Is(err, village.ErrImport) || len(e.Fields) != 6 {
			t.Fatalf("%v %+v", err, e)
		}
		if n := len(dbtest.Rows(t, db, "SELECT id FROM entries")); n != 0 {
			t.Fatalf("%d entries of a refused sheet", n)
		}
		const good = "户编号,户主,姓名,可兑积分,礼品积分,备注\n001,张三,,120.5,,\n001,,张四,3,,\n002,,,\"1,000\",20,x\n"
		var wg sync.WaitGroup
		var mu sync.Mutex
		posted, same := 0, 0
		for range 4 {
			wg.Go(func() {
				rep, err := take(good)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				posted, same = posted+rep.Posted, same+rep.Same
			})
		}
		wg.Wait()
		if posted != 4 || same != 12 {
			t.Errorf("four times the same sheet at once: %d posted, %d same", posted, same)
		}
		if got := fmt.Sprint(dbtest.Rows(t, db, "SELECT h.number, b.wallet, b.amount FROM balances b JOIN households h ON h.id = b.account_id ORDER BY 1, 2")); got != "[001|spend|12050 002|gift|2000 002|spend|100000]" {
			t.Error(got)
		}
		if _, err := take(strings.Replace(good, "120.5", "130", 1)); !errors.Is(err, village.ErrImport) {
			t.Errorf("another amount: %v", err)
		}
		ref := dbtest.Rows(t, db, "SELECT ref FROM entries WHERE amount = 12050")[0]
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Reverse(tx, ledger.Correction{Village: vil, Kind: ledger.Opening, Ref: ref, At: noon, Title: "冲正"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		rep, err := take(strings.Replace(good, "120.5", "130", 1))
		if err != nil || rep.Posted != 1 || rep.Sum != 13000 {
			t.Errorf("after the reversal: %+v %v", rep, err)
		}
		var template bytes.Buffer
		if err := v.WriteOpeningTemplate(ctx, vil, &template, ledger.OpeningWallets(book(t))); err != nil {
			t.Fatal(err)
		}
		if rep, err := ledger.ImportOpenings(ctx, db, v, book(t), w, noon, &template, nil); err != nil || rep.Rows != 2 || rep.Posted != 0 {
			t.Errorf("an empty template: %+v %v", rep, err)
		}
		ledgertest.Audit(t, db)
		report, err := ledger.Audit(ctx, db)
		if err != nil || !strings.Contains(report.String(), "a reversal undoes its posting entry by entry (1 rows)") {
			t.Errorf("the audit counts the reversals it looked at: %v\n%s", err, report)
		}
	})
}

// An official enters no opening points for the own household or that of kin, nor for a member of it; what others have
// entered there may stand in the sheet.
func TestOpeningBalancesOfOnesOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		v, vil := register(t, db)
		const sheet = "户编号,姓名,可兑积分\n001,,120\n001,张四,3\n002,,50\n"
		found, err := v.ByNumber(t.Context(), vil, "001", day)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		take := func(own func(id.ID) bool) (ledger.OpeningReport, error) {
			return ledger.ImportOpenings(t.Context(), db, v, book(t), village.Write{Village: vil, By: 7}, noon, strings.NewReader(sheet), own)
		}
		own := func(household id.ID) bool { return household == found[0].ID }
		if _, err := take(own); !errors.Is(err, village.ErrImport) || len(errs.As(err).Fields) != 2 {
			t.Errorf("own household: %v %+v", err, errs.As(err))
		}
		if n := len(dbtest.Rows(t, db, "SELECT id FROM entries")); n != 0 {
			t.Errorf("%d entries of a refused sheet", n)
		}
		if rep, err := take(nil); err != nil || rep.Posted != 3 {
			t.Errorf("by somebody else: %+v %v", rep, err)
		}
		if rep, err := take(own); err != nil || rep.Same != 3 {
			t.Errorf("the same sheet again: %+v %v", rep, err)
		}
		ledgertest.Audit(t, db)
	})
}
