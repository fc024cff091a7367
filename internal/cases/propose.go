package cases

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MayPropose: any user; the verb asks for a term that ended with a hand-over.
var MayPropose = access.Need{Scope: access.Signed}

// Propose takes a draft that a former official made during the own term and that reached us after the hand-over: the
// device had no signal. It becomes a waiting record, whatever the item says, that the successor sees among the own
// pending things and another person approves. Accepted for access.ProposalDays after the hand-over, for deeds within
// the term; access.ErrForbidden otherwise.
func (s *Service) Propose(ctx context.Context, a access.Actor, village id.ID, r Request) (Recorded, error) {
	if err := a.Allow(MayPropose, access.Place{Village: village}); err != nil {
		return Recorded{}, err
	}
	at := s.now()
	day := r.OccurredOn
	if day == 0 {
		day = clock.DayOf(at)
	}
	_, ok, err := s.people.ProposalFor(ctx, a, village, day)
	if err != nil {
		return Recorded{}, err
	}
	if !ok && a.Allow(MayRecord, access.Place{Village: village}) == nil {
		return s.recordedBefore(ctx, a, village, "cases.propose", r, access.ErrForbidden.With("您仍在任，请直接登记，不用补交"))
	}
	if !ok {
		return s.recordedBefore(ctx, a, village, "cases.propose", r, access.ErrForbidden.With("您在本村的任期已经结束，只能补交任期内、交接后%d天以内的草稿；请让接任的队员登记", access.ProposalDays))
	}
	batch := s.db.NewID()
	p, err := s.prepare(ctx, a, village, r, batch, at, "由已交接的工作人员在任期内登记，需由接任人员审核")
	if err != nil {
		return s.recordedBefore(ctx, a, village, "cases.propose", r, err)
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		batch, repeated, err = tx.Once(a.User(), r.RequestID, "cases.propose", recordBody(village, r), p.cases[0].batch)
		if err != nil || repeated {
			return err
		}
		if err := s.storeProofs(tx, a.User(), village, p.cases[0].batch, p.proofs, clock.Ms(at)); err != nil {
			return err
		}
		return insert(tx, p.cases)
	})
	if err != nil {
		return Recorded{}, err
	}
	if repeated {
		return s.answerBatch(ctx, a, village, batch)
	}
	out := Recorded{Items: make([]View, len(p.cases))}
	for i, c := range p.cases {
		out.Items[i] = s.view(a, p.version, c, p.subjects[i].Number, p.subjects[i].Name)
	}
	return out, nil
}
