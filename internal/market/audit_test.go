package market_test

import (
	"testing"

	"hefen/internal/market"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestAuditFinds: each kind of damage, done behind the program's back, is named by the audit.
func TestAuditFinds(t *testing.T) {
	for name, damage := range map[string]string{
		"stock without a move":         "UPDATE stock_lots SET qty_left = qty_left + 1",
		"a move that is lost":          "DELETE FROM stock_moves WHERE kind = 'damage'",
		"a move of a lost lot":         "DELETE FROM stock_lots",
		"a posting that is lost":       "DELETE FROM entries WHERE kind = 'redeem'",
		"a posting of less":            "UPDATE entries SET amount = amount + 1 WHERE kind = 'redeem'",
		"paid by somebody else":        "UPDATE entries SET account_id = 7 WHERE kind = 'redeem'",
		"a redemption that is lost":    "DELETE FROM redemptions WHERE state = 'done'",
		"a total that is wrong":        "UPDATE redemptions SET total = total + 1",
		"a cancel without a reversal":  "UPDATE redemptions SET state = 'cancelled' WHERE state = 'done'",
		"a reversal without a cancel":  "UPDATE redemptions SET state = 'done' WHERE state = 'cancelled'",
		"goods at another price":       "UPDATE stock_moves SET price = price + 1 WHERE kind = 'redeem'",
		"goods that did not come back": "DELETE FROM stock_moves WHERE kind = 'return'",
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *storage.DB) {
				w := newWorld(t, db, 1)
				w.give(w.households[0], 10_000)
				soap := w.goods("香皂", 250, 10)
				_, err := w.move(soap, market.MoveRequest{Kind: market.Damage, Qty: 1, Note: "破损"})
				must(t, err)
				_, err = w.redeem(w.households[0], 500, want(soap, 2))
				must(t, err)
				r, err := w.redeem(w.households[0], 250, want(soap, 1))
				must(t, err)
				_, err = w.cancel(r.ID)
				must(t, err)
				audit(t, db)
				execute(t, db, damage)
				report, err := market.Audit(ctx, db)
				must(t, err)
				if report.OK() {
					t.Errorf("the audit sees nothing:\n%s", report)
				}
			})
		})
	}
}
