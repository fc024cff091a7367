package media

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// What is not used goes: an upload that has stopped, a photo that nothing was done with (a draft may wait in a phone for 30
// days), and the note of who has uploaded what.
const (
	abandonedAfter = 7 * 24 * time.Hour
	unusedAfter    = 40 * 24 * time.Hour
	uploadsKept    = 90 * 24 * time.Hour
	sweepBatch     = 200
)

// Sweep removes what is due and answers how much: abandoned uploads, pictures without a use, evidence past its months. Of a
// picture the row with its hash stays. It may be stopped at any point, run again, and run on several servers.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	total := 0
	for _, step := range []func(context.Context) (int, error){s.sweepUploads, s.endPurges, s.purgeDue, s.forgetUploads} {
		n, err := step(ctx)
		total += n
		if err != nil {
			return total, fmt.Errorf("sweep photos: %w", err)
		}
	}
	return total, nil
}

// sweepUploads removes uploads that have stopped, with what they may have left in the store.
func (s *Service) sweepUploads(ctx context.Context) (total int, err error) {
	before := msAgo(s.now(), abandonedAfter)
	for {
		found, err := s.hashed(ctx, "SELECT id, hash FROM uploads WHERE state = 'open' AND changed_at < ? ORDER BY id LIMIT 200", before)
		if err != nil || len(found) == 0 {
			return total, err
		}
		for _, f := range found {
			if err := s.dropUpload(ctx, f, before); err != nil {
				return total, err
			}
			total++
		}
	}
}

func (s *Service) dropUpload(ctx context.Context, f hashed, before int64) error {
	if f.hash != "" {
		if err := s.claim(ctx, f.hash); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("DELETE FROM uploads WHERE id = ? AND state = 'open' AND changed_at < ?", f.id, before)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec("DELETE FROM upload_chunks WHERE upload_id = ?", f.id)
		return err
	})
}

// claim gives bytes that an upload may have put into the store without a row a row that is being removed; endPurges does the
// rest. Where the picture has a row of its own there is nothing to do.
func (s *Service) claim(ctx context.Context, hash string) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("INSERT INTO media (id, hash, bytes, width, height, state, rev, created_at, purged_at) VALUES (?,?,1,0,0,'purging',0,?,0)",
			tx.NewID(), hash, clock.Ms(s.now()))
		return err
	})
	if storage.IsDuplicate(err) {
		return nil
	}
	return err
}

// endPurges removes the bytes of pictures that are being removed, those included that an earlier run began with.
func (s *Service) endPurges(ctx context.Context) (total int, err error) {
	for {
		found, err := s.hashed(ctx, "SELECT id, hash FROM media WHERE state = 'purging' ORDER BY id LIMIT 200")
		if err != nil || len(found) == 0 {
			return total, err
		}
		for _, f := range found {
			if err := s.purge(ctx, f); err != nil {
				return total, err
			}
			total++
		}
	}
}

func (s *Service) purge(ctx context.Context, f hashed) error {
	for _, small := range []bool{true, false} {
		key, err := keyOf(f.hash, small)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, key); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE media SET state = 'purged', purged_at = ? WHERE id = ? AND state = 'purging'", clock.Ms(s.now()), f.id)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec("DELETE FROM uploads WHERE media_id = ? AND state = 'done'", f.id) // sent again, it is a new upload
		return err
	})
}

const (
	stillUsed = `EXISTS (SELECT 1 FROM media_uses u WHERE u.media_id = m.id AND (u.lasting = 1 AND u.ended_at = 0 OR u.lasting = 0 AND u.created_at >= ?))`
	stillNew  = `EXISTS (SELECT 1 FROM uploads p WHERE p.media_id = m.id AND p.state = 'done' AND p.changed_at >= ?
		AND NOT EXISTS (SELECT 1 FROM media_uses w WHERE w.media_id = m.id AND w.by_user = p.user_id AND w.village_id = p.village_id))`
)

// purgeDue removes pictures that nothing keeps any more.
func (s *Service) purgeDue(ctx context.Context) (total int, err error) {
	now := s.now()
	unused, evidence := msAgo(now, unusedAfter), int64(0)
	if s.opt.KeepMonths > 0 {
		evidence = clock.Ms(clock.DayOf(now).AddMonths(-s.opt.KeepMonths).Start())
	}
	for after := id.ID(0); ; {
		found, err := s.hashed(ctx, "SELECT m.id, m.hash FROM media m WHERE m.state = 'kept' AND m.created_at < ? AND m.id > ? AND NOT "+stillUsed+
			" AND NOT "+stillNew+" ORDER BY m.id LIMIT 200", clock.Ms(now.Add(-time.Hour)), after, evidence, unused)
		if err != nil {
			return total, err
		}
		for _, f := range found {
			after = f.id
			due, err := s.condemn(ctx, f, evidence, unused)
			if err != nil {
				return total, err
			}
			if due {
				total++
			}
		}
		if _, err := s.endPurges(ctx); err != nil {
			return total, err
		}
		if len(found) < sweepBatch {
			return total, nil
		}
	}
}

// errStillUsed ends a removal that came too late.
var errStillUsed = errors.New("still used")

// condemn marks a picture as being removed unless it has been used again: the row is locked first, and Attach locks it too.
func (s *Service) condemn(ctx context.Context, f hashed, evidence, unused int64) (bool, error) {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE media SET state = 'purging', rev = rev + 1 WHERE id = ? AND state = 'kept'", f.id)
		if err != nil {
			return err
		}
		used := n == 0
		if !used {
			err = tx.QueryRow("SELECT COUNT(*) > 0 FROM media m WHERE m.id = ? AND ("+stillUsed+" OR "+stillNew+")", f.id, evidence, unused).Scan(&used)
		}
		if err == nil && used {
			err = errStillUsed
		}
		return err
	})
	if errors.Is(err, errStillUsed) {
		return false, nil
	}
	return err == nil, err
}

// forgetUploads drops who has uploaded what, after the time in which it could still be used.
func (s *Service) forgetUploads(ctx context.Context) (total int, err error) {
	before := msAgo(s.now(), uploadsKept)
	for {
		found, err := s.hashed(ctx, "SELECT id, hash FROM uploads WHERE state = 'done' AND changed_at < ? ORDER BY id LIMIT 200", before)
		if err != nil || len(found) == 0 {
			return total, err
		}
		ids := make([]id.ID, len(found))
		for i, f := range found {
			ids[i] = f.id
		}
		err = s.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("DELETE FROM uploads WHERE state = 'done' AND id IN "+storage.In(len(ids)), storage.Args(ids)...)
			return err
		})
		if err != nil {
			return total, err
		}
		total += len(ids)
	}
}

// hashed is a row with a hash.
type hashed struct {
	id   id.ID
	hash string
}

func (s *Service) hashed(ctx context.Context, query string, args ...any) ([]hashed, error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []hashed
	for rows.Next() {
		var h hashed
		if err := rows.Scan(&h.id, &h.hash); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, rows.Err()
}
