package scheme

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of a scheme file, so that no file costs more than a moment to refuse.
const (
	MaxFile     = 1 << 20 // bytes
	maxNodes    = 50_000
	maxDepth    = 16
	maxProblems = 100
)

// node is one value of the file with its place. Text, lists and mappings; nothing is expanded and no type is guessed
// except by value.
type node struct {
	line, col int
	kind      yaml.Kind // ScalarNode, SequenceNode, MappingNode
	text      string
	quoted    bool
	keys      []*node
	vals      []*node // of a list, or of the keys
}

// get is the value of a key, nil where it is absent.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return n.vals[i]
		}
	}
	return nil
}

// read turns the file into nodes. Anchors, aliases and tags are refused: nobody needs them here, and with them a small
// file may unfold into an endless one.
func read(src []byte) (*node, []Problem) {
	if len(src) > MaxFile {
		return nil, fail(1, 1, "too_large", "文件太大，超过1MB", "细则文件一般不到100KB，请检查是不是选错了文件")
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if p := checkText(src); p != nil {
		return nil, p
	}
	root, extra, err := decode(src)
	switch {
	case err != nil:
		return nil, syntaxProblem(src, err)
	case extra != nil:
		return nil, fail(extra.Line, extra.Column, "documents", "一个文件里只能有一份细则", "请删去这一行的 --- 和后面的内容，或分成两个文件")
	case root == nil || len(root.Content) == 0:
		return nil, fail(1, 1, "empty", "文件是空的", "请照着模板填写，第一行写 format: 1")
	}
	c := converter{}
	n := c.convert(root.Content[0], 0)
	return n, c.problems
}

// checkText finds what no reader explains well: other encodings, and tabs used as indentation.
func checkText(src []byte) []Problem {
	line := 0
	for rest := src; len(rest) > 0; {
		var l []byte
		l, rest, _ = bytes.Cut(rest, []byte("\n"))
		line++
		if !utf8.Valid(l) {
			return fail(line, 1, "encoding", "文件不是UTF-8编码", "请用“另存为”选择UTF-8编码后再试")
		}
		indent := len(l) - len(bytes.TrimLeft(l, " \t"))
		if tab := bytes.IndexByte(l[:indent], '\t'); tab >= 0 && indent < len(bytes.TrimRight(l, "\r")) {
			return fail(line, tab+1, "tab", "行首用了制表符（Tab键）", "请把行首的制表符改成空格，每缩进一层用两个空格")
		}
	}
	return nil
}

// decode reads the first document and tells whether there is a second. A panic of the reader is an error like others.
func decode(src []byte) (root, extra *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, extra, err = nil, nil, fmt.Errorf("yaml: %v", p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(src))
	root = new(yaml.Node)
	if err := d.Decode(root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, nil
		}
		return nil, nil, err
	}
	second := new(yaml.Node)
	switch err := d.Decode(second); {
	case errors.Is(err, io.EOF):
		return root, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return root, second, nil
}

const (
	msgAnchor    = "不能使用引用（& 和 *）"
	adviceAnchor = "请把内容直接写在这里；文字以 & 或 * 开头时请加引号"
)

type converter struct {
	problems []Problem
	nodes    int
	full     bool
}

func (c *converter) add(n *yaml.Node, code, msg, advice string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fail(n.Line, n.Column, code, msg, advice)...)
	}
}

func (c *converter) convert(y *yaml.Node, depth int) *node {
	n := &node{line: y.Line, col: y.Column, kind: y.Kind, text: y.Value}
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		if !c.full {
			c.add(y, "too_many", "内容太多或层次太深", "请照着模板的层次填写，把文件缩短")
		}
		c.full = true
		return n
	}
	switch {
	case y.Kind == yaml.AliasNode, y.Anchor != "":
		c.add(y, "anchor", msgAnchor, adviceAnchor)
		return &node{line: y.Line, col: y.Column, kind: yaml.ScalarNode}
	case y.Style&yaml.TaggedStyle != 0:
		c.add(y, "tag", "不能使用类型标记（!）", "请删去 ! 开头的标记；文字以 ! 开头时请加引号")
	}
	n.quoted = y.Style&^yaml.TaggedStyle != 0 && y.Kind == yaml.ScalarNode
	if y.Kind == yaml.SequenceNode {
		for _, v := range y.Content {
			n.vals = append(n.vals, c.convert(v, depth+1))
		}
	}
	if y.Kind == yaml.MappingNode {
		c.mapping(n, y, depth)
	}
	return n
}

func (c *converter) mapping(n *node, y *yaml.Node, depth int) {
	seen := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := c.convert(y.Content[i], depth+1)
		if k.kind != yaml.ScalarNode {
			c.add(y.Content[i], "key", "冒号前面要写一个名称", "例如 name: 参加环境清扫")
			continue
		}
		if line, twice := seen[k.text]; twice {
			c.add(y.Content[i], "duplicate_key", fmt.Sprintf("“%s”写了两次，前一次在第%d行", short(k.text), line), "请删去一个；新的一条要以“- ”开头")
		}
		seen[k.text] = k.line
		n.keys = append(n.keys, k)
		n.vals = append(n.vals, c.convert(y.Content[i+1], depth+1))
	}
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?$`)

// value is the node as the JSON Schema sees it. Only plain decimals are numbers and only true and false are booleans;
// numbers keep their digits and never pass through a float.
func (n *node) value() any {
	switch n.kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.keys))
		for i, k := range n.keys {
			m[k.text] = n.vals[i].value()
		}
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.vals))
		for i, v := range n.vals {
			l[i] = v.value()
		}
		return l
	}
	switch {
	case n.quoted:
		return n.text
	case n.text == "" || n.text == "~" || n.text == "null":
		return nil
	case n.text == "true" || n.text == "false":
		return n.text == "true"
	case plainNumber.MatchString(n.text):
		return json.Number(n.text)
	}
	return n.text
}

func fail(line, col int, code, msg, advice string) []Problem {
	return []Problem{{Line: max(line, 1), Col: max(col, 1), Level: LevelError, Code: code, Msg: msg, Advice: advice}}
}

// short keeps what a message quotes from the file to a readable length.
func short(s string) string {
	if r := []rune(s); len(r) > 20 {
		return string(r[:20]) + "…"
	}
	return s
}
