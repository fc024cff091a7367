package board

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// An account stands on the board of a span if it has a total there and was not closed on or before the span's last day.
// Closed accounts are few, so counts are "all, less the closed": both from an index alone.
const (
	onBoard = ` FROM totals t WHERE t.village_id = ? AND t.wallet = ? AND t.span = ? AND t.kind = ?`
	notGone = ` AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = t.account_id AND a.closed_on <= ?)`
	gone    = ` FROM accounts a JOIN totals t ON t.account_id = a.id AND t.wallet = ? AND t.span = ? WHERE a.village_id = ? AND a.kind = ? AND a.closed_on <= ?`
)

// count is the expression that counts rows of a ranking on which a condition holds, and its arguments.
func (r ref) count(where string, args ...any) (string, []any) {
	all := []any{r.village, r.wallet, r.span, r.kind}
	all = append(all, args...)
	all = append(all, r.wallet, r.span, r.village, r.kind, r.span.Last())
	all = append(all, args...)
	return "((SELECT COUNT(*)" + onBoard + where + ") - (SELECT COUNT(*)" + gone + where + "))", all
}

// size is how many stand on a ranking, and how many are kept from it because they were closed. It changes seldom and
// costs as much to count as the rest of a page, so it is kept like the sums over groups.
type size struct{ of, gone int64 }

// size is what is remembered of a ranking's size, or what the database says. Redis counts for itself, and must find SQL
// in agreement, so nothing is remembered beside it.
func (s *Service) size(ctx context.Context, r ref) (size, error) {
	changes, at := s.lanes.view(r.village).changes.Load(), time.Now()
	if v, ok := s.sizes.get(r, changes); ok && !s.redis.On() {
		return v.(size), nil
	}
	var n size
	err := s.db.QueryRow(ctx, "SELECT (SELECT COUNT(*)"+onBoard+"), (SELECT COUNT(*)"+gone+")",
		r.village, r.wallet, r.span, r.kind, r.wallet, r.span, r.village, r.kind, r.span.Last()).Scan(&n.of, &n.gone)
	if err != nil {
		return n, wrap(err)
	}
	n.of -= n.gone
	s.sizes.put(r, changes, at, n)
	return n, nil
}

// pageQuery is one statement: the rows after the cursor and, with them, what they need to know of those before. Where
// nobody is kept from the ranking, nobody is looked up for it.
func pageQuery(r ref, after cursor, limit int, anyGone bool) (string, []any) {
	q, args := "SELECT t.account_id, t.amount", []any{}
	if after.set {
		above, a := r.count(" AND t.amount > ?", after.amount)
		same, b := r.count(" AND t.amount = ? AND t.account_id >= ?", after.amount, after.account)
		q += ", " + above + ", " + same
		args = append(append(args, a...), b...)
	} else {
		q += ", 0, 0"
	}
	q += onBoard
	args = append(args, r.village, r.wallet, r.span, r.kind)
	if after.set {
		q += " AND t.amount <= ? AND (t.amount < ? OR t.account_id < ?)"
		args = append(args, after.amount, after.amount, after.account)
	}
	if anyGone {
		q += notGone
		args = append(args, r.span.Last())
	}
	return q + " ORDER BY t.amount DESC, t.account_id DESC" + limitTo(limit), args
}

// limitTo stands in the text: with a parameter there, SQLite compiles the statement anew at every execution, which
// costs four times the page itself. Page sizes are few.
func limitTo(n int) string { return fmt.Sprintf(" LIMIT %d", n) }

func (s *Service) sqlPage(ctx context.Context, r ref, after cursor, limit int) (part, error) {
	n, err := s.size(ctx, r)
	if err != nil {
		return part{}, err
	}
	q, args := pageQuery(r, after, limit, n.gone > 0)
	p := part{of: n.of}
	var same int64
	rows, err := s.db.Query(storage.Brief(ctx), q, args...)
	if err != nil {
		return p, fmt.Errorf("board page: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.account, &l.amount, &p.above, &same); err != nil {
			return p, fmt.Errorf("board page: %w", err)
		}
		p.lines = append(p.lines, l)
	}
	p.before = p.above + same
	p.of = max(p.of, p.before+int64(len(p.lines))) // others may have come on since it was counted
	if len(p.lines) > 0 && p.lines[0].amount != after.amount {
		p.above = p.before // the first row of the page begins a rank of its own
	}
	return p, rows.Err()
}

// sqlAround is two statements, or three where the first neighbour shares its rank with rows further up; and one for the
// ranking's size, where that is not remembered.
func (s *Service) sqlAround(ctx context.Context, r ref, account id.ID, n int) (part, error) {
	mine := line{account: account}
	all, err := s.size(ctx, r)
	if err != nil {
		return part{}, err
	}
	p := part{of: all.of}
	err = s.db.QueryRow(ctx, `SELECT t.amount FROM totals t
		WHERE t.account_id = ? AND t.wallet = ? AND t.span = ? AND t.village_id = ? AND t.kind = ?`+notGone,
		account, r.wallet, r.span, r.village, r.kind, r.span.Last()).Scan(&mine.amount)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, wrap(err)
	}
	if n == 0 {
		p.lines = []line{mine}
		p.above, err = s.sqlAbove(ctx, r, mine.amount)
		p.before = p.above
		return p, err
	}
	if err := s.sqlNeighbours(ctx, r, mine, n, &p); err != nil {
		return p, err
	}
	first := p.lines[0].amount
	if p.before == 0 {
		p.above = 0
	}
	if p.before == 0 || first == mine.amount {
		return p, nil
	}
	p.above, err = s.sqlAbove(ctx, r, first)
	return p, err
}

func (s *Service) sqlAbove(ctx context.Context, r ref, amount points.Amount) (n int64, err error) {
	q, args := r.count(" AND t.amount > ?", amount)
	err = s.db.QueryRow(ctx, "SELECT "+q, args...).Scan(&n)
	return n, wrap(err)
}

// sqlNeighbours reads up to n rows on either side of mine. above is left as the count above mine, which is the first
// row's only if they tie.
func (s *Service) sqlNeighbours(ctx context.Context, r ref, mine line, n int, p *part) error {
	above, args := r.count(" AND t.amount > ?", mine.amount)
	same, b := r.count(" AND t.amount = ? AND t.account_id > ?", mine.amount, mine.account)
	args = append(args, b...)
	side := func(where, order string) string {
		args = append(args, r.village, r.wallet, r.span, r.kind, mine.amount, mine.amount, mine.account, r.span.Last())
		return "SELECT * FROM (SELECT t.account_id, t.amount" + onBoard + where + notGone + order + limitTo(n) + ") "
	}
	q := "SELECT 0 AS account_id, 0 AS amount, " + above + " AS higher, " + same + " AS same UNION ALL SELECT x.account_id, x.amount, -1, 0 FROM (" +
		side(" AND t.amount >= ? AND (t.amount > ? OR t.account_id > ?)", " ORDER BY t.amount, t.account_id") + "ups) x UNION ALL SELECT y.account_id, y.amount, -2, 0 FROM (" +
		side(" AND t.amount <= ? AND (t.amount < ? OR t.account_id < ?)", " ORDER BY t.amount DESC, t.account_id DESC") + "downs) y"
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return wrap(err)
	}
	defer rows.Close()
	p.lines = []line{mine}
	var ahead int64
	for rows.Next() {
		var l line
		var higher, same int64
		if err := rows.Scan(&l.account, &l.amount, &higher, &same); err != nil {
			return wrap(err)
		}
		switch higher {
		case -1:
			ahead++
			p.lines = append(p.lines, l)
		case -2:
			p.lines = append(p.lines, l)
		default:
			p.above, p.before = higher, higher+same
		}
	}
	slices.SortFunc(p.lines, inOrder)
	p.before -= ahead
	return wrap(rows.Err())
}

// inOrder is the order of a ranking: amount, then account, both falling.
func inOrder(a, b line) int {
	switch {
	case a.amount != b.amount && a.amount > b.amount, a.amount == b.amount && a.account > b.account:
		return -1
	case a == b:
		return 0
	}
	return 1
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	return nil
}
