package scheme

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	goyaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// A syntax error is placed by the fast reader alone in a file larger than maxPrecise bytes, or nested so deeply that the
// slower reader, whose time and memory grow with the square of the depth, would take seconds.
const (
	maxPrecise  = 64 << 10
	maxBrackets = 2000 // [ and { in the file
	maxDashes   = 64   // list signs in one line
)

var (
	lineOf   = regexp.MustCompile(`line (\d+)`)
	scanned  = regexp.MustCompile(`mapping values are not allowed`) // an error whose line the fast reader knows
	anchorOf = regexp.MustCompile(`unknown anchor '([^']*)'`)
)

// syntaxProblem places a syntax error. The fast reader knows the line roughly; a second, slower reader knows the place
// exactly and is asked for files of ordinary size. A bracket left open is blamed where it opens.
func syntaxProblem(src []byte, err error) []Problem {
	known := err.Error()
	if m := anchorOf.FindStringSubmatch(known); m != nil {
		at := max(bytes.Index(src, []byte("*"+m[1])), 0)
		line := 1 + bytes.Count(src[:at], []byte("\n"))
		col := 1 + len([]rune(string(src[bytes.LastIndexByte(src[:at], '\n')+1:at])))
		return fail(line, col, "anchor", msgAnchor, adviceAnchor)
	}
	line, col := 1, 1
	if m := lineOf.FindStringSubmatch(known); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	if l, c, msg, ok := locate(src); ok && !(scanned.MatchString(known) && l < line) {
		line, col, known = l, c, known+" "+msg
	}
	text := lineText(src, line)
	if col == 1 {
		col += len(text) - len(strings.TrimLeft(text, " "))
	}
	if strings.Contains(text, "：") && !strings.Contains(text, ": ") {
		return fail(line, col, "syntax", "用了中文冒号“：”", "请改成英文冒号加一个空格，例如 name: 参加环境清扫")
	}
	if strings.Contains(known, "could not find end character") || strings.Contains(known, "unexpected end of stream") {
		return fail(line, col, "syntax", "引号没有成对", "请在这段文字的末尾补上引号")
	}
	if l, c, open := openBracket(src, line); open {
		return fail(l, c, "syntax", "括号没有成对，或中间少了逗号", "请检查 [ ] 和 { } 是否成对，各项之间用英文逗号隔开")
	}
	if strings.Contains(known, "not allowed") {
		return fail(line, col, "syntax", "这一行的缩进或冒号不对", "同一层的行要左对齐，一行只写一个“名称: 内容”；内容里有英文冒号时请加引号")
	}
	return fail(line, col, "syntax", "这一行不合YAML的写法", "请对照模板检查：冒号后面要有空格，列表以“- ”开头，同一层的行要左对齐，引号和括号要成对")
}

// locate asks the slower reader for the place of a syntax error.
func locate(src []byte) (line, col int, msg string, ok bool) {
	if len(src) > maxPrecise || nestsDeeply(src) {
		return 0, 0, "", false
	}
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	var s *goyaml.SyntaxError
	if !errors.As(err, &s) || s.Token == nil || s.Token.Position == nil {
		return 0, 0, "", false
	}
	return s.Token.Position.Line, s.Token.Position.Column, s.Message, true
}

// nestsDeeply reports whether the file may hold far deeper nesting than any scheme has: it counts signs and reads nothing.
func nestsDeeply(src []byte) bool {
	if bytes.Count(src, []byte("["))+bytes.Count(src, []byte("{")) > maxBrackets {
		return true
	}
	for l := range bytes.Lines(src) {
		if bytes.Count(l, []byte("- "))+bytes.Count(l, []byte("-\t")) > maxDashes {
			return true
		}
	}
	return false
}

func lineText(src []byte, line int) string {
	for ; line > 1; line-- {
		_, src, _ = bytes.Cut(src, []byte("\n"))
	}
	l, _, _ := bytes.Cut(src, []byte("\n"))
	return string(l)
}

// openBracket finds the last bracket that opened before the end of a line and was not closed by then, leaving out quoted
// text and comments.
func openBracket(src []byte, line int) (atLine, atCol int, open bool) {
	type place struct{ line, col int }
	var stack []place
	quote := rune(0)
	lines := strings.Split(string(src), "\n")
	for i, text := range lines[:min(line, len(lines))] {
		before, comment := ' ', false
		for col, r := range []rune(text) {
			switch {
			case comment:
			case quote != 0:
				if r == quote {
					quote = 0
				}
			case r == '#' && before == ' ':
				comment = true
			case (r == '"' || r == '\'') && strings.ContainsRune(" [{,", before):
				quote = r
			case (r == '[' || r == '{') && strings.ContainsRune(" [{,", before):
				stack = append(stack, place{i + 1, col + 1})
			case (r == ']' || r == '}') && len(stack) > 0:
				stack = stack[:len(stack)-1]
			}
			before = r
		}
	}
	if len(stack) == 0 {
		return 0, 0, false
	}
	top := stack[len(stack)-1]
	return top.line, top.col, true
}
