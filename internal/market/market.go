// Package market is the points supermarket (积分超市): shops, the goods they give for points, their stock in lots, and the
// redemptions in which a household's points become goods. Stock is a fold over append-only moves; points and goods of a
// redemption move in one transaction, and a cancelled redemption gives back exactly what it took.
//
// Locks are taken in one order: the account (ledger.Guard), then a goods row (stock-keeping only), then lots by id. The
// lot everybody wants is updated last, conditionally; who loses a race for it plans again from the start.
package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Limits of what one call may carry.
const (
	MaxLines  = 20      // kinds of goods in one basket
	MaxQty    = 999     // pieces of one goods in one basket
	MaxMove   = 100_000 // pieces in one stock move
	MaxPrice  = points.Amount(100_000 * points.Point)
	MaxServed = 200 // villages of one shop
	MaxPage   = 100 // rows of a page
)

// Who may do what. Officials act for the village's own shop; a town's shop is run by its keepers and the county.
var (
	MayRedeem    = access.Need{Scope: access.Shop, Roles: []access.Role{access.Keeper, access.TeamMember, access.FirstSecretary}}
	MayCancel    = MayRedeem
	MayKeepStock = MayRedeem
	MayRunShops  = access.Need{Scope: access.Village, Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}}
	MaySeeShops  = access.Need{Scope: access.Village, Roles: access.Everyone}
	MaySeeStock  = access.Need{Scope: access.Shop, Roles: []access.Role{access.Keeper, access.TeamMember, access.FirstSecretary,
		access.VillageSupervisor, access.Supervisor, access.CountyAdmin}}
	MaySeeRedemptions = MaySeeStock
	MaySeeOwn         = access.Need{Scope: access.Self, Roles: []access.Role{access.TeamMember, access.FirstSecretary,
		access.VillageSupervisor, access.Supervisor, access.CountyAdmin}}

	ownsRegion = access.Need{Scope: access.Region, Roles: []access.Role{access.CountyAdmin}}
)

var (
	ErrInvalid      = errs.New(errs.Invalid, "market_invalid", "填写的内容有误，请按提示修改")
	ErrNoShop       = errs.New(errs.NotFound, "market_shop_not_found", "没有这个超市，请返回重新选择")
	ErrNotServed    = errs.New(errs.Conflict, "market_shop_not_serving", "这个超市不为本村办理兑换，请到本村的积分超市")
	ErrShopClosed   = errs.New(errs.Conflict, "market_shop_closed", "超市现在不办理兑换，请等开门后再来")
	ErrShopName     = errs.New(errs.Conflict, "market_shop_name_taken", "已经有同名的超市，请换一个名字")
	ErrNoGoods      = errs.New(errs.NotFound, "market_goods_not_found", "本超市没有这样商品，请刷新商品列表后重选")
	ErrGoodsName    = errs.New(errs.Conflict, "market_goods_name_taken", "本超市已有同名商品，请修改原来的那一个或换一个名字")
	ErrGoodsPaused  = errs.New(errs.Conflict, "market_goods_paused", "这样商品暂停兑换，请换一样")
	ErrNoPrice      = errs.New(errs.Conflict, "market_goods_no_price", "这样商品今天还没有定价，请先定价")
	ErrSoldOut      = errs.New(errs.Conflict, "market_sold_out", "库存不够，请减少数量或换一样")
	ErrPriceChanged = errs.New(errs.Conflict, "market_price_changed", "价格已经变动，请按新价格重新确认")
	ErrSuspended    = errs.New(errs.Conflict, "market_household_suspended", "这一户（人）已暂停参加积分，暂不能兑换，请向村里了解原因")
	ErrNoRedemption = errs.New(errs.NotFound, "market_redemption_not_found", "没有找到这笔兑换，请核对兑换号")
	ErrCancelled    = errs.New(errs.Conflict, "market_already_cancelled", "这笔兑换已经取消过了，不会重复退还")
	ErrCancelDay    = errs.New(errs.Conflict, "market_cancel_too_late", "只能在兑换当天取消。货物有问题请到店换货，积分有误请向村里提出更正")
	ErrCancelOff    = errs.New(errs.Conflict, "market_cancel_not_allowed", "本村细则规定兑换后不能取消。货物有问题请到店换货，积分有误请向村里提出更正")
	ErrNoLot        = errs.New(errs.NotFound, "market_lot_not_found", "没有可以登记的批次，请先登记进货或捐赠")
	ErrStock        = errs.New(errs.Conflict, "market_stock_too_low", "登记的数量比库存多，请核对后再填")
)

// errRace ends an attempt whose plan met less stock than it had read; nothing of it stands, and it is planned again.
var errRace = errors.New("market: stock moved meanwhile")

// raceTries bounds planning again. Every lost race means that somebody else took the stock, so it ends soon.
const raceTries = 30

// Service is the supermarket of all villages.
type Service struct {
	db     *storage.DB
	now    clock.Clock
	people *village.Service
	books  *rulebook.Book
	names  Names
	pin    CheckPIN       // nil: PINs prove nothing here
	photos *media.Service // nil: goods have no pictures here

	officers Officers // nil: no official fetches for a household here
}

// Names tells what users are called: access.Service.Names.
type Names func(ctx context.Context, users ...id.ID) (map[id.ID]string, error)

// New makes the service. names gives the keepers' names.
func New(db *storage.DB, now clock.Clock, people *village.Service, books *rulebook.Book, names Names) *Service {
	return &Service{db: db, now: now, people: people, books: books, names: names}
}

// userNames names users, each asked once.
func (s *Service) userNames(ctx context.Context, users []id.ID) (map[id.ID]string, error) {
	slices.Sort(users)
	return s.names(ctx, slices.Compact(users)...)
}

// inTx is storage.InTx that plans again after a lost race for stock.
func (s *Service) inTx(ctx context.Context, fn func(tx *storage.Tx) error) error {
	for range raceTries {
		if err := s.db.InTx(ctx, fn); !errors.Is(err, errRace) {
			return err
		}
	}
	return storage.ErrBusy.Wrap(errRace)
}

// once runs a write once: fn does it under the id at, which it makes or names. It answers the id under which it was first done, and
// whether that was before; a repeat with another body is refused.
func (s *Service) once(ctx context.Context, a access.Actor, request, op string, body any, at id.ID, fn func(tx *storage.Tx) error) (of id.ID, repeated bool, err error) {
	err = s.inTx(ctx, func(tx *storage.Tx) (err error) {
		if of, repeated, err = tx.Once(a.User(), request, op, body, at); err != nil || repeated {
			return err
		}
		return fn(tx)
	})
	return of, repeated, err
}

// Page is what lists are asked for: rows after a cursor (empty: from the start), at most Limit (0: 50).
type Page struct {
	Cursor string
	Limit  int
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, MaxPage)
}

// rows is the clause that reads one row more than the page shows. The number stands in the text: with a parameter there
// SQLite compiles the statement anew each time.
func (p Page) rows() string { return " LIMIT " + strconv.Itoa(p.limit()+1) }

// from is the id the cursor stands for, start without one.
func (p Page) from(start id.ID) (id.ID, error) {
	if p.Cursor == "" {
		return start, nil
	}
	i, err := id.Parse(p.Cursor)
	if err != nil {
		return 0, wrong("cursor", "翻页位置不对，请从第一页重新打开")
	}
	return i, nil
}

const newest id.ID = 1<<63 - 1

// cut takes the row too many off a page that was read with one more than its limit.
func cut[T any](rows []T, limit int, key func(T) id.ID) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, key(rows[limit-1]).String()
}

// queryRow and query are what a read needs, inside or outside a transaction.
type (
	queryRow func(query string, args ...any) *sql.Row
	query    func(query string, args ...any) (*sql.Rows, error)
)

func (s *Service) row(ctx context.Context) queryRow {
	return func(q string, args ...any) *sql.Row { return s.db.QueryRow(ctx, q, args...) }
}

func (s *Service) query(ctx context.Context) query {
	return func(q string, args ...any) (*sql.Rows, error) { return s.db.Query(ctx, q, args...) }
}

// each scans every row.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func wrong(path, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	return ErrInvalid.With("%s", msg).WithFields(errs.Field{Path: path, Msg: msg})
}

// text checks a piece of writing: not blank if it must be there, at most max characters.
func text(path, name, value string, must bool, max int) error {
	switch n := utf8.RuneCountInString(value); {
	case must && strings.TrimSpace(value) == "":
		return wrong(path, "请填写%s", name)
	case n > max:
		return wrong(path, "%s太长，最多%d个字", name, max)
	case !utf8.ValidString(value):
		return wrong(path, "%s里有不能识别的字符", name)
	}
	return nil
}
