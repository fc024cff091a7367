package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Lane is one batch of the events of a village and topic.
type Lane struct {
	Village id.ID
	Topic   string
	// Number is higher than that of every earlier batch of this lane, on whichever server. What a handler writes
	// elsewhere is fenced by it: a late worker's number is lower than what is already there.
	Number int64
	// Reached is the Number of the last batch that was marked done, 0 when there was none.
	Reached int64
}

// Row is one event.
type Row struct {
	ID        id.ID
	Payload   []byte
	CreatedAt time.Time
}

// Handler does what the events of a lane ask for, in order of their ids. Events are marked done together when it returns
// nil; otherwise all of them come again, later. They also come again when the process dies half way, so a handler must
// be able to do them twice. It must return when ctx ends: then the lane may pass to another worker.
type Handler func(ctx context.Context, lane Lane, rows []Row) error

// LaneOptions of zero take the default.
type LaneOptions struct {
	Poll       time.Duration // look for events of other servers this often (500 ms)
	Pace       time.Duration // least time between two rounds, so that a burst becomes one batch (100 ms)
	Lease      time.Duration // a dead worker's lanes are free after this long (15 s)
	Batch      int           // most events of one lane in a batch (500)
	Workers    int           // lanes of a topic handled at once (4)
	MaxBackoff time.Duration // longest wait after repeated failures of a lane (5 s)
	Keep       time.Duration // done events are purged after this long (24 h)
	Now        clock.Clock   // machine's clock; leases of different servers are compared by it
}

func (o *LaneOptions) fill() {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.Poll, 500*time.Millisecond)
	set(&o.Pace, 100*time.Millisecond)
	set(&o.Lease, 15*time.Second)
	set(&o.MaxBackoff, 5*time.Second)
	set(&o.Keep, 24*time.Hour)
	if o.Batch <= 0 {
		o.Batch = 500
	}
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Now == nil {
		o.Now = clock.System
	}
}

// Lanes works off the outbox: each lane (village and topic) by one worker of one server at a time. Handlers are
// registered before Run.
type Lanes struct {
	db     *DB
	opt    LaneOptions
	owner  string
	topics []*topicLanes
}

// NewLanes makes the worker of one process.
func NewLanes(db *DB, opt LaneOptions) *Lanes {
	opt.fill()
	var token [8]byte
	_, _ = rand.Read(token[:]) // never fails
	return &Lanes{db: db, opt: opt, owner: hex.EncodeToString(token[:])}
}

// Handle names the handler of a topic.
func (l *Lanes) Handle(topic string, h Handler) {
	t := &topicLanes{Lanes: l, topic: topic, handle: h, wake: make(chan struct{}, 1), held: map[id.ID]lease{}, failed: map[id.ID]failure{}}
	l.topics = append(l.topics, t)
	l.db.Watch(topic, func(id.ID) { t.awake() })
}

// Run works until ctx ends, then lets the batches in hand come to their end, marks them and gives its lanes back.
func (l *Lanes) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, t := range l.topics {
		wg.Go(func() { t.run(ctx) })
	}
	wg.Go(func() { l.purgeNowAndThen(ctx) })
	wg.Wait()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return l.Release(end)
}

// Step does one round over all lanes that have work, and answers how many events it marked done. Errors of handlers are
// counted in the lane's backoff and logged; the error returned is of the database.
func (l *Lanes) Step(ctx context.Context) (int, error) {
	total := 0
	for _, t := range l.topics {
		n, err := t.step(ctx)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// Drain steps until nothing is left that is not held by others or waiting after a failure.
func (l *Lanes) Drain(ctx context.Context) error {
	for {
		n, err := l.Step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// Release gives all lanes of this process back, so that another takes them at once.
func (l *Lanes) Release(ctx context.Context) error {
	for _, t := range l.topics {
		t.mu.Lock()
		clear(t.held)
		t.mu.Unlock()
	}
	return l.db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.Exec("UPDATE outbox_lanes SET until_at = 0 WHERE owner = ? AND until_at > 0", l.owner)
		return err
	})
}

// Purge deletes events done longer ago than Keep, and answers how many.
func (l *Lanes) Purge(ctx context.Context) (int64, error) {
	before := clock.Ms(l.opt.Now().Add(-l.opt.Keep))
	var total int64
	for {
		rows, err := l.db.Query(ctx, "SELECT id FROM outbox WHERE done_at > 0 AND done_at < ? LIMIT 500", before)
		if err != nil {
			return total, err
		}
		ids, err := scanIDs(rows)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		err = l.db.InTx(ctx, func(tx *Tx) error {
			_, err := tx.Exec("DELETE FROM outbox WHERE id IN "+In(len(ids)), Args(ids)...)
			return err
		})
		if err != nil {
			return total, err
		}
		total += int64(len(ids))
	}
}

func (l *Lanes) purgeNowAndThen(ctx context.Context) {
	t := time.NewTicker(10 * time.Minute)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if _, err := l.Purge(ctx); err != nil && !errors.Is(err, context.Canceled) {
				slog.Warn("outbox not purged", "err", err)
			}
		}
	}
}
