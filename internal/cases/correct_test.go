package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// counted is what each case of a household counts and its state, in order of decision.
func (w *world) counted(household id.ID) []string {
	return dbtest.Rows(w.t, w.db, "SELECT counted, warned, state, revision FROM cases WHERE household_id = ? AND decided_no > 0 ORDER BY decided_no", household)
}

func TestReverseReplaysLaterDecisions(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		h := w.homes[0]
		var cs []id.ID
		for range 6 { // 5, 5, 5, 5, 0, 0 of 20
			cs = append(cs, w.record("sweep", today, h).Items[0].ID)
		}
		w.refuses("own entry", cases.ErrOwnReverse, func() error {
			_, err := w.cases.Reverse(t.Context(), w.member, w.village, cs[1], w.step("登记错了"))
			return err
		})
		w.refuses("no reason", cases.ErrWhy, func() error {
			_, err := w.cases.Reverse(t.Context(), w.second, w.village, cs[1], w.step(""))
			return err
		})
		a, err := w.cases.Reverse(t.Context(), w.second, w.village, cs[1], w.step("登记错了"))
		if err != nil || a.State != cases.Reversed {
			t.Fatalf("%+v %v", a, err)
		}
		want := []string{"500|0|effective|0", "500|0|reversed|0", "500|0|effective|1", "500|0|effective|1", "500|0|effective|1", "0|0|effective|1"}
		if got := w.counted(h); got[0] != want[0] || got[1] != want[1] || got[4][:3] != "500" || got[5][:2] != "0|" {
			t.Errorf("%v, want %v", got, want)
		}
		w.expect(h, 20, 20)
		w.refuses("twice", cases.ErrState, func() error {
			_, err := w.cases.Reverse(t.Context(), w.secretary, w.village, cs[1], w.step("再来"))
			return err
		})
		// Reversing one that was decided anew takes back its adjustment too.
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, cs[4], w.step("登记错了"))
		w.must(err)
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, cs[5], w.step("登记错了"))
		w.must(err)
		w.expect(h, 15, 15)
	})
}

func TestReversedWarningMakesTheNextTheFirst(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		h := w.homes[0]
		w.record("tree", today, h)
		first := w.approved(cases.Request{Item: "trash", Subjects: w.homes, OccurredOn: today.Add(-3)})
		second := w.approved(cases.Request{Item: "trash", Subjects: w.homes, OccurredOn: today.Add(-2)})
		if !first.Warned || second.Points != -10*points.Point {
			t.Fatalf("%+v %+v", first, second)
		}
		w.expect(h, 0, -2) // the spend wallet had 8 and stopped at its floor
		_, err := w.cases.Reverse(t.Context(), w.secretary, w.village, first.ID, w.step("认错人了"))
		w.must(err)
		got, err := w.cases.Get(t.Context(), w.member, w.village, second.ID)
		if err != nil || !got.Warned || got.Points != 0 || got.Revision != 1 {
			t.Errorf("%+v %v", got, err)
		}
		w.expect(h, 8, 8) // exactly what was taken is given back
		if tags := dbtest.Rows(t, w.db, "SELECT case_id FROM tags WHERE kind = 'warning' AND to_day > ?", today); len(tags) != 1 || tags[0] != second.ID.String() {
			t.Errorf("warnings that stand: %v", tags)
		}
	})
}

func TestReverseOfSpentPointsLeavesADebt(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		c := w.record("tree", today, w.homes[0]).Items[0].ID
		v, err := w.rules.InForce(t.Context(), w.village, today)
		w.must(err)
		w.must(w.db.InTx(t.Context(), func(tx *storage.Tx) error {
			_, err := ledger.Spend(tx, v.Scheme, ledger.Posting{Village: w.village, Kind: ledger.Redeem, Ref: "r1", At: w.now(), Counted: today}, w.homes[0], 600)
			return err
		}))
		_, err = w.cases.Reverse(t.Context(), w.second, w.village, c, w.step("登记错了"))
		w.must(err)
		w.expect(w.homes[0], -6, 0)
	})
}

func TestAmend(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		first := w.approved(cases.Request{Item: "praise", Subjects: w.homes, Points: 3000, Note: "救火"})
		second := w.approved(cases.Request{Item: "praise", Subjects: w.homes, Points: 3000, Note: "救人"})
		third := w.approved(cases.Request{Item: "praise", Subjects: w.homes, Points: 1000, Note: "修路"})
		if second.Points != 3000 || third.Points != 0 {
			t.Fatalf("%+v %+v", second, third)
		}
		req := cases.Change{RequestID: w.request(), Points: 2500, Note: strings.Repeat("救火的经过写得很长", 50), Why: "分数给高了"}
		a, err := w.cases.Amend(t.Context(), w.secretary, w.village, first.ID, req)
		if err != nil || a.State != cases.Amended || a.Points != 2500 || a.Revision != 1 {
			t.Fatalf("%+v %v", a, err)
		}
		if a, err = w.cases.Amend(t.Context(), w.secretary, w.village, first.ID, req); err != nil || !a.Repeated {
			t.Errorf("%+v %v", a, err)
		}
		other := req
		other.Note = "救火"
		w.refuses("the same request with another note", storage.ErrRequestReused, func() error {
			_, err := w.cases.Amend(t.Context(), w.secretary, w.village, first.ID, other)
			return err
		})
		w.expect(w.homes[0], 60, 60) // what the first no longer takes is left for the third
		w.refuses("nothing changed", cases.ErrNoChange, func() error {
			_, err := w.cases.Amend(t.Context(), w.secretary, w.village, first.ID, cases.Change{RequestID: w.request(), Points: 2500, Note: req.Note + " ", Why: "再改"})
			return err
		})
		w.refuses("out of range", scheme.ErrCaseInvalid, func() error {
			_, err := w.cases.Amend(t.Context(), w.secretary, w.village, first.ID, cases.Change{RequestID: w.request(), Points: 9900, Note: "x", Why: "错"})
			return err
		})
		_, err = w.cases.Reverse(t.Context(), w.secretary, w.village, first.ID, w.step("没有这回事"))
		w.must(err)
		w.expect(w.homes[0], 40, 40)
	})
}

// TestCorrectionsEqualNeverHavingHadIt records and reverses in random order. What the living cases count must be what
// they would count had the reversed ones never been.
func TestCorrectionsEqualNeverHavingHadIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 0)
		v, err := w.rules.InForce(t.Context(), w.village, today)
		w.must(err)
		items := []string{"sweep", "tree", "clean:a", "clean:d", "trash", "praise", "gamble"}
		rapid.Check(t, func(rt *rapid.T) {
			h := w.household()
			var live []scheme.Case // in order of decision
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				if len(live) > 0 && rapid.IntRange(0, 3).Draw(rt, "reverse") == 0 {
					i := rapid.IntRange(0, len(live)-1).Draw(rt, "which")
					if _, err := w.cases.Reverse(t.Context(), w.secretary, w.village, live[i].ID, w.step("登记错了")); err != nil {
						rt.Fatal(err)
					}
					live = slices.Delete(live, i, i+1)
					continue
				}
				c := scheme.Case{Account: h, Household: h, OccurredOn: today.Add(-rapid.IntRange(0, 30).Draw(rt, "days"))}
				c.Item = rapid.SampledFrom(items).Draw(rt, "item")
				if len(c.Item) > 6 && c.Item[:6] == "clean:" {
					c.Item, c.Grade = "clean", c.Item[6:]
				}
				if c.Item == "praise" {
					c.Points, c.Note = points.Amount(rapid.IntRange(1, 30).Draw(rt, "points"))*points.Point, "好"
				}
				c.ID = w.enter(c)
				live = append(live, c)
			}
			w.sameAsFresh(rt, v.Scheme, h, live)
		})
		w.audit()
	})
}

// enter records a case and has it approved where it waits.
func (w *world) enter(c scheme.Case) id.ID {
	w.t.Helper()
	r, err := w.cases.Record(w.t.Context(), w.member, w.village, cases.Request{RequestID: w.request(), Item: c.Item, Subjects: []id.ID{c.Household},
		OccurredOn: c.OccurredOn, Points: c.Points, Grade: c.Grade, Note: c.Note})
	w.must(err)
	if r.Items[0].State == cases.Submitted {
		_, err = w.cases.Approve(w.t.Context(), w.second, w.village, r.Items[0].ID, w.step(""))
		w.must(err)
	}
	return r.Items[0].ID
}

// sameAsFresh decides the living cases from nothing, in order, and compares.
func (w *world) sameAsFresh(rt *rapid.T, s *scheme.Scheme, household id.ID, live []scheme.Case) {
	facts := scheme.NewFacts(nil)
	var want []string
	var score points.Amount
	for i, c := range live {
		d, err := scheme.Decide(s, c, facts)
		if err != nil {
			rt.Fatal(err)
		}
		facts.Note(s, c, d, int64(i+1))
		want = append(want, fmt.Sprintf("%s|%d|%v", c.ID, int64(d.Counted), map[bool]int{true: 1}[d.Warned]))
		score += d.Counted
	}
	got := dbtest.Rows(w.t, w.db, "SELECT id, counted, warned FROM cases WHERE household_id = ? AND state = 'effective' ORDER BY decided_no", household)
	if !slices.Equal(got, want) {
		rt.Fatalf("got  %v\nwant %v", got, want)
	}
	if y := w.balance(household, "year"); y != score {
		rt.Fatalf("year score %s, want %s", y, score)
	}
}

// TestShutPeriod: what is corrected after a period has been shut counts on the first open day.
func TestShutPeriod(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		may := clock.MakeDay(2026, 5, 30)
		c := w.record("tree", may, w.homes[0]).Items[0].ID
		w.must(w.db.InTx(t.Context(), func(tx *storage.Tx) error {
			return ledger.MarkPeriod(tx, w.village, clock.MakeDay(2026, 1, 1), clock.MakeDay(2026, 5, 31), ledger.PeriodGrace, w.secretary.User(), w.now())
		}))
		_, err := w.cases.Reverse(t.Context(), w.second, w.village, c, w.step("登记错了"))
		w.must(err)
		w.record("free", may, w.homes[0])
		got := dbtest.Rows(t, w.db, "SELECT kind, amount, counted_on FROM entries WHERE wallet = 'year' ORDER BY id")
		if want := []string{"award|800|20260530", "reverse|-800|20260601", "award|300|20260601"}; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
	})
}
