package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
)

// View is a case as people see it.
type View struct {
	ID            id.ID               `json:"id"`
	Batch         id.ID               `json:"batch" doc:"common to what was entered together"`
	State         State               `json:"state" enum:"draft,submitted,decided,published,effective,objected,amended,rejected,withdrawn,reversed"`
	StateName     string              `json:"state_name"`
	Item          string              `json:"item"`
	ItemName      string              `json:"item_name" doc:"as it was called then"`
	Household     id.ID               `json:"household"`
	Number        string              `json:"number" doc:"of the household"`
	HouseholdName string              `json:"household_name"`
	Member        id.ID               `json:"member,omitempty" doc:"who did it, where a person is named"`
	MemberName    string              `json:"member_name,omitempty"`
	Account       id.ID               `json:"account" doc:"who is credited: household or member"`
	OccurredOn    clock.Day           `json:"occurred_on"`
	Value         points.Amount       `json:"value" doc:"what the item gives before warnings and limits"`
	Points        points.Amount       `json:"points" doc:"what counts; 0 while undecided"`
	Warned        bool                `json:"warned" doc:"a warning in place of a deduction"`
	Grade         string              `json:"grade,omitempty"`
	GradeName     string              `json:"grade_name,omitempty"`
	Quantity      int64               `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Asked         points.Amount       `json:"asked,omitempty" doc:"items with a range: the value given; where an objection lowered a fixed value, what is left"`
	Persons       int                 `json:"persons,omitempty" doc:"items per person, counted and not named: how many; where one case is asked for"`
	Parts         []scheme.PartResult `json:"parts,omitempty" doc:"lines of a sheet; where one case is asked for"`
	Claimed       *Claimed            `json:"claimed,omitempty" doc:"what was claimed, where something else was given"`
	Note          string              `json:"note,omitempty"`
	NoteHeld      bool                `json:"note_held,omitempty" doc:"there is a note that the content check holds back"`
	Reasons       []string            `json:"reasons" doc:"why, in plain Chinese; why it waits while undecided"`
	Author        id.ID               `json:"author"`
	AuthorName    string              `json:"author_name,omitempty"`
	DeciderName   string              `json:"decider_name,omitempty"`
	CreatedAt     int64               `json:"created_at" doc:"milliseconds since 1970 UTC"`
	DecidedAt     int64               `json:"decided_at,omitempty"`
	Revision      int                 `json:"revision,omitempty" doc:"how often it was decided anew"`
	Notice        id.ID               `json:"notice,omitempty" doc:"the notice on which it stands"`
	PublishedOn   clock.Day           `json:"published_on,omitempty" doc:"since when it stands there"`
	ObjectUntil   clock.Day           `json:"object_until,omitempty" doc:"last day for an objection; empty where none can be made"`
	Waits         bool                `json:"waits,omitempty" doc:"decided, but its points do not count before the days of publication are over"`
	Way           string              `json:"way,omitempty" enum:",claim,peer" doc:"empty: entered by an official; claim: by the household itself; peer: by another household, whose name only officials see"`
	WithdrawUntil int64               `json:"withdraw_until,omitempty" doc:"until when the author may withdraw it, milliseconds since 1970 UTC"`
	CanWithdraw   bool                `json:"can_withdraw"`
	CanReview     bool                `json:"can_review" doc:"the caller may approve or reject it"`
	CanCorrect    bool                `json:"can_correct,omitempty" doc:"the caller may let it through with another value than it says"`
	CanReverse    bool                `json:"can_reverse"`
	BalanceAfter  *points.Amount      `json:"balance_after,omitempty" doc:"what can be spent after it, where it was just posted"`
	Photos        []media.Shot        `json:"photos,omitempty" doc:"evidence, where cases are listed or one is asked for"`
	Confirmations []Confirmation      `json:"confirmations,omitempty" doc:"word of other households, where one case is asked for"`
	Shares        []ShareView         `json:"shares,omitempty" doc:"what it counts for others, where one case is asked for"`
	Ballot        *Ballot             `json:"ballot,omitempty" doc:"the panel's vote, where one case is asked for"`
	Objections    []Objection         `json:"objections,omitempty" doc:"where one case is asked for"`
	CanObject     bool                `json:"can_object" doc:"the caller may object to it now, for a household that it concerns; where one case is asked for also for those it names"`
	Events        []Event             `json:"events,omitempty" doc:"each step, where one case is asked for"`

	village id.ID
	entered State // how it was entered, for the first of the steps
	hidden  id.ID // who entered it, where the caller may not know

	asksPanel bool // the panel comes before officials, if there are enough of it
}

// Event is a step of a case: who, when, from what to what, why.
type Event struct {
	At     int64  `json:"at" doc:"milliseconds since 1970 UTC"`
	By     string `json:"by" doc:"name of who did it; empty for the program"`
	From   State  `json:"from"`
	To     State  `json:"to"`
	ToName string `json:"to_name"`
	Why    string `json:"why,omitempty"`
}

// view is a case for an actor; names that need a read are added by read.
func (s *Service) view(a access.Actor, v *rulebook.Version, c *record, number, name string) View {
	out := View{ID: c.id, Batch: c.batch, State: c.state, StateName: c.state.Name(), Item: c.item, ItemName: c.itemName,
		Household: c.household, Number: number, HouseholdName: name, Member: c.member, Account: c.account, OccurredOn: c.occurred,
		Value: c.decidedValue, Points: c.worth, Warned: c.warned, Grade: c.grade, GradeName: c.gradeName, Quantity: c.quantity,
		Asked: c.points, Note: c.note, Reasons: c.reasons, Author: c.author, CreatedAt: c.createdAt, DecidedAt: c.decidedAt, Revision: c.revision, entered: c.enteredAs,
		Notice: c.notice, PublishedOn: c.published, ObjectUntil: objectUntil(v.Scheme, c), Waits: c.waits(), Way: c.way, village: c.village}
	if c.member != 0 {
		out.MemberName = name
	}
	if _, err := c.state.next(object); err == nil && clock.DayOf(s.now()) <= out.ObjectUntil {
		out.CanObject = slices.ContainsFunc(a.Households(), func(h id.ID) bool { return slices.Contains(c.households(), h) })
	}
	if c.way == scheme.WayPeer && c.author != a.User() && a.Allow(knowReporters, access.Place{Village: c.village}) != nil {
		out.Author, out.hidden = 0, c.author
	}
	place := access.Place{Village: c.village}
	own := a.IsOwn(c.household)
	mine := c.author == a.User()
	switch _, err := c.state.next(withdraw); {
	case err != nil:
	case c.way != "": // by WithdrawClaim, while it waits
		out.CanWithdraw = c.state == Submitted && (mine || c.way == scheme.WayClaim && slices.Contains(a.Households(), c.household))
	case mine:
		until := withdrawUntil(v, c)
		out.WithdrawUntil = clock.Ms(until)
		out.CanWithdraw = !s.now().After(until)
	}
	if _, err := c.state.next(approve); err == nil {
		out.CanReview = !own && !mine && a.Allow(MayApprove, place) == nil
		item, ok := v.Scheme.Item(c.item)
		out.asksPanel = out.CanReview && ok && item.Review.Panel && c.way != "" && c.approvals == 0
		out.CanCorrect = out.CanReview && ok && item.Value.Judged()
	}
	if _, err := c.state.next(reverse); err == nil {
		out.CanReverse = !own && !mine && a.Allow(MayReverse, place) == nil
	}
	return out
}

// objectUntil is the last day on which somebody may object to a case; zero where nobody can: before it is decided, and when
// it has been taken back. Where points wait, that is the last day of the notice, and any day before there is one; where they
// count at once, so many days after the decision or the day of the notice, whichever is later.
func objectUntil(rules *scheme.Scheme, c *record) clock.Day {
	switch {
	case !c.state.stands():
		return 0
	case c.until != 0 && c.waits():
		return c.until
	case c.waits():
		return clock.Forever
	}
	return max(c.until, c.decidedOn().Add(rules.Records.ObjectDays))
}

func withdrawUntil(v *rulebook.Version, c *record) time.Time {
	return clock.FromMs(c.createdAt).Add(time.Duration(v.Scheme.Records.WithdrawMinutes) * time.Minute)
}

// read lists the cases of a village that a condition selects, with names, as the actor may see them.
func (s *Service) read(ctx context.Context, a access.Actor, village id.ID, where string, args ...any) ([]View, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columnsOfC+`, COALESCE(h.number, ''), COALESCE(h.name, g.name, t.name, ''), COALESCE(m.name, ''), COALESCE(u.name, ''), COALESCE(d.name, '')
		FROM cases c LEFT JOIN households h ON h.id = c.household_id LEFT JOIN regions g ON g.id = c.account_id LEFT JOIN teams t ON t.id = c.account_id
		LEFT JOIN members m ON m.id = c.member_id
		LEFT JOIN users u ON u.id = c.author LEFT JOIN users d ON d.id = c.decider
		WHERE c.village_id = ?`+where, append([]any{village}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	defer rows.Close()
	type named struct {
		record
		number, household, member, author, decider string
	}
	var all []named
	for rows.Next() {
		var n named
		if err := n.scan(rows, &n.number, &n.household, &n.member, &n.author, &n.decider); err != nil {
			return nil, fmt.Errorf("list cases: %w", err)
		}
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	versions := map[id.ID]*rulebook.Version{}
	out := make([]View, len(all))
	for i := range all {
		n := &all[i]
		v := versions[n.scheme]
		if v == nil {
			if v, err = s.rules.Version(ctx, n.scheme); err != nil {
				return nil, err
			}
			versions[n.scheme] = v
		}
		out[i] = s.view(a, v, &n.record, n.number, n.household)
		out[i].MemberName, out[i].AuthorName, out[i].DeciderName = n.member, n.author, n.decider
		if out[i].hidden != 0 {
			out[i].AuthorName = ""
		}
	}
	if err := s.leaveToPanel(ctx, out); err != nil {
		return nil, err
	}
	return out, s.dress(ctx, a, village, out)
}
