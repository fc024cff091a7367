// Package succession records what becomes of a household and its points when it splits, merges, moves, dies out or is
// dissolved, and when villages are merged (succession 分户/并户/迁移/去世/销户/并村).
//
// Spendable points go as was decided, in one posting that sums to 0; scores stay with the continuing household, so no
// total moves; old numbers stay as aliases; terms end and begin on the day of the succession, nothing is overwritten.
// An account that ends is closed and refuses postings from then on. Each verb locks first the accounts, then
// the village.
package succession

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Kinds of succession.
const (
	KindSplit    = "split"
	KindMerge    = "merge"
	KindMove     = "move"
	KindDeath    = "death"
	KindDissolve = "dissolve"
	KindVillages = "villages"
)

var (
	ErrInvalid  = errs.New(errs.Invalid, "succession_invalid", "填写的内容有误，请按提示修改。")
	ErrShares   = errs.New(errs.Invalid, "succession_shares", "积分的分法不对：份数应为0到1000的整数，且不能全是0。")
	ErrOpen     = errs.New(errs.Conflict, "succession_points_open", "还有未生效或已预约的积分。请先办结评定、取消预约，再来办理。")
	ErrDebt     = errs.New(errs.Conflict, "succession_debt", "并入的户积分是负数，并到的户可用积分不够补足。请先补足再并户。")
	ErrNotFound = errs.New(errs.NotFound, "succession_not_found", "没有这条变更记录。")
)

// MayChange is who may record a succession: officials of the village, not for their own household, and the county.
var MayChange = access.Need{Roles: []access.Role{access.FirstSecretary, access.TeamMember, access.CountyAdmin}, Scope: access.Village}

// MayRead is who may read successions: officials and those who watch over them.
var MayRead = access.Need{Roles: []access.Role{access.FirstSecretary, access.TeamMember, access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}

// Book gives the scheme of a village on a day. errs.NotFound says that it has none, and then no points can be moved.
type Book func(ctx context.Context, village id.ID, day clock.Day) (*scheme.Scheme, error)

// Service records successions.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	villages *village.Service
	book     Book
	carries  []func(tx *storage.Tx, m Merger) error
}

// Merger is two villages that become one.
type Merger struct {
	From, Into, By id.ID
	On             clock.Day
	At             time.Time
}

// Carries names what else goes over in a merger of villages, in the order given and in its transaction: features that
// stand above this package bring their own tables over.
func (s *Service) Carries(fns ...func(tx *storage.Tx, m Merger) error) {
	s.carries = append(s.carries, fns...)
}

// New makes the service over the register of villages and the ledger of the same database.
func New(db *storage.DB, now clock.Clock, villages *village.Service, book Book) *Service {
	return &Service{db: db, now: now, villages: villages, book: book}
}

// Act is what every succession has: who decided it and from which day it holds.
type Act struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64" doc:"made by the client; a repeat is answered with the same record"`
	On        clock.Day `json:"on,omitempty" doc:"from which day it holds; empty is today"`
	DecidedBy string    `json:"decided_by" minLength:"2" maxLength:"120" doc:"who decided it: 户主协商、村民代表会议 2026-11-01 …"`
	Note      string    `json:"note,omitempty" maxLength:"500"`
}

// Share is a recipient's part of spendable points: Parts of the sum of all parts.
type Share struct {
	To    id.ID `json:"to" doc:"account that receives: a household's or a member's id"`
	Parts int64 `json:"parts" minimum:"0" maximum:"1000"`
}

// Record is a succession as it was decided.
type Record struct {
	ID        id.ID     `json:"id"`
	Village   id.ID     `json:"-"`
	Kind      string    `json:"kind" enum:"split,merge,move,death,dissolve,villages"`
	On        clock.Day `json:"on"`
	DecidedBy string    `json:"decided_by"`
	Note      string    `json:"note"`
	By        id.ID     `json:"by"`
	At        int64     `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Parts     []Part    `json:"parts"`
	Moved     []Moved   `json:"moved" doc:"spendable points that went over"`
	Repeated  bool      `json:"repeated"`
}

// Part is a household, person, group or village a succession goes from or to.
type Part struct {
	Side  string `json:"side" enum:"from,to"`
	Kind  string `json:"kind" enum:"household,person,group,village"`
	Owner id.ID  `json:"id"`
}

// Moved is what went from one account to another.
type Moved struct {
	From   id.ID         `json:"from"`
	To     id.ID         `json:"to"`
	Wallet string        `json:"wallet"`
	Amount points.Amount `json:"amount" doc:"hundredths of a point"`
}

// act is one succession at work.
type act struct {
	s       *Service
	tx      *storage.Tx
	w       village.Write
	book    *scheme.Scheme
	rec     Record
	numbers map[id.ID]string
}

// run does a succession once per request id: accounts are guarded, then the village, then fn changes the register and
// lists parts and movements, which are posted and stored.
func (s *Service) run(ctx context.Context, by, villageID id.ID, kind string, a Act, body any, accounts []id.ID, fn func(*act) error) (Record, error) {
	day, err := s.check(&a)
	if err != nil {
		return Record{}, err
	}
	book, err := s.book(ctx, villageID, day)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Record{}, err
	}
	recID, repeated := s.db.NewID(), false
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		repeated = false
		earlier, again, err := tx.Once(by, a.RequestID, "succession."+kind, []any{villageID, body}, recID)
		if err != nil {
			return err
		}
		if again {
			recID, repeated = earlier, true
			return nil
		}
		if err := ledger.Guard(tx, accounts, nil); err != nil {
			return err
		}
		if err := s.villages.Lock(tx, villageID); err != nil {
			return err
		}
		x := &act{s: s, tx: tx, book: book, w: village.Write{Village: villageID, By: by, On: day}}
		x.rec = Record{ID: recID, Village: villageID, Kind: kind, On: day, DecidedBy: a.DecidedBy, Note: a.Note, By: by, At: clock.Ms(s.now())}
		if err := fn(x); err != nil {
			return err
		}
		return x.store()
	})
	if err != nil {
		return Record{}, err
	}
	rec, err := s.read(ctx, villageID, recID)
	rec.Repeated = repeated
	return rec, err
}

func (s *Service) check(a *Act) (clock.Day, error) {
	var fields []errs.Field
	today := clock.DayOf(s.now())
	if a.On == 0 {
		a.On = today
	}
	if !a.On.Valid() || a.On > today {
		fields = append(fields, errs.Field{Path: "on", Msg: "日期不能晚于今天"})
	}
	if n := utf8.RuneCountInString(a.DecidedBy); n < 2 || n > 120 {
		fields = append(fields, errs.Field{Path: "decided_by", Msg: "请写明由谁决定，2到120个字，例如“户主协商一致”"})
	}
	if utf8.RuneCountInString(a.Note) > 500 {
		fields = append(fields, errs.Field{Path: "note", Msg: "说明最多500个字"})
	}
	if fields != nil {
		return 0, ErrInvalid.WithFields(fields...)
	}
	return a.On, nil
}

func (x *act) from(kind string, owner id.ID) {
	x.rec.Parts = append(x.rec.Parts, Part{"from", kind, owner})
}
func (x *act) to(kind string, owner id.ID) {
	x.rec.Parts = append(x.rec.Parts, Part{"to", kind, owner})
}

// member finds the household of a member and insists on which one it is.
func (x *act) member(member, household id.ID) (village.Membership, error) {
	m, err := x.s.villages.OpenMembership(x.tx, x.w.Village, member)
	if err == nil && m.Household != household {
		err = village.ErrNoMember.With("要变更的人不在这一户里，请核对。")
	}
	return m, err
}

// Get reads a record of a village. It returns ErrNotFound.
func (s *Service) Get(ctx context.Context, a access.Actor, villageID, record id.ID) (Record, error) {
	if err := a.Allow(MayRead, access.Place{Village: villageID}); err != nil {
		return Record{}, err
	}
	return s.read(ctx, villageID, record)
}

// List are the records of a village, newest first, with ids below before (zero: from the newest).
func (s *Service) List(ctx context.Context, a access.Actor, villageID, before id.ID, limit int) ([]Record, error) {
	if err := a.Allow(MayRead, access.Place{Village: villageID}); err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := s.db.Query(ctx, `SELECT id FROM successions WHERE village_id = ? AND id < ? ORDER BY id DESC LIMIT `+strconv.Itoa(min(max(limit, 1), 100)), villageID, before)
	if err != nil {
		return nil, err
	}
	ids, err := collect(rows, func(rows *sql.Rows) (r id.ID, err error) { err = rows.Scan(&r); return r, err })
	if err != nil {
		return nil, err
	}
	out := make([]Record, len(ids))
	for i, r := range ids {
		if out[i], err = s.read(ctx, villageID, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) read(ctx context.Context, villageID, record id.ID) (Record, error) {
	r := Record{ID: record, Village: villageID}
	err := s.db.QueryRow(ctx, `SELECT kind, day, decided_by, note, by_id, created_at FROM successions WHERE id = ? AND village_id = ?`, record, villageID).
		Scan(&r.Kind, &r.On, &r.DecidedBy, &r.Note, &r.By, &r.At)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, err
	}
	rows, err := s.db.Query(ctx, `SELECT side, kind, owner_id FROM succession_parts WHERE succession_id = ? ORDER BY id`, record)
	if err != nil {
		return r, err
	}
	if r.Parts, err = collect(rows, func(rows *sql.Rows) (p Part, err error) { err = rows.Scan(&p.Side, &p.Kind, &p.Owner); return p, err }); err != nil {
		return r, err
	}
	rows, err = s.db.Query(ctx, `SELECT from_account, to_account, wallet, amount FROM succession_shares WHERE succession_id = ? ORDER BY id`, record)
	if err != nil {
		return r, err
	}
	r.Moved, err = collect(rows, func(rows *sql.Rows) (m Moved, err error) {
		err = rows.Scan(&m.From, &m.To, &m.Wallet, &m.Amount)
		return m, err
	})
	return r, err
}

// store writes the record with its parts and movements and posts the movements.
func (x *act) store() error {
	r := &x.rec
	if _, err := x.tx.Exec(`INSERT INTO successions (id, village_id, kind, day, decided_by, note, by_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Village, r.Kind, r.On, r.DecidedBy, r.Note, r.By, r.At); err != nil {
		return fmt.Errorf("store succession: %w", err)
	}
	for _, p := range r.Parts {
		if _, err := x.tx.Exec(`INSERT INTO succession_parts (id, succession_id, side, kind, owner_id) VALUES (?, ?, ?, ?, ?)`,
			x.tx.NewID(), r.ID, p.Side, p.Kind, p.Owner); err != nil {
			return err
		}
	}
	for _, m := range r.Moved {
		if _, err := x.tx.Exec(`INSERT INTO succession_shares (id, succession_id, from_account, to_account, wallet, amount) VALUES (?, ?, ?, ?, ?, ?)`,
			x.tx.NewID(), r.ID, m.From, m.To, m.Wallet, m.Amount); err != nil {
			return err
		}
	}
	return nil
}

func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
