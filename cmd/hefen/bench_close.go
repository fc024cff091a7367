package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/bench"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/season"
	"hefen/internal/storage"
)

func benchCloseCommand(set *settings) *cobra.Command {
	size, workers := bench.DefaultSize, runtime.GOMAXPROCS(0)+1
	cmd := &cobra.Command{
		Use: "close", Short: "Measure the end of a year of a test county, beside the least that the database allows", Args: cobra.NoArgs,
		Long: `Close a year of the test county that bench loads (and load it, where the database is empty) by rules under which every household is
posted to, with the clock set after that year. Each run closes the next year. The floor writes the same rows straight into tables of
its own. The book is audited at the end.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			if cfg.Database.Engine == config.MySQL {
				if err := storage.Migrate(cmd.Context(), cfg.Database); err != nil {
					return fmt.Errorf("migrate: %w", err)
				}
			} else {
				workers = 1
			}
			p, err := open(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer p.close()
			bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("loading households"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
			env := bench.Env{DB: p.db, Now: p.now, Loading: func(done, of int) { bar.ChangeMax(of); _ = bar.Set(done) }}
			report, err := bench.Close(cmd.Context(), env, bench.CloseOptions{Size: size, Workers: workers,
				Run: func(ctx context.Context, villages []id.ID, year clock.Span, at time.Time) (int64, error) {
					return p.benchClose(ctx, villages, year, at, workers)
				}})
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), report)
			audit, err := season.Audit(cmd.Context(), p.db)
			if err == nil && !audit.OK() {
				fmt.Fprint(cmd.OutOrStdout(), audit)
				err = errBroken
			}
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&size.Villages, "villages", size.Villages, "villages of the county")
	f.IntVar(&size.Households, "households", size.Households, "households of a village")
	f.IntVar(&size.Large, "large", size.Large, "how many of the villages have as many households as --batch instead")
	f.IntVar(&size.Batch, "batch", size.Batch, "households of these")
	f.IntVar(&size.Weeks, "weeks", size.Weeks, "weeks of history")
	f.IntVar(&workers, "workers", workers, "villages at once")
	return cmd
}

// benchClose closes a year by a clock of its own, a minute after it was stopped.
func (p *program) benchClose(ctx context.Context, villages []id.ID, year clock.Span, at time.Time, workers int) (int64, error) {
	now := at
	s := season.New(p.db, func() time.Time { return now }, p.village, p.book, p.market, p.media)
	o := season.Order{Span: year, Why: "性能测试"}
	_, refused, err := s.StopAll(ctx, 0, villages, o)
	if err == nil && len(refused) > 0 {
		err = errors.New(refused[0].Why)
	}
	if err != nil {
		return 0, err
	}
	now = at.Add(2 * time.Minute)
	sum, err := s.CloseAll(ctx, 0, villages, o, workers, nil)
	if err == nil && len(sum.Refused) > 0 {
		err = errors.New(sum.Refused[0].Why)
	}
	return sum.Accounts, err
}
