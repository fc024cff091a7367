package demo

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/notify"
	"hefen/internal/publication"
)

// notice: on the first of a month 林源村 puts up what was decided in the month before.
func (l *loader) notice(ctx context.Context, p *place, day clock.Day) error {
	if p.spec.code != linyuan.code || day.Dom() != 1 || day < l.today.Add(-openDays) {
		return nil
	}
	last := day.Add(-1)
	first := clock.MakeDay(last.Year(), last.Month(), 1)
	if first < l.first {
		return nil
	}
	l.set(day, 9, 0)
	notices := publication.New(l.db, l.now, l.cases, l.villages, l.rules)
	r := publication.Range{From: first, To: last}
	seen, err := notices.Preview(ctx, p.team, p.id, r)
	if err != nil {
		return fmt.Errorf("preview of the notice: %w", err)
	}
	if _, err = notices.Publish(ctx, p.team, p.id, publication.PublishRequest{RequestID: l.request(), Range: r, Digest: seen.Digest}); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	return nil
}

// newsDays is how long ago the villagers who can be tried last looked at their messages.
const newsDays = 9

// looked: the villagers who can be tried have read their messages up to some days ago, so that only what is new is marked.
func (l *loader) looked(ctx context.Context, p *place, day clock.Day) error {
	if day != l.today.Add(-newsDays) {
		return nil
	}
	l.set(day, 21, 30)
	inbox, err := notify.New(l.db, l.now, l.people, nil, config.Notify{})
	if err != nil {
		return err
	}
	for _, home := range p.homes {
		who, tried := p.voice[home]
		if !tried {
			continue
		}
		if _, err := inbox.Mark(ctx, who, notify.MarkRequest{Upto: l.db.NewID()}); err != nil {
			return fmt.Errorf("messages: %w", err)
		}
	}
	return nil
}
