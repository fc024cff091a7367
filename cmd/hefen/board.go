package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hefen/internal/id"
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
	cmd.AddCommand(rebuild)
	return cmd
}
