package cases_test

import (
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestReverseInspection: an inspection is taken back as a whole, but for what was reversed before, and later decisions
// that rested on it are made anew.
func TestReverseInspection(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		ctx := t.Context()
		in := w.submitted("a", "b", "d", "")
		reverse := func(a access.Actor, r cases.Step) (cases.Report, error) {
			return w.cases.ReverseInspection(ctx, a, w.village, in.ID, r)
		}
		w.refuses("before it is in effect", cases.ErrState, func() error { _, err := reverse(w.secretary, w.step("查错了")); return err })
		r, err := w.cases.DecideInspection(ctx, w.second, w.village, in.ID, w.step(""))
		w.must(err)
		var late []id.ID // 50 more of the class, of which the inspection's 10 leave 50 and the month's cap allows 60
		for range 6 {
			late = append(late, w.record("tree", today, r.Rows[0].Household).Items[0].ID)
		}
		later := late[len(late)-1]
		if views, err := w.cases.Get(ctx, w.second, w.village, later); err != nil || views.Points != 800 {
			t.Fatalf("%+v %v", views, err)
		}
		seventh := w.record("tree", today, r.Rows[0].Household).Items[0]
		if seventh.Points != 200 { // 10 + 6×8 leave 2 of 60
			t.Fatalf("%+v", seventh)
		}
		_, err = w.cases.Reverse(ctx, w.secretary, w.village, r.Rows[1].Case, w.step("这一户看错了"))
		w.must(err)

		w.refuses("by its author", cases.ErrOwnReverse, func() error { _, err := reverse(w.member, w.step("查错了")); return err })
		w.refuses("without a reason", cases.ErrWhy, func() error { _, err := reverse(w.secretary, w.step(" ")); return err })
		leader := accesstest.Official(t, w.db, w.now, access.GroupLeader, access.Place{Village: w.village})
		w.refuses("by a group leader", access.ErrForbidden, func() error { _, err := reverse(leader, w.step("查错了")); return err })
		user := accesstest.User(t, w.db, "驻村队员")
		accesstest.Grant(t, w.db, user, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, user, w.village, memberOf(t, w, r.Rows[2].Household))
		own := accesstest.Actor(t, w.db, w.now, user)
		w.refuses("own household in it", access.ErrOwn, func() error { _, err := reverse(own, w.step("查错了")); return err })

		step := w.step("检查日期弄错了")
		w.pass(time.Second)
		got, err := reverse(w.secretary, step)
		if err != nil || got.State != cases.Reversed || got.Decided != 2 || got.Skipped != 1 || got.Rows[0].Points != "-10" || got.Rows[1].Points != "+5" {
			t.Fatalf("%+v %v", got, err)
		}
		w.expect(r.Rows[0].Household, 56, 56) // seven trees at their full value
		w.expect(r.Rows[1].Household, 0, 0)
		w.expect(r.Rows[2].Household, 0, 0)
		batches := dbtest.Rows(t, w.db, "SELECT DISTINCT batch_id FROM entries WHERE kind = 'reverse' AND account_id IN (?, ?)", r.Rows[0].Household, r.Rows[2].Household)
		if !slices.Equal(batches, []string{in.ID.String()}) {
			t.Errorf("reversals of batches %v", batches)
		}
		again, err := reverse(w.secretary, step)
		if err != nil || !again.Repeated || again.Decided != 2 || len(again.Rows) != 2 {
			t.Errorf("%+v %v", again, err)
		}
		other := step
		other.Why = "别的理由"
		w.refuses("the same request with another reason", storage.ErrRequestReused, func() error { _, err := reverse(w.secretary, other); return err })
		w.refuses("twice", cases.ErrState, func() error { _, err := reverse(w.second, w.step("再来")); return err })
		w.refuses("a case of it once more", cases.ErrState, func() error {
			_, err := w.cases.Reverse(ctx, w.second, w.village, r.Rows[0].Case, w.step("再来"))
			return err
		})
		for state, want := range map[cases.State]int{cases.Reversed: 1, cases.Effective: 0} {
			page, err := w.cases.Inspections(ctx, w.secretary, w.village, cases.Filter{State: state})
			if err != nil || len(page.Items) != want {
				t.Errorf("%s: %+v %v", state, page, err)
			}
		}
		view, err := w.cases.Inspection(ctx, w.secretary, w.village, in.ID)
		if err != nil || view.State != cases.Reversed || view.CanReverse || view.Lines[0].Counted != 0 {
			t.Errorf("%+v %v", view, err)
		}
	})
}

// TestReverseInspectionOf500 holds the reversal of a full inspection to a budget: what is asked for each household is the
// end of its tags and whether a later decision rested on it.
func TestReverseInspectionOf500(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 0)
		w.households(500)
		in := w.submitted("a", "b", "c", "d")
		_, err := w.cases.DecideInspection(t.Context(), w.second, w.village, in.ID, w.step(""))
		w.must(err)
		ctx, n := storage.CountStatements(t.Context())
		r, err := w.cases.ReverseInspection(ctx, w.secretary, w.village, in.ID, w.step("查错了"))
		if err != nil || r.Decided != 500 {
			t.Fatalf("%d %v", r.Decided, err)
		}
		if got := n.Load(); got > 80 {
			t.Errorf("%d statements", got)
		}
		w.audit()
	})
}

// TestReturnedInspectionStartsAnew: who passed an inspection at the first level may pass it again after it went back to its
// author, but no two levels of one round.
func TestReturnedInspectionStartsAnew(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := t.Context()
		in, err := w.cases.StartInspection(ctx, w.member, w.village, cases.InspectionRequest{RequestID: w.request(), Item: "deep"})
		w.must(err)
		w.fill(in, 1, "a")
		decide := func(a access.Actor) (cases.Report, error) {
			return w.cases.DecideInspection(ctx, a, w.village, in.ID, w.step(""))
		}
		for round := range 2 {
			for _, a := range []access.Actor{w.member, w.second} {
				if r, err := decide(a); err != nil || r.State != cases.Submitted {
					t.Fatalf("round %d: %+v %v", round, r, err)
				}
			}
			w.refuses("two levels by one person", cases.ErrApproved, func() error { _, err := decide(w.second); return err })
			if round == 0 {
				_, err = w.cases.ReturnInspection(ctx, w.secretary, w.village, in.ID, w.step("少看了一户"))
				w.must(err)
			}
		}
		if r, err := decide(w.secretary); err != nil || r.State != cases.Effective || r.Decided != 2 {
			t.Errorf("%+v %v", r, err)
		}
	})
}
