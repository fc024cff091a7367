package cases

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Who may do what about samples: those who look on draw and look; the officials and the panel may draw again with the same seed.
var (
	MayDrawSample = access.Need{Roles: []access.Role{access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}
	MaySeeSamples = overseers
)

// MaxSample is how many cases are drawn at most.
const MaxSample = 50

var (
	ErrSampleDrawn = errs.New(errs.Conflict, "cases_sample_drawn", "这个月已经抽过了，一个月抽一次")
	ErrSampleMonth = errs.New(errs.Invalid, "cases_sample_month", "请选择已经过完的月份")
	ErrSampleSeed  = errs.New(errs.Invalid, "cases_sample_seed", "请填写当众取得的数字，2到100个字，例如当期彩票开奖号码")
	ErrSampleNone  = errs.New(errs.Conflict, "cases_sample_none", "这个月没有评定过的记录，不用抽查")
	ErrNoSample    = errs.New(errs.NotFound, "cases_sample_not_found", "没有找到这次抽查，请刷新后再看")
	ErrFinding     = errs.New(errs.Invalid, "cases_finding", "请选择核查结果；有问题的请写明情况，最多200字")
	ErrFound       = errs.New(errs.Conflict, "cases_found", "这条记录已经核查过了")
)

// SampleRequest draws cases of a month. The seed is got in public, so that nobody can choose the cases.
type SampleRequest struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64"`
	Month     clock.Day `json:"month" doc:"a day of the month, which must be over"`
	Seed      string    `json:"seed" minLength:"2" maxLength:"100" doc:"a number got in public after the month was over"`
	Size      int       `json:"size" minimum:"1" maximum:"50" doc:"how many cases are drawn"`
}

// Sample are cases of a month drawn for the village supervisors to look at (抽查). The cases decided in the month, by their ids
// rising, are the lots of scheme.Draw with the seed: anybody can draw them again.
type Sample struct {
	ID       id.ID        `json:"id"`
	Month    clock.Day    `json:"month" doc:"first day of the month"`
	Seed     string       `json:"seed"`
	Pool     int          `json:"pool" doc:"how many cases there were"`
	PoolHash string       `json:"pool_hash" doc:"SHA-256 of their ids, rising, in decimal, each followed by a line feed"`
	ByName   string       `json:"by_name"`
	DrawnAt  int64        `json:"drawn_at" doc:"milliseconds since 1970 UTC"`
	Lines    []SampleLine `json:"lines"`
	Repeated bool         `json:"repeated,omitempty"`
}

// SampleLine is one drawn case and what was found.
type SampleLine struct {
	Line      int    `json:"line"`
	Case      id.ID  `json:"case"`
	ItemName  string `json:"item_name"`
	CaseName  string `json:"case_name" doc:"household of the case, with its number"`
	Points    string `json:"points" doc:"what counts, with its sign"`
	StateName string `json:"state_name"`
	Finding   string `json:"finding" enum:",right,flawed,falsified" doc:"empty until somebody has looked"`
	Note      string `json:"note,omitempty"`
	ByName    string `json:"by_name,omitempty"`
	FoundAt   int64  `json:"found_at,omitempty" doc:"milliseconds since 1970 UTC"`
	Charged   id.ID  `json:"charged,omitempty" doc:"falsified: the record, waiting for review, that scores the collector"`
}

// Findings of a sample.
const (
	FoundRight     = "right"
	FoundFlawed    = "flawed"    // true, but badly recorded
	FoundFalsified = "falsified" // it did not happen
)

// FindingRequest is what was found of a drawn case.
type FindingRequest struct {
	RequestID string `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Finding   string `json:"finding" enum:"right,flawed,falsified"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"mandatory unless it was right"`
}

// DrawSample draws cases that were decided in a month, once a month.
func (s *Service) DrawSample(ctx context.Context, a access.Actor, where id.ID, r SampleRequest) (Sample, error) {
	if err := a.Allow(MayDrawSample, access.Place{Village: where}); err != nil {
		return Sample{}, err
	}
	seed := strings.TrimSpace(r.Seed)
	if n := utf8.RuneCountInString(seed); n < 2 || n > 100 {
		return Sample{}, ErrSampleSeed
	}
	at := s.now()
	if !r.Month.Valid() || clock.MonthSpan(r.Month).Last() >= clock.DayOf(at) {
		return Sample{}, ErrSampleMonth
	}
	month := clock.MonthSpan(r.Month).First()
	pool, err := s.decidedIn(ctx, where, month)
	if err != nil {
		return Sample{}, err
	}
	if len(pool) == 0 {
		return Sample{}, ErrSampleNone
	}
	made, repeated := s.db.NewID(), false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		var earlier id.ID
		if earlier, repeated, err = tx.Once(a.User(), r.RequestID, "cases.sample", []any{where, r.Month, r.Seed, r.Size}, made); err != nil || repeated {
			made = earlier
			return err
		}
		_, err = tx.Exec("INSERT INTO case_samples (id, village_id, month, seed, pool, pool_hash, drawn_by, drawn_at) VALUES (?,?,?,?,?,?,?,?)",
			made, where, month, seed, len(pool), poolHash(pool), a.User(), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrSampleDrawn
		}
		if err != nil {
			return fmt.Errorf("insert sample: %w", err)
		}
		var args []any
		for i, lot := range scheme.Draw([]byte(seed), len(pool), min(max(r.Size, 1), MaxSample)) {
			args = append(args, made, i+1, pool[lot], "", "", 0, 0, 0)
		}
		if err := tx.Insert("INSERT INTO case_sample_lines (sample_id, line, case_id, finding, note, found_by, found_at, charged) VALUES ", 8, args); err != nil {
			return fmt.Errorf("insert sample: %w", err)
		}
		return nil
	})
	if err != nil {
		return Sample{}, err
	}
	return s.sample(ctx, where, made, repeated)
}

// decidedIn are the cases of a village decided in a month, also those that were taken back since, by their ids.
func (s *Service) decidedIn(ctx context.Context, where id.ID, month clock.Day) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM cases WHERE village_id = ? AND decided_at >= ? AND decided_at < ? AND decided_no > 0 ORDER BY id",
		where, clock.Ms(month.Start()), clock.Ms(clock.MonthSpan(month).Last().Add(1).Start()))
	if err != nil {
		return nil, fmt.Errorf("read cases of month: %w", err)
	}
	return scanIDs(rows)
}

func poolHash(pool []id.ID) string {
	h := sha256.New()
	for _, c := range pool {
		fmt.Fprintf(h, "%d\n", int64(c))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Find notes what was found of a drawn case: not on an own or kin household, nor on an own record. A falsified one is taken
// back; where the rules have an item for it, a record against its collector is entered, which another person reviews.
func (s *Service) Find(ctx context.Context, a access.Actor, where, sample id.ID, line int, r FindingRequest) (Sample, error) {
	if err := a.Allow(MayDrawSample, access.Place{Village: where}); err != nil {
		return Sample{}, err
	}
	note := strings.TrimSpace(r.Note)
	switch n := utf8.RuneCountInString(note); {
	case r.Finding != FoundRight && r.Finding != FoundFlawed && r.Finding != FoundFalsified, r.Finding != FoundRight && n < 2, n > MaxWhy:
		return Sample{}, ErrFinding
	}
	var caseID id.ID
	err := s.db.QueryRow(ctx, "SELECT l.case_id FROM case_sample_lines l JOIN case_samples s ON s.id = l.sample_id WHERE s.id = ? AND s.village_id = ? AND l.line = ?",
		sample, where, line).Scan(&caseID)
	if errors.Is(err, sql.ErrNoRows) {
		return Sample{}, ErrNoSample
	}
	if err != nil {
		return Sample{}, fmt.Errorf("read sample: %w", err)
	}
	c, err := s.toReview(ctx, a, where, caseID)
	if err != nil {
		return Sample{}, err
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Sample{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Sample{}, err
	}
	var charge *record
	if r.Finding == FoundFalsified && c.way == "" {
		if charge, err = s.against(ctx, a, c, note); err != nil {
			return Sample{}, err
		}
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "cases.find", []any{sample, line, r.Finding, r.Note}, sample); err != nil || repeated {
			return err
		}
		return s.noteFinding(tx, vs, c, charge, sample, line, a.User(), r.Finding, note)
	})
	if err != nil {
		return Sample{}, err
	}
	return s.sample(ctx, where, sample, repeated)
}

func (s *Service) noteFinding(tx *storage.Tx, vs versions, c, charge *record, sample id.ID, line int, by id.ID, finding, note string) error {
	at, charged := s.now(), id.ID(0)
	if charge != nil {
		charged = charge.id
	}
	if finding == FoundFalsified && c.state != Reversed {
		if err := s.undo(tx, vs, c.village, c.id, reverse, by, at, cut("抽查发现不实："+note, MaxEventWhy)); err != nil {
			return err
		}
	}
	if charge != nil {
		if err := insert(tx, []*record{charge}); err != nil {
			return err
		}
	}
	n, err := tx.Exec("UPDATE case_sample_lines SET finding = ?, note = ?, found_by = ?, found_at = ?, charged = ? WHERE sample_id = ? AND line = ? AND finding = ''",
		finding, note, by, clock.Ms(at), charged, sample, line)
	if err != nil {
		return fmt.Errorf("note finding: %w", err)
	}
	if n == 0 {
		return ErrFound
	}
	return nil
}

// against is the record that scores the collector of a falsified case; none where the rules have no item for it, or where the
// collector is nobody of the village.
func (s *Service) against(ctx context.Context, a access.Actor, c *record, note string) (*record, error) {
	at := s.now()
	today := clock.DayOf(at)
	v, err := s.rules.InForce(ctx, c.village, today)
	if err != nil || v.Scheme.Records.Falsified == "" {
		return nil, err
	}
	item, ok := v.Scheme.Item(v.Scheme.Records.Falsified)
	if !ok || !item.InForce(today) {
		return nil, nil
	}
	collector, err := s.people.ActAs(ctx, c.author)
	if err != nil {
		return nil, nil // the account is closed
	}
	var home *access.Home
	for _, h := range collector.Homes() {
		if h.Village == c.village {
			home = &h
			break
		}
	}
	if home == nil || a.NotOwn(home.Household) != nil {
		return nil, nil
	}
	subs, err := s.villages.Subjects(ctx, c.village, today, []id.ID{home.Member})
	if err != nil {
		return nil, err
	}
	sub := &subs[0]
	out := newRecord(v, item, sub, Request{OccurredOn: today, Note: cut("抽查："+c.title()+"，"+note, scheme.MaxNote)}, a.User(), at)
	out.id = s.db.NewID()
	out.batch, out.state, out.enteredAs, out.levels = out.id, Submitted, Submitted, max(1, item.Review.Levels)
	out.reasons = []string{"抽查发现登记不实，需审核"}
	if err := s.surround(ctx, a, v, item, []*record{out}, []village.Subject{*sub}, nil); err != nil {
		return nil, err
	}
	return out, v.Scheme.Validate(out.deed())
}

// Samples lists the samples of a village, the newest first, at most two years of them.
func (s *Service) Samples(ctx context.Context, a access.Actor, where id.ID) ([]Sample, error) {
	if err := a.Allow(MaySeeSamples, access.Place{Village: where}); err != nil {
		return nil, err
	}
	return s.samples(ctx, "s.village_id = ?", where)
}

func (s *Service) sample(ctx context.Context, where, sample id.ID, repeated bool) (Sample, error) {
	all, err := s.samples(ctx, "s.village_id = ? AND s.id = ?", where, sample)
	if err != nil || len(all) == 0 {
		return Sample{}, errOr(err, ErrNoSample)
	}
	all[0].Repeated = repeated
	return all[0], nil
}

func (s *Service) samples(ctx context.Context, where string, args ...any) ([]Sample, error) {
	out := []Sample{}
	at := map[id.ID]int{}
	err := each(func(x *Sample, rows *sql.Rows) error {
		if err := rows.Scan(&x.ID, &x.Month, &x.Seed, &x.Pool, &x.PoolHash, &x.ByName, &x.DrawnAt); err != nil {
			return err
		}
		at[x.ID] = len(out)
		out = append(out, *x)
		return nil
	})(s.db.Query(ctx, "SELECT s.id, s.month, s.seed, s.pool, s.pool_hash, COALESCE(u.name, ''), s.drawn_at FROM case_samples s LEFT JOIN users u ON u.id = s.drawn_by WHERE "+where+
		" ORDER BY s.month DESC LIMIT 24", args...))
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	ids := make([]id.ID, len(out))
	for i := range out {
		ids[i] = out[i].ID
	}
	err = each(func(l *SampleLine, rows *sql.Rows) error {
		var of id.ID
		var c record
		var number, name string
		if err := rows.Scan(&of, &l.Line, &l.Case, &l.Finding, &l.Note, &l.ByName, &l.FoundAt, &l.Charged, &c.itemName, &c.gradeName, &c.worth, &c.state, &number, &name); err != nil {
			return err
		}
		l.ItemName, l.Points, l.StateName, l.CaseName = c.title(), c.worth.Signed(), c.state.Name(), strings.TrimSpace(number+" "+name)
		out[at[of]].Lines = append(out[at[of]].Lines, *l)
		return nil
	})(s.db.Query(ctx, `SELECT l.sample_id, l.line, l.case_id, l.finding, l.note, COALESCE(u.name, ''), l.found_at, l.charged, c.item_name, c.grade_name, c.counted, c.state,
		COALESCE(h.number, ''), COALESCE(h.name, '') FROM case_sample_lines l JOIN cases c ON c.id = l.case_id LEFT JOIN households h ON h.id = c.household_id
		LEFT JOIN users u ON u.id = l.found_by WHERE l.sample_id IN `+storage.In(len(ids))+" ORDER BY l.sample_id, l.line", storage.Args(ids)...))
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return out, nil
}
