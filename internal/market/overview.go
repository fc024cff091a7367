package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
)

// pointValue is the name of the region's setting that says what a point is worth in fen.
const pointValue = "market.fen_per_point"

// rateDays is how far back the forecast looks.
const rateDays = 90

// chartVillages is of how many villages the sum still has a chart: it reads a year of entries of each.
const chartVillages = 50

// maxPointFen bounds what a point may be worth: 1,000 yuan.
const maxPointFen = 100_000

// Levels of cover: is there enough money and stock for the points that people hold?
const (
	Covered = "covered" // for what is outstanding and what is to be expected
	Tight   = "tight"   // for what is outstanding, not for what is to be expected
	Short   = "short"   // not even for what is outstanding
	Unknown = "unknown" // nobody has said what a point is worth
)

// Overview sets the points that people hold against the money and goods that stand behind them.
type Overview struct {
	Village     id.ID         `json:"village,omitempty"`
	VillageName string        `json:"village_name,omitempty"`
	On          clock.Day     `json:"on"`
	FenPerPoint int64         `json:"fen_per_point" doc:"what a point is worth in the village, in fen; 0: not said"`
	Outstanding points.Amount `json:"outstanding" doc:"points that can be spent or will be, all spend wallets and buckets, in hundredths"`
	OwedFen     int64         `json:"owed_fen" doc:"what they are worth"`
	FundFen     int64         `json:"fund_fen" doc:"money left in the village's funds"`
	StockFen    int64         `json:"stock_fen" doc:"what the good pieces in the village's shops cost"`
	PartnerFen  int64         `json:"partner_fen" doc:"what partner stores have given out and are not paid for yet"`
	Forecast    Forecast      `json:"forecast"`
	Level       string        `json:"level" enum:"covered,tight,short,unknown"`
	Words       string        `json:"words" doc:"the same, to be read out"`
	Months      []MonthFlow   `json:"months" doc:"the last 12 months, for a chart"`
	Funds       []Fund        `json:"funds"`
}

// Forecast carries the last days on to the end of the year: simple, and the same for everyone who recomputes it.
type Forecast struct {
	Until       clock.Day     `json:"until" doc:"last day of the year"`
	Days        int           `json:"days" doc:"days to come"`
	RateDays    int           `json:"rate_days" doc:"days that the rates are taken from: 90, or since the first entry"`
	Issued      points.Amount `json:"issued" doc:"points given in those days, less deductions and expiry"`
	Redeemed    points.Amount `json:"redeemed" doc:"points redeemed in those days"`
	ToIssue     points.Amount `json:"to_issue" doc:"points to be expected until the last day"`
	ToRedeem    points.Amount `json:"to_redeem" doc:"points that will be redeemed at the present rate, at most what there will be"`
	Outstanding points.Amount `json:"outstanding" doc:"points that will then be left"`
	NeedFen     int64         `json:"need_fen" doc:"what all points held and to be expected are worth, and what partner stores are owed"`
	HaveFen     int64         `json:"have_fen" doc:"money and stock of today"`
	ShortFen    int64         `json:"short_fen" doc:"what is missing; 0: nothing"`
}

// MonthFlow is one bar of the chart.
type MonthFlow struct {
	Month     clock.Span    `json:"month"`
	Issued    points.Amount `json:"issued"`
	Redeemed  points.Amount `json:"redeemed"`
	IncomeFen int64         `json:"income_fen" doc:"money that came into the funds"`
	PaidFen   int64         `json:"paid_fen" doc:"money paid for goods and statements"`
}

// Overviews are the villages of a town or county and their sum.
type Overviews struct {
	Items   []Overview `json:"items" doc:"without funds and months"`
	Sum     Overview   `json:"sum" doc:"all villages; fen_per_point is 0, since each has its own"`
	OwnFen  int64      `json:"own_fen" doc:"money in the region's own funds, not counted in the sum"`
	Missing int        `json:"missing" doc:"villages that have not said what a point is worth"`
}

// PointValueRequest says what a point is worth in a village, from today.
type PointValueRequest struct {
	RequestID   string `json:"request_id,omitempty" maxLength:"64" doc:"made on the device; not needed, since saying the same again changes nothing"`
	FenPerPoint int64  `json:"fen_per_point" minimum:"1" maximum:"100000"`
}

// SetPointValue says what a point is worth. Saying the same again changes nothing.
func (s *Service) SetPointValue(ctx context.Context, a access.Actor, in id.ID, r PointValueRequest) (Overview, error) {
	if err := a.Allow(MayRunShops, access.Place{Village: in}); err != nil {
		return Overview{}, err
	}
	if r.FenPerPoint < 1 || r.FenPerPoint > maxPointFen {
		return Overview{}, wrong("fen_per_point", "一分应值0.01元到1000元")
	}
	now, err := s.fenPerPoint(ctx, in)
	if err != nil {
		return Overview{}, err
	}
	if now != r.FenPerPoint {
		if err := s.people.SetSetting(ctx, a.User(), in, pointValue, strconv.FormatInt(r.FenPerPoint, 10)); err != nil {
			return Overview{}, err
		}
	}
	return s.Overview(ctx, a, in)
}

// fenPerPoint is what the village reckons a point at: what it has set, else what its rules say; 0: neither.
func (s *Service) fenPerPoint(ctx context.Context, in id.ID) (int64, error) {
	today := clock.DayOf(s.now())
	v, err := s.people.Setting(ctx, in, pointValue, today)
	if err != nil {
		return 0, err
	}
	if v != "" {
		return strconv.ParseInt(v, 10, 64)
	}
	rules, err := s.books.InForce(ctx, in, today)
	if errors.Is(err, rulebook.ErrNone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return rules.Scheme.FenPerPoint, nil
}

// Overview is a village's account of points, money and goods.
func (s *Service) Overview(ctx context.Context, a access.Actor, in id.ID) (Overview, error) {
	if err := a.Allow(MaySeeFunds, access.Place{Village: in}); err != nil {
		return Overview{}, err
	}
	o, err := s.overview(ctx, in, true)
	if err != nil {
		return Overview{}, err
	}
	o.Funds, err = readFunds(s.query(ctx), "f.owner_id = ?", in)
	return o, err
}

// Overviews are the accounts of all villages of a town or county, and their sum.
func (s *Service) Overviews(ctx context.Context, a access.Actor, region id.ID) (Overviews, error) {
	if err := a.Allow(MaySumFunds, access.Place{Region: region}); err != nil {
		return Overviews{}, err
	}
	today := clock.DayOf(s.now())
	villages, err := s.people.Villages(ctx, region, today)
	if err != nil {
		return Overviews{}, err
	}
	all := Overviews{Items: []Overview{}, Sum: Overview{On: today, Months: []MonthFlow{}, Funds: []Fund{}}}
	for _, v := range villages {
		o, err := s.overview(ctx, v.ID, len(villages) <= chartVillages)
		if err != nil {
			return Overviews{}, err
		}
		o.Village, o.VillageName = v.ID, v.Name
		all.Sum.add(o)
		if o.FenPerPoint == 0 {
			all.Missing++
		}
		o.Months, o.Funds = []MonthFlow{}, []Fund{}
		all.Items = append(all.Items, o)
	}
	all.Sum.judge(all.Missing < len(villages))
	err = s.db.QueryRow(ctx, "SELECT COALESCE(SUM(balance_fen), 0) FROM funds WHERE owner_id = ?", region).Scan(&all.OwnFen)
	return all, err
}

func (o *Overview) add(v Overview) {
	o.Outstanding += v.Outstanding
	o.OwedFen += v.OwedFen
	o.FundFen += v.FundFen
	o.StockFen += v.StockFen
	o.PartnerFen += v.PartnerFen
	f, g := &o.Forecast, v.Forecast
	f.Until, f.Days, f.RateDays = g.Until, g.Days, max(f.RateDays, g.RateDays)
	f.Issued += g.Issued
	f.Redeemed += g.Redeemed
	f.ToIssue += g.ToIssue
	f.ToRedeem += g.ToRedeem
	f.Outstanding += g.Outstanding
	f.NeedFen += g.NeedFen
	f.HaveFen += g.HaveFen
	f.ShortFen += g.ShortFen // one village's surplus does not pay another's goods
	if len(o.Months) == 0 {
		o.Months = append(o.Months, v.Months...)
		return
	}
	for i, m := range v.Months {
		sum := &o.Months[i]
		sum.Issued, sum.Redeemed = sum.Issued+m.Issued, sum.Redeemed+m.Redeemed
		sum.IncomeFen, sum.PaidFen = sum.IncomeFen+m.IncomeFen, sum.PaidFen+m.PaidFen
	}
}

func (s *Service) overview(ctx context.Context, in id.ID, year bool) (o Overview, err error) {
	today := clock.DayOf(s.now())
	o.On = today
	if o.FenPerPoint, err = s.fenPerPoint(ctx, in); err != nil {
		return o, err
	}
	if err = s.db.QueryRow(ctx, `SELECT COALESCE(SUM(b.amount), 0) FROM accounts a JOIN balances b ON b.account_id = a.id WHERE a.village_id = ? AND b.kind = 'spend'`, in).
		Scan(&o.Outstanding); err != nil {
		return o, fmt.Errorf("read points: %w", err)
	}
	if err = s.db.QueryRow(ctx, "SELECT COALESCE(SUM(balance_fen), 0) FROM funds WHERE owner_id = ?", in).Scan(&o.FundFen); err != nil {
		return o, fmt.Errorf("read funds: %w", err)
	}
	if o.StockFen, err = s.stockFen(ctx, in, today); err != nil {
		return o, fmt.Errorf("read stock: %w", err)
	}
	if o.PartnerFen, err = s.partnerFen(ctx, in, today); err != nil {
		return o, fmt.Errorf("read what stores are owed: %w", err)
	}
	flow, err := s.flow(ctx, in, today, year)
	if err != nil {
		return o, err
	}
	o.Months, o.Forecast = flow.months, flow.forecast
	f := &o.Forecast
	f.ToIssue = flow.carry(f.Issued)
	f.ToRedeem = min(flow.carry(f.Redeemed), max(0, o.Outstanding+f.ToIssue))
	f.Outstanding = o.Outstanding + f.ToIssue - f.ToRedeem
	o.OwedFen = fenOf(o.Outstanding, o.FenPerPoint)
	f.NeedFen = o.PartnerFen + max(0, fenOf(o.Outstanding+max(0, f.ToIssue), o.FenPerPoint))
	f.HaveFen = o.FundFen + o.StockFen
	f.ShortFen = max(0, f.NeedFen-f.HaveFen)
	o.Funds = []Fund{}
	o.judge(o.FenPerPoint > 0)
	return o, nil
}

// fenOf is what points are worth, in fen, rounded half up for amounts above zero.
func fenOf(p points.Amount, fenPerPoint int64) int64 {
	return (int64(p)*fenPerPoint + int64(points.Point)/2) / int64(points.Point)
}

// judge says whether money and stock are enough.
func (o *Overview) judge(valued bool) {
	f, owed, stores := o.Forecast, o.OwedFen+o.PartnerFen, ""
	if o.PartnerFen > 0 {
		stores = "，还欠合作商店" + yuan(o.PartnerFen) + "元"
	}
	switch {
	case !valued:
		o.Level, o.Words = Unknown, "还没有填每分值多少元，填好后才能看出钱够不够"
	case owed > f.HaveFen:
		o.Level, o.Words = Short, fmt.Sprintf("村民手里的积分值%s元%s，资金和库存只有%s元，差%s元，请尽快补充资金或放慢发分", yuan(o.OwedFen), stores, yuan(f.HaveFen), yuan(owed-f.HaveFen))
	case f.ShortFen > 0:
		o.Level, o.Words = Tight, fmt.Sprintf("眼下够用。照最近的速度发到%s，一共要%s元，还差%s元", f.Until.Chinese(), yuan(f.NeedFen), yuan(f.ShortFen))
	default:
		o.Level, o.Words = Covered, fmt.Sprintf("够用。发到%s一共要%s元，资金和库存有%s元", f.Until.Chinese(), yuan(f.NeedFen), yuan(f.HaveFen))
	}
}

// yuan writes fen as yuan for a sentence: 12,345.60.
func yuan(fen int64) string { return thousands(plainYuan(fen)) }

// plainYuan is yuan for a cell of a sheet.
func plainYuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	if fen%100 == 0 {
		return sign + strconv.FormatInt(fen/100, 10)
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// thousands sets commas into a decimal number, as pages do.
func thousands(number string) string {
	whole, rest, _ := strings.Cut(number, ".")
	digits := strings.TrimPrefix(whole, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if rest != "" {
		rest = "." + rest
	}
	return number[:len(whole)-len(strings.TrimPrefix(whole, "-"))] + digits + rest
}

// stockFen is what the good pieces in the village's own shops cost. A partner's goods are not the village's.
func (s *Service) stockFen(ctx context.Context, in id.ID, today clock.Day) (sum int64, err error) {
	rows, err := s.db.Query(ctx, `SELECT o.settings, l.cost_fen, l.qty_left, l.qty_in FROM shops o JOIN stock_lots l ON l.shop_id = o.id
		WHERE o.owner_id = ? AND l.qty_left > 0 AND l.expires_on >= ?`, in, today)
	err = each(rows, err, func(r *sql.Rows) error {
		var text string
		var cost, left, born int64
		if err := r.Scan(&text, &cost, &left, &born); err != nil {
			return err
		}
		set, err := readSettings(text)
		if err == nil && set.Kind != Partner {
			sum += share(cost, left, born)
		}
		return err
	})
	return sum, err
}

// Promise answers whether points that a campaign or new rules would give are covered.
type Promise struct {
	Enough   bool   `json:"enough"`
	NeedFen  int64  `json:"need_fen" doc:"what all points held, expected and promised are worth"`
	HaveFen  int64  `json:"have_fen" doc:"money and stock of today"`
	ShortFen int64  `json:"short_fen"`
	Words    string `json:"words" doc:"to be shown before the promise is made"`
}

// CheckPromise weighs points to be promised on top of what people hold and of what is to be expected until the year's end.
func (s *Service) CheckPromise(ctx context.Context, a access.Actor, in id.ID, promised points.Amount) (Promise, error) {
	if err := a.Allow(MaySeeFunds, access.Place{Village: in}); err != nil {
		return Promise{}, err
	}
	if promised < 0 || promised > 1_000_000*MaxPrice {
		return Promise{}, wrong("points", "请填写打算发放的积分总数")
	}
	o, err := s.overview(ctx, in, true)
	if err != nil {
		return Promise{}, err
	}
	if o.Level == Unknown {
		return Promise{Words: o.Words}, nil
	}
	p := Promise{NeedFen: o.Forecast.NeedFen + fenOf(promised, o.FenPerPoint), HaveFen: o.Forecast.HaveFen}
	if p.ShortFen = max(0, p.NeedFen-p.HaveFen); p.ShortFen == 0 {
		p.Enough, p.Words = true, fmt.Sprintf("够用：加上这%s分，到%s一共要%s元，资金和库存有%s元", thousands(promised.String()), o.Forecast.Until.Chinese(), yuan(p.NeedFen), yuan(p.HaveFen))
	} else {
		p.Words = fmt.Sprintf("不够：再发%s分，到%s一共要%s元，资金和库存只有%s元，差%s元。请先落实资金，或少发一些", thousands(promised.String()), o.Forecast.Until.Chinese(), yuan(p.NeedFen), yuan(p.HaveFen), yuan(p.ShortFen))
	}
	return p, nil
}
