package cases

import (
	"context"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// Withdraw lets the author take a record back within the minutes that the rules allow, whether it waits or has taken
// effect; in the latter case its points are reversed and later decisions are replayed.
func (s *Service) Withdraw(ctx context.Context, a access.Actor, village, caseID id.ID, r Step) (Answer, error) {
	if err := a.Allow(MayRecord, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	c, err := s.one(ctx, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	if c.author != a.User() {
		return Answer{}, ErrNotAuthor
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.withdraw", r, func(tx *storage.Tx, at time.Time) error {
		if at.After(withdrawUntil(vs.of[c.scheme], c)) {
			return ErrWithdrawLate
		}
		return s.undo(tx, vs, village, caseID, withdraw, a.User(), at, r.Why)
	})
}

// Reverse takes back a case in effect, with a reason: not by its author, not for an own or kin household. Points that
// were spent leave a debt. Later decisions that rested on it are replayed and only differences are posted.
func (s *Service) Reverse(ctx context.Context, a access.Actor, village, caseID id.ID, r Step) (Answer, error) {
	if err := a.Allow(MayReverse, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Answer{}, err
	}
	c, err := s.toCorrect(ctx, a, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.reverse", r, func(tx *storage.Tx, at time.Time) error {
		return s.undo(tx, vs, village, caseID, reverse, a.User(), at, strings.TrimSpace(r.Why))
	})
}

// toCorrect reads a case that the actor is about to reverse or amend.
func (s *Service) toCorrect(ctx context.Context, a access.Actor, village, caseID id.ID) (*record, error) {
	c, err := s.one(ctx, village, caseID)
	if err != nil {
		return nil, err
	}
	if err := a.NotOwn(c.household); err != nil {
		return nil, err
	}
	if c.author == a.User() {
		return nil, ErrOwnReverse
	}
	return c, nil
}

func (s *Service) undo(tx *storage.Tx, vs versions, village, caseID id.ID, act Action, by id.ID, at time.Time, why string) error {
	c, err := one(tx, village, caseID)
	if err != nil {
		return err
	}
	if c.state.stands() {
		if err := vs.guard(tx, c); err != nil {
			return err
		}
		if c, err = one(tx, village, caseID); err != nil { // as it stands now that nobody else can correct it
			return err
		}
		if err := vs.readAside(tx.Query, c); err != nil {
			return err
		}
	}
	stood := c.state.stands()
	if err := c.move(tx, act, by, at, why); err != nil || !stood {
		return err
	}
	if err := c.takeBack(tx, by, at); err != nil {
		return err
	}
	return vs.replay(tx, by, at, c)
}

// takeBack reverses everything a case has posted, for all whom it touched, and ends its tags.
func (c *record) takeBack(tx *storage.Tx, by id.ID, at time.Time) error {
	var posted []ledger.OfCase
	for _, account := range c.accounts() {
		posted = append(posted, ledger.OfCase{Case: c.id, Account: account})
	}
	_, err := ledger.ReverseCases(tx, posted, ledger.Correction{Village: c.village, By: by, At: at, Title: "冲正：" + c.title()})
	if err != nil {
		return err
	}
	faults, err := standing.OpenFaults(tx.Query, c.accounts())
	if err != nil {
		return err
	}
	if err := c.liftTags(tx, by, at); err != nil {
		return err
	}
	return release(tx, c.village, c.id, faultsOf(faults, c.id), by, at, "没有待整改的问题了，生效：")
}

// faultsOf are the accounts on which one of some cases has opened a fault.
func faultsOf(open map[id.ID][]standing.Tag, cases ...id.ID) []id.ID {
	var accounts []id.ID
	for account, tags := range open {
		if slices.ContainsFunc(tags, func(t standing.Tag) bool { return slices.Contains(cases, t.Case) }) {
			accounts = append(accounts, account)
		}
	}
	slices.Sort(accounts)
	return accounts
}

// liftTags ends what the case has set on those whom it touched.
func (c *record) liftTags(tx *storage.Tx, by id.ID, at time.Time) error {
	return standing.LiftOfCases(tx, c.accounts(), []id.ID{c.id}, clock.DayOf(at), by, at)
}
