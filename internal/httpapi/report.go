package httpapi

import (
	"context"
	"io"

	"hefen/internal/access"
	"hefen/internal/paper"
	"hefen/internal/report"
)

func (s *Server) registerReport(a *api) {
	register(a, get("/regions/{region}/figures", "get-region-figures", "乡镇或县的统计：参与、发放、兑换、结余、超期，按乡镇或按村列出，不含姓名").tagged("figures"), report.MayCount, s.regionFigures)
	register(a, get("/villages/{village}/figures", "get-village-figures", "本村的统计：参与、发放、兑换、结余、各类积分、商品").tagged("figures"), report.MaySee, s.villageFigures)
	register(a, get("/villages/{village}/quiet-households", "list-quiet-households", "这段时间一条记录都没有的户：该上门看看").tagged("figures"), report.MayReport, s.quietHouseholds)
	registerRaw(a, get("/villages/{village}/report/excel", "export-report-excel", "本村的年度或月度报告（Excel）").tagged("figures"), report.MayReport, s.reportExcel)
	registerRaw(a, get("/villages/{village}/report/page", "print-report", "打印本村的年度或月度报告（A4 网页）").tagged("figures"), report.MayReport, s.reportPage)
	registerRaw(a, get("/villages/{village}/report/pdf", "export-report-pdf", "本村的年度或月度报告（PDF）").tagged("figures"), report.MayReport, s.reportPDF)
	registerRaw(a, get("/villages/{village}/awards/{award}/certificates", "print-certificates", "打印荣誉证书（A4 横向网页，一张一户）").tagged("awards"), report.MayCertify, s.printCertificates)
	registerRaw(a, get("/villages/{village}/awards/{award}/certificates/pdf", "export-certificates-pdf", "荣誉证书（PDF）").tagged("awards"), report.MayCertify, s.certificatesPDF)
}

func (s *Server) quietHouseholds(ctx context.Context, by access.Actor, in *villageFiguresInput) (report.Quiet, error) {
	return s.Report.Quiet(ctx, by, in.Village.ID, in.Span.Span)
}

type regionFiguresInput struct {
	Region idParam   `path:"region" doc:"a county or a town"`
	Span   spanParam `query:"span" required:"true" doc:"a year 2026 or a month 2026-11"`
	By     string    `query:"by" enum:"town,village" doc:"left out: the towns of a county, the villages of a town"`
	Order  string    `query:"order" enum:"code,active,issued" default:"code" doc:"another order than that of the codes is a ranking, which the region must have opened"`
}

func (s *Server) regionFigures(ctx context.Context, by access.Actor, in *regionFiguresInput) (report.Region, error) {
	return s.Report.Region(ctx, by, in.Region.ID, report.Question{Span: in.Span.Span, By: in.By, Order: in.Order})
}

type villageFiguresInput struct {
	InVillage
	Span spanParam `query:"span" required:"true" doc:"a year 2026 or a month 2026-11"`
}

func (s *Server) villageFigures(ctx context.Context, by access.Actor, in *villageFiguresInput) (report.Village, error) {
	return s.Report.Village(ctx, by, in.Village.ID, in.Span.Span)
}

func (s *Server) reportExcel(ctx context.Context, by access.Actor, in *villageFiguresInput) (*download, error) {
	b, err := s.Report.Yearbook(ctx, by, in.Village.ID, in.Span.Span)
	if err != nil {
		return nil, err
	}
	return excel("report-"+in.Span.String(), func(w io.Writer) error { return b.Excel(w) })
}

func (s *Server) reportPage(ctx context.Context, by access.Actor, in *villageFiguresInput) (*download, error) {
	b, err := s.Report.Yearbook(ctx, by, in.Village.ID, in.Span.Span)
	if err != nil {
		return nil, err
	}
	return page(b.Document().HTML())
}

func (s *Server) reportPDF(ctx context.Context, by access.Actor, in *villageFiguresInput) (*download, error) {
	b, err := s.Report.Yearbook(ctx, by, in.Village.ID, in.Span.Span)
	if err != nil {
		return nil, err
	}
	pdf, err := b.Document().PDF(s.font)
	return file(pdf, "application/pdf", "report-"+in.Span.String()+".pdf", err)
}

func (s *Server) printCertificates(ctx context.Context, by access.Actor, in *InAward) (*download, error) {
	all, err := s.Report.Certificates(ctx, by, in.Village.ID, in.Award.ID)
	if err != nil {
		return nil, err
	}
	return page(paper.CertificatesHTML("荣誉证书", all))
}

func (s *Server) certificatesPDF(ctx context.Context, by access.Actor, in *InAward) (*download, error) {
	all, err := s.Report.Certificates(ctx, by, in.Village.ID, in.Award.ID)
	if err != nil {
		return nil, err
	}
	pdf, err := paper.CertificatesPDF("荣誉证书", all, s.font)
	return file(pdf, "application/pdf", "certificates-"+in.Award.String()+".pdf", err)
}
