package scheme

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// mechanisms is one test or more for each mechanism that real village tables use, by name: its number in the collection
// and what it is. The files mechanism_*_test.go put theirs in.
var mechanisms = map[string]func(*testing.T){}

// collected are the numbers of the mechanisms that a scheme file must express: who is scored (A), how many points (B),
// limits (C), combination and consequence (D), wallets and value (E), time (F), process (G).
const collected = `A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11
B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 B15 B16 B17 B18
C1 C2 C3 C4 C5 C6
D1 D2 D3 D4 D5 D6 D7 D8 D9 D12
E1 E2 E3 E4 E5 E9
F1 F2 F3 F4 F5
G7`

func TestMechanism(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(mechanisms)) {
		t.Run(name, mechanisms[name])
	}
	for _, number := range strings.Fields(collected) {
		tested := func(name string) bool { return strings.HasPrefix(name, number+"_") }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(mechanisms)), tested) {
			t.Errorf("%s has no test", number)
		}
	}
}
