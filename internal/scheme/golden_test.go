package scheme

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Worked by hand from the villages' tables: each line is one case, decided after all lines above it.
type worked struct {
	item     string
	day      clock.Day
	given    points.Amount // range
	grade    string
	quantity int64
	counted  points.Amount
	changes  string
}

func work(t *testing.T, name string, lines []worked) {
	t.Helper()
	s := template(t, name)
	var history []Decided
	for i, w := range lines {
		item, ok := s.Item(w.item)
		if !ok {
			t.Fatalf("line %d: no item %s", i+1, w.item)
		}
		c := Case{ID: id.ID(i + 1), Item: w.item, OccurredOn: w.day, Account: 7, Member: 70, Points: w.given, Grade: w.grade, Quantity: w.quantity}
		if w.given != 0 {
			c.Note = "理由"
		}
		d, err := Decide(s, c, NewFacts(slices.Clone(history)))
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		var parts []string
		for _, ch := range d.Changes {
			parts = append(parts, ch.Wallet+ch.Amount.Signed())
		}
		if got := strings.Join(parts, " "); d.Counted != w.counted || got != w.changes {
			t.Errorf("line %d %s: counted %s, changes %q; %q", i+1, w.item, d.Counted, got, d.Reasons)
		}
		history = append(history, Decided{Case: c.ID, Account: 7, Member: 70, Item: w.item, Class: item.Class, OccurredOn: w.day, No: int64(i + 1), Counted: d.Counted, Warned: d.Warned})
	}
}

func TestGoldenLuoyu(t *testing.T) {
	s := template(t, "luoyu")
	if len(s.Items) != 28 || s.Subject != SubjectPerson || len(s.Wallets) != 2 || s.ScoreWallet() != "honor" {
		t.Fatalf("%d items, subject %s, %d wallets", len(s.Items), s.Subject, len(s.Wallets))
	}
	work(t, "luoyu", []worked{
		{item: "dangri", day: 20260115, counted: 500, changes: "spend+5 honor+5"},
		{item: "zhiyuan", day: 20260115, counted: 1500, changes: "spend+15 honor+15"},
		{item: "qingsao", day: 20260115, counted: 500, changes: "spend+5 honor+5"},
		{item: "qingsao", day: 20260115, counted: 0, changes: ""},          // once a day
		{item: "laji", day: 20260201, counted: 0, changes: ""},             // warned
		{item: "dubo", day: 20260202, counted: -2000, changes: "spend-20"}, // honour is never reduced
		{item: "laji", day: 20260301, counted: -1000, changes: "spend-10"}, // not mended
		{item: "erdeng", day: 20260801, counted: 10000, changes: "spend+100 honor+100"},
		{item: "qita", day: 20260802, given: 10000, counted: 10000, changes: "spend+100 honor+100"},
		{item: "qita", day: 20260803, given: -10000, counted: -10000, changes: "spend-100"},
		{item: "laji", day: 20270401, counted: 0, changes: ""}, // thirteen months later: a warning again
	})
}

func TestGoldenWanzhou(t *testing.T) {
	work(t, "wanzhou", []worked{
		{item: "daoyuan", day: 20260310, quantity: 2000, counted: 100, changes: "spend+1 year+1"}, // exactly 2 h
		{item: "daoyuan", day: 20260310, quantity: 2017, counted: 200, changes: "spend+2 year+2"}, // 2 h 01
		{item: "shangmen", day: 20260310, quantity: 500, counted: 100, changes: "spend+1 year+1"},
		{item: "yuannei", day: 20260310, grade: "good", counted: 200, changes: "spend+2 year+2"},
		{item: "yuannei", day: 20260310, grade: "ordinary", counted: 0, changes: ""}, // once a day
		{item: "yuannei", day: 20260311, grade: "ordinary", counted: 100, changes: "spend+1 year+1"},
		{item: "shengchan", day: 20260311, given: 750, counted: 750, changes: "spend+7.5 year+7.5"},
		{item: "wenyu", day: 20260311, counted: 200, changes: "spend+2 year+2"},
		{item: "chongyang", day: 20261018, quantity: 1750, counted: 400, changes: "spend+4 year+4"}, // 3.5 rounded
		{item: "shengri", day: 20261018, quantity: 1000, counted: 300, changes: "spend+3 year+3"},
		{item: "jiangzuo", day: 20261018, quantity: 400, counted: 0, changes: ""},
		{item: "wenyu", day: 20260311, counted: 0, changes: ""}, // in a second troupe on the same day
	})
}

func TestGoldenLinyuan(t *testing.T) {
	work(t, "linyuan", []worked{
		{item: "weisheng", day: 20260305, grade: "clean", counted: 1000, changes: "spend+10 year+10 honor+10"},
		{item: "weisheng", day: 20260405, grade: "poor", counted: -500, changes: "spend-5 year-5"},
		{item: "weisheng", day: 20260505, grade: "plain", counted: 0, changes: ""},
		{item: "laji", day: 20260506, counted: 0, changes: ""},
		{item: "laji", day: 20260601, counted: -1000, changes: "spend-10 year-10"}, // 屡教不改
		{item: "gongxian", day: 20260602, given: 3000, counted: 3000, changes: "spend+30 year+30 honor+30"},
		{item: "gongxian", day: 20260603, given: 3000, counted: 3000, changes: "spend+30 year+30 honor+30"},
		{item: "gongxian", day: 20260604, given: 100, counted: 0, changes: ""}, // 60 a year
		{item: "linli", day: 20260701, counted: 1000, changes: "spend+10 year+10 honor+10"},
		{item: "laoren", day: 20260702, counted: 1000, changes: "spend+10 year+10 honor+10"},
		{item: "laoren", day: 20260703, counted: 1000, changes: "spend+10 year+10 honor+10"},
		{item: "laoren", day: 20260704, counted: 1000, changes: "spend+10 year+10 honor+10"},
		{item: "linli", day: 20260705, counted: 0, changes: ""}, // class: 40 a month
	})
}

func TestClose(t *testing.T) {
	luoyu, linyuan := template(t, "luoyu"), template(t, "linyuan")
	ps := luoyu.Periods(20260101, 20271231)
	if fmt.Sprint(ps) != "[{2025 2026-01-10} {2026 2027-01-10}]" {
		t.Fatalf("periods %v", ps)
	}
	got := Close(luoyu, ps[1], []Standing{
		{Account: 1, Balances: map[string]points.Amount{"spend": 3550, "honor": 9000}},
		{Account: 2, Balances: map[string]points.Amount{"honor": 9000}},
		{Account: 3, Balances: map[string]points.Amount{"spend": -500}}, // a debt stays
	})
	want := Closing{Change{Account: 1, Wallet: "spend", Amount: -3550, Intent: Zero}, "2026年可兑积分到期清零，清零前35.5分"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
	if wrong := Close(luoyu, Period{Span: 202600, On: 20270111}, []Standing{{Account: 1, Balances: map[string]points.Amount{"spend": 1}}}); wrong != nil {
		t.Errorf("closed on another day: %+v", wrong)
	}
	ps = linyuan.Periods(20260102, 20270101)
	if fmt.Sprint(ps) != "[{2026 2027-01-01}]" {
		t.Fatalf("periods %v", ps)
	}
	got = Close(linyuan, ps[0], []Standing{{Account: 1}, {Account: 2, Balances: map[string]points.Amount{"base": 10000, "spend": 700}}, {Account: 3, Balances: map[string]points.Amount{"base": 4000}}})
	if closings(got) != "1 base +100 add 2027年基础分定为100分，原有0分; 3 base +60 add 2027年基础分定为100分，原有40分; " {
		t.Errorf("got %v", got)
	}
}

func TestCloseCarriesARatio(t *testing.T) {
	src := strings.Replace(village, "kind: spend}", "kind: spend, reset: {every: month, grace_days: 5, carry: 30}}", 1)
	s, problems := Parse([]byte(src))
	if s == nil {
		t.Fatal(problems)
	}
	if ps := s.Periods(20260205, 20260305); fmt.Sprint(ps) != "[{2026-01 2026-02-06}]" {
		t.Fatalf("periods %v", ps)
	}
	got := Close(s, Period{Span: 202601, On: 20260206}, []Standing{{Account: 1, Balances: map[string]points.Amount{"spend": 1005}}})
	if closings(got) != "1 spend -7.04 add 2026年1月可兑积分到期，10.05分中结转30%，留下3.01分; " {
		t.Errorf("got %v", got)
	}
}

func TestAward(t *testing.T) {
	s := template(t, "linyuan")
	round := s.Rounds[0]
	round.Top = 3
	got := Award(s, round, 20261231, []Standing{
		{Account: 1, Score: 5000}, {Account: 2, Score: 9000}, {Account: 3, Score: 5000}, {Account: 4, Score: 4000},
		{Account: 5, Score: -1}, {Account: 6, Score: 99900, Tags: []Tag{{Kind: TagVeto, From: 20260601, To: 20270601}}},
		{Account: 7, Score: 5000, Tags: []Tag{{Kind: TagBarred, From: 20250101, To: 20261231}}}, // ended the day before
		{Account: 8, Score: 99900, Tags: []Tag{{Kind: TagSuspended, From: 20261231, To: clock.Forever}}}, {Account: 9, Score: 0},
		{Account: 10, Score: 88800, Tags: []Tag{{Kind: TagWarning, From: 20260601, To: 20270601}, {Kind: TagBarred, From: 20261001, To: 20270101}}},
	})
	want := []string{
		"2 1 true 得90分，排第1名，获得“年终积分奖励”",
		"1 2 true 得50分，排第2名，获得“年终积分奖励”",
		"3 2 true 得50分，排第2名，获得“年终积分奖励”",
		"7 2 true 得50分，排第2名，获得“年终积分奖励”",
		"4 5 false 得40分，排第5名，未进入前3名",
		"9 6 false 得0分，排第6名，未进入前3名",
		"6 0 false 被一票否决（到2027年5月31日为止），不参加评比",
		"8 0 false 处于暂停状态，不参加评比",
		"10 0 false 被取消资格（到2026年12月31日为止），不参加评比",
		"5 0 false 基础分100分加本期净得分-0.01分，共99.99分，低于100分，不参加评比",
	}
	for i, p := range got {
		if line := fmt.Sprintf("%d %d %v %s", p.Account, p.Rank, p.Wins, p.Reason); line != want[i] || p.Eligible != (p.Rank > 0) {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
	round.Min = 6000
	if p := Award(s, round, 20261231, []Standing{{Account: 1, Score: 5000}})[0]; p.Wins || p.Reason != "得50分，排第1名，但不到最低60分" {
		t.Errorf("below the least score: %+v", p)
	}
}

func closings(cs []Closing) string {
	var b strings.Builder
	for _, c := range cs {
		fmt.Fprintf(&b, "%d %s %s %s %s; ", c.Account, c.Wallet, c.Amount.Signed(), c.Intent, c.Reason)
	}
	return b.String()
}
