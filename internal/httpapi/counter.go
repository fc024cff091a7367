package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/market"
)

// registerCounter adds what happens at a shop's counter beside the plain redemption: how people are known there, terms,
// reservations and agents.
func (s *Server) registerCounter(a *api) {
	const shop, home = "/villages/{village}/shops/{shop}", "/villages/{village}/households/{household}"
	register(a, get(shop+"/terms", "get-shop-terms", "柜台规则：多少分以上要核对、现金补差、预约天数、代领次数、离线限额").tagged("shops"), market.MaySeeShops, s.getTerms)
	register(a, put(shop+"/terms", "set-shop-terms", "设置柜台规则").tagged("shops"), market.MayRunShops, s.setTerms)
	register(a, get(shop+"/goods/{goods}/terms", "get-goods-terms", "一样商品的限量").tagged("goods"), market.MaySeeShops, s.getGoodsTerms)
	register(a, put(shop+"/goods/{goods}/terms", "set-goods-terms", "设置一样商品的限量，或者它是抵扣费用的项目").tagged("goods"), market.MayKeepStock, s.setGoodsTerms)

	register(a, post(shop+"/visits", "begin-visit", "柜台：扫积分卡或手机上的码，或选定一户，看能兑换多少；一次扫码只能办一笔").tagged("redemptions"), market.MayRedeem, s.beginVisit)
	register(a, post(shop+"/visits/{visit}/pin", "prove-visit", "柜台：核对这一户的登录密码").tagged("redemptions"), market.MayRedeem, s.proveVisit)
	register(a, post(home+"/phone-code", "take-phone-code", "给本人手机发一个会变的兑换码；旧手机的码立即作废").tagged("redemptions"), market.MayHoldCode, s.takePhoneCode)

	register(a, post(home+"/reservations", "reserve", "预约商品：积分和商品都留住").tagged("reservations"), market.MayReserve, s.reserve)
	register(a, get(home+"/reservations", "list-household-reservations", "一户的预约").tagged("reservations"), market.MaySeeOwn, s.listHouseholdReservations)
	register(a, post(home+"/reservations/{reservation}/cancel", "cancel-reservation", "取消预约，积分和商品都退回").tagged("reservations"), market.MayReserve, s.cancelReservation)
	register(a, get(shop+"/reservations", "list-reservations", "超市等待领取的预约；填取货码只找那一个").tagged("reservations"), market.MaySeeRedemptions, s.listReservations)
	register(a, post(shop+"/reservations/{reservation}/collect", "collect-reservation", "领取预约的商品").tagged("reservations"), market.MayRedeem, s.collectReservation)

	register(a, post(shop+"/leases", "take-lease", "领一次离线兑换：没有信号时只凭积分卡和签字，每户限额，最长一天，一个村同时一台手机").tagged("leases"), market.MayRedeem, s.takeLease)
	register(a, get("/villages/{village}/leases", "list-leases", "本村领过的离线兑换：哪台手机正在用，别的手机才领不了").tagged("leases"), market.MaySeeLeases, s.listLeases)
	register(a, get(shop+"/leases/{lease}", "get-lease", "一次离线兑换的情况").tagged("leases"), market.MaySeeRedemptions, s.getLease)
	register(a, post(shop+"/leases/{lease}/close", "close-lease", "交回离线兑换").tagged("leases"), market.MayRedeem, s.closeLease)
	register(a, post(shop+"/leases/{lease}/returns", "return-redemption", "交回一笔离线兑换；对不上的不丢，等人处理").tagged("leases"), market.MayRedeem, s.returnRedemption)
	register(a, get("/villages/{village}/lease-returns", "list-lease-returns", "有出入的离线兑换").tagged("leases"), market.MaySeeReturns, s.listReturns)
	register(a, post("/villages/{village}/lease-returns/{return}/settle", "settle-lease-return", "处理一笔等着的离线兑换：入账或作废").tagged("leases"), market.MaySettle, s.settleReturn)

	register(a, get(shop+"/officers", "list-officers", "本村在任的干部和驻村队员：可以替村民代领").tagged("redemptions"), market.MayRedeem, s.listOfficers)
	register(a, get("/villages/{village}/agent-redemptions", "list-agent-redemptions", "一个月里代领的兑换，供每月核查").tagged("redemptions"), market.MaySeeAgents, s.listAgencies)
	register(a, post("/villages/{village}/agent-redemptions/{redemption}/review", "review-agent-redemption", "核查一次代领：没有问题，或有疑问").tagged("redemptions"), market.MayReviewAgents, s.reviewAgency)
}

func (s *Server) getTerms(ctx context.Context, by access.Actor, in *InShop) (market.ShopTerms, error) {
	return s.Market.Terms(ctx, by, in.Village.ID, in.Shop.ID)
}

func (s *Server) setTerms(ctx context.Context, by access.Actor, in *atShop[market.TermsRequest]) (market.ShopTerms, error) {
	return s.Market.SetTerms(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

func (s *Server) getGoodsTerms(ctx context.Context, by access.Actor, in *InGoods) (market.GoodsTerms, error) {
	return s.Market.GoodsTermsOf(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID)
}

func (s *Server) setGoodsTerms(ctx context.Context, by access.Actor, in *atGoods[market.GoodsTermsRequest]) (market.GoodsTerms, error) {
	return s.Market.SetGoodsTerms(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

func (s *Server) beginVisit(ctx context.Context, by access.Actor, in *atShop[market.VisitRequest]) (market.Visit, error) {
	return s.Market.Visit(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

type proofInput struct {
	InShop
	Visit idParam `path:"visit"`
	Body  market.ProofRequest
}

func (s *Server) proveVisit(ctx context.Context, by access.Actor, in *proofInput) (market.Visit, error) {
	return s.Market.ProveVisit(ctx, by, in.Village.ID, in.Shop.ID, in.Visit.ID, in.Body)
}

func (s *Server) takePhoneCode(ctx context.Context, by access.Actor, in *atHousehold[market.PhoneCodeRequest]) (market.PhoneCode, error) {
	return s.Market.TakePhoneCode(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

func (s *Server) reserve(ctx context.Context, by access.Actor, in *atHousehold[market.ReserveRequest]) (market.Reservation, error) {
	return s.Market.Reserve(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

func (s *Server) listHouseholdReservations(ctx context.Context, by access.Actor, in *pageOfHousehold) (market.Reservations, error) {
	return s.Market.ReservationsOf(ctx, by, in.Village.ID, in.Household.ID, in.page())
}

type cancelReservationInput struct {
	InHousehold
	Reservation idParam `path:"reservation"`
	Body        market.CancelRequest
}

func (s *Server) cancelReservation(ctx context.Context, by access.Actor, in *cancelReservationInput) (market.Reservation, error) {
	return s.Market.CancelReservation(ctx, by, in.Village.ID, in.Household.ID, in.Reservation.ID, in.Body)
}

type reservationsInput struct {
	InShop
	InPage
	Code string `query:"code" maxLength:"8" doc:"取货码"`
}

func (s *Server) listReservations(ctx context.Context, by access.Actor, in *reservationsInput) (market.Reservations, error) {
	return s.Market.ReservationsAt(ctx, by, in.Village.ID, in.Shop.ID, in.Code, in.page())
}

type collectInput struct {
	InShop
	Reservation idParam `path:"reservation"`
	Body        market.CollectRequest
}

func (s *Server) collectReservation(ctx context.Context, by access.Actor, in *collectInput) (market.Receipt, error) {
	return s.Market.Collect(ctx, by, in.Village.ID, in.Shop.ID, in.Reservation.ID, in.Body)
}

type officerList struct {
	Items []access.Officer `json:"items"`
}

func (s *Server) listOfficers(ctx context.Context, by access.Actor, in *InShop) (officerList, error) {
	list, err := s.Market.Fetchers(ctx, by, in.Village.ID, in.Shop.ID)
	return officerList{list}, err
}

type agenciesInput struct {
	InVillage
	InPage
	Month spanParam `query:"month" doc:"如 2026-05；空为本月"`
}

func (s *Server) listAgencies(ctx context.Context, by access.Actor, in *agenciesInput) (market.Agencies, error) {
	return s.Market.Agencies(ctx, by, in.Village.ID, in.Month.Span, in.page())
}

type reviewAgencyInput struct {
	InVillage
	Redemption idParam `path:"redemption"`
	Body       market.ReviewRequest
}

func (s *Server) reviewAgency(ctx context.Context, by access.Actor, in *reviewAgencyInput) (market.Agency, error) {
	return s.Market.ReviewAgency(ctx, by, in.Village.ID, in.Redemption.ID, in.Body)
}

func (s *Server) takeLease(ctx context.Context, by access.Actor, in *atShop[market.LeaseRequest]) (market.Lease, error) {
	return s.Market.TakeLease(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

func (s *Server) listLeases(ctx context.Context, by access.Actor, in *pageOfVillage) (market.Leases, error) {
	return s.Market.Leases(ctx, by, in.Village.ID, in.page())
}

type InLease struct {
	InShop
	Lease idParam `path:"lease"`
}

func (s *Server) getLease(ctx context.Context, by access.Actor, in *InLease) (market.Lease, error) {
	return s.Market.Lease(ctx, by, in.Village.ID, in.Shop.ID, in.Lease.ID)
}

type closeLeaseInput struct {
	InLease
	Body market.CloseRequest
}

func (s *Server) closeLease(ctx context.Context, by access.Actor, in *closeLeaseInput) (market.Lease, error) {
	return s.Market.CloseLease(ctx, by, in.Village.ID, in.Shop.ID, in.Lease.ID, in.Body)
}

type returnInput struct {
	InLease
	Body market.ReturnRequest
}

func (s *Server) returnRedemption(ctx context.Context, by access.Actor, in *returnInput) (market.LeaseReturn, error) {
	return s.Market.Return(ctx, by, in.Village.ID, in.Shop.ID, in.Lease.ID, in.Body)
}

type returnsInput struct {
	InVillage
	InPage
	State string `query:"state" enum:"posted,waiting,settled,dropped" doc:"空为所有有出入的"`
}

func (s *Server) listReturns(ctx context.Context, by access.Actor, in *returnsInput) (market.Returns, error) {
	return s.Market.Returns(ctx, by, in.Village.ID, in.State, in.page())
}

type settleInput struct {
	InVillage
	Return idParam `path:"return"`
	Body   market.SettleRequest
}

func (s *Server) settleReturn(ctx context.Context, by access.Actor, in *settleInput) (market.LeaseReturn, error) {
	return s.Market.Settle(ctx, by, in.Village.ID, in.Return.ID, in.Body)
}
