// Package redistest runs a private redis-server for a test, which the test may kill, restart, freeze and thaw.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hefen/internal/config"
)

// Server is one redis-server process on a free loopback port, with its files in the test's folder. It keeps nothing on
// disk unless asked to by Save.
type Server struct {
	Addr string

	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
}

// Start runs a server and stops it when the test ends. The test fails if there is no redis-server.
func Start(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), t: t, dir: t.TempDir(), port: port}
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// Config is the setting that leads to the server.
func (s *Server) Config() config.Redis { return config.Redis{Addr: s.Addr, Prefix: "hefen:"} }

// Run starts the process again after Kill, on the same port, with what Save left, and returns once it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("redis-server does not start (install redis-server): %v", err)
	}
	s.await()
}

// Kill ends the process at once, as a power cut would.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Freeze stops the process without ending it: connections are taken and never answered.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on. What was sent to it meanwhile is carried out now.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

// Save writes the data to disk, to be found again by the next Run.
func (s *Server) Save() {
	s.t.Helper()
	r := s.Client()
	defer r.Close()
	if err := r.Save(context.Background()).Err(); err != nil {
		s.t.Fatal(err)
	}
}

// Forget deletes what Save wrote.
func (s *Server) Forget() { _ = os.Remove(s.dir + "/dump.rdb") }

// Client is a plain client with the library's own patience, for looking into the server.
func (s *Server) Client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, DisableIdentity: true})
}

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// await dials until the server answers a PING; the pause between two tries is the dialler's own.
func (s *Server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			fmt.Fprint(conn, "PING\r\n")
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			answer := make([]byte, 7)
			n, _ := conn.Read(answer)
			conn.Close()
			if string(answer[:n]) == "+PONG\r\n" {
				return
			}
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("redis-server on %s does not answer: %v", s.Addr, err)
		case <-tick.C:
		}
	}
}
