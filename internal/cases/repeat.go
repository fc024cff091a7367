package cases

import (
	"context"
	"errors"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// errRefused ends the look-up of an earlier request without leaving a trace.
var errRefused = errors.New("refused")

// recordedBefore answers a request that is refused now but was carried out before: a device may send it again when
// the household has moved or the rules have changed since. Otherwise it is the refusal.
func (s *Service) recordedBefore(ctx context.Context, a access.Actor, village id.ID, op string, r Request, refusal error) (Recorded, error) {
	earlier, err := s.before(ctx, a, r.RequestID, op, recordBody(village, r))
	if err != nil || earlier == 0 {
		return Recorded{}, refusal
	}
	return s.answerBatch(ctx, a, village, earlier)
}

// before is what a request made when it was carried out earlier, zero if it was not.
func (s *Service) before(ctx context.Context, a access.Actor, request, op string, body any) (earlier id.ID, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		ref, repeated, err := tx.Once(a.User(), request, op, body, 0)
		if err != nil {
			return err
		}
		if repeated {
			earlier = ref
		}
		return errRefused
	})
	if errors.Is(err, errRefused) {
		err = nil
	}
	return earlier, err
}

func (s *Service) answerBatch(ctx context.Context, a access.Actor, village, batch id.ID) (Recorded, error) {
	views, err := s.read(ctx, a, village, " AND c.batch_id = ? ORDER BY c.id", batch)
	return Recorded{Items: views, Repeated: true}, err
}
