package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/season"
	"hefen/internal/village"
)

// errNotAll ends a close in which villages were refused; which and why has been printed.
var errNotAll = errors.New("not every village was closed; put right what is named and run the command again: it goes on where it was")

func seasonCommand(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "season", Short: "Ends of periods 周期结账"}
	cmd.AddCommand(seasonCloseCommand(set))
	return cmd
}

// closing is what `season close` was asked.
type closing struct {
	year, span, why string
	villages        []string
	overrides       []string
	dry, reasons    bool
	workers         int
}

func seasonCloseCommand(set *settings) *cobra.Command {
	c := closing{why: "年度结账"}
	cmd := &cobra.Command{
		Use: "close", Short: "Close a year or another span of all villages, or of some, with its award rounds", Args: cobra.NoArgs,
		Long: `Close a span: no deed of its days counts in it any more, what its end does is posted (resets and what is carried over, the base
score of what begins, points for ranks, consequences of thresholds), and its standings never change again. It first stops the span and
waits a minute for what is under way. A village in which something is not settled is left stopped and named, unless each kind is
overridden with a reason. Then it takes the award rounds of the rules as far as a machine may: lists without days for objections are
published, lists whose days for objections have passed are frozen, what needs no lots is issued; of the others it makes a draft and
says what people have to do next. The command may be killed at any moment and run again, and is run again after people have done
their part: it goes on where it was and posts nothing twice. With --dry-run it says what would happen and changes nothing, with
--reasons also why each household is on a list or not. What falls due on a later day is done by the server on that day.`,
		Example: "  hefen season close --year 2026 --dry-run\n  hefen season close --year 2026 --dry-run --reasons --village 林源村\n  hefen season close --year 2026\n  hefen season close --span 20251101-20261031 --village 林源村\n  hefen season close --span 2026-11 --village 林源村 --override case_submitted=两户材料不全，作废",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return set.with(cmd.Context(), func(p *program) error { return p.closeSeason(cmd.Context(), c, cmd.OutOrStdout()) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.year, "year", "", "the year: 2026")
	f.StringVar(&c.span, "span", "", "or another span: 2026H1, 2026Q4, 2026-12, or own dates of the rules 20251101-20261031")
	f.StringVar(&c.why, "why", c.why, "why, for the record")
	f.StringSliceVar(&c.villages, "village", nil, "code or name of a village (all)")
	f.StringArrayVar(&c.overrides, "override", nil, "KIND=REASON: do not wait for this kind, see --dry-run")
	f.BoolVar(&c.dry, "dry-run", false, "say what would happen and change nothing")
	f.BoolVar(&c.reasons, "reasons", false, "with --dry-run: name everybody on the drafts, in or out, and why")
	f.IntVar(&c.workers, "workers", 0, "villages at once (SQLite: 1; else one more than processors)")
	return cmd
}

// order is what the flags ask for.
func (c *closing) order() (season.Order, error) {
	text := c.year + c.span
	if (c.year == "") == (c.span == "") {
		return season.Order{}, errors.New("want --year or --span")
	}
	span, err := clock.ParseSpan(text)
	if err != nil || c.year != "" && len(c.year) != 4 {
		return season.Order{}, fmt.Errorf("%q: want 2026, 2026H1, 2026Q4, 2026-12 or 20251101-20261031", text)
	}
	o := season.Order{Span: span, Why: c.why}
	for _, text := range c.overrides {
		kind, why, ok := strings.Cut(text, "=")
		if !ok {
			return o, fmt.Errorf("--override %q: want KIND=REASON", text)
		}
		o.Overrides = append(o.Overrides, season.Override{Kind: kind, Why: why})
	}
	return o, nil
}

func (p *program) closeSeason(ctx context.Context, c closing, out io.Writer) error {
	o, err := c.order()
	if err != nil {
		return err
	}
	places, err := p.places(ctx, c.villages)
	if err != nil {
		return err
	}
	names, ids := map[id.ID]string{}, make([]id.ID, len(places))
	for i, v := range places {
		names[v.ID], ids[i] = v.Name+"（"+v.Code+"）", v.ID
	}
	if c.dry {
		return p.lookAtSeason(ctx, o, ids, names, c.reasons, out)
	}
	ready, refused, err := p.season.StopAll(ctx, 0, ids, o)
	if err != nil {
		return err
	}
	if wait := ready.Sub(p.now()); wait > 0 {
		fmt.Fprintf(os.Stderr, "stopped; waiting %d s for what is under way\n", int(wait.Seconds())+1)
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	began := time.Now()
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("closing accounts"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
	sum, err := p.season.CloseAll(ctx, 0, stopped(ids, refused), o, p.workers(c.workers), func(n int) { _ = bar.Add(n) })
	_ = bar.Finish()
	sum.Refused = append(refused, sum.Refused...)
	if err == nil {
		err = p.carryRounds(ctx, o, stopped(ids, sum.Refused), names, p.workers(c.workers), &sum, out)
	}
	printSummary(out, sum, names)
	fmt.Fprintf(out, "%.1f s\n", time.Since(began).Seconds())
	if err == nil && len(sum.Refused) > 0 {
		err = errNotAll
	}
	return err
}

// workers is how many villages are closed at once.
func (p *program) workers(asked int) int {
	switch {
	case p.cfg.Database.Engine != config.MySQL:
		return 1
	case asked > 0:
		return asked
	}
	return runtime.GOMAXPROCS(0) + 1
}

// places are the villages named, or all.
func (p *program) places(ctx context.Context, names []string) ([]village.Region, error) {
	if len(names) == 0 {
		return p.village.Villages(ctx, 0, clock.DayOf(p.now()))
	}
	var out []village.Region
	for _, name := range names {
		v, err := p.village.FindVillage(ctx, name)
		if err != nil {
			return nil, plainly(err)
		}
		out = append(out, v)
	}
	return out, nil
}

func stopped(ids []id.ID, refused []season.Refusal) []id.ID {
	gone := map[id.ID]bool{}
	for _, r := range refused {
		gone[r.Village] = true
	}
	var out []id.ID
	for _, v := range ids {
		if !gone[v] {
			out = append(out, v)
		}
	}
	return out
}

func (p *program) lookAtSeason(ctx context.Context, o season.Order, ids []id.ID, names map[id.ID]string, reasons bool, out io.Writer) error {
	bar := progressbar.NewOptions(len(ids), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("looking"), progressbar.OptionClearOnFinish())
	sum, waits, err := p.season.LookAll(ctx, ids, o.Span, func() { _ = bar.Add(1) })
	_ = bar.Finish()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s 试算，什么都没有改动\n", o.Span.Chinese())
	printSummary(out, sum, names)
	for _, v := range ids {
		for _, w := range waits[v] {
			mark := "提示"
			if w.Blocks {
				mark = "要先办完，或用 --override " + w.Kind + "=理由"
			}
			fmt.Fprintf(out, "%s：%s %d件（%s）\n", names[v], w.Name, w.Count, mark)
		}
	}
	steps, refused, err := p.season.LookRoundsAll(ctx, ids, o.Span, reasons, nil)
	printRounds(out, steps, names)
	printRefused(out, "没有算出评比", refused, names)
	return err
}

func printSummary(out io.Writer, s season.Summary, names map[id.ID]string) {
	fmt.Fprintf(out, "村 %d", s.Villages)
	if s.NoRules > 0 {
		fmt.Fprintf(out, "，另有%d个村没有细则", s.NoRules)
	}
	if s.Waiting > 0 {
		fmt.Fprintf(out, "，其中%d个村还有到期日未到的，由服务器到期办理", s.Waiting)
	}
	fmt.Fprintf(out, "\n账户 %d\n清零、结转 %d个钱包，共%s分\n基础分 %d户（人），共%s分\n名次奖励 %d份，共%s分\n低于标准 %d，解除 %d，列入关注 %d\n",
		s.Accounts, s.Resets, s.ResetSum, s.Grants, s.GrantSum, s.Coins, s.CoinSum, s.Tags, s.Lifts, s.Named)
	printRefused(out, "没有办完", s.Refused, names)
}

func printRefused(out io.Writer, what string, list []season.Refusal, names map[id.ID]string) {
	for _, r := range list {
		fmt.Fprintf(out, "%s：%s：%s\n", what, names[r.Village], r.Why)
	}
}
