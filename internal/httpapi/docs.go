package httpapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed web/docs.html
var docsPage string

//go:embed web/docs.css
var docsCSS []byte

var docsTemplate = template.Must(template.New("docs").Parse(docsPage))

type docsView struct {
	Title, Intro string
	Groups       []docsGroup
	Types        []docsType
}

type docsGroup struct {
	Name string
	Ops  []docsOp
}

type docsOp struct {
	ID, Method, Path, Summary, Doc string
	Params, Body                   []docsField
	BodyType, ReplyType            string
}

type docsType struct {
	Name, Doc string
	Fields    []docsField
}

type docsField struct {
	Name, Type, Ref, Doc string
	Required             bool
}

// docs is a page made from the OpenAPI document that loads nothing from elsewhere and needs no script.
func docs(doc *huma.OpenAPI) gin.HandlerFunc {
	page := sync.OnceValue(func() []byte {
		text, err := renderDocs(doc)
		if err != nil {
			panic(err) // a mistake in the template, which the page's test shows
		}
		return text
	})
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "text/html; charset=utf-8", page())
	}
}

func docsStyle(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/css; charset=utf-8", docsCSS)
}

func renderDocs(doc *huma.OpenAPI) ([]byte, error) {
	v := docsView{Title: doc.Info.Title, Intro: doc.Info.Description}
	byTag := map[string]int{}
	for _, path := range sortedKeys(doc.Paths) {
		item := doc.Paths[path]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o == nil {
				continue
			}
			tag := o.Tags[0]
			i, ok := byTag[tag]
			if !ok {
				i = len(v.Groups)
				byTag[tag] = i
				v.Groups = append(v.Groups, docsGroup{Name: tag})
			}
			v.Groups[i].Ops = append(v.Groups[i].Ops, docsOperation(doc, o))
		}
	}
	slices.SortFunc(v.Groups, func(a, b docsGroup) int { return strings.Compare(a.Name, b.Name) })
	schemas := doc.Components.Schemas.Map()
	for _, name := range sortedKeys(schemas) {
		v.Types = append(v.Types, docsType{Name: name, Doc: schemas[name].Description, Fields: docsFields(schemas[name])})
	}
	var out bytes.Buffer
	err := docsTemplate.Execute(&out, v)
	return out.Bytes(), err
}

func docsOperation(doc *huma.OpenAPI, o *huma.Operation) docsOp {
	d := docsOp{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Doc: o.Description}
	for _, p := range o.Parameters {
		typ, ref := docsTypeOf(p.Schema)
		d.Params = append(d.Params, docsField{Name: p.Name + "（" + p.In + "）", Type: typ, Ref: ref, Required: p.Required, Doc: strings.TrimSpace(p.Description + docsLimits(p.Schema))})
	}
	if o.RequestBody != nil {
		if m := o.RequestBody.Content["application/json"]; m != nil {
			_, d.BodyType = docsTypeOf(m.Schema)
			if d.BodyType == "" {
				d.Body = docsFields(m.Schema)
			}
		}
	}
	for _, status := range sortedKeys(o.Responses) {
		if m := o.Responses[status].Content["application/json"]; m != nil && strings.HasPrefix(status, "2") {
			typ, ref := docsTypeOf(m.Schema)
			d.ReplyType = ref
			if ref == "" {
				d.ReplyType = typ
			}
		}
	}
	return d
}

func docsFields(s *huma.Schema) []docsField {
	var fields []docsField
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		typ, ref := docsTypeOf(p)
		fields = append(fields, docsField{Name: name, Type: typ, Ref: ref, Required: slices.Contains(s.Required, name), Doc: strings.TrimSpace(p.Description + docsLimits(p))})
	}
	return fields
}

// docsTypeOf is how a type is written and, for one of ours, the name to link to.
func docsTypeOf(s *huma.Schema) (text, ref string) {
	switch {
	case s == nil:
		return "", ""
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return name, name
	case s.Type == huma.TypeArray:
		text, ref = docsTypeOf(s.Items)
		return text + "[]", ref
	case s.Format != "":
		return s.Type + " " + s.Format, ""
	}
	return s.Type, ""
}

func docsLimits(s *huma.Schema) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if len(s.Enum) > 0 {
		add("取值 %v", s.Enum)
	}
	if s.MinLength != nil {
		add("至少 %d 字", *s.MinLength)
	}
	if s.MaxLength != nil {
		add("最多 %d 字", *s.MaxLength)
	}
	if s.Minimum != nil {
		add("≥ %v", *s.Minimum)
	}
	if s.Maximum != nil {
		add("≤ %v", *s.Maximum)
	}
	if s.MaxItems != nil {
		add("最多 %d 项", *s.MaxItems)
	}
	if s.Pattern != "" {
		add("符合 %s", s.Pattern)
	}
	if len(parts) == 0 {
		return ""
	}
	return " （" + strings.Join(parts, "，") + "）"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
