package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/redisx"
	"hefen/internal/redisx/redistest"
)

// loginFeature is an operation that counts against the limit of logins.
func loginFeature(_ *Server, a *api) {
	o := post("/login", "log-in", "测试")
	o.Login = true
	register(a, o, anyone, func(context.Context, access.Actor, *struct{}) (int, error) { return 1, nil })
}

func limited(t *testing.T, r *redisx.Client, logins int) http.Handler {
	t.Helper()
	_, h, _ := frame(t, func(s *Server) {
		s.features = []func(*Server, *api){loginFeature}
		s.Redis = r
		s.Config.Limits.LoginsPerAddress = logins
	})
	return h
}

func count(h http.Handler, n int) (ok int) {
	for range n {
		if do(h, "POST", "/api/login", "").Code == 200 {
			ok++
		}
	}
	return ok
}

func TestLimitInMemory(t *testing.T) {
	h := limited(t, nil, 40) // a burst of 10
	if ok := count(h, 20); ok < 10 || ok > 11 {
		t.Errorf("%d of 20 passed, want the burst of 10", ok)
	}
	w := do(h, "POST", "/api/login", "")
	if f := fault(t, w); w.Code != 429 || f.Code != "too_many_requests" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %+v", w.Code, f)
	}
	r := httptest.NewRequest("POST", "/api/login", nil)
	r.RemoteAddr = "198.51.100.7:1"
	other := httptest.NewRecorder()
	h.ServeHTTP(other, r)
	if other.Code != 200 {
		t.Errorf("another address: %d", other.Code)
	}
}

func TestLimitOfAnAddress(t *testing.T) {
	_, h, _ := frame(t, func(s *Server) { s.Config.Limits.PerAddress = 40 })
	ok := 0
	for range 20 {
		if do(h, "GET", "/api/fail/known", "").Code == 409 {
			ok++
		}
	}
	if ok < 10 || ok > 11 {
		t.Errorf("%d of 20 passed, want the burst of 10", ok)
	}
	if w := do(h, "GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("health checks are limited: %d", w.Code)
	}
}

// A caller cannot choose its address unless a trusted proxy says so.
func TestLimitIgnoresForgedAddresses(t *testing.T) {
	h := limited(t, nil, 4) // a burst of 1
	passed := 0
	for _, from := range []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"} {
		if do(h, "POST", "/api/login", "", "X-Forwarded-For", from).Code == 200 {
			passed++
		}
	}
	if passed != 1 {
		t.Errorf("%d passed", passed)
	}
}

func TestAddressOf(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "::ffff:203.0.113.9",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::1": "2001:db8:1:2::/64", "": "",
	} {
		if got := addressOf(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Two servers on one Redis share the count. When it freezes or dies, nobody waits: the first request at most the
// client's limit, the next ones not at all, and each server goes on counting for itself.
func TestLimitWithRedis(t *testing.T) {
	redis := redistest.Start(t)
	one, two := redisx.Open(redis.Config()), redisx.Open(redis.Config())
	t.Cleanup(func() { one.Close(); two.Close() })
	a, b := limited(t, one, 40), limited(t, two, 40)
	if ok := count(a, 8) + count(b, 8); ok < 10 || ok > 11 {
		t.Errorf("%d of 16 passed on two servers, want the burst of 10", ok)
	}
	for _, name := range []string{"frozen", "killed"} {
		if name == "frozen" {
			redis.Freeze()
		} else {
			redis.Kill()
		}
		fresh := redisx.Open(redis.Config())
		h := limited(t, fresh, 40)
		begin := time.Now()
		ok := count(h, 1)
		if first := time.Since(begin); first > 200*time.Millisecond {
			t.Errorf("%s: the first request took %s", name, first)
		}
		begin = time.Now()
		ok += count(h, 19)
		if rest := time.Since(begin); rest > 200*time.Millisecond {
			t.Errorf("%s: nineteen more took %s", name, rest)
		}
		if ok < 10 || ok > 11 {
			t.Errorf("%s: %d of 20 passed, want the burst of 10", name, ok)
		}
		fresh.Close()
		if name == "frozen" {
			redis.Thaw()
		}
	}
}
