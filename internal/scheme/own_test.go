package scheme

import (
	"fmt"
	"strings"
	"testing"

	"hefen/internal/clock"
)

// withPeriods is the test village with periods of its own.
func withPeriods(periods string, replace ...string) string {
	return strings.NewReplacer(append(replace, "wallets:", "periods: ["+periods+"]\nwallets:")...).Replace(village)
}

func TestParseRefusesOwnPeriods(t *testing.T) {
	const nian = "{code: nian, name: 村年, from: 11-01, to: 10-31}"
	for _, tt := range []struct{ periods, rest, want string }{
		{"{code: year, name: 年, from: 11-01, to: 10-31}", "", "period “year”在细则里已经有别的意思"},
		{"{code: life, name: 年, from: 11-01, to: 10-31}", "", "period “life”在细则里已经有别的意思"},
		{nian + ", " + nian, "", "duplicate 代号“nian”"},
		{"{code: a, name: 甲, from: 2026-02-01, to: 10-31}", "", "period 第一天和最后一天的写法不一样"},
		{"{code: a, name: 甲, from: 2026-02-30, to: 2026-03-01}", "", "date 没有“2026-02-30”这一天"},
		{"{code: a, name: 甲, from: 02-29, to: 05-31}", "", "date 没有“2025-02-29”这一天"},
		{"{code: a, name: 甲, from: 2026-03-01, to: 2026-02-01}", "", "date 最后一天早于第一天"},
		{"{code: a, name: 甲, from: 2026-03-01, to: 2027-05-01}", "", "period 一个周期最长一年"},
		{"{code: a, name: 甲, from: 13-01, to: 10-31}", "", "pattern from（第一天）“13-01”的写法不对"},
		{"{code: a, name: 甲, from: 11-01}", "", "missing 少了 to（最后一天）"},
		{nian, "rounds: [{code: r, name: 奖, span: nain, top: 1}]", "reference 没有“nain”这个周期"},
		{nian, "rank_coins: [{name: 前三, every: quater, top: 3, wallet: spend, points: 1}]", "reference 没有“quater”这个周期"},
		{nian, "watch: [{code: w, name: 后进, span: month, mean_of: month, below: 1, last: 1}]", "reference 没有“month”这个周期"},
		{nian, "watch: [{code: w, name: 后进, span: nian, mean_of: quarter, below: 1, last: 1}]", "watch “村年”分不成整的季度"},
		{"{code: a, name: 甲, from: 02-15, to: 05-31}", "watch: [{code: w, name: 后进, span: a, mean_of: month, below: 1, last: 1}]", "watch “甲”分不成整的月"},
		{"{code: a, name: 甲, from: 02-15, to: 05-31}", "base: {wallet: base, points: 100, every: a}", "period “甲”过完要等一阵才有下一个"},
	} {
		source := withPeriods(tt.periods) + tt.rest + "\n"
		if strings.HasPrefix(tt.rest, "base") {
			source = withPeriods(tt.periods, "kind: spend}", "kind: spend}\n  - {code: base, name: 基础分, kind: base}") + tt.rest + "\n"
		}
		s, problems := Parse([]byte(source))
		if s != nil || len(problems) == 0 || !strings.HasPrefix(problems[0].Code+" "+problems[0].Msg, tt.want) || problems[0].Line < 4 || problems[0].Col < 2 || problems[0].Advice == "" {
			t.Errorf("%s %s: %v", tt.periods, tt.rest, problems)
		}
	}
}

// TestOwnPeriods: when they end, what they are called, and what falls due with them.
func TestOwnPeriods(t *testing.T) {
	s, problems := Parse([]byte(withPeriods("{code: nian, name: 村年, from: 11-01, to: 10-31}, {code: chun, name: 春耕, from: 2026-02-15, to: 2026-05-31}, {code: leap, name: 三月年, from: 03-01, to: 02-28}",
		"kind: spend}", "kind: spend, reset: {every: nian, on: 01-10}}") + `
rank_coins: [{name: 春耕第一, every: chun, top: 1, wallet: spend, points: 5}]
rounds: [{code: r, name: 村年奖, span: nian, cutoff: {on: 12-01}, top: 1}]
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := "[{20250301-20260228 2026-03-01} {20260215-20260531 2026-06-01} {20251101-20261031 2026-11-01} {20251101-20261031 2027-01-10} {20260301-20270228 2027-03-01}]"
	if got := fmt.Sprint(s.Periods(20260201, 20270401)); got != want {
		t.Errorf("periods %s", got)
	}
	nian, chun := clock.Between(20251101, 20261031), clock.Between(20260215, 20260531)
	if got := fmt.Sprint(s.SpansOf("leap", 20280101, 20280301)); got != "[20270301-20280229 20280301-20290228]" { // the 29th belongs to the year that ends with February
		t.Errorf("around a leap day: %s", got)
	}
	if !s.Knows(nian) || s.Knows(clock.Between(20251101, 20261030)) || !s.Knows(202604) || s.SpanName(nian) != "村年（2025年11月1日至2026年10月31日）" {
		t.Errorf("knows %v, %s", s.Knows(nian), s.SpanName(nian))
	}
	if on := s.Rounds[0].On(nian); on != 20261201 {
		t.Errorf("round on %s", on)
	}
	expect(t, Close(s, Period{nian, 20270110}, []Standing{balance(1, "spend", 300)}), "1 reset spend-3 zero 村年（2025年11月1日至2026年10月31日）可兑积分到期清零，清零前3分")
	expect(t, Close(s, Period{nian, 20261101}, []Standing{balance(1, "spend", 300)})) // not yet
	expect(t, Close(s, Period{chun, 20260601}, []Standing{scored(1, chun, 300), scored(2, chun, 200)}),
		"1 coin spend+5 add 春耕第一：春耕（2026年2月15日至2026年5月31日）得3分，排第1名，在前1名以内，得可兑积分5分")
}
