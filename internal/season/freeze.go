package season

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Freeze ends the time for objections: every one must have been answered, none upheld, and the list must still be what it
// was when it was published.
func (s *Service) Freeze(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Award{}, err
	}
	if _, _, err := ledger.Seal(ctx, s.db, in, s.now()); err != nil { // so that little is left for the list's own seal
		return Award{}, err
	}
	return s.step(ctx, a, in, round, "season.freeze", r, []string{awardPublished}, func(tx *storage.Tx, w *Award, at time.Time) error {
		return s.freeze(ctx, tx, w, a.User(), at)
	})
}

// freeze is Freeze of a list that is held. Its hash goes into the village's seal at once, so that whatever number is drawn
// afterwards was drawn over this list.
func (s *Service) freeze(ctx context.Context, tx *storage.Tx, w *Award, by id.ID, at time.Time) error {
	if err := s.mayFreeze(ctx, tx.Query, w, at); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE award_rounds SET state = ?, frozen_at = ?, frozen_by = ? WHERE id = ?", awardFrozen, clock.Ms(at), by, w.ID)
	if err != nil {
		return fmt.Errorf("freeze award: %w", err)
	}
	_, err = ledger.SealNote(tx, w.village, ledger.NoteAward, w.ID, w.Hash, at)
	return err
}

// mayFreeze says in Chinese what people have to do before a list can be frozen.
func (s *Service) mayFreeze(ctx context.Context, read query, w *Award, at time.Time) error {
	if clock.DayOf(at) <= w.ObjectUntil {
		return ErrObjecting.With("异议期到%s为止，过了才能定名单", w.ObjectUntil.Chinese())
	}
	var open, upheld int
	rows, err := read("SELECT state, COUNT(*) FROM award_objections WHERE round_id = ? GROUP BY state", w.ID)
	err = each(rows, err, func(r *sql.Rows) error {
		var state string
		var n int
		err := r.Scan(&state, &n)
		switch state {
		case "open":
			open = n
		case "upheld":
			upheld = n
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("read objections: %w", err)
	case open > 0:
		return ErrObjecting.With("还有%d件异议没有答复", open)
	case upheld > 0:
		return ErrObjecting.With("有%d件异议成立，请撤回名单，改正以后重新公布", upheld)
	}
	same, err := s.same(ctx, read, w)
	if err == nil && !same {
		err = ErrChanged
	}
	return err
}

// same reports whether the list would be the same today.
func (s *Service) same(ctx context.Context, read query, w *Award) (bool, error) {
	v, err := s.book.Version(ctx, w.rules)
	if err != nil {
		return false, err
	}
	d, err := ofRules(v, w.Code, w.Span)
	if err != nil {
		return false, err
	}
	source, err := s.book.Source(ctx, w.rules)
	if err != nil {
		return false, err
	}
	was, _, err := open(w.list)
	if err != nil {
		return false, err
	}
	l := &loading{read: read, village: w.village, until: w.Span.Last()}
	f, err := l.field(ctx, s, d)
	if err != nil {
		return false, err
	}
	_, hash, err := d.seal(w.village, was.Salt, source, f.standings)
	return hash == w.Hash, err
}
