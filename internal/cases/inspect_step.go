package cases

import (
	"context"
	"fmt"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// ReturnInspection gives a submitted inspection back to its author to change, with a reason. By another person.
func (s *Service) ReturnInspection(ctx context.Context, a access.Actor, where, inspection id.ID, r Step) (Inspection, error) {
	if err := a.Allow(MayApprove, access.Place{Village: where}); err != nil {
		return Inspection{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Inspection{}, err
	}
	return s.moveInspection(ctx, a, where, inspection, turnBack, r, func(in *Inspection) error {
		if in.Author == a.User() {
			return ErrOwnEntry
		}
		return nil
	})
}

// CancelInspection ends an inspection that has not been decided. By its author.
func (s *Service) CancelInspection(ctx context.Context, a access.Actor, where, inspection id.ID, r Step) (Inspection, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Inspection{}, err
	}
	return s.moveInspection(ctx, a, where, inspection, withdraw, r, func(in *Inspection) error {
		ok, err := s.fills(ctx, a, in)
		if err != nil || !ok {
			return errOr(err, ErrInspector)
		}
		return nil
	})
}

func (s *Service) moveInspection(ctx context.Context, a access.Actor, where, inspection id.ID, act Action, r Step, may func(*Inspection) error) (Inspection, error) {
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Inspection{}, err
	}
	if err := may(&in); err != nil {
		return Inspection{}, err
	}
	at := clock.Ms(s.now())
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "cases.inspection."+string(act), []any{where, inspection, r.Why}, inspection); err != nil || repeated {
			return err
		}
		if in.State == Effective { // it has no points of its own: its cases are corrected one by one
			return ErrState.With("这次检查已经生效，如有错误请对单户冲正，或冲正整次检查")
		}
		to, err := in.State.next(act)
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE inspections SET state = ?, approvals = 0, changed_at = ?, rev = rev + 1 WHERE id = ? AND state = ?", string(to), at, inspection, string(in.State))
		if err != nil {
			return fmt.Errorf("move inspection: %w", err)
		}
		if n == 0 {
			return ErrState
		}
		return event(tx, where, inspection, a.User(), at, in.State, to, strings.TrimSpace(r.Why))
	})
	if err != nil {
		return Inspection{}, err
	}
	return s.answerInspection(ctx, a, where, inspection, repeated)
}
