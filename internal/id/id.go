// Package id makes the identifiers of everything that is stored: int64 made by the program from time, a leased node
// and a counter, so that a row's id is known before it is inserted and servers never ask one another.
package id

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bwmarrin/snowflake"
)

// ID names a row. In JSON it is a decimal string, because JavaScript's numbers end at 2^53. Zero is "none".
type ID int64

// Nodes is how many makers may be at work at once: node numbers are 0 … Nodes-1.
const Nodes = 1024

func init() { snowflake.Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() }

var errNull = errors.New("id: NULL in a column")

// Maker gives out ids of one node, up to 4096 a millisecond, rising within the node. Safe for concurrent use.
type Maker struct{ node *snowflake.Node }

// NewMaker is for a node number that nobody else holds at the same time; storage leases them.
func NewMaker(node int64) (*Maker, error) {
	n, err := snowflake.NewNode(node)
	if err != nil {
		return nil, fmt.Errorf("id node %d: %w", node, err)
	}
	return &Maker{n}, nil
}

// New is the next id.
func (m *Maker) New() ID { return ID(m.node.Generate()) }

// Parse reads the decimal form.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] < '0' {
		return 0, fmt.Errorf("id %q: want a decimal number", s)
	}
	return ID(n), nil
}

func (i ID) String() string { return strconv.FormatInt(int64(i), 10) }

// Scan reads a column as the drivers give it. database/sql itself would go through text.
func (i *ID) Scan(v any) error {
	if n, ok := v.(int64); ok {
		*i = ID(n)
		return nil
	}
	var n sql.NullInt64
	if err := n.Scan(v); err != nil {
		return err
	}
	if !n.Valid {
		return errNull
	}
	*i = ID(n.Int64)
	return nil
}

func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func (i *ID) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err != nil {
		return err
	}
	*i = p
	return nil
}

// Apart is by how much ids differ that were made so long after one another: to bound a search by time with the index on ids.
func Apart(d time.Duration) ID {
	return ID(d.Milliseconds() << (snowflake.NodeBits + snowflake.StepBits))
}
