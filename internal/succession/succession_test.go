package succession

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
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
title: 变更试验细则
subject: household
wallets:
  - {code: gift, name: 礼品积分, kind: spend, floor: 0, order: 1}
  - {code: spend, name: 可兑积分, kind: spend, order: 2, debt: true}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

type world struct {
	*Service
	t       *testing.T
	db      *storage.DB
	v       *village.Service
	book    *scheme.Scheme
	village id.ID
	groups  [2]id.ID
	today   clock.Day
	n       int
	mu      sync.Mutex
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, db *storage.DB) *world {
	ctx := context.Background()
	w := &world{t: t, db: db, today: clock.MakeDay(2026, 3, 1)}
	now := func() time.Time { return w.today.Start().Add(10 * time.Hour) }
	book, problems := scheme.Parse([]byte(rules))
	if book == nil {
		t.Fatalf("%+v", problems)
	}
	w.book = book
	w.v = village.New(db, now, ledger.OpenAccounts)
	w.Service = New(db, now, w.v, func(context.Context, id.ID, clock.Day) (*scheme.Scheme, error) { return book, nil })
	start := clock.MakeDay(2020, 1, 1)
	county, err := w.v.CreateCounty(ctx, village.NewRegion{Code: db.NewID().String(), Name: "县", From: start})
	must(t, err)
	town, err := w.v.CreateTown(ctx, county.ID, village.NewRegion{Code: "1", Name: "镇", From: start})
	must(t, err)
	vil, err := w.v.CreateVillage(ctx, town.ID, village.NewRegion{Code: "1", Name: "林源村", From: start})
	must(t, err)
	w.village = vil.ID
	for i := range w.groups {
		g, err := w.v.CreateGroup(ctx, vil.ID, village.NewRegion{Code: fmt.Sprint(i), Name: fmt.Sprintf("%d组", i+1), From: start})
		must(t, err)
		w.groups[i] = g.ID
	}
	t.Cleanup(func() { ledgertest.Audit(t, db) })
	return w
}

// home enters a household and answers its id and its members' ids.
func (w *world) home(number string, names ...string) (id.ID, []id.ID) {
	w.t.Helper()
	n := village.NewHousehold{Number: number, Group: w.groups[0]}
	for i, name := range names {
		n.Members = append(n.Members, village.NewMember{Name: name, Relation: []string{village.Head, "儿子"}[min(i, 1)]})
	}
	h, _, err := w.v.CreateHousehold(context.Background(), village.Write{Village: w.village, By: 1}, n)
	must(w.t, err)
	var people []id.ID
	must(w.t, w.db.InTx(context.Background(), func(tx *storage.Tx) error {
		ms, err := w.v.OpenMembers(tx, w.village, h)
		people = nil
		for _, m := range ms {
			people = append(people, m.Member)
		}
		return err
	}))
	return h, people
}

// give posts points of wallets to an account.
func (w *world) give(account id.ID, kind ledger.Kind, lines ...ledger.Line) {
	w.t.Helper()
	w.n++
	for i := range lines {
		lines[i].Account = account
	}
	p := ledger.Posting{Village: w.village, Kind: kind, Ref: fmt.Sprint("t", w.n), At: w.today.Start(), Counted: w.today, Title: "试", Lines: lines}
	must(w.t, w.db.InTx(context.Background(), func(tx *storage.Tx) error { _, err := ledger.Post(tx, w.book, p); return err }))
}

func (w *world) balance(account id.ID) string {
	w.t.Helper()
	bs, err := ledger.Balances(context.Background(), w.db, account)
	must(w.t, err)
	var parts []string
	for _, b := range bs {
		if b.Amount != 0 {
			parts = append(parts, b.Wallet+" "+b.Amount.String())
		}
	}
	return strings.Join(parts, ", ")
}

func (w *world) act() Act {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return Act{RequestID: fmt.Sprintf("request-%016d", w.n), DecidedBy: "户主协商一致"}
}

func (w *world) open(account id.ID) bool {
	return dbtest.Rows(w.t, w.db, "SELECT closed_on FROM accounts WHERE id = ?", account)[0] == "99991231"
}

func TestSplit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newWorld(t, db)
		h, people := w.home("001", "张三", "张四", "张五")
		w.give(h, ledger.Award, ledger.Line{Wallet: "spend", Amount: 1000}, ledger.Line{Wallet: "year", Amount: 1000}, ledger.Line{Wallet: "gift", Amount: 100, ExpiresOn: w.today.AddMonths(6)},
			ledger.Line{Wallet: "gift", Amount: 700, ExpiresOn: w.today.AddMonths(1)})
		w.today = w.today.AddMonths(2) // 7 gift points have lapsed and cannot be shared
		in := Split{Act: w.act(), From: h, Number: "001-2", Group: w.groups[1], KeepParts: 2, GoParts: 1,
			Members: []Placement{{people[0], village.Head}, {people[2], "儿子"}}, NewHead: people[1]}
		rec, err := w.split(ctx, 1, w.village, in)
		must(t, err)
		made := rec.Parts[1].Owner
		if got := w.balance(made); got != "gift 0.33, spend 3.33" {
			t.Errorf("the new household has %s", got)
		}
		if got := w.balance(h); got != "gift 7.67, spend 6.67, year 10" {
			t.Errorf("the old household has %s", got)
		}
		d, err := w.v.Detail(ctx, w.village, made, w.today)
		must(t, err)
		if d.Number != "001-2" || d.Name != "张三" || d.GroupName != "2组" || len(d.People) != 2 {
			t.Errorf("%+v", d)
		}
		d, err = w.v.Detail(ctx, w.village, h, w.today)
		must(t, err)
		if d.Name != "张四" || len(d.People) != 1 || d.People[0].Relation != village.Head {
			t.Errorf("%+v", d)
		}
		if past, err := w.v.Detail(ctx, w.village, h, w.today.Add(-1)); err != nil || len(past.People) != 3 {
			t.Errorf("the day before: %+v %v", past, err)
		}
		again, err := w.split(ctx, 1, w.village, in)
		if err != nil || !again.Repeated || again.ID != rec.ID || len(again.Moved) != len(rec.Moved) {
			t.Errorf("a repeat: %+v %v", again, err)
		}
		in.Note = "x"
		if _, err := w.split(ctx, 1, w.village, in); !errors.Is(err, storage.ErrRequestReused) {
			t.Errorf("the same request id with other content: %v", err)
		}
	})
}

func TestSplitRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		h, people := w.home("001", "张三", "张四")
		_, others := w.home("002", "李三")
		w.give(h, ledger.Award, ledger.Line{Wallet: "spend", Amount: 1000})
		before := fmt.Sprint(dbtest.Rows(t, db, "SELECT * FROM memberships ORDER BY id"), dbtest.Rows(t, db, "SELECT * FROM households ORDER BY id"), dbtest.Rows(t, db, "SELECT account_id, amount FROM entries"))
		for name, c := range map[string]struct {
			change func(*Split)
			want   error
		}{
			"number taken":        {func(s *Split) { s.Number = "002" }, village.ErrNumberTaken},
			"member of another":   {func(s *Split) { s.Members[0].Member = others[0] }, village.ErrNoMember},
			"nobody stays":        {func(s *Split) { s.Members = append(s.Members, Placement{people[0], "父亲"}) }, ErrInvalid},
			"no head":             {func(s *Split) { s.Members[0].Relation = "儿子" }, ErrInvalid},
			"head leaves, no new": {func(s *Split) { s.Members[0].Member = people[0] }, ErrInvalid},
			"negative parts":      {func(s *Split) { s.KeepParts = -1 }, ErrShares},
			"too many parts":      {func(s *Split) { s.GoParts = 1001 }, ErrShares},
			"nobody decided":      {func(s *Split) { s.DecidedBy = "" }, ErrInvalid},
			"tomorrow":            {func(s *Split) { s.On = w.today.Add(1) }, ErrInvalid},
			"before it was":       {func(s *Split) { s.On = w.today.Add(-1) }, village.ErrBadDay},
			"no request id":       {func(s *Split) { s.RequestID = "" }, storage.ErrRequestID},
			"no such household":   {func(s *Split) { s.From = 5 }, ledger.ErrAccountClosed},
			"foreign group":       {func(s *Split) { s.Group = 5 }, village.ErrNoGroup},
		} {
			in := Split{Act: w.act(), From: h, Number: "003", Group: w.groups[0], Members: []Placement{{people[1], village.Head}}, GoParts: 1, KeepParts: 1}
			c.change(&in)
			if _, err := w.split(context.Background(), 1, w.village, in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after := fmt.Sprint(dbtest.Rows(t, db, "SELECT * FROM memberships ORDER BY id"), dbtest.Rows(t, db, "SELECT * FROM households ORDER BY id"), dbtest.Rows(t, db, "SELECT account_id, amount FROM entries")); after != before {
			t.Error("a refused split changed something")
		}
	})
}

func TestTwoSplitsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		h, people := w.home("001", "张三", "张四", "张五")
		w.give(h, ledger.Award, ledger.Line{Wallet: "spend", Amount: 900})
		var wg sync.WaitGroup
		errsAt := make([]error, 8)
		for i := range errsAt { // half of them take 张四, half 张五; each may leave once
			wg.Go(func() {
				_, errsAt[i] = w.split(context.Background(), 1, w.village, Split{Act: w.act(), From: h, Number: fmt.Sprint("1", i), Group: w.groups[0],
					Members: []Placement{{people[1+i%2], village.Head}}, KeepParts: 1, GoParts: 1})
			})
		}
		wg.Wait()
		good := 0
		for _, err := range errsAt {
			if err == nil {
				good++
			} else if !errors.Is(err, village.ErrNoMember) {
				t.Error(err)
			}
		}
		if good != 2 || w.balance(h) != "spend 2.25" {
			t.Errorf("%d splits, %s left", good, w.balance(h))
		}
	})
}

func TestMerge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newWorld(t, db)
		a, _ := w.home("001", "张三")
		b, bs := w.home("002", "李四", "李五")
		c, _ := w.home("003", "王六")
		w.give(a, ledger.Award, ledger.Line{Wallet: "spend", Amount: 100}, ledger.Line{Wallet: "year", Amount: 500})
		w.give(b, ledger.Award, ledger.Line{Wallet: "spend", Amount: 300}, ledger.Line{Wallet: "year", Amount: 300}, ledger.Line{Wallet: "gift", Amount: 5})
		w.give(c, ledger.Deduct, ledger.Line{Wallet: "spend", Amount: -250}, ledger.Line{Wallet: "year", Amount: -250})
		w.today = w.today.Add(30)
		if _, err := w.merge(ctx, 1, w.village, Merge{Act: w.act(), From: []id.ID{c}, To: a}); !errors.Is(err, ErrDebt) {
			t.Fatalf("a debt that cannot be made good: %v", err)
		}
		w.give(b, ledger.Hold, ledger.Line{Wallet: "gift", Amount: -5, To: ledger.Held})
		if _, err := w.merge(ctx, 1, w.village, Merge{Act: w.act(), From: []id.ID{b, c}, To: a}); !errors.Is(err, ErrOpen) {
			t.Fatalf("reserved points: %v", err)
		}
		w.give(b, ledger.Release, ledger.Line{Wallet: "gift", Bucket: ledger.Held, Amount: -5, To: ledger.Available})
		rec, err := w.merge(ctx, 1, w.village, Merge{Act: w.act(), From: []id.ID{b, c}, To: a, Relations: []Placement{{bs[0], "兄弟"}}})
		must(t, err)
		if got := w.balance(a); got != "gift 0.05, spend 1.5, year 5" {
			t.Errorf("the merged household has %s: %+v", got, rec.Moved)
		}
		if w.balance(b) != "year 3" || w.balance(c) != "year -2.5" || w.open(b) || w.open(c) || !w.open(a) {
			t.Errorf("ended accounts: %s; %s", w.balance(b), w.balance(c))
		}
		for _, number := range []string{"002", "003"} {
			if found, err := w.v.ByNumber(ctx, w.village, number, w.today); err != nil || found[0].ID != a {
				t.Errorf("old number %s: %+v %v", number, found, err)
			}
		}
		d, err := w.v.Detail(ctx, w.village, a, w.today)
		must(t, err)
		if len(d.People) != 4 || d.Name != "张三" || len(d.Aliases) != 2 {
			t.Errorf("%+v", d)
		}
		err = db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Post(tx, w.book, ledger.Posting{Village: w.village, Kind: ledger.Award, Ref: "late", At: w.today.Start(), Counted: w.today, Lines: []ledger.Line{{Account: b, Wallet: "spend", Amount: 1}}})
			return err
		})
		if !errors.Is(err, ledger.ErrAccountClosed) {
			t.Errorf("posting to a closed account: %v", err)
		}
	})
}

func TestDeathMoveAndDissolution(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newWorld(t, db)
		h, ps := w.home("001", "张三", "张四")
		alone, last := w.home("002", "李四")
		gone, _ := w.home("003", "王六", "王七")
		w.give(ps[0], ledger.Award, ledger.Line{Wallet: "spend", Amount: 1001})
		w.give(alone, ledger.Award, ledger.Line{Wallet: "spend", Amount: 70}, ledger.Line{Wallet: "year", Amount: 70})
		w.give(gone, ledger.Award, ledger.Line{Wallet: "spend", Amount: 40})
		w.today = w.today.Add(30)

		if _, err := w.death(ctx, 1, w.village, Death{Act: w.act(), Household: h, Member: ps[0]}); !errors.Is(err, ErrInvalid) {
			t.Errorf("a householder's death without a successor: %v", err)
		}
		_, err := w.death(ctx, 1, w.village, Death{Act: w.act(), Household: h, Member: ps[0], NewHead: ps[1], Shares: []Share{{ps[1], 1}, {h, 1}}})
		must(t, err)
		if w.balance(ps[1]) != "spend 5.01" || w.balance(h) != "spend 5" || w.balance(ps[0]) != "" || w.open(ps[0]) || !w.open(h) {
			t.Errorf("%s; %s; %s", w.balance(ps[1]), w.balance(h), w.balance(ps[0]))
		}
		if _, err := w.v.Subjects(ctx, w.village, w.today, []id.ID{ps[0]}); !errors.Is(err, village.ErrNotInForce) {
			t.Errorf("the dead are still there: %v", err)
		}
		if s, err := w.v.Subjects(ctx, w.village, w.today.Add(-1), []id.ID{ps[0]}); err != nil || s[0].Household != h {
			t.Errorf("the day before: %+v %v", s, err)
		}

		if _, err := w.death(ctx, 1, w.village, Death{Act: w.act(), Household: alone, Member: last[0], Shares: []Share{{alone, 1}}}); !errors.Is(err, ErrShares) {
			t.Errorf("points to an account that ends: %v", err)
		}
		_, err = w.death(ctx, 1, w.village, Death{Act: w.act(), Household: alone, Member: last[0], Shares: []Share{{h, 1}}})
		must(t, err)
		if w.balance(h) != "spend 5.7" || w.balance(alone) != "year 0.7" || w.open(alone) {
			t.Errorf("%s; %s", w.balance(h), w.balance(alone))
		}

		_, err = w.move(ctx, 1, w.village, Move{Act: w.act(), Household: h, Group: w.groups[1]})
		must(t, err)
		if s, err := w.v.Subjects(ctx, w.village, w.today, []id.ID{h}); err != nil || s[0].Group != w.groups[1] {
			t.Errorf("%+v %v", s, err)
		}
		rec, err := w.move(ctx, 1, w.village, Move{Act: w.act(), Household: gone})
		must(t, err)
		if w.balance(gone) != "spend 0.4" || w.open(gone) || len(rec.Moved) != 0 {
			t.Errorf("moved away: %s %+v", w.balance(gone), rec)
		}
		if _, err := w.dissolve(ctx, 1, w.village, Dissolve{Act: w.act(), Household: gone}); !errors.Is(err, ledger.ErrAccountClosed) {
			t.Errorf("ended twice: %v", err)
		}
		if _, err := w.dissolve(ctx, 1, w.village, Dissolve{Act: w.act(), Household: h}); err != nil {
			t.Error(err)
		}
		if _, err := w.Split(ctx, access.Actor{}, w.village, Split{From: h}); !errors.Is(err, access.ErrSignIn) {
			t.Errorf("a visitor: %v", err)
		}
	})
}

// Who records a succession must not be the one who gains by it.
func TestSharesToOwnHouseholdAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		own, mine := w.home("001", "张三")
		kin, kins := w.home("002", "张二")
		other, _ := w.home("003", "李四")
		ending, last := w.home("004", "王六")
		w.give(ending, ledger.Award, ledger.Line{Wallet: "spend", Amount: 700})
		_, err := w.v.DeclareKin(t.Context(), village.Write{Village: w.village, By: 1}, mine[0], kin, "兄弟")
		must(t, err)
		now := func() time.Time { return w.today.Start() }
		user := accesstest.User(t, db, "张三")
		accesstest.Grant(t, db, user, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, db, user, w.village, mine[0])
		a := accesstest.Actor(t, db, now, user)
		for name, to := range map[string]id.ID{"own household": own, "oneself": mine[0], "kin": kin, "a member of kin": kins[0]} {
			shares := []Share{{other, 1}, {to, 1}}
			for verb, do := range map[string]func() (Record, error){
				"dissolve": func() (Record, error) {
					return w.Dissolve(t.Context(), a, w.village, Dissolve{Act: w.act(), Household: ending, Shares: shares})
				},
				"move": func() (Record, error) {
					return w.Move(t.Context(), a, w.village, Move{Act: w.act(), Household: ending, Shares: shares})
				},
				"death": func() (Record, error) {
					return w.Death(t.Context(), a, w.village, Death{Act: w.act(), Household: ending, Member: last[0], Shares: shares})
				},
			} {
				if _, err := do(); !errors.Is(err, access.ErrOwn) {
					t.Errorf("%s to %s: %v", verb, name, err)
				}
			}
		}
		_, err = w.Dissolve(t.Context(), a, w.village, Dissolve{Act: w.act(), Household: ending, Shares: []Share{{other, 1}}})
		must(t, err)
		if w.balance(other) != "spend 7" {
			t.Errorf("to others: %s", w.balance(other))
		}
	})
}

func TestDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := points.Amount(rapid.Int64Range(0, int64(points.Max)*1000).Draw(t, "amount"))
		parts := rapid.SliceOfN(rapid.Int64Range(0, maxParts), 1, 50).Draw(t, "parts")
		var sumParts int64
		for _, p := range parts {
			sumParts += p
		}
		got := Divide(amount, parts)
		var sum points.Amount
		for i, g := range got {
			sum += g
			if g < 0 || parts[i] == 0 && g != 0 {
				t.Fatalf("share %d is %d", i, g)
			}
			if sumParts > 0 {
				exact := float64(amount) * float64(parts[i]) / float64(sumParts)
				if d := float64(g) - exact; d > 1.01 || d < -1.01 {
					t.Fatalf("share %d is %d, exactly %f", i, g, exact)
				}
			}
		}
		if sumParts > 0 && sum != amount {
			t.Fatalf("%v add up to %d, not %d", got, sum, amount)
		}
	})
}
