// Package rulebook keeps the scheme versions of each village (积分细则): adopted by the assembly on a day, filed with the
// town, in force from a day. A deed is decided by the version in force on its day, so a version is never changed and
// old records keep their names and values.
package rulebook

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	lru "github.com/hashicorp/golang-lru/v2"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

var (
	// ErrNone: the village has no rules on that day.
	ErrNone = errs.New(errs.Conflict, "rulebook_none_in_force", "这一天本村还没有施行的积分细则，请先由村里通过细则并登记")
	// ErrNoVersion: no such version.
	ErrNoVersion = errs.New(errs.NotFound, "rulebook_no_version", "没有这一版细则")
	// ErrFile: the file has errors; the fields name lines.
	ErrFile = errs.New(errs.Invalid, "rulebook_file", "细则文件有错误，请按提示改好后再提交")
	// ErrDays: the days of adoption, filing and effect do not fit together.
	ErrDays = errs.New(errs.Invalid, "rulebook_days", "日期不对：施行日期不能早于通过日期，也不能早于今天")
	// ErrWalletKind: a wallet changed what it is for.
	ErrWalletKind = errs.New(errs.Invalid, "rulebook_wallet_kind", "钱包的用途不能改，请换一个代码另设钱包")
)

// MayAdopt: the first secretary enters what the assembly adopted; the county may for any village.
var MayAdopt = access.Need{Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}

// MaySee: rules are public inside the village.
var MaySee = access.Need{Roles: access.Everyone, Scope: access.Village}

// Version is one adopted version of a village's rules.
type Version struct {
	ID        id.ID          `json:"id"`
	Village   id.ID          `json:"-"`
	Number    int            `json:"number" doc:"1, 2, 3 … within the village"`
	Title     string         `json:"title"`
	AdoptedOn clock.Day      `json:"adopted_on" doc:"day on which the assembly adopted it"`
	FiledOn   clock.Day      `json:"filed_on,omitempty" doc:"day on which it was filed with the town"`
	FromDay   clock.Day      `json:"from_day" doc:"first day in force"`
	FirstOpen clock.Day      `json:"-"` // first day of the village that is not in a shut period, or zero
	Scheme    *scheme.Scheme `json:"-"`
}

// Counted is the day in whose boards and period a deed of this village counts.
func (v *Version) Counted(occurred clock.Day) clock.Day { return max(occurred, v.FirstOpen) }

// edition is how reasons name the version.
func (v *Version) edition() string {
	return "第" + strconv.Itoa(v.Number) + "版（" + v.FromDay.Chinese() + "起施行）"
}

// Book reads and adopts versions. Parsed files are kept in memory by their hash: villages of a county often share one.
type Book struct {
	db     *storage.DB
	now    clock.Clock
	parsed *lru.Cache[[sha256.Size]byte, *scheme.Scheme]

	recent *recent // nil: every question is asked of the database
}

// New makes a book that keeps up to 256 parsed files.
func New(db *storage.DB, now clock.Clock) *Book {
	cache, err := lru.New[[sha256.Size]byte, *scheme.Scheme](256)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Book{db: db, now: now, parsed: cache}
}

const versionColumns = "id, village_id, number, title, hash, adopted_on, filed_on, from_day"

// InForce is the version by which a deed of that day is decided: one indexed read, or none where the answer is remembered.
// ErrNone if there is none.
func (b *Book) InForce(ctx context.Context, village id.ID, day clock.Day) (*Version, error) {
	if b.recent == nil {
		return b.inForce(ctx, village, day)
	}
	return b.recent.answer(ctx, villageDay{village, day}, b.inForce)
}

func (b *Book) inForce(ctx context.Context, village id.ID, day clock.Day) (*Version, error) {
	return b.read(ctx, b.db.QueryRow(ctx, "SELECT "+versionColumns+`, COALESCE((SELECT to_day FROM periods WHERE village_id = ? AND state <> 'open' ORDER BY to_day DESC LIMIT 1), 0)
		FROM scheme_versions WHERE village_id = ? AND from_day <= ? ORDER BY from_day DESC, number DESC LIMIT 1`, village, village, day), ErrNone)
}

// Version is one version by its id.
func (b *Book) Version(ctx context.Context, version id.ID) (*Version, error) {
	return b.read(ctx, b.db.QueryRow(ctx, "SELECT "+versionColumns+`, COALESCE((SELECT p.to_day FROM periods p WHERE p.village_id = v.village_id AND p.state <> 'open' ORDER BY p.to_day DESC LIMIT 1), 0)
		FROM scheme_versions v WHERE id = ?`, version), ErrNoVersion)
}

func (b *Book) read(ctx context.Context, row *sql.Row, none error) (*Version, error) {
	var v Version
	var hash []byte
	var shut clock.Day
	err := row.Scan(&v.ID, &v.Village, &v.Number, &v.Title, &hash, &v.AdoptedOn, &v.FiledOn, &v.FromDay, &shut)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, none
	}
	if err != nil {
		return nil, fmt.Errorf("read scheme version: %w", err)
	}
	if shut != 0 {
		v.FirstOpen = shut.Add(1)
	}
	parsed, err := b.parse(ctx, v.ID, [sha256.Size]byte(hash))
	if err != nil {
		return nil, err
	}
	v.Scheme = parsed.InEdition(v.edition())
	return &v, nil
}

func (b *Book) parse(ctx context.Context, version id.ID, hash [sha256.Size]byte) (*scheme.Scheme, error) {
	if s, ok := b.parsed.Get(hash); ok {
		return s, nil
	}
	source, err := b.Source(ctx, version)
	if err != nil {
		return nil, err
	}
	s, problems := scheme.Parse(source)
	if s == nil { // it was parsed when it was adopted
		return nil, fmt.Errorf("stored scheme version %s: %v", version, problems)
	}
	b.parsed.Add(hash, s)
	return s, nil
}

// Source is the file as it was adopted.
func (b *Book) Source(ctx context.Context, version id.ID) ([]byte, error) {
	var source []byte
	err := b.db.QueryRow(ctx, "SELECT source FROM scheme_versions WHERE id = ?", version).Scan(&source)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoVersion
	}
	return source, err
}

// Versions lists a village's versions, newest first.
func (b *Book) Versions(ctx context.Context, actor access.Actor, village id.ID) ([]Version, error) {
	if err := actor.Allow(MaySee, access.Place{Village: village}); err != nil {
		return nil, err
	}
	rows, err := b.db.Query(ctx, "SELECT id, village_id, number, title, adopted_on, filed_on, from_day FROM scheme_versions WHERE village_id = ? ORDER BY number DESC LIMIT 200", village)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Version
	for rows.Next() {
		var v Version
		if err := rows.Scan(&v.ID, &v.Village, &v.Number, &v.Title, &v.AdoptedOn, &v.FiledOn, &v.FromDay); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// AdoptRequest enters a version that the assembly has adopted.
type AdoptRequest struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64"`
	Source    string    `json:"source" maxLength:"1048576" doc:"the scheme file (YAML)"`
	AdoptedOn clock.Day `json:"adopted_on" doc:"day of the assembly"`
	FiledOn   clock.Day `json:"filed_on,omitempty" doc:"day of filing with the town, if already done"`
	FromDay   clock.Day `json:"from_day" doc:"first day in force"`
}

// Adopt stores a version. It is refused if the file has errors, if it would rewrite days that have passed (the first
// version of a village may begin in the past), or if a wallet changes its kind. Repeating the request answers the
// same version.
func (b *Book) Adopt(ctx context.Context, actor access.Actor, village id.ID, req AdoptRequest) (*Version, bool, error) {
	if err := actor.Allow(MayAdopt, access.Place{Village: village}); err != nil {
		return nil, false, err
	}
	s, problems := scheme.Parse([]byte(req.Source))
	if s == nil {
		return nil, false, Mistakes(problems)
	}
	at := b.now()
	made := b.db.NewID()
	repeated := false
	err := b.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(actor.User(), req.RequestID, "scheme.adopt", struct {
			Village id.ID
			Request AdoptRequest
		}{village, req}, made)
		if err != nil || again {
			made, repeated = earlier, again
			return err
		}
		if err := ledger.Guard(tx, nil, []string{"scheme:" + village.String()}); err != nil { // versions are numbered one after the other
			return err
		}
		last, err := b.newest(tx, village)
		if err != nil {
			return err
		}
		if err := fits(last, s, req, clock.DayOf(at)); err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(req.Source))
		number := 1
		if last != nil {
			number = last.Number + 1
		}
		_, err = tx.Exec("INSERT INTO scheme_versions (id, village_id, number, title, source, hash, adopted_on, filed_on, from_day, created_at, created_by) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
			made, village, number, s.Title, []byte(req.Source), hash[:], req.AdoptedOn, req.FiledOn, req.FromDay, clock.Ms(at), actor.User())
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if b.recent != nil {
		b.recent.forget()
	}
	v, err := b.Version(ctx, made)
	return v, repeated, err
}

// newest is the village's last version as stored, or nil.
func (b *Book) newest(tx *storage.Tx, village id.ID) (*Version, error) {
	var v Version
	var source []byte
	err := tx.QueryRow("SELECT id, number, from_day, source FROM scheme_versions WHERE village_id = ? ORDER BY number DESC LIMIT 1", village).
		Scan(&v.ID, &v.Number, &v.FromDay, &source)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read newest version: %w", err)
	}
	v.Scheme, _ = scheme.Parse(source)
	return &v, nil
}

func fits(last *Version, s *scheme.Scheme, req AdoptRequest, today clock.Day) error {
	if !req.AdoptedOn.Valid() || !req.FromDay.Valid() || req.FromDay < req.AdoptedOn || req.AdoptedOn > today ||
		(req.FiledOn != 0 && (req.FiledOn < req.AdoptedOn || req.FiledOn > today)) {
		return ErrDays
	}
	if last == nil {
		return nil
	}
	if req.FromDay < today || req.FromDay < last.FromDay {
		return ErrDays.With("新细则的施行日期不能早于今天，也不能早于上一版的施行日期（%s）", last.FromDay.Chinese())
	}
	if last.Scheme == nil {
		return nil
	}
	if last.Scheme.Subject != s.Subject {
		return ErrWalletKind.With("上一版按%s积分，新细则不能改；需要改时请在年度结账后另行办理", subjectName(last.Scheme.Subject))
	}
	for _, w := range s.Wallets {
		if old, ok := last.Scheme.Wallet(w.Code); ok && old.Kind != w.Kind {
			return ErrWalletKind.With("钱包“%s”（%s）的用途不能改，请换一个代码另设钱包", w.Name, w.Code)
		}
	}
	return nil
}

func subjectName(subject string) string {
	if subject == scheme.SubjectPerson {
		return "个人"
	}
	return "户"
}

// Mistakes turns the problems of a file into the fields of an error, errors before warnings, at most 50.
func Mistakes(problems []scheme.Problem) error {
	fields := make([]errs.Field, 0, len(problems))
	for _, p := range problems {
		if p.Level == scheme.LevelError {
			fields = append(fields, errs.Field{Path: fmt.Sprintf("第%d行第%d列", p.Line, p.Col), Msg: p.Msg + "。" + p.Advice})
		}
	}
	n := len(fields)
	fields = slices.Clip(fields[:min(n, 50)])
	return ErrFile.With("细则文件有%d处错误，请改好后再提交", n).WithFields(fields...)
}
