// Command hefen is the server of Hefen and every administrative task on its data.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"hefen/internal/config"
)

// version is set at build time by -ldflags "-X main.version=…".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hefen:", err)
		os.Exit(1)
	}
}

// settings finds the configuration of a command: --config, HEFEN_CONFIG, hefen.yaml here if there is one, or none.
type settings struct{ path string }

func (s *settings) load() (config.Config, error) {
	path := s.path
	if path == "" {
		path = os.Getenv("HEFEN_CONFIG")
	}
	if path == "" {
		if _, err := os.Stat("hefen.yaml"); err == nil {
			path = "hefen.yaml"
		}
	}
	return config.Load(path, os.Environ())
}

func root() *cobra.Command {
	set := &settings{}
	cmd := &cobra.Command{
		Use: "hefen", Short: "Hefen 禾分: a village points platform", Version: version,
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVar(&set.path, "config", "", "settings file (default: $HEFEN_CONFIG, then ./hefen.yaml if it exists)")
	cmd.AddCommand(serveCommand(set), migrateCommand(set), backupCommand(set), restoreCommand(set), auditCommand(set), importCommand(set), schemeCommand(set), boardCommand(set), keysCommand(set), roleCommand(set), demoCommand(set), benchCommand(set), seasonCommand(set), lotteryCommand(set), openapiCommand())
	return cmd
}
