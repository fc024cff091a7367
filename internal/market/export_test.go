package market

import (
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// PhoneCodeAt is what the phone computes.
var PhoneCodeAt = phoneCodeAt

// PricesOf is what goods cost at a moment as a basket has it and as lists have it.
func PricesOf(tx *storage.Tx, in, shop, goods id.ID, at time.Time) (basket, list points.Amount, err error) {
	d, err := readDesk(tx, in, shop, 0, []Want{{Goods: goods, Qty: 1}}, at, clock.DayOf(at))
	if err != nil {
		return 0, 0, err
	}
	all, err := readGoods(tx.Query, in, clock.DayOf(at), "g.id = ?", goods)
	if err != nil {
		return 0, 0, err
	}
	return d.shelves[goods].price, all[0].Price, nil
}

// Yuan is how sentences name money.
var Yuan = yuan

// InsertPrice sets a price, also for a day that is over.
func InsertPrice(tx *storage.Tx, goods, village id.ID, from clock.Day, price points.Amount) error {
	return insertPrice(tx, goods, village, from, price, 0, 1, moment{day: from, ms: 1})
}
