package media

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/config"
	"hefen/internal/errs"
)

// s3 speaks as much of the protocol as a store needs: objects in one bucket, requests that carry a signature of the right
// form by the known key, error bodies in XML, and failures on demand.
type s3 struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string][]byte
	calls   []string
	fail    int // so many requests are answered by 503
	cut     bool
}

func newS3(t *testing.T) (*s3, *Bucket) {
	t.Helper()
	s := &s3{objects: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	b, err := NewBucket(config.S3{Endpoint: strings.TrimPrefix(s.URL, "http://"), Bucket: "photos", AccessKey: "AK", SecretKey: "the-secret", Prefix: "county/", PathStyle: true, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	return s, b
}

func (s *s3) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method)
	refuse := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, code)
	}
	auth := r.Header.Get("Authorization")
	if !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=AK/") || !strings.Contains(auth, "SignedHeaders=") || !strings.Contains(auth, "x-amz-date") ||
		len(auth[strings.LastIndex(auth, "Signature=")+len("Signature="):]) != 64 || r.Header.Get("X-Amz-Content-Sha256") == "" {
		refuse(http.StatusForbidden, "AccessDenied")
		return
	}
	if s.fail > 0 {
		s.fail--
		refuse(http.StatusServiceUnavailable, "SlowDown")
		return
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/photos/")
	if !ok {
		refuse(http.StatusNotFound, "NoSuchBucket")
		return
	}
	data, there := s.objects[key]
	sum := md5.Sum(data)
	switch r.Method {
	case http.MethodPut:
		body, err := payload(r)
		if err != nil {
			refuse(http.StatusBadRequest, "IncompleteBody")
			return
		}
		s.objects[key] = body
		sum = md5.Sum(body)
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	case http.MethodGet, http.MethodHead:
		if !there {
			refuse(http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
		w.Header().Set("Last-Modified", time.Unix(1, 0).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if r.Method == http.MethodGet {
			if s.cut {
				data = data[:len(data)/2]
			}
			_, _ = w.Write(data)
		}
	case http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

// payload reads a body, taking the signed pieces of a streamed one apart.
func payload(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	in := bufio.NewReader(r.Body)
	var out bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return out.Bytes(), nil
		}
		if _, err := io.CopyN(&out, in, n); err != nil {
			return nil, err
		}
		if _, err := in.ReadString('\n'); err != nil {
			return nil, err
		}
	}
}

// Both stores do the same.
func TestStores(t *testing.T) {
	folder, err := NewFolder(filepath.Join(t.TempDir(), "a", "photos"))
	if err != nil {
		t.Fatal(err)
	}
	_, bucket := newS3(t)
	for name, store := range map[string]Store{"folder": folder, "bucket": bucket} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			data := bytes.Repeat([]byte("photo "), 30_000)
			key, err := keyOf(hashOf(data), false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Get(ctx, key); !errors.Is(err, ErrNotStored) {
				t.Errorf("get of nothing: %v", err)
			}
			if ok, err := store.Has(ctx, key); ok || err != nil {
				t.Errorf("has nothing: %v %v", ok, err)
			}
			if err := store.Delete(ctx, key); err != nil {
				t.Errorf("delete of nothing: %v", err)
			}
			var wg sync.WaitGroup
			for range 4 { // several servers, the same picture
				wg.Go(func() {
					if err := store.Put(ctx, key, data); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got, err := store.Get(ctx, key); err != nil || !bytes.Equal(got, data) {
				t.Errorf("get: %d bytes, %v", len(got), err)
			}
			if ok, err := store.Has(ctx, key); !ok || err != nil {
				t.Errorf("has: %v %v", ok, err)
			}
			for range 2 {
				if err := store.Delete(ctx, key); err != nil {
					t.Error(err)
				}
			}
			if _, err := store.Get(ctx, key); !errors.Is(err, ErrNotStored) {
				t.Errorf("get after delete: %v", err)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, bad := range []string{"", "../../x", strings.Repeat("A", 64), strings.Repeat("g", 64), strings.Repeat("a", 63), strings.Repeat("a", 62) + "/."} {
		if key, err := keyOf(bad, true); err == nil {
			t.Errorf("%q is the key %q", bad, key)
		}
	}
}

// The folder holds files of mode 0600 in two levels, and what a crash left unfinished goes after a day.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, unfinished+"old"), filepath.Join(dir, unfinished+"fresh")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("an unfinished file of two days ago is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("an unfinished file of another server was removed: %v", err)
	}
	key, err := keyOf(hashOf([]byte("x")), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Put(context.Background(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, key[:2], key[2:4], key))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	// Half a file, as a power cut might leave it under another file system's rules, is written anew.
	if err := os.WriteFile(f.path(key), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Put(context.Background(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Get(context.Background(), key); err != nil || string(got) != "x" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := NewFolder(""); err == nil {
		t.Error("a folder without a name")
	}
}

func TestBucketFailures(t *testing.T) {
	s, b := newS3(t)
	ctx := context.Background()
	key, err := keyOf(hashOf([]byte("x")), false)
	if err != nil {
		t.Fatal(err)
	}
	s.fail = 2 // fewer than the tries of a call
	if err := b.Put(ctx, key, []byte("x")); err != nil {
		t.Errorf("put after two failures: %v", err)
	}
	if _, ok := s.objects["county/"+key]; !ok {
		t.Errorf("objects: %v", s.objects)
	}
	s.fail = 1
	if got, err := b.Get(ctx, key); err != nil || string(got) != "x" {
		t.Errorf("get after a failure: %q %v", got, err)
	}
	s.mu.Lock()
	s.cut = true
	s.objects["county/"+key] = bytes.Repeat([]byte("y"), 5000)
	s.mu.Unlock()
	if got, err := b.Get(ctx, key); err == nil {
		t.Errorf("an answer cut in the middle passed with %d bytes", len(got))
	}
	s.mu.Lock()
	s.fail = 1 << 30
	s.mu.Unlock()
	for name, err := range map[string]error{"put": b.Put(ctx, key, []byte("x")), "get": second(b.Get(ctx, key)), "has": second(b.Has(ctx, key)), "delete": b.Delete(ctx, key)} {
		if errs.KindOf(err) != errs.Unavailable || strings.Contains(err.Error(), "the-secret") {
			t.Errorf("%s while the service is down: %v", name, err)
		}
	}
	s.Close()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := b.Put(short, key, []byte("x")); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("put without a service: %v", err)
	}
	stranger, err := NewBucket(config.S3{Endpoint: "127.0.0.1:1", Bucket: "photos", AccessKey: "AK", SecretKey: "k"})
	if err != nil || stranger == nil {
		t.Errorf("settings of a service that is away: %v", err)
	}
	if _, err := NewBucket(config.S3{Endpoint: "http://x/y", Bucket: "b"}); err == nil {
		t.Error("an address with a path")
	}
}
