package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Who runs the money. Keepers do not: they receive goods, somebody else pays for them.
var (
	MayRunFunds = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.CountyAdmin}}
	MaySeeFunds = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.VillageSupervisor,
		access.Supervisor, access.CountyAdmin}}
	MaySumFunds = access.Need{Scope: access.Region, Roles: []access.Role{access.Supervisor, access.CountyAdmin}}
)

var (
	ErrNoFund     = errs.New(errs.NotFound, "market_fund_not_found", "没有这笔资金，请返回重新选择")
	ErrFundName   = errs.New(errs.Conflict, "market_fund_name_taken", "已经有同名的资金，请换一个名字")
	ErrFundShort  = errs.New(errs.Conflict, "market_fund_too_low", "资金余额不够，请核对金额或先登记入账")
	ErrFundKeeper = errs.New(errs.Forbidden, "market_fund_not_keeper", "超市管理员只登记收货，付款请由驻村队员或第一书记登记")
	ErrLotPaid    = errs.New(errs.Conflict, "market_lot_paid", "这一批已经登记过付款，不会重复付")
)

// Kinds of fund moves.
const (
	Income     = "income"
	settlement = "settle" // a partner's statement paid
)

var fundNames = map[string]string{Income: "入账", Purchase: "采购付款", settlement: "结算付款", Undo: "撤销"}

const maxFen = 1_000_000_000_000

// Fund is money for the shop from one source (资金).
type Fund struct {
	ID         id.ID  `json:"id"`
	Owner      id.ID  `json:"owner" doc:"village or town whose money it is"`
	Name       string `json:"name"`
	Source     string `json:"source" doc:"where the money comes from, in words"`
	BalanceFen int64  `json:"balance_fen"`
	InFen      int64  `json:"in_fen" doc:"all that came in"`
	OutFen     int64  `json:"out_fen" doc:"all that was paid"`
	Repeated   bool   `json:"repeated" doc:"this request had already been carried out"`
}

// FundRequest makes a fund.
type FundRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Name      string `json:"name" minLength:"1" maxLength:"60"`
	Source    string `json:"source" minLength:"1" maxLength:"120" doc:"where the money comes from"`
	Owner     id.ID  `json:"owner,omitempty" doc:"the town, for a town's fund; without it the village of the path"`
}

// MoneyRequest enters money that came in.
type MoneyRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	AmountFen int64  `json:"amount_fen" minimum:"1" maximum:"1000000000000"`
	Note      string `json:"note" minLength:"1" maxLength:"200" doc:"from whom, by which voucher"`
}

// FundMove is one line of a fund's book (资金流水).
type FundMove struct {
	ID        id.ID     `json:"id"`
	Fund      id.ID     `json:"fund"`
	Kind      string    `json:"kind" enum:"income,purchase,settle,undo"`
	KindName  string    `json:"kind_name"`
	AmountFen int64     `json:"amount_fen" doc:"with sign"`
	About     id.ID     `json:"about,omitempty" doc:"the lot or statement that was paid"`
	AboutName string    `json:"about_name,omitempty" doc:"the goods that were bought, or the store that was paid"`
	Undone    bool      `json:"undone" doc:"it was taken back"`
	Ref       id.ID     `json:"ref" doc:"the move itself, or the one it undoes"`
	Note      string    `json:"note"`
	By        id.ID     `json:"by"`
	ByName    string    `json:"by_name"`
	On        clock.Day `json:"moved_on"`
}

// FundMoves is a page of a fund's book, newest first.
type FundMoves struct {
	Items []FundMove `json:"items"`
	Next  string     `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// CreateFund opens a fund of the village, or of a town whose administrator the actor is.
func (s *Service) CreateFund(ctx context.Context, a access.Actor, in id.ID, r FundRequest) (Fund, error) {
	if err := a.Allow(MayRunFunds, access.Place{Village: in}); err != nil {
		return Fund{}, err
	}
	owner := r.Owner
	if owner == 0 {
		owner = in
	}
	if owner != in {
		if err := a.Allow(ownsRegion, access.Place{Region: owner}); err != nil {
			return Fund{}, err
		}
	}
	if err := errors.Join(text("name", "资金名称", r.Name, true, 60), text("source", "资金来源", r.Source, true, 120)); err != nil {
		return Fund{}, first(err)
	}
	at, made := s.now(), s.db.NewID()
	return s.fundChange(ctx, a, in, made, r.RequestID, "market.fund.create", []any{in, r}, func(tx *storage.Tx, made id.ID) error {
		_, err := tx.Exec("INSERT INTO funds (id, owner_id, name, source, balance_fen, state, created_by, created_at) VALUES (?,?,?,?,0,'open',?,?)",
			made, owner, r.Name, r.Source, a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrFundName.Wrap(err)
		}
		return err
	})
}

// AddMoney enters money that came into a fund.
func (s *Service) AddMoney(ctx context.Context, a access.Actor, in, fund id.ID, r MoneyRequest) (Fund, error) {
	if err := a.Allow(MayRunFunds, access.Place{Village: in}); err != nil {
		return Fund{}, err
	}
	var amount error
	if r.AmountFen < 1 || r.AmountFen > maxFen {
		amount = wrong("amount_fen", "金额应在0.01元到一百亿元之间")
	}
	if err := first(errors.Join(amount, text("note", "入账说明", r.Note, true, 200))); err != nil {
		return Fund{}, err
	}
	at := s.now()
	return s.fundChange(ctx, a, in, fund, r.RequestID, "market.fund.income", []any{in, fund, r}, func(tx *storage.Tx, fund id.ID) error {
		if err := mayUse(tx, a, in, fund); err != nil {
			return err
		}
		m := money{fund: fund, kind: Income, fen: r.AmountFen, village: in, note: r.Note, by: a.User(), at: moment{clock.Ms(at), clock.DayOf(at)}}
		return m.post(tx)
	})
}

// money is one move of a fund.
type money struct {
	fund, ref, about, village id.ID
	kind                      string
	fen                       int64
	note                      string
	by                        id.ID
	at                        moment
}

// post appends the move and brings the balance to what it says. It is the last thing a transaction locks.
func (m *money) post(tx *storage.Tx) error {
	made := tx.NewID()
	if m.ref == 0 {
		m.ref = made
	}
	_, err := tx.Exec("INSERT INTO fund_moves (id, fund_id, kind, amount_fen, ref_id, about_id, village_id, note, by_user, moved_on, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
		made, m.fund, m.kind, m.fen, m.ref, m.about, m.village, m.note, m.by, m.at.day, m.at.ms)
	if storage.IsDuplicate(err) { // ref_id and kind: undone before
		return ErrUndone.Wrap(err)
	}
	if err != nil {
		return fmt.Errorf("insert fund move: %w", err)
	}
	n, err := tx.Exec("UPDATE funds SET balance_fen = balance_fen + ? WHERE id = ? AND balance_fen >= ?", m.fen, m.fund, max(0, -m.fen))
	if err != nil {
		return fmt.Errorf("move fund: %w", err)
	}
	if n == 0 {
		return ErrFundShort
	}
	return nil
}

// mayUse checks that the fund is the village's own, or of a region whose administrator the actor is.
func mayUse(tx *storage.Tx, a access.Actor, in, fund id.ID) error {
	var owner id.ID
	err := tx.QueryRow("SELECT owner_id FROM funds WHERE id = ?", fund).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoFund
	}
	if err == nil && owner != in && a.Allow(ownsRegion, access.Place{Region: owner}) != nil {
		return ErrNoFund
	}
	return err
}

// fundChange runs one write once and answers the fund as it then is.
func (s *Service) fundChange(ctx context.Context, a access.Actor, in, fund id.ID, request, op string, body any, fn func(tx *storage.Tx, fund id.ID) error) (Fund, error) {
	made, repeated, err := s.once(ctx, a, request, op, body, fund, func(tx *storage.Tx) error { return fn(tx, fund) })
	if err != nil {
		return Fund{}, err
	}
	list, err := readFunds(s.query(ctx), "f.id = ?", made)
	if err != nil || len(list) == 0 {
		return Fund{}, cmp.Or[error](err, ErrNoFund)
	}
	list[0].Repeated = repeated
	return list[0], nil
}

func readFunds(q query, where string, args ...any) ([]Fund, error) {
	list := []Fund{}
	rows, err := q(`SELECT f.id, f.owner_id, f.name, f.source, f.balance_fen,
		COALESCE(SUM(CASE WHEN m.kind = 'income' OR m.kind = 'undo' AND m.about_id = 0 THEN m.amount_fen END), 0),
		COALESCE(SUM(CASE WHEN m.kind IN ('purchase', 'settle') OR m.kind = 'undo' AND m.about_id <> 0 THEN -m.amount_fen END), 0)
		FROM funds f LEFT JOIN fund_moves m ON m.fund_id = f.id WHERE `+where+" GROUP BY f.id, f.owner_id, f.name, f.source, f.balance_fen ORDER BY f.id", args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var f Fund
		err := r.Scan(&f.ID, &f.Owner, &f.Name, &f.Source, &f.BalanceFen, &f.InFen, &f.OutFen)
		list = append(list, f)
		return err
	})
	return list, err
}

// FundMoves is a fund's book, newest first.
func (s *Service) FundMoves(ctx context.Context, a access.Actor, in, fund id.ID, page Page) (FundMoves, error) {
	if err := a.Allow(MaySeeFunds, access.Place{Village: in}); err != nil {
		return FundMoves{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return FundMoves{}, err
	}
	if list, err := readFunds(s.query(ctx), "f.id = ? AND f.owner_id = ?", fund, in); err != nil || len(list) == 0 {
		return FundMoves{}, cmp.Or[error](err, ErrNoFund)
	}
	list := []FundMove{}
	var users []id.ID
	rows, err := s.db.Query(ctx, `SELECT m.id, m.fund_id, m.kind, m.amount_fen, m.ref_id, m.about_id, COALESCE(g.name, o.name, ''), CASE WHEN EXISTS `+refunded+` THEN 1 ELSE 0 END, m.note, m.by_user, m.moved_on
		FROM fund_moves m LEFT JOIN stock_lots l ON l.id = m.about_id LEFT JOIN goods g ON g.id = l.goods_id
		LEFT JOIN statements t ON t.id = m.about_id LEFT JOIN shops o ON o.id = t.shop_id
		WHERE m.fund_id = ? AND m.id < ? ORDER BY m.id DESC`+page.rows(), fund, before)
	err = each(rows, err, func(r *sql.Rows) error {
		var m FundMove
		err := r.Scan(&m.ID, &m.Fund, &m.Kind, &m.AmountFen, &m.Ref, &m.About, &m.AboutName, &m.Undone, &m.Note, &m.By, &m.On)
		m.KindName = fundNames[m.Kind]
		list, users = append(list, m), append(users, m.By)
		return err
	})
	if err != nil {
		return FundMoves{}, err
	}
	items, next := cut(list, page.limit(), func(m FundMove) id.ID { return m.ID })
	names, err := s.userNames(ctx, users)
	for i := range items {
		items[i].ByName = names[items[i].By]
	}
	return FundMoves{items, next}, err
}
