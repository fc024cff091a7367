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
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

var (
	ErrNoRepair = errs.New(errs.Conflict, "cases_no_repair", "细则没有规定这个事项整改后怎样减轻，如记错了请冲正")
	ErrRepaired = errs.New(errs.Conflict, "cases_repaired", "这条记录已经按整改到位办理过了")
	ErrNoFault  = errs.New(errs.Conflict, "cases_no_fault", "这条记录没有待整改的问题，可能已经销号了")
)

// CloseFault notes that what a case found wrong has been put right: not by the author of the case, not for an own or kin
// household. The fault no longer stands from today; awards that waited for it take effect, unless another fault is open.
func (s *Service) CloseFault(ctx context.Context, a access.Actor, village, caseID id.ID, r FaultStep) (Answer, error) {
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
	if err := c.readAside(s.outside(ctx)); err != nil {
		return Answer{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Answer{}, err
	}
	if err := checkPhotos(r.Evidence); err != nil {
		return Answer{}, err
	}
	asked, err := s.asksPhotos(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.close_fault", r.step(), func(tx *storage.Tx, at time.Time) error {
		if err := s.fixed(tx, a.User(), c, r.Evidence, asked); err != nil {
			return err
		}
		if err := ledger.Guard(tx, c.accounts(), nil); err != nil {
			return err
		}
		closed, err := standing.CloseFaults(tx, c.accounts(), c.id, clock.DayOf(at), a.User(), at)
		if err != nil {
			return err
		}
		if len(closed) == 0 {
			return ErrNoFault
		}
		if err := event(tx, village, c.id, a.User(), clock.Ms(at), c.state, c.state, "整改到位："+strings.TrimSpace(r.Why)); err != nil {
			return err
		}
		return release(tx, village, c.id, closed, a.User(), at, "整改到位，生效：")
	}, r.asks()...)
}

// release moves the awards that waited for a fault to the available points of the accounts on which none stands now. What
// waits for its days of publication, or for an objection to be settled, goes on waiting.
func release(tx *storage.Tx, village, fault id.ID, accounts []id.ID, by id.ID, at time.Time, title string) error {
	tags, err := standing.Tags(tx, accounts, clock.DayOf(at))
	if err != nil {
		return err
	}
	open, err := ledger.FirstOpen(tx, village)
	if err != nil {
		return err
	}
	var ps []ledger.Posting
	for _, account := range accounts {
		if stillOpen(tags[account]) {
			continue
		}
		waiting, err := ledger.Waiting(tx, account)
		if err != nil {
			return err
		}
		counting, err := countingOf(tx, waiting)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			if !slices.Contains(counting, w.Case) {
				continue
			}
			ps = append(ps, ledger.Posting{Village: village, Kind: ledger.Effect, Ref: w.Case.String() + ":" + fault.String() + ":" + account.String(),
				By: by, Title: title + w.Title, At: at, Occurred: w.Occurred, Counted: max(w.Counted, open), Case: w.Case, Item: w.Item,
				Class: w.Class, Scheme: w.Scheme, Lines: w.Lines})
		}
	}
	_, err = ledger.Post(tx, nil, ps...)
	return err
}

// countingOf are those of some waiting cases whose points would count but for the fault.
func countingOf(tx *storage.Tx, waiting []ledger.HeldBack) ([]id.ID, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	ids := make([]id.ID, len(waiting))
	for i, w := range waiting {
		ids[i] = w.Case
	}
	rows, err := tx.Query("SELECT id FROM cases WHERE state IN ('effective','amended') AND id IN "+storage.In(len(ids)), storage.Args(ids)...)
	if err != nil {
		return nil, fmt.Errorf("read waiting cases: %w", err)
	}
	return scanIDs(rows)
}

func stillOpen(tags []standing.Tag) bool {
	for _, t := range tags {
		if t.Kind == scheme.TagOpenFault {
			return true
		}
	}
	return false
}

// Repair lightens a case after the fault was put right and a written promise was given, as its item says: not by its
// author, not for an own or kin household. What it had posted is reversed, its tags end, and what the item's repair
// leaves is posted instead; later decisions that rest on it are replayed.
func (s *Service) Repair(ctx context.Context, a access.Actor, village, caseID id.ID, r FaultStep) (Answer, error) {
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
	if item, ok := vs.of[c.scheme].Scheme.Item(c.item); !ok || item.Repair == nil {
		return Answer{}, ErrNoRepair
	}
	if err := checkPhotos(r.Evidence); err != nil {
		return Answer{}, err
	}
	asked, err := s.asksPhotos(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.repair", r.step(), func(tx *storage.Tx, at time.Time) error {
		if err := s.fixed(tx, a.User(), c, r.Evidence, asked); err != nil {
			return err
		}
		return vs.repair(tx, village, caseID, a.User(), at, strings.TrimSpace(r.Why))
	}, r.asks()...)
}

func (vs versions) repair(tx *storage.Tx, village, caseID, by id.ID, at time.Time, why string) error {
	c, err := one(tx, village, caseID)
	if err != nil {
		return err
	}
	if err := vs.guard(tx, c); err != nil {
		return err
	}
	if c, err = one(tx, village, caseID); err != nil { // as it stands now that nobody else can correct it
		return err
	}
	if err := c.readAside(tx.Query); err != nil {
		return err
	}
	if c.repaired {
		return ErrRepaired
	}
	c.repaired = true
	c.worth, c.replaced, c.decidedValue = 0, 0, 0 // all of it is reversed below; what the repair leaves is posted afresh
	if err := c.move(tx, amend, by, at, why); err != nil {
		return err
	}
	if err := storeAside(tx, []*record{c}, false); err != nil {
		return err
	}
	if err := c.takeBack(tx, by, at); err != nil {
		return err
	}
	return vs.replay(tx, by, at, c)
}
