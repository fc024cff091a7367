package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/cases"
)

func (s *Server) registerCases(a *api) {
	s.registerClaims(a)
	s.registerNeighbour(a)
	s.registerObjections(a)
	s.registerSamples(a)
	s.registerTellings(a)
	register(a, post("/villages/{village}/cases", "record-case", "登记：一户、多户或多人的同一件事"), cases.MayRecord, s.recordCase)
	register(a, post("/villages/{village}/cases/preview", "preview-case", "试算：会记多少分、为什么，不登记"), cases.MayRecord, s.previewCase)
	register(a, post("/villages/{village}/proposals", "propose-case", "补交：已交接的工作人员在任期内没有发出的草稿"), cases.MayPropose, s.proposeCase)
	register(a, get("/villages/{village}/cases", "list-cases", "登记记录，新的在前；村民只看到自家的"), cases.MaySee, s.listCases)
	register(a, get("/villages/{village}/cases/{case}", "get-case", "一条记录和它经过的每一步"), cases.MaySee, s.getCase)
	register(a, post("/villages/{village}/cases/{case}/approve", "approve-case", "审核通过"), cases.MayApprove, s.approveCase)
	register(a, post("/villages/{village}/cases/{case}/reject", "reject-case", "审核不通过，写明理由"), cases.MayApprove, s.rejectCase)
	register(a, post("/villages/{village}/cases/{case}/evidence", "add-case-evidence", "补充证明照片"), cases.MayRecord, s.addCaseEvidence)
	register(a, post("/villages/{village}/cases/{case}/confirm", "confirm-case", "双方确认：对方户的人确认，或由工作人员注明对方的口头确认"), cases.MayConfirm, s.confirmCase)
	register(a, get("/villages/{village}/households/{household}/confirmations", "list-confirmations", "请本户确认的事"), cases.MaySeeConfirmations, s.listConfirmations)
	register(a, post("/villages/{village}/cases/{case}/withdraw", "withdraw-case", "登记人在规定时间内撤回"), cases.MayRecord, s.withdrawCase)
	register(a, post("/villages/{village}/cases/{case}/reverse", "reverse-case", "冲正：由其他工作人员撤销已生效的记录，写明理由"), cases.MayReverse, s.reverseCase)
	register(a, post("/villages/{village}/cases/{case}/amend", "amend-case", "更正：由其他工作人员改分值、等级或数量，写明理由"), cases.MayReverse, s.amendCase)

	register(a, post("/villages/{village}/inspections", "start-inspection", "开始逐户检查：一个小组或全村"), cases.MayInspect, s.startInspection)
	register(a, get("/villages/{village}/inspections", "list-inspections", "逐户检查的列表"), cases.MayInspect, s.listInspections)
	register(a, get("/villages/{village}/inspections/{inspection}", "get-inspection", "一次检查和每户的填写"), cases.MayInspect, s.getInspection)
	register(a, put("/villages/{village}/inspections/{inspection}/lines", "save-inspection-lines", "保存边走边填的几户，不记分"), cases.MayInspect, s.saveLines)
	register(a, post("/villages/{village}/inspections/{inspection}/evidence", "add-inspection-evidence", "给检查中的一户补照片"), cases.MayInspect, s.addInspectionEvidence)
	register(a, post("/villages/{village}/inspections/{inspection}/decide", "decide-inspection", "提交或审定：全部入账，有一行不对就都不入账并逐行说明"), cases.MayInspect, s.decideInspection)
	register(a, post("/villages/{village}/inspections/{inspection}/return", "return-inspection", "退回修改，写明理由"), cases.MayApprove, s.returnInspection)
	register(a, post("/villages/{village}/cases/{case}/recheck", "recheck-fault", "复查：还没有整改，写明情况，可附照片"), cases.MayReverse, s.recheckFault)
	register(a, post("/villages/{village}/cases/{case}/close-fault", "close-fault", "整改到位，销号：待整改的问题了结，等着的加分生效"), cases.MayReverse, s.closeFault)
	register(a, post("/villages/{village}/cases/{case}/repair", "repair-case", "整改到位并书面保证：按细则减轻处理，写明理由"), cases.MayReverse, s.repairCase)
	register(a, post("/villages/{village}/inspections/{inspection}/reverse", "reverse-inspection", "冲正整次检查：由其他工作人员办理，全部冲正或都不冲正，写明理由"), cases.MayReverse, s.reverseInspection)
	register(a, post("/villages/{village}/inspections/{inspection}/cancel", "cancel-inspection", "取消还没有生效的检查"), cases.MayInspect, s.cancelInspection)
}

type recordInput struct {
	InVillage
	Body cases.Request
}

func (s *Server) recordCase(ctx context.Context, by access.Actor, in *recordInput) (cases.Recorded, error) {
	return s.Cases.Record(ctx, by, in.Village.ID, in.Body)
}

func (s *Server) previewCase(ctx context.Context, by access.Actor, in *recordInput) (cases.Recorded, error) {
	return s.Cases.Preview(ctx, by, in.Village.ID, in.Body)
}

func (s *Server) proposeCase(ctx context.Context, by access.Actor, in *recordInput) (cases.Recorded, error) {
	return s.Cases.Propose(ctx, by, in.Village.ID, in.Body)
}

type caseListInput struct {
	InVillage
	State     string  `query:"state" enum:"draft,submitted,decided,published,effective,objected,amended,rejected,withdrawn,reversed" doc:"空为全部"`
	Household idParam `query:"household" doc:"只看这一户"`
	Mine      bool    `query:"mine" doc:"只看自己登记的（含交接给自己的）"`
	Cursor    idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit     int     `query:"limit" minimum:"0" maximum:"100"`
}

func (in *caseListInput) filter() cases.Filter {
	return cases.Filter{State: cases.State(in.State), Household: in.Household.ID, Mine: in.Mine, Before: in.Cursor.ID, Limit: in.Limit}
}

func (s *Server) listCases(ctx context.Context, by access.Actor, in *caseListInput) (cases.Page, error) {
	return s.Cases.List(ctx, by, in.Village.ID, in.filter())
}

type InCase struct {
	InVillage
	Case idParam `path:"case"`
}

func (s *Server) getCase(ctx context.Context, by access.Actor, in *InCase) (cases.View, error) {
	return s.Cases.Get(ctx, by, in.Village.ID, in.Case.ID)
}

type caseStepInput struct {
	InCase
	Body cases.Step
}

type approvalInput struct {
	InCase
	Body cases.Approval
}

func (s *Server) approveCase(ctx context.Context, by access.Actor, in *approvalInput) (cases.Answer, error) {
	return s.Cases.ApproveWith(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) rejectCase(ctx context.Context, by access.Actor, in *caseStepInput) (cases.Answer, error) {
	return s.Cases.Reject(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) withdrawCase(ctx context.Context, by access.Actor, in *caseStepInput) (cases.Answer, error) {
	return s.Cases.Withdraw(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) reverseCase(ctx context.Context, by access.Actor, in *caseStepInput) (cases.Answer, error) {
	return s.Cases.Reverse(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

type evidenceInput struct {
	InCase
	Body cases.EvidenceRequest
}

func (s *Server) addCaseEvidence(ctx context.Context, by access.Actor, in *evidenceInput) (cases.Answer, error) {
	return s.Cases.AddEvidence(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) confirmCase(ctx context.Context, by access.Actor, in *caseStepInput) (cases.Confirmation, error) {
	return s.Cases.Confirm(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

type askedList struct {
	Items []cases.Asked `json:"items"`
}

func (s *Server) listConfirmations(ctx context.Context, by access.Actor, in *InHousehold) (out askedList, err error) {
	out.Items, err = s.Cases.AskedOf(ctx, by, in.Village.ID, in.Household.ID)
	return out, err
}

type inspectionEvidenceInput struct {
	InInspection
	Body cases.EvidenceRequest
}

func (s *Server) addInspectionEvidence(ctx context.Context, by access.Actor, in *inspectionEvidenceInput) (cases.Inspection, error) {
	return s.Cases.AddInspectionEvidence(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}

type faultInput struct {
	InCase
	Body cases.FaultStep
}

func (s *Server) recheckFault(ctx context.Context, by access.Actor, in *faultInput) (cases.Answer, error) {
	return s.Cases.Recheck(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) closeFault(ctx context.Context, by access.Actor, in *faultInput) (cases.Answer, error) {
	return s.Cases.CloseFault(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

func (s *Server) repairCase(ctx context.Context, by access.Actor, in *faultInput) (cases.Answer, error) {
	return s.Cases.Repair(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

type amendInput struct {
	InCase
	Body cases.Change
}

func (s *Server) amendCase(ctx context.Context, by access.Actor, in *amendInput) (cases.Answer, error) {
	return s.Cases.Amend(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

type startInspectionInput struct {
	InVillage
	Body cases.InspectionRequest
}

func (s *Server) startInspection(ctx context.Context, by access.Actor, in *startInspectionInput) (cases.Inspection, error) {
	return s.Cases.StartInspection(ctx, by, in.Village.ID, in.Body)
}

type inspectionListInput struct {
	InVillage
	State  string  `query:"state" enum:"draft,submitted,effective,withdrawn,reversed" doc:"空为全部"`
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"100"`
}

func (s *Server) listInspections(ctx context.Context, by access.Actor, in *inspectionListInput) (cases.InspectionPage, error) {
	return s.Cases.Inspections(ctx, by, in.Village.ID, cases.Filter{State: cases.State(in.State), Before: in.Cursor.ID, Limit: in.Limit})
}

type InInspection struct {
	InVillage
	Inspection idParam `path:"inspection"`
}

func (s *Server) getInspection(ctx context.Context, by access.Actor, in *InInspection) (cases.Inspection, error) {
	return s.Cases.Inspection(ctx, by, in.Village.ID, in.Inspection.ID)
}

type saveLinesInput struct {
	InInspection
	Body cases.LinesRequest
}

func (s *Server) saveLines(ctx context.Context, by access.Actor, in *saveLinesInput) (cases.Saved, error) {
	return s.Cases.SaveLines(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}

type inspectionStepInput struct {
	InInspection
	Body cases.Step
}

func (s *Server) decideInspection(ctx context.Context, by access.Actor, in *inspectionStepInput) (cases.Report, error) {
	return s.Cases.DecideInspection(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}

func (s *Server) returnInspection(ctx context.Context, by access.Actor, in *inspectionStepInput) (cases.Inspection, error) {
	return s.Cases.ReturnInspection(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}

func (s *Server) reverseInspection(ctx context.Context, by access.Actor, in *inspectionStepInput) (cases.Report, error) {
	return s.Cases.ReverseInspection(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}

func (s *Server) cancelInspection(ctx context.Context, by access.Actor, in *inspectionStepInput) (cases.Inspection, error) {
	return s.Cases.CancelInspection(ctx, by, in.Village.ID, in.Inspection.ID, in.Body)
}
