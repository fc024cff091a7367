package market_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestPriceOfTheDay: a basket, which chooses among all prices itself, pays what the lists show, whatever was set when, for all
// villages or for one, more than once for a day, or for a day to come.
func TestPriceOfTheDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 0)
		for n := range 40 {
			soap := w.goods(fmt.Sprint("香皂", n), 1, 5)
			must(t, db.InTx(ctx, func(tx *storage.Tx) error {
				if _, err := tx.Exec("DELETE FROM goods_prices WHERE goods_id = ?", soap); err != nil {
					return err
				}
				for i := range rand.IntN(8) {
					of := []id.ID{0, w.village, w.other}[rand.IntN(3)]
					if err := market.InsertPrice(tx, soap, of, today.Add(rand.IntN(9)-3), points.Amount(100+i)); err != nil {
						return err
					}
				}
				for n := range 6 {
					basket, list, err := market.PricesOf(tx, w.village, w.shop, soap, today.Add(n).Start())
					if err != nil {
						return err
					}
					if basket != list {
						t.Errorf("%s in a basket, %s in the list", basket, list)
					}
				}
				return nil
			}))
		}
		audit(t, db)
	})
}
