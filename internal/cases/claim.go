package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// MayClaim: the people of the household.
var MayClaim = access.Need{Scope: access.Self}

// MaxOpenClaims is how many records of one person may wait for review at a time.
const MaxOpenClaims = 20

var (
	ErrOwnReport  = errs.New(errs.Invalid, "cases_own_report", "自家的事请用“申报”，报送是替别人家报的")
	ErrNotMember  = errs.New(errs.Invalid, "cases_not_member", "请选择是家里谁做的")
	ErrOpenClaims = errs.New(errs.TooMany, "cases_open_claims", "您还有20条没有审核的，请等审核后再报")
	ErrNotYours   = errs.New(errs.Forbidden, "cases_not_yours", "只能撤回自己申报或报送的")
)

// Claim is what a household says that it did, or that it saw another do.
type Claim struct {
	RequestID  string              `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Item       string              `json:"item" maxLength:"32" doc:"code of an item that allows this way"`
	Subject    id.ID               `json:"subject,omitempty" doc:"reports: the other household, or its member where persons are scored; claims: the member, where persons are scored"`
	OccurredOn clock.Day           `json:"occurred_on,omitempty" doc:"day of the deed; today if empty"`
	Points     points.Amount       `json:"points,omitempty" doc:"items with a range: what the household gives itself, in hundredths"`
	Grade      string              `json:"grade,omitempty" maxLength:"32"`
	Quantity   int64               `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Note       string              `json:"note,omitempty" maxLength:"500"`
	Evidence   []Evidence          `json:"evidence,omitempty" maxItems:"9"`
	Parties    []PartyRequest      `json:"parties,omitempty" maxItems:"60"`
	Parts      []scheme.PartResult `json:"parts,omitempty" maxItems:"40"`
	Persons    int                 `json:"persons,omitempty" minimum:"0" maximum:"10000"`
}

func (r *Claim) request(subject id.ID) Request {
	return Request{RequestID: r.RequestID, Item: r.Item, Subjects: []id.ID{subject}, OccurredOn: r.OccurredOn, Points: r.Points, Grade: r.Grade,
		Quantity: r.Quantity, Note: r.Note, Evidence: r.Evidence, Parties: r.Parties, Parts: r.Parts, Persons: r.Persons}
}

// Claim enters what a household did itself, for review. The item must allow it.
func (s *Service) Claim(ctx context.Context, a access.Actor, where, household id.ID, r Claim) (Answer, error) {
	subject := r.Subject
	if subject == 0 {
		subject = household
	}
	return s.claim(ctx, a, where, household, r.request(subject), entrant{way: scheme.WayClaim, home: household, may: mayClaim(scheme.WayClaim, household)})
}

// Report enters what another household did, for review. Who told it only officials see.
func (s *Service) Report(ctx context.Context, a access.Actor, where, household id.ID, r Claim) (Answer, error) {
	return s.claim(ctx, a, where, household, r.request(r.Subject), entrant{way: scheme.WayPeer, home: household, may: mayClaim(scheme.WayPeer, household)})
}

// mayClaim refuses items and subjects that do not come in this way.
func mayClaim(way string, home id.ID) func(access.Actor, *scheme.Scheme, *scheme.Item, id.ID, *village.Subject) error {
	return func(a access.Actor, rules *scheme.Scheme, item *scheme.Item, where id.ID, sub *village.Subject) error {
		subject := rules.SubjectOf(item)
		own := sub.Household == home || slices.Contains(a.Households(), sub.Household)
		switch {
		case !item.Allows(way):
			return ErrWay.With("“%s”不能这样报，请找村组干部登记", item.Name)
		case subject == scheme.SubjectGroup || subject == scheme.SubjectTeam:
			return ErrWay.With("“%s”不是给一户或一个人记的，请找村组干部登记", item.Name)
		case way == scheme.WayClaim && sub.Household != home:
			return ErrNotMember
		case way == scheme.WayPeer && own:
			return ErrOwnReport
		case (subject == scheme.SubjectPerson || subject == scheme.SubjectPooled) && sub.Member == 0:
			return scheme.ErrNeedsMember
		case !sub.Active:
			return ErrInactive
		}
		return nil
	}
}

var wayNames = map[string]string{scheme.WayClaim: "村民自己申报，需审核", scheme.WayPeer: "村民报送，需审核"}

func (s *Service) claim(ctx context.Context, a access.Actor, where, household id.ID, r Request, by entrant) (Answer, error) {
	if err := a.Allow(MayClaim, access.Place{Village: where, Household: household}); err != nil {
		return Answer{}, err
	}
	for i := range r.Evidence {
		r.Evidence[i].Note = "" // the other household speaks for itself
	}
	op, made, at := "cases."+by.way, s.db.NewID(), s.now()
	body := []any{where, household, recordBody(where, r)}
	p, err := s.prepareBy(ctx, a, where, r, made, at, by, wayNames[by.way])
	if err != nil {
		if earlier, e := s.before(ctx, a, r.RequestID, op, body); e == nil && earlier != 0 {
			return s.answerCase(ctx, a, where, earlier, true)
		}
		return Answer{}, err
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		var earlier id.ID
		if earlier, repeated, err = tx.Once(a.User(), r.RequestID, op, body, made); err != nil || repeated {
			made = earlier
			return err
		}
		if err := limitClaims(tx, where, a.User()); err != nil {
			return err
		}
		if err := s.storeProofs(tx, a.User(), where, made, p.proofs, clock.Ms(at)); err != nil {
			return err
		}
		if err := insert(tx, p.cases); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE cases SET way = ? WHERE id = ?", by.way, made); err != nil {
			return fmt.Errorf("note way: %w", err)
		}
		return message.Tell(tx, message.Message{Village: where, Kind: message.Waiting, Title: "待审核：" + p.cases[0].title(),
			Body: wayNames[by.way], About: message.About{Kind: "case", ID: made}, At: at})
	})
	if err != nil {
		return Answer{}, err
	}
	return s.answerCase(ctx, a, where, made, repeated)
}

func limitClaims(tx *storage.Tx, where, user id.ID) error {
	var open int
	if err := tx.QueryRow("SELECT COUNT(*) FROM cases WHERE author = ? AND village_id = ? AND state = 'submitted' AND way <> ''", user, where).Scan(&open); err != nil {
		return fmt.Errorf("count claims: %w", err)
	}
	if open >= MaxOpenClaims {
		return ErrOpenClaims
	}
	return nil
}

func (s *Service) answerCase(ctx context.Context, a access.Actor, where, caseID id.ID, repeated bool) (Answer, error) {
	views, err := s.read(ctx, a, where, " AND c.id = ?", caseID)
	if err != nil {
		return Answer{}, err
	}
	if len(views) == 0 {
		return Answer{}, ErrNoCase
	}
	return Answer{View: views[0], Repeated: repeated}, nil
}

// WithdrawClaim takes back a claim or a report that waits for review: by who entered it, a claim also by anyone of the household.
func (s *Service) WithdrawClaim(ctx context.Context, a access.Actor, where, household, caseID id.ID, r Step) (Answer, error) {
	if err := a.Allow(MayClaim, access.Place{Village: where, Household: household}); err != nil {
		return Answer{}, err
	}
	c, err := s.one(ctx, where, caseID)
	if err != nil {
		return Answer{}, err
	}
	if c.way == "" || c.author != a.User() && (c.way != scheme.WayClaim || c.household != household) {
		return Answer{}, ErrNotYours
	}
	return s.step(ctx, a, where, caseID, "cases.claim.withdraw", r, func(tx *storage.Tx, at time.Time) error {
		c, err := one(tx, where, caseID)
		if err != nil {
			return err
		}
		if c.state != Submitted {
			return ErrState.With("这条%s，不能再撤回；有不同意见可以提出异议", c.state.Name())
		}
		return c.move(tx, withdraw, a.User(), at, strings.TrimSpace(r.Why))
	})
}

// answered tells who claimed or reported what came of it, and the household that it was decided about.
func answered(tx *storage.Tx, cs []*record, at time.Time) error {
	var ms []message.Message
	for _, c := range cs {
		if c.way == "" {
			continue
		}
		about, title, body := message.About{Kind: "case", ID: c.id}, "申报通过："+c.title(), c.worth.Signed()+"分"
		switch {
		case c.state == Rejected:
			title, body = "申报未通过："+c.title(), strings.Join(c.reasons, "；")
		case c.waits():
			body += "，公示期满没有异议后计入"
		}
		m := message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Decided, Title: title, Body: body, About: about, At: at}
		if c.way == scheme.WayPeer {
			told := m
			told.Household, told.Member, told.User, told.Title = 0, 0, c.author, strings.Replace(title, "申报", "报送", 1)
			ms = append(ms, told)
			m.Title = "有人报送了您家的好事：" + c.title()
			if c.state == Rejected || c.worth <= 0 {
				continue // nothing to tell the household; what costs points is told by the decision
			}
		}
		ms = append(ms, m)
	}
	return message.Tell(tx, ms...)
}
