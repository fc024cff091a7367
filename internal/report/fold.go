package report

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
)

// foldQuery adds up the entries of some days by day, wallet, class and kind. A reversal counts under the kind that it
// undoes. An adjustment belongs where its case was posted, to the deductions or to what was given; one of a case that had
// no posting of its own (a warning that was corrected) goes by its sign.
const foldQuery = `SELECT on_day, wallet, class, kind, charged, SUM(amount), COUNT(*) FROM (
	SELECT e.counted_on AS on_day, e.wallet, e.class, e.amount,
		CASE WHEN e.kind = 'reverse' THEN SUBSTR(e.ref, 1, INSTR(e.ref, ':') - 1) ELSE e.kind END AS kind,
		CASE WHEN (e.kind = 'adjust' OR e.kind = 'reverse' AND e.ref LIKE 'adjust:%') AND (
			EXISTS (SELECT 1 FROM entries o WHERE o.account_id = e.account_id AND o.case_id = e.case_id AND o.kind = 'deduct')
			OR (e.amount < 0) = (e.kind = 'adjust') AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.account_id = e.account_id AND o.case_id = e.case_id AND o.kind = 'award'))
			THEN 1 ELSE 0 END AS charged
	FROM entries e WHERE e.village_id = ? AND e.counted_on >= ? AND e.counted_on <= ?) x
	GROUP BY on_day, wallet, class, kind, charged`

// fold adds up the months that are behind.
func (w *work) fold() error {
	if err := w.wallets(); err != nil {
		return err
	}
	for _, st := range w.stretches() {
		for m := st.first; m <= st.last; m = next(m) {
			if err := w.rank(w.fresh[m]); err != nil {
				return err
			}
		}
		rows, err := w.tx.Query(foldQuery, w.village.id, st.first.First(), st.last.Last())
		if err := each(rows, err, func(r *sql.Rows) error {
			var l sum
			err := r.Scan(&l.on, &l.wallet, &l.class, &l.kind, &l.charged, &l.amount, &l.n)
			if err == nil {
				w.count(&l)
			}
			return err
		}); err != nil {
			return fmt.Errorf("fold entries: %w", err)
		}
		rows, err = w.tx.Query(`SELECT counted_on - counted_on % 100 AS m, COUNT(DISTINCT CASE WHEN case_id <> 0 THEN case_id ELSE posting_id END) FROM entries
			WHERE village_id = ? AND counted_on >= ? AND counted_on <= ? AND kind IN ('award', 'deduct') GROUP BY m`, w.village.id, st.first.First(), st.last.Last())
		if err := each(rows, err, func(r *sql.Rows) error {
			var m, n int64
			err := r.Scan(&m, &n)
			if to := w.fresh[clock.Span(m/100)]; to != nil {
				to.Deeds = n
			}
			return err
		}); err != nil {
			return fmt.Errorf("count deeds: %w", err)
		}
	}
	return nil
}

// wallets finds what each wallet of the village is for. That never changes.
func (w *work) wallets() error {
	w.kinds = map[string]string{}
	rows, err := w.tx.Query("SELECT DISTINCT b.wallet, b.kind FROM accounts a JOIN balances b ON b.account_id = a.id WHERE a.village_id = ? OR a.village_id = ?",
		w.village.id, w.village.now)
	if err := each(rows, err, func(r *sql.Rows) error {
		var code, kind string
		err := r.Scan(&code, &kind)
		w.kinds[code] = kind
		return err
	}); err != nil {
		return fmt.Errorf("read wallets: %w", err)
	}
	return nil
}

// rank says which wallet was ranked on the last day of a month, and how its classes were called.
func (w *work) rank(m *month) error {
	version, err := w.s.book.InForce(w.ctx, w.village.id, min(w.today, m.span.Last()))
	if errors.Is(err, rulebook.ErrNone) { // entries from before the first rules: paper books
		for code, kind := range w.kinds {
			if kind == scheme.KindScore && (m.scored == "" || code < m.scored) {
				m.scored = code
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	m.scored = version.Scheme.ScoreWallet()
	for _, c := range version.Scheme.Classes {
		m.classes[c.Code] = &Class{Name: c.Name}
	}
	return nil
}

// sum is a row of foldQuery.
type sum struct {
	on                  clock.Day
	wallet, class, kind string
	charged             bool
	amount              points.Amount
	n                   int64
}

// count puts a sum where it belongs.
func (w *work) count(l *sum) {
	m := w.fresh[clock.MonthSpan(l.on)]
	if m == nil {
		return
	}
	m.entries += l.n
	d := m.days[l.on]
	if d == nil {
		d = &day{}
		m.days[l.on] = d
	}
	deed, charged := l.kind == string(ledger.Award) || l.kind == string(ledger.Deduct) || l.kind == string(ledger.Adjust), l.charged || l.kind == string(ledger.Deduct)
	switch {
	case l.wallet == m.scored && deed:
		m.scoredDeed(l, charged)
		if !charged {
			d.earned += l.amount
		}
	case w.kinds[l.wallet] != scheme.KindSpend:
	case charged:
		m.Deducted -= l.amount
	default:
		m.spendable(l, d)
	}
}

func (m *month) scoredDeed(l *sum, charged bool) {
	c := m.classes[l.class]
	if c == nil {
		c = &Class{Name: l.class}
		m.classes[l.class] = c
	}
	if charged {
		m.Lost -= l.amount
		c.Lost -= l.amount
		return
	}
	m.Earned += l.amount
	c.Earned += l.amount
}

// spendable counts what came into the wallets that pay for goods, or left them. What only moves between buckets adds up to
// nothing.
func (m *month) spendable(l *sum, d *day) {
	switch ledger.Kind(l.kind) {
	case ledger.Award, ledger.Grant, ledger.Prize, ledger.Adjust:
		m.Issued += l.amount
		d.issued += l.amount
	case ledger.Redeem:
		m.Redeemed -= l.amount
		d.redeemed -= l.amount
	case ledger.Expire, ledger.Reset, ledger.Carry:
		m.Expired -= l.amount
	default:
		m.Other += l.amount
	}
}

// participationQuery counts the deeds of each household by month, less those that were reversed; of persons, for the household they
// were members of on the day. What village is asked for is added behind it.
const participationQuery = `SELECT e.counted_on - e.counted_on % 100 AS m, COALESCE(s.household_id, CASE WHEN a.kind = 'household' THEN a.id ELSE 0 END) AS home,
		SUM(CASE WHEN e.kind = 'reverse' THEN -1 ELSE 1 END) FROM entries e
	JOIN accounts a ON a.id = e.account_id AND a.kind IN ('household', 'person')
	LEFT JOIN memberships s ON s.member_id = e.account_id AND s.from_day <= e.counted_on AND s.to_day > e.counted_on
	WHERE e.counted_on >= ? AND e.counted_on <= ?
	AND (e.kind IN ('award', 'deduct') OR e.kind = 'reverse' AND (e.ref LIKE 'award:%' OR e.ref LIKE 'deduct:%'))`

// participation counts the households with a deed that stands, by month and year. Whole years are read: who took part in a
// year cannot be added up from its months.
func (w *work) participation() error {
	for _, year := range w.years() {
		deeds := map[clock.Span]map[id.ID]int64{}
		rows, err := w.tx.Query(participationQuery+" AND e.village_id = ? GROUP BY m, home", year.First(), year.Last(), w.village.id)
		if err := each(rows, err, func(r *sql.Rows) error {
			var m, n int64
			var home id.ID
			err := r.Scan(&m, &home, &n)
			if home == 0 { // nobody's member any more
				return err
			}
			for _, span := range []clock.Span{clock.Span(m / 100), year} {
				if deeds[span] == nil {
					deeds[span] = map[id.ID]int64{}
				}
				deeds[span][home] += n
			}
			return err
		}); err != nil {
			return fmt.Errorf("read participation: %w", err)
		}
		w.sumYear(year)
		for span, homes := range deeds {
			if m := cmp.Or(w.fresh[span], w.sums[span]); m != nil {
				m.Active = standing(homes)
			}
		}
	}
	return nil
}

func standing(homes map[id.ID]int64) (n int64) {
	for _, deeds := range homes {
		if deeds > 0 {
			n++
		}
	}
	return n
}

// years are those of the months to be folded.
func (w *work) years() []clock.Span {
	var all []clock.Span
	for m := range w.fresh {
		all = append(all, clock.YearSpan(m.First()))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sumYear makes a year's row of its months, those just folded and those that stand.
func (w *work) sumYear(year clock.Span) {
	sum := &month{span: year}
	for m := year + 1; m <= year+12; m++ {
		of := w.fresh[m]
		if of == nil {
			of = w.stored[m]
		}
		if of == nil {
			continue
		}
		sum.add(&of.Figures)
		sum.entries += of.entries
	}
	sum.Households, sum.Active = w.inForce(year), 0
	if old := w.stored[year]; old != nil {
		sum.LateReviews, sum.LateObjections = old.LateReviews, old.LateObjections
	} else {
		sum.LateReviews, sum.LateObjections = 0, 0
	}
	w.sums[year] = sum
}

// redeemed adds up what the shops gave to people of the village, by the day on which it left the shelf or came back.
func (w *work) redeemed() error {
	for _, st := range w.stretches() {
		rows, err := w.tx.Query(`SELECT v.moved_on - v.moved_on % 100 AS m, v.goods_id, SUM(-v.qty), SUM(-v.qty * v.price) FROM stock_moves v
			JOIN redemptions r ON r.id = v.ref_id AND r.village_id = ?
			WHERE v.shop_id IN (SELECT p.shop_id FROM shop_villages p WHERE p.village_id = ? UNION SELECT o.id FROM shops o WHERE o.owner_id IN (?, ?))
			AND v.kind IN ('redeem', 'return') AND v.moved_on >= ? AND v.moved_on <= ? GROUP BY m, v.goods_id`,
			w.village.id, w.village.id, w.village.id, w.village.now, st.first.First(), st.last.Last())
		if err := each(rows, err, func(r *sql.Rows) error {
			var m int64
			var of id.ID
			var g goods
			err := r.Scan(&m, &of, &g.qty, &g.amount)
			if to := w.fresh[clock.Span(m/100)]; to != nil && g != (goods{}) {
				to.goods[of] = &g
			}
			return err
		}); err != nil {
			return fmt.Errorf("read goods: %w", err)
		}
	}
	return nil
}
