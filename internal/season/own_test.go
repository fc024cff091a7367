package season_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// ownRules are rules whose year is the village's own; the dates stand in for %s.
const ownRules = `
format: 1
title: 自定周期的细则
subject: household
periods:
  - {code: own, name: 村年, %s}
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, reset: {every: own, on: 12-20}}
  - {code: coin, name: 金币, kind: spend, earns: false}
  - {code: year, name: 年度积分, kind: score}
classes: [{code: good, name: 好事}]
items:
  - {code: free, name: 志愿服务, class: good, points: 5, review: {direct: true}}
rank_coins:
  - {name: 村年第一, every: own, top: 1, wallet: coin, points: 10, ties: all}
rounds:
  - {code: own_end, name: 村年奖励, span: own, top: 1, cutoff: {days: 5}, rewards: [{points: 20, wallet: coin}]}
boards: {show: members}
`

// TestOwnDates: closed over whatever dates its rules name, a span's ranking, its board, its award round and what its end
// empties are the fold of the entries that count in it, spending or not.
func TestOwnDates(t *testing.T) {
	for seed, dates := range []string{"from: 11-01, to: 10-31", "from: 02-15, to: 06-10", "from: 2026-03-05, to: 2026-03-20", "from: 10-16, to: 10-15"} {
		for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
			t.Run(fmt.Sprint(dates, engine), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(seed), 11))
				const households = 12
				w := newWorld(t, dbtest.Open(t, engine), fmt.Sprintf(ownRules, dates), households)
				type deed struct {
					home   int
					on     clock.Day
					amount points.Amount
				}
				var deeds []deed
				for range 160 {
					deeds = append(deeds, deed{r.IntN(households), clock.MakeDay(2026, 1, 1+r.IntN(345)), points.Amount(r.IntN(900) - 200)})
				}
				slices.SortFunc(deeds, func(a, b deed) int { return cmp.Compare(a.on, b.on) })
				for _, d := range deeds {
					w.at(d.on.Year(), d.on.Month(), d.on.Dom())
					w.earn(d.home, d.on, d.amount)
				}
				w.at(2026, 12, 25)
				list, err := w.season.Spans(ctx, w.boss, w.village)
				w.must(err)
				at := slices.IndexFunc(list.Items, func(s season.OwnSpan) bool { return s.Over && s.To.Year() == 2026 })
				span := list.Items[at].Span
				w.shut(span.String())
				_, err = w.season.CloseBy(ctx, 1, w.village, w.order(span.String()), nil)
				w.must(err)

				score := map[id.ID]points.Amount{}
				touched := map[id.ID]bool{}
				for _, d := range deeds {
					if span.First() <= d.on && d.on <= span.Last() {
						score[w.homes[d.home]] += d.amount
						touched[w.homes[d.home]] = true
					}
				}
				w.checkRanking(span, score)
				w.checkBoard(span, score, touched)
				w.checkRound(span, score)
				w.checkEmptied(span)
			})
		}
	}
}

// checkRanking compares the ranking that the close froze.
func (w *world) checkRanking(span clock.Span, want map[id.ID]points.Amount) {
	w.t.Helper()
	runs, err := w.season.Runs(ctx, w.boss, w.village)
	w.must(err)
	at := slices.IndexFunc(runs.Items[0].Closings, func(c season.Closing) bool { return c.Span == span && c.DueOn == span.Last().Add(1) })
	page, err := w.season.Ranks(ctx, w.boss, w.village, runs.Items[0].Closings[at].ID, season.Page{Limit: 100})
	w.must(err)
	if len(page.Items) != len(w.homes) {
		w.t.Fatalf("%d ranked", len(page.Items))
	}
	for _, p := range page.Items {
		if p.Score != want[p.Account] || p.Rank != above(want, w.homes, p.Score)+1 {
			w.t.Errorf("%s: rank %d with %s, entries give %s", p.Number, p.Rank, p.Score, want[p.Account])
		}
	}
}

// above counts the accounts that have more.
func above(score map[id.ID]points.Amount, homes []id.ID, than points.Amount) (n int) {
	for _, h := range homes {
		if score[h] > than {
			n++
		}
	}
	return n
}

func (w *world) checkBoard(span clock.Span, want map[id.ID]points.Amount, touched map[id.ID]bool) {
	w.t.Helper()
	boards := board.New(w.db, nil, w.now, w.book, w.villages, board.Options{Names: -1, Sums: -1, Past: -1})
	page, err := boards.Page(ctx, w.boss, w.village, board.View{Kind: board.Households, Span: span}, "", 100)
	w.must(err)
	if int(page.Of) != len(touched) {
		w.t.Errorf("%d on the board, %d have entries", page.Of, len(touched))
	}
	for _, row := range page.Items {
		if row.Amount != want[row.ID] {
			w.t.Errorf("board: %s has %s, entries give %s", row.Number, row.Amount, want[row.ID])
		}
	}
	if _, err := boards.Page(ctx, w.boss, w.village, board.View{Kind: board.Households, Span: clock.Between(span.First(), span.Last().Add(-1))}, "", 10); errs.As(err) == nil {
		w.t.Errorf("a board of dates that the rules do not have: %v", err)
	}
}

func (w *world) checkRound(span clock.Span, want map[id.ID]points.Amount) {
	w.t.Helper()
	rounds, err := w.season.Rounds(ctx, w.boss, w.village, clock.YearSpan(span.Last()))
	w.must(err)
	at := slices.IndexFunc(rounds.Items, func(r season.RoundState) bool { return r.Span == span })
	if at < 0 || !rounds.Items[at].Shut || rounds.Items[at].On != span.Last().Add(5) {
		w.t.Fatalf("rounds %+v", rounds.Items)
	}
	list, err := w.season.Preview(ctx, w.boss, w.village, "own_end", span, season.Page{Limit: 100})
	w.must(err)
	for _, s := range list.Items {
		if s.Score != want[s.Account] || s.Wins != (s.Rank == 1) {
			w.t.Errorf("round: %s with %s, entries give %s", s.Number, s.Score, want[s.Account])
		}
	}
}

// checkEmptied: what was counted in the span is gone, what was counted after it is there, and the reason names the span.
func (w *world) checkEmptied(span clock.Span) {
	w.t.Helper()
	left := dbtest.Rows(w.t, w.db, `SELECT h.number, COALESCE(SUM(CASE WHEN e.counted_on > ? AND e.amount > 0 THEN e.amount ELSE 0 END), 0) - COALESCE((SELECT MAX(b.amount) FROM balances b
		WHERE b.account_id = h.id AND b.wallet = 'spend' AND b.bucket = 'available'), 0) AS missing FROM households h LEFT JOIN entries e ON e.account_id = h.id AND e.wallet = 'spend' AND e.bucket = 'available'
		AND e.kind = 'award' GROUP BY h.id, h.number HAVING missing < 0`, span.Last())
	if len(left) > 0 {
		w.t.Errorf("more left than came in after the span: %v", left)
	}
	for _, title := range dbtest.Rows(w.t, w.db, "SELECT title FROM entries WHERE kind = 'reset'") {
		if !strings.HasPrefix(title, "村年（"+span.Chinese()+"）可兑积分到期清零") {
			w.t.Errorf("reset says %q", title)
		}
	}
}

// TestOwnYearInOneCommand: closing the calendar year closes the village year that ends in it; whatever was closed before
// in its own time is not done again.
func TestOwnYearInOneCommand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, fmt.Sprintf(ownRules, "from: 11-01, to: 10-31"), 3)
		for home, amount := range []points.Amount{30, 20, 10} {
			w.at(2026, 5, 1)
			w.earn(home, clock.MakeDay(2026, 5, 1), amount*pt)
		}
		w.at(2026, 11, 5)
		if _, err := w.season.Stop(ctx, w.boss, w.village, w.order("20251102-20261031")); errs.As(err) == nil {
			t.Errorf("dates that the rules do not have were stopped: %v", err)
		}
		w.shut("20251101-20261031")
		run, err := w.season.Close(ctx, w.boss, w.village, w.order("20251101-20261031"))
		w.must(err)
		if run.State != "waiting" || w.balance(0, "coin", "available") != 10*pt { // emptied on December 20
			t.Errorf("%s, %s coins", run.State, w.balance(0, "coin", "available"))
		}
		w.at(2027, 1, 3)
		w.shut("2026")
		run, err = w.season.Close(ctx, w.boss, w.village, w.order("2026"))
		w.must(err)
		if run.State != "done" || w.balance(0, "coin", "available") != 10*pt || w.balance(0, "spend", "available") != 0 || len(run.Closings) != 2 {
			t.Errorf("%+v, %s coins, %s left", run, w.balance(0, "coin", "available"), w.balance(0, "spend", "available"))
		}
	})
}
