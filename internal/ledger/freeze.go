package ledger

import (
	"database/sql"
	"maps"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// FreezeCase moves what a case has given to accounts from available to pending, lot for lot, as long as it is there; nothing is
// taken from other points. p carries everything but the lines. It answers what could be frozen and what had been spent, in
// wallets that can be spent. The accounts are guarded.
func FreezeCase(tx *storage.Tx, p Posting, accounts ...id.ID) (frozen, short points.Amount, err error) {
	if err := Guard(tx, accounts, nil); err != nil {
		return 0, 0, err
	}
	query := func(q string, args ...any) (*sql.Rows, error) { return tx.Query(q, args...) }
	s, err := load(query, nil, clock.DayOf(p.At), accounts)
	if err != nil {
		return 0, 0, err
	}
	p.Kind, p.Lines = Freeze, nil
	for _, account := range accounts {
		entries, err := EntriesOfCase(tx, account, p.Case)
		if err != nil {
			return 0, 0, err
		}
		for _, wallet := range walletsOf(entries) {
			k := slot{account, wallet, Available}
			b, ok := s.slots[k]
			if !ok {
				continue
			}
			given := givenBy(entries, wallet)
			for _, expires := range slices.Sorted(maps.Keys(given)) {
				want := given[expires]
				take := want
				if b.kind != scheme.KindScore {
					take = min(want, s.there(b, expires))
					frozen, short = frozen+take, short+want-take
				}
				if take > 0 {
					p.Lines = append(p.Lines, Line{Account: account, Wallet: wallet, Amount: -take, ExpiresOn: expires, To: Pending, exact: true,
						Member: entries[0].Member, Group: entries[0].Group})
				}
			}
		}
	}
	if len(p.Lines) == 0 {
		return 0, short, nil
	}
	_, err = Post(tx, nil, p)
	return frozen, short, err
}

func walletsOf(entries []Entry) (out []string) {
	for _, e := range entries {
		if !slices.Contains(out, e.Wallet) {
			out = append(out, e.Wallet)
		}
	}
	slices.Sort(out)
	return out
}

// givenBy is what the entries of a case have left in the available bucket of a wallet, by last day: gains only, and no more
// than they are together.
func givenBy(entries []Entry, wallet string) map[clock.Day]points.Amount {
	given := map[clock.Day]points.Amount{}
	var sum points.Amount
	for _, e := range entries {
		if e.Wallet == wallet && e.Bucket == Available {
			given[e.ExpiresOn] += e.Amount
			sum += e.Amount
		}
	}
	for _, expires := range slices.Sorted(maps.Keys(given)) {
		if given[expires] = min(given[expires], max(sum, 0)); given[expires] <= 0 {
			delete(given, expires)
			continue
		}
		sum -= given[expires]
	}
	return given
}

// there is what is left of a lot in a slot; of points without a last day, what no lot holds.
func (s *state) there(b *balance, expires clock.Day) points.Amount {
	left := b.amount
	for _, l := range b.lots {
		if l.expires == expires {
			return max(min(l.amount, b.amount), 0)
		}
		left -= max(l.amount, 0)
	}
	if expires != 0 {
		return 0
	}
	return max(left, 0)
}
