package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/httpapi"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/notify"
	"hefen/internal/preview"
	"hefen/internal/publication"
	"hefen/internal/redisx"
	"hefen/internal/report"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/succession"
	"hefen/internal/village"
	"hefen/internal/voice"
)

// program is an opened database with the services on it: what serve and the administrative commands share.
type program struct {
	cfg   config.Config
	log   *slog.Logger
	now   clock.Clock
	db    *storage.DB
	redis *redisx.Client // nil: none is configured

	lanes   *storage.Lanes // serve runs them
	village *village.Service
	book    *rulebook.Book
	board   *board.Service
	report  *report.Service

	successions *succession.Service
	access      *access.Service
	cases       *cases.Service
	calendar    *clock.Calendar
	market      *market.Service
	preview     *preview.Service
	notify      *notify.Service
	voice       *voice.Service
	activity    *activity.Service
	photos      media.Store
	media       *media.Service
	season      *season.Service
	publication *publication.Service
}

// open makes the program on the configured database, whose schema must be current on MySQL and is made so on SQLite.
func open(ctx context.Context, cfg config.Config) (*program, error) {
	p := &program{cfg: cfg, log: logger(cfg), now: clock.System}
	slog.SetDefault(p.log)
	var err error
	if p.db, err = storage.Open(ctx, cfg.Database); err != nil {
		return nil, err
	}
	if err := p.loadKeys(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("keys_file: %w", err), p.db.Close())
	}
	p.redis = redisx.Open(cfg.Redis)
	wx, err := access.WeChat(cfg)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	sender, err := access.Sender(cfg, p.log)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.access = access.New(p.db, p.now, wx)
	if p.photos, err = media.OpenStore(cfg.Photos); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.media = media.New(p.db, p.now, p.photos, cfg.Photos)
	if wx != nil {
		p.media.CheckedBy(wx, p.access.OpenID)
	}
	p.access.SendCodes(sender, access.CodeLimits{PerPhone: cfg.SMS.PerPhone, PerAddress: cfg.SMS.PerSource, PerDay: cfg.SMS.PerDay})
	p.book = rulebook.New(p.db, p.now)
	p.book.Remember(time.Second)
	p.village = village.New(p.db, p.now, season.OpenAccounts(p.book, p.now))
	p.cases = cases.New(p.db, p.now, p.village, p.book, p.access, p.media)
	if p.calendar, err = clock.ReadCalendar(configs.Holidays, "holidays/*.yaml"); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.cases.UseCalendar(p.calendar.AddWorkDays)
	p.market = market.New(p.db, p.now, p.village, p.book, p.access.Names)
	p.market.WithPhotos(p.media)
	p.market.UsePIN(p.access.CheckPIN)
	p.market.UseOfficers(p.access.Officers)
	p.publication = publication.New(p.db, p.now, p.cases, p.village, p.book)
	p.season = season.New(p.db, p.now, p.village, p.book, p.market, p.media)
	p.preview = preview.New(p.db, p.cases, p.village, p.book, p.market)
	p.board = board.New(p.db, p.redis, p.now, p.book, p.village, board.Options{})
	p.voice = voice.New(p.db, p.now, p.media, p.access.Names, p.calendar.AddWorkDays, cfg.Voices.AnswerDays)
	p.activity = activity.New(p.db, p.now, p.cases, p.book, p.village, p.media, p.access.Names)
	if p.notify, err = notify.New(p.db, p.now, p.access, wx, cfg.Notify); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.report = report.New(p.db, p.now, p.book, p.village, p.board)
	p.lanes = storage.NewLanes(p.db, storage.LaneOptions{})
	if err := p.board.Start(ctx, p.lanes); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if err := p.media.Start(ctx, p.lanes); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if err := p.notify.Start(ctx, p.lanes); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.successions = succession.New(p.db, p.now, p.village, func(ctx context.Context, village id.ID, day clock.Day) (*scheme.Scheme, error) {
		v, err := p.book.InForce(ctx, village, day)
		if err != nil {
			return nil, err
		}
		return v.Scheme, nil
	})
	p.successions.Carries(httpapi.CarryOver)
	return p, nil
}

// loadKeys makes a keys file for a database that has none yet, and never for one that was sealed with another.
func (p *program) loadKeys(ctx context.Context) (err error) {
	path := p.cfg.Database.KeysFile
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		var sealed int
		err := p.db.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM members WHERE LENGTH(phone_enc) > 0 OR LENGTH(idno_enc) > 0 LIMIT 1) m)
			+ (SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE LENGTH(phone_enc) > 0 LIMIT 1) u)`).Scan(&sealed)
		if err != nil {
			return err
		}
		if sealed > 0 {
			return fmt.Errorf("%s is missing, and the database holds phone or ID numbers that only it can open: put the copy there", path)
		}
	}
	p.db.Keys, err = storage.LoadOrCreateKeyring(path)
	return err
}

func (p *program) close() error {
	return errors.Join(p.redis.Close(), p.db.Close())
}

func logger(cfg config.Config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: logLevel(cfg), ReplaceAttr: unquoted}))
}

// unquoted takes out of a logged error what a driver quotes of a row.
func unquoted(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		return slog.String(a.Key, errs.Unquoted(err.Error()))
	}
	return a
}

func logLevel(cfg config.Config) slog.Level {
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return slog.LevelInfo // checked by config
	}
	return level
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
