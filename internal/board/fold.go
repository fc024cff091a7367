package board

import (
	"context"
	"slices"
	"sort"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// foldKey names a ranking that no index holds: of a quarter, half-year or own dates, of one class of items, or of the party members
// or group leaders alone. It is folded from the ledger when somebody asks and kept for a moment (Options.Sums).
type foldKey struct {
	ref
	kind  Kind
	class string // empty: all classes
}

// fold is all lines of such a ranking, in order.
type fold []line

// indexed reports whether the ledger's totals hold the ranking as it is asked for, so that no fold is needed.
func (k foldKey) indexed() bool {
	return k.class == "" && k.span.Total() && (k.kind == Households || k.kind == Persons)
}

// folded is the ranking of a key, made anew when it is older than Options.Sums or than a commit of this process.
func (s *Service) folded(ctx context.Context, k foldKey) (fold, error) {
	changes, at := s.lanes.view(k.village).changes.Load(), time.Now()
	if kept, ok := s.folds.get(k, changes); ok {
		return kept.(fold), nil
	}
	made, err := s.fold(ctx, k)
	if err != nil {
		return nil, err
	}
	s.folds.put(k, changes, at, made)
	return made, nil
}

func (s *Service) fold(ctx context.Context, k foldKey) (fold, error) {
	var made fold
	var err error
	switch {
	case k.class == "" && byMonths(k.span) && (k.ref.kind == scheme.SubjectPerson || !k.kind.ofMembers()):
		made, err = s.foldTotals(ctx, k)
	default:
		made, err = s.foldEntries(ctx, k)
	}
	if err != nil || !k.kind.ofMembers() {
		return made, err
	}
	only, err := s.members(ctx, k)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(made, func(l line) bool { return !only[l.account] }), nil
}

// byMonths reports whether a span begins with a month and ends with one; one of own dates may not.
func byMonths(span clock.Span) bool { return span.First().Dom() == 1 && span.Last().Add(1).Dom() == 1 }

// foldTotals adds up the totals of the span, or of its months where there are none of the span itself.
func (s *Service) foldTotals(ctx context.Context, k foldKey) (fold, error) {
	spans := []clock.Span{k.span}
	if !k.span.Total() {
		spans = spans[:0]
		for day := k.span.First(); day <= k.span.Last(); day = day.AddMonths(1) {
			spans = append(spans, clock.MonthSpan(day))
		}
	}
	args := append([]any{k.village, k.wallet, k.ref.kind}, storage.Args(spans)...)
	return s.readFold(ctx, `SELECT t.account_id, SUM(t.amount) FROM totals t WHERE t.village_id = ? AND t.wallet = ? AND t.kind = ? AND t.span IN `+
		storage.In(len(spans))+notGone+` GROUP BY t.account_id`, append(args, k.span.Last())...)
}

// foldEntries adds up the entries themselves: by account, or, where the village scores households, by the person who did
// the deed. Entries of villages that were merged into this one count with it.
func (s *Service) foldEntries(ctx context.Context, k foldKey) (fold, error) {
	who := "account_id"
	if k.kind.ofMembers() && k.ref.kind != scheme.SubjectPerson {
		who = "member_id"
	}
	q := `SELECT e.` + who + `, SUM(e.amount) FROM entries e JOIN accounts a ON a.id = e.account_id
		WHERE e.village_id IN (SELECT id FROM regions WHERE id = ? OR into_id = ?) AND e.counted_on >= ? AND e.counted_on <= ?
		AND e.wallet = ? AND e.bucket = 'available' AND e.` + who + ` <> 0 AND a.village_id = ? AND a.kind = ?`
	args := []any{k.village, k.village, k.span.First(), k.span.Last(), k.wallet, k.village, k.ref.kind}
	if who == "account_id" {
		q += " AND a.closed_on > ?"
		args = append(args, k.span.Last())
	}
	if k.class != "" {
		q += " AND e.class = ?"
		args = append(args, k.class)
	}
	return s.readFold(ctx, q+" GROUP BY e."+who, args...)
}

func (s *Service) readFold(ctx context.Context, q string, args ...any) (fold, error) {
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	made := fold{}
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.account, &l.amount); err != nil {
			return nil, wrap(err)
		}
		made = append(made, l)
	}
	slices.SortFunc(made, inOrder)
	return made, wrap(rows.Err())
}

// partyFlag is how a village's register marks a member of the party.
const partyFlag = "党员"

// members are the people of a board that ranks some of them apart, on the span's last day, or today while it runs.
func (s *Service) members(ctx context.Context, k foldKey) (map[id.ID]bool, error) {
	day := min(clock.DayOf(s.now()), k.span.Last())
	q := `SELECT member_id FROM member_states WHERE village_id = ? AND kind = 'flag' AND value = ? AND from_day <= ? AND to_day > ?`
	args := []any{k.village, partyFlag, day, day}
	if k.kind == Leaders {
		q = `SELECT m.member_id FROM user_roles r JOIN user_members m ON m.user_id = r.user_id
			WHERE r.village_id = ? AND r.role = 'group_leader' AND r.from_day <= ? AND r.to_day > ? AND m.from_day <= ? AND m.to_day > ?`
		args = []any{k.village, day, day, day, day}
	}
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	only := map[id.ID]bool{}
	for rows.Next() {
		var m id.ID
		if err := rows.Scan(&m); err != nil {
			return nil, wrap(err)
		}
		only[m] = true
	}
	return only, wrap(rows.Err())
}

// page and around are those of the other rankings.
func (f fold) page(after cursor, limit int) part {
	from := 0
	if after.set {
		from = sort.Search(len(f), func(i int) bool { return inOrder(f[i], line{after.account, after.amount}) > 0 })
	}
	return f.part(from, min(from+limit, len(f)))
}

func (f fold) around(account id.ID, n int) part {
	at := slices.IndexFunc(f, func(l line) bool { return l.account == account })
	if at < 0 {
		return part{of: int64(len(f))}
	}
	return f.part(max(0, at-n), min(at+n+1, len(f)))
}

func (f fold) part(from, to int) part {
	p := part{lines: f[from:to], before: int64(from), of: int64(len(f))}
	if from < to {
		p.above = int64(f.above(f[from].amount))
	}
	return p
}

// above is how many have more than an amount.
func (f fold) above(amount points.Amount) int {
	return sort.Search(len(f), func(i int) bool { return f[i].amount <= amount })
}

// ranks are the ranks of all, by account.
func (f fold) ranks() map[id.ID]int64 {
	out := make(map[id.ID]int64, len(f))
	for _, l := range f {
		out[l.account] = int64(f.above(l.amount)) + 1
	}
	return out
}
