package demo_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/demo"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

var (
	today = clock.MakeDay(2026, 11, 21)
	now   = today.Start().Add(10 * time.Hour)
)

func folder(t *testing.T) media.Store {
	t.Helper()
	f, err := media.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func audited(t *testing.T, db *storage.DB) {
	t.Helper()
	ledgertest.Audit(t, db)
	for name, audit := range map[string]func() (interface{ OK() bool }, error){
		"cases":  func() (interface{ OK() bool }, error) { return cases.Audit(context.Background(), db) },
		"market": func() (interface{ OK() bool }, error) { return market.Audit(context.Background(), db) },
	} {
		if r, err := audit(); err != nil || !r.OK() {
			t.Errorf("%s: %v\n%s", name, err, r)
		}
	}
}

// The tables after the same run, told by names and numbers instead of ids.
var golden = []string{
	`SELECT h.number, e.kind, e.wallet, e.bucket, e.seq, e.amount, e.balance_after, e.expires_on, e.occurred_on, e.counted_on, e.created_at, e.item, e.class, e.title
		FROM entries e JOIN households h ON h.id = e.account_id`,
	`SELECT m.name, e.kind, e.wallet, e.seq, e.amount, e.balance_after, e.occurred_on, e.item, e.title FROM entries e JOIN members m ON m.id = e.account_id`,
	`SELECT h.number, t.wallet, t.span, t.kind, t.amount FROM totals t JOIN households h ON h.id = t.account_id`,
	`SELECT h.number, b.wallet, b.bucket, b.kind, b.amount, b.seq FROM balances b JOIN households h ON h.id = b.account_id`,
	`SELECT h.number, c.item, c.item_name, c.occurred_on, c.state, c.counted, c.warned, c.reasons FROM cases c JOIN households h ON h.id = c.household_id`,
	`SELECT g.name, m.kind, m.qty, m.price, m.created_at FROM stock_moves m JOIN goods g ON g.id = m.goods_id`,
	`SELECT number, name, pinyin, from_day, to_day FROM households`,
	`SELECT relation, from_day, to_day FROM memberships`,
	`SELECT name, kind, code, from_day, to_day FROM regions`,
	`SELECT role, from_day, to_day FROM user_roles`,
	`SELECT title, place, state FROM activities`,
	`SELECT h.number, a.state FROM attendees a JOIN households h ON h.id = a.household_id`,
	`SELECT kind, text, answer, made_at FROM voices`,
	`SELECT aye, points, why FROM case_votes`,
	`SELECT number, from_on, to_on, published_on, cases FROM notices`,
	`SELECT finding FROM case_sample_lines`,
	`SELECT hash, bytes, width, height, state FROM media`,
	`SELECT m.hash, u.kind, u.role, u.trusted, u.created_at FROM media_uses u JOIN media m ON m.id = u.media_id`,
	`SELECT h.number, f.how, f.note, f.asked_at, f.confirmed_at FROM case_confirmations f JOIN households h ON h.id = f.household_id`,
}

// One run of three months gives the same tables on both engines, and every law holds on both.
func TestSameCountyOnBothEngines(t *testing.T) {
	tables := map[storage.Dialect][][]string{}
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		db := dbtest.Open(t, engine)
		ctx := context.Background()
		if there, err := demo.Loaded(ctx, db, today); err != nil || there {
			t.Fatalf("an empty database: %v %v", there, err)
		}
		if err := demo.Load(ctx, db, &wechat.Fake{}, folder(t), now, 90, nil); err != nil {
			t.Fatal(err)
		}
		if there, err := demo.Loaded(ctx, db, today); err != nil || !there {
			t.Fatalf("after loading: %v %v", there, err)
		}
		audited(t, db)
		if late := dbtest.Rows(t, db, "SELECT id FROM cases WHERE created_at > ?", clock.Ms(now)); len(late) > 0 {
			t.Errorf("%d records of the time to come", len(late))
		}
		for _, query := range golden {
			rows := dbtest.Rows(t, db, query)
			slices.Sort(rows)
			tables[engine] = append(tables[engine], rows)
		}
	}
	for i, query := range golden {
		a, b := tables[storage.SQLite][i], tables[storage.MySQL][i]
		if len(a) == 0 {
			t.Errorf("no rows: %s", query)
		}
		if !slices.Equal(a, b) {
			t.Errorf("%d and %d rows differ: %s\n%s", len(a), len(b), query, firstDifference(a, b))
		}
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.Join([]string{a[i], b[i]}, "\n")
		}
	}
	return ""
}

// A load that was cut off is said plainly at the next start.
func TestHalfLoaded(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	ctx, cancel := context.WithCancel(context.Background())
	err := demo.Load(ctx, db, &wechat.Fake{}, folder(t), now, 30, func(done, _ int) {
		if done == 10 {
			cancel()
		}
	})
	if err == nil {
		t.Fatal("the load went on after the cut")
	}
	if _, err := demo.Loaded(context.Background(), db, today); err != demo.ErrHalf {
		t.Fatalf("after a cut: %v", err)
	}
}
