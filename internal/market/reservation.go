package market

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// States of a reservation.
const (
	Reserved     = "open"
	Collected    = "collected"
	GivenUp      = "cancelled"
	Lapsed       = "lapsed"
	MaxReserved  = 5 // open reservations of one household
	reserveTries = 20
	held         = "hold"   // stock moves of a reservation: pieces set aside
	unheld       = "unhold" // and put back, to be handed out or to lie on the shelf again
)

var reservationStates = map[string]string{Reserved: "等待领取", Collected: "已领取", GivenUp: "已取消", Lapsed: "过期未领"}

// MayReserve is for the people of a household, and for who serves them. A household's own officials reserve for it as its
// people only.
var MayReserve = access.Need{Scope: access.Self, Roles: []access.Role{access.Keeper, access.TeamMember, access.FirstSecretary}}

var (
	ErrNoReservation = errs.New(errs.NotFound, "market_reservation_not_found", "没有找到这个预约，请核对取货码")
	ErrReserved      = errs.New(errs.Conflict, "market_reservation_ended", "这个预约已经办完了，不能再办")
	ErrReserveOff    = errs.New(errs.Conflict, "market_reservation_off", "这个超市不办预约，请到柜台兑换")
	ErrReserveFee    = errs.New(errs.Conflict, "market_reservation_fee", "抵扣费用不能预约，请到柜台办理")
	ErrReserveMany   = errs.New(errs.Conflict, "market_reservation_many", "还有几个预约没有领，请先领走或者取消，再预约别的")
	ErrPickup        = errs.New(errs.Conflict, "market_pickup_proof", "请村民报取货码、扫积分卡或输入登录密码，或者在凭条上签字")
)

// Reservation is goods and points held for a household (预约).
type Reservation struct {
	ID              id.ID         `json:"id"`
	Code            string        `json:"code" doc:"pick-up code of six digits; only the household sees it"`
	Village         id.ID         `json:"village"`
	Shop            id.ID         `json:"shop"`
	On              clock.Day     `json:"reserved_on"`
	LapsesOn        clock.Day     `json:"lapses_on" doc:"last day on which it can be collected"`
	CreatedAt       int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Account         id.ID         `json:"-"`
	Household       id.ID         `json:"household"`
	Member          id.ID         `json:"member,omitempty" doc:"who pays, where the village scores persons"`
	HouseholdNumber string        `json:"household_number"`
	HouseholdName   string        `json:"household_name"`
	Total           points.Amount `json:"total" doc:"points held, in hundredths"`
	Lines           []Line        `json:"lines" doc:"at the prices of the day it was made"`
	Paid            []Paid        `json:"paid" doc:"which wallets hold the points"`
	Scheme          id.ID         `json:"scheme" doc:"the version of the rules under which it was made"`
	State           string        `json:"state" enum:"open,collected,cancelled,lapsed"`
	StateName       string        `json:"state_name"`
	PointsBack      bool          `json:"points_back" doc:"cancelled or lapsed: the points were given back"`
	EndedAt         int64         `json:"ended_at,omitempty" doc:"milliseconds since 1970 UTC"`
	Redemption      id.ID         `json:"redemption,omitempty" doc:"the redemption by which it was collected"`
	Repeated        bool          `json:"repeated" doc:"this request had already been carried out"`
}

// Reservations is a page of them, newest first.
type Reservations struct {
	Items []Reservation `json:"items"`
	Next  string        `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// ReserveRequest holds goods of one shop.
type ReserveRequest struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Shop      id.ID         `json:"shop"`
	Member    id.ID         `json:"member,omitempty" doc:"whose points, where the village scores persons"`
	Lines     []Want        `json:"lines" minItems:"1" maxItems:"20"`
	Total     points.Amount `json:"total" minimum:"1" doc:"what the page showed, in hundredths of a point; refused if prices have changed since"`
}

// Reserve holds points and goods until the shop's last day for it. Prices and the version of the rules are those of today,
// whatever changes until it is collected. Refusals: those of Redeem, and ErrReserveOff, ErrReserveFee, ErrReserveMany.
func (s *Service) Reserve(ctx context.Context, a access.Actor, in, household id.ID, r ReserveRequest) (Reservation, error) {
	if err := a.Allow(MayReserve, access.Place{Village: in, Household: household}); err != nil {
		return Reservation{}, err
	}
	if err := checkBasket(r.Lines); err != nil {
		return Reservation{}, err
	}
	at := s.now()
	b, refusal := s.reserver(ctx, a, in, household, r.Member, clock.DayOf(at))
	made := s.db.NewID()
	reserved, repeated, err := s.once(ctx, a, r.RequestID, "market.reserve", []any{in, household, r}, made, func(tx *storage.Tx) error {
		if refusal != nil {
			return refusal
		}
		return s.reserve(tx, a.User(), b, made, r, at)
	})
	if err != nil {
		return Reservation{}, err
	}
	n, err := s.reservation(ctx, "id = ? AND household_id = ?", reserved, household)
	if err != nil {
		return Reservation{}, err
	}
	n.Repeated = repeated
	return n, nil
}

// reserver is buyer for a reservation: one's own household may be served by oneself here, because somebody else hands out.
func (s *Service) reserver(ctx context.Context, a access.Actor, in, household, member id.ID, today clock.Day) (buyer, error) {
	b, err := s.buyer(ctx, a, in, RedeemRequest{Household: household, Member: member}, today)
	if errors.Is(err, access.ErrOwn) {
		for _, h := range a.Households() {
			if h == household {
				return b, nil
			}
		}
	}
	return b, err
}

func (s *Service) reserve(tx *storage.Tx, by id.ID, b buyer, made id.ID, r ReserveRequest, at time.Time) error {
	account, today := b.subject.Owner(), clock.DayOf(at)
	c := claim{}
	if err := ledger.Guard(tx, []id.ID{account}, c.guards(b, today)); err != nil {
		return err
	}
	tags, err := standing.Tags(tx, []id.ID{account}, today)
	if err != nil {
		return err
	}
	if err := standing.RefuseSpending(tags[account]); err != nil {
		return err
	}
	lines, takes, total, lapses, err := s.setAside(tx, b, r, at)
	if err != nil {
		return err
	}
	posted, err := ledger.Spend(tx, b.version.Scheme, ledger.Posting{Village: b.subject.Village, Kind: ledger.Hold, Ref: made.String(), By: by,
		Title: title("预约", lines), At: at, Occurred: today, Counted: b.version.Counted(today), Scheme: b.version.ID}, account, total, b.subject.Flags...)
	if err != nil {
		return err
	}
	n := Reservation{ID: made, Village: b.subject.Village, Shop: r.Shop, On: today, LapsesOn: lapses, CreatedAt: clock.Ms(at), Account: account,
		Household: b.subject.Household, Member: b.subject.Member, HouseholdNumber: b.subject.Number, HouseholdName: b.subject.Name,
		Total: total, Lines: lines, Paid: paid(b.version.Scheme, posted), Scheme: b.version.ID, State: Reserved}
	if err := n.insert(tx, by); err != nil {
		return err
	}
	op := stockOp{shop: r.Shop, ref: made, kind: held, by: by, at: moment{clock.Ms(at), today}}
	return op.post(tx, takes)
}

// setAside prices the basket and finds lots that stay good as long as the goods are kept.
func (s *Service) setAside(tx *storage.Tx, b buyer, r ReserveRequest, at time.Time) (lines []Line, takes []take, total points.Amount, lapses clock.Day, err error) {
	today, open := clock.DayOf(at), 0
	if err := tx.QueryRow("SELECT COUNT(*) FROM reservations WHERE household_id = ? AND state = ?", b.subject.Household, Reserved).Scan(&open); err != nil {
		return nil, nil, 0, 0, fmt.Errorf("count reservations: %w", err)
	}
	if open >= MaxReserved {
		return nil, nil, 0, 0, ErrReserveMany
	}
	var text, settings string
	if err := tx.QueryRow("SELECT terms, settings FROM shops WHERE id = ?", r.Shop).Scan(&text, &settings); err != nil {
		return nil, nil, 0, 0, ErrNoShop.Wrap(err)
	}
	terms, err := shopTerms(text)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	set, err := readSettings(settings)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	if terms.ReserveDays == 0 {
		return nil, nil, 0, 0, ErrReserveOff
	}
	lapses = set.Days.keptUntil(today, terms.ReserveDays)
	wants := sorted(r.Lines)
	d, err := readDesk(tx, b.subject.Village, r.Shop, 0, wants, at, lapses)
	if err == nil {
		err = pausedAt(d.state, d.settings, at) // outside its hours one may reserve
	}
	if err != nil {
		return nil, nil, 0, 0, err
	}
	if lines, takes, total, err = d.basket(tx, b, wants, r.Total, today); err != nil {
		return nil, nil, 0, 0, err
	}
	for _, l := range lines {
		if l.Fee {
			return nil, nil, 0, 0, ErrReserveFee
		}
	}
	return lines, takes, total, lapses, nil
}

// insert stores the reservation under a code that no other open one of the shop has.
func (n *Reservation) insert(tx *storage.Tx, by id.ID) error {
	text, err := json.Marshal(Slip{Lines: n.Lines, Paid: n.Paid})
	if err != nil {
		return err
	}
	for range reserveTries {
		n.Code = fmt.Sprintf("%06d", rand.IntN(1_000_000))
		_, err = tx.Exec(`INSERT INTO reservations (id, village_id, shop_id, code, open_key, reserved_on, lapses_on, created_at, account_id, household_id, member_id,
			household_number, name, total, slip, scheme_id, made_by, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			n.ID, n.Village, n.Shop, n.Code, n.Shop.String()+"/"+n.Code, n.On, n.LapsesOn, n.CreatedAt, n.Account, n.Household, n.Member,
			n.HouseholdNumber, n.HouseholdName, int64(n.Total), string(text), n.Scheme, by, n.State)
		if !storage.IsDuplicate(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("insert reservation: %w", err)
	}
	return nil
}

// CancelReservation gives points and goods back while the reservation is open: by the household, or at the counter.
func (s *Service) CancelReservation(ctx context.Context, a access.Actor, in, household, reservation id.ID, r CancelRequest) (Reservation, error) {
	if err := a.Allow(MayReserve, access.Place{Village: in, Household: household}); err != nil {
		return Reservation{}, err
	}
	if err := text("reason", "原因", r.Reason, false, 100); err != nil {
		return Reservation{}, err
	}
	n, err := s.reservation(ctx, "id = ? AND village_id = ? AND household_id = ?", reservation, in, household)
	if err != nil {
		return Reservation{}, err
	}
	v, err := s.books.Version(ctx, n.Scheme)
	if err != nil {
		return Reservation{}, err
	}
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.reservation.cancel", []any{in, reservation, r}, reservation, func(tx *storage.Tx) error {
		return n.end(tx, v.Scheme, GivenUp, a.User(), true, s.now())
	})
	if err != nil {
		return Reservation{}, err
	}
	n, err = s.reservation(ctx, "id = ?", reservation)
	n.Repeated = repeated
	return n, err
}

// end closes an open reservation without a redemption: the goods go back, and the points as told.
func (n *Reservation) end(tx *storage.Tx, book *scheme.Scheme, state string, by id.ID, back bool, at time.Time) error {
	if err := n.shut(tx, state, by, back, 0, at); err != nil {
		return err
	}
	counted, err := ledger.CountedOn(tx, n.Village, clock.DayOf(at))
	if err != nil {
		return err
	}
	p := ledger.Posting{Village: n.Village, Kind: ledger.Release, Ref: n.ID.String(), By: by, At: at, Occurred: n.On, Counted: counted, Scheme: n.Scheme,
		Title: title(map[string]string{GivenUp: "取消预约", Lapsed: "预约过期退回"}[state], n.Lines)}
	if back {
		_, err = ledger.ReleaseHeld(tx, book, p, n.ID.String())
	} else {
		p.Kind, p.Title = ledger.Expire, title("预约过期未领", n.Lines)
		_, err = ledger.SpendHeld(tx, book, p, n.ID.String())
	}
	if err != nil {
		return err
	}
	if err := n.unhold(tx, by, at); err != nil || state != Lapsed {
		return err
	}
	body := "预约的积分已经退回。"
	if !back {
		body = "过期未领，按细则不退回积分。"
	}
	return message.Tell(tx, message.Message{Village: n.Village, Household: n.Household, Member: n.Member, Kind: message.Reserved, At: at, Title: title("预约过期", n.Lines),
		Body: body, About: message.About{Kind: "reservation", ID: n.ID}})
}

// shut takes the account's guard and marks the reservation ended. ErrReserved if it was.
func (n *Reservation) shut(tx *storage.Tx, state string, by id.ID, back bool, redemption id.ID, at time.Time) error {
	if err := ledger.Guard(tx, []id.ID{n.Account}, nil); err != nil {
		return err
	}
	given := 0
	if back {
		given = 1
	}
	k, err := tx.Exec("UPDATE reservations SET state = ?, open_key = ?, points_back = ?, ended_at = ?, ended_by = ?, redemption_id = ? WHERE id = ? AND state = ?",
		state, "#"+n.ID.String(), given, clock.Ms(at), by, redemption, n.ID, Reserved)
	if err != nil {
		return fmt.Errorf("end reservation: %w", err)
	}
	if k == 0 {
		return ErrReserved
	}
	return nil
}

// unhold puts the pieces back into the lots they were taken from.
func (n *Reservation) unhold(tx *storage.Tx, by id.ID, at time.Time) error {
	takes, err := movesOf(tx, n.ID, held)
	if err != nil {
		return err
	}
	for i := range takes {
		takes[i].qty = -takes[i].qty
	}
	op := stockOp{shop: n.Shop, ref: n.ID, kind: unheld, by: by, at: moment{clock.Ms(at), clock.DayOf(at)}}
	return op.post(tx, takes)
}

// LapseReservations ends the reservations nobody collected in time, one transaction each, and answers how many. It may be
// run at any time, by several servers and again after a kill.
func (s *Service) LapseReservations(ctx context.Context) (int, error) {
	at, done := s.now(), 0
	after := id.ID(0)
	for {
		due, err := s.reservations(ctx, "state = ? AND lapses_on < ? AND id > ? ORDER BY id LIMIT 100", Reserved, clock.DayOf(at), after)
		if err != nil || len(due) == 0 {
			return done, err
		}
		for i := range due {
			n := &due[i]
			after = n.ID
			v, err := s.books.Version(ctx, n.Scheme)
			if err != nil {
				return done, err
			}
			err = s.inTx(ctx, func(tx *storage.Tx) error { return n.lapse(tx, v.Scheme, at) })
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ErrReserved): // else somebody was first
				return done, fmt.Errorf("lapse reservation %s: %w", n.ID, err)
			}
		}
	}
}

// lapse ends a reservation that nobody collected. The points come back unless the rules say that they are lost; while the shop
// pauses or is closed nobody could have come, and nothing is lost.
func (n *Reservation) lapse(tx *storage.Tx, book *scheme.Scheme, at time.Time) error {
	back := !book.Redemption.LoseLapsed
	if !back {
		var state, settings string
		if err := tx.QueryRow("SELECT state, settings FROM shops WHERE id = ?", n.Shop).Scan(&state, &settings); err != nil {
			return fmt.Errorf("read shop: %w", err)
		}
		back = pausedAt(state, settings, n.LapsesOn.Start()) != nil || pausedAt(state, settings, at) != nil
	}
	return n.end(tx, book, Lapsed, 0, back, at)
}
