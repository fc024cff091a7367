package season

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// chunkAccounts is how many accounts one transaction of a close settles. A variable for tests.
var chunkAccounts = storage.ChunkRows

func sortRanked(list []ranked) {
	slices.SortFunc(list, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.account, b.account)) })
}

// running is one close in progress.
type running struct {
	*Service
	due
	id, village, by id.ID
	at              time.Time
}

// post settles the accounts of a planned close, chunk by chunk, until it is done, and tells how many it settled.
func (r *running) post(ctx context.Context, progress func(accounts int)) error {
	for {
		n, done, err := r.chunk(ctx)
		if errors.Is(err, ledger.ErrAccountClosed) { // between the reading and the lock; the next reading leaves it out
			if err := ctx.Err(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("close %s: %w", r.Span, err)
		}
		if progress != nil && n > 0 {
			progress(n)
		}
		if done {
			return nil
		}
	}
}

// chunk settles the next accounts under the lock of the close's row and moves its cursor, all or nothing.
func (r *running) chunk(ctx context.Context) (n int, done bool, err error) {
	err = r.db.InTx(ctx, func(tx *storage.Tx) error {
		n, done = 0, true
		held, err := tx.Exec("UPDATE season_closes SET rev = rev + 1 WHERE id = ? AND state = 'posting'", r.id)
		if err != nil || held == 0 { // another closer has finished
			return err
		}
		var cursor, top id.ID
		if err := tx.QueryRow("SELECT cursor_id, top_id FROM season_closes WHERE id = ?", r.id).Scan(&cursor, &top); err != nil {
			return err
		}
		l := &loading{read: tx.Query, village: r.village, until: r.Span.Last()}
		of, err := l.chunk(&r.due, cursor, top, chunkAccounts)
		if err != nil {
			return err
		}
		n, done = len(of), len(of) < chunkAccounts
		var sums Closing
		if len(of) > 0 {
			cursor = of[len(of)-1].id
			if err := r.settle(tx, l, of, &sums); err != nil {
				return err
			}
		}
		state, doneAt := closePosting, int64(0)
		if done {
			state, doneAt = closeDone, clock.Ms(r.at)
		}
		_, err = tx.Exec(`UPDATE season_closes SET cursor_id = ?, accounts = accounts + ?, resets = resets + ?, reset_sum = reset_sum + ?, grants = grants + ?, grant_sum = grant_sum + ?,
			coins = coins + ?, coin_sum = coin_sum + ?, tags = tags + ?, lifts = lifts + ?, state = ?, done_at = ? WHERE id = ?`,
			cursor, n, sums.Resets, int64(sums.ResetSum), sums.Grants, int64(sums.GrantSum), sums.Coins, int64(sums.CoinSum), sums.Tags, sums.Lifts, state, doneAt, r.id)
		return err
	})
	return n, done, err
}

// settle does to some accounts what falls due for them.
func (r *running) settle(tx *storage.Tx, l *loading, of []account, sums *Closing) error {
	coins, has, err := r.coins(tx, of[0].id, of[len(of)-1].id)
	if err != nil {
		return err
	}
	if len(r.emptied()) == 0 && r.base == nil { // most accounts meet their thresholds: only the others are locked
		if of, err = r.sieve(l, of, coins); err != nil || len(of) == 0 {
			return err
		}
	}
	if err := ledger.Guard(tx, ids(of), nil); err != nil {
		return err
	}
	list, err := l.alone(&r.due, of, clock.DayOf(r.at))
	if err != nil {
		return err
	}
	var all []scheme.Closing
	for i := range list {
		alone := r.each(&list[i])
		at := slices.IndexFunc(alone, func(c scheme.Closing) bool { return c.Kind != scheme.CloseReset && c.Kind != scheme.CloseBase })
		if at < 0 {
			at = len(alone)
		}
		all = append(all, slices.Insert(alone, at, coins[list[i].Account]...)...)
	}
	for i := range all {
		sums.count(&all[i])
	}
	if err := r.enter(tx, all); err != nil {
		return err
	}
	if err := r.tag(tx, all); err != nil {
		return err
	}
	return insertLines(tx, r.id, slices.DeleteFunc(all, func(c scheme.Closing) bool { return c.Kind == scheme.CloseCoin }), has)
}

// sieve leaves those accounts for which anything seems to fall due, as they stand without being held.
func (r *running) sieve(l *loading, of []account, coins map[id.ID][]scheme.Closing) ([]account, error) {
	list, err := l.alone(&r.due, of, clock.DayOf(r.at))
	if err != nil {
		return nil, err
	}
	var out []account
	for i := range list {
		if len(coins[of[i].id]) > 0 || len(r.each(&list[i])) > 0 {
			out = append(out, of[i])
		}
	}
	return out, nil
}

// coins are the planned coins of the accounts from one id to another, and how many lines each has in the plan.
func (r *running) coins(tx *storage.Tx, from, to id.ID) (map[id.ID][]scheme.Closing, map[id.ID]int, error) {
	coins, has := map[id.ID][]scheme.Closing{}, map[id.ID]int{}
	rows, err := tx.Query("SELECT account_id, line, kind, wallet, amount, reason FROM season_lines WHERE close_id = ? AND account_id BETWEEN ? AND ? ORDER BY account_id, line",
		r.id, from, to)
	err = each(rows, err, func(rows *sql.Rows) error {
		c := scheme.Closing{Change: &scheme.Change{Intent: scheme.Add}}
		var line int
		if err := rows.Scan(&c.Account, &line, &c.Kind, &c.Change.Wallet, &c.Change.Amount, &c.Reason); err != nil {
			return err
		}
		has[c.Account] = max(has[c.Account], line)
		if c.Kind == scheme.CloseCoin {
			c.Change.Account = c.Account
			coins[c.Account] = append(coins[c.Account], c)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read plan: %w", err)
	}
	return coins, has, nil
}

// enter posts resets, base score and coins. Amounts are exact, because they were worked out under the lock.
func (r *running) enter(tx *storage.Tx, all []scheme.Closing) error {
	counted, err := ledger.CountedOn(tx, r.village, r.On)
	if err != nil {
		return err
	}
	nth := map[string]int{}
	byBook := map[*rulebook.Version][]ledger.Posting{}
	for i := range all {
		c := &all[i]
		if c.Change == nil || c.Change.Amount == 0 {
			continue
		}
		kind, book := ledger.Prize, r.rules
		switch {
		case c.Kind == scheme.CloseReset, c.Kind == scheme.CloseBase && c.Change.Amount < 0:
			kind = ledger.Reset
		case c.Kind == scheme.CloseBase:
			kind = ledger.Grant
		}
		if c.Kind == scheme.CloseBase {
			book = r.base
		}
		ref := closeRef(r.Period, c)
		if nth[ref]++; nth[ref] > 1 { // two rules that give coins of one wallet
			ref = fmt.Sprintf("%s:%d", ref, nth[ref])
		}
		byBook[book] = append(byBook[book], ledger.Posting{Village: r.village, Kind: kind, Ref: ref, Batch: r.id, By: r.by, Title: c.Reason, At: r.at,
			Occurred: r.On, Counted: counted, Scheme: book.ID,
			Lines: []ledger.Line{{Account: c.Account, Wallet: c.Change.Wallet, Amount: c.Change.Amount}}})
	}
	versions := []*rulebook.Version{r.rules}
	if r.base != r.rules {
		versions = append(versions, r.base)
	}
	for _, v := range versions {
		if len(byBook[v]) == 0 {
			continue
		}
		if _, err := ledger.Post(tx, v.Scheme, byBook[v]...); err != nil {
			return err
		}
	}
	return nil
}

// closeRef names a posting of a close by period, day, kind, wallet and account, so that it is posted once.
func closeRef(p scheme.Period, c *scheme.Closing) string {
	return fmt.Sprintf("close:%d:%d:%s:%s:%s", p.Span, p.On, c.Kind, c.Change.Wallet, c.Account)
}

// tag sets and lifts what thresholds say.
func (r *running) tag(tx *storage.Tx, all []scheme.Closing) error {
	var tags []standing.Tag
	var lifts []scheme.Lift
	for i := range all {
		switch c := &all[i]; c.Kind {
		case scheme.CloseTag:
			tags = append(tags, standing.Tag{Village: r.village, Account: c.Account, Kind: c.Tag.Kind, From: c.Tag.From, To: c.Tag.To, Code: c.Tag.Code,
				Rounds: c.Tag.Rounds, Reason: short(c.Tag.Reason, standing.MaxReason)})
		case scheme.CloseLift:
			lifts = append(lifts, scheme.Lift{Account: c.Account, Code: c.Lift.Code})
		}
	}
	if err := standing.LiftOfThresholds(tx, lifts, r.On, r.by, r.at); err != nil {
		return err
	}
	return standing.Add(tx, r.by, r.at, tags...)
}

// try adds up what a period's end would do now, and changes nothing.
func (s *Service) try(ctx context.Context, village id.ID, d *due) (Closing, error) {
	c := Closing{Span: d.Span, DueOn: d.On, State: closeDue}
	l := &loading{read: s.query(ctx), village: village, until: d.Span.Last()}
	const all = id.ID(1<<63 - 1)
	compared, _, err := l.compare(d, all)
	if err != nil {
		return c, err
	}
	for i := range compared {
		c.count(&compared[i])
	}
	for after := id.ID(0); ; {
		of, err := l.chunk(d, after, all, storage.ChunkRows)
		if err != nil || len(of) == 0 {
			return c, err
		}
		after = of[len(of)-1].id
		list, err := l.alone(d, of, clock.DayOf(s.now()))
		if err != nil {
			return c, err
		}
		c.Accounts += int64(len(of))
		for i := range list {
			for _, x := range d.each(&list[i]) {
				c.count(&x)
			}
		}
	}
}
