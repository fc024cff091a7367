package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/market"
)

func (s *Server) registerMarket(a *api) {
	const shops, shop = "/villages/{village}/shops", "/villages/{village}/shops/{shop}"
	register(a, get(shops, "list-shops", "为本村服务的积分超市"), market.MaySeeShops, s.listShops)
	register(a, post(shops, "create-shop", "新建积分超市"), market.MayRunShops, s.createShop)
	register(a, get(shop, "get-shop", "一个积分超市"), market.MaySeeShops, s.getShop)
	register(a, post(shop, "edit-shop", "修改超市：改名、营业、暂停、停业、服务哪些村"), market.MayRunShops, s.editShop)

	register(a, get(shop+"/goods", "list-goods", "可兑换的商品和今天的价格").tagged("goods"), market.MaySeeShops, s.listGoods)
	register(a, get(shop+"/stock", "list-stock", "全部商品和库存，含暂停和下架的").tagged("goods"), market.MaySeeStock, s.listStock)
	register(a, post(shop+"/goods", "create-goods", "登记新商品").tagged("goods"), market.MayKeepStock, s.createGoods)
	register(a, post(shop+"/goods/{goods}", "edit-goods", "修改商品：名称、单位、补货提醒、暂停、下架").tagged("goods"), market.MayKeepStock, s.editGoods)
	register(a, get(shop+"/goods/{goods}/prices", "list-prices", "商品的历次价格").tagged("goods"), market.MaySeeStock, s.listPrices)
	register(a, post(shop+"/goods/{goods}/prices", "set-price", "定价，从今天或以后某天起").tagged("goods"), market.MayKeepStock, s.setPrice)
	register(a, post(shop+"/goods/{goods}/own-price/end", "end-own-price", "一个村不再单独定价，改回大家的价格").tagged("goods"), market.MayKeepStock, s.endOwnPrice)
	register(a, get(shop+"/goods/{goods}/lots", "list-lots", "商品还有库存的批次").tagged("goods"), market.MaySeeStock, s.listLots)
	register(a, get(shop+"/goods/{goods}/moves", "list-stock-moves", "商品的库存流水").tagged("goods"), market.MaySeeStock, s.listMoves)
	register(a, post(shop+"/goods/{goods}/moves", "move-stock", "登记进货、捐赠、损坏、过期下架、盘点").tagged("goods"), market.MayKeepStock, s.moveStock)

	register(a, get(shop+"/counter", "get-counter", "柜台：这一户今天能兑换多少，不能兑换时的原因").tagged("redemptions"), market.MayRedeem, s.counter)
	register(a, post(shop+"/redemptions", "redeem", "兑换").tagged("redemptions"), market.MayRedeem, s.redeem)
	register(a, get(shop+"/redemptions", "list-redemptions", "超市某一天的兑换").tagged("redemptions"), market.MaySeeRedemptions, s.listRedemptions)
	register(a, get(shop+"/redemptions/{redemption}", "get-redemption", "一笔兑换的凭条").tagged("redemptions"), market.MaySeeRedemptions, s.getRedemption)
	register(a, post(shop+"/redemptions/{redemption}/cancel", "cancel-redemption", "当天取消兑换，积分和商品都退回").tagged("redemptions"), market.MayCancel, s.cancelRedemption)

	const own = "/villages/{village}/households/{household}/redemptions"
	register(a, get(own, "list-household-redemptions", "一户的兑换记录").tagged("redemptions"), market.MaySeeOwn, s.listHouseholdRedemptions)
	register(a, get(own+"/{redemption}", "get-household-redemption", "一户的一张凭条").tagged("redemptions"), market.MaySeeOwn, s.getHouseholdRedemption)
}

type InShop struct {
	InVillage
	Shop idParam `path:"shop"`
}

type InGoods struct {
	InShop
	Goods idParam `path:"goods"`
}

type InRedemption struct {
	InShop
	Redemption idParam `path:"redemption"`
}

// InPage is what every list of the market is asked with.
type InPage struct {
	Cursor string `query:"cursor" maxLength:"20" doc:"上一页给出的 next"`
	Limit  int    `query:"limit" minimum:"0" maximum:"100"`
}

func (p InPage) page() market.Page { return market.Page{Cursor: p.Cursor, Limit: p.Limit} }

func (s *Server) listShops(ctx context.Context, by access.Actor, in *InVillage) (market.Shops, error) {
	return s.Market.Shops(ctx, by, in.Village.ID)
}

func (s *Server) createShop(ctx context.Context, by access.Actor, in *atVillage[market.ShopRequest]) (market.Shop, error) {
	return s.Market.CreateShop(ctx, by, in.Village.ID, in.Body)
}

func (s *Server) getShop(ctx context.Context, by access.Actor, in *InShop) (market.Shop, error) {
	return s.Market.Shop(ctx, by, in.Village.ID, in.Shop.ID)
}

func (s *Server) editShop(ctx context.Context, by access.Actor, in *atShop[market.ShopEdit]) (market.Shop, error) {
	return s.Market.EditShop(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

func (s *Server) listGoods(ctx context.Context, by access.Actor, in *pageOfShop) (market.GoodsList, error) {
	return s.Market.Goods(ctx, by, in.Village.ID, in.Shop.ID, false, in.page())
}

func (s *Server) listStock(ctx context.Context, by access.Actor, in *pageOfShop) (market.GoodsList, error) {
	return s.Market.Goods(ctx, by, in.Village.ID, in.Shop.ID, true, in.page())
}

func (s *Server) createGoods(ctx context.Context, by access.Actor, in *atShop[market.GoodsRequest]) (market.Goods, error) {
	return s.Market.CreateGoods(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

func (s *Server) editGoods(ctx context.Context, by access.Actor, in *atGoods[market.GoodsEdit]) (market.Goods, error) {
	return s.Market.EditGoods(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

func (s *Server) listPrices(ctx context.Context, by access.Actor, in *InGoods) (market.Prices, error) {
	return s.Market.Prices(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID)
}

func (s *Server) setPrice(ctx context.Context, by access.Actor, in *atGoods[market.PriceRequest]) (market.Goods, error) {
	return s.Market.SetPrice(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

func (s *Server) endOwnPrice(ctx context.Context, by access.Actor, in *atGoods[market.EndPriceRequest]) (market.Goods, error) {
	return s.Market.EndOwnPrice(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

func (s *Server) listLots(ctx context.Context, by access.Actor, in *InGoods) (market.Lots, error) {
	return s.Market.Lots(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID)
}

func (s *Server) listMoves(ctx context.Context, by access.Actor, in *pageOfGoods) (market.Moves, error) {
	return s.Market.Moves(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.page())
}

func (s *Server) moveStock(ctx context.Context, by access.Actor, in *atGoods[market.MoveRequest]) (market.Goods, error) {
	return s.Market.MoveStock(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

// counterInput carries the payer in the query: the gate reads a {household} of the path as whose page it is.
type counterInput struct {
	InShop
	Household idParam `query:"household" doc:"本村按户积分时填"`
	Member    idParam `query:"member" doc:"本村按个人积分时填"`
}

func (s *Server) counter(ctx context.Context, by access.Actor, in *counterInput) (market.Counter, error) {
	return s.Market.Counter(ctx, by, in.Village.ID, in.Shop.ID, in.Household.ID, in.Member.ID)
}

func (s *Server) redeem(ctx context.Context, by access.Actor, in *atShop[market.RedeemRequest]) (market.Receipt, error) {
	return s.Market.Redeem(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

type redemptionsInput struct {
	InShop
	InPage
	Day dayParam `query:"day" doc:"空为今天"`
}

func (s *Server) listRedemptions(ctx context.Context, by access.Actor, in *redemptionsInput) (market.Receipts, error) {
	return s.Market.RedemptionsOn(ctx, by, in.Village.ID, in.Shop.ID, in.Day.Day, in.page())
}

func (s *Server) getRedemption(ctx context.Context, by access.Actor, in *InRedemption) (market.Receipt, error) {
	return s.Market.Redemption(ctx, by, in.Village.ID, in.Shop.ID, in.Redemption.ID)
}

type cancelRedemptionInput struct {
	InRedemption
	Body market.CancelRequest
}

func (s *Server) cancelRedemption(ctx context.Context, by access.Actor, in *cancelRedemptionInput) (market.Receipt, error) {
	return s.Market.Cancel(ctx, by, in.Village.ID, in.Shop.ID, in.Redemption.ID, in.Body)
}

func (s *Server) listHouseholdRedemptions(ctx context.Context, by access.Actor, in *pageOfHousehold) (market.Receipts, error) {
	return s.Market.RedemptionsOf(ctx, by, in.Village.ID, in.Household.ID, in.page())
}

type householdRedemptionInput struct {
	InHousehold
	Redemption idParam `path:"redemption"`
}

func (s *Server) getHouseholdRedemption(ctx context.Context, by access.Actor, in *householdRedemptionInput) (market.Receipt, error) {
	return s.Market.RedemptionOf(ctx, by, in.Village.ID, in.Household.ID, in.Redemption.ID)
}
