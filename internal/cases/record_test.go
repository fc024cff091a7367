package cases_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

func TestRecordTakesEffectAtOnce(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		r := w.record("sweep", today, w.homes[0], w.homes[1])
		if len(r.Items) != 2 || r.Repeated {
			t.Fatalf("%+v", r)
		}
		for i, v := range r.Items {
			if v.Household != w.homes[i] || v.State != cases.Effective || v.Points != 5*points.Point || v.Reasons[0] != "参加清扫：每次5分" || !v.CanWithdraw || v.CanReview {
				t.Errorf("%+v", v)
			}
			w.expect(v.Account, 5, 5)
		}
		one := w.record("tree", today, w.homes[0])
		if b := one.Items[0].BalanceAfter; b == nil || *b != 13*points.Point {
			t.Errorf("balance after: %v", b)
		}
	})
}

func TestCapTakesWhatIsLeft(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		var last cases.View
		for range 5 {
			last = w.record("sweep", today, w.homes[0]).Items[0]
		}
		if last.Points != 0 || !slices.ContainsFunc(last.Reasons, func(s string) bool { return strings.Contains(s, "本月这件事上限20分") }) {
			t.Errorf("%+v", last)
		}
		w.expect(w.homes[0], 20, 20)
		// A record of the month before has a window of its own.
		if v := w.record("sweep", today.AddMonths(-1).Add(5), w.homes[0]).Items[0]; v.Points != 5*points.Point {
			t.Errorf("last month: %+v", v)
		}
	})
}

func TestPreviewWritesNothing(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		w.record("sweep", today, w.homes[0])
		before := w.tables()
		r, err := w.cases.Preview(context.Background(), w.member, w.village, cases.Request{Item: "sweep", Subjects: w.homes})
		if err != nil || len(r.Items) != 2 || r.Items[0].Points != 5*points.Point || r.Items[0].ID != 0 {
			t.Errorf("%+v %v", r, err)
		}
		r, err = w.cases.Preview(context.Background(), w.member, w.village, cases.Request{Item: "gamble", Subjects: w.homes[:1]})
		if err != nil || r.Items[0].Points != -20*points.Point || r.Items[0].State != cases.Submitted || len(r.Items[0].Reasons) != 3 {
			t.Errorf("%+v %v", r, err)
		}
		if w.tables() != before {
			t.Error("a preview wrote something")
		}
	})
}

func TestRecordWaits(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := context.Background()
		leader := accesstest.User(t, w.db, "组长")
		accesstest.Grant(t, w.db, leader, access.GroupLeader, access.Place{Village: w.village})
		actor := accesstest.Actor(t, w.db, w.now, leader)
		for name, c := range map[string]struct {
			by  access.Actor
			req cases.Request
		}{
			"needs approval": {w.member, cases.Request{Item: "help"}},
			"deduction":      {w.member, cases.Request{Item: "gamble"}},
			"range":          {w.member, cases.Request{Item: "praise", Points: 500, Note: "救火"}},
			"too old":        {w.member, cases.Request{Item: "free", OccurredOn: today.Add(-31)}},
			"leader":         {actor, cases.Request{Item: "free"}},
		} {
			c.req.RequestID, c.req.Subjects = w.request(), w.homes[:1]
			r, err := w.cases.Record(ctx, c.by, w.village, c.req)
			if err != nil || r.Items[0].State != cases.Submitted || len(r.Items[0].Reasons) == 0 {
				t.Errorf("%s: %+v %v", name, r, err)
			}
		}
		if r := w.record("free", today.Add(-30), w.homes[0]); r.Items[0].State != cases.Effective {
			t.Errorf("30 days old: %+v", r)
		}
		w.expect(w.homes[0], 3, 3)
		page, err := w.cases.List(ctx, w.second, w.village, cases.Filter{State: cases.Submitted})
		if err != nil || len(page.Items) != 5 || !page.Items[0].CanReview {
			t.Errorf("waiting: %d %v", len(page.Items), err)
		}
	})
}

func TestRepeatedRequest(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := context.Background()
		req := cases.Request{RequestID: w.request(), Item: "sweep", Subjects: w.homes}
		first, err := w.cases.Record(ctx, w.member, w.village, req)
		w.must(err)
		again, err := w.cases.Record(ctx, w.member, w.village, req)
		if err != nil || !again.Repeated || len(again.Items) != 2 || again.Items[1].ID != first.Items[1].ID {
			t.Errorf("%+v %v", again, err)
		}
		other := req
		other.Item = "tree"
		w.refuses("other content", storage.ErrRequestReused, func() error { _, err := w.cases.Record(ctx, w.member, w.village, other); return err })
		// The household has been suspended since: the device still gets its answer.
		_, err = w.villages.SetStatus(ctx, village.Write{Village: w.village, By: 9, On: today}, w.homes[0], village.Suspended)
		w.must(err)
		again, err = w.cases.Record(ctx, w.member, w.village, req)
		if err != nil || !again.Repeated {
			t.Errorf("after suspension: %+v %v", again, err)
		}
		req.RequestID = w.request()
		w.refuses("suspended", cases.ErrInactive, func() error { _, err := w.cases.Record(ctx, w.member, w.village, req); return err })
		w.expect(w.homes[0], 5, 5)
	})
}

func TestConcurrentAwardsMeetTheCap(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		same := w.request()
		for i := range 50 {
			req := cases.Request{RequestID: w.request(), Item: "sweep", Subjects: w.homes}
			if i%10 == 0 {
				req.RequestID = same // these five are one
			}
			wg.Go(func() {
				if _, err := w.cases.Record(context.Background(), w.member, w.village, req); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.expect(w.homes[0], 20, 20)
		page, err := w.cases.List(context.Background(), w.member, w.village, cases.Filter{Limit: 100})
		if err != nil || len(page.Items) != 46 {
			t.Errorf("%d cases, %v", len(page.Items), err)
		}
	})
}

func TestRecordRefuses(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		ctx := context.Background()
		own := memberOf(t, w, w.homes[1])
		official := accesstest.User(t, w.db, "驻村队员")
		accesstest.Grant(t, w.db, official, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, official, w.village, own)
		_, err := w.villages.DeclareKin(ctx, village.Write{Village: w.village, By: 9, On: clock.MakeDay(2024, 1, 2)}, own, w.homes[2], "父母")
		w.must(err)
		ownActor := accesstest.Actor(t, w.db, w.now, official)
		villager := accesstest.Villager(t, w.db, w.now, w.village, own)
		foreign := accesstest.Official(t, w.db, w.now, access.TeamMember, access.Place{Village: w.db.NewID()})
		h := w.homes[:1]
		for name, c := range map[string]struct {
			by   access.Actor
			req  cases.Request
			want error
		}{
			"visitor":             {access.Actor{}, cases.Request{Item: "sweep", Subjects: h}, access.ErrSignIn},
			"villager":            {villager, cases.Request{Item: "sweep", Subjects: h}, access.ErrForbidden},
			"official elsewhere":  {foreign, cases.Request{Item: "sweep", Subjects: h}, access.ErrForbidden},
			"own household":       {ownActor, cases.Request{Item: "sweep", Subjects: w.homes[:2]}, access.ErrOwn},
			"kin household":       {ownActor, cases.Request{Item: "sweep", Subjects: w.homes[2:]}, access.ErrOwn},
			"no subject":          {w.member, cases.Request{Item: "sweep"}, cases.ErrSubjects},
			"too many":            {w.member, cases.Request{Item: "sweep", Subjects: make([]id.ID, 201)}, cases.ErrSubjects},
			"twice":               {w.member, cases.Request{Item: "sweep", Subjects: []id.ID{h[0], h[0]}}, cases.ErrSubjectTwice},
			"unknown household":   {w.member, cases.Request{Item: "sweep", Subjects: []id.ID{h[0], 77}}, village.ErrNotInForce},
			"before its time":     {w.member, cases.Request{Item: "sweep", Subjects: h, OccurredOn: clock.MakeDay(2023, 1, 1)}, rulebook.ErrNone},
			"future":              {w.member, cases.Request{Item: "sweep", Subjects: h, OccurredOn: today.Add(1)}, cases.ErrFuture},
			"no day":              {w.member, cases.Request{Item: "sweep", Subjects: h, OccurredOn: 20260231}, scheme.ErrCaseInvalid},
			"unknown item":        {w.member, cases.Request{Item: "dance", Subjects: h}, scheme.ErrItemUnknown},
			"points of one's own": {w.member, cases.Request{Item: "sweep", Subjects: h, Points: 900}, scheme.ErrCaseInvalid},
			"outside the range":   {w.member, cases.Request{Item: "praise", Subjects: h, Points: 3100, Note: "好"}, scheme.ErrCaseInvalid},
			"no grade":            {w.member, cases.Request{Item: "clean", Subjects: h}, scheme.ErrCaseInvalid},
			"long note":           {w.member, cases.Request{Item: "sweep", Subjects: h, Note: strings.Repeat("长", 501)}, scheme.ErrCaseInvalid},
		} {
			c.req.RequestID = w.request()
			w.refuses(name, c.want, func() error { _, err := w.cases.Record(ctx, c.by, w.village, c.req); return err })
		}
		w.refuses("request id", storage.ErrRequestID, func() error {
			_, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: "short", Item: "sweep", Subjects: h})
			return err
		})
	})
}

func TestLeaderKeepsToTheGroup(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		user := accesstest.User(t, w.db, "组长")
		accesstest.Grant(t, w.db, user, access.GroupLeader, access.Place{Village: w.village})
		w.must(w.db.InTx(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE user_roles SET group_id = ? WHERE user_id = ?", w.groups[0], user)
			return err
		}))
		leader := accesstest.Actor(t, w.db, w.now, user)
		record := func(h id.ID) error {
			_, err := w.cases.Record(t.Context(), leader, w.village, cases.Request{RequestID: w.request(), Item: "free", Subjects: []id.ID{h}})
			return err
		}
		w.must(record(w.homes[0]))
		w.refuses("other group", cases.ErrOtherGroup, func() error { return record(w.homes[1]) })
	})
}

// TestAwardStatements holds an award of one household to the budget of nine statements in its transaction.
func TestAwardStatements(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		w.record("sweep", today, w.homes[0]) // balances and totals exist from now on
		prepare := countReads(t, w)
		ctx, n := storage.CountStatements(t.Context())
		if _, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: w.request(), Item: "sweep", Subjects: w.homes}); err != nil {
			t.Fatal(err)
		}
		if got := n.Load() - prepare; got > 9 {
			t.Errorf("an award takes %d statements in its transaction", got)
		}
	})
}

// countReads is the reads before the transaction: those of a request that the transaction's first statement refuses.
func countReads(t *testing.T, w *world) int64 {
	ctx, n := storage.CountStatements(t.Context())
	_, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: "bad", Item: "sweep", Subjects: w.homes})
	if !errors.Is(err, storage.ErrRequestID) {
		t.Fatal(err)
	}
	return n.Load()
}

// memberOf is the first member of a household.
func memberOf(t testing.TB, w *world, household id.ID) id.ID {
	t.Helper()
	var member id.ID
	if err := w.db.QueryRow(t.Context(), "SELECT member_id FROM memberships WHERE household_id = ?", household).Scan(&member); err != nil {
		t.Fatal(err)
	}
	return member
}
