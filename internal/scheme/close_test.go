package scheme

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// changed parses the test village after some replacements, old and new in turn.
func changed(t testing.TB, replace ...string) *Scheme {
	t.Helper()
	s, problems := Parse([]byte(strings.NewReplacer(replace...).Replace(village)))
	for _, p := range problems {
		t.Fatal(p)
	}
	return s
}

// resetting is the test village whose spend wallet has this reset.
func resetting(t testing.TB, reset string) *Scheme {
	return changed(t, "kind: spend}", "kind: spend, reset: "+reset+"}")
}

func balance(account id.ID, wallet string, amount points.Amount) Standing {
	return Standing{Account: account, Balances: map[string]points.Amount{wallet: amount}}
}

func scored(account id.ID, span clock.Span, amount points.Amount) Standing {
	return Standing{Account: account, Scores: map[ScoreKey]points.Amount{{"year", span}: amount}}
}

// lines is closings as text, one each: account kind amount intent reason.
func lines(cs []Closing) string {
	var out []string
	for _, c := range cs {
		s := fmt.Sprintf("%d %s ", c.Account, c.Kind)
		switch {
		case c.Change != nil:
			s += fmt.Sprintf("%s%s %s ", c.Change.Wallet, c.Change.Amount.Signed(), c.Change.Intent)
		case c.Tag != nil:
			s += fmt.Sprintf("%s %s–%s ", c.Tag.Kind, c.Tag.From, c.Tag.To)
		}
		out = append(out, s+c.Reason)
	}
	return strings.Join(out, "\n")
}

func expect(t *testing.T, cs []Closing, want ...string) {
	t.Helper()
	if got := lines(cs); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestCloseReset(t *testing.T) {
	s := resetting(t, "{every: year, on: 01-10}")
	ps := s.Periods(20260101, 20271231)
	if fmt.Sprint(ps) != "[{2025 2026-01-10} {2026 2027-01-10}]" {
		t.Fatalf("periods %v", ps)
	}
	expect(t, Close(s, ps[1], []Standing{balance(1, "spend", 3550), balance(2, "honor", 9000), balance(3, "spend", -500), balance(4, "spend", 0)}),
		"1 reset spend-35.5 zero 2026年可兑积分到期清零，清零前35.5分") // a debt stays, and so does every other wallet
	if wrong := Close(s, Period{Span: 202600, On: 20270111}, []Standing{balance(1, "spend", 1)}); wrong != nil {
		t.Errorf("closed on another day: %+v", wrong)
	}
	if wrong := Close(s, Period{Span: 202612, On: 20270110}, []Standing{balance(1, "spend", 1)}); wrong != nil {
		t.Errorf("closed with another period: %+v", wrong)
	}
}

func TestCloseCarries(t *testing.T) {
	s := resetting(t, "{every: month, grace_days: 5, carry: 30}")
	if ps := s.Periods(20260205, 20260305); fmt.Sprint(ps) != "[{2026-01 2026-02-06}]" {
		t.Fatalf("periods %v", ps)
	}
	january := Period{Span: 202601, On: 20260206}
	expect(t, Close(s, january, []Standing{balance(1, "spend", 1005), balance(2, "spend", 3)}),
		"1 reset spend-7.04 add 2026年1月可兑积分到期，10.05分中结转30%，留下3.01分",
		"2 reset spend-0.03 zero 2026年1月可兑积分到期清零，清零前0.03分") // 30 % of 0.03 is nothing
	r := s.Wallets[0].Reset
	for _, tt := range []struct {
		name      string
		carry     int
		max       points.Amount
		had, kept points.Amount
	}{
		{"all", 100, 0, 1005, 1005},
		{"all, capped", 100, 1000, 1005, 1000},
		{"all, below the cap", 100, 1000, 999, 999},
		{"a half, capped", 50, 100, 1005, 100},
		{"a half, below the cap", 50, 1000, 1005, 502},
		{"none", 0, 0, 1005, 0},
		{"a large balance", 99, 0, points.Max*1000 + 99, points.Max*990 + 98},
	} {
		r.Carry, r.Max = tt.carry, tt.max
		if got := r.kept(tt.had); got != tt.kept {
			t.Errorf("%s: kept %s of %s", tt.name, got, tt.had)
		}
	}
	r.Carry, r.Max = 100, 1000
	expect(t, Close(s, january, []Standing{balance(1, "spend", 1005), balance(2, "spend", 1000)}),
		"1 reset spend-0.05 add 2026年1月可兑积分到期，10.05分中最多结转10分，留下10分")
}

func TestCloseDays(t *testing.T) {
	for _, tt := range []struct{ reset, from, to, want string }{
		{"{every: quarter}", "2026-01-01", "2026-12-31", "[{2025Q4 2026-01-01} {2026Q1 2026-04-01} {2026Q2 2026-07-01} {2026Q3 2026-10-01}]"},
		{"{every: half, grace_days: 10}", "2026-01-01", "2026-12-31", "[{2025H2 2026-01-11} {2026H1 2026-07-11}]"},
		{"{every: year, on: 12-31}", "2026-01-01", "2026-12-31", "[{2025 2026-12-31}]"}, // a whole year later
		{"{every: month, grace_days: 90}", "2026-02-28", "2026-03-31", "[{2025-11 2026-03-01}]"},
	} {
		s := resetting(t, tt.reset)
		from, _ := clock.ParseDay(tt.from)
		to, _ := clock.ParseDay(tt.to)
		if got := fmt.Sprint(s.Periods(from, to)); got != tt.want {
			t.Errorf("%s: %s", tt.reset, got)
		}
	}
	// A date and days of grace add up.
	r := Reset{Every: "year", Month: 1, Day: 10, Grace: 5}
	if got := r.due(202600); got != 20270115 {
		t.Errorf("due %s", got)
	}
}

func TestCloseBase(t *testing.T) {
	linyuan := template(t, "linyuan")
	if ps := linyuan.Periods(20260102, 20270101); fmt.Sprint(ps) != "[{2026 2027-01-01}]" {
		t.Fatalf("periods %v", ps)
	}
	year := Period{Span: 202600, On: 20270101}
	standings := []Standing{{Account: 1}, balance(3, "base", 4000), balance(2, "base", 10000), balance(4, "base", 12000), {Account: 5, Kind: SubjectGroup}}
	standings[1].Balances["spend"] = 700
	expect(t, Close(linyuan, year, standings),
		"1 base base+100 add 2027年基础分定为100分，原有0分",
		"3 base base+60 add 2027年基础分定为100分，原有40分",
		"4 base base-20 add 2027年基础分定为100分，原有120分")
	linyuan.Base.Every = "quarter"
	expect(t, Close(linyuan, Period{Span: 202623, On: 20261001}, []Standing{{Account: 1}}), "1 base base+100 add 2026年第4季度基础分定为100分，原有0分")
	if got := Close(linyuan, Period{Span: 202600, On: 20270101}, []Standing{{Account: 1}}); got != nil {
		t.Errorf("closed the year of a quarterly base: %v", got)
	}
}

// busy is a scheme in which everything falls due on the first day of 2027.
func busy(t testing.TB) *Scheme {
	return changed(t, "kind: spend}", "kind: spend, reset: {every: month, carry: 50}}", "kind: spend, debt", "kind: spend, reset: {every: year}, debt",
		"  - {code: year,", "  - {code: base, name: 基础分, kind: base}\n  - {code: coin, name: 金币, kind: spend, earns: false}\n  - {code: year,",
		"classes:\n", `base: {wallet: base, points: 100}
rank_coins:
  - {name: 前20%, every: month, percent: 20, wallet: coin, points: 8}
  - {name: 年度前3名, every: year, top: 3, wallet: coin, points: 50, ties: none}
thresholds: [{code: low, name: 低于70分, of: [base, year], below: 70, then: suspended}]
watch: [{code: behind, name: 后进户, span: year, mean_of: quarter, below: 60, last: 2}]
classes:
`)
}

var anyStandings = rapid.Custom(func(t *rapid.T) []Standing {
	n := rapid.IntRange(0, 12).Draw(t, "n")
	amount := rapid.Custom(func(t *rapid.T) points.Amount { return points.Amount(rapid.IntRange(-3, 6).Draw(t, "amount")) * 1750 })
	out := make([]Standing, n)
	for i := range out {
		st := Standing{Account: id.ID(i + 1), Group: id.ID(rapid.IntRange(0, 3).Draw(t, "group")), Scores: map[ScoreKey]points.Amount{}, Balances: map[string]points.Amount{}}
		for _, span := range []clock.Span{202600, 202612, 202621, 202622, 202623, 202624} {
			st.Scores[ScoreKey{"year", span}] = amount.Draw(t, "score")
		}
		for _, w := range []string{"spend", "loan", "base", "coin"} {
			st.Balances[w] = amount.Draw(t, "balance")
		}
		if rapid.IntRange(0, 3).Draw(t, "tagged") == 0 {
			st.Tags = []Tag{{Account: st.Account, Kind: rapid.SampledFrom([]string{TagVeto, TagSuspended, TagOpenFault}).Draw(t, "tag"), Code: "low", From: 20260101, To: clock.Forever}}
		}
		if rapid.Bool().Draw(t, "young") {
			st.Since = 20260801
		}
		out[i] = st
	}
	return out
})

// Closing a village in one run equals closing it in two halves, and the order in which accounts come changes nothing.
func TestPropertyClose(t *testing.T) {
	s := busy(t)
	rapid.Check(t, func(t *rapid.T) {
		all := anyStandings.Draw(t, "standings")
		shuffled := rapid.Permutation(all).Draw(t, "order")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		for _, p := range []Period{{202600, 20270101}, {202612, 20270101}} {
			whole := Close(s, p, all)
			if other := Close(s, p, shuffled); !reflect.DeepEqual(whole, other) {
				t.Fatalf("another order: %s\n%s", lines(whole), lines(other))
			}
			halves := CloseRanks(s, p, shuffled)
			for _, half := range [][]Standing{shuffled[:cut], shuffled[cut:]} {
				for i := range half {
					halves = append(halves, CloseEach(s, p, &half[i])...)
				}
			}
			sortClosings(halves)
			if len(whole)+len(halves) > 0 && !reflect.DeepEqual(whole, halves) {
				t.Fatalf("two halves: %s\n%s", lines(whole), lines(halves))
			}
			for _, c := range whole {
				w, _ := s.Wallet("spend")
				if c.Change != nil {
					w, _ = s.Wallet(c.Change.Wallet)
				}
				if w.Kind == KindScore {
					t.Fatalf("a score wallet is closed: %+v", c)
				}
				if c.Kind == CloseReset {
					before := balanceOf(all, c.Account, c.Change.Wallet)
					if after := before + c.Change.Amount; before <= 0 || after < 0 || after >= before {
						t.Fatalf("%s becomes %s", before, after)
					}
				}
			}
		}
	})
}

// balanceOf finds what an account holds.
func balanceOf(all []Standing, account id.ID, wallet string) points.Amount {
	for i := range all {
		if all[i].Account == account {
			return all[i].Balances[wallet]
		}
	}
	return 0
}

// CloseNeeds names everything that Close reads: with nothing else loaded it closes the same.
func TestCloseNeeds(t *testing.T) {
	s := busy(t)
	rapid.Check(t, func(t *rapid.T) {
		all := anyStandings.Draw(t, "standings")
		for _, p := range []Period{{202600, 20270101}, {202612, 20270101}, {202611, 20261201}, {202624, 20270101}} {
			if full, least := Close(s, p, all), Close(s, p, only(all, s.CloseNeeds(p))); !reflect.DeepEqual(full, least) {
				t.Fatalf("%s\nwith what is needed only\n%s", lines(full), lines(least))
			}
		}
	})
}

// only is standings with nothing but what is needed.
func only(all []Standing, n StandingNeeds) []Standing {
	out := make([]Standing, len(all))
	for i, st := range all {
		scores, counts, balances := st.Scores, st.Counts, st.Balances
		st.Scores, st.Counts, st.Balances = map[ScoreKey]points.Amount{}, map[CountKey]points.Amount{}, map[string]points.Amount{}
		for _, k := range n.Scores {
			st.Scores[k] = scores[k]
		}
		for _, k := range n.Counts {
			st.Counts[k] = counts[k]
		}
		for _, w := range n.Balances {
			st.Balances[w] = balances[w]
		}
		if !n.Tags {
			st.Tags = nil
		}
		out[i] = st
	}
	return out
}
