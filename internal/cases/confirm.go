package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MayConfirm: people of the household that was asked, and officials who note what it said.
var MayConfirm = access.Need{Roles: []access.Role{access.Villager, access.GroupLeader, access.TeamMember, access.FirstSecretary}, Scope: access.Village}

// MaySeeConfirmations: the people of the household.
var MaySeeConfirmations = access.Need{Scope: access.Self}

var (
	ErrNotAsked   = errs.New(errs.NotFound, "cases_not_asked", "这条记录没有请您家确认，请刷新后再看")
	ErrOralNote   = errs.New(errs.Invalid, "cases_oral_note", "请写明对方谁、什么时候口头确认的，2到200字")
	ErrConfirmed  = errs.New(errs.Conflict, "cases_confirmed", "这条记录已经确认过了")
	ErrOwnWitness = errs.New(errs.Forbidden, "cases_own_witness", "请由对方户自己确认；登记人不能替本人或亲属家确认")
)

// Confirmation is the word of the other household about a deed.
type Confirmation struct {
	Household     id.ID  `json:"household"`
	Number        string `json:"number" doc:"of the household"`
	HouseholdName string `json:"household_name"`
	How           string `json:"how" enum:",app,oral" doc:"empty: asked and not answered; app: by its people; oral: as an official notes"`
	Note          string `json:"note,omitempty"`
	ByName        string `json:"by_name,omitempty" doc:"who confirmed, or noted it"`
	AskedAt       int64  `json:"asked_at" doc:"milliseconds since 1970 UTC"`
	ConfirmedAt   int64  `json:"confirmed_at,omitempty"`
}

// Confirm records the word of the other household: by one of its people, or by an official with a note of who said it. All
// cases of the batch are meant. Once confirmed it stays so.
func (s *Service) Confirm(ctx context.Context, a access.Actor, where, caseID id.ID, r Step) (Confirmation, error) {
	if err := a.Allow(MayConfirm, access.Place{Village: where}); err != nil {
		return Confirmation{}, err
	}
	c, err := s.one(ctx, where, caseID)
	if err != nil {
		return Confirmation{}, err
	}
	open, err := s.confirmations(ctx, "f.batch_id = ? ORDER BY f.id", c.batch)
	if err != nil {
		return Confirmation{}, err
	}
	household, how, err := witness(a, where, open, r)
	if err != nil {
		return Confirmation{}, err
	}
	if how == "oral" {
		if err := a.NotOwn(household, c.household); err != nil {
			return Confirmation{}, ErrOwnWitness.Wrap(err)
		}
	}
	at := clock.Ms(s.now())
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, repeated, err := tx.Once(a.User(), r.RequestID, "cases.confirm", []any{where, c.batch, r.Why}, c.batch)
		if err != nil || repeated {
			return err
		}
		n, err := tx.Exec("UPDATE case_confirmations SET how = ?, note = ?, confirmed_by = ?, confirmed_at = ? WHERE batch_id = ? AND household_id = ? AND confirmed_at = 0",
			how, strings.TrimSpace(r.Why), a.User(), at, c.batch, household)
		if err != nil {
			return fmt.Errorf("confirm: %w", err)
		}
		if n == 0 {
			return ErrConfirmed
		}
		return nil
	})
	if err != nil {
		return Confirmation{}, err
	}
	done, err := s.confirmations(ctx, "f.batch_id = ? AND f.household_id = ?", c.batch, household)
	if err != nil || len(done) == 0 {
		return Confirmation{}, errOr(err, ErrNotAsked)
	}
	return done[0], nil
}

// witness finds for which household an actor speaks, and how.
func witness(a access.Actor, where id.ID, all []Confirmation, r Step) (household id.ID, how string, err error) {
	if len(all) == 0 {
		return 0, "", ErrNotAsked
	}
	homes := homesIn(a, where)
	for _, f := range all {
		if slices.Contains(homes, f.Household) {
			return f.Household, "app", nil
		}
	}
	if a.Allow(MayRecord, access.Place{Village: where}) != nil {
		return 0, "", ErrNotAsked
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Why)); n < 2 || n > MaxWhy {
		return 0, "", ErrOralNote
	}
	for _, f := range all {
		if f.How == "" {
			return f.Household, "oral", nil
		}
	}
	return all[0].Household, "oral", nil
}

// Asked is a deed that a household is asked to confirm.
type Asked struct {
	Case       id.ID     `json:"case"`
	ItemName   string    `json:"item_name"`
	Number     string    `json:"number" doc:"of the household that did it"`
	Name       string    `json:"name" doc:"of the household that did it"`
	OccurredOn clock.Day `json:"occurred_on"`
	ByName     string    `json:"by_name" doc:"who entered it"`
	AskedAt    int64     `json:"asked_at" doc:"milliseconds since 1970 UTC"`
}

// AskedOf lists what a household is asked to confirm, the newest first.
func (s *Service) AskedOf(ctx context.Context, a access.Actor, where, household id.ID) ([]Asked, error) {
	if err := a.Allow(MaySeeConfirmations, access.Place{Village: where, Household: household}); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT c.id, c.item_name, h.number, h.name, c.occurred_on, CASE WHEN c.way = 'peer' THEN '' ELSE COALESCE(u.name, '') END, f.asked_at
		FROM case_confirmations f JOIN cases c ON c.batch_id = f.batch_id AND c.state = 'submitted' JOIN households h ON h.id = c.household_id
		LEFT JOIN users u ON u.id = f.asked_by WHERE f.household_id = ? AND f.confirmed_at = 0 AND f.village_id = ? ORDER BY c.id DESC LIMIT 50`, household, where)
	if err != nil {
		return nil, fmt.Errorf("list confirmations: %w", err)
	}
	defer rows.Close()
	all := []Asked{}
	for rows.Next() {
		var q Asked
		if err := rows.Scan(&q.Case, &q.ItemName, &q.Number, &q.Name, &q.OccurredOn, &q.ByName, &q.AskedAt); err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, rows.Err()
}

func (s *Service) confirmations(ctx context.Context, where string, args ...any) ([]Confirmation, error) {
	rows, err := s.db.Query(ctx, `SELECT f.household_id, h.number, h.name, f.how, f.note, COALESCE(u.name, ''), f.asked_at, f.confirmed_at
		FROM case_confirmations f JOIN households h ON h.id = f.household_id LEFT JOIN users u ON u.id = f.confirmed_by WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read confirmations: %w", err)
	}
	defer rows.Close()
	var all []Confirmation
	for rows.Next() {
		var f Confirmation
		if err := rows.Scan(&f.Household, &f.Number, &f.HouseholdName, &f.How, &f.Note, &f.ByName, &f.AskedAt, &f.ConfirmedAt); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}
