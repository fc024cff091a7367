package scheme

import (
	"strings"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// villageOf is a village under a shipped scheme, its accounts with their base score.
func villageOf(t *testing.T, name string) *diary {
	t.Helper()
	d := newDiary(template(t, name))
	if b := d.s.Base; b != nil {
		for _, account := range []id.ID{7, 8, 9} {
			d.amounts[Measure{Account: account, Wallet: b.Wallet}] = b.Points
		}
	}
	return d
}

func (d *diary) holds(t *testing.T, account id.ID, want map[string]points.Amount) {
	t.Helper()
	for wallet, amount := range want {
		if got := d.has(account, wallet); got != amount {
			t.Errorf("account %s: %s %s, want %s", account, wallet, got, amount)
		}
	}
}

// 四净 and 两规范 are monthly states, checked until the 8th; one household per group and year; the highest honour; rubbish
// costs everything.
func TestGoldenDongshi(t *testing.T) {
	d := villageOf(t, "dongshi")
	off := func(code string, p points.Amount) Case { return Case{Parts: []PartResult{{Code: code, Off: p}}} }
	d.run(t,
		step{item: "sijing", on: 20260308, want: 400},
		step{item: "liangguifan", on: 20260308, want: 100, c: off("chaicao", 100)},
		step{item: "sijing", on: 20260401, want: 350, c: off("geren", 50)},
		step{item: "sijing", on: 20260403, want: -100, c: Case{Parts: []PartResult{{Code: "geren", Off: 50}, {Code: "chuce", Off: 100}}}, say: "由3.5分改为2.5分"},
		step{item: "bangsao", on: 20260310, want: 2000},
		step{item: "bangsao", on: 20260331, want: 0, say: "最多记1次"},
		step{item: "choucha", on: 20260410, want: -600, c: Case{Quantity: 2000}},
		step{item: "chanye", on: 20260410, want: 10000},
		step{item: "chanye", on: 20280410, want: 0},
		step{item: "peihe", on: 20260411, want: 5000, c: Case{Points: 5000}},
		step{item: "xian", on: 20260501, want: 20000, c: Case{Event: 4}},
		step{item: "sheng", on: 20260601, want: 30000, c: Case{Event: 4}},
		step{item: "shi", on: 20260701, want: 0, c: Case{Event: 4}},
		step{item: "guojia", on: 20260801, want: 30000, c: Case{Event: 4, Points: 80000}},
		step{item: "zuimei", on: 20260901, want: 5000},
		step{item: "zuimei", on: 20261231, want: 0, c: Case{Account: 8, Household: 8, Group: 3}, say: "最多记1次"}, // the group has one
		step{item: "zuimei", on: 20261231, want: 5000, c: Case{Account: 9, Household: 9, Group: 4}},
		step{item: "zuimei", on: 20270101, want: 5000, c: Case{Account: 8, Household: 8, Group: 3}})
	d.holds(t, 7, map[string]points.Amount{"spend": 400 + 100 + 250 + 2000 - 600 + 10000 + 5000 + 80000 + 5000, "year": 102150})
	d.run(t, step{item: "luandao", on: 20261001, want: 0, say: "清零"})
	d.holds(t, 7, map[string]points.Amount{"spend": 0, "year": 0})
	d.refused(t, Case{Item: "sijing", OccurredOn: 20260309, Account: 7}, "每月1日到8日")
}

// Only what is above 100 can be spent; 108 − 40 = 68 is suspended from appraisals, 68 + 5 = 73 restored.
func TestGoldenBaijia(t *testing.T) {
	d := villageOf(t, "baijia")
	neat, messy := Case{Grade: "neat"}, Case{Grade: "messy"}
	d.run(t,
		step{item: "kaihui", on: 20260305, want: 100, c: Case{Grade: "ontime"}},
		step{item: "daodi", on: 20260305, want: 100},
		step{item: "fayan", on: 20260305, want: 100},
		step{item: "fayan", on: 20260305, want: 0},                                              // once a day
		step{item: "fayan", on: 20260305, want: 100, c: Case{Account: 7, Group: 3, Member: 71}}, // another of the household: pooled
		step{item: "zhuodeng", on: 20260310, want: 200, c: neat},
		step{item: "guowan", on: 20260310, want: 200, c: neat})
	d.holds(t, 7, map[string]points.Amount{"base": 10000, "spend": 800, "year": 800}) // 108: 8 to spend
	d.run(t, step{item: "weigui", on: 20260401, want: -4000, c: Case{Grade: "grave"}, say: "积分68分，低于70分"})
	d.holds(t, 7, map[string]points.Amount{"base": 10000, "spend": -3200, "year": -3200})
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagVeto || tags[0].Code != "low" {
		t.Errorf("68 points: %+v", tags)
	}
	d.run(t, step{item: "daodi", on: 20260402, want: 100}) // 69
	if len(d.tags[7]) != 1 {
		t.Error("69 points: restored")
	}
	d.run(t, step{item: "daodi", on: 20260403, want: 100, say: "已回到70分"}) // exactly 70
	if len(d.tags[7]) != 0 {
		t.Errorf("70 points: %+v", d.tags[7])
	}
	d.run(t, step{item: "yibei", on: 20260410, want: 200, c: neat}, step{item: "yibei", on: 20260420, want: -400, c: messy}, // 70 − 0, then below again
		step{item: "tingyuan", on: 20260501, want: 1000}, step{item: "tingyuan", on: 20260630, want: 0}, // a state of the quarter
		step{item: "tingyuan", on: 20260701, want: 1000})
	if got := d.has(7, "base") + d.has(7, "year"); got != 8800 || len(d.tags[7]) != 0 {
		t.Errorf("%s points, %+v", got, d.tags[7])
	}

	other := villageOf(t, "baijia") // 118: 18 can be spent
	for range 9 {
		if _, err := other.do(Case{Item: "zhuodeng", OccurredOn: 20260101 + 100*clock.Day(len(other.cases)), Grade: "neat"}); err != nil {
			t.Fatal(err)
		}
	}
	if parts, missing := other.s.Pay(PaysGoods, 1800, map[string]points.Amount{"spend": other.has(7, "spend"), "base": 10000}, nil); missing != 0 || len(parts) != 1 {
		t.Errorf("18 of 118: %v, missing %s", parts, missing)
	}
	if _, missing := other.s.Pay(PaysGoods, 1900, map[string]points.Amount{"spend": other.has(7, "spend"), "base": 10000}, nil); missing != 100 {
		t.Errorf("19 of 118: missing %s", missing)
	}
}

// Task points offset the fee and buy nothing; reward points buy and offset nothing.
func TestGoldenSansheng(t *testing.T) {
	d := villageOf(t, "sansheng")
	if len(d.s.Classes) != 11 {
		t.Errorf("%d classes", len(d.s.Classes))
	}
	d.run(t,
		step{item: "menqian", on: 20260310, want: 1000, c: Case{Grade: "good"}},
		step{item: "menqian", on: 20260320, want: -1500, c: Case{Grade: "bad"}, say: "由10分改为-5分"},
		step{item: "menqian", on: 20260410, want: 1000, c: Case{Grade: "good"}},
		step{item: "fenlei", on: 20260310, want: 100},
		step{item: "fenlei", on: 20260310, want: 0},
		step{item: "chugong", on: 20260311, want: 10000, c: Case{Quantity: 6000}, say: "一次最多100分"},
		step{item: "huishou", on: 20260311, want: 125, c: Case{Quantity: 2500}},
		step{item: "luandui", on: 20260311, want: 0},
		step{item: "luandui", on: 20260401, want: -1000})
	d.holds(t, 7, map[string]points.Amount{"task": 1100, "reward": 10000 + 125 - 1000, "year": -500 + 1000 + 100 + 10000 + 125 - 1000})
	free := map[string]points.Amount{"task": d.has(7, "task"), "reward": d.has(7, "reward")}
	if parts, missing := d.s.Pay(PaysFee, 1500, free, nil); missing != 400 || len(parts) != 1 || parts[0].Wallet != "task" {
		t.Errorf("fee: %v, missing %s", parts, missing)
	}
	if parts, missing := d.s.Pay(PaysGoods, 1000, free, nil); missing != 0 || len(parts) != 1 || parts[0].Wallet != "reward" {
		t.Errorf("goods: %v, missing %s", parts, missing)
	}
}

// Levels of honour, learning per person, 5 per person-time, by analogy; a breach costs everything and two years.
func TestGoldenZhuhu(t *testing.T) {
	d := villageOf(t, "zhuhu")
	d.run(t,
		step{item: "shi", on: 20260301, want: 2000, c: Case{Event: 1}},
		step{item: "guojia", on: 20260401, want: 3000, c: Case{Event: 1}},
		step{item: "shequ", on: 20260501, want: 0, c: Case{Event: 1}},
		step{item: "boshi", on: 20260701, want: 2000, c: by(7, 70)},
		step{item: "boshi", on: 20260701, want: 2000, c: by(7, 71)}, // per person
		step{item: "boshi", on: 20270701, want: 0, c: by(7, 71)},
		step{item: "lifa", on: 20260702, want: 4000, c: Case{Persons: 8}, say: "8人次，每人次5分"},
		step{item: "leitui", on: 20260703, want: 1500, c: Case{Points: 1500}},
		step{item: "weiyue", on: 20260704, want: 0, say: "取消兑换资格，到2027年12月31日为止"})
	d.holds(t, 7, map[string]points.Amount{"spend": 0, "year": 0})
	if tags := d.tags[7]; len(tags) != 1 || tags[0].Kind != TagBarred || tags[0].To != 20280101 {
		t.Errorf("%+v", tags)
	}
}

// Twelve performers of 2 points each make 20 for their team, and count for no other team.
func TestGoldenWanzhouTeam(t *testing.T) {
	d := villageOf(t, "wanzhou")
	var team []Party
	for i := range id.ID(12) {
		team = append(team, Party{Role: "member", Account: 100 + i, Member: 100 + i})
	}
	if dec, err := d.do(Case{Item: "wenyu_dui", OccurredOn: 20260311, Account: 50, Event: 2, Parties: team}); err != nil || dec.Counted != 2000 {
		t.Errorf("%+v %v", dec, err)
	}
	if dec, err := d.do(Case{Item: "wenyu_dui", OccurredOn: 20260311, Account: 51, Event: 2, Parties: team[:3]}); err != nil || dec.Counted != 0 {
		t.Errorf("%+v %v", dec, err)
	}
}

func TestGoldenLinyuanVeto(t *testing.T) {
	d := villageOf(t, "linyuan")
	dec, err := d.do(Case{Item: "foujue", OccurredOn: 20260310})
	if err != nil || dec.Counted != -2000 || len(dec.Tags) != 1 || dec.Tags[0].Kind != TagVeto || dec.Tags[0].To != 20270310 || !strings.Contains(strings.Join(dec.Reasons, ""), "一票否决") {
		t.Errorf("%+v %v", dec, err)
	}
}
