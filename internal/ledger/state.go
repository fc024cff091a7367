package ledger

import (
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// slot is one balance: account, wallet and bucket.
type slot struct {
	account id.ID
	wallet  string
	bucket  Bucket
}

// lot is points of a slot that can be spent until a day.
type lot struct {
	expires clock.Day
	amount  points.Amount
}

// balance is a slot as read under the lock, moved on by the lines of this Post.
type balance struct {
	stored bool
	kind   string
	amount points.Amount
	seq    int64
	lots   []lot // dated ones, earliest first; the rest of amount has no date

	delta points.Amount // what this Post adds, for the UPDATE
	steps int64
}

// state is the balances of the accounts a Post touches.
type state struct {
	book  *scheme.Scheme
	today clock.Day
	slots map[slot]*balance
	order []slot // in which slots were first moved
}

// load reads the balances of accounts whose rows are held.
func load(query func(string, ...any) (*sql.Rows, error), book *scheme.Scheme, today clock.Day, accounts []id.ID) (*state, error) {
	s := &state{book: book, today: today, slots: make(map[slot]*balance, len(accounts)*2)}
	for chunk := range storage.Chunks(accounts, storage.ChunkRows) {
		rows, err := query(`SELECT b.account_id, b.wallet, b.bucket, b.kind, b.amount, b.seq, COALESCE(l.expires_on, 0), COALESCE(l.amount, 0)
			FROM balances b LEFT JOIN lots l ON l.account_id = b.account_id AND l.wallet = b.wallet AND l.bucket = b.bucket
			WHERE b.account_id IN `+storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("read balances: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var k slot
			var b balance
			var l lot
			if err := rows.Scan(&k.account, &k.wallet, &k.bucket, &b.kind, &b.amount, &b.seq, &l.expires, &l.amount); err != nil {
				return nil, err
			}
			have, ok := s.slots[k]
			if !ok {
				b.stored = true
				have = &b
				s.slots[k] = have
			}
			if l.expires != 0 && l.amount != 0 {
				have.lots = append(have.lots, l)
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	for _, b := range s.slots {
		slices.SortFunc(b.lots, func(x, y lot) int { return int(x.expires - y.expires) })
	}
	return s, nil
}

// at is the balance of a slot, zero where there is none yet. giver is the kind of the slot that points come from, if they
// do: a wallet that has left the scheme can still change hands. An unknown wallet without a balance is a fault of ours.
func (s *state) at(k slot, giver string) (*balance, error) {
	if b, ok := s.slots[k]; ok {
		return b, nil
	}
	b := &balance{}
	if s.book != nil {
		if w, ok := s.book.Wallet(k.wallet); ok {
			b.kind = w.Kind
		}
	}
	if b.kind == "" { // the wallet left the scheme: its kind is known from the account's other buckets
		for _, bucket := range []Bucket{Available, Pending, Held} {
			if o, ok := s.slots[slot{k.account, k.wallet, bucket}]; ok {
				b.kind = o.kind
			}
		}
	}
	if b.kind == "" {
		b.kind = giver
	}
	if b.kind == "" {
		return nil, fmt.Errorf("ledger: no wallet %q in the scheme", k.wallet)
	}
	s.slots[k] = b
	return b, nil
}

// spendable is what a redemption may draw from a slot today: nothing below the wallet's floor, no lot past its day.
func (s *state) spendable(k slot) points.Amount {
	b, ok := s.slots[k]
	if !ok || b.kind != scheme.KindSpend {
		return 0
	}
	free := s.unexpired(b)
	if w, ok := s.book.Wallet(k.wallet); ok {
		free -= max(w.Floor, 0)
	}
	return max(free, 0)
}

// unexpired is what a slot holds without the lots past their day, which are as good as gone: the nightly job takes them.
func (s *state) unexpired(b *balance) points.Amount {
	left := b.amount
	for _, l := range b.lots {
		if l.expires < s.today {
			left -= max(l.amount, 0)
		}
	}
	return left
}

// draw splits an outgoing amount (positive) over the slot's lots: those that end first, then points without a date.
// Lots past their day stay for the expiry.
func (s *state) draw(b *balance, amount points.Amount) []lot {
	var parts []lot
	for _, l := range b.lots {
		if amount == 0 {
			break
		}
		if l.expires < s.today || l.amount <= 0 {
			continue
		}
		take := min(amount, l.amount)
		parts = append(parts, lot{l.expires, take})
		amount -= take
	}
	if amount > 0 {
		parts = append(parts, lot{0, amount})
	}
	return parts
}

// move applies a resolved amount and answers the entry's seq and balance.
func (s *state) move(k slot, b *balance, amount points.Amount, expires clock.Day) (seq int64, after points.Amount) {
	if b.steps == 0 {
		s.order = append(s.order, k)
	}
	b.amount += amount
	b.delta += amount
	b.seq++
	b.steps++
	if expires != 0 {
		i, found := slices.BinarySearchFunc(b.lots, expires, func(l lot, d clock.Day) int { return int(l.expires - d) })
		if !found {
			b.lots = slices.Insert(b.lots, i, lot{expires: expires})
		}
		b.lots[i].amount += amount
	}
	return b.seq, b.amount
}
