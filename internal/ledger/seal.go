package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Errors of seals and proofs.
var (
	ErrNoSeal    = errs.New(errs.NotFound, "ledger_no_seal", "没有找到这次封账。请核对公示榜或存折上印的封账号")
	ErrNotSealed = errs.New(errs.Conflict, "ledger_not_sealed", "这一笔还没有封账。每天夜里封账一次，请明天再来核对")
	ErrAfterSeal = errs.New(errs.Conflict, "ledger_after_seal", "这一笔记在这次封账之后，请用以后的封账号来核对")
)

// Head is one seal of a village (封账): the root of the tree of all entries sealed until then. Printed on a notice it
// binds everything before it: nobody can change, remove or slip in an entry without another root.
type Head struct {
	Village id.ID  `json:"village"`
	Size    int64  `json:"size" doc:"how many entries are sealed"`
	Root    string `json:"root" doc:"64 hexadecimal digits"`
	At      int64  `json:"sealed_at" doc:"milliseconds since 1970 UTC"`
}

// Code is the seal as it is printed: the number of entries, and the root in groups of four digits.
func (h Head) Code() string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(h.Size, 10))
	b.WriteByte('-')
	for i := 0; i < len(h.Root); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(h.Root[i:min(i+4, len(h.Root))])
	}
	return b.String()
}

// sealChunk is how many leaves one transaction adds.
const sealChunk = 2000

// Seal adds a leaf for every entry of a village that has none and stores the head. It goes in transactions of a bounded
// size and may be ended at any moment, run again and run on several servers at once: the guard of the village's tree lets
// one at a time add, and what has a leaf is not added again. The zero Head if the village has no entry yet.
func Seal(ctx context.Context, db *storage.DB, village id.ID, at time.Time) (head Head, added int, err error) {
	for {
		n, done := 0, false
		err := db.InTx(ctx, func(tx *storage.Tx) error {
			var err error
			if n, err = sealSome(tx, village); err != nil {
				return err
			}
			if done = n < sealChunk; done {
				head, err = storeHead(tx, village, at)
			}
			return err
		})
		if err != nil {
			return Head{}, added, err
		}
		added += n
		if done {
			return head, added, nil
		}
	}
}

// SealIn is Seal inside the caller's transaction, which then holds the guard of the tree to its end: for a notice that is
// to carry the seal of exactly what it shows. Seal before it, so that there is little left to add.
func SealIn(tx *storage.Tx, village id.ID, at time.Time) (Head, error) {
	for {
		n, err := sealSome(tx, village)
		if err != nil {
			return Head{}, err
		}
		if n < sealChunk {
			return storeHead(tx, village, at)
		}
	}
}

// SealAll seals every village and answers how many entries were added: the nightly job.
func SealAll(ctx context.Context, db *storage.DB, at time.Time) (int, error) {
	villages, err := ids(db.Query(ctx, "SELECT DISTINCT village_id FROM accounts ORDER BY village_id"))
	if err != nil {
		return 0, fmt.Errorf("villages to seal: %w", err)
	}
	done := 0
	for _, v := range villages {
		_, n, err := Seal(ctx, db, v, at)
		done += n
		if err != nil {
			return done, fmt.Errorf("seal village %s: %w", v, err)
		}
	}
	return done, nil
}

func ids(rows *sql.Rows, err error) ([]id.ID, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var v id.ID
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// chain is the part of an account's wallet and bucket that has no leaf: entries after seq from up to seq to.
type chain struct {
	account id.ID
	wallet  string
	bucket  string
	from    int64
	to      int64
}

// sealedSeq is the highest sealed seq of a balance's chain. A chain has no gap and is written under its account's row lock,
// so that its entries become visible in their order however late their transactions commit: all below it are sealed,
// none above.
const sealedSeq = `COALESCE((SELECT MAX(s.seq) FROM seal_leaves s WHERE s.account_id = b.account_id AND s.wallet = b.wallet AND s.bucket = b.bucket), 0)`

// unsealedChains finds the chains of a village's accounts that have grown, with at most sealChunk entries in all.
func unsealedChains(tx *storage.Tx, village id.ID) ([]chain, error) {
	rows, err := tx.Query(`SELECT b.account_id, b.wallet, b.bucket, `+sealedSeq+`, b.seq FROM accounts a JOIN balances b ON b.account_id = a.id
		WHERE a.village_id = ? AND b.seq > `+sealedSeq+` ORDER BY b.account_id, b.wallet, b.bucket LIMIT `+strconv.Itoa(sealChunk), village)
	if err != nil {
		return nil, fmt.Errorf("read chains to seal: %w", err)
	}
	defer rows.Close()
	var chains []chain
	for left := int64(sealChunk); left > 0 && rows.Next(); {
		var c chain
		if err := rows.Scan(&c.account, &c.wallet, &c.bucket, &c.from, &c.to); err != nil {
			return nil, err
		}
		c.to = min(c.to, c.from+left)
		left -= c.to - c.from
		chains = append(chains, c)
	}
	return chains, rows.Err()
}

// chainsRead is how many chains one statement reads; its text is always the same.
const chainsRead = 100

func unsealedEntries(tx *storage.Tx, village id.ID) ([]Entry, error) {
	chains, err := unsealedChains(tx, village)
	if err != nil {
		return nil, err
	}
	var all []Entry
	const one = "account_id = ? AND wallet = ? AND bucket = ? AND seq > ? AND seq <= ?"
	query := "SELECT " + entryColumns + " FROM entries WHERE " + one + strings.Repeat(" OR "+one, chainsRead-1)
	for chunk := range storage.Chunks(chains, chainsRead) {
		args := make([]any, 0, chainsRead*5)
		for i := range chainsRead {
			c := chunk[min(i, len(chunk)-1)]
			args = append(args, c.account, c.wallet, c.bucket, c.from, c.to)
		}
		rows, err := tx.Query(query, args...)
		if err != nil {
			return nil, fmt.Errorf("read entries to seal: %w", err)
		}
		entries, err := scanEntries(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(x, y Entry) int { return cmp.Compare(x.ID, y.ID) })
	return all, nil
}

// sealSome adds at most sealChunk leaves to a village's tree and answers how many; fewer when none are left.
func sealSome(tx *storage.Tx, village id.ID) (int, error) {
	if err := guardKeys(tx, []string{"seal:" + village.String()}); err != nil {
		return 0, err
	}
	entries, err := unsealedEntries(tx, village)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	t := tree{query: tx.Query, village: village}
	if err := t.load(); err != nil {
		return 0, err
	}
	args := make([]any, 0, len(entries)*9)
	for i := range entries {
		e := &entries[i]
		salt, err := newSalt()
		if err != nil {
			return 0, err
		}
		hash := leafHash(e, salt)
		args = append(args, village, t.size, e.ID, e.Account, e.Wallet, string(e.Bucket), e.Seq, salt, hash)
		if err := t.add(hash); err != nil {
			return 0, err
		}
	}
	if err := tx.Insert("INSERT INTO seal_leaves (village_id, leaf_index, entry_id, account_id, wallet, bucket, seq, salt, hash) VALUES ", 9, args); err != nil {
		return 0, fmt.Errorf("add leaves: %w", err)
	}
	if err := tx.Insert("INSERT INTO seal_nodes (village_id, level, node_index, hash) VALUES ", 4, t.nodes); err != nil {
		return 0, fmt.Errorf("add nodes: %w", err)
	}
	return len(entries), nil
}

// storeHead stores the head of the leaves there are, once for each size.
func storeHead(tx *storage.Tx, village id.ID, at time.Time) (Head, error) {
	t := tree{query: tx.Query, village: village}
	if err := t.load(); err != nil || t.size == 0 {
		return Head{}, err
	}
	root, err := t.root()
	if err != nil {
		return Head{}, err
	}
	head := Head{Village: village, Size: t.size, Root: hex.EncodeToString(root), At: clock.Ms(at)}
	var stored []byte
	err = tx.QueryRow("SELECT root, sealed_at FROM seal_heads WHERE village_id = ? AND size = ?", village, t.size).Scan(&stored, &head.At)
	if err == nil {
		if hex.EncodeToString(stored) != head.Root {
			return Head{}, fmt.Errorf("ledger: the leaves of village %s give another root than its seal of %d entries; run hefen audit --seals", village, t.size)
		}
		return head, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Head{}, fmt.Errorf("read head: %w", err)
	}
	if _, err := tx.Exec("INSERT INTO seal_heads (village_id, size, root, sealed_at) VALUES (?,?,?,?)", village, t.size, root, head.At); err != nil {
		return Head{}, fmt.Errorf("store head: %w", err)
	}
	return head, nil
}

// Heads are the seals of a village, newest first: those of fewer than before entries (zero: from the newest).
func Heads(ctx context.Context, db *storage.DB, village id.ID, before int64, limit int) ([]Head, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	rows, err := db.Query(ctx, "SELECT size, root, sealed_at FROM seal_heads WHERE village_id = ? AND size < ? ORDER BY size DESC LIMIT "+strconv.Itoa(limit), village, before)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	defer rows.Close()
	out := []Head{}
	for rows.Next() {
		h := Head{Village: village}
		var root []byte
		if err := rows.Scan(&h.Size, &root, &h.At); err != nil {
			return nil, err
		}
		h.Root = hex.EncodeToString(root)
		out = append(out, h)
	}
	return out, rows.Err()
}

// HeadAt is the seal of exactly size entries, or the newest for zero. ErrNoSeal if there is none.
func HeadAt(ctx context.Context, db *storage.DB, village id.ID, size int64) (Head, error) {
	heads, err := Heads(ctx, db, village, size+min(size, 1), 1) // zero stays zero: from the newest
	if err != nil {
		return Head{}, err
	}
	if len(heads) == 0 || size > 0 && heads[0].Size != size {
		return Head{}, ErrNoSeal
	}
	return heads[0], nil
}
