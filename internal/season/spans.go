package season

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/rulebook"
)

// OwnSpan is one stretch of a period with the village's own dates.
type OwnSpan struct {
	Span clock.Span `json:"span" doc:"20251101-20261031: its first and last day"`
	Code string     `json:"code" doc:"of the period in the rules"`
	Name string     `json:"name" doc:"of the period in the rules"`
	From clock.Day  `json:"from_on"`
	To   clock.Day  `json:"to_on" doc:"last day"`
	Over bool       `json:"over" doc:"its last day has passed"`
}

// OwnSpans are those that have begun.
type OwnSpans struct {
	Items []OwnSpan `json:"items" doc:"the latest first, at most 24; empty where the rules have none"`
}

const maxSpans = 24

// Spans lists the stretches of a village's own periods that have begun, for boards and closes to choose from. Which there
// are is said by the rules in force on the last day of each, or today while it runs.
func (s *Service) Spans(ctx context.Context, a access.Actor, in id.ID) (OwnSpans, error) {
	out := OwnSpans{Items: []OwnSpan{}}
	if err := a.Allow(MaySeeList, access.Place{Village: in}); err != nil {
		return out, err
	}
	list, err := s.ownSpans(ctx, in)
	if err != nil {
		return out, err
	}
	slices.Reverse(list)
	out.Items = append(out.Items, list[:min(maxSpans, len(list))]...)
	return out, nil
}

// ownSpans are all that have begun, those that end first first.
func (s *Service) ownSpans(ctx context.Context, in id.ID) ([]OwnSpan, error) {
	terms, err := s.terms(ctx, in)
	if errors.Is(err, rulebook.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	today := clock.DayOf(s.now())
	var out []OwnSpan
	for i := range terms {
		t := &terms[i]
		for _, o := range t.Scheme.OwnPeriods {
			for _, span := range t.Scheme.SpansOf(o.Code, t.from, min(t.to, today)) {
				if !t.holds(min(span.Last(), today)) {
					continue
				}
				out = append(out, OwnSpan{Span: span, Code: o.Code, Name: o.Name, From: span.First(), To: span.Last(), Over: span.Last() < today})
			}
		}
	}
	slices.SortFunc(out, func(a, b OwnSpan) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(b.From, a.From)) })
	return out, nil
}
