package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/season"
)

// errForged ends a verification that found something; what it found has been printed.
var errForged = errors.New("the drawing does not follow from the sealed list and the number")

func lotteryCommand(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "lottery", Short: "Drawing of lots 抽签"}
	cmd.AddCommand(lotteryVerifyCommand(set), lotteryExportCommand(set))
	return cmd
}

// evidence reads it from a file, or from the database.
func evidence(cmd *cobra.Command, set *settings, award, file string) (e season.Evidence, err error) {
	if (award == "") == (file == "") {
		return e, errors.New("want --award or --file")
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return e, err
		}
		return e, json.Unmarshal(text, &e)
	}
	round, err := id.Parse(award)
	if err != nil {
		return e, errors.New("want the number of an award")
	}
	err = set.with(cmd.Context(), func(p *program) error {
		var in id.ID
		if err := p.db.QueryRow(cmd.Context(), "SELECT COALESCE(MAX(village_id), 0) FROM award_rounds WHERE id = ?", round).Scan(&in); err != nil {
			return err
		}
		e, err = p.season.EvidenceOf(cmd.Context(), in, round)
		return plainly(err)
	})
	return e, err
}

func lotteryVerifyCommand(set *settings) *cobra.Command {
	var award, file string
	cmd := &cobra.Command{
		Use: "verify", Short: "Do a drawing again from the sealed list and the number drawn in public", Args: cobra.NoArgs,
		Long: `Compute an award round again from its evidence alone: the seal of the list, the rules, every drawing and every winner must
agree. With --file no database is needed: anybody who was given the evidence can do it. docs/awards.md writes the algorithm down.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := evidence(cmd, set, award, file)
			if err != nil {
				return err
			}
			v, err := season.Verify(e)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n封存码 %s\n号码 %q（%s）\n名单 %d户（人），重新抽签 %d次\n", e.Name, season.HashOf(e.List), e.Number, e.How, v.Standings, v.Drawings)
			if e.Seal != nil {
				fmt.Fprintf(cmd.OutOrStdout(), "封账号 %s（%s，应与此后公示榜上印的连得上）\n", e.Seal.Head.Code(), clock.DayOf(clock.FromMs(e.Seal.Head.At)).Chinese())
			}
			if v.Unsealed && e.Number != "" {
				v.Wrong = append(v.Wrong, "名单没有封进村里的封账，不能证明它在号码以前就有")
			}
			for _, wrong := range v.Wrong {
				fmt.Fprintln(cmd.OutOrStdout(), "不一致："+wrong)
			}
			if len(v.Wrong) > 0 {
				return errForged
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "一致")
			return err
		},
	}
	cmd.Flags().StringVar(&award, "award", "", "number of the award in the configured database")
	cmd.Flags().StringVar(&file, "file", "", "or a file that `hefen lottery export` or the page wrote")
	return cmd
}

func lotteryExportCommand(set *settings) *cobra.Command {
	var award string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the evidence of an award as JSON, for lottery verify --file", Args: cobra.NoArgs,
		Long: "Write the evidence of an award as JSON, for lottery verify --file. It names households by number of account and holds what stands\nagainst them: it is for those who supervise, not for a notice board.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := evidence(cmd, set, award, "")
			if err != nil {
				return err
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(e)
		},
	}
	cmd.Flags().StringVar(&award, "award", "", "number of the award")
	return cmd
}
