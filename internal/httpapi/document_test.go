package httpapi

import (
	"os"
	"testing"
)

// The committed document is what the handlers say, byte for byte.
func TestDocumentIsCommitted(t *testing.T) {
	want, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("api/openapi.json is not what the handlers say: run `make openapi` and commit it")
	}
}
