package market

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// Want is one line of a basket.
type Want struct {
	Goods id.ID `json:"goods"`
	Qty   int64 `json:"qty" minimum:"1" maximum:"999"`
}

// Line is one line of a receipt, as the goods were called and priced then.
type Line struct {
	Goods  id.ID         `json:"goods"`
	Name   string        `json:"name"`
	Unit   string        `json:"unit"`
	Qty    int64         `json:"qty"`
	Price  points.Amount `json:"price" doc:"of one piece"`
	Amount points.Amount `json:"amount" doc:"of the line"`
	Fee    bool          `json:"fee,omitempty" doc:"not goods but a part of a fee"`
}

// shelf is one goods with its price of the day and the lots that can be given out, first to end first.
type shelf struct {
	name, unit, state string
	offer             // the price of the day; none if its id is 0
	terms             GoodsTerms
	lots              []lot
}

// desk is a shop as a basket meets it.
type desk struct {
	state, settings string
	terms           ShopTerms
	shelves         map[id.ID]*shelf
	tags            []standing.Tag // of the account asked for
}

// open refuses while the shop gives nothing out.
func (d *desk) open(at time.Time) error { return openAt(d.state, d.settings, at) }

// limited reports whether any of the goods is limited.
func (d *desk) limited() bool {
	for _, s := range d.shelves {
		if s.terms.LimitQty > 0 {
			return true
		}
	}
	return false
}

func checkBasket(lines []Want) error {
	if len(lines) == 0 {
		return wrong("lines", "还没有选商品")
	}
	if len(lines) > MaxLines {
		return wrong("lines", "一次最多兑换%d样商品，请分两次办理", MaxLines)
	}
	seen := map[id.ID]bool{}
	for i, w := range lines {
		if w.Qty < 1 || w.Qty > MaxQty {
			return wrong(fmt.Sprintf("lines[%d].qty", i), "数量应在1到%d之间", MaxQty)
		}
		if w.Goods == 0 {
			return ErrNoGoods.WithFields(errs.Field{Path: fmt.Sprintf("lines[%d].goods", i), Msg: ErrNoGoods.Msg})
		}
		if seen[w.Goods] {
			return wrong(fmt.Sprintf("lines[%d].goods", i), "同一样商品请合成一行")
		}
		seen[w.Goods] = true
	}
	return nil
}

// deskSQL reads the desk and what stands against an account as their product: a basket's goods have few lots and two or three
// prices that are not over, for all villages and for this one, an account few tags. Which of them holds is chosen here and not
// in the statement: MariaDB takes twice as long over it when it is told to choose the price of the day.
var deskSQL = `SELECT s.state, s.settings, s.terms, v.village_id, v.from_day, v.to_day, g.id, g.name, g.unit, g.state, g.terms,
	p.id, p.village_id, p.from_day, p.price, l.id, l.qty_left, l.expires_on` + standing.BesideColumns + `
	FROM shops s LEFT JOIN shop_villages v ON v.shop_id = s.id AND v.village_id = ?
	LEFT JOIN goods g ON g.shop_id = s.id AND g.id IN {goods}
	LEFT JOIN goods_prices p ON p.goods_id = g.id AND p.village_id IN (0, ?) AND p.over_day > ?
	LEFT JOIN stock_lots l ON l.goods_id = g.id AND l.qty_left > 0` + standing.BesideJoin + `
	WHERE s.id = ?`

// readDesk reads, in one statement, whether the shop is open and serves the village, its terms, the goods of the basket
// with today's prices and the lots that are good on day until, and what stands against the account (0: nobody's) today.
func readDesk(tx *storage.Tx, in, shop, account id.ID, lines []Want, at time.Time, until clock.Day) (desk, error) {
	ids := make([]id.ID, len(lines))
	for i, w := range lines {
		ids[i] = w.Goods
	}
	ids, today := storage.Padded(ids), clock.DayOf(at)
	d := desk{shelves: map[id.ID]*shelf{}}
	served, shopText := false, ""
	var tags standing.Beside
	rows, err := tx.Query(strings.Replace(deskSQL, "{goods}", storage.In(len(ids)), 1), append(storage.Args(ids, in), in, today, account, today, today, shop)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var village, goods id.ID
		var from, to clock.Day
		var one shelf
		var text string
		var p offer
		var l lot
		if err := r.Scan(tags.Into(&d.state, &d.settings, &shopText, storage.OrZero(&village), storage.OrZero(&from), storage.OrZero(&to),
			storage.OrZero(&goods), storage.OrEmpty(&one.name), storage.OrEmpty(&one.unit), storage.OrEmpty(&one.state), storage.OrEmpty(&text),
			storage.OrZero(&p.id), storage.OrZero(&p.village), storage.OrZero(&p.from), storage.OrZero(&p.price),
			storage.OrZero(&l.id), storage.OrZero(&l.left), storage.OrZero(&l.expires))...); err != nil {
			return err
		}
		tags.Take()
		served = served || village != 0 && from <= today && today < to
		at, ok := d.shelves[goods]
		if !ok {
			at = &one
			d.shelves[goods] = at
			if at.terms, err = goodsTerms(text); err != nil {
				return err
			}
		}
		if p.holds(in, today) && p.after(at.offer) {
			at.offer = p
		}
		if l.id != 0 && l.expires >= until && !slices.ContainsFunc(at.lots, func(x lot) bool { return x.id == l.id }) { // it comes once for each tag and price
			at.lots = append(at.lots, l)
		}
		return nil
	})
	d.tags = tags.Tags
	switch {
	case err != nil:
		return d, fmt.Errorf("read goods: %w", err)
	case d.state == "":
		return d, ErrNoShop
	case !served:
		return d, ErrNotServed
	}
	if d.terms, err = shopTerms(shopText); err != nil {
		return d, err
	}
	for _, one := range d.shelves { // here, where it costs the database no temporary table
		slices.SortFunc(one.lots, func(x, y lot) int { return cmp.Or(cmp.Compare(x.expires, y.expires), cmp.Compare(x.id, y.id)) })
	}
	return d, nil
}

// offer is a price as it was set: for all villages or for one, from a day on.
type offer struct {
	id, village id.ID
	from        clock.Day
	price       points.Amount
}

func (o offer) holds(in id.ID, day clock.Day) bool {
	return o.id != 0 && o.from <= day && (o.village == 0 || o.village == in)
}

// after reports whether the price goes before another that holds: a village's own before the one for all, then the later day,
// then what was set last, as priceOn has it.
func (o offer) after(x offer) bool {
	return cmp.Or(cmp.Compare(o.village, x.village), cmp.Compare(o.from, x.from), cmp.Compare(o.id, x.id)) > 0
}

// fill prices the basket and says which lots give how much. Pure: the same shelves give the same lines and takes.
func fill(shelves map[id.ID]*shelf, wants []Want) (lines []Line, takes []take, total points.Amount, err error) {
	for i, w := range wants {
		path := fmt.Sprintf("lines[%d].goods", i)
		s, ok := shelves[w.Goods]
		if !ok || s.state == Removed {
			return nil, nil, 0, ErrNoGoods.WithFields(errs.Field{Path: path, Msg: ErrNoGoods.Msg})
		}
		if s.state != OnSale {
			return nil, nil, 0, ErrGoodsPaused.With("%s暂停兑换，请换一样", s.name)
		}
		if s.price <= 0 {
			return nil, nil, 0, ErrNoPrice.With("%s今天还没有定价，请先定价", s.name)
		}
		var out []take
		if !s.terms.Fee {
			missing := int64(0)
			if out, missing = draw(s.lots, w.Qty, w.Goods, s.price); missing > 0 {
				return nil, nil, 0, soldOut(s, w.Qty, w.Qty-missing)
			}
		}
		amount := s.price * points.Amount(w.Qty)
		lines = append(lines, Line{Goods: w.Goods, Name: s.name, Unit: s.unit, Qty: w.Qty, Price: s.price, Amount: amount, Fee: s.terms.Fee})
		takes = append(takes, out...)
		total += amount
	}
	return lines, takes, total, nil
}

func soldOut(s *shelf, want, have int64) error {
	if have == 0 {
		return ErrSoldOut.With("%s已经兑完，请换一样", s.name)
	}
	return ErrSoldOut.With("%s只剩%d%s，不够%d%s，请减少数量", s.name, have, s.unit, want, s.unit)
}

// title is what the passbook says: 兑换：香皂×2、毛巾×1.
func title(verb string, lines []Line) string {
	parts := make([]string, len(lines))
	for i, l := range lines {
		parts[i] = fmt.Sprintf("%s×%d", l.Name, l.Qty)
	}
	return verb + "：" + strings.Join(parts, "、")
}

// sorted puts the wants in the order of goods, so that equal baskets lock alike.
func sorted(wants []Want) []Want {
	wants = slices.Clone(wants)
	slices.SortFunc(wants, func(x, y Want) int { return cmp.Compare(x.Goods, y.Goods) })
	return wants
}
