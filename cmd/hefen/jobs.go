package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// startJobs runs what works beside the requests: the outbox's lanes and what is due once a day.
func (p *program) startJobs(ctx context.Context, jobs *sync.WaitGroup) {
	jobs.Go(func() {
		if err := p.lanes.Run(ctx); err != nil {
			p.log.Warn("lanes not given back; they lapse by themselves", "err", err)
		}
	})
	jobs.Go(func() { p.everyFewMinutes(ctx, "sessions in use", p.access.WriteSeen) })
	jobs.Go(func() {
		p.daily(ctx, "purge sessions", func(ctx context.Context) (int, error) {
			n, err := p.access.PurgeSessions(ctx)
			return int(n), err
		})
	})
	jobs.Go(func() {
		p.notify.Run(ctx, func(err error) { p.log.Warn("messages not sent; they wait", "err", err) })
	})
	jobs.Go(func() { p.daily(ctx, "raise overdue voices", p.voice.RaiseOverdue) })
	jobs.Go(func() { p.daily(ctx, "tell of expiring points", p.notify.TellExpiring) })
	jobs.Go(func() { p.daily(ctx, "roll up figures", p.report.RollUp) })
	jobs.Go(func() { p.daily(ctx, "purge messages", p.notify.Purge) })
	jobs.Go(func() {
		p.daily(ctx, "purge days of requests", func(ctx context.Context) (int, error) { return p.db.PurgeDays(ctx, p.now().Add(-storage.DaysKept)) })
	})
	jobs.Go(func() { p.daily(ctx, "sweep photos", p.media.Sweep) })
	jobs.Go(func() { p.daily(ctx, "let published points count", p.cases.TakeEffect) })
	jobs.Go(func() { p.daily(ctx, "base score", p.season.GrantBase) })
	jobs.Go(func() { p.daily(ctx, "closes due", p.season.Advance) })
	jobs.Go(func() { p.daily(ctx, "announce resets", p.season.Announce) })
	jobs.Go(func() { p.daily(ctx, "count votes", p.cases.CountVotes) })
	jobs.Go(func() { p.daily(ctx, "note corrections of awards", p.season.NoteCorrections) })
	jobs.Go(func() { p.daily(ctx, "charge faults that are overdue", p.cases.ChargeOverdue) })
	jobs.Go(func() { p.daily(ctx, "raise objections", p.cases.RaiseObjections) })
	jobs.Go(func() {
		p.daily(ctx, "look at the calendar", func(context.Context) (int, error) {
			if year := clock.DayOf(p.now()).Year(); !p.calendar.Knows(year) {
				p.log.Warn("no table of holidays for this year; working days are Monday to Friday", "year", year, "folder", "configs/holidays")
			}
			return 0, nil
		})
	})
	jobs.Go(func() {
		p.daily(ctx, "lapse reservations", p.market.LapseReservations)
	})
	jobs.Go(func() {
		p.daily(ctx, "seal the books", func(ctx context.Context) (int, error) { return ledger.SealAll(ctx, p.db, p.now()) })
	})
	jobs.Go(func() {
		p.daily(ctx, "expire lots", func(ctx context.Context) (int, error) { return ledger.ExpireLots(ctx, p.db, p.now()) })
	})
}

// daily runs a task at the start and after each midnight in Shanghai, and again soon after a failure. The tasks may be
// run twice and on several servers.
func (p *program) daily(ctx context.Context, name string, task func(context.Context) (int, error)) {
	t := time.NewTicker(5 * time.Minute)
	defer t.Stop()
	var last clock.Day
	for {
		if today := clock.DayOf(p.now()); today != last {
			n, err := task(ctx)
			switch {
			case errors.Is(err, context.Canceled):
				return
			case err != nil:
				p.log.Error("daily task failed; it is tried again", "task", name, "err", err)
			default:
				last = today
				p.log.Info("daily task done", "task", name, "rows", n)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// everyFewMinutes runs a task that is small, and once more when the server stops.
func (p *program) everyFewMinutes(ctx context.Context, name string, task func(context.Context) (int, error)) {
	t := time.NewTicker(5 * time.Minute)
	defer t.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if _, err := task(last); err != nil {
			p.log.Warn("task failed; it is tried again", "task", name, "err", err)
		}
		cancel()
	}
}
