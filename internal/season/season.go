// Package season ends what has a term (积分年度): it closes periods, gives the base score, runs award rounds and draws
// lots. What is due is computed by package scheme, which is pure; here it is read, frozen, posted and kept.
//
// Invariants (docs/season.md, each with a test):
//   - a period is closed once, and killed at any moment and begun again it ends with the same books: what compares
//     accounts is frozen before anything is posted, accounts are posted in chunks in order of their ids, each chunk with
//     the cursor in one transaction, under references made of period, kind and account;
//   - points held or pending, and what was counted after the period, survive its reset;
//   - a prize of a round, account and reward is issued once, goods too.
package season

import (
	"context"
	"database/sql"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Who closes and who sees. Nobody closes for one household: a close is of the whole village by its rules.
var (
	MayClose = access.Need{Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}
	MaySee   = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.PanelMember,
		access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}
	MaySeeOwn = access.Need{Roles: MaySee.Roles, Scope: access.Self}
)

var (
	ErrSpan    = errs.New(errs.Invalid, "season_span", "请选择已经过完的月、季度、半年或年度")
	ErrWhy     = errs.New(errs.Invalid, "season_why", "请写明理由，最多200字")
	ErrWaiting = errs.New(errs.Conflict, "season_waiting", "还有事项没有办完。请先办完，或者逐项写明不等的理由")
	ErrStopped = errs.New(errs.Conflict, "season_not_stopped", "请先停止计入（转入核对），再结账")
	ErrSoon    = errs.New(errs.Conflict, "season_soon", "刚刚停止计入，请一分钟以后再结账")
	ErrCursor  = errs.New(errs.Invalid, "season_cursor", "翻页位置不对，请回到第一页重新查看")
)

// Service is the use cases of this package.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	villages *village.Service
	book     *rulebook.Book
	shops    *market.Service
	photos   *media.Service
}

// New makes the service. Goods of awards leave the shops, signatures are photos.
func New(db *storage.DB, now clock.Clock, villages *village.Service, book *rulebook.Book, shops *market.Service, photos *media.Service) *Service {
	return &Service{db: db, now: now, villages: villages, book: book, shops: shops, photos: photos}
}

// query reads, inside a transaction or outside.
type query func(string, ...any) (*sql.Rows, error)

func (s *Service) query(ctx context.Context) query {
	return func(q string, args ...any) (*sql.Rows, error) { return s.db.Query(ctx, q, args...) }
}

// each hands the rows on one by one.
func each(rows *sql.Rows, err error, take func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Page asks for a part of a list.
type Page struct {
	Cursor string
	Limit  int
}

const maxPage = 100

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, maxPage)
}

// after is the id behind which the page begins; start for the first.
func (p Page) after(start id.ID) (id.ID, error) {
	if p.Cursor == "" {
		return start, nil
	}
	v, err := id.Parse(p.Cursor)
	if err != nil {
		return 0, ErrCursor
	}
	return v, nil
}

// cut takes off the one row more that was read, and names the last one shown.
func cut[T any](list []T, limit int, of func(T) id.ID) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], of(list[limit-1]).String()
}
