package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/preview"
)

// previewCommand tries a scheme file on what a village has really recorded.
func previewCommand(set *settings) *cobra.Command {
	var village, from, to string
	cmd := &cobra.Command{
		Use: "preview FILE", Short: "Show what a scheme file would have made of a village's real cases", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := id.Parse(village)
			if err != nil {
				return errors.New("--village wants the id of a village")
			}
			first, err1 := clock.ParseDay(from)
			last, err2 := clock.ParseDay(to)
			if err1 != nil || err2 != nil {
				return errors.New("--from and --to want days such as 2026-01-31")
			}
			src, err := readScheme(args[0])
			if err != nil {
				return err
			}
			return set.with(cmd.Context(), func(p *program) error {
				r, err := p.preview.Try(cmd.Context(), in, src, first, last)
				if err != nil {
					return plainly(err)
				}
				return printPreview(cmd.OutOrStdout(), &r)
			})
		},
	}
	cmd.Flags().StringVar(&village, "village", "", "id of the village")
	cmd.Flags().StringVar(&from, "from", "", "first day of the deeds")
	cmd.Flags().StringVar(&to, "to", "", "last day of the deeds")
	for _, f := range []string{"village", "from", "to"} {
		if err := cmd.MarkFlagRequired(f); err != nil {
			panic(err) // the flags are made above
		}
	}
	return cmd
}

func printPreview(out io.Writer, r *preview.Report) error {
	for _, p := range r.Warnings {
		fmt.Fprintln(out, p)
	}
	fmt.Fprintf(out, "《%s》试算 %s 至 %s：%d 条记录\n", r.Title, r.From.Chinese(), r.To.Chinese(), r.Cases)
	fmt.Fprintf(out, "发放 %s 分（原来 %s 分），扣 %s 分（原来 %s 分）；折合 %s 元（原来 %s 元）；%d 户（人）的名次会变\n",
		r.New, r.Old, r.NewTaken, r.OldTaken, points.Amount(r.FenNew), points.Amount(r.FenOld), r.Moved)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, part := range []struct {
		title string
		lines []preview.Line
	}{{"类别", r.Classes}, {"月份", r.Months}} {
		fmt.Fprintf(w, "\n%s\t原来\t试算\n", part.title)
		for _, l := range part.lines {
			fmt.Fprintf(w, "%s\t%s\t%s\n", l.Name, l.Old, l.New)
		}
	}
	for _, part := range []struct {
		title    string
		accounts []preview.Account
	}{{"得分增加最多", r.Gainers}, {"得分减少最多", r.Losers}} {
		if len(part.accounts) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\t户编号\t原来\t试算\t名次\n", part.title)
		for _, a := range part.accounts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d→%d\n", a.Name, a.Number, a.Old, a.New, a.OldRank, a.NewRank)
		}
	}
	if len(r.Refused) > 0 {
		fmt.Fprintln(w, "\n不能试算的记录\t条数\t原因")
		for _, f := range r.Refused {
			fmt.Fprintf(w, "%s\t%d\t%s\n", f.Name, f.N, f.Why)
		}
	}
	return w.Flush()
}
