package cases

import (
	"context"
	"fmt"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Filter narrows a list of cases. Lists run from the newest back.
type Filter struct {
	State     State // empty: all
	Household id.ID // 0: all that the caller may see
	Mine      bool  // entered by the caller, or by those whose work was handed over to the caller
	Before    id.ID // cursor: the last id of the page before
	Limit     int   // 0: DefaultLimit

	named bool // also what names the caller's households; for one case
}

// Page is a page of cases with the cursor of the next.
type Page struct {
	Items []View `json:"items"`
	Next  string `json:"next" doc:"cursor of the next page; empty at the end"`
}

// ErrNoSuchState refuses a filter by a state that does not exist.
var ErrNoSuchState = errs.New(errs.Invalid, "cases_no_such_state", "没有这种状态，请重新选择")

// List is a page of cases. Officials see the village's, group leaders their groups' and their own entries, villagers
// those of their own households.
func (s *Service) List(ctx context.Context, a access.Actor, village id.ID, f Filter) (Page, error) {
	if err := a.Allow(MaySee, access.Place{Village: village}); err != nil {
		return Page{}, err
	}
	if _, ok := stateNames[f.State]; !ok {
		return Page{}, ErrNoSuchState
	}
	where, args, err := s.visible(ctx, a, village, f)
	if err != nil {
		return Page{}, err
	}
	if f.State != fresh {
		where += " AND c.state = ?"
		args = append(args, string(f.State))
	}
	if f.Before != 0 {
		where += " AND c.id < ?"
		args = append(args, f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	views, err := s.read(ctx, a, village, where+" ORDER BY c.id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...)
	if err != nil {
		return Page{}, err
	}
	if err := s.claimedOf(ctx, views); err != nil {
		return Page{}, err
	}
	page := Page{Items: views}
	if len(views) > f.Limit {
		page.Items = views[:f.Limit]
		page.Next = views[f.Limit-1].ID.String()
	}
	return page, nil
}

// visible is the condition for what the caller may see and has asked for.
func (s *Service) visible(ctx context.Context, a access.Actor, village id.ID, f Filter) (where string, args []any, err error) {
	if f.Mine {
		authors, err := s.people.Predecessors(ctx, village, a.User())
		if err != nil {
			return "", nil, err
		}
		authors = storage.Padded(append(authors, a.User()))
		where += " AND c.author IN " + storage.In(len(authors))
		args = storage.Args(authors, args...)
	}
	if f.Household != 0 {
		where += " AND c.household_id = ?"
		args = append(args, f.Household)
	}
	if a.Allow(overseers, access.Place{Village: village}) == nil {
		return where, args, nil
	}
	if f.Mine && a.Has(access.GroupLeader, village) {
		return where, args, nil
	}
	homes := storage.Padded(homesIn(a, village))
	leads := storage.Padded(a.Leads(village))
	where += " AND (c.household_id IN " + storage.In(len(homes)) + " OR c.group_id IN " + storage.In(len(leads))
	args = storage.Args(leads, storage.Args(homes, args...)...)
	if a.Has(access.GroupLeader, village) {
		where += " OR c.author = ?"
	} else {
		where += " OR c.author = ? AND c.way <> ''"
	}
	args = append(args, a.User())
	if f.named {
		where += " OR EXISTS (SELECT 1 FROM case_shares x WHERE x.case_id = c.id AND x.household_id IN " + storage.In(len(homes)) + ")"
		args = storage.Args(homes, args...)
	}
	where += ")"
	return where, args, nil
}

func homesIn(a access.Actor, village id.ID) []id.ID {
	var homes []id.ID
	for _, h := range a.Homes() {
		if h.Village == village {
			homes = append(homes, h.Household)
		}
	}
	return homes
}

// Get is one case with its steps. ErrNoCase also where the caller may not see it.
func (s *Service) Get(ctx context.Context, a access.Actor, village, caseID id.ID) (View, error) {
	if err := a.Allow(MaySee, access.Place{Village: village}); err != nil {
		return View{}, err
	}
	where, args, err := s.visible(ctx, a, village, Filter{named: true})
	if err != nil {
		return View{}, err
	}
	views, err := s.read(ctx, a, village, where+" AND c.id = ?", append(args, caseID)...)
	if err != nil {
		return View{}, err
	}
	if len(views) == 0 {
		return View{}, ErrNoCase
	}
	if err := s.claimedOf(ctx, views); err != nil {
		return View{}, err
	}
	v := &views[0]
	details := record{id: v.ID}
	if err := details.readDetails(s.outside(ctx)); err != nil {
		return View{}, err
	}
	v.Parts, v.Persons = details.parts, details.persons
	if v.Confirmations, err = s.confirmations(ctx, "f.batch_id = ? ORDER BY f.id", v.Batch); err != nil {
		return View{}, err
	}
	if v.Shares, err = s.sharesOf(ctx, caseID); err != nil {
		return View{}, err
	}
	if v.Objections, err = s.objectionsTo(ctx, a, village, caseID); err != nil {
		return View{}, err
	}
	if v.Ballot, err = s.ballot(ctx, a, v); err != nil {
		return View{}, err
	}
	if v.CanObject, err = s.canObject(ctx, a, v); err != nil {
		return View{}, err
	}
	v.Events, err = s.events(ctx, caseID, v)
	return *v, err
}

// events are the steps of a case; the first is in the case itself.
func (s *Service) events(ctx context.Context, caseID id.ID, v *View) ([]Event, error) {
	rows, err := s.db.Query(ctx, `SELECT e.at_ms, COALESCE(u.name, ''), e.from_state, e.to_state, e.why
		FROM case_events e LEFT JOIN users u ON u.id = e.by_user AND u.id <> ? WHERE e.case_id = ? ORDER BY e.id`, v.hidden, caseID)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	steps := []Event{{At: v.CreatedAt, By: v.AuthorName, To: v.entered}}
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.At, &e.By, &e.From, &e.To, &e.Why); err != nil {
			return nil, err
		}
		steps = append(steps, e)
	}
	for i := range steps {
		steps[i].ToName = steps[i].To.Name()
	}
	return steps, rows.Err()
}
