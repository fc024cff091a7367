package market

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// fill adds up the month's redemptions that stand, by goods and by what a piece was worth when it was redeemed: the worth in
// force on the day, of those set before that moment.
func (st *Statement) fill(q query) error {
	type priced struct {
		goods id.ID
		fen   int64
	}
	book, err := worths(q, st.Shop)
	if err != nil {
		return fmt.Errorf("read worths: %w", err)
	}
	sums := map[priced]*StatementLine{}
	begins, ends := clock.Ms(st.Month.First().Start()), clock.Ms(st.Month.Last().Add(1).Start())
	receipts, err := readReceipts(q, "shop_id = ? AND redeemed_on >= ? AND redeemed_on <= ? AND village_id = ? AND state = ? AND created_at >= ? AND created_at < ? ORDER BY id",
		st.Shop, st.Month.First().Add(-maxLate), st.Month.Last(), st.Village, Done, begins, ends)
	if err != nil {
		return fmt.Errorf("read redemptions: %w", err)
	}
	st.Lines = []StatementLine{}
	for _, r := range receipts {
		for _, l := range r.Lines {
			k := priced{l.Goods, book.on(l.Goods, st.Village, r.On, r.CreatedAt)}
			if sums[k] == nil {
				sums[k] = &StatementLine{Goods: l.Goods, Name: l.Name, Unit: l.Unit, PieceFen: k.fen}
			}
			sums[k].Qty += l.Qty
			sums[k].Amount += l.Amount
		}
	}
	for _, l := range sums {
		l.WorthFen = l.Qty * l.PieceFen
		st.Pieces, st.Amount, st.WorthFen = st.Pieces+l.Qty, st.Amount+l.Amount, st.WorthFen+l.WorthFen
		st.Lines = append(st.Lines, *l)
	}
	slices.SortFunc(st.Lines, func(x, y StatementLine) int {
		return cmp.Or(cmp.Compare(x.Goods, y.Goods), cmp.Compare(x.PieceFen, y.PieceFen))
	})
	return nil
}

// maxLate is how many days after its day a redemption may be posted: it counts in the month in which it is.
const maxLate = 62

// worthBook holds the worths of a shop's goods, those set last first.
type worthBook map[id.ID][]worthRow

type worthRow struct {
	village id.ID
	from    clock.Day
	at, fen int64
}

func worths(q query, shop id.ID) (worthBook, error) {
	book := worthBook{}
	rows, err := q("SELECT p.goods_id, p.village_id, p.from_day, p.set_at, p.worth_fen FROM goods_prices p JOIN goods g ON g.id = p.goods_id WHERE g.shop_id = ? ORDER BY p.from_day DESC, p.id DESC", shop)
	return book, each(rows, err, func(r *sql.Rows) error {
		var goods id.ID
		var w worthRow
		err := r.Scan(&goods, &w.village, &w.from, &w.at, &w.fen)
		book[goods] = append(book[goods], w)
		return err
	})
}

func (b worthBook) on(goods, village id.ID, day clock.Day, at int64) int64 {
	for _, whose := range []id.ID{village, 0} {
		for _, w := range b[goods] {
			if w.village == whose && w.from <= day && w.at <= at {
				return w.fen
			}
		}
	}
	return 0
}
