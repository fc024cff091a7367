package market

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// maxWorth bounds what one piece may be worth, in fen.
const maxWorth = 100_000_000

// priceOn is the price of goods g for a village on a day (priceArgs), or 0: the village's own price if it has one, else the one for all. A
// basket has its prices by deskSQL.
const priceOn = "COALESCE((SELECT p.price " + ownPrice + "), (SELECT p.price " + commonPrice + "), 0)"

// worthOn is what a piece is worth in fen by the same row.
const worthOn = "COALESCE((SELECT p.worth_fen " + ownPrice + "), (SELECT p.worth_fen " + commonPrice + "), 0)"

const (
	ownPrice    = "FROM goods_prices p WHERE p.goods_id = g.id AND p.village_id = ? AND p.from_day <= ? AND p.over_day > ? ORDER BY p.from_day DESC, p.id DESC LIMIT 1"
	commonPrice = "FROM goods_prices p WHERE p.goods_id = g.id AND p.village_id = 0 AND p.from_day <= ? AND p.over_day > ? ORDER BY p.from_day DESC, p.id DESC LIMIT 1"
)

func priceArgs(in id.ID, day clock.Day) []any { return []any{in, day, day, day, day} }

// nextPrice are the prices of goods g that are still to come for a village (nextArgs): one for all takes no effect where the village has
// its own.
const nextPrice = `FROM goods_prices p WHERE p.goods_id = g.id AND p.from_day > ? AND p.village_id IN (0, ?) AND (p.village_id = ? OR NOT EXISTS
	(SELECT 1 FROM goods_prices o WHERE o.goods_id = g.id AND o.village_id = ? AND o.from_day <= ? AND o.over_day > ?))`

func nextArgs(in id.ID, today clock.Day) []any { return []any{today, in, in, in, today, today} }

func checkPrice(p points.Amount) error {
	if p <= 0 || p > MaxPrice {
		return wrong("price", "价格应在0.01到%s分之间", MaxPrice)
	}
	return nil
}

func checkWorth(fen int64) error {
	if fen < 0 || fen > maxWorth {
		return wrong("worth_fen", "每件的价值不对，请核对")
	}
	return nil
}

// SetPrice sets the price from a day on, today or later, for all villages or for one; the price set last for a day holds.
// Receipts keep the price they were made at.
func (s *Service) SetPrice(ctx context.Context, a access.Actor, in, shop, goods id.ID, r PriceRequest) (Goods, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Goods{}, err
	}
	if err := checkPrice(r.Price); err != nil {
		return Goods{}, err
	}
	if r.WorthFen != nil {
		if err := checkWorth(*r.WorthFen); err != nil {
			return Goods{}, err
		}
	}
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.goods.price", r, func(tx *storage.Tx, goods id.ID, now moment) error {
		from := r.From
		if from == 0 {
			from = now.day
		}
		if from < now.day || !from.Valid() || from > now.day.Add(366) {
			return wrong("from", "生效日期应从今天（%s）起，不超过一年", now.day)
		}
		if err := lockGoods(tx, shop, goods); err != nil {
			return err
		}
		if r.Village != 0 {
			if _, err := shopAt(tx.QueryRow, r.Village, shop, now.day); err != nil {
				return err
			}
		}
		worth := int64(0)
		if r.WorthFen != nil {
			worth = *r.WorthFen
		} else if err := tx.QueryRow("SELECT "+worthOn+" FROM goods g WHERE g.id = ?", append(priceArgs(r.Village, from), goods)...).Scan(&worth); err != nil {
			return fmt.Errorf("read worth: %w", err)
		}
		if err := valued(tx, shop, worth); err != nil {
			return err
		}
		return insertPrice(tx, goods, r.Village, from, r.Price, worth, a.User(), now)
	})
}

// EndPriceRequest ends the price that one village has of its own.
type EndPriceRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Village   id.ID  `json:"village,omitempty" doc:"whose own price; empty: that of the path"`
}

// ErrNoOwnPrice is refused where there is nothing to end.
var ErrNoOwnPrice = errs.New(errs.Conflict, "market_no_own_price", "这个村没有单独定价，用的就是大家的价格")

// EndOwnPrice ends a village's own price from now: the price for all holds there again. Own prices that were still to come are withdrawn.
func (s *Service) EndOwnPrice(ctx context.Context, a access.Actor, in, shop, goods id.ID, r EndPriceRequest) (Goods, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Goods{}, err
	}
	whose := cmp.Or(r.Village, in)
	return s.change(ctx, a, in, shop, goods, r.RequestID, "market.goods.price.end", r, func(tx *storage.Tx, goods id.ID, now moment) error {
		if err := lockGoods(tx, shop, goods); err != nil {
			return err
		}
		planned, err := tx.Exec("DELETE FROM goods_prices WHERE goods_id = ? AND village_id = ? AND from_day > ?", goods, whose, now.day)
		if err != nil {
			return fmt.Errorf("withdraw prices: %w", err)
		}
		held, err := tx.Exec("UPDATE goods_prices SET over_day = ?, ended_at = ? WHERE goods_id = ? AND village_id = ? AND over_day > ?", now.day, now.ms, goods, whose, now.day)
		if err != nil {
			return fmt.Errorf("end price: %w", err)
		}
		if planned+held == 0 {
			return ErrNoOwnPrice
		}
		return nil
	})
}

// valued refuses goods of a partner store that are worth nothing: it would give them out and be owed nothing, and a worth set later does
// not reach back.
func valued(tx *storage.Tx, shop id.ID, fen int64) error {
	if fen > 0 {
		return nil
	}
	var text string
	if err := tx.QueryRow("SELECT settings FROM shops WHERE id = ?", shop).Scan(&text); err != nil {
		return fmt.Errorf("read shop: %w", err)
	}
	set, err := readSettings(text)
	if err == nil && set.Kind == Partner {
		err = wrong("worth_fen", "请填写每件值多少钱，合作商店月底按它结算")
	}
	return err
}

// insertPrice adds a price of goods that are locked. What it takes over from ends on its first day; where a later price is set
// already, it ends on that one's.
func insertPrice(tx *storage.Tx, goods, village id.ID, from clock.Day, price points.Amount, worth int64, by id.ID, now moment) error {
	over := clock.Forever
	if err := tx.QueryRow("SELECT COALESCE(MIN(from_day), ?) FROM goods_prices WHERE goods_id = ? AND village_id = ? AND from_day > ?", over, goods, village, from).Scan(&over); err != nil {
		return fmt.Errorf("read later price: %w", err)
	}
	if _, err := tx.Exec("UPDATE goods_prices SET over_day = ? WHERE goods_id = ? AND village_id = ? AND from_day <= ? AND over_day > ?", from, goods, village, from, from); err != nil {
		return fmt.Errorf("end price: %w", err)
	}
	if _, err := tx.Exec("INSERT INTO goods_prices (id, goods_id, village_id, from_day, over_day, price, worth_fen, set_by, set_at) VALUES (?,?,?,?,?,?,?,?,?)",
		tx.NewID(), goods, village, from, over, int64(price), worth, by, now.ms); err != nil {
		return fmt.Errorf("insert price: %w", err)
	}
	return nil
}

// Prices is the history of a goods' prices, newest first, at most 100.
func (s *Service) Prices(ctx context.Context, a access.Actor, in, shop, goods id.ID) (Prices, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Prices{}, err
	}
	if _, err := s.oneGoods(ctx, a.User(), in, shop, goods); err != nil {
		return Prices{}, err
	}
	list, users := []Price{}, []id.ID{}
	rows, err := s.db.Query(ctx, "SELECT price, from_day, village_id, worth_fen, set_at, ended_at, set_by FROM goods_prices WHERE goods_id = ? ORDER BY from_day DESC, id DESC LIMIT 100", goods)
	err = each(rows, err, func(r *sql.Rows) error {
		var p Price
		err := r.Scan(&p.Price, &p.From, &p.Village, &p.WorthFen, &p.SetAt, &p.EndedAt, &p.By)
		list, users = append(list, p), append(users, p.By)
		return err
	})
	if err != nil {
		return Prices{}, err
	}
	names, err := s.userNames(ctx, users)
	for i := range list {
		list[i].ByName = names[list[i].By]
	}
	return Prices{list}, err
}
