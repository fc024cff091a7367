package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestRefusalsAreChinese sends every operation what nobody should send, as somebody who may call it: nothing, wrong types, too
// much, too little and the absurd. Whatever is refused is refused in words that a villager can read, and nothing breaks.
func TestRefusalsAreChinese(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	c := newCountyside(t, db)
	actors := map[access.Role]access.Actor{}
	s, h, _ := frame(t, func(s *Server) {
		s.features, s.Config.Demo = nil, true
		s.Config.Limits.PerUser, s.Config.Limits.PerAddress, s.Config.Limits.LoginsPerAddress = 1e9, 1e9, 1e9
		c.services(s)
		s.Session = func(_ context.Context, token string) (access.Actor, error) { return actors[access.Role(token)], nil }
	})
	for _, role := range access.Everyone {
		actors[role] = c.holder(role, c.here)
	}
	var doc contract
	if err := json.Unmarshal(do(h, "GET", "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	calls, answers := 0, map[int]int{}
	for _, o := range s.Operations() {
		i := slices.IndexFunc(access.Everyone, func(r access.Role) bool { return mayCallAt(o, r, true) })
		if i < 0 {
			t.Errorf("nobody may call %s", o.Path)
			continue
		}
		for _, a := range doc.attempts(o, c.here) {
			calls++
			w := do(h, o.Method, a.path, a.body, "Authorization", "Bearer "+string(access.Everyone[i]))
			answers[w.Code]++
			if w.Code < 400 {
				continue
			}
			for _, words := range wordsOf(t, w.Body.Bytes()) {
				if w.Code >= 500 || words == "" || english.MatchString(words) {
					t.Errorf("%s %s %.200s: %d %q", o.Method, a.path, a.body, w.Code, words)
				}
			}
		}
	}
	if answers[http.StatusUnprocessableEntity] < calls/2 {
		t.Errorf("of %d calls few were refused for what they sent: %v", calls, answers)
	}
	t.Logf("%d calls: %v", calls, answers)
}

// english is what must not stand in words for people.
var english = regexp.MustCompile(`[A-Za-z]{2,}`)

// wordsOf are all texts of a refusal that pages show.
func wordsOf(t *testing.T, body []byte) []string {
	t.Helper()
	var e Error
	if err := json.Unmarshal(body, &e); err != nil {
		t.Errorf("no error but %.100s", body)
	}
	words := []string{e.Fault.Msg}
	for _, f := range e.Fault.Fields {
		words = append(words, f.Msg)
	}
	for i := range words { // what everybody knows by its letters, and the first line of a rules file
		words[i] = strings.NewReplacer("Excel", "", "PDF", "", "format: 1", "").Replace(words[i])
	}
	return words
}

// contract is the part of the OpenAPI document that says what operations take.
type contract struct {
	Paths      map[string]map[string]described `json:"paths"`
	Components struct {
		Schemas map[string]shape `json:"schemas"`
	} `json:"components"`
}

type described struct {
	Parameters []struct {
		Name, In string
	} `json:"parameters"`
	RequestBody struct {
		Content map[string]struct{ Schema shape } `json:"content"`
	} `json:"requestBody"`
}

type shape struct {
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
	Enum       []any            `json:"enum"`
	Required   []string         `json:"required"`
}

// attempt is one call.
type attempt struct{ path, body string }

func (d *contract) attempts(o Operation, at spot) []attempt {
	bare := regexp.MustCompile(`\{[a-z_]+\}`)
	path := at.path(o.Path)
	op := d.Paths[o.Path][strings.ToLower(o.Method)]
	var list []attempt
	for _, id := range []string{"abc", "-1", "0", "99999999999999999999", "%E5%BC%A0", "null"} { // the place stays, or nobody may call it
		if i := strings.LastIndexByte(o.Path, '{'); i >= 0 && strings.Count(o.Path, "{") > 1 {
			list = append(list, attempt{at.path(o.Path[:i]) + bare.ReplaceAllString(o.Path[i:], id), "{}"})
		}
	}
	for _, p := range op.Parameters {
		for _, v := range []string{"", "字", "-1", "1.5", "99999999999999999999", "2026-02-30", strings.Repeat("长", 3000)} {
			if p.In == "query" {
				list = append(list, attempt{path + "?" + p.Name + "=" + url.QueryEscape(v), ""})
			}
		}
	}
	list = append(list, attempt{path + "?bogus=1", ""})
	if o.Method == http.MethodGet {
		return list
	}
	for _, body := range []string{"", "{}", "null", "[]", `"字"`, "7", "{", `{"未知":1}`, `{"request_id":"字"}`} {
		list = append(list, attempt{path, body})
	}
	for _, kind := range []string{"wrong", "long", "negative", "empty", "absurd", "plausible"} {
		v, err := json.Marshal(d.value(op.RequestBody.Content["application/json"].Schema, kind, 0))
		if err == nil {
			list = append(list, attempt{path, string(v)})
		}
	}
	return list
}

// value is something of a schema's shape, or not of it.
func (d *contract) value(s shape, kind string, depth int) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	if s.Type == "object" && depth < 4 {
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if kind == "wrong" || kind == "long" || kind == "absurd" || slices.Contains(s.Required, name) {
				object[name] = d.value(s.Properties[name], kind, depth+1)
			}
			if name == "request_id" && kind != "wrong" && kind != "long" {
				object[name] = fmt.Sprintf("request-%s-%016d", kind, depth)
			}
		}
		return object
	}
	of := map[string]map[string]any{
		"string":  {"wrong": 12, "long": strings.Repeat("长", 9000), "negative": "-1", "empty": "", "absurd": "a\u0000b", "plausible": "字"},
		"integer": {"wrong": "字", "long": 1e18, "negative": -1, "empty": 0, "absurd": 1.5, "plausible": 1},
		"number":  {"wrong": "字", "long": 1e300, "negative": -1, "empty": 0, "absurd": 1e-300, "plausible": 1},
		"boolean": {"wrong": "字", "long": true, "negative": false, "empty": false, "absurd": 2, "plausible": true},
		"array":   {"wrong": map[string]any{}, "long": slices.Repeat([]any{"长"}, 3000), "negative": []any{nil}, "empty": []any{}, "absurd": []any{[]any{}}},
		"object":  {"wrong": []any{}, "long": map[string]any{}, "negative": nil, "empty": map[string]any{}, "absurd": 1, "plausible": map[string]any{}},
	}
	if kind == "plausible" && len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if kind == "plausible" && s.Type == "array" && s.Items != nil {
		return []any{d.value(*s.Items, kind, depth+1)}
	}
	return of[s.Type][kind]
}
