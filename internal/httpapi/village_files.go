package httpapi

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/paper"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// MaxUpload bounds the form in which a register is uploaded, in bytes: the largest file and the fields beside it.
const MaxUpload = paper.MaxFileBytes + 64<<10

// Reading and storing a register takes memory and the one writer of the embedded engine, so a server works at a few at a
// time; others wait a little and are then asked to come back.
const (
	maxImports = 2
	importWait = 5 * time.Second
)

var errImporting = errs.New(errs.TooMany, "imports_busy", "服务器正在导入别的表格，请等一分钟再试。")

// importing takes a place among those who import, until done is called.
func (s *Server) importing(ctx context.Context) (done func(), err error) {
	wait := time.NewTimer(s.importWait)
	defer wait.Stop()
	select {
	case s.imports <- struct{}{}:
		return func() { <-s.imports }, nil
	case <-wait.C:
		return nil, errImporting
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const excelType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// registerRegisterFiles are the operations that take or give files.
func (s *Server) registerRegisterFiles(a *api) {
	register(a, post("/villages/{village}/register/import", "import-households", "导入住户名册（Excel 或 CSV，每人一行）").withBody(MaxUpload), mayKeepRegister, s.importHouseholds)
	registerRaw(a, get("/villages/{village}/register/template", "household-template", "下载名册模板"), mayKeepRegister, s.householdTemplate)
	registerRaw(a, get("/villages/{village}/register/export", "export-households", "导出住户名册（不含证件号和电话）"), mayKeepRegister, s.exportHouseholds)
	register(a, post("/villages/{village}/openings/import", "import-openings", "导入纸质存折的期初积分").withBody(MaxUpload), mayKeepRegister, s.importOpenings)
	registerRaw(a, get("/villages/{village}/openings/template", "openings-template", "下载期初积分模板"), mayKeepRegister, s.openingsTemplate)
}

type uploadInput struct {
	InVillage
	RawBody huma.MultipartFormFiles[struct {
		RequestID    string        `form:"request_id" required:"true" minLength:"16" maxLength:"64" doc:"made by the client and kept until a definite answer"`
		File         huma.FormFile `form:"file" required:"true" doc:".xlsx 或 .csv，不超过 20 MB"`
		Partial      bool          `form:"partial" required:"false" doc:"导入没有错误的户，其余的列出来；不选则有一处错误就都不导入"`
		CreateGroups bool          `form:"create_groups" required:"false" doc:"名册里有而本村没有的小组，自动新建"`
		On           string        `form:"on" required:"false" doc:"从哪一天起算，如 2026-11-21；空为今天"`
	}]
}

func (in *uploadInput) write(by access.Actor) (w village.Write, err error) {
	w = village.Write{Village: in.Village.ID, By: by.User(), RequestID: in.RawBody.Data().RequestID}
	if w.RequestID == "" {
		return w, storage.ErrRequestID
	}
	if on := in.RawBody.Data().On; on != "" {
		if w.On, err = clock.ParseDay(on); err != nil {
			return w, village.ErrBadDay.With("日期请写成 2026-11-21 的样子。").Wrap(err)
		}
	}
	return w, nil
}

func (s *Server) importHouseholds(ctx context.Context, by access.Actor, in *uploadInput) (village.ImportReport, error) {
	w, err := in.write(by)
	if err != nil {
		return village.ImportReport{}, err
	}
	form := in.RawBody.Data()
	defer form.File.Close()
	done, err := s.importing(ctx)
	if err != nil {
		return village.ImportReport{}, err
	}
	defer done()
	return s.Village.ImportHouseholds(ctx, w, form.File, village.ImportOptions{Partial: form.Partial, CreateGroups: form.CreateGroups})
}

func (s *Server) importOpenings(ctx context.Context, by access.Actor, in *uploadInput) (ledger.OpeningReport, error) {
	w, err := in.write(by)
	if err != nil {
		return ledger.OpeningReport{}, err
	}
	version, err := s.Book.InForce(ctx, in.Village.ID, s.Village.Today())
	if err != nil {
		return ledger.OpeningReport{}, err
	}
	form := in.RawBody.Data()
	defer form.File.Close()
	done, err := s.importing(ctx)
	if err != nil {
		return ledger.OpeningReport{}, err
	}
	defer done()
	return ledger.ImportOpenings(ctx, s.DB, s.Village, version.Scheme, w, s.Now(), form.File, by.IsOwn)
}

// download is an answer that browsers save as a file.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func excel(name string, write func(w io.Writer) error) (*download, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	return &download{ContentType: excelType, Disposition: `attachment; filename="` + name + `.xlsx"`, Body: b.Bytes()}, nil
}

func (s *Server) householdTemplate(ctx context.Context, _ access.Actor, in *InVillage) (*download, error) {
	groups, err := s.Village.Groups(ctx, in.Village.ID, s.Village.Today())
	if err != nil {
		return nil, err
	}
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return excel("households", func(w io.Writer) error { return village.WriteTemplate(w, names) })
}

func (s *Server) exportHouseholds(ctx context.Context, _ access.Actor, in *InVillage) (*download, error) {
	return excel("households", func(w io.Writer) error {
		_, err := s.Village.ExportHouseholds(ctx, in.Village.ID, w)
		return err
	})
}

func (s *Server) openingsTemplate(ctx context.Context, _ access.Actor, in *InVillage) (*download, error) {
	version, err := s.Book.InForce(ctx, in.Village.ID, s.Village.Today())
	if err != nil {
		return nil, err
	}
	return excel("openings", func(w io.Writer) error {
		return s.Village.WriteOpeningTemplate(ctx, in.Village.ID, w, ledger.OpeningWallets(version.Scheme))
	})
}

type codesInput struct {
	InVillage
	Body struct {
		RequestID  string  `json:"request_id" minLength:"16" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"made by the client and kept until a definite answer"`
		Households []id.ID `json:"households" minItems:"1" maxItems:"500"`
		Size       int     `json:"size,omitempty" minimum:"120" maximum:"1200" doc:"pixels of the QR code's side; 300 if left out"`
	}
}

type codeList struct {
	Items    []printedCode `json:"items"`
	Repeated bool          `json:"repeated" doc:"the same request had been carried out before"`
}

// printedCode is a new household code with its picture.
type printedCode struct {
	village.Code
	QR []byte `json:"qr_png" doc:"PNG of the QR code, base64"`
}

func (s *Server) replaceCodes(ctx context.Context, by access.Actor, in *codesInput) (out codeList, err error) {
	codes, repeated, err := s.Village.ReplaceCodes(ctx, Writing{RequestID: in.Body.RequestID}.write(in.Village.ID, by), in.Body.Households)
	if err != nil {
		return out, err
	}
	out.Repeated = repeated
	size := in.Body.Size
	if size == 0 {
		size = 300
	}
	out.Items = make([]printedCode, len(codes))
	for i, c := range codes {
		out.Items[i].Code = c
		if out.Items[i].QR, err = paper.QR(s.cardText(c.Code), size); err != nil {
			return out, err
		}
	}
	return out, nil
}
