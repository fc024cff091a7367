package scheme

import (
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
