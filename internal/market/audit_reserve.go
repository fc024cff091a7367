package market

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// auditReservations checks that points and goods are held for open reservations and for nothing else.
func auditReservations(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "5", What: "points and goods are held for open reservations, and for nothing else"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM reservations").Scan(&c.Rows); err != nil {
		return c, err
	}
	a := reserveAuditor{db: db, c: &c}
	for _, check := range []func(context.Context) error{a.points, a.pieces, a.endings, a.strays} {
		if err := check(ctx); err != nil {
			return c, fmt.Errorf("audit reservations: %w", err)
		}
	}
	return c, nil
}

type reserveAuditor struct {
	db *storage.DB
	c  *ledger.Check
}

// points compares the held buckets of each account with its open reservations.
func (a reserveAuditor) points(ctx context.Context) error {
	rows, err := a.db.Query(ctx, `SELECT account_id, SUM(amount) FROM (
		SELECT account_id, total AS amount FROM reservations WHERE state = 'open'
		UNION ALL SELECT account_id, -amount FROM balances WHERE bucket = 'held') t GROUP BY account_id HAVING SUM(amount) <> 0`)
	return each(rows, err, func(r *sql.Rows) error {
		var account id.ID
		var differ points.Amount
		err := r.Scan(&account, &differ)
		broken(a.c, "account %s: reservations and held points differ by %s", account, differ)
		return err
	})
}

// pieces compares the moves of each reservation with its lines while it is open, and with nothing afterwards.
func (a reserveAuditor) pieces(ctx context.Context) error {
	after := id.ID(0)
	for {
		page, err := readReservations(func(q string, args ...any) (*sql.Rows, error) { return a.db.Query(ctx, q, args...) },
			fmt.Sprintf("id > ? ORDER BY id LIMIT %d", auditPage), after)
		if err != nil || len(page) == 0 {
			return err
		}
		out := map[id.ID]map[id.ID]int64{}
		ids := make([]id.ID, len(page))
		for i, n := range page {
			ids[i], out[n.ID] = n.ID, map[id.ID]int64{}
		}
		after = ids[len(ids)-1]
		rows, err := a.db.Query(ctx, "SELECT ref_id, goods_id, SUM(qty) FROM stock_moves WHERE kind IN ('hold', 'unhold') AND ref_id IN "+storage.In(len(ids))+
			" GROUP BY ref_id, goods_id", storage.Args(ids)...)
		if err := each(rows, err, func(r *sql.Rows) error {
			var ref, goods id.ID
			var qty int64
			err := r.Scan(&ref, &goods, &qty)
			out[ref][goods] -= qty
			return err
		}); err != nil {
			return err
		}
		for i := range page {
			a.compare(&page[i], out[page[i].ID])
		}
	}
}

func (a reserveAuditor) compare(n *Reservation, out map[id.ID]int64) {
	var sum points.Amount
	for _, l := range n.Lines {
		sum += l.Amount
		if n.State == Reserved {
			out[l.Goods] -= l.Qty
		}
	}
	if sum != n.Total {
		broken(a.c, "reservation %s: lines of %s, total %s", n.ID, sum, n.Total)
	}
	for goods, qty := range out {
		if qty != 0 {
			broken(a.c, "reservation %s (%s): %d pieces of %s set aside too many", n.ID, n.State, qty, goods)
		}
	}
}

// endings holds each ended reservation to the one posting and, if collected, the one redemption it must have.
func (a reserveAuditor) endings(ctx context.Context) error {
	rows, err := a.db.Query(ctx, `SELECT n.id, n.state FROM reservations n LEFT JOIN redemptions r ON r.id = n.redemption_id
		WHERE (n.state = 'collected') <> (r.id IS NOT NULL) OR (n.state = 'collected' AND (r.total <> n.total OR r.account_id <> n.account_id))
		OR NOT EXISTS (SELECT 1 FROM entries e WHERE e.village_id = n.village_id AND e.kind = 'hold' AND e.ref = CAST(n.id AS CHAR) AND e.line = 0)
		OR (n.state IN ('cancelled', 'lapsed') AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.village_id = n.village_id AND e.line = 0
			AND e.kind = CASE WHEN n.points_back = 1 THEN 'release' ELSE 'expire' END AND e.ref = CAST(n.id AS CHAR))) LIMIT 20`)
	return each(rows, err, func(r *sql.Rows) error {
		var n id.ID
		var state string
		err := r.Scan(&n, &state)
		broken(a.c, "reservation %s is %s without the posting or the redemption of it", n, state)
		return err
	})
}

// strays looks the other way: what is held for no reservation.
func (a reserveAuditor) strays(ctx context.Context) error {
	for what, q := range map[string]string{
		"posting": "SELECT e.posting_id FROM entries e WHERE e.kind = 'hold' AND e.line = 0 AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.id = CAST(e.ref AS SIGNED)) LIMIT 20",
		"move":    "SELECT m.id FROM stock_moves m WHERE m.kind IN ('hold', 'unhold') AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.id = m.ref_id) LIMIT 20",
	} {
		rows, err := a.db.Query(ctx, q)
		if err := each(rows, err, func(r *sql.Rows) error {
			var i id.ID
			err := r.Scan(&i)
			broken(a.c, "%s %s holds for no reservation", what, i)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// auditLeases checks that what was brought back is what was spent of each lease, and that it became redemptions.
func auditLeases(ctx context.Context, db *storage.DB) (ledger.Check, error) {
	c := ledger.Check{Law: "4", What: "what each lease has spent is what was brought back of it, each piece one redemption"}
	if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM lease_returns").Scan(&c.Rows); err != nil {
		return c, err
	}
	for format, q := range map[string]string{
		"lease %s, account %s: spent differs from what was brought back, or passes the budget": `SELECT x.lease_id, x.account_id FROM lease_lines x
			WHERE x.spent > x.budget OR x.spent <> (SELECT COALESCE(SUM(r.total), 0) FROM lease_returns r
				WHERE r.lease_id = x.lease_id AND r.account_id = x.account_id AND r.state = 'posted') LIMIT 20`,
		"return %s of lease %s: no redemption of its total, or one though it was not posted": `SELECT n.id, n.lease_id FROM lease_returns n LEFT JOIN redemptions r ON r.id = n.redemption_id
			WHERE (n.state IN ('posted', 'settled')) <> (r.id IS NOT NULL) OR (r.id IS NOT NULL AND (r.total <> n.total OR r.account_id <> n.account_id)) LIMIT 20`,
		"agency of redemption %s (household %s): no such redemption": `SELECT g.redemption_id, g.household_id FROM agencies g LEFT JOIN redemptions r ON r.id = g.redemption_id
			WHERE r.id IS NULL OR r.household_id <> g.household_id LIMIT 20`,
	} {
		rows, err := db.Query(ctx, q)
		if err := each(rows, err, func(r *sql.Rows) error {
			var x, y id.ID
			err := r.Scan(&x, &y)
			broken(&c, format, x, y)
			return err
		}); err != nil {
			return c, fmt.Errorf("audit leases: %w", err)
		}
	}
	return c, nil
}
