package cases

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
)

// MayTell: who tells households of deductions face to face.
var MayTell = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}

// How a household without a phone is told.
const (
	BySlip  = "slip"  // a slip of paper was handed over
	ByVoice = "voice" // face to face
	ByPhone = "phone"
)

// Limits.
const (
	MaxTellings  = 2000 // in one list
	MaxTold      = 200  // noted in one request
	maxTellDays  = 92
	maxToldWords = 60
)

var (
	ErrTellSpan = errs.New(errs.Invalid, "cases_tell_span", "请选择起止日期，最长三个月")
	ErrTellWho  = errs.New(errs.Invalid, "cases_tell_who", "请写明告知了谁，最多60字")
	ErrTellHow  = errs.New(errs.Invalid, "cases_tell_how", "请选择怎样告知的：给了告知单、当面说的、打电话说的")
	ErrTellNone = errs.New(errs.NotFound, "cases_tell_none", "没有找到要告知的扣分，请刷新后再看")
	ErrTellMany = errs.New(errs.TooLarge, "cases_tell_many", "这段时间的扣分太多，请把时间缩短")
)

// Telling is a deduction or a warning of which a household has to be told (扣分告知).
type Telling struct {
	Case        id.ID         `json:"case"`
	Household   id.ID         `json:"household"`
	Number      string        `json:"number" doc:"of the household"`
	Name        string        `json:"name"`
	MemberName  string        `json:"member_name,omitempty" doc:"whose deed it was, where a person is named"`
	GroupName   string        `json:"group_name,omitempty"`
	ItemName    string        `json:"item_name"`
	GradeName   string        `json:"grade_name,omitempty"`
	OccurredOn  clock.Day     `json:"occurred_on"`
	DecidedOn   clock.Day     `json:"decided_on"`
	Points      points.Amount `json:"points" doc:"what it takes; 0: a warning only"`
	Warned      bool          `json:"warned"`
	Reasons     []string      `json:"reasons"`
	State       State         `json:"state" enum:"decided,published,effective,objected,amended"`
	Counts      string        `json:"counts" doc:"when it counts, in words"`
	ObjectUntil clock.Day     `json:"object_until,omitempty" doc:"last day for an objection; empty: until its notice, which is not out yet, ends"`
	Told        *Told         `json:"told,omitempty" doc:"how it was told; empty: not yet"`
}

// Told is that somebody told a household.
type Told struct {
	How     string `json:"how" enum:"slip,voice,phone"`
	HowName string `json:"how_name"`
	Who     string `json:"who" doc:"who was told"`
	ByName  string `json:"by_name"`
	At      int64  `json:"at" doc:"milliseconds since 1970 UTC"`

	by id.ID
}

var howNames = map[string]string{BySlip: "给了告知单", ByVoice: "当面说的", ByPhone: "打电话说的"}

// Tellings are the deductions and warnings of a village that were decided between two days, both inside, and that stand, of
// households of which nobody looks at the app: whoever does finds them among the messages. They come by group and number,
// those not told yet first.
func (s *Service) Tellings(ctx context.Context, a access.Actor, where id.ID, from, to clock.Day) ([]Telling, error) {
	if err := a.Allow(MayTell, access.Place{Village: where}); err != nil {
		return nil, err
	}
	if !from.Valid() || !to.Valid() || from > to || from.Add(maxTellDays) < to {
		return nil, ErrTellSpan
	}
	return s.tellings(ctx, where, from, to)
}

func (s *Service) tellings(ctx context.Context, where id.ID, from, to clock.Day) ([]Telling, error) {
	lines, err := s.noticeLines(ctx, " WHERE c.village_id = ? AND c.decided_at >= ? AND c.decided_at < ? AND"+cThatStand+
		" AND (c.counted < 0 OR c.warned = 1 OR EXISTS (SELECT 1 FROM case_shares x WHERE x.case_id = c.id AND (x.counted < 0 OR x.warned = 1)))",
		where, clock.Ms(from.Start()), clock.Ms(to.Add(1).Start()))
	if err != nil {
		return nil, err
	}
	if len(lines) > MaxTellings {
		return nil, ErrTellMany
	}
	if err := s.noticeShares(ctx, lines); err != nil {
		return nil, err
	}
	groups, err := s.groupNames(ctx, where)
	if err != nil {
		return nil, err
	}
	versions := map[id.ID]*rulebook.Version{}
	out := []Telling{}
	for i := range lines {
		c := &lines[i]
		v := versions[c.of.scheme]
		if v == nil {
			if v, err = s.rules.Version(ctx, c.of.scheme); err != nil {
				return nil, err
			}
			versions[c.of.scheme] = v
		}
		for _, l := range append([]NoticeLine{*c}, c.Shares...) {
			if l.Household == 0 || l.Points >= 0 && !l.Warned {
				continue
			}
			t := Telling{Case: c.ID, Household: l.Household, Number: l.Number, Name: l.Name, MemberName: l.MemberName, GroupName: groups[l.Group],
				ItemName: c.ItemName, GradeName: c.GradeName, OccurredOn: c.OccurredOn, DecidedOn: c.DecidedOn, Points: l.Points, Warned: l.Warned, Reasons: c.Reasons, State: c.State,
				Counts: counts(c.of, v.Scheme.Records.PublishDays), ObjectUntil: objectUntil(v.Scheme, c.of)}
			if t.ObjectUntil == clock.Forever {
				t.ObjectUntil = 0
			}
			out = append(out, t)
		}
	}
	if out, err = s.unreached(ctx, out); err != nil {
		return nil, err
	}
	return out, s.addTold(ctx, out)
}

// counts says when a deduction counts.
func counts(c *record, publishDays int) string {
	switch {
	case c.warned:
		return "这次只提醒，不扣分"
	case c.state == Decided:
		return fmt.Sprintf("还没有扣：张榜公示%d天、没有异议才扣", publishDays)
	case c.state == Published:
		return "还没有扣：公示到" + c.until.Chinese() + "，没有异议才扣"
	case c.state == Objected:
		return "有异议，正在核实"
	}
	return "已经计入"
}

func (s *Service) groupNames(ctx context.Context, where id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	rows, err := s.db.Query(ctx, "SELECT id, name FROM regions WHERE village_id = ? AND kind = 'group'", where)
	return out, each(func(_ *struct{}, rows *sql.Rows) error {
		var of id.ID
		var name string
		err := rows.Scan(&of, &name)
		out[of] = name
		return err
	})(rows, err)
}

// unreached leaves those households of which nobody has the app.
func (s *Service) unreached(ctx context.Context, all []Telling) ([]Telling, error) {
	homes := make([]id.ID, 0, len(all))
	for i := range all {
		homes = append(homes, all[i].Household)
	}
	slices.Sort(homes)
	today, reached := clock.DayOf(s.now()), map[id.ID]bool{}
	for chunk := range storage.Chunks(slices.Compact(homes), storage.ChunkRows) {
		with, err := readIDs(s.db.Query(ctx, `SELECT m.household_id FROM memberships m JOIN user_members u ON u.member_id = m.member_id AND u.to_day >= ?
			WHERE m.to_day >= ? AND m.household_id IN `+storage.In(len(chunk)), storage.Args(chunk, today, today)...))
		if err != nil {
			return nil, fmt.Errorf("read who has the app: %w", err)
		}
		for _, home := range with {
			reached[home] = true
		}
	}
	return slices.DeleteFunc(all, func(t Telling) bool { return reached[t.Household] }), nil
}

// addTold adds how they were told, and puts those not told yet first.
func (s *Service) addTold(ctx context.Context, all []Telling) error {
	at := map[[2]id.ID]*Telling{}
	ids := make([]id.ID, 0, len(all))
	for i := range all {
		at[[2]id.ID{all[i].Case, all[i].Household}] = &all[i]
		ids = append(ids, all[i].Case)
	}
	slices.Sort(ids)
	var by []id.ID
	for chunk := range storage.Chunks(slices.Compact(ids), storage.ChunkRows) {
		rows, err := s.db.Query(ctx, "SELECT case_id, household_id, how, who, by_user, told_at FROM case_tellings WHERE case_id IN "+storage.In(len(chunk)), storage.Args(chunk)...)
		err = each(func(t *Told, rows *sql.Rows) error {
			var of [2]id.ID
			if err := rows.Scan(&of[0], &of[1], &t.How, &t.Who, &t.by, &t.At); err != nil {
				return err
			}
			t.HowName, by = howNames[t.How], append(by, t.by)
			if of := at[of]; of != nil {
				of.Told = t
			}
			return nil
		})(rows, err)
		if err != nil {
			return fmt.Errorf("read tellings: %w", err)
		}
	}
	names, err := s.people.Names(ctx, by...)
	if err != nil {
		return err
	}
	for i := range all {
		if t := all[i].Told; t != nil {
			t.ByName = names[t.by]
		}
	}
	slices.SortStableFunc(all, func(x, y Telling) int {
		return cmp.Or(cmp.Compare(bit(x.Told != nil), bit(y.Told != nil)), strings.Compare(x.GroupName, y.GroupName), strings.Compare(x.Number, y.Number), cmp.Compare(x.DecidedOn, y.DecidedOn))
	})
	return nil
}

// TellRequest notes that a household was told of deductions.
type TellRequest struct {
	RequestID string  `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Household id.ID   `json:"household"`
	Cases     []id.ID `json:"cases" minItems:"1" maxItems:"200"`
	How       string  `json:"how" enum:"slip,voice,phone"`
	Who       string  `json:"who" minLength:"1" maxLength:"60" doc:"who was told"`
}

// Tell notes that somebody of a household was told of deductions, once for each; what was noted before stays as it is.
func (s *Service) Tell(ctx context.Context, a access.Actor, where id.ID, r TellRequest) error {
	if err := a.Allow(MayTell, access.Place{Village: where}); err != nil {
		return err
	}
	who := strings.TrimSpace(r.Who)
	switch n := utf8.RuneCountInString(who); {
	case n == 0 || n > maxToldWords:
		return ErrTellWho
	case howNames[r.How] == "":
		return ErrTellHow
	case len(r.Cases) == 0 || len(r.Cases) > MaxTold:
		return ErrTellNone
	}
	list := slices.Clone(r.Cases)
	slices.Sort(list)
	list = slices.Compact(list)
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, repeated, err := tx.Once(a.User(), r.RequestID, "cases.tell", []any{where, r.Household, list, r.How, who}, r.Household); err != nil || repeated {
			return err
		}
		concerned, err := readIDs(tx.Query("SELECT c.id FROM cases c WHERE c.village_id = ? AND"+cThatStand+
			" AND (c.household_id = ? AND (c.counted < 0 OR c.warned = 1) OR EXISTS (SELECT 1 FROM case_shares x WHERE x.case_id = c.id AND x.household_id = ? AND (x.counted < 0 OR x.warned = 1)))"+
			" AND c.id IN "+storage.In(len(list)), storage.Args(list, where, r.Household, r.Household)...))
		if err != nil {
			return fmt.Errorf("read deductions: %w", err)
		}
		if len(concerned) != len(list) {
			return ErrTellNone
		}
		if err := ledger.Guard(tx, nil, []string{"tell:" + r.Household.String()}); err != nil { // nobody else notes it now
			return err
		}
		before, err := readIDs(tx.Query("SELECT case_id FROM case_tellings WHERE household_id = ? AND case_id IN "+storage.In(len(list)), storage.Args(list, r.Household)...))
		if err != nil {
			return fmt.Errorf("read tellings: %w", err)
		}
		args, at := make([]any, 0, len(list)*7), clock.Ms(s.now())
		for _, c := range list {
			if !slices.Contains(before, c) {
				args = append(args, c, r.Household, where, r.How, who, a.User(), at)
			}
		}
		return tx.Insert("INSERT INTO case_tellings (case_id, household_id, village_id, how, who, by_user, told_at) VALUES ", 7, args)
	})
}

// readIDs reads the rows of a query for ids.
func readIDs(rows *sql.Rows, err error) ([]id.ID, error) {
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}
