package scheme

import (
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Standing is where an account stands when a period is closed or awards are given. Whoever loads it asks CloseNeeds or
// Round.Needs what is read.
type Standing struct {
	Account   id.ID
	Kind      string // household, person, group or team; empty: what the scheme scores
	Group     id.ID  // the villagers' group it belongs to; 0: none
	GroupName string
	Since     clock.Day // first day of the account; zero: it was always there
	States    []string  // statuses, flags and offices, as Who has them
	Tags      []Tag     // that stand on the day
	Scores    map[ScoreKey]points.Amount
	Counts    map[CountKey]points.Amount
	Balances  map[string]points.Amount // available points by wallet; read by Close only
}

// ScoreKey names the net total of a span in a score wallet; span 0 is all that was ever counted.
type ScoreKey struct {
	Wallet string
	Span   clock.Span
}

// CountKey names what the records of a class or of an item counted in a span; span 0 is all of them.
type CountKey struct {
	Class, Item string
	Span        clock.Span
}

// StandingNeeds is what the standings of a close or of a round must hold.
type StandingNeeds struct {
	Scores   []ScoreKey
	Counts   []CountKey
	Balances []string // wallets
	Tags     bool
}

func (n *StandingNeeds) score(k ScoreKey) {
	if !slices.Contains(n.Scores, k) {
		n.Scores = append(n.Scores, k)
	}
}

func (n *StandingNeeds) balance(wallet string) {
	if !slices.Contains(n.Balances, wallet) {
		n.Balances = append(n.Balances, wallet)
	}
}

// kind is whose account the scheme scores: persons whose points pool into the household are scored as households.
func (s *Scheme) kind() string {
	if s.Subject == SubjectPooled {
		return SubjectHousehold
	}
	return s.Subject
}

// ranked is the standings of those whom the scheme scores; groups and teams are not ranked among households.
func (s *Scheme) ranked(standings []Standing) []*Standing {
	out := make([]*Standing, 0, len(standings))
	for i := range standings {
		if k := standings[i].Kind; k == "" || k == s.kind() {
			out = append(out, &standings[i])
		}
	}
	return out
}

// cutoff is how many of a number of accounts a percentage takes: rounded up to whole accounts. per100 is thousandths of
// a per cent.
func cutoff(per100 int64, of int) int { return int((per100*int64(of) + 99_999) / 100_000) }
