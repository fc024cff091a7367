package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const rules = `format: 1
title: 台账试验细则
subject: household
wallets:
  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 1}
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 2}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

var (
	day  = clock.MakeDay(2026, 5, 20)
	noon = day.Start().Add(12 * time.Hour)
)

func book(t testing.TB) *scheme.Scheme {
	t.Helper()
	s, problems := scheme.Parse([]byte(rules))
	if s == nil {
		t.Fatalf("rules: %+v", problems)
	}
	return s
}

// world is one village with some accounts in a test database.
type world struct {
	t        testing.TB
	db       *storage.DB
	book     *scheme.Scheme
	village  id.ID
	accounts []id.ID
}

func newWorld(t testing.TB, db *storage.DB, n int) *world {
	t.Helper()
	w := &world{t: t, db: db, book: book(t), village: db.NewID()}
	owners := make([]village.Owner, n)
	for i := range owners {
		owners[i] = village.Owner{ID: db.NewID(), Kind: "household"}
		w.accounts = append(w.accounts, owners[i].ID)
	}
	if err := db.InTx(context.Background(), func(tx *storage.Tx) error { return ledger.OpenAccounts(tx, w.village, owners) }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) posting(kind ledger.Kind, ref string, lines ...ledger.Line) ledger.Posting {
	return ledger.Posting{Village: w.village, Kind: kind, Ref: ref, At: noon, Occurred: day, Counted: day, Title: "试验", Lines: lines}
}

func (w *world) post(ps ...ledger.Posting) (posted []ledger.Posted, err error) {
	err = w.db.InTx(context.Background(), func(tx *storage.Tx) error {
		posted, err = ledger.Post(tx, w.book, ps...)
		return err
	})
	return posted, err
}

func (w *world) must(ps ...ledger.Posting) []ledger.Posted {
	w.t.Helper()
	posted, err := w.post(ps...)
	if err != nil {
		w.t.Fatal(err)
	}
	return posted
}

func (w *world) award(ref string, account id.ID, amount points.Amount) ledger.Posting {
	return w.posting(ledger.Award, ref, ledger.Line{Account: account, Wallet: "spend", Amount: amount}, ledger.Line{Account: account, Wallet: "year", Amount: amount})
}

func (w *world) deduct(ref string, account id.ID, amount points.Amount) ledger.Posting {
	return w.posting(ledger.Deduct, ref,
		ledger.Line{Account: account, Wallet: "spend", Amount: -amount, Intent: scheme.StopAtFloor},
		ledger.Line{Account: account, Wallet: "year", Amount: -amount})
}

func (w *world) spend(kind ledger.Kind, ref string, account id.ID, amount points.Amount) (posted ledger.Posted, err error) {
	err = w.db.InTx(context.Background(), func(tx *storage.Tx) error {
		posted, err = ledger.Spend(tx, w.book, w.posting(kind, ref), account, amount)
		return err
	})
	return posted, err
}

func (w *world) reverse(kind ledger.Kind, ref string) error {
	return w.db.InTx(context.Background(), func(tx *storage.Tx) error {
		_, err := ledger.Reverse(tx, ledger.Correction{Village: w.village, Kind: kind, Ref: ref, At: noon, Title: "冲正"})
		return err
	})
}

func (w *world) balance(account id.ID, wallet string, bucket ledger.Bucket) points.Amount {
	w.t.Helper()
	bs, err := ledger.Balances(context.Background(), w.db, account)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range bs {
		if b.Wallet == wallet && b.Bucket == bucket {
			return b.Amount
		}
	}
	return 0
}

func (w *world) want(account id.ID, wallet string, bucket ledger.Bucket, amount points.Amount) {
	w.t.Helper()
	if got := w.balance(account, wallet, bucket); got != amount {
		w.t.Errorf("%s %s: %s, want %s", wallet, bucket, got, amount)
	}
}

func (w *world) wantTotal(account id.ID, span clock.Span, amount points.Amount) {
	w.t.Helper()
	got, err := ledger.Total(context.Background(), w.db, account, "year", span)
	if err != nil || got != amount {
		w.t.Errorf("total %s: %s (%v), want %s", span, got, err, amount)
	}
}

// each runs a test on both engines and audits the book afterwards.
func each(t *testing.T, n int, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, n)
		test(t, w)
		ledgertest.Audit(t, db)
	})
}

func TestPost(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		a := w.accounts[0]
		posted := w.must(w.award("c1", a, 500))
		if e := posted[0].Entries; len(e) != 2 || e[0].Seq != 1 || e[0].BalanceAfter != 500 {
			t.Errorf("entries %+v", e)
		}
		w.must(w.award("c2", a, 250))
		w.want(a, "spend", ledger.Available, 750)
		w.want(a, "year", ledger.Available, 750)
		w.wantTotal(a, clock.MonthSpan(day), 750)
		w.wantTotal(a, clock.YearSpan(day), 750)

		// A deduction stops at the floor of the spend wallet and takes its full amount from the score.
		w.must(w.deduct("c3", a, 1000))
		w.want(a, "spend", ledger.Available, 0)
		w.want(a, "year", ledger.Available, -250)

		// An empty wallet: nothing to take, so no entry.
		posted = w.must(w.deduct("c4", a, 100))
		if len(posted[0].Entries) != 1 {
			t.Errorf("a deduction from an empty wallet made %d entries", len(posted[0].Entries))
		}
		if _, err := w.post(w.award("c1", a, 500)); !errors.Is(err, ledger.ErrPosted) {
			t.Errorf("posted twice: %v", err)
		}
		w.must(w.posting(ledger.Reset, "r1", ledger.Line{Account: a, Wallet: "spend", Intent: scheme.Zero}))
		w.want(a, "spend", ledger.Available, 0)
	})
}

func TestPostRefuses(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.award("c0", a, 300))
		line := func(amount points.Amount) ledger.Line {
			return ledger.Line{Account: a, Wallet: "spend", Amount: amount}
		}
		other := w.award("x9", a, 100)
		other.Village = w.village + 1
		for name, ps := range map[string][]ledger.Posting{
			"an award that takes":      {w.posting(ledger.Award, "x1", line(-100))},
			"a deduction that gives":   {w.posting(ledger.Deduct, "x2", line(100))},
			"an unknown kind":          {w.posting("gift", "x3", line(100))},
			"an unknown wallet":        {w.posting(ledger.Award, "x4", ledger.Line{Account: a, Wallet: "none", Amount: 1})},
			"an unknown account":       {w.posting(ledger.Award, "x5", ledger.Line{Account: 42, Wallet: "spend", Amount: 1})},
			"no reference":             {w.posting(ledger.Award, "", line(100))},
			"too large an amount":      {w.posting(ledger.Award, "x6", line(points.Max+1))},
			"a move that makes points": {w.posting(ledger.Hold, "x7", line(100))},
			"more than there is":       {w.posting(ledger.Redeem, "x8", line(-301))},
			"the second of two wrong":  {w.award("x10", a, 100), w.posting(ledger.Award, "x11", line(-1))},
			"two villages at once":     {w.award("x12", a, 100), other},
		} {
			if _, err := w.post(ps...); err == nil {
				t.Errorf("%s was posted", name)
			}
		}
		w.want(a, "spend", ledger.Available, 300)
		w.want(a, "year", ledger.Available, 300)
	})
}

func TestSpendDrawsInOrder(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.award("c1", a, 500), w.posting(ledger.Prize, "p1", ledger.Line{Account: a, Wallet: "gift", Amount: 200}))
		posted, err := w.spend(ledger.Redeem, "s1", a, 300)
		if err != nil {
			t.Fatal(err)
		}
		if posted.Moved(a, "gift") != -200 || posted.Moved(a, "spend") != -100 {
			t.Errorf("paid %+v", posted.Entries)
		}
		if _, err := w.spend(ledger.Redeem, "s2", a, 401); !errors.Is(err, ledger.ErrNotEnough) {
			t.Errorf("overspent: %v", err)
		}
		w.wantTotal(a, clock.YearSpan(day), 500) // spending moves no total
		if err := w.reverse(ledger.Redeem, "s1"); err != nil {
			t.Fatal(err)
		}
		w.want(a, "gift", ledger.Available, 200)
		w.want(a, "spend", ledger.Available, 500)
		if err := w.reverse(ledger.Redeem, "s1"); !errors.Is(err, ledger.ErrPosted) {
			t.Errorf("reversed twice: %v", err)
		}
		if err := w.reverse(ledger.Redeem, "never"); !errors.Is(err, ledger.ErrNothing) {
			t.Errorf("reversed nothing: %v", err)
		}
	})
}

// Reversing an award whose points are spent leaves a debt: redemption is refused until it is made good.
func TestReversalOfSpentPointsIsDebt(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.award("c1", a, 500))
		if _, err := w.spend(ledger.Redeem, "s1", a, 400); err != nil {
			t.Fatal(err)
		}
		if err := w.reverse(ledger.Award, "c1"); err != nil {
			t.Fatal(err)
		}
		w.want(a, "spend", ledger.Available, -400)
		w.wantTotal(a, clock.YearSpan(day), 0)
		if _, err := w.spend(ledger.Redeem, "s2", a, 100); !errors.Is(err, ledger.ErrInDebt) {
			t.Errorf("spent in debt: %v", err)
		}
		w.must(w.award("c2", a, 450))
		if _, err := w.spend(ledger.Redeem, "s3", a, 50); err != nil {
			t.Errorf("debt made good: %v", err)
		}
	})
}

func TestLots(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		a := w.accounts[0]
		lot := func(ref string, amount points.Amount, until clock.Day) ledger.Posting {
			return w.posting(ledger.Prize, ref, ledger.Line{Account: a, Wallet: "spend", Amount: amount, ExpiresOn: until})
		}
		w.must(lot("p1", 100, day.Add(30)), lot("p2", 100, day.Add(10)), lot("p3", 100, day.Add(-1)), w.award("c1", a, 100))
		if _, err := w.spend(ledger.Redeem, "s0", a, 301); !errors.Is(err, ledger.ErrNotEnough) {
			t.Errorf("a lot past its day was spent: %v", err)
		}
		posted, err := w.spend(ledger.Hold, "h1", a, 250)
		if err != nil {
			t.Fatal(err)
		}
		var order []clock.Day
		for _, e := range posted.Entries {
			if e.Bucket == ledger.Available {
				order = append(order, e.ExpiresOn)
			}
		}
		if want := []clock.Day{day.Add(10), day.Add(30), 0}; fmt.Sprint(order) != fmt.Sprint(want) {
			t.Errorf("drawn %v, want %v", order, want)
		}
		if err := w.reverse(ledger.Hold, "h1"); err != nil { // release restores the dates
			t.Fatal(err)
		}
		rows := dbtest.Rows(t, w.db, "SELECT expires_on, amount FROM lots WHERE bucket = 'available' ORDER BY expires_on")
		want := fmt.Sprintf("[%d|100 %d|100 %d|100]", day.Add(-1), day.Add(10), day.Add(30))
		if fmt.Sprint(rows) != want {
			t.Errorf("lots %v, want %s", rows, want)
		}
		w.must(w.posting(ledger.Expire, "e1", ledger.Line{Account: a, Wallet: "spend", Amount: -100, ExpiresOn: day.Add(-1)}))
		w.want(a, "spend", ledger.Available, 300)
	})
}

func TestMovesBetweenBucketsAndAccounts(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		a, b := w.accounts[0], w.accounts[1]
		w.must(w.posting(ledger.Award, "c1",
			ledger.Line{Account: a, Wallet: "spend", Bucket: ledger.Pending, Amount: 500},
			ledger.Line{Account: a, Wallet: "year", Bucket: ledger.Pending, Amount: 500}))
		w.wantTotal(a, clock.YearSpan(day), 0) // pending does not count
		w.must(w.posting(ledger.Effect, "c1",
			ledger.Line{Account: a, Wallet: "spend", Bucket: ledger.Pending, To: ledger.Available, Amount: -500},
			ledger.Line{Account: a, Wallet: "year", Bucket: ledger.Pending, To: ledger.Available, Amount: -500}))
		w.wantTotal(a, clock.YearSpan(day), 500)
		w.must(w.posting(ledger.Succession, "split", ledger.Line{Account: a, Wallet: "spend", ToAccount: b, Amount: -200}))
		w.want(a, "spend", ledger.Available, 300)
		w.want(b, "spend", ledger.Available, 200)
		if _, err := w.post(w.posting(ledger.Succession, "again", ledger.Line{Account: a, Wallet: "spend", ToAccount: b, Amount: -301})); !errors.Is(err, ledger.ErrNotEnough) {
			t.Errorf("moved more than there is: %v", err)
		}
	})
}

func TestClosedAccountAndPeriod(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		a := w.accounts[0]
		ctx := context.Background()
		april := clock.MakeDay(2026, 4, 30)
		mark := func(from, to clock.Day, state string) error {
			return w.db.InTx(ctx, func(tx *storage.Tx) error { return ledger.MarkPeriod(tx, w.village, from, to, state, 1, noon) })
		}
		if err := mark(clock.MakeDay(2026, 4, 1), april, ledger.PeriodClosed); !errors.Is(err, ledger.ErrPeriodOrder) {
			t.Errorf("closed without grace: %v", err)
		}
		for _, state := range []string{ledger.PeriodGrace, ledger.PeriodClosed} {
			if err := mark(clock.MakeDay(2026, 4, 1), april, state); err != nil {
				t.Fatal(err)
			}
		}
		if err := mark(clock.MakeDay(2026, 6, 1), clock.MakeDay(2026, 6, 30), ledger.PeriodGrace); !errors.Is(err, ledger.ErrPeriodOrder) {
			t.Errorf("closed with a gap: %v", err)
		}
		err := w.db.InTx(ctx, func(tx *storage.Tx) error {
			for occurred, want := range map[clock.Day]clock.Day{april: april.Add(1), day: day} {
				got, err := ledger.CountedOn(tx, w.village, occurred)
				if err != nil || got != want {
					t.Errorf("a deed of %s counts on %s (%v), want %s", occurred, got, err, want)
				}
			}
			return ledger.CloseAccount(tx, w.village, a, day)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.post(w.award("late", a, 100)); !errors.Is(err, ledger.ErrAccountClosed) {
			t.Errorf("posted to a closed account: %v", err)
		}
	})
}

// A batch of 500 with two wallets stays within a handful of statements.
func TestBatchStatements(t *testing.T) {
	each(t, 500, func(t *testing.T, w *world) {
		batch := func(round string) []ledger.Posting {
			ps := make([]ledger.Posting, len(w.accounts))
			for i, a := range w.accounts {
				ps[i] = w.award(fmt.Sprintf("%s-%d", round, i), a, points.Amount(100+100*(i%4)))
			}
			return ps
		}
		w.must(batch("first")...) // makes the rows
		ctx, n := storage.CountStatements(context.Background())
		err := w.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Post(tx, w.book, batch("second")...)
			return err
		})
		// guard 1, balances 1, 1000 entries in blocks of 100, four amounts: balances 4 and totals 4, outbox 1
		if err != nil || n.Load() > 21 {
			t.Errorf("%d statements (%v)", n.Load(), err)
		}
		ctx, n = storage.CountStatements(context.Background())
		err = w.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Post(tx, w.book, w.award("single", w.accounts[0], 100))
			return err
		})
		// guard, balances, entries, move balances, move totals, outbox
		if err != nil || n.Load() > 6 {
			t.Errorf("a single award: %d statements (%v)", n.Load(), err)
		}
	})
}

func TestConcurrentPostsAndSpends(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		for i, a := range w.accounts {
			w.must(w.award(fmt.Sprintf("start%d", i), a, 5000))
		}
		var wg sync.WaitGroup
		spent := make([]points.Amount, 16)
		for g := range 16 {
			wg.Go(func() {
				for i := range 12 {
					a := w.accounts[(g+i)%len(w.accounts)]
					ref := fmt.Sprintf("g%d-%d", g, i)
					switch i % 3 {
					case 0:
						if _, err := w.post(w.award(ref, a, 100), w.award(ref+"b", w.accounts[(g+i+1)%len(w.accounts)], 100)); err != nil {
							t.Errorf("award: %v", err)
						}
					default:
						_, err := w.spend(ledger.Redeem, ref, a, 400)
						switch {
						case err == nil:
							spent[g] += 400
						case !errors.Is(err, ledger.ErrNotEnough):
							t.Errorf("spend: %v", err)
						}
					}
				}
			})
		}
		wg.Wait()
		var left, out points.Amount
		for _, a := range w.accounts {
			b := w.balance(a, "spend", ledger.Available)
			if b < 0 {
				t.Errorf("overspent: %s", b)
			}
			left += b
		}
		for _, s := range spent {
			out += s
		}
		if want := points.Amount(4*5000+16*4*200) - out; left != want {
			t.Errorf("left %s, want %s", left, want)
		}
	})
}

// The same reference from twenty callers is posted once.
func TestConcurrentSameReference(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 20 {
			wg.Go(func() {
				_, err := w.post(w.award("one", w.accounts[0], 100))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !errors.Is(err, ledger.ErrPosted) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if done != 1 {
			t.Errorf("posted %d times", done)
		}
		w.want(w.accounts[0], "spend", ledger.Available, 100)
	})
}

// Two servers run the nightly expiry at once: every lot ends once, held points keep their date.
func TestExpireLots(t *testing.T) {
	each(t, 30, func(t *testing.T, w *world) {
		for i, a := range w.accounts {
			w.must(w.posting(ledger.Prize, fmt.Sprintf("old%d", i), ledger.Line{Account: a, Wallet: "spend", Amount: 100, ExpiresOn: day.Add(-1)}),
				w.posting(ledger.Prize, fmt.Sprintf("new%d", i), ledger.Line{Account: a, Wallet: "spend", Amount: 50, ExpiresOn: day}))
		}
		w.must(w.posting(ledger.Hold, "h", ledger.Line{Account: w.accounts[0], Wallet: "spend", Amount: -40, ExpiresOn: day.Add(-1), To: ledger.Held}))
		var wg sync.WaitGroup
		var done [2]int
		for i := range done {
			wg.Go(func() {
				n, err := ledger.ExpireLots(context.Background(), w.db, noon)
				if err != nil {
					t.Error(err)
				}
				done[i] = n
			})
		}
		wg.Wait()
		if done[0]+done[1] != len(w.accounts) {
			t.Errorf("expired %v of %d", done, len(w.accounts))
		}
		w.want(w.accounts[0], "spend", ledger.Available, 50)
		w.want(w.accounts[0], "spend", ledger.Held, 40)
		w.want(w.accounts[1], "spend", ledger.Available, 50)
	})
}

// One Post moves the same account several times: each line sees what the ones before it left.
func TestLinesOfOnePostSeeEachOther(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.award("c1", a, 300), w.award("c2", a, 200))
		w.want(a, "year", ledger.Available, 500)
		w.wantTotal(a, clock.MonthSpan(day), 500)
		w.wantTotal(a, clock.YearSpan(day), 500)
		w.must(w.posting(ledger.Prize, "p1", ledger.Line{Account: a, Wallet: "gift", Amount: 100, ExpiresOn: day.Add(3)}),
			w.posting(ledger.Prize, "p2", ledger.Line{Account: a, Wallet: "gift", Amount: 100, ExpiresOn: day.Add(9)}))
		posted := w.must(w.posting(ledger.Redeem, "r1", ledger.Line{Account: a, Wallet: "gift", Amount: -70}, ledger.Line{Account: a, Wallet: "gift", Amount: -70}))
		var parts []string
		for _, e := range posted[0].Entries {
			parts = append(parts, fmt.Sprintf("%s until %s", e.Amount, e.ExpiresOn))
		}
		want := fmt.Sprintf("[-0.7 until %s -0.3 until %s -0.4 until %s]", day.Add(3), day.Add(3), day.Add(9))
		if fmt.Sprint(parts) != want {
			t.Errorf("drawn %v, want %s", parts, want)
		}
	})
}

// A reversal takes back the points it gave, not those of a lot that would be drawn first.
func TestReversalLeavesOtherLotsAlone(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.award("c1", a, 100), w.posting(ledger.Prize, "p1", ledger.Line{Account: a, Wallet: "spend", Amount: 100, ExpiresOn: day.Add(5)}))
		if err := w.reverse(ledger.Award, "c1"); err != nil {
			t.Fatal(err)
		}
		if rows := dbtest.Rows(t, w.db, "SELECT amount FROM lots"); fmt.Sprint(rows) != "[100]" {
			t.Errorf("lots %v", rows)
		}
	})
}

// Emptying a wallet that is in debt leaves the debt: a reset gives no points.
func TestZeroLeavesDebt(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		a := w.accounts[0]
		w.must(w.posting(ledger.Adjust, "x", ledger.Line{Account: a, Wallet: "spend", Amount: -300}))
		w.must(w.posting(ledger.Adjust, "y", ledger.Line{Account: a, Wallet: "spend", Intent: scheme.Zero}))
		w.want(a, "spend", ledger.Available, -300)
	})
}

// A deduction before the nightly job takes no points whose day is over: the job would take them once more, into debt.
func TestDeductionLeavesExpiredLotsAlone(t *testing.T) {
	for name, intent := range map[string]scheme.Intent{"stop at floor": scheme.StopAtFloor, "zero": scheme.Zero} {
		t.Run(name, func(t *testing.T) {
			each(t, 1, func(t *testing.T, w *world) {
				a := w.accounts[0]
				w.must(w.posting(ledger.Prize, "old", ledger.Line{Account: a, Wallet: "spend", Amount: 100, ExpiresOn: day.Add(-1)}), w.award("new", a, 30))
				w.must(w.posting(ledger.Deduct, "d", ledger.Line{Account: a, Wallet: "spend", Amount: -90, Intent: intent}))
				if n, err := ledger.ExpireLots(t.Context(), w.db, noon); err != nil || n != 1 {
					t.Fatalf("%d lots expired: %v", n, err)
				}
				w.want(a, "spend", ledger.Available, 0)
			})
		})
	}
}

// A succession takes over points of a wallet that the rules of today no longer have.
func TestMoveOfAWalletThatLeftTheScheme(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		from, to := w.accounts[0], w.accounts[1]
		w.must(w.posting(ledger.Prize, "p", ledger.Line{Account: from, Wallet: "gift", Amount: 100}))
		s, problems := scheme.Parse([]byte(strings.Replace(rules, "  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 1}\n", "", 1)))
		if s == nil {
			t.Fatal(problems)
		}
		w.book = s
		w.must(w.posting(ledger.Succession, "s", ledger.Line{Account: from, Wallet: "gift", Amount: -100, ToAccount: to}))
		w.want(from, "gift", ledger.Available, 0)
		w.want(to, "gift", ledger.Available, 100)
		if _, err := w.post(w.posting(ledger.Prize, "x", ledger.Line{Account: to, Wallet: "coin", Amount: 1})); err == nil {
			t.Error("a wallet that never was took points")
		}
	})
}

// One closed account among many refuses the whole batch.
func TestBatchWithAClosedAccount(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		err := w.db.InTx(context.Background(), func(tx *storage.Tx) error { return ledger.CloseAccount(tx, w.village, w.accounts[1], day) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.post(w.award("a", w.accounts[0], 100), w.award("b", w.accounts[1], 100), w.award("c", w.accounts[2], 100)); !errors.Is(err, ledger.ErrAccountClosed) {
			t.Errorf("posted: %v", err)
		}
		w.want(w.accounts[0], "spend", ledger.Available, 0)
	})
}

// A wallet's floor is what a redemption leaves and where a deduction stops.
func TestFloorAboveZero(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		s, problems := scheme.Parse([]byte(strings.Replace(rules, "code: spend, name: 可兑积分, kind: spend, floor: 0", "code: spend, name: 可兑积分, kind: spend, floor: 1", 1)))
		if s == nil {
			t.Fatal(problems)
		}
		w.book = s
		a := w.accounts[0]
		w.must(w.award("c1", a, 300))
		if _, err := w.spend(ledger.Redeem, "s1", a, 201); !errors.Is(err, ledger.ErrNotEnough) {
			t.Errorf("spent below the floor: %v", err)
		}
		if _, err := w.spend(ledger.Redeem, "s2", a, 50); err != nil {
			t.Error(err)
		}
		w.must(w.deduct("d1", a, 900))
		w.want(a, "spend", ledger.Available, 100)
		ledgertest.Audit(t, db)
	})
}
