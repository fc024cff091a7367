package market

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// postReturn turns it into a redemption of the day it was made.
func (s *Service) postReturn(tx *storage.Tx, by id.ID, n *LeaseReturn, at time.Time) error {
	on := n.day()
	subject, v := n.subject, n.version
	if err := ledger.Guard(tx, []id.ID{n.account}, nil); err != nil {
		return err
	}
	tags, err := standing.Tags(tx, []id.ID{n.account}, clock.DayOf(at))
	if err != nil {
		return err
	}
	if standing.RefuseSpending(tags[n.account]) != nil || !subject.Active {
		n.Conflicts = append(n.Conflicts, NotAllowed)
	}
	lines, err := n.lines(tx, on)
	if err != nil {
		return err
	}
	var settings string
	if err := tx.QueryRow("SELECT settings FROM shops WHERE id = ?", n.Shop).Scan(&settings); err != nil {
		return fmt.Errorf("read shop: %w", err)
	}
	n.note(openAt(Open, settings, clock.FromMs(n.RedeemedAt)) != nil, NotOpen)
	n.Redemption = tx.NewID()
	posted, owed, err := ledger.SpendOwing(tx, v.Scheme, ledger.Posting{Village: n.Village, Kind: ledger.Redeem, Ref: n.Redemption.String(), By: by,
		Title: title("离线兑换", lines), At: at, Occurred: on, Counted: v.Counted(on), Scheme: v.ID}, n.account, n.Total, n.subject.Flags...)
	if err != nil {
		return err
	}
	if n.Owed = owed; owed > 0 {
		n.Conflicts = append(n.Conflicts, Owing)
	}
	var left points.Amount
	if err := tx.QueryRow(availableOf, n.account).Scan(&left); err != nil {
		return err
	}
	receipt := Receipt{ID: n.Redemption, Village: n.Village, Shop: n.Shop, On: on, CreatedAt: clock.Ms(at), Account: n.account, Household: n.Household,
		Member: n.body.Member, HouseholdNumber: subject.Number, HouseholdName: subject.Name, Total: n.Total, State: Done, Keeper: by,
		Slip: Slip{Lines: lines, Paid: paid(v.Scheme, posted), BalanceAfter: left, Way: "lease", Proof: ProofSignature, Owed: owed}}
	if err := receipt.insert(tx); err != nil {
		return err
	}
	return n.giveOut(tx, by, lines, at)
}

// find is who redeemed and the rules of that day. Somebody who was not of the village then has no account to charge.
func (n *LeaseReturn) find(ctx context.Context, s *Service) (err error) {
	on := n.day()
	if n.version, err = s.books.InForce(ctx, n.Village, on); err != nil {
		return err
	}
	subjects, err := s.people.Subjects(ctx, n.Village, on, []id.ID{n.account})
	if errors.Is(err, village.ErrNotInForce) {
		n.note(true, NotLeased)
		return nil
	}
	if err == nil {
		n.subject = subjects[0]
		n.note(n.subject.Household != n.Household || n.subject.Member != n.body.Member, NotLeased)
	}
	return err
}

// day is the day of the redemption; a time that cannot be right is replaced by that of the return.
func (n *LeaseReturn) day() clock.Day {
	if slices.Contains(n.Conflicts, OutOfTime) {
		return clock.DayOf(clock.FromMs(n.ReceivedAt))
	}
	return clock.DayOf(clock.FromMs(n.RedeemedAt))
}

func (n *LeaseReturn) note(is bool, conflict string) {
	if is && !slices.Contains(n.Conflicts, conflict) {
		n.Conflicts = append(n.Conflicts, conflict)
	}
}

// lines are the goods it gave out. The device does not know what else the household has had: more than the limit is noted here.
func (n *LeaseReturn) lines(tx *storage.Tx, on clock.Day) ([]Line, error) {
	lines := make([]Line, len(n.body.Lines))
	for i, x := range n.body.Lines {
		l := Line{Goods: x.Goods, Qty: x.Qty, Price: x.Price, Amount: x.Price * points.Amount(x.Qty)}
		var terms string
		if err := tx.QueryRow("SELECT name, unit, terms FROM goods WHERE id = ?", x.Goods).Scan(&l.Name, &l.Unit, &terms); err != nil {
			return nil, fmt.Errorf("read goods: %w", err)
		}
		t, err := goodsTerms(terms)
		if err != nil {
			return nil, err
		}
		l.Fee = t.Fee
		lines[i] = l
		if t.LimitQty == 0 {
			continue
		}
		had, err := hadOf(tx, n.Household, x.Goods, spanStart(t.LimitSpan, on))
		if err != nil {
			return nil, err
		}
		n.note(had+x.Qty > t.LimitQty, OverLimit)
	}
	slices.SortFunc(lines, func(x, y Line) int { return int(min(1, max(-1, int64(x.Goods)-int64(y.Goods)))) })
	return lines, nil
}

// giveOut takes the pieces from the lots. They are gone, so what the book does not have it is given first, as a
// difference found by counting. Nobody hands out what is past its day, so such lots come last.
func (n *LeaseReturn) giveOut(tx *storage.Tx, by id.ID, lines []Line, at time.Time) error {
	now := moment{clock.Ms(at), clock.DayOf(at)}
	var found, out []take
	for _, l := range lines {
		if l.Fee {
			continue
		}
		lots, err := lotsOf(tx, l.Goods)
		if err != nil {
			return err
		}
		slices.SortStableFunc(lots, func(x, y lot) int { return boolInt(x.expires < n.day()) - boolInt(y.expires < n.day()) })
		takes, missing := draw(lots, l.Qty, l.Goods, l.Price)
		if missing > 0 {
			extra, err := surplus(lots, missing)
			if err != nil { // never had any: nothing to count against
				return err
			}
			extra[0].goods = l.Goods
			found = append(found, extra...)
			i := slices.IndexFunc(takes, func(t take) bool { return t.lot == extra[0].lot })
			if i < 0 {
				takes = append(takes, take{lot: extra[0].lot, goods: l.Goods, price: l.Price})
				i = len(takes) - 1
			}
			takes[i].qty -= missing
		}
		out = append(out, takes...)
	}
	if len(found) > 0 {
		n.Conflicts = append(n.Conflicts, ShortStock)
		op := stockOp{shop: n.Shop, ref: n.Redemption, kind: Count, note: "离线兑换实发多于账面", by: by, at: now}
		if err := op.post(tx, found); err != nil {
			return err
		}
	}
	op := stockOp{shop: n.Shop, ref: n.Redemption, kind: redeemed, by: by, at: now}
	return op.post(tx, out)
}

// lotsOf are all lots of goods, first to end first, empty ones too.
func lotsOf(tx *storage.Tx, goods id.ID) ([]lot, error) {
	var lots []lot
	rows, err := tx.Query("SELECT id, expires_on, qty_left, received_at FROM stock_lots WHERE goods_id = ? ORDER BY expires_on, id", goods)
	err = each(rows, err, func(r *sql.Rows) error {
		var l lot
		err := r.Scan(&l.id, &l.expires, &l.left, &l.at)
		lots = append(lots, l)
		return err
	})
	return lots, err
}

func (n *LeaseReturn) insert(tx *storage.Tx) error {
	body := n.body
	if village.CardToken(body.Card) != "" {
		body.Card = "" // what opens a purse is not kept; that it was there is known from the conflicts
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO lease_returns (id, lease_id, village_id, shop_id, account_id, household_id, redeemed_at, received_at, received_by, total, owed,
		redemption_id, conflicts, body, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, n.ID, n.Lease, n.Village, n.Shop, n.account, n.Household, n.RedeemedAt,
		n.ReceivedAt, n.Keeper, int64(n.Total), int64(n.Owed), n.Redemption, strings.Join(n.Conflicts, ","), string(text), n.State)
	if err != nil {
		return fmt.Errorf("insert return: %w", err)
	}
	return nil
}
