package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
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
	receipts, err := givenIn(q, st.Shop, st.Village, st.Month)
	if err != nil {
		return err
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

// givenIn are the redemptions of a village's people in a shop that stand and count in a month.
func givenIn(q query, shop, village id.ID, month clock.Span) ([]Receipt, error) {
	begins, ends := clock.Ms(month.First().Start()), clock.Ms(month.Last().Add(1).Start())
	receipts, err := readReceipts(q, "shop_id = ? AND redeemed_on >= ? AND redeemed_on <= ? AND village_id = ? AND state = ? AND created_at >= ? AND created_at < ? ORDER BY id",
		shop, month.First().Add(-maxLate), month.Last(), village, Done, begins, ends)
	if err != nil {
		return nil, fmt.Errorf("read redemptions: %w", err)
	}
	return receipts, nil
}

// owedMonths is how far back redemptions are looked for that no statement has claimed.
const owedMonths = 12

// partnerFen is what a village owes its partner stores: statements that are not paid, and what was given out in the months for which
// none stands, this one included.
func (s *Service) partnerFen(ctx context.Context, in id.ID, today clock.Day) (owed int64, err error) {
	stores := map[id.ID]map[clock.Span]bool{} // the months with a statement
	rows, err := s.db.Query(ctx, "SELECT DISTINCT o.id, o.settings FROM shops o JOIN shop_villages v ON v.shop_id = o.id WHERE v.village_id = ?", in)
	if err := each(rows, err, func(r *sql.Rows) error {
		var shop id.ID
		var text string
		if err := r.Scan(&shop, &text); err != nil {
			return err
		}
		set, err := readSettings(text)
		if set.Kind == Partner {
			stores[shop] = map[clock.Span]bool{}
		}
		return err
	}); err != nil || len(stores) == 0 {
		return 0, err
	}
	rows, err = s.db.Query(ctx, "SELECT shop_id, month, state, worth_fen FROM statements WHERE village_id = ? AND state <> ?", in, Returned)
	if err := each(rows, err, func(r *sql.Rows) error {
		var shop id.ID
		var month clock.Span
		var state string
		var fen int64
		err := r.Scan(&shop, &month, &state, &fen)
		if stores[shop] != nil {
			stores[shop][month] = true
		}
		if state != PaidOut {
			owed += fen
		}
		return err
	}); err != nil {
		return 0, err
	}
	for shop, stated := range stores {
		book, err := worths(s.query(ctx), shop)
		if err != nil {
			return 0, err
		}
		first, err := s.firstGiven(ctx, shop, in, today.StartOfMonth().AddMonths(1-owedMonths).Add(-maxLate))
		if err != nil {
			return 0, err
		}
		for n := range owedMonths {
			month := clock.MonthSpan(today.StartOfMonth().AddMonths(-n))
			if first == 0 || month < clock.MonthSpan(first) {
				break
			}
			if stated[month] {
				continue
			}
			receipts, err := givenIn(s.query(ctx), shop, in, month)
			if err != nil {
				return 0, err
			}
			for _, r := range receipts {
				for _, l := range r.Lines {
					owed += l.Qty * book.on(l.Goods, in, r.On, r.CreatedAt)
				}
			}
		}
	}
	return owed, nil
}

// firstGiven is the day of a village's first redemption in a shop from a day on, or 0: a store that began last month is not asked for a year.
func (s *Service) firstGiven(ctx context.Context, shop, in id.ID, from clock.Day) (first clock.Day, err error) {
	err = s.db.QueryRow(ctx, "SELECT redeemed_on FROM redemptions WHERE shop_id = ? AND village_id = ? AND redeemed_on >= ? ORDER BY redeemed_on LIMIT 1", shop, in, from).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("first redemption: %w", err)
	}
	return first, nil
}

// maxLate is how many days after its day a redemption may be posted: it counts in the month in which it is.
const maxLate = 62

// worthBook holds the worths of a shop's goods, those set last first.
type worthBook map[id.ID][]worthRow

type worthRow struct {
	village id.ID
	from    clock.Day
	at, fen int64
	ended   int64 // when a village's own price was ended; 0: it was not
}

func worths(q query, shop id.ID) (worthBook, error) {
	book := worthBook{}
	rows, err := q("SELECT p.goods_id, p.village_id, p.from_day, p.set_at, p.worth_fen, p.ended_at FROM goods_prices p JOIN goods g ON g.id = p.goods_id WHERE g.shop_id = ? ORDER BY p.from_day DESC, p.id DESC", shop)
	return book, each(rows, err, func(r *sql.Rows) error {
		var goods id.ID
		var w worthRow
		err := r.Scan(&goods, &w.village, &w.from, &w.at, &w.fen, &w.ended)
		book[goods] = append(book[goods], w)
		return err
	})
}

func (b worthBook) on(goods, village id.ID, day clock.Day, at int64) int64 {
	for _, whose := range []id.ID{village, 0} {
		for _, w := range b[goods] {
			if w.village != whose || w.from > day || w.at > at {
				continue
			}
			if w.ended != 0 && w.ended <= at { // the price for all holds again
				break
			}
			return w.fen
		}
	}
	return 0
}
