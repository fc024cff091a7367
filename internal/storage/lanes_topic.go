package storage

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// topicLanes works off the lanes of one topic, so that a slow topic holds up no other.
type topicLanes struct {
	*Lanes
	topic  string
	handle Handler
	wake   chan struct{}

	mu     sync.Mutex // one round at a time
	held   map[id.ID]lease
	failed map[id.ID]failure
}

// lease is a lane this process holds: it may write as number until the instant.
type lease struct {
	number, reached int64
	until           time.Time
}

type failure struct {
	times int
	until time.Time
}

// batch is one lane's work in a round.
type batch struct {
	lane Lane
	rows []Row
	ok   bool
}

func (t *topicLanes) awake() {
	select {
	case t.wake <- struct{}{}:
	default: // it is already up
	}
}

func (t *topicLanes) run(ctx context.Context) {
	poll := time.NewTicker(t.opt.Poll)
	defer poll.Stop()
	for {
		// The round is not cut short by the stop: it ends with its lease at the latest.
		n, err := t.step(context.WithoutCancel(ctx))
		if err != nil && ctx.Err() == nil {
			slog.Warn("outbox round failed", "topic", t.topic, "err", err)
		}
		pace := time.NewTimer(t.opt.Pace)
		select {
		case <-ctx.Done():
			pace.Stop()
			return
		case <-pace.C:
		}
		if n > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-poll.C:
		}
	}
}

// step is one round: find lanes with work, lease them, handle them, mark what was done in one transaction.
func (t *topicLanes) step(ctx context.Context) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	villages, err := t.find(ctx)
	if err != nil || len(villages) == 0 {
		return 0, err
	}
	lanes, err := t.claim(ctx, villages)
	if err != nil {
		return 0, err
	}
	batches := make([]batch, len(lanes))
	var wg sync.WaitGroup
	slots := make(chan struct{}, t.opt.Workers)
	for i, lane := range lanes {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			batches[i] = t.work(ctx, lane)
		})
	}
	wg.Wait()
	return t.mark(ctx, batches)
}

// find lists the villages that have events, except lanes that rest after a failure and those others hold. The index on
// undone events makes it cost what is undone, however long the table.
func (t *topicLanes) find(ctx context.Context) ([]id.ID, error) {
	now := t.opt.Now()
	rows, err := t.db.Query(ctx, `SELECT q.village_id FROM (SELECT DISTINCT village_id FROM outbox WHERE done_at = 0 AND topic = ?) q
		LEFT JOIN outbox_lanes l ON l.topic = ? AND l.village_id = q.village_id
		WHERE l.owner IS NULL OR l.owner = ? OR l.until_at <= ?`, t.topic, t.topic, t.owner, clock.Ms(now))
	if err != nil {
		return nil, fmt.Errorf("find lanes: %w", err)
	}
	all, err := scanIDs(rows)
	if err != nil {
		return nil, fmt.Errorf("find lanes: %w", err)
	}
	ready := all[:0]
	for _, v := range all {
		if now.Before(t.failed[v].until) {
			continue
		}
		ready = append(ready, v)
	}
	return ready, nil
}

// claim leases the lanes that this process does not hold yet, and leaves out those that another was faster to take.
func (t *topicLanes) claim(ctx context.Context, villages []id.ID) ([]Lane, error) {
	now := t.opt.Now()
	until := now.Add(t.opt.Lease)
	var lanes []Lane
	var free []id.ID
	for _, v := range villages {
		if h, ok := t.held[v]; ok && h.until.Sub(now) > t.opt.Lease/3 {
			lanes = append(lanes, Lane{Village: v, Topic: t.topic, Number: h.number, Reached: h.reached})
			continue
		}
		free = append(free, v)
	}
	for chunk := range Chunks(free, 100) {
		var got []Lane
		err := t.db.InTx(ctx, func(tx *Tx) error {
			got = got[:0]
			for _, v := range chunk {
				lane, ok, err := t.claimOne(tx, v, now, until)
				if err != nil {
					return err
				}
				if ok {
					got = append(got, lane)
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("lease lanes: %w", err)
		}
		for _, lane := range got {
			t.held[lane.Village] = lease{number: lane.Number, reached: lane.Reached, until: until}
		}
		lanes = append(lanes, got...)
	}
	return lanes, nil
}

func (t *topicLanes) claimOne(tx *Tx, village id.ID, now, until time.Time) (Lane, bool, error) {
	lane := Lane{Village: village, Topic: t.topic}
	hit, err := tx.Exec("UPDATE outbox_lanes SET number = number + 1, owner = ?, until_at = ? WHERE topic = ? AND village_id = ? AND (until_at <= ? OR owner = ?)",
		t.owner, clock.Ms(until), t.topic, village, clock.Ms(now), t.owner)
	if err != nil {
		return lane, false, err
	}
	if hit == 0 {
		_, err := tx.Exec("INSERT INTO outbox_lanes (topic, village_id, number, reached, owner, until_at) VALUES (?,?,1,0,?,?)",
			t.topic, village, t.owner, clock.Ms(until))
		if IsDuplicate(err) {
			return lane, false, nil // another's
		}
		lane.Number = 1
		return lane, err == nil, err
	}
	err = tx.QueryRow("SELECT number, reached FROM outbox_lanes WHERE topic = ? AND village_id = ?", t.topic, village).
		Scan(&lane.Number, &lane.Reached)
	return lane, err == nil, err
}

// work reads one batch and hands it over, within the lease.
func (t *topicLanes) work(ctx context.Context, lane Lane) (b batch) {
	b.lane = lane
	ctx, cancel := context.WithTimeout(ctx, t.held[lane.Village].until.Sub(t.opt.Now()))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			b.ok = false
			slog.Error("outbox handler panicked", "topic", t.topic, "village", lane.Village, "panic", p)
		}
	}()
	rows, err := t.read(ctx, lane)
	if err == nil && len(rows) > 0 {
		err = t.handle(ctx, lane, rows)
	}
	if err != nil {
		level := slog.LevelWarn
		if t.failed[lane.Village].times > 0 {
			level = slog.LevelDebug // said once; hundreds of lanes may wait for the same Redis
		}
		slog.Log(ctx, level, "outbox events not handled; they come again", "topic", t.topic, "village", lane.Village, "err", err)
		return b
	}
	b.rows, b.ok = rows, true
	return b
}

func (t *topicLanes) read(ctx context.Context, lane Lane) ([]Row, error) {
	rows, err := t.db.Query(ctx, "SELECT id, payload, created_at FROM outbox WHERE done_at = 0 AND topic = ? AND village_id = ? ORDER BY id LIMIT "+strconv.Itoa(t.opt.Batch),
		t.topic, lane.Village)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Row
	for rows.Next() {
		var r Row
		var at int64
		if err := rows.Scan(&r.ID, &r.Payload, &at); err != nil {
			return nil, err
		}
		r.CreatedAt = clock.FromMs(at)
		all = append(all, r)
	}
	return all, rows.Err()
}

// mark sets the events of the good batches done, each only if its lane is still ours at the same number, and renews the
// leases. A lane that failed is given up, so that its next batch has a higher number: what the failed one may still
// have on its way somewhere is then recognised as late.
func (t *topicLanes) mark(ctx context.Context, batches []batch) (int, error) {
	now := t.opt.Now()
	until := now.Add(t.opt.Lease)
	var good []batch
	for _, b := range batches {
		if b.ok {
			delete(t.failed, b.lane.Village)
			good = append(good, b)
			continue
		}
		f := t.failed[b.lane.Village]
		f.times++
		f.until = now.Add(min(t.opt.MaxBackoff, 250*time.Millisecond<<min(f.times, 16)))
		t.failed[b.lane.Village] = f
		delete(t.held, b.lane.Village)
	}
	total := 0
	for chunk := range Chunks(good, 100) {
		marked := 0
		var lost []id.ID
		err := t.db.InTx(ctx, func(tx *Tx) error {
			marked, lost = 0, lost[:0]
			return t.markChunk(tx, chunk, now, until, &marked, &lost)
		})
		if err != nil {
			for _, b := range good {
				delete(t.held, b.lane.Village) // what stands in the table is unknown; lease again
			}
			return total, fmt.Errorf("mark events: %w", err)
		}
		for _, b := range chunk {
			t.held[b.lane.Village] = lease{number: b.lane.Number + 1, reached: b.lane.Number, until: until}
		}
		for _, v := range lost {
			delete(t.held, v)
		}
		total += marked
	}
	return total, nil
}

func (t *topicLanes) markChunk(tx *Tx, chunk []batch, now, until time.Time, marked *int, lost *[]id.ID) error {
	var done []id.ID
	for _, b := range chunk {
		hit, err := tx.Exec("UPDATE outbox_lanes SET reached = number, number = number + 1, until_at = ? WHERE topic = ? AND village_id = ? AND number = ? AND owner = ?",
			clock.Ms(until), t.topic, b.lane.Village, b.lane.Number, t.owner)
		if err != nil {
			return err
		}
		if hit == 0 {
			*lost = append(*lost, b.lane.Village)
			continue
		}
		for _, r := range b.rows {
			done = append(done, r.ID)
		}
	}
	for ids := range Chunks(done, ChunkRows) {
		ids = Padded(ids)
		hit, err := tx.Exec("UPDATE outbox SET done_at = ? WHERE done_at = 0 AND id IN "+In(len(ids)), Args(ids, any(clock.Ms(now)))...)
		if err != nil {
			return err
		}
		*marked += int(hit)
	}
	return nil
}

func scanIDs(rows *sql.Rows) ([]id.ID, error) {
	defer rows.Close()
	var ids []id.ID
	for rows.Next() {
		var v id.ID
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		ids = append(ids, v)
	}
	return ids, rows.Err()
}
