package demo

import (
	"context"
	"slices"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
)

// live lets a village live through one day.
func (l *loader) live(ctx context.Context, p *place, day clock.Day) error {
	for _, do := range []func(context.Context, *place, clock.Day) error{l.notice, l.meeting, l.cleanup, l.inspect, l.helping, l.faults, l.redemptions, l.restock, l.atStore, l.lately, l.looked} {
		if err := do(ctx, p, day); err != nil {
			return err
		}
	}
	return nil
}

// helpful are the items by which households earn from day to day, per scheme: code, points of likelihood.
var helpful = map[string][]string{
	"linyuan.yaml": {"zhiyuan", "linli", "laoren", "laodong", "fenlei", "zhishu", "tiyu", "tiaojie", "jianyi"},
	"luoyu.yaml":   {"zhiyuan", "linli", "laoren", "laodong", "zhishu", "tiyu_canjia", "cunji"},
	"wanzhou.yaml": {"wenyu"},
}

// meeting: the party day on the 5th, the villagers' meeting at the start of a quarter.
func (l *loader) meeting(ctx context.Context, p *place, day clock.Day) error {
	if p.spec.scheme == "wanzhou.yaml" {
		return nil
	}
	if day.Dom() == 5 && len(p.party) > 0 {
		l.set(day, 9, 30)
		if err := l.record(ctx, p, "dangri", some(l.rand, p.party, len(p.party)*4/5), ""); err != nil {
			return err
		}
	}
	if p.spec.code == linyuan.code && day.Dom() == 8 && day.Month()%3 == 1 {
		l.set(day, 15, 0)
		return l.record(ctx, p, "cunmin_dahui", l.active(p, len(p.accounts)*2/3), "")
	}
	return nil
}

// cleanup: every Saturday whoever comes sweeps the village.
func (l *loader) cleanup(ctx context.Context, p *place, day clock.Day) error {
	if day.Weekday() != 6 || p.spec.scheme == "wanzhou.yaml" {
		return nil
	}
	l.set(day, 10, 0)
	return l.record(ctx, p, "qingsao", l.active(p, len(p.accounts)/6+l.rand.IntN(8)), "")
}

// inspect: on the 15th the team looks at every yard, and the secretary decides in the evening.
func (l *loader) inspect(ctx context.Context, p *place, day clock.Day) error {
	if p.spec.code != linyuan.code || day.Dom() != 15 {
		return nil
	}
	l.set(day, 9, 0)
	made, err := l.cases.StartInspection(ctx, p.team, p.id, cases.InspectionRequest{RequestID: l.request(), Item: "weisheng", OccurredOn: day})
	if err != nil {
		return err
	}
	seen := make([]cases.LineInput, len(made.Lines))
	for i, line := range made.Lines {
		seen[i] = cases.LineInput{Household: line.Household, Rev: 1, Seen: true, Grade: l.cleanliness()}
	}
	l.set(day, 11, 40)
	if _, err := l.cases.SaveLines(ctx, p.team, p.id, made.ID, cases.LinesRequest{RequestID: l.request(), Lines: seen}); err != nil {
		return err
	}
	l.set(day, 16, 30)
	if _, err := l.cases.DecideInspection(ctx, p.team, p.id, made.ID, cases.Step{RequestID: l.request()}); err != nil {
		return err
	}
	if l.recent(day) {
		return nil
	}
	l.set(day, 20, 0)
	_, err = l.cases.DecideInspection(ctx, p.secretary, p.id, made.ID, cases.Step{RequestID: l.request()})
	return err
}

// cleanliness draws a grade of the yard inspection.
func (l *loader) cleanliness() string {
	switch n := l.rand.IntN(100); {
	case n < 30:
		return "clean"
	case n < 78:
		return "fair"
	case n < 97:
		return "plain"
	}
	return "poor"
}

// recent says whether the records of a day still wait for approval when the demo begins.
func (l *loader) recent(day clock.Day) bool { return day >= l.today.Add(-2) }

// helping: on most days somebody does something; the team records it and the secretary approves in the evening.
func (l *loader) helping(ctx context.Context, p *place, day clock.Day) error {
	if !l.chance(55) {
		return nil
	}
	for range 1 + l.rand.IntN(3) {
		l.set(day, 11+l.rand.IntN(6), l.rand.IntN(60))
		item := pick(l.rand, helpful[p.spec.scheme])
		if err := l.record(ctx, p, item, l.active(p, 1+l.rand.IntN(3)), ""); err != nil {
			return err
		}
	}
	return nil
}

// faults are few: rubbish left lying is a warning first, and costs points the second time.
func (l *loader) faults(ctx context.Context, p *place, day clock.Day) error {
	if day.Dom() != 20 || p.spec.scheme == "wanzhou.yaml" || !l.chance(70) {
		return nil
	}
	l.set(day, 10, 20)
	lazy := slices.Clone(p.accounts[:min(8, len(p.accounts))])
	return l.record(ctx, p, "laji", some(l.rand, lazy, 1), "房前屋后堆放垃圾，经教育未清理")
}

// active draws accounts, the busy ones more often.
func (l *loader) active(p *place, n int) []id.ID {
	var lots []id.ID
	for i, a := range p.accounts {
		for range p.weight[i] {
			lots = append(lots, a)
		}
	}
	chosen := some(l.rand, lots, len(lots))
	out := make([]id.ID, 0, n)
	for _, a := range chosen {
		if len(out) == n {
			break
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// record enters a deed for some accounts and has it approved where it waits; deeds of the last days stay waiting, so
// that the pages have something to approve.
func (l *loader) record(ctx context.Context, p *place, item string, accounts []id.ID, note string) error {
	if len(accounts) == 0 {
		return nil
	}
	made, err := l.cases.Record(ctx, p.team, p.id, cases.Request{RequestID: l.request(), Item: item, Subjects: accounts, OccurredOn: clock.DayOf(l.now()), Note: note,
		Evidence: l.evidence(p, item, accounts)})
	if err != nil {
		return err
	}
	day := clock.DayOf(l.now())
	if l.recent(day) {
		return nil
	}
	l.set(day, 20, 0)
	for _, c := range made.Items {
		if c.State != cases.Submitted {
			continue
		}
		if _, err := l.cases.Approve(ctx, p.secretary, p.id, c.ID, cases.Step{RequestID: l.request()}); err != nil {
			return err
		}
	}
	return nil
}
