package ledger

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"hefen/internal/id"
)

// blockLevel is the level from which full subtrees are stored, blockLeaves how many leaves the lowest of them has. What is
// smaller is hashed anew from at most that many leaves, read in one range: adding n leaves and proving one read a few
// hundred rows at most, however large the tree.
const (
	blockLevel  = 8
	blockLeaves = 1 << blockLevel
)

var ranges = compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// tree is a village's tree as it stands in the tables.
type tree struct {
	query   func(string, ...any) (*sql.Rows, error)
	village id.ID
	size    int64
	edge    *compact.Range // of all leaves
	nodes   []any          // rows of seal_nodes that add has completed
}

// load reads the size and the right edge.
func (t *tree) load() error {
	rows, err := t.query("SELECT COALESCE(MAX(leaf_index), -1) + 1 FROM seal_leaves WHERE village_id = ?", t.village)
	if err != nil {
		return fmt.Errorf("read tree: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	if err := rows.Scan(&t.size); err != nil {
		return err
	}
	rows.Close()
	hashes, err := t.hashes(compact.RangeNodes(0, uint64(t.size), nil))
	if err != nil {
		return err
	}
	t.edge, err = ranges.NewRange(0, uint64(t.size), hashes)
	return err
}

// add appends a leaf and notes the large subtrees that it completes.
func (t *tree) add(hash []byte) error {
	t.size++
	return t.edge.Append(hash, func(n compact.NodeID, h []byte) {
		if n.Level >= blockLevel {
			t.nodes = append(t.nodes, t.village, n.Level, n.Index, slices.Clone(h))
		}
	})
}

func (t *tree) root() ([]byte, error) { return t.edge.GetRootHash(nil) }

// hashes reads the hashes of full subtrees, in the order asked for.
func (t *tree) hashes(nodes []compact.NodeID) ([][]byte, error) {
	var large []compact.NodeID
	blocks := map[uint64][][]byte{}
	for _, n := range nodes {
		if n.Level >= blockLevel {
			large = append(large, n)
			continue
		}
		begin, _ := n.Coverage()
		if b := begin / blockLeaves; blocks[b] == nil {
			leaves, err := t.leaves(b*blockLeaves, (b+1)*blockLeaves)
			if err != nil {
				return nil, err
			}
			blocks[b] = leaves
		}
	}
	stored, err := t.stored(large)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(nodes))
	for i, n := range nodes {
		if n.Level >= blockLevel {
			out[i] = stored[n]
		} else {
			begin, end := n.Coverage()
			block := blocks[begin/blockLeaves]
			first := begin % blockLeaves
			if first+end-begin > uint64(len(block)) {
				return nil, fmt.Errorf("ledger: leaves %d to %d of village %s are missing", begin, end-1, t.village)
			}
			out[i] = fold(block[first : first+end-begin])
		}
		if out[i] == nil {
			return nil, fmt.Errorf("ledger: node %d of level %d of village %s is missing", n.Index, n.Level, t.village)
		}
	}
	return out, nil
}

// fold is the hash of a full subtree of 1, 2, 4 … leaves.
func fold(leaves [][]byte) []byte {
	level := slices.Clone(leaves)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = ranges.Hash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

func (t *tree) leaves(begin, end uint64) ([][]byte, error) {
	rows, err := t.query("SELECT hash FROM seal_leaves WHERE village_id = ? AND leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index", t.village, begin, end)
	if err != nil {
		return nil, fmt.Errorf("read leaves: %w", err)
	}
	defer rows.Close()
	out := [][]byte{}
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, err
		}
		out = append(out, bytes.Clone(h))
	}
	return out, rows.Err()
}

// stored reads large subtrees: some dozens at most.
func (t *tree) stored(nodes []compact.NodeID) (map[compact.NodeID][]byte, error) {
	out := map[compact.NodeID][]byte{}
	if len(nodes) == 0 {
		return out, nil
	}
	args := []any{t.village}
	for _, n := range nodes {
		args = append(args, n.Level, n.Index)
	}
	rows, err := t.query("SELECT level, node_index, hash FROM seal_nodes WHERE village_id = ? AND (level = ? AND node_index = ?"+
		strings.Repeat(" OR level = ? AND node_index = ?", len(nodes)-1)+")", args...)
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n compact.NodeID
		var h []byte
		if err := rows.Scan(&n.Level, &n.Index, &h); err != nil {
			return nil, err
		}
		out[n] = h
	}
	return out, rows.Err()
}
