package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/transparency-dev/merkle/compact"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// dayMs is how much older than the last seal an entry without a leaf may be. A transaction is over in seconds; what claims
// to be a day older was put there afterwards.
const dayMs = 24 * 60 * 60 * 1000

// AuditSeals computes every leaf from its entry, every tree from its leaves and every head from its tree, and names the
// entries that were changed or removed since they were sealed, and those put in afterwards. Constant memory but for the
// stored subtrees, one in 128 leaves. What nobody can find on the machine itself, a history written anew together with all of its
// seals, shows on paper: its roots are not those printed on the notices.
func AuditSeals(ctx context.Context, db *storage.DB) (Report, error) {
	var r Report
	villages, err := ids(db.Query(ctx, "SELECT village_id FROM seal_leaves UNION SELECT village_id FROM seal_heads ORDER BY 1"))
	if err != nil {
		return r, fmt.Errorf("audit seals: %w", err)
	}
	leaves := Check{Law: "1", What: "sealed entries are as they were sealed, none removed"}
	heads := Check{Law: "1", What: "each seal is the root of the leaves before it"}
	for _, v := range villages {
		a := sealAudit{db: db, village: v, leaves: &leaves, heads: &heads}
		if err := a.run(ctx); err != nil {
			return r, fmt.Errorf("audit seals of village %s: %w", v, err)
		}
	}
	inserted, err := auditInserted(ctx, db)
	if err != nil {
		return r, fmt.Errorf("audit seals: %w", err)
	}
	r.Checks = []Check{leaves, heads, inserted}
	return r, nil
}

// sealAudit walks one village's tree.
type sealAudit struct {
	db            *storage.DB
	village       id.ID
	leaves, heads *Check
	stored        map[compact.NodeID][]byte
	due           []Head // not yet reached
	edge          *compact.Range
	next          int64         // index expected next
	block         [2]id.ID      // first and last entry of the block that is being read
	off           map[int64]any // leaves that are broken already, by block: their subtrees need no second line
}

func (a *sealAudit) run(ctx context.Context) error {
	var err error
	if a.stored, err = a.readNodes(ctx); err != nil {
		return err
	}
	if a.due, err = a.readHeads(ctx); err != nil {
		return err
	}
	a.edge = ranges.NewEmptyRange(0)
	a.off = map[int64]any{}
	for last := int64(-1); ; {
		page, err := a.page(ctx, last)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		last = page[len(page)-1].index
		entries, err := a.entries(ctx, page)
		if err != nil {
			return err
		}
		var list []id.ID
		for i := range page {
			if page[i].bucket == noteBucket {
				list = append(list, page[i].entry)
			}
		}
		notes, err := readNotes(ctx, a.db, list)
		if err != nil {
			return err
		}
		for i := range page {
			if err := a.leaf(&page[i], entries, notes); err != nil {
				return err
			}
		}
	}
	for _, h := range a.due {
		a.heads.broken("village %s: the seal of %d entries of %s, but only %d leaves are left", a.village, h.Size, day(h.At), a.next)
	}
	for n := range a.stored {
		a.heads.broken("village %s: a stored subtree (level %d, number %d) that no leaves explain", a.village, n.Level, n.Index)
	}
	return nil
}

func day(ms int64) string { return clock.DayOf(clock.FromMs(ms)).String() }

// leafRow is a row of seal_leaves.
type leafRow struct {
	index          int64
	entry, account id.ID
	wallet         string
	bucket         Bucket
	seq            int64
	salt, hash     []byte
}

func (l *leafRow) String() string {
	return fmt.Sprintf("entry %s (account %s wallet %s %s seq %d, leaf %d)", l.entry, l.account, l.wallet, l.bucket, l.seq, l.index)
}

// leaf holds one leaf against its entry and adds it to the tree.
func (a *sealAudit) leaf(l *leafRow, entries map[id.ID]*Entry, notes map[id.ID]*note) error {
	a.leaves.Rows++
	if l.index != a.next {
		a.leaves.broken("village %s: leaves %d to %d were removed", a.village, a.next, l.index-1)
		a.off[a.next/blockLeaves] = true
		a.next = l.index
	}
	switch e, n := entries[l.entry], notes[l.entry]; {
	case n != nil && l.bucket == noteBucket:
		if !bytes.Equal(n.leaf(l.salt), l.hash) {
			a.leaves.broken("village %s: the sealed %s %s (leaf %d) was changed after it was sealed", a.village, n.kind, n.about, l.index)
			a.off[l.index/blockLeaves] = true
		}
	case e == nil:
		a.leaves.broken("village %s: %s was removed after it was sealed", a.village, l)
	case e.Account != l.account || e.Wallet != l.wallet || e.Bucket != l.bucket || e.Seq != l.seq:
		a.leaves.broken("village %s: %s was changed after it was sealed: it stands at account %s wallet %s %s seq %d", a.village, l, e.Account, e.Wallet, e.Bucket, e.Seq)
	case !bytes.Equal(leafHash(e, l.salt), l.hash):
		a.leaves.broken("village %s: %s was changed after it was sealed", a.village, l)
		a.off[l.index/blockLeaves] = true
	}
	if l.index%blockLeaves == 0 || a.block[0] == 0 {
		a.block[0] = l.entry
	}
	a.block[1] = l.entry
	a.next++
	if err := a.edge.Append(l.hash, a.subtree); err != nil {
		return err
	}
	return a.reached()
}

// subtree holds a completed subtree against the stored one, which is the witness of leaves that were changed along with
// their entries.
func (a *sealAudit) subtree(n compact.NodeID, hash []byte) {
	if n.Level < blockLevel {
		return
	}
	stored, ok := a.stored[n]
	delete(a.stored, n)
	if ok && bytes.Equal(stored, hash) || n.Level == blockLevel && a.off[int64(n.Index)] != nil {
		return
	}
	begin, end := n.Coverage()
	if n.Level == blockLevel {
		a.heads.broken("village %s: leaves %d to %d, entries %s to %s, are not those that were sealed", a.village, begin, end-1, a.block[0], a.block[1])
		return
	}
	a.heads.broken("village %s: the subtree of leaves %d to %d is not the one that was sealed", a.village, begin, end-1)
}

// reached holds the heads of this size against the tree.
func (a *sealAudit) reached() error {
	for len(a.due) > 0 && a.due[0].Size <= a.next {
		h := a.due[0]
		a.due = a.due[1:]
		a.heads.Rows++
		root, err := a.edge.GetRootHash(nil)
		if err != nil {
			return err
		}
		if h.Size != a.next || hex.EncodeToString(root) != h.Root {
			a.heads.broken("village %s: the seal of %d entries of %s is %s, the leaves give %x", a.village, h.Size, day(h.At), h.Root, root)
		}
	}
	return nil
}

func (a *sealAudit) page(ctx context.Context, after int64) ([]leafRow, error) {
	rows, err := a.db.Query(ctx, `SELECT leaf_index, entry_id, account_id, wallet, bucket, seq, salt, hash FROM seal_leaves
		WHERE village_id = ? AND leaf_index > ? ORDER BY leaf_index LIMIT `+strconv.Itoa(2*storage.ChunkRows), a.village, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []leafRow
	for rows.Next() {
		var l leafRow
		if err := rows.Scan(&l.index, &l.entry, &l.account, &l.wallet, &l.bucket, &l.seq, &l.salt, &l.hash); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

func (a *sealAudit) entries(ctx context.Context, page []leafRow) (map[id.ID]*Entry, error) {
	out := make(map[id.ID]*Entry, len(page))
	for chunk := range storage.Chunks(page, storage.ChunkRows) {
		list := make([]id.ID, len(chunk))
		for i := range chunk {
			list[i] = chunk[i].entry
		}
		list = storage.Padded(list)
		rows, err := a.db.Query(ctx, "SELECT "+entryColumns+" FROM entries WHERE id IN "+storage.In(len(list)), storage.Args(list)...)
		if err != nil {
			return nil, err
		}
		found, err := scanEntries(rows)
		if err != nil {
			return nil, err
		}
		for i := range found {
			out[found[i].ID] = &found[i]
		}
	}
	return out, nil
}

func (a *sealAudit) readNodes(ctx context.Context) (map[compact.NodeID][]byte, error) {
	rows, err := a.db.Query(ctx, "SELECT level, node_index, hash FROM seal_nodes WHERE village_id = ?", a.village)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[compact.NodeID][]byte{}
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

func (a *sealAudit) readHeads(ctx context.Context) ([]Head, error) {
	rows, err := a.db.Query(ctx, "SELECT size, root, sealed_at FROM seal_heads WHERE village_id = ? ORDER BY size", a.village)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Head
	for rows.Next() {
		var h Head
		var root []byte
		if err := rows.Scan(&h.Size, &root, &h.At); err != nil {
			return nil, err
		}
		h.Root = hex.EncodeToString(root)
		out = append(out, h)
	}
	return out, rows.Err()
}

// auditInserted finds entries that have no leaf though they claim a place before sealed ones: within a chain that is sealed
// beyond them, or more than a day before the last seal of their account's village.
func auditInserted(ctx context.Context, db *storage.DB) (Check, error) {
	c := Check{Law: "1", What: "no entry stands before a seal without being sealed"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM entries e LEFT JOIN seal_leaves s ON s.entry_id = e.id WHERE s.entry_id IS NULL").Scan(&c.Rows); err != nil {
		return c, err
	}
	rows, err := db.Query(ctx, `SELECT e.id, e.account_id, e.wallet, e.bucket, e.seq, e.created_at FROM entries e
		LEFT JOIN seal_leaves s ON s.entry_id = e.id LEFT JOIN accounts a ON a.id = e.account_id
		WHERE s.entry_id IS NULL AND (EXISTS (SELECT 1 FROM seal_leaves x WHERE x.account_id = e.account_id AND x.wallet = e.wallet AND x.bucket = e.bucket AND x.seq >= e.seq)
			OR e.created_at < (SELECT MAX(h.sealed_at) FROM seal_heads h WHERE h.village_id = a.village_id) - ?) ORDER BY e.id LIMIT `+strconv.Itoa(maxBroken), dayMs)
	if err != nil {
		return c, err
	}
	return c, named(rows, func(l *leafRow, at int64) {
		c.broken("entry %s (account %s wallet %s %s seq %d, dated %s) was put in after the seal", l.entry, l.account, l.wallet, l.bucket, l.seq, day(at))
	})
}

func named(rows *sql.Rows, each func(l *leafRow, at int64)) error {
	defer rows.Close()
	for rows.Next() {
		var l leafRow
		var at int64
		if err := rows.Scan(&l.entry, &l.account, &l.wallet, &l.bucket, &l.seq, &at); err != nil {
			return err
		}
		each(&l, at)
	}
	return rows.Err()
}
