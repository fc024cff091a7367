package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// outbox is what this process knows beside the table: who wants to hear of a commit, and which topics nobody reads.
type outbox struct {
	mu       sync.RWMutex
	watchers map[string][]func(village id.ID)
	muted    map[string]bool
}

// Emit leaves an event for the lane of a village and topic, in this transaction: it happens if and only if the
// transaction commits. The payload is stored as JSON. A handler may see an event twice and must then do nothing new.
func (tx *Tx) Emit(village id.ID, topic string, payload any) error {
	o := &tx.db.outbox
	o.mu.RLock()
	muted, watchers := o.muted[topic], o.watchers[topic]
	o.mu.RUnlock()
	if len(watchers) > 0 {
		tx.AfterCommit(func() {
			for _, w := range watchers {
				w(village)
			}
		})
	}
	if muted {
		return nil
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("outbox %s: %w", topic, err)
	}
	_, err = tx.Exec("INSERT INTO outbox (id, village_id, topic, payload, created_at, done_at) VALUES (?,?,?,?,?,0)",
		tx.NewID(), village, topic, string(body), clock.Ms(time.Now()))
	if err != nil {
		return fmt.Errorf("outbox %s: %w", topic, err)
	}
	return nil
}

// Watch calls f after every commit of this process that emitted on the topic, before InTx returns: f must be quick. It
// hears nothing of other servers.
func (d *DB) Watch(topic string, f func(village id.ID)) {
	o := &d.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.watchers == nil {
		o.watchers = map[string][]func(id.ID){}
	}
	// A fresh slice, because Emit uses the old one outside the lock.
	o.watchers[topic] = append(append([]func(id.ID){}, o.watchers[topic]...), f)
}

// Mute says that this installation has no reader of a topic: Emit then stores nothing, and what lies there is removed.
// Every lane of the topic moves ahead of whatever a reader may have kept from earlier, so that a reader that comes back
// sees that it has missed something. All servers of an installation mute the same topics.
func (d *DB) Mute(ctx context.Context, topic string) error {
	d.outbox.mu.Lock()
	if d.outbox.muted == nil {
		d.outbox.muted = map[string]bool{}
	}
	d.outbox.muted[topic] = true
	d.outbox.mu.Unlock()
	return d.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec("UPDATE outbox_lanes SET reached = number + 1, number = number + 2, until_at = 0 WHERE topic = ?", topic); err != nil {
			return fmt.Errorf("mute %s: %w", topic, err)
		}
		if _, err := tx.Exec("DELETE FROM outbox WHERE done_at = 0 AND topic = ?", topic); err != nil {
			return fmt.Errorf("mute %s: %w", topic, err)
		}
		return nil
	})
}

// LaneState is how far a lane has come.
type LaneState struct {
	Number  int64 // of the newest batch begun; 0 when there was none
	Reached int64 // number of the last batch marked done; 0 when there was none
	Undone  bool  // events wait, or are being handled
}

// LaneState reads, in one statement, how far the lane of a village and topic has come.
func (d *DB) LaneState(ctx context.Context, village id.ID, topic string) (LaneState, error) {
	var s LaneState
	err := d.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0), COALESCE(MAX(reached), 0),
		EXISTS (SELECT 1 FROM outbox WHERE done_at = 0 AND topic = ? AND village_id = ?)
		FROM outbox_lanes WHERE topic = ? AND village_id = ?`,
		topic, village, topic, village).Scan(&s.Number, &s.Reached, &s.Undone)
	if err != nil {
		return s, fmt.Errorf("lane state: %w", err)
	}
	return s, nil
}

// Backlog is what waits in one topic.
type Backlog struct {
	Topic  string
	Events int64
	Oldest time.Duration // age of the oldest event
}

// OutboxBacklog tells what waits, by topic; for metrics.
func (d *DB) OutboxBacklog(ctx context.Context) ([]Backlog, error) {
	rows, err := d.Query(ctx, `SELECT q.topic, q.events, o.created_at FROM
		(SELECT topic, COUNT(*) AS events, MIN(id) AS oldest FROM outbox WHERE done_at = 0 GROUP BY topic) q
		JOIN outbox o ON o.id = q.oldest ORDER BY q.topic`)
	if err != nil {
		return nil, fmt.Errorf("outbox backlog: %w", err)
	}
	defer rows.Close()
	var all []Backlog
	for rows.Next() {
		var b Backlog
		var since int64
		if err := rows.Scan(&b.Topic, &b.Events, &since); err != nil {
			return nil, fmt.Errorf("outbox backlog: %w", err)
		}
		b.Oldest = time.Since(clock.FromMs(since))
		all = append(all, b)
	}
	return all, rows.Err()
}
