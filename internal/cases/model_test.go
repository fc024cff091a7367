package cases_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// modelled is what the model remembers of a case, in whole points.
type modelled struct {
	id         id.ID
	home       int
	worth      points.Amount
	state, was cases.State
	taken      points.Amount // of a deduction that counts: what the spend wallet gave
	frozen     points.Amount // of the spend wallet, while objected
	published  bool
	until      clock.Day
	objection  id.ID
	objected   bool // once
	amendable  bool
}

// model is the life of cases in a few lines: what counts is available, what waits is pending.
type model struct {
	w      *world
	r      *rand.Rand
	homes  []id.ID
	actors []access.Actor
	all    []*modelled
	free   []points.Amount // spend wallets, available
	log    []string
	short  int // objections to points that had been spent in part
}

func (m *model) waits(c *modelled) bool {
	s := c.state
	if s == cases.Objected {
		s = c.was
	}
	return s == cases.Decided || s == cases.Published
}

// counts lets a case count.
func (m *model) counts(c *modelled) {
	c.state = cases.Effective
	if c.worth > 0 {
		m.free[c.home] += c.worth
		return
	}
	c.taken = min(-c.worth, max(m.free[c.home], 0))
	m.free[c.home] -= c.taken
}

// gone takes a case back.
func (m *model) gone(c *modelled) {
	if !m.waits(c) {
		if c.worth > 0 {
			m.free[c.home] -= c.worth - c.frozen
		} else {
			m.free[c.home] += c.taken
		}
	}
	c.state, c.frozen = cases.Reversed, 0
}

func (m *model) check() {
	for i, home := range m.homes {
		var year, pendingSpend, pendingYear points.Amount
		for _, c := range m.all {
			switch {
			case c.home != i || c.state == cases.Reversed:
			case m.waits(c):
				pendingSpend, pendingYear = pendingSpend+c.worth, pendingYear+c.worth
			case c.state == cases.Objected && c.worth > 0:
				pendingSpend, pendingYear = pendingSpend+c.frozen, pendingYear+c.worth
			default:
				year += c.worth
			}
		}
		m.w.has(fmt.Sprint("home ", i), home, m.free[i], year, pendingSpend, pendingYear)
	}
}

func (m *model) pick(that func(*modelled) bool) *modelled {
	var some []*modelled
	for _, c := range m.all {
		if that(c) {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[m.r.IntN(len(some))]
}

func (m *model) enter() {
	home := m.r.IntN(len(m.homes))
	c := &modelled{home: home, state: cases.Decided}
	day := clock.DayOf(m.w.now())
	switch m.r.IntN(6) {
	case 0, 1:
		c.id, c.worth = m.w.record("free", day, m.homes[home]).Items[0].ID, 3
	case 2:
		c.id, c.worth = m.w.approved(cases.Request{Item: "gamble", Subjects: m.homes[home : home+1], OccurredOn: day}).ID, -20
	default:
		c.worth, c.amendable = points.Amount(1+m.r.IntN(30)), true
		c.id = m.w.approved(cases.Request{Item: "gift", Subjects: m.homes[home : home+1], OccurredOn: day, Points: c.worth * points.Point, Note: "捐款"}).ID
	}
	m.all = append(m.all, c)
}

func (m *model) publish() {
	_, lines := m.w.publish()
	for _, l := range lines {
		for _, c := range m.all {
			if c.id == l.ID {
				if c.published = true; c.state == cases.Decided {
					c.state = cases.Published
				}
				c.until = clock.DayOf(m.w.now()).Add(6)
			}
		}
	}
}

func (m *model) effect() {
	n := 0
	for _, c := range m.all { // in the order of decision
		if c.state == cases.Published && c.until < clock.DayOf(m.w.now()) {
			m.counts(c)
			n++
		}
	}
	m.w.takeEffect(n)
}

func (m *model) step() string {
	ctx, w := m.w.t.Context(), m.w
	open := func(c *modelled) bool { return c.state != cases.Reversed && c.state != cases.Objected }
	switch k := m.r.IntN(12); k {
	case 0, 1, 2:
		m.enter()
		return "enter"
	case 3:
		m.publish()
		return "publish"
	case 4, 5:
		w.days(1 + m.r.IntN(5))
		m.effect()
		return "effect"
	case 6:
		if c := m.pick(open); c != nil {
			_, err := w.cases.Reverse(ctx, w.secretary, w.village, c.id, w.step("弄错了"))
			w.must(err)
			m.gone(c)
		}
		return "reverse"
	case 7:
		if c := m.pick(func(c *modelled) bool { return open(c) && c.amendable }); c != nil {
			to := points.Amount(1 + m.r.IntN(30))
			_, err := w.cases.Amend(ctx, w.secretary, w.village, c.id, cases.Change{RequestID: w.request(), Points: to * points.Point, Note: "改" + w.request(), Why: "更正"})
			w.must(err)
			if !m.waits(c) {
				m.free[c.home] += to - c.worth
			}
			c.worth = to
		}
		return "amend"
	case 8:
		if i := m.r.IntN(len(m.homes)); m.free[i] > 0 {
			p := 1 + points.Amount(m.r.IntN(int(m.free[i])))
			w.must(w.spend(m.homes[i], p))
			m.free[i] -= p
		}
		return "spend"
	case 9, 10:
		if c := m.pick(func(c *modelled) bool { return open(c) && !c.objected && (k == 9 || c.state == cases.Effective) }); c != nil {
			m.object(c)
		}
		return "object"
	default:
		if c := m.pick(func(c *modelled) bool { return c.state == cases.Objected }); c != nil {
			return "settle " + m.settle(c)
		}
		return "nothing"
	}
}

func (m *model) object(c *modelled) {
	o, err := m.w.cases.Object(m.w.t.Context(), m.actors[c.home], m.w.village, m.homes[c.home], c.id, cases.ObjectRequest{RequestID: m.w.request(), Text: "有不同意见"})
	m.w.must(err)
	c.was, c.state, c.objection, c.objected = c.state, cases.Objected, o.ID, true
	if !m.waits(c) && c.worth > 0 {
		c.frozen = min(c.worth, max(m.free[c.home], 0))
		m.free[c.home] -= c.frozen
		if c.frozen < c.worth {
			m.short++
		}
	}
}

func (m *model) settle(c *modelled) string {
	outcomes := []string{cases.Kept, cases.Removed}
	if c.amendable {
		outcomes = append(outcomes, cases.Corrected)
	}
	r := cases.SettleRequest{Outcome: outcomes[m.r.IntN(len(outcomes))]}
	to := points.Amount(1 + m.r.IntN(30))
	if r.Outcome == cases.Corrected {
		r.Points, r.Note = to*points.Point, "改"+m.w.request()
	}
	o, err := m.w.cases.Objections(m.w.t.Context(), m.w.secretary, m.w.village, true, 0)
	m.w.must(err)
	who := m.w.official(access.FirstSecretary, access.Place{Village: m.w.village})
	if i := slices.IndexFunc(o.Items, func(o cases.Objection) bool { return o.ID == c.objection }); i < 0 {
		m.w.t.Errorf("objection %s is not open", c.objection)
	} else if o.Items[i].Raised {
		who = m.above()
	}
	_, err = m.w.settle(who, c.objection, r)
	m.w.must(err)
	if r.Outcome == cases.Removed {
		m.gone(c)
		return r.Outcome
	}
	counted := !m.waits(c)
	if c.state = c.was; c.published && !counted {
		c.state = cases.Published
	}
	if counted {
		m.free[c.home] += c.frozen
	}
	if r.Outcome == cases.Corrected {
		if counted {
			m.free[c.home] += to - c.worth
		}
		c.worth = to
	}
	c.frozen = 0
	return r.Outcome
}

func (m *model) above() access.Actor {
	var town id.ID
	m.w.must(m.w.db.QueryRow(m.w.t.Context(), "SELECT town_id FROM regions WHERE id = ?", m.w.village).Scan(&town))
	return m.w.official(access.Supervisor, access.Place{Region: town})
}

// TestLifeAgainstModel drives random cases through publication, corrections, spending and objections, and compares every
// balance with the model after each step; the audit runs at the end.
func TestLifeAgainstModel(t *testing.T) {
	const gift = "  - {code: gift, name: 捐款, class: good, range: {from: 1, to: 30}}\n"
	last := lastLine(waiting)
	source := waiting[:strings.LastIndex(waiting, last)] + gift + strings.Replace(last, "publish_days: 7", "publish_days: 7, object_days: 60", 1)
	eachWaiting(t, 3, source, func(t *testing.T, w *world) {
		m := &model{w: w, r: rand.New(rand.NewPCG(7, uint64(len(w.db.Dialect())))), homes: w.homes, free: make([]points.Amount, 3)}
		for _, h := range w.homes {
			m.actors = append(m.actors, w.lives(h))
		}
		for range 160 {
			m.log = append(m.log, m.step())
			if m.check(); t.Failed() {
				t.Fatalf("after %v", m.log)
			}
		}
		if m.short == 0 {
			t.Error("no objection met points that had been spent")
		}
	})
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
