package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// prepareFloor prepares every statement of the floor, and fills in the totals of a month that has begun since the load.
func prepareFloor(ctx context.Context, env Env, c *county) (*floor, error) {
	f := &floor{db: env.DB.SQL(), env: env, county: c, stmts: map[string]*sql.Stmt{}, today: clock.DayOf(env.Now())}
	if err := f.openMonth(ctx); err != nil {
		return nil, err
	}
	texts := []string{qRequest, qEarn, qRead, qCase + storage.In(33), qEnts + storage.Rows(2, 26), qEnts + storage.Rows(1, 26), qTots, qPay, qLeft, qSlip, qMove, qTake}
	if n := c.batch(); n > 0 {
		in := storage.In(n)
		texts = append(texts,
			"UPDATE bench_floor_balances SET amount = amount + ?, seq = seq + 1 WHERE account_id IN "+in+" AND wallet IN ('spend','year') AND bucket = 'available'",
			"SELECT amount, seq FROM bench_floor_balances WHERE account_id IN "+in+" AND wallet IN ('spend','year') AND bucket = 'available' ORDER BY account_id, wallet",
			qCase+storage.Rows(n, 33), qEnts+storage.Rows(2*n, 26),
			"UPDATE bench_floor_totals SET amount = amount + ? WHERE account_id IN "+in+" AND wallet = 'year' AND span IN (?,?)")
	}
	for _, q := range texts {
		s, err := f.db.PrepareContext(ctx, q)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.stmts[q] = s
	}
	return f, nil
}

func (f *floor) close() error {
	var err error
	for _, s := range f.stmts {
		err = errors.Join(err, s.Close())
	}
	return err
}

// openMonth makes the floor's totals of this month and year where the load was in another.
func (f *floor) openMonth(ctx context.Context) error {
	for _, span := range []clock.Span{clock.MonthSpan(f.today), clock.YearSpan(f.today)} {
		_, err := f.db.ExecContext(ctx, `INSERT INTO bench_floor_totals (account_id, wallet, span, village_id, kind, amount)
			SELECT a.id, 'year', ?, a.village_id, a.kind, 0 FROM accounts a LEFT JOIN bench_floor_totals t ON t.account_id = a.id AND t.wallet = 'year' AND t.span = ?
			WHERE a.kind = 'household' AND t.account_id IS NULL`, int64(span), int64(span))
		if err != nil {
			return err
		}
	}
	return nil
}

// handler is a bare gin server: a look-up of the session and one query.
func (f *floor) handler() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	signed := func(c *gin.Context) bool {
		token := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		hash := sha256.Sum256([]byte(token))
		var user id.ID
		err := f.env.DB.QueryRow(storage.Brief(c.Request.Context()), "SELECT user_id FROM sessions WHERE token_hash = ? AND expires_at > ?", hash[:], clock.Ms(f.env.Now())).Scan(&user)
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
		}
		return err == nil
	}
	answer := func(c *gin.Context, body any, err error) {
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, body)
	}
	r.GET("/entries/:household", func(c *gin.Context) {
		if !signed(c) {
			return
		}
		household, err := id.Parse(c.Param("household"))
		if err != nil {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		entries, err := ledger.Entries(c.Request.Context(), f.env.DB, household, 0, pageSize)
		answer(c, gin.H{"items": entries}, err)
	})
	r.GET("/board/:village/:span", func(c *gin.Context) {
		if !signed(c) {
			return
		}
		rows, err := f.board(c.Request.Context(), c.Param("village"), c.Param("span"))
		answer(c, gin.H{"items": rows}, err)
	})
	return r
}

// place20 is a row of the floor's board.
type place20 struct {
	Rank   int           `json:"rank"`
	ID     id.ID         `json:"id"`
	Number string        `json:"number"`
	Name   string        `json:"name"`
	Amount points.Amount `json:"amount"`
}

func (f *floor) board(ctx context.Context, village, span string) ([]place20, error) {
	rows, err := f.env.DB.Query(storage.Brief(ctx), `SELECT t.account_id, h.number, h.name, t.amount FROM totals t JOIN households h ON h.id = t.account_id
		WHERE t.village_id = ? AND t.wallet = 'year' AND t.span = ? AND t.kind = 'household' ORDER BY t.amount DESC, t.account_id DESC LIMIT `+strconv.Itoa(pageSize), village, span)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]place20, 0, pageSize)
	for rows.Next() {
		p := place20{Rank: len(out) + 1}
		if err := rows.Scan(&p.ID, &p.Number, &p.Name, &p.Amount); err != nil {
			return nil, err
		}
		if n := len(out); n > 0 && out[n-1].Amount == p.Amount {
			p.Rank = out[n-1].Rank
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
