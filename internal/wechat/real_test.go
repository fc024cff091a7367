package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/errs"
)

const (
	secret = "s3cr3t-of-the-app"
	openid = "oAbCdEf-12345"
	phone  = "13900001111"
)

// stub speaks WeChat's protocol: one-time codes, a stable token that can be revoked, errcode in a 200 answer.
type stub struct {
	*httptest.Server
	mu     sync.Mutex
	issued int             // tokens given out
	valid  string          // token that is accepted
	used   map[string]bool // codes
	calls  map[string]int
	answer func(w http.ResponseWriter, r *http.Request) bool // takes over when it returns true
	last   map[string]any                                    // body of the last POST
}

func newStub(t *testing.T) (*stub, *Real) {
	t.Helper()
	s := &stub{used: map[string]bool{}, calls: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	r, err := NewReal(Options{AppID: "wx1", AppSecret: secret, BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[r.URL.Path]++
	if s.answer != nil && s.answer(w, r) {
		return
	}
	refuse := func(code int, text string) {
		fmt.Fprintf(w, `{"errcode":%d,"errmsg":"%s %s %s, rid: 68a-0b1c"}`, code, text, openid, phone)
	}
	q := r.URL.Query()
	s.last = nil
	if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		_ = json.NewDecoder(r.Body).Decode(&s.last)
	}
	switch r.URL.Path {
	case "/sns/jscode2session":
		switch code := q.Get("js_code"); {
		case q.Get("secret") != secret || q.Get("appid") != "wx1":
			refuse(40125, "invalid appsecret")
		case s.used[code]:
			refuse(40163, "code been used")
		default:
			s.used[code] = true
			fmt.Fprintf(w, `{"openid":%q,"session_key":"k","unionid":"u1"}`, openid)
		}
		return
	case "/cgi-bin/stable_token":
		if s.last["secret"] != secret {
			refuse(40125, "invalid appsecret")
			return
		}
		if s.valid == "" {
			s.issued++
			s.valid = fmt.Sprintf("token-%d", s.issued)
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, s.valid)
		return
	}
	if q.Get("access_token") != s.valid {
		refuse(40001, "invalid credential")
		return
	}
	switch r.URL.Path {
	case "/wxa/business/getuserphonenumber":
		fmt.Fprintf(w, `{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"+86%s","purePhoneNumber":%q,"countryCode":"86"}}`, phone, phone)
	case "/cgi-bin/message/subscribe/send":
		if s.last["touser"] == "nobody" {
			refuse(43101, "user refuse to accept the msg")
			return
		}
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
	case "/wxa/getwxacodeunlimit":
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write([]byte("\xff\xd8image"))
	case "/wxa/msg_sec_check":
		fmt.Fprint(w, `{"errcode":0,"result":{"suggest":"risky","label":20001}}`)
	case "/wxa/img_sec_check":
		_, header, err := r.FormFile("media")
		switch {
		case err != nil || header.Size == 0:
			refuse(41005, "media data missing")
		case header.Size > 10:
			refuse(87014, "risky content")
		default:
			fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// revoke makes the token given out so far invalid, as WeChat may at any time.
func (s *stub) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = ""
}

// say replaces the answers.
func (s *stub) say(answer func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// leaksNothing fails if the error's text holds anything it must not.
func leaksNothing(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, word := range []string{secret, openid, phone, "token-", "access_token", "thecode"} {
			if strings.Contains(e.Error(), word) {
				t.Errorf("error holds %q: %v", word, e)
			}
		}
	}
}

func TestRealCalls(t *testing.T) {
	s, r := newStub(t)
	ctx := t.Context()
	if got, err := r.Login(ctx, "thecode"); err != nil || got != (Login{openid, "u1"}) {
		t.Errorf("login: %+v, %v", got, err)
	}
	_, err := r.Login(ctx, "thecode")
	var refused *APIError
	if !errors.Is(err, ErrCode) || !errors.As(err, &refused) || refused.Code != 40163 || refused.Rid != "68a-0b1c" {
		t.Errorf("used code: %v", err)
	}
	leaksNothing(t, err)
	if got, err := r.Phone(ctx, "p1"); err != nil || got != phone {
		t.Errorf("phone: %q, %v", got, err)
	}
	if err := r.Send(ctx, Message{OpenID: openid, Template: "T", Data: map[string]string{"thing1": "积分到账"}}); err != nil {
		t.Errorf("send: %v", err)
	}
	if got := s.last["data"].(map[string]any)["thing1"].(map[string]any)["value"]; got != "积分到账" {
		t.Errorf("sent %v", got)
	}
	err = r.Send(ctx, Message{OpenID: "nobody"})
	if !errors.Is(err, ErrNoConsent) {
		t.Errorf("no consent: %v", err)
	}
	leaksNothing(t, err)
	if img, err := r.Code(ctx, "/pages/home", "h=1"); err != nil || !strings.HasPrefix(string(img), "\xff\xd8") || s.last["page"] != "pages/home" {
		t.Errorf("code: %q, %v", img, err)
	}
	if v, err := r.CheckText(ctx, openid, "x"); err != nil || v != Risky {
		t.Errorf("text: %q, %v", v, err)
	}
	if v, err := r.CheckImage(ctx, []byte("small")); err != nil || v != Pass {
		t.Errorf("image: %q, %v", v, err)
	}
	if v, err := r.CheckImage(ctx, []byte("a forbidden picture")); err != nil || v != Risky {
		t.Errorf("forbidden image: %q, %v", v, err)
	}
	if s.calls["/cgi-bin/stable_token"] != 1 {
		t.Errorf("%d tokens fetched", s.calls["/cgi-bin/stable_token"])
	}
}

func TestRealRevokedToken(t *testing.T) {
	s, r := newStub(t)
	ctx := t.Context()
	calls := map[string]func() error{
		"phone": func() error { _, err := r.Phone(ctx, "p"); return err },
		"send":  func() error { return r.Send(ctx, Message{OpenID: openid}) },
		"code":  func() error { _, err := r.Code(ctx, "p", "s"); return err },
		"text":  func() error { _, err := r.CheckText(ctx, openid, "x"); return err },
		"image": func() error { _, err := r.CheckImage(ctx, []byte("u")); return err },
	}
	for name, call := range calls {
		if err := call(); err != nil {
			t.Fatal(name, err)
		}
		s.revoke()
		before := s.issued
		if err := call(); err != nil || s.issued != before+1 {
			t.Errorf("%s after the token was revoked: %v, %d new tokens", name, err, s.issued-before)
		}
	}
	// When every token is refused it is tried twice, not for ever.
	s.say(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/cgi-bin/stable_token" {
			return false
		}
		fmt.Fprint(w, `{"errcode":42001,"errmsg":"access_token expired"}`)
		return true
	})
	before := s.calls["/wxa/business/getuserphonenumber"]
	err := calls["phone"]()
	if !errors.Is(err, ErrSetup) || s.calls["/wxa/business/getuserphonenumber"]-before != 2 {
		t.Errorf("%v after %d calls", err, s.calls["/wxa/business/getuserphonenumber"]-before)
	}
	leaksNothing(t, err)
}

func TestRealRevokedTokenConcurrently(t *testing.T) {
	s, r := newStub(t)
	for range 3 {
		s.revoke()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := r.Phone(t.Context(), "p"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if s.issued != 3 {
		t.Errorf("%d tokens issued for 3 revocations", s.issued)
	}
}

func TestRealFailures(t *testing.T) {
	s, r := newStub(t)
	says := func(text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, text); return true }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   *errs.Error
	}{
		"system busy":   {says(`{"errcode":-1,"errmsg":"system error"}`), ErrAway},
		"old code":      {says(`{"errcode":40029,"errmsg":"invalid code"}`), ErrCode},
		"too often":     {says(`{"errcode":45011,"errmsg":"api minute-quota reach limit"}`), ErrBusy},
		"risk":          {says(`{"errcode":40226,"errmsg":"high risk user"}`), ErrBlocked},
		"wrong secret":  {says(`{"errcode":40125,"errmsg":"invalid appsecret ` + secret + `"}`), ErrSetup},
		"not json":      {says(`<html>` + secret), ErrAway},
		"empty":         {says(``), ErrAway},
		"empty object":  {says(`{}`), ErrAway},
		"status 502":    {func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(502); return true }, ErrAway},
		"connection up": {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, ErrAway},
	} {
		s.say(c.answer)
		for call, err := range map[string]error{
			"login": func() error { _, err := r.Login(t.Context(), "thecode"); return err }(),
			"phone": func() error { _, err := r.Phone(t.Context(), "thecode"); return err }(),
		} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", name, call, err, c.want)
			}
			leaksNothing(t, err)
		}
	}
	s.say(nil)
	s.Close()
	_, err := r.Login(t.Context(), "thecode")
	if !errors.Is(err, ErrAway) {
		t.Errorf("nobody listens: %v", err)
	}
	leaksNothing(t, err)
}

func TestRealContext(t *testing.T) {
	s, r := newStub(t)
	hold := make(chan struct{})
	s.say(func(_ http.ResponseWriter, req *http.Request) bool {
		select {
		case <-hold:
		case <-req.Context().Done():
		}
		return true
	})
	t.Cleanup(func() { close(hold) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for _, err := range []error{
		func() error { _, err := r.Login(ctx, "thecode"); return err }(),
		func() error { return r.Send(ctx, Message{OpenID: openid}) }(),
	} {
		if !errors.Is(err, ErrAway) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended context: %v", err)
		}
		leaksNothing(t, err)
	}
}

func TestRealRefusesOddCodes(t *testing.T) {
	s, r := newStub(t)
	for _, code := range []string{"", "a&secret=x", "a b", "微信", strings.Repeat("a", 129), "a\n"} {
		if _, err := r.Login(t.Context(), code); !errors.Is(err, ErrCode) {
			t.Errorf("login %q: %v", code, err)
		}
		if _, err := r.Phone(t.Context(), code); !errors.Is(err, ErrCode) {
			t.Errorf("phone %q: %v", code, err)
		}
	}
	if len(s.calls) != 0 {
		t.Errorf("called %v", s.calls)
	}
	if _, err := r.Code(t.Context(), "p", strings.Repeat("s", 33)); err == nil {
		t.Error("a scene of 33 characters went out")
	}
	for _, o := range []Options{{}, {AppID: "a"}, {AppID: "a", AppSecret: secret, BaseURL: "nowhere"}} {
		if _, err := NewReal(o); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("options: %v", err)
		}
	}
}

func TestFake(t *testing.T) {
	var c Client = &Fake{}
	if got, err := c.Login(t.Context(), "demo:keeper"); err != nil || got.OpenID != "demo-keeper" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Phone(t.Context(), "demo:"+phone); err != nil || got != phone {
		t.Errorf("%q, %v", got, err)
	}
	for _, code := range []string{"", "keeper", "demo:", "demo:a b"} {
		if _, err := c.Login(t.Context(), code); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v", code, err)
		}
	}
	for range maxSent + 5 {
		_ = c.Send(t.Context(), Message{Template: "T"})
	}
	if n := len(c.(*Fake).Sent()); n != maxSent {
		t.Errorf("%d messages kept", n)
	}
}
