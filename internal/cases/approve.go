package cases

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
)

// Step is what a person says with a step of a case.
type Step struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string `json:"why,omitempty" maxLength:"200" doc:"the reason; mandatory for rejecting and reversing"`
}

// Answer is a case after a step.
type Answer struct {
	View
	Repeated bool `json:"repeated" doc:"the request had been carried out before"`
}

// Approve lets a submitted case through one level; at the last one it is decided by the rules of the day of the deed
// and posted. Not by its author, not for an own or kin household, and at each level by another person.
func (s *Service) Approve(ctx context.Context, a access.Actor, village, caseID id.ID, r Step) (Answer, error) {
	return s.ApproveWith(ctx, a, village, caseID, Approval{RequestID: r.RequestID, Why: r.Why})
}

func (s *Service) approve(tx *storage.Tx, v *rulebook.Version, by id.ID, seen *record, given *Content, why string, at time.Time) error {
	c, err := one(tx, seen.village, seen.id)
	if err != nil {
		return err
	}
	c.aside(seen)
	from := c.state
	if from != Submitted {
		_, err := from.next(approve)
		return err
	}
	if given != nil {
		if why, err = correctClaim(tx, v, c, *given, why, at); err != nil {
			return err
		}
	}
	if c.approvals+1 < c.levels {
		return passLevel(tx, c, by, why, at)
	}
	if err := proven(tx, v, c); err != nil {
		return err
	}
	if c.approvals > 0 {
		if err := otherThanBefore(tx, c.id, by); err != nil {
			return err
		}
	}
	st := newSettlement(v, []*record{c}, by, at)
	if err := st.guard(tx); err != nil {
		return err
	}
	refused, err := st.decide(tx.Query, tx.NewID)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return refused[0].err
	}
	c.approvals++
	act := approve
	if v.Scheme.Records.Waits() {
		act = decide
	}
	if c.state, err = from.next(act); err != nil {
		return err
	}
	if err := c.update(tx, from); err != nil { // refuses if another step came first, before the guard was held
		return err
	}
	if err := event(tx, c.village, c.id, by, clock.Ms(at), from, c.state, why); err != nil {
		return err
	}
	if err := storeAside(tx, st.cases, false); err != nil {
		return err
	}
	if err := st.post(tx); err != nil {
		return err
	}
	return answered(tx, st.cases, at)
}

// passLevel notes an approval that is not the last.
func passLevel(tx *storage.Tx, c *record, by id.ID, why string, at time.Time) error {
	to, err := c.state.next(pass)
	if err != nil {
		return err
	}
	n, err := tx.Exec("UPDATE cases SET approvals = approvals + 1, changed_at = ? WHERE id = ? AND state = ? AND approvals = ?",
		clock.Ms(at), c.id, string(c.state), c.approvals)
	if err != nil {
		return fmt.Errorf("pass case: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	if err := otherThanBefore(tx, c.id, by); err != nil {
		return err
	}
	return event(tx, c.village, c.id, by, clock.Ms(at), c.state, to, why)
}

// otherThanBefore refuses a person who has submitted the case or inspection or approved it at an earlier level. What was
// given back to its author begins again at the first level: steps before that do not count.
func otherThanBefore(tx *storage.Tx, of, by id.ID) error {
	var n int
	err := tx.QueryRow(`SELECT COUNT(*) FROM case_events WHERE case_id = ? AND by_user = ? AND to_state = 'submitted'
		AND id > (SELECT COALESCE(MAX(r.id), 0) FROM case_events r WHERE r.case_id = ? AND r.to_state = 'draft')`, of, by, of).Scan(&n)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	if n > 0 {
		return ErrApproved
	}
	return nil
}

// Reject refuses a submitted case with a reason.
func (s *Service) Reject(ctx context.Context, a access.Actor, village, caseID id.ID, r Step) (Answer, error) {
	if err := a.Allow(MayApprove, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Answer{}, err
	}
	c, err := s.toReview(ctx, a, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	if err := s.beforePanel(ctx, c); err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.reject", r, func(tx *storage.Tx, at time.Time) error {
		c, err := one(tx, village, caseID)
		if err != nil {
			return err
		}
		c.reasons = []string{"未通过审核：" + strings.TrimSpace(r.Why)}
		c.decider, c.decidedAt = a.User(), clock.Ms(at)
		if err := c.move(tx, reject, a.User(), at, r.Why); err != nil {
			return err
		}
		return answered(tx, []*record{c}, at)
	})
}

// toReview reads a case that the actor is about to review, and refuses own entries and own or kin households.
func (s *Service) toReview(ctx context.Context, a access.Actor, village, caseID id.ID) (*record, error) {
	c, err := s.one(ctx, village, caseID)
	if err != nil {
		return nil, err
	}
	if err := a.NotOwn(c.household); err != nil {
		return nil, err
	}
	if c.author == a.User() {
		return nil, ErrOwnEntry
	}
	return c, nil
}

// move takes a case that has no points yet to another state.
func (c *record) move(tx *storage.Tx, act Action, by id.ID, at time.Time, why string) error {
	from := c.state
	to, err := from.next(act)
	if err != nil {
		return err
	}
	c.state, c.changedAt = to, clock.Ms(at)
	if err := c.update(tx, from); err != nil {
		return err
	}
	return event(tx, c.village, c.id, by, clock.Ms(at), from, to, why)
}

// step runs a step of a case once per request and answers the case as it then stands. asks is what the request says
// besides its reason.
func (s *Service) step(ctx context.Context, a access.Actor, village, caseID id.ID, op string, r Step, do func(tx *storage.Tx, at time.Time) error, asks ...any) (Answer, error) {
	if utf8.RuneCountInString(r.Why) > MaxWhy {
		return Answer{}, ErrWhy
	}
	at := s.now()
	var repeated bool
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, op, append([]any{village, caseID, r.Why}, asks...), caseID); err != nil || repeated {
			return err
		}
		return do(tx, at)
	})
	if err != nil {
		return Answer{}, err
	}
	views, err := s.read(ctx, a, village, " AND c.id = ?", caseID)
	if err != nil {
		return Answer{}, err
	}
	if len(views) == 0 {
		return Answer{}, ErrNoCase
	}
	return Answer{View: views[0], Repeated: repeated}, nil
}

func checkWhy(why string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(why)); n == 0 || n > MaxWhy {
		return ErrWhy
	}
	return nil
}
