// Package media keeps photos: evidence of deeds, pictures of goods, signatures. A photo is decoded and encoded anew, so that
// nothing but its pixels is left, made small, and stored under the SHA-256 of its bytes, the same picture once. Who uploaded
// it may use it in the same village; a use says what it is shown with, and whoever may see that may see the photo, by a
// link that ends soon and is checked again when it is opened.
package media

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// Errors that people see.
var (
	ErrNotPicture  = errs.New(errs.Invalid, "media_not_picture", "这个文件不是完整的照片，请重新拍照，或从相册里另选一张")
	ErrKind        = errs.New(errs.Invalid, "media_kind", "不支持这种图片格式（例如动图），请重新拍照，或另选一张普通照片")
	ErrPixels      = errs.New(errs.TooLarge, "media_pixels", "照片的像素太多，请把相机调到普通清晰度后重新拍照")
	ErrTooLarge    = errs.New(errs.TooLarge, "media_too_large", "照片文件太大，请选择“压缩”后再上传")
	ErrDaily       = errs.New(errs.TooMany, "media_daily_limit", "今天上传的照片已经到了上限，请明天再传")
	ErrOpenUploads = errs.New(errs.TooMany, "media_open_uploads", "没有传完的照片太多，请先把它们传完")
	ErrDeclared    = errs.New(errs.Invalid, "media_declared", "照片的编号或大小不对，请更新小程序后再试")
	ErrReused      = errs.New(errs.Conflict, "media_size_differs", "同一张照片前后的大小不一样，请重新选择照片")
	ErrNoUpload    = errs.New(errs.NotFound, "media_no_upload", "没有找到这次上传，请重新选择照片")
	ErrGap         = errs.New(errs.Conflict, "media_gap", "照片的前面一段还没有收到，请从断开的地方接着传")
	ErrChunk       = errs.New(errs.Invalid, "media_chunk", "照片分段的大小不对，请更新小程序后再试")
	ErrIncomplete  = errs.New(errs.Conflict, "media_incomplete", "照片还没有传完，请接着传")
	ErrDamaged     = errs.New(errs.Conflict, "media_damaged", "照片在传送中损坏了，请重新上传")
	ErrNotUploaded = errs.New(errs.Conflict, "media_not_uploaded", "照片还没有传完，请等照片传完再提交")
	ErrBusy        = errs.New(errs.Unavailable, "media_busy", "这张照片正在处理，请稍后再试")
	ErrStoreAway   = errs.New(errs.Unavailable, "media_store_away", "暂时存不了照片，请稍后再试；已经传的不会丢")
	ErrNoPhoto     = errs.New(errs.NotFound, "media_not_found", "没有找到这张照片，或者链接已经过期，请刷新页面")
	ErrGone        = errs.New(errs.NotFound, "media_removed", "这张照片已过保存期，按规定删除，只保留了编号")
	ErrMany        = errs.New(errs.Invalid, "media_too_many", "照片太多，一次最多9张")
)

// MaxPhotos of one use.
const MaxPhotos = 9

// Service keeps photos.
type Service struct {
	db    *storage.DB
	now   clock.Clock
	store Store
	opt   config.Photos
	check checker
}

// New makes the service on a store.
func New(db *storage.DB, now clock.Clock, store Store, opt config.Photos) *Service {
	return &Service{db: db, now: now, store: store, opt: opt}
}

// CheckedBy sends photos and texts to WeChat's content check. openid is how WeChat knows a user, empty if it does not. It is
// called before anything is stored.
func (s *Service) CheckedBy(wx wechat.Client, openid func(ctx context.Context, user id.ID) (string, error)) {
	s.check = checker{wx: wx, openid: openid, rest: &atomic.Int64{}}
}

// Sender is who sends a photo, for which village.
type Sender struct{ Village, User id.ID }

// Photo is a photo as it is stored.
type Photo struct {
	ID     id.ID  `json:"id"`
	SHA256 string `json:"sha256" doc:"of the photo as it was sent"`
}

// keep stores a converted picture, once for all who have sent the same, and marks the upload done. The bytes are in the store
// before a row says so; the upload names their hash before that, so that what a crash leaves behind is found.
func (s *Service) keep(ctx context.Context, upload id.ID, by Sender, p *picture) (id.ID, error) {
	hash := hashOf(p.full)
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE uploads SET hash = ?, rev = rev + 1 WHERE id = ?", hash, upload)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("note hash: %w", err)
	}
	for range 3 { // a picture that was removed before is put back; its row then has to be met in one state twice
		if err := s.put(ctx, hash, p); err != nil {
			return 0, err
		}
		media, again, err := s.settle(ctx, upload, by, hash, p)
		if err != nil || !again {
			return media, err
		}
	}
	return 0, ErrBusy
}

func (s *Service) put(ctx context.Context, hash string, p *picture) error {
	for small, data := range map[bool][]byte{false: p.full, true: p.small} {
		key, err := keyOf(hash, small)
		if err != nil {
			return err
		}
		if err := s.store.Put(ctx, key, data); err != nil {
			return err
		}
	}
	return nil
}

// settle makes or finds the picture's row and ends the upload. again: the row was of a removed picture and now is not; the
// bytes must be put once more, because they may have been there before the removal ended.
func (s *Service) settle(ctx context.Context, upload id.ID, by Sender, hash string, p *picture) (media id.ID, again bool, err error) {
	at := clock.Ms(s.now())
	fresh := s.db.NewID()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		media, again = fresh, false
		_, err := tx.Exec("INSERT INTO media (id, hash, bytes, width, height, state, rev, created_at, purged_at) VALUES (?,?,?,?,?,'kept',0,?,0)",
			fresh, hash, len(p.full), p.width, p.height, at)
		if storage.IsDuplicate(err) {
			if media, again, err = revive(tx, hash); err != nil || again {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("store photo: %w", err)
		}
		if err := s.ask(tx, by, false, inquiry{Kind: checkPhoto, Ref: media, User: by.User}); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM upload_chunks WHERE upload_id = ?", upload); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE uploads SET state = 'done', media_id = ?, received = size, changed_at = ?, rev = rev + 1 WHERE id = ?", media, at, upload)
		return err
	})
	return media, again, err
}

// revive locks the row of a picture that is known. One whose bytes are being removed must wait; one whose bytes are gone
// counts as kept again.
func revive(tx *storage.Tx, hash string) (media id.ID, again bool, err error) {
	if _, err := tx.Exec("UPDATE media SET rev = rev + 1 WHERE hash = ?", hash); err != nil {
		return 0, false, err
	}
	var state string
	if err := tx.QueryRow("SELECT id, state FROM media WHERE hash = ?", hash).Scan(&media, &state); err != nil {
		return 0, false, err
	}
	switch state {
	case "purging":
		return 0, false, ErrBusy
	case "purged":
		_, err = tx.Exec("UPDATE media SET state = 'kept', purged_at = 0 WHERE id = ?", media)
		again = true
	}
	return media, again, err
}

func (s *Service) startOfToday() int64 { return clock.Ms(clock.DayOf(s.now()).Start()) }

func msAgo(now time.Time, d time.Duration) int64 { return clock.Ms(now.Add(-d)) }
