package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// recentMonths are folded anew at each roll-up, the present one included: goods that a device without signal had given
// out come in late, and the rules in force on a month's last day say which wallet is ranked.
const recentMonths = 3

// RollUp brings the figures of all villages up to date and answers how many villages it went through. Each village is one
// transaction, so that a run that is killed loses nothing and a run again ends right; two servers may run it at once.
// A village that fails does not hold up the others; the errors come together.
//
// Nothing remembers how far the last run came. Entries are only ever added, so a month is behind if and only if it holds
// another number of entries than were folded: one count over an index tells, also of a transaction that was written
// before the last run and committed after it.
func (s *Service) RollUp(ctx context.Context) (int, error) {
	all, err := s.everyVillage(ctx)
	if err != nil {
		return 0, err
	}
	done, failed := 0, []error(nil)
	for _, v := range all {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		if err := s.rollVillage(ctx, v); err != nil {
			failed = append(failed, fmt.Errorf("roll up village %s: %w", v.id, err))
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

// place is a village and the one in which its people are now: itself, or the one it was merged into.
type place struct{ id, now id.ID }

func (s *Service) everyVillage(ctx context.Context) ([]place, error) {
	into := map[id.ID]id.ID{}
	rows, err := s.db.Query(ctx, "SELECT id, into_id FROM regions WHERE kind = 'village'")
	if err := each(rows, err, func(r *sql.Rows) error {
		var from, to id.ID
		err := r.Scan(&from, &to)
		into[from] = to
		return err
	}); err != nil {
		return nil, fmt.Errorf("list villages: %w", err)
	}
	var all []place
	for _, v := range slices.Sorted(maps.Keys(into)) {
		all = append(all, place{v, successor(into, v)})
	}
	return all, nil
}

// successor follows mergers to the village that is left.
func successor(into map[id.ID]id.ID, v id.ID) id.ID {
	for range len(into) {
		if into[v] == 0 {
			break
		}
		v = into[v]
	}
	return v
}

// work is the roll-up of one village in one transaction.
type work struct {
	tx      *storage.Tx
	s       *Service
	ctx     context.Context
	village place
	today   clock.Day

	stored map[clock.Span]*month // as the last run left them; months and years
	fresh  map[clock.Span]*month // months folded anew
	sums   map[clock.Span]*month // and their years
	kinds  map[string]string     // kind of each wallet
	terms  []term                // of the households
}

// month is a row of report_months with what hangs on it.
type month struct {
	Figures
	span    clock.Span
	entries int64
	scored  string // wallet that is ranked
	classes map[string]*Class
	goods   map[id.ID]*goods
	days    map[clock.Day]*day
}

type goods struct {
	qty    int64
	amount points.Amount
}

type day struct{ earned, issued, redeemed points.Amount }

type term struct{ from, to clock.Day }

func (s *Service) rollVillage(ctx context.Context, v place) error {
	at := s.now()
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		w := &work{tx: tx, s: s, ctx: ctx, village: v, today: clock.DayOf(at), fresh: map[clock.Span]*month{}, sums: map[clock.Span]*month{}}
		if err := w.hold(); err != nil {
			return err
		}
		if err := w.look(); err != nil {
			return err
		}
		// The entries are counted as they are folded, and before anything else is read of them: what is added in between is
		// then missing from the count, and the next run comes back to it.
		if err := w.fold(); err != nil {
			return err
		}
		if err := w.participation(); err != nil {
			return err
		}
		if err := w.redeemed(); err != nil {
			return err
		}
		return w.store(clock.Ms(at))
	})
}

// hold takes the village's row, so that two runs come one after the other and the later reads what the earlier wrote.
func (w *work) hold() error {
	for range 2 {
		n, err := w.tx.Exec("UPDATE report_villages SET rev = rev + 1 WHERE village_id = ?", w.village.id)
		if err != nil || n > 0 {
			return err
		}
		_, err = w.tx.Exec(`INSERT INTO report_villages (village_id, rev, as_of, on_day, households, accounts, outstanding, waiting, late_reviews, late_objections)
			VALUES (?,0,0,0,0,0,0,0,0,0)`, w.village.id)
		if err != nil && !storage.IsDuplicate(err) {
			return fmt.Errorf("insert village: %w", err)
		}
	}
	return nil
}

// look finds the months that are behind.
func (w *work) look() error {
	var err error
	if w.stored, err = readMonths(w.tx.Query, "village_id = ?", w.village.id); err != nil {
		return err
	}
	rows, err := w.tx.Query("SELECT from_day, to_day FROM households WHERE village_id = ?", w.village.id)
	if err := each(rows, err, func(r *sql.Rows) error {
		var t term
		err := r.Scan(&t.from, &t.to)
		w.terms = append(w.terms, t)
		return err
	}); err != nil {
		return fmt.Errorf("read households: %w", err)
	}
	counts := map[clock.Span]int64{}
	first, last := clock.MonthSpan(w.today), clock.MonthSpan(w.today)
	rows, err = w.tx.Query("SELECT counted_on - counted_on % 100 AS m, COUNT(*) FROM entries WHERE village_id = ? GROUP BY m", w.village.id)
	if err := each(rows, err, func(r *sql.Rows) error {
		var m, n int64
		err := r.Scan(&m, &n)
		span := clock.Span(m / 100)
		counts[span] = n
		first, last = min(first, span), max(last, span)
		return err
	}); err != nil {
		return fmt.Errorf("count entries: %w", err)
	}
	recent := clock.MonthSpan(w.today.StartOfMonth().AddMonths(1 - recentMonths))
	for m := first; m <= last; m = next(m) {
		old, households := w.stored[m], w.inForce(m)
		if old == nil || old.entries != counts[m] || old.Households != households || m >= recent {
			w.fresh[m] = &month{span: m, Figures: Figures{Households: households}, classes: map[string]*Class{}, goods: map[id.ID]*goods{}, days: map[clock.Day]*day{}}
			if old != nil { // how late things were at the end of a month is not to be found out later
				w.fresh[m].LateReviews, w.fresh[m].LateObjections = old.LateReviews, old.LateObjections
			}
		}
	}
	return nil
}

// next is the month after.
func next(m clock.Span) clock.Span { return clock.MonthSpan(m.Last().Add(1)) }

// inForce counts the households on the last day of a span, or today.
func (w *work) inForce(span clock.Span) (n int64) {
	on := min(span.Last(), w.today)
	for _, t := range w.terms {
		if t.from <= on && on < t.to {
			n++
		}
	}
	return n
}

// stretch is some months in a row.
type stretch struct{ first, last clock.Span }

// stretches puts the months to be folded together as far as they follow one another.
func (w *work) stretches() []stretch {
	var all []stretch
	for _, m := range slices.Sorted(maps.Keys(w.fresh)) {
		if n := len(all); n > 0 && next(all[n-1].last) == m {
			all[n-1].last = m
			continue
		}
		all = append(all, stretch{m, m})
	}
	return all
}

// each reads rows to their end.
func each(rows *sql.Rows, err error, one func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := one(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
