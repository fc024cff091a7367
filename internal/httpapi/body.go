package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

var errControl = errors.New("内容里有看不见的控制字符，请删去后重新填写")

// jsonBody reads bodies. No field may hold a control character but tab and line ends: nobody can see it on a page or a
// printed list, and a sheet or a terminal that shows it may do something else with it.
func jsonBody() huma.Format {
	return huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(data []byte, v any) error {
		if err := json.Unmarshal(data, v); err != nil {
			return err
		}
		tree, ok := v.(*any) // a body is read twice: as a tree to be checked, then into its type
		if ok && bytes.Contains(data, []byte(`\u00`)) && holdsControl(*tree) {
			return errControl
		}
		return nil
	}}
}

// holdsControl looks through a tree of JSON. Control characters cannot stand in JSON but escaped as \u00xx.
func holdsControl(v any) bool {
	switch v := v.(type) {
	case string:
		for _, r := range v {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if holdsControl(x) {
				return true
			}
		}
	case map[string]any:
		for _, x := range v {
			if holdsControl(x) {
				return true
			}
		}
	}
	return false
}
