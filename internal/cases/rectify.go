package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// Kinds of photos of a fault.
const (
	PhotoBefore = "before" // 整改前
	PhotoAfter  = "after"  // 整改后
)

// ErrFixPhotos asks for the photos of a fault that was put right.
var ErrFixPhotos = errs.New(errs.Invalid, "cases_fix_photos", "这个事项销号要有整改前和整改后的照片，请补上后再提交")

// FaultStep is what a person says of a fault that was looked at again.
type FaultStep struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string     `json:"why" maxLength:"200" doc:"what was found"`
	Evidence  []Evidence `json:"evidence,omitempty" maxItems:"9" doc:"photos of kind before and after; a photo of the record itself is one of before"`
}

func (r *FaultStep) step() Step { return Step{RequestID: r.RequestID, Why: r.Why} }

func (r *FaultStep) asks() []any {
	if len(r.Evidence) == 0 {
		return nil
	}
	return []any{r.Evidence}
}

// checkPhotos refuses what is no photo of a fault.
func checkPhotos(photos []Evidence) error {
	if len(photos) > MaxEvidence {
		return ErrProof.With("照片太多，一次最多%d张", MaxEvidence)
	}
	for i, e := range photos {
		if e.Kind != PhotoBefore && e.Kind != PhotoAfter {
			return proofFault(i, ErrProof.With("请注明是整改前还是整改后的照片"))
		}
		if e.Photo == 0 && e.SHA256 == "" {
			return proofFault(i, ErrProof.With("请先上传照片"))
		}
	}
	return nil
}

// asksPhotos reports whether a fault of the case is closed with photos.
func (s *Service) asksPhotos(ctx context.Context, c *record) (bool, error) {
	v, err := s.rules.Version(ctx, c.scheme)
	if err != nil {
		return false, err
	}
	item, ok := v.Scheme.Item(c.item)
	return ok && item.FixPhotos, nil
}

// fixed shows the photos with the case, and refuses to close it without them where the item asks.
func (s *Service) fixed(tx *storage.Tx, by id.ID, c *record, photos []Evidence, asked bool) error {
	if err := s.attach(tx, by, c.village, c.batch, c.part(), photos); err != nil || !asked {
		return err
	}
	have, _, err := kinds(tx, c.batch, c.household)
	if err != nil {
		return err
	}
	if !have[PhotoAfter] || !have[PhotoBefore] && !have["photo"] {
		return ErrFixPhotos
	}
	return nil
}

// part is the part of its batch whose photos are those of the case.
func (c *record) part() id.ID {
	if c.batch == c.id {
		return 0
	}
	return c.household
}

// Recheck notes that a fault was looked at again and is still there, with photos: not by the author of the case, not for an own
// or kin household. The household is told.
func (s *Service) Recheck(ctx context.Context, a access.Actor, village, caseID id.ID, r FaultStep) (Answer, error) {
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
	return s.step(ctx, a, village, caseID, "cases.recheck", r.step(), func(tx *storage.Tx, at time.Time) error {
		open, err := standing.OpenFaults(tx.Query, c.accounts())
		if err != nil {
			return err
		}
		if len(faultsOf(open, c.id)) == 0 {
			return ErrNoFault
		}
		if err := s.attach(tx, a.User(), village, c.batch, c.part(), r.Evidence); err != nil {
			return err
		}
		why := "复查，还没有整改：" + strings.TrimSpace(r.Why)
		if err := event(tx, village, c.id, a.User(), clock.Ms(at), c.state, c.state, why); err != nil || c.household == 0 {
			return err
		}
		return message.Tell(tx, message.Message{Village: village, Household: c.household, Member: c.member, Kind: message.Deduct, Title: "请尽快整改：" + c.title(),
			Body: why, About: message.About{Kind: "case", ID: c.id}, At: at})
	}, r.asks()...)
}

// ChargeOverdue turns warnings whose fault was not put right by its day into the deduction, each once: the nightly job. The
// fault stays open. Cases under objection wait until that is settled. It answers how many warnings became deductions.
func (s *Service) ChargeOverdue(ctx context.Context) (int, error) {
	at := s.now()
	rows, err := s.db.Query(ctx, `SELECT DISTINCT c.id FROM tags t JOIN cases c ON c.id = t.case_id WHERE t.kind = 'open_fault' AND t.lifted_at = 0
		AND t.due_on > 0 AND t.due_on < ? AND c.warned = 1 AND c.state IN ('decided','published','effective','amended') ORDER BY c.id`, clock.DayOf(at))
	if err != nil {
		return 0, fmt.Errorf("read overdue faults: %w", err)
	}
	due, err := scanIDs(rows)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, caseID := range due {
		done, err := s.chargeOne(ctx, caseID, at)
		if err != nil {
			return total, fmt.Errorf("case %s: %w", caseID, err)
		}
		if done {
			total++
		}
	}
	return total, nil
}

func (s *Service) chargeOne(ctx context.Context, caseID id.ID, at time.Time) (done bool, err error) {
	seen, err := scanOne(s.db.QueryRow(ctx, "SELECT "+columnList+" FROM cases WHERE id = ?", caseID))
	if err != nil {
		return false, err
	}
	vs, err := s.versionsOf(ctx, seen)
	if err != nil {
		return false, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		done = false
		if err := vs.guard(tx, seen); err != nil {
			return err
		}
		c, err := one(tx, seen.village, caseID)
		if err != nil {
			return err
		}
		if err := vs.readAside(tx.Query, c); err != nil {
			return err
		}
		open, err := standing.OpenFaults(tx.Query, c.accounts())
		if err != nil {
			return err
		}
		if !c.warned || !c.state.stands() || c.state == Objected || len(faultsOf(open, c.id)) == 0 {
			return nil // put right, taken back or charged meanwhile
		}
		c.overdue = true
		if err := storeAside(tx, []*record{c}, false); err != nil {
			return err
		}
		if err := vs.replayFor(tx, "到期没有整改", 0, at, c); err != nil {
			return err
		}
		if c, err = one(tx, c.village, c.id); err != nil {
			return err
		}
		done = !c.warned
		if !done || c.household == 0 {
			return nil
		}
		return message.Tell(tx, message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Deduct, Title: "到期没有整改：" + c.title(),
			Body: "扣" + (-c.worth).String() + "分。" + strings.Join(c.reasons, "；"), About: message.About{Kind: "case", ID: c.id}, At: at})
	})
	if errors.Is(err, ledger.ErrAccountClosed) { // who has left is not charged any more
		return false, nil
	}
	return done, err
}
