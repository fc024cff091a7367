package season

import (
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// loading reads standings of accounts of a village.
type loading struct {
	read    query
	village id.ID
	until   clock.Day // scores count what was counted up to this day
}

// parts are the rows of totals that make up a span as far as the day until (the year's own where it is over, else months),
// and the stretches of days beside them, where the span or the day does not go by months: there the entries are read.
func (l *loading) parts(span clock.Span) (cond string, args []any, rest [][2]clock.Day) {
	from, to := l.days(span)
	if span != 0 && span == clock.YearSpan(from) && to == span.Last() {
		return "t.span = ?", []any{span}, nil
	}
	last := to
	if end := to.EndOfMonth(); to != end {
		last = to.StartOfMonth().Add(-1)
		rest = append(rest, [2]clock.Day{max(from, to.StartOfMonth()), to})
	}
	if span == 0 {
		return "t.span % 100 BETWEEN 1 AND 12 AND t.span <= ?", []any{clock.MonthSpan(last)}, rest
	}
	if first := from.StartOfMonth(); from != first && from <= last {
		rest = append(rest, [2]clock.Day{from, min(last, from.EndOfMonth())})
		from = from.EndOfMonth().Add(1)
	}
	var months []clock.Span
	for m := clock.MonthSpan(from); from <= last && m.First() <= last; m = clock.MonthSpan(m.Last().Add(1)) {
		months = append(months, m)
	}
	switch n := len(months); {
	case n == 0:
		return "", nil, rest
	case months[0].First().Year() == months[n-1].First().Year(): // one range for each account instead of n; a year's own row lies before its months
		return "t.span BETWEEN ? AND ?", []any{months[0], months[n-1]}, rest
	}
	return "t.span IN " + storage.In(len(months)), storage.Args(months), rest
}

// scores reads what some keys ask for into the standings of one kind of account; those without an entry have none.
func (l *loading) scores(kind string, keys []scheme.ScoreKey, at map[id.ID]*scheme.Standing) error {
	for _, k := range keys {
		cond, args, rest := l.parts(k.Span)
		if cond != "" {
			rows, err := l.read("SELECT t.account_id, SUM(t.amount) FROM totals t WHERE t.village_id = ? AND t.wallet = ? AND t.kind = ? AND "+cond+" GROUP BY t.account_id",
				append([]any{l.village, k.Wallet, kind}, args...)...)
			if err := l.take(rows, err, at, k); err != nil {
				return err
			}
		}
		if len(rest) == 0 {
			continue
		}
		books, err := l.books()
		if err != nil {
			return err
		}
		for _, days := range rest {
			rows, err := l.read("SELECT account_id, SUM(amount) FROM entries WHERE village_id IN "+storage.In(len(books))+" AND counted_on BETWEEN ? AND ? AND wallet = ? AND bucket = ? GROUP BY account_id",
				append(storage.Args(books), days[0], days[1], k.Wallet, string(ledger.Available))...)
			if err := l.take(rows, err, at, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// scoresOf is scores for a few accounts, whichever their kind.
func (l *loading) scoresOf(accounts []id.ID, keys []scheme.ScoreKey, at map[id.ID]*scheme.Standing) error {
	for _, k := range keys {
		cond, args, rest := l.parts(k.Span)
		if cond != "" {
			rows, err := l.read("SELECT t.account_id, SUM(t.amount) FROM totals t WHERE t.account_id IN "+storage.In(len(accounts))+" AND t.wallet = ? AND "+cond+" GROUP BY t.account_id",
				append(append(storage.Args(accounts), k.Wallet), args...)...)
			if err := l.take(rows, err, at, k); err != nil {
				return err
			}
		}
		for _, days := range rest {
			rows, err := l.read("SELECT account_id, SUM(amount) FROM entries WHERE account_id IN "+storage.In(len(accounts))+" AND counted_on BETWEEN ? AND ? AND wallet = ? AND bucket = ? GROUP BY account_id",
				append(storage.Args(accounts), days[0], days[1], k.Wallet, string(ledger.Available))...)
			if err := l.take(rows, err, at, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loading) take(rows *sql.Rows, err error, at map[id.ID]*scheme.Standing, k scheme.ScoreKey) error {
	err = each(rows, err, func(r *sql.Rows) error {
		var account id.ID
		var sum points.Amount
		if err := r.Scan(&account, &sum); err != nil {
			return err
		}
		if st := at[account]; st != nil {
			st.Scores[k] += sum
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read scores: %w", err)
	}
	return nil
}

// balances reads what accounts have available in some wallets. Of those that are to be emptied it is what had come in by
// the last day of the period and has not been spent: what was counted since belongs to the next, what was spent since is
// taken from the old, and lots past their day are left to their own expiry.
func (l *loading) balances(accounts []id.ID, wallets, emptied []string, today clock.Day, at map[id.ID]*scheme.Standing) error {
	if len(wallets) == 0 {
		return nil
	}
	add := func(text string, args ...any) error {
		rows, err := l.read(text, args...)
		return each(rows, err, func(r *sql.Rows) error {
			var account id.ID
			var wallet string
			var amount points.Amount
			if err := r.Scan(&account, &wallet, &amount); err != nil {
				return err
			}
			if st := at[account]; st != nil {
				st.Balances[wallet] += amount
			}
			return nil
		})
	}
	err := add("SELECT account_id, wallet, amount FROM balances WHERE account_id IN "+storage.In(len(accounts))+" AND bucket = ? AND wallet IN "+storage.In(len(wallets)),
		storage.Args(wallets, append(storage.Args(accounts), string(ledger.Available))...)...)
	if err == nil && len(emptied) > 0 {
		err = add("SELECT account_id, wallet, -amount FROM lots WHERE account_id IN "+storage.In(len(accounts))+" AND bucket = ? AND expires_on < ? AND amount > 0 AND wallet IN "+storage.In(len(emptied)),
			storage.Args(emptied, append(storage.Args(accounts), string(ledger.Available), today)...)...)
	}
	if err == nil && len(emptied) > 0 {
		var books []id.ID
		if books, err = l.books(); err == nil {
			err = add("SELECT account_id, wallet, -SUM(amount) FROM entries WHERE village_id IN "+storage.In(len(books))+" AND counted_on > ? AND bucket = ? AND amount > 0 AND wallet IN "+
				storage.In(len(emptied))+" GROUP BY account_id, wallet", storage.Args(emptied, append(storage.Args(books), l.until, string(ledger.Available))...)...)
		}
	}
	if err != nil {
		return fmt.Errorf("read balances: %w", err)
	}
	return nil
}

// books are the villages in whose books the entries of the accounts may stand: the village and those merged into it. Their ids
// stand in the statements that use them: given as a subquery, MariaDB reads all entries there are.
func (l *loading) books() (out []id.ID, err error) {
	rows, err := l.read("SELECT id FROM regions WHERE kind = 'village' AND (id = ? OR into_id = ?)", l.village, l.village)
	err = each(rows, err, func(r *sql.Rows) error {
		var v id.ID
		err := r.Scan(&v)
		out = append(out, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read villages: %w", err)
	}
	return out, nil
}

// tags reads the thresholds' tags that stand on a day or begin after it.
func (l *loading) tags(accounts []id.ID, day clock.Day, at map[id.ID]*scheme.Standing) error {
	rows, err := l.read("SELECT account_id, kind, code, from_day, to_day FROM tags WHERE code <> '' AND to_day > ? AND account_id IN "+storage.In(len(accounts)),
		storage.Args(accounts, day)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var t scheme.Tag
		if err := r.Scan(&t.Account, &t.Kind, &t.Code, &t.From, &t.To); err != nil {
			return err
		}
		if st := at[t.Account]; st != nil {
			st.Tags = append(st.Tags, t)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	return nil
}

// standings makes empty ones.
func standings(of []account) ([]scheme.Standing, map[id.ID]*scheme.Standing) {
	list, at := make([]scheme.Standing, len(of)), make(map[id.ID]*scheme.Standing, len(of))
	for i, a := range of {
		list[i] = scheme.Standing{Account: a.id, Kind: a.kind, Since: a.since, Scores: map[scheme.ScoreKey]points.Amount{}, Balances: map[string]points.Amount{}}
		at[a.id] = &list[i]
	}
	return list, at
}

// account is an open account of the village.
type account struct {
	id    id.ID
	kind  string
	since clock.Day
}

// scored are the open accounts of the scheme's subject, by id, with their first days.
func (l *loading) scored(kind string, top id.ID) ([]account, error) {
	first := "0"
	from := ""
	switch kind {
	case scheme.SubjectHousehold:
		first, from = "h.from_day", " JOIN households h ON h.id = a.id"
	case scheme.SubjectPerson:
		first, from = "COALESCE((SELECT MIN(m.from_day) FROM memberships m WHERE m.member_id = a.id), 0)", ""
	}
	var out []account
	rows, err := l.read("SELECT a.id, "+first+" FROM accounts a"+from+" WHERE a.village_id = ? AND a.kind = ? AND a.closed_on = ? AND a.id <= ? ORDER BY a.id", l.village, kind, clock.Forever, top)
	err = each(rows, err, func(r *sql.Rows) error {
		a := account{kind: kind}
		err := r.Scan(&a.id, &a.since)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return out, nil
}

// chunk are the next accounts that a close has anything to do with: those who are scored, and whoever else has points in
// a wallet that is emptied.
func (l *loading) chunk(d *due, after, top id.ID, limit int) ([]account, error) {
	book := d.book().Scheme
	others, args := "", []any{l.village, clock.Forever, after, top, subject(book)}
	if emptied := d.emptied(); len(emptied) > 0 {
		others = " OR EXISTS (SELECT 1 FROM balances b WHERE b.account_id = a.id AND b.bucket = 'available' AND b.amount > 0 AND b.wallet IN " + storage.In(len(emptied)) + ")"
		args = storage.Args(emptied, args...)
	}
	var out []account
	rows, err := l.read(fmt.Sprintf("SELECT a.id, a.kind FROM accounts a WHERE a.village_id = ? AND a.closed_on = ? AND a.id > ? AND a.id <= ? AND (a.kind = ?%s) ORDER BY a.id LIMIT %d", others, limit), args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var a account
		err := r.Scan(&a.id, &a.kind)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return out, nil
}

func ids(of []account) []id.ID {
	out := make([]id.ID, len(of))
	for i, a := range of {
		out[i] = a.id
	}
	return out
}

// alone reads what CloseEach of these accounts needs.
func (l *loading) alone(d *due, of []account, today clock.Day) ([]scheme.Standing, error) {
	list, at := standings(of)
	accounts := ids(of)
	var n scheme.StandingNeeds
	if d.rules != nil {
		n = d.rules.Scheme.CloseNeeds(d.Period)
		n.Scores = slices.DeleteFunc(n.Scores, func(k scheme.ScoreKey) bool { return !n.Tags }) // the others are compared, not read here
	}
	if d.base != nil {
		n.Balances = append(slices.Clone(n.Balances), d.base.Scheme.Base.Wallet)
	}
	slices.Sort(n.Balances)
	if err := l.balances(accounts, slices.Compact(n.Balances), d.emptied(), today, at); err != nil {
		return nil, err
	}
	if n.Tags {
		if err := l.tags(accounts, d.On, at); err != nil {
			return nil, err
		}
		if err := l.scoresOf(accounts, n.Scores, at); err != nil {
			return nil, err
		}
	}
	return list, nil
}
