package season_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// account is a household in the model: what a person would keep on paper.
type account struct {
	months      [13]points.Amount // net score by month
	spend, coin points.Amount
	fresh       points.Amount // of spend: came in after the year
	tagged      bool
	base        points.Amount
}

// TestCloseIsTheModel: random years, closed over the database in random chunks, leave what scheme.Close says of the
// standings that a small model keeps.
func TestCloseIsTheModel(t *testing.T) {
	book, problems := scheme.Parse([]byte(rules))
	if book == nil {
		t.Fatal(problems)
	}
	for seed, engine := range []storage.Dialect{storage.SQLite, storage.MySQL, storage.SQLite, storage.SQLite} {
		t.Run(fmt.Sprint(seed, engine), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 2026))
			const households = 24 // more than a handful of different amounts in one chunk
			w := newWorld(t, dbtest.Open(t, engine), rules, households)
			_, err := w.season.GrantBaseIn(ctx, w.village)
			w.must(err)
			model := make([]account, households)
			for month := 1; month <= 13; month++ { // 13: January, after the year
				day := clock.MakeDay(2026, month, 1+r.IntN(9))
				w.at(day.Year(), day.Month(), day.Dom())
				if month == 13 {
					w.at(2027, 1, 11)
					w.shut("2026")
				}
				for home := range model {
					m := &model[home]
					m.base = 100 * pt
					if r.IntN(3) > 0 {
						continue
					}
					amount := points.Amount(r.IntN(5000) - 1200)
					w.earn(home, day, amount)
					m.spend += amount
					if month < 13 {
						m.months[month] += amount
					} else {
						m.fresh += max(0, amount)
					}
					if m.spend > 500 && r.IntN(4) == 0 && month < 13 {
						w.spend(home, ledger.Redeem, 300)
						m.spend -= 300
					}
				}
			}
			for _, p := range book.Periods(clock.MakeDay(2026, 1, 2), clock.MakeDay(2027, 1, 11)) {
				if p.Span.First() >= clock.MakeDay(2026, 1, 1) {
					closeModel(book, p, model)
				}
			}
			_, err = w.season.CloseBy(ctx, 1, w.village, w.order("2026"), nil)
			w.must(err)
			for home, m := range model {
				tags := dbtest.Rows(t, w.db, "SELECT COUNT(*) FROM tags WHERE account_id = ? AND to_day = 99991231", w.homes[home])[0]
				got := fmt.Sprint(w.balance(home, "spend", ledger.Available), w.balance(home, "coin", ledger.Available), w.balance(home, "base", ledger.Available), tags == "1")
				if want := fmt.Sprint(m.spend, m.coin, m.base, m.tagged); got != want {
					t.Errorf("household %d: %s, want %s", home, got, want)
				}
			}
		})
	}
}

// closeModel does to the model what the rules say of its standings.
func closeModel(book *scheme.Scheme, p scheme.Period, model []account) {
	list := make([]scheme.Standing, len(model))
	for i, m := range model {
		st := scheme.Standing{Account: id.ID(i + 1), Kind: scheme.SubjectHousehold, Since: clock.MakeDay(2026, 1, 1), Scores: map[scheme.ScoreKey]points.Amount{},
			Balances: map[string]points.Amount{"base": m.base, "spend": m.spend - m.fresh}}
		if m.tagged {
			st.Tags = []scheme.Tag{{Account: st.Account, Code: "low", Kind: "suspended", To: clock.Forever}}
		}
		for _, k := range book.CloseNeeds(p).Scores {
			for month := 1; month <= 12; month++ {
				if day := clock.MakeDay(2026, month, 1); k.Span.First() <= day && day <= min(k.Span.Last(), p.Span.Last()) {
					st.Scores[k] += m.months[month]
				}
			}
		}
		list[i] = st
	}
	for _, c := range scheme.Close(book, p, list) {
		m := &model[c.Account-1]
		switch {
		case c.Kind == scheme.CloseTag:
			m.tagged = true
		case c.Kind == scheme.CloseLift:
			m.tagged = false
		case c.Change == nil:
		case c.Change.Wallet == "spend":
			m.spend += c.Change.Amount
		case c.Change.Wallet == "coin":
			m.coin += c.Change.Amount
		case c.Change.Wallet == "base":
			m.base += c.Change.Amount
		}
	}
}
