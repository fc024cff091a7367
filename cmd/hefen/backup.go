package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hefen/internal/backup"
	"hefen/internal/storage"
)

func backupCommand(set *settings) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "backup --to FILE", Short: "Save database and photos of the embedded default in one file; the server may be running", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			m, err := backup.Create(cmd.Context(), cfg, to, version, time.Now())
			if err != nil {
				return err
			}
			var size int64
			for _, f := range m.Files {
				size += f.Size
			}
			fmt.Fprintf(cmd.OutOrStdout(), "saved %d files (%d bytes, schema %d) to %s\n", len(m.Files), size, m.Schema, to)
			fmt.Fprintf(cmd.OutOrStdout(), "The keys are NOT in it. Keep a copy of %s in another place: without it phone and ID numbers cannot be read.\n", cfg.Database.KeysFile)
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the file to write, such as hefen-20261121.tar.gz")
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err)
	}
	return cmd
}

func restoreCommand(set *settings) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the configured places, bring its schema up and audit it; the server must be stopped", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			newest, err := storage.NewestMigration(storage.SQLite)
			if err != nil {
				return err
			}
			done, err := backup.Restore(cmd.Context(), cfg, args[0], newest, force, time.Now())
			for _, path := range done.Aside {
				fmt.Fprintf(out, "moved aside: %s\n", path)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "restored %d files, made %s by %s, schema %d\n", len(done.Manifest.Files), done.Manifest.MadeAt.Format(time.RFC3339), done.Manifest.Program, done.Manifest.Schema)
			if err := storage.Migrate(cmd.Context(), cfg.Database); err != nil {
				return fmt.Errorf("bring the schema up: %w", err)
			}
			if _, err := os.Stat(cfg.Database.KeysFile); errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintf(out, "There is no keys file at %s. Put the copy there before you start the server: otherwise new keys are made and the saved phone and ID numbers cannot be read.\n", cfg.Database.KeysFile)
			}
			return set.audit(cmd, cfg, false, printedRoot{})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "move what is there aside and restore in its place")
	return cmd
}
