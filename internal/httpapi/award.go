package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/season"
)

// registerAwards are the operations on award rounds.
func (s *Server) registerAwards(a *api) {
	const village, award = "/villages/{village}", "/villages/{village}/awards/{award}"
	register(a, get(village+"/award-rounds", "list-award-rounds", "一年里的评比：细则里有哪些，办到哪一步").tagged("awards"), season.MaySeeList, s.listAwardRounds)
	register(a, get(village+"/award-rounds/{code}/preview", "preview-award", "试算评比名单：每户在或不在名单上的理由").tagged("awards"), season.MaySee, s.previewAward)
	register(a, post(village+"/awards", "publish-award", "公布评比名单，开始异议期"), season.MayAward, s.publishAward)
	register(a, get(award, "list-award-places", "公布的评比名单").tagged("awards"), season.MaySeeList, s.listAwardPlaces)
	register(a, post(award+"/withdraw", "withdraw-award", "撤回名单，写明理由"), season.MayAward, s.withdrawAward)
	register(a, post(award+"/freeze", "freeze-award", "异议期过后定名单"), season.MayAward, s.freezeAward)
	register(a, post(award+"/draw", "draw-lots", "登记当众抽出的号码"), season.MayAward, s.drawLots)
	register(a, post(award+"/issue", "issue-award", "发放：积分入账，其他等领取"), season.MayAward, s.issueAward)
	register(a, get(award+"/prizes", "list-prizes", "奖励和领取情况"), season.MaySeeAward, s.listPrizes)
	register(a, post(award+"/prizes/{prize}/collect", "collect-prize", "领取奖励，签名"), season.MayHandOut, s.collectPrize)
	register(a, post(award+"/prizes/{prize}/undo", "undo-prize", "撤销当天登记错的领取：东西退回库存，重新等领"), season.MayHandOut, s.undoPrize)
	register(a, get(award+"/objections", "list-award-objections", "对名单的异议"), season.MaySee, s.listAwardObjections)
	register(a, post(award+"/objections/{objection}/answer", "answer-award-objection", "答复异议"), season.MayAward, s.answerAwardObjection)
	register(a, get(award+"/evidence", "get-award-evidence", "重新抽签验证用的全部材料"), season.MaySee, s.awardEvidence)
	register(a, get(village+"/households/{household}/awards", "list-household-awards", "一户历次评比的结果、理由和奖励").tagged("awards"), season.MaySeeOwn, s.listHouseholdAwards)
	register(a, post(village+"/households/{household}/awards/{award}/objections", "object-to-award", "对公布的名单提异议").tagged("awards"), season.MayObject, s.objectToAward)
}

type awardRoundsInput struct {
	InVillage
	Year spanParam `query:"year" required:"true" doc:"年份，如2026"`
}

func (s *Server) listAwardRounds(ctx context.Context, by access.Actor, in *awardRoundsInput) (season.RoundStates, error) {
	return s.Season.Rounds(ctx, by, in.Village.ID, in.Year.Span)
}

type previewAwardInput struct {
	InVillage
	InSeasonPage
	Code string    `path:"code" maxLength:"32" doc:"细则里的评比代码"`
	Span spanParam `query:"span" required:"true" doc:"2026、2026H1、2026Q4、2026-12，或细则自定的 20251101-20261031"`
}

func (s *Server) previewAward(ctx context.Context, by access.Actor, in *previewAwardInput) (season.Standings, error) {
	return s.Season.Preview(ctx, by, in.Village.ID, in.Code, in.Span.Span, in.seasonPage())
}

type publishAwardInput struct {
	InVillage
	Body season.Publish
}

func (s *Server) publishAward(ctx context.Context, by access.Actor, in *publishAwardInput) (season.Award, error) {
	return s.Season.Publish(ctx, by, in.Village.ID, in.Body)
}

// InAward is the path of one award.
type InAward struct {
	Village idParam `path:"village"`
	Award   idParam `path:"award"`
}

type awardPageInput struct {
	InAward
	InSeasonPage
}

func (s *Server) listAwardPlaces(ctx context.Context, by access.Actor, in *awardPageInput) (season.Standings, error) {
	return s.Season.List(ctx, by, in.Village.ID, in.Award.ID, in.seasonPage())
}

type awardStepInput struct {
	InAward
	Body season.Step
}

func (s *Server) withdrawAward(ctx context.Context, by access.Actor, in *awardStepInput) (season.Award, error) {
	return s.Season.Withdraw(ctx, by, in.Village.ID, in.Award.ID, in.Body)
}

func (s *Server) freezeAward(ctx context.Context, by access.Actor, in *awardStepInput) (season.Award, error) {
	return s.Season.Freeze(ctx, by, in.Village.ID, in.Award.ID, in.Body)
}

func (s *Server) drawLots(ctx context.Context, by access.Actor, in *awardStepInput) (season.Award, error) {
	return s.Season.Draw(ctx, by, in.Village.ID, in.Award.ID, in.Body)
}

func (s *Server) issueAward(ctx context.Context, by access.Actor, in *awardStepInput) (season.Award, error) {
	return s.Season.Issue(ctx, by, in.Village.ID, in.Award.ID, in.Body)
}

type prizesInput struct {
	InAward
	InSeasonPage
	State string `query:"state" enum:"due,posted,collected,void" doc:"空为全部"`
}

func (s *Server) listPrizes(ctx context.Context, by access.Actor, in *prizesInput) (season.PrizeList, error) {
	return s.Season.Prizes(ctx, by, in.Village.ID, in.Award.ID, in.State, in.seasonPage())
}

type collectPrizeInput struct {
	InAward
	Prize idParam `path:"prize"`
	Body  season.Collect
}

func (s *Server) collectPrize(ctx context.Context, by access.Actor, in *collectPrizeInput) (season.Prize, error) {
	return s.Season.Collect(ctx, by, in.Village.ID, in.Award.ID, in.Prize.ID, in.Body)
}

type undoPrizeInput struct {
	InAward
	Prize idParam `path:"prize"`
	Body  season.Uncollect
}

func (s *Server) undoPrize(ctx context.Context, by access.Actor, in *undoPrizeInput) (season.Prize, error) {
	return s.Season.Uncollect(ctx, by, in.Village.ID, in.Award.ID, in.Prize.ID, in.Body)
}

func (s *Server) listAwardObjections(ctx context.Context, by access.Actor, in *awardPageInput) (season.Objections, error) {
	return s.Season.Objections(ctx, by, in.Village.ID, in.Award.ID, in.seasonPage())
}

type answerObjectionInput struct {
	InAward
	Objection idParam `path:"objection"`
	Body      season.Answering
}

func (s *Server) answerAwardObjection(ctx context.Context, by access.Actor, in *answerObjectionInput) (season.Objection, error) {
	return s.Season.Answer(ctx, by, in.Village.ID, in.Award.ID, in.Objection.ID, in.Body)
}

func (s *Server) awardEvidence(ctx context.Context, by access.Actor, in *InAward) (season.Evidence, error) {
	return s.Season.Evidence(ctx, by, in.Village.ID, in.Award.ID)
}

func (s *Server) listHouseholdAwards(ctx context.Context, by access.Actor, in *InHousehold) (season.Own, error) {
	return s.Season.Own(ctx, by, in.Village.ID, in.Household.ID)
}

type objectToAwardInput struct {
	InHousehold
	Award idParam `path:"award"`
	Body  season.Objecting
}

func (s *Server) objectToAward(ctx context.Context, by access.Actor, in *objectToAwardInput) (season.Objection, error) {
	return s.Season.Object(ctx, by, in.Village.ID, in.Household.ID, in.Award.ID, in.Body)
}
