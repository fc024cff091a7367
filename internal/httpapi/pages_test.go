package httpapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("let a = 1")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"index.html":              `<html><script>var a = 1</script><script type="module" src="/assets/index-ab12.js"></script></html>`,
		"assets/index-ab12.js":    "let a = 1",
		"static/logo.svg":         "<svg/>",
		"assets/plain-00.css":     "a{}",
		"assets/index-ab12.js.gz": zipped.String(),
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made := time.Now() // as gzip does, the copy carries the file's own time
	for _, name := range []string{"assets/index-ab12.js", "assets/index-ab12.js.gz"} {
		if err := os.Chtimes(filepath.Join(dir, name), made, made); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPages(t *testing.T) {
	_, h, _ := frame(t, func(s *Server) { s.Config.Pages.Dir = site(t) })
	t.Run("index_allows_its_own_scripts_only", func(t *testing.T) {
		w := do(h, "GET", "/", "")
		csp := w.Header().Get("Content-Security-Policy")
		// printf 'var a = 1' | openssl dgst -sha256 -binary | base64
		if w.Code != 200 || !strings.Contains(csp, "script-src 'self' 'sha256-h1HrJPkDwnmmTjhElzuRBLDNtr5UPz5PinuqE+ovmj8=';") || strings.Contains(csp, "http") {
			t.Errorf("%d %s", w.Code, csp)
		}
		if w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("cache %s", w.Header().Get("Cache-Control"))
		}
		if w := do(h, "GET", "/", "", "If-None-Match", w.Header().Get("ETag")); w.Code != 304 {
			t.Errorf("asked again: %d", w.Code)
		}
	})
	t.Run("assets_are_kept_and_compressed", func(t *testing.T) {
		w := do(h, "GET", "/assets/index-ab12.js", "", "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || string(text) != "let a = 1" {
			t.Errorf("%q %v", text, err)
		}
		if !strings.Contains(w.Header().Get("Content-Type"), "javascript") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("headers %v", w.Header())
		}
		if w := do(h, "GET", "/assets/index-ab12.js", ""); w.Body.String() != "let a = 1" || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("plain: %q %v", w.Body, w.Header())
		}
	})
	t.Run("addresses", func(t *testing.T) {
		for path, want := range map[string]int{
			"/pages/home": 200, "/static/logo.svg": 200, "/assets/plain-00.css": 200, "/assets/gone-1.js": 404, "/link.txt": 404,
			"/../../etc/passwd": 200, "/api": 404, "/api/none": 404, "/assets": 200,
		} {
			if w := do(h, "GET", path, ""); w.Code != want || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "root:") {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if w := do(h, "POST", "/pages/home", ""); w.Code != 404 {
			t.Errorf("POST: %d", w.Code)
		}
	})
	t.Run("not_built", func(t *testing.T) {
		_, h, _ := frame(t, func(s *Server) { s.Config.Pages.Dir = filepath.Join(t.TempDir(), "none") })
		w := do(h, "GET", "/", "")
		if w.Code != 503 || !strings.Contains(w.Body.String(), "页面还没有构建") || !strings.Contains(w.Body.String(), "make pages") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

var elsewhere = regexp.MustCompile(`(?:src|href)="(?:https?:)?//`)

func TestDocs(t *testing.T) {
	_, h, _ := frame(t, nil)
	w := do(h, "GET", "/docs", "")
	text := w.Body.String()
	if w.Code != 200 || !strings.Contains(text, "/api/villages/{village}/things") || !strings.Contains(text, "谁可以用：任何人") || !strings.Contains(text, "最多 10 字") {
		t.Errorf("%d %s", w.Code, text)
	}
	if m := elsewhere.FindString(text); m != "" {
		t.Errorf("the page loads from elsewhere: %s", m)
	}
	if strings.Contains(text, "<script") {
		t.Error("the page has a script")
	}
	if w := do(h, "GET", "/openapi.json", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"x-need"`) {
		t.Errorf("openapi.json %d", w.Code)
	}
}

// TestCheckFileOfCards: WeChat finds its file below the path of the cards; everything else there is the page for cards, and no other
// file of the folder can be had that way.
func TestCheckFileOfCards(t *testing.T) {
	dir := site(t)
	for _, folder := range []string{"k", "g"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"k/Ab12.txt": "checked", "g/Cd34.txt": "checked too", "k/page.html": "no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, h, _ := frame(t, func(s *Server) { s.Config.Pages.Dir = dir })
	for path, want := range map[string]string{"/k/Ab12.txt": "checked", "/g/Cd34.txt": "checked too", "/k/HF1-0123456789abcdefghijkl": "积分卡", "/k/page.html": "积分卡"} {
		if got := do(h, "GET", path, ""); got.Code != 200 || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %d %.60s", path, got.Code, got.Body)
		}
	}
	if got := do(h, "GET", "/k/none.txt", ""); got.Code != 404 {
		t.Errorf("a file that is not there: %d", got.Code)
	}
}
