package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/cases"
)

func (s *Server) registerObjections(a *api) {
	register(a, post("/villages/{village}/households/{household}/cases/{case}/objections", "object-case", "提出异议：记录涉及的户，处理完以前冻结这条记录的积分"), cases.MayObject, s.objectCase)
	register(a, get("/villages/{village}/households/{household}/objections", "list-own-objections", "本户提出的异议和答复"), cases.MayObject, s.listOwnObjections)
	register(a, post("/villages/{village}/households/{household}/objections/{objection}/withdraw", "withdraw-objection", "提出人撤回异议"), cases.MayObject, s.withdrawObjection)
	register(a, post("/villages/{village}/cases/{case}/objections", "note-objection", "代没有手机的村民登记异议，写明是谁、怎样提出的"), cases.MayNoteObject, s.noteObjection)
	register(a, get("/villages/{village}/objections", "list-objections", "本村的异议，新的在前"), cases.MaySeeObjection, s.listObjections)
	register(a, post("/villages/{village}/objections/{objection}/settle", "settle-objection", "处理异议并书面答复：维持、更正或撤销；登记和审核过的人不能处理，逾期由镇县处理"), cases.MaySettle, s.settleObjection)
	register(a, get("/regions/{region}/objections", "list-raised-objections", "镇、县内各村逾期没有处理的异议"), cases.MaySeeRaised, s.listRaisedObjections)
}

type objectInput struct {
	InHousehold
	Case idParam `path:"case"`
	Body cases.ObjectRequest
}

func (s *Server) objectCase(ctx context.Context, by access.Actor, in *objectInput) (cases.Objection, error) {
	return s.Cases.Object(ctx, by, in.Village.ID, in.Household.ID, in.Case.ID, in.Body)
}

type noteObjectionInput struct {
	InCase
	Body cases.ObjectRequest
}

func (s *Server) noteObjection(ctx context.Context, by access.Actor, in *noteObjectionInput) (cases.Objection, error) {
	return s.Cases.NoteObjection(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}

type objectionList struct {
	Items []cases.Objection `json:"items"`
}

func (s *Server) listOwnObjections(ctx context.Context, by access.Actor, in *InHousehold) (out objectionList, err error) {
	out.Items, err = s.Cases.ObjectionsOf(ctx, by, in.Village.ID, in.Household.ID)
	return out, err
}

type withdrawObjectionInput struct {
	InHousehold
	Objection idParam `path:"objection"`
	Body      cases.Step
}

func (s *Server) withdrawObjection(ctx context.Context, by access.Actor, in *withdrawObjectionInput) (cases.Objection, error) {
	return s.Cases.WithdrawObjection(ctx, by, in.Village.ID, in.Household.ID, in.Objection.ID, in.Body)
}

type objectionsInput struct {
	InVillage
	Open   bool    `query:"open" doc:"只看还没有处理的"`
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
}

func (s *Server) listObjections(ctx context.Context, by access.Actor, in *objectionsInput) (cases.ObjectionPage, error) {
	return s.Cases.Objections(ctx, by, in.Village.ID, in.Open, in.Cursor.ID)
}

type settleObjectionInput struct {
	InVillage
	Objection idParam `path:"objection"`
	Body      cases.SettleRequest
}

func (s *Server) settleObjection(ctx context.Context, by access.Actor, in *settleObjectionInput) (cases.Objection, error) {
	return s.Cases.Settle(ctx, by, in.Village.ID, in.Objection.ID, in.Body)
}

type raisedObjectionsInput struct {
	Region idParam `path:"region"`
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
}

func (s *Server) listRaisedObjections(ctx context.Context, by access.Actor, in *raisedObjectionsInput) (cases.ObjectionPage, error) {
	return s.Cases.RaisedObjections(ctx, by, in.Region.ID, in.Cursor.ID)
}
