package stepcode

import (
	"testing"
	"time"
)

func TestCodes(t *testing.T) {
	secret := []byte("secret")
	at := time.Unix(1_790_000_010, 0)
	step := Step(at)
	if Step(at.Add(29*time.Second)) != step || Step(at.Add(30*time.Second)) != step+1 {
		t.Error("a step is not 30 seconds of the clock")
	}
	seen := map[string]bool{}
	for i := range int64(50) {
		c := At(secret, step+i, 8)
		if len(c) != 8 || seen[c] {
			t.Errorf("step %d: %s", i, c)
		}
		seen[c] = true
	}
	// As the phones compute it: any change here breaks codes that are already on phones.
	if got := At(secret, 59_666_667, 6); got != "590998" {
		t.Errorf("code %s", got)
	}
	for d := int64(-3); d <= 3; d++ {
		want := step + d
		if d < -2 || d > 2 {
			want = 0
		}
		if got := Match(secret, At(secret, step+d, 6), step, 2, 6); got != want {
			t.Errorf("%d steps away: %d, want %d", d, got, want)
		}
	}
	if Match(secret, "", step, 1, 6) != 0 || Match([]byte("other"), At(secret, step, 6), step, 1, 6) != 0 {
		t.Error("a wrong code was taken")
	}
}
