package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Long JSON answers are compressed for who takes that; short ones, others, and those for who does not are as before.
func TestAnswersAreCompressed(t *testing.T) {
	long := `{"items":["` + strings.Repeat("清扫房前屋后，", 400) + `"]}`
	h := compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("X-Type"))
		body := long
		if r.URL.Path == "/short" {
			body = `{"token":"secret"}`
		}
		_, _ = io.WriteString(w, body)
	}))
	for _, c := range []struct {
		name, path, kind, accept string
		want                     bool
	}{
		{"long", "/long", "application/json", "gzip, deflate, br", true},
		{"with a charset", "/long", "application/json; charset=utf-8", "gzip", true},
		{"short", "/short", "application/json", "gzip", false},
		{"not asked for", "/long", "application/json", "", false},
		{"a photo", "/long", "image/jpeg", "gzip", false},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("X-Type", c.kind)
		if c.accept != "" {
			r.Header.Set("Accept-Encoding", c.accept)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		sent := w.Body.Len()
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != c.want {
			t.Errorf("%s: compressed %v, want %v", c.name, got, c.want)
			continue
		}
		if !c.want {
			continue
		}
		zip, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(zip)
		if err != nil || string(body) != long || sent > len(long)/4 {
			t.Errorf("%s: %d bytes for %d: %v", c.name, sent, len(long), err)
		}
	}
}
