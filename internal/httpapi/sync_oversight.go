package httpapi

import (
	"context"

	"hefen/internal/cases"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

var (
	errDraftHouses = errs.New(errs.Conflict, "sync_number", "有几户用过这个户号，请在有信号的地方重新报，选是哪一家")
	errDraftWho    = errs.New(errs.Conflict, "sync_who", "这一户里没有找到叫这个名字的人，请核对姓名，或者在有信号的地方重新报，选是谁做的")
)

// oversee carries out what panel, officials and supervisors say of records. It counts from when it comes, and is refused with the
// reason when the vote is closed or another has answered meanwhile.
func (c *syncing) oversee(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	switch {
	case d.Kind == draftVote && d.Vote != nil:
		r := *d.Vote
		r.RequestID = d.RequestID
		return c.review(c.Cases.Vote(ctx, c.by, c.village, d.Target, r))
	case d.Kind == draftObject && d.Objection != nil:
		r := *d.Objection
		r.RequestID = d.RequestID
		return objected(c.Cases.NoteObjection(ctx, c.by, c.village, d.Target, r))
	case d.Kind == draftSettle && d.Settle != nil:
		r := *d.Settle
		r.RequestID = d.RequestID
		return objected(c.Cases.Settle(ctx, c.by, c.village, d.Target, r))
	case d.Kind == draftFinding && d.Finding != nil:
		r := *d.Finding
		r.RequestID = d.RequestID
		drawn, err := c.Cases.Find(ctx, c.by, c.village, d.Target, d.Line, r)
		return carriedOutAs(drawn.ID, drawn.Repeated), err
	case d.Kind == draftTelling && d.Telling != nil:
		r := *d.Telling
		r.RequestID = d.RequestID
		return carriedOutAs(r.Household, false), c.Cases.Tell(ctx, c.by, c.village, r)
	}
	return syncAnswer{}, errDraftKind
}

func objected(o cases.Objection, err error) (syncAnswer, error) {
	return carriedOutAs(o.ID, o.Repeated), err
}

// named finds whom a report means that was written without signal, by the number on the door and, where persons are scored, the
// whole name. A number may pass to another household: what was carried out before is answered, not looked up again.
func (c *syncing) named(ctx context.Context, d *syncDraft, r *cases.Claim) (made id.ID, err error) {
	if d.Number == "" || r.Subject != 0 {
		return 0, nil
	}
	if made, found, err := c.DB.Made(ctx, c.by.User(), d.RequestID); err != nil || found {
		return made, err
	}
	day := c.Village.Today()
	found, err := c.Village.ByNumber(ctx, c.village, d.Number, day)
	if err != nil {
		return 0, err
	}
	if len(found) > 1 {
		return 0, errDraftHouses
	}
	v, err := c.Book.InForce(ctx, c.village, day)
	if err != nil {
		return 0, err
	}
	if r.Subject = found[0].ID; v.Scheme.Subject == scheme.SubjectHousehold {
		return 0, nil
	}
	home, err := c.Village.Detail(ctx, c.village, found[0].ID, day)
	if err != nil {
		return 0, err
	}
	r.Subject, err = personCalled(home.People, d.Who)
	return 0, err
}

// personCalled is the only one of that name.
func personCalled(people []village.Member, name string) (one id.ID, err error) {
	for i := range people {
		if people[i].Name != name {
			continue
		}
		if one != 0 {
			return 0, errDraftWho
		}
		one = people[i].ID
	}
	if one == 0 {
		return 0, errDraftWho
	}
	return one, nil
}
