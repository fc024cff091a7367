package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// How somebody at the counter was known.
const (
	ByNumber = "number" // the keeper chose the household by number or name
	ByCard   = "card"   // the printed card
	ByPhone  = "phone"  // the changing code on the household's own phone
)

// What made sure that it was they.
const (
	ProofPIN       = "pin"
	ProofPhone     = "phone"
	ProofSignature = "signature"
)

// visitTime is how long the keeper has from the scan to the confirmation.
const visitTime = 15 * time.Minute

var (
	ErrVisit = errs.New(errs.Conflict, "market_visit_over", "这次扫码已经过了时间或者用过了，请重新扫一次")
	ErrProof = errs.New(errs.Conflict, "market_proof_needed", "这次花的积分多，请村民输入登录密码、出示手机上的码，或者在凭条上签字")
	ErrNoPIN = errs.New(errs.Unavailable, "market_no_pin", "现在不能核对登录密码，请出示手机上的码，或者在凭条上签字")
)

// CheckPIN checks a household's PIN and counts wrong ones: access.Service.CheckPIN.
type CheckPIN func(ctx context.Context, in, household id.ID, pin string) error

// UsePIN gives the service the check of households' PINs; without it a PIN proves nothing.
func (s *Service) UsePIN(check CheckPIN) { s.pin = check }

// VisitRequest says who stands at the counter: by what was scanned, or by the household (person) chosen from the list.
type VisitRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Code      string `json:"code,omitempty" maxLength:"300" doc:"what the card or the phone shows; or one of the next two"`
	Household id.ID  `json:"household,omitempty"`
	Member    id.ID  `json:"member,omitempty" doc:"who pays, where the village scores persons"`
	PIN       string `json:"pin,omitempty" maxLength:"12" doc:"the household's PIN, if it was asked"`
}

// Visit is somebody at the counter, good for one redemption.
type Visit struct {
	ID id.ID `json:"id"`
	Counter
	Way      string    `json:"way" enum:"number,card,phone" doc:"how they were known"`
	Proof    string    `json:"proof" enum:",pin,phone" doc:"what made sure that it was they; empty: nothing yet"`
	EndsAt   int64     `json:"ends_at" doc:"milliseconds since 1970 UTC"`
	Terms    ShopTerms `json:"terms"`
	FenPer   int64     `json:"fen_per_point" doc:"for a cash top-up: what a point is reckoned at, in fen; 0: no top-up"`
	Repeated bool      `json:"repeated" doc:"this request had already been carried out"`
}

// Visit looks up who stands at the counter and notes how. A phone's code is used up by it. The answer says what they can
// spend, or why they cannot redeem. Errors: village.ErrCodeUnknown, village.ErrCodeDead, ErrPhoneCode,
// ErrPhoneCodeUsed, ErrPhoneCodeWait, the check's own for a wrong PIN.
func (s *Service) Visit(ctx context.Context, a access.Actor, in, shop id.ID, r VisitRequest) (Visit, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Visit{}, err
	}
	at := s.now()
	terms, err := s.terms(ctx, in, shop)
	if err != nil {
		return Visit{}, err
	}
	v := visit{id: s.db.NewID(), village: in, shop: shop, household: r.Household, member: r.Member, way: ByNumber, ends: clock.Ms(at.Add(visitTime))}
	if village.CardToken(r.Code) != "" {
		h, err := s.people.ByCode(ctx, in, r.Code)
		if err != nil {
			return Visit{}, err
		}
		v.way, v.household = ByCard, h.ID
	} else if r.Code != "" {
		v.way = ByPhone
	}
	if v.way == ByNumber && v.household == 0 && v.member != 0 {
		people, err := s.people.Subjects(ctx, in, clock.DayOf(at), []id.ID{v.member})
		if err != nil {
			return Visit{}, err
		}
		v.household = people[0].Household
	}
	if r.PIN != "" && v.way != ByPhone {
		if v.proof, err = s.provePIN(ctx, in, v.household, r.PIN); err != nil {
			return Visit{}, err
		}
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), r.RequestID, "market.visit", []any{in, shop, r}, v.id)
		if repeated, v.id = again, earlier; err != nil || again {
			return err
		}
		if v.way == ByPhone {
			p, err := s.usePhoneCode(tx, in, r.Code, at)
			if err != nil {
				return err
			}
			v.household, v.member, v.proof = p.household, p.member, ProofPhone
		}
		_, err = tx.Exec("INSERT INTO visits (id, village_id, shop_id, keeper, household_id, member_id, way, proof, made_at, ends_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
			v.id, in, shop, a.User(), v.household, v.member, v.way, v.proof, clock.Ms(at), v.ends)
		return err
	})
	if errors.Is(err, ErrPhoneCode) {
		return Visit{}, errors.Join(err, s.missPhoneCode(ctx, r.Code, at))
	}
	if err != nil {
		return Visit{}, err
	}
	return s.describeVisit(ctx, a, in, shop, v.id, terms, repeated)
}

func (s *Service) describeVisit(ctx context.Context, a access.Actor, in, shop, visit id.ID, terms ShopTerms, repeated bool) (Visit, error) {
	v, err := s.readVisit(ctx, in, shop, visit)
	if err != nil {
		return Visit{}, err
	}
	out := Visit{ID: v.id, Way: v.way, Proof: v.proof, EndsAt: v.ends, Terms: terms, Repeated: repeated}
	rules, err := s.books.InForce(ctx, in, clock.DayOf(s.now()))
	if err != nil {
		return Visit{}, err
	}
	if terms.TopUpPercent > 0 {
		if out.FenPer, err = s.fenPerPoint(ctx, in); err != nil {
			return Visit{}, err
		}
	}
	payer := v.household
	if v.member != 0 {
		payer = 0
	}
	if rules.Scheme.Subject == "person" && v.member == 0 { // the keeper still has to ask whose points
		h, err := s.people.Get(ctx, in, v.household, clock.DayOf(s.now()))
		out.Counter = Counter{Household: h.ID, HouseholdNumber: h.Number, HouseholdName: h.Name}
		return out, err
	}
	out.Counter, err = s.Counter(ctx, a, in, shop, payer, v.member)
	return out, err
}

// ProofRequest carries the PIN that the household has typed.
type ProofRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	PIN       string `json:"pin" minLength:"4" maxLength:"12"`
}

// ProveVisit checks the household's PIN for a visit that has begun.
func (s *Service) ProveVisit(ctx context.Context, a access.Actor, in, shop, visit id.ID, r ProofRequest) (Visit, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Visit{}, err
	}
	terms, err := s.terms(ctx, in, shop)
	if err != nil {
		return Visit{}, err
	}
	v, err := s.readVisit(ctx, in, shop, visit)
	if err != nil {
		return Visit{}, err
	}
	if v.used != 0 || v.ends < clock.Ms(s.now()) {
		return Visit{}, ErrVisit
	}
	proof, err := s.provePIN(ctx, in, v.household, r.PIN)
	if err != nil {
		return Visit{}, err
	}
	if err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE visits SET proof = ? WHERE id = ? AND proof = ''", proof, visit)
		return err
	}); err != nil {
		return Visit{}, err
	}
	return s.describeVisit(ctx, a, in, shop, visit, terms, false)
}

func (s *Service) provePIN(ctx context.Context, in, household id.ID, pin string) (string, error) {
	if s.pin == nil {
		return "", ErrNoPIN
	}
	if household == 0 {
		return "", wrong("household", "请先选择要兑换的户")
	}
	return ProofPIN, s.pin(ctx, in, household, strings.TrimSpace(pin))
}

// visit is a visit as stored.
type visit struct {
	id, village, shop, household, member id.ID
	way, proof                           string
	ends, used                           int64
}

// readVisit is a visit of a shop. ErrVisit if there is none.
func (s *Service) readVisit(ctx context.Context, in, shop, of id.ID) (visit, error) {
	v := visit{id: of, village: in, shop: shop}
	err := s.db.QueryRow(ctx, "SELECT household_id, member_id, way, proof, ends_at, used_at FROM visits WHERE id = ? AND village_id = ? AND shop_id = ?", of, in, shop).
		Scan(&v.household, &v.member, &v.way, &v.proof, &v.ends, &v.used)
	if errors.Is(err, sql.ErrNoRows) {
		return v, ErrVisit
	}
	if err != nil {
		return v, fmt.Errorf("read visit: %w", err)
	}
	return v, nil
}

// use takes the visit for a redemption or a reservation, once and in time.
func (v *visit) use(tx *storage.Tx, made id.ID, at time.Time) error {
	n, err := tx.Exec("UPDATE visits SET used_at = ?, used_for = ? WHERE id = ? AND used_at = 0 AND ends_at >= ?", clock.Ms(at), made, v.id, clock.Ms(at))
	if err != nil {
		return fmt.Errorf("use visit: %w", err)
	}
	if n == 0 {
		return ErrVisit
	}
	return nil
}
