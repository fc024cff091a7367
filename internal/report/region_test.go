package report

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const year = clock.Span(202600)

func (w *world) region(region id.ID, q Question) Region {
	w.t.Helper()
	r, err := w.report.Region(ctx, w.overseer, region, q)
	must(w.t, err)
	return r
}

func names(r Region) string {
	var all []string
	for _, p := range r.Items {
		all = append(all, p.Name)
	}
	return strings.Join(all, " ")
}

func TestRegion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		if r := w.region(w.county, Question{Span: year}); r.AsOf != 0 || len(r.Items) != 2 || r.Sum != (Figures{}) || len(r.Trend) != 0 && r.Trend[0].Households != 0 {
			t.Errorf("before the first roll-up: %+v", r)
		}
		w.deed(w.households[0], "eco", 1000, today)
		w.deed(w.households[1], "civil", 600, today.AddMonths(-2))
		w.deed(w.households[1], "civil", -200, today.AddMonths(-2))
		w.deed(w.households[2], "eco", 300, today.AddMonths(-12))
		w.roll()
		county := w.region(w.county, Question{Span: year})
		want := Figures{Households: 4, Active: 2, Percent: 50, Deeds: 3, Earned: 1600, Lost: 200, Issued: 1600, Deducted: 200, Outstanding: 1700}
		if county.Sum != want {
			t.Errorf("sum: %+v", county.Sum)
		}
		if county.Before.Active != 1 || county.Before.Outstanding != 300 || county.Before.Earned != 300 {
			t.Errorf("the year before: %+v", county.Before)
		}
		if names(county) != "西乡 东镇" || county.Items[1].Figures != want || county.Items[0].Figures != (Figures{}) {
			t.Errorf("towns: %+v", county.Items)
		}
		if n := len(county.Trend); n != 5 || county.Trend[2].Earned != 600 || county.Trend[2].Active != 1 || county.Trend[2].Outstanding != 700 || county.Trend[4].Outstanding != 1700 || county.Trend[3].Outstanding != 700 {
			t.Errorf("trend: %+v", county.Trend)
		}
		if c := county.Classes; len(c) != 2 || c[0] != (Class{"人居环境", 1000, 0}) || c[1] != (Class{"乡风文明", 600, 200}) {
			t.Errorf("classes: %+v", c)
		}
		if got := names(w.region(w.county, Question{Span: year, By: ByVillage})); got != "林源村 河口村 山前村" {
			t.Errorf("villages in order of their codes: %s", got)
		}
		town := w.region(w.town, Question{Span: clock.MonthSpan(today)})
		if names(town) != "林源村 河口村" || town.Sum.Active != 1 || town.Sum.Issued != 1000 || town.Sum.Outstanding != 1700 || len(town.Trend) != 12 || town.Trend[0].Month != 202506 {
			t.Errorf("a month of a town: %+v", town)
		}
		if other := w.region(w.other, Question{Span: year}); other.Sum != (Figures{}) || names(other) != "山前村" {
			t.Errorf("the other town: %+v", other)
		}
	})
}

// A list in another order than that of the codes is a ranking: refused unless the region has opened it, and villages whose
// rules stay out of rankings come last.
func TestNoRankingUnlessOpened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		w.deed(w.households[0], "eco", 1000, today)
		w.roll()
		for _, order := range []string{OrderActive, OrderIssued} {
			if _, err := w.report.Region(ctx, w.overseer, w.town, Question{Span: year, Order: order}); !errors.Is(err, ErrOrder) {
				t.Errorf("%s: %v", order, err)
			}
		}
		if w.region(w.town, Question{Span: year}).Ranked {
			t.Error("open by itself")
		}
		must(t, w.boards.OpenVillages(ctx, 1, w.town, true))
		r := w.region(w.town, Question{Span: year, Order: OrderIssued})
		if !r.Ranked || r.Note == "" || names(r) != "林源村 河口村" {
			t.Errorf("%+v", r)
		}
		if _, err := w.report.Region(ctx, w.overseer, w.county, Question{Span: year, Order: OrderIssued}); !errors.Is(err, ErrOrder) {
			t.Errorf("a town's switch opened the county: %v", err)
		}
	})
}

func TestRegionRefuses(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	w := newWorld(t, db, 1)
	for name, c := range map[string]struct {
		q    Question
		at   id.ID
		want error
	}{
		"a quarter":           {Question{Span: 202622}, w.county, ErrSpan},
		"next month":          {Question{Span: 202606}, w.county, ErrSpan},
		"nothing":             {Question{}, w.county, ErrSpan},
		"towns of a town":     {Question{Span: year, By: ByTown}, w.town, ErrBy},
		"by something else":   {Question{Span: year, By: "household"}, w.county, ErrBy},
		"a place of nobody's": {Question{Span: year}, 7, access.ErrForbidden},
	} {
		if _, err := w.report.Region(ctx, w.overseer, c.at, c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	below := accesstest.Official(t, db, w.now, access.Supervisor, access.Place{Region: w.other})
	for _, a := range []access.Actor{w.secretary, below, {}} {
		if _, err := w.report.Region(ctx, a, w.county, Question{Span: year}); errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%v", err)
		}
	}
	if _, err := w.report.Village(ctx, below, w.villages[0], year); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a village of another town: %v", err)
	}
}

// The figures of a region, as they go out, name nobody.
func TestRegionNamesNobody(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	w := newWorld(t, db, 10)
	for _, h := range w.households {
		w.deed(h, "eco", 100, today)
	}
	w.roll()
	for _, at := range []id.ID{w.county, w.town} {
		text, err := json.Marshal(w.region(at, Question{Span: year, By: ByVillage}))
		must(t, err)
		for i, h := range w.households {
			if strings.Contains(string(text), h.String()) || strings.Contains(string(text), "张"+string([]rune("甲乙丙丁戊己庚辛壬癸")[i])) || strings.Contains(string(text), "张*") {
				t.Errorf("a household stands in the figures: %s", text)
			}
		}
	}
}

func TestVillage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 3)
		w.deed(w.households[0], "eco", 1000, today)
		w.deed(w.households[0], "eco", 500, today.Add(-3))
		w.roll()
		v, err := w.report.Village(ctx, w.secretary, w.villages[0], clock.MonthSpan(today))
		must(t, err)
		if v.Quiet != 2 || v.Sum.Percent != 33 || len(v.Days) != 2 || v.Days[0] != (Day{today.Add(-3), 500, 500, 0}) || v.AsOf == 0 || len(v.Trend) != 12 || v.Trend[11].Earned != 1500 {
			t.Errorf("%+v", v)
		}
		if v, err = w.report.Village(ctx, w.overseer, w.villages[0], year); err != nil || len(v.Days) != 0 || v.Sum.Earned != 1500 {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

// What a village had before it was merged into another counts with that other, also in another town.
func TestMergedVillage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		w.deed(w.households[0], "eco", 1000, today)
		w.roll()
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE regions SET to_day = ?, into_id = ? WHERE id = ?", today, w.villages[2], w.villages[0])
			return err
		}))
		w.roll()
		if r := w.region(w.town, Question{Span: year}); names(r) != "河口村" || r.Sum.Issued != 0 {
			t.Errorf("where it was: %+v", r)
		}
		if r := w.region(w.other, Question{Span: year}); names(r) != "山前村" || r.Sum.Issued != 1000 || r.Sum.Outstanding != 1000 {
			t.Errorf("where it is: %+v", r)
		}
	})
}

// Households without a deed are listed for those who work in the village, and for nobody above it.
func TestQuiet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		w.deed(w.households[0], "eco", 1000, today)
		w.deed(w.households[1], "eco", 1000, today.AddMonths(-1))
		w.undo("award", w.deed(w.households[2], "eco", 1000, today))
		q, err := w.report.Quiet(ctx, w.secretary, w.villages[0], clock.MonthSpan(today))
		must(t, err)
		if q.Of != 4 || len(q.Items) != 3 || q.Items[0].Number != "002" || q.Items[1].ID != w.households[2] || q.Items[1].Group != "一组" {
			t.Errorf("this month: %+v", q)
		}
		if q, err = w.report.Quiet(ctx, w.secretary, w.villages[0], year); err != nil || len(q.Items) != 2 {
			t.Errorf("this year: %+v, %v", q, err)
		}
		if _, err := w.report.Quiet(ctx, w.overseer, w.villages[0], year); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("from above: %v", err)
		}
		if _, err := w.report.Quiet(ctx, w.secretary, w.villages[0], 202700); !errors.Is(err, ErrSpan) {
			t.Errorf("next year: %v", err)
		}
	})
}
