package report

import (
	"io"
	"iter"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/paper"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// table is one table of a report, for a sheet of Excel and for paper.
type table struct {
	name    string
	columns []column
	rows    [][]string
	inside  bool // not for a wall: names stand in full
}

type column struct {
	name  string
	width float64 // in characters
	right bool    // numbers
}

func text(name string, width float64) column   { return column{name, width, false} }
func number(name string, width float64) column { return column{name, width, true} }

// Excel writes the report as a workbook, one sheet for each table.
func (b *Yearbook) Excel(w io.Writer) error {
	var sheets []paper.Sheet
	for _, t := range b.tables() {
		s := paper.Sheet{Name: t.name, Rows: each2(t.rows)}
		for _, c := range t.columns {
			s.Columns = append(s.Columns, paper.Column{Title: c.name, Width: c.width, Text: !c.right, Number: c.right})
		}
		sheets = append(sheets, s)
	}
	return paper.WriteExcel(w, sheets...)
}

func each2(rows [][]string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

// ranking is the name of the table of ranks.
const ranking = "名次"

// tables are the report's, in the order in which they are read.
func (b *Yearbook) tables() []table {
	all := []table{b.overview(), b.months()}
	who := "户主"
	if b.Subject == scheme.SubjectPerson {
		who = "姓名"
	}
	ranks := table{name: ranking, columns: []column{number("名次", 8), text("户号", 12), text(who, 16), number("积分", 14)}}
	for _, r := range b.Standings {
		ranks.rows = append(ranks.rows, []string{count(r.Rank), r.Number, r.Name, r.Amount.String()})
	}
	all = append(all, ranks)
	all = append(all, b.awards()...)
	groups := table{name: "小组参与", columns: []column{text("小组", 16), number("户数", 10), number("有记录的户", 12), number("参与率", 10), number("小组得分", 14)}}
	for _, g := range b.Groups {
		name := g.Name
		if name == "" {
			name = "未编组"
		}
		groups.rows = append(groups.rows, []string{name, count(g.Households), count(g.Active), percent(g.Percent), g.Earned.String()})
	}
	classes := table{name: "各类积分", columns: []column{text("类别", 20), number("得分", 14), number("扣分", 14)}}
	for _, c := range b.Figures.Classes {
		classes.rows = append(classes.rows, []string{c.Name, c.Earned.String(), c.Lost.String()})
	}
	goods := table{name: "兑换商品", columns: []column{text("商品", 24), text("单位", 8), number("数量", 10), number("积分", 14)}}
	for _, g := range b.Figures.Goods {
		goods.rows = append(goods.rows, []string{g.Name, g.Unit, count(g.Qty), g.Amount.String()})
	}
	quiet := table{name: "没有记录的户", inside: true, columns: []column{text("小组", 16), text("户号", 12), text("户主", 16), text("走访情况", 40)}}
	for _, h := range b.Quiet {
		quiet.rows = append(quiet.rows, []string{h.Group, h.Number, h.Name, ""})
	}
	return append(all, groups, classes, goods, quiet)
}

// overview sets the span beside the one before.
func (b *Yearbook) overview() table {
	now, before := &b.Figures.Sum, &b.Figures.Before
	t := table{name: "概况", columns: []column{text("项目", 24), number(b.Figures.Span.Chinese(), 16), number(b.Figures.Span.Before().Chinese(), 16), number("相差", 16)}}
	whole := func(name string, x, y int64) {
		t.rows = append(t.rows, []string{name, count(x), count(y), count(x - y)})
	}
	amount := func(name string, x, y points.Amount) {
		t.rows = append(t.rows, []string{name, x.String(), y.String(), (x - y).String()})
	}
	whole("户数", now.Households, before.Households)
	whole("有记录的户", now.Active, before.Active)
	t.rows = append(t.rows, []string{"参与率", percent(now.Percent), percent(before.Percent), points100(now.Percent - before.Percent)})
	whole("记录件数", now.Deeds, before.Deeds)
	amount("做好事得分（计入排名）", now.Earned, before.Earned)
	amount("扣分（计入排名）", now.Lost, before.Lost)
	amount("发放的可兑积分", now.Issued, before.Issued)
	amount("扣掉的可兑积分", now.Deducted, before.Deducted)
	amount("兑换的积分", now.Redeemed, before.Redeemed)
	amount("过期和结转作废", now.Expired, before.Expired)
	amount("期末村民手里的积分", now.Outstanding, before.Outstanding)
	return t
}

func (b *Yearbook) months() table {
	t := table{name: "逐月", columns: []column{text("月份", 14), number("有记录的户", 12), number("记录件数", 10), number("得分", 14), number("扣分", 12), number("发放", 14), number("兑换", 14), number("月末结余", 14)}}
	for _, m := range b.Figures.Trend {
		t.rows = append(t.rows, []string{m.Month.Chinese(), count(m.Active), count(m.Deeds), m.Earned.String(), m.Lost.String(), m.Issued.String(), m.Redeemed.String(), m.Outstanding.String()})
	}
	return t
}

// awards are what was awarded and, apart, the honours among it; nothing where no round was held.
func (b *Yearbook) awards() []table {
	prizes := table{name: "评比奖励", columns: []column{text("评比", 20), number("名次", 8), text("档次", 14), text("户号", 12), text("姓名", 16), text("奖励", 30), text("办理", 12)}}
	honours := table{name: "荣誉", columns: []column{text("称号", 24), text("户号", 12), text("姓名", 16), text("评比", 20)}}
	for _, a := range b.Awards {
		if a.Honour {
			honours.rows = append(honours.rows, []string{a.Words, a.Number, a.Name, a.Round})
			continue
		}
		prizes.rows = append(prizes.rows, []string{a.Round, count(a.Place), a.Tier, a.Number, a.Name, a.Words, a.State})
	}
	var all []table
	for _, t := range []table{prizes, honours} {
		if len(t.rows) > 0 {
			all = append(all, t)
		}
	}
	return all
}

func count(n int64) string   { return strconv.FormatInt(n, 10) }
func percent(n int64) string { return count(n) + "%" }

// points100 says by how many of a hundred a rate differs.
func points100(n int64) string {
	switch {
	case n > 0:
		return "多" + count(n) + "个百分点"
	case n < 0:
		return "少" + count(-n) + "个百分点"
	}
	return "一样"
}

// title is the report's heading.
func (b *Yearbook) title() string {
	return b.Figures.Name + b.Figures.Span.Chinese() + "积分工作报告"
}

// asOf says until when the figures count.
func (b *Yearbook) asOf() string {
	if b.Figures.AsOf == 0 {
		return "统计数字要到今晚才有。"
	}
	return "统计数字截至" + clock.FromMs(b.Figures.AsOf).In(clock.Shanghai).Format("2006年1月2日15:04") + "。"
}
