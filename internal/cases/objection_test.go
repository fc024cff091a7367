package cases_test

import (
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

func (w *world) object(a access.Actor, home, caseID id.ID) cases.Objection {
	w.t.Helper()
	o, err := w.cases.Object(w.t.Context(), a, w.village, home, caseID, cases.ObjectRequest{RequestID: w.request(), Text: "不是我家，请核实"})
	w.must(err)
	return o
}

func (w *world) settle(a access.Actor, o id.ID, r cases.SettleRequest) (cases.Objection, error) {
	r.RequestID, r.Answer = w.request(), "经核实，答复如下"
	return w.cases.Settle(w.t.Context(), a, w.village, o, r)
}

func TestObjectionFreezes(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		me, other := w.lives(home), w.lives(w.homes[1])
		c := w.approved(cases.Request{Item: "help", Subjects: w.homes[:1], OccurredOn: today}).ID
		w.record("tree", today, home)
		w.has("before", home, 18, 18, 0, 0)
		r := cases.ObjectRequest{RequestID: w.request(), Text: "那天不是我家去的"}
		w.refuses("not named", cases.ErrNotNamed, func() error { _, err := w.cases.Object(ctx, other, w.village, w.homes[1], c, r); return err })
		w.refuses("for another household", access.ErrForbidden, func() error { _, err := w.cases.Object(ctx, other, w.village, home, c, r); return err })
		o, err := w.cases.Object(ctx, me, w.village, home, c, r)
		if err != nil || o.Frozen != 10*points.Point || o.Short != 0 || o.DueOn != 20260624 { // seven working days from Monday the 15th
			t.Errorf("%+v %v", o, err)
		}
		if again, err := w.cases.Object(ctx, me, w.village, home, c, r); err != nil || !again.Repeated || again.ID != o.ID {
			t.Errorf("%+v %v", again, err)
		}
		w.has("frozen", home, 8, 8, 10, 10)
		if err := w.spend(home, 9); err == nil {
			t.Error("frozen points were spent")
		}
		for what, call := range map[string]func() error{
			"again": func() error {
				_, err := w.cases.Object(ctx, me, w.village, home, c, cases.ObjectRequest{RequestID: w.request(), Text: "还是不对"})
				return err
			},
		} {
			w.refuses(what, cases.ErrObjected, call)
		}
		w.refuses("reversed meanwhile", cases.ErrState, func() error {
			_, err := w.cases.Reverse(ctx, w.secretary, w.village, c, w.step("弄错了"))
			return err
		})
		w.refuses("amended meanwhile", cases.ErrState, func() error {
			_, err := w.cases.Amend(ctx, w.secretary, w.village, c, cases.Change{RequestID: w.request(), Note: "x", Why: "弄错了"})
			return err
		})
		w.refuses("settled by the author", cases.ErrOwnSettle, func() error { _, err := w.settle(w.member, o.ID, cases.SettleRequest{Outcome: cases.Kept}); return err })
		w.refuses("settled by the reviewer", cases.ErrOwnSettle, func() error { _, err := w.settle(w.second, o.ID, cases.SettleRequest{Outcome: cases.Kept}); return err })
		w.refuses("nonsense", cases.ErrOutcome, func() error { _, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: "maybe"}); return err })
		got, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Kept})
		if err != nil || got.Outcome != cases.Kept || got.Answer == "" || got.DecidedAt == 0 {
			t.Errorf("%+v %v", got, err)
		}
		w.has("kept", home, 18, 18, 0, 0)
		w.refuses("settled twice", cases.ErrState, func() error {
			_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Removed})
			return err
		})
		w.refuses("objected twice", cases.ErrObjectedOnce, func() error {
			_, err := w.cases.Object(ctx, me, w.village, home, c, cases.ObjectRequest{RequestID: w.request(), Text: "还是不对"})
			return err
		})
		mine, err := w.cases.ObjectionsOf(ctx, me, w.village, home)
		if err != nil || len(mine) != 1 || mine[0].Answer == "" {
			t.Errorf("%+v %v", mine, err)
		}
		view, err := w.cases.Get(ctx, me, w.village, c)
		if err != nil || view.State != cases.Effective || len(view.Objections) != 1 || len(view.Events) != 4 {
			t.Errorf("%+v %v", view, err)
		}
	})
}

// spend takes points as a redemption does.
func (w *world) spend(home id.ID, p points.Amount) error {
	v, err := w.rules.InForce(w.t.Context(), w.village, today)
	w.must(err)
	return w.db.InTx(w.t.Context(), func(tx *storage.Tx) error {
		_, err := ledger.Spend(tx, v.Scheme, ledger.Posting{Village: w.village, Kind: ledger.Redeem, Ref: w.request(), At: w.now(), Counted: today, Title: "大米"}, home, p*points.Point)
		return err
	})
}

// TestObjectionAfterSpending: what was spent is a shortfall, nothing is taken from elsewhere, and taking the case back leaves a debt.
func TestObjectionAfterSpending(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		home := w.homes[0]
		c := w.approved(cases.Request{Item: "help", Subjects: w.homes, OccurredOn: today}).ID
		w.must(w.spend(home, 7))
		o := w.object(w.lives(home), home, c)
		if o.Frozen != 3*points.Point || o.Short != 7*points.Point {
			t.Errorf("frozen %s short %s", o.Frozen, o.Short)
		}
		w.has("frozen", home, 0, 0, 3, 10)
		w.record("tree", today, home)
		w.has("new points are free", home, 8, 8, 3, 10)
		_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Removed})
		w.must(err)
		w.has("removed", home, 1, 8, 0, 0)
	})
}

// TestObjectionToWaitingPoints: what waits for a notice goes on waiting, is amended or removed where it is, and takes effect
// when both are over.
func TestObjectionToWaitingPoints(t *testing.T) {
	eachWaiting(t, 3, waiting, func(t *testing.T, w *world) {
		ctx := t.Context()
		var c, o [3]id.ID
		for i := range c {
			c[i] = w.approved(cases.Request{Item: "praise", Subjects: w.homes[i : i+1], OccurredOn: today, Points: 20 * points.Point, Note: "抢险"}).ID
		}
		o[0] = w.object(w.lives(w.homes[0]), w.homes[0], c[0]).ID // before the notice
		_, lines := w.publish()
		if len(lines) != 3 {
			t.Errorf("%d lines", len(lines))
		}
		if got, err := w.cases.Get(ctx, w.second, w.village, c[0]); err != nil || got.State != cases.Objected || got.Notice == 0 {
			t.Errorf("%+v %v", got, err)
		}
		for i := 1; i < 3; i++ {
			o[i] = w.object(w.lives(w.homes[i]), w.homes[i], c[i]).ID
			w.has("still pending", w.homes[i], 0, 0, 20, 20)
		}
		w.days(7)
		w.takeEffect(0)
		for i, r := range []cases.SettleRequest{{Outcome: cases.Kept}, {Outcome: cases.Corrected, Points: 12 * points.Point, Note: "抢险"}, {Outcome: cases.Removed}} {
			_, err := w.settle(w.secretary, o[i], r)
			w.must(err)
		}
		w.has("amended", w.homes[1], 0, 0, 12, 12)
		w.has("removed", w.homes[2], 0, 0, 0, 0)
		w.takeEffect(2)
		w.has("kept", w.homes[0], 20, 20, 0, 0)
		w.has("amended", w.homes[1], 12, 12, 0, 0)
		w.refuses("after the notice", cases.ErrObjectedOnce, func() error {
			_, err := w.cases.Object(ctx, w.lives(w.homes[0]), w.village, w.homes[0], c[0], cases.ObjectRequest{RequestID: w.request(), Text: "还是不对"})
			return err
		})
	})
}

// TestObjectionToDeduction: one that counts goes on counting until it is settled, one that waits goes on waiting.
func TestObjectionToDeduction(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		w.record("tree", today, home)
		c := w.approved(cases.Request{Item: "gamble", Subjects: w.homes, OccurredOn: today}).ID
		w.has("deducted", home, 0, -12, 0, 0)
		o := w.object(w.lives(home), home, c)
		w.has("goes on counting", home, 0, -12, 0, 0)
		_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Removed})
		w.must(err)
		w.has("removed", home, 8, 8, 0, 0)
		// Late, and by an official for somebody without a phone.
		d := w.approved(cases.Request{Item: "help", Subjects: w.homes, OccurredOn: today}).ID
		note := cases.ObjectRequest{RequestID: w.request(), Text: "老人说没有这回事", Household: home, Name: "张奶奶", How: "visit"}
		w.refuses("without a name", cases.ErrOnBehalf, func() error {
			r := note
			r.Name = ""
			_, err := w.cases.NoteObjection(ctx, w.member, w.village, d, r)
			return err
		})
		noted, err := w.cases.NoteObjection(ctx, w.member, w.village, d, note)
		if err != nil || noted.Name != "张奶奶" || noted.How != "visit" {
			t.Errorf("%+v %v", noted, err)
		}
		w.has("frozen", home, 8, 8, 10, 10)
		if got, err := w.cases.WithdrawObjection(ctx, w.lives(home), w.village, home, noted.ID, w.step("")); err != nil || got.Outcome != cases.TakenBack {
			t.Errorf("%+v %v", got, err)
		}
		w.has("taken back", home, 18, 18, 0, 0)
		w.days(8)
		w.refuses("late", cases.ErrObjectLate, func() error {
			_, err := w.cases.Object(ctx, w.lives(home), w.village, home, d, cases.ObjectRequest{RequestID: w.request(), Text: "那天不是我家"})
			return err
		})
	})
}

// TestOverdueGoesUp: the village settles an objection until its day, after that the town.
func TestOverdueGoesUp(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		ctx, home := t.Context(), w.homes[0]
		var town id.ID
		w.must(w.db.QueryRow(ctx, "SELECT town_id FROM regions WHERE id = ?", w.village).Scan(&town))
		above := accesstest.Official(t, w.db, w.now, access.Supervisor, access.Place{Region: town})
		c := w.approved(cases.Request{Item: "help", Subjects: w.homes, OccurredOn: today}).ID
		o := w.object(w.lives(home), home, c)
		w.refuses("too early for the town", cases.ErrNotRaised, func() error { _, err := w.settle(above, o.ID, cases.SettleRequest{Outcome: cases.Kept}); return err })
		w.days(9)
		if n, err := w.cases.RaiseObjections(ctx); err != nil || n != 0 {
			t.Errorf("%d raised on the last day, %v", n, err)
		}
		w.days(1)
		for want := 1; want >= 0; want-- {
			if n, err := w.cases.RaiseObjections(ctx); err != nil || n != want {
				t.Errorf("%d raised, want %d, %v", n, want, err)
			}
		}
		w.refuses("too late for the village", cases.ErrRaised, func() error {
			_, err := w.settle(w.secretary, o.ID, cases.SettleRequest{Outcome: cases.Kept})
			return err
		})
		page, err := w.cases.RaisedObjections(ctx, above, town, 0)
		if err != nil || len(page.Items) != 1 || !page.Items[0].Raised {
			t.Errorf("%+v %v", page, err)
		}
		if got, err := w.settle(above, o.ID, cases.SettleRequest{Outcome: cases.Kept}); err != nil || got.Outcome != cases.Kept {
			t.Errorf("%+v %v", got, err)
		}
		w.has("kept", home, 10, 10, 0, 0)
	})
}
