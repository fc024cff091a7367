package market_test

import (
	"cmp"
	"slices"

	"pgregory.net/rapid"

	"hefen/internal/id"
	"hefen/internal/market"
)

// held are the pieces of goods that lie in the shop for reservations.
func (k *walk) held(goods id.ID) (n int64) {
	for _, s := range k.kept {
		for l, took := range s.took {
			if slices.Contains(k.lots[goods], l) {
				n += took
			}
		}
	}
	return n
}

// takeBack undoes the last receipt or write-off that paper remembers, if its pieces are still there.
func (k *walk) takeBack(rt *rapid.T) {
	g := k.pick(rt)
	moves, err := k.market.Moves(ctx, k.keeper, k.village, k.shop, g, market.Page{Limit: 100})
	refused(rt, err, nil)
	for _, m := range moves.Items {
		if m.Kind != market.Purchase || k.undone[m.Ref] {
			continue
		}
		_, err := k.market.UndoMove(ctx, k.keeper, k.village, k.shop, m.Ref, market.UndoRequest{RequestID: k.request(), Reason: "录错"})
		pile := k.byLot[m.Lot]
		if pile.left < m.Qty {
			refused(rt, err, market.ErrStock)
			return
		}
		refused(rt, err, nil)
		pile.left -= m.Qty
		k.undone[m.Ref] = true
		return
	}
	rt.Skip("nothing to take back")
}

// stocktake counts both goods.
func (k *walk) stocktake(rt *rapid.T) {
	type diff struct {
		goods id.ID
		by    int64
	}
	var diffs []diff
	var lines []market.CountEntry
	for _, g := range k.goods {
		have := stock(k.good(g, false)) + k.held(g)
		found := rapid.Int64Range(max(k.held(g), have-2), have+2).Draw(rt, "found")
		if len(k.good(g, false)) == 0 {
			found = have
		}
		lines, diffs = append(lines, market.CountEntry{Goods: g, Found: found, Reason: "盘点"}), append(diffs, diff{g, found - have})
	}
	take := k.world.stocktake(k.keeper, lines...)
	_, err := k.market.SendStocktake(ctx, k.keeper, k.village, k.shop, take, k.step(""))
	refused(rt, err, nil)
	for _, d := range diffs {
		list := k.good(d.goods, false)
		if d.by > 0 {
			slices.MaxFunc(list, func(x, y *pile) int { return cmp.Compare(x.order, y.order) }).left += d.by
		} else {
			draw(list, -d.by, nil)
		}
	}
}
