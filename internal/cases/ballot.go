package cases

import (
	"context"
	"errors"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Ballot is how the vote on a case stands.
type Ballot struct {
	Closes  int64         `json:"closes" doc:"until when votes are taken, milliseconds since 1970 UTC"`
	Quorum  int           `json:"quorum" doc:"how many votes a result needs"`
	Ayes    int           `json:"ayes"`
	Noes    int           `json:"noes"`
	Mean    points.Amount `json:"mean,omitempty" doc:"items whose value the panel gives: the mean of the ayes"`
	Average bool          `json:"average,omitempty" doc:"what the household gives itself counts half"`
	Asked   bool          `json:"asked" doc:"the caller is to vote and has not"`
	Votes   []BallotVote  `json:"votes,omitempty" doc:"each vote, for officials"`
}

// BallotVote is the vote of one member.
type BallotVote struct {
	Name   string        `json:"name"`
	Aye    bool          `json:"aye"`
	Points points.Amount `json:"points,omitempty"`
	Why    string        `json:"why,omitempty"`
	At     int64         `json:"at" doc:"milliseconds since 1970 UTC"`

	user id.ID
}

// ballot is how the vote on a case stands, nil where there is none.
func (s *Service) ballot(ctx context.Context, a access.Actor, v *View) (*Ballot, error) {
	c, err := s.one(ctx, v.village, v.ID)
	if err != nil || c.state == Withdrawn {
		return nil, err
	}
	p, err := s.poll(ctx, c)
	if errors.Is(err, ErrNoVote) || errors.Is(err, rulebook.ErrNone) || errors.Is(err, scheme.ErrItemUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	votes, err := readVotes(s.outside(ctx), v.ID)
	if err != nil || c.way == "" && len(votes) == 0 && c.state != Submitted {
		return nil, err
	}
	t := tallied(votes)
	b := &Ballot{Closes: clock.Ms(p.closes), Quorum: p.version.Scheme.Panel.Quorum, Ayes: t.ayes, Noes: t.noes, Mean: t.mean(), Average: p.item.Review.Average}
	b.Asked = c.state == Submitted && c.approvals == 0 && s.now().Before(p.closes) && a.Allow(MayVote, access.Place{Village: v.village}) == nil &&
		c.author != a.User() && c.notOwn(a) == nil
	for _, vote := range votes {
		b.Asked = b.Asked && vote.user != a.User()
	}
	if a.Allow(knowReporters, access.Place{Village: v.village}) == nil {
		b.Votes = votes
	}
	return b, nil
}

// Polls lists the cases on which the caller may vote and has not, the oldest first.
func (s *Service) Polls(ctx context.Context, a access.Actor, where id.ID) ([]View, error) {
	if err := a.Allow(MayVote, access.Place{Village: where}); err != nil {
		return nil, err
	}
	v, err := s.rules.InForce(ctx, where, clock.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	var items []string
	for i := range v.Scheme.Items {
		if v.Scheme.Items[i].Review.Panel {
			items = append(items, v.Scheme.Items[i].Code)
		}
	}
	views, err := s.read(ctx, a, where, " AND c.state = 'submitted' AND c.approvals = 0 AND c.author <> ? AND c.created_at > ? AND c.item IN "+storage.In(len(items))+
		" AND NOT EXISTS (SELECT 1 FROM case_votes x WHERE x.case_id = c.id AND x.user_id = ?) ORDER BY c.id LIMIT 100",
		append(storage.Args(items, a.User(), clock.Ms(s.now().AddDate(0, 0, -v.Scheme.Panel.Days))), a.User())...)
	if err != nil {
		return nil, err
	}
	out := []View{}
	for _, view := range views {
		if !a.IsOwn(view.Household) {
			out = append(out, view)
		}
	}
	return out, nil
}
