package market

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

var (
	ErrTopUp   = errs.New(errs.Conflict, "market_top_up", "这次不能用现金补差，请减少数量或换一样")
	ErrFee     = errs.New(errs.Invalid, "market_fee", "请写明抵扣的是哪一笔费用，例如“2026年卫生费”")
	ErrLimited = errs.New(errs.Conflict, "market_limited", "这样商品每户限量，已经换满了，请换一样")
)

// TopUp is the part of a basket that was paid in cash because points were missing. Cash never becomes points, and points
// are never paid out in cash: it covers goods of this one basket, and a cancelled redemption gives it back at the counter.
type TopUp struct {
	Points points.Amount `json:"points" minimum:"1" doc:"the missing points it covers, in hundredths"`
	Fen    int64         `json:"fen" minimum:"1" doc:"what was paid, in fen"`
}

// fenFor is what points cost in cash, in whole fen, rounded up.
func fenFor(p points.Amount, fenPerPoint int64) int64 {
	one := int64(points.Point)
	return (int64(p)*fenPerPoint + one - 1) / one
}

// check holds a top-up to the shop's terms and the village's value of a point. free is what the household can spend now:
// cash pays only what is missing.
func (t *TopUp) check(fenPerPoint int64, terms ShopTerms, total, free points.Amount) error {
	switch missing := total - free; {
	case terms.TopUpPercent == 0:
		return ErrTopUp.With("本超市不办现金补差，请减少数量或换一样")
	case fenPerPoint <= 0:
		return ErrTopUp.With("本村没有规定一分值多少钱，不能用现金补差")
	case free <= 0:
		return ErrTopUp.With("一分积分也没有，不能只用现金换")
	case missing <= 0:
		return ErrTopUp.With("积分够了，不用补现金")
	case t.Points != missing:
		return ErrTopUp.With("现在还差%s分，请按%s分重新计算现金", missing, missing)
	case int64(t.Points)*100 > int64(total)*int64(terms.TopUpPercent):
		return ErrTopUp.With("最多只能补%d%%，这次差得太多，请减少数量", terms.TopUpPercent)
	case t.Fen != fenFor(t.Points, fenPerPoint):
		return ErrTopUp.With("%s分应补%.2f元，请按这个数收", t.Points, float64(fenFor(t.Points, fenPerPoint))/100)
	}
	return nil
}

// claim is who redeems and by what right, found before the transaction.
type claim struct {
	way, proof string
	visit      *visit
	agent      *Agent
	topUp      *TopUp
	fenPer     int64 // what the village reckons a point at, for a top-up
	fee        string
}

// claimOf reads the visit and the agent that a request names. A request that names none costs nothing.
func (s *Service) claimOf(ctx context.Context, a access.Actor, in, shop id.ID, r *RedeemRequest, b buyer, today clock.Day) (claim, error) {
	c := claim{way: ByNumber, topUp: r.TopUp, fee: r.FeeFor}
	if utf8.RuneCountInString(r.FeeFor) > 60 {
		return c, wrong("fee_for", "费用名称太长，最多60个字")
	}
	if r.Signed {
		c.proof = ProofSignature
	}
	if r.TopUp != nil {
		var err error
		if c.fenPer, err = s.fenPerPoint(ctx, in); err != nil {
			return c, err
		}
	}
	if r.Visit != 0 {
		v, err := s.readVisit(ctx, in, shop, r.Visit)
		if err != nil {
			return c, err
		}
		if v.household != b.subject.Household || v.member != 0 && v.member != b.subject.Member {
			return c, ErrVisit.With("扫的卡（码）和要兑换的户不是同一户，请重新扫")
		}
		c.visit, c.way = &v, v.way
		if v.proof != "" {
			c.proof = v.proof
		}
	}
	var err error
	if c.agent, err = s.agent(ctx, a, in, b.subject.Household, r.Agent, today); err != nil || c.agent == nil {
		return c, err
	}
	if c.proof == "" {
		return c, ErrAgentProof
	}
	return c, nil
}

// guards are the shared limits that the claim is counted against; none on the plain way. Where persons pay, limits of a
// household are shared by its people.
func (c *claim) guards(b buyer, today clock.Day) []string {
	var keys []string
	if c.agent != nil {
		_, who := c.agent.counted()
		keys = append(keys, agentKey(who, today))
	}
	if b.subject.Member != 0 {
		keys = append(keys, "market/household/"+b.subject.Household.String())
	}
	return keys
}

// allow holds the claim to the shop's terms, once the basket's worth in points is known.
func (c *claim) allow(terms ShopTerms, spent points.Amount) error {
	if spent > terms.ProofAbove && c.proof == "" {
		return ErrProof.With("这次要花%s分，超过了%s分，请村民输入登录密码、出示手机上的码，或者在凭条上签字", spent, terms.ProofAbove)
	}
	if c.agent != nil && terms.AgentLimit == 0 {
		return ErrAgentLimit.With("本超市不办代领，请本人来办")
	}
	return nil
}

// afford checks the top-up, if there is one, and answers what the points must pay.
func (c *claim) afford(tx *storage.Tx, b buyer, terms ShopTerms, total points.Amount, at time.Time) (points.Amount, error) {
	if c.topUp == nil {
		return total, nil
	}
	free, err := ledger.SpendableIn(tx, b.version.Scheme, b.subject.Owner(), clock.DayOf(at), b.subject.Flags...)
	if err != nil {
		return 0, err
	}
	if err := c.topUp.check(c.fenPer, terms, total, free); err != nil {
		return 0, err
	}
	return total - c.topUp.Points, nil
}

// sign writes on the slip what the claim says.
func (c *claim) sign(s *Slip) {
	if c.way != ByNumber {
		s.Way = c.way
	}
	s.Proof, s.Agent, s.TopUp, s.FeeFor = c.proof, c.agent, c.topUp, c.fee
}

// title is what the passbook says, with who fetched it and which fee it was.
func (c *claim) title(verb string, lines []Line) string {
	t := title(verb, lines)
	if c.fee != "" {
		t += "（" + c.fee + "）"
	}
	if c.agent != nil {
		t += "（" + c.agent.Name + "代领）"
	}
	return t
}

// basket prices a basket, holds it to what the page showed, and to the limits of a household.
func (d *desk) basket(tx *storage.Tx, b buyer, wants []Want, shown points.Amount, today clock.Day) ([]Line, []take, points.Amount, error) {
	lines, takes, total, err := fill(d.shelves, wants)
	if err != nil {
		return nil, nil, 0, err
	}
	if total != shown {
		return nil, nil, 0, ErrPriceChanged.With("价格已经变动：现在一共%s分，请核对后重新确认", total)
	}
	if d.limited() {
		err = checkLimits(tx, b, d.shelves, wants, today)
	}
	return lines, takes, total, err
}

// checkFee: a fee is named, and nothing else is.
func (c *claim) checkFee(lines []Line) error {
	fee := false
	for _, l := range lines {
		fee = fee || l.Fee
	}
	if fee && c.fee == "" {
		return ErrFee
	}
	if !fee {
		c.fee = ""
	}
	return nil
}

// checkLimits counts what the household has had of the limited goods in their running periods, goods reserved for it
// included. It is read under the account's guard.
func checkLimits(tx *storage.Tx, b buyer, shelves map[id.ID]*shelf, wants []Want, today clock.Day) error {
	for _, w := range wants {
		s := shelves[w.Goods]
		if s == nil || s.terms.LimitQty == 0 {
			continue
		}
		from := spanStart(s.terms.LimitSpan, today)
		had, err := hadOf(tx, b.subject.Household, w.Goods, from)
		if err != nil {
			return err
		}
		if had+w.Qty > s.terms.LimitQty {
			return ErrLimited.With("%s%s，这一户已经换了%d%s，这次最多再换%d%s", s.name, s.terms.Words(s.unit), had, s.unit, max(0, s.terms.LimitQty-had), s.unit)
		}
	}
	return nil
}

// hadOf is how many pieces of one goods a household has had, or holds reserved, since a day.
func hadOf(tx *storage.Tx, household, goods id.ID, from clock.Day) (had int64, err error) {
	slips := func(q string, args ...any) error {
		rows, err := tx.Query(q, args...)
		return each(rows, err, func(r *sql.Rows) error {
			var text []byte
			if err := r.Scan(&text); err != nil {
				return err
			}
			slip, err := readSlip(text)
			for _, l := range slip.Lines {
				if l.Goods == goods {
					had += l.Qty
				}
			}
			return err
		})
	}
	if err := slips("SELECT receipt FROM redemptions WHERE household_id = ? AND redeemed_on >= ? AND state = ?", household, from, Done); err != nil {
		return 0, fmt.Errorf("count redeemed: %w", err)
	}
	if err := slips("SELECT slip FROM reservations WHERE household_id = ? AND state = 'open'", household); err != nil {
		return 0, fmt.Errorf("count reserved: %w", err)
	}
	return had, nil
}
