package market

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// States of a statement.
const (
	HandedIn = "waiting"
	Approved = "approved"
	PaidOut  = "paid"
	Returned = "returned"
)

var statementStates = map[string]string{HandedIn: "待村里审核", Approved: "已审核待付款", PaidOut: "已付款", Returned: "已退回"}

var (
	ErrNoStatement    = errs.New(errs.NotFound, "market_statement_not_found", "没有这张结算单，请刷新后再试")
	ErrStatementMade  = errs.New(errs.Conflict, "market_statement_made", "这个月的结算单已经交过了")
	ErrStatementState = errs.New(errs.Conflict, "market_statement_state", "这张结算单现在不能这样办，请刷新查看")
	ErrStatementEarly = errs.New(errs.Conflict, "market_statement_early", "这个月还没有过完，下个月1日起再结算")
	ErrStatementOwn   = errs.New(errs.Forbidden, "market_statement_own", "店家和交单的人不能自己审核，请由村里其他工作人员审核")
	ErrNotPartner     = errs.New(errs.Conflict, "market_not_partner", "只有合作商店按月结算，村里的超市请看进销存")
	ErrNothingSold    = errs.New(errs.Conflict, "market_statement_empty", "这个月没有兑换，不用结算")
)

// settling is how long after a month's end its last redemptions may still be on their way.
const settling = 15 * time.Minute

// Who settles. The store hands its statement in; the village approves and pays.
var (
	MayHandIn  = access.Need{Scope: access.Shop, Roles: []access.Role{access.Keeper, access.TeamMember, access.FirstSecretary}}
	MayApprove = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary}}
)

// Statement is what a partner store gave a village's people in a month, at what it is worth (结算单).
type Statement struct {
	ID        id.ID           `json:"id"`
	Shop      id.ID           `json:"shop"`
	ShopName  string          `json:"shop_name"`
	Village   id.ID           `json:"village"`
	Month     clock.Span      `json:"month"`
	State     string          `json:"state" enum:"waiting,approved,paid,returned"`
	StateName string          `json:"state_name"`
	Pieces    int64           `json:"pieces"`
	Amount    points.Amount   `json:"amount" doc:"points the goods were redeemed for"`
	WorthFen  int64           `json:"worth_fen" doc:"what the village owes, in fen"`
	Lines     []StatementLine `json:"lines"`
	Note      string          `json:"note" doc:"what was said when it was returned"`
	MadeBy    string          `json:"made_by"`
	DecidedBy string          `json:"decided_by"`
	PaidFen   int64           `json:"paid_fen"`
	PaidOn    clock.Day       `json:"paid_on"`
	PaidNote  string          `json:"paid_note" doc:"how it was paid, by which voucher"`
	PaidBy    string          `json:"paid_by"`
	Repeated  bool            `json:"repeated" doc:"this request had already been carried out"`

	made, decided, paid id.ID
}

// StatementLine is one goods at one worth.
type StatementLine struct {
	Goods    id.ID         `json:"goods"`
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	Qty      int64         `json:"qty"`
	Amount   points.Amount `json:"amount" doc:"points they were redeemed for"`
	PieceFen int64         `json:"piece_fen" doc:"what a piece was worth on the day, in fen"`
	WorthFen int64         `json:"worth_fen"`
}

// Statements is a page of statements, newest first.
type Statements struct {
	Items []Statement `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// StatementRequest hands in the statement of a month that is over.
type StatementRequest struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Month     clock.Span `json:"month" doc:"2026-11"`
}

// DecideRequest approves a statement or returns it.
type DecideRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Approve   bool   `json:"approve"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"why it is returned"`
}

// PaymentRequest records that an approved statement was paid.
type PaymentRequest struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	PaidOn    clock.Day `json:"paid_on,omitempty" doc:"empty: today"`
	Fund      id.ID     `json:"fund,omitempty" doc:"the fund that paid; empty: paid from elsewhere"`
	Note      string    `json:"note" minLength:"1" maxLength:"200" doc:"how it was paid, by which voucher"`
}

// PreviewStatement is a month as it would be handed in now.
func (s *Service) PreviewStatement(ctx context.Context, a access.Actor, in, shop id.ID, month clock.Span) (Statement, error) {
	if err := a.Allow(MaySeeStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Statement{}, err
	}
	if !isMonth(month) {
		return Statement{}, errMonth
	}
	o, err := s.partner(ctx, in, shop)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{Shop: shop, ShopName: o.Name, Village: in, Month: month}
	return st, st.fill(s.query(ctx))
}

func (s *Service) partner(ctx context.Context, in, shop id.ID) (Shop, error) {
	o, err := shopAt(s.row(ctx), in, shop, clock.DayOf(s.now()))
	if err == nil && o.settings.Kind != Partner {
		err = ErrNotPartner
	}
	return o, err
}

var errMonth = wrong("month", "请选一个月份，例如 2026-11")

// isMonth tells months from other spans: their last two digits are 01 to 12.
func isMonth(m clock.Span) bool { return m.Total() && m%100 >= 1 && m/100 >= 2020 && m/100 < 2100 }

// HandIn makes the statement of a month and hands it to the village. A month has one; one that was returned may be handed in anew.
func (s *Service) HandIn(ctx context.Context, a access.Actor, in, shop id.ID, r StatementRequest) (Statement, error) {
	if err := a.Allow(MayHandIn, access.Place{Village: in, Shop: shop}); err != nil {
		return Statement{}, err
	}
	if !isMonth(r.Month) {
		return Statement{}, errMonth
	}
	if _, err := s.partner(ctx, in, shop); err != nil {
		return Statement{}, err
	}
	at := s.now()
	return s.statementStep(ctx, a, in, s.db.NewID(), "market.statement", r.RequestID, []any{in, shop, r}, func(tx *storage.Tx, made id.ID) error {
		if clock.DayOf(at.Add(-settling)) <= r.Month.Last() {
			return ErrStatementEarly.With("%s还没有过完，%s起再结算", r.Month.Chinese(), r.Month.Last().Add(1).Chinese())
		}
		st := Statement{Shop: shop, Village: in, Month: r.Month}
		if err := st.fill(tx.Query); err != nil {
			return err
		}
		if st.Pieces == 0 {
			return ErrNothingSold
		}
		body, err := json.Marshal(st.Lines)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO statements (id, shop_id, village_id, month, state, pieces, amount, worth_fen, body, note, made_by, made_at, open_key)
			VALUES (?,?,?,?,?,?,?,?,?,'',?,?,0)`, made, shop, in, int64(r.Month), HandedIn, st.Pieces, int64(st.Amount), st.WorthFen, string(body), a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrStatementMade.Wrap(err)
		}
		return err
	})
}

// Decide approves a statement or returns it with a reason; an approved one can be returned until it is paid. Nobody decides on what they handed in, or on their own shop's.
func (s *Service) Decide(ctx context.Context, a access.Actor, in, statement id.ID, r DecideRequest) (Statement, error) {
	if err := a.Allow(MayApprove, access.Place{Village: in}); err != nil {
		return Statement{}, err
	}
	if err := text("note", "退回的原因", r.Note, !r.Approve, 200); err != nil {
		return Statement{}, err
	}
	at := s.now()
	return s.statementStep(ctx, a, in, statement, "market.statement.decide", r.RequestID, []any{in, statement, r}, func(tx *storage.Tx, statement id.ID) error {
		st, err := lockStatement(tx, in, statement)
		if err != nil {
			return err
		}
		if st.State != HandedIn && (r.Approve || st.State != Approved) {
			return ErrStatementState.With("这张结算单%s，不能再审核", statementStates[st.State])
		}
		if st.made == a.User() || a.KeepsShop(st.Shop) {
			return ErrStatementOwn
		}
		state, key := Approved, id.ID(0)
		if !r.Approve {
			state, key = Returned, statement
		}
		_, err = tx.Exec("UPDATE statements SET state = ?, open_key = ?, note = ?, decided_by = ?, decided_at = ? WHERE id = ?", state, key, r.Note, a.User(), clock.Ms(at), statement)
		return err
	})
}

// PayStatement records the payment of an approved statement, once, and takes it from a fund if one is named.
func (s *Service) PayStatement(ctx context.Context, a access.Actor, in, statement id.ID, r PaymentRequest) (Statement, error) {
	if err := a.Allow(MayApprove, access.Place{Village: in}); err != nil {
		return Statement{}, err
	}
	if err := text("note", "付款说明", r.Note, true, 200); err != nil {
		return Statement{}, err
	}
	at := s.now()
	now := moment{clock.Ms(at), clock.DayOf(at)}
	return s.statementStep(ctx, a, in, statement, "market.statement.pay", r.RequestID, []any{in, statement, r}, func(tx *storage.Tx, statement id.ID) error {
		on := cmp.Or(r.PaidOn, now.day)
		if !on.Valid() || on > now.day || on < now.day.Add(-366) {
			return wrong("paid_on", "付款日期不能晚于今天（%s）", now.day)
		}
		st, err := lockStatement(tx, in, statement)
		if err != nil {
			return err
		}
		if st.State != Approved {
			return ErrStatementState.With("这张结算单%s，不能登记付款", statementStates[st.State])
		}
		if a.KeepsShop(st.Shop) {
			return ErrStatementOwn
		}
		if _, err := tx.Exec("UPDATE statements SET state = ?, paid_fen = worth_fen, paid_on = ?, paid_note = ?, paid_by = ? WHERE id = ?", PaidOut, on, r.Note, a.User(), statement); err != nil {
			return err
		}
		if r.Fund == 0 || st.WorthFen == 0 {
			return nil
		}
		if err := mayUse(tx, a, in, r.Fund); err != nil {
			return err
		}
		m := money{fund: r.Fund, kind: settlement, fen: -st.WorthFen, about: statement, village: in, note: r.Note, by: a.User(), at: now}
		return m.post(tx)
	})
}

func lockStatement(tx *storage.Tx, in, statement id.ID) (st Statement, err error) {
	if _, err := tx.Exec("UPDATE statements SET pieces = pieces WHERE id = ?", statement); err != nil {
		return st, fmt.Errorf("lock statement: %w", err)
	}
	err = tx.QueryRow("SELECT shop_id, state, worth_fen, made_by FROM statements WHERE id = ? AND village_id = ?", statement, in).Scan(&st.Shop, &st.State, &st.WorthFen, &st.made)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoStatement
	}
	return st, err
}

func (s *Service) statementStep(ctx context.Context, a access.Actor, in, statement id.ID, op, request string, body any, fn func(tx *storage.Tx, statement id.ID) error) (Statement, error) {
	made, repeated, err := s.once(ctx, a, request, op, body, statement, func(tx *storage.Tx) error { return fn(tx, statement) })
	if err != nil {
		return Statement{}, err
	}
	list, err := s.readStatements(ctx, "t.id = ?", made)
	if err != nil || len(list) == 0 {
		return Statement{}, cmp.Or[error](err, ErrNoStatement)
	}
	list[0].Repeated = repeated
	return list[0], nil
}

// Statements lists those handed to a village, or of one shop of it, newest first.
func (s *Service) Statements(ctx context.Context, a access.Actor, in, shop id.ID, page Page) (Statements, error) {
	need := MaySeeFunds
	if shop != 0 {
		need = MaySeeStock
	}
	if err := a.Allow(need, access.Place{Village: in, Shop: shop}); err != nil {
		return Statements{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Statements{}, err
	}
	where, args := "t.village_id = ? AND t.id < ?", []any{in, before}
	if shop != 0 {
		where, args = where+" AND t.shop_id = ?", append(args, shop)
	}
	list, err := s.readStatements(ctx, where+" ORDER BY t.id DESC"+page.rows(), args...)
	if err != nil {
		return Statements{}, err
	}
	items, next := cut(list, page.limit(), func(t Statement) id.ID { return t.ID })
	return Statements{items, next}, nil
}

func (s *Service) readStatements(ctx context.Context, where string, args ...any) ([]Statement, error) {
	list := []Statement{}
	var users []id.ID
	rows, err := s.db.Query(ctx, `SELECT t.id, t.shop_id, o.name, t.village_id, t.month, t.state, t.pieces, t.amount, t.worth_fen, t.body, t.note, t.made_by, t.decided_by,
		t.paid_fen, t.paid_on, t.paid_note, t.paid_by FROM statements t JOIN shops o ON o.id = t.shop_id WHERE `+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var t Statement
		var body []byte
		if err := r.Scan(&t.ID, &t.Shop, &t.ShopName, &t.Village, &t.Month, &t.State, &t.Pieces, &t.Amount, &t.WorthFen, &body, &t.Note, &t.made, &t.decided,
			&t.PaidFen, &t.PaidOn, &t.PaidNote, &t.paid); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &t.Lines); err != nil {
			return fmt.Errorf("statement %s: %w", t.ID, err)
		}
		t.StateName = statementStates[t.State]
		list, users = append(list, t), append(users, t.made, t.decided, t.paid)
		return nil
	})
	if err != nil {
		return nil, err
	}
	names, err := s.userNames(ctx, users)
	for i := range list {
		t := &list[i]
		t.MadeBy, t.DecidedBy, t.PaidBy = names[t.made], names[t.decided], names[t.paid]
	}
	return list, err
}
