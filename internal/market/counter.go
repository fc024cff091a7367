package market

import (
	"cmp"
	"context"
	"errors"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/standing"
)

// Counter is what the keeper sees of who stands at the counter: how much they can spend, or why they cannot.
type Counter struct {
	Household       id.ID         `json:"household"`
	Member          id.ID         `json:"member,omitempty" doc:"who pays, where the village scores persons"`
	HouseholdNumber string        `json:"household_number"`
	HouseholdName   string        `json:"household_name" doc:"the householder, or the person who pays"`
	Spendable       points.Amount `json:"spendable" doc:"what can be redeemed today, in hundredths of a point"`
	Refused         string        `json:"refused" doc:"why this household (person) cannot redeem now, to be read out; empty: it can"`
}

// Counter looks up who is to pay: a household, or a member where the village scores persons. A refusal that Redeem would
// give for who they are stands in Refused; goods are not looked at.
func (s *Service) Counter(ctx context.Context, a access.Actor, in, shop, household, member id.ID) (Counter, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Counter{}, err
	}
	today := clock.DayOf(s.now())
	b, err := s.buyer(ctx, a, in, RedeemRequest{Household: household, Member: member}, today)
	if err != nil && !errors.Is(err, ErrSuspended) && !errors.Is(err, access.ErrOwn) {
		return Counter{}, err
	}
	refusal := err
	account := b.subject.Owner()
	c := Counter{Household: b.subject.Household, Member: b.subject.Member, HouseholdNumber: b.subject.Number, HouseholdName: b.subject.Name}
	if c.Spendable, err = ledger.Spendable(ctx, s.db, b.version.Scheme, account, today, b.subject.Flags...); errors.Is(err, ledger.ErrInDebt) {
		refusal = cmp.Or(refusal, err)
	} else if err != nil {
		return Counter{}, err
	}
	tags, err := standing.Of(ctx, s.db, account, today)
	if err != nil {
		return Counter{}, err
	}
	if e := errs.As(cmp.Or(refusal, standing.RefuseSpending(tags))); e != nil {
		c.Refused = e.Msg
	}
	return c, nil
}
