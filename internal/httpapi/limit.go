package httpapi

import (
	"context"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-redis/redis_rate/v10"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"

	"hefen/internal/access"
	"hefen/internal/redisx"
)

// rememberedCallers bounds the memory of the local limits: about 200 bytes each.
const rememberedCallers = 20_000

// limiter counts requests per key. With Redis all servers share one count; without it, and while it is away, each
// server counts for itself. A limit is a rate a minute with a burst of a quarter of it.
type limiter struct {
	redis *redisx.Client // nil: none is configured
	local *lru.Cache[string, *rate.Limiter]
}

func newLimiter(r *redisx.Client) *limiter {
	cache, err := lru.New[string, *rate.Limiter](rememberedCallers)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &limiter{redis: r, local: cache}
}

// allow takes one request off the key's allowance and reports whether there was one.
func (l *limiter) allow(ctx context.Context, key string, perMinute int) bool {
	if l.redis.On() && !l.redis.Resting() {
		ok := true
		err := l.redis.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error {
			limit := redis_rate.Limit{Rate: perMinute, Burst: burst(perMinute), Period: time.Minute}
			res, err := redis_rate.NewLimiter(r).Allow(ctx, l.redis.Key(key), limit)
			if err == nil {
				ok = res.Allowed > 0
			}
			return err
		})
		if err == nil {
			return ok
		}
	}
	return l.allowLocal(key, perMinute)
}

func (l *limiter) allowLocal(key string, perMinute int) bool {
	lim, ok := l.local.Get(key)
	if !ok {
		lim = rate.NewLimiter(rate.Limit(float64(perMinute)/60), burst(perMinute))
		if earlier, had, _ := l.local.PeekOrAdd(key, lim); had {
			lim = earlier
		}
	}
	return lim.Allow()
}

func burst(perMinute int) int { return max(1, perMinute/4) }

type addressKey struct{}

// limitAddress guards each server by itself: what it protects is this server, and it must not cost a network round trip.
func (s *Server) limitAddress(c *gin.Context) {
	address := addressOf(c.ClientIP())
	if !s.limits.allowLocal("addr:"+address, s.Config.Limits.PerAddress) {
		c.Header("Retry-After", "10")
		s.abort(c, errTooMany)
		return
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), addressKey{}, address))
	c.Next()
}

// addressOf counts an IPv6 network of 64 bits, which is one subscriber, as one address.
func addressOf(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Unmap().Is4() {
		return ip
	}
	if p, err := a.Prefix(64); err == nil {
		return p.String()
	}
	return ip
}

func (s *Server) limitUser(ctx context.Context, actor access.Actor, login bool) error {
	if login {
		address, _ := ctx.Value(addressKey{}).(string)
		if !s.limits.allow(ctx, "rate:login:"+address, s.Config.Limits.LoginsPerAddress) {
			return errTooMany
		}
	}
	if user := actor.User(); user != 0 && !s.limits.allow(ctx, "rate:user:"+user.String(), s.Config.Limits.PerUser) {
		return errTooMany
	}
	return nil
}
