package media

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Limits of uploads.
const (
	MaxChunk       = 256 << 10 // bytes of one piece
	maxOpenUploads = 100       // of one user
)

// Declaration says which photo is about to be sent: the device knows its hash before it has a connection.
type Declaration struct {
	SHA256 string `json:"sha256" minLength:"64" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"of the file, hexadecimal"`
	Size   int64  `json:"size" minimum:"1" doc:"bytes of the file"`
}

// Upload is how far a photo has come. It is complete when Photo is set.
type Upload struct {
	ID       id.ID  `json:"id"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size" doc:"bytes of the file"`
	Received int64  `json:"received" doc:"bytes that are stored: go on from here"`
	Done     bool   `json:"done"`
	Photo    id.ID  `json:"photo,omitempty" doc:"when it is done"`
	MaxChunk int64  `json:"max_chunk" doc:"most bytes of one piece"`
}

// Put takes a whole photo at once. Sending it again answers the same photo.
func (s *Service) Put(ctx context.Context, by Sender, data []byte) (Upload, error) {
	if int64(len(data)) > s.opt.MaxBytes {
		return Upload{}, s.tooLarge()
	}
	if len(data) == 0 {
		return Upload{}, ErrNotPicture
	}
	u, err := s.Declare(ctx, by, Declaration{SHA256: hashOf(data), Size: int64(len(data))})
	if err != nil || u.Done {
		return u, err
	}
	return s.finish(ctx, by, u, data)
}

// Declare begins an upload or answers how far an earlier one of the same photo by the same user has come. Errors: ErrDeclared,
// ErrTooLarge, ErrReused, ErrDaily, ErrOpenUploads.
func (s *Service) Declare(ctx context.Context, by Sender, d Declaration) (u Upload, err error) {
	if !isHash(d.SHA256) || d.Size < 1 {
		return u, ErrDeclared
	}
	if d.Size > s.opt.MaxBytes {
		return u, s.tooLarge()
	}
	fresh := s.db.NewID()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		u, err = readUpload(tx.QueryRow(uploadOf+"u.village_id = ? AND u.user_id = ? AND u.sha256 = ?", by.Village, by.User, d.SHA256))
		if err == nil {
			if u.Size != d.Size {
				return ErrReused
			}
			return nil
		}
		if !errors.Is(err, ErrNoUpload) {
			return err
		}
		if err := s.limits(tx, by.User); err != nil {
			return err
		}
		at := clock.Ms(s.now())
		u = Upload{ID: fresh, SHA256: d.SHA256, Size: d.Size, MaxChunk: MaxChunk}
		_, err := tx.Exec(`INSERT INTO uploads (id, village_id, user_id, sha256, size, received, state, hash, media_id, rev, created_at, changed_at)
			VALUES (?,?,?,?,?,0,'open','',0,0,?,?)`, fresh, by.Village, by.User, d.SHA256, d.Size, at, at)
		if storage.IsDuplicate(err) { // the same device, twice at once
			return ErrBusy
		}
		return err
	})
	if err != nil {
		return Upload{}, err
	}
	return u, nil
}

func (s *Service) limits(tx *storage.Tx, user id.ID) error {
	var today, open int
	err := tx.QueryRow("SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0) FROM uploads WHERE user_id = ? AND created_at >= ?",
		user, s.startOfToday()).Scan(&today, &open)
	switch {
	case err != nil:
		return fmt.Errorf("count uploads: %w", err)
	case today >= s.opt.PerDay:
		return ErrDaily
	case open >= maxOpenUploads:
		return ErrOpenUploads
	}
	return nil
}

func (s *Service) tooLarge() error {
	return ErrTooLarge.With("照片文件太大（最多%dMB），请选择“压缩”后再上传", s.opt.MaxBytes>>20)
}

// Upload is how far an upload has come. ErrNoUpload also for those of others and of other villages.
func (s *Service) Upload(ctx context.Context, by Sender, upload id.ID) (Upload, error) {
	return readUpload(s.db.QueryRow(ctx, uploadOf+"u.id = ? AND u.village_id = ? AND u.user_id = ?", upload, by.Village, by.User))
}

// PutChunk stores the piece of a photo that begins at an offset. A piece that has already come changes nothing, one that
// overlaps adds what is new, and one behind a gap is refused with ErrGap: ask Upload where to go on. Either the whole piece is
// stored when it answers, or nothing of it.
func (s *Service) PutChunk(ctx context.Context, by Sender, upload id.ID, offset int64, data []byte) (u Upload, err error) {
	if len(data) == 0 || len(data) > MaxChunk || offset < 0 {
		return Upload{}, ErrChunk
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec("UPDATE uploads SET rev = rev + 1 WHERE id = ? AND village_id = ? AND user_id = ?", upload, by.Village, by.User); err != nil {
			return err
		}
		u, err = readUpload(tx.QueryRow(uploadOf+"u.id = ? AND u.village_id = ? AND u.user_id = ?", upload, by.Village, by.User))
		end := offset + int64(len(data))
		switch {
		case err != nil:
			return err
		case end > u.Size:
			return ErrChunk
		case u.Done || end <= u.Received:
			return nil
		case offset > u.Received:
			return ErrGap
		}
		if _, err := tx.Exec("INSERT INTO upload_chunks (upload_id, at_offset, data) VALUES (?,?,?)", upload, u.Received, data[u.Received-offset:]); err != nil {
			return fmt.Errorf("store piece: %w", err)
		}
		u.Received = end
		_, err := tx.Exec("UPDATE uploads SET received = ?, changed_at = ? WHERE id = ?", end, clock.Ms(s.now()), upload)
		return err
	})
	if err != nil {
		return Upload{}, err
	}
	return u, nil
}

// Complete makes the photo of an upload whose pieces are all there. Once done it answers the same again. Errors: ErrIncomplete;
// ErrDamaged when the pieces are not the photo that was declared, which then begins at 0; those of a picture that is none,
// which ends the upload.
func (s *Service) Complete(ctx context.Context, by Sender, upload id.ID) (Upload, error) {
	u, err := s.Upload(ctx, by, upload)
	if err != nil || u.Done {
		return u, err
	}
	if u.Received < u.Size {
		return Upload{}, ErrIncomplete
	}
	data, err := s.pieces(ctx, u)
	if err != nil {
		return Upload{}, err
	}
	if hashOf(data) != u.SHA256 {
		return Upload{}, errors.Join(ErrDamaged, s.restart(ctx, u))
	}
	return s.finish(ctx, by, u, data)
}

func (s *Service) pieces(ctx context.Context, u Upload) ([]byte, error) {
	rows, err := s.db.Query(ctx, "SELECT at_offset, data FROM upload_chunks WHERE upload_id = ? ORDER BY at_offset", u.ID)
	if err != nil {
		return nil, fmt.Errorf("read pieces: %w", err)
	}
	defer rows.Close()
	all := make([]byte, 0, u.Size)
	for rows.Next() {
		var at int64
		var data []byte
		if err := rows.Scan(&at, &data); err != nil {
			return nil, err
		}
		if at != int64(len(all)) {
			break // ended by another device meanwhile; the hash will not fit
		}
		all = append(all, data...)
	}
	return all, rows.Err()
}

// finish converts and stores the bytes of an upload. One that is no picture is forgotten: it would be none the next time.
func (s *Service) finish(ctx context.Context, by Sender, u Upload, data []byte) (Upload, error) {
	p, err := convert(ctx, data)
	if err != nil {
		if errors.Is(err, ErrNotPicture) || errors.Is(err, ErrKind) || errors.Is(err, ErrPixels) {
			return Upload{}, errors.Join(err, s.forget(ctx, u.ID))
		}
		return Upload{}, err
	}
	photo, err := s.keep(ctx, u.ID, by, p)
	if err != nil {
		return Upload{}, err
	}
	u.Photo, u.Done, u.Received = photo, true, u.Size
	return u, nil
}

// restart throws the pieces of an upload away; if it has ended meanwhile it is left alone.
func (s *Service) restart(ctx context.Context, u Upload) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("UPDATE uploads SET received = 0, rev = rev + 1 WHERE id = ? AND state = 'open'", u.ID)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec("DELETE FROM upload_chunks WHERE upload_id = ?", u.ID)
		return err
	})
}

func (s *Service) forget(ctx context.Context, upload id.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec("DELETE FROM uploads WHERE id = ? AND state = 'open' AND hash = ''", upload)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec("DELETE FROM upload_chunks WHERE upload_id = ?", upload)
		return err
	})
}

const uploadOf = "SELECT u.id, u.sha256, u.size, u.received, u.state, u.media_id FROM uploads u WHERE "

func readUpload(row *sql.Row) (Upload, error) {
	u := Upload{MaxChunk: MaxChunk}
	var state string
	err := row.Scan(&u.ID, &u.SHA256, &u.Size, &u.Received, &state, &u.Photo)
	if errors.Is(err, sql.ErrNoRows) {
		return Upload{}, ErrNoUpload
	}
	if err != nil {
		return Upload{}, fmt.Errorf("read upload: %w", err)
	}
	u.Done = state == "done"
	return u, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Missing are those of some hashes that a user has not, or not completely, sent to a village, in their order.
func (s *Service) Missing(ctx context.Context, by Sender, hashes []string) ([]string, error) {
	missing := []string{}
	if len(hashes) == 0 {
		return missing, nil
	}
	have := make(map[string]bool, len(hashes))
	for part := range storage.Chunks(hashes, storage.ChunkRows) {
		padded := storage.Padded(part)
		rows, err := s.db.Query(ctx, "SELECT sha256 FROM uploads WHERE village_id = ? AND user_id = ? AND state = 'done' AND sha256 IN "+storage.In(len(padded)),
			storage.Args(padded, by.Village, by.User)...)
		if err != nil {
			return nil, fmt.Errorf("photos sent: %w", err)
		}
		for rows.Next() {
			var hash string
			if err := rows.Scan(&hash); err != nil {
				rows.Close()
				return nil, err
			}
			have[hash] = true
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	for _, h := range hashes {
		if !have[h] {
			have[h] = true
			missing = append(missing, h)
		}
	}
	return missing, nil
}
