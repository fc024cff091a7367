package board

import (
	"fmt"
	"strconv"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// ref names one ranking.
type ref struct {
	village id.ID
	kind    string // of accounts: household or person
	wallet  string
	span    clock.Span
}

// cursor is a place between two rows: after this amount and account.
type cursor struct {
	amount  points.Amount
	account id.ID
	set     bool
}

func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.amount, c.account) }

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	amount, account, ok := strings.Cut(s, ".")
	a, err1 := strconv.ParseInt(amount, 10, 64)
	i, err2 := id.Parse(account)
	if !ok || err1 != nil || err2 != nil {
		return cursor{}, ErrCursor
	}
	return cursor{points.Amount(a), i, true}, nil
}

// line is an account's net score.
type line struct {
	account id.ID
	amount  points.Amount
}

// part is a stretch of a ranking in order: amount, then account, both falling.
type part struct {
	lines  []line
	before int64 // rows ahead of the first line
	above  int64 // of these, with a higher amount
	of     int64 // rows of the whole ranking
}

// ranks are the ranks of the lines.
func (p part) ranks() []int64 {
	r := make([]int64, len(p.lines))
	for i, l := range p.lines {
		switch {
		case i == 0:
			r[i] = p.above + 1
		case l.amount == p.lines[i-1].amount:
			r[i] = r[i-1]
		default:
			r[i] = p.before + int64(i) + 1
		}
	}
	return r
}
