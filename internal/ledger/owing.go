package ledger

import (
	"context"
	"database/sql"
	"errors"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// SpendableIn is Spendable inside a transaction that holds the account.
func SpendableIn(tx *storage.Tx, book *scheme.Scheme, account id.ID, today clock.Day, states ...string) (points.Amount, error) {
	s, err := load(tx.Query, book, today, []id.ID{account})
	if err != nil {
		return 0, err
	}
	return s.free(account, states...)
}

// SpendOwing is Spend for goods that have been handed out already: what the wallets cannot give is charged to the last of
// them and leaves it in debt. It answers how much that was. p is of kind Redeem.
func SpendOwing(tx *storage.Tx, book *scheme.Scheme, p Posting, account id.ID, amount points.Amount, states ...string) (Posted, points.Amount, error) {
	if err := Guard(tx, []id.ID{account}, nil); err != nil {
		return Posted{}, 0, err
	}
	s, err := load(tx.Query, book, clock.DayOf(p.At), []id.ID{account})
	if err != nil {
		return Posted{}, 0, err
	}
	total, err := s.free(account, states...)
	if err != nil && !errors.Is(err, ErrInDebt) {
		return Posted{}, 0, err
	}
	here := min(total, amount) // 0 while in debt
	if here > 0 {
		if p.Lines, err = s.plan(account, here, states); err != nil {
			return Posted{}, 0, err
		}
	}
	order := book.SpendOrder()
	if owed := amount - here; owed > 0 {
		p.Lines = append(p.Lines, Line{Account: account, Wallet: order[len(order)-1], Amount: -owed, exact: true, owing: true})
	}
	posted, err := s.post(tx, p)
	return posted, amount - here, err
}

// SpendHeld ends the points that a posting of kind Hold had set aside (kind Redeem: for goods; kind Expire: nobody came),
// entry by entry, so that each wallet and lot gives what it had given then. p carries everything but the lines.
// ErrNothing if there is no such hold.
func SpendHeld(tx *storage.Tx, book *scheme.Scheme, p Posting, hold string) (Posted, error) {
	return moveHeld(tx, book, p, hold, "")
}

// ReleaseHeld gives them back to the wallets and lots they came from. p is of kind Release.
func ReleaseHeld(tx *storage.Tx, book *scheme.Scheme, p Posting, hold string) (Posted, error) {
	return moveHeld(tx, book, p, hold, Available)
}

func moveHeld(tx *storage.Tx, book *scheme.Scheme, p Posting, hold string, to Bucket) (Posted, error) {
	entries, err := PostingOf(tx, p.Village, Hold, hold)
	if err != nil {
		return Posted{}, err
	}
	for _, e := range entries {
		if e.Bucket == Held {
			p.Lines = append(p.Lines, Line{Account: e.Account, Wallet: e.Wallet, Bucket: Held, To: to, Amount: -e.Amount, ExpiresOn: e.ExpiresOn, exact: true})
		}
	}
	if len(p.Lines) == 0 {
		return Posted{}, ErrNothing
	}
	posted, err := Post(tx, book, p)
	if err != nil {
		return Posted{}, err
	}
	return posted[0], nil
}

// post writes one posting on a state that is loaded.
func (s *state) post(tx *storage.Tx, p Posting) (Posted, error) {
	one := []Posting{p}
	if _, err := check(one); err != nil {
		return Posted{}, err
	}
	posted, err := s.resolve(tx, &one[0])
	if err != nil {
		return Posted{}, err
	}
	return posted, write(tx, s, []Posted{posted})
}

// SpendableOf is Spendable for many accounts at once; an account in debt has 0.
func SpendableOf(ctx context.Context, db *storage.DB, book *scheme.Scheme, accounts []id.ID, today clock.Day) (map[id.ID]points.Amount, error) {
	s, err := load(func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }, book, today, accounts)
	if err != nil {
		return nil, err
	}
	free := make(map[id.ID]points.Amount, len(accounts))
	for _, a := range accounts {
		if free[a], err = s.free(a); err != nil && !errors.Is(err, ErrInDebt) {
			return nil, err
		}
	}
	return free, nil
}
