package scheme

import (
	"fmt"
	"testing"

	"hefen/internal/points"
)

// 白家村, worked by hand from its table: 108 − 40 = 68 is suspended, 68 + 5 = 73 restored; 118 leaves 18 to spend.
func TestTableBaijia(t *testing.T) {
	d := newDiary(template(t, "baijia"))
	d.amounts[Measure{Account: 7, Wallet: "base"}] = 10000
	total := func(want points.Amount) {
		t.Helper()
		if got := d.has(7, "base") + d.has(7, "year"); got != want {
			t.Errorf("total %s, want %s", got, want)
		}
	}
	father, mother := by(7, 70), by(7, 71)
	grade := func(c Case, code string) Case { c.Grade = code; return c }
	d.run(t, step{item: "daohui", on: 20260305, want: 100, c: grade(father, "ontime")}, step{item: "daodi", on: 20260305, want: 100, c: father}, step{item: "fayan", on: 20260305, want: 100, c: father},
		step{item: "daohui", on: 20260305, want: -200, c: grade(mother, "late"), say: "评为“迟到”，扣2分"})
	total(10100)
	for i, code := range []string{"zhuodeng", "guowan", "yibei", "gunbang", "cuoji", "wuli"} {
		if i < 5 {
			d.run(t, step{item: code, on: 20260310, want: 200, c: grade(mother, "neat")})
		} else {
			d.run(t, step{item: code, on: 20260310, want: -200, c: grade(mother, "messy")})
		}
	}
	total(10900)
	d.run(t, step{item: "guowan", on: 20260401, want: -200, c: grade(mother, "messy")}, step{item: "fayan", on: 20260402, want: 100, c: mother})
	total(10800)
	rest := func(c Case, p points.Amount) Case { c.Points = p; return c }
	d.run(t, step{item: "qita", on: 20260501, want: -4000, c: rest(father, -4000), say: "积分68分，低于70分：暂停，直到解除"})
	total(6800)
	if d.has(7, "spend") != -3200 { // nothing to spend until it is made good
		t.Errorf("spend %s", d.has(7, "spend"))
	}
	d.run(t, step{item: "qita", on: 20260502, want: 500, c: rest(father, 500), say: "积分73分，已回到70分，解除暂停"})
	total(7300)
	d.run(t, step{item: "qita", on: 20260503, want: -300, c: rest(father, -300)}) // exactly 70: stays
	if len(d.tags[7]) != 0 {
		t.Errorf("%+v", d.tags[7])
	}
	for range 4 {
		d.run(t, step{item: "tingyuan", on: 20260601, want: 1000, c: mother})
	}
	d.run(t, step{item: "zhuodeng", on: 20260701, want: 200, c: grade(mother, "neat")}, step{item: "qita", on: 20260702, want: 600, c: rest(father, 600)})
	total(11800)
	if parts, missing := d.s.Pay(PaysGoods, 2000, map[string]points.Amount{"base": d.has(7, "base"), "spend": d.has(7, "spend")}, nil); fmt.Sprint(parts, missing) != "[{spend 18}] 2" {
		t.Errorf("118 leaves 18: %v missing %s", parts, missing)
	}
	// Below 70 no appraisal; the new year begins with 100 again.
	st := []Standing{scored(1, 202600, -3000), scored(2, 202600, -3001), scored(3, 202600, 1800)}
	if got := winners(Award(d.s, &d.s.Rounds[0], 202600, st, nil)); got != "3年终评比 1年终评比" {
		t.Error(got)
	}
	expect(t, Close(d.s, Period{Span: 202600, On: 20270101}, []Standing{balance(1, "base", 10000)}))
}

// 三胜村: goods are paid with reward points only, the sanitation fee with task points only.
func TestTableSansheng(t *testing.T) {
	d := newDiary(template(t, "sansheng"))
	if len(d.s.Classes) != 12 { // eleven of reward points, one of task points
		t.Errorf("%d classes", len(d.s.Classes))
	}
	d.run(t,
		step{item: "dasao", on: 20260310, want: 500}, step{item: "dasao", on: 20260310, want: 0},
		step{item: "laodong", on: 20260311, want: 700, c: Case{Quantity: 3500}}, // 3.5 hours
		step{item: "laodong", on: 20260312, want: 1600, c: Case{Quantity: 10000}},
		step{item: "tingyuan", on: 20260315, want: 1000, c: Case{Grade: "b"}}, step{item: "tingyuan", on: 20260330, want: 1000, c: Case{Grade: "a"}, say: "由10分改为20分"},
		step{item: "tingyuan", on: 20260401, want: 0, c: Case{Grade: "c"}},
		step{item: "qu", on: 20260501, want: 5000, c: Case{Event: 1}}, step{item: "shi", on: 20260601, want: 5000, c: Case{Event: 1}}, step{item: "xiang", on: 20260601, want: 0, c: Case{Event: 1}},
		step{item: "menqian", on: 20260331, want: 1000}, step{item: "menqian", on: 20260430, want: 1000}, step{item: "menqian", on: 20260430, want: 0}, step{item: "jiaofei", on: 20260430, want: 100},
		step{item: "luandao", on: 20260701, want: 0}, step{item: "luandao", on: 20260801, want: -1000})
	if d.has(7, "reward") != 13800 || d.has(7, "task") != 2100 || d.has(7, "year") != 13800 {
		t.Errorf("reward %s task %s year %s", d.has(7, "reward"), d.has(7, "task"), d.has(7, "year"))
	}
	free := map[string]points.Amount{"reward": 13800, "task": 2100}
	for _, tt := range []struct {
		use    string
		amount points.Amount
		want   string
	}{{PaysGoods, 1000, "[{reward 10}] 0"}, {PaysGoods, 80000, "[{reward 138}] 662"}, {PaysFee, 2100, "[{task 21}] 0"}, {PaysFee, 2101, "[{task 21}] 0.01"}} {
		parts, missing := d.s.Pay(tt.use, tt.amount, free, nil)
		if got := fmt.Sprint(parts, missing); got != tt.want {
			t.Errorf("%s %s: %s", tt.use, tt.amount, got)
		}
	}
}
