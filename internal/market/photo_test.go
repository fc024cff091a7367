package market_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestGoodsPhoto: goods show the picture that their keeper uploaded, nobody else's, until it is taken off.
func TestGoodsPhoto(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		soap := w.goods("香皂", 250, 1)
		folder, err := media.NewFolder(t.TempDir())
		must(t, err)
		photos := media.New(db, w.now, folder, config.Default().Photos)
		hang := func(photo id.ID) (market.Goods, error) {
			return w.market.EditGoods(ctx, w.keeper, w.village, w.shop, soap, market.GoodsEdit{RequestID: w.request(), Photo: &photo})
		}
		if _, err := hang(7); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("without photos: %v", err)
		}
		w.market.WithPhotos(photos)
		if _, err := hang(7); !errors.Is(err, media.ErrNotUploaded) {
			t.Errorf("a picture that is not there: %v", err)
		}
		var picture bytes.Buffer
		must(t, jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 64, 64)), nil))
		up, err := photos.Put(ctx, media.Sender{Village: w.village, User: w.keeper.User()}, picture.Bytes())
		must(t, err)
		g, err := hang(up.Photo)
		must(t, err)
		if g.Photo == nil || g.Photo.State != media.Shown || g.Photo.URL == "" || w.look(soap).Photo == nil {
			t.Errorf("picture %+v", g.Photo)
		}
		if g, err = hang(0); err != nil || g.Photo != nil || w.look(soap).Photo != nil {
			t.Errorf("taken off: %+v, %v", g.Photo, err)
		}
	})
}
