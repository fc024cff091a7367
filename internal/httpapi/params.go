package httpapi

import (
	"encoding"
	"fmt"
	"reflect"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// Parameters of paths and queries that are numbers here and text outside. The parser takes a plain id.ID for an
// integer and then refuses it because the document says string; wrapped in a struct it goes by UnmarshalText.
type (
	idParam   struct{ id.ID }
	dayParam  struct{ clock.Day }
	spanParam struct{ clock.Span }
)

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// checkParams panics for an input whose parameters could never be read.
func checkParams(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && !f.IsExported() {
			panic(fmt.Sprintf("httpapi: %s embeds %s: the parser passes over what is not exported, and its parameters stay empty", t, f.Name))
		}
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if !f.IsExported() && hasParams(f.Type) {
				panic(fmt.Sprintf("httpapi: the parser does not look into %s, which is embedded and not exported: begin its name with a capital", f.Type))
			}
			checkParams(f.Type)
			continue
		}
		_, path := f.Tag.Lookup("path")
		_, query := f.Tag.Lookup("query")
		if (path || query) && f.Type.Kind() != reflect.Struct && reflect.PointerTo(f.Type).Implements(textType) {
			panic(fmt.Sprintf("httpapi: parameter %s is a %s; take idParam, dayParam or spanParam", f.Name, f.Type))
		}
	}
}

func hasParams(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("path") != "" || f.Tag.Get("query") != "" || f.Anonymous && f.Type.Kind() == reflect.Struct && hasParams(f.Type) {
			return true
		}
	}
	return false
}
