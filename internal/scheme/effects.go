package scheme

import (
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// openFault says what becomes of an award while a fault of the account is open.
func (r *run) openFault(sh *share) {
	if sh.delta() <= 0 || r.scheme.OpenFault == FaultCount || !r.stands(sh.Account, TagOpenFault) {
		return
	}
	if r.scheme.OpenFault == FaultLost {
		sh.to = sh.from
		r.becauseOf(sh, "有一项问题还没有整改，整改期间加分不计，本次计0分")
		return
	}
	sh.pending = true
	r.becauseOf(sh, "有一项问题还没有整改，本次"+sh.delta().String()+"分先记下，整改到位后生效")
}

func (r *run) stands(account id.ID, kind string) bool {
	for _, t := range r.facts.Tags[account] {
		if t.Kind == kind && t.From <= r.c.OccurredOn && r.c.OccurredOn < t.To {
			return true
		}
	}
	return false
}

// effects turns what counts into changes of wallets, and adds what the record does beside its points.
func (r *run) effects() error {
	if r.Waits {
		return nil
	}
	r.Changes = make([]Change, 0, len(r.item.Credits)*(1+len(r.others)))
	r.change(&r.own)
	for i := range r.others {
		r.change(&r.others[i])
	}
	e := r.item.Effects
	if r.grade != nil && r.grade.Effects != nil {
		e = r.grade.Effects
	}
	if e == nil || r.dropped {
		return nil
	}
	r.zero(e.Zero)
	for i := range e.Tags {
		t := &e.Tags[i]
		tag := Tag{Kind: t.Kind, From: r.c.OccurredOn, To: t.Term.end(r.c.OccurredOn), Rounds: t.Rounds}
		if t.FixDays > 0 {
			tag.Due = r.c.OccurredOn.Add(t.FixDays)
		}
		r.tag(&r.own, tag)
		r.because(sayTag(&tag))
	}
	return nil
}

func (r *run) tag(sh *share, t Tag) {
	t.Account = r.c.Account
	if sh.Account != 0 {
		t.Account = sh.Account
	}
	t.Reason = r.item.Name
	r.Tags = append(r.Tags, t)
}

// change moves the wallets of one account. A score wallet takes a deduction in full, whatever the spend wallet has left;
// a wallet that only gains follows the height that the record reaches.
func (r *run) change(sh *share) {
	if r.item.Set {
		r.set(sh)
		return
	}
	delta := sh.delta()
	if delta == 0 {
		return
	}
	chain := r.item.Chain(r.scheme)
	for _, code := range r.item.Credits {
		w, _ := r.scheme.Wallet(code)
		amount := delta
		if w.GainsOnly {
			amount = max(sh.to, 0) - max(sh.from, 0)
		}
		if amount == 0 || amount < 0 && len(chain) > 0 && w.Kind != KindScore {
			continue
		}
		r.moved(sh, Change{Wallet: code, Amount: amount, Intent: w.intent(amount)})
	}
	if delta < 0 {
		for i, code := range chain {
			w, _ := r.scheme.Wallet(code)
			r.moved(sh, Change{Wallet: code, Amount: delta, Intent: w.chained(i)})
		}
	}
}

// Chain is the wallets that a deduction empties one after the other; none where each is charged for itself.
func (i *Item) Chain(s *Scheme) []string {
	if len(i.Charge) > 0 {
		return i.Charge
	}
	return s.Charge
}

func (r *run) moved(sh *share, c Change) {
	c.Account, c.Member, c.Group = sh.Account, sh.Member, sh.Group
	if c.Amount > 0 {
		c.Pending = sh.pending
		if w, _ := r.scheme.Wallet(c.Wallet); r.item.Valid != nil && w.Kind == KindSpend {
			if end := r.item.Valid.end(r.c.OccurredOn); end < clock.Forever {
				c.Expires = end.Add(-1)
			}
		}
	}
	r.Changes = append(r.Changes, c)
}

// set brings the year score to the value (直接评定); other wallets are left alone.
func (r *run) set(sh *share) {
	for _, code := range r.item.Credits {
		w, _ := r.scheme.Wallet(code)
		if w.Kind != KindScore || w.GainsOnly {
			continue
		}
		score := r.facts.Scores[r.scheme.measure(sh.Account, code, r.c)]
		r.becauseOf(sh, "“"+w.Name+"”由"+score.String()+"分定为"+sh.to.String()+"分")
		if sh.to != score {
			r.moved(sh, Change{Wallet: code, Amount: sh.to - score, Intent: Add})
		}
	}
}

// zero empties wallets of the case's own account. What a spend wallet holds only the ledger knows when it posts; a score
// wallet loses its net total of the year. A debt is not forgiven.
func (r *run) zero(wallets []string) {
	for _, code := range wallets {
		w, _ := r.scheme.Wallet(code)
		r.Changes = slices.DeleteFunc(r.Changes, func(c Change) bool { return c.Account == r.c.Account && c.Wallet == code })
		had := r.facts.Scores[r.scheme.measure(r.c.Account, code, r.c)]
		change := Change{Wallet: code, Amount: -max(had, 0), Intent: Zero}
		if w.Kind == KindScore {
			if change.Intent = Add; had <= 0 {
				continue
			}
		}
		r.moved(&r.own, change)
		r.because("“" + w.Name + "”清零，原有" + had.String() + "分")
	}
}

// thresholds says which consequences begin or end with the score that is left.
func (r *run) thresholds() error {
	if r.Waits {
		return nil
	}
	var seen []id.ID
	for i := range r.Changes {
		account := r.Changes[i].Account
		if slices.Contains(seen, account) {
			continue
		}
		seen = append(seen, account)
		for k := range r.scheme.Thresholds {
			if t := &r.scheme.Thresholds[k]; t.At != AtClose {
				r.cross(t, account)
			}
		}
	}
	return nil
}

func (r *run) cross(t *Threshold, account id.ID) {
	score := r.after(t, account)
	standing := slices.ContainsFunc(r.facts.Tags[account], func(x Tag) bool { return x.Code == t.Code && r.today() < x.To })
	switch {
	case score < t.Below && !standing:
		tag := Tag{Account: account, Kind: t.Then, Code: t.Code, From: r.today(), To: t.Term.end(r.today()), Rounds: t.Rounds,
			Reason: t.Name + "（现在" + score.String() + "分，低于" + t.Below.String() + "分）"}
		r.Tags = append(r.Tags, tag)
		r.because("积分" + score.String() + "分，低于" + t.Below.String() + "分：" + sayTag(&tag))
	case score >= t.LiftAt && standing && t.Term == nil:
		r.Lifts = append(r.Lifts, Lift{Account: account, Code: t.Code, Reason: "积分" + score.String() + "分，已回到" + t.LiftAt.String() + "分"})
		r.because("积分" + score.String() + "分，已回到" + t.LiftAt.String() + "分，解除" + tagNames[t.Then])
	}
}

// after is the score of a threshold once the decision is posted. A deduction that goes through several wallets counts
// once, and no further than the base wallets' floor.
func (r *run) after(t *Threshold, account id.ID) (score points.Amount) {
	var chained points.Amount
	floor := false
	for _, code := range t.Of {
		score += r.facts.Scores[r.scheme.measure(account, code, r.c)]
	}
	before := score
	for i := range r.Changes {
		c := &r.Changes[i]
		if c.Account != account || c.Pending || !contains(t.Of, c.Wallet) {
			continue
		}
		switch c.Intent {
		case Rest, RestAdd:
			chained = min(chained, c.Amount)
			floor = c.Intent == Rest
		case StopAtFloor:
			chained = min(chained, c.Amount)
			floor = true
		default:
			score += c.Amount
		}
	}
	if score += chained; floor && chained < 0 {
		score = max(score, min(before, r.floors(t)))
	}
	return score
}

// floors is where the wallets of a threshold stop together.
func (r *run) floors(t *Threshold) (sum points.Amount) {
	for _, code := range t.Of {
		w, _ := r.scheme.Wallet(code)
		if w.Kind == KindScore {
			return -points.Max
		}
		sum += w.Floor
	}
	return sum
}

// today is the day of the decision.
func (r *run) today() clock.Day {
	if r.c.DecidedOn != 0 {
		return r.c.DecidedOn
	}
	return r.c.OccurredOn
}
