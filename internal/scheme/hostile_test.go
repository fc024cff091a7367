package scheme

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"hefen/internal/errs"
)

// TestHostileFilesAreBounded shows that files that pass the reader, and are made to be slow further on, cost little. Bytes
// are counted, not seconds, so that a busy machine does not fail it.
func TestHostileFilesAreBounded(t *testing.T) {
	head, items, _ := strings.Cut(everything(t), "  - {code: sweep")
	_, tail, _ := strings.Cut(items, "\nrounds:\n")
	tail = "\nrounds:\n" + tail
	repeat := func(n int, what func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(what(i))
		}
		return b.String()
	}
	conditions := func(when string) string {
		return head + repeat(500, func(i int) string {
			return fmt.Sprintf("  - {code: i%d, name: 事%d, class: eco, points: 1, only: {when: %q}}\n", i, i, when)
		}) + tail
	}
	for name, src := range map[string]string{
		"long list":  head + "  - {code: a, name: 甲, class: eco, points: 1, credits: [" + repeat(40_000, func(i int) string { return fmt.Sprintf("w%d, ", i) }) + "]}" + tail,
		"same list":  head + "  - {code: a, name: 甲, class: eco, points: 1, credits: [" + strings.Repeat("year, ", 40_000) + "]}" + tail,
		"many keys":  head + "  - {code: a, name: 甲, class: eco, " + repeat(20_000, func(i int) string { return fmt.Sprintf("k%d: 1, ", i) }) + "points: 1}" + tail,
		"many items": head + repeat(9000, func(i int) string { return fmt.Sprintf("  - {code: i%d, name: 事%d}\n", i, i) }) + tail,
		"twelve values": head + repeat(500, func(i int) string {
			return fmt.Sprintf("  - {code: i%d, name: 事%d, class: eco, sheet: {parts: [{code: a, name: 甲, full: 1}]}, range: {from: 1, to: 2}}\n", i, i)
		}) + tail,
		"parentheses":    conditions(strings.Repeat("(", 150) + "true" + strings.Repeat(")", 146)),
		"open":           conditions(strings.Repeat("(", 300)),
		"not":            conditions(strings.Repeat("!", 290) + "true"),
		"long condition": conditions("size>1" + strings.Repeat("&&day>1", 40)),
		"range":          conditions("size in 1..1000000000 && len(1..1000000000) > 3"),
		"pattern":        conditions("grade matches '" + strings.Repeat("(a{100}", 30) + strings.Repeat(")", 30) + "'"),
		"long string":    conditions("grade == '" + strings.Repeat("长", 280) + "'"),
		"streaks of all": head + repeat(500, func(i int) string {
			return fmt.Sprintf("  - {code: i%d, name: 事%d, class: eco, streak: {days: 2, at_least: 9, points: 1, classes: [eco, order, honour]}}\n", i, i)
		}) + tail,
		"campaigns": strings.Replace(everything(t), "campaigns:\n", "campaigns:\n"+repeat(19, func(i int) string {
			return fmt.Sprintf("  - {name: 活%d, from: 2026-01-01, to: 2026-12-31, factor: 2, items: [sweep], on: deductions}\n", i)
		}), 1),
		"long names":   head + "  - {code: a, name: " + strings.Repeat("长", 300_000) + ", class: eco, points: 1}" + tail,
		"long number":  head + "  - {code: a, name: 甲, class: eco, points: " + strings.Repeat("1", 900_000) + "}" + tail,
		"small number": head + "  - {code: a, name: 甲, class: eco, points: 0." + strings.Repeat("0", 900_000) + "1}" + tail,
		"blocks":       head + "  - code: a\n    name: |\n" + strings.Repeat("      行\n", 60_000) + tail,
		"wrong in a list": head + repeat(500, func(i int) string {
			return fmt.Sprintf("  - {code: I%d, nmae: 1, clas: [], pionts: {}, review: {levls: 9}}\n", i)
		}) + tail,
	} {
		if len(src) > MaxFile {
			src = src[:MaxFile]
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, problems := Parse([]byte(src))
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
			t.Errorf("%s took %d MB", name, used)
		}
		if s == nil && len(problems) == 0 || len(problems) > maxProblems {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
}

// TestParseMangled takes the full file apart and puts it together wrongly, so that the checks behind the shape meet what no
// person writes: none of them may fail, whatever it is given.
func TestParseMangled(t *testing.T) {
	full := everything(t)
	token := regexp.MustCompile(`[a-z_]+: |[{}\[\],]|-?[0-9.]+|[\p{Han}]+|[a-z_]+`)
	spans := token.FindAllStringIndex(full, -1)
	parsed := 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		src := full
		for range 1 + r.IntN(3) {
			at, from := spans[r.IntN(len(spans))], spans[r.IntN(len(spans))]
			if at[1] <= len(src) {
				src = src[:at[0]] + full[from[0]:from[1]] + src[at[1]:]
			}
		}
		s, problems := Parse([]byte(src))
		if s == nil && len(problems) == 0 {
			t.Fatalf("seed %d: neither scheme nor problem", seed)
		}
		if s == nil {
			continue
		}
		parsed++
		for i := range s.Items {
			c := Case{ID: 1, Item: s.Items[i].Code, OccurredOn: 20260306, Account: 7, Member: 8, Quantity: 2500}
			if _, err := Decide(s, c, NewFacts(nil)); err != nil && errs.KindOf(err) == errs.Internal {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	if parsed < 5 {
		t.Errorf("only %d of the mangled files could be read", parsed)
	}
}
