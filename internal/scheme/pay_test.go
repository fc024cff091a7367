package scheme

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/points"
)

// payScheme has wallets in this order; only what Pay reads is set.
func payScheme(wallets ...Wallet) *Scheme {
	s := &Scheme{Wallets: wallets}
	for i := range s.Wallets {
		w := &s.Wallets[i]
		w.Kind = KindSpend
		if w.Pays == nil {
			w.Pays = []string{PaysGoods}
		}
		s.spendOrder = append(s.spendOrder, w.Code)
	}
	return s
}

func TestPay(t *testing.T) {
	task := Wallet{Code: "task"}
	gift := Wallet{Code: "gift", With: &With{Wallet: "task", Ratio: 1000, Ratios: []WithState{{"困难户", 3000}, {"停用", 0}}}}
	fee := Wallet{Code: "fee", Pays: []string{PaysFee}}
	both := Wallet{Code: "both", Pays: []string{PaysGoods, PaysFee}}
	type free = map[string]points.Amount
	for _, tt := range []struct {
		name    string
		wallets []Wallet
		use     string
		amount  points.Amount
		free    free
		states  []string
		want    string
	}{
		{"order", []Wallet{both, task}, PaysGoods, 500, free{"both": 300, "task": 900}, nil, "[{both 3} {task 2}] missing 0"},
		{"nothing to pay", []Wallet{both}, PaysGoods, 0, free{"both": 300}, nil, "[] missing 0"},
		{"not enough", []Wallet{both, task}, PaysGoods, 500, free{"both": 300, "task": 100}, nil, "[{both 3} {task 1}] missing 1"},
		{"below zero gives nothing", []Wallet{both, task}, PaysGoods, 500, free{"both": -300, "task": 100}, nil, "[{task 1}] missing 4"},
		{"fee", []Wallet{both, task, fee}, PaysFee, 500, free{"both": 300, "task": 900, "fee": 900}, nil, "[{both 3} {fee 2}] missing 0"},
		{"fee points buy no goods", []Wallet{fee}, PaysGoods, 500, free{"fee": 900}, nil, "[] missing 5"},
		{"gift 1:1", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 2000, "gift": 2000}, nil, "[{task 5} {gift 5}] missing 0"},
		{"gift 1:3 for one in need", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 2000, "gift": 2000}, []string{"困难户"}, "[{task 2.5} {gift 7.5}] missing 0"},
		{"the first state that stands", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 2000, "gift": 2000}, []string{"停用", "困难户"}, "[{task 2.5} {gift 7.5}] missing 0"},
		{"ratio 0", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 2000, "gift": 2000}, []string{"停用"}, "[{task 10}] missing 0"},
		{"gift alone pays nothing", []Wallet{gift, task}, PaysGoods, 1000, free{"gift": 2000}, nil, "[] missing 10"},
		{"gift runs out", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 2000, "gift": 200}, nil, "[{task 8} {gift 2}] missing 0"},
		{"task runs out", []Wallet{task, gift}, PaysGoods, 1000, free{"task": 400, "gift": 2000}, nil, "[{task 4} {gift 4}] missing 2"},
		{"an odd hundredth", []Wallet{task, gift}, PaysGoods, 101, free{"task": 2000, "gift": 2000}, nil, "[{task 0.51} {gift 0.5}] missing 0"},
		{"a third, cut", []Wallet{task, gift}, PaysGoods, 10, free{"task": 2000, "gift": 2000}, []string{"困难户"}, "[{task 0.03} {gift 0.07}] missing 0"},
		{"gift beside task, not beside others", []Wallet{both, task, gift}, PaysGoods, 1000, free{"both": 400, "task": 100, "gift": 2000}, nil, "[{both 4} {task 1} {gift 1}] missing 4"},
		{"gift beside a wallet that does not pay for it", []Wallet{{Code: "task", Pays: []string{PaysFee}}, gift}, PaysGoods, 100, free{"task": 400, "gift": 400}, nil, "[] missing 1"},
		{"two gifts rest on the same task points", []Wallet{task, gift, {Code: "more", With: &With{Wallet: "task", Ratio: 1000}}}, PaysGoods, 900, free{"task": 700, "gift": 300, "more": 300}, nil, "[{task 3} {gift 3} {more 3}] missing 0"},
		{"earlier wallets first", []Wallet{both, task, gift}, PaysGoods, 1000, free{"both": 800, "task": 900, "gift": 900}, nil, "[{both 8} {task 1} {gift 1}] missing 0"},
	} {
		parts, missing := payScheme(tt.wallets...).Pay(tt.use, tt.amount, tt.free, tt.states)
		if got := fmt.Sprintf("%v missing %v", parts, missing); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Every way of paying is tried: the plan pays as much as any, breaks no rule, and of those that pay as much it draws most
// on the first wallet of the walk, then on the second, and so on.
func TestPropertyPayAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := func() int64 {
			return rapid.SampledFrom([]int64{0, 1, 333, 500, 1000, 1500, 2000, 3000, 7777}).Draw(t, "ratio")
		}
		wallets := rapid.SampledFrom([][]Wallet{
			{{Code: "a"}, {Code: "b"}, {Code: "c"}},
			{{Code: "a"}, {Code: "b", With: &With{Wallet: "a", Ratio: ratio()}}, {Code: "c"}},
			{{Code: "a", With: &With{Wallet: "c", Ratio: ratio()}}, {Code: "b"}, {Code: "c"}},
			{{Code: "a"}, {Code: "b", With: &With{Wallet: "a", Ratio: ratio()}}, {Code: "c", With: &With{Wallet: "a", Ratio: ratio()}}},
			{{Code: "a", With: &With{Wallet: "b", Ratio: ratio()}}, {Code: "b"}, {Code: "c", With: &With{Wallet: "d", Ratio: ratio()}}, {Code: "d"}},
		}).Draw(t, "wallets")
		s := payScheme(wallets...)
		free := map[string]points.Amount{}
		for _, w := range wallets {
			free[w.Code] = points.Amount(rapid.IntRange(-1, 7).Draw(t, w.Code))
		}
		amount := points.Amount(rapid.IntRange(1, 20).Draw(t, "amount"))
		parts, missing := s.Pay(PaysGoods, amount, free, nil)
		pm := s.payment(PaysGoods, amount, free, nil)
		got := make([]points.Amount, len(pm))
		sum := missing
		for _, p := range parts {
			for i := range pm {
				if pm[i].code == p.Wallet {
					got[i] = p.Amount
				}
			}
			if sum += p.Amount; p.Amount <= 0 {
				t.Fatalf("an empty part: %v", parts)
			}
		}
		if sum != amount {
			t.Fatalf("parts %v and missing %s do not make %s", parts, missing, amount)
		}
		best := bruteForce(pm, amount)
		if fmt.Sprint(got) != fmt.Sprint(best) {
			t.Fatalf("paid %v, best %v of %+v for %d", got, best, pm, amount)
		}
	})
}

func bruteForce(pm payment, amount points.Amount) []points.Amount {
	var best []points.Amount
	most := points.Amount(-1)
	try := make([]points.Amount, len(pm))
	var walk func(i int, sum points.Amount)
	walk = func(i int, sum points.Amount) {
		if i < len(pm) {
			for try[i] = 0; try[i] <= pm[i].free && sum+try[i] <= amount; try[i]++ {
				walk(i+1, sum+try[i])
			}
			return
		}
		for k := range pm {
			if w := &pm[k]; w.with >= 0 && int64(try[k])*1000 > w.ratio*int64(try[w.with]) {
				return
			}
		}
		better := sum > most
		for k := 0; sum == most && k < len(pm) && !better; k++ {
			if try[k] != best[k] {
				better = try[k] > best[k]
				break
			}
		}
		if better {
			most, best = sum, append([]points.Amount(nil), try...)
		}
	}
	walk(0, 0)
	return best
}
