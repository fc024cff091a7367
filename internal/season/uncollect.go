package season

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

var (
	ErrNotHanded = errs.New(errs.Conflict, "season_not_handed", "这份奖励没有登记领取，不用撤销")
	ErrOtherDay  = errs.New(errs.Conflict, "season_other_day", "领取登记只能在当天撤销")
)

// Uncollect is a request to undo what was entered as collected.
type Uncollect struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string `json:"why" minLength:"1" maxLength:"200"`
}

// Uncollect undoes on the same day what was entered as collected by mistake: the goods are in the stock again, the signature is
// taken off, the prize waits again, and what was entered is kept with the reason.
func (s *Service) Uncollect(ctx context.Context, a access.Actor, in, round, prize id.ID, u Uncollect) (Prize, error) {
	if err := a.Allow(MayHandOut, access.Place{Village: in}); err != nil {
		return Prize{}, err
	}
	u.Why = strings.TrimSpace(u.Why)
	if n := utf8.RuneCountInString(u.Why); n == 0 || n > 200 {
		return Prize{}, ErrWhy
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), u.RequestID, "season.uncollect", []any{in, round, prize, u}, prize); err != nil || repeated {
			return err
		}
		return s.uncollect(tx, a, in, round, prize, u.Why, at)
	})
	if err != nil {
		return Prize{}, err
	}
	return s.prize(ctx, prize, repeated)
}

func (s *Service) uncollect(tx *storage.Tx, a access.Actor, in, round, prize id.ID, why string, at time.Time) error {
	p, err := holdPrize(tx, in, round, prize)
	if err != nil {
		return err
	}
	if err := a.NotOwn(p.Household); err != nil {
		return err
	}
	switch {
	case p.State != prizeCollected:
		return ErrNotHanded
	case clock.DayOf(clock.FromMs(p.CollectedAt)) != clock.DayOf(at):
		return ErrOtherDay
	}
	if p.Shop != 0 {
		if err := s.shops.TakeBack(tx, a, in, p.Shop, p.handed, why, at); err != nil {
			return err
		}
	}
	if err := s.photos.Detach(tx, in, photosOfPrizes, prize); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO award_undone (handed_id, prize_id, shop_id, chosen, receiver, note, collected_at, collected_by, why, undone_at, undone_by)
		SELECT handed_id, id, shop_id, chosen, receiver, note, collected_at, collected_by, ?, ?, ? FROM award_prizes WHERE id = ?`, why, clock.Ms(at), a.User(), prize)
	if err == nil {
		_, err = tx.Exec("UPDATE award_prizes SET state = 'due', handed_id = 0, chosen = '', shop_id = 0, receiver = '', note = '', collected_at = 0, collected_by = 0 WHERE id = ? AND state = 'collected'", prize)
	}
	if err != nil {
		return fmt.Errorf("undo collection: %w", err)
	}
	return nil
}

// holdPrize takes the row of a prize and reads it.
func holdPrize(tx *storage.Tx, in, round, prize id.ID) (*Prize, error) {
	n, err := tx.Exec("UPDATE award_prizes SET state = state WHERE id = ? AND round_id = ? AND village_id = ?", prize, round, in)
	if err == nil && n == 0 {
		err = ErrNoPrize
	}
	if err != nil {
		return nil, err
	}
	list, err := prizes(tx.Query, "WHERE p.id = ?", prize)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// prize reads one for the answer.
func (s *Service) prize(ctx context.Context, prize id.ID, repeated bool) (Prize, error) {
	list, err := prizes(s.query(ctx), "WHERE p.id = ?", prize)
	if err != nil || len(list) == 0 {
		return Prize{}, fmt.Errorf("read prize: %w", err)
	}
	list[0].Repeated = repeated
	return list[0], nil
}
