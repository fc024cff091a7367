package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// floor is the least that is correct: the statements below, prepared once, straight through database/sql. There is no
// session, no register, no rules, no limit and no tag; a request is still stored once, a balance moves under its own row
// lock and is read back for the passbook, and case, entries, totals and stock are written with every column they have.
type floor struct {
	db     *sql.DB
	env    Env
	county *county
	stmts  map[string]*sql.Stmt
	today  clock.Day
}

const (
	qRequest = "INSERT INTO bench_floor_requests (user_id, request_id, op, body_hash, ref_id, created_at) VALUES (?,?,?,?,?,?)"

	// An award.
	qEarn = "UPDATE bench_floor_balances SET amount = amount + ?, seq = seq + 1 WHERE account_id = ? AND wallet IN ('spend','year') AND bucket = 'available'"
	qRead = "SELECT amount, seq FROM bench_floor_balances WHERE account_id = ? AND wallet IN ('spend','year') AND bucket = 'available' ORDER BY wallet"
	qCase = "INSERT INTO bench_floor_cases (" + caseColumns + ") VALUES "
	qEnts = "INSERT INTO bench_floor_entries (" + entryColumns + ") VALUES "
	qTots = "UPDATE bench_floor_totals SET amount = amount + ? WHERE account_id = ? AND wallet = 'year' AND span IN (?,?)"

	// A redemption.
	qPay  = "UPDATE bench_floor_balances SET amount = amount - ?, seq = seq + 1 WHERE account_id = ? AND wallet = 'spend' AND bucket = 'available' AND amount >= ?"
	qLeft = "SELECT amount, seq FROM bench_floor_balances WHERE account_id = ? AND wallet = 'spend' AND bucket = 'available'"
	qSlip = `INSERT INTO bench_floor_redemptions (id, village_id, shop_id, number, redeemed_on, created_at, account_id, household_id, member_id,
		household_number, name, total, receipt, keeper, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	qMove = "INSERT INTO bench_floor_stock_moves (id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
	qTake = "UPDATE bench_floor_stock_lots SET qty_left = qty_left - ? WHERE id = ? AND qty_left >= ?"
)

var errFloor = errors.New("the floor's tables do not hold what the county holds; use an empty database")

// award: BEGIN, request, balances of both wallets, read back, case, two entries, two totals, COMMIT.
func (f *floor) award(ctx context.Context) error {
	p := f.county.any()
	account := p.any()
	return f.tx(ctx, func(tx *sql.Tx) error {
		d := f.deed(p, account, "award", 0)
		if err := f.request(ctx, tx, p.official, "cases.record", d.id); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qEarn, 2, d.amount, int64(account)); err != nil {
			return err
		}
		var after, seq [2]int64
		if err := f.balances(ctx, tx, qRead, after[:], seq[:], int64(account)); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qCase+storage.In(33), 1, d.caseRow(nil)...); err != nil {
			return err
		}
		args := d.entryRow(nil, f.env.DB.NewID(), 0, "spend", seq[0], after[0])
		args = d.entryRow(args, f.env.DB.NewID(), 1, "year", seq[1], after[1])
		if err := f.exec(ctx, tx, qEnts+storage.Rows(2, 26), 2, args...); err != nil {
			return err
		}
		return f.exec(ctx, tx, qTots, 2, d.amount, int64(account), int64(clock.MonthSpan(f.today)), int64(clock.YearSpan(f.today)))
	})
}

// redeem: BEGIN, request, conditional payment, read back, redemption, entry, stock move, conditional stock, COMMIT.
func (f *floor) redeem(ctx context.Context) error {
	p := f.county.any()
	account, goods := p.any(), p.goods[rand.IntN(len(p.goods))]
	return f.tx(ctx, func(tx *sql.Tx) error {
		made, ms := f.env.DB.NewID(), clock.Ms(f.env.Now())
		if err := f.request(ctx, tx, p.official, "market.redeem", made); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qPay, 1, int64(price), int64(account), int64(price)); err != nil {
			return err
		}
		var after, seq [1]int64
		if err := f.balances(ctx, tx, qLeft, after[:], seq[:], int64(account)); err != nil {
			return err
		}
		slip := fmt.Sprintf(`{"lines":[{"goods":"%s","name":"香皂1号","unit":"块","qty":1,"price":100,"amount":100}],"paid":[{"wallet":"spend","name":"可兑积分","amount":100}],"balance_after":%d}`, goods.id, after[0])
		if err := f.exec(ctx, tx, qSlip, 1, int64(made), int64(p.id), int64(p.shop), fmt.Sprintf("%012d", int64(made)%1e12), int64(f.today), ms, int64(account), int64(account), 0,
			"0001", "赵建赵", int64(price), slip, int64(p.official), "done"); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qEnts+storage.Rows(1, 26), 1, int64(f.env.DB.NewID()), int64(p.id), int64(f.env.DB.NewID()), 0, "redeem", made.String(), 0, 0,
			int64(p.official), int64(account), "spend", "available", seq[0], -int64(price), after[0], 0, int64(f.today), int64(f.today), ms, 0, 0, 0, "", "",
			int64(p.version), "兑换：香皂1号×1"); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qMove, 1, int64(f.env.DB.NewID()), int64(p.shop), int64(goods.id), int64(goods.lot), "redeem", -1, int64(made), int64(price), "",
			int64(p.official), int64(f.today), ms); err != nil {
			return err
		}
		return f.exec(ctx, tx, qTake, 1, 1, int64(goods.lot), 1)
	})
}

// batch is an award of one amount to every household of a village: each statement once, for all rows.
func (f *floor) batch(ctx context.Context, p *place) error {
	accounts := slices.Sorted(slices.Values(p.households))
	n := len(accounts)
	return f.tx(ctx, func(tx *sql.Tx) error {
		batch := f.env.DB.NewID()
		if err := f.request(ctx, tx, p.official, "cases.inspection.decide", batch); err != nil {
			return err
		}
		first := f.deed(p, accounts[0], "look", batch)
		args := make([]any, 0, n+1)
		for _, a := range accounts {
			args = append(args, int64(a))
		}
		in := storage.In(n)
		if err := f.exec(ctx, tx, "UPDATE bench_floor_balances SET amount = amount + ?, seq = seq + 1 WHERE account_id IN "+in+" AND wallet IN ('spend','year') AND bucket = 'available'",
			int64(2*n), append([]any{first.amount}, args...)...); err != nil {
			return err
		}
		after, seq := make([]int64, 2*n), make([]int64, 2*n)
		if err := f.balances(ctx, tx, "SELECT amount, seq FROM bench_floor_balances WHERE account_id IN "+in+" AND wallet IN ('spend','year') AND bucket = 'available' ORDER BY account_id, wallet",
			after, seq, args...); err != nil {
			return err
		}
		cs, es := make([]any, 0, 33*n), make([]any, 0, 52*n)
		for i, a := range accounts {
			d := f.deed(p, a, "look", batch)
			cs = d.caseRow(cs)
			es = d.entryRow(es, f.env.DB.NewID(), 0, "spend", seq[2*i], after[2*i])
			es = d.entryRow(es, f.env.DB.NewID(), 1, "year", seq[2*i+1], after[2*i+1])
		}
		if err := f.exec(ctx, tx, qCase+storage.Rows(n, 33), int64(n), cs...); err != nil {
			return err
		}
		if err := f.exec(ctx, tx, qEnts+storage.Rows(2*n, 26), int64(2*n), es...); err != nil {
			return err
		}
		return f.exec(ctx, tx, "UPDATE bench_floor_totals SET amount = amount + ? WHERE account_id IN "+in+" AND wallet = 'year' AND span IN (?,?)", int64(2*n),
			append(append([]any{first.amount}, args...), int64(clock.MonthSpan(f.today)), int64(clock.YearSpan(f.today)))...)
	})
}

func (f *floor) deed(p *place, account id.ID, item string, batch id.ID) deed {
	db := f.env.DB
	d := deed{village: p.id, account: account, by: p.official, version: p.version, batch: batch, id: db.NewID(), posting: db.NewID(),
		item: item, name: "参加环境清扫", amount: 200, day: f.today, ms: clock.Ms(f.env.Now())}
	if item == "look" {
		d.name, d.grade, d.gradeName, d.amount = "户容户貌检查", "clean", "清洁户", 1000
	}
	if batch == 0 {
		d.batch = d.id
	}
	return d
}

func (f *floor) tx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// exec runs a prepared statement, which must match as many rows as it should.
func (f *floor) exec(ctx context.Context, tx *sql.Tx, query string, want int64, args ...any) error {
	s := f.stmts[query]
	if s == nil {
		return fmt.Errorf("not prepared: %.60s", query)
	}
	res, err := tx.StmtContext(ctx, s).ExecContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("%.60s: %w", query, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != want {
		return errors.Join(errFloor, err, fmt.Errorf("%.60s: %d rows instead of %d", query, n, want))
	}
	return nil
}

func (f *floor) request(ctx context.Context, tx *sql.Tx, by id.ID, op string, ref id.ID) error {
	return f.exec(ctx, tx, qRequest, 1, int64(by), requestID(), op, make([]byte, 32), int64(ref), clock.Ms(f.env.Now()))
}

func (f *floor) balances(ctx context.Context, tx *sql.Tx, query string, after, seq []int64, args ...any) error {
	rows, err := tx.StmtContext(ctx, f.stmts[query]).QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		if n == len(after) {
			return errFloor
		}
		if err := rows.Scan(&after[n], &seq[n]); err != nil {
			return err
		}
	}
	if n != len(after) {
		return errFloor
	}
	return rows.Err()
}
