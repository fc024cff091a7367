package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"sync/atomic"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// A node number is held for nodeTerm and renewed every third of it. The machine's clock is used, never a set one: two
// servers must agree on it.
const nodeTerm = 3 * time.Minute

var errNoNode = errors.New("all 1024 id nodes are leased; stop servers that are not needed or wait three minutes")

// nodeLease holds an id node of table id_nodes and makes ids with it.
type nodeLease struct {
	db     *DB
	holder string
	number int64
	maker  atomic.Pointer[id.Maker]
	stop   chan struct{}
	ended  chan struct{}
}

func leaseNode(ctx context.Context, d *DB) (*nodeLease, error) {
	var token [8]byte
	if _, err := rand.Read(token[:]); err != nil {
		return nil, err
	}
	l := &nodeLease{db: d, holder: hex.EncodeToString(token[:]), stop: make(chan struct{}), ended: make(chan struct{})}
	if err := l.take(ctx); err != nil {
		return nil, err
	}
	go l.keep()
	return l, nil
}

func (l *nodeLease) newID() id.ID { return l.maker.Load().New() }

// take tries numbers from a random start, so that starters rarely meet on one.
func (l *nodeLease) take(ctx context.Context) error {
	start := mrand.Int64N(id.Nodes)
	for i := range int64(id.Nodes) {
		n := (start + i) % id.Nodes
		var got bool
		err := l.db.InTx(ctx, func(tx *Tx) (err error) {
			got, err = l.claim(tx, n)
			return err
		})
		if err != nil {
			return fmt.Errorf("lease id node: %w", err)
		}
		if got {
			maker, err := id.NewMaker(n)
			if err != nil {
				return err
			}
			l.number = n
			l.maker.Store(maker)
			return nil
		}
	}
	return errNoNode
}

func (l *nodeLease) claim(tx *Tx, n int64) (bool, error) {
	now := time.Now()
	until := clock.Ms(now.Add(nodeTerm))
	hit, err := tx.Exec("UPDATE id_nodes SET holder = ?, until_at = ? WHERE node = ? AND until_at < ?", l.holder, until, n, clock.Ms(now))
	if err != nil || hit == 1 {
		return hit == 1, err
	}
	_, err = tx.Exec("INSERT INTO id_nodes (node, holder, until_at) VALUES (?,?,?)", n, l.holder, until)
	if IsDuplicate(err) {
		return false, nil // somebody's live lease
	}
	return err == nil, err
}

// keep renews; a lease lost in a long stall is replaced by another number, never used on.
func (l *nodeLease) keep() {
	defer close(l.ended)
	t := time.NewTicker(nodeTerm / 3)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), nodeTerm/6)
		if held, err := l.renew(ctx); err != nil {
			slog.Warn("id node not renewed", "err", err)
		} else if !held {
			if err := l.take(ctx); err != nil {
				slog.Error("id node lost", "err", err)
			}
		}
		cancel()
	}
}

func (l *nodeLease) renew(ctx context.Context) (held bool, err error) {
	err = l.db.InTx(ctx, func(tx *Tx) error {
		n, err := tx.Exec("UPDATE id_nodes SET until_at = ? WHERE node = ? AND holder = ?", clock.Ms(time.Now().Add(nodeTerm)), l.number, l.holder)
		held = n == 1
		return err
	})
	return held, err
}

func (l *nodeLease) release() error {
	close(l.stop)
	<-l.ended
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return l.db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.Exec("UPDATE id_nodes SET until_at = 0 WHERE node = ? AND holder = ?", l.number, l.holder)
		return err
	})
}
