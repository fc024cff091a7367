package httpapi

import (
	"context"
	"io"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/market"
	"hefen/internal/points"
)

// registerStock are the operations on stock, money, statements and wishes; goods and redemptions are in market.go.
func (s *Server) registerStock(a *api) {
	const village, shop = "/villages/{village}", "/villages/{village}/shops/{shop}"
	register(a, post(shop+"/goods/{goods}/transfers", "transfer-stock", "调拨到另一个超市").tagged("goods"), market.MayKeepStock, s.transferStock)
	register(a, post(shop+"/moves/{move}/undo", "undo-move", "撤销一次录错的进货、捐赠、损坏、盘点或调拨").tagged("goods"), market.MayKeepStock, s.undoMove)
	register(a, get(shop+"/thanks", "list-gifts", "捐赠鸣谢").tagged("goods"), market.MaySeeShops, s.listGifts)
	register(a, get(shop+"/daybook", "get-daybook", "进销存日报：一天或一段日子").tagged("goods"), market.MaySeeStock, s.daybook)
	register(a, get(shop+"/plan", "get-plan", "采购参考：缺货、周转、滞销和心愿").tagged("goods"), market.MaySeeStock, s.plan)

	register(a, get(shop+"/stocktakes", "list-stocktakes", "盘点单").tagged("stocktakes"), market.MaySeeStock, s.listStocktakes)
	register(a, post(shop+"/stocktakes", "start-stocktake", "开始盘点").tagged("stocktakes"), market.MayKeepStock, s.startStocktake)
	register(a, get(shop+"/stocktakes/{stocktake}", "get-stocktake", "一张盘点单").tagged("stocktakes"), market.MaySeeStock, s.getStocktake)
	register(a, post(shop+"/stocktakes/{stocktake}/counts", "count-stock", "登记点到的数量").tagged("stocktakes"), market.MayKeepStock, s.countStock)
	register(a, post(shop+"/stocktakes/{stocktake}/send", "send-stocktake", "交盘点单：差异小的当即入账，大的等另一人确认").tagged("stocktakes"), market.MayKeepStock, s.sendStocktake)
	register(a, post(shop+"/stocktakes/{stocktake}/confirm", "confirm-stocktake", "另一人确认盘点单").tagged("stocktakes"), market.MayKeepStock, s.confirmStocktake)
	register(a, post(shop+"/stocktakes/{stocktake}/drop", "drop-stocktake", "作废盘点单").tagged("stocktakes"), market.MayKeepStock, s.dropStocktake)

	register(a, get(village+"/funds", "get-funds", "资金、库存和积分：够不够兑").tagged("funds"), market.MaySeeFunds, s.getFunds)
	register(a, post(village+"/funds", "create-fund", "新建资金").tagged("funds"), market.MayRunFunds, s.createFund)
	register(a, get(village+"/funds/promise", "check-promise", "再发这么多积分，钱够不够").tagged("funds"), market.MaySeeFunds, s.checkPromise)
	register(a, post(village+"/point-value", "set-point-value", "填每分值多少钱").tagged("funds"), market.MayRunShops, s.setPointValue)
	register(a, get(village+"/funds/{fund}/moves", "list-fund-moves", "资金流水").tagged("funds"), market.MaySeeFunds, s.listFundMoves)
	register(a, post(village+"/funds/{fund}/income", "add-money", "登记入账").tagged("funds"), market.MayRunFunds, s.addMoney)
	register(a, post(village+"/funds/{fund}/moves/{move}/undo", "undo-money", "撤销录错的入账或进货付款").tagged("funds"), market.MayRunFunds, s.undoMoney)
	register(a, get(village+"/unpaid-lots", "list-unpaid-lots", "进了货还没从资金付款的").tagged("funds"), market.MaySeeFunds, s.listUnpaidLots)
	register(a, post(shop+"/lots/{lot}/payment", "pay-lot", "登记一批进货的付款").tagged("funds"), market.MayRunFunds, s.payLot)
	register(a, get("/regions/{region}/funds", "sum-funds", "全镇、全县各村的资金和积分").tagged("funds"), market.MaySumFunds, s.sumFunds)

	register(a, get(village+"/statements", "list-statements", "合作商店交来的结算单").tagged("statements"), market.MaySeeFunds, s.listStatements)
	register(a, post(village+"/statements/{statement}/decision", "decide-statement", "审核结算单").tagged("statements"), market.MayApprove, s.decideStatement)
	register(a, post(village+"/statements/{statement}/payment", "pay-statement", "登记结算付款").tagged("statements"), market.MayApprove, s.payStatement)
	register(a, post(village+"/statements/{statement}/payment/undo", "undo-statement-payment", "撤销登记错的结算付款").tagged("statements"), market.MayApprove, s.undoStatementPayment)
	register(a, get(shop+"/statements", "list-shop-statements", "本店的结算单").tagged("statements"), market.MaySeeStock, s.listShopStatements)
	register(a, get(shop+"/statements/preview", "preview-statement", "某月的结算单会是什么样").tagged("statements"), market.MaySeeStock, s.previewStatement)
	register(a, post(shop+"/statements", "hand-in-statement", "交某月的结算单").tagged("statements"), market.MayHandIn, s.handInStatement)
	registerRaw(a, get(shop+"/statements/{statement}/export", "export-statement", "下载结算单（Excel）").tagged("statements"), market.MaySeeStock, s.exportStatement)

	register(a, get(village+"/wishes", "list-wishes", "心愿单").tagged("wishes"), market.MaySeeWishes, s.listWishes)
	register(a, post(village+"/households/{household}/wishes", "wish", "说想要什么，或附议别人的心愿").tagged("wishes"), market.MayWish, s.wish)
	register(a, post(village+"/households/{household}/wishes/{wish}/withdraw", "withdraw-wish", "撤回心愿").tagged("wishes"), market.MayWish, s.withdrawWish)
	register(a, post(village+"/wishes/{wish}/answer", "answer-wish", "答复心愿：已采购或暂不采购").tagged("wishes"), market.MayAnswerWish, s.answerWish)
}

func (s *Server) transferStock(ctx context.Context, by access.Actor, in *atGoods[market.TransferRequest]) (market.Goods, error) {
	return s.Market.TransferStock(ctx, by, in.Village.ID, in.Shop.ID, in.Goods.ID, in.Body)
}

type undoMoveInput struct {
	InShop
	Move idParam `path:"move" doc:"流水上的 ref"`
	Body market.UndoRequest
}

func (s *Server) undoMove(ctx context.Context, by access.Actor, in *undoMoveInput) (market.Moves, error) {
	return s.Market.UndoMove(ctx, by, in.Village.ID, in.Shop.ID, in.Move.ID, in.Body)
}

func (s *Server) listGifts(ctx context.Context, by access.Actor, in *pageOfShop) (market.Gifts, error) {
	return s.Market.Thanks(ctx, by, in.Village.ID, in.Shop.ID, in.page())
}

type daybookInput struct {
	InShop
	From dayParam `query:"from" doc:"空为今天"`
	To   dayParam `query:"to" doc:"空为同一天"`
}

func (s *Server) daybook(ctx context.Context, by access.Actor, in *daybookInput) (market.Daybook, error) {
	return s.Market.Daybook(ctx, by, in.Village.ID, in.Shop.ID, in.From.Day, in.To.Day)
}

type planInput struct {
	InShop
	Days int `query:"days" minimum:"0" maximum:"365" doc:"周转按多少天算；空为90天"`
}

func (s *Server) plan(ctx context.Context, by access.Actor, in *planInput) (market.Plan, error) {
	return s.Market.Plan(ctx, by, in.Village.ID, in.Shop.ID, in.Days)
}

// InStocktake is one stock-take of a shop.
type InStocktake struct {
	InShop
	Stocktake idParam `path:"stocktake"`
}

func (s *Server) listStocktakes(ctx context.Context, by access.Actor, in *pageOfShop) (market.Stocktakes, error) {
	return s.Market.Stocktakes(ctx, by, in.Village.ID, in.Shop.ID, in.page())
}

func (s *Server) startStocktake(ctx context.Context, by access.Actor, in *atShop[market.StepRequest]) (market.Stocktake, error) {
	return s.Market.StartStocktake(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

func (s *Server) getStocktake(ctx context.Context, by access.Actor, in *InStocktake) (market.Stocktake, error) {
	return s.Market.Stocktake(ctx, by, in.Village.ID, in.Shop.ID, in.Stocktake.ID)
}

type countStockInput struct {
	InStocktake
	Body market.CountRequest
}

func (s *Server) countStock(ctx context.Context, by access.Actor, in *countStockInput) (market.Stocktake, error) {
	return s.Market.CountStock(ctx, by, in.Village.ID, in.Shop.ID, in.Stocktake.ID, in.Body)
}

type stocktakeStepInput struct {
	InStocktake
	Body market.StepRequest
}

func (s *Server) sendStocktake(ctx context.Context, by access.Actor, in *stocktakeStepInput) (market.Stocktake, error) {
	return s.Market.SendStocktake(ctx, by, in.Village.ID, in.Shop.ID, in.Stocktake.ID, in.Body)
}

func (s *Server) confirmStocktake(ctx context.Context, by access.Actor, in *stocktakeStepInput) (market.Stocktake, error) {
	return s.Market.ConfirmStocktake(ctx, by, in.Village.ID, in.Shop.ID, in.Stocktake.ID, in.Body)
}

func (s *Server) dropStocktake(ctx context.Context, by access.Actor, in *stocktakeStepInput) (market.Stocktake, error) {
	return s.Market.DropStocktake(ctx, by, in.Village.ID, in.Shop.ID, in.Stocktake.ID, in.Body)
}

// InFund is one fund of a village.
type InFund struct {
	InVillage
	Fund idParam `path:"fund"`
}

func (s *Server) getFunds(ctx context.Context, by access.Actor, in *InVillage) (market.Overview, error) {
	return s.Market.Overview(ctx, by, in.Village.ID)
}

func (s *Server) createFund(ctx context.Context, by access.Actor, in *atVillage[market.FundRequest]) (market.Fund, error) {
	return s.Market.CreateFund(ctx, by, in.Village.ID, in.Body)
}

type promiseInput struct {
	InVillage
	Points int64 `query:"points" minimum:"0" doc:"打算发放的积分总数，以百分之一分计"`
}

func (s *Server) checkPromise(ctx context.Context, by access.Actor, in *promiseInput) (market.Promise, error) {
	return s.Market.CheckPromise(ctx, by, in.Village.ID, points.Amount(in.Points))
}

func (s *Server) setPointValue(ctx context.Context, by access.Actor, in *atVillage[market.PointValueRequest]) (market.Overview, error) {
	return s.Market.SetPointValue(ctx, by, in.Village.ID, in.Body)
}

type fundMovesInput struct {
	InFund
	InPage
}

func (s *Server) listFundMoves(ctx context.Context, by access.Actor, in *fundMovesInput) (market.FundMoves, error) {
	return s.Market.FundMoves(ctx, by, in.Village.ID, in.Fund.ID, in.page())
}

type addMoneyInput struct {
	InFund
	Body market.MoneyRequest
}

func (s *Server) addMoney(ctx context.Context, by access.Actor, in *addMoneyInput) (market.Fund, error) {
	return s.Market.AddMoney(ctx, by, in.Village.ID, in.Fund.ID, in.Body)
}

type undoMoneyInput struct {
	InFund
	Move idParam `path:"move"`
	Body market.UndoRequest
}

func (s *Server) listUnpaidLots(ctx context.Context, by access.Actor, in *pageOfVillage) (market.UnpaidLots, error) {
	return s.Market.Unpaid(ctx, by, in.Village.ID, in.page())
}

func (s *Server) undoMoney(ctx context.Context, by access.Actor, in *undoMoneyInput) (market.Fund, error) {
	return s.Market.UndoMoney(ctx, by, in.Village.ID, in.Fund.ID, in.Move.ID, in.Body)
}

type payLotInput struct {
	InShop
	Lot  idParam `path:"lot"`
	Body market.PayRequest
}

func (s *Server) payLot(ctx context.Context, by access.Actor, in *payLotInput) (market.Fund, error) {
	return s.Market.PayLot(ctx, by, in.Village.ID, in.Shop.ID, in.Lot.ID, in.Body)
}

type sumFundsInput struct {
	Region idParam `path:"region"`
}

func (s *Server) sumFunds(ctx context.Context, by access.Actor, in *sumFundsInput) (market.Overviews, error) {
	return s.Market.Overviews(ctx, by, in.Region.ID)
}

func (s *Server) listStatements(ctx context.Context, by access.Actor, in *pageOfVillage) (market.Statements, error) {
	return s.Market.Statements(ctx, by, in.Village.ID, 0, in.page())
}

func (s *Server) listShopStatements(ctx context.Context, by access.Actor, in *pageOfShop) (market.Statements, error) {
	return s.Market.Statements(ctx, by, in.Village.ID, in.Shop.ID, in.page())
}

type previewStatementInput struct {
	InShop
	Month spanParam `query:"month" doc:"2026-11；空为本月"`
}

func (s *Server) previewStatement(ctx context.Context, by access.Actor, in *previewStatementInput) (market.Statement, error) {
	month := in.Month.Span
	if month == 0 {
		month = clock.MonthSpan(clock.DayOf(s.Now()))
	}
	return s.Market.PreviewStatement(ctx, by, in.Village.ID, in.Shop.ID, month)
}

func (s *Server) handInStatement(ctx context.Context, by access.Actor, in *atShop[market.StatementRequest]) (market.Statement, error) {
	return s.Market.HandIn(ctx, by, in.Village.ID, in.Shop.ID, in.Body)
}

// InStatement is one statement that was handed to a village.
type InStatement struct {
	InVillage
	Statement idParam `path:"statement"`
}

type decideStatementInput struct {
	InStatement
	Body market.DecideRequest
}

func (s *Server) decideStatement(ctx context.Context, by access.Actor, in *decideStatementInput) (market.Statement, error) {
	return s.Market.Decide(ctx, by, in.Village.ID, in.Statement.ID, in.Body)
}

type payStatementInput struct {
	InStatement
	Body market.PaymentRequest
}

func (s *Server) payStatement(ctx context.Context, by access.Actor, in *payStatementInput) (market.Statement, error) {
	return s.Market.PayStatement(ctx, by, in.Village.ID, in.Statement.ID, in.Body)
}

type undoPaymentInput struct {
	InStatement
	Body market.UndoRequest
}

func (s *Server) undoStatementPayment(ctx context.Context, by access.Actor, in *undoPaymentInput) (market.Statement, error) {
	return s.Market.UndoPayment(ctx, by, in.Village.ID, in.Statement.ID, in.Body)
}

type exportStatementInput struct {
	InShop
	Statement idParam `path:"statement"`
}

func (s *Server) exportStatement(ctx context.Context, by access.Actor, in *exportStatementInput) (*download, error) {
	return excel("statement", func(w io.Writer) error {
		return s.Market.ExportStatement(ctx, by, in.Village.ID, in.Shop.ID, in.Statement.ID, w)
	})
}

func (s *Server) listWishes(ctx context.Context, by access.Actor, in *InVillage) (market.Wishes, error) {
	return s.Market.Wishes(ctx, by, in.Village.ID)
}

func (s *Server) wish(ctx context.Context, by access.Actor, in *atHousehold[market.WishRequest]) (market.Wish, error) {
	return s.Market.Wish(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

type withdrawWishInput struct {
	InHousehold
	Wish idParam `path:"wish"`
	Body market.UnwishRequest
}

func (s *Server) withdrawWish(ctx context.Context, by access.Actor, in *withdrawWishInput) (market.Wish, error) {
	return s.Market.Unwish(ctx, by, in.Village.ID, in.Household.ID, in.Wish.ID, in.Body)
}

type answerWishInput struct {
	InVillage
	Wish idParam `path:"wish"`
	Body market.AnswerRequest
}

func (s *Server) answerWish(ctx context.Context, by access.Actor, in *answerWishInput) (market.Wish, error) {
	return s.Market.AnswerWish(ctx, by, in.Village.ID, in.Wish.ID, in.Body)
}
