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
	Reasons []string      `json:"reasons" doc:"why it would count so much"`
	Left    []string      `json:"left" doc:"what is left of each limit on awards, as people read it"`
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
	deed, err := s.today(ctx, v.Scheme, village, household, member, today)
	if err != nil {
		return nil, err
	}
	var deeds []scheme.Case
	for i := range v.Scheme.Items {
		if item := &v.Scheme.Items[i]; item.Value.Kind == scheme.ValueFixed && item.InForce(today) && v.Scheme.SubjectOf(item) == v.Scheme.Subject {
			deed.Item = item.Code
			deeds = append(deeds, deed)
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
		if k := errs.KindOf(err); k == errs.Invalid || k == errs.Conflict { // asks for more than a day, or is not meant for them
			continue
		}
		if err != nil {
			return nil, err
		}
		left, err := scheme.Remaining(plain, c, facts)
		if err != nil {
			return nil, err
		}
		out[c.Item] = Outlook{Points: d.Counted, Warned: d.Warned, Reasons: d.Reasons, Left: left}
	}
	return out, nil
}

// today is a deed of an account without its item, with what the rules may ask about its owner.
func (s *Service) today(ctx context.Context, rules *scheme.Scheme, village, household, member id.ID, today clock.Day) (scheme.Case, error) {
	deed := scheme.Case{OccurredOn: today, Account: household, Household: household, Member: member}
	owner := household
	if member != 0 {
		owner = member
	}
	if rules.Subject == scheme.SubjectPerson {
		deed.Account = member
	}
	subs, err := s.villages.Subjects(ctx, village, today, []id.ID{owner})
	if err != nil {
		return deed, err
	}
	circles, err := s.villages.Circles(ctx, village, today, []id.ID{household})
	if err != nil {
		return deed, err
	}
	deed.Group, deed.Who = subs[0].Group, whoIs(&subs[0], circles[household])
	return deed, nil
}
