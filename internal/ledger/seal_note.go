package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// NoteAward is the kind of note that seals the hash of a frozen award list.
const NoteAward = "award"

// noteBucket marks a leaf that is a note's: no entry is in it.
const noteBucket Bucket = "note"

// ErrNoNote says that something was never sealed.
var ErrNoNote = errs.New(errs.NotFound, "ledger_no_note", "没有封进村里的封账")

// note is a fact beside the entries that a village's tree holds: who has the root on paper can hold the fact against it.
type note struct {
	id, village, about id.ID
	kind, hash         string
	at                 int64 // milliseconds since 1970 UTC
}

// text is the layout of a note's leaf, as fixed as that of an entry (docs/ledger.md).
func (n *note) text(salt []byte) string {
	var b strings.Builder
	b.WriteString("hefen-note-1\n")
	for _, line := range [][2]string{{"salt", hex.EncodeToString(salt)}, {"note", n.id.String()}, {"village", n.village.String()}, {"kind", n.kind},
		{"about", n.about.String()}, {"hash", n.hash}, {"created_at", strconv.FormatInt(n.at, 10)}} {
		b.WriteString(line[0] + "=" + line[1] + "\n")
	}
	return b.String()
}

func (n *note) leaf(salt []byte) []byte { return rfc6962.DefaultHasher.HashLeaf([]byte(n.text(salt))) }

// SealNote adds a note to a village's tree and stores the head that has it, once for each kind and thing it is about: what
// comes after this head, such as a number drawn in public, comes after the note. A head holds all entries until then, so
// they are sealed along: Seal before it, so that there is little left to add.
func SealNote(tx *storage.Tx, village id.ID, kind string, about id.ID, hash string, at time.Time) (Head, error) {
	for {
		n, err := sealSome(tx, village)
		if err != nil {
			return Head{}, err
		}
		if n < sealChunk {
			break
		}
	}
	salt, err := newSalt()
	if err != nil {
		return Head{}, err
	}
	n := note{id: tx.NewID(), village: village, about: about, kind: kind, hash: hash, at: clock.Ms(at)}
	_, err = tx.Exec("INSERT INTO seal_notes (id, village_id, kind, about_id, hash, created_at) VALUES (?,?,?,?,?,?)", n.id, village, kind, about, hash, n.at)
	if err != nil {
		return Head{}, fmt.Errorf("seal note: %w", err)
	}
	t := tree{query: tx.Query, village: village}
	if err := t.load(); err != nil {
		return Head{}, err
	}
	leaf := n.leaf(salt)
	_, err = tx.Exec("INSERT INTO seal_leaves (village_id, leaf_index, entry_id, account_id, wallet, bucket, seq, salt, hash) VALUES (?,?,?,?,'',?,1,?,?)",
		village, t.size, n.id, n.id, string(noteBucket), salt, leaf)
	if err == nil {
		err = t.add(leaf)
	}
	if err == nil {
		err = tx.Insert("INSERT INTO seal_nodes (village_id, level, node_index, hash) VALUES ", 4, t.nodes)
	}
	if err != nil {
		return Head{}, fmt.Errorf("add note: %w", err)
	}
	return storeHead(tx, village, at)
}

// SealedNote shows that a note stands in the seal that was made with it.
type SealedNote struct {
	Head  Head     `json:"seal"`
	Text  string   `json:"text" doc:"the note as it was sealed, layout in docs/ledger.md; the leaf is SHA-256 of a zero byte and its UTF-8 bytes"`
	Index int64    `json:"index" doc:"number of the leaf, from 0"`
	Path  []string `json:"path" doc:"hashes from the leaf to the root, hexadecimal"`
}

// ProveNote proves a note in the first seal that has it. ErrNoNote if there is none.
func ProveNote(ctx context.Context, db *storage.DB, kind string, about id.ID) (SealedNote, error) {
	n := note{kind: kind, about: about}
	var out SealedNote
	var salt, root []byte
	err := db.QueryRow(ctx, `SELECT n.id, n.hash, n.created_at, l.village_id, l.leaf_index, l.salt FROM seal_notes n JOIN seal_leaves l ON l.entry_id = n.id
		WHERE n.kind = ? AND n.about_id = ?`, kind, about).Scan(&n.id, &n.hash, &n.at, &n.village, &out.Index, &salt)
	if errors.Is(err, sql.ErrNoRows) {
		return out, ErrNoNote
	}
	if err != nil {
		return out, fmt.Errorf("read note: %w", err)
	}
	out.Text = n.text(salt)
	out.Head.Village = n.village
	err = db.QueryRow(ctx, "SELECT size, root, sealed_at FROM seal_heads WHERE village_id = ? AND size > ? ORDER BY size LIMIT 1", n.village, out.Index).
		Scan(&out.Head.Size, &root, &out.Head.At)
	if errors.Is(err, sql.ErrNoRows) {
		return out, ErrNoNote
	}
	if err != nil {
		return out, fmt.Errorf("read head: %w", err)
	}
	out.Head.Root = hex.EncodeToString(root)
	t := tree{query: func(q string, args ...any) (*sql.Rows, error) { return db.Query(ctx, q, args...) }, village: n.village}
	out.Path, err = t.inclusion(out.Index, out.Head.Size)
	return out, err
}

// Check computes the root from the text and the path alone and holds it against the seal's.
func (s *SealedNote) Check() error {
	path := make([][]byte, len(s.Path))
	var err error
	for i, p := range s.Path {
		if path[i], err = hex.DecodeString(p); err != nil {
			return fmt.Errorf("path of note: %w", err)
		}
	}
	root, err := hex.DecodeString(s.Head.Root)
	if err != nil {
		return fmt.Errorf("root of seal: %w", err)
	}
	if s.Index < 0 || s.Head.Size <= s.Index {
		return errors.New("the note lies outside the seal")
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(s.Index), uint64(s.Head.Size), rfc6962.DefaultHasher.HashLeaf([]byte(s.Text)), path, root)
}

// Says reports whether the note seals this hash for this thing.
func (s *SealedNote) Says(kind string, about id.ID, hash string) bool {
	lines := strings.Split(strings.TrimSuffix(s.Text, "\n"), "\n")
	return len(lines) == 8 && lines[0] == "hefen-note-1" && lines[4] == "kind="+kind && lines[5] == "about="+about.String() && lines[6] == "hash="+hash
}

// notes reads those of some leaves, for the audit.
func readNotes(ctx context.Context, db *storage.DB, list []id.ID) (map[id.ID]*note, error) {
	out := map[id.ID]*note{}
	if len(list) == 0 {
		return out, nil
	}
	rows, err := db.Query(ctx, "SELECT id, village_id, kind, about_id, hash, created_at FROM seal_notes WHERE id IN "+storage.In(len(list)), storage.Args(list)...)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n note
		if err := rows.Scan(&n.id, &n.village, &n.kind, &n.about, &n.hash, &n.at); err != nil {
			return nil, err
		}
		out[n.id] = &n
	}
	return out, rows.Err()
}
