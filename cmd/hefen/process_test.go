package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hefen/internal/config"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

var built string // folder of the binary, once it is there

// binary is the program as it is shipped, built once for all tests that run it as a process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hefen-binary-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "hefen")
	cmd := exec.Command("go", "build", "-o", path, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "HEFEN_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// hefen runs a command to its end.
func hefen(t *testing.T, env []string, args ...string) (out string, err error) {
	t.Helper()
	b, err := command(t, env, args...).CombinedOutput()
	return string(b), err
}

// process is a running server.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	addr string
	logs *bufio.Scanner
}

var address = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/ `)

// settingsOf is the environment that puts a server on a database of the test and a free port.
func settingsOf(t *testing.T, db config.Database) []string {
	return []string{"HEFEN_LISTEN=127.0.0.1:0", "HEFEN_DATA_DIR=" + t.TempDir(), "HEFEN_LOG_LEVEL=debug",
		"HEFEN_DATABASE_ENGINE=" + db.Engine, "HEFEN_DATABASE_PATH=" + db.Path, "HEFEN_DATABASE_DSN=" + db.DSN}
}

// start runs `hefen serve` until it has said its address.
func start(t *testing.T, env []string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(t, env, "serve")}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	p.logs = bufio.NewScanner(errs)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			p.addr = m[1]
			go io.Copy(io.Discard, out)
			return p
		}
	}
	for p.logs.Scan() {
		t.Log(p.logs.Text())
	}
	t.Fatal("the server ended before it said its address")
	return nil
}

// await reads the log until a line says it.
func (p *process) await(msg string) {
	p.t.Helper()
	for p.logs.Scan() {
		if strings.Contains(p.logs.Text(), `"msg":"`+msg+`"`) {
			return
		}
	}
	p.t.Fatalf("the log ended without %q", msg)
}

// end waits for the process to end.
func (p *process) end() error {
	for p.logs.Scan() {
	}
	return p.cmd.Wait()
}

// halfRequest sends a request whose body is not complete, and returns when the server reads the body: it is in flight.
func (p *process) halfRequest() (finish func() (*http.Response, error)) {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	body := `{"code":"nobody"}`
	fmt.Fprintf(conn, "POST /api/login/wechat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		p.t.Fatalf("%q %v", line, err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		p.t.Fatal(err)
	}
	return func() (*http.Response, error) {
		if _, err := io.WriteString(conn, body); err != nil {
			return nil, err
		}
		return http.ReadResponse(r, nil)
	}
}

// A stop signal lets the request in flight come to its end, says so on /readyz and gives lanes and id node back.
func TestStopIsGraceful(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			p := start(t, append(settingsOf(t, cfg), "HEFEN_LIMITS_DRAIN_DELAY=300ms"))
			finish := p.halfRequest()
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			p.await("stopping")
			ready, err := http.Get("http://" + p.addr + "/readyz")
			if err != nil {
				t.Fatal("while draining:", err)
			}
			defer ready.Body.Close()
			if text, err := io.ReadAll(ready.Body); err != nil || ready.StatusCode != 503 || !bytes.Contains(text, []byte("draining")) {
				t.Errorf("readyz while draining: %d %s %v", ready.StatusCode, text, err)
			}
			answer, err := finish()
			if err != nil {
				t.Fatal("the request in flight got no answer:", err)
			}
			defer answer.Body.Close()
			if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 503 || !bytes.Contains(text, []byte("request_id")) {
				t.Errorf("the request in flight: %d %s %v", answer.StatusCode, text, err)
			}
			if err := p.end(); err != nil {
				t.Error("the server's end:", err)
			}
			held := once(t, cfg, func(db *storage.DB) []string {
				return dbtest.Rows(t, db, "SELECT topic FROM outbox_lanes WHERE until_at > 0")
			})
			if len(held) > 0 {
				t.Errorf("lanes still held: %v", held)
			}
		})
	}
}

// What outlasts the limit is cut off, and the end says so.
func TestStopCutsOffWhatDoesNotEnd(t *testing.T) {
	p := start(t, append(settingsOf(t, dbtest.Config(t, storage.SQLite)), "HEFEN_LIMITS_STOP_TIMEOUT=1s"))
	finish := p.halfRequest()
	begin := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := p.end()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("end: %v", err)
	}
	if took := time.Since(begin); took < 900*time.Millisecond || took > 10*time.Second {
		t.Errorf("stopped after %s", took)
	}
	if r, err := finish(); err == nil {
		r.Body.Close()
		t.Error("an answer came after the end")
	}
}

// Mistakes are said in plain words before anything is opened.
func TestServeRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	base := settingsOf(t, dbtest.Config(t, storage.SQLite))
	cases := []struct {
		name string
		env  string
		want string
	}{
		{"address_taken", "HEFEN_LISTEN=" + taken.Addr().String(), "another program there?"},
		{"demo_in_public", "HEFEN_DEMO=true HEFEN_LISTEN=0.0.0.0:0", "demo: lets everybody in"},
		{"unknown_key", "HEFEN_LISTNE=x", "unknown environment variable HEFEN_LISTNE"},
		{"no_database", "HEFEN_DATABASE_PATH=/proc/none/hefen.db", "database folder"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out, err := hefen(t, append(append([]string{}, base...), strings.Fields(c.env)...), "serve")
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// The round that an operator makes: save while serving, lose everything, restore elsewhere, audit, serve again.
func TestBackupRestoreAudit(t *testing.T) {
	cfg := dbtest.Config(t, storage.SQLite)
	once(t, cfg, func(db *storage.DB) int { small(t, db); return 0 })
	env := settingsOf(t, cfg)
	keys := filepath.Join(t.TempDir(), "hefen.keys")
	if _, err := storage.CreateKeyring(keys); err != nil {
		t.Fatal(err)
	}
	env = append(env, "HEFEN_KEYS_FILE="+keys)
	p := start(t, env)
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	if out, err := hefen(t, env, "backup", "--to", file); err != nil || !strings.Contains(out, "keys are NOT in it") {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := hefen(t, env, "restore", "--force", file); err == nil || !strings.Contains(out, "server is running") {
		t.Errorf("restore under a running server: %v: %s", err, out)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.end() // killed
	if out, err := hefen(t, env, "restore", file); err == nil || !strings.Contains(out, "--force") {
		t.Errorf("restore over data: %v: %s", err, out)
	}
	there := append(append([]string{}, env...), "HEFEN_DATABASE_PATH="+filepath.Join(t.TempDir(), "new.db"))
	out, err := hefen(t, there, "restore", file)
	if err != nil || !strings.Contains(out, "restored 1 files") || !strings.Contains(out, "ok     law 2: balance") {
		t.Fatalf("%v: %s", err, out)
	}
	if !regexp.MustCompile(`balance_after chains \([1-9]\d* rows\)`).MatchString(out) {
		t.Errorf("the audit saw no entries: %s", out)
	}
	start(t, there)
	out, err = hefen(t, append(append([]string{}, there...), "HEFEN_KEYS_FILE="+filepath.Join(t.TempDir(), "none")), "serve")
	if err == nil || !strings.Contains(out, "put the copy there") {
		t.Errorf("served with keys that open nothing: %v: %s", err, out)
	}
}

// An audit that finds a broken row names it and ends non-zero.
func TestAuditEndsNonZero(t *testing.T) {
	cfg := dbtest.Config(t, storage.SQLite)
	once(t, cfg, func(db *storage.DB) int {
		small(t, db)
		if _, err := db.SQL().Exec("UPDATE balances SET amount = amount + 1 WHERE wallet = 'spend'"); err != nil {
			t.Error(err)
		}
		return 0
	})
	out, err := hefen(t, settingsOf(t, cfg), "audit")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out, "BROKEN law 2") || !strings.Contains(out, "account ") {
		t.Errorf("%v: %s", err, out)
	}
}
