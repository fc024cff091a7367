package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	secretID  = "AKIDstub"
	secretKey = "the-secret-key"
	phone     = "13900001111"
	code      = "048213"
)

// stub speaks the service's protocol and refuses what is not signed with the secret key.
type stub struct {
	*httptest.Server
	t      *testing.T
	calls  atomic.Int64
	answer func(w http.ResponseWriter)
	body   map[string]any
}

func newStub(t *testing.T) (*stub, *Tencent) {
	s := &stub{t: t}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	c, err := NewTencent(TencentOptions{SecretID: secretID, SecretKey: secretKey, AppID: "1400000000", SignName: "禾分", Template: "100", Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	if why := signed(r, payload); why != "" {
		fmt.Fprintf(w, `{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"%s"},"RequestId":"r-1"}}`, why)
		return
	}
	if err := json.Unmarshal(payload, &s.body); err != nil {
		s.t.Error(err)
	}
	if s.answer != nil {
		s.answer(w)
		return
	}
	fmt.Fprintf(w, `{"Response":{"SendStatusSet":[{"SerialNo":"1","PhoneNumber":"+86%s","Fee":1,"Code":"Ok","Message":"send success"}],"RequestId":"r-2"}}`, phone)
}

// signed checks the TC3-HMAC-SHA256 signature as the service's document describes it, and says what is wrong.
func signed(r *http.Request, payload []byte) string {
	stamp := r.Header.Get("X-TC-Timestamp")
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "timestamp"
	}
	if r.Method != http.MethodPost || r.Header.Get("X-TC-Action") != "SendSms" || r.Header.Get("X-TC-Version") != "2021-01-11" || r.Header.Get("X-TC-Region") != "ap-guangzhou" {
		return "action"
	}
	date := time.Unix(unix, 0).UTC().Format("2006-01-02")
	hash := sha256.Sum256(payload)
	canonical := "POST\n/\n\ncontent-type:" + r.Header.Get("Content-Type") + "\nhost:" + r.Host + "\n\ncontent-type;host\n" + hex.EncodeToString(hash[:])
	hashed := sha256.Sum256([]byte(canonical))
	scope := date + "/sms/tc3_request"
	key := []byte("TC3" + secretKey)
	for _, part := range []string{date, "sms", "tc3_request", "TC3-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(hashed[:])} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	want := "TC3-HMAC-SHA256 Credential=" + secretID + "/" + scope + ", SignedHeaders=content-type;host, Signature=" + hex.EncodeToString(key)
	if r.Header.Get("Authorization") != want {
		return "signature"
	}
	return ""
}

// leaksNothing fails if the error's text holds anything it must not.
func leaksNothing(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, word := range []string{phone, code, secretKey, secretID} {
			if strings.Contains(e.Error(), word) {
				t.Errorf("error holds %q: %v", word, e)
			}
		}
	}
}

func TestTencentSends(t *testing.T) {
	s, c := newStub(t)
	if err := c.SendCode(t.Context(), phone, code, 5); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"PhoneNumberSet": []any{"+86" + phone}, "SmsSdkAppId": "1400000000", "SignName": "禾分", "TemplateId": "100", "TemplateParamSet": []any{code, "5"}}
	if fmt.Sprint(s.body) != fmt.Sprint(want) {
		t.Errorf("sent %v", s.body)
	}
}

// What the service has refused is told from what nobody knows, and nothing is sent twice.
func TestTencentOutcomes(t *testing.T) {
	say := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fmt.Fprint(w, text) }
	}
	for _, c := range []struct {
		name    string
		answer  func(http.ResponseWriter)
		refused bool
	}{
		{"refused for the number", say(`{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberDailyLimit","Message":"` + phone + `"}],"RequestId":"r"}}`), true},
		{"refused in whole", say(`{"Response":{"Error":{"Code":"FailedOperation.InsufficientBalanceInSmsPackage","Message":"` + phone + `"},"RequestId":"r"}}`), true},
		{"the service failed", say(`{"Response":{"Error":{"Code":"InternalError.Timeout","Message":"x"},"RequestId":"r"}}`), false},
		{"no JSON", say(`<html>` + phone), false},
		{"empty answer", say(`{"Response":{"RequestId":"r"}}`), false},
		{"500", func(w http.ResponseWriter) { w.WriteHeader(500); fmt.Fprint(w, phone) }, false},
		{"cut off", func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := newStub(t)
			s.answer = c.answer
			err := client.SendCode(t.Context(), phone, code, 5)
			if err == nil || errors.Is(err, ErrRefused) != c.refused {
				t.Errorf("%v", err)
			}
			leaksNothing(t, err)
			if n := s.calls.Load(); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

func TestTencentWithoutAnswer(t *testing.T) {
	s, c := newStub(t)
	release := make(chan struct{})
	s.answer = func(http.ResponseWriter) { <-release }
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := c.SendCode(ctx, phone, code, 5)
	if err == nil || errors.Is(err, ErrRefused) || s.calls.Load() > 1 {
		t.Errorf("%v after %d calls", err, s.calls.Load())
	}
	leaksNothing(t, err)
}

func TestTencentWrongKey(t *testing.T) {
	s, _ := newStub(t)
	c, err := NewTencent(TencentOptions{SecretID: secretID, SecretKey: "another", AppID: "1", SignName: "s", Template: "1", Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendCode(t.Context(), phone, code, 5); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "AuthFailure.SignatureFailure") {
		t.Errorf("%v", err)
	}
}

func TestTencentOptions(t *testing.T) {
	if _, err := NewTencent(TencentOptions{SecretID: "a", SecretKey: "b", AppID: "c", SignName: "d"}); err == nil {
		t.Error("without a template")
	}
	if _, err := NewTencent(TencentOptions{SecretID: "a", SecretKey: "b", AppID: "c", SignName: "d", Template: "e", Endpoint: "nowhere"}); err == nil {
		t.Error("endpoint without a host")
	}
}

func TestLogMasksTheNumber(t *testing.T) {
	var b bytes.Buffer
	if err := (Log{To: slog.New(slog.NewJSONHandler(&b, nil))}).SendCode(t.Context(), phone, code, 5); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, phone) || !strings.Contains(s, `"139****1111"`) || !strings.Contains(s, code) || !strings.Contains(s, LogMessage) {
		t.Error(s)
	}
}
