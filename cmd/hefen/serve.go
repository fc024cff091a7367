package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hefen/internal/backup"
	"hefen/internal/config"
	"hefen/internal/httpapi"
	"hefen/internal/ledger"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

func serveCommand(set *settings) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the server until a stop signal; running requests then come to their end", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := set.load()
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, cmd.OutOrStdout())
		},
	}
}

// serve runs until ctx ends, then stops in order: no new work is asked for, running requests end, lanes are given back.
func serve(ctx context.Context, cfg config.Config, out io.Writer) error {
	release, err := backup.HoldShared(cfg)
	if err != nil {
		return err
	}
	defer release()
	if cfg.Database.Engine == config.MySQL { // SQLite is migrated as it is opened
		if err := storage.Migrate(ctx, cfg.Database); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	p, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	if cfg.Demo {
		if err := p.loadDemo(ctx, out); err != nil {
			return errors.Join(err, p.close())
		}
	}
	err = p.serve(ctx, out)
	return errors.Join(err, p.close())
}

func (p *program) serve(ctx context.Context, out io.Writer) error {
	listener, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (another program there? set `listen`): %w", p.cfg.Listen, err)
	}
	s := p.server()
	web := s.HTTP(s.Handler())

	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	var jobs sync.WaitGroup
	p.startJobs(background, &jobs)

	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	announce(out, p.cfg, listener.Addr())

	select {
	case err = <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return p.stop(s, web, stopBackground, &jobs)
}

// stop is the graceful end. Requests that outlast the limit are cut off and counted as an error.
func (p *program) stop(s *httpapi.Server, web *http.Server, stopBackground func(), jobs *sync.WaitGroup) error {
	s.Drain()
	p.log.Info("stopping", "wait_at_most", p.cfg.Limits.StopTimeout.String())
	if p.cfg.Limits.DrainDelay > 0 { // a load balancer needs time to see that /readyz has changed
		time.Sleep(p.cfg.Limits.DrainDelay)
	}
	end, cancel := context.WithTimeout(context.Background(), p.cfg.Limits.StopTimeout)
	defer cancel()
	err := web.Shutdown(end)
	if err != nil {
		err = fmt.Errorf("requests still ran after %s and were cut off: %w", p.cfg.Limits.StopTimeout, errors.Join(err, web.Close()))
	}
	stopBackground()
	jobs.Wait()
	p.log.Info("stopped")
	return err
}

// server is the HTTP side on the program's services.
func (p *program) server() *httpapi.Server {
	return &httpapi.Server{
		Config: p.cfg, Log: p.log, Now: p.now, Version: version, DB: p.db, Redis: p.redis,
		Village: p.village, Book: p.book, Board: p.board, Cases: p.cases, Standing: standing.New(p.db, p.now, p.village),
		Successions: p.successions, Access: p.access, Market: p.market, Preview: p.preview, Media: p.media, Notify: p.notify, Season: p.season, Voice: p.voice, Activity: p.activity, Session: p.access.Actor,
		Report: p.report, Publication: p.publication,
		Gauges: map[string]httpapi.Gauge{
			"outbox_backlog": {Help: "Events of the outbox that are not done.", Read: func(ctx context.Context) (float64, error) {
				var n int64
				all, err := p.db.OutboxBacklog(ctx)
				for _, b := range all {
					n += b.Events
				}
				return float64(n), err
			}},
			"outbox_oldest_seconds": {Help: "Age of the oldest event that is not done.", Read: func(ctx context.Context) (float64, error) {
				var oldest time.Duration
				all, err := p.db.OutboxBacklog(ctx)
				for _, b := range all {
					oldest = max(oldest, b.Oldest)
				}
				return oldest.Seconds(), err
			}},
			"board_lag_seconds": {Help: "Age of the oldest change that the boards in Redis do not show yet; 0 without Redis.", Read: func(ctx context.Context) (float64, error) {
				all, err := p.db.OutboxBacklog(ctx)
				for _, b := range all {
					if b.Topic == ledger.TopicPosted {
						return b.Oldest.Seconds(), err
					}
				}
				return 0, err
			}},
			"redis_failures_total": {Help: "Calls that Redis did not answer.", Read: func(context.Context) (float64, error) { return float64(p.redis.Failures()), nil }},
		},
	}
}

func announce(out io.Writer, cfg config.Config, addr net.Addr) {
	_, port, _ := net.SplitHostPort(addr.String())
	host, _, _ := net.SplitHostPort(cfg.Listen)
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	base := "http://" + net.JoinHostPort(host, port)
	fmt.Fprintf(out, "禾分已启动，请用浏览器打开 %s/ （接口说明：%s/docs）。按 Ctrl+C 停止。\n", base, base)
	fmt.Fprintf(out, "Hefen is running: open %s/ in a browser.\n", base)
	if cfg.Demo {
		fmt.Fprintln(out, "演示模式：任何人都可以选择角色登录，只在本机使用。 Demo: anybody may sign in under any role.")
	}
	if _, err := os.Stat(strings.TrimSuffix(cfg.Pages.Dir, "/") + "/index.html"); err != nil {
		fmt.Fprintln(out, "页面还没有构建，请运行 make pages。 The pages are not built yet: run make pages.")
	}
}
