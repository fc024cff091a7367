package wechat

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// The library sends everything through one global client that has no time limit. It is replaced once, before anything
// can be sent; the host that a client of ours wants travels in the context of its calls.
func init() {
	util.DefaultHTTPClient = &http.Client{Transport: transport{}, Timeout: callTimeout}
}

const (
	callTimeout = 5 * time.Second
	maxAnswer   = 4 << 20 // bytes; codes are some 100 kB
)

type baseKey struct{}

// to gives a call its host.
func (r *Real) to(ctx context.Context) context.Context {
	if r.base == nil {
		return ctx
	}
	return context.WithValue(ctx, baseKey{}, r.base)
}

// transport sends to the host of the context, limits answers, and turns other statuses than 200 into errors here because
// the library would write the address, with its secrets, into the text of its own.
type transport struct{}

func (transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if base, ok := req.Context().Value(baseKey{}).(*url.URL); ok {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = base.Scheme, base.Host, base.Host
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, &statusError{res.StatusCode}
	}
	res.Body = limited{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

type limited struct {
	io.Reader
	io.Closer
}

type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("http status %d", e.status) }

// tokenCache is the library's cache: it holds one access token. (The library's own has a data race.)
type tokenCache struct {
	mu    sync.Mutex
	token string
	until time.Time
}

func (c *tokenCache) Get(string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == "" || !time.Now().Before(c.until) {
		return nil
	}
	return c.token
}

func (c *tokenCache) Set(_ string, val any, timeout time.Duration) error {
	token, ok := val.(string)
	if !ok {
		return fmt.Errorf("token of type %T", val)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.until = token, time.Now().Add(timeout)
	return nil
}

func (c *tokenCache) IsExist(key string) bool { return c.Get(key) != nil }

func (c *tokenCache) Delete(string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = ""
	return nil
}

// drop forgets the token if it is still the one that was refused: another call may have fetched a new one meanwhile.
func (c *tokenCache) drop(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}
