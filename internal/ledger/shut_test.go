package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestShutPeriod walks a period from open to grace to closed, and every step that is not one.
func TestShutPeriod(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, village := context.Background(), db.NewID()
		at := clock.MakeDay(2026, 4, 3).Start().Add(9 * time.Hour)
		n := byte('a')
		ask := func(from, to clock.Day, state, why string) ledger.ShutRequest {
			n++
			return ledger.ShutRequest{RequestID: "shutting-periods-" + string(n), From: from, To: to, State: state, Why: why}
		}
		jan, march, april := clock.MakeDay(2026, 1, 1), clock.MakeDay(2026, 3, 31), clock.MakeDay(2026, 4, 30)
		refuse := func(name string, want error, r ledger.ShutRequest) {
			t.Helper()
			before := dbtest.Rows(t, db, "SELECT * FROM periods")
			if _, err := ledger.ShutPeriod(ctx, db, at, village, 7, r); !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
			if !slices.Equal(before, dbtest.Rows(t, db, "SELECT * FROM periods")) {
				t.Errorf("%s: something has changed", name)
			}
		}
		refuse("closed before grace", ledger.ErrPeriodOrder, ask(jan, march, "closed", "季度结账"))
		refuse("not over yet", ledger.ErrPeriodDays, ask(jan, april, "grace", "季度结账"))
		refuse("half a month", ledger.ErrPeriodDays, ask(jan, march.Add(-1), "grace", "季度结账"))
		refuse("without a reason", ledger.ErrPeriodWhy, ask(jan, march, "grace", " "))
		refuse("another state", ledger.ErrPeriodOrder, ask(jan, march, "open", "再打开"))
		first := ask(jan, march, "grace", "一季度核对")
		for _, repeated := range []bool{false, true} {
			p, err := ledger.ShutPeriod(ctx, db, at, village, 7, first)
			if err != nil || p.State != "grace" || p.Repeated != repeated || p.ChangedBy != 7 || p.Why != "一季度核对" {
				t.Fatalf("%+v %v", p, err)
			}
		}
		refuse("at once", ledger.ErrPeriodSoon, ask(jan, march, "closed", "结账"))
		refuse("over one that is shut", ledger.ErrPeriodOrder, ask(clock.MakeDay(2026, 3, 1), march, "grace", "再核对"))
		at = at.Add(2 * time.Minute)
		if p, err := ledger.ShutPeriod(ctx, db, at, village, 8, ask(jan, march, "closed", "村民代表会议通过")); err != nil || p.State != "closed" || p.ChangedBy != 8 {
			t.Errorf("%+v %v", p, err)
		}
		refuse("open again", ledger.ErrPeriodOrder, ask(jan, march, "grace", "打开"))
		refuse("a gap", ledger.ErrPeriodOrder, func() ledger.ShutRequest {
			at = clock.MakeDay(2026, 7, 2).Start()
			return ask(clock.MakeDay(2026, 5, 1), clock.MakeDay(2026, 5, 31), "grace", "五月")
		}())
		list, err := ledger.Periods(ctx, db, village)
		if err != nil || len(list) != 1 || list[0].Why != "村民代表会议通过" {
			t.Errorf("%+v %v", list, err)
		}
	})
}
