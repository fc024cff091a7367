package cases

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// factsFor reads what a decision asked for, and the highest number among the decisions read. Most decisions ask for
// windows of accounts only: one statement. today is the day of the decision: a tag counts if it stands on both days.
func factsFor(read query, village id.ID, keys scheme.Keys, day, today clock.Day) (*scheme.Facts, int64, error) {
	rows, err := history(read, village, keys)
	if err != nil {
		return nil, 0, err
	}
	last := int64(0)
	for i := range rows {
		last = max(last, rows[i].No)
	}
	f := scheme.NewFacts(rows)
	if len(keys.Measures) > 0 {
		if f.Scores, err = ledger.Scores(read, keys.Measures); err != nil {
			return nil, 0, err
		}
	}
	for _, i := range keys.Issued {
		sum, err := issued(read, village, i, math.MaxInt64)
		if err != nil {
			return nil, 0, err
		}
		f.Issued(i, sum)
	}
	if keys.Tags {
		if f.Tags, err = tagsFor(read, keys.Accounts, day, today); err != nil {
			return nil, 0, err
		}
	}
	return f, last, nil
}

func tagsFor(read query, accounts []id.ID, day, today clock.Day) (map[id.ID][]scheme.Tag, error) {
	stand, err := standing.Standing(read, accounts, today)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]scheme.Tag{}
	for account, tags := range stand {
		for _, t := range tags {
			if t.From <= day || t.Code != "" {
				out[account] = append(out[account], scheme.Tag{Account: account, Kind: t.Kind, Code: t.Code, From: t.From, To: t.To, Due: t.Due, Rounds: t.Rounds})
			}
		}
	}
	return out, nil
}

// issued is what the village's records of some days, decided before a number, award, less what they took the place of.
func issued(read query, village id.ID, i scheme.Issue, before int64) (sum points.Amount, err error) {
	const gained = "CASE WHEN counted + replaced > 0 THEN counted + replaced ELSE 0 END - CASE WHEN replaced > 0 THEN replaced ELSE 0 END"
	where, args := " WHERE c.account_id IN (SELECT id FROM accounts WHERE village_id = ?) AND c.occurred_on BETWEEN ? AND ? AND c.decided_no < ? AND"+cThatStand,
		[]any{village, i.From, i.To, before}
	if len(i.Classes) > 0 {
		where, args = where+" AND c.class IN "+storage.In(len(i.Classes)), storage.Args(i.Classes, args...)
	}
	shared := strings.Replace(where, "c.account_id IN (SELECT id FROM accounts WHERE village_id = ?)", "c.village_id = ?", 1)
	rows, err := read("SELECT COALESCE(SUM("+strings.NewReplacer("counted", "c.counted", "replaced", "c.replaced").Replace(gained)+"), 0) FROM cases c"+where+
		" UNION ALL SELECT COALESCE(SUM("+strings.NewReplacer("counted", "s.counted", "replaced", "s.replaced").Replace(gained)+"), 0) FROM case_shares s JOIN cases c ON c.id = s.case_id"+
		" AND s.village_id = c.village_id"+shared, append(slices.Clone(args), args...)...)
	if err != nil {
		return 0, fmt.Errorf("read issued: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var part points.Amount
		if err := rows.Scan(&part); err != nil {
			return 0, err
		}
		sum += part
	}
	return sum, rows.Err()
}

// history reads the decided records in some windows: those of accounts in one statement, a SELECT for each set of
// accounts, because most windows of a decision ask for the same ones, and each further SELECT costs the engine as much
// as the first; those of groups and of the village, which few items ask for, one by one. A record may come more than
// once.
func history(read query, village id.ID, keys scheme.Keys) ([]scheme.Decided, error) {
	windows := keys.Windows
	shared := slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return len(w.Accounts) > 0 })
	windows = slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return len(w.Accounts) == 0 })
	var out []scheme.Decided
	if len(windows) > 0 {
		var sql strings.Builder
		var args []any
		for len(windows) > 0 {
			same := slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return !slices.Equal(w.Accounts, windows[0].Accounts) })
			windows = slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return slices.Equal(w.Accounts, same[0].Accounts) })
			if sql.Len() > 0 {
				sql.WriteString(" UNION ALL ")
			}
			accounts := storage.Padded(same[0].Accounts)
			in := storage.In(len(accounts))
			text, values := inWindows(same)
			sql.WriteString("SELECT " + decidedColumns + " FROM cases c WHERE c.account_id IN " + in + text)
			args = append(append(args, storage.Args(accounts)...), values...)
			if keys.Shares {
				sql.WriteString(" UNION ALL SELECT " + sharedColumns + sharesOfCases + " WHERE s.account_id IN " + in + text)
				args = append(append(args, storage.Args(accounts)...), values...)
			}
		}
		rows, err := readDecided(read, sql.String(), args...)
		if err != nil {
			return nil, err
		}
		out = rows
	}
	for _, w := range shared {
		rows, err := historyOfMany(read, village, w)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// historyOfMany reads a window over groups or over the village by the accounts of the village: there is no index on
// groups, because awards would pay for it and few items ask.
func historyOfMany(read query, village id.ID, w scheme.Window) ([]scheme.Decided, error) {
	text, values := inWindows([]scheme.Window{w})
	cases, shares := "c.account_id IN (SELECT id FROM accounts WHERE village_id = ?)", "s.account_id IN (SELECT id FROM accounts WHERE village_id = ?)"
	args := []any{village}
	if len(w.Groups) > 0 {
		cases, shares = cases+" AND c.group_id IN "+storage.In(len(w.Groups)), shares+" AND s.group_id IN "+storage.In(len(w.Groups))
		args = storage.Args(w.Groups, args...)
	}
	args = append(args, values...)
	return readDecided(read, "SELECT "+decidedColumns+" FROM cases c WHERE "+cases+text+" UNION ALL SELECT "+sharedColumns+sharesOfCases+" WHERE "+shares+text,
		append(slices.Clone(args), args...)...)
}

// inWindows is the condition of windows that ask for the same owners. Their outermost days stand by themselves, for the
// index.
func inWindows(windows []scheme.Window) (string, []any) {
	from, to := windows[0].From, windows[0].To
	for _, w := range windows {
		from, to = min(from, w.From), max(to, w.To)
	}
	text, args := " AND c.occurred_on BETWEEN ? AND ? AND"+cThatStand, []any{from, to}
	var any []string
	for _, w := range windows {
		var all []string
		if w.From != from || w.To != to {
			all, args = append(all, "c.occurred_on BETWEEN ? AND ?"), append(args, w.From, w.To)
		}
		for _, f := range []struct {
			column string
			codes  []string
		}{{"c.item", w.Items}, {"c.class", w.Classes}} {
			if len(f.codes) > 0 {
				all, args = append(all, f.column+" IN "+storage.In(len(f.codes))), storage.Args(f.codes, args...)
			}
		}
		if len(all) == 0 {
			all = []string{"1 = 1"} // this window holds all the others
		}
		any = append(any, "("+strings.Join(all, " AND ")+")")
	}
	return text + " AND (" + strings.Join(any, " OR ") + ")", args
}

const (
	decidedColumns = "c.id, '', c.account_id, c.member_id, c.group_id, c.event_id, c.item, c.class, c.grade, c.quantity, c.occurred_on, c.decided_no, c.counted, c.replaced, c.warned"
	sharedColumns  = "c.id, s.role, s.account_id, s.member_id, s.group_id, c.event_id, c.item, c.class, c.grade, c.quantity, c.occurred_on, c.decided_no, s.counted, s.replaced, s.warned"
	sharesOfCases  = " FROM case_shares s JOIN cases c ON c.id = s.case_id"
)

func readDecided(read query, sql string, args ...any) ([]scheme.Decided, error) {
	rows, err := read(sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer rows.Close()
	var out []scheme.Decided
	for rows.Next() {
		var d scheme.Decided
		var warned int
		if err := rows.Scan(&d.Case, &d.Role, &d.Account, &d.Member, &d.Group, &d.Event, &d.Item, &d.Class, &d.Grade, &d.Quantity, &d.OccurredOn, &d.No,
			&d.Counted, &d.Replaced, &warned); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		d.Warned = warned != 0
		out = append(out, d)
	}
	return out, rows.Err()
}
