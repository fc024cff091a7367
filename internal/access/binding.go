package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Errors of bindings.
var (
	ErrHouseholdCode = errs.New(errs.NotFound, "access_household_code", "没有找到这个码，请核对后再试，或请驻村队员帮忙")
	ErrBindingName   = errs.New(errs.Invalid, "access_binding_name", "请填写您的姓名，最多20个字")
	ErrBound         = errs.New(errs.Conflict, "access_bound", "您已经绑定这一户，不用再申请")
	ErrBindingAsked  = errs.New(errs.Conflict, "access_binding_asked", "您已经申请绑定这一户，请等驻村队员确认")
	ErrNoBinding     = errs.New(errs.NotFound, "access_no_binding", "没有找到这条绑定申请")
	ErrDecided       = errs.New(errs.Conflict, "access_binding_decided", "这条绑定申请已经处理过了")
	ErrNotInHome     = errs.New(errs.Invalid, "access_not_in_household", "请从这一户现在的家庭成员中选择一位")
	ErrOwnBinding    = errs.New(errs.Forbidden, "access_own_binding", "不能确认自己的绑定申请，请由其他工作人员办理")
)

// States of a binding.
const (
	BindingPending   = "pending"
	BindingConfirmed = "confirmed"
	BindingRefused   = "refused"
)

// Binding is a user's request to be taken as a member of a household, found by the household's code.
type Binding struct {
	ID        id.ID  `json:"id"`
	Village   id.ID  `json:"village_id"`
	User      id.ID  `json:"user_id"`
	Household id.ID  `json:"household_id"`
	Number    string `json:"number" doc:"number of the household"`
	Name      string `json:"name" doc:"name that the user gave"`
	State     string `json:"state" enum:"pending,confirmed,refused"`
	Member    id.ID  `json:"member_id" doc:"member confirmed, 0 if none"`
	Note      string `json:"note" doc:"why it was refused"`
	CreatedAt int64  `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Repeated  bool   `json:"repeated"`
}

// BindingRequest asks for a binding.
type BindingRequest struct {
	RequestID     string `json:"request_id" minLength:"16" maxLength:"64"`
	HouseholdCode string `json:"household_code" minLength:"4" maxLength:"128" doc:"what the household's code says"`
	Name          string `json:"name" minLength:"1" maxLength:"60" doc:"name of the person who asks"`
}

// AskBinding asks to be taken as a member of the household whose code one holds. A member of the village's staff decides.
// Tries per user and day are limited, right ones included. Errors: ErrHouseholdCode, ErrBound, ErrBindingAsked, ErrTries.
func (s *Service) AskBinding(ctx context.Context, a Actor, r BindingRequest) (Binding, error) {
	if err := a.Allow(MaySignedIn, Place{}); err != nil {
		return Binding{}, err
	}
	if err := a.person(); err != nil {
		return Binding{}, err
	}
	r.Name = strings.TrimSpace(r.Name)
	if n := utf8.RuneCountInString(r.Name); n == 0 || n > 20 || !utf8.ValidString(r.Name) {
		return Binding{}, ErrBindingName
	}
	if err := s.try(ctx, a.user, "binding", triesBinding); err != nil {
		return Binding{}, err
	}
	var made id.ID
	var repeated bool
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if made, repeated, err = tx.Once(a.user, r.RequestID, "binding", r, tx.NewID()); err != nil || repeated {
			return err
		}
		household, village, err := s.householdByCode(tx, r.HouseholdCode)
		if err != nil {
			return err
		}
		if a.livesIn(Place{Household: household}) {
			return ErrBound
		}
		_, err = tx.Exec(`INSERT INTO bindings (id, village_id, user_id, household_id, name, state, open_key, member_id, note, created_at, decided_at, decided_by)
			VALUES (?,?,?,?,?,'pending',?,0,'',?,0,0)`, made, village, a.user, household, r.Name, openKey(a.user, household), clock.Ms(s.now()))
		if storage.IsDuplicate(err) {
			return ErrBindingAsked
		}
		return err
	})
	if err != nil {
		return Binding{}, fmt.Errorf("ask binding: %w", err)
	}
	b, err := s.binding(ctx, made, 0)
	b.Repeated = repeated
	return b, err
}

// openKey is held by one waiting request of a user for a household.
func openKey(user, household id.ID) string { return user.String() + "/" + household.String() }

// householdByCode finds the household of a code that has not been replaced. The look-up is by a keyed hash, so its time
// tells nothing about the codes there are; the found hash is compared in constant time besides.
func (s *Service) householdByCode(tx *storage.Tx, code string) (household, in id.ID, err error) {
	if token := village.CardToken(code); token != "" { // an address from a card; anything else is not a code and is not found
		code = token
	}
	idx := s.db.Keys.Index(storage.IndexCode, code)
	if len(idx) == 0 {
		return 0, 0, ErrHouseholdCode
	}
	var found []byte
	err = tx.QueryRow(`SELECT c.token_idx, c.household_id, c.village_id FROM household_codes c
		JOIN households h ON h.id = c.household_id AND h.to_day > ? WHERE c.token_idx = ? AND c.ended_at = 0`, s.today(), idx).Scan(&found, &household, &in)
	if noRows(err) || err == nil && subtle.ConstantTimeCompare(found, idx) != 1 {
		return 0, 0, ErrHouseholdCode
	}
	return household, in, err
}

const selectBinding = `SELECT b.id, b.village_id, b.user_id, b.household_id, COALESCE(h.number, ''), b.name, b.state, b.member_id, b.note, b.created_at
	FROM bindings b LEFT JOIN households h ON h.id = b.household_id `

func scanBinding(scan func(...any) error) (b Binding, err error) {
	err = scan(&b.ID, &b.Village, &b.User, &b.Household, &b.Number, &b.Name, &b.State, &b.Member, &b.Note, &b.CreatedAt)
	return b, err
}

// binding reads one; a village other than 0 must be its village.
func (s *Service) binding(ctx context.Context, binding, village id.ID) (Binding, error) {
	b, err := scanBinding(s.db.QueryRow(ctx, selectBinding+"WHERE b.id = ?", binding).Scan)
	if noRows(err) || err == nil && village != 0 && b.Village != village {
		return Binding{}, ErrNoBinding
	}
	return b, err
}

// MayBind is for the staff who know their people by sight.
var MayBind = Need{Roles: []Role{GroupLeader, TeamMember, FirstSecretary}, Scope: Village}

// maxList bounds a page of a list.
const maxList = 100

// Bindings lists requests of a village in one state, oldest first, after a cursor (the last id of the page before).
func (s *Service) Bindings(ctx context.Context, a Actor, village id.ID, state string, after id.ID, limit int) ([]Binding, error) {
	if err := a.Allow(MayBind, Place{Village: village}); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > maxList {
		limit = maxList
	}
	rows, err := s.db.Query(ctx, selectBinding+"WHERE b.village_id = ? AND b.state = ? AND b.id > ? ORDER BY b.id LIMIT "+strconv.Itoa(limit), village, state, after)
	if err != nil {
		return nil, fmt.Errorf("list bindings: %w", err)
	}
	list := []Binding{}
	err = eachRow(rows, func() error {
		b, err := scanBinding(rows.Scan)
		list = append(list, b)
		return err
	})
	return list, err
}

// BindingDecision confirms a request for one member of the household, or refuses it with a note.
type BindingDecision struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Member    id.ID  `json:"member_id,omitempty" doc:"to confirm: which member of the household the user is"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"to refuse: why"`
}

// ConfirmBinding makes the user stand for the member. Errors: ErrNoBinding, ErrDecided, ErrNotInHome, ErrOwnBinding.
func (s *Service) ConfirmBinding(ctx context.Context, a Actor, village, binding id.ID, d BindingDecision) (Binding, error) {
	return s.decideBinding(ctx, a, village, binding, BindingConfirmed, d)
}

// RefuseBinding ends the request; the user may ask again. Errors: ErrNoBinding, ErrDecided, ErrOwnBinding.
func (s *Service) RefuseBinding(ctx context.Context, a Actor, village, binding id.ID, d BindingDecision) (Binding, error) {
	d.Member = 0
	return s.decideBinding(ctx, a, village, binding, BindingRefused, d)
}

func (s *Service) decideBinding(ctx context.Context, a Actor, village, binding id.ID, state string, d BindingDecision) (Binding, error) {
	if err := a.Allow(MayBind, Place{Village: village}); err != nil {
		return Binding{}, err
	}
	b, err := s.binding(ctx, binding, village)
	if err != nil {
		return Binding{}, err
	}
	if b.User == a.user {
		return Binding{}, ErrOwnBinding
	}
	if d.Note = strings.TrimSpace(d.Note); utf8.RuneCountInString(d.Note) > 200 {
		return Binding{}, errs.New(errs.Invalid, "access_binding_note", "说明最多200个字")
	}
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.user, d.RequestID, "binding_"+state, []any{binding, d.Member, d.Note}, binding); err != nil || repeated {
			return err
		}
		n, err := tx.Exec("UPDATE bindings SET state = ?, open_key = ?, member_id = ?, note = ?, decided_at = ?, decided_by = ? WHERE id = ? AND state = 'pending'",
			state, binding.String(), d.Member, d.Note, clock.Ms(s.now()), a.user, binding)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrDecided
		}
		if state == BindingRefused {
			return nil
		}
		return s.standInHousehold(tx, b, d.Member, a.user)
	})
	if err != nil {
		return Binding{}, fmt.Errorf("decide binding: %w", err)
	}
	b, err = s.binding(ctx, binding, village)
	b.Repeated = repeated
	return b, err
}

func (s *Service) standInHousehold(tx *storage.Tx, b Binding, member, by id.ID) error {
	day := s.today()
	var n int
	err := tx.QueryRow("SELECT COUNT(*) FROM memberships WHERE member_id = ? AND household_id = ? AND to_day > ? AND from_day <= ?",
		member, b.Household, day, day).Scan(&n)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotInHome
	}
	if err := lockUser(tx, b.User); err != nil {
		return err
	}
	return s.stand(tx, b.User, member, b.Village, "code", by)
}
