package publication

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Audit holds each notice against its hash, its seal and the cases that stand on it.
func Audit(ctx context.Context, db *storage.DB) (ledger.Report, error) {
	c := ledger.Check{Law: "1", What: "each notice is as it was published and carries a seal of its village"}
	after := id.ID(0)
	for {
		rows, err := db.Query(ctx, `SELECT n.id, n.year, n.number, n.cases, n.hash, n.snapshot, n.seal_root, (SELECT h.root FROM seal_heads h WHERE h.village_id = n.village_id AND h.size = n.seal_size),
			(SELECT COUNT(*) FROM cases c WHERE c.notice_id = n.id), n.kind, n.seal_size FROM notices n WHERE n.id > ? ORDER BY n.id LIMIT 50`, after)
		if err != nil {
			return ledger.Report{}, fmt.Errorf("audit notices: %w", err)
		}
		n, err := auditRows(rows, &c, &after)
		if err != nil {
			return ledger.Report{}, fmt.Errorf("audit notices: %w", err)
		}
		if n == 0 {
			return ledger.Report{Checks: []ledger.Check{c}}, nil
		}
	}
}

func auditRows(rows *sql.Rows, c *ledger.Check, last *id.ID) (n int, err error) {
	defer rows.Close()
	for rows.Next() {
		var year, number, listed, marked int
		var size int64
		var hash, root, head []byte
		var text, kind string
		if err := rows.Scan(last, &year, &number, &listed, &hash, &text, &root, &head, &marked, &kind, &size); err != nil {
			return n, err
		}
		n++
		c.Rows++
		name := fmt.Sprintf("notice %s (%s)", *last, No(year, number))
		sum := sha256.Sum256([]byte(text))
		if hex.EncodeToString(sum[:]) != hex.EncodeToString(hash) {
			c.Broken = append(c.Broken, name+": the snapshot is not the one that was published")
		}
		if size > 0 && hex.EncodeToString(root) != hex.EncodeToString(head) {
			c.Broken = append(c.Broken, fmt.Sprintf("%s: it carries the seal %x of %d entries, the ledger's is %x", name, root, size, head))
		}
		var snap Snapshot
		if err := json.Unmarshal([]byte(text), &snap); err != nil || snap.Year != year || snap.Number != number || snap.Sum.Cases != listed || snap.Seal.Size != size || kind == KindNotice && marked != listed {
			c.Broken = append(c.Broken, fmt.Sprintf("%s: %d cases are listed, %d stand on it", name, listed, marked))
		}
	}
	return n, rows.Err()
}
