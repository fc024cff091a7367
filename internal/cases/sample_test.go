package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// TestSample: the drawing can be done again from what is published, and a falsified record is taken back and scores its collector.
func TestSample(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(strings.Replace(rules, "records: {", "records: {falsified: gamble, ", 1))
		look := w.official(access.VillageSupervisor, access.Place{Village: w.village})
		author := accesstest.User(t, w.db, "采集员")
		accesstest.Grant(t, w.db, author, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, author, w.village, memberOf(t, w, w.homes[3]))
		collector := accesstest.Actor(t, w.db, w.now, author)
		for range 4 {
			_, err := w.cases.Record(ctx, collector, w.village, cases.Request{RequestID: w.request(), Item: "free", Subjects: w.homes[:3], OccurredOn: today})
			w.must(err)
		}
		r := cases.SampleRequest{RequestID: w.request(), Month: today, Seed: "双色球2026070 03 08 11", Size: 5}
		w.refuses("a month that is not over", cases.ErrSampleMonth, func() error { _, err := w.cases.DrawSample(ctx, look, w.village, r); return err })
		w.days(30)
		w.refuses("by a collector", access.ErrForbidden, func() error { _, err := w.cases.DrawSample(ctx, collector, w.village, r); return err })
		drawn, err := w.cases.DrawSample(ctx, look, w.village, r)
		if err != nil || drawn.Pool != 12 || len(drawn.Lines) != 5 || drawn.Month != 20260601 {
			t.Fatalf("%+v %v", drawn, err)
		}
		if again, err := w.cases.DrawSample(ctx, look, w.village, r); err != nil || !again.Repeated || again.ID != drawn.ID {
			t.Errorf("%+v %v", again, err)
		}
		w.refuses("twice a month", cases.ErrSampleDrawn, func() error {
			again := r
			again.RequestID = w.request()
			_, err := w.cases.DrawSample(ctx, look, w.village, again)
			return err
		})
		var pool []id.ID
		rows, err := w.db.Query(ctx, "SELECT id FROM cases ORDER BY id")
		w.must(err)
		for rows.Next() {
			var c id.ID
			w.must(rows.Scan(&c))
			pool = append(pool, c)
		}
		rows.Close()
		for i, lot := range scheme.Draw([]byte(r.Seed), len(pool), 5) {
			if drawn.Lines[i].Case != pool[lot] {
				t.Errorf("line %d is %s, drawn again %s", i+1, drawn.Lines[i].Case, pool[lot])
			}
		}
		find := func(line int, finding, note string) (cases.Sample, error) {
			return w.cases.Find(ctx, look, w.village, drawn.ID, line, cases.FindingRequest{RequestID: w.request(), Finding: finding, Note: note})
		}
		w.refuses("without a word", cases.ErrFinding, func() error { _, err := find(1, cases.FoundFlawed, ""); return err })
		w.refuses("no such line", cases.ErrNoSample, func() error { _, err := find(9, cases.FoundRight, ""); return err })
		if _, err := find(1, cases.FoundRight, ""); err != nil {
			t.Error(err)
		}
		w.refuses("twice", cases.ErrFound, func() error { _, err := find(1, cases.FoundRight, ""); return err })
		got, err := find(2, cases.FoundFalsified, "这户当天外出，没有参加")
		if err != nil || got.Lines[1].Finding != cases.FoundFalsified || got.Lines[1].Charged == 0 || got.Lines[1].StateName != "已冲正" {
			t.Fatalf("%+v %v", got.Lines, err)
		}
		charged, err := w.cases.Get(ctx, w.second, w.village, got.Lines[1].Charged)
		if err != nil || charged.State != cases.Submitted || charged.Household != w.homes[3] || charged.Item != "gamble" {
			t.Errorf("%+v %v", charged, err)
		}
		w.refuses("the collector lets it through", access.ErrOwn, func() error { _, err := w.cases.Approve(ctx, collector, w.village, charged.ID, w.step("")); return err })
		_, err = w.cases.Approve(ctx, w.second, w.village, charged.ID, w.step("属实"))
		w.must(err)
		w.has("the collector", w.homes[3], 0, -20, 0, 0)
	})
}

func TestCollectors(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		look := w.official(access.VillageSupervisor, access.Place{Village: w.village})
		w.record("sweep", today, w.homes...)
		w.approved(cases.Request{Item: "praise", Subjects: w.homes[1:2], OccurredOn: today, Points: 25 * points.Point, Note: "抢险"})
		w.approved(cases.Request{Item: "gamble", Subjects: w.homes[:1], OccurredOn: today})
		wrong := w.record("free", today, w.homes[0]).Items[0].ID
		_, err := w.cases.Reverse(ctx, w.secretary, w.village, wrong, w.step("弄错了"))
		w.must(err)
		w.refuses("by a collector", access.ErrForbidden, func() error { _, err := w.cases.Collectors(ctx, w.member, w.village, today, today); return err })
		w.refuses("backwards", cases.ErrSpan, func() error { _, err := w.cases.Collectors(ctx, look, w.village, today, today.Add(-1)); return err })
		got, err := w.cases.Collectors(ctx, look, w.village, today, today)
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		c := got[0]
		if c.User != w.member.User() || c.All != (cases.Given{Cases: 5, Awarded: 4000, Deducted: 2000}) || c.Discretion != (cases.Given{Cases: 1, Awarded: 2500}) ||
			c.Households != 3 || c.Reversed != 1 || c.Top[0].Household != w.homes[1] || c.Top[0].All.Awarded != 3000 {
			t.Errorf("%+v", c)
		}
		if got, err = w.cases.Collectors(ctx, look, w.village, today.Add(1), today.Add(2)); err != nil || len(got) != 0 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// TestMonthsAndReviewsAnswerByIndex: what a village with many cases asks often is found by an index, on both engines.
func TestMonthsAndReviewsAnswerByIndex(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		for range 3 {
			w.record("free", today, w.homes...)
		}
		from := clock.Ms(today.Start())
		for index, q := range map[string]string{
			"cases_state":   fmt.Sprintf("SELECT id FROM cases c WHERE c.village_id = %d AND c.state = 'submitted' ORDER BY c.id DESC LIMIT 31", w.village),
			"cases_decided": fmt.Sprintf("SELECT id, item FROM cases c WHERE c.village_id = %d AND c.decided_at >= %d AND c.decided_at < %d", w.village, from+1e12, from+1e12+1),
		} {
			explain := "EXPLAIN "
			if w.db.Dialect() == "sqlite" {
				explain = "EXPLAIN QUERY PLAN "
			}
			plan := strings.Join(rowsOf(w, explain+q), "\n")
			if !strings.Contains(plan, index) {
				t.Errorf("%s is not used:\n%s", index, plan)
			}
		}
	})
}

func rowsOf(w *world, q string) (out []string) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), q)
	w.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.must(err)
	for rows.Next() {
		cells := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		w.must(rows.Scan(into...))
		for i, c := range cells {
			if b, ok := c.([]byte); ok {
				cells[i] = string(b)
			}
		}
		out = append(out, fmt.Sprint(cells...))
	}
	slices.Sort(out)
	return out
}
