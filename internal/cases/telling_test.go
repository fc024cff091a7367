package cases_test

import (
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/id"
)

// TestTelling: who has no phone is told on paper before a deduction counts; who has one is not on the list.
func TestTelling(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(strings.Replace(rules, "records: {", "records: {effect: after_publication, publish_days: 7, ", 1))
		w.lives(w.homes[1]) // somebody there has the app
		for _, home := range w.homes[:2] {
			w.approved(cases.Request{Item: "gamble", Subjects: []id.ID{home}, OccurredOn: today})
		}
		w.record("trash", today, w.homes[2]) // a warning, the first time
		w.record("free", today, w.homes[0])
		list := func() []cases.Telling {
			t.Helper()
			all, err := w.cases.Tellings(ctx, w.member, w.village, today, today)
			w.must(err)
			return all
		}
		all := list()
		if len(all) == 1 { // trash waits for a review
			_, err := w.cases.Approve(ctx, w.second, w.village, lastCase(w), w.step("属实"))
			w.must(err)
			all = list()
		}
		if len(all) != 2 || all[0].Household != w.homes[0] || all[0].Points != -2000 || all[0].Told != nil || all[0].State != cases.Decided ||
			!strings.Contains(all[0].Counts, "还没有扣：张榜公示7天") || !all[1].Warned || all[1].Points != 0 || all[1].Household != w.homes[2] {
			t.Fatalf("%+v", all)
		}
		tell := cases.TellRequest{RequestID: w.request(), Household: w.homes[0], Cases: []id.ID{all[0].Case}, How: cases.BySlip, Who: " 户主本人 "}
		w.refuses("by a villager", access.ErrForbidden, func() error { return w.cases.Tell(ctx, w.lives(w.homes[2]), w.village, tell) })
		w.refuses("of another household", cases.ErrTellNone, func() error {
			other := tell
			other.RequestID, other.Household = w.request(), w.homes[2]
			return w.cases.Tell(ctx, w.member, w.village, other)
		})
		w.refuses("nobody", cases.ErrTellWho, func() error {
			other := tell
			other.Who = "  "
			return w.cases.Tell(ctx, w.member, w.village, other)
		})
		w.refuses("backwards", cases.ErrTellSpan, func() error { _, err := w.cases.Tellings(ctx, w.member, w.village, today, today.Add(-1)); return err })
		w.must(w.cases.Tell(ctx, w.member, w.village, tell))
		w.must(w.cases.Tell(ctx, w.member, w.village, tell)) // the answer was lost
		again := tell
		again.RequestID, again.How, again.Who = w.request(), cases.ByPhone, "儿子"
		w.must(w.cases.Tell(ctx, w.second, w.village, again))
		if all = list(); len(all) != 1 || all[0].Told == nil || all[0].Told.How != cases.BySlip || all[0].Told.Who != "户主本人" || all[0].Told.ByName == "" {
			t.Fatalf("%+v", all) // the household of the warning has the app by now
		}
		w.publish()
		if all = list(); !strings.Contains(all[0].Counts, "还没有扣：公示到") || all[0].ObjectUntil == 0 {
			t.Errorf("%+v", all[0])
		}
	})
}

// lastCase is the newest case.
func lastCase(w *world) (c id.ID) {
	w.must(w.db.QueryRow(w.t.Context(), "SELECT MAX(id) FROM cases WHERE item = 'trash'").Scan(&c))
	return c
}
