package notify

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// lastCall is how many days before its end a lot is told of a second time.
const lastCall = 7

// ending is what of an account ends on a day.
type ending struct {
	village, account, household, member id.ID
	on                                  clock.Day
	amount                              points.Amount
}

// TellExpiring tells households of points that end within the configured days, and once more in the last week, and answers
// how many messages it wrote. Each end of each account is told once a stage, by a key written with the message: the job may
// run twice, on several servers and again after a kill.
func (s *Service) TellExpiring(ctx context.Context) (int, error) {
	today, total := clock.DayOf(s.now()), 0
	for stage, days := range []int{max(s.expiringDays, lastCall), lastCall} {
		for {
			n, err := s.tellExpiring(ctx, today, stage, days)
			total += n
			if err != nil {
				return total, err
			}
			if n == 0 {
				break
			}
		}
	}
	return total, nil
}

func (s *Service) tellExpiring(ctx context.Context, today clock.Day, stage, days int) (n int, err error) {
	at := s.now()
	list, err := s.endings(ctx, today, today.Add(days), stage)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		n = 0
		var ms []message.Message
		for _, e := range list {
			_, err := tx.Exec("INSERT INTO expiry_told (account_id, expires_on, stage, told_at) VALUES (?,?,?,?)", e.account, e.on, stage, clock.Ms(at))
			n++
			if storage.IsDuplicate(err) { // another server was first
				continue
			}
			if err != nil {
				return fmt.Errorf("note expiry: %w", err)
			}
			if e.household == 0 { // a person who belongs to none any more
				continue
			}
			ms = append(ms, message.Message{Village: e.village, Household: e.household, Member: e.member, Kind: message.Expiring, At: at,
				Title: e.amount.String() + "分将在" + e.on.Chinese() + "到期", Body: "到期后不能再使用，请在这天以前到积分超市兑换。", About: message.About{Kind: "points", ID: e.account}})
		}
		return message.Tell(tx, ms...)
	})
	return n, err
}

// endings are the next 200 ends of accounts that have not been told at this stage.
func (s *Service) endings(ctx context.Context, from, to clock.Day, stage int) ([]ending, error) {
	rows, err := s.db.Query(ctx, `SELECT a.village_id, l.account_id, l.expires_on, SUM(l.amount), CASE WHEN a.kind = 'person' THEN COALESCE(MAX(h.household_id), 0) ELSE a.id END,
		CASE WHEN a.kind = 'person' THEN a.id ELSE 0 END
		FROM lots l JOIN accounts a ON a.id = l.account_id LEFT JOIN memberships h ON h.member_id = a.id AND h.to_day > ? AND h.from_day <= ?
		WHERE l.expires_on BETWEEN ? AND ? AND l.bucket = 'available' AND l.amount > 0 AND a.closed_on = ? AND a.kind IN ('household', 'person')
		AND NOT EXISTS (SELECT 1 FROM expiry_told t WHERE t.account_id = l.account_id AND t.expires_on = l.expires_on AND t.stage = ?)
		GROUP BY a.village_id, l.account_id, l.expires_on, a.kind, a.id ORDER BY l.expires_on, l.account_id LIMIT 200`,
		from, from, from, to, clock.Forever, stage)
	if err != nil {
		return nil, fmt.Errorf("find points that expire: %w", err)
	}
	var out []ending
	err = each(rows, func() error {
		var e ending
		if err := rows.Scan(&e.village, &e.account, &e.on, &e.amount, &e.household, &e.member); err != nil {
			return err
		}
		out = append(out, e)
		return nil
	})
	return out, err
}
