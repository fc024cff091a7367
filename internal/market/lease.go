package market

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// leaseTime is how long a device may redeem without signal.
const leaseTime = 24 * time.Hour

var (
	ErrLeaseTaken = errs.New(errs.Conflict, "market_lease_taken", "本村已经有一台手机在离线兑换，请等它交回，或等到期后再领")
	ErrLeaseOff   = errs.New(errs.Conflict, "market_lease_off", "这个超市不办离线兑换，请到有信号的地方办理")
	ErrNoLease    = errs.New(errs.NotFound, "market_lease_not_found", "没有这次离线兑换的登记，请刷新后再试")
)

// LeaseRequest asks for leave to redeem without signal.
type LeaseRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Device    string `json:"device" minLength:"16" maxLength:"64" doc:"name that the device made for itself"`
}

// Lease is the leave of one device to redeem without signal for at most a day, with what it needs for that.
type Lease struct {
	ID       id.ID       `json:"id"`
	Village  id.ID       `json:"village"`
	Shop     id.ID       `json:"shop"`
	Keeper   id.ID       `json:"keeper"`
	TakenAt  int64       `json:"taken_at" doc:"milliseconds since 1970 UTC"`
	EndsAt   int64       `json:"ends_at" doc:"milliseconds since 1970 UTC"`
	ClosedAt int64       `json:"closed_at,omitempty" doc:"milliseconds since 1970 UTC"`
	Key      string      `json:"key,omitempty" doc:"key of the marks, base64; only in the answer to the device that took the lease"`
	Lines    []LeaseLine `json:"lines"`
	Goods    []Goods     `json:"goods"`
	Returned int         `json:"returned" doc:"redemptions brought back so far"`
	Waiting  int         `json:"waiting" doc:"of them, those on which somebody must decide"`
	Repeated bool        `json:"repeated" doc:"this request had already been carried out"`
}

// LeaseLine is what one household (person) may spend without signal, and how its card is known: mark is the first 16
// bytes of HMAC-SHA256(key, HMAC-SHA256(code, "hefen-lease")), base64, code being what the card holds.
type LeaseLine struct {
	Household id.ID         `json:"household"`
	Member    id.ID         `json:"member,omitempty"`
	Number    string        `json:"number"`
	Name      string        `json:"name" doc:"masked"`
	Mark      string        `json:"mark"`
	Budget    points.Amount `json:"budget" doc:"hundredths of a point"`
	Spent     points.Amount `json:"spent" doc:"by what has been brought back"`

	account id.ID
	index   []byte
}

// TakeLease gives a device leave to redeem without signal: one device of a village at a time. Each household with a card
// gets a budget of what it can spend, at most the shop's limit, so that nobody can lose more than that. The keeper's own
// household and whoever may not redeem get none. Errors: ErrLeaseOff, ErrLeaseTaken, ErrShopClosed
// while the shop pauses.
func (s *Service) TakeLease(ctx context.Context, a access.Actor, in, shop id.ID, r LeaseRequest) (Lease, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Lease{}, err
	}
	if len(r.Device) < 16 || len(r.Device) > 64 {
		return Lease{}, wrong("device", "设备名称不对，请更新小程序后再试")
	}
	terms, err := s.terms(ctx, in, shop)
	if err != nil {
		return Lease{}, err
	}
	at := s.now()
	var lines []LeaseLine
	refusal := error(ErrLeaseOff)
	if terms.LeaseLimit > 0 {
		if lines, refusal = s.leaseLines(ctx, a, in, terms.LeaseLimit, clock.DayOf(at)); refusal != nil {
			return Lease{}, refusal
		}
	}
	made := s.db.NewID()
	lease, repeated, err := s.once(ctx, a, r.RequestID, "market.lease", []any{in, shop, r}, made, func(tx *storage.Tx) error {
		if refusal != nil {
			return refusal
		}
		var state, settings string
		if err := tx.QueryRow("SELECT state, settings FROM shops WHERE id = ?", shop).Scan(&state, &settings); err != nil {
			return fmt.Errorf("read shop: %w", err)
		}
		if err := pausedAt(state, settings, at); err != nil {
			return err
		}
		return takeLease(tx, a.User(), in, shop, made, r.Device, lines, at)
	})
	if err != nil {
		return Lease{}, err
	}
	return s.lease(ctx, in, shop, lease, r.Device, repeated)
}

func takeLease(tx *storage.Tx, by, in, shop, made id.ID, device string, lines []LeaseLine, at time.Time) error {
	now := clock.Ms(at)
	if _, err := tx.Exec("UPDATE leases SET open_key = id, closed_at = ends_at WHERE open_key = ? AND ends_at <= ?", in, now); err != nil {
		return fmt.Errorf("end lease: %w", err)
	}
	_, err := tx.Exec("INSERT INTO leases (id, village_id, shop_id, keeper, device, open_key, taken_at, ends_at) VALUES (?,?,?,?,?,?,?,?)",
		made, in, shop, by, device, in, now, now+leaseTime.Milliseconds())
	if storage.IsDuplicate(err) {
		return ErrLeaseTaken
	}
	if err != nil {
		return fmt.Errorf("insert lease: %w", err)
	}
	for chunk := range storage.Chunks(lines, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*6)
		for _, l := range chunk {
			args = append(args, made, l.account, l.Household, l.Member, int64(l.Budget), 0)
		}
		if _, err := tx.Exec("INSERT INTO lease_lines (lease_id, account_id, household_id, member_id, budget, spent) VALUES "+storage.Rows(len(chunk), 6), args...); err != nil {
			return fmt.Errorf("insert lease lines: %w", err)
		}
	}
	return nil
}

// leaseLines are the accounts with a card that may redeem, and their budgets.
func (s *Service) leaseLines(ctx context.Context, a access.Actor, in id.ID, limit points.Amount, today clock.Day) ([]LeaseLine, error) {
	v, err := s.books.InForce(ctx, in, today)
	if err != nil {
		return nil, err
	}
	all, err := s.cardHolders(ctx, in, v.Scheme.Subject == scheme.SubjectPerson, today)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var lines []LeaseLine
	for chunk := range storage.Chunks(all, storage.ChunkRows) {
		some, err := s.budgets(ctx, a, v, chunk, limit, today)
		if err != nil {
			return nil, err
		}
		lines = append(lines, some...)
	}
	return lines, nil
}

// budgets keeps those who may redeem now and have something to spend.
func (s *Service) budgets(ctx context.Context, a access.Actor, v *rulebook.Version, some []LeaseLine, limit points.Amount, today clock.Day) ([]LeaseLine, error) {
	accounts := make([]id.ID, len(some))
	for i := range some {
		accounts[i] = some[i].account
	}
	subjects, err := s.people.Subjects(ctx, v.Village, today, accounts)
	if err != nil {
		return nil, err
	}
	free, err := ledger.SpendableOf(ctx, s.db, v.Scheme, accounts, today)
	if err != nil {
		return nil, err
	}
	var tags map[id.ID][]standing.Tag
	if err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		tags, err = standing.Tags(tx, accounts, today)
		return err
	}); err != nil {
		return nil, err
	}
	kept := some[:0:0]
	for i, l := range some {
		l.Budget = min(limit, free[l.account])
		if l.Budget <= 0 || !subjects[i].Active || standing.RefuseSpending(tags[l.account]) != nil || a.IsOwn(l.Household) {
			continue
		}
		kept = append(kept, l)
	}
	return kept, nil
}

// cardHolders are the households whose card a lease can know, or their people where persons are scored.
func (s *Service) cardHolders(ctx context.Context, in id.ID, persons bool, today clock.Day) ([]LeaseLine, error) {
	q := `SELECT c.household_id, 0, h.id, h.number, h.name, c.lease_idx FROM household_codes c JOIN households h ON h.id = c.household_id
		WHERE c.village_id = ? AND c.ended_at = 0 AND h.from_day <= ? AND h.to_day > ? AND LENGTH(c.lease_idx) = 32 ORDER BY h.number, h.id`
	if persons {
		q = `SELECT c.household_id, m.id, m.id, h.number, m.name, c.lease_idx FROM household_codes c JOIN households h ON h.id = c.household_id
			JOIN memberships b ON b.household_id = h.id JOIN members m ON m.id = b.member_id
			WHERE c.village_id = ? AND c.ended_at = 0 AND b.from_day <= ? AND b.to_day > ? AND LENGTH(c.lease_idx) = 32 ORDER BY h.number, m.id`
	}
	return readLines(s.query(ctx), q, in, today, today)
}

func readLines(q query, text string, args ...any) ([]LeaseLine, error) {
	list := []LeaseLine{}
	rows, err := q(text, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var l LeaseLine
		err := r.Scan(&l.Household, &l.Member, &l.account, &l.Number, &l.Name, &l.index)
		l.Name = village.MaskName(l.Name)
		list = append(list, l)
		return err
	})
	return list, err
}

// leaseKey follows from the index key, the lease and the device that took it.
func (s *Service) leaseKey(lease id.ID, device string) []byte {
	return s.db.Keys.Index("lease", lease.String()+"/"+device)
}

func leaseMark(key, index []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write(index)
	return base64.StdEncoding.EncodeToString(m.Sum(nil)[:16])
}

// Lease is a lease as officials see it, without its key and marks.
func (s *Service) Lease(ctx context.Context, a access.Actor, in, shop, lease id.ID) (Lease, error) {
	if err := a.Allow(MaySeeRedemptions, access.Place{Village: in, Shop: shop}); err != nil {
		return Lease{}, err
	}
	return s.lease(ctx, in, shop, lease, "", false)
}

// lease reads a lease; with the name of the device that took it, also what only that device may know.
func (s *Service) lease(ctx context.Context, in, shop, lease id.ID, device string, repeated bool) (Lease, error) {
	l := Lease{ID: lease, Village: in, Shop: shop, Repeated: repeated, Goods: []Goods{}}
	var took string
	err := s.db.QueryRow(ctx, `SELECT keeper, device, taken_at, ends_at, closed_at, (SELECT COUNT(*) FROM lease_returns r WHERE r.lease_id = l.id),
		(SELECT COUNT(*) FROM lease_returns r WHERE r.lease_id = l.id AND r.state = 'waiting') FROM leases l WHERE id = ? AND village_id = ? AND shop_id = ?`, lease, in, shop).
		Scan(&l.Keeper, &took, &l.TakenAt, &l.EndsAt, &l.ClosedAt, &l.Returned, &l.Waiting)
	if errors.Is(err, sql.ErrNoRows) {
		return l, ErrNoLease
	}
	if err != nil {
		return l, fmt.Errorf("read lease: %w", err)
	}
	l.Lines = []LeaseLine{}
	var key []byte
	if device != "" && device == took {
		key = s.leaseKey(lease, device)
		l.Key = base64.StdEncoding.EncodeToString(key)
		if l.Goods, err = readGoods(s.query(ctx), in, clock.DayOf(s.now()), "g.shop_id = ? AND g.state = 'on' ORDER BY g.id LIMIT 1000", shop); err != nil {
			return l, err
		}
	}
	rows, err := s.db.Query(ctx, `SELECT x.household_id, x.member_id, h.number, COALESCE(m.name, h.name), x.budget, x.spent, COALESCE(c.lease_idx, '')
		FROM lease_lines x JOIN households h ON h.id = x.household_id LEFT JOIN members m ON m.id = x.member_id
		LEFT JOIN household_codes c ON c.household_id = x.household_id AND c.ended_at = 0 WHERE x.lease_id = ? ORDER BY h.number, x.account_id`, lease)
	return l, each(rows, err, func(r *sql.Rows) error {
		var x LeaseLine
		err := r.Scan(&x.Household, &x.Member, &x.Number, &x.Name, &x.Budget, &x.Spent, &x.index)
		x.Name = village.MaskName(x.Name)
		if key != nil && len(x.index) == sha256.Size {
			x.Mark = leaseMark(key, x.index)
		}
		l.Lines = append(l.Lines, x)
		return err
	})
}

// CloseRequest gives a lease back.
type CloseRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
}

// CloseLease ends a lease before its time. What the device still brings back is taken as before.
func (s *Service) CloseLease(ctx context.Context, a access.Actor, in, shop, lease id.ID, r CloseRequest) (Lease, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return Lease{}, err
	}
	if _, err := s.lease(ctx, in, shop, lease, "", false); err != nil {
		return Lease{}, err
	}
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.lease.close", []any{in, shop, lease}, lease, func(tx *storage.Tx) error {
		_, err := tx.Exec("UPDATE leases SET open_key = id, closed_at = ?, closed_by = ? WHERE id = ? AND closed_at = 0", clock.Ms(s.now()), a.User(), lease)
		return err
	})
	if err != nil {
		return Lease{}, err
	}
	return s.lease(ctx, in, shop, lease, "", repeated)
}
