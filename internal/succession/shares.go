package succession

import (
	"database/sql"
	"errors"
	"math/bits"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// maxParts bounds one share, so that sums and products stay inside int64.
const maxParts = 1000

// Divide splits an amount that is not negative by parts. The shares add up to it exactly; each is the exact quotient
// rounded down or up to a hundredth, and what rounding leaves goes to the largest remainders, the earlier first.
func Divide(amount points.Amount, parts []int64) []points.Amount {
	var sum uint64
	for _, p := range parts {
		sum += uint64(p)
	}
	out := make([]points.Amount, len(parts))
	if sum == 0 || amount <= 0 {
		return out
	}
	rest := amount
	left := make([]uint64, len(parts))
	for i, p := range parts {
		hi, lo := bits.Mul64(uint64(amount), uint64(p))
		q, r := bits.Div64(hi, lo, sum)
		out[i], left[i] = points.Amount(q), r
		rest -= out[i]
	}
	for ; rest > 0; rest-- {
		best := 0
		for i := range left {
			if left[i] > left[best] {
				best = i
			}
		}
		out[best]++
		left[best] = 0
	}
	return out
}

// checkShares refuses shares that cannot be divided by. None at all is allowed: the points stay where they are.
func checkShares(shares []Share) error {
	if len(shares) > 50 {
		return ErrShares
	}
	var sum int64
	seen := map[id.ID]bool{}
	for _, s := range shares {
		if s.Parts < 0 || s.Parts > maxParts || seen[s.To] {
			return ErrShares
		}
		seen[s.To] = true
		sum += s.Parts
	}
	if len(shares) > 0 && sum == 0 {
		return ErrShares
	}
	return nil
}

// purse is what an account holds in spend wallets: free can go over; expired lots and debts cannot.
type purse struct {
	wallet string
	free   points.Amount
	debt   points.Amount // positive
}

// purses reads an account's spend wallets. It returns ErrOpen when points are pending or held, unless they may stay.
func (x *act) purses(account id.ID, closing bool) ([]purse, error) {
	rows, err := x.tx.Query(`SELECT b.wallet, b.bucket, b.kind, b.amount,
		COALESCE((SELECT SUM(l.amount) FROM lots l WHERE l.account_id = b.account_id AND l.wallet = b.wallet AND l.bucket = b.bucket AND l.expires_on < ?), 0)
		FROM balances b WHERE b.account_id = ? ORDER BY b.wallet`, clock.DayOf(x.s.now()), account)
	if err != nil {
		return nil, err
	}
	type line struct {
		wallet, bucket, kind string
		amount, expired      points.Amount
	}
	lines, err := collect(rows, func(rows *sql.Rows) (l line, err error) {
		err = rows.Scan(&l.wallet, &l.bucket, &l.kind, &l.amount, &l.expired)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	var out []purse
	for _, l := range lines {
		switch {
		case l.bucket != string(ledger.Available):
			if closing && l.amount != 0 {
				return nil, ErrOpen
			}
		case l.kind == scheme.KindSpend:
			out = append(out, purse{wallet: l.wallet, free: max(l.amount-l.expired, 0), debt: max(-l.amount, 0)})
		}
	}
	return out, nil
}

// shareOut moves the free points of an account by shares. A share whose To is the account itself is what it keeps.
func (x *act) shareOut(account id.ID, purses []purse, shares []Share) {
	parts := make([]int64, len(shares))
	for i, s := range shares {
		parts[i] = s.Parts
	}
	for _, p := range purses {
		for i, amount := range Divide(p.free, parts) {
			if amount > 0 && shares[i].To != account {
				x.rec.Moved = append(x.rec.Moved, Moved{account, shares[i].To, p.wallet, amount})
			}
		}
	}
}

// post writes what was moved as one posting; scores are not touched.
func (x *act) post(title string) error {
	if len(x.rec.Moved) == 0 {
		return nil
	}
	counted, err := ledger.CountedOn(x.tx, x.w.Village, x.rec.On)
	if err != nil {
		return err
	}
	p := ledger.Posting{Village: x.w.Village, Kind: ledger.Succession, Ref: x.rec.ID.String(), By: x.w.By, Title: title,
		At: x.s.now(), Occurred: x.rec.On, Counted: counted}
	for _, m := range x.rec.Moved {
		p.Lines = append(p.Lines, ledger.Line{Account: m.From, Wallet: m.Wallet, Amount: -m.Amount, ToAccount: m.To})
	}
	_, err = ledger.Post(x.tx, x.book, p)
	return err
}

// close ends accounts. They are guarded, and what was to leave them has left.
func (x *act) close(accounts ...id.ID) error {
	for _, a := range accounts {
		if err := ledger.CloseAccount(x.tx, x.w.Village, a, x.rec.On); err != nil {
			return err
		}
	}
	return nil
}

// recipients insists that those who receive points are households or persons of the village whose accounts are open, and
// notes them.
func (x *act) recipients(shares []Share) error {
	for _, s := range shares {
		var kind string
		err := x.tx.QueryRow(`SELECT kind FROM accounts WHERE id = ? AND village_id = ? AND closed_on = ? AND kind IN ('household', 'person')`,
			s.To, x.w.Village, clock.Forever).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			return ledger.ErrAccountClosed
		}
		if err != nil {
			return err
		}
		x.to(kind, s.To)
	}
	return nil
}

func accountsOf(shares []Share, more ...id.ID) []id.ID {
	for _, s := range shares {
		more = append(more, s.To)
	}
	return more
}
