package rulebook

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// villageDay is a question: which rules held in a village on a day.
type villageDay struct {
	village id.ID
	day     clock.Day
}

// maxRecent and keepRecent bound what is remembered.
const (
	maxRecent  = 4096
	keepRecent = time.Minute
)

// stamp tells whether anything that an answer rests on has been added anywhere: versions and periods that have shut are
// never taken back, so their numbers are enough.
type stamp struct{ versions, shut int64 }

// recent remembers answers of InForce while the stamp stays the same, which is asked for at most once in a moment for
// all villages together.
type recent struct {
	db     *storage.DB
	moment time.Duration

	mu      sync.Mutex
	answers *expirable.LRU[villageDay, *Version]
	seen    stamp
	at      time.Time // when the stamp was asked for; zero: not since the last change
}

// Remember keeps answers of InForce, which spares each award and redemption a read. Another server's adoption, or its
// marking of a period, is seen at most a moment later: a close waits for it as it does for running transactions. An
// adoption of this process is seen at once.
func (b *Book) Remember(moment time.Duration) {
	b.recent = &recent{db: b.db, moment: moment, answers: expirable.NewLRU[villageDay, *Version](maxRecent, nil, keepRecent)}
}

// answer is what is remembered, or what ask says.
func (r *recent) answer(ctx context.Context, q villageDay, ask func(context.Context, id.ID, clock.Day) (*Version, error)) (*Version, error) {
	seen, err := r.check(ctx)
	if err != nil {
		return nil, err
	}
	if v, ok := r.answers.Get(q); ok {
		return v, nil
	}
	v, err := ask(ctx, q.village, q.day)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == seen { // else it may be from before the change
		r.answers.Add(q, v)
	}
	return v, nil
}

// check asks for the stamp when its moment is over and forgets everything when it has changed.
func (r *recent) check(ctx context.Context) (stamp, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if !r.at.IsZero() && now.Sub(r.at) < r.moment {
		return r.seen, nil
	}
	var is stamp
	if err := r.db.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM scheme_versions), (SELECT COUNT(*) FROM periods WHERE state <> 'open')").
		Scan(&is.versions, &is.shut); err != nil {
		return is, fmt.Errorf("read rules: %w", err)
	}
	if is != r.seen {
		r.answers.Purge()
	}
	r.seen, r.at = is, now
	return is, nil
}

// forget has the stamp asked for at the next question.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers.Purge()
	r.at = time.Time{}
}
