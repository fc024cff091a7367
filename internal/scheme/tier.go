package scheme

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/id"
)

// tierRun is one tier while its places are given away, rank by rank from the first.
type tierRun struct {
	*awarding
	no     int // from 0
	t      *Tier
	places int // of all together
	used   int
	group  map[id.ID]int // used of each group
	took   []*entry      // who is in
}

// tier gives the places of one tier. Those who are settled by better tiers keep their rank and count.
func (a *awarding) tier(no int) {
	run := &tierRun{awarding: a, no: no, t: &a.r.Tiers[no], places: math.MaxInt, group: map[id.ID]int{}}
	if run.t.Top > 0 {
		run.places = run.t.Top
	}
	if run.t.Per100 > 0 {
		run.places = min(run.places, a.share(run.t))
	}
	all := a.entries[:a.eligible]
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].Score == all[i].Score {
			j++
		}
		run.level(all[i:j])
		i = j
	}
	run.draw()
	for _, e := range run.took {
		e.Wins, e.Tier, e.Title, e.Stars = true, no+1, run.t.Name, run.t.Stars
		e.because(run.limits() + "获得“" + run.t.Name + "”")
	}
}

// share is how many places a percentage gives.
func (a *awarding) share(t *Tier) int {
	of := a.eligible
	if t.PercentOf != "eligible" {
		of = 0
		for of < a.eligible && a.entries[of].Score > 0 {
			of++
		}
	}
	return cutoff(t.Per100, of)
}

// level gives the places of one rank: to nobody, to all of it, or as the rule for ties says.
func (t *tierRun) level(level []*entry) {
	var in []*entry
	settled, byGroup := 0, map[id.ID]int{}
	for _, e := range level {
		switch {
		case e.settled():
			settled++
			byGroup[e.st.Group]++
		case !t.inBand(e):
		case t.t.PerGroup > 0 && e.st.Group == 0:
			t.out(e, "没有编入小组")
		default:
			in = append(in, e)
		}
	}
	if t.used >= t.places {
		t.outAll(in, t.beyond())
		in = nil
	} else if len(in) > 0 {
		in = t.fit(in, settled, byGroup)
	}
	t.used += settled
	for g, n := range byGroup {
		t.group[g] += n
	}
	t.took = append(t.took, in...)
}

// fit leaves of a rank those for whom there is still a place: in their group, then in all.
func (t *tierRun) fit(in []*entry, settled int, byGroup map[id.ID]int) []*entry {
	rank, waits := in[0].Rank, 0
	if t.t.PerGroup > 0 {
		in, waits = t.quotas(in, byGroup)
	}
	left := t.places - t.used - settled
	if waits > 0 && len(in)+waits > left { // who is left over depends on what is not drawn yet
		for _, e := range in {
			e.Drawing = len(t.drawings)
			t.out(e, "等待抽签")
		}
		t.used += left
		return nil
	}
	took, wait := t.tie(in, left, t.line(), rank)
	if len(in) > 0 && len(took)+len(wait) == 0 {
		t.used = t.places // nobody of a lower rank goes before those who lost by the tie
		return nil
	}
	t.used += waits + len(took) + min(left, len(wait))
	return took
}

// quotas leaves of a rank those for whom their own group still has a place, group by group, and says for how many
// places lots are still to be drawn.
func (t *tierRun) quotas(in []*entry, settled map[id.ID]int) (out []*entry, waits int) {
	groups := map[id.ID][]*entry{}
	for _, e := range in {
		groups[e.st.Group] = append(groups[e.st.Group], e)
	}
	line := "本组的" + strconv.Itoa(t.t.PerGroup) + "个名额"
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		left := t.t.PerGroup - t.group[g] - settled[g]
		if left <= 0 {
			t.outAll(groups[g], line+"已满")
			continue
		}
		took, wait := t.tie(groups[g], left, line, in[0].Rank)
		if len(took)+len(wait) == 0 {
			t.group[g] = t.t.PerGroup // as above
		}
		t.group[g] += len(took) + min(left, len(wait))
		waits += min(left, len(wait))
		out = append(out, took...)
	}
	return out, waits
}

// tie settles a rank of which there are more than places left. Where lots cannot be drawn yet, all of it wait.
func (t *tierRun) tie(in []*entry, left int, line string, rank int) (took, wait []*entry) {
	if len(in) <= left || t.r.Ties == TiesAll || t.t.Draw > 0 {
		return in, nil
	}
	shared := "第" + strconv.Itoa(rank) + "名有" + strconv.Itoa(len(in)) + t.unit() + "并列，超出" + line
	switch {
	case t.r.Ties == TiesNone:
		t.outAll(in, shared+"，按规定并列的都不得")
		return nil, nil
	case left <= 0: // a better tier took the last place of this very rank
		t.outAll(in, "名额已满")
		return nil, nil
	}
	return t.lots(in, left, shared)
}

// draw lets lots decide among those whom the tier takes, where it says so.
func (t *tierRun) draw() {
	if t.t.Draw == 0 || len(t.took) <= t.t.Draw {
		return
	}
	t.took, _ = t.lots(t.took, t.t.Draw, "从"+strconv.Itoa(len(t.took))+t.unit()+"中抽取"+strconv.Itoa(t.t.Draw)+t.unit())
}

// lots draws so many of the entries, in the order of their accounts, or lets them wait for the number.
func (t *tierRun) lots(in []*entry, seats int, what string) (took, wait []*entry) {
	in = slices.Clone(in)
	slices.SortFunc(in, func(x, y *entry) int { return cmp.Compare(x.Account, y.Account) })
	d := Drawing{No: len(t.drawings) + 1, What: "“" + t.t.Name + "”：" + what, Seats: seats}
	for _, e := range in {
		d.Accounts = append(d.Accounts, e.Account)
	}
	if t.seed == nil {
		for _, e := range in {
			e.Drawing = d.No
			t.out(e, what+"，等待抽签")
		}
		t.drawings = append(t.drawings, d)
		return nil, in
	}
	for _, lot := range Draw(potSeed(t.seed, d.No), len(in), seats) {
		d.Drawn = append(d.Drawn, in[lot].Account)
		took = append(took, in[lot])
	}
	for _, e := range in {
		if slices.Contains(took, e) {
			e.because(t.named(what + "，第" + strconv.Itoa(d.No) + "次抽签抽中"))
		} else {
			t.out(e, what+"，第"+strconv.Itoa(d.No)+"次抽签未中")
		}
	}
	t.drawings = append(t.drawings, d)
	return took, nil
}

// inBand reports whether the score lies within the tier's, and says why it does not.
func (t *tierRun) inBand(e *entry) bool {
	switch {
	case t.t.From != nil && e.Score < *t.t.From:
		t.out(e, "不到"+t.t.From.String()+"分")
	case t.t.To != nil && e.Score > *t.t.To:
		t.out(e, "超过"+t.t.To.String()+"分")
	default:
		return true
	}
	return false
}

func (t *tierRun) out(e *entry, why string) { e.because(t.named(why)) }

func (t *tierRun) outAll(in []*entry, why string) {
	for _, e := range in {
		t.out(e, why)
	}
}

// named puts the tier's name before what is said of it, where the round has several.
func (t *tierRun) named(what string) string {
	if len(t.r.Tiers) == 1 {
		return what
	}
	return t.t.Name + "：" + what
}

// beyond is what is said of those behind the last place.
func (t *tierRun) beyond() string { return "未进入" + t.line() }

func (t *tierRun) line() string {
	if t.t.Per100 > 0 && (t.t.Top == 0 || t.places < t.t.Top) {
		return "前" + quantity(t.t.Per100) + "%（取" + strconv.Itoa(t.places) + t.unit() + "）"
	}
	return "前" + strconv.Itoa(t.places) + "名"
}

// limits is what those who are in have met: 进入前3名，
func (t *tierRun) limits() string {
	var parts []string
	if t.places < math.MaxInt {
		parts = append(parts, "进入"+t.line())
	}
	if t.t.PerGroup > 0 {
		parts = append(parts, "在本组的"+strconv.Itoa(t.t.PerGroup)+"个名额以内")
	}
	switch {
	case t.t.From != nil && t.t.To != nil:
		parts = append(parts, "在"+t.t.From.String()+"—"+t.t.To.String()+"分之间")
	case t.t.From != nil:
		parts = append(parts, "达到"+t.t.From.String()+"分")
	case t.t.To != nil:
		parts = append(parts, "不超过"+t.t.To.String()+"分")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "，") + "，"
}
