package cases

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// MayLook is for the people of a household and the officials of its village.
var MayLook = access.Need{Roles: access.Officials, Scope: access.Self}

// Outlook is what one more record of an item would count today, for one account.
type Outlook struct {
	Points  points.Amount `json:"points" doc:"what would count"`
	Warned  bool          `json:"warned"`
	Reasons []string      `json:"reasons" doc:"with what is left of the limits"`
}

// Outlook says for each item with a fixed value what one more record would count today, by code. household must have
// been found in the village; member is whose account it is where persons are scored.
func (s *Service) Outlook(ctx context.Context, a access.Actor, village, household, member id.ID) (map[string]Outlook, error) {
	if err := a.Allow(MayLook, access.Place{Village: village, Household: household}); err != nil {
		return nil, err
	}
	today := clock.DayOf(s.now())
	v, err := s.rules.InForce(ctx, village, today)
	if err != nil {
		return nil, err
	}
	account := household
	if v.Scheme.Subject == scheme.SubjectPerson {
		account = member
	}
	var deeds []scheme.Case
	for i := range v.Scheme.Items {
		if item := &v.Scheme.Items[i]; item.Value.Kind == scheme.ValueFixed && item.InForce(today) {
			deeds = append(deeds, scheme.Case{Item: item.Code, OccurredOn: today, Account: account, Household: household, Member: member})
		}
	}
	facts, _, err := factsFor(s.outside(ctx), village, scheme.Needs(v.Scheme, deeds), today, today)
	if err != nil {
		return nil, err
	}
	plain := v.Scheme.InEdition("") // a list of all items needs no version on each line
	out := make(map[string]Outlook, len(deeds))
	for _, c := range deeds {
		d, err := scheme.Decide(plain, c, facts)
		if errs.KindOf(err) == errs.Invalid {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[c.Item] = Outlook{Points: d.Counted, Warned: d.Warned, Reasons: d.Reasons}
	}
	return out, nil
}
