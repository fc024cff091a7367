package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/demo"
	"hefen/internal/season"
)

// errNotDemo keeps invented people out of a real county's database.
var errNotDemo = errors.New("the demo county is loaded only with demo: true, which also needs a loopback address to listen on")

func demoCommand(set *settings) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Load the demo county (three villages, one year) into an empty database; serve does it with demo: true", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return set.with(cmd.Context(), func(p *program) error { return p.loadDemo(cmd.Context(), cmd.OutOrStdout()) })
		},
	}
}

// loadDemo loads the demo county where it is not there yet.
func (p *program) loadDemo(ctx context.Context, out io.Writer) error {
	if !p.cfg.Demo {
		return errNotDemo
	}
	now := p.now()
	there, err := demo.Loaded(ctx, p.db, clock.DayOf(now))
	if err != nil || there {
		return err
	}
	wx, err := access.WeChat(p.cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "正在装入演示县（三个村、一年的记录），只在第一次启动时需要……")
	bar := progressbar.NewOptions(demo.Year+1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("装入"),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetVisibility(onTerminal(os.Stderr)))
	err = demo.Load(ctx, p.db, wx, p.photos, now, demo.Year, func(done, _ int) { _ = bar.Set(done) })
	if err == nil {
		err = p.stopLastYear(ctx, now)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "演示县已装好。")
	return nil
}

// stopLastYear leaves villages of the demo before their year end: last year no longer counts, so that their first secretaries may
// close it at once instead of a minute later.
func (p *program) stopLastYear(ctx context.Context, now time.Time) error {
	earlier := now.Add(-2 * time.Minute)
	seasons := season.New(p.db, func() time.Time { return earlier }, p.village, p.book, p.market, p.media)
	year := clock.YearSpan(clock.DayOf(earlier)).Before()
	for _, code := range demo.YearEnds {
		v, err := p.village.FindVillage(ctx, code)
		if err != nil {
			return err
		}
		if _, err := seasons.StopBy(ctx, 0, v.ID, season.Order{Span: year, Why: "年终核对"}); err != nil {
			return err
		}
	}
	return nil
}
