package scheme

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// JSONSchema describes the file for editors. Its Chinese descriptions are also the advice of Parse.
//
//go:embed schema.json
var JSONSchema []byte

const schemaURL = "https://hefen.invalid/scheme.json"

type compiled struct {
	schema *jsonschema.Schema
	doc    any
}

var shape = sync.OnceValue(func() compiled {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema))
	if err != nil {
		panic(err) // embedded and tested
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, doc); err != nil {
		panic(err)
	}
	return compiled{c.MustCompile(schemaURL), doc}
})

// checkShape compares the file with the JSON Schema and says in Chinese where it differs.
func checkShape(root *node) []Problem {
	err := shape().schema.Validate(root.value())
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return nil
	}
	var out []Problem
	var walk func(v *jsonschema.ValidationError)
	walk = func(v *jsonschema.ValidationError) {
		if len(v.Causes) == 0 && len(out) < maxProblems {
			out = append(out, explain(root, v)...)
		}
		misspelt(v.Causes)
		for _, c := range v.Causes {
			walk(c)
		}
	}
	walk(v)
	return out
}

// misspelt takes back "missing" for keys that stand there under a wrong name, which is reported at its own line.
func misspelt(causes []*jsonschema.ValidationError) {
	for _, c := range causes {
		extra, ok := c.ErrorKind.(*kind.AdditionalProperties)
		if !ok {
			continue
		}
		for _, other := range causes {
			req, ok := other.ErrorKind.(*kind.Required)
			if !ok || !slices.Equal(c.InstanceLocation, other.InstanceLocation) {
				continue
			}
			for _, key := range extra.Properties[:min(len(extra.Properties), maxProblems)] {
				meant := lookup(c.SchemaURL).guess(key)
				req.Missing = slices.DeleteFunc(req.Missing, func(m string) bool { return m == meant })
			}
		}
	}
}

// explain puts one difference into words, at the place where it has to be mended.
func explain(root *node, v *jsonschema.ValidationError) []Problem {
	at, key := root.at(v.InstanceLocation)
	about := lookup(v.SchemaURL)
	title, advice := about.text("title"), "应写："+about.text("description")
	if strings.HasPrefix(about.text("description"), "写") {
		advice = "请" + about.text("description")
	}
	if key != "" && key != title {
		title = key + "（" + title + "）"
	}
	one := func(code, msg string) []Problem { return fail(at.line, at.col, code, msg, advice) }
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var out []Problem
		for _, p := range k.Properties[:min(len(k.Properties), maxProblems)] {
			out = append(out, unknownKey(at, about, p))
		}
		return out
	case *kind.Required:
		var out []Problem
		for _, m := range k.Missing {
			sub := about.property(m)
			out = append(out, fail(at.line, at.col, "missing", "少了 "+m+"（"+sub.text("title")+"）", "请补上："+m+": …… "+sub.text("description"))...)
		}
		return out
	case *kind.Type:
		if k.Got == "null" {
			return one("empty_value", title+"后面没有写内容")
		}
		return one("type", title+"要写"+typeNames(k.Want)+"，这里写的是"+typeName(k.Got)+quoteHint(k))
	case *kind.Enum:
		return one("choice", fmt.Sprintf("%s不能写“%s”", title, short(fmt.Sprint(k.Got))))
	case *kind.Const:
		return one("choice", fmt.Sprintf("%s只能写 %v", title, k.Want))
	case *kind.Pattern:
		return one("pattern", fmt.Sprintf("%s“%s”的写法不对", title, short(k.Got)))
	case *kind.MinLength:
		return one("length", title+"不能为空")
	case *kind.MaxLength:
		return one("length", fmt.Sprintf("%s有%d个字，最多%d个字", title, k.Got, k.Want))
	case *kind.MinItems:
		return one("count", fmt.Sprintf("%s有%d条，至少要%d条", title, k.Got, k.Want))
	case *kind.MaxItems:
		return one("count", fmt.Sprintf("%s有%d条，最多%d条", title, k.Got, k.Want))
	case *kind.Minimum:
		return one("number", title+"太小，最小是"+k.Want.RatString())
	case *kind.Maximum:
		return one("number", title+"太大，最大是"+k.Want.RatString())
	case *kind.UniqueItems:
		return one("duplicate", title+"里有重复的内容")
	}
	return one("shape", title+"的写法不对")
}

// unknownKey names a key that the file may not have, and the one that was probably meant.
func unknownKey(at *node, about schemaNode, key string) Problem {
	p := fail(at.line, at.col, "unknown_key", "不认识“"+short(key)+"”这一项", "")[0]
	for _, k := range at.keys {
		if k.text == key {
			p.Line, p.Col = k.line, k.col
		}
	}
	if meant := about.guess(key); meant != "" {
		p.Advice = "是不是想写 " + meant + "？"
	} else {
		p.Advice = "这里可以写：" + strings.Join(about.propertyNames(), "、")
	}
	return p
}

// guess is the property that a wrong key was probably meant to be, or empty.
func (s schemaNode) guess(key string) string {
	if len(key) > 40 {
		return ""
	}
	best, meant := 3, ""
	for _, n := range s.propertyNames() {
		if strings.TrimSpace(key) == s.property(n).text("title") {
			return n
		}
		if d := distance(strings.ToLower(key), n); d < best && d < len(n) {
			best, meant = d, n
		}
	}
	return meant
}

// at follows a path to its node, as far as it goes, and names the last key on it.
func (n *node) at(path []string) (*node, string) {
	key := ""
	for _, p := range path {
		next := n.get(p)
		if i, err := strconv.Atoi(p); next == nil && err == nil && i >= 0 && i < len(n.vals) && len(n.keys) == 0 {
			next = n.vals[i]
		} else {
			key = p
		}
		if next == nil {
			break
		}
		n = next
	}
	return n, key
}

// schemaNode is a part of the JSON Schema document.
type schemaNode map[string]any

// lookup finds the part that a validation error points at.
func lookup(url string) schemaNode {
	_, pointer, _ := strings.Cut(url, "#")
	cur := shape().doc
	for _, p := range strings.Split(strings.Trim(pointer, "/"), "/") {
		if m, ok := cur.(map[string]any); ok && p != "" {
			cur = m[p]
		}
	}
	m, _ := cur.(map[string]any)
	return m
}

func (s schemaNode) text(key string) string { t, _ := s[key].(string); return t }

func (s schemaNode) property(name string) schemaNode {
	props, _ := s["properties"].(map[string]any)
	m, _ := props[name].(map[string]any)
	return m
}

func (s schemaNode) propertyNames() []string {
	props, _ := s["properties"].(map[string]any)
	names := make([]string, 0, len(props))
	for n := range props {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func typeNames(want []string) string {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = typeName(w)
	}
	return strings.Join(names, "或")
}

// quoteHint is for names that consist of digits.
func quoteHint(k *kind.Type) string {
	if (k.Got == "number" || k.Got == "boolean") && slices.Contains(k.Want, "string") {
		return "，请加引号"
	}
	return ""
}

func typeName(t string) string {
	switch t {
	case "string":
		return "文字"
	case "number":
		return "数字"
	case "integer":
		return "整数"
	case "boolean":
		return " true 或 false"
	case "array":
		return "列表（每条以“- ”开头）"
	case "object":
		return "下一层的几项（名称: 内容）"
	}
	return "空白"
}

// distance is how many single changes make one word of the other.
func distance(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur := make([]int, len(b)+1)
		cur[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j]+cost, prev[j+1]+1, cur[j]+1)
		}
		prev = cur
	}
	return prev[len(b)]
}
