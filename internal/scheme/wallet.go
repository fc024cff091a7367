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
}

// Reset empties a spend wallet at set dates.
type Reset struct {
	Every string `json:"every" enum:"month,quarter,half,year" doc:"the period at whose end it falls due"`
	Month int    `json:"month,omitempty" doc:"with day: the date in the following year, only for every: year"`
	Day   int    `json:"day,omitempty"`
	Grace int    `json:"grace_days" doc:"days after the end of the period, where no date is given"`
	Carry int    `json:"carry" doc:"per cent that is carried over: 0 none, 100 all"`
}

// intent is how a change of this sign is to be posted.
func (w *Wallet) intent(amount points.Amount) Intent {
	if amount < 0 && w.Kind != KindScore && !w.Debt {
		return StopAtFloor
	}
	return Add
}
