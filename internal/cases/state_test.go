package cases

import (
	"errors"
	"strings"
	"testing"
)

// TestTransitions walks every pair of state and action: what the table below does not name is refused.
func TestTransitions(t *testing.T) {
	allowed := map[string]State{
		" submit": Submitted, " enter": Effective, " enterwait": Decided,
		"draft submit": Submitted, "draft enter": Effective, "draft enterwait": Decided, "draft withdraw": Withdrawn,
		"submitted pass": Submitted, "submitted approve": Effective, "submitted decide": Decided, "submitted return": Draft, "submitted reject": Rejected, "submitted withdraw": Withdrawn,
		"decided publish": Published, "decided withdraw": Reversed, "decided reverse": Reversed, "decided amend": Decided, "decided replay": Decided, "decided object": Objected,
		"published effect": Effective, "published reverse": Reversed, "published amend": Published, "published replay": Published, "published object": Objected,
		"effective publish": Effective, "effective withdraw": Reversed, "effective reverse": Reversed, "effective amend": Amended, "effective replay": Effective, "effective object": Objected,
		"amended publish": Amended, "amended reverse": Reversed, "amended amend": Amended, "amended replay": Amended, "amended object": Objected,
		"objected publish": Objected, "objected rectify": Objected, "objected replay": Objected, "objected remove": Reversed,
		"objected resume_decided": Decided, "objected resume_published": Published, "objected resume_effective": Effective, "objected resume_amended": Amended,
	}
	n := 0
	for _, from := range append([]State{fresh}, States...) {
		for _, act := range actions {
			to, err := from.next(act)
			want, ok := allowed[string(from)+" "+string(act)]
			switch {
			case ok:
				n++
				if err != nil || to != want {
					t.Errorf("%q %s: %s %v, want %s", from, act, to, err, want)
				}
			case !errors.Is(err, ErrState) || to != from:
				t.Errorf("%q %s is not refused: %s %v", from, act, to, err)
			}
		}
		if from.Name() == "" {
			t.Errorf("%q has no name", from)
		}
	}
	if n != len(allowed) {
		t.Errorf("%d of %d allowed steps were met", n, len(allowed))
	}
	for _, end := range []State{Rejected, Withdrawn, Reversed} {
		if len(transitions[end]) != 0 {
			t.Errorf("%s is not an end", end)
		}
	}
	for a, name := range actionNames {
		if strings.TrimSpace(name) == "" {
			t.Errorf("%s has no name", a)
		}
	}
}
