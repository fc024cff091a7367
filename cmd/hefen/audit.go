package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hefen/internal/cases"
	"hefen/internal/config"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/publication"
	"hefen/internal/season"
	"hefen/internal/storage"
)

// errBroken ends an audit that found something; what it found has been printed.
var errBroken = errors.New("the audit found broken rows")

// audits are those of all packages that keep laws of their own.
var audits = []func(context.Context, *storage.DB) (ledger.Report, error){ledger.Audit, cases.Audit, market.Audit, publication.Audit, season.Audit}

func auditCommand(set *settings) *cobra.Command {
	var seals bool
	var printed printedRoot
	cmd := &cobra.Command{
		Use: "audit", Short: "Recompute every balance, total and stock from its entries and compare; changes nothing", Args: cobra.NoArgs,
		Long: "Recompute every balance, total and stock from its entries and compare; changes nothing. Prints what was checked, with\ncounts, names broken rows and ends non-zero when there are any. Stop the server, or accept that rows in motion are named.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			return set.audit(cmd, cfg, seals || printed.Root != "", printed)
		},
	}
	cmd.Flags().BoolVar(&seals, "seals", false, "also hold every entry against the seals: names what was changed, removed or put in since it was sealed")
	cmd.Flags().StringVar(&printed.Root, "root", "", "also say whether the book still contains what this root on paper has sealed; its first 16 characters are enough")
	cmd.Flags().Int64Var(&printed.Size, "size", 0, "with --root: how many entries the paper says")
	cmd.Flags().StringVar(&printed.village, "village", "", "with --root: code of the village of the paper")
	return cmd
}

// printedRoot is a root on paper; the village by its code.
type printedRoot struct {
	ledger.PrintedRoot
	village string
}

// against holds the book against it.
func (p printedRoot) against(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	if p.village != "" {
		err := db.QueryRow(ctx, "SELECT id FROM regions WHERE kind = 'village' AND code = ?", p.village).Scan(&p.Village)
		if errors.Is(err, sql.ErrNoRows) {
			return ledger.Check{}, fmt.Errorf("there is no village with the code %s", p.village)
		}
		if err != nil {
			return ledger.Check{}, err
		}
	}
	return ledger.AuditRoot(ctx, db, p.PrintedRoot)
}

// audit opens no keys: after a restore they may not be there yet.
func (s *settings) audit(cmd *cobra.Command, cfg config.Config, seals bool, printed printedRoot) (err error) {
	db, err := storage.Open(cmd.Context(), cfg.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	report, err := fullAudit(cmd.Context(), db)
	if err != nil {
		return err
	}
	photos, err := auditPhotos(cmd.Context(), db, cfg)
	if err != nil {
		return err
	}
	report.Checks = append(report.Checks, photos)
	if seals {
		sealed, err := ledger.AuditSeals(cmd.Context(), db)
		if err != nil {
			return err
		}
		report.Checks = append(report.Checks, sealed.Checks...)
	}
	if printed.Root != "" {
		c, err := printed.against(cmd.Context(), db)
		if err != nil {
			return err
		}
		report.Checks = append(report.Checks, c)
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	if !report.OK() {
		return errBroken
	}
	return nil
}

// auditPhotos looks that the photos of the rows are in the store.
func auditPhotos(ctx context.Context, db *storage.DB, cfg config.Config) (c ledger.Check, err error) {
	store, err := media.OpenStore(cfg.Photos)
	if err != nil {
		return c, err
	}
	c.Law, c.What = "–", "each use is of a known photo, and the bytes of each kept photo are in the store"
	c.Rows, c.Broken, err = media.Audit(ctx, db, store)
	return c, err
}

// fullAudit is the checks of every feature in one report.
func fullAudit(ctx context.Context, db *storage.DB) (all ledger.Report, err error) {
	for _, audit := range audits {
		r, err := audit(ctx, db)
		if err != nil {
			return all, err
		}
		all.Checks = append(all.Checks, r.Checks...)
	}
	return all, nil
}
