package ledger_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func (w *world) seal() ledger.Head {
	w.t.Helper()
	h, _, err := ledger.Seal(context.Background(), w.db, w.village, noon)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func unhex(t testing.TB, all ...string) [][]byte {
	t.Helper()
	out := make([][]byte, len(all))
	for i, s := range all {
		var err error
		if out[i], err = hex.DecodeString(s); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// verify holds the proof of each event against a root by the library's verifier: text, index, path, nothing else.
func (w *world) verify(account, posting id.ID, head ledger.Head) {
	w.t.Helper()
	p, err := ledger.Prove(context.Background(), w.db, account, posting, head.Size)
	if err != nil {
		w.t.Fatalf("prove %s in %d: %v", posting, head.Size, err)
	}
	for _, e := range p.Entries {
		leaf := rfc6962.DefaultHasher.HashLeaf([]byte(e.Text))
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(e.Index), uint64(head.Size), leaf, unhex(w.t, e.Path...), unhex(w.t, head.Root)[0]); err != nil {
			w.t.Fatalf("entry %s in the seal of %d: %v", e.Entry, head.Size, err)
		}
		if !strings.Contains(e.Text, "\nentry="+e.Entry.String()+"\n") {
			w.t.Fatalf("text of another entry: %s", e.Text)
		}
	}
}

func sealsBroken(t testing.TB, db *storage.DB) []string {
	t.Helper()
	r, err := ledger.AuditSeals(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range r.Checks {
		all = append(all, c.Broken...)
	}
	return all
}

func (w *world) leaves() (n int64) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), "SELECT COUNT(*) FROM seal_leaves").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestSealsProve drives random postings and seals: every event sealed so far has a proof in every later seal, and every two
// seals are consistent.
func TestSealsProve(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, db, 3)
			type event struct {
				account, posting id.ID
				sealed           int64 // size of the first seal that has it
			}
			var events []event
			var heads []ledger.Head
			n := 0
			rounds := rapid.IntRange(1, 6).Draw(rt, "rounds")
			for range rounds {
				for range rapid.SampledFrom([]int{0, 1, 2, 7, 40}).Draw(rt, "postings") {
					n++
					a := rapid.SampledFrom(w.accounts).Draw(rt, "account")
					p := w.must(w.award(fmt.Sprint("r", n), a, 100))
					events = append(events, event{account: a, posting: p[0].ID})
				}
				h := w.seal()
				if h.Size == 0 || len(heads) > 0 && heads[len(heads)-1].Size == h.Size {
					continue
				}
				heads = append(heads, h)
				for i := range events {
					if events[i].sealed == 0 {
						events[i].sealed = h.Size
					}
				}
			}
			for range 10 {
				if len(events) == 0 {
					break
				}
				e := rapid.SampledFrom(events).Draw(rt, "event")
				for _, h := range heads {
					if h.Size < e.sealed {
						if _, err := ledger.Prove(context.Background(), db, e.account, e.posting, h.Size); !errors.Is(err, ledger.ErrAfterSeal) {
							rt.Fatalf("an entry in a seal before it: %v", err)
						}
						continue
					}
					w.verify(e.account, e.posting, h)
				}
			}
			for i, from := range heads {
				for _, to := range heads[i:] {
					c, err := ledger.Consistent(context.Background(), db, w.village, from.Size, to.Size)
					if err != nil {
						rt.Fatal(err)
					}
					if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(from.Size), uint64(to.Size), unhex(t, c.Path...), unhex(t, from.Root)[0], unhex(t, to.Root)[0]); err != nil {
						rt.Fatal(err)
					}
				}
			}
		})
		if broken := sealsBroken(t, db); len(broken) > 0 {
			t.Errorf("%q", broken)
		}
		ledgertest.Audit(t, db)
	})
}

// TestSealLarge goes beyond the stored subtrees: several chunks and blocks, proofs across them.
func TestSealLarge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 5)
		var some []ledger.Posted
		fill := func(round, n int) {
			ps := make([]ledger.Posting, n)
			for i := range ps {
				ps[i] = w.award(fmt.Sprintf("%d.%d", round, i), w.accounts[i%5], 100)
			}
			some = append(some, w.must(ps...)...)
		}
		fill(1, 1200) // 2,400 entries: more than a chunk
		first := w.seal()
		fill(2, 350)
		second := w.seal()
		if first.Size != 2400 || second.Size != 3100 {
			t.Fatalf("%+v %+v", first, second)
		}
		if again := w.seal(); again != second {
			t.Errorf("sealed anew without an entry: %+v", again)
		}
		for i := 0; i < len(some); i += 97 {
			e := some[i].Entries[0]
			w.verify(e.Account, e.Posting, second)
			if i < 1200 {
				w.verify(e.Account, e.Posting, first)
			}
		}
		if broken := sealsBroken(t, db); len(broken) > 0 {
			t.Errorf("%q", broken)
		}
	})
}

// TestSealTakesLateEntries: an entry whose id is below sealed ones, because its transaction committed late, is sealed next.
func TestSealTakesLateEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		p := w.must(w.award("late", w.accounts[0], 100))[0]
		w.must(w.award("early", w.accounts[1], 100))
		w.seal()
		// as it would have been if the first award had committed after the seal
		run(t, db, "DELETE FROM seal_leaves WHERE account_id = ?", w.accounts[0])
		run(t, db, "DELETE FROM seal_heads WHERE village_id = ?", w.village)
		run(t, db, "UPDATE seal_leaves SET leaf_index = leaf_index - 2")
		h := w.seal()
		if h.Size != 4 {
			t.Fatalf("%+v", h)
		}
		w.verify(w.accounts[0], p.ID, h)
		if broken := sealsBroken(t, db); len(broken) > 0 {
			t.Errorf("%q", broken)
		}
	})
}

func run(t testing.TB, db *storage.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	err := db.InTx(context.Background(), func(tx *storage.Tx) (err error) { n, err = tx.Exec(query, args...); return err })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestAuditSealsFindsTampering: each single change is found and the entry is named.
func TestAuditSealsFindsTampering(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		ps := make([]ledger.Posting, 300)
		for i := range ps {
			ps[i] = w.award(fmt.Sprint("t", i), w.accounts[i%2], 100)
		}
		posted := w.must(ps...)
		first := w.seal()
		w.must(w.award("more", w.accounts[0], 500))
		w.seal()
		w.must(w.award("unsealed", w.accounts[0], 500))
		victim := posted[30].Entries[0]
		name := victim.ID.String()
		row := "id, village_id, posting_id, line, kind, ref, batch_id, corrects_id, by_user, account_id, wallet, bucket, seq, amount, balance_after, expires_on, occurred_on, counted_on, created_at, case_id, member_id, group_id, item, class, scheme_id, title"
		type tampering struct {
			what, names string // names: what the audit's line holds
			do, undo    []string
		}
		var all []tampering
		for _, column := range strings.Split("village_id posting_id line batch_id corrects_id by_user amount balance_after expires_on occurred_on counted_on created_at case_id member_id group_id scheme_id", " ") {
			all = append(all, tampering{column, "entry " + name, []string{"UPDATE entries SET " + column + " = " + column + " + 1000000 WHERE id = " + name}, []string{"UPDATE entries SET " + column + " = " + column + " - 1000000 WHERE id = " + name}})
		}
		for column, was := range map[string]string{"kind": "award", "ref": victim.Ref, "item": "", "class": "", "title": "试验"} {
			all = append(all, tampering{column, "entry " + name, []string{"UPDATE entries SET " + column + " = 'x' WHERE id = " + name}, []string{"UPDATE entries SET " + column + " = '" + was + "' WHERE id = " + name}})
		}
		leaf := fmt.Sprintf(" WHERE entry_id = %s", name)
		all = append(all,
			tampering{"removed", "entry " + name, []string{"CREATE TABLE kept AS SELECT * FROM entries WHERE id = " + name, "DELETE FROM entries WHERE id = " + name},
				[]string{"INSERT INTO entries (" + row + ") SELECT " + row + " FROM kept", "DROP TABLE kept"}},
			tampering{"moved in its chain", "entry " + name, []string{"UPDATE entries SET seq = 100000 WHERE id = " + name}, []string{fmt.Sprintf("UPDATE entries SET seq = %d WHERE id = %s", victim.Seq, name)}},
			tampering{"inserted behind the sealed chain with an old date", "entry 4711 ", []string{"INSERT INTO entries (" + row + ") SELECT 4711, village_id, 4712, 0, kind, 'slipped in', batch_id, corrects_id, by_user, account_id, wallet, bucket, 900, amount, 0, expires_on, occurred_on, counted_on, created_at - 100000000, case_id, member_id, group_id, item, class, scheme_id, title FROM entries WHERE id = " + name},
				[]string{"DELETE FROM entries WHERE id = 4711"}},
			tampering{"inserted in the place of a leaf", "entry " + name + " ", []string{"UPDATE seal_leaves SET seq = 5000" + leaf}, []string{fmt.Sprintf("UPDATE seal_leaves SET seq = %d%s", victim.Seq, leaf)}},
			tampering{"leaf without its place", "were removed", []string{"UPDATE seal_leaves SET leaf_index = leaf_index + 100000" + leaf}, []string{"UPDATE seal_leaves SET leaf_index = leaf_index - 100000" + leaf}},
			tampering{"head's size", "the seal of 607", []string{fmt.Sprintf("UPDATE seal_heads SET size = size + 7 WHERE size = %d", first.Size)}, []string{fmt.Sprintf("UPDATE seal_heads SET size = size - 7 WHERE size = %d", first.Size+7)}},
		)
		for _, x := range all {
			for _, q := range x.do {
				run(t, db, q)
			}
			if broken := strings.Join(sealsBroken(t, db), "\n"); !strings.Contains(broken, x.names) {
				t.Errorf("%s: found %q", x.what, broken)
			}
			for _, q := range x.undo {
				run(t, db, q)
			}
			if broken := sealsBroken(t, db); len(broken) > 0 {
				t.Fatalf("%s undone: %q", x.what, broken)
			}
		}
		// hashes, which SQL does not add up: changed and put back as bytes
		for _, x := range []struct{ table, column, where, names string }{
			{"seal_leaves", "hash", leaf, "entry " + name}, {"seal_leaves", "salt", leaf, "entry " + name},
			{"seal_nodes", "hash", " WHERE level = 8 AND node_index = 0", "leaves 0 to 255, entries " + posted[0].Entries[0].ID.String()},
			{"seal_heads", "root", fmt.Sprintf(" WHERE size = %d", first.Size), "the seal of 600"},
		} {
			var was []byte
			if err := db.QueryRow(context.Background(), "SELECT "+x.column+" FROM "+x.table+x.where).Scan(&was); err != nil {
				t.Fatal(err)
			}
			other := sha256.Sum256(was)
			run(t, db, "UPDATE "+x.table+" SET "+x.column+" = ?"+x.where, other[:len(was)])
			if broken := strings.Join(sealsBroken(t, db), "\n"); !strings.Contains(broken, x.names) {
				t.Errorf("%s.%s: found %q", x.table, x.column, broken)
			}
			run(t, db, "UPDATE "+x.table+" SET "+x.column+" = ?"+x.where, was)
		}
		// an entry and its leaf changed together: the subtree and the seals still tell
		p, err := ledger.Prove(context.Background(), db, victim.Account, victim.Posting, first.Size)
		if err != nil {
			t.Fatal(err)
		}
		forged := rfc6962.DefaultHasher.HashLeaf([]byte(strings.Replace(p.Entries[0].Text, "amount=100\n", "amount=900\n", 1)))
		run(t, db, "UPDATE entries SET amount = 900 WHERE id = "+name)
		run(t, db, "UPDATE seal_leaves SET hash = ?"+leaf, forged)
		if broken := strings.Join(sealsBroken(t, db), "\n"); !strings.Contains(broken, "leaves 0 to 255") || !strings.Contains(broken, "the seal of 600") {
			t.Errorf("forged with its leaf: found %q", broken)
		}
	})
}

// TestTwoServersMakeOneTree: servers that seal at once, while entries come in, give every entry one leaf.
func TestTwoServersMakeOneTree(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			db, other := dbtest.Connect(t, cfg), dbtest.Connect(t, cfg)
			w := newWorld(t, db, 8)
			var wg sync.WaitGroup
			for k, a := range w.accounts[:6] {
				wg.Go(func() {
					for i := range 15 {
						if _, err := w.post(w.award(fmt.Sprintf("%d.%d", k, i), a, 100)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for _, server := range []*storage.DB{db, other} {
				wg.Go(func() {
					for range 12 {
						if _, _, err := ledger.Seal(context.Background(), server, w.village, noon); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if h := w.seal(); h.Size != 6*15*2 || w.leaves() != h.Size {
				t.Errorf("%d leaves: %+v", w.leaves(), h)
			}
			if broken := sealsBroken(t, db); len(broken) > 0 {
				t.Errorf("%q", broken)
			}
			ledgertest.Audit(t, db)
		})
	}
}

// TestRehomeSealsTheOldBook: the village that ends is sealed once more; its proofs stay good, and what its people do later
// stands in the tree of the village that continues.
func TestRehomeSealsTheOldBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		into := db.NewID()
		before := w.must(w.award("before", w.accounts[0], 100))[0]
		if err := db.InTx(context.Background(), func(tx *storage.Tx) error { return ledger.Rehome(tx, w.village, into, noon) }); err != nil {
			t.Fatal(err)
		}
		old, err := ledger.HeadAt(context.Background(), db, w.village, 0)
		if err != nil || old.Size != 2 {
			t.Fatal(old, err)
		}
		w.verify(w.accounts[0], before.ID, old)
		ended := w.village
		w.village = into
		after := w.must(w.award("after", w.accounts[0], 100))[0]
		h := w.seal()
		if h.Size != 2 {
			t.Fatalf("%+v", h)
		}
		w.verify(w.accounts[0], after.ID, h)
		p, err := ledger.Prove(context.Background(), db, w.accounts[0], before.ID, 0)
		if err != nil || p.Head.Village != ended {
			t.Error(p.Head, err)
		}
		if broken := sealsBroken(t, db); len(broken) > 0 {
			t.Errorf("%q", broken)
		}
	})
}

func TestMain(m *testing.M) { dbtest.Main(m, sealUntilKilled) }

func sealUntilKilled(cfg config.Database) error {
	db, err := dbtest.OpenShared(cfg)
	if err == nil {
		fmt.Println("sealing")
		_, err = ledger.SealAll(context.Background(), db, noon)
	}
	return err
}

// TestSealIsKilled kills a server that seals at moments of its work; the next one goes on from there.
func TestSealIsKilled(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg, db := dbtest.Shared(t, engine)
			w := newWorld(t, db, 4)
			for round := range 4 {
				ps := make([]ledger.Posting, 1500)
				for i := range ps {
					ps[i] = w.award(fmt.Sprintf("%d.%d", round, i), w.accounts[i%4], 100)
				}
				w.must(ps...)
				dbtest.Kill(t, cfg, dbtest.KillAfter(time.Duration(round*25)*time.Millisecond))
				if broken := sealsBroken(t, db); len(broken) > 0 {
					t.Fatalf("after the kill: %q", broken)
				}
			}
			if h := w.seal(); h.Size != 4*1500*2 || w.leaves() != h.Size {
				t.Errorf("%d leaves: %+v", w.leaves(), h)
			}
			if broken := sealsBroken(t, db); len(broken) > 0 {
				t.Errorf("%q", broken)
			}
		})
	}
}
