package bench

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"hefen/internal/storage"
)

// cpu reads how much processor time has been used: by this process, which is program and client in one, and by the database
// server where it runs on the same machine. Unlike times of the clock these hardly move when other work keeps the machine busy.
type cpu struct {
	server string // its file in /proc; empty: unknown, or the engine is embedded
}

// ticks is the unit of /proc/PID/stat: USER_HZ, 100 a second on every Linux that Go runs on.
const ticks = 10 * time.Millisecond

// watchCPU finds the server's process by the pid file it names.
func watchCPU(ctx context.Context, db *storage.DB) cpu {
	if db.Dialect() != storage.MySQL {
		return cpu{}
	}
	var dir, file string
	if err := db.QueryRow(ctx, "SELECT @@datadir, @@pid_file").Scan(&dir, &file); err != nil {
		return cpu{}
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		return cpu{}
	}
	c := cpu{server: "/proc/" + string(bytes.TrimSpace(pid)) + "/stat"}
	if _, server := c.used(); server == 0 {
		return cpu{}
	}
	return c
}

// used is the time so far; 0 for what cannot be told.
func (c cpu) used() (program, server time.Duration) {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err == nil {
		program = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	}
	if c.server == "" {
		return program, 0
	}
	text, err := os.ReadFile(c.server)
	if err != nil {
		return program, 0
	}
	_, after, _ := bytes.Cut(text, []byte(") ")) // behind the name, which may hold anything
	fields := bytes.Fields(after)
	const user, system = 11, 12 // of those behind the name
	if len(fields) > system {
		u, _ := strconv.Atoi(string(fields[user]))
		s, _ := strconv.Atoi(string(fields[system]))
		server = time.Duration(u+s) * ticks
	}
	return program, server
}
