package scheme

import (
	"slices"

	"hefen/internal/points"
)

// Part is what one wallet gives to a payment.
type Part struct {
	Wallet string        `json:"wallet"`
	Amount points.Amount `json:"amount"`
}

// Pay plans a payment: which of the wallets that pay for this use (goods or fee) give how much of an amount, where free
// is what each can give, and what is missing where all of them together do not do. States are those of the account.
//
// As much is paid as can be. Among the ways of paying that, wallets are drawn on as far as possible one after the other:
// in the scheme's order, but a wallet that is spent only beside another comes just before that one, because it cannot be
// spent alone. Of such a wallet a payment never holds more than the ratio times what the other one gives to this same
// payment, exactly in hundredths. The parts come in the scheme's order, and none of them is zero.
func (s *Scheme) Pay(use string, amount points.Amount, free map[string]points.Amount, states []string) (parts []Part, missing points.Amount) {
	if amount <= 0 {
		return nil, 0
	}
	pm := s.payment(use, amount, free, states)
	target := min(amount, pm.most())
	pm.fill(target)
	for _, code := range s.spendOrder {
		for _, w := range pm {
			if w.code == code && w.took > 0 {
				parts = append(parts, Part{code, w.took})
			}
		}
	}
	return parts, amount - target
}

// payer is a wallet within a payment.
type payer struct {
	code  string
	free  points.Amount
	with  int   // place of the wallet beside which alone it is spent; -1: none
	ratio int64 // thousandths of it for each point of the other
	took  points.Amount
	done  bool
	least points.Amount // what it must give because of those that are spent beside it
}

// payment is the wallets that pay, in the order in which they are drawn on.
type payment []payer

func (s *Scheme) payment(use string, amount points.Amount, free map[string]points.Amount, states []string) payment {
	var order []*Wallet
	for _, code := range s.spendOrder {
		if w, _ := s.Wallet(code); slices.Contains(w.Pays, use) {
			order = append(order, w)
		}
	}
	// A stable walk: those that are spent beside another first, each just before it.
	var walk []*Wallet
	for _, w := range order {
		if w.With != nil {
			continue
		}
		for _, beside := range order {
			if beside.With != nil && beside.With.Wallet == w.Code {
				walk = append(walk, beside)
			}
		}
		walk = append(walk, w)
	}
	pm := make(payment, len(walk))
	for i, w := range walk {
		pm[i] = payer{code: w.Code, free: max(0, min(amount, free[w.Code])), with: -1}
		if w.With != nil {
			pm[i].with = slices.IndexFunc(walk, func(o *Wallet) bool { return o.Code == w.With.Wallet })
			pm[i].ratio = w.With.of(states)
		}
	}
	return pm
}

// of is the ratio for an account in these states: that of the first state that stands.
func (w *With) of(states []string) int64 {
	for _, r := range w.Ratios {
		if slices.Contains(states, r.State) {
			return r.Ratio
		}
	}
	return w.Ratio
}

// beside is the most of w that may stand beside so much of the other wallet.
func (w *payer) beside(other points.Amount) points.Amount {
	return min(w.free, other.Times(w.ratio, 1000))
}

// wants is the least of the other wallet that so much of w needs.
func (w *payer) wants(took points.Amount) points.Amount {
	if took == 0 {
		return 0
	}
	return points.Amount((int64(took)*1000 + w.ratio - 1) / w.ratio)
}

// most is what the wallets can pay together.
func (pm payment) most() (sum points.Amount) {
	for i := range pm {
		if w := &pm[i]; w.with >= 0 {
			sum += w.beside(pm[w.with].free)
		} else {
			sum += w.free
		}
	}
	return sum
}

// fill draws on one wallet after the other, on each as far as the rest can still be made to come to target exactly. It
// can as long as what must be given does not exceed target: giving less of a wallet is always possible down to that.
func (pm payment) fill(target points.Amount) {
	for i := range pm {
		w := &pm[i]
		room := target - pm.bound() // above what is fixed and what must be given
		if w.with < 0 {
			w.took = min(w.free, room+w.least)
		} else {
			w.took = pm.besideMost(w, room)
			other := &pm[w.with]
			other.least = max(other.least, w.wants(w.took))
		}
		w.done = true
	}
}

// bound is what is fixed and what the rest must give.
func (pm payment) bound() (sum points.Amount) {
	for i := range pm {
		if w := &pm[i]; w.done {
			sum += w.took
		} else {
			sum += w.least
		}
	}
	return sum
}

// besideMost is the most of w that fits into room together with what it needs of the other wallet beyond that one's least.
func (pm payment) besideMost(w *payer, room points.Amount) points.Amount {
	other := &pm[w.with]
	lo, hi := points.Amount(0), w.beside(other.free)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if mid+max(0, w.wants(mid)-other.least) <= room {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}
