package id

import "testing"

// An id has one way to be written, as a decimal number without a sign.
func TestParse(t *testing.T) {
	for text, good := range map[string]bool{"1": true, "0": true, "9223372036854775807": true, "9223372036854775808": false,
		"": false, "-1": false, "-0": false, "+1": false, "1.0": false, "0x1": false, "1_0": false, " 1": false, "١": false} {
		if _, err := Parse(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
