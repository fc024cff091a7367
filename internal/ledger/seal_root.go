package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MinRoot is how many characters of a printed root are enough to look for it.
const MinRoot = 16

// ErrRoot refuses what cannot be a root.
var ErrRoot = errs.New(errs.Invalid, "ledger_root", "封账码是64个十六进制字符（0到9、a到f），至少要写前16个")

// PrintedRoot is what stands on paper: a root, or its beginning, perhaps how many entries it covers and of which village.
type PrintedRoot struct {
	Root    string
	Size    int64 // 0: not known
	Village id.ID // 0: any
}

func (p *PrintedRoot) clean() error {
	p.Root = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(p.Root, "-", "")), ""))
	if len(p.Root) < MinRoot || len(p.Root) > 2*rfc6962.DefaultHasher.Size() || strings.Trim(p.Root, "0123456789abcdef") != "" || p.Size < 0 {
		return ErrRoot
	}
	return nil
}

// AuditRoot says whether the book still contains what a printed root sealed: whether there is a seal with it, whether the leaves before
// it still give it, and whether the newest seal goes on from it. Where one of them fails, the check names the first seals that
// disagree; AuditSeals names the entries. The paper is the witness that nobody on the machine can change.
func AuditRoot(ctx context.Context, db *storage.DB, p PrintedRoot) (Check, error) {
	c := Check{Law: "1", What: "the book contains what the printed root has sealed"}
	if err := p.clean(); err != nil {
		return c, err
	}
	heads, err := headsLike(ctx, db, p)
	if err != nil {
		return c, err
	}
	if len(heads) == 0 {
		return c, lost(ctx, db, p, &c)
	}
	for _, h := range heads {
		c.Rows++
		if p.Size > 0 && h.Size != p.Size {
			c.broken("village %s: the root is that of %d entries, the paper says %d", h.Village, h.Size, p.Size)
		}
		if err := contained(ctx, db, h, &c); err != nil {
			return c, fmt.Errorf("audit root: %w", err)
		}
	}
	return c, nil
}

func headsLike(ctx context.Context, db *storage.DB, p PrintedRoot) ([]Head, error) {
	from, to := prefix(p.Root, '0'), prefix(p.Root, 'f')
	where, args := "", []any{from, to}
	if p.Village != 0 {
		where, args = " AND village_id = ?", append(args, p.Village)
	}
	rows, err := db.Query(ctx, "SELECT village_id, size, root, sealed_at FROM seal_heads WHERE root >= ? AND root <= ?"+where+" ORDER BY village_id, size", args...)
	if err != nil {
		return nil, fmt.Errorf("look for root: %w", err)
	}
	defer rows.Close()
	var out []Head
	for rows.Next() {
		var h Head
		var root []byte
		if err := rows.Scan(&h.Village, &h.Size, &root, &h.At); err != nil {
			return nil, err
		}
		h.Root = hex.EncodeToString(root)
		out = append(out, h)
	}
	return out, rows.Err()
}

// prefix is the lowest or highest root that begins so.
func prefix(text string, fill byte) []byte {
	b, err := hex.DecodeString(text + strings.Repeat(string(fill), 2*rfc6962.DefaultHasher.Size()-len(text)))
	if err != nil {
		return nil // checked before
	}
	return b
}

// lost reports a root of which there is no seal: the seal was removed or changed, or the history was written anew. What the leaves of
// that many entries give today tells which.
func lost(ctx context.Context, db *storage.DB, p PrintedRoot, c *Check) error {
	if p.Size == 0 || p.Village == 0 {
		c.broken("no seal of this book has the root %s; with --village and --size the leaves are asked as well", p.Root)
		return nil
	}
	root, size, err := rootOf(ctx, db, p.Village, p.Size)
	if err != nil {
		return fmt.Errorf("audit root: %w", err)
	}
	switch {
	case size < p.Size:
		c.broken("village %s: the paper seals %d entries, only %d are left: %d were removed", p.Village, p.Size, size, p.Size-size)
	case strings.HasPrefix(root, p.Root):
		c.broken("village %s: the first %d entries are as on the paper, but their seal was removed", p.Village, p.Size)
	default:
		c.broken("village %s: the first %d entries give the root %s, the paper says %s: at least one was changed, removed or put in, and the seals with it", p.Village, p.Size, root, p.Root)
		return agreed(ctx, db, p, c)
	}
	return nil
}

// agreed names the seal before that size: an older paper with it narrows down where it begins.
func agreed(ctx context.Context, db *storage.DB, p PrintedRoot, c *Check) error {
	heads, err := Heads(ctx, db, p.Village, p.Size, 1)
	if err != nil || len(heads) == 0 {
		return err
	}
	c.broken("village %s: ask next for the root on an older paper; the seal before it has %d entries, is of %s and is now %s", p.Village, heads[0].Size, day(heads[0].At), heads[0].Root)
	return nil
}

// rootOf is the root of the first leaves of a village's tree, of all where there are fewer.
func rootOf(ctx context.Context, db *storage.DB, village id.ID, size int64) (string, int64, error) {
	edge := ranges.NewEmptyRange(0)
	rows, err := db.Query(ctx, "SELECT hash FROM seal_leaves WHERE village_id = ? AND leaf_index < ? ORDER BY leaf_index", village, size)
	if err != nil {
		return "", 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return "", 0, err
		}
		if err := edge.Append(bytes.Clone(h), nil); err != nil {
			return "", 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return "", 0, err
	}
	root, err := edge.GetRootHash(nil)
	return hex.EncodeToString(root), int64(edge.End()), err
}

// contained computes the root from the leaves there are and goes on from it to the newest seal.
func contained(ctx context.Context, db *storage.DB, h Head, c *Check) error {
	root, size, err := rootOf(ctx, db, h.Village, h.Size)
	if err != nil {
		return err
	}
	if size < h.Size {
		c.broken("village %s: the seal of %d entries of %s, but only %d are left", h.Village, h.Size, day(h.At), size)
		return nil
	}
	if root != h.Root {
		c.broken("village %s: the entries before the seal of %s are not those that were sealed: they give %s", h.Village, day(h.At), root)
	}
	newest, err := HeadAt(ctx, db, h.Village, 0)
	if err != nil || newest.Size == h.Size {
		return err
	}
	link, err := Consistent(ctx, db, h.Village, h.Size, newest.Size)
	if err != nil {
		c.broken("village %s: no way leads from the seal of %d entries to the newest of %d: %v", h.Village, h.Size, newest.Size, err)
		return nil
	}
	if err := goesOn(h, newest, link.Path); err != nil {
		c.broken("village %s: the newest seal, of %d entries and %s, does not go on from this one, of %d and %s", h.Village, newest.Size, day(newest.At), h.Size, day(h.At))
	}
	return nil
}

// goesOn verifies a consistency proof as a phone does, with nothing but the two roots.
func goesOn(older, newer Head, hashes []string) error {
	way := make([][]byte, len(hashes))
	for i, text := range hashes {
		var err error
		if way[i], err = hex.DecodeString(text); err != nil {
			return err
		}
	}
	from, to := prefix(older.Root, '0'), prefix(newer.Root, '0')
	return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(older.Size), uint64(newer.Size), way, from, to)
}
