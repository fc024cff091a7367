package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hefen/internal/storage"
)

func migrateCommand(set *settings) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to this program", Args: cobra.NoArgs,
		Long: "Bring the database's schema up to this program. Make a backup before. Several starters wait for one another;\non a Galera cluster run it on the node that takes writes.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			if err := storage.Migrate(cmd.Context(), cfg.Database); err != nil {
				return err
			}
			db, err := storage.Open(cmd.Context(), cfg.Database)
			if err != nil {
				return err
			}
			defer db.Close()
			v, err := db.SchemaVersion(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema version %d\n", v)
			return err
		},
	}
}
