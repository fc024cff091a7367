package cases_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/village"
)

func TestApprove(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.record("gamble", today, w.homes[0]).Items[0].ID
		w.expect(w.homes[0], 0, 0)
		w.refuses("own entry", cases.ErrOwnEntry, func() error { _, err := w.cases.Approve(ctx, w.member, w.village, c, w.step("")); return err })
		w.refuses("other village", access.ErrForbidden, func() error { _, err := w.cases.Approve(ctx, w.second, w.db.NewID(), c, w.step("")); return err })
		w.refuses("unknown", cases.ErrNoCase, func() error { _, err := w.cases.Approve(ctx, w.second, w.village, 77, w.step("")); return err })
		kin := accesstest.User(t, w.db, "驻村队员")
		accesstest.Grant(t, w.db, kin, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, kin, w.village, memberOf(t, w, w.homes[0]))
		own := accesstest.Actor(t, w.db, w.now, kin)
		w.refuses("own household", access.ErrOwn, func() error { _, err := w.cases.Approve(ctx, own, w.village, c, w.step("")); return err })

		step := w.step("属实")
		a, err := w.cases.Approve(ctx, w.second, w.village, c, step)
		w.must(err)
		if a.State != cases.Effective || a.Points != -20*points.Point || a.Repeated {
			t.Errorf("%+v", a)
		}
		// The spend wallet stops at its floor, the score takes the deduction in full.
		w.expect(w.homes[0], 0, -20)
		a, err = w.cases.Approve(ctx, w.second, w.village, c, step)
		if err != nil || !a.Repeated || a.State != cases.Effective {
			t.Errorf("%+v %v", a, err)
		}
		w.refuses("twice", cases.ErrState, func() error { _, err := w.cases.Approve(ctx, w.secretary, w.village, c, w.step("")); return err })
		w.refuses("reject what is in effect", cases.ErrState, func() error { _, err := w.cases.Reject(ctx, w.secretary, w.village, c, w.step("错了")); return err })
		got, err := w.cases.Get(ctx, w.member, w.village, c)
		if err != nil || len(got.Events) != 2 || got.Events[0].To != cases.Submitted || got.Events[1].Why != "属实" || got.Events[1].To != cases.Effective {
			t.Errorf("%+v %v", got.Events, err)
		}
	})
}

func TestTwoLevelsTakeTwoPeople(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		c := w.record("two", today, w.homes[0]).Items[0].ID
		a, err := w.cases.Approve(t.Context(), w.second, w.village, c, w.step(""))
		if err != nil || a.State != cases.Submitted {
			t.Fatalf("%+v %v", a, err)
		}
		w.refuses("same person again", cases.ErrApproved, func() error { _, err := w.cases.Approve(t.Context(), w.second, w.village, c, w.step("")); return err })
		a, err = w.cases.Approve(t.Context(), w.secretary, w.village, c, w.step(""))
		if err != nil || a.State != cases.Effective {
			t.Errorf("%+v %v", a, err)
		}
		w.expect(w.homes[0], 50, 50)
	})
}

func TestReject(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		c := w.record("help", today, w.homes[0]).Items[0].ID
		w.refuses("no reason", cases.ErrWhy, func() error { _, err := w.cases.Reject(t.Context(), w.second, w.village, c, w.step("  ")); return err })
		a, err := w.cases.Reject(t.Context(), w.second, w.village, c, w.step("不属实"))
		if err != nil || a.State != cases.Rejected || a.Reasons[0] != "未通过审核：不属实" {
			t.Errorf("%+v %v", a, err)
		}
		w.refuses("approve after", cases.ErrState, func() error { _, err := w.cases.Approve(t.Context(), w.second, w.village, c, w.step("")); return err })
		w.expect(w.homes[0], 0, 0)
	})
}

// TestOneStepWins races approving, rejecting and withdrawing one case.
func TestOneStepWins(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		c := w.record("help", today, w.homes[0]).Items[0].ID
		var wg sync.WaitGroup
		var won atomic.Int32
		for i := range 12 {
			step := w.step("并发")
			wg.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					_, err = w.cases.Approve(t.Context(), w.second, w.village, c, step)
				case 1:
					_, err = w.cases.Reject(t.Context(), w.secretary, w.village, c, step)
				case 2:
					_, err = w.cases.Approve(t.Context(), w.secretary, w.village, c, step)
				}
				if err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d steps won", won.Load())
		}
	})
}

func TestWithdraw(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		ctx := t.Context()
		waiting := w.record("help", today, w.homes[0]).Items[0].ID
		a, err := w.cases.Withdraw(ctx, w.member, w.village, waiting, w.step(""))
		if err != nil || a.State != cases.Withdrawn {
			t.Errorf("%+v %v", a, err)
		}
		c := w.record("sweep", today, w.homes[0]).Items[0].ID
		w.refuses("by another", cases.ErrNotAuthor, func() error { _, err := w.cases.Withdraw(ctx, w.second, w.village, c, w.step("")); return err })
		w.pass(10 * time.Minute)
		a, err = w.cases.Withdraw(ctx, w.member, w.village, c, w.step("选错了户"))
		if err != nil || a.State != cases.Reversed || a.CanWithdraw {
			t.Errorf("%+v %v", a, err)
		}
		w.expect(w.homes[0], 0, 0)
		late := w.record("sweep", today, w.homes[0]).Items[0].ID
		w.pass(10*time.Minute + time.Millisecond)
		w.refuses("too late", cases.ErrWithdrawLate, func() error { _, err := w.cases.Withdraw(ctx, w.member, w.village, late, w.step("")); return err })
		w.refuses("withdrawn before", cases.ErrState, func() error {
			w.pass(-15 * time.Minute)
			defer w.pass(15 * time.Minute)
			_, err := w.cases.Withdraw(ctx, w.member, w.village, c, w.step(""))
			return err
		})
	})
}

func TestListKeepsToWhatOneMaySee(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.record("free", today, w.homes...)
		w.record("tree", today, w.homes[0])
		villager := accesstest.Villager(t, w.db, w.now, w.village, memberOf(t, w, w.homes[0]))
		all, err := w.cases.List(ctx, w.second, w.village, cases.Filter{Limit: 3})
		if err != nil || len(all.Items) != 3 || all.Next == "" {
			t.Errorf("%d %v", len(all.Items), err)
		}
		own, err := w.cases.List(ctx, villager, w.village, cases.Filter{})
		if err != nil || len(own.Items) != 2 || own.Items[0].Item != "tree" || own.Items[0].AuthorName == "" {
			t.Errorf("%+v %v", own.Items, err)
		}
		other, err := w.cases.List(ctx, villager, w.village, cases.Filter{Household: w.homes[1]})
		if err != nil || len(other.Items) != 0 {
			t.Errorf("a villager sees %d cases of another household, %v", len(other.Items), err)
		}
		for _, v := range all.Items {
			if v.Household != w.homes[0] {
				if _, err := w.cases.Get(ctx, villager, w.village, v.ID); err == nil {
					t.Error("a villager reads a case of another household")
				}
			}
		}
		mine, err := w.cases.List(ctx, w.second, w.village, cases.Filter{Mine: true})
		if err != nil || len(mine.Items) != 0 {
			t.Errorf("%d of one's own, %v", len(mine.Items), err)
		}
	})
}

// TestHandOver: what a team member left pending is listed as the successor's own.
func TestHandOver(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		w.record("help", today, w.homes[0])
		people := access.New(w.db, w.now, nil)
		county := accesstest.Official(t, w.db, w.now, access.CountyAdmin, access.Place{Region: countyOf(t, w)})
		_, err := people.HandOver(t.Context(), county, w.village, access.HandOverRequest{RequestID: w.request(), From: w.member.User(), To: w.second.User()})
		w.must(err)
		successor := accesstest.Actor(t, w.db, w.now, w.second.User())
		page, err := w.cases.List(t.Context(), successor, w.village, cases.Filter{Mine: true, State: cases.Submitted})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("%d pending, %v", len(page.Items), err)
		}
		former := accesstest.Actor(t, w.db, w.now, w.member.User())
		w.refuses("after the hand-over", access.ErrForbidden, func() error {
			_, err := w.cases.Record(t.Context(), former, w.village, cases.Request{RequestID: w.request(), Item: "free", Subjects: w.homes})
			return err
		})
	})
}

// TestPropose: a draft of the old device, dated within the term, waits for another person even where the item is direct.
func TestPropose(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		people := access.New(w.db, w.now, nil)
		draft := cases.Request{RequestID: w.request(), Item: "free", Subjects: w.homes, OccurredOn: today.Add(-1)}
		w.refuses("while in office", access.ErrForbidden, func() error {
			_, err := w.cases.Propose(t.Context(), w.member, w.village, draft)
			return err
		})
		county := accesstest.Official(t, w.db, w.now, access.CountyAdmin, access.Place{Region: countyOf(t, w)})
		_, err := people.HandOver(t.Context(), county, w.village, access.HandOverRequest{RequestID: w.request(), From: w.member.User(), To: w.second.User()})
		w.must(err)
		former := accesstest.Actor(t, w.db, w.now, w.member.User())
		made, err := w.cases.Propose(t.Context(), former, w.village, draft)
		w.must(err)
		if len(made.Items) != len(w.homes) || made.Items[0].State != cases.Submitted || len(made.Items[0].Reasons) == 0 {
			t.Errorf("proposed: %+v", made.Items)
		}
		again, err := w.cases.Propose(t.Context(), former, w.village, draft)
		w.must(err)
		if !again.Repeated || len(again.Items) != len(made.Items) {
			t.Errorf("repeated: %+v", again)
		}
		// The household has been suspended since: the device still gets its answer, and only for this very draft.
		_, err = w.villages.SetStatus(t.Context(), village.Write{Village: w.village, By: 9, On: today.Add(-1)}, w.homes[0], village.Suspended)
		w.must(err)
		if again, err = w.cases.Propose(t.Context(), former, w.village, draft); err != nil || !again.Repeated {
			t.Errorf("repeated for a suspended household: %+v %v", again, err)
		}
		w.refuses("another draft", cases.ErrInactive, func() error {
			other := draft
			other.RequestID = w.request()
			_, err := w.cases.Propose(t.Context(), former, w.village, other)
			return err
		})
		w.refuses("after the term", access.ErrForbidden, func() error {
			later := draft
			later.RequestID, later.OccurredOn = w.request(), today.Add(1)
			_, err := w.cases.Propose(t.Context(), former, w.village, later)
			return err
		})
		successor := accesstest.Actor(t, w.db, w.now, w.second.User())
		page, err := w.cases.List(t.Context(), successor, w.village, cases.Filter{Mine: true, State: cases.Submitted})
		if err != nil || len(page.Items) != len(w.homes) {
			t.Errorf("%d with the successor, %v", len(page.Items), err)
		}
	})
}

func countyOf(t *testing.T, w *world) (county id.ID) {
	t.Helper()
	if err := w.db.QueryRow(t.Context(), "SELECT county_id FROM regions WHERE id = ?", w.village).Scan(&county); err != nil {
		t.Fatal(err)
	}
	return county
}
