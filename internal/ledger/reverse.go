package ledger

import (
	"fmt"
	"time"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// Correction names a posting to undo.
type Correction struct {
	Village id.ID
	Kind    Kind
	Ref     string
	By      id.ID
	At      time.Time
	Title   string
}

// Reverse undoes a posting entry by entry, each to the wallet, bucket and lot it came from, and may leave a wallet in
// debt where the points are already spent. It counts where the original counted or, if that period is closed, on the
// first open day. The reference is that of the original, so a posting is reversed once: ErrPosted. ErrNothing if there
// is no such posting.
func Reverse(tx *storage.Tx, c Correction) (Posted, error) {
	entries, err := PostingOf(tx, c.Village, c.Kind, c.Ref)
	if err != nil {
		return Posted{}, err
	}
	if len(entries) == 0 {
		return Posted{}, ErrNothing
	}
	first := &entries[0]
	counted, err := CountedOn(tx, c.Village, first.Counted)
	if err != nil {
		return Posted{}, err
	}
	p := Posting{
		Village: c.Village, Kind: Reversal, Ref: string(c.Kind) + ":" + c.Ref, Corrects: first.Posting, By: c.By, Title: c.Title,
		At: c.At, Occurred: first.Occurred, Counted: counted, Case: first.Case, Item: first.Item, Class: first.Class, Scheme: first.Scheme,
	}
	for _, e := range entries {
		p.Lines = append(p.Lines, Line{Account: e.Account, Wallet: e.Wallet, Bucket: e.Bucket, Amount: -e.Amount,
			ExpiresOn: e.ExpiresOn, Member: e.Member, Group: e.Group, exact: true})
	}
	posted, err := Post(tx, nil, p)
	if err != nil {
		return Posted{}, err
	}
	return posted[0], nil
}

// PostingOf reads the entries of one posting inside a transaction, in their order.
func PostingOf(tx *storage.Tx, village id.ID, kind Kind, ref string) ([]Entry, error) {
	rows, err := tx.Query("SELECT "+entryColumns+" FROM entries WHERE village_id = ? AND kind = ? AND ref = ? ORDER BY line",
		village, string(kind), ref)
	if err != nil {
		return nil, fmt.Errorf("read posting: %w", err)
	}
	return scanEntries(rows)
}
