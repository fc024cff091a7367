package bench

import (
	"context"
	_ "embed"
	"fmt"
	"math"

	"hefen/internal/clock"
	"hefen/internal/storage"
)

// countyCode marks the county of the bench; nobody else's county has it.
const countyCode = "BENCH"

//go:embed scheme.yaml
var schemeSource []byte

// loadCounty makes what is missing of the county and reads it back. A load that was broken off goes on where it ended:
// each village is one transaction.
func loadCounty(ctx context.Context, env Env, size Size) (*county, error) {
	have, err := inspect(ctx, env.DB, size)
	if err != nil {
		return nil, err
	}
	if have == 0 {
		if err := makeFloorTables(ctx, env.DB); err != nil {
			return nil, err
		}
	}
	l, err := newLoader(ctx, env, size)
	if err != nil {
		return nil, err
	}
	done := 0
	for v := range size.Villages {
		if v >= have {
			if err := l.village(ctx, v); err != nil {
				return nil, fmt.Errorf("load village %d: %w", v+1, err)
			}
		}
		if done += size.of(v); env.Loading != nil {
			env.Loading(done, size.Total())
		}
	}
	if have < size.Villages {
		if err := analyze(ctx, env.DB); err != nil {
			return nil, err
		}
	}
	return readCounty(ctx, env, size)
}

// inspect refuses a database with villages of anybody else, and one with a bench county of another size. It answers how
// many villages are loaded.
func inspect(ctx context.Context, db *storage.DB, size Size) (have int, err error) {
	var villages, households int
	var first int64
	err = db.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN c.code = ? THEN 1 ELSE 0 END), 0) FROM regions v
		LEFT JOIN regions c ON c.id = v.county_id AND c.kind = 'county' WHERE v.kind = 'village'`, countyCode).Scan(&villages, &have)
	if err != nil {
		return 0, fmt.Errorf("look at the database: %w", err)
	}
	if villages != have {
		return 0, ErrRealData
	}
	if have == 0 {
		return 0, nil
	}
	if have > size.Villages {
		return 0, ErrOtherSize.With("这个数据库里的测试县有%d个村，请用 --villages %d，或另建一个空数据库", have, have)
	}
	for _, v := range []int{0, have - 1} {
		err = db.QueryRow(ctx, "SELECT r.id, (SELECT COUNT(*) FROM households h WHERE h.village_id = r.id) FROM regions r WHERE r.kind = 'village' AND r.code = ?", villageCode(v)).
			Scan(&first, &households)
		if err != nil {
			return 0, fmt.Errorf("look at the bench county: %w", err)
		}
		if households != size.of(v) {
			return 0, ErrOtherSize.With("这个数据库里测试县的%s有%d户，请用原来的参数，或另建一个空数据库", villageCode(v), households)
		}
	}
	return have, nil
}

func villageCode(v int) string { return fmt.Sprintf("V%04d", v+1) }

// analyze gives the engine the statistics that it would gather by itself in the course of months.
func analyze(ctx context.Context, db *storage.DB) error {
	if db.Dialect() == storage.SQLite {
		_, err := db.SQL().ExecContext(ctx, "ANALYZE")
		return err
	}
	for _, t := range []string{"regions", "households", "household_groups", "members", "memberships", "accounts", "balances", "entries", "totals", "cases", "scheme_versions"} {
		if _, err := db.SQL().ExecContext(ctx, "ANALYZE TABLE "+t); err != nil {
			return fmt.Errorf("analyze %s: %w", t, err)
		}
	}
	return nil
}

// rows collects rows of one table for statements of storage.ChunkRows each.
type rows struct {
	table, columns string
	width          int
	args           []any
}

func (r *rows) add(values ...any) { r.args = append(r.args, values...) }

func (r *rows) insert(tx *storage.Tx) error {
	for chunk := range storage.Chunks(r.args, r.width*storage.ChunkRows) {
		q := "INSERT INTO " + r.table + " (" + r.columns + ") VALUES " + storage.Rows(len(chunk)/r.width, r.width)
		if _, err := tx.Exec(q, chunk...); err != nil {
			return fmt.Errorf("insert %s: %w", r.table, err)
		}
	}
	return nil
}

// startPoints is what every household has to spend, in hundredths; pieces is what lies in every lot.
const (
	startPoints = 1_000_000_00
	price       = 1_00
	pieces      = math.MaxInt32 / 2
	goodsCount  = 5
)

// dayOf is the day of a household's award of some week: the last week's is today, so that this month has totals.
func (l *loader) dayOf(week int) clock.Day { return l.today.Add(-7 * (l.size.Weeks - 1 - week)) }
