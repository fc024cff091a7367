package report

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
)

const monthColumns = "village_id, span, entries, households, active, deeds, earned, lost, issued, deducted, redeemed, expired, other, outstanding, late_reviews, late_objections"

// query reads inside or outside a transaction.
type query func(text string, args ...any) (*sql.Rows, error)

// readMonths reads rows of report_months of one village, by span.
func readMonths(q query, where string, args ...any) (map[clock.Span]*month, error) {
	all := map[clock.Span]*month{}
	rows, err := q("SELECT "+monthColumns+" FROM report_months WHERE "+where, args...)
	if err := each(rows, err, func(r *sql.Rows) error {
		_, m, err := scanMonth(r)
		all[m.span] = m
		return err
	}); err != nil {
		return nil, fmt.Errorf("read months: %w", err)
	}
	return all, nil
}

func scanMonth(r *sql.Rows) (of id.ID, m *month, err error) {
	m = &month{}
	err = r.Scan(&of, &m.span, &m.entries, &m.Households, &m.Active, &m.Deeds, &m.Earned, &m.Lost, &m.Issued, &m.Deducted, &m.Redeemed,
		&m.Expired, &m.Other, &m.Outstanding, &m.LateReviews, &m.LateObjections)
	m.rate()
	return of, m, err
}

// store puts the months in the place of what stood there, and says how the village stands now.
func (w *work) store(at int64) error {
	if err := w.present(at); err != nil {
		return err
	}
	if err := w.carry(); err != nil {
		return fmt.Errorf("carry outstanding: %w", err)
	}
	for _, st := range w.stretches() {
		if err := w.clear(st); err != nil {
			return fmt.Errorf("clear months: %w", err)
		}
	}
	for _, year := range w.years() {
		if _, err := w.tx.Exec("DELETE FROM report_months WHERE village_id = ? AND span = ?", w.village.id, year); err != nil {
			return fmt.Errorf("clear years: %w", err)
		}
	}
	if err := w.insertMonths(); err != nil {
		return fmt.Errorf("insert months: %w", err)
	}
	return w.insertParts()
}

// carry adds up what people held at the end of each month. What has changed in one month changes all that follow, which
// stand otherwise as they were.
func (w *work) carry() error {
	months := map[clock.Span]*month{}
	for _, of := range []map[clock.Span]*month{w.stored, w.fresh} { // the fresh go before the stored
		for span, m := range of {
			if span%100 != 0 {
				months[span] = m
			}
		}
	}
	years := map[clock.Span]points.Amount{}
	var held points.Amount
	for _, span := range slices.Sorted(maps.Keys(months)) {
		m := months[span]
		held += m.net()
		years[clock.YearSpan(span.First())] = held
		if w.fresh[span] != nil {
			m.Outstanding = held
		} else if err := w.outstanding(m, held); err != nil {
			return err
		}
	}
	for year, held := range years {
		if m := w.sums[year]; m != nil {
			m.Outstanding = held
		} else if m := w.stored[year]; m != nil {
			if err := w.outstanding(m, held); err != nil {
				return err
			}
		}
	}
	return nil
}

// outstanding corrects a row that is not written anew.
func (w *work) outstanding(m *month, held points.Amount) error {
	if m.Outstanding == held {
		return nil
	}
	_, err := w.tx.Exec("UPDATE report_months SET outstanding = ? WHERE village_id = ? AND span = ?", int64(held), w.village.id, m.span)
	return err
}

func (w *work) clear(st stretch) error {
	for _, table := range []string{"DELETE FROM report_months", "DELETE FROM report_classes", "DELETE FROM report_goods"} {
		// the number of a year lies before its January: where that goes too, the year is written anew as well
		if _, err := w.tx.Exec(table+" WHERE village_id = ? AND span >= ? AND span <= ?", w.village.id, st.first, st.last); err != nil {
			return err
		}
	}
	_, err := w.tx.Exec("DELETE FROM report_days WHERE village_id = ? AND on_day >= ? AND on_day <= ?", w.village.id, st.first.First(), st.last.Last())
	return err
}

func (w *work) insertMonths() error {
	var args []any
	for _, rows := range []map[clock.Span]*month{w.fresh, w.sums} {
		for _, span := range slices.Sorted(maps.Keys(rows)) {
			m := rows[span]
			args = append(args, w.village.id, span, m.entries, m.Households, m.Active, m.Deeds, int64(m.Earned), int64(m.Lost), int64(m.Issued), int64(m.Deducted),
				int64(m.Redeemed), int64(m.Expired), int64(m.Other), int64(m.Outstanding), m.LateReviews, m.LateObjections)
		}
	}
	return w.tx.Insert("INSERT INTO report_months ("+monthColumns+") VALUES ", 16, args)
}

// insertParts stores what hangs on the months. What is nothing has no row.
func (w *work) insertParts() error {
	var classes, shelf, days []any
	for _, span := range slices.Sorted(maps.Keys(w.fresh)) {
		m := w.fresh[span]
		for _, code := range slices.Sorted(maps.Keys(m.classes)) {
			if c := m.classes[code]; c.Earned != 0 || c.Lost != 0 {
				classes = append(classes, w.village.id, span, code, cmp.Or(c.Name, code), int64(c.Earned), int64(c.Lost))
			}
		}
		for _, of := range slices.Sorted(maps.Keys(m.goods)) {
			shelf = append(shelf, w.village.id, span, of, m.goods[of].qty, int64(m.goods[of].amount))
		}
		for _, on := range slices.Sorted(maps.Keys(m.days)) {
			if d := m.days[on]; *d != (day{}) {
				days = append(days, w.village.id, on, int64(d.earned), int64(d.issued), int64(d.redeemed))
			}
		}
	}
	if err := w.tx.Insert("INSERT INTO report_classes (village_id, span, class, name, earned, lost) VALUES ", 6, classes); err != nil {
		return fmt.Errorf("insert classes: %w", err)
	}
	if err := w.tx.Insert("INSERT INTO report_goods (village_id, span, goods_id, qty, amount) VALUES ", 5, shelf); err != nil {
		return fmt.Errorf("insert goods: %w", err)
	}
	if err := w.tx.Insert("INSERT INTO report_days (village_id, on_day, earned, issued, redeemed) VALUES ", 5, days); err != nil {
		return fmt.Errorf("insert days: %w", err)
	}
	return nil
}

// reviewDays is how long a record of the village may wait for approval before it counts as late, by the rules of the day.
func (w *work) reviewDays() (int, error) {
	v, err := w.s.book.InForce(w.ctx, w.village.id, w.today)
	if errors.Is(err, rulebook.ErrNone) {
		return scheme.DefaultReviewDays, nil
	}
	if err != nil {
		return 0, err
	}
	return v.Scheme.Records.ReviewDays, nil
}

// present stores how the village stands at this moment. What is late stands in the present month and year too, so that
// a trend of it remains.
func (w *work) present(at int64) error {
	var accounts, waiting, reviews, objections int64
	var outstanding points.Amount
	days, err := w.reviewDays()
	if err != nil {
		return err
	}
	before := clock.Ms(w.today.Add(-days).Start())
	err = w.tx.QueryRow(`SELECT (SELECT COUNT(*) FROM accounts WHERE village_id = ? AND closed_on > ?),
		(SELECT COALESCE(SUM(b.amount), 0) FROM accounts a JOIN balances b ON b.account_id = a.id WHERE a.village_id = ? AND b.kind = 'spend'),
		(SELECT COUNT(*) FROM cases WHERE village_id = ? AND state = 'submitted'),
		(SELECT COUNT(*) FROM cases WHERE village_id = ? AND state = 'submitted' AND created_at < ?),
		(SELECT COUNT(*) FROM objections WHERE village_id = ? AND outcome = '' AND due_on < ?)`,
		w.village.id, w.today, w.village.id, w.village.id, w.village.id, before, w.village.id, w.today).Scan(&accounts, &outstanding, &waiting, &reviews, &objections)
	if err != nil {
		return fmt.Errorf("read the present: %w", err)
	}
	this := clock.MonthSpan(w.today)
	for _, m := range []*month{w.fresh[this], w.sums[clock.YearSpan(w.today)]} {
		m.LateReviews, m.LateObjections = reviews, objections
	}
	_, err = w.tx.Exec(`UPDATE report_villages SET as_of = ?, on_day = ?, households = ?, accounts = ?, outstanding = ?, waiting = ?, late_reviews = ?, late_objections = ?
		WHERE village_id = ?`, at, w.today, w.fresh[this].Households, accounts, int64(outstanding), waiting, reviews, objections, w.village.id)
	if err != nil {
		return fmt.Errorf("update village: %w", err)
	}
	return nil
}
