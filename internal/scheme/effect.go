package scheme

import "hefen/internal/id"

// Effected is what a decided case does when its points take effect.
type Effected struct {
	Changes []Change
	Tags    []Tag
	Lifts   []Lift
	Reasons []string // of consequences beside the points
}

// TakeEffect is what a decision does when the days of publication are over: the changes of wallets with their intents, the
// consequences beside points but for warnings and faults, which stand since the decision, and the thresholds that are
// crossed now. c.DecidedOn is the day of effect. facts hold the measures and tags that Needs asks for; waits says on which
// accounts awards go on waiting, because a fault is open.
func TakeEffect(s *Scheme, c Case, d Decision, f *Facts, waits func(account id.ID) bool) Effected {
	item, ok := s.items[c.Item]
	if !ok {
		return Effected{}
	}
	if f == nil {
		f = &Facts{}
	}
	r := run{scheme: s, c: &c, facts: f, item: item, dropped: d.Warned || c.Repaired}
	if g, ok := item.Value.Grade(c.Grade); ok {
		r.grade = g
	}
	share := func(sh Share) share {
		out := share{Share: sh, to: sh.Counted + sh.Replaced, from: sh.Replaced}
		out.pending = out.delta() > 0 && waits(sh.Account)
		return out
	}
	r.own = share(Share{Account: c.Account, Member: c.Member, Group: c.Group, Counted: d.Counted, Replaced: d.Replaced})
	for _, sh := range d.Shares {
		r.others = append(r.others, share(sh))
	}
	if err := r.effects(); err != nil { // it has none
		return Effected{}
	}
	r.Tags = standingFromEffect(r.Tags)
	if err := r.thresholds(); err != nil {
		return Effected{}
	}
	return Effected{Changes: r.Changes, Tags: r.Tags, Lifts: r.Lifts, Reasons: r.Reasons}
}

func standingFromEffect(tags []Tag) []Tag {
	var out []Tag
	for _, t := range tags {
		if t.Kind != TagOpenFault && t.Kind != TagWarning {
			out = append(out, t)
		}
	}
	return out
}
