package scheme

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Whoever has only docs/scheme.md must find every key and every choice of the file there.
func TestDocsNameEverything(t *testing.T) {
	doc, err := os.ReadFile("../../docs/scheme.md")
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(JSONSchema, &schema); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			props, _ := x["properties"].(map[string]any)
			for name, p := range props {
				if !strings.Contains(string(doc), name) {
					t.Errorf("docs/scheme.md does not name %s", name)
				}
				if p, _ := p.(map[string]any); p["title"] == nil || p["description"] == nil && p["$ref"] == nil {
					t.Errorf("schema.json: %s has no title or description", name)
				}
			}
			choices, _ := x["enum"].([]any)
			for _, c := range choices {
				if !strings.Contains(string(doc), "`"+c.(string)+"`") && !strings.Contains(string(doc), ": "+c.(string)) {
					t.Errorf("docs/scheme.md does not name the choice %s", c)
				}
			}
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(schema)
}
