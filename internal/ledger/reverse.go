package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hefen/internal/clock"
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
	Batch   id.ID
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
	counted, err := CountedOn(tx, c.Village, entries[0].Counted)
	if err != nil {
		return Posted{}, err
	}
	posted, err := Post(tx, nil, c.undo(entries, counted))
	if err != nil {
		return Posted{}, err
	}
	return posted[0], nil
}

// undo is the posting that undoes the entries of one posting.
func (c *Correction) undo(entries []Entry, counted clock.Day) Posting {
	first := &entries[0]
	title := c.Title
	if title == "" {
		title = "冲正：" + first.Title
	}
	p := Posting{
		Village: c.Village, Kind: Reversal, Ref: string(first.Kind) + ":" + first.Ref, Batch: c.Batch, Corrects: first.Posting, By: c.By, Title: title,
		At: c.At, Occurred: first.Occurred, Counted: counted, Case: first.Case, Item: first.Item, Class: first.Class, Scheme: first.Scheme,
	}
	for _, e := range entries {
		p.Lines = append(p.Lines, Line{Account: e.Account, Wallet: e.Wallet, Bucket: e.Bucket, Amount: -e.Amount,
			ExpiresOn: e.ExpiresOn, Member: e.Member, Group: e.Group, exact: true})
	}
	return p
}

// OfCase is a case and the account that it has posted to.
type OfCase struct{ Case, Account id.ID }

// ReverseCases undoes everything that some cases have posted and that has not been undone, each posting by one of its own
// and all with c.Batch: a few statements for an inspection of hundreds. c names no kind and no ref, and a title only if it
// is to be another than the original's. The accounts must be guarded.
func ReverseCases(tx *storage.Tx, cases []OfCase, c Correction) ([]Posted, error) {
	of := map[id.ID][]Entry{} // by posting
	var order []id.ID
	undone := map[id.ID]bool{}
	for chunk := range storage.Chunks(cases, storage.ChunkRows/2) {
		accounts, ids := make([]id.ID, len(chunk)), make([]id.ID, len(chunk))
		for i, x := range chunk {
			accounts[i], ids[i] = x.Account, x.Case
		}
		accounts, ids = storage.Padded(accounts), storage.Padded(ids)
		rows, err := tx.Query("SELECT "+entryColumns+" FROM entries WHERE account_id IN "+storage.In(len(accounts))+" AND case_id IN "+storage.In(len(ids))+" ORDER BY id",
			storage.Args(ids, storage.Args(accounts)...)...)
		if err != nil {
			return nil, fmt.Errorf("read entries of cases: %w", err)
		}
		entries, err := scanEntries(rows)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Kind == Reversal {
				undone[e.Corrects] = true
				continue
			}
			if of[e.Posting] == nil {
				order = append(order, e.Posting)
			}
			of[e.Posting] = append(of[e.Posting], e)
		}
	}
	days := map[clock.Day]clock.Day{}
	var all []Posting
	for _, posting := range order {
		if undone[posting] {
			continue
		}
		entries := of[posting]
		slices.SortFunc(entries, func(x, y Entry) int { return cmp.Compare(x.Line, y.Line) })
		day := entries[0].Counted
		if days[day] == 0 {
			counted, err := CountedOn(tx, c.Village, day)
			if err != nil {
				return nil, err
			}
			days[day] = counted
		}
		all = append(all, c.undo(entries, days[day]))
	}
	return Post(tx, nil, all...)
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
