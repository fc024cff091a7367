package report

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// model folds all entries of the first village in the plainest way: one after the other, nothing kept from before.
func (w *world) model() map[clock.Span]*month {
	w.t.Helper()
	rows, err := w.db.Query(ctx, "SELECT kind, ref, account_id, wallet, class, amount, counted_on, case_id, posting_id FROM entries WHERE village_id = ? ORDER BY id", w.villages[0])
	type entry struct {
		kind, ref, wallet, class string
		account, deed, posting   id.ID
		amount                   points.Amount
		on                       clock.Day
	}
	var all []entry
	must(w.t, each(rows, err, func(r *sql.Rows) error {
		var e entry
		err := r.Scan(&e.kind, &e.ref, &e.account, &e.wallet, &e.class, &e.amount, &e.on, &e.deed, &e.posting)
		all = append(all, e)
		return err
	}))
	out := map[clock.Span]*month{}
	homes := map[clock.Span]map[id.ID]int64{}
	cases := map[clock.Span]map[id.ID]bool{}
	charged := map[id.ID]bool{} // cases that were posted as deductions
	for _, e := range all {
		if e.kind == "deduct" {
			charged[e.deed] = true
		}
	}
	for _, e := range all {
		kind := e.kind
		undoes := kind == "reverse"
		if undoes {
			kind, _, _ = strings.Cut(e.ref, ":")
		}
		for _, span := range []clock.Span{clock.MonthSpan(e.on), clock.YearSpan(e.on)} {
			if out[span] == nil {
				out[span] = &month{span: span, classes: map[string]*Class{}}
				homes[span], cases[span] = map[id.ID]int64{}, map[id.ID]bool{}
			}
			m := out[span]
			m.entries++
			deed := kind == "award" || kind == "deduct" || kind == "adjust"
			bad := kind == "deduct" || kind == "adjust" && charged[e.deed]
			if kind == "award" || kind == "deduct" {
				n := int64(1)
				if undoes {
					n = -1
				} else {
					cases[span][cmp.Or(e.deed, e.posting)] = true
				}
				homes[span][e.account] += n
			}
			switch {
			case e.wallet == "year" && deed:
				if m.classes[e.class] == nil {
					m.classes[e.class] = &Class{}
				}
				if bad {
					m.Lost -= e.amount
					m.classes[e.class].Lost -= e.amount
				} else {
					m.Earned += e.amount
					m.classes[e.class].Earned += e.amount
				}
			case e.wallet == "honour" || e.wallet == "year":
			case bad:
				m.Deducted -= e.amount
			case kind == "award" || kind == "grant" || kind == "prize" || kind == "adjust":
				m.Issued += e.amount
			case kind == "redeem":
				m.Redeemed -= e.amount
			case kind == "expire" || kind == "reset" || kind == "carry":
				m.Expired -= e.amount
			default:
				m.Other += e.amount
			}
		}
	}
	for span, m := range out {
		m.Active, m.Deeds = standing(homes[span]), int64(len(cases[span]))
		m.Households = int64(len(w.households))
		m.rate()
	}
	return out
}

// same compares what is stored with the model. Months in which nothing happened have a row or not.
func (w *world) same() {
	w.t.Helper()
	want := w.model()
	got, err := readMonths(func(q string, a ...any) (*sql.Rows, error) { return w.db.Query(ctx, q, a...) }, "village_id = ?", w.villages[0])
	must(w.t, err)
	for span, m := range got {
		if want[span] == nil {
			want[span] = &month{span: span, Figures: Figures{Households: int64(len(w.households))}}
			if m.span.Last() < clock.MakeDay(2025, 1, 2) {
				want[span].Households = 0
			}
		}
	}
	var held points.Amount
	for _, span := range slices.Sorted(maps.Keys(want)) {
		if span%100 != 0 {
			held += want[span].net()
			want[span].Outstanding, want[clock.YearSpan(span.First())].Outstanding = held, held
		}
	}
	for _, span := range slices.Sorted(maps.Keys(want)) {
		m := *want[span]
		classes := m.classes
		m.classes, m.LateReviews = nil, 0
		if got[span] == nil {
			w.t.Fatalf("%s is missing", span)
		}
		if !reflect.DeepEqual(*got[span], m) {
			w.t.Fatalf("%s:\nstored %+v\nfolded %+v", span, *got[span], m)
		}
		if span%100 == 0 {
			continue
		}
		stored := dbtest.Rows(w.t, w.db, fmt.Sprintf("SELECT class, earned, lost FROM report_classes WHERE village_id = %d AND span = %d ORDER BY class", w.villages[0], span))
		var direct []string
		for _, code := range slices.Sorted(maps.Keys(classes)) {
			if c := classes[code]; c.Earned != 0 || c.Lost != 0 {
				direct = append(direct, fmt.Sprintf("%s|%d|%d", code, c.Earned, c.Lost))
			}
		}
		if !slices.Equal(stored, direct) {
			w.t.Fatalf("classes of %s: stored %v, folded %v", span, stored, direct)
		}
	}
	// what people hold at the end of each month and year, and in their hands now, is what came in and did not go out
	var now points.Amount
	must(w.t, w.db.QueryRow(ctx, "SELECT outstanding FROM report_villages WHERE village_id = ?", w.villages[0]).Scan(&now))
	if now != held {
		w.t.Fatalf("the months leave %s, the balances hold %s", held, now)
	}
}

// Whatever is posted between roll-ups, late or early, what is stored equals a fold of all entries, and a roll-up from
// nothing gives the same again.
func TestRollUpIsTheFold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				w.step(r)
			}
			w.roll()
			w.same()
		})
		before := w.dump()
		for _, table := range []string{"villages", "months", "classes", "goods", "days"} {
			must(t, db.InTx(ctx, func(tx *storage.Tx) error { _, err := tx.Exec("DELETE FROM report_" + table); return err }))
		}
		w.roll()
		if after := w.dump(); !slices.Equal(before, after) {
			t.Errorf("from nothing:\n%s\nby and by:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
		ledgertest.Audit(t, db)
	})
}

// dump is everything stored but the months before the first entry, and rev.
func (w *world) dump() []string {
	var all []string
	for _, q := range []string{"SELECT village_id, on_day, households, accounts, outstanding, waiting FROM report_villages ORDER BY village_id",
		"SELECT * FROM report_months ORDER BY village_id, span", "SELECT * FROM report_classes ORDER BY village_id, span, class",
		"SELECT * FROM report_goods ORDER BY village_id, span, goods_id", "SELECT * FROM report_days ORDER BY village_id, on_day"} {
		all = append(all, dbtest.Rows(w.t, w.db, q)...)
	}
	return all
}

// undoable are the postings of a world that were not reversed.
var undoable = map[*world][]string{}

func (w *world) step(r *rapid.T) {
	on := today.Add(-rapid.IntRange(0, 500).Draw(r, "age"))
	home := rapid.SampledFrom(w.households).Draw(r, "home")
	amount := points.Amount(rapid.Int64Range(1, 3000).Draw(r, "amount"))
	class := rapid.SampledFrom([]string{"eco", "civil"}).Draw(r, "class")
	simple := func(kind ledger.Kind, wallet string, amount points.Amount) {
		w.post(ledger.Posting{Kind: kind, Ref: w.ref(), Occurred: on, Counted: on, Lines: []ledger.Line{{Account: home, Wallet: wallet, Amount: amount}}})
	}
	switch rapid.IntRange(0, 11).Draw(r, "verb") {
	case 0, 1, 2:
		undoable[w] = append(undoable[w], "award:"+w.deed(home, class, amount, on))
	case 3:
		undoable[w] = append(undoable[w], "deduct:"+w.deed(home, class, -amount, on))
	case 4: // waits for publication: pending, then available
		p := ledger.Posting{Kind: ledger.Award, Ref: w.ref(), Occurred: on, Counted: on, Class: class, Case: w.db.NewID(), Lines: []ledger.Line{
			{Account: home, Wallet: "spend", Bucket: ledger.Pending, Amount: amount}, {Account: home, Wallet: "year", Bucket: ledger.Pending, Amount: amount}}}
		w.post(p)
		p.Kind, p.Lines = ledger.Effect, []ledger.Line{{Account: home, Wallet: "spend", Bucket: ledger.Pending, Amount: -amount, To: ledger.Available},
			{Account: home, Wallet: "year", Bucket: ledger.Pending, Amount: -amount, To: ledger.Available}}
		w.post(p)
	case 5: // an award that is corrected, and a deduction
		for _, sign := range []points.Amount{1, -1} {
			p := ledger.Posting{Kind: ledger.Award, Ref: w.ref(), Occurred: on, Counted: on, Class: class, Case: w.db.NewID(),
				Lines: []ledger.Line{{Account: home, Wallet: "spend", Amount: sign * amount}, {Account: home, Wallet: "year", Amount: sign * amount}}}
			if sign < 0 {
				p.Kind = ledger.Deduct
			}
			w.post(p)
			p.Kind, p.Ref = ledger.Adjust, w.ref()
			p.Counted = today
			for i := range p.Lines {
				p.Lines[i].Amount = -sign * (amount / 2)
			}
			w.post(p)
		}
	case 6:
		simple(ledger.Opening, "gift", amount)
		simple(ledger.Prize, "spend", amount)
		simple(ledger.Award, "honour", amount)
	case 7:
		simple(ledger.Expire, "gift", -amount)
	case 8:
		simple(ledger.Reset, "spend", -amount)
		simple(ledger.Carry, "gift", amount/2)
	case 9:
		w.deed(home, class, amount, on)
		p := ledger.Posting{Village: w.villages[0], Kind: ledger.Redeem, Ref: w.ref(), At: w.now(), Title: "兑换", Occurred: today, Counted: today}
		err := w.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := ledger.Spend(tx, w.book, p, home, amount/2)
			return err
		})
		if err == nil && amount/2 > 0 {
			undoable[w] = append(undoable[w], "redeem:"+p.Ref)
		}
	case 10:
		to := w.households[0]
		if to != home {
			w.deed(home, class, amount, on)
			p := ledger.Posting{Village: w.villages[0], Kind: ledger.Succession, Ref: w.ref(), At: w.now(), Title: "分户", Occurred: on, Counted: on,
				Lines: []ledger.Line{{Account: home, Wallet: "spend", Amount: -1, ToAccount: to}}}
			_ = w.db.InTx(ctx, func(tx *storage.Tx) error { _, err := ledger.Post(tx, w.book, p); return err })
		}
	case 11:
		if n := len(undoable[w]); n > 0 {
			i := rapid.IntRange(0, n-1).Draw(r, "which")
			kind, ref, _ := strings.Cut(undoable[w][i], ":")
			undoable[w] = slices.Delete(undoable[w], i, i+1)
			w.undo(ledger.Kind(kind), ref)
		}
	}
}
