package redisx

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hefen/internal/config"
	"hefen/internal/redisx/redistest"
)

func ping(ctx context.Context, r redis.UniversalClient) error { return r.Ping(ctx).Err() }

// clocked is a client whose rest is measured on a clock that the test moves.
func clocked(t *testing.T, cfg config.Redis) (*Client, func(time.Duration)) {
	t.Helper()
	var at atomic.Int64
	at.Store(time.Now().UnixNano())
	c := Open(cfg)
	c.now = func() time.Time { return time.Unix(0, at.Load()) }
	t.Cleanup(func() { c.Close() })
	return c, func(d time.Duration) { at.Add(int64(d)) }
}

func TestNotConfigured(t *testing.T) {
	c := Open(config.Redis{})
	if c.On() || c.Failures() != 0 || !c.Resting() || c.Close() != nil {
		t.Fatal("a client that is not configured pretends to be there")
	}
	if err := c.Do(t.Context(), ping); !errors.Is(err, ErrAway) {
		t.Fatalf("got %v, want ErrAway", err)
	}
}

func TestKilledAndRestarted(t *testing.T) {
	s := redistest.Start(t)
	c, pass := clocked(t, s.Config())
	ctx := t.Context()
	if err := c.Do(ctx, ping); err != nil {
		t.Fatal(err)
	}

	s.Kill()
	begin := time.Now()
	if err := c.Do(ctx, ping); !errors.Is(err, ErrAway) {
		t.Fatalf("first call after the kill: %v", err)
	}
	if d := time.Since(begin); d > 2*CallTimeout {
		t.Fatalf("first call after the kill took %v", d)
	}
	asked := 0
	for range 1000 {
		err := c.Do(ctx, func(context.Context, redis.UniversalClient) error { asked++; return nil })
		if !errors.Is(err, ErrAway) {
			t.Fatalf("a call during the rest: %v", err)
		}
	}
	if asked != 0 || !c.Resting() {
		t.Fatalf("%d calls went to a Redis at rest", asked)
	}

	pass(Rest)
	if err := c.Do(ctx, ping); !errors.Is(err, ErrAway) {
		t.Fatalf("probe of a dead Redis: %v", err)
	}
	if !c.Resting() {
		t.Fatal("a failed probe does not begin a new rest")
	}

	s.Run()
	if err := c.Do(ctx, ping); !errors.Is(err, ErrAway) {
		t.Fatalf("the rest ended early: %v", err)
	}
	pass(Rest)
	// A connection of the pool may still be the dead one; then the probe after it succeeds.
	if err := c.Do(ctx, ping); err != nil {
		pass(Rest)
		if err = c.Do(ctx, ping); err != nil {
			t.Fatalf("probe of a Redis that is back: %v", err)
		}
	}
	for range 10 {
		if err := c.Do(ctx, ping); err != nil {
			t.Fatalf("after the probe: %v", err)
		}
	}
}

func TestFrozenHoldsNobodyLong(t *testing.T) {
	s := redistest.Start(t)
	c, pass := clocked(t, s.Config())
	if err := c.Do(t.Context(), ping); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	defer s.Thaw()
	for round := range 3 {
		var wg sync.WaitGroup
		var asked atomic.Int64
		begin := time.Now()
		for range 50 {
			wg.Go(func() {
				err := c.Do(t.Context(), func(ctx context.Context, r redis.UniversalClient) error {
					asked.Add(1)
					return ping(ctx, r)
				})
				if !errors.Is(err, ErrAway) {
					t.Errorf("frozen Redis: %v", err)
				}
			})
		}
		wg.Wait()
		if d := time.Since(begin); d > CallTimeout+100*time.Millisecond {
			t.Errorf("round %d: callers waited %v", round, d)
		}
		if round > 0 && asked.Load() != 1 {
			t.Errorf("round %d: %d probes, want 1", round, asked.Load())
		}
		pass(Rest)
	}
}

func TestAnswersAreNotFailures(t *testing.T) {
	s := redistest.Start(t)
	c, _ := clocked(t, s.Config())
	ctx := t.Context()
	err := c.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error { return r.Get(ctx, c.Key("none")).Err() })
	if !errors.Is(err, redis.Nil) {
		t.Fatalf("missing key: %v", err)
	}
	err = c.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error { return r.Do(ctx, "NOSUCH").Err() })
	if err == nil || errors.Is(err, ErrAway) {
		t.Fatalf("unknown command: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err = c.Do(gone, ping); !errors.Is(err, context.Canceled) || errors.Is(err, ErrAway) {
		t.Fatalf("a caller that left: %v", err)
	}
	if c.Resting() || c.Failures() != 0 {
		t.Fatal("an answer or a caller's leaving was counted as a failure")
	}
}

func TestStates(t *testing.T) {
	for text, away := range map[string]bool{
		"LOADING Redis is loading the dataset in memory": true,
		"CLUSTERDOWN The cluster is down":                true,
		"READONLY You can't write against a replica":     true,
		"WRONGTYPE Operation against a key":              false,
		"ERR unknown command":                            false,
	} {
		if got := isAway(reply(text)); got != away {
			t.Errorf("%q: away %v, want %v", text, got, away)
		}
	}
}

// reply is an error that Redis answered.
type reply string

func (r reply) Error() string { return string(r) }
func (r reply) RedisError()   {}
