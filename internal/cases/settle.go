package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// settlement is the decision of a batch of cases of one village and one rule version.
type settlement struct {
	version *rulebook.Version
	cases   []*record
	keys    scheme.Keys
	by      id.ID
	at      time.Time
	posted  []ledger.Posted
}

func newSettlement(v *rulebook.Version, cs []*record, by id.ID, at time.Time) *settlement {
	deeds := make([]scheme.Case, len(cs))
	for i, c := range cs {
		deeds[i] = c.deed()
	}
	return &settlement{version: v, cases: cs, keys: scheme.Needs(v.Scheme, deeds), by: by, at: at}
}

// guard locks everything the decision reads: the accounts and the limits that accounts share.
func (s *settlement) guard(tx *storage.Tx) error {
	accounts := make([]id.ID, len(s.cases))
	for i, c := range s.cases {
		accounts[i] = c.account
	}
	return ledger.Guard(tx, accounts, s.keys.Guards)
}

// refusal is the error of one case of a batch.
type refusal struct {
	index int
	err   error
}

// decide decides the cases in their order, each resting on those before it, and gives them their numbers. Errors are
// answered for all cases, so that a list can say every row that is wrong.
func (s *settlement) decide(read query, newID func() id.ID) ([]refusal, error) {
	rows, err := history(read, s.keys.Windows)
	if err != nil {
		return nil, err
	}
	last := int64(0)
	for i := range rows {
		last = max(last, rows[i].No)
	}
	facts := scheme.NewFacts(rows)
	var refused []refusal
	for i, c := range s.cases {
		d, err := scheme.Decide(s.version.Scheme, c.deed(), facts)
		if err != nil {
			refused = append(refused, refusal{i, err})
			continue
		}
		c.apply(d)
		// Above everything the windows hold, even if another server's clock is ahead: the order of decisions is this number.
		last = max(int64(newID()), last+1)
		c.no = last
		c.scheme, c.counted = s.version.ID, s.version.Counted(c.occurred)
		c.decider, c.decidedAt, c.changedAt = s.by, clock.Ms(s.at), clock.Ms(s.at)
		facts.Note(s.version.Scheme, c.deed(), d, c.no)
	}
	return refused, nil
}

// post moves the points and sets the tags of the decided cases.
func (s *settlement) post(tx *storage.Tx) error {
	ps := make([]ledger.Posting, 0, len(s.cases))
	var tags []standing.Tag
	for _, c := range s.cases {
		for _, t := range c.tags {
			tags = append(tags, standing.Tag{Village: c.village, Account: c.account, Kind: t.Kind, From: t.From, To: t.To, Case: c.id, Reason: c.title()})
		}
		if len(c.changes) == 0 {
			continue
		}
		p := c.posting(ledger.Award, c.id.String(), s.by, s.at)
		if c.worth < 0 {
			p.Kind = ledger.Deduct
		}
		for _, ch := range c.changes {
			p.Lines = append(p.Lines, c.line(ch.Account, ch.Wallet, ch.Amount, ch.Intent))
		}
		ps = append(ps, p)
	}
	posted, err := ledger.Post(tx, s.version.Scheme, ps...)
	if err != nil {
		return err
	}
	s.posted = posted
	return standing.Add(tx, s.by, s.at, tags...)
}

func (c *record) posting(kind ledger.Kind, ref string, by id.ID, at time.Time) ledger.Posting {
	return ledger.Posting{Village: c.village, Kind: kind, Ref: ref, Batch: c.batch, By: by, Title: c.title(), At: at,
		Occurred: c.occurred, Counted: c.counted, Case: c.id, Item: c.item, Class: c.class, Scheme: c.scheme}
}

func (c *record) line(account id.ID, wallet string, amount points.Amount, intent scheme.Intent) ledger.Line {
	return ledger.Line{Account: account, Wallet: wallet, Amount: amount, Intent: intent, Member: c.member, Group: c.group}
}

// history reads the decided cases in some windows, in one statement: a SELECT for each set of accounts, because most
// windows of a decision ask for the same ones, and each further SELECT costs the engine as much as the first. A case may
// come more than once.
func history(read query, windows []scheme.Window) ([]scheme.Decided, error) {
	if len(windows) == 0 {
		return nil, nil
	}
	var sql strings.Builder
	var args []any
	for len(windows) > 0 {
		same := slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return !slices.Equal(w.Accounts, windows[0].Accounts) })
		windows = slices.DeleteFunc(slices.Clone(windows), func(w scheme.Window) bool { return slices.Equal(w.Accounts, same[0].Accounts) })
		if sql.Len() > 0 {
			sql.WriteString(" UNION ALL ")
		}
		text, values := inWindows(same)
		sql.WriteString("SELECT " + decidedColumns + " FROM cases WHERE " + text)
		args = append(args, values...)
	}
	return readDecided(read, sql.String(), args...)
}

// inWindows is the condition of windows that ask for the same accounts. Their outermost days stand by themselves, for the
// index.
func inWindows(windows []scheme.Window) (string, []any) {
	from, to := windows[0].From, windows[0].To
	for _, w := range windows {
		from, to = min(from, w.From), max(to, w.To)
	}
	accounts := storage.Padded(windows[0].Accounts)
	text := "account_id IN " + storage.In(len(accounts)) + " AND occurred_on BETWEEN ? AND ? AND state IN ('effective','amended')"
	args := append(storage.Args(accounts), from, to)
	var any []string
	for _, w := range windows {
		var all []string
		if w.From != from || w.To != to {
			all, args = append(all, "occurred_on BETWEEN ? AND ?"), append(args, w.From, w.To)
		}
		for _, f := range []struct {
			column string
			codes  []string
		}{{"item", w.Items}, {"class", w.Classes}} {
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

const decidedColumns = "id, account_id, member_id, group_id, item, class, occurred_on, decided_no, counted, warned"

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
		if err := rows.Scan(&d.Case, &d.Account, &d.Member, &d.Group, &d.Item, &d.Class, &d.OccurredOn, &d.No, &d.Counted, &warned); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		d.Warned = warned != 0
		out = append(out, d)
	}
	return out, rows.Err()
}
