package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hefen/internal/id"
	"hefen/internal/village"
)

func boardCommand(set *settings) *cobra.Command {
	var places []string
	rebuild := &cobra.Command{
		Use: "rebuild", Short: "Make the boards in Redis anew; the running servers do it, SQL answers meanwhile", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return set.with(cmd.Context(), func(p *program) error {
				if !p.redis.On() {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), "no Redis is configured: boards are read by SQL, there is nothing to rebuild")
					return err
				}
				var villages []id.ID
				for _, place := range places {
					v, err := p.village.FindVillage(cmd.Context(), place)
					if err != nil {
						return plainly(err)
					}
					villages = append(villages, v.ID)
				}
				if err := p.board.Rebuild(cmd.Context(), villages...); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "asked for; the servers make them anew in the background")
				return err
			})
		},
	}
	rebuild.Flags().StringSliceVar(&places, "village", nil, "code or name of a village (all)")
	cmd := &cobra.Command{Use: "board", Short: "Rankings 排行榜"}
	cmd.AddCommand(rebuild, boardVillagesCommand(set))
	return cmd
}

func boardVillagesCommand(set *settings) *cobra.Command {
	return &cobra.Command{
		Use: "villages TOWN-ID on|off", Short: "Open or close the ranking of a town's villages (closed by default; not for assessing cadres)", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			town, err := id.Parse(args[0])
			if err != nil || (args[1] != "on" && args[1] != "off") {
				return errors.New("want the id of a town and on or off")
			}
			return set.with(cmd.Context(), func(p *program) error {
				r, err := p.village.Region(cmd.Context(), town)
				if err != nil {
					return plainly(err)
				}
				if r.Kind != village.Town {
					return fmt.Errorf("%s is not a town", r.Name)
				}
				return p.board.OpenVillages(cmd.Context(), 0, town, args[1] == "on")
			})
		},
	}
}
