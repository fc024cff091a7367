package market

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// Kinds of shops. A partner is an ordinary store that gives some of its own goods for points and is paid by a monthly
// statement; nothing in it is bought with a fund.
const (
	Own     = "own"
	Partner = "partner"
)

var shopKinds = map[string]string{Own: "积分超市", Partner: "合作商店"}

// DefaultSecondAbove is the worth in points above which adjusting a shop's stock takes a second person.
const DefaultSecondAbove = 100 * points.Point

// RedeemDays says when goods are given out. What is empty does not restrict: no days means every day, no hours the whole
// day. A day counts if it is one of the weekdays or one of the days of the month.
type RedeemDays struct {
	Weekdays  []int  `json:"weekdays,omitempty" maxItems:"7" doc:"1 Monday … 7 Sunday"`
	MonthDays []int  `json:"month_days,omitempty" maxItems:"31" doc:"days of the month; 31 is the last day of a shorter month too"`
	From      string `json:"from,omitempty" maxLength:"5" doc:"opens at, 08:30"`
	To        string `json:"to,omitempty" maxLength:"5" doc:"closes at, 17:00"`
}

// settings is what a shop has beside its name, stored as JSON in one column so that redeeming reads one row.
type settings struct {
	Kind        string         `json:"kind,omitempty"`
	Days        RedeemDays     `json:"days,omitzero"`
	PauseReason string         `json:"pause_reason,omitempty"`
	PausedUntil clock.Day      `json:"paused_until,omitzero"`
	SecondAbove *points.Amount `json:"second_above,omitempty"`
}

func readSettings(text string) (s settings, err error) {
	if text == "" || text == "{}" { // most shops, on the path of every redemption
		return settings{}, nil
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("settings of a shop: %w", err)
	}
	return s, nil
}

func (s settings) text() (string, error) {
	b, err := json.Marshal(s)
	if err == nil && len(b) > 2000 {
		err = wrong("redeem_days", "兑换日太多，请减少")
	}
	return string(b), err
}

// secondAbove is the worth of adjustments that one person may make in a day.
func (s settings) secondAbove() points.Amount {
	if s.SecondAbove == nil {
		return DefaultSecondAbove
	}
	return *s.SecondAbove
}

// stateOn is a shop's state on a day: a pause with a last day is over after it.
func (s settings) stateOn(state string, day clock.Day) string {
	if state == Paused && s.PausedUntil != 0 && day > s.PausedUntil {
		return Open
	}
	return state
}

// openAt refuses, with its reason, while a shop gives nothing out: state and text are the columns of shops.
func openAt(state, text string, at time.Time) error {
	s, err := readSettings(text)
	if err != nil {
		return err
	}
	today := clock.DayOf(at)
	switch s.stateOn(state, today) {
	case Open:
	case Paused:
		why, until := "", "，请等恢复营业后再来"
		if s.PauseReason != "" {
			why = "（" + s.PauseReason + "）"
		}
		if s.PausedUntil != 0 {
			until = "，" + shortDay(s.PausedUntil.Add(1)) + "恢复"
		}
		return ErrShopClosed.With("超市暂停兑换%s%s", why, until)
	default:
		return ErrShopClosed.With("这个超市已经停业，请到本村其他超市兑换")
	}
	if !s.Days.on(today) {
		return ErrShopClosed.With("今天不是兑换日（%s），下一个兑换日是%s", s.Days.words(), shortDay(s.Days.next(today)))
	}
	if now := at.In(clock.Shanghai).Format("15:04"); s.Days.From != "" && (now < s.Days.From || now >= s.Days.To) {
		return ErrShopClosed.With("兑换时间是%s到%s，请在这段时间来", s.Days.From, s.Days.To)
	}
	return nil
}

// pausedAt refuses while a shop pauses or is closed; its days and hours do not matter.
func pausedAt(state, text string, at time.Time) error {
	s, err := readSettings(text)
	if err == nil && s.stateOn(state, clock.DayOf(at)) != Open {
		err = openAt(state, text, at)
	}
	return err
}

func shortDay(d clock.Day) string { return fmt.Sprintf("%d月%d日", d.Month(), d.Dom()) }

func (r RedeemDays) on(day clock.Day) bool {
	if len(r.Weekdays) == 0 && len(r.MonthDays) == 0 {
		return true
	}
	w := int(day.Weekday())
	if w == 0 {
		w = 7
	}
	last := day == day.EndOfMonth()
	return slices.Contains(r.Weekdays, w) || slices.Contains(r.MonthDays, day.Dom()) ||
		last && slices.ContainsFunc(r.MonthDays, func(d int) bool { return d > day.Dom() })
}

// next is the first day after today on which goods are given out. Each week and each month has one, so the search ends.
func (r RedeemDays) next(today clock.Day) clock.Day {
	for n := 1; n <= 62; n++ {
		if d := today.Add(n); r.on(d) {
			return d
		}
	}
	return today
}

// keptUntil is the last day on which goods reserved today can be fetched: so many days from now, or the next day on which
// goods are given out if there is none before.
func (r RedeemDays) keptUntil(today clock.Day, days int) clock.Day {
	return max(today.Add(days), r.next(today))
}

func (r RedeemDays) words() string {
	var parts []string
	if len(r.Weekdays) > 0 {
		names := make([]string, len(r.Weekdays))
		for i, w := range r.Weekdays {
			names[i] = string([]rune("一二三四五六日")[w-1])
		}
		parts = append(parts, "每周"+strings.Join(names, "、"))
	}
	if len(r.MonthDays) > 0 {
		names := make([]string, len(r.MonthDays))
		for i, d := range r.MonthDays {
			names[i] = fmt.Sprintf("%d日", d)
		}
		parts = append(parts, "每月"+strings.Join(names, "、"))
	}
	return strings.Join(parts, "和")
}

func (r *RedeemDays) check() error {
	var err error
	for _, w := range r.Weekdays {
		if w < 1 || w > 7 {
			err = errors.Join(err, wrong("redeem_days.weekdays", "星期几请填1到7"))
		}
	}
	for _, d := range r.MonthDays {
		if d < 1 || d > 31 {
			err = errors.Join(err, wrong("redeem_days.month_days", "每月几日请填1到31"))
		}
	}
	if (r.From == "") != (r.To == "") || r.From != "" && (!clockTime(r.From) || !clockTime(r.To) || r.From >= r.To) {
		err = errors.Join(err, wrong("redeem_days.from", "兑换时间请写成 08:30 到 17:00 的样子"))
	}
	slices.Sort(r.Weekdays)
	slices.Sort(r.MonthDays)
	r.Weekdays, r.MonthDays = slices.Compact(r.Weekdays), slices.Compact(r.MonthDays)
	return first(err)
}

func clockTime(s string) bool {
	t, err := time.Parse("15:04", s)
	return err == nil && t.Format("15:04") == s
}
