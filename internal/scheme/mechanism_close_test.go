package scheme

import (
	"fmt"
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

func init() {
	for name, test := range map[string]func(*testing.T){
		"A11_quota_in_a_group":      mechanismA11Rounds,
		"D6_thresholds_at_close":    mechanismD6Close,
		"D7_mean_and_last":          mechanismD7,
		"E1_base_is_not_spent":      mechanismE1,
		"E2_several_wallets":        mechanismE2,
		"E3_gift_beside_task":       mechanismE3,
		"E4_spending_lowers_nobody": mechanismE4,
		"E5_rank_to_coin":           mechanismE5,
		"E6_dividend":               mechanismE6,
		"E9_order_of_payment":       mechanismE9Payment,
		"F1_reset":                  mechanismF1,
		"H1_star_levels":            mechanismH1,
		"H3_bands_and_baskets":      mechanismH3,
		"H4_lottery":                mechanismH4,
		"H6_points_of_level_above":  mechanismH6,
	} {
		mechanisms[name] = test
	}
}

// closingVillage is a scheme with whatever a test adds: wallets and the other parts of the file.
func closingVillage(t *testing.T, wallets, rest string) *Scheme {
	t.Helper()
	src := "format: 1\ntitle: 某村\nsubject: household\nwallets:\n  - {code: year, name: 年度积分, kind: score}\n" + wallets +
		"classes:\n  - {code: eco, name: 环境}\nitems:\n  - {code: sweep, name: 清扫, class: eco, points: 2}\n  - {code: dump, name: 乱倒, class: eco, points: -2}\n" + rest
	s, problems := Parse([]byte(src))
	for _, p := range problems {
		if p.Level == LevelError {
			t.Fatalf("%s\n%s", p, src)
		}
	}
	return s
}

const spendWallet = "  - {code: spend, name: 可兑积分, kind: spend}\n"

// One most beautiful household in every group; the first three of every group.
func mechanismA11Rounds(t *testing.T) {
	s := closingVillage(t, spendWallet, `rounds:
  - {code: zuimei, name: 最美人家, span: year, ties: lottery, tiers: [{name: 最美人家, per_group: 1, rewards: [{points: 50, wallet: spend}]}]}
  - {code: three, name: 每组前三, span: year, ties: none, tiers: [{per_group: 3}]}
`)
	st := households(90, 80, 80, 70, 60, 60, 60, 50, 40)
	for i, g := range []id.ID{1, 1, 2, 2, 1, 1, 3, 3, 0} {
		st[i].Group = g
	}
	if got := winners(Award(s, &s.Rounds[0], 202600, st, nil)); got != "1最美人家 3最美人家 7最美人家" {
		t.Error(got)
	}
	// Third in group 1 are two with 60: by this rule neither; group 0 is no group.
	if got := winners(Award(s, &s.Rounds[1], 202600, st, nil)); got != "1每组前三 2每组前三 3每组前三 4每组前三 7每组前三 8每组前三" {
		t.Error(got)
	}
	st[1].Scores = st[0].Scores // two best in group 1: one of them by lot
	o := Award(s, &s.Rounds[0], 202600, st, []byte("2026-12-31 08 17"))
	if len(o.Drawings) != 1 || fmt.Sprint(o.Drawings[0].Accounts) != "[1 2]" || len(o.Drawings[0].Drawn) != 1 {
		t.Errorf("%+v", o.Drawings)
	}
	if got := winners(o); got != fmt.Sprintf("%d最美人家 3最美人家 7最美人家", o.Drawings[0].Drawn[0]) {
		t.Error(got)
	}
}

// Below 70 suspended until back at 70; below 50 no redemption this quarter.
func mechanismD6Close(t *testing.T) {
	s := closingVillage(t, spendWallet+"  - {code: base, name: 基础分, kind: base}\n", `base: {wallet: base, points: 100, line: 100}
thresholds:
  - {code: low, name: 低于70分, of: [base, year], below: 70, then: suspended, at: close}
  - {code: lower, name: 低于50分, of: [base, year], below: 50, then: barred, term: {until: quarter}}
  - {code: now, name: 低于30分, of: [base, year], below: 30, then: veto, at: entry}
rounds:
  - {code: year_end, name: 年终, span: year, top: 10}
`)
	account := func(n id.ID, year points.Amount, tags ...Tag) Standing {
		st := scored(n, 202600, year)
		st.Balances, st.Tags = map[string]points.Amount{"base": 10000}, tags
		return st
	}
	low := Tag{Kind: TagSuspended, Code: "low", From: 20260201, To: clock.Forever}
	lower := Tag{Kind: TagBarred, Code: "lower", From: 20260201, To: 20260401}
	march := Period{Span: 202603, On: 20260401}
	expect(t, Close(s, march, []Standing{
		account(1, -3000),                         // exactly 70
		account(2, -3001),                         // 69.99
		account(3, -5001),                         // 49.99: both
		account(4, -3001, low),                    // stands already
		account(5, -3000, low),                    // back at 70
		account(6, 9900, lower),                   // a term that ends today
		account(7, -8000, low, lower),             // below both still: the quarter begins anew
		account(8, -1, Tag{Code: "other", To: 1}), // nothing
	}),
		"2 tag suspended 2026-04-01–9999-12-31 低于70分（2026年3月底69.99分，低于70分）",
		"3 tag suspended 2026-04-01–9999-12-31 低于70分（2026年3月底49.99分，低于70分）",
		"3 tag barred 2026-04-01–2026-07-01 低于50分（2026年3月底49.99分，低于50分）",
		"5 lift 低于70分解除：2026年3月底70分，已回到70分",
		"7 tag barred 2026-04-01–2026-07-01 低于50分（2026年3月底20分，低于50分）")
	if ps := s.Periods(20260401, 20260430); fmt.Sprint(ps) != "[{2026-03 2026-04-01}]" {
		t.Errorf("periods %v", ps)
	}
	// The close of December looks at the year that ended.
	december := Period{Span: 202612, On: 20270101}
	if cs := Close(s, december, []Standing{account(1, -4000)}); len(cs) != 1 || cs[0].Kind != CloseTag {
		t.Errorf("december: %s", lines(cs))
	}
	// Below base: no awards; at base: awards.
	o := Award(s, &s.Rounds[0], 202600, []Standing{account(1, 0), account(2, -1), account(3, 100, low)}, nil)
	if w := winners(o); w != "1年终" {
		t.Errorf("%s: %+v", w, o.Places)
	}
}

// Mean of the year's quarters below 60 and among the last 5: named. One of the two alone is not enough.
func mechanismD7(t *testing.T) {
	s := closingVillage(t, spendWallet, "watch: [{code: behind, name: 后进户, span: year, mean_of: quarter, below: 60, last: 5}]\n")
	st := make([]Standing, 10)
	for i := range st {
		st[i] = Standing{Account: id.ID(i + 1), Scores: map[ScoreKey]points.Amount{}}
	}
	year := func(i int, quarters ...points.Amount) {
		for q, a := range quarters {
			st[i-1].Scores[ScoreKey{"year", clock.Span(202621 + q)}] = a
			st[i-1].Scores[ScoreKey{"year", 202600}] += a
		}
	}
	year(1, 6000, 6000, 6000, 5999) // mean 59.9975, last of all but those below
	year(2, 6000, 6000, 6000, 6000) // mean 60: not below
	year(3, 9000, 9000, 9000, 9000)
	year(4, 10000, 0, 0, 0)
	year(5, 5900, 5900, 5900, 5900)
	year(6, 5900, 5900, 5900, 5900) // fifth from the bottom, tied with 5: both are named
	for i := 7; i <= 10; i++ {
		year(i, 9000, 9000, 9000, 9000)
	}
	st[3].Since = 20260101
	p := Period{Span: 202600, On: 20270101}
	expect(t, Close(s, p, st),
		"1 watch 后进户：2026年平均每季度59.99分，低于60分，又排在倒数第4名，在最后5名以内",
		"4 watch 后进户：2026年平均每季度25分，低于60分，又排在倒数第1名，在最后5名以内",
		"5 watch 后进户：2026年平均每季度59分，低于60分，又排在倒数第2名，在最后5名以内",
		"6 watch 后进户：2026年平均每季度59分，低于60分，又排在倒数第2名，在最后5名以内")
	s.Watch[0].Last = 3
	if cs := Close(s, p, st); len(cs) != 3 { // 4, and the two who share the second place from the bottom
		t.Errorf("the last three: %s", lines(cs))
	}
	s.Watch[0].Last = 2
	if cs := Close(s, p, st); len(cs) != 3 { // the tie at the line is named as a whole
		t.Errorf("the last two: %s", lines(cs))
	}
	// Who began in November is judged by the last quarter alone.
	s.Watch[0].Last = 1
	st[3].Since, st[3].Scores[ScoreKey{"year", 202624}] = 20261115, 5000
	if cs := Close(s, p, st); len(cs) != 1 || cs[0].Account != 4 {
		t.Errorf("a new household below the line: %s", lines(cs))
	}
	st[3].Scores[ScoreKey{"year", 202624}] = 7000
	if cs := Close(s, p, st); len(cs) != 0 {
		t.Errorf("a new household: %s", lines(cs))
	}
}

// The base score is granted each period and no payment touches it; only what is above can be spent.
func mechanismE1(t *testing.T) {
	s := closingVillage(t, "  - {code: base, name: 基础分, kind: base}\n"+spendWallet, "base: {wallet: base, points: 100, every: quarter}\n")
	free := map[string]points.Amount{"base": 10000, "spend": 1800}
	if parts, missing := s.Pay(PaysGoods, 11800, free, nil); fmt.Sprint(parts, missing) != "[{spend 18}] 100" {
		t.Errorf("118 points of which 100 are base: %v, missing %s", parts, missing)
	}
	second := Period{Span: 202622, On: 20260701}
	expect(t, Close(s, second, []Standing{balance(1, "base", 6800), balance(2, "base", 10000)}), "1 base base+32 add 2026年第3季度基础分定为100分，原有68分")
	if n := s.CloseNeeds(second); fmt.Sprint(n.Balances) != "[base]" {
		t.Errorf("%+v", n)
	}
}

// Base, spendable, honour, year score, task and gift points side by side; each is closed by its own rule.
func mechanismE2(t *testing.T) {
	s := closingVillage(t, `  - {code: base, name: 基础分, kind: base}
  - {code: spend, name: 可兑积分, kind: spend, reset: {every: year, on: 01-10}}
  - {code: honor, name: 荣誉积分, kind: score, gains_only: true}
  - {code: task, name: 任务积分, kind: spend, pays: [fee], reset: {every: quarter, carry: 50}}
  - {code: gift, name: 礼品积分, kind: spend, earns: false, with: {wallet: spend, ratio: 1}}
`, "base: {wallet: base, points: 100}\nrank_coins: [{name: 年度前十, every: year, top: 10, wallet: gift, points: 20}]\n")
	st := scored(1, 202600, 5000)
	st.Scores[ScoreKey{"honor", 202600}] = 9000
	st.Balances = map[string]points.Amount{"base": 9000, "spend": 3000, "task": 1001, "gift": 500}
	for _, tt := range []struct {
		p    Period
		want string
	}{
		{Period{202600, 20270110}, "1 reset spend-30 zero 2026年可兑积分到期清零，清零前30分"},
		{Period{202624, 20270101}, "1 reset task-5.01 add 2026年第4季度任务积分到期，10.01分中结转50%，留下5分"},
		{Period{202600, 20270101}, "1 base base+10 add 2027年基础分定为100分，原有90分\n1 coin gift+20 add 年度前十：2026年得50分，排第1名，在前10名以内，得礼品积分20分"},
	} {
		expect(t, Close(s, tt.p, []Standing{st}), tt.want)
	}
	if ps := s.Periods(20270101, 20270131); fmt.Sprint(ps) != "[{2026 2027-01-01} {2026Q4 2027-01-01} {2026 2027-01-10}]" {
		t.Errorf("periods %v", ps)
	}
}

// Gift points only together with task points: 1:1, for one in need 3:1.
func mechanismE3(t *testing.T) {
	s := closingVillage(t, "  - {code: task, name: 任务积分, kind: spend}\n  - {code: gift, name: 礼品积分, kind: spend, with: {wallet: task, ratio: 1, ratios: [{state: needy, ratio: 3}]}}\n", "")
	for _, tt := range []struct {
		amount, task, gift points.Amount
		states             []string
		want               string
	}{
		{1000, 1000, 1000, nil, "[{task 5} {gift 5}] 0"},
		{1000, 1000, 1000, []string{"needy"}, "[{task 2.5} {gift 7.5}] 0"},
		{1000, 1000, 300, []string{"needy"}, "[{task 7} {gift 3}] 0"},
		{1000, 0, 1000, []string{"needy"}, "[] 10"},
		{1000, 200, 1000, []string{"needy"}, "[{task 2} {gift 6}] 2"},
		{1000, 250, 1000, []string{"needy"}, "[{task 2.5} {gift 7.5}] 0"},
		{1000, 249, 1000, []string{"needy"}, "[{task 2.49} {gift 7.47}] 0.04"},
		{1, 1000, 1000, nil, "[{task 0.01}] 0"}, // a hundredth cannot be halved
	} {
		parts, missing := s.Pay(PaysGoods, tt.amount, map[string]points.Amount{"task": tt.task, "gift": tt.gift}, tt.states)
		if got := fmt.Sprint(parts, missing); got != tt.want {
			t.Errorf("%s of %s and %s: %s, want %s", tt.amount, tt.task, tt.gift, got, tt.want)
		}
	}
}

// The same deeds, one household spent everything: same rank, same coins, same award.
func mechanismE4(t *testing.T) {
	s := closingVillage(t, spendWallet, `rank_coins: [{name: 前两名, every: month, top: 2, wallet: spend, points: 5}]
rounds: [{code: m, name: 月度之星, span: month, top: 2}]
`)
	st := []Standing{scored(1, 202612, 500), scored(2, 202612, 900), scored(3, 202612, 500)}
	for i, b := range []points.Amount{0, 0, 99900} {
		st[i].Balances = map[string]points.Amount{"spend": b}
	}
	expect(t, Close(s, Period{202612, 20270101}, st),
		"1 coin spend+5 add 前两名：2026年12月得5分，排第2名，在前2名以内，得可兑积分5分",
		"2 coin spend+5 add 前两名：2026年12月得9分，排第1名，在前2名以内，得可兑积分5分",
		"3 coin spend+5 add 前两名：2026年12月得5分，排第2名，在前2名以内，得可兑积分5分")
	o := Award(s, &s.Rounds[0], 202612, st, nil)
	if fmt.Sprintf("%d %d %s", o.Places[1].Rank, o.Places[2].Rank, winners(o)) != "2 2 2月度之星 1月度之星 3月度之星" {
		t.Errorf("%+v", o.Places)
	}
}

// The first 20 % of the month receive 8 coins each; the tie at the cut-off follows the rule that is written.
func mechanismE5(t *testing.T) {
	coins := func(ties, limit string, scores ...points.Amount) string {
		s := closingVillage(t, spendWallet+"  - {code: coin, name: 金币, kind: spend, earns: false}\n",
			"rank_coins: [{name: 月度排名, every: month, "+limit+", wallet: coin, points: 8"+ties+"}]\n")
		var st []Standing
		for i, sc := range scores {
			st = append(st, scored(id.ID(i+1), 202603, sc))
		}
		st = append(st, Standing{Account: 99, Kind: SubjectGroup, Scores: map[ScoreKey]points.Amount{{"year", 202603}: 999999}}) // a group is not ranked among households
		var who []string
		for _, c := range Close(s, Period{Span: 202603, On: 20260401}, st) {
			if c.Change.Wallet != "coin" || c.Change.Amount != 800 || c.Change.Intent != Add {
				t.Errorf("%+v", c)
			}
			who = append(who, fmt.Sprint(c.Account))
		}
		return strings.Join(who, " ")
	}
	none := ", ties: none"
	for _, tt := range []struct {
		name, ties, limit string
		scores            []points.Amount
		want              string
	}{
		{"one of five", "", "percent: 20", []points.Amount{10, 50, 30, 20, 40}, "2"},
		{"six round up to two", "", "percent: 20", []points.Amount{10, 50, 30, 20, 40, 60}, "2 6"},
		{"those at 0 or below are not counted", "", "percent: 20", []points.Amount{10, 50, 30, 20, 40, 0, -10, 0}, "2"},
		{"a tie at the cut-off: all", "", "percent: 20", []points.Amount{50, 50, 30, 20, 10}, "1 2"},
		{"a tie at the cut-off: none", none, "percent: 20", []points.Amount{50, 50, 30, 20, 10}, ""},
		{"a tie within it", none, "percent: 40", []points.Amount{50, 50, 30, 20, 10}, "1 2"},
		{"nobody scored", "", "percent: 20", []points.Amount{0, 0}, ""},
		{"all of them", none, "percent: 100", []points.Amount{5, 5, 5, 0}, "1 2 3"},
		{"a tenth of a per cent is one", "", "percent: 0.1", []points.Amount{5, 6}, "2"},
		{"top 2, tie on the second place", "", "top: 2", []points.Amount{9, 5, 5, 1}, "1 2 3"},
		{"top 2, tie, none", none, "top: 2", []points.Amount{9, 5, 5, 1}, "1"},
		{"top of fewer", "", "top: 9", []points.Amount{9, 0}, "1"},
	} {
		if got := coins(tt.ties, tt.limit, tt.scores...); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A pool of 10,000 yuan shared by points: every fen of it, and no more.
func mechanismE6(t *testing.T) {
	s := closingVillage(t, spendWallet, "rounds: [{code: d, name: 年终分红, span: year, tiers: [{from: 1, rewards: [{dividend: {yuan: 10000}}]}]}]\n")
	st := households(12000, 13000, 12041, 0)
	var sum int64
	var parts []int64
	for _, p := range Award(s, &s.Rounds[0], 202600, st, nil).Places {
		for _, z := range p.Prizes {
			sum += z.Fen
			parts = append(parts, z.Fen)
		}
	}
	if fmt.Sprint(sum, parts) != "1000000 [350963 325072 323965]" { // 37,041 points: 0.45, 0.22 and 0.34 of a fen are left
		t.Errorf("%d %v", sum, parts)
	}
}

// Wallets pay in the order that the village wrote.
func mechanismE9Payment(t *testing.T) {
	s := closingVillage(t, "  - {code: late, name: 后用, kind: spend, order: 2}\n  - {code: first, name: 先用, kind: spend, order: 1}\n  - {code: fee, name: 抵费, kind: spend, pays: [fee]}\n", "")
	free := map[string]points.Amount{"late": 500, "first": 300, "fee": 900}
	for _, tt := range []struct {
		use    string
		amount points.Amount
		want   string
	}{
		{PaysGoods, 300, "[{first 3}] 0"},
		{PaysGoods, 301, "[{first 3} {late 0.01}] 0"},
		{PaysGoods, 801, "[{first 3} {late 5}] 0.01"},
		{PaysFee, 300, "[{fee 3}] 0"},
		{PaysFee, 1000, "[{fee 9}] 1"},
	} {
		parts, missing := s.Pay(tt.use, tt.amount, free, nil)
		if got := fmt.Sprint(parts, missing); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.use, tt.amount, got, tt.want)
		}
	}
}

// Reset of chosen wallets, with days of grace and a date, and carry-over none, all, a ratio, at most so many.
func mechanismF1(t *testing.T) {
	for _, tt := range []struct {
		reset string
		p     Period
		had   points.Amount
		want  string
	}{
		{"{every: month}", Period{202602, 20260301}, 1005, "1 reset a-10.05 zero 2026年2月甲到期清零，清零前10.05分"},
		{"{every: quarter, grace_days: 10}", Period{202621, 20260411}, 1, "1 reset a-0.01 zero 2026年第1季度甲到期清零，清零前0.01分"},
		{"{every: half, carry: 50}", Period{202631, 20260701}, 1005, "1 reset a-5.03 add 2026年上半年甲到期，10.05分中结转50%，留下5.02分"},
		{"{every: year, on: 01-10, grace_days: 5}", Period{202600, 20270115}, 1000, "1 reset a-10 zero 2026年甲到期清零，清零前10分"},
		{"{every: year, max: 8}", Period{202600, 20270101}, 1000, "1 reset a-2 add 2026年甲到期，10分中最多结转8分，留下8分"},
		{"{every: year, max: 10}", Period{202600, 20270101}, 1000, ""},
		{"{every: year, carry: 100}", Period{202600, 20270101}, 1000, ""},
		{"{every: year}", Period{202600, 20270101}, -1000, ""}, // a debt is not forgiven
		{"{every: year}", Period{202600, 20270101}, 0, ""},
		{"{every: year}", Period{202600, 20270102}, 1000, ""}, // not its day
	} {
		s := closingVillage(t, "  - {code: a, name: 甲, kind: spend, reset: "+tt.reset+"}\n  - {code: b, name: 乙, kind: spend}\n", "")
		st := balance(1, "a", tt.had)
		st.Balances["b"] = 7700 // never
		if got := lines(Close(s, tt.p, []Standing{st})); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.reset, got, tt.want)
		}
		if due := s.Periods(tt.p.On, tt.p.On); tt.want != "" && (len(due) != 1 || due[0] != tt.p) {
			t.Errorf("%s: due that day %v", tt.reset, due)
		}
	}
}

func mechanismH1(t *testing.T) {
	s := closingVillage(t, spendWallet, "rounds: [{code: star, name: 星级户, span: year, rank_by: {wallets: [year], ever: true}, tiers: [{name: 五星户, from: 90, stars: 5}, {name: 四星户, from: 80, stars: 4}]}]\n")
	var st []Standing
	for i, a := range []points.Amount{9000, 8999, 8000, 7999} {
		st = append(st, Standing{Account: id.ID(i + 1), Scores: map[ScoreKey]points.Amount{{"year", 0}: a}})
	}
	var got []int
	for _, p := range Award(s, &s.Rounds[0], 202600, st, nil).Places {
		got = append(got, p.Stars)
	}
	if fmt.Sprint(got) != "[5 4 4 0]" {
		t.Error(got)
	}
}

func mechanismH3(t *testing.T) {
	s := closingVillage(t, spendWallet, "rounds: [{code: b, name: 兑奖, span: quarter, tiers: [{name: 满分, from: 30, rewards: [{choice: [{name: 大米}, {name: 食用油}]}]}, {name: 良好, from: 27, to: 29, rewards: [{goods: 面条, count: 2}]}]}]\n")
	st := []Standing{scored(1, 202624, 3000), scored(2, 202624, 2900), scored(3, 202624, 2700), scored(4, 202624, 2699)}
	var got []string
	for _, p := range Award(s, &s.Rounds[0], 202624, st, nil).Places {
		for _, z := range p.Prizes {
			got = append(got, z.Words)
		}
	}
	if fmt.Sprint(got) != "[大米1件或食用油1件（任选一样） 面条2件 面条2件]" {
		t.Error(got)
	}
}

func mechanismH4(t *testing.T) {
	s := closingVillage(t, spendWallet, "rounds: [{code: l, name: 抽奖, span: month, tiers: [{name: 幸运户, from: 10, draw: 2}]}]\n")
	var st []Standing
	for i := range 7 {
		st = append(st, scored(id.ID(i+1), 202612, points.Amount(i)*500)) // 3 to 7 have 10 points or more
	}
	o := Award(s, &s.Rounds[0], 202612, st, []byte("中国福利彩票2026年第150期 03 07 12 18 25 31+09"))
	d := o.Drawings[0]
	if fmt.Sprint(d.Accounts) != "[3 4 5 6 7]" || len(d.Drawn) != 2 {
		t.Errorf("%+v", d)
	}
	for i, lot := range Draw([]byte("中国福利彩票2026年第150期 03 07 12 18 25 31+09#1"), 5, 2) { // as anybody would do it again
		if d.Drawn[i] != d.Accounts[lot] {
			t.Errorf("drawn %v", d.Drawn)
		}
	}
}

func mechanismH6(t *testing.T) {
	s := closingVillage(t, spendWallet+"  - {code: town, name: 镇级积分, kind: spend, earns: false}\n",
		"rounds: [{code: up, name: 折算, span: year, cutoff: {on: 01-15}, tiers: [{from: 100, rewards: [{points: 10, wallet: town}]}]}]\n")
	o := Award(s, &s.Rounds[0], 202600, households(100, 99), nil)
	if p := o.Places[0]; o.On != 20270115 || len(p.Prizes) != 1 || p.Prizes[0].Wallet != "town" || p.Prizes[0].Points != 1000 || o.Places[1].Prizes != nil {
		t.Errorf("%+v", o)
	}
}
