package market_test

import (
	"errors"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

func TestCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.post(h, ledger.Prize, "gift", points.Amount(300))
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 0)
		w.receive(soap, 2, today.Add(3))
		w.receive(soap, 5, today.Add(9))
		lots := func() []string {
			return dbtest.Rows(t, db, "SELECT expires_on, qty_left FROM stock_lots WHERE goods_id = ? ORDER BY expires_on", soap)
		}
		before := lots()
		r, err := w.redeem(h, 1000, want(soap, 4))
		must(t, err)
		if got := strings.Join(lots(), " "); got != "20260523|0 20260529|3" {
			t.Errorf("four pieces spill into the next lot: %s", got)
		}
		c := market.CancelRequest{RequestID: w.request()}
		first, err := w.market.Cancel(ctx, w.keeper, w.village, w.shop, r.ID, c)
		must(t, err)
		if first.State != market.Cancelled || first.CanCancel || first.CancelledAt == 0 || first.Repeated || first.StateName != "已取消" {
			t.Errorf("%+v", first)
		}
		if w.balance(h, "gift") != 300 || w.balance(h, "spend") != 2000 || strings.Join(lots(), " ") != strings.Join(before, " ") {
			t.Errorf("gift %s, spend %s, lots %v", w.balance(h, "gift"), w.balance(h, "spend"), lots())
		}
		again, err := w.market.Cancel(ctx, w.keeper, w.village, w.shop, r.ID, c)
		if err != nil || !again.Repeated || again.State != market.Cancelled {
			t.Errorf("the same request again: %+v, %v", again, err)
		}
		if _, err := w.cancel(r.ID); !errors.Is(err, market.ErrCancelled) {
			t.Errorf("another request: %v", err)
		}
		entries, err := ledger.Entries(ctx, db, h, 0, 1)
		must(t, err)
		if !strings.HasPrefix(entries[0].Title, "取消兑换：香皂×4") {
			t.Errorf("passbook says %q", entries[0].Title)
		}
		audit(t, db)
	})
}

func TestCancelRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h := w.households[0]
		w.give(h, 2000)
		soap := w.goods("香皂", 250, 5)
		r, err := w.redeem(h, 250, want(soap, 1))
		must(t, err)
		own := accesstest.User(t, db, "自家店长")
		accesstest.Grant(t, db, own, access.Keeper, access.Place{Village: w.village, Shop: w.shop})
		accesstest.Stand(t, db, own, w.village, w.members[0])
		guest := accesstest.Official(t, db, w.now, access.TeamMember, access.Place{Village: w.other})
		cancel := func(by access.Actor, village, redemption id.ID) error {
			_, err := w.market.Cancel(ctx, by, village, w.shop, redemption, market.CancelRequest{RequestID: w.request()})
			return err
		}
		for name, c := range map[string]struct{ got, want error }{
			"own household":  {cancel(accesstest.Actor(t, db, w.now, own), w.village, r.ID), access.ErrOwn},
			"other village":  {cancel(guest, w.village, r.ID), access.ErrForbidden},
			"foreign in own": {cancel(guest, w.other, r.ID), market.ErrNoRedemption},
			"unknown":        {cancel(w.keeper, w.village, 77), market.ErrNoRedemption},
			"malformed request": {func() error {
				_, err := w.market.Cancel(ctx, w.keeper, w.village, w.shop, r.ID, market.CancelRequest{RequestID: "x"})
				return err
			}(), storage.ErrRequestID},
		} {
			if !errors.Is(c.got, c.want) {
				t.Errorf("%s: %v, want %v", name, c.got, c.want)
			}
		}
		w.on(today.Add(1))
		if err := cancel(w.keeper, w.village, r.ID); !errors.Is(err, market.ErrCancelDay) || !strings.Contains(errs.As(err).Msg, "2026年5月20日") {
			t.Errorf("the next day: %v", err)
		}
		audit(t, db)
	})
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := worldBy(t, db, 1, strings.Replace(rules, "cancel_same_day: true", "cancel_same_day: false", 1))
		w.give(w.households[0], 2000)
		soap := w.goods("香皂", 250, 5)
		r, err := w.redeem(w.households[0], 250, want(soap, 1))
		must(t, err)
		if _, err := w.cancel(r.ID); !errors.Is(err, market.ErrCancelOff) {
			t.Errorf("where the scheme forbids it: %v", err)
		}
	})
}

// TestReceiptsAreSeen by those whose they are.
func TestReceiptsAreSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		soap := w.goods("香皂", 100, 50)
		var last market.Receipt
		for i := range 5 {
			w.give(w.households[i%2], 100)
			var err error
			last, err = w.redeem(w.households[i%2], 100, want(soap, 1))
			must(t, err)
		}
		var seen []id.ID
		for page := (market.Page{Limit: 2}); ; {
			list, err := w.market.RedemptionsOn(ctx, w.keeper, w.village, w.shop, 0, page)
			must(t, err)
			for _, r := range list.Items {
				seen = append(seen, r.ID)
			}
			if page.Cursor = list.Next; list.Next == "" {
				break
			}
		}
		if len(seen) != 5 || seen[0] != last.ID {
			t.Errorf("day list %v", seen)
		}
		me := accesstest.Villager(t, db, w.now, w.village, w.members[0])
		mine, err := w.market.RedemptionsOf(ctx, me, w.village, w.households[0], market.Page{})
		must(t, err)
		if len(mine.Items) != 3 || mine.Items[0].ID != last.ID {
			t.Errorf("own list %+v", mine)
		}
		if _, err := w.market.RedemptionOf(ctx, me, w.village, w.households[0], last.ID); err != nil {
			t.Error(err)
		}
		if _, err := w.market.RedemptionOf(ctx, me, w.village, w.households[1], last.ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a neighbour's receipts: %v", err)
		}
		if _, err := w.market.RedemptionOf(ctx, w.secretary, w.village, w.households[1], last.ID); !errors.Is(err, market.ErrNoRedemption) {
			t.Errorf("a receipt under another household: %v", err)
		}
		if _, err := w.market.RedemptionsOf(ctx, w.secretary, w.village, 77, market.Page{}); !errors.Is(err, village.ErrNoHousehold) {
			t.Errorf("a household of elsewhere: %v", err)
		}
		if _, err := w.market.RedemptionsOn(ctx, w.secretary, w.village, 77, 0, market.Page{}); !errors.Is(err, market.ErrNoShop) {
			t.Errorf("a shop of elsewhere: %v", err)
		}
		if _, err := w.market.RedemptionsOn(ctx, me, w.village, w.shop, 0, market.Page{}); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a villager reads the shop's day: %v", err)
		}
		if _, err := w.market.RedemptionsOn(ctx, w.keeper, w.village, w.shop, 0, market.Page{Cursor: "x"}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("a broken cursor: %v", err)
		}
	})
}

func TestCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 3)
		w.post(w.households[0], ledger.Prize, "gift", points.Amount(300))
		w.give(w.households[0], 1000)
		w.post(w.households[1], ledger.Adjust, "spend", points.Amount(-500))
		w.give(w.households[2], 1000)
		w.tag(w.households[2], "barred")
		for i, c := range []struct {
			spendable points.Amount
			refused   string
		}{{1300, ""}, {0, "-5"}, {1000, "不能兑换"}} {
			got, err := w.market.Counter(ctx, w.keeper, w.village, w.shop, w.households[i], 0)
			must(t, err)
			if got.Spendable != c.spendable || !strings.Contains(got.Refused, c.refused) || (c.refused == "") != (got.Refused == "") || got.HouseholdName == "" {
				t.Errorf("%d: %+v", i, got)
			}
		}
		if _, err := w.market.Counter(ctx, w.keeper, w.village, w.shop, 77, 0); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown household: %v", err)
		}
	})
}
