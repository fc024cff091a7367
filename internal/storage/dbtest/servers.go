package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the server's readiness is asked through it
)

// mysqlServer is the DSN of a server's root without a database name.
func mysqlServer(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv("HEFEN_TEST_MYSQL"); dsn != "" {
		return dsn
	}
	dsn, err := privateMySQL()
	if err != nil {
		t.Fatalf("no MariaDB for the test (make test installs and starts one): %v", err)
	}
	return dsn
}

// RedisAddr is the address of a Redis that other tests share: use keys of your own.
func RedisAddr(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv("HEFEN_TEST_REDIS"); addr != "" {
		return addr
	}
	addr, err := privateRedis()
	if err != nil {
		t.Fatalf("no Redis for the test (make test installs and starts one): %v", err)
	}
	return addr
}

// RedisProcess is a Redis of the test's own, which it may kill and start again on the same port.
type RedisProcess struct {
	Addr string
	cmd  *exec.Cmd
}

// NewRedis starts a Redis of the test's own; it ends with the test.
func NewRedis(t testing.TB) *RedisProcess {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	r := &RedisProcess{Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := r.Start(); err != nil {
		t.Fatalf("no Redis for the test (make test installs it): %v", err)
	}
	t.Cleanup(r.Kill)
	return r
}

// Start runs the server (again) with nothing in it and waits until it answers.
func (r *RedisProcess) Start() error {
	_, port, _ := net.SplitHostPort(r.Addr)
	r.cmd = child("", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", os.TempDir())
	if err := r.cmd.Start(); err != nil {
		return err
	}
	return waitFor(10*time.Second, func() error {
		c, err := net.DialTimeout("tcp", r.Addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// Kill ends the server at once, as a power cut would.
func (r *RedisProcess) Kill() {
	if r.cmd != nil && r.cmd.Process != nil {
		end(r.cmd)
		r.cmd = nil
	}
}

// privateMySQL starts a MariaDB for this process; it ends with the process.
var privateMySQL = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(scratch(), "hefen-mariadb-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server runs under a user of its own
		return "", err
	}
	user := "mysql"
	if os.Geteuid() != 0 {
		user = strconv.Itoa(os.Geteuid())
	}
	data := filepath.Join(dir, "data")
	if out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user="+user, "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput(); err != nil {
		return "", fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := child(dir, "mariadbd", "--no-defaults", "--user="+user, "--datadir="+data, "--socket="+filepath.Join(data, "s.sock"),
		"--port="+strconv.Itoa(port), "--bind-address=127.0.0.1", "--character-set-server=utf8mb4", "--skip-name-resolve",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--max-connections=400")
	if err := cmd.Start(); err != nil {
		return "", err
	}
	dsn := fmt.Sprintf("root@tcp(127.0.0.1:%d)/", port)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return dsn, waitFor(30*time.Second, func() error { return db.PingContext(context.Background()) })
})

var privateRedis = sync.OnceValues(func() (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	r := &RedisProcess{Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	return r.Addr, r.Start()
})

// child is a command that ends with this process, however that ends: a shell waits for its standard input to close and
// then kills and removes the folder trash. (The kernel's parent-death signal would be lost when the server changes its user.)
func child(trash, name string, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", `trash=$1; shift; "$@" </dev/null & cat >/dev/null; kill -9 $!; wait $!; rm -rf "$trash"`, "sh", trash, name}, args...)...)
	r, w, err := os.Pipe()
	if err != nil {
		panic(err) // no file descriptors left: nothing can be tested
	}
	cmd.Stdin = r
	lifelines.Store(cmd, w) // open as long as this process
	return cmd
}

// lifelines keeps the write ends from being collected.
var lifelines sync.Map

// end closes a child's standard input, so that its shell kills it, and waits for both to be gone.
func end(cmd *exec.Cmd) {
	if w, ok := lifelines.LoadAndDelete(cmd); ok {
		_ = w.(*os.File).Close()
	}
	_ = cmd.Wait()
}

// scratch is a folder in memory where there is one: test databases need no disk.
func scratch() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitFor asks until the answer is nil; the limit is for a server that never comes.
func waitFor(limit time.Duration, ask func() error) error {
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(errors.New("server did not come up"), err)
		}
		<-tick.C
	}
}
