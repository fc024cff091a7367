package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/season"
)

// registerSeason are the operations on the ends of periods and on award rounds.
func (s *Server) registerSeason(a *api) {
	const village = "/villages/{village}"
	register(a, get(village+"/seasons", "list-seasons", "周期结账：办过的和办到哪一步").tagged("season"), season.MaySee, s.listSeasons)
	register(a, get(village+"/own-spans", "list-own-spans", "本村细则自定的周期：已经开始的各段").tagged("season"), season.MaySeeList, s.listOwnSpans)
	register(a, get(village+"/seasons/{span}", "look-at-season", "某月、某年结账前看一看：什么没办完，结了会怎样").tagged("season"), season.MaySee, s.lookAtSeason)
	register(a, post(village+"/seasons/stop", "stop-season", "停止计入：从现在起，这段日子的事记到下一周期").tagged("season"), season.MayClose, s.stopSeason)
	register(a, post(village+"/seasons/close", "close-season", "结账：清零结转、基础分、名次奖励、达标处理").tagged("season"), season.MayClose, s.closeSeason)
	register(a, get(village+"/closings/{closing}/ranks", "list-closing-ranks", "结账时的名次").tagged("season"), season.MaySee, s.listClosingRanks)
	register(a, get(village+"/households/{household}/closings", "list-household-closings", "历次结账对一户的结果和理由").tagged("season"), season.MaySeeOwn, s.listHouseholdClosings)
}

func (s *Server) listSeasons(ctx context.Context, by access.Actor, in *InVillage) (season.Runs, error) {
	return s.Season.Runs(ctx, by, in.Village.ID)
}

func (s *Server) listOwnSpans(ctx context.Context, by access.Actor, in *InVillage) (season.OwnSpans, error) {
	return s.Season.Spans(ctx, by, in.Village.ID)
}

type seasonInput struct {
	InVillage
	Span spanParam `path:"span" doc:"2026、2026H1、2026Q4、2026-12，或细则自定的 20251101-20261031"`
}

func (s *Server) lookAtSeason(ctx context.Context, by access.Actor, in *seasonInput) (season.Outlook, error) {
	return s.Season.Look(ctx, by, in.Village.ID, in.Span.Span)
}

type seasonOrderInput struct {
	InVillage
	Body season.Order
}

func (s *Server) stopSeason(ctx context.Context, by access.Actor, in *seasonOrderInput) (season.Run, error) {
	return s.Season.Stop(ctx, by, in.Village.ID, in.Body)
}

func (s *Server) closeSeason(ctx context.Context, by access.Actor, in *seasonOrderInput) (season.Run, error) {
	return s.Season.Close(ctx, by, in.Village.ID, in.Body)
}

// InSeasonPage is what lists of the season are asked with.
type InSeasonPage struct {
	Cursor string `query:"cursor" maxLength:"20" doc:"上一页给出的 next"`
	Limit  int    `query:"limit" minimum:"0" maximum:"100"`
}

func (p InSeasonPage) seasonPage() season.Page { return season.Page{Cursor: p.Cursor, Limit: p.Limit} }

type closingRanksInput struct {
	InVillage
	InSeasonPage
	Closing idParam `path:"closing"`
}

func (s *Server) listClosingRanks(ctx context.Context, by access.Actor, in *closingRanksInput) (season.Places, error) {
	return s.Season.Ranks(ctx, by, in.Village.ID, in.Closing.ID, in.seasonPage())
}

func (s *Server) listHouseholdClosings(ctx context.Context, by access.Actor, in *InHousehold) (season.SaidList, error) {
	return s.Season.Said(ctx, by, in.Village.ID, in.Household.ID)
}
