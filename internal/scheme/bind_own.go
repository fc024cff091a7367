package scheme

import (
	"slices"
	"strconv"
	"strings"

	"hefen/internal/clock"
)

// calendarKinds are the kinds of span that every village has, from the shortest; no own period may be called so.
var calendarKinds = []string{"month", "quarter", "half", "year"}

// perKinds are words that stand for other stretches elsewhere in the file and would be misunderstood as a code.
var perKinds = []string{"day", "week", "two_months", "life", "next_year"}

// ownPeriods binds the periods with dates of their own, before everything that names them.
func (b *binder) ownPeriods(n *node) {
	codes, names := unique{}, unique{}
	for _, v := range list(n) {
		b.unique(codes, v.get("code"), "代号")
		b.unique(names, v.get("name"), "名称")
		o := OwnPeriod{Code: text(v.get("code")), Name: text(v.get("name")), From: text(v.get("from")), To: text(v.get("to"))}
		if slices.Contains(calendarKinds, o.Code) || slices.Contains(perKinds, o.Code) {
			b.fail(v.get("code"), "period", "“"+o.Code+"”在细则里已经有别的意思", "请换一个代号，例如 nian")
		}
		if !b.dates(v, &o) { // what names it is not blamed for its dates
			o.once, o.from, o.to = 0, monthDay{1, 1}, monthDay{12, 31}
		}
		for i := range b.s.OwnPeriods {
			if p := &b.s.OwnPeriods[i]; p.From == o.From && p.To == o.To && p.Code != o.Code {
				b.warn(v, "period", "和“"+p.Name+"”是同样的日子", "请删去一条")
			}
		}
		b.s.OwnPeriods = append(b.s.OwnPeriods, o)
	}
}

// dates binds the two days of a period, which both have a year or both come every year.
func (b *binder) dates(n *node, o *OwnPeriod) bool {
	from, to := n.get("from"), n.get("to")
	once := len(o.From) > len("01-02")
	if once != (len(o.To) > len("01-02")) {
		b.fail(to, "period", "第一天和最后一天的写法不一样", "每年都有的两个都写成 11-01 的样子，只有一次的两个都写成 2026-02-15 的样子")
		return false
	}
	before := len(b.problems)
	if once {
		first, last := b.day(from), b.day(to)
		switch o.once = clock.Between(first, last); {
		case len(b.problems) > before:
		case last < first:
			b.fail(to, "date", "最后一天早于第一天", "请核对 from 和 to")
		case o.once == 0 || last.Sub(first) > 366:
			b.fail(to, "period", "一个周期最长一年", "请核对 from 和 to 的年份")
		}
		return len(b.problems) == before
	}
	o.from, o.to = b.monthDay(from), b.monthDay(to)
	return len(b.problems) == before
}

// monthDay reads a date that every year has.
func (b *binder) monthDay(n *node) monthDay {
	b.day(&node{line: n.line, col: n.col, text: "2025-" + text(n)})
	month, day, _ := strings.Cut(text(n), "-")
	var d monthDay
	d.month, _ = strconv.Atoi(month)
	d.day, _ = strconv.Atoi(day)
	return d
}

// kind checks what names a kind of span: one of the calendar, not shorter than least, or an own period, which it answers.
func (b *binder) kind(n *node, least string) *OwnPeriod {
	code := text(n)
	at := slices.Index(calendarKinds, code)
	if n == nil || at >= slices.Index(calendarKinds, least) && at >= 0 {
		return nil
	}
	if o := b.s.own(code); o != nil {
		return o
	}
	var known []string
	for i := range b.s.OwnPeriods {
		known = append(known, b.s.OwnPeriods[i].Code)
	}
	allowed := strings.Join(append(slices.Clone(calendarKinds[slices.Index(calendarKinds, least):]), known...), "、")
	b.fail(n, "reference", "没有“"+short(code)+"”这个周期", "请写 "+allowed+"；要用别的日子，先在文件里写 periods: [{code: "+short(code)+", name: ……, from: 11-01, to: 10-31}]")
	return nil
}
