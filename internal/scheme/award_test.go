package scheme

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// roundOf parses the test village with one round, with a base score of 100 where base says so.
func roundOf(t testing.TB, round string, base bool) (*Scheme, *Round) {
	t.Helper()
	src := village + "rounds:\n  - " + round + "\n"
	if base {
		src = strings.Replace(src, "  - {code: year,", "  - {code: base, name: 基础分, kind: base}\n  - {code: year,", 1) + "base: {wallet: base, points: 100}\n"
	}
	s, problems := Parse([]byte(src))
	for _, p := range problems {
		t.Fatal(p)
	}
	return s, &s.Rounds[0]
}

// households are numbered from 1 with these scores of 2026, in whole points.
func households(scores ...points.Amount) []Standing {
	out := make([]Standing, len(scores))
	for i, sc := range scores {
		out[i] = scored(id.ID(i+1), 202600, sc*points.Point)
	}
	return out
}

// winners is who wins what: 1 一等奖, 2 二等奖; in the order of ranks.
func winners(o Outcome) string {
	var out []string
	for _, p := range o.Places {
		if p.Wins {
			out = append(out, fmt.Sprintf("%d%s", p.Account, p.Title))
		}
	}
	return strings.Join(out, " ")
}

func TestAward(t *testing.T) {
	s, round := roundOf(t, "{code: year_end, name: 年终奖励, span: year, top: 3}", true)
	st := households(50, 90, 50, 40, -1, 999, 50, 999, 0, 888, 70)
	st[5].Tags = []Tag{{Kind: TagVeto, From: 20260601, To: 20270601, Reason: "乱占耕地"}}
	st[6].Tags = []Tag{{Kind: TagBarred, From: 20250101, To: 20261231}} // ended the day before
	st[7].Tags = []Tag{{Kind: TagSuspended, From: 20261231, To: clock.Forever}}
	st[9].Tags = []Tag{{Kind: TagWarning, From: 20260601, To: 20270601}, {Kind: TagBarred, From: 20261001, To: 20270101}, {Kind: TagOpenFault, From: 20261001, To: clock.Forever}}
	st[10].Tags = []Tag{{Kind: TagVeto, From: 20260601, To: 20270601, Rounds: []string{"other"}}}
	got := Award(s, round, 202600, st, nil)
	want := []string{
		"2 1 true 得90分，在7户中排第1名。进入前3名，获得“年终奖励”",
		"11 2 true 得70分，在7户中排第2名。进入前3名，获得“年终奖励”",
		"1 3 true 得50分，在7户中排第3名。进入前3名，获得“年终奖励”",
		"3 3 true 得50分，在7户中排第3名。进入前3名，获得“年终奖励”",
		"7 3 true 得50分，在7户中排第3名。进入前3名，获得“年终奖励”",
		"4 6 false 得40分，在7户中排第6名。未进入前3名",
		"9 7 false 得0分，在7户中排第7名。未进入前3名",
		"6 0 false 被一票否决（到2027年5月31日为止），原因：乱占耕地，不参加评比",
		"8 0 false 处于暂停状态，不参加评比",
		"10 0 false 被取消资格（到2026年12月31日为止），不参加评比。有一项问题还没有整改，不参加评比",
		"5 0 false 基础分100分加本期净得分-1分，共99分，低于100分，不参加评比",
	}
	for i, p := range got.Places {
		if line := fmt.Sprintf("%d %d %v %s", p.Account, p.Rank, p.Wins, strings.Join(p.Reasons, "。")); line != want[i] || p.Eligible != (p.Rank > 0) {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
	if got.On != 20261231 || len(got.Drawings) != 0 {
		t.Errorf("on %s, drawings %v", got.On, got.Drawings)
	}
}

// Who is kept out, and by which switch.
func TestAwardEligibility(t *testing.T) {
	all := "{veto: false, barred: false, suspended: false, open_fault: false}"
	for _, tt := range []struct {
		round string
		st    Standing
		out   string // part of the reason; empty: eligible
	}{
		{"", Standing{Tags: []Tag{{Kind: TagVeto, From: 1, To: clock.Forever}}}, "被一票否决"},
		{"", Standing{Tags: []Tag{{Kind: TagVeto, From: 1, To: clock.Forever, Rounds: []string{"r"}}}}, "被一票否决"},
		{"", Standing{Tags: []Tag{{Kind: TagVeto, From: 20270101, To: clock.Forever}}}, ""}, // from tomorrow on
		{"", Standing{Tags: []Tag{{Kind: TagOpenFault, From: 1, To: clock.Forever}}}, "还没有整改"},
		{"eligibility: " + all, Standing{Tags: []Tag{{Kind: TagVeto, From: 1, To: clock.Forever}, {Kind: TagBarred, From: 1, To: clock.Forever},
			{Kind: TagSuspended, From: 1, To: clock.Forever}, {Kind: TagOpenFault, From: 1, To: clock.Forever}}}, ""},
		{"eligibility: {resident: true}", Standing{}, "不是本村常住"},
		{"eligibility: {resident: true}", Standing{States: []string{"resident"}}, ""},
		{"among: {states: [党员, resident]}", Standing{States: []string{"resident"}}, ""},
		{"among: {states: [党员, resident]}", Standing{States: []string{"away"}}, "只评党员、常住"},
		{"among: {not: [away, 村干部户]}", Standing{States: []string{"resident", "村干部户"}}, "村干部户不评"},
		{"among: {groups: [一组]}", Standing{GroupName: "二组"}, "只评一组"},
		{"among: {groups: [一组, 二组]}", Standing{GroupName: "二组"}, ""},
		{"min: 10", Standing{Scores: map[ScoreKey]points.Amount{{"year", 202600}: 999}}, "得9.99分，不到最低10分"},
		{"min: 10", Standing{Scores: map[ScoreKey]points.Amount{{"year", 202600}: 1000}}, ""},
		{"cutoff: {days: 5}", Standing{Tags: []Tag{{Kind: TagVeto, From: 20270105, To: clock.Forever}}}, "被一票否决"},
		{"cutoff: {days: 4}", Standing{Tags: []Tag{{Kind: TagVeto, From: 20270105, To: clock.Forever}}}, ""},
		{"cutoff: {on: 01-10}", Standing{Tags: []Tag{{Kind: TagVeto, From: 20270105, To: 20270110}}}, ""},
		{"cutoff: {on: 01-09}", Standing{Tags: []Tag{{Kind: TagVeto, From: 20270105, To: 20270110}}}, "被一票否决"},
	} {
		s, round := roundOf(t, strings.TrimSuffix("{code: r, name: 评比, span: year, top: 1, "+tt.round, ", ")+"}", false)
		tt.st.Account = 1
		p := Award(s, round, 202600, []Standing{tt.st}, nil).Places[0]
		if p.Eligible != (tt.out == "") || !strings.Contains(strings.Join(p.Reasons, ""), tt.out) {
			t.Errorf("%s: %+v", tt.round, p)
		}
	}
	s, round := roundOf(t, "{code: r, name: 评比, span: year, top: 1}", true)
	if p := Award(s, round, 202600, households(0), nil).Places[0]; !p.Eligible {
		t.Errorf("at the base line: %+v", p)
	}
	round.Eligibility.BaseLine = false
	if p := Award(s, round, 202600, households(-50), nil).Places[0]; !p.Eligible {
		t.Errorf("below a base line that is switched off: %+v", p)
	}
}

// Every rule for places at its edge, with a tie at the cut-off under each rule for ties.
func TestAwardTiers(t *testing.T) {
	groups := func(st []Standing, of ...id.ID) []Standing {
		for i := range st {
			st[i].Group = of[i]
		}
		return st
	}
	tiers := func(ts string) string { return "tiers: [" + ts + "]" }
	for _, tt := range []struct {
		name, round string
		st          []Standing
		want        string
	}{
		{"top", tiers("{top: 2}"), households(10, 30, 20), "2奖 3奖"},
		{"top, tie at the cut-off", tiers("{top: 2}"), households(20, 30, 20, 20, 10), "2奖 1奖 3奖 4奖"},
		{"top, tie, none", "ties: none, " + tiers("{top: 2}"), households(20, 30, 20, 20, 10), "2奖"},
		{"top, tie within, none", "ties: none, " + tiers("{top: 3}"), households(20, 30, 20, 10), "2奖 1奖 3奖"},
		{"nobody below a tie that lost", "ties: none, " + tiers("{top: 2}"), households(20, 20, 20, 10), ""},
		{"more places than accounts", tiers("{top: 9}"), households(1, 2), "2奖 1奖"},
		{"tiers by rank", tiers("{name: 一等, top: 1}, {name: 二等, top: 3}"), households(10, 40, 30, 20), "2一等 3二等 4二等"},
		{"two firsts leave one second", tiers("{name: 一等, top: 1}, {name: 二等, top: 3}"), households(40, 40, 30, 20), "1一等 2一等 3二等"},
		{"a tie that lost the first prize has the second", "ties: none, " + tiers("{name: 一等, top: 1}, {name: 二等, top: 3}"), households(40, 40, 30, 20), "1二等 2二等 3二等"},
		{"percent", tiers("{percent: 20}"), households(1, 2, 3, 4, 5), "5奖"},
		{"percent rounds up", tiers("{percent: 20}"), households(1, 2, 3, 4, 5, 6), "6奖 5奖"},
		{"percent of those above 0", tiers("{percent: 50}"), households(0, 0, -1, 4, 5, 6), "6奖 5奖"},
		{"percent of all", tiers("{percent: 50, percent_of: eligible}"), households(0, 0, -1, 4, 5, 6), "6奖 5奖 4奖"},
		{"percent, tie", tiers("{percent: 20}"), households(5, 5, 3, 2, 1), "1奖 2奖"},
		{"percent, tie, none", "ties: none, " + tiers("{percent: 20}"), households(5, 5, 3, 2, 1), ""},
		{"percent and top", tiers("{percent: 50, top: 1}"), households(5, 4, 3, 2), "1奖"},
		{"one of each group", tiers("{per_group: 1}"), groups(households(9, 8, 7, 6, 5), 1, 1, 2, 2, 0), "1奖 3奖"},
		{"three of each group", tiers("{per_group: 3}"), groups(households(9, 8, 7, 6, 5), 1, 1, 1, 1, 2), "1奖 2奖 3奖 5奖"},
		{"a tie in a group", tiers("{per_group: 1}"), groups(households(9, 9, 7), 1, 1, 2), "1奖 2奖 3奖"},
		{"a tie in a group, none, and nobody below", "ties: none, " + tiers("{per_group: 1}"), groups(households(9, 9, 8, 7), 1, 1, 1, 2), "4奖"},
		{"a tie of two groups is none", "ties: none, " + tiers("{per_group: 1}"), groups(households(9, 9, 8), 1, 2, 2), "1奖 2奖"},
		{"top with a quota of groups", tiers("{top: 3, per_group: 1}"), groups(households(9, 8, 7, 6, 5), 1, 1, 2, 3, 4), "1奖 3奖 4奖"},
		{"tiers by group", tiers("{name: 一等, per_group: 1}, {name: 二等, per_group: 2}"), groups(households(9, 8, 7, 6), 1, 1, 1, 2), "1一等 2二等 4一等"},
		{"band, inclusive", tiers("{from: 20, to: 30}"), households(19, 20, 30, 31), "3奖 2奖"},
		{"band, no end", tiers("{from: 20}"), households(19, 20, 30), "3奖 2奖"},
		{"bands from the best", tiers("{name: 甲, from: 30}, {name: 乙, from: 20}, {name: 丙, to: 19.99}"), households(19, 20, 30, 31), "4甲 3甲 2乙 1丙"},
		{"stars", tiers("{name: 五星户, from: 90, stars: 5}, {name: 四星户, from: 80, stars: 4}"), households(90, 89, 80, 79), "1五星户 2四星户 3四星户"},
		{"band with a quota of groups", tiers("{from: 5, per_group: 1}"), groups(households(9, 8, 7, 4), 1, 1, 2, 3), "1奖 3奖"},
		{"everyone", tiers("{everyone: true}"), households(-1, 5), "2奖 1奖"},
		{"nobody there", tiers("{top: 1}"), nil, ""},
	} {
		s, round := roundOf(t, "{code: r, name: 奖, span: year, "+tt.round+"}", false)
		if got := winners(Award(s, round, 202600, tt.st, nil)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAwardRanksBy(t *testing.T) {
	st := []Standing{
		{Account: 1, Scores: map[ScoreKey]points.Amount{{"year", 202600}: 100, {"honor", 202600}: 900, {"honor", 0}: 1000},
			Counts: map[CountKey]points.Amount{{Class: "eco", Span: 202600}: 5, {Item: "gift", Span: 202600}: 1, {Item: "help", Span: 202600}: 2}},
		{Account: 2, Scores: map[ScoreKey]points.Amount{{"year", 202600}: 200, {"honor", 202600}: 100, {"honor", 0}: 3000},
			Counts: map[CountKey]points.Amount{{Class: "free", Span: 202600}: 4, {Item: "gift", Span: 202600}: 2}},
	}
	for by, want := range map[string][2]points.Amount{
		"":                                    {100, 200},
		"rank_by: {wallets: [honor]}, ":       {900, 100},
		"rank_by: {wallets: [honor, year]}, ": {1000, 300},
		"rank_by: {wallets: [honor], ever: true}, ": {1000, 3000},
		"rank_by: {classes: [eco, free]}, ":         {5, 4},
		"rank_by: {items: [gift, help]}, ":          {3, 2},
	} {
		s, round := roundOf(t, "{code: r, name: 奖, span: year, "+by+"top: 1}", false)
		got := Award(s, round, 202600, only(st, s.NeedsOf(round, 202600)), nil)
		for _, p := range got.Places {
			if p.Score != want[p.Account-1] {
				t.Errorf("%s account %d: %s", by, p.Account, p.Score)
			}
		}
	}
}

func TestAwardRewards(t *testing.T) {
	s, round := roundOf(t, `{code: r, name: 年终, span: year, rewards: [{title: 最美家庭}],
     tiers: [{name: 一等奖, top: 1, rewards: [{points: 8, wallet: loan}, {goods: 大米, count: 2}, {privilege: 免费用餐一个月}]},
      {name: 二等奖, from: 27, rewards: [{choice: [{name: 大米}, {name: 套餐, goods: [{name: 面条, count: 2}, {name: 食用油}]}]}]}]}`, false)
	got := Award(s, round, 202600, households(30, 27, 26), nil).Places
	var refs []string
	for _, pl := range got {
		for _, p := range pl.Prizes {
			refs = append(refs, fmt.Sprintf("%d:%s %s %s", pl.Account, p.Ref, p.Kind, p.Words))
		}
	}
	want := []string{"1:1.1 points 可欠积分8分", "1:1.2 goods 大米2件", "1:1.3 privilege 免费用餐一个月", "1:0.1 title 荣誉称号“最美家庭”",
		"2:2.1 choice 大米1件或套餐（面条2件、食用油1件）（任选一样）", "2:0.1 title 荣誉称号“最美家庭”"}
	if !slices.Equal(refs, want) {
		t.Errorf("got\n%s", strings.Join(refs, "\n"))
	}
	if last := got[0].Reasons[len(got[0].Reasons)-1]; last != "奖励：可欠积分8分；大米2件；免费用餐一个月；荣誉称号“最美家庭”" {
		t.Error(last)
	}
}

func TestAwardDividend(t *testing.T) {
	parts := func(round string, st []Standing) string {
		s, r := roundOf(t, "{code: r, name: 分红, span: year, tiers: [{everyone: true, rewards: [{dividend: "+round+"}]}]}", false)
		var out []string
		for _, p := range Award(s, r, 202600, st, nil).Places {
			for _, z := range p.Prizes {
				out = append(out, fmt.Sprintf("%d:%d/%s", p.Account, z.Fen, z.Points))
			}
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		name, pool string
		st         []Standing
		want       string
	}{
		{"by score", "{yuan: 100}", households(30, 10, 60), "3:6000/0 1:3000/0 2:1000/0"},
		{"thirds: the fen left goes to the first account", "{yuan: 100}", households(10, 10, 10), "1:3334/0 2:3333/0 3:3333/0"},
		{"the largest fraction first", "{yuan: 0.1}", households(1, 2, 4), "3:6/0 2:3/0 1:1/0"}, // 1.43, 2.86, 5.71
		{"points", "{points: 1, wallet: spend}", households(1, 2), "2:0/0.67 1:0/0.33"},
		{"nobody below 0", "{yuan: 9}", households(10, -5, 0, 20), "4:600/0 1:300/0"},
		{"nobody above 0", "{yuan: 9}", households(-1, 0), ""},
		{"fewer units than accounts", "{yuan: 0.02}", households(1, 1, 1), "1:1/0 2:1/0"},
		{"the pool of mechanism E6", "{yuan: 10000}", households(37000, 41), "1:998893/0 2:1107/0"},
	} {
		if got := parts(tt.pool, tt.st); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAwardDraws(t *testing.T) {
	s, round := roundOf(t, "{code: r, name: 抽奖, span: year, ties: lottery, tiers: [{name: 一等奖, top: 1}, {name: 幸运奖, from: 10, draw: 2}]}", false)
	st := households(50, 50, 50, 20, 15, 10, 9)
	before := Award(s, round, 202600, st, nil)
	if w := winners(before); w != "" || len(before.Drawings) != 2 || fmt.Sprint(before.Drawings[0].Accounts) != "[1 2 3]" || before.Drawings[0].Seats != 1 {
		t.Errorf("before the number is drawn: %q %+v", w, before.Drawings)
	}
	if p := before.Places[0]; p.Drawing != 1 || !strings.Contains(p.Reasons[1], "第1名有3户并列，超出前1名，等待抽签") {
		t.Errorf("%+v", p)
	}
	after := Award(s, round, 202600, st, []byte("20261231"))
	d := after.Drawings
	if fmt.Sprint(d[0].Accounts, d[0].Drawn) != "[1 2 3] [2]" || fmt.Sprint(d[1].Accounts) != "[1 3 4 5 6]" || len(d[1].Drawn) != 2 {
		t.Errorf("%+v", d)
	}
	if got := winners(after); got != "2一等奖 "+fmt.Sprintf("%d幸运奖 %d幸运奖", min(d[1].Drawn[0], d[1].Drawn[1]), max(d[1].Drawn[0], d[1].Drawn[1])) {
		t.Errorf("%s of %+v", got, d)
	}
	for _, p := range after.Places {
		if all := strings.Join(p.Reasons, "。"); p.Account == 7 && all != "得9分，在7户中排第7名。一等奖：未进入前1名。幸运奖：不到10分" ||
			p.Account == 2 && all != "得50分，在7户中排第1名。一等奖：第1名有3户并列，超出前1名，第1次抽签抽中。进入前1名，获得“一等奖”" {
			t.Error(all)
		}
	}
	// Fewer than there are prizes: everybody has one without a draw.
	if o := Award(s, round, 202600, households(50, 20), nil); winners(o) != "1一等奖 2幸运奖" || o.Drawings != nil {
		t.Errorf("%s %+v", winners(o), o.Drawings)
	}
	s, round = roundOf(t, "{code: r, name: 奖, span: year, ties: lottery, tiers: [{top: 2, per_group: 1}]}", false)
	st = households(9, 9, 9, 9)
	for i := range st {
		st[i].Group = id.ID(1 + i/2)
	}
	st[3].Group = 3
	if o := Award(s, round, 202600, st, nil); winners(o) != "" || len(o.Drawings) != 1 { // two of group 1 for one place, then three groups for two
		t.Errorf("%s %+v", winners(o), o.Drawings)
	}
	if o := Award(s, round, 202600, st, []byte("x")); len(o.Drawings) != 2 || len(o.Drawings[1].Accounts) != 3 || len(o.Drawings[1].Drawn) != 2 {
		t.Errorf("%+v", o.Drawings)
	}
}

// Worked out apart from this program, from docs/awards.md.
func TestDraw(t *testing.T) {
	for _, tt := range []struct {
		seed string
		n, k int
		want string
	}{
		{"20261231", 10, 3, "[7 8 6]"},
		{"20261231", 10, 10, "[7 8 6 1 4 3 2 5 0 9]"},
		{"双色球2026150期 03 07 12 18 25 31+09", 52, 5, "[1 3 35 16 14]"},
		{"20261231#1", 3, 1, "[1]"},
		{"20261231#2", 3, 1, "[0]"},
		{"", 5, 5, "[0 3 4 1 2]"},
		{"a", 1, 1, "[0]"},
		{"a", 2, 5, "[1 0]"},
		{"a", 0, 0, "[]"},
	} {
		if got := fmt.Sprint(Draw([]byte(tt.seed), tt.n, tt.k)); got != tt.want {
			t.Errorf("%q %d of %d: %s", tt.seed, tt.k, tt.n, got)
		}
	}
	// Numbers that would favour the low lots are thrown away: of 2^63 + 1 lots about half are.
	var counter uint64
	for range 20 {
		if x := below([]byte("a"), 1<<63+1, &counter); x > 1<<63 {
			t.Fatal(x)
		}
	}
	if counter < 30 {
		t.Errorf("nothing was thrown away: %d", counter)
	}
}

// Over many seeds every account is drawn about equally often.
func TestDrawIsFair(t *testing.T) {
	const n, k, seeds = 7, 3, 7000
	var drawn [n]int
	for i := range seeds {
		for _, lot := range Draw([]byte(fmt.Sprint("种子", i)), n, k) {
			drawn[lot]++
		}
	}
	for lot, times := range drawn {
		if times < 2850 || times > 3150 { // 3000 expected, σ = 41
			t.Errorf("lot %d came %d times", lot, times)
		}
	}
}

var anyRound = rapid.Custom(func(t *rapid.T) Round {
	r := Round{Code: "r", Name: "奖", Of: SubjectHousehold, Span: "year", RankBy: RankBy{Wallets: []string{"year"}},
		Ties:        rapid.SampledFrom([]string{TiesAll, TiesNone, TiesLottery}).Draw(t, "ties"),
		Eligibility: Eligibility{Veto: true, Suspended: rapid.Bool().Draw(t, "suspended")}}
	for range rapid.IntRange(1, 3).Draw(t, "tiers") {
		tier := Tier{Name: "档", Rewards: []Reward{{Kind: RewardPoints, Wallet: "spend", Points: 100}}}
		switch rapid.IntRange(0, 6).Draw(t, "rule") {
		case 0:
			tier.Top = rapid.IntRange(1, 6).Draw(t, "top")
		case 1:
			tier.Per100, tier.PercentOf = int64(rapid.IntRange(1, 100).Draw(t, "percent"))*1000, "scored"
		case 2:
			tier.PerGroup = rapid.IntRange(1, 3).Draw(t, "per_group")
		case 3:
			tier.Top, tier.PerGroup = rapid.IntRange(1, 6).Draw(t, "top"), rapid.IntRange(1, 2).Draw(t, "per_group")
		case 4:
			from := points.Amount(rapid.IntRange(-2, 5).Draw(t, "from")) * 1750
			tier.From = &from
		case 5:
			tier.Draw, tier.Everyone = rapid.IntRange(1, 5).Draw(t, "draw"), true
		case 6:
			tier.Everyone = true
		}
		if rapid.Bool().Draw(t, "shared") {
			tier.Rewards = []Reward{{Kind: RewardDividend, Pool: &Pool{Fen: int64(rapid.IntRange(1, 1000).Draw(t, "pool"))}}}
		}
		r.Tiers = append(r.Tiers, tier)
	}
	return r
})

// The order of the standings changes nothing, and neither does what was spent; every dividend sums to its pool; no rule
// gives more places than it has.
func TestPropertyAward(t *testing.T) {
	s := busy(t)
	rapid.Check(t, func(t *rapid.T) {
		all, r := anyStandings.Draw(t, "standings"), anyRound.Draw(t, "round")
		var seed []byte
		if rapid.Bool().Draw(t, "drawn") {
			seed = []byte(rapid.String().Draw(t, "seed") + "x")
		}
		whole := Award(s, &r, 202600, all, seed)
		spent := rapid.Permutation(all).Draw(t, "order")
		for i := range spent {
			spent[i].Balances = nil
		}
		if other := Award(s, &r, 202600, spent, seed); !reflect.DeepEqual(whole, other) {
			t.Fatalf("in another order, with nothing left: %+v\n%+v", whole, other)
		}
		if len(whole.Places) != len(all) {
			t.Fatal("somebody is missing")
		}
		var better points.Amount
		pools, shared := map[string]int64{}, map[string]bool{}
		for i, p := range whole.Places {
			if len(p.Reasons) == 0 || p.Wins != (p.Tier > 0) || p.Wins && !p.Eligible || p.Wins && p.Drawing > 0 || !p.Wins && p.Prizes != nil {
				t.Fatalf("%+v", p)
			}
			if p.Eligible && i > 0 && p.Score > better {
				t.Fatalf("%s ranks behind %s", p.Score, better)
			}
			better = p.Score
			for _, z := range p.Prizes {
				if z.Kind == RewardDividend {
					pools[z.Ref] += z.Fen
					shared[z.Ref] = true
				}
			}
			if seed != nil && p.Drawing > 0 {
				t.Fatalf("still waiting: %+v", p)
			}
		}
		for ref := range shared {
			tier := int(ref[0] - '1')
			if pools[ref] != r.Tiers[tier].Rewards[0].Pool.Fen {
				t.Fatalf("dividend %s shares out %d", ref, pools[ref])
			}
		}
		withinPlaces(t, &r, whole, all)
	})
}

// withinPlaces counts the places again in a plainer way.
func withinPlaces(t *rapid.T, r *Round, o Outcome, all []Standing) {
	group := map[id.ID]id.ID{}
	for _, st := range all {
		group[st.Account] = st.Group
	}
	for no, tier := range r.Tiers {
		won, byGroup := 0, map[id.ID]int{}
		for _, p := range o.Places {
			if p.Tier == no+1 {
				won++
				byGroup[group[p.Account]]++
				if r.Ties != TiesAll && tier.Top > 0 && p.Rank > tier.Top && tier.PerGroup == 0 {
					t.Fatalf("rank %d wins among the first %d", p.Rank, tier.Top)
				}
			}
		}
		if tier.Draw > 0 && won > tier.Draw || r.Ties != TiesAll && tier.Top > 0 && won > tier.Top {
			t.Fatalf("%d win tier %+v", won, tier)
		}
		for g, n := range byGroup {
			if r.Ties != TiesAll && tier.PerGroup > 0 && n > tier.PerGroup {
				t.Fatalf("%d win in group %d: %+v", n, g, tier)
			}
		}
	}
}
