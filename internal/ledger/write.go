package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// write stores what resolve worked out: entries first, whose unique keys refuse anything posted before or read stale,
// then the folds.
func write(tx *storage.Tx, s *state, posted []Posted) error {
	if err := insertEntries(tx, posted); err != nil {
		return err
	}
	if err := s.storeBalances(tx); err != nil {
		return err
	}
	if err := s.storeLots(tx, posted); err != nil {
		return err
	}
	return s.storeTotals(tx, posted)
}

const entryColumns = "id, village_id, posting_id, line, kind, ref, batch_id, corrects_id, by_user, account_id, wallet, bucket, seq, amount, " +
	"balance_after, expires_on, occurred_on, counted_on, created_at, case_id, member_id, group_id, item, class, scheme_id, title"

const entryWidth = 26

func insertEntries(tx *storage.Tx, posted []Posted) error {
	n := 0
	for i := range posted {
		n += len(posted[i].Entries)
	}
	args := make([]any, 0, n*entryWidth)
	for i := range posted {
		for j := range posted[i].Entries {
			e := &posted[i].Entries[j]
			args = append(args, int64(e.ID), int64(e.Village), int64(e.Posting), e.Line, string(e.Kind), e.Ref, int64(e.Batch),
				int64(e.Corrects), int64(e.By), int64(e.Account), e.Wallet, string(e.Bucket), e.Seq, int64(e.Amount),
				int64(e.BalanceAfter), int64(e.ExpiresOn), int64(e.Occurred), int64(e.Counted), e.At, int64(e.Case),
				int64(e.Member), int64(e.Group), e.Item, e.Class, int64(e.Scheme), e.Title)
		}
	}
	err := tx.Insert("INSERT INTO entries ("+entryColumns+") VALUES ", entryWidth, args)
	if storage.IsDuplicate(err) {
		return ErrPosted.Wrap(err)
	}
	if err != nil {
		return fmt.Errorf("insert entries: %w", err)
	}
	return nil
}

// cell is the rest of a fold row's key beside the account: wallet and bucket, or wallet and span.
type cell struct {
	wallet string
	part   any
}

// change is one addition to a row of a fold.
type change struct {
	account id.ID
	cell    cell
	delta   points.Amount
	steps   int64
}

// group is rows of a fold that get the same addition: the same cells of several accounts.
type group struct {
	accounts []id.ID
	cells    []cell
	delta    points.Amount
	steps    int64
}

// grouped puts equal additions together, so that an award of the same amount to two wallets is one UPDATE and an
// inspection of 500 households is one for each distinct amount. Groups come in a fixed order.
func grouped(changes []change) []group {
	type equal struct {
		account id.ID
		delta   points.Amount
		steps   int64
	}
	cells := map[equal][]cell{}
	var order []equal
	for _, c := range changes {
		k := equal{c.account, c.delta, c.steps}
		if cells[k] == nil {
			order = append(order, k)
		}
		cells[k] = append(cells[k], c.cell)
	}
	var groups []group
	at := map[string]int{}
	for _, k := range order {
		name := fmt.Sprint(k.delta, k.steps, cells[k])
		i, ok := at[name]
		if !ok {
			i = len(groups)
			at[name] = i
			groups = append(groups, group{cells: cells[k], delta: k.delta, steps: k.steps})
		}
		groups[i].accounts = append(groups[i].accounts, k.account)
	}
	return groups
}

// where is the condition that selects a group's rows among some of its accounts.
func (g *group) where(accounts []id.ID, part string) (string, []any) {
	args := storage.Args(accounts)
	cond := make([]string, len(g.cells))
	for i, c := range g.cells {
		cond[i] = "(wallet = ? AND " + part + " = ?)"
		args = append(args, c.wallet, c.part)
	}
	return " WHERE account_id IN " + storage.In(len(accounts)) + " AND (" + strings.Join(cond, " OR ") + ")", args
}

// storeBalances adds the moves to the stored balances and inserts those that are new.
func (s *state) storeBalances(tx *storage.Tx) error {
	var fresh []any
	var known []change
	for _, k := range s.order {
		b := s.slots[k]
		if b.stored {
			known = append(known, change{k.account, cell{k.wallet, string(k.bucket)}, b.delta, b.steps})
			continue
		}
		fresh = append(fresh, k.account, k.wallet, string(k.bucket), b.kind, int64(b.amount), b.seq)
	}
	if err := tx.Insert("INSERT INTO balances (account_id, wallet, bucket, kind, amount, seq) VALUES ", 6, fresh); err != nil {
		return fmt.Errorf("insert balances: %w", err)
	}
	groups := grouped(known)
	if len(groups) > manyGroups {
		return moveEach(tx, known)
	}
	for _, g := range groups {
		for chunk := range storage.Chunks(g.accounts, storage.ChunkRows) {
			where, args := g.where(chunk, "bucket")
			n, err := tx.Exec("UPDATE balances SET amount = amount + ?, seq = seq + ?"+where, append([]any{int64(g.delta), g.steps}, args...)...)
			if err != nil {
				return fmt.Errorf("move balances: %w", err)
			}
			if want := int64(len(chunk) * len(g.cells)); n != want {
				return fmt.Errorf("move balances: %d rows instead of %d", n, want)
			}
		}
	}
	return nil
}

// manyGroups is from how many different additions on each row is told its own in one statement, and eachRows is how many
// rows that statement carries: a period's end takes another amount from every household.
const (
	manyGroups = 8
	eachRows   = 100
)

// moveEach adds to each balance its own amount, a statement for 100 accounts of a wallet and bucket.
func moveEach(tx *storage.Tx, known []change) error {
	byCell := map[cell][]change{}
	var cells []cell
	for _, c := range known {
		if byCell[c.cell] == nil {
			cells = append(cells, c.cell)
		}
		byCell[c.cell] = append(byCell[c.cell], c)
	}
	for _, k := range cells {
		for chunk := range storage.Chunks(byCell[k], eachRows) {
			whens := strings.Repeat(" WHEN ? THEN ?", len(chunk))
			args := make([]any, 0, 5*len(chunk)+2)
			for _, c := range chunk {
				args = append(args, int64(c.account), int64(c.delta))
			}
			for _, c := range chunk {
				args = append(args, int64(c.account), c.steps)
			}
			args = append(args, k.wallet, k.part)
			for _, c := range chunk {
				args = append(args, int64(c.account))
			}
			n, err := tx.Exec("UPDATE balances SET amount = amount + CASE account_id"+whens+" ELSE 0 END, seq = seq + CASE account_id"+whens+" ELSE 0 END WHERE wallet = ? AND bucket = ? AND account_id IN "+
				storage.In(len(chunk)), args...)
			if err != nil {
				return fmt.Errorf("move balances: %w", err)
			}
			if n != int64(len(chunk)) {
				return fmt.Errorf("move balances: %d rows instead of %d", n, len(chunk))
			}
		}
	}
	return nil
}

// storeLots keeps the dated lots of this Post's entries.
func (s *state) storeLots(tx *storage.Tx, posted []Posted) error {
	type dated struct {
		slot
		expires clock.Day
	}
	deltas := map[dated]points.Amount{}
	for _, p := range posted {
		for _, e := range p.Entries {
			if e.ExpiresOn != 0 {
				deltas[dated{slot{e.Account, e.Wallet, e.Bucket}, e.ExpiresOn}] += e.Amount
			}
		}
	}
	for k, delta := range deltas {
		n, err := tx.Exec("UPDATE lots SET amount = amount + ? WHERE account_id = ? AND wallet = ? AND bucket = ? AND expires_on = ?",
			int64(delta), k.account, k.wallet, string(k.bucket), k.expires)
		if err == nil && n == 0 {
			_, err = tx.Exec("INSERT INTO lots (account_id, wallet, bucket, expires_on, amount) VALUES (?,?,?,?,?)",
				k.account, k.wallet, string(k.bucket), k.expires, int64(delta))
		}
		if err != nil {
			return fmt.Errorf("move lots: %w", err)
		}
	}
	return nil
}

// total names one row of totals.
type total struct {
	account id.ID
	wallet  string
	span    clock.Span
}

// storeTotals adds what reached the available bucket of score wallets to the totals of its month and year, and tells
// the boards.
func (s *state) storeTotals(tx *storage.Tx, posted []Posted) error {
	deltas := map[total]points.Amount{}
	var village id.ID
	for _, p := range posted {
		for i := range p.Entries {
			e := &p.Entries[i]
			if e.Bucket != Available || s.slots[slot{e.Account, e.Wallet, e.Bucket}].kind != scheme.KindScore {
				continue
			}
			village = e.Village
			deltas[total{e.Account, e.Wallet, clock.MonthSpan(e.Counted)}] += e.Amount
			deltas[total{e.Account, e.Wallet, clock.YearSpan(e.Counted)}] += e.Amount
		}
	}
	if len(deltas) == 0 {
		return nil
	}
	missed := false
	for _, g := range grouped(totalChanges(deltas)) {
		for chunk := range storage.Chunks(g.accounts, storage.ChunkRows) {
			where, args := g.where(chunk, "span")
			n, err := tx.Exec("UPDATE totals SET amount = amount + ?"+where, append([]any{int64(g.delta)}, args...)...)
			if err != nil {
				return fmt.Errorf("move totals: %w", err)
			}
			missed = missed || n < int64(len(chunk)*len(g.cells))
		}
	}
	if missed {
		if err := insertTotals(tx, deltas); err != nil {
			return err
		}
	}
	return tx.Emit(village, TopicPosted, event(deltas))
}

// totalChanges lists the additions in a fixed order.
func totalChanges(deltas map[total]points.Amount) []change {
	keys := slices.SortedFunc(maps.Keys(deltas), func(x, y total) int {
		return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.wallet, y.wallet), cmp.Compare(x.span, y.span))
	})
	changes := make([]change, len(keys))
	for i, k := range keys {
		changes[i] = change{account: k.account, cell: cell{k.wallet, k.span}, delta: deltas[k]}
	}
	return changes
}

// insertTotals adds the rows that the updates did not find: the first deed of an account in a month or year.
func insertTotals(tx *storage.Tx, deltas map[total]points.Amount) error {
	accounts := accountsOf(deltas)
	have := map[total]bool{}
	meta := map[id.ID][2]any{} // village and kind
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := tx.Query(`SELECT a.id, a.village_id, a.kind, COALESCE(t.wallet, ''), COALESCE(t.span, 0)
			FROM accounts a LEFT JOIN totals t ON t.account_id = a.id WHERE a.id IN `+storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return fmt.Errorf("read totals: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var t total
			var village id.ID
			var kind string
			if err := rows.Scan(&t.account, &village, &kind, &t.wallet, &t.span); err != nil {
				return err
			}
			have[t] = true
			meta[t.account] = [2]any{village, kind}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
	}
	var args []any
	for t, d := range deltas {
		if !have[t] {
			m := meta[t.account]
			args = append(args, t.account, t.wallet, t.span, m[0], m[1], int64(d))
		}
	}
	if err := tx.Insert("INSERT INTO totals (account_id, wallet, span, village_id, kind, amount) VALUES ", 6, args); err != nil {
		return fmt.Errorf("insert totals: %w", err)
	}
	return nil
}

func accountsOf(deltas map[total]points.Amount) []id.ID {
	var accounts []id.ID
	for t := range deltas {
		accounts = append(accounts, t.account)
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}

func event(deltas map[total]points.Amount) PostedEvent {
	ev := PostedEvent{Accounts: accountsOf(deltas)}
	for t := range deltas {
		if !slices.Contains(ev.Wallets, t.wallet) {
			ev.Wallets = append(ev.Wallets, t.wallet)
		}
		if !slices.Contains(ev.Spans, t.span) {
			ev.Spans = append(ev.Spans, t.span)
		}
	}
	slices.Sort(ev.Wallets)
	slices.Sort(ev.Spans)
	return ev
}
