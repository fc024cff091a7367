package preview

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
)

// MaxChange is the most points that one item may be set to in a preview, without sign.
const MaxChange = 10_000 * points.Point

// Change gives one item of the rules in force another number of points.
type Change struct {
	Item   string        `json:"item" maxLength:"32" doc:"code of an item"`
	Points points.Amount `json:"points" doc:"instead of the item's own, in hundredths, of the same sign"`
}

// oneNumber: kinds whose value is one number of points.
var oneNumber = map[string]bool{"fixed": true, "per_unit": true, "per_person": true, "streak": true}

// PreviewChanges is Preview of the rules in force with other points for some of their items: what an assembly asks before anybody has
// written a file.
func (s *Service) PreviewChanges(ctx context.Context, a access.Actor, in id.ID, changes []Change, from, to clock.Day) (Report, error) {
	if err := a.Allow(MayPreview, access.Place{Village: in}); err != nil {
		return Report{}, err
	}
	now, err := s.rules.InForce(ctx, in, to)
	if err != nil {
		return Report{}, err
	}
	source, err := s.rules.Source(ctx, now.ID)
	if err != nil {
		return Report{}, err
	}
	rules, problems := scheme.Parse(source) // anew: the version's own is shared
	if rules == nil {
		return Report{}, rulebook.Mistakes(problems)
	}
	if err := change(rules, changes); err != nil {
		return Report{}, err
	}
	r, err := s.try(ctx, in, rules, from, to)
	if err != nil {
		return Report{}, err
	}
	return s.withCost(ctx, a, in, r)
}

// change writes other points into rules. An award stays one, and a deduction.
func change(rules *scheme.Scheme, changes []Change) error {
	if len(changes) == 0 {
		return ErrChange
	}
	for _, c := range changes {
		item, ok := rules.Item(c.Item)
		if !ok {
			return ErrChange.With("细则里没有这件事，请重新选")
		}
		old := item.Value.Points
		switch {
		case !oneNumber[item.Value.Kind]:
			return ErrChange.With("“%s”不是一个固定的分数，请用细则文件试算", item.Name)
		case c.Points == 0, (c.Points < 0) != (old < 0), max(c.Points, -c.Points) > MaxChange:
			return ErrChange
		}
		item.Value.Points = c.Points
	}
	return nil
}
