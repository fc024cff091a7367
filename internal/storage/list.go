package storage

import (
	"iter"
	"strings"
)

// ChunkRows is how many rows one batch statement carries: far inside every engine's limits of placeholders and packet.
const ChunkRows = 500

// In is the placeholder list "(?,?,?)" of n values.
func In(n int) string {
	if n == 0 {
		return "(NULL)"
	}
	return "(" + strings.Repeat("?,", n-1) + "?)"
}

// Rows is the VALUES list of n rows of width columns: "(?,?),(?,?)".
func Rows(n, width int) string {
	row := In(width)
	return strings.Repeat(row+",", n-1) + row
}

// Args puts values of one type, ids mostly, behind other arguments.
func Args[T any](values []T, before ...any) []any {
	args := make([]any, 0, len(before)+len(values))
	args = append(args, before...)
	for _, v := range values {
		args = append(args, v)
	}
	return args
}

// Chunks yields the slice in pieces of at most n, for IN lists and batch inserts.
func Chunks[T any](s []T, n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(s) > 0 {
			k := min(n, len(s))
			if !yield(s[:k:k]) {
				return
			}
			s = s[k:]
		}
	}
}

// Padded repeats the last value until there are 1, 2, 4, 8, … of them: for IN lists, so that lists of every length share
// a few statement texts and the cache of prepared statements is not filled by their lengths.
func Padded[T any](values []T) []T {
	n := 1
	for n < len(values) {
		n *= 2
	}
	if len(values) == 0 || n == len(values) {
		return values
	}
	p := append(make([]T, 0, n), values...)
	for len(p) < n {
		p = append(p, values[len(values)-1])
	}
	return p
}
