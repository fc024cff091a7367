package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/village"
)

func importCommand(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Import registers and opening balances from Excel or CSV"}
	cmd.AddCommand(importHouseholdsCommand(set), importOpeningsCommand(set))
	return cmd
}

func importHouseholdsCommand(set *settings) *cobra.Command {
	var place, on, template string
	var opt village.ImportOptions
	cmd := &cobra.Command{
		Use: "households FILE.xlsx|FILE.csv --village CODE", Short: "Import a village's register, one row a member; all or nothing", Args: cobra.MaximumNArgs(1),
		Long: "Import a village's register of households, one row a member. All mistakes are listed by row and column and nothing is\nimported, unless --partial. The same file again changes nothing. --template FILE writes an empty file to fill in.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if template != "" {
				return writeTemplate(template)
			}
			if len(args) == 0 || place == "" {
				return errors.New("name the file and its village: hefen import households FILE.xlsx --village CODE")
			}
			return set.with(cmd.Context(), func(p *program) error {
				return p.importHouseholds(cmd, args[0], place, on, opt)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&place, "village", "", "code or name of the village")
	f.StringVar(&on, "on", "", "day from which the facts hold, such as 2026-11-21 (today)")
	f.BoolVar(&opt.Partial, "partial", false, "import the households that are right and say what was left out")
	f.BoolVar(&opt.CreateGroups, "create-groups", false, "enter groups that the village does not have yet")
	f.StringVar(&template, "template", "", "write an empty .xlsx to fill in, and import nothing")
	return cmd
}

func writeTemplate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(village.WriteTemplate(f, nil), f.Close())
}

func (p *program) importHouseholds(cmd *cobra.Command, path, place, on string, opt village.ImportOptions) error {
	out, ctx := cmd.OutOrStdout(), cmd.Context()
	at, err := p.village.FindVillage(ctx, place)
	if err != nil {
		return plainly(err)
	}
	w := village.Write{Village: at.ID}
	if on != "" {
		if w.On, err = clock.ParseDay(on); err != nil {
			return err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	opt.Progress = progress(cmd.ErrOrStderr())
	report, err := p.village.ImportHouseholds(ctx, w, f, opt)
	printFaults(out, report.Faults, report.FaultCount)
	if err != nil {
		return plainly(err)
	}
	fmt.Fprintf(out, "%s：读了 %d 行。户：新增 %d，更改 %d，不变 %d。人：新增 %d，更改 %d，不变 %d。", at.Name, report.Rows,
		report.Households.New, report.Households.Changed, report.Households.Same, report.Members.New, report.Members.Changed, report.Members.Same)
	if report.LeftOut > 0 {
		fmt.Fprintf(out, "没有导入 %d 行。", report.LeftOut)
	}
	fmt.Fprintln(out)
	return nil
}

func printFaults(out io.Writer, faults []errs.Field, count int) {
	for _, f := range faults {
		fmt.Fprintf(out, "%s：%s\n", f.Path, f.Msg)
	}
	if count > len(faults) {
		fmt.Fprintf(out, "……共 %d 处要改\n", count)
	}
}

// progress shows a bar for each stage of a long task.
func progress(out io.Writer) func(stage string, done, total int) {
	var bar *progressbar.ProgressBar
	var current string
	return func(stage string, done, total int) {
		if stage != current {
			if bar != nil {
				_ = bar.Finish() // a bar that cannot be drawn is no failure
			}
			if total == 0 {
				total = -1
			}
			current, bar = stage, progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(stage),
				progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetVisibility(onTerminal(os.Stderr)), progressbar.OptionOnCompletion(func() { fmt.Fprintln(out) }))
		}
		if total > 0 && bar.GetMax() != total {
			bar.ChangeMax(total)
		}
		_ = bar.Set(done)
	}
}

// onTerminal reports whether a person watches; a bar in a log file is many lines of nothing.
func onTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// plainly shows a person on the terminal the sentence that is meant for people, and the cause below it.
func plainly(err error) error {
	e := errs.As(err)
	switch {
	case e == nil:
		return err
	case e.Unwrap() == nil:
		return errors.New(e.Msg)
	}
	return fmt.Errorf("%s (%w)", e.Msg, e.Unwrap())
}
