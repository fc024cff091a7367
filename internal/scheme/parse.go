package scheme

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// Levels of a problem.
const (
	LevelError   = "error"   // the file cannot be used
	LevelWarning = "warning" // the file can be used; somebody should look
)

// Problem is something wrong in a scheme file: where, what, and what to write instead. Line and Col count from 1.
type Problem struct {
	Line   int    `json:"line"`
	Col    int    `json:"col"`
	Level  string `json:"level" enum:"error,warning"`
	Code   string `json:"code"`
	Msg    string `json:"msg" doc:"what is wrong, in Chinese"`
	Advice string `json:"advice" doc:"what to write, in Chinese"`
}

// String is the problem as a person reads it on a terminal: 第37行第5列：……。……
func (p Problem) String() string {
	s := "第" + strconv.Itoa(p.Line) + "行第" + strconv.Itoa(p.Col) + "列："
	if p.Level == LevelWarning {
		s += "（提醒）"
	}
	return s + p.Msg + "。" + p.Advice
}

// Parse reads a scheme file. It answers all problems of the first stage that finds any (writing, shape, meaning), by
// line, at most 100; the Scheme is nil if one of them is an error. Any input is safe: time and memory are bounded.
func Parse(src []byte) (*Scheme, []Problem) {
	root, problems := read(src)
	if len(problems) == 0 {
		problems = checkShape(root)
	}
	var s *Scheme
	if len(problems) == 0 {
		b := &binder{s: &Scheme{}}
		b.scheme(root)
		s, problems = b.s, b.problems
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	if len(problems) > maxProblems {
		problems = problems[:maxProblems]
	}
	if slices.ContainsFunc(problems, isError) {
		return nil, problems
	}
	return s, problems
}

// binder makes a Scheme of nodes whose shape is right and checks what they mean. Its getters take nil for absent.
type binder struct {
	s           *Scheme
	problems    []Problem
	walletNodes *node
	roundCodes  []string
	own         ownCount
}

func (b *binder) fail(n *node, code, msg, advice string) {
	b.problems = append(b.problems, fail(n.line, n.col, code, msg, advice)...)
}

func (b *binder) warn(n *node, code, msg, advice string) {
	b.fail(n, code, msg, advice)
	b.problems[len(b.problems)-1].Level = LevelWarning
}

func text(n *node) string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}

func textOr(n *node, def string) string { return cmp.Or(text(n), def) }

func boolOr(n *node, def bool) bool {
	if n == nil {
		return def
	}
	return n.text == "true"
}

// number is a whole number; the shape has checked that it is one.
func number(n *node, def int) int {
	if n == nil {
		return def
	}
	whole, _, _ := strings.Cut(n.text, ".")
	v, _ := strconv.Atoi(whole)
	return v
}

func list(n *node) []*node {
	if n == nil {
		return nil
	}
	return n.vals
}

func texts(n *node) []string {
	var out []string
	for _, v := range list(n) {
		out = append(out, text(v))
	}
	return out
}

// amount reads points exactly, from their decimal digits.
func (b *binder) amount(n *node) points.Amount {
	if n == nil {
		return 0
	}
	a, err := points.Parse(trimZeros(n.text, 2))
	if err != nil {
		b.fail(n, "amount", "“"+short(n.text)+"”的小数太多", "最多写两位小数，例如 0.5 或 2.25")
		return points.Point // so that nothing else is blamed for it
	}
	return a
}

// thousandths reads a quantity exactly.
func (b *binder) thousandths(n *node) int64 {
	whole, frac, _ := strings.Cut(trimZeros(n.text, 3), ".")
	if len(frac) > 3 {
		b.fail(n, "quantity", "“"+short(n.text)+"”的小数太多", "最多写三位小数，例如 2.5")
		return 1000 // so that nothing else is blamed for it
	}
	v, _ := strconv.ParseInt(whole+(frac + "000")[:3], 10, 64)
	return v
}

// trimZeros drops zeros that end a fraction of more than the given places, and a point with nothing behind it.
func trimZeros(s string, places int) string {
	whole, frac, dot := strings.Cut(s, ".")
	if !dot || len(frac) <= places {
		return s
	}
	frac = strings.TrimRight(frac, "0")
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

func (b *binder) day(n *node) clock.Day {
	if n == nil {
		return 0
	}
	d, err := clock.ParseDay(n.text)
	if err != nil {
		b.fail(n, "date", "没有“"+short(n.text)+"”这一天", "请写日历上有的日期，例如 2026-01-31")
	}
	return d
}

// unique reports codes and names that were used before.
type unique map[string]int

func (b *binder) unique(seen unique, n *node, what string) {
	if n == nil {
		return
	}
	if line, ok := seen[text(n)]; ok {
		b.fail(n, "duplicate", what+"“"+short(text(n))+"”与第"+strconv.Itoa(line)+"行重复", "请换一个不同的"+what)
		return
	}
	seen[text(n)] = n.line
}
