package demo

import (
	"context"
	"fmt"
	"strings"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/voice"
)

// openDays is the least history in which a village has a panel, a drawn sample, an event and complaints.
const openDays = 70

// judged lets the panel of 林源村 say what the good deeds are worth that its rules do not list: half what the household gives
// itself, half what the panel gives.
func judged(v spec, source string) (string, error) {
	if v.code != linyuan.code {
		return source, nil
	}
	const given = "    range: {from: 1, to: 30}\n"
	if strings.Count(source, given) != 1 {
		return "", fmt.Errorf("the rules of %s have no single item to be judged by the panel", v.name)
	}
	return strings.Replace(source, given, "    panel: {from: 1, to: 30}\n    review: {panel: true, average: true}\n    ways: [claim, entry]\n", 1), nil
}

// openness is what makes 林源村 an open one on the day of the demo: a panel that votes, supervisors with a sample of last month, an
// event that is going on, a complaint that was answered and one that waits.
func (l *loader) openness(ctx context.Context, p *place) error {
	if l.today.Sub(l.first) < openDays {
		return nil
	}
	for _, do := range []func(context.Context, *place) error{l.elect, l.supervise, l.gather, l.complain} {
		if err := do(ctx, p); err != nil {
			return err
		}
	}
	l.set(l.today, 24, 0)
	return nil
}

// elect seats a panel of three, the first of whom can be tried; the other two have voted on the older of two claims.
func (l *loader) elect(ctx context.Context, p *place) error {
	at := access.Place{Village: p.id}
	l.set(l.today.Add(-40), 9, 0)
	if _, err := l.official(ctx, "panel", "吴昌盛", access.PanelMember, at, p, "评议小组：手机上表决，票数记名"); err != nil {
		return err
	}
	var voters []access.Actor
	for i, name := range []string{"龙玉兰", "石宏林"} {
		user, err := l.people.AddUser(ctx, fmt.Sprintf("panel%d", i+2), name, "")
		if err != nil {
			return err
		}
		if _, err := l.people.Install(ctx, at, access.Grant{User: user, Role: access.PanelMember, FromDay: clock.DayOf(l.now())}); err != nil {
			return err
		}
		voter, err := l.people.ActAs(ctx, user)
		if err != nil {
			return err
		}
		voters = append(voters, voter)
	}
	home := p.homes[7]
	for i, c := range []cases.Claim{
		{Points: 12 * points.Point, Note: "大雨后和邻居一起清了两天村口的塌方，让校车能过。"},
		{Points: 6 * points.Point, Note: "给村里老人义务理发一下午，理了11位。"},
	} {
		l.set(l.today.Add(i-3), 19, 10)
		c.RequestID, c.Item, c.OccurredOn = l.request(), "gongxian", l.today.Add(i-3)
		made, err := l.cases.Claim(ctx, p.voice[home], p.id, home, c)
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		if i > 0 {
			continue
		}
		for k, voter := range voters {
			l.set(l.today.Add(-2), 12, 5*k)
			if _, err := l.cases.Vote(ctx, voter, p.id, made.ID, cases.VoteRequest{RequestID: l.request(), Aye: true, Points: points.Amount(8+2*k) * points.Point}); err != nil {
				return fmt.Errorf("vote: %w", err)
			}
		}
	}
	return nil
}

// supervise seats the village's supervisors, who have drawn cases of last month and looked at one.
func (l *loader) supervise(ctx context.Context, p *place) error {
	l.set(l.today.Add(-40), 9, 30)
	by, err := l.official(ctx, "watch", "潘德贵", access.VillageSupervisor, access.Place{Village: p.id}, p, "监委会：每月抽查记录，看谁给谁加了多少分")
	if err != nil {
		return err
	}
	month := clock.MakeDay(l.today.Year(), l.today.Month(), 1).Add(-1)
	l.set(l.today, 8, 30)
	drawn, err := l.cases.DrawSample(ctx, by, p.id, cases.SampleRequest{RequestID: l.request(), Month: month, Seed: "公开摇号 06 11 19 23 28 31", Size: 5})
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	_, err = l.cases.Find(ctx, by, p.id, drawn.ID, drawn.Lines[0].Line, cases.FindingRequest{RequestID: l.request(), Finding: cases.FoundRight})
	return err
}

// gather is an event of this morning, to which some have come already.
func (l *loader) gather(ctx context.Context, p *place) error {
	events := activity.New(l.db, l.now, l.cases, l.rules, l.villages, l.photos, l.people.Names)
	l.set(l.today, 7, 30)
	starts := l.now()
	made, err := events.Call(ctx, p.team, p.id, activity.CallRequest{RequestID: l.request(), Item: "qingsao", Title: "河道垃圾清理", Place: "村口老桥边",
		StartsAt: clock.Ms(starts), EndsAt: clock.Ms(l.today.Start()) + 20*60*60*1000})
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	come := append([]id.ID(nil), p.homes[20:27]...)
	_, err = events.Enter(ctx, p.team, p.id, made.ID, activity.EnterRequest{RequestID: l.request(), People: come})
	return err
}

// complain has two things said, of which one was answered.
func (l *loader) complain(ctx context.Context, p *place) error {
	voices := voice.New(l.db, l.now, l.photos, l.people.Names, clock.Weekdays, 7)
	home := p.homes[7]
	said := func(days, hour int, kind, text string) (voice.Voice, error) {
		l.set(l.today.Add(-days), hour, 20)
		return voices.Speak(ctx, p.voice[home], p.id, home, voice.SpeakRequest{RequestID: l.request(), Kind: kind, Text: text, MayBeShown: true})
	}
	bin, err := said(6, 18, "complaint", "三组的垃圾池满了好几天，没有人来拉，夏天味道大。")
	if err != nil {
		return fmt.Errorf("complaint: %w", err)
	}
	l.set(l.today.Add(-4), 10, 0)
	if _, err := voices.Answer(ctx, p.team, p.id, bin.ID, voice.AnswerRequest{RequestID: l.request(), Show: true,
		Answer: "昨天已经清走，和清运队说好每周二、周五各来一次。再满了请打村部电话。"}); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	_, err = said(1, 20, "suggestion", "积分超市能不能逢赶集的日子也开门？")
	return err
}
