package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"

	"github.com/transparency-dev/merkle/proof"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Inclusion shows that an entry stands in a seal. Whoever has Text, Index and Path computes the root by RFC 6962 and holds
// it against the one printed on paper; nothing else need be believed.
type Inclusion struct {
	Entry id.ID    `json:"entry"`
	Text  string   `json:"text" doc:"the entry as it was sealed, layout in docs/ledger.md; the leaf is SHA-256 of a zero byte and its UTF-8 bytes"`
	Index int64    `json:"index" doc:"number of the leaf, from 0"`
	Path  []string `json:"path" doc:"hashes from the leaf to the root, hexadecimal"`
}

// Proof is an event's entries in one account's book with their way to the root of one seal.
type Proof struct {
	Head    Head        `json:"seal"`
	Entries []Inclusion `json:"entries"`
}

// Prove proves what a posting wrote into an account's book in the seal of size entries (zero: the newest seal of the tree
// in which they stand, which is that of the village in which they were sealed). ErrNothing, ErrNotSealed, ErrNoSeal,
// or ErrAfterSeal when the seal is older than an entry.
func Prove(ctx context.Context, db *storage.DB, account, posting id.ID, size int64) (Proof, error) {
	rows, err := db.Query(ctx, "SELECT "+entryColumns+" FROM entries WHERE account_id = ? AND id > ? AND posting_id = ? ORDER BY id", account, posting, posting)
	if err != nil {
		return Proof{}, fmt.Errorf("read entries: %w", err)
	}
	entries, err := scanEntries(rows)
	if err != nil {
		return Proof{}, err
	}
	if len(entries) == 0 {
		return Proof{}, ErrNothing
	}
	leaves, err := leavesOf(ctx, db, entries)
	if err != nil {
		return Proof{}, err
	}
	var out Proof
	t := tree{query: func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }}
	for i := range entries {
		l, ok := leaves[entries[i].ID]
		if !ok {
			return Proof{}, ErrNotSealed
		}
		if t.village == 0 {
			t.village = l.village
			if out.Head, err = HeadAt(ctx, db, l.village, size); err != nil {
				return Proof{}, err
			}
		}
		if l.village != t.village {
			return Proof{}, fmt.Errorf("ledger: posting %s is sealed in two villages", posting)
		}
		if l.index >= out.Head.Size {
			if size == 0 {
				return Proof{}, ErrNotSealed
			}
			return Proof{}, ErrAfterSeal
		}
		path, err := t.inclusion(l.index, out.Head.Size)
		if err != nil {
			return Proof{}, err
		}
		out.Entries = append(out.Entries, Inclusion{Entry: entries[i].ID, Text: leafText(&entries[i], l.salt), Index: l.index, Path: path})
	}
	return out, nil
}

// sealedLeaf is where an entry stands in a tree.
type sealedLeaf struct {
	village id.ID
	index   int64
	salt    []byte
}

func leavesOf(ctx context.Context, db *storage.DB, entries []Entry) (map[id.ID]sealedLeaf, error) {
	list := make([]id.ID, len(entries))
	for i := range entries {
		list[i] = entries[i].ID
	}
	out := map[id.ID]sealedLeaf{}
	for chunk := range storage.Chunks(list, storage.ChunkRows) {
		chunk = storage.Padded(chunk)
		rows, err := db.Query(ctx, "SELECT entry_id, village_id, leaf_index, salt FROM seal_leaves WHERE entry_id IN "+storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("read leaves: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var e id.ID
			var l sealedLeaf
			if err := rows.Scan(&e, &l.village, &l.index, &l.salt); err != nil {
				return nil, err
			}
			out[e] = l
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	return out, nil
}

func (t *tree) inclusion(index, size int64) ([]string, error) {
	nodes, err := proof.Inclusion(uint64(index), uint64(size))
	if err != nil {
		return nil, err
	}
	return t.path(nodes)
}

func (t *tree) path(nodes proof.Nodes) ([]string, error) {
	hashes, err := t.hashes(nodes.IDs)
	if err != nil {
		return nil, err
	}
	if hashes, err = nodes.Rehash(hashes, ranges.Hash); err != nil {
		return nil, err
	}
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = hex.EncodeToString(h)
	}
	return out, nil
}

// Consistency shows that a later seal of a village holds everything of an earlier one, in the same order.
type Consistency struct {
	From Head     `json:"from"`
	To   Head     `json:"to"`
	Path []string `json:"path" doc:"consistency proof of RFC 6962, hexadecimal"`
}

// Consistent proves that the seal of to entries goes on from the seal of from entries (zero for to: the newest). ErrNoSeal
// if one of them was never made.
func Consistent(ctx context.Context, db *storage.DB, village id.ID, from, to int64) (Consistency, error) {
	var c Consistency
	var err error
	if c.To, err = HeadAt(ctx, db, village, max(to, 0)); err != nil {
		return c, err
	}
	if from <= 0 || from > c.To.Size {
		return c, ErrNoSeal
	}
	if c.From, err = HeadAt(ctx, db, village, from); err != nil {
		return c, err
	}
	nodes, err := proof.Consistency(uint64(c.From.Size), uint64(c.To.Size))
	if err != nil {
		return c, err
	}
	t := tree{query: func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }, village: village}
	c.Path, err = t.path(nodes)
	return c, err
}
