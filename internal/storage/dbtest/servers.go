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
	"syscall"
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
	dir  string
	cmd  *exec.Cmd
}

// NewRedis starts a Redis of the test's own; it ends with the test.
func NewRedis(t testing.TB) *RedisProcess {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	r := &RedisProcess{Addr: fmt.Sprintf("127.0.0.1:%d", port), dir: t.TempDir()}
	if err := r.Start(); err != nil {
		t.Fatalf("no Redis for the test (make test installs it): %v", err)
	}
	t.Cleanup(r.Kill)
	return r
}

// Start runs the server (again) with nothing in it and waits until it answers.
func (r *RedisProcess) Start() error {
	_, port, _ := net.SplitHostPort(r.Addr)
	r.cmd = child("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.dir)
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
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
	}
}

// privateMySQL starts a MariaDB for this process; the kernel ends it with the process.
var privateMySQL = sync.OnceValues(func() (string, error) {
	sweep()
	dir, err := os.MkdirTemp(scratch(), fmt.Sprintf("hefen-mariadb-%d-", os.Getpid()))
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
	cmd := child("mariadbd", "--no-defaults", "--user="+user, "--datadir="+data, "--socket="+filepath.Join(data, "s.sock"),
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
	dir, err := os.MkdirTemp("", "hefen-redis-")
	if err != nil {
		return "", err
	}
	r := &RedisProcess{Addr: fmt.Sprintf("127.0.0.1:%d", port), dir: dir}
	return r.Addr, r.Start()
})

// child is a command that dies with this process.
func child(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// scratch is a folder in memory where there is one: test databases need no disk.
func scratch() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// sweep removes what servers of ended test processes left behind.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(scratch(), "hefen-mariadb-*"))
	for _, dir := range left {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "hefen-mariadb-%d-", &pid); err != nil {
			continue
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
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
