package httpapi

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/voice"
)

// mayUpload: whoever belongs to the village or serves it may send photos, and use the own ones only.
var mayUpload = access.Need{Roles: access.Everyone, Scope: access.Village}

// formSlack is what a multipart form adds to the photo in it, in bytes.
const formSlack = 16 << 10

func (s *Server) registerPhotos(a *api) {
	whole := post("/villages/{village}/photos", "upload-photo", "上传一张照片（整张）；同一张再传一次，答复相同").withBody(s.Config.Photos.MaxBytes + formSlack).formerToo()
	whole.Doc = "请求内容是照片本身（application/octet-stream），或者表单（multipart/form-data）里名为 file 的文件。支持 JPG、PNG、WebP；保存时去掉位置、时间等全部附加信息，长边不超过 1600 像素，不超过 300 KB。"
	register(a, whole, mayUpload, s.uploadPhoto)
	register(a, post("/villages/{village}/photos/uploads", "declare-upload", "分段上传第一步：报照片的指纹和大小；传过的直接答复已完成，传了一半的答复从哪里接着传").formerToo(), mayUpload, s.declareUpload)
	register(a, get("/villages/{village}/photos/uploads/{upload}", "get-upload", "传到哪里了").formerToo(), mayUpload, s.getUpload)
	register(a, put("/villages/{village}/photos/uploads/{upload}/chunks", "put-upload-chunk", "分段上传第二步：传一段；重复的一段不起作用").withBody(media.MaxChunk).formerToo(), mayUpload, s.putChunk)
	register(a, post("/villages/{village}/photos/uploads/{upload}/complete", "complete-upload", "分段上传第三步：全部传完，生成照片").formerToo(), mayUpload, s.completeUpload)
	open := get("/photos/{link}", "open-photo", "打开照片；链接几分钟后失效，打开时再次核对权限")
	open.Doc = "链接由查看记录、商品等的答复给出，只对当时的查看人有效。"
	registerRaw(a, open, access.Need{Scope: access.Public}, s.openPhoto)
}

func sender(by access.Actor, village idParam) media.Sender {
	return media.Sender{Village: village.ID, User: by.User()}
}

type photoInput struct {
	InVillage
	Type    string `header:"Content-Type"`
	RawBody []byte `contentType:"application/octet-stream"`
}

func (s *Server) uploadPhoto(ctx context.Context, by access.Actor, in *photoInput) (media.Upload, error) {
	data := in.RawBody
	if kind, params, err := mime.ParseMediaType(in.Type); err == nil && kind == "multipart/form-data" {
		if data, err = filePart(data, params["boundary"]); err != nil {
			return media.Upload{}, media.ErrNotPicture.Wrap(err)
		}
	}
	return s.Media.Put(ctx, sender(by, in.Village), data)
}

// filePart is the file of a form. What it is called and said to be does not count.
func filePart(body []byte, boundary string) ([]byte, error) {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FormName() == "file" {
			return io.ReadAll(part)
		}
	}
}

type declareInput struct {
	InVillage
	Body media.Declaration
}

func (s *Server) declareUpload(ctx context.Context, by access.Actor, in *declareInput) (media.Upload, error) {
	return s.Media.Declare(ctx, sender(by, in.Village), in.Body)
}

type InUpload struct {
	InVillage
	Upload idParam `path:"upload"`
}

func (s *Server) getUpload(ctx context.Context, by access.Actor, in *InUpload) (media.Upload, error) {
	return s.Media.Upload(ctx, sender(by, in.Village), in.Upload.ID)
}

type chunkInput struct {
	InUpload
	Offset  int64  `query:"offset" required:"true" minimum:"0" doc:"这一段从第几个字节开始"`
	RawBody []byte `contentType:"application/octet-stream"`
}

func (s *Server) putChunk(ctx context.Context, by access.Actor, in *chunkInput) (media.Upload, error) {
	return s.Media.PutChunk(ctx, sender(by, in.Village), in.Upload.ID, in.Offset, in.RawBody)
}

func (s *Server) completeUpload(ctx context.Context, by access.Actor, in *InUpload) (media.Upload, error) {
	return s.Media.Complete(ctx, sender(by, in.Village), in.Upload.ID)
}

type linkInput struct {
	Link  string `path:"link" maxLength:"64"`
	Small bool   `query:"small" doc:"小图，长边不超过 240 像素"`
	Known string `header:"If-None-Match"`
}

// jpegAnswer may be kept by the viewer's own device, which asks again before showing it.
type jpegAnswer struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Cache       string `header:"Cache-Control"`
	ETag        string `header:"ETag"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// openPhoto serves the bytes to whom the link was given, if that person may still see what the photo is shown with. Whoever
// may not is told that there is no such photo.
func (s *Server) openPhoto(ctx context.Context, _ access.Actor, in *linkInput) (*jpegAnswer, error) {
	o, err := s.Media.Open(ctx, in.Link)
	if err != nil {
		return nil, err
	}
	viewer, err := s.Access.ActAs(ctx, o.Viewer)
	if err != nil {
		return nil, media.ErrNoPhoto.Wrap(err)
	}
	if err := s.maySeePhotosOf(ctx, viewer, o.Use); err != nil {
		return nil, media.ErrNoPhoto.Wrap(err)
	}
	out := &jpegAnswer{Status: http.StatusOK, ContentType: "image/jpeg", Cache: "private, no-cache", Disposition: "inline"}
	out.ETag = `"` + o.Hash + `"`
	if in.Small {
		out.ETag = `"` + o.Hash + `-s"`
	}
	if out.Body, err = s.Media.Bytes(ctx, o, photoViewer(viewer, o.Village), in.Small); err != nil {
		return nil, err
	}
	if in.Known == out.ETag {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// overseer are the officials who look at what the content check leaves to a person.
var overseer = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.PanelMember,
	access.VillageSupervisor, access.Supervisor, access.CountyAdmin}}

func photoViewer(by access.Actor, village id.ID) media.Viewer {
	return media.Viewer{User: by.User(), Official: by.Allow(overseer, access.Place{Village: village}) == nil}
}

// maySeePhotosOf asks the feature whose thing the photo is shown with.
func (s *Server) maySeePhotosOf(ctx context.Context, by access.Actor, u media.Use) error {
	switch u.Kind {
	case cases.PhotosOfCases:
		return s.Cases.MaySeePhotos(ctx, by, u.Village, u.Ref, u.Part)
	case activity.Photos:
		return s.Activity.MaySeePhotos(ctx, by, u.Village, u.Ref)
	case voice.Photos:
		return s.Voice.MaySeePhotos(ctx, by, u.Village, u.Ref)
	case "goods": // everybody of the village sees what the shop has
		return by.Allow(maySeeVillage, access.Place{Village: u.Village})
	}
	return media.ErrNoPhoto
}
