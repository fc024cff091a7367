package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"runtime/pprof"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/bench"
	"hefen/internal/config"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

func benchCommand(set *settings) *cobra.Command {
	opt, asJSON, profile := bench.DefaultOptions(), false, ""
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure speed on a test county in an empty database, beside the least that the database allows", Args: cobra.NoArgs,
		Long: `Measure the speed of this installation. On a database without villages it loads a county of made-up households, which takes
some minutes; on one that an earlier bench has loaded it measures at once; any other database it refuses. It then sends awards,
inspections, redemptions and pages to its own HTTP handler over loopback and takes turns with the floor: the fewest correct
statements for the same work straight through database/sql, and for reads a bare server with one query. The book is audited
at the end. Limits of rate are lifted for the run; everything else is as configured.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			if profile != "" {
				file, err := os.Create(profile)
				if err != nil {
					return err
				}
				defer file.Close()
				if err := pprof.StartCPUProfile(file); err != nil {
					return err
				}
				defer pprof.StopCPUProfile()
			}
			return runBench(cmd.Context(), cfg, opt, asJSON, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.IntVar(&opt.Size.Villages, "villages", opt.Size.Villages, "villages of the county")
	f.IntVar(&opt.Size.Households, "households", opt.Size.Households, "households of a village")
	f.IntVar(&opt.Size.Large, "large", opt.Size.Large, "how many of the villages have as many households as --batch instead")
	f.IntVar(&opt.Size.Batch, "batch", opt.Size.Batch, "households of one inspection, at most 500")
	f.IntVar(&opt.Size.Weeks, "weeks", opt.Size.Weeks, "weeks of history: one award per household and week")
	f.StringSliceVar(&opt.Only, "only", nil, "only these: "+strings.Join(bench.Operations, ","))
	f.IntSliceVar(&opt.Conns, "connections", opt.Conns, "connections at once")
	f.DurationVar(&opt.Duration, "duration", opt.Duration, "of each side of each measurement")
	f.DurationVar(&opt.Warmup, "warmup", opt.Warmup, "before each measurement, not counted")
	f.IntVar(&opt.Rounds, "rounds", opt.Rounds, "turns that both sides take within the duration")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	f.StringVar(&profile, "cpuprofile", "", "write a CPU profile of the run to this file, for go tool pprof")
	cmd.AddCommand(benchStartCommand(set), benchCloseCommand(set))
	return cmd
}

func runBench(ctx context.Context, cfg config.Config, opt bench.Options, asJSON bool, out io.Writer) error {
	if cfg.Database.Engine == config.MySQL {
		if err := storage.Migrate(ctx, cfg.Database); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	cfg.Limits.PerAddress, cfg.Limits.PerUser, cfg.Limits.LoginsPerAddress = math.MaxInt32, math.MaxInt32, math.MaxInt32
	p, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	// Requests are logged as configured, but only errors reach the terminal, which would be what is measured.
	p.log = slog.New(slog.NewJSONHandler(errorsOnly{os.Stderr}, &slog.HandlerOptions{Level: logLevel(cfg)}))
	s := p.server()
	env := bench.Env{DB: p.db, Now: p.now, Version: version, Handler: s.Handler(), Server: s.HTTP,
		Audit: func(ctx context.Context) (ledger.Report, error) { return fullAudit(ctx, p.db) }}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("loading households"),
		progressbar.OptionShowCount(), progressbar.OptionShowElapsedTimeOnFinish(), progressbar.OptionClearOnFinish())
	env.Loading = func(done, of int) {
		bar.ChangeMax(of)
		_ = bar.Set(done) // what cannot be drawn is not missed
	}
	env.Measuring = func(what string) { fmt.Fprintf(os.Stderr, "\r\033[Kmeasuring %s connections", what) }
	report, err := bench.Run(ctx, env, opt)
	fmt.Fprint(os.Stderr, "\r\033[K")
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.Table(out)
	}
	if err == nil && !report.Clean {
		return errBroken
	}
	return err
}

// errorsOnly takes a log of JSON lines and passes on the errors.
type errorsOnly struct{ w io.Writer }

func (e errorsOnly) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"level":"ERROR"`)) {
		return e.w.Write(line)
	}
	return len(line), nil
}

func benchStartCommand(set *settings) *cobra.Command {
	opt := bench.StartOptions{Times: 7, Requests: 2000}
	cmd := &cobra.Command{
		Use: "start", Short: "Measure the time from start to the first answer, and resident memory, of the server on the configured database", Args: cobra.NoArgs,
		Long: `Start this program's server several times as a process of its own on the configured database, ask /readyz until it answers, then send
some requests and read its resident memory. It writes nothing but what serve writes at its start. With demo: true it also signs in
under each role offered and reads that role's pages.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := os.Executable()
			if err != nil {
				return err
			}
			cfg, err := set.load()
			if err != nil {
				return err
			}
			opt.Command = []string{path, "serve"}
			if set.path != "" {
				opt.Command = append(opt.Command, "--config", set.path)
			}
			opt.Demo = cfg.Demo
			report, err := bench.Start(cmd.Context(), opt)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), report)
			return err
		},
	}
	cmd.Flags().IntVar(&opt.Times, "times", opt.Times, "how often the server is started")
	cmd.Flags().IntVar(&opt.Requests, "requests", opt.Requests, "requests before memory is read")
	return cmd
}
