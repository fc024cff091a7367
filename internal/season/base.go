package season

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// OpenAccounts is what the register of villages is told of new owners with: the ledger opens their accounts, and whoever
// is scored gets the base score of the rules in force in the same transaction, so that a household that joins in the middle
// of a year has it at once. The reference is that of GrantBase, which finds those who came before there were rules.
func OpenAccounts(book *rulebook.Book, now clock.Clock) village.Opened {
	return func(tx *storage.Tx, in id.ID, owners []village.Owner) error {
		if err := ledger.OpenAccounts(tx, in, owners); err != nil || len(owners) == 0 {
			return err
		}
		at := now()
		v, err := book.InForce(tx.Context(), in, clock.DayOf(at))
		if errors.Is(err, rulebook.ErrNone) || err == nil && v.Scheme.Base == nil {
			return nil
		}
		if err != nil {
			return err
		}
		var of []id.ID
		for _, o := range owners {
			if o.Kind == subject(v.Scheme) {
				of = append(of, o.ID)
			}
		}
		for chunk := range storage.Chunks(of, storage.ChunkRows) {
			if err := ledger.Guard(tx, chunk, nil); err != nil {
				return err
			}
			if err := first(tx, v, in, chunk, at); err != nil {
				return err
			}
		}
		return nil
	}
}

// GrantBase gives the base score to every account that never had one, where the rules have it: all of a village when its
// rules first hold, later whoever is newly registered, for what is left of the period. What an account holds above zero
// already, from a household that was divided, counts towards it. It is a nightly job, may be run at any time, and tells
// how many it gave.
func (s *Service) GrantBase(ctx context.Context) (int, error) {
	all, err := s.villages.Villages(ctx, 0, clock.DayOf(s.now()))
	if err != nil {
		return 0, err
	}
	given := 0
	for _, v := range all {
		n, err := s.GrantBaseIn(ctx, v.ID)
		given += n
		if err != nil {
			return given, fmt.Errorf("base score of %s: %w", v.Code, err)
		}
	}
	return given, nil
}

// GrantBaseIn is GrantBase of one village.
func (s *Service) GrantBaseIn(ctx context.Context, village id.ID) (int, error) {
	at := s.now()
	v, err := s.book.InForce(ctx, village, clock.DayOf(at))
	if errors.Is(err, rulebook.ErrNone) || err == nil && v.Scheme.Base == nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	given := 0
	for after := id.ID(0); ; {
		n, last := 0, after
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			n, last = 0, after
			of, err := newcomers(tx, village, subject(v.Scheme), v.Scheme.Base.Wallet, after)
			if err != nil || len(of) == 0 {
				return err
			}
			if err := ledger.Guard(tx, of, nil); err != nil {
				return err
			}
			n, last = len(of), of[len(of)-1]
			return first(tx, v, village, of, at)
		})
		if errors.Is(err, ledger.ErrAccountClosed) || errors.Is(err, ledger.ErrPosted) {
			continue // closed, or granted by another server, since it was read
		}
		if err != nil || n == 0 {
			return given, err
		}
		given, after = given+n, last
	}
}

// newcomers are the next open accounts that were never granted anything in a base wallet.
func newcomers(tx *storage.Tx, village id.ID, kind, wallet string, after id.ID) (out []id.ID, err error) {
	rows, err := tx.Query(fmt.Sprintf(`SELECT a.id FROM accounts a WHERE a.village_id = ? AND a.kind = ? AND a.closed_on = ? AND a.id > ? AND NOT EXISTS (SELECT 1 FROM entries e
		WHERE e.account_id = a.id AND e.wallet = ? AND e.bucket = 'available' AND e.kind = 'grant') ORDER BY a.id LIMIT %d`, storage.ChunkRows), village, kind, clock.Forever, after, wallet)
	err = each(rows, err, func(r *sql.Rows) error {
		var a id.ID
		err := r.Scan(&a)
		out = append(out, a)
		return err
	})
	return out, err
}

// first posts the first base score of guarded accounts.
func first(tx *storage.Tx, v *rulebook.Version, village id.ID, of []id.ID, at time.Time) error {
	base := v.Scheme.Base
	had := map[id.ID]points.Amount{}
	rows, err := tx.Query("SELECT account_id, amount FROM balances WHERE wallet = ? AND bucket = 'available' AND account_id IN "+storage.In(len(of)), storage.Args(of, any(base.Wallet))...)
	err = each(rows, err, func(r *sql.Rows) error {
		var a id.ID
		var amount points.Amount
		err := r.Scan(&a, &amount)
		had[a] = amount
		return err
	})
	if err != nil {
		return fmt.Errorf("read base score: %w", err)
	}
	today := clock.DayOf(at)
	counted, err := ledger.CountedOn(tx, village, today)
	if err != nil {
		return err
	}
	var postings []ledger.Posting
	for _, a := range of {
		amount := base.Points - max(0, had[a])
		if amount <= 0 {
			continue
		}
		postings = append(postings, ledger.Posting{Village: village, Kind: ledger.Grant, Ref: "base:" + base.Wallet + ":" + a.String(), Title: "基础分" + base.Points.String() + "分",
			At: at, Occurred: today, Counted: counted, Scheme: v.ID, Lines: []ledger.Line{{Account: a, Wallet: base.Wallet, Amount: amount}}})
	}
	_, err = ledger.Post(tx, v.Scheme, postings...)
	return err
}
