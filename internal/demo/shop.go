package demo

import (
	"context"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/village"
)

// openShop opens the village's shop with its keeper, its terms, its money and its first stock.
func (l *loader) openShop(ctx context.Context, p *place) error {
	shop, err := l.market.CreateShop(ctx, p.secretary, p.id, market.ShopRequest{RequestID: l.request(), Name: p.spec.shop, Address: p.spec.name + "村部一楼", Hours: "每月10日、25日 8:30—17:00"})
	if err != nil {
		return err
	}
	p.shop = shop.ID
	code := "keeper"
	if p.spec.code != linyuan.code {
		code += "-" + p.spec.code[8:]
	}
	if p.keeper, err = l.official(ctx, code, p.spec.keeper, access.Keeper, access.Place{Village: p.id, Shop: p.shop}, p, "兑换商品、管库存"); err != nil {
		return err
	}
	if err := l.money(ctx, p); err != nil {
		return err
	}
	terms := market.ShopTerms{ProofAbove: 50 * points.Point, TopUpPercent: 30, ReserveDays: 7, AgentLimit: 10, LeaseLimit: 50 * points.Point}
	if _, err := l.market.SetTerms(ctx, p.secretary, p.id, p.shop, market.TermsRequest{RequestID: l.request(), ShopTerms: terms}); err != nil {
		return err
	}
	for _, g := range p.spec.goods {
		made, err := l.market.CreateGoods(ctx, p.secretary, p.id, p.shop, market.GoodsRequest{RequestID: l.request(), Name: g.name, Unit: g.unit,
			Price: points.Amount(g.price) * points.Point, ReorderAt: g.stock / 4, WorthFen: g.cost * 100})
		if err != nil {
			return fmt.Errorf("goods %s: %w", g.name, err)
		}
		if _, err := l.market.MoveStock(ctx, p.secretary, p.id, p.shop, made.ID, market.MoveRequest{RequestID: l.request(), Kind: market.Purchase, Qty: g.stock,
			Origin: "县城批发部", CostFen: g.stock * g.cost * 100, Fund: p.fund}); err != nil {
			return fmt.Errorf("stock of %s: %w", g.name, err)
		}
		p.stock = append(p.stock, made)
	}
	if p.spec.code != linyuan.code {
		return nil
	}
	return l.extras(ctx, p)
}

// money makes the fund that the shop buys from, and says what a point is worth.
func (l *loader) money(ctx context.Context, p *place) error {
	fund, err := l.market.CreateFund(ctx, p.secretary, p.id, market.FundRequest{RequestID: l.request(), Name: "积分超市资金", Source: "村集体经济"})
	if err != nil {
		return err
	}
	p.fund = fund.ID
	if _, err := l.market.AddMoney(ctx, p.secretary, p.id, p.fund, market.MoneyRequest{RequestID: l.request(), AmountFen: p.spec.fund * 100, Note: "年初从村集体经济转入"}); err != nil {
		return err
	}
	_, err = l.market.SetPointValue(ctx, p.secretary, p.id, market.PointValueRequest{FenPerPoint: p.spec.fenPerPoint})
	return err
}

// store is the partner store of a village: an ordinary shop that gives some of its goods for points.
type store struct {
	shop   id.ID
	keeper access.Actor
	goods  []market.Goods
	fund   id.ID // what pays its statements
}

// extras are what only 林源村 shows: cards known to leases, a limit, a fee that points take off, and a partner store.
func (l *loader) extras(ctx context.Context, p *place) error {
	if _, _, err := l.villages.ReplaceCodes(ctx, village.Write{Village: p.id, On: l.first}, p.homes); err != nil {
		return err
	}
	for i, g := range p.stock {
		if p.spec.goods[i].name != "食用油" {
			continue
		}
		if _, err := l.market.SetGoodsTerms(ctx, p.secretary, p.id, p.shop, g.ID, market.GoodsTermsRequest{RequestID: l.request(), GoodsTerms: market.GoodsTerms{LimitQty: 2, LimitSpan: "quarter"}}); err != nil {
			return err
		}
	}
	fee, err := l.market.CreateGoods(ctx, p.secretary, p.id, p.shop, market.GoodsRequest{RequestID: l.request(), Name: "卫生费抵扣", Unit: "元", Price: 2 * points.Point, WorthFen: 100})
	if err != nil {
		return err
	}
	if _, err := l.market.SetGoodsTerms(ctx, p.secretary, p.id, p.shop, fee.ID, market.GoodsTermsRequest{RequestID: l.request(), GoodsTerms: market.GoodsTerms{LimitQty: 50, LimitSpan: "year", Fee: true}}); err != nil {
		return err
	}
	return l.openStore(ctx, p)
}

func (l *loader) openStore(ctx context.Context, p *place) error {
	shop, err := l.market.CreateShop(ctx, p.secretary, p.id, market.ShopRequest{RequestID: l.request(), Name: "桥头便民店", Kind: market.Partner, Address: "林源村桥头", Hours: "每天 7:00—21:00"})
	if err != nil {
		return err
	}
	p.store.shop = shop.ID
	if p.store.keeper, err = l.official(ctx, "store", "龙春桃", access.Keeper, access.Place{Village: p.id, Shop: shop.ID}, p, "合作商店：兑换自家的货，按月结算"); err != nil {
		return err
	}
	fund, err := l.market.CreateFund(ctx, p.secretary, p.id, market.FundRequest{RequestID: l.request(), Name: "帮扶单位资金", Source: "县农业农村局帮扶"})
	if err != nil {
		return err
	}
	p.store.fund = fund.ID
	if _, err := l.market.AddMoney(ctx, p.secretary, p.id, fund.ID, market.MoneyRequest{RequestID: l.request(), AmountFen: 10_000_00, Note: "帮扶协议首笔"}); err != nil {
		return err
	}
	for _, g := range []goods{{"电池", "对", 8, 500, 5}, {"雨伞", "把", 30, 200, 18}, {"保温杯", "个", 45, 200, 27}} {
		made, err := l.market.CreateGoods(ctx, p.store.keeper, p.id, shop.ID, market.GoodsRequest{RequestID: l.request(), Name: g.name, Unit: g.unit, Price: points.Amount(g.price) * points.Point, WorthFen: g.cost * 100})
		if err != nil {
			return err
		}
		if _, err := l.market.MoveStock(ctx, p.store.keeper, p.id, shop.ID, made.ID, market.MoveRequest{RequestID: l.request(), Kind: market.Purchase, Qty: g.stock, Origin: "店里自有"}); err != nil {
			return err
		}
		p.store.goods = append(p.store.goods, made)
	}
	return nil
}

// redemptions: on the 10th and the 25th a part of the village comes with what it has.
func (l *loader) redemptions(ctx context.Context, p *place, day clock.Day) error {
	if day.Dom() != 10 && day.Dom() != 25 {
		return nil
	}
	come := some(l.rand, p.accounts, len(p.accounts)/4)
	for i, account := range come {
		l.set(day, 8+i/12, 30+i%12*2)
		if err := l.shopping(ctx, p, account); err != nil {
			return err
		}
	}
	return nil
}

// shopping fills a basket with what the balance allows and changes its mind now and then.
func (l *loader) shopping(ctx context.Context, p *place, account id.ID) error {
	balance, err := l.spendable(ctx, account)
	if err != nil {
		return err
	}
	req := market.RedeemRequest{RequestID: l.request(), Signed: true}
	if p.spec.scheme == "linyuan.yaml" {
		req.Household = account
	} else {
		req.Member = account
	}
	for _, g := range some(l.rand, p.stock, 3) {
		if g.Price > balance-req.Total {
			continue
		}
		qty := int64(1)
		if g.Price*2 <= balance-req.Total && g.Price < 10*points.Point {
			qty = 2
		}
		req.Lines = append(req.Lines, market.Want{Goods: g.ID, Qty: qty})
		req.Total += g.Price * points.Amount(qty)
	}
	if len(req.Lines) == 0 {
		return nil
	}
	receipt, err := l.market.Redeem(ctx, p.keeper, p.id, p.shop, req)
	if errs.KindOf(err) == errs.Conflict { // sold out: comes again another day
		return nil
	}
	if err != nil {
		return err
	}
	if l.chance(2) {
		_, err = l.market.Cancel(ctx, p.keeper, p.id, p.shop, receipt.ID, market.CancelRequest{RequestID: l.request(), Reason: "拿错了商品"})
	}
	return err
}

func (l *loader) spendable(ctx context.Context, account id.ID) (points.Amount, error) {
	balances, err := ledger.Balances(ctx, l.db, account)
	var sum points.Amount
	for _, b := range balances {
		if b.Kind == "spend" && b.Bucket == ledger.Available {
			sum += b.Amount
		}
	}
	return sum, err
}

// restock: on the 1st of each quarter the fund grows and the shop buys what has gone out, and is given something in autumn.
func (l *loader) restock(ctx context.Context, p *place, day clock.Day) error {
	if day.Dom() != 1 || day.Month()%3 != 1 || day == l.first {
		return nil
	}
	l.set(day, 14, 0)
	if _, err := l.market.AddMoney(ctx, p.secretary, p.id, p.fund, market.MoneyRequest{RequestID: l.request(), AmountFen: p.spec.quarterly * 100, Note: "村集体经济收益转入"}); err != nil {
		return err
	}
	list, err := l.market.Goods(ctx, p.secretary, p.id, p.shop, true, market.Page{})
	if err != nil {
		return err
	}
	for i, g := range p.stock {
		at := slices.IndexFunc(list.Items, func(x market.Goods) bool { return x.ID == g.ID })
		missing := p.spec.goods[i].stock - list.Items[at].Stock
		move := market.MoveRequest{RequestID: l.request(), Kind: market.Purchase, Qty: missing, Origin: "县城批发部", CostFen: missing * p.spec.goods[i].cost * 100, Fund: p.fund}
		if i == 0 && day.Month() == 10 {
			move = market.MoveRequest{RequestID: l.request(), Kind: market.Donation, Qty: 60, Origin: "县农业农村局", Thanked: true}
		}
		if move.Qty <= 0 {
			continue
		}
		if _, err := l.market.MoveStock(ctx, p.secretary, p.id, p.shop, g.ID, move); errs.KindOf(err) == errs.Conflict { // the fund is empty
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// atStore: on the 18th some buy at the partner store; on the 2nd it hands in the month's statement, which the village
// approves and pays. The newest one still waits.
func (l *loader) atStore(ctx context.Context, p *place, day clock.Day) error {
	if p.store.shop == 0 {
		return nil
	}
	switch day.Dom() {
	case 18:
		for i, account := range some(l.rand, p.accounts, 12) {
			l.set(day, 16+i/6, i%6*9)
			if err := l.buy(ctx, p, account); err != nil {
				return err
			}
		}
	case 2:
		return l.statement(ctx, p, day)
	}
	return nil
}

func (l *loader) buy(ctx context.Context, p *place, household id.ID) error {
	g := pick(l.rand, p.store.goods)
	balance, err := l.spendable(ctx, household)
	if err != nil || balance < g.Price {
		return err
	}
	_, err = l.market.Redeem(ctx, p.store.keeper, p.id, p.store.shop, market.RedeemRequest{RequestID: l.request(), Household: household, Total: g.Price,
		Lines: []market.Want{{Goods: g.ID, Qty: 1}}})
	return err
}

func (l *loader) statement(ctx context.Context, p *place, day clock.Day) error {
	l.set(day, 9, 0)
	month := clock.MonthSpan(day.Add(-2))
	if month.First() < l.first {
		return nil
	}
	made, err := l.market.HandIn(ctx, p.store.keeper, p.id, p.store.shop, market.StatementRequest{RequestID: l.request(), Month: month})
	if errs.KindOf(err) == errs.Conflict { // nobody came
		return nil
	}
	if err != nil || l.today.Sub(day) < 28 {
		return err
	}
	l.set(day, 15, 0)
	if _, err := l.market.Decide(ctx, p.secretary, p.id, made.ID, market.DecideRequest{RequestID: l.request(), Approve: true}); err != nil {
		return err
	}
	_, err = l.market.PayStatement(ctx, p.secretary, p.id, made.ID, market.PaymentRequest{RequestID: l.request(), Fund: p.store.fund, Note: "转账，凭证在村部"})
	return err
}

// lately is what of the last weeks can still be seen: wishes, a gift fetched by a neighbour, and a reservation that waits.
func (l *loader) lately(ctx context.Context, p *place, day clock.Day) error {
	if p.spec.code != linyuan.code {
		return nil
	}
	switch l.today.Sub(day) {
	case 20:
		l.set(day, 19, 30)
		return l.wishes(ctx, p)
	case 5:
		l.set(day, 10, 40)
		return l.fetched(ctx, p)
	case 0:
		l.set(day, 8, 10)
		return l.reserve(ctx, p)
	}
	return nil
}

func (l *loader) wishes(ctx context.Context, p *place) error {
	for i, thing := range []string{"老花镜", "儿童雨靴", "老花镜", "电饭锅", "老 花 镜", "儿童雨靴", "磨刀石"} {
		wish, err := l.market.Wish(ctx, p.team, p.id, p.homes[i*5+2], market.WishRequest{RequestID: l.request(), Thing: thing})
		if err != nil {
			return err
		}
		if thing != "磨刀石" {
			continue
		}
		if _, err := l.market.AnswerWish(ctx, p.secretary, p.id, wish.ID, market.AnswerRequest{RequestID: l.request(), State: market.WishMet, Answer: "下月10日到货"}); err != nil {
			return err
		}
	}
	return nil
}

// fetched: a neighbour fetches soap for somebody who cannot walk far.
func (l *loader) fetched(ctx context.Context, p *place) error {
	agent, err := l.villages.Detail(ctx, p.id, p.homes[9], l.today)
	if err != nil {
		return err
	}
	return ignoreConflict(l.market.Redeem(ctx, p.keeper, p.id, p.shop, market.RedeemRequest{RequestID: l.request(), Household: p.homes[0], Signed: true, Total: p.stock[0].Price,
		Lines: []market.Want{{Goods: p.stock[0].ID, Qty: 1}}, Agent: &market.AgentRequest{Member: agent.People[0].ID, Relation: "neighbour"}}))
}

// reserve: the first household that can be tried has something waiting at the shop, as far as its points go.
func (l *loader) reserve(ctx context.Context, p *place) error {
	return ignoreConflict(l.market.Reserve(ctx, p.voice[p.homes[0]], p.id, p.homes[0], market.ReserveRequest{RequestID: l.request(), Shop: p.shop,
		Lines: []market.Want{{Goods: p.stock[0].ID, Qty: 1}}, Total: p.stock[0].Price}))
}

// ignoreConflict: who has no points goes home without, in a demonstration too.
func ignoreConflict[T any](_ T, err error) error {
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}
