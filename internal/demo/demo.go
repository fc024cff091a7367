// Package demo loads a county to try Hefen with: 林源村 in full (120 households, a shop, a year of history) and two
// smaller villages whose rules score persons. Everything goes through the features with a set clock, as if people had
// done it: there is no insert here. The same seed gives the same county, people are invented, phone numbers are of no
// operator.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

// ErrHalf: an earlier load was cut off; there is no way to go on from an unknown place in an invented history.
var ErrHalf = errors.New("the demo county was only partly loaded by an earlier start: stop the server, remove the data folder (or empty the database) and start again")

// Progress is told how many days of history are done; it may be nil.
type Progress func(done, total int)

// settings of the county's region that say whether the load came to its end.
const (
	mark   = "demo"
	loaded = "loaded"
	begun  = "begun"
)

// Loaded reports whether the database holds the whole demo county. ErrHalf if a load was cut off.
func Loaded(ctx context.Context, db *storage.DB, today clock.Day) (bool, error) {
	villages := village.New(db, clock.System, ledger.OpenAccounts)
	v, err := villages.FindVillage(ctx, linyuan.code)
	if errors.Is(err, village.ErrNoVillage) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	state, err := villages.Setting(ctx, v.County, mark, today)
	if err != nil {
		return false, err
	}
	if state != loaded {
		return false, ErrHalf
	}
	return true, nil
}

// Village is the code of the village in which everything can be seen.
const Village = "431229101201"

// YearEnds are the codes of the villages whose year end can be played through: one counts households, the other persons.
var YearEnds = []string{Village, "431229102201"}

// Year is the length of history a full demo county has, in days.
const Year = 365

// Load makes the county and its history of some days up to now. The pictures that prove deeds go into the store.
func Load(ctx context.Context, db *storage.DB, wx wechat.Client, store media.Store, now time.Time, days int, progress Progress) error {
	l := newLoader(db, wx, store, now, days)
	if progress == nil {
		progress = func(int, int) {}
	}
	if err := l.county(ctx); err != nil {
		return fmt.Errorf("demo county: %w", err)
	}
	for day := l.first; day <= l.today; day = day.Add(1) {
		for _, p := range l.places {
			if err := l.live(ctx, p, day); err != nil {
				return fmt.Errorf("demo %s on %s: %w", p.spec.name, day, err)
			}
		}
		progress(day.Sub(l.first)+1, days+1)
	}
	if err := l.openness(ctx, l.places[0]); err != nil {
		return fmt.Errorf("demo %s: %w", l.places[0].spec.name, err)
	}
	return l.villages.SetSetting(ctx, 0, l.countyID, mark, loaded)
}

// loader drives the features by a clock of its own.
type loader struct {
	db       *storage.DB
	at       atomic.Int64 // the set clock, in ms
	end      int64        // now, in ms: history stops here
	rand     *rand.Rand
	eye      *rand.Rand // what is photographed
	today    clock.Day
	first    clock.Day // first day of history
	requests int

	villages *village.Service
	people   *access.Service
	rules    *rulebook.Book
	photos   *media.Service
	cases    *cases.Service
	market   *market.Service

	countyID id.ID
	places   []*place
	persona  int
}

func newLoader(db *storage.DB, wx wechat.Client, store media.Store, at time.Time, days int) *loader {
	today := clock.DayOf(at)
	l := &loader{db: db, end: clock.Ms(at), today: today, first: today.Add(-days), rand: rand.New(rand.NewPCG(20260101, 1)), eye: rand.New(rand.NewPCG(20260101, 2))}
	l.set(l.first, 8, 0)
	now := clock.Clock(l.now)
	l.villages = village.New(db, now, ledger.OpenAccounts)
	l.people = access.New(db, now, wx)
	l.rules = rulebook.New(db, now)
	l.photos = media.New(db, now, store, config.Default().Photos)
	l.cases = cases.New(db, now, l.villages, l.rules, l.people, l.photos)
	l.market = market.New(db, now, l.villages, l.rules, l.people.Names)
	return l
}

func (l *loader) now() time.Time { return clock.FromMs(l.at.Load()) }

// set moves the clock, never past now.
func (l *loader) set(day clock.Day, hour, minute int) {
	l.at.Store(min(l.end, clock.Ms(day.Start().Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute))))
}

// request is the id a device would have made.
func (l *loader) request() string {
	l.requests++
	return fmt.Sprintf("demo-request-%08d", l.requests)
}

func (l *loader) chance(percent int) bool { return l.rand.IntN(100) < percent }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// some is n different elements in random order.
func some[T any](r *rand.Rand, from []T, n int) []T {
	out := make([]T, 0, n)
	for _, i := range r.Perm(len(from))[:min(n, len(from))] {
		out = append(out, from[i])
	}
	return out
}
