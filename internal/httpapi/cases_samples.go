package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/cases"
)

func (s *Server) registerSamples(a *api) {
	register(a, get("/villages/{village}/collectors", "list-collectors", "登记人的数字：谁给谁记了多少分，其中自由裁量多少"), cases.MaySeeCollectors, s.listCollectors)
	register(a, post("/villages/{village}/samples", "draw-sample", "抽查：用当众取得的数字从上月评定的记录里抽取，一月一次"), cases.MayDrawSample, s.drawSample)
	register(a, get("/villages/{village}/samples", "list-samples", "历次抽查和结果，任何人可以按公布的数字重抽"), cases.MaySeeSamples, s.listSamples)
	register(a, post("/villages/{village}/samples/{sample}/lines/{line}/finding", "find-sample", "核查结果：属实、有瑕疵、不实；不实的冲正，并按细则给登记人记一条待审核的扣分"), cases.MayDrawSample, s.findSample)
}

type collectorsInput struct {
	InVillage
	From dayParam `query:"from" required:"true" doc:"评定的日期，含当天"`
	To   dayParam `query:"to" required:"true" doc:"含当天"`
}

type collectorList struct {
	Items []cases.Collector `json:"items"`
}

func (s *Server) listCollectors(ctx context.Context, by access.Actor, in *collectorsInput) (out collectorList, err error) {
	out.Items, err = s.Cases.Collectors(ctx, by, in.Village.ID, in.From.Day, in.To.Day)
	return out, err
}

type drawSampleInput struct {
	InVillage
	Body cases.SampleRequest
}

func (s *Server) drawSample(ctx context.Context, by access.Actor, in *drawSampleInput) (cases.Sample, error) {
	return s.Cases.DrawSample(ctx, by, in.Village.ID, in.Body)
}

type sampleList struct {
	Items []cases.Sample `json:"items"`
}

func (s *Server) listSamples(ctx context.Context, by access.Actor, in *InVillage) (out sampleList, err error) {
	out.Items, err = s.Cases.Samples(ctx, by, in.Village.ID)
	return out, err
}

type findSampleInput struct {
	InVillage
	Sample idParam `path:"sample"`
	Line   int     `path:"line" minimum:"1" maximum:"50"`
	Body   cases.FindingRequest
}

func (s *Server) findSample(ctx context.Context, by access.Actor, in *findSampleInput) (cases.Sample, error) {
	return s.Cases.Find(ctx, by, in.Village.ID, in.Sample.ID, in.Line, in.Body)
}
