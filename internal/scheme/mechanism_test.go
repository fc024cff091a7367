package scheme

import (
	"maps"
	"slices"
	"testing"
)

// mechanisms is one test for each mechanism that real village tables use, by name; the files mechanism_*_test.go put
// theirs in.
var mechanisms = map[string]func(*testing.T){}

func TestMechanism(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(mechanisms)) {
		t.Run(name, mechanisms[name])
	}
}
