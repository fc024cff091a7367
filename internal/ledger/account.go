package ledger

import (
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// OpenAccounts makes an account for each new owner, with the owner's id, in the transaction that enters the owner:
// accounts made lazily under load deadlock. It is what village.New is given as opened.
func OpenAccounts(tx *storage.Tx, in id.ID, owners []village.Owner) error {
	for chunk := range storage.Chunks(owners, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*5)
		for _, o := range chunk {
			args = append(args, o.ID, in, o.Kind, clock.Forever, 0)
		}
		if _, err := tx.Exec("INSERT INTO accounts (id, village_id, kind, closed_on, rev) VALUES "+storage.Rows(len(chunk), 5), args...); err != nil {
			return fmt.Errorf("open accounts: %w", err)
		}
	}
	return nil
}

// CloseAccount stops postings to an account from this moment; on is the day from which it stands on no board. It must
// be guarded, and emptied of spendable points, before.
func CloseAccount(tx *storage.Tx, village, account id.ID, on clock.Day) error {
	n, err := tx.Exec("UPDATE accounts SET closed_on = ?, rev = rev + 1 WHERE id = ? AND village_id = ? AND closed_on = ?",
		on, account, village, clock.Forever)
	if err != nil {
		return fmt.Errorf("close account: %w", err)
	}
	if n == 0 {
		return ErrAccountClosed
	}
	delete(guarded(tx), account)
	return tx.Emit(village, TopicPosted, PostedEvent{Accounts: []id.ID{account}})
}

type guardedKey struct{}

// guarded is the set of accounts whose rows this transaction holds.
func guarded(tx *storage.Tx) map[id.ID]bool {
	return tx.Note(guardedKey{}, func() any { return map[id.ID]bool{} }).(map[id.ID]bool)
}

// Guard takes the locks under which a decision is made: first the shared limits by key, then the accounts by id. History
// and balances are read after it. One call per transaction for everything the decision may read, so that all
// transactions take locks in one order. Post guards accounts that are not yet guarded.
// ErrAccountClosed if an account is missing or closed.
func Guard(tx *storage.Tx, accounts []id.ID, keys []string) error {
	if err := guardKeys(tx, keys); err != nil {
		return err
	}
	have := guarded(tx)
	var todo []id.ID
	for _, a := range accounts {
		if !have[a] {
			todo = append(todo, a)
		}
	}
	slices.Sort(todo)
	todo = slices.Compact(todo)
	for chunk := range storage.Chunks(todo, storage.ChunkRows) {
		n, err := tx.Exec("UPDATE accounts SET rev = rev + 1 WHERE closed_on = ? AND id IN "+storage.In(len(chunk)),
			storage.Args(chunk, clock.Forever)...)
		if err != nil {
			return fmt.Errorf("guard accounts: %w", err)
		}
		if n != int64(len(chunk)) {
			return ErrAccountClosed
		}
	}
	for _, a := range todo {
		have[a] = true
	}
	return nil
}

func guardKeys(tx *storage.Tx, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	take := "UPDATE guards SET rev = rev + 1 WHERE k IN " + storage.In(len(keys))
	n, err := tx.Exec(take, storage.Args(keys)...)
	if err != nil {
		return fmt.Errorf("guard limits: %w", err)
	}
	if n == int64(len(keys)) {
		return nil
	}
	for _, k := range keys { // first use of a limit
		if _, err := tx.Exec("INSERT INTO guards (k, rev) VALUES (?, 0)", k); err != nil && !storage.IsDuplicate(err) {
			return fmt.Errorf("make guard: %w", err)
		}
	}
	if _, err := tx.Exec(take, storage.Args(keys)...); err != nil {
		return fmt.Errorf("guard limits: %w", err)
	}
	return nil
}
