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
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
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
