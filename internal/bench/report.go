package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Report is what a run measured.
type Report struct {
	Machine     Machine       `json:"machine"`
	Options     Options       `json:"options"`
	LoadSeconds float64       `json:"load_seconds"`
	Rows        []Row         `json:"rows"`
	Clean       bool          `json:"audit_clean"`
	Audit       ledger.Report `json:"audit"`
}

// Row is one operation at one number of connections.
type Row struct {
	Op         string  `json:"op"`
	Conns      int     `json:"connections"`
	Households int     `json:"households,omitempty"` // of one batch
	Ours       Figures `json:"ours"`
	Floor      Figures `json:"floor"`
	Ratio      float64 `json:"ratio"` // our rate over the floor's
}

// Figures of one side: operations a second, and milliseconds.
type Figures struct {
	Count int     `json:"count"`
	Rate  float64 `json:"per_second"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	// Processor time of one operation: of program and client, and of a database server on the same machine (0: not told).
	Program int `json:"program_us"`
	Server  int `json:"server_us"`
}

// cpu is the processor time of one operation, program and client first.
func (f Figures) cpu() string {
	if f.Server == 0 {
		return fmt.Sprint(f.Program)
	}
	return fmt.Sprintf("%d+%d", f.Program, f.Server)
}

// Machine is where it was measured.
type Machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryMB int    `json:"memory_mb"`
	Kernel   string `json:"kernel"`
	Engine   string `json:"engine"`
	Go       string `json:"go"`
	Version  string `json:"version"`
}

// Table writes the report for people.
func (r Report) Table(w io.Writer) error {
	m, s := r.Machine, r.Options.Size
	fmt.Fprintf(w, "%s; %d cores (%s), %d MB, Linux %s, %s\n", m.Engine, m.Cores, m.CPU, m.MemoryMB, m.Kernel, m.Go)
	fmt.Fprintf(w, "%d villages, %d households, %d weeks of history; %s a side in %d turns after %s\n\n", s.Villages, s.Total(), s.Weeks, r.Options.Duration, r.Options.Rounds, r.Options.Warmup)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "operation\tconnections\tper s\tp50 ms\tp99 ms\tfloor per s\tp50 ms\tp99 ms\tratio\tcpu µs\tfloor cpu µs\t")
	for _, row := range r.Rows {
		name := row.Op
		if row.Households > 0 {
			name = fmt.Sprintf("%s of %d", row.Op, row.Households)
		}
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.2f\t%.2f\t%.0f\t%.2f\t%.2f\t%.2f\t%s\t%s\t\n", name, row.Conns, row.Ours.Rate, row.Ours.P50, row.Ours.P99,
			row.Floor.Rate, row.Floor.P50, row.Floor.P99, row.Ratio, row.Ours.cpu(), row.Floor.cpu())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	verdict := "clean"
	if !r.Clean {
		verdict = "BROKEN\n" + r.Audit.String()
	}
	_, err := fmt.Fprintf(w, "\naudit: %s\n", verdict)
	return err
}

func machine(ctx context.Context, env Env) Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Version: env.Version}
	m.CPU = afterColon("/proc/cpuinfo", "model name")
	if kb := afterColon("/proc/meminfo", "MemTotal"); kb != "" {
		_, _ = fmt.Sscanf(kb, "%d", &m.MemoryMB)
		m.MemoryMB /= 1024
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	m.Engine = engine(ctx, env.DB)
	return m
}

func engine(ctx context.Context, db *storage.DB) string {
	var version, flush string
	if db.Dialect() == storage.SQLite {
		if err := db.QueryRow(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
			return "SQLite"
		}
		return "SQLite " + version + ", WAL, synchronous FULL"
	}
	if err := db.QueryRow(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "MySQL"
	}
	if err := db.QueryRow(ctx, "SELECT @@innodb_flush_log_at_trx_commit").Scan(&flush); err == nil {
		version += ", innodb_flush_log_at_trx_commit=" + flush
	}
	return version
}

// afterColon is the value of a line "name : value" of a file of the kernel.
func afterColon(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
