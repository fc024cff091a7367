// Package stepcode makes codes that change every 30 seconds from a secret, so that a phone can show one without signal: the
// HMAC-SHA256 of the number of the running step (8 bytes, big endian), the first eight bytes of it as a number, its last
// digits.
package stepcode

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// Seconds is how long a code is shown.
const Seconds = 30

// Step is the number of the step at an instant.
func Step(at time.Time) int64 { return at.Unix() / Seconds }

// At is the code of a step with so many digits, at most 9.
func At(secret []byte, step int64, digits int) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(step)) //nolint:gosec // steps are positive
	m := hmac.New(sha256.New, secret)
	m.Write(b[:])
	room := uint64(1)
	for range digits {
		room *= 10
	}
	return fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(m.Sum(nil))%room)
}

// Match finds the step of a code among those at most drift away from a step; 0 for none. All are compared whatever the first gives.
func Match(secret []byte, code string, step, drift int64, digits int) int64 {
	matched := 0
	for d := -drift; d <= drift; d++ {
		same := subtle.ConstantTimeCompare([]byte(At(secret, step+d, digits)), []byte(code))
		matched = subtle.ConstantTimeSelect(same, int(d+drift+1), matched)
	}
	if matched == 0 {
		return 0
	}
	return step + int64(matched) - drift - 1
}
