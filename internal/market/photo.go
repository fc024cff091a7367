package market

import (
	"context"

	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
)

// photosOfGoods is the kind under which media keeps pictures of goods: everybody of the village may see them.
const photosOfGoods = "goods"

// WithPhotos lets goods have pictures.
func (s *Service) WithPhotos(p *media.Service) *Service {
	s.photos = p
	return s
}

// hang takes a goods' picture off and puts up another, unless photo is 0.
func (s *Service) hang(tx *storage.Tx, in, goods, photo, by id.ID) error {
	if s.photos == nil {
		return wrong("photo", "这里还不能放商品照片")
	}
	if err := s.photos.Detach(tx, in, photosOfGoods, goods); err != nil || photo == 0 {
		return err
	}
	return s.photos.Attach(tx, media.Use{Village: in, Kind: photosOfGoods, Ref: goods, Role: "photo", By: by, Trusted: true, Lasting: true}, media.Ref{Photo: photo})
}

// show adds the pictures, with links for who looks.
func (s *Service) show(ctx context.Context, by id.ID, list []Goods) error {
	if s.photos == nil || len(list) == 0 {
		return nil
	}
	ids := make([]id.ID, len(list))
	for i, g := range list {
		ids[i] = g.ID
	}
	shots, err := s.photos.Shots(ctx, media.Viewer{User: by}, photosOfGoods, ids...)
	for i := range list {
		if all := shots[list[i].ID]; len(all) > 0 {
			list[i].Photo = &all[len(all)-1]
		}
	}
	return err
}
