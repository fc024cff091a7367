package season

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/rulebook"
)

// RoundState is a round of the rules about a span, with what has become of it.
type RoundState struct {
	Code       string     `json:"code"`
	Name       string     `json:"name"`
	Of         string     `json:"of" enum:"household,person,group"`
	Span       clock.Span `json:"span"`
	On         clock.Day  `json:"on" doc:"day of the cut-off"`
	ObjectDays *int       `json:"object_days,omitempty" doc:"days for objections that the rules set; absent: whoever publishes says how many"`
	Shut       bool       `json:"shut" doc:"the span no longer counts, so that a list may be published"`
	Award      *Award     `json:"award,omitempty" doc:"the list that stands; absent while none is published"`
}

// RoundStates lists the rounds whose spans lie in a year.
type RoundStates struct {
	Items []RoundState `json:"items" doc:"in order of their spans"`
}

// Rounds lists the award rounds of a year: those of the rules and what was published. Everybody of the village sees them.
func (s *Service) Rounds(ctx context.Context, a access.Actor, in id.ID, year clock.Span) (RoundStates, error) {
	if err := a.Allow(MaySeeList, access.Place{Village: in}); err != nil {
		return RoundStates{}, err
	}
	out := RoundStates{Items: []RoundState{}}
	if year <= 0 || !year.First().Valid() || year != clock.YearSpan(year.First()) {
		return out, ErrSpan.With("请选择年份")
	}
	list, err := s.roundsOf(ctx, in, year)
	if err != nil {
		return out, err
	}
	for _, d := range list {
		x := RoundState{Code: d.Code, Name: d.Name, Of: d.Of, Span: d.span, On: d.On(d.span), ObjectDays: d.ObjectDays, Shut: true}
		if err := s.shutBy(ctx, in, d.span); errors.Is(err, ErrOpenPeriod) {
			x.Shut = false
		} else if err != nil {
			return out, err
		}
		if x.Award, err = s.standingList(ctx, in, d); err != nil {
			return out, err
		}
		out.Items = append(out.Items, x)
	}
	return out, nil
}

// roundsOf are the rounds that the rules declare about a year or another span, and about the spans that are closed with it,
// as far as these have begun.
func (s *Service) roundsOf(ctx context.Context, in id.ID, of clock.Span) ([]declared, error) {
	own, err := s.ownSpans(ctx, in)
	if err != nil {
		return nil, err
	}
	var out []declared
	for _, span := range spansOf(of, own) {
		if span.First() > clock.DayOf(s.now()) {
			continue
		}
		v, err := s.book.InForce(ctx, in, span.Last())
		if errors.Is(err, rulebook.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range v.Scheme.Rounds {
			if r := &v.Scheme.Rounds[i]; v.Scheme.IsSpan(r.Span, span) {
				out = append(out, declared{r, span, v})
			}
		}
	}
	return out, nil
}

// standingList is the list of a round that stands, nil while there is none.
func (s *Service) standingList(ctx context.Context, in id.ID, d declared) (*Award, error) {
	var made id.ID
	err := s.db.QueryRow(ctx, "SELECT id FROM award_rounds WHERE village_id = ? AND code = ? AND span = ? AND state <> 'withdrawn'", in, d.Code, d.span).Scan(&made)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read award: %w", err)
	}
	w, err := s.award(ctx, in, made, false)
	return &w, err
}

// spansOf are the spans of the calendar and of own dates that a span covers, those that end first first.
func spansOf(of clock.Span, own []OwnSpan) []clock.Span {
	var all []clock.Span
	for y := of.First().Year(); y <= of.Last().Year(); y++ {
		year := clock.Span(y * 100)
		all = append(all, year, year+31, year+32)
		for i := range clock.Span(4) {
			all = append(all, year+21+i)
		}
		for i := range clock.Span(12) {
			all = append(all, year+1+i)
		}
	}
	for i := range own {
		all = append(all, own[i].Span)
	}
	all = slices.DeleteFunc(all, func(s clock.Span) bool { return !of.Covers(s) })
	slices.SortFunc(all, func(a, b clock.Span) int {
		return cmp.Or(cmp.Compare(a.Last(), b.Last()), cmp.Compare(b.First(), a.First()), cmp.Compare(a, b))
	})
	return slices.Compact(all)
}
