package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/ledger"
	"hefen/internal/village"
)

func importOpeningsCommand(set *settings) *cobra.Command {
	var place, on, template string
	cmd := &cobra.Command{
		Use: "openings FILE.xlsx|FILE.csv --village CODE", Short: "Import opening balances from paper books; all or nothing", Args: cobra.MaximumNArgs(1),
		Long: "Import opening balances from paper books: one row a household and a column for each wallet that can be spent. The village\nmust have its register and a scheme in force. The same file again changes nothing. --template FILE writes a file with\nthe village's households to fill in.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if place == "" || (len(args) == 0) == (template == "") {
				return errors.New("name the file and its village: hefen import openings FILE.xlsx --village CODE")
			}
			return set.with(cmd.Context(), func(p *program) error {
				if template != "" {
					return p.writeOpeningTemplate(cmd.Context(), place, template)
				}
				return p.importOpenings(cmd.Context(), cmd.OutOrStdout(), args[0], place, on)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&place, "village", "", "code or name of the village")
	f.StringVar(&on, "on", "", "day on which the balances are entered, such as 2026-11-21 (today)")
	f.StringVar(&template, "template", "", "write an .xlsx of the village's households to fill in, and import nothing")
	return cmd
}

func (p *program) writeOpeningTemplate(ctx context.Context, place, path string) error {
	at, err := p.village.FindVillage(ctx, place)
	if err != nil {
		return plainly(err)
	}
	rules, err := p.book.InForce(ctx, at.ID, clock.DayOf(p.now()))
	if err != nil {
		return plainly(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(p.village.WriteOpeningTemplate(ctx, at.ID, f, ledger.OpeningWallets(rules.Scheme)), f.Close())
}

func (p *program) importOpenings(ctx context.Context, out io.Writer, path, place, on string) error {
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
	rules, err := p.book.InForce(ctx, at.ID, clock.DayOf(p.now()))
	if err != nil {
		return plainly(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := ledger.ImportOpenings(ctx, p.db, p.village, rules.Scheme, w, p.now(), f, nil)
	if e := errs.As(err); e != nil {
		printFaults(out, e.Fields, len(e.Fields))
	}
	if err != nil {
		return plainly(err)
	}
	fmt.Fprintf(out, "%s：读了 %d 行，录入 %d 笔共 %s 分，以前已录入 %d 笔。\n", at.Name, report.Rows, report.Posted, report.Sum, report.Same)
	return nil
}
