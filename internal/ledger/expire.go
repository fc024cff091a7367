package ledger

import (
	"context"
	"fmt"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// expired is one lot past its day.
type expired struct {
	village, account id.ID
	wallet           string
	until            clock.Day
}

// ExpireLots posts the expiry of every available lot whose last day has passed, one posting a lot, at most a few hundred
// a transaction, and answers how many. It may be run at any time, by several servers and again after a kill: a lot that
// is gone, or grew since, is settled by what is there under the lock. Held points keep their date until released.
func ExpireLots(ctx context.Context, db *storage.DB, at time.Time) (int, error) {
	today := clock.DayOf(at)
	done := 0
	for {
		lots, err := expiredLots(ctx, db, today)
		if err != nil || len(lots) == 0 {
			return done, err
		}
		for _, byVillage := range groupByVillage(lots) {
			n, err := expireSome(ctx, db, byVillage, today, at)
			done += n
			if err != nil {
				return done, err
			}
		}
	}
}

// expiredLots are 200 of them: what one transaction settles.
func expiredLots(ctx context.Context, db *storage.DB, today clock.Day) ([]expired, error) {
	rows, err := db.Query(ctx, `SELECT a.village_id, l.account_id, l.wallet, l.expires_on FROM lots l JOIN accounts a ON a.id = l.account_id
		WHERE l.expires_on < ? AND l.bucket = 'available' AND l.amount > 0 AND a.closed_on = ? ORDER BY l.expires_on, l.account_id LIMIT 200`, today, clock.Forever)
	if err != nil {
		return nil, fmt.Errorf("read expired lots: %w", err)
	}
	defer rows.Close()
	var lots []expired
	for rows.Next() {
		var l expired
		if err := rows.Scan(&l.village, &l.account, &l.wallet, &l.until); err != nil {
			return nil, err
		}
		lots = append(lots, l)
	}
	return lots, rows.Err()
}

func groupByVillage(lots []expired) map[id.ID][]expired {
	by := map[id.ID][]expired{}
	for _, l := range lots {
		by[l.village] = append(by[l.village], l)
	}
	return by
}

func expireSome(ctx context.Context, db *storage.DB, lots []expired, today clock.Day, at time.Time) (done int, err error) {
	err = db.InTx(ctx, func(tx *storage.Tx) error {
		done = 0
		accounts := make([]id.ID, len(lots))
		for i, l := range lots {
			accounts[i] = l.account
		}
		if err := Guard(tx, accounts, nil); err != nil {
			return err
		}
		counted, err := CountedOn(tx, lots[0].village, today)
		if err != nil {
			return err
		}
		var postings []Posting
		for _, l := range lots {
			var left points.Amount
			if err := tx.QueryRow("SELECT amount FROM lots WHERE account_id = ? AND wallet = ? AND bucket = 'available' AND expires_on = ?",
				l.account, l.wallet, l.until).Scan(&left); err != nil {
				return fmt.Errorf("read lot: %w", err)
			}
			if left <= 0 { // another server was first
				continue
			}
			postings = append(postings, Posting{
				Village: l.village, Kind: Expire, Ref: fmt.Sprintf("%s:%s:%d:%s", l.account, l.wallet, l.until, tx.NewID()),
				At: at, Occurred: today, Counted: counted, Title: fmt.Sprintf("积分到期（%s前有效）", l.until.Add(1).Chinese()),
				Lines: []Line{{Account: l.account, Wallet: l.wallet, Amount: -left, ExpiresOn: l.until}},
			})
		}
		done = len(postings)
		_, err = Post(tx, nil, postings...)
		return err
	})
	return done, err
}
