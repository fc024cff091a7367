package season

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Closing is what the end of one period did on one day, or is doing.
type Closing struct {
	ID        id.ID         `json:"id"`
	Span      clock.Span    `json:"span"`
	DueOn     clock.Day     `json:"due_on" doc:"day on which it fell due"`
	State     string        `json:"state" enum:"due,posting,done" doc:"due: not begun"`
	Accounts  int64         `json:"accounts" doc:"accounts looked at so far"`
	Resets    int64         `json:"resets" doc:"wallets that were emptied"`
	ResetSum  points.Amount `json:"reset_sum" doc:"what they lost, a negative number"`
	Grants    int64         `json:"grants" doc:"accounts whose base score was set anew"`
	GrantSum  points.Amount `json:"grant_sum"`
	Coins     int64         `json:"coins" doc:"points given for a rank"`
	CoinSum   points.Amount `json:"coin_sum"`
	Tags      int64         `json:"tags" doc:"consequences of thresholds that were set"`
	Lifts     int64         `json:"lifts" doc:"consequences that were lifted"`
	Named     int64         `json:"named" doc:"accounts on a watch list"`
	PlannedAt int64         `json:"planned_at,omitempty" doc:"milliseconds since 1970 UTC"`
	DoneAt    int64         `json:"done_at,omitempty" doc:"milliseconds since 1970 UTC"`
}

// States of a close.
const (
	closeDue     = "due"
	closePosting = "posting"
	closeDone    = "done"
)

// count adds a closing to the sums.
func (c *Closing) count(x *scheme.Closing) {
	switch x.Kind {
	case scheme.CloseReset:
		c.Resets++
		c.ResetSum += x.Change.Amount
	case scheme.CloseBase:
		c.Grants++
		c.GrantSum += x.Change.Amount
	case scheme.CloseCoin:
		c.Coins++
		c.CoinSum += x.Change.Amount
	case scheme.CloseTag:
		c.Tags++
	case scheme.CloseLift:
		c.Lifts++
	case scheme.CloseWatch:
		c.Named++
	}
}

const closeColumns = "id, span, due_on, state, accounts, resets, reset_sum, grants, grant_sum, coins, coin_sum, tags, lifts, named, planned_at, done_at"

func (c *Closing) into() []any {
	return []any{&c.ID, &c.Span, &c.DueOn, &c.State, &c.Accounts, &c.Resets, &c.ResetSum, &c.Grants, &c.GrantSum, &c.Coins, &c.CoinSum, &c.Tags, &c.Lifts, &c.Named, &c.PlannedAt, &c.DoneAt}
}

// closings are those of a village whose periods lie in a span, in the order in which they fell due.
func (s *Service) closings(ctx context.Context, village id.ID, span clock.Span) ([]Closing, error) {
	out := []Closing{}
	rows, err := s.db.Query(ctx, "SELECT "+closeColumns+" FROM season_closes WHERE village_id = ? ORDER BY due_on, span", village)
	err = each(rows, err, func(r *sql.Rows) error {
		var c Closing
		if err := r.Scan(c.into()...); err != nil {
			return err
		}
		if span.Covers(c.Span) {
			out = append(out, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read closes: %w", err)
	}
	return out, nil
}

// plan freezes what the close compares: who takes part, the ranking, coins and watch lists. It is one transaction; a
// second closer finds it done.
func (s *Service) plan(ctx context.Context, village, by id.ID, d *due, at time.Time) (id.ID, error) {
	made := s.db.NewID()
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var had id.ID
		err := tx.QueryRow("SELECT id FROM season_closes WHERE village_id = ? AND span = ? AND due_on = ?", village, d.Span, d.On).Scan(&had)
		if err == nil {
			made = had
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var rules, base id.ID
		if d.rules != nil {
			rules = d.rules.ID
		}
		if d.base != nil {
			base = d.base.ID
		}
		c := Closing{ID: made}
		l := &loading{read: tx.Query, village: village, until: d.Span.Last()}
		compared, ranks, err := l.compare(d, made)
		if err != nil {
			return err
		}
		for i := range compared {
			if compared[i].Kind == scheme.CloseWatch {
				c.count(&compared[i])
			}
		}
		_, err = tx.Exec(`INSERT INTO season_closes (id, village_id, span, due_on, rules_id, base_id, state, top_id, cursor_id, accounts, resets, reset_sum, grants, grant_sum,
			coins, coin_sum, tags, lifts, named, planned_at, done_at, by_user, rev) VALUES (?,?,?,?,?,?,'posting',?,0,0,0,0,0,0,0,0,0,0,?,?,0,?,0)`,
			made, village, d.Span, d.On, rules, base, made, c.Named, clock.Ms(at), by)
		if err != nil { // a duplicate: the other closer's plan stands, this attempt rolls back
			return err
		}
		if err := insertLines(tx, made, compared, nil); err != nil {
			return err
		}
		return insertRanks(tx, made, ranks)
	})
	if storage.IsDuplicate(err) {
		return s.plan(ctx, village, by, d, at)
	}
	if err != nil {
		return 0, fmt.Errorf("plan close: %w", err)
	}
	return made, nil
}

// ranked is an account's place at a close.
type ranked struct {
	account id.ID
	place   int
	score   points.Amount
}

// compare computes what depends on all accounts together: coins and watch lists, and where anything is compared or the
// year ends, the ranking by the score wallet.
func (l *loading) compare(d *due, top id.ID) (out []scheme.Closing, ranks []ranked, err error) {
	if d.rules == nil {
		return nil, nil, nil
	}
	book := d.rules.Scheme
	year := d.Span == clock.YearSpan(d.Span.First()) || d.Span.Own() && d.On == d.Span.Last().Add(1)
	only := &scheme.Scheme{RankCoins: book.RankCoins, Watch: book.Watch}
	if !year && !slices.Contains(only.Periods(d.On, d.On), d.Period) {
		return nil, nil, nil
	}
	of, err := l.scored(subject(book), top)
	if err != nil {
		return nil, nil, err
	}
	list, at := standings(of)
	own := scheme.ScoreKey{Wallet: book.ScoreWallet(), Span: d.Span}
	n := book.CloseNeeds(d.Period)
	keys := append(n.Scores, own)
	for i, k := range keys {
		if slices.Contains(keys[:i], k) || k.Wallet == "" {
			continue
		}
		if err := l.scores(subject(book), []scheme.ScoreKey{k}, at); err != nil {
			return nil, nil, err
		}
	}
	out = scheme.CloseRanks(book, d.Period, list)
	return out, rank(list, own), nil
}

// rank orders accounts by a score: ties share a place, 1, 2, 2, 4.
func rank(list []scheme.Standing, k scheme.ScoreKey) []ranked {
	out := make([]ranked, len(list))
	for i := range list {
		out[i] = ranked{account: list[i].Account, score: list[i].Scores[k]}
	}
	sortRanked(out)
	for i := range out {
		out[i].place = i + 1
		if i > 0 && out[i].score == out[i-1].score {
			out[i].place = out[i-1].place
		}
	}
	return out
}

func insertRanks(tx *storage.Tx, of id.ID, ranks []ranked) error {
	args := make([]any, 0, len(ranks)*4)
	for _, r := range ranks {
		args = append(args, int64(of), int64(r.account), r.place, int64(r.score))
	}
	if err := tx.Insert("INSERT INTO season_ranks (close_id, account_id, place, score) VALUES ", 4, args); err != nil {
		return fmt.Errorf("freeze ranks: %w", err)
	}
	return nil
}

// insertLines writes down closings, numbered by account behind those it has.
func insertLines(tx *storage.Tx, of id.ID, closings []scheme.Closing, has map[id.ID]int) error {
	const width = 8
	next := map[id.ID]int{}
	var args []any
	for i := range closings {
		c := &closings[i]
		var wallet, code string
		var amount points.Amount
		switch c.Kind {
		case scheme.CloseCoin:
			wallet, amount = c.Change.Wallet, c.Change.Amount
		case scheme.CloseTag:
			code = c.Tag.Code
		case scheme.CloseLift:
			code = c.Lift.Code
		case scheme.CloseWatch:
			code = c.Watch
		default:
			continue
		}
		next[c.Account]++
		args = append(args, int64(of), int64(c.Account), has[c.Account]+next[c.Account], c.Kind, wallet, int64(amount), code, short(c.Reason, 400))
	}
	if err := tx.Insert("INSERT INTO season_lines (close_id, account_id, line, kind, wallet, amount, code, reason) VALUES ", width, args); err != nil {
		return fmt.Errorf("write down close: %w", err)
	}
	return nil
}

// short cuts a text to so many characters.
func short(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
