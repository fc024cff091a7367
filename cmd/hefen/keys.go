package main

import (
	"fmt"
	"slices"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"hefen/internal/access"
	"hefen/internal/village"
)

func keysCommand(set *settings) *cobra.Command {
	var only bool
	rotate := &cobra.Command{
		Use: "rotate", Short: "Add a new key for phone and ID numbers and seal all of them anew; servers may go on running", Args: cobra.NoArgs,
		Long: `Adds a new key to the keys file, makes it the current one, and seals every phone and ID number under it. Older keys
stay in the file, because backups need them. Running servers read the new key by themselves but go on sealing with the
old one until they are restarted: restart them, then run "hefen keys rotate --reseal-only". If the command breaks off,
run it again with --reseal-only. Copy the keys file to where you keep it, apart from the backups.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return set.with(cmd.Context(), func(p *program) error {
				out := cmd.OutOrStdout()
				if !only {
					key, err := p.db.Keys.Rotate()
					if err != nil {
						return err
					}
					fmt.Fprintf(out, "key %d is now the current one in %s\n", key, p.cfg.Database.KeysFile)
				}
				bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionSetDescription("sealing anew"))
				n, err := p.db.Reseal(cmd.Context(), slices.Concat(village.Sealed, access.Sealed), func(n int) { _ = bar.Set(n) })
				if err != nil {
					return fmt.Errorf("after %d numbers (run again with --reseal-only): %w", n, err)
				}
				_, err = fmt.Fprintf(out, "%d numbers sealed anew\n", n)
				return err
			})
		},
	}
	rotate.Flags().BoolVar(&only, "reseal-only", false, "add no key, only seal anew what is under an older one")
	cmd := &cobra.Command{Use: "keys", Short: "Keys of the encrypted columns"}
	cmd.AddCommand(rotate)
	return cmd
}
