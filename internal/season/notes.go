package season

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// noteDays is how long after its span a list is looked at for corrections.
const noteDays = 2 * 366

// NoteCorrections looks for corrections of deeds of a span that were made after its list was sealed, and notes them with the
// list: what was issued stands. It is a nightly job and tells how many it noted.
func (s *Service) NoteCorrections(ctx context.Context) (int, error) {
	at := s.now()
	type sealedRound struct {
		id, village id.ID
		span        clock.Span
		since       int64
	}
	var rounds []sealedRound
	rows, err := s.db.Query(ctx, "SELECT id, village_id, span, published_at FROM award_rounds WHERE state IN ('frozen', 'issuing', 'issued')")
	err = each(rows, err, func(r *sql.Rows) error {
		var x sealedRound
		err := r.Scan(&x.id, &x.village, &x.span, &x.since)
		if x.span.Last().Add(noteDays) >= clock.DayOf(at) {
			rounds = append(rounds, x)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read awards: %w", err)
	}
	noted := 0
	for _, x := range rounds {
		type found struct {
			account, posting id.ID
			amount           points.Amount
			title            string
		}
		var list []found
		rows, err := s.db.Query(ctx, `SELECT e.account_id, e.posting_id, SUM(e.amount), MIN(e.title) FROM entries e JOIN balances b ON b.account_id = e.account_id AND b.wallet = e.wallet AND b.bucket = e.bucket
			WHERE e.village_id = ? AND e.kind IN ('reverse', 'adjust') AND e.occurred_on BETWEEN ? AND ? AND e.created_at > ? AND e.bucket = 'available' AND b.kind = 'score'
			AND EXISTS (SELECT 1 FROM award_places p WHERE p.round_id = ? AND p.account_id = e.account_id)
			AND NOT EXISTS (SELECT 1 FROM award_notes n WHERE n.round_id = ? AND n.account_id = e.account_id AND n.posting_id = e.posting_id)
			GROUP BY e.account_id, e.posting_id`, x.village, x.span.First(), x.span.Last(), x.since, x.id, x.id)
		err = each(rows, err, func(r *sql.Rows) error {
			var f found
			err := r.Scan(&f.account, &f.posting, &f.amount, &f.title)
			list = append(list, f)
			return err
		})
		if err != nil {
			return noted, fmt.Errorf("look for corrections: %w", err)
		}
		if len(list) == 0 {
			continue
		}
		err = s.db.InTx(ctx, func(tx *storage.Tx) error {
			var args []any
			for _, f := range list {
				args = append(args, int64(x.id), int64(f.account), int64(f.posting), int64(f.amount), f.title, clock.Ms(at))
			}
			return tx.Insert("INSERT INTO award_notes (round_id, account_id, posting_id, amount, title, noted_at) VALUES ", 6, args)
		})
		if storage.IsDuplicate(err) { // another server
			continue
		}
		if err != nil {
			return noted, fmt.Errorf("note corrections: %w", err)
		}
		noted += len(list)
	}
	return noted, nil
}
