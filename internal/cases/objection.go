package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Who may do what about objections. Those of the village settle them in time; what is overdue goes up to the town and the county.
var (
	MayObject       = access.Need{Scope: access.Self}
	MayNoteObject   = access.Need{Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary}, Scope: access.Village}
	MaySettle       = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.Supervisor, access.CountyAdmin}, Scope: access.Village}
	MaySeeObjection = overseers
	MaySeeRaised    = access.Need{Roles: []access.Role{access.Supervisor, access.CountyAdmin}, Scope: access.Region}
	upstairs        = access.Need{Roles: []access.Role{access.Supervisor, access.CountyAdmin}, Scope: access.Village}
)

// MaxObjection is the longest text of an objection and of its answer, in characters.
const MaxObjection = 500

var (
	ErrNoObjection   = errs.New(errs.NotFound, "cases_objection_not_found", "没有找到这条异议，请刷新后再看")
	ErrNotNamed      = errs.New(errs.Forbidden, "cases_not_named", "这条记录没有涉及您家，有意见可以找村务监督员或用“意见建议”")
	ErrObjectLate    = errs.New(errs.Conflict, "cases_object_late", "已超过提出异议的时间，如确有错误请找村务监督员")
	ErrObjected      = errs.New(errs.Conflict, "cases_objected", "这条记录已有异议正在处理，请等答复")
	ErrObjectedOnce  = errs.New(errs.Conflict, "cases_objected_before", "您家对这条记录提过异议，已经答复过了")
	ErrObjectionText = errs.New(errs.Invalid, "cases_objection_text", "请写清楚理由，4到500字")
	ErrOnBehalf      = errs.New(errs.Invalid, "cases_on_behalf", "请写明是谁提出的、怎样提出的")
	ErrOutcome       = errs.New(errs.Invalid, "cases_outcome", "请选择怎样处理：维持、更正或撤销")
	ErrOwnSettle     = errs.New(errs.Forbidden, "cases_own_settle", "登记、审核过这条记录的人不能处理对它的异议，请由其他工作人员办理")
	ErrNotRaised     = errs.New(errs.Forbidden, "cases_not_raised", "村里办理期限还没有到，由村里先处理")
	ErrRaised        = errs.New(errs.Forbidden, "cases_raised", "村里没有按期处理，已上报，由镇或县处理")
)

// ObjectRequest is what somebody says against a case. Household, Name and How are filled in by officials who note it for
// somebody without a phone.
type ObjectRequest struct {
	RequestID string `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Text      string `json:"text" minLength:"4" maxLength:"500" doc:"what is wrong, and why"`
	Household id.ID  `json:"household,omitempty" doc:"officials: on whose behalf"`
	Name      string `json:"name,omitempty" maxLength:"60" doc:"officials: who said it"`
	How       string `json:"how,omitempty" enum:",visit,phone,letter" doc:"officials: how it was said"`
}

// SettleRequest is the answer to an objection.
type SettleRequest struct {
	RequestID string        `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Outcome   string        `json:"outcome" enum:"kept,amended,removed" doc:"kept: the case was right; amended: corrected; removed: taken back"`
	Answer    string        `json:"answer" minLength:"2" maxLength:"500" doc:"in writing, for whoever objected"`
	Points    points.Amount `json:"points,omitempty" doc:"amended, items with a range: the value given; items whose value the rules fix: what is left of it; 0: all of it"`
	Grade     string        `json:"grade,omitempty" maxLength:"32"`
	Quantity  int64         `json:"quantity,omitempty"`
	Note      string        `json:"note,omitempty" maxLength:"500"`

	Parts   []scheme.PartResult `json:"parts,omitempty" maxItems:"40" doc:"amended, sheets: all lines"`
	Persons int                 `json:"persons,omitempty" minimum:"0" maximum:"10000"`
}

func (r *SettleRequest) content() Content {
	return Content{Points: r.Points, Grade: r.Grade, Quantity: r.Quantity, Parts: r.Parts, Persons: r.Persons}
}

// Outcomes of an objection.
const (
	Kept      = "kept"
	Corrected = "amended"
	Removed   = "removed"
	TakenBack = "withdrawn" // by whoever objected
)

var outcomeNames = map[string]string{"": "处理中", Kept: "维持原记录", Corrected: "已更正", Removed: "已撤销记录", TakenBack: "提出人已撤回"}

// Objection is what somebody says against a case, and the answer (异议).
type Objection struct {
	ID          id.ID         `json:"id"`
	Village     id.ID         `json:"village"`
	Case        id.ID         `json:"case"`
	ItemName    string        `json:"item_name"`
	CaseName    string        `json:"case_name" doc:"household of the case, with its number"`
	Household   id.ID         `json:"household,omitempty" doc:"on whose behalf; empty where the caller may not know"`
	Name        string        `json:"name,omitempty" doc:"who objects"`
	How         string        `json:"how" enum:"app,visit,phone,letter"`
	Text        string        `json:"text"`
	MadeAt      int64         `json:"made_at" doc:"milliseconds since 1970 UTC"`
	DueOn       clock.Day     `json:"due_on" doc:"last day for the village to settle it"`
	Raised      bool          `json:"raised" doc:"overdue: the town or the county settles it"`
	Frozen      points.Amount `json:"frozen,omitempty" doc:"points frozen until it is settled"`
	Short       points.Amount `json:"short,omitempty" doc:"points of the case that had been spent and could not be frozen"`
	Outcome     string        `json:"outcome" enum:",kept,amended,removed,withdrawn" doc:"empty while it is open"`
	OutcomeName string        `json:"outcome_name"`
	Answer      string        `json:"answer,omitempty"`
	DeciderName string        `json:"decider_name,omitempty"`
	DecidedAt   int64         `json:"decided_at,omitempty"`
	Repeated    bool          `json:"repeated,omitempty"`

	by  id.ID
	was State
}

// Object is an objection by the people of a household that a case concerns or names. Its points are frozen until it is settled.
func (s *Service) Object(ctx context.Context, a access.Actor, where, household, caseID id.ID, r ObjectRequest) (Objection, error) {
	if err := a.Allow(MayObject, access.Place{Village: where, Household: household}); err != nil {
		return Objection{}, err
	}
	names, err := s.people.Names(ctx, a.User())
	if err != nil {
		return Objection{}, err
	}
	r.Household, r.Name, r.How = household, names[a.User()], "app"
	return s.object(ctx, a, where, caseID, r, true)
}

// NoteObjection is an objection that an official notes for somebody without a phone.
func (s *Service) NoteObjection(ctx context.Context, a access.Actor, where, caseID id.ID, r ObjectRequest) (Objection, error) {
	if err := a.Allow(MayNoteObject, access.Place{Village: where}); err != nil {
		return Objection{}, err
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Name)); n < 2 || n > 60 || r.Household == 0 || !slices.Contains([]string{"visit", "phone", "letter"}, r.How) {
		return Objection{}, ErrOnBehalf
	}
	if _, err := s.villages.Subjects(ctx, where, clock.DayOf(s.now()), []id.ID{r.Household}); err != nil {
		return Objection{}, err
	}
	return s.object(ctx, a, where, caseID, r, false)
}

func (s *Service) object(ctx context.Context, a access.Actor, where, caseID id.ID, r ObjectRequest, named bool) (Objection, error) {
	text := strings.TrimSpace(r.Text)
	if n := utf8.RuneCountInString(text); n < 4 || n > MaxObjection {
		return Objection{}, ErrObjectionText
	}
	c, err := s.one(ctx, where, caseID)
	if err != nil {
		return Objection{}, err
	}
	v, err := s.rules.Version(ctx, c.scheme)
	if err != nil {
		return Objection{}, err
	}
	if err := c.readAside(s.outside(ctx)); err != nil {
		return Objection{}, err
	}
	if named && !slices.Contains(c.households(), r.Household) {
		return Objection{}, ErrNotNamed
	}
	at, made, repeated := s.now(), s.db.NewID(), false
	o := Objection{ID: made, Village: where, Case: caseID, Household: r.Household, Name: strings.TrimSpace(r.Name), How: r.How, Text: text,
		MadeAt: clock.Ms(at), DueOn: s.workdays(clock.DayOf(at), v.Scheme.Records.AnswerDays), by: a.User()}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		var earlier id.ID
		body := []any{where, caseID, r.Text, r.Household, r.Name, r.How}
		if earlier, repeated, err = tx.Once(a.User(), r.RequestID, "cases.object", body, made); err != nil || repeated {
			o.ID = earlier
			return err
		}
		if err := ledger.Guard(tx, c.accounts(), nil); err != nil {
			return err
		}
		now, err := one(tx, where, caseID)
		if err != nil {
			return err
		}
		now.aside(c)
		now.shares = c.shares
		if err := mayStillObject(tx, now, objectUntil(v.Scheme, now), o.Household, clock.DayOf(at)); err != nil {
			return err
		}
		return o.open(tx, now, at)
	})
	if err != nil {
		return Objection{}, err
	}
	return s.answerObjection(ctx, a, o.ID, repeated)
}

// households are those that a case concerns or names.
func (c *record) households() []id.ID {
	out := []id.ID{c.household}
	for _, p := range c.parties {
		out = append(out, p.Household)
	}
	return slices.DeleteFunc(out, func(h id.ID) bool { return h == 0 })
}

func mayStillObject(tx *storage.Tx, c *record, until clock.Day, household id.ID, today clock.Day) error {
	if c.state == Objected {
		return ErrObjected
	}
	if _, err := c.state.next(object); err != nil {
		return err
	}
	if today > until {
		return ErrObjectLate
	}
	var before int
	err := tx.QueryRow("SELECT COUNT(*) FROM objections WHERE case_id = ? AND household_id = ? AND outcome <> 'withdrawn'", c.id, household).Scan(&before)
	if err != nil {
		return fmt.Errorf("read objections: %w", err)
	}
	if before > 0 {
		return ErrObjectedOnce
	}
	return nil
}

// open freezes the points and stores the objection.
func (o *Objection) open(tx *storage.Tx, c *record, at time.Time) error {
	o.was, c.was, c.objection = c.state, c.state, o.ID
	if !c.waits() {
		first, err := ledger.FirstOpen(tx, c.village)
		if err != nil {
			return err
		}
		p := c.posting(ledger.Freeze, c.id.String()+":"+o.ID.String(), o.by, at)
		p.Title, p.Counted = "有异议，冻结："+c.title(), max(c.counted, first)
		if o.Frozen, o.Short, err = ledger.FreezeCase(tx, p, c.accounts()...); err != nil {
			return err
		}
	}
	if err := c.move(tx, object, o.by, at, cut("提出异议："+o.Text, MaxEventWhy)); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO objections (id, village_id, case_id, household_id, by_user, name, how, said, was, frozen, short, made_at, due_on, raised_at, outcome, answer, decided_by, decided_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,'','',0,0)`, o.ID, o.Village, o.Case, o.Household, o.by, o.Name, o.How, o.Text, string(o.was), int64(o.Frozen),
		int64(o.Short), o.MadeAt, o.DueOn)
	if err != nil {
		return fmt.Errorf("insert objection: %w", err)
	}
	ms := []message.Message{{Village: c.village, Kind: message.Waiting, Title: "有异议待处理：" + c.title(), Body: "请在" + o.DueOn.Chinese() + "以前答复",
		About: message.About{Kind: "objection", ID: o.ID}, At: at}}
	if c.household != 0 && c.household != o.Household {
		ms = append(ms, message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Objected, Title: "有人对您家的记录提出异议：" + c.title(),
			Body: "处理期间这条记录的积分暂不能用", About: message.About{Kind: "case", ID: c.id}, At: at})
	}
	return message.Tell(tx, ms...)
}
