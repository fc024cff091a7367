package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/ledger"
	"hefen/internal/redisx"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// program is an opened database with the services on it: what serve and the administrative commands share.
type program struct {
	cfg   config.Config
	log   *slog.Logger
	now   clock.Clock
	db    *storage.DB
	redis *redisx.Client // nil: none is configured

	village *village.Service
	book    *rulebook.Book
}

// open makes the program on the configured database, whose schema must be current on MySQL and is made so on SQLite.
func open(ctx context.Context, cfg config.Config) (*program, error) {
	p := &program{cfg: cfg, log: logger(cfg), now: clock.System}
	slog.SetDefault(p.log)
	var err error
	if p.db, err = storage.Open(ctx, cfg.Database); err != nil {
		return nil, err
	}
	if p.db.Keys, err = storage.LoadOrCreateKeyring(cfg.Database.KeysFile); err != nil {
		p.db.Close()
		return nil, fmt.Errorf("keys_file: %w", err)
	}
	p.redis = redisx.Open(cfg.Redis)
	p.village = village.New(p.db, p.now, ledger.OpenAccounts)
	p.book = rulebook.New(p.db, p.now)
	return p, nil
}

func (p *program) close() error {
	return errors.Join(p.redis.Close(), p.db.Close())
}

func logger(cfg config.Config) *slog.Logger {
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // checked by config
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// with runs a command on the opened program and closes it.
func (s *settings) with(ctx context.Context, run func(*program) error) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	p, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(run(p), p.close())
}
