package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"hefen/internal/access"
	"hefen/internal/errs"
	"hefen/internal/paper"
	"hefen/internal/publication"
)

func (s *Server) registerPublication(a *api) {
	const notices, home = "/villages/{village}/notices", "/villages/{village}/households/{household}"
	register(a, get("/villages/{village}/notice-preview", "preview-notice", "试看一张公示榜：一段时间、一个组或全村，还没有公示的评定").tagged("notices"), publication.MayPublish, s.previewNotice)
	register(a, post(notices, "publish-notice", "公示：先试看，再带着试看的 digest 发布").tagged("notices"), publication.MayPublish, s.publishNotice)
	register(a, get(notices, "list-notices", "公示榜列表，新的在前").tagged("notices"), publication.MaySee, s.notices)
	register(a, get(notices+"/{notice}", "get-notice", "一张公示榜和榜上记录现在的情况").tagged("notices"), publication.MaySee, s.notice)
	register(a, post(notices+"/{notice}/corrections", "correct-notice", "出更正公告：公示以后更正或撤销的记录").tagged("notices"), publication.MayPublish, s.correctNotice)
	registerRaw(a, get(notices+"/{notice}/page", "print-notice", "打印公示榜（A4 网页）").tagged("print"), publication.MaySee, s.printNotice)
	registerRaw(a, get(notices+"/{notice}/pdf", "get-notice-pdf", "公示榜的 PDF 文件").tagged("print"), publication.MayCopy, s.noticePDF)
	registerRaw(a, get(notices+"/{notice}/picture", "get-notice-picture", "公示榜的长图，发到村民群").tagged("print"), publication.MayCopy, s.noticePicture)
	registerRaw(a, get(notices+"/{notice}/snapshot", "get-notice-snapshot", "公示榜的原始内容，它的 SHA-256 就是榜单指纹").tagged("notices"), publication.MayCopy, s.noticeSnapshot)
	register(a, get("/public/notices/{token}", "get-public-notice", "凭链接看公示榜，姓名都隐去中间的字").tagged("notices"), publication.MayLook, s.publicNotice)
	register(a, get(home+"/notice-name", "get-notice-name", "本户姓名在公示榜上怎么显示").tagged("notices"), publication.MayMask, s.noticeName)
	register(a, post(home+"/notice-name", "set-notice-name", "要求在公示榜上隐去姓名，或取消").tagged("notices"), publication.MayMask, s.setNoticeName)
	register(a, post(home+"/hidden-records", "hide-record", "要求不再展示本户的一条加分记录；积分只有要求放弃时才扣回").tagged("notices"), publication.MayMask, s.hideRecord)
}

type rangeInput struct {
	InVillage
	Group idParam  `query:"group" doc:"a group; empty: the whole village"`
	From  dayParam `query:"from" required:"true" doc:"first day of decision"`
	To    dayParam `query:"to" required:"true" doc:"last day of decision"`
}

func (s *Server) previewNotice(ctx context.Context, by access.Actor, in *rangeInput) (publication.Preview, error) {
	return s.Publication.Preview(ctx, by, in.Village.ID, publication.Range{Group: in.Group.ID, From: in.From.Day, To: in.To.Day})
}

type publishInput struct {
	InVillage
	Body publication.PublishRequest
}

func (s *Server) publishNotice(ctx context.Context, by access.Actor, in *publishInput) (publication.Notice, error) {
	return s.Publication.Publish(ctx, by, in.Village.ID, in.Body)
}

type noticesInput struct {
	InVillage
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) notices(ctx context.Context, by access.Actor, in *noticesInput) (publication.Notices, error) {
	return s.Publication.List(ctx, by, in.Village.ID, in.Cursor.ID, in.Limit)
}

type InNotice struct {
	InVillage
	Notice idParam `path:"notice"`
}

func (s *Server) notice(ctx context.Context, by access.Actor, in *InNotice) (publication.Page, error) {
	return s.Publication.Page(ctx, by, in.Village.ID, in.Notice.ID)
}

type correctNoticeInput struct {
	InNotice
	Body publication.CorrectRequest
}

func (s *Server) correctNotice(ctx context.Context, by access.Actor, in *correctNoticeInput) (publication.Notice, error) {
	return s.Publication.Correct(ctx, by, in.Village.ID, in.Notice.ID, in.Body)
}

// noticeLink is the whole address of a public page; empty where no address is configured or the page is closed.
func (s *Server) noticeLink(path string) string {
	base := strings.TrimRight(s.Config.PublicURL, "/")
	if base == "" || path == "" {
		return ""
	}
	return base + path
}

func (s *Server) noticeDocument(ctx context.Context, by access.Actor, in *InNotice) (paper.Document, error) {
	p, err := s.Publication.Page(ctx, by, in.Village.ID, in.Notice.ID)
	if err != nil {
		return paper.Document{}, err
	}
	return p.Document(s.noticeLink(p.Notice.Link), false)
}

func (s *Server) printNotice(ctx context.Context, by access.Actor, in *InNotice) (*download, error) {
	d, err := s.noticeDocument(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return page(d.HTML())
}

func (s *Server) noticePDF(ctx context.Context, by access.Actor, in *InNotice) (*download, error) {
	d, err := s.noticeDocument(ctx, by, in)
	if err != nil {
		return nil, err
	}
	b, err := d.PDF(s.font)
	return file(b, "application/pdf", "notice-"+in.Notice.String()+".pdf", err)
}

// noticePicture goes into a chat group, which is as good as public: names are masked as on the public page.
func (s *Server) noticePicture(ctx context.Context, by access.Actor, in *InNotice) (*download, error) {
	p, err := s.Publication.Page(ctx, by, in.Village.ID, in.Notice.ID)
	if err != nil {
		return nil, err
	}
	p.MaskAll()
	d, err := p.Document(s.noticeLink(p.Notice.Link), true)
	if err != nil {
		return nil, err
	}
	b, err := d.Picture(s.font)
	return file(b, "image/png", "notice-"+in.Notice.String()+".png", err)
}

func (s *Server) noticeSnapshot(ctx context.Context, by access.Actor, in *InNotice) (*download, error) {
	b, err := s.Publication.Copy(ctx, by, in.Village.ID, in.Notice.ID)
	return file(b, "application/json", "notice-"+in.Notice.String()+".json", err)
}

func file(b []byte, kind, name string, err error) (*download, error) {
	if err != nil {
		return nil, err
	}
	return &download{ContentType: kind, Disposition: `attachment; filename="` + name + `"`, Body: b}, nil
}

type tokenInput struct {
	Token string `path:"token" maxLength:"26" doc:"from the link or the QR code"`
}

func (s *Server) publicNotice(ctx context.Context, _ access.Actor, in *tokenInput) (publication.Page, error) {
	return s.Publication.Public(ctx, in.Token)
}

// publicNoticePage is the page behind a notice's QR code: a document with no script, for any phone.
func (s *Server) publicNoticePage(c *gin.Context) {
	if checkFile.MatchString(c.Param("token")) { // WeChat's, as under the cards
		s.pages()(c)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Referrer-Policy", "no-referrer")
	html, err := s.publicNoticeHTML(c.Request.Context(), c.Param("token"))
	status := http.StatusOK
	if err != nil {
		e := s.refuse(c.Request.Context(), err)
		status = e.status
		msg := "现在打不开这张公示榜，请过一会儿再试"
		if known := errs.As(err); known != nil && !errors.Is(err, context.Canceled) {
			msg = known.Msg
		}
		html, _ = paper.Document{Title: "公示榜", Above: []string{msg}}.HTML()
	}
	c.Data(status, "text/html; charset=utf-8", html)
}

func (s *Server) publicNoticeHTML(ctx context.Context, token string) ([]byte, error) {
	p, err := s.Publication.Public(ctx, token)
	if err != nil {
		return nil, err
	}
	d, err := p.Document("", true)
	if err != nil {
		return nil, err
	}
	return d.HTML()
}

func (s *Server) noticeName(ctx context.Context, by access.Actor, in *InHousehold) (publication.Names, error) {
	return s.Publication.NamesOf(ctx, by, in.Village.ID, in.Household.ID)
}

type noticeNameInput struct {
	InHousehold
	Body publication.NamesRequest
}

func (s *Server) setNoticeName(ctx context.Context, by access.Actor, in *noticeNameInput) (publication.Names, error) {
	return s.Publication.SetNames(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

type hideRecordInput struct {
	InHousehold
	Body publication.HideRequest
}

func (s *Server) hideRecord(ctx context.Context, by access.Actor, in *hideRecordInput) (publication.Hidden, error) {
	return s.Publication.Hide(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}
