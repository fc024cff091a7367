package season_test

import (
	"strings"
	"testing"

	"hefen/internal/ledger"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestSwappedList: a list that somebody with the database in hand changes after it was frozen, hash and all, is found by
// whoever draws the lots again; changed in the seal too, it no longer gives the root.
func TestSwappedList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := scored(t, db)
		w.shut("2026")
		a := w.publish("lucky")
		w.freeze(a)
		e, err := w.season.EvidenceOf(ctx, w.village, a.ID)
		w.must(err)
		if e.Seal == nil || e.Seal.Check() != nil || !e.Seal.Says(ledger.NoteAward, a.ID, a.Hash) {
			t.Fatalf("not sealed: %+v", e.Seal)
		}
		swapped := strings.Replace(e.List, "[{\"account\":", "[{\"group_name\":\"\",\"account\":", 1) // the same standings under another hash
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE award_rounds SET list = ?, hash = ? WHERE id = ?", swapped, season.HashOf(swapped), a.ID)
			return err
		}))
		_, err = w.season.Draw(ctx, w.boss, w.village, a.ID, season.Step{RequestID: w.request(), Number: "20270118", How: "村部广场"})
		w.must(err)
		finds := func(want string) {
			t.Helper()
			e, err := w.season.EvidenceOf(ctx, w.village, a.ID)
			w.must(err)
			v, err := season.Verify(e)
			w.must(err)
			if len(v.Wrong) != 1 || !strings.Contains(v.Wrong[0], want) {
				t.Errorf("found %q, want %q", v.Wrong, want)
			}
		}
		finds("不是定名单时封进封账的那一份")
		sealed := func(hash string) {
			w.must(db.InTx(ctx, func(tx *storage.Tx) error {
				_, err := tx.Exec("UPDATE seal_notes SET hash = ? WHERE about_id = ?", hash, a.ID)
				return err
			}))
		}
		sealed(season.HashOf(swapped))
		finds("算不出封账号")
		r, err := ledger.AuditSeals(ctx, db)
		w.must(err)
		if r.OK() {
			t.Error("the audit of seals finds nothing")
		}
		sealed(a.Hash)
		w.must(db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE award_rounds SET list = ?, hash = ? WHERE id = ?", e.List, a.Hash, a.ID)
			return err
		}))
		if e, err = w.season.EvidenceOf(ctx, w.village, a.ID); err != nil || e.Seal == nil {
			t.Fatal(err)
		}
		if v, err := season.Verify(e); err != nil || len(v.Wrong) > 0 || v.Unsealed {
			t.Errorf("put right again: %+v %v", v, err)
		}
		if r, err := ledger.AuditSeals(ctx, db); err != nil || !r.OK() {
			t.Errorf("%s %v", r, err)
		}
	})
}
