package scheme

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// Draw draws k of n lots numbered from 0, in the order in which they come, by a shuffle that anyone can redo from the
// seed (docs/awards.md, to the byte): Fisher–Yates from the front, where the number for place i is taken from the
// n − i lots that are left. Numbers come from SHA-256 of the seed followed by a counter of eight bytes, the highest
// first, which begins at 0: the first eight bytes of the hash, the highest first, are x. Those x that would favour the
// low lots are thrown away and the counter goes on. k is at most n.
func Draw(seed []byte, n, k int) []int {
	lots := make([]int, n)
	for i := range lots {
		lots[i] = i
	}
	var counter uint64
	for i := range min(k, n) {
		j := i + int(below(seed, uint64(n-i), &counter))
		lots[i], lots[j] = lots[j], lots[i]
	}
	return lots[:min(k, n)]
}

// below is a number under m, each as likely as another.
func below(seed []byte, m uint64, counter *uint64) uint64 {
	whole := -m % m // 2^64 mod m: so many of the highest x are too many
	for {
		h := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(nil), seed...), *counter))
		*counter++
		if x := binary.BigEndian.Uint64(h[:8]); whole == 0 || x < -whole {
			return x % m
		}
	}
}

// potSeed is the seed of one drawing of a round, so that no two drawings use the same numbers: the seed, a number sign
// and the number of the drawing in digits.
func potSeed(seed []byte, no int) []byte {
	return strconv.AppendInt(append(append([]byte(nil), seed...), '#'), int64(no), 10)
}
