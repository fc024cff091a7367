package board

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// freshness remembers for a moment how far each village's lane has come. A commit of this process forgets it at once, so
// that a server never answers without what it has itself posted; what others post shows after ttl at the latest.
type freshness struct {
	db       *storage.DB
	ttl      time.Duration
	villages sync.Map // id.ID → *laneView
}

type laneView struct {
	changes atomic.Int64 // commits of this process

	mu    sync.Mutex
	state storage.LaneState
	at    time.Time // when the state was asked for; zero: never
	seen  int64     // changes at that time
}

func (f *freshness) view(village id.ID) *laneView {
	v, ok := f.villages.Load(village)
	if !ok {
		v, _ = f.villages.LoadOrStore(village, new(laneView))
	}
	return v.(*laneView)
}

// changed is called after each commit that posted in a village.
func (f *freshness) changed(village id.ID) { f.view(village).changes.Add(1) }

// state asks the database at most once in ttl for each village. The instant kept is the one before the question.
func (f *freshness) state(ctx context.Context, village id.ID) (storage.LaneState, error) {
	v := f.view(village)
	v.mu.Lock()
	defer v.mu.Unlock()
	now, changes := time.Now(), v.changes.Load()
	if v.seen == changes && !v.at.IsZero() && now.Sub(v.at) < f.ttl {
		return v.state, nil
	}
	state, err := f.db.LaneState(ctx, village, ledger.TopicPosted)
	if err != nil {
		return state, err
	}
	v.state, v.at, v.seen = state, now, changes
	return state, nil
}

// again asks the database now.
func (f *freshness) again(ctx context.Context, village id.ID) (storage.LaneState, error) {
	f.changed(village)
	return f.state(ctx, village)
}

// throttle lets a village's turn come once in a while.
type throttle struct {
	mu   sync.Mutex
	last map[id.ID]time.Time
}

func (t *throttle) turn(village id.ID, every time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[id.ID]time.Time{}
	}
	now := time.Now()
	if now.Sub(t.last[village]) < every {
		return false
	}
	t.last[village] = now
	return true
}

// sums keeps computed boards for a moment. Answers older than ttl, or than a commit of this process, are made anew; the
// key says which village's commits count.
type sums[K comparable] struct {
	ttl  time.Duration
	mu   sync.Mutex
	kept map[K]kept
}

type kept struct {
	at      time.Time
	changes int64
	value   any
}

// get answers value and true while it is good.
func (c *sums[K]) get(k K, changes int64) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.kept[k]
	return v.value, ok && v.changes == changes && time.Since(v.at) < c.ttl
}

// maxSums bounds the memory of sums; beyond it everything is forgotten and made anew.
const maxSums = 2000

func (c *sums[K]) put(k K, changes int64, at time.Time, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxSums {
		c.kept = map[K]kept{}
	}
	c.kept[k] = kept{at, changes, value}
}
