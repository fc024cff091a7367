package market

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// MaySettle is for who answers for the shop; nobody settles what they brought back or what concerns their own household.
var (
	MaySettle     = access.Need{Scope: access.Village, Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}}
	MaySeeReturns = access.Need{Scope: access.Village, Roles: MaySeeStock.Roles}
)

var (
	ErrNoReturn   = errs.New(errs.NotFound, "market_return_not_found", "没有找到这笔离线兑换")
	ErrNotWaiting = errs.New(errs.Conflict, "market_return_decided", "这笔离线兑换已经处理过了")
	ErrOwnReturn  = errs.New(errs.Forbidden, "market_return_own", "这笔离线兑换是您自己办的，请由其他人处理")
	ErrCannotPost = errs.New(errs.Conflict, "market_return_cannot_post", "这笔离线兑换不能入账（商品、数目或账户对不上），请写明原因后作废，再按实际情况更正")
)

const returnColumns = `SELECT id, lease_id, village_id, shop_id, account_id, household_id, redeemed_at, received_at, received_by, total, owed, redemption_id,
	conflicts, body, state, note FROM lease_returns WHERE `

func readReturns(q query, where string, args ...any) ([]LeaseReturn, error) {
	list := []LeaseReturn{}
	rows, err := q(returnColumns+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var n LeaseReturn
		var conflicts string
		var body []byte
		if err := r.Scan(&n.ID, &n.Lease, &n.Village, &n.Shop, &n.account, &n.Household, &n.RedeemedAt, &n.ReceivedAt, &n.Keeper, &n.Total, &n.Owed,
			&n.Redemption, &conflicts, &body, &n.State, &n.Note); err != nil {
			return err
		}
		if conflicts != "" {
			n.Conflicts = strings.Split(conflicts, ",")
		}
		err := json.Unmarshal(body, &n.body)
		list = append(list, n.say())
		return err
	})
	return list, err
}

// returned answers the repeat of a request.
func (s *Service) returned(ctx context.Context, user id.ID, request string) (LeaseReturn, error) {
	var made id.ID
	if err := s.db.QueryRow(ctx, "SELECT ref_id FROM requests WHERE user_id = ? AND request_id = ?", user, request).Scan(&made); err != nil {
		return LeaseReturn{}, fmt.Errorf("read request: %w", err)
	}
	n, err := s.oneReturn(ctx, "id = ?", made)
	n.Repeated = true
	return n, err
}

func (s *Service) oneReturn(ctx context.Context, where string, args ...any) (LeaseReturn, error) {
	list, err := readReturns(s.query(ctx), where, args...)
	if err != nil {
		return LeaseReturn{}, err
	}
	if len(list) == 0 {
		return LeaseReturn{}, ErrNoReturn
	}
	return list[0], nil
}

// Returns lists what devices brought back in a village, newest first: in one state, or (empty) all with a conflict.
func (s *Service) Returns(ctx context.Context, a access.Actor, in id.ID, state string, page Page) (Returns, error) {
	if err := a.Allow(MaySeeReturns, access.Place{Village: in}); err != nil {
		return Returns{}, err
	}
	before, err := page.from(newest)
	if err != nil {
		return Returns{}, err
	}
	where, args := "village_id = ? AND state = ? AND id < ?", []any{in, state, before}
	if state == "" {
		where, args = "village_id = ? AND conflicts <> '' AND id < ?", []any{in, before}
	}
	list, err := readReturns(s.query(ctx), where+" ORDER BY id DESC"+page.rows(), args...)
	if err != nil {
		return Returns{}, err
	}
	items, next := cut(list, page.limit(), func(n LeaseReturn) id.ID { return n.ID })
	return Returns{items, next}, s.describe(ctx, items)
}

// SettleRequest decides on what waits.
type SettleRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Post      bool   `json:"post" doc:"true: take the points and the goods as the device says; false: leave both as they are"`
	Note      string `json:"note" minLength:"1" maxLength:"200" doc:"why"`
}

// Settle decides on a redemption that the lease did not cover: it is posted after all, or it is not. Either stays on record.
func (s *Service) Settle(ctx context.Context, a access.Actor, in, of id.ID, r SettleRequest) (LeaseReturn, error) {
	if err := a.Allow(MaySettle, access.Place{Village: in}); err != nil {
		return LeaseReturn{}, err
	}
	if err := text("note", "处理说明", r.Note, true, 200); err != nil {
		return LeaseReturn{}, err
	}
	old, err := s.oneReturn(ctx, "id = ? AND village_id = ?", of, in)
	if err != nil {
		return LeaseReturn{}, err
	}
	if err := a.NotOwn(old.Household); err != nil {
		return LeaseReturn{}, err
	}
	if old.Keeper == a.User() {
		return LeaseReturn{}, ErrOwnReturn
	}
	if old.body.Household == 0 {
		old.body.Household = old.Household
	}
	if err := old.find(ctx, s); err != nil {
		return LeaseReturn{}, err
	}
	impossible := old.subject.Household == 0 || slices.ContainsFunc(old.Conflicts, func(c string) bool { return c == WrongGoods || c == ClosedOff })
	at := s.now()
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.settle", []any{in, of, r}, of, func(tx *storage.Tx) error {
		n := old
		n.Conflicts = slices.Clone(old.Conflicts)
		state := Dropped
		if r.Post {
			state = Settled
		}
		k, err := tx.Exec("UPDATE lease_returns SET state = ?, note = ?, decided_by = ?, decided_at = ? WHERE id = ? AND state = ?", state, r.Note, a.User(), clock.Ms(at), of, Waiting)
		if err != nil {
			return fmt.Errorf("settle return: %w", err)
		}
		if k == 0 {
			return ErrNotWaiting
		}
		if !r.Post {
			return nil
		}
		if impossible {
			return ErrCannotPost
		}
		if err := s.postReturn(tx, n.Keeper, &n, at); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE lease_returns SET redemption_id = ?, owed = ?, conflicts = ? WHERE id = ?", n.Redemption, int64(n.Owed), strings.Join(n.Conflicts, ","), of)
		return err
	})
	if err != nil {
		return LeaseReturn{}, err
	}
	n, err := s.oneReturn(ctx, "id = ?", of)
	n.Repeated = repeated
	return n, err
}
