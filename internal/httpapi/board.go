package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/board"
)

type boardInput struct {
	Village idParam   `path:"village"`
	Kind    string    `path:"kind" enum:"households,persons,groups,party,leaders" doc:"户、个人、小组、党员、小组长"`
	Span    spanParam `query:"span" required:"true" doc:"a year 2026, a half-year 2026H2, a quarter 2026Q3, a month 2026-11 or own dates of the rules 20251101-20261031"`
	Class   string    `query:"class" maxLength:"32" doc:"only deeds of this class of items"`
	Cursor  string    `query:"cursor" maxLength:"64" doc:"next of the page before"`
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type aroundInput struct {
	Village idParam   `path:"village"`
	Kind    string    `path:"kind" enum:"households,persons,groups,party,leaders" doc:"户、个人、小组、党员、小组长"`
	Span    spanParam `query:"span" required:"true" doc:"a year 2026, a half-year 2026H2, a quarter 2026Q3, a month 2026-11 or own dates of the rules 20251101-20261031"`
	Class   string    `query:"class" maxLength:"32" doc:"only deeds of this class of items"`
	ID      idParam   `query:"id" required:"true" doc:"household or person"`
}

type villageBoardInput struct {
	Town idParam   `path:"town"`
	Span spanParam `query:"span" required:"true" doc:"a year 2026 or a month 2026-11"`
}

func (s *Server) registerBoard(a *api) {
	register(a, get("/villages/{village}/boards/{kind}", "get-board", "排行榜").tagged("boards"), board.MayRead, s.board)
	register(a, get("/villages/{village}/boards/{kind}/around", "get-board-around", "自己的名次和前后各五名").tagged("boards"), board.MayRead, s.boardAround)
	register(a, get("/public/villages/{village}/boards/{kind}", "get-public-board", "公开的排行榜，姓名一律隐去").tagged("boards"), board.MayReadPublic, s.publicBoard)
	register(a, get("/towns/{town}/boards/villages", "get-village-board", "各村排行，默认关闭，不得用来考核干部").tagged("boards"), board.MayReadTown, s.villageBoard)
}

func (s *Server) board(ctx context.Context, by access.Actor, in *boardInput) (board.Page, error) {
	return s.Board.Page(ctx, by, in.Village.ID, board.View{Kind: board.Kind(in.Kind), Span: in.Span.Span, Class: in.Class}, in.Cursor, in.Limit)
}

func (s *Server) boardAround(ctx context.Context, by access.Actor, in *aroundInput) (board.Page, error) {
	return s.Board.Around(ctx, by, in.Village.ID, board.View{Kind: board.Kind(in.Kind), Span: in.Span.Span, Class: in.Class}, in.ID.ID)
}

func (s *Server) publicBoard(ctx context.Context, _ access.Actor, in *boardInput) (board.Page, error) {
	return s.Board.PublicPage(ctx, in.Village.ID, board.View{Kind: board.Kind(in.Kind), Span: in.Span.Span, Class: in.Class}, in.Cursor, in.Limit)
}

func (s *Server) villageBoard(ctx context.Context, by access.Actor, in *villageBoardInput) (board.VillagesPage, error) {
	return s.Board.Villages(ctx, by, in.Town.ID, in.Span.Span)
}
