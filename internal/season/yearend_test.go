package season_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/points"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// yearEndRules are rules with a round of every way to its end: at once, with days that the rules set, with days that people
// choose, by lot, and one whose day is still to come.
var yearEndRules = rules[:strings.Index(rules, "rounds:")] + `rounds:
  - {code: at_once, name: 全勤奖, span: year, object_days: 0, tiers: [{top: 4, rewards: [{points: 5, wallet: coin}, {goods: 毛巾}]}]}
  - {code: fixed, name: 年终奖, span: year, object_days: 5, top: 2, rewards: [{points: 20, wallet: coin}]}
  - {code: chosen, name: 最美家庭, span: year, top: 1, rewards: [{title: 最美家庭}]}
  - {code: lots, name: 幸运户, span: year, object_days: 0, tiers: [{name: 幸运户, draw: 2, rewards: [{points: 3, wallet: coin}]}]}
  - {code: late, name: 春节慰问, span: year, cutoff: {on: 02-10}, object_days: 0, tiers: [{everyone: true, rewards: [{goods: 大米}]}]}
`

// yearEnd is a year that was stopped, with scores 60, 60, 40, 20, 1, -20, 0.
func yearEnd(t testing.TB, db *storage.DB) *world {
	w := newWorld(t, db, yearEndRules, 7)
	_, err := w.season.GrantBaseIn(ctx, w.village)
	w.must(err)
	for home, a := range []points.Amount{60, 60, 40, 20, 1, -20, 0} {
		if w.at(2026, 5, 10); a != 0 {
			w.earn(home, clock.MakeDay(2026, 5, 10), a*pt)
		}
	}
	w.at(2027, 1, 15)
	w.shut("2026")
	return w
}

// steps is how far the rounds have come: code, state, winners of all, prizes to be collected.
func steps(list []season.RoundStep) string {
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprintf("%s %s %d/%d %d", x.Code, x.State, x.Wins, x.Of, x.Due))
	}
	return strings.Join(out, "; ")
}

func (w *world) carry(want string, next ...string) []season.RoundStep {
	w.t.Helper()
	_, err := w.season.CloseBy(ctx, 0, w.village, w.order("2026"), nil)
	w.must(err)
	list, err := w.season.CarryRounds(ctx, 0, w.village, span(2026))
	w.must(err)
	if got := steps(list); got != want {
		w.t.Errorf("%s\nwant\n%s", got, want)
	}
	for i, say := range next {
		if !strings.Contains(list[i].Next, say) || say == "" && list[i].Next != "" {
			w.t.Errorf("%s: next %q, want %q", list[i].Code, list[i].Next, say)
		}
	}
	return list
}

// TestYearEnd: one command takes each round as far as a machine may, says what people have to do, and goes on from there.
func TestYearEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := yearEnd(t, db)
		before := dbtest.Rows(t, db, "SELECT COUNT(*) FROM award_rounds")
		dry, err := w.season.LookRounds(ctx, w.village, span(2026), true)
		w.must(err)
		if got := steps(dry); got != "at_once draft 4/7 0; fixed draft 2/7 0; chosen draft 2/7 0; lots draft 0/7 0; late early 0/0 0" {
			t.Errorf("dry run: %s", got)
		}
		if p := dry[0].Places; len(p) != 7 || slices.ContainsFunc(p, func(s season.Standing) bool { return len(s.Reasons) == 0 }) {
			t.Errorf("a household without a reason: %+v", p)
		}
		if after := dbtest.Rows(t, db, "SELECT COUNT(*) FROM award_rounds"); !slices.Equal(before, after) {
			t.Errorf("the dry run left %v lists", after)
		}

		w.carry("at_once issued 4/7 4; fixed draft 2/7 0; chosen draft 2/7 0; lots frozen 0/7 0; late early 0/0 0",
			"4份等人来领", "异议期5天", "定下异议期的天数", "当众抽出号码", "2027年2月10日为准")
		if _, err := w.season.Publish(ctx, w.boss, w.village, season.Publish{RequestID: w.request(), Code: "fixed", Span: span(2026), Days: 3}); err == nil {
			t.Error("published with other days for objections than the rules have")
		}
		fixed, err := w.season.Publish(ctx, w.boss, w.village, season.Publish{RequestID: w.request(), Code: "fixed", Span: span(2026), Days: 5})
		w.must(err)
		w.carry("at_once issued 4/7 4; fixed published 2/7 0; chosen draft 2/7 0; lots frozen 0/7 0; late early 0/0 0", "4份", "异议期到2027年1月20日为止")
		w.time.Store(fixed.ObjectUntil.Add(1).Start().UnixMilli())
		list := w.carry("at_once issued 4/7 4; fixed issued 2/7 0; chosen draft 2/7 0; lots frozen 0/7 0; late early 0/0 0", "4份", "")
		if got := w.balance(0, "coin", "available"); got != 35*pt { // 10 for the rank, 5 at once, 20 for the year
			t.Errorf("%s coins", got)
		}
		r := w.step()
		r.Number, r.How = "20270121", "福利彩票当期号码，村务监督员在场"
		_, err = w.season.Draw(ctx, w.boss, w.village, list[3].Award, r)
		w.must(err)
		w.at(2027, 2, 10)
		w.carry("at_once issued 4/7 4; fixed issued 2/7 0; chosen draft 2/7 0; lots issued 2/7 0; late issued 6/7 6")
	})
}

// TestKilledYearEnd kills the year end at moments that come later and later: begun again each time, the books, lists and
// prizes are those of one run.
func TestKilledYearEnd(t *testing.T) {
	const prizesQuery = `SELECT w.code, w.state, w.revision, h.number, p.ref, p.kind, p.wallet, p.points, p.name, p.pieces, p.state FROM award_prizes p
		JOIN award_rounds w ON w.id = p.round_id JOIN households h ON h.id = p.account_id ORDER BY w.code, h.number, p.ref`
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			one := yearEnd(t, dbtest.Open(t, storage.SQLite))
			one.carry("at_once issued 4/7 4; fixed draft 2/7 0; chosen draft 2/7 0; lots frozen 0/7 0; late early 0/0 0")

			cfg := dbtest.Config(t, engine)
			cfg.KeysFile = filepath.Join(t.TempDir(), "keys.json")
			w := yearEnd(t, dbtest.Connect(t, cfg))
			c := told{Database: cfg, Village: w.village, At: w.time.Load(), Chunk: 1, Rounds: true}
			kills := 0
			for moment := 2 * time.Millisecond; !dbtest.Kill(t, c, dbtest.KillAfter(moment)); moment += 2*time.Millisecond + moment/2 {
				kills++
				w.audit()
			}
			if kills < 2 {
				t.Errorf("killed %d times only", kills)
			}
			if got, want := w.books(), one.books(); !slices.Equal(got, want) {
				t.Errorf("%q\nwant\n%q", got, want)
			}
			if got, want := dbtest.Rows(t, w.db, prizesQuery), dbtest.Rows(t, one.db, prizesQuery); !slices.Equal(got, want) {
				t.Errorf("%q\nwant\n%q", got, want)
			}
		})
	}
}
