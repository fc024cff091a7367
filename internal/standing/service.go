package standing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Who may do what. The people of a household see what stands against it, and so do those who work with it. What bars from
// redeeming until something is put right may be lifted by whoever sees that it was; a veto and a bar for a time, which are
// penalties, by the head of the village or the county.
var (
	MaySee = access.Need{Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary, access.PanelMember,
		access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Self}
	MayLift    = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}
	mayPardon  = access.Need{Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}
	pardonable = []string{scheme.TagVeto, scheme.TagBarred}
)

var (
	ErrWhy    = errs.New(errs.Invalid, "standing_why", "请写明解除的理由，最多200字")
	ErrRank   = errs.New(errs.Forbidden, "standing_rank", "一票否决和取消兑换资格，要由第一书记或县级管理员解除")
	ErrByCase = errs.New(errs.Conflict, "standing_by_case", "警告和未整改的问题跟着原来的记录走：记录有误请冲正，已经整改请在记录里办理")
)

// Noted is a tag with who set and who lifted it.
type Noted struct {
	Tag
	KindName   string `json:"kind_name"`
	Stands     bool   `json:"stands" doc:"it stands today"`
	AddedAt    int64  `json:"added_at" doc:"milliseconds since 1970 UTC"`
	LiftedAt   int64  `json:"lifted_at,omitempty" doc:"milliseconds since 1970 UTC; empty while nobody has lifted it"`
	LiftedBy   id.ID  `json:"lifted_by,omitempty"`
	LifterName string `json:"lifted_by_name,omitempty"`
	LiftedWhy  string `json:"lifted_why,omitempty"`
	Repeated   bool   `json:"repeated,omitempty" doc:"the request had been carried out before"`
}

var kindNames = map[string]string{scheme.TagVeto: "一票否决", scheme.TagBarred: "取消兑换资格", scheme.TagSuspended: "暂停兑换",
	scheme.TagWarning: "警告", scheme.TagOpenFault: "未整改"}

// MaxNoted is how many tags of a household are listed, the newest.
const MaxNoted = 100

// LiftRequest lifts a tag from today on.
type LiftRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string `json:"why" maxLength:"200" doc:"the household reads it"`
}

// Service is the use cases of this package.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	villages *village.Service
}

// New makes the service.
func New(db *storage.DB, now clock.Clock, villages *village.Service) *Service {
	return &Service{db: db, now: now, villages: villages}
}

// List are the tags of a household and of the people who live in it, with their reasons and terms, newest first; those that
// were lifted or have ended stay in it.
func (s *Service) List(ctx context.Context, a access.Actor, where, household id.ID) ([]Noted, error) {
	if err := a.Allow(MaySee, access.Place{Village: where, Household: household}); err != nil {
		return nil, err
	}
	h, err := s.villages.Detail(ctx, where, household, clock.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	accounts := []id.ID{household}
	for _, p := range h.People {
		accounts = append(accounts, p.ID)
	}
	return s.noted(ctx, "t.account_id IN "+storage.In(len(accounts)), storage.Args(accounts)...)
}

func (s *Service) noted(ctx context.Context, where string, args ...any) ([]Noted, error) {
	rows, err := s.db.Query(ctx, `SELECT t.id, t.village_id, t.account_id, t.kind, t.from_day, t.to_day, t.case_id, t.reason, t.added_at, t.lifted_at, t.lifted_by,
		COALESCE(u.name, ''), t.lifted_why FROM tags t LEFT JOIN users u ON u.id = t.lifted_by WHERE `+where+fmt.Sprintf(" ORDER BY t.id DESC LIMIT %d", MaxNoted), args...)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	defer rows.Close()
	today, out := clock.DayOf(s.now()), []Noted{}
	for rows.Next() {
		var n Noted
		if err := rows.Scan(&n.ID, &n.Village, &n.Account, &n.Kind, &n.From, &n.To, &n.Case, &n.Reason, &n.AddedAt, &n.LiftedAt, &n.LiftedBy, &n.LifterName, &n.LiftedWhy); err != nil {
			return nil, fmt.Errorf("list tags: %w", err)
		}
		n.KindName, n.Stands = kindNames[n.Kind], n.From <= today && today < n.To
		out = append(out, n)
	}
	return out, rows.Err()
}

// Lift ends a veto, a bar or a suspension today, with a reason that is kept and that the household reads. Nobody lifts what
// stands against an own or kin household. ErrRank for what takes a higher office, ErrByCase for what goes with its record,
// ErrNoTag for what does not stand any more.
func (s *Service) Lift(ctx context.Context, a access.Actor, where, tag id.ID, r LiftRequest) (Noted, error) {
	place := access.Place{Village: where}
	if err := a.Allow(MayLift, place); err != nil {
		return Noted{}, err
	}
	why := strings.TrimSpace(r.Why)
	if n := utf8.RuneCountInString(why); n == 0 || n > MaxReason {
		return Noted{}, ErrWhy
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "standing.lift", []any{where, tag, r.Why}, tag); err != nil || repeated {
			return err
		}
		var account id.ID
		var kind string
		err = tx.QueryRow("SELECT account_id, kind FROM tags WHERE id = ? AND village_id = ?", tag, where).Scan(&account, &kind)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoTag
		case err != nil:
			return err
		case kind == scheme.TagWarning || kind == scheme.TagOpenFault:
			return ErrByCase
		case slices.Contains(pardonable, kind) && a.Allow(mayPardon, place) != nil:
			return ErrRank
		}
		if err := s.notOwn(tx, a, where, account); err != nil {
			return err
		}
		if err := ledger.Guard(tx, []id.ID{account}, nil); err != nil {
			return err
		}
		if err := Lift(tx, where, tag, clock.DayOf(at), a.User(), at); err != nil {
			return err
		}
		if _, err = tx.Exec("UPDATE tags SET lifted_why = ? WHERE id = ?", why, tag); err != nil {
			return err
		}
		return tellLifted(tx, []id.ID{account}, "“"+kindNames[kind]+"”已经解除："+why, clock.DayOf(at), at)
	})
	if err != nil {
		return Noted{}, err
	}
	found, err := s.noted(ctx, "t.id = ?", tag)
	if err != nil || len(found) == 0 {
		return Noted{}, err
	}
	found[0].Repeated = repeated
	return found[0], nil
}

// notOwn refuses an account of the actor's own or kin household; it may be a household's or a person's.
func (s *Service) notOwn(tx *storage.Tx, a access.Actor, where, account id.ID) error {
	if err := a.NotOwn(account); err != nil {
		return err
	}
	m, err := s.villages.OpenMembership(tx, where, account)
	if errors.Is(err, village.ErrNoMember) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.NotOwn(m.Household)
}
