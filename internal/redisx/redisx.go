// Package redisx is the way to Redis for everything that only speeds the program up: boards, rate limits, caches.
// Redis may be absent, slow or dead at any time; a caller asks through Do and has another answer ready for ErrAway.
package redisx

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hefen/internal/config"
)

// ErrAway says that Redis was not asked or did not answer in time. It never reaches a person: the caller goes on without.
var ErrAway = errors.New("redis is away")

const (
	// CallTimeout bounds one Do with everything in it, dialling included: a request loses at most this much to a Redis
	// that has just died or hangs.
	CallTimeout = 150 * time.Millisecond
	// WorkTimeout bounds one Work.
	WorkTimeout = 2 * time.Second
	// Rest is how long nobody asks after a failed call. Then one call goes ahead as the probe; the others are
	// answered ErrAway until it has come back.
	Rest = time.Second
)

// Client is one Redis server or cluster behind a circuit breaker. A nil Client is a Redis that is not configured: it
// answers ErrAway to everything. Safe for concurrent use.
type Client struct {
	rdb    redis.UniversalClient
	prefix string

	now       func() time.Time // monotonic; a test may set it before first use
	restUntil atomic.Int64     // nanoseconds of now; 0 while all is well
	probing   atomic.Bool
	failures  atomic.Int64
}

// Open makes a client without dialling, or nil when no Redis is configured.
func Open(cfg config.Redis) *Client {
	if !cfg.On() {
		return nil
	}
	c := &Client{prefix: cfg.Prefix, now: time.Now}
	// A client that retries by itself would hold a request several timeouts long; the breaker retries instead.
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if len(cfg.Cluster) > 0 {
		c.rdb = redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: cfg.Cluster, Username: cfg.Username, Password: cfg.Password,
			ClusterStateReloadInterval: 2 * time.Second, DialerRetries: 1, DialTimeout: CallTimeout,
			ReadTimeout: WorkTimeout, WriteTimeout: WorkTimeout, PoolTimeout: WorkTimeout, // the context ends calls earlier
			ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet,
		})
		return c
	}
	c.rdb = redis.NewClient(&redis.Options{
		Addr: cfg.Addr, Username: cfg.Username, Password: cfg.Password, DB: cfg.DB,
		MaxRetries: -1, DialerRetries: 1, DialTimeout: CallTimeout,
		ReadTimeout: WorkTimeout, WriteTimeout: WorkTimeout, PoolTimeout: WorkTimeout, // the context ends calls earlier
		ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet,
	})
	return c
}

// On reports whether a Redis is configured, not whether it answers.
func (c *Client) On() bool { return c != nil }

// Key puts the installation's prefix before a key.
func (c *Client) Key(name string) string { return c.prefix + name }

// Do runs fn against Redis within CallTimeout. It answers ErrAway without calling fn while Redis rests after a failure,
// and ErrAway with the cause when fn failed because Redis did not answer. What Redis answered is passed on as it is,
// redis.Nil included; so is the end of the caller's own context, which says nothing about Redis. fn returns errors of
// Redis only and keeps its findings in variables: an error it makes up itself would be taken for a Redis that is away.
func (c *Client) Do(ctx context.Context, fn func(ctx context.Context, r redis.UniversalClient) error) error {
	return c.within(ctx, CallTimeout, fn)
}

// Work is Do for what nobody waits for, within WorkTimeout: a busy Redis may then take its time.
func (c *Client) Work(ctx context.Context, fn func(ctx context.Context, r redis.UniversalClient) error) error {
	return c.within(ctx, WorkTimeout, fn)
}

func (c *Client) within(ctx context.Context, limit time.Duration, fn func(ctx context.Context, r redis.UniversalClient) error) error {
	if c == nil {
		return ErrAway
	}
	probe, ok := c.enter()
	if !ok {
		return ErrAway
	}
	if probe {
		defer c.probing.Store(false)
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := fn(inner, c.rdb)
	switch {
	case !isAway(err):
		if probe {
			c.restUntil.Store(0)
		}
		return err
	case ctx.Err() != nil:
		return err
	}
	c.failures.Add(1)
	c.restUntil.Store(c.now().Add(Rest).UnixNano())
	return errors.Join(ErrAway, err)
}

// Resting reports whether a call made now would be answered ErrAway at once.
func (c *Client) Resting() bool {
	return c == nil || c.now().UnixNano() < c.restUntil.Load()
}

// Failures counts the calls that Redis did not answer, since the start.
func (c *Client) Failures() int64 {
	if c == nil {
		return 0
	}
	return c.failures.Load()
}

// Close gives the connections back. Later calls fail as ErrAway.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	return c.rdb.Close()
}

// enter decides whether a call may go ahead and whether it is the probe after a rest.
func (c *Client) enter() (probe, ok bool) {
	until := c.restUntil.Load()
	if until == 0 {
		return false, true
	}
	if c.now().UnixNano() < until || !c.probing.CompareAndSwap(false, true) {
		return false, false
	}
	// Another probe may have ended, and failed, between the look at the clock and the swap.
	if c.restUntil.Load() != until {
		c.probing.Store(false)
		return false, false
	}
	return true, true
}

// isAway tells a Redis that is gone or cannot serve from one that answered, even if it answered with an error.
func isAway(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) {
		return false
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	for _, state := range []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "MISCONF", "OOM", "BUSY", "ERR max number of clients"} {
		if strings.HasPrefix(reply.Error(), state) {
			return true
		}
	}
	return false
}
