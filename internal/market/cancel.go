package market

import (
	"context"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Cancel undoes a redemption on the day it was made: the points go back to the wallets and lots that paid, the goods to
// the lots they came from. It is done once (ErrCancelled); later days are refused (ErrCancelDay), as is a scheme that does
// not allow it (ErrCancelOff).
func (s *Service) Cancel(ctx context.Context, a access.Actor, in, shop, redemption id.ID, r CancelRequest) (Receipt, error) {
	if err := a.Allow(MayCancel, access.Place{Village: in, Shop: shop}); err != nil {
		return Receipt{}, err
	}
	if err := text("reason", "原因", r.Reason, false, 100); err != nil {
		return Receipt{}, err
	}
	at := s.now()
	old, err := s.read(ctx, in, shop, redemption)
	if err != nil {
		return Receipt{}, err
	}
	if err := a.NotOwn(old.Household); err != nil {
		return Receipt{}, err
	}
	v, err := s.books.InForce(ctx, in, old.On)
	if err != nil {
		return Receipt{}, err
	}
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.cancel", []any{in, shop, redemption, r}, redemption, func(tx *storage.Tx) error {
		if clock.DayOf(at) != old.On {
			return ErrCancelDay.With("这是%s的兑换，只能在当天取消。货物有问题请到店换货，积分有误请向村里提出更正", old.On.Chinese())
		}
		if !v.Scheme.Redemption.CancelSameDay {
			return ErrCancelOff
		}
		return cancel(tx, a.User(), old, r, at)
	})
	if err != nil {
		return Receipt{}, err
	}
	if repeated {
		return s.repeat(ctx, in, shop, redemption)
	}
	now, err := s.read(ctx, in, shop, redemption)
	if err != nil {
		return Receipt{}, err
	}
	return s.finish(ctx, now)
}

func cancel(tx *storage.Tx, by id.ID, old Receipt, r CancelRequest, at time.Time) error {
	if err := ledger.Guard(tx, []id.ID{old.Account}, nil); err != nil {
		return err
	}
	n, err := tx.Exec("UPDATE redemptions SET state = ?, cancelled_by = ?, cancelled_at = ? WHERE id = ? AND state = ?", Cancelled, by, clock.Ms(at), old.ID, Done)
	if err != nil {
		return fmt.Errorf("cancel redemption: %w", err)
	}
	if n == 0 {
		return ErrCancelled
	}
	if _, err := ledger.Reverse(tx, ledger.Correction{Village: old.Village, Kind: ledger.Redeem, Ref: old.ID.String(), By: by, At: at,
		Title: title("取消兑换", old.Lines)}); err != nil {
		return err
	}
	if old.Reservation != 0 { // the points came from what was held; nobody waits for it any more
		if err := releaseCollected(tx, by, old, at); err != nil {
			return err
		}
	}
	takes, err := movesOf(tx, old.ID, redeemed)
	if err != nil {
		return err
	}
	for i := range takes {
		takes[i].qty = -takes[i].qty
	}
	op := stockOp{shop: old.Shop, ref: old.ID, kind: cancelled, note: r.Reason, by: by, at: moment{clock.Ms(at), clock.DayOf(at)}}
	return op.post(tx, takes)
}

// releaseCollected moves the points of a cancelled redemption on from held, where undoing it has put them, to available.
func releaseCollected(tx *storage.Tx, by id.ID, old Receipt, at time.Time) error {
	counted, err := ledger.CountedOn(tx, old.Village, clock.DayOf(at))
	if err != nil {
		return err
	}
	_, err = ledger.ReleaseHeld(tx, nil, ledger.Posting{Village: old.Village, Kind: ledger.Release, Ref: old.Reservation.String(), By: by, At: at,
		Title: title("取消兑换", old.Lines), Occurred: old.On, Counted: counted}, old.Reservation.String())
	return err
}
