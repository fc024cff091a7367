package market

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// ShopTerms are the terms of a shop's counter.
type ShopTerms struct {
	ProofAbove   points.Amount `json:"proof_above" minimum:"0" maximum:"10000000" doc:"spending more than this at once needs the household's PIN, its phone or a signature, in hundredths of a point"`
	TopUpPercent int           `json:"top_up_percent" minimum:"0" maximum:"90" doc:"how much of a basket may be made up in cash, in percent; 0: none"`
	ReserveDays  int           `json:"reserve_days" minimum:"0" maximum:"30" doc:"how many days goods are kept for who reserved them; 0: no reservations"`
	AgentLimit   int           `json:"agent_limit" minimum:"0" maximum:"200" doc:"how often one person may fetch goods for other households in a month; 0: never"`
	LeaseLimit   points.Amount `json:"lease_limit" minimum:"0" maximum:"10000000" doc:"what one household may spend while the shop has no signal, in hundredths of a point; 0: no redemption without signal"`
}

// defaultTerms hold for a shop that has set none.
var defaultTerms = ShopTerms{ProofAbove: 100 * points.Point, ReserveDays: 7, AgentLimit: 10, LeaseLimit: 50 * points.Point}

// GoodsTerms are the limits of one goods.
type GoodsTerms struct {
	LimitQty  int64  `json:"limit_qty,omitempty" minimum:"0" maximum:"999" doc:"pieces one household may have in a period; 0: no limit"`
	LimitSpan string `json:"limit_span,omitempty" enum:"day,week,month,quarter,year" doc:"the period"`
	Fee       bool   `json:"fee,omitempty" doc:"not goods but a fee of which points take off a part: needs no stock"`
}

// Words say the limit as a price tag does; empty without one.
func (t GoodsTerms) Words(unit string) string {
	if t.LimitQty == 0 {
		return ""
	}
	return fmt.Sprintf("每户%s限%d%s", limitSpans[t.LimitSpan], t.LimitQty, unit)
}

var limitSpans = map[string]string{"day": "每天", "week": "每周", "month": "每月", "quarter": "每季度", "year": "每年"}

// spanStart is the first day of the period a day lies in; weeks begin on Monday.
func spanStart(span string, day clock.Day) clock.Day {
	switch span {
	case "week":
		return day.Add(-(int(day.Weekday()) + 6) % 7)
	case "month":
		return day.StartOfMonth()
	case "quarter":
		return clock.QuarterSpan(day).First()
	case "year":
		return clock.YearSpan(day).First()
	}
	return day
}

// TermsRequest sets a shop's terms.
type TermsRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	ShopTerms
}

// GoodsTermsRequest sets the limits of one goods.
type GoodsTermsRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	GoodsTerms
}

// Terms are the terms of a shop, for everybody to read.
func (s *Service) Terms(ctx context.Context, a access.Actor, in, shop id.ID) (ShopTerms, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return ShopTerms{}, err
	}
	return s.terms(ctx, in, shop)
}

func (s *Service) terms(ctx context.Context, in, shop id.ID) (ShopTerms, error) {
	if _, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now())); err != nil {
		return ShopTerms{}, err
	}
	var text string
	if err := s.db.QueryRow(ctx, "SELECT terms FROM shops WHERE id = ?", shop).Scan(&text); err != nil {
		return ShopTerms{}, fmt.Errorf("read terms: %w", err)
	}
	return shopTerms(text)
}

func shopTerms(text string) (ShopTerms, error) {
	t := defaultTerms
	if text == "" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("terms of shop: %w", err)
	}
	return t, nil
}

func goodsTerms(text string) (t GoodsTerms, err error) {
	if text != "" {
		if err = json.Unmarshal([]byte(text), &t); err != nil {
			err = fmt.Errorf("terms of goods: %w", err)
		}
	}
	return t, err
}

// SetTerms sets the terms of a shop, all of them. What is reserved or leased already keeps the terms it was made under.
func (s *Service) SetTerms(ctx context.Context, a access.Actor, in, shop id.ID, r TermsRequest) (ShopTerms, error) {
	if err := a.Allow(MayRunShops, access.Place{Village: in}); err != nil {
		return ShopTerms{}, err
	}
	t := r.ShopTerms
	if t.ProofAbove < 0 || t.ProofAbove > MaxPrice || t.TopUpPercent < 0 || t.TopUpPercent > 90 || t.ReserveDays < 0 || t.ReserveDays > 30 ||
		t.AgentLimit < 0 || t.AgentLimit > 200 || t.LeaseLimit < 0 || t.LeaseLimit > MaxPrice {
		return ShopTerms{}, wrong("terms", "柜台规则里有超出范围的数，请按提示修改")
	}
	_, _, err := s.once(ctx, a, r.RequestID, "market.terms", []any{in, shop, t}, shop, func(tx *storage.Tx) error {
		if _, err := s.mine(a, tx.QueryRow, in, shop, clock.DayOf(s.now())); err != nil {
			return err
		}
		return storeTerms(tx, "UPDATE shops SET terms = ?, rev = rev + 1 WHERE id = ?", shop, t)
	})
	if err != nil {
		return ShopTerms{}, err
	}
	return s.terms(ctx, in, shop)
}

func storeTerms(tx *storage.Tx, update string, of id.ID, t any) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(update, string(text), of)
	return err
}

// GoodsTermsOf are the limits of one goods, for everybody to read.
func (s *Service) GoodsTermsOf(ctx context.Context, a access.Actor, in, shop, goods id.ID) (GoodsTerms, error) {
	if err := a.Allow(MaySeeShops, access.Place{Village: in}); err != nil {
		return GoodsTerms{}, err
	}
	g, err := s.oneGoods(ctx, a.User(), in, shop, goods)
	return g.Terms, err
}

// SetGoodsTerms sets the limits of one goods. A limit looks back: what a household has had in the running period counts.
func (s *Service) SetGoodsTerms(ctx context.Context, a access.Actor, in, shop, goods id.ID, r GoodsTermsRequest) (GoodsTerms, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return GoodsTerms{}, err
	}
	t := r.GoodsTerms
	if t.LimitQty < 0 || t.LimitQty > MaxQty {
		return GoodsTerms{}, wrong("limit_qty", "限量应在0到%d之间", MaxQty)
	}
	if t.LimitSpan = cmp.Or(t.LimitSpan, "month"); limitSpans[t.LimitSpan] == "" {
		return GoodsTerms{}, wrong("limit_span", "限量的时段只能是每天、每周、每月、每季度或每年")
	}
	_, err := s.change(ctx, a, in, shop, goods, r.RequestID, "market.goods.terms", t, func(tx *storage.Tx, goods id.ID, _ moment) error {
		if err := lockGoods(tx, shop, goods); err != nil {
			return err
		}
		if t.Fee {
			var lots int
			if err := tx.QueryRow("SELECT COUNT(*) FROM stock_lots WHERE goods_id = ?", goods).Scan(&lots); err != nil {
				return fmt.Errorf("count lots: %w", err)
			}
			if lots > 0 {
				return wrong("fee", "这样商品已经有库存，不能改成抵扣费用的项目，请另建一个")
			}
		}
		return storeTerms(tx, "UPDATE goods SET terms = ? WHERE id = ?", goods, t)
	})
	if err != nil {
		return GoodsTerms{}, err
	}
	return s.GoodsTermsOf(ctx, a, in, shop, goods)
}
