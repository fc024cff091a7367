package ledger

import (
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Spend takes an amount (positive) from an account's wallets that pay for goods, in the scheme's order and in the ratios
// that hold for an account in these states: kind Redeem ends the points, kind Hold reserves them. p carries everything but the lines. What is at or below a wallet's floor, and lots past their
// day, cannot be spent.
// ErrInDebt while any spend wallet is below zero; ErrNotEnough, with both numbers, if all wallets together do not do.
func Spend(tx *storage.Tx, book *scheme.Scheme, p Posting, account id.ID, amount points.Amount, states ...string) (Posted, error) {
	if err := Guard(tx, []id.ID{account}, nil); err != nil {
		return Posted{}, err
	}
	s, err := load(tx.Query, book, clock.DayOf(p.At), []id.ID{account})
	if err != nil {
		return Posted{}, err
	}
	if p.Lines, err = s.plan(account, amount, states); err != nil {
		return Posted{}, err
	}
	if p.Kind == Hold {
		for i := range p.Lines {
			p.Lines[i].To = Held
		}
	}
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

// plan says which wallets pay how much, in the scheme's order and ratios.
func (s *state) plan(account id.ID, amount points.Amount, states []string) ([]Line, error) {
	if _, err := s.free(account, states...); err != nil {
		return nil, err
	}
	free := map[string]points.Amount{}
	for _, code := range s.book.SpendOrder() {
		free[code] = s.spendable(slot{account, code, Available})
	}
	parts, missing := s.book.Pay(scheme.PaysGoods, amount, free, states)
	if missing > 0 {
		return nil, ErrNotEnough.With("可用积分不够：需要%s分，只有%s分，还差%s分", amount, amount-missing, missing)
	}
	lines := make([]Line, len(parts))
	for i, p := range parts {
		lines[i] = Line{Account: account, Wallet: p.Wallet, Amount: -p.Amount}
	}
	return lines, nil
}

// free is what all wallets that pay for goods can give together.
func (s *state) free(account id.ID, states ...string) (total points.Amount, err error) {
	free := map[string]points.Amount{}
	for _, code := range s.book.SpendOrder() {
		k := slot{account, code, Available}
		if b, ok := s.slots[k]; ok && b.amount < 0 {
			return 0, ErrInDebt.With("积分是%s分，补足到0分以上才能兑换", b.amount)
		}
		free[code] = s.spendable(k)
	}
	_, missing := s.book.Pay(scheme.PaysGoods, points.Max, free, states)
	return points.Max - missing, nil
}
