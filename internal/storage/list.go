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
