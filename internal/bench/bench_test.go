package bench_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/bench"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/config"
	"hefen/internal/httpapi"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// env is the program as serve wires it, on a day that is fixed.
func env(t *testing.T, db *storage.DB) bench.Env {
	t.Helper()
	begun, at := time.Now(), time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	now := func() time.Time { return at.Add(time.Since(begun)) }
	cfg := config.Default()
	cfg.Limits.PerAddress, cfg.Limits.PerUser = math.MaxInt32, math.MaxInt32
	people := access.New(db, now, nil)
	register := village.New(db, now, ledger.OpenAccounts)
	book := rulebook.New(db, now)
	boards := board.New(db, nil, now, book, register, board.Options{})
	if err := boards.Start(t.Context(), storage.NewLanes(db, storage.LaneOptions{})); err != nil {
		t.Fatal(err)
	}
	folder, err := media.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	photos := media.New(db, now, folder, cfg.Photos)
	s := &httpapi.Server{Config: cfg, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: now, DB: db, Session: people.Actor,
		Access: people, Village: register, Book: book, Board: boards, Cases: cases.New(db, now, register, book, people, photos), Media: photos,
		Market: market.New(db, now, register, book, people.Names)}
	return bench.Env{DB: db, Now: now, Handler: s.Handler(), Server: s.HTTP, Audit: func(ctx context.Context) (all ledger.Report, err error) {
		for _, audit := range []func(context.Context, *storage.DB) (ledger.Report, error){ledger.Audit, cases.Audit, market.Audit} {
			r, err := audit(ctx, db)
			if err != nil {
				return all, err
			}
			all.Checks = append(all.Checks, r.Checks...)
		}
		return all, nil
	}}
}

func small() bench.Options {
	return bench.Options{Size: bench.Size{Villages: 2, Households: 20, Large: 1, Batch: 24, Weeks: 2},
		Conns: []int{1, 3}, Duration: 50 * time.Millisecond, Rounds: 2}
}

// TestRun measures every operation on a county of two villages, twice: the second run finds the county loaded.
func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		e := env(t, db)
		for range 2 {
			r, err := bench.Run(t.Context(), e, small())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Rows) != len(bench.Operations)*2 {
				t.Errorf("%d rows", len(r.Rows))
			}
			for _, row := range r.Rows {
				if row.Ours.Count == 0 || row.Floor.Count == 0 || row.Ratio <= 0 || row.Ours.P99 < row.Ours.P50 {
					t.Errorf("%s at %d: %+v", row.Op, row.Conns, row)
				}
			}
			if !r.Clean {
				t.Errorf("audit:\n%s", r.Audit)
			}
			var table strings.Builder
			if err := r.Table(&table); err != nil || !strings.Contains(table.String(), "audit: clean") || !strings.Contains(table.String(), "batch of 24") {
				t.Errorf("table: %v\n%s", err, table.String())
			}
		}
	})
}

// TestFloorWritesWhatWeWrite: the floor's rows of an award and a redemption have the shape of ours, so that the two are
// comparable.
func TestFloorWritesWhatWeWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		opt := small()
		opt.Only, opt.Conns = []string{bench.Award, bench.Redeem}, []int{1}
		if _, err := bench.Run(t.Context(), env(t, db), opt); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			"SELECT kind, COUNT(DISTINCT wallet), MAX(line) FROM %sentries WHERE kind <> 'opening' GROUP BY kind ORDER BY kind",
			"SELECT DISTINCT item, state, entered_as, class FROM %scases",
			"SELECT DISTINCT state, total FROM %sredemptions",
			"SELECT DISTINCT kind, qty FROM %sstock_moves ORDER BY kind",
		} {
			ours, floor := dbtest.Rows(t, db, strings.ReplaceAll(q, "%s", "")), dbtest.Rows(t, db, strings.ReplaceAll(q, "%s", "bench_floor_"))
			if len(ours) == 0 || strings.Join(ours, "\n") != strings.Join(floor, "\n") {
				t.Errorf("%s\nours:  %q\nfloor: %q", q, ours, floor)
			}
		}
		broken := dbtest.Rows(t, db, `SELECT b.account_id FROM bench_floor_balances b WHERE b.amount <>
			(SELECT SUM(e.amount) FROM bench_floor_entries e WHERE e.account_id = b.account_id AND e.wallet = b.wallet)`)
		if len(broken) > 0 {
			t.Errorf("the floor's balances are not the sums of its entries: %v", broken)
		}
	})
}

func TestRefusals(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	e := env(t, db)
	for what, change := range map[string]func(*bench.Options){
		"no villages":     func(o *bench.Options) { o.Size.Villages = 0 },
		"large batch":     func(o *bench.Options) { o.Size.Batch = 501 },
		"no time":         func(o *bench.Options) { o.Duration = 0 },
		"unknown":         func(o *bench.Options) { o.Only = []string{"dance"} },
		"no connections":  func(o *bench.Options) { o.Conns = []int{0} },
		"all large":       func(o *bench.Options) { o.Size.Large = 3 },
		"without history": func(o *bench.Options) { o.Size.Weeks = 0 },
	} {
		opt := small()
		change(&opt)
		if _, err := bench.Run(t.Context(), e, opt); !errors.Is(err, bench.ErrOptions) {
			t.Errorf("%s: %v", what, err)
		}
	}
	register := village.New(db, e.Now, ledger.OpenAccounts)
	county, err := register.CreateCounty(t.Context(), village.NewRegion{Code: "510000", Name: "真实县"})
	if err != nil {
		t.Fatal(err)
	}
	town, err := register.CreateTown(t.Context(), county.ID, village.NewRegion{Code: "1", Name: "城关镇"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := register.CreateVillage(t.Context(), town.ID, village.NewRegion{Code: "1", Name: "林源村"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.Run(t.Context(), e, small()); !errors.Is(err, bench.ErrRealData) {
		t.Errorf("on a database with a village: %v", err)
	}
	if n := dbtest.Rows(t, db, "SELECT name FROM sqlite_master WHERE name LIKE 'bench_floor%'"); len(n) != 0 {
		t.Errorf("a refused run left tables: %v", n)
	}
}

// TestOtherSize: a county that was loaded is measured as it is or not at all.
func TestOtherSize(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	e, opt := env(t, db), small()
	opt.Only, opt.Conns = []string{bench.Board}, []int{1}
	if _, err := bench.Run(t.Context(), e, opt); err != nil {
		t.Fatal(err)
	}
	opt.Size.Households = 21
	if _, err := bench.Run(t.Context(), e, opt); !errors.Is(err, bench.ErrOtherSize) {
		t.Errorf("other households: %v", err)
	}
	opt = small()
	opt.Size.Villages = 1
	if _, err := bench.Run(t.Context(), e, opt); !errors.Is(err, bench.ErrOtherSize) {
		t.Errorf("fewer villages: %v", err)
	}
}

// TestStart measures a program that is not a server, and one that is.
func TestStart(t *testing.T) {
	if _, err := bench.Start(t.Context(), bench.StartOptions{Command: []string{"false"}, Times: 1}); err == nil {
		t.Error("a server that ends at once was measured")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BENCH_SERVE", "1")
	r, err := bench.Start(t.Context(), bench.StartOptions{Command: []string{exe}, Times: 2, Requests: 80})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.FirstAnswerMs) != 2 || r.FirstAnswerMs[0] <= 0 || r.IdleMB <= 0 || r.BusyMB < r.IdleMB/2 || !strings.Contains(r.String(), "80 requests") {
		t.Errorf("%+v", r)
	}
}
