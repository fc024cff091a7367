package cases

import (
	"context"
	"errors"
	"strconv"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Request is a deed of one household or person, or the same deed of many.
type Request struct {
	RequestID  string        `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device and kept until a definite answer; mandatory but for a preview"`
	Item       string        `json:"item" maxLength:"32" doc:"code of the item"`
	Subjects   []id.ID       `json:"subjects" minItems:"1" maxItems:"200" doc:"households, or members where a person did it or persons are scored"`
	OccurredOn clock.Day     `json:"occurred_on,omitempty" doc:"day of the deed; today if empty"`
	Points     points.Amount `json:"points,omitempty" doc:"items with a range: the value given, in hundredths, with its sign"`
	Grade      string        `json:"grade,omitempty" maxLength:"32" doc:"graded items: code of the grade"`
	Quantity   int64         `json:"quantity,omitempty" doc:"items by quantity: thousandths of the unit"`
	Note       string        `json:"note,omitempty" maxLength:"500"`
	Evidence   []Evidence    `json:"evidence,omitempty" maxItems:"9" doc:"what the item asks for"`

	Event   id.ID               `json:"event,omitempty" doc:"the event or the first record of the same deed, where several records share one"`
	Parties []PartyRequest      `json:"parties,omitempty" maxItems:"60" doc:"whom the deed touches beside its subject, where the item asks"`
	Parts   []scheme.PartResult `json:"parts,omitempty" maxItems:"40" doc:"items with a sheet: one for each part"`
	Persons int                 `json:"persons,omitempty" minimum:"0" maximum:"10000" doc:"items per person: how many took part, where they are not named"`
}

// Recorded is the answer to a Record or a Preview: one case per subject, in the order asked.
type Recorded struct {
	Items    []View `json:"items"`
	Repeated bool   `json:"repeated" doc:"the request had been carried out before"`
}

// Record enters a deed: one case per subject, all or none. Where the item says so and the author may, it takes effect
// at once; otherwise it waits for another person. Deeds older than the rules allow wait even for direct items.
func (s *Service) Record(ctx context.Context, a access.Actor, village id.ID, r Request) (Recorded, error) {
	if err := a.Allow(MayRecord, access.Place{Village: village}); err != nil {
		return s.recordedBefore(ctx, a, village, "cases.record", r, err)
	}
	at := s.now()
	batch := s.db.NewID()
	p, err := s.prepare(ctx, a, village, r, batch, at)
	if err != nil {
		return s.recordedBefore(ctx, a, village, "cases.record", r, err)
	}
	var earlier id.ID
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		earlier, repeated, err = tx.Once(a.User(), r.RequestID, "cases.record", recordBody(village, r), batch)
		if err != nil || repeated {
			return err
		}
		if err := s.storeProofs(tx, a.User(), village, batch, p.proofs, clock.Ms(at)); err != nil {
			return err
		}
		if !p.direct {
			return insert(tx, p.cases)
		}
		if err := p.guard(tx); err != nil {
			return err
		}
		refused, err := p.decide(tx.Query, tx.NewID)
		if err != nil {
			return err
		}
		if p.waitsForBudget(refused) {
			return insert(tx, p.cases)
		}
		if len(refused) > 0 {
			return p.explain(refused)
		}
		if err := insert(tx, p.cases); err != nil {
			return err
		}
		return p.post(tx)
	})
	if err != nil {
		return Recorded{}, err
	}
	if repeated {
		return s.answerBatch(ctx, a, village, earlier)
	}
	out := Recorded{Items: make([]View, len(p.cases))}
	for i, c := range p.cases {
		out.Items[i] = s.view(a, p.version, c, p.subjects[i].Number, p.subjects[i].Name)
	}
	p.balances(out.Items)
	return out, nil
}

// Preview is what Record would decide now, with the reasons, without writing anything. Waiting items are shown as they
// would be decided.
func (s *Service) Preview(ctx context.Context, a access.Actor, village id.ID, r Request) (Recorded, error) {
	if err := a.Allow(MayRecord, access.Place{Village: village}); err != nil {
		return Recorded{}, err
	}
	p, err := s.prepare(ctx, a, village, r, 0, s.now())
	if err != nil {
		return Recorded{}, err
	}
	refused, err := p.decide(s.outside(ctx), s.db.NewID)
	if err != nil {
		return Recorded{}, err
	}
	if len(refused) > 0 {
		return Recorded{}, p.explain(refused)
	}
	out := Recorded{Items: make([]View, len(p.cases))}
	for i, c := range p.cases {
		c.id, c.reasons = 0, append(c.reasons, p.waits...)
		out.Items[i] = s.view(a, p.version, c, p.subjects[i].Number, p.subjects[i].Name)
	}
	return out, nil
}

// prepared is a request that has been checked, as the cases it will become.
type prepared struct {
	*settlement
	subjects []village.Subject
	direct   bool
	waits    []string // why it waits
	proofs   proofs
}

func (s *Service) prepare(ctx context.Context, a access.Actor, where id.ID, r Request, batch id.ID, at time.Time, wait ...string) (*prepared, error) {
	return s.prepareBy(ctx, a, where, r, batch, at, byOfficial, wait...)
}

// prepareBy is prepare for records that come in another way.
func (s *Service) prepareBy(ctx context.Context, a access.Actor, where id.ID, r Request, batch id.ID, at time.Time, by entrant, wait ...string) (*prepared, error) {
	today := clock.DayOf(at)
	if r.OccurredOn == 0 {
		r.OccurredOn = today
	}
	if err := checkDay(r.OccurredOn, today); err != nil {
		return nil, err
	}
	if err := checkSubjects(r.Subjects); err != nil {
		return nil, err
	}
	v, err := s.rules.InForce(ctx, where, r.OccurredOn)
	if err != nil {
		return nil, err
	}
	item, ok := v.Scheme.Item(r.Item)
	if !ok {
		return nil, scheme.ErrItemUnknown
	}
	subjects, err := s.subjects(ctx, where, v.Scheme.SubjectOf(item), r)
	if err != nil {
		return nil, err
	}
	p := &prepared{subjects: subjects}
	if by.way == "" {
		wait = append(waits(a, where, v.Scheme, item, r.OccurredOn, today), wait...)
	}
	p.waits = wait
	if batch != 0 { // a preview needs no proof yet
		var unconfirmed string
		if p.proofs, unconfirmed, err = s.proofsOf(ctx, a, where, r, item, subjects); err != nil {
			return nil, err
		}
		if unconfirmed != "" {
			p.waits = append(p.waits, unconfirmed)
		}
	}
	p.direct = len(p.waits) == 0
	cs := make([]*record, len(subjects))
	for i := range subjects {
		if err := by.may(a, v.Scheme, item, where, &subjects[i]); err != nil {
			return nil, err
		}
		c := newRecord(v, item, &subjects[i], r, a.User(), at)
		c.id, c.batch, c.way = s.db.NewID(), batch, by.way
		if len(subjects) == 1 && batch != 0 {
			c.id = batch
		}
		c.state = decidedState(v.Scheme)
		c.enteredAs = c.state
		if !p.direct {
			c.state, c.enteredAs, c.levels, c.reasons = Submitted, Submitted, max(1, item.Review.Levels), p.waits
		}
		cs[i] = c
	}
	if err := s.surround(ctx, a, v, item, cs, subjects, r.Parties); err != nil {
		return nil, err
	}
	for _, c := range cs {
		if err := v.Scheme.Validate(c.deed()); err != nil {
			return nil, err
		}
	}
	p.settlement = newSettlement(v, cs, a.User(), at)
	return p, nil
}

// entrant is who enters a record: an official, the household itself, or another one.
type entrant struct {
	way  string // empty: an official
	home id.ID  // of the household that claims or tells
	may  func(a access.Actor, rules *scheme.Scheme, item *scheme.Item, where id.ID, sub *village.Subject) error
}

var byOfficial = entrant{may: func(a access.Actor, rules *scheme.Scheme, item *scheme.Item, where id.ID, sub *village.Subject) error {
	if !item.Allows(scheme.WayEntry) {
		return ErrWay.With("“%s”由村民自己申报，工作人员审核，不直接登记", item.Name)
	}
	return mayScore(a, rules.SubjectOf(item), where, sub)
}}

// subjects looks up whose accounts a deed moves: households and members, or groups and teams.
func (s *Service) subjects(ctx context.Context, where id.ID, subject string, r Request) ([]village.Subject, error) {
	if subject == scheme.SubjectGroup || subject == scheme.SubjectTeam {
		return s.villages.Bodies(ctx, where, r.OccurredOn, r.Subjects)
	}
	return s.villages.Subjects(ctx, where, r.OccurredOn, r.Subjects)
}

func newRecord(v *rulebook.Version, item *scheme.Item, sub *village.Subject, r Request, author id.ID, at time.Time) *record {
	c := &record{village: sub.Village, account: sub.Household, household: sub.Household, member: sub.Member, group: sub.Group,
		item: item.Code, itemName: item.Name, class: item.Class, scheme: v.ID, occurred: r.OccurredOn, counted: v.Counted(r.OccurredOn),
		points: r.Points, grade: r.Grade, quantity: r.Quantity, note: r.Note,
		author: author, createdAt: clock.Ms(at), changedAt: clock.Ms(at)}
	switch v.Scheme.SubjectOf(item) {
	case scheme.SubjectPerson:
		c.account = sub.Member
	case scheme.SubjectGroup, scheme.SubjectTeam:
		c.account = sub.Body
	}
	c.event, c.parts, c.persons = r.Event, r.Parts, r.Persons
	if g, ok := item.Value.Grade(r.Grade); ok {
		c.gradeName = g.Name
	}
	return c
}

func checkDay(day, today clock.Day) error {
	if !day.Valid() {
		return scheme.ErrCaseInvalid.With("请填写事情发生的日期").WithFields(errs.Field{Path: "occurred_on", Msg: "请填写事情发生的日期"})
	}
	if day > today {
		return ErrFuture.WithFields(errs.Field{Path: "occurred_on", Msg: ErrFuture.Msg})
	}
	return nil
}

func checkSubjects(subjects []id.ID) error {
	if len(subjects) == 0 || len(subjects) > MaxSubjects {
		return ErrSubjects
	}
	seen := make(map[id.ID]bool, len(subjects))
	for i, o := range subjects {
		if o == 0 {
			return ErrSubjects
		}
		if seen[o] {
			return ErrSubjectTwice.WithFields(errs.Field{Path: "subjects[" + strconv.Itoa(i) + "]", Msg: ErrSubjectTwice.Msg})
		}
		seen[o] = true
	}
	return nil
}

// mayScore refuses own and kin households, households where persons are scored, suspended subjects, and other groups to a group leader.
func mayScore(a access.Actor, subject string, where id.ID, sub *village.Subject) error {
	if sub.Household != 0 {
		if err := a.NotOwn(sub.Household); err != nil {
			return err
		}
	}
	if (subject == scheme.SubjectPerson || subject == scheme.SubjectPooled) && sub.Member == 0 {
		return scheme.ErrNeedsMember
	}
	if !sub.Active {
		return ErrInactive.With("%s当天处于暂停状态，不能记分", sub.Number)
	}
	if leaderOnly(a, where) {
		led := a.Leads(where)
		for _, g := range led {
			if g == sub.Group {
				return nil
			}
		}
		if len(led) > 0 {
			return ErrOtherGroup
		}
	}
	return nil
}

// leaderOnly reports whether the actor enters as a group leader and as nothing higher.
func leaderOnly(a access.Actor, where id.ID) bool {
	return !a.Has(access.TeamMember, where) && !a.Has(access.FirstSecretary, where)
}

// waits says why a record waits for approval; nothing where it takes effect at once.
func waits(a access.Actor, where id.ID, s *scheme.Scheme, item *scheme.Item, day, today clock.Day) []string {
	var why []string
	if !item.Review.Direct {
		why = append(why, item.ValueText()+"，"+item.ReviewText()+"，通过后计分")
	}
	if today.Sub(day) > s.Records.BackdateDays {
		why = append(why, "补登"+strconv.Itoa(s.Records.BackdateDays)+"天以前的事情，需由其他工作人员审核")
	}
	if item.Review.Direct && s.Records.LeadersWait && leaderOnly(a, where) {
		why = append(why, "小组长登记的记录，需由驻村工作队审核")
	}
	return why
}

// waitsForBudget turns records that the village's budget has no room for into waiting ones, all of the request together,
// and reports whether it did.
func (p *prepared) waitsForBudget(refused []refusal) bool {
	if len(refused) == 0 || !errors.Is(refused[0].err, ErrBudgetWaits) {
		return false
	}
	why := errs.As(refused[0].err).Msg
	for _, c := range p.cases {
		c.state, c.enteredAs, c.levels, c.reasons = Submitted, Submitted, 1, []string{why}
		c.no, c.worth, c.decidedValue, c.warned, c.decider, c.decidedAt = 0, 0, 0, false, 0, 0
		c.changes, c.tags, c.lifts, c.shares = nil, nil, nil, nil
	}
	return true
}

// explain is the error of a batch that could not be decided: that of its only case, or all of them by row.
func (p *prepared) explain(refused []refusal) error {
	first := errs.As(refused[0].err)
	if len(p.cases) == 1 || first == nil {
		return refused[0].err
	}
	fields := make([]errs.Field, 0, len(refused))
	for _, r := range refused {
		msg := r.err.Error()
		if e := errs.As(r.err); e != nil {
			msg = e.Msg
		}
		fields = append(fields, errs.Field{Path: "subjects[" + strconv.Itoa(r.index) + "]", Msg: p.subjects[r.index].Number + "：" + msg})
	}
	return first.WithFields(fields...)
}

// balances adds what can be spent after a direct record of one subject, from what was just posted.
func (p *prepared) balances(views []View) {
	if len(views) != 1 || len(p.posted) != 1 {
		return
	}
	for _, e := range p.posted[0].Entries {
		if w, ok := p.version.Scheme.Wallet(e.Wallet); ok && w.Kind == scheme.KindSpend && views[0].BalanceAfter == nil {
			views[0].BalanceAfter = &e.BalanceAfter
		}
	}
}

func recordBody(village id.ID, r Request) any {
	r.RequestID = ""
	return []any{village, r}
}
