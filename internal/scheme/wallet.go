package scheme

import "hefen/internal/points"

// Kinds of wallet.
const (
	KindScore = "score" // boards and awards read it; never spent, held, reset or expired
	KindSpend = "spend" // redemptions draw on it
	KindBase  = "base"  // holds the base score: neither spent nor ranked
)

// Wallet is one of the balances of every account (钱包).
type Wallet struct {
	Code      string        `json:"code"`
	Name      string        `json:"name"`
	Kind      string        `json:"kind" enum:"score,spend,base"`
	Earns     bool          `json:"earns" doc:"items credit it unless they say otherwise"`
	Debt      bool          `json:"debt" doc:"a deduction may take it below its floor; always so for score wallets that take deductions"`
	Floor     points.Amount `json:"floor" doc:"where a deduction stops unless debt is allowed"`
	GainsOnly bool          `json:"gains_only" doc:"deductions never touch it (荣誉只增不减)"`
	Order     int           `json:"order" doc:"spend wallets are drawn on from the lowest; equal ones in the order of the file"`
	Reset     *Reset        `json:"reset,omitempty"`
	Pays      []string      `json:"pays,omitempty" doc:"spend wallets: what they pay for, goods or fee; never empty there"`
	With      *With         `json:"with,omitempty" doc:"spend wallets: only together with another wallet"`
}

// What a spend wallet pays for.
const (
	PaysGoods = "goods"
	PaysFee   = "fee" // offsets a fee of the village, such as sanitation
)

// With lets a wallet be spent only beside another, so many of its points for each point of the other.
type With struct {
	Wallet string      `json:"wallet" doc:"the other wallet"`
	Ratio  int64       `json:"ratio" doc:"thousandths of a point of this wallet for each point of the other"`
	Ratios []WithState `json:"ratios,omitempty" doc:"for accounts in a state; the first that stands"`
}

// WithState is the ratio for accounts in a state.
type WithState struct {
	State string `json:"state"`
	Ratio int64  `json:"ratio"`
}

// Reset empties a spend wallet at set dates.
type Reset struct {
	Every string `json:"every" doc:"the period at whose end it falls due: month, quarter, half, year or the code of an own one"`
	Month int    `json:"month,omitempty" doc:"with day: the first such date after the period, only for every: year and own periods"`
	Day   int    `json:"day,omitempty"`
	Grace int    `json:"grace_days" doc:"days after the end of the period, where no date is given"`
	Carry int    `json:"carry" doc:"per cent that is carried over: 0 none, 100 all"`

	Max points.Amount `json:"max,omitempty" doc:"most that is carried over; 0: no limit"`
}

// intent is how a change of this sign is to be posted.
func (w *Wallet) intent(amount points.Amount) Intent {
	if amount < 0 && w.Kind != KindScore && !w.Debt {
		return StopAtFloor
	}
	return Add
}

// chained is how the wallet takes its part of a deduction that goes through several, at its place in the chain.
func (w *Wallet) chained(place int) Intent {
	switch {
	case place == 0 && w.Debt:
		return Add
	case place == 0:
		return StopAtFloor
	case w.Debt:
		return RestAdd
	}
	return Rest
}
