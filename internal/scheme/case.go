package scheme

import (
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
)

// MaxNote is the longest note of a case, in characters.
const MaxNote = 500

// MaxQuantity is the largest quantity of a case: a million units, in thousandths.
const MaxQuantity = 1_000_000_000

var (
	ErrItemUnknown  = errs.New(errs.Invalid, "scheme_item_unknown", "细则里没有这个积分事项，请重新选择")
	ErrNotInForce   = errs.New(errs.Invalid, "scheme_item_not_in_force", "这个积分事项在当天没有施行，请核对日期或换一个事项")
	ErrCaseInvalid  = errs.New(errs.Invalid, "scheme_case_invalid", "这条记录填写不对，请按事项要求填写")
	ErrNeedsMember  = errs.New(errs.Invalid, "scheme_needs_member", "本村按人积分，请选择是谁做的")
	ErrNotMeant     = errs.New(errs.Conflict, "scheme_not_meant", "这个积分事项不是给这一户或这个人的，请核对后换一个事项")
	ErrNeedsAccount = errs.New(errs.Invalid, "scheme_needs_account", "请选择给谁记分")
)

// Case is a deed to be decided (积分申报). The account is the household's or the person's, as the scheme's subject says.
type Case struct {
	ID         id.ID
	Item       string
	OccurredOn clock.Day
	Account    id.ID
	Household  id.ID
	Member     id.ID
	Group      id.ID
	Points     points.Amount // range items: the value given, with its sign; where Settled, what is left of a fixed one; else zero
	Grade      string        // graded items: code of the grade
	Quantity   int64         // items by quantity: thousandths of the unit
	Note       string
	CountedOn  clock.Day    // day in whose year it counts; zero: OccurredOn
	DecidedOn  clock.Day    // day of the decision, on which tags of thresholds begin; zero: OccurredOn
	Event      id.ID        // the event or deed it belongs to, where several records share one; 0: none named
	Parts      []PartResult // sheets: one for each part
	Persons    int          // items per person: how many took part, where they are not named as parties
	Settled    bool         // Points is what the written answer to an objection has left of the value that the rules fix
	Repaired   bool         // put right, with a written promise: what the item's repair leaves counts
	Overdue    bool         // a warning whose fault was not put right in time: it counts in full
	Who        Who          // of the account, and of the person who did it, on the day of the deed
	Parties    []Party      // whom it touches beside its account
}

// PartResult is one line of a sheet as filled in: what is taken off Full, or the option chosen.
type PartResult struct {
	Code   string        `json:"code"`
	Off    points.Amount `json:"off,omitempty" doc:"points taken off, without sign"`
	Option string        `json:"option,omitempty"`
}

// Validate says whether the case is filled in as its item wants. Errors are of kind Invalid and name the field.
func (s *Scheme) Validate(c Case) error {
	_, err := s.validate(&c)
	return err
}

func (s *Scheme) validate(c *Case) (*Item, error) {
	item, ok := s.items[c.Item]
	switch {
	case !ok:
		return nil, ErrItemUnknown
	case !c.OccurredOn.Valid():
		return nil, wrong("occurred_on", "请填写事情发生的日期")
	case !item.InForce(c.OccurredOn):
		return nil, ErrNotInForce.With("“%s”在%s没有施行，请核对日期或换一个事项", item.Name, c.OccurredOn.Chinese())
	case c.Account == 0:
		return nil, ErrNeedsAccount
	case c.Member == 0 && (s.subject(item) == SubjectPerson || s.subject(item) == SubjectPooled):
		return nil, ErrNeedsMember
	case utf8.RuneCountInString(c.Note) > MaxNote:
		return nil, wrong("note", "说明最多500字，请缩短")
	}
	for _, check := range [...]func(*Item, *Case) error{(*Item).checkOnly, (*Item).checkCalendar, (*Item).checkParties, (*Item).checkFilled} {
		if err := check(item, c); err != nil {
			return nil, err
		}
	}
	return item, nil
}

func wrong(path, msg string) error {
	return ErrCaseInvalid.With("%s", msg).WithFields(errs.Field{Path: path, Msg: msg})
}
