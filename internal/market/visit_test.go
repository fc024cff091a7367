package market_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

var errPIN = errs.New(errs.Conflict, "test_pin", "密码不对")

func (w *world) visit(r market.VisitRequest) (market.Visit, error) {
	r.RequestID = w.request()
	return w.market.Visit(ctx, w.keeper, w.village, w.shop, r)
}

// sell redeems pieces of one goods as the request says.
func (w *world) sell(household id.ID, total points.Amount, r market.RedeemRequest, wants ...market.Want) (market.Receipt, error) {
	r.RequestID, r.Household, r.Total, r.Lines = w.request(), household, total, wants
	return w.market.Redeem(ctx, w.keeper, w.village, w.shop, r)
}

// card is a new card of a household.
func (w *world) card(household id.ID) string {
	w.t.Helper()
	codes, _, err := w.people.ReplaceCodes(ctx, village.Write{Village: w.village, By: 1}, []id.ID{household})
	must(w.t, err)
	return codes[0].Code
}

// TestCardAndPIN: a card tells who they are; above the limit something must make sure.
func TestCardAndPIN(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		h := w.households[0]
		w.give(h, 60_000)
		soap := w.goods("香皂", 250, 500)
		must(t, w.terms(market.ShopTerms{ProofAbove: 1000, ReserveDays: 7}))
		w.market.UsePIN(func(_ context.Context, _, of id.ID, pin string) error {
			if of != h || pin != "246810" {
				return errPIN
			}
			return nil
		})
		code := w.card(h)
		v, err := w.visit(market.VisitRequest{Code: "https://hefen.example.cn" + village.CardPath + code})
		must(t, err)
		if v.Household != h || v.Way != market.ByCard || v.Proof != "" || v.Spendable != 60_000 || v.Refused != "" || v.Terms.ProofAbove != 1000 {
			t.Errorf("%+v", v)
		}
		if _, err := w.sell(h, 1250, market.RedeemRequest{Visit: v.ID}, want(soap, 5)); !errors.Is(err, market.ErrProof) {
			t.Errorf("the card alone: %v", err)
		}
		if _, err := w.sell(h, 1250, market.RedeemRequest{}, want(soap, 5)); !errors.Is(err, market.ErrProof) {
			t.Errorf("the number alone: %v", err)
		}
		if _, err := w.market.ProveVisit(ctx, w.keeper, w.village, w.shop, v.ID, market.ProofRequest{RequestID: w.request(), PIN: "1234"}); !errors.Is(err, errPIN) {
			t.Errorf("a wrong PIN: %v", err)
		}
		v, err = w.market.ProveVisit(ctx, w.keeper, w.village, w.shop, v.ID, market.ProofRequest{RequestID: w.request(), PIN: "246810"})
		if err != nil || v.Proof != market.ProofPIN {
			t.Errorf("%+v %v", v, err)
		}
		if _, err := w.sell(w.households[1], 1250, market.RedeemRequest{Visit: v.ID}, want(soap, 5)); !errors.Is(err, market.ErrVisit) {
			t.Errorf("another household's card: %v", err)
		}
		r, err := w.sell(h, 1250, market.RedeemRequest{Visit: v.ID}, want(soap, 5))
		if err != nil || r.Way != market.ByCard || r.Proof != market.ProofPIN {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := w.sell(h, 250, market.RedeemRequest{Visit: v.ID}, want(soap, 1)); !errors.Is(err, market.ErrVisit) {
			t.Errorf("a visit used twice: %v", err)
		}
		if r, err := w.sell(h, 1250, market.RedeemRequest{Signed: true}, want(soap, 5)); err != nil || r.Proof != market.ProofSignature {
			t.Errorf("signed: %+v %v", r, err)
		}
		if _, err := w.redeem(h, 1000, want(soap, 4)); err != nil {
			t.Errorf("up to the limit nothing is asked: %v", err)
		}

		fresh := w.card(h)
		if _, err := w.visit(market.VisitRequest{Code: code}); !errors.Is(err, village.ErrCodeDead) {
			t.Errorf("a replaced card: %v", err)
		}
		v, err = w.visit(market.VisitRequest{Code: fresh, PIN: "246810"})
		if err != nil || v.Proof != market.ProofPIN {
			t.Errorf("%+v %v", v, err)
		}
		w.at.Add((16 * time.Minute).Milliseconds())
		if _, err := w.sell(h, 250, market.RedeemRequest{Visit: v.ID}, want(soap, 1)); !errors.Is(err, market.ErrVisit) {
			t.Errorf("an old visit: %v", err)
		}
		audit(t, db)
	})
}

// TestPhoneCode: a code is good for its step and the two beside it, once.
func TestPhoneCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		h, zhang := w.households[0], w.person(0)
		w.give(h, 60_000)
		soap := w.goods("香皂", 250, 500)
		must(t, w.terms(market.ShopTerms{ProofAbove: 100}))
		take := func(by access.Actor) (market.PhoneCode, error) {
			return w.market.TakePhoneCode(ctx, by, w.village, h, market.PhoneCodeRequest{RequestID: w.request()})
		}
		if _, err := take(w.keeper); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("the keeper takes the household's code: %v", err)
		}
		old, err := take(zhang)
		must(t, err)
		c, err := take(zhang)
		must(t, err)
		secret, err := base64.StdEncoding.DecodeString(c.Secret)
		must(t, err)
		show := func(c market.PhoneCode, secret []byte, seconds int) string {
			return market.PhonePrefix + c.Alias + "-" + market.PhoneCodeAt(secret, (w.now().Unix()+int64(seconds))/30)
		}
		oldSecret, err := base64.StdEncoding.DecodeString(old.Secret)
		must(t, err)
		if _, err := w.visit(market.VisitRequest{Code: show(old, oldSecret, 0)}); !errors.Is(err, market.ErrPhoneCode) {
			t.Errorf("the code of the phone before: %v", err)
		}
		for _, seconds := range []int{-90, -60, 60, 90} {
			if _, err := w.visit(market.VisitRequest{Code: show(c, secret, seconds)}); !errors.Is(err, market.ErrPhoneCode) {
				t.Errorf("%d s away: %v", seconds, err)
			}
		}
		r := market.VisitRequest{RequestID: w.request(), Code: show(c, secret, -30)}
		v, err := w.market.Visit(ctx, w.keeper, w.village, w.shop, r)
		if err != nil || v.Proof != market.ProofPhone || v.Household != h || v.Way != market.ByPhone {
			t.Errorf("%+v %v", v, err)
		}
		if again, err := w.market.Visit(ctx, w.keeper, w.village, w.shop, r); err != nil || again.ID != v.ID || !again.Repeated {
			t.Errorf("the repeat of a lost answer: %+v %v", again, err)
		}
		if _, err := w.visit(market.VisitRequest{Code: r.Code}); !errors.Is(err, market.ErrPhoneCodeUsed) {
			t.Errorf("the same step again: %v", err)
		}
		got, err := w.sell(h, 500, market.RedeemRequest{Visit: v.ID}, want(soap, 2))
		if err != nil || got.Proof != market.ProofPhone {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := w.visit(market.VisitRequest{Code: show(c, secret, 0)}); err != nil {
			t.Errorf("the next step: %v", err)
		}

		wrong := market.PhonePrefix + c.Alias + "-00000000"
		for range 5 {
			_, err = w.visit(market.VisitRequest{Code: wrong})
		}
		if _, err = w.visit(market.VisitRequest{Code: show(c, secret, 30)}); !errors.Is(err, market.ErrPhoneCodeWait) {
			t.Errorf("after five wrong ones even the right one waits: %v", err)
		}
		w.at.Add((11 * time.Minute).Milliseconds())
		if _, err = w.visit(market.VisitRequest{Code: show(c, secret, 0)}); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		audit(t, db)
	})
}

func TestAgents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 3)
		elder := w.households[0]
		w.give(elder, 60_000)
		soap := w.goods("香皂", 250, 500)
		must(t, w.terms(market.ShopTerms{ProofAbove: 10_000, AgentLimit: 2}))
		by := &market.AgentRequest{Member: w.members[1], Relation: "relative"}
		if _, err := w.sell(elder, 250, market.RedeemRequest{Agent: by}, want(soap, 1)); !errors.Is(err, market.ErrAgentProof) {
			t.Errorf("an agent without proof: %v", err)
		}
		if _, err := w.sell(elder, 250, market.RedeemRequest{Agent: &market.AgentRequest{Member: w.members[0], Relation: "relative"}, Signed: true}, want(soap, 1)); !errors.Is(err, market.ErrAgent) {
			t.Errorf("the own household: %v", err)
		}
		accesstest.Stand(t, db, w.keeper.User(), w.village, w.members[2])
		w.keeper = accesstest.Actor(t, db, w.now, w.keeper.User())
		brother, _, err := w.people.AddMember(ctx, village.Write{Village: w.village, By: 1}, w.households[2], village.NewMember{Name: "李四", Relation: "弟弟"})
		must(t, err)
		if _, err := w.sell(elder, 250, market.RedeemRequest{Agent: &market.AgentRequest{Member: brother, Relation: "neighbour"}, Signed: true}, want(soap, 1)); !errors.Is(err, market.ErrAgent) ||
			!strings.Contains(err.Error(), "您自己家的人") {
			t.Errorf("somebody of the keeper's household fetches: %v", err)
		}
		w.keeper = w.newKeeper()
		first, err := w.sell(elder, 250, market.RedeemRequest{Agent: by, Signed: true}, want(soap, 1))
		if err != nil || first.Agent == nil || first.Agent.Household != w.households[1] || first.Agent.Said != "亲属" {
			t.Fatalf("%+v %v", first, err)
		}
		_, err = w.sell(elder, 250, market.RedeemRequest{Agent: by, Signed: true}, want(soap, 1))
		must(t, err)
		if _, err = w.sell(elder, 250, market.RedeemRequest{Agent: by, Signed: true}, want(soap, 1)); !errors.Is(err, market.ErrAgentLimit) {
			t.Errorf("a third time: %v", err)
		}
		_, err = w.cancel(first.ID)
		must(t, err)
		_, err = w.sell(elder, 250, market.RedeemRequest{Agent: by, Signed: true}, want(soap, 1))
		must(t, err)

		boss := w.secretary
		list, err := w.market.Agencies(ctx, boss, w.village, 0, market.Page{})
		must(t, err)
		if len(list.Items) != 3 || list.Items[0].Times != 3 || list.Items[0].Receipt.Agent == nil {
			t.Errorf("%+v", list.Items)
		}
		of := list.Items[0].Receipt.ID
		review := market.ReviewRequest{RequestID: w.request(), Verdict: "doubt", Note: "老人说没收到"}
		if _, err := w.market.ReviewAgency(ctx, boss, w.village, of, review); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("who runs the shop reviews it: %v", err)
		}
		looks := w.official(access.VillageSupervisor)
		got, err := w.market.ReviewAgency(ctx, looks, w.village, of, review)
		if err != nil || got.Verdict != "doubt" || got.Reviewer != looks.User() {
			t.Errorf("%+v %v", got, err)
		}
		w.on(clock.MakeDay(2026, 6, 1))
		if _, err = w.sell(elder, 250, market.RedeemRequest{Agent: by, Signed: true}, want(soap, 1)); err != nil {
			t.Errorf("the next month: %v", err)
		}
		var wins, refused int
		run(6, 6, func(int) {
			_, err := w.sell(elder, 250, market.RedeemRequest{Agent: &market.AgentRequest{Member: w.members[2], Relation: "cadre"}, Signed: true}, want(soap, 1))
			w.lock.Lock()
			defer w.lock.Unlock()
			if err == nil {
				wins++
			} else if errors.Is(err, market.ErrAgentLimit) {
				refused++
			}
		})
		if wins != 2 || refused != 4 {
			t.Errorf("%d at once, %d refused", wins, refused)
		}
		audit(t, db)
	})
}

// An official who lives elsewhere fetches by their office; one who lives in the village is counted as the person they are there.
func TestOfficerFetches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 3)
		elder := w.households[0]
		w.give(elder, 60_000)
		soap := w.goods("香皂", 250, 500)
		must(t, w.terms(market.ShopTerms{ProofAbove: 10_000, AgentLimit: 1}))
		team, local, panel := w.official(access.TeamMember), w.official(access.GroupLeader), w.official(access.PanelMember)
		accesstest.Stand(t, db, local.User(), w.village, w.members[1])
		w.market.UseOfficers(access.New(db, w.now, nil).Officers)
		fetch := func(official id.ID) (market.Receipt, error) {
			return w.sell(elder, 250, market.RedeemRequest{Agent: &market.AgentRequest{Official: official, Relation: "cadre"}, Signed: true}, want(soap, 1))
		}
		list, err := w.market.Fetchers(ctx, w.keeper, w.village, w.shop)
		must(t, err)
		lists := func(who access.Actor) bool {
			return slices.ContainsFunc(list, func(o access.Officer) bool { return o.User == who.User() })
		}
		if !lists(team) || !lists(local) || lists(panel) || lists(w.keeper) {
			t.Errorf("who may fetch: %+v", list)
		}
		got, err := fetch(team.User())
		if err != nil || got.Agent == nil || got.Agent.Official != team.User() || got.Agent.Said != "驻村队员" || got.Agent.Name != "驻村队员" {
			t.Fatalf("%+v %v", got.Agent, err)
		}
		if _, err := fetch(team.User()); !errors.Is(err, market.ErrAgentLimit) {
			t.Errorf("once more than allowed: %v", err)
		}
		for name, who := range map[string]id.ID{"no office of the village": panel.User(), "nobody": 77, "the keeper": w.keeper.User()} {
			if _, err := fetch(who); !errors.Is(err, market.ErrAgent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err = fetch(local.User()); err != nil || got.Agent.Member != w.members[1] || got.Agent.Official != 0 {
			t.Fatalf("%+v %v", got.Agent, err)
		}
		if _, err := w.sell(elder, 250, market.RedeemRequest{Agent: &market.AgentRequest{Member: w.members[1], Relation: "neighbour"}, Signed: true}, want(soap, 1)); !errors.Is(err, market.ErrAgentLimit) {
			t.Errorf("the same person by the door number: %v", err)
		}
		looks := w.official(access.VillageSupervisor)
		got, err = fetch(looks.User())
		must(t, err)
		if _, err := w.market.ReviewAgency(ctx, looks, w.village, got.ID, market.ReviewRequest{RequestID: w.request(), Verdict: "fine"}); !errors.Is(err, market.ErrOwnAgency) {
			t.Errorf("reviewed what they fetched: %v", err)
		}
		list2, err := w.market.Agencies(ctx, w.official(access.VillageSupervisor), w.village, 0, market.Page{})
		must(t, err)
		if len(list2.Items) != 3 || list2.Items[0].Times != 1 || list2.Items[1].Times != 1 {
			t.Errorf("%+v", list2)
		}
		audit(t, db)
	})
}

func TestTopUpLimitAndFee(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := worldBy(t, db, 1, rules+"yuan_per_point: 0.5\n")
		h := w.households[0]
		w.give(h, 1000)
		rice := w.goods("大米", 600, 50)
		pay := func(p points.Amount, fen int64) error {
			_, err := w.sell(h, 1200, market.RedeemRequest{TopUp: &market.TopUp{Points: p, Fen: fen}}, want(rice, 2))
			return err
		}
		if err := pay(200, 100); !errors.Is(err, market.ErrTopUp) {
			t.Errorf("top-up is off: %v", err)
		}
		must(t, w.terms(market.ShopTerms{ProofAbove: 100_000, TopUpPercent: 20}))
		for _, bad := range []struct {
			p   points.Amount
			fen int64
		}{{200, 99}, {300, 150}, {100, 50}} {
			if err := pay(bad.p, bad.fen); !errors.Is(err, market.ErrTopUp) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		r, err := w.sell(h, 1200, market.RedeemRequest{TopUp: &market.TopUp{Points: 200, Fen: 100}}, want(rice, 2))
		if err != nil || r.Total != 1000 || r.TopUp.Fen != 100 || w.balance(h, "spend") != 0 {
			t.Fatalf("%+v %v", r, err)
		}
		audit(t, db)
		_, err = w.cancel(r.ID)
		must(t, err)
		if w.balance(h, "spend") != 1000 {
			t.Errorf("%s after the cancel: cash never becomes points", w.balance(h, "spend"))
		}
		_, err = w.market.SetPointValue(ctx, w.secretary, w.village, market.PointValueRequest{FenPerPoint: 80}) // goes before what the rules say
		must(t, err)
		v, err := w.visit(market.VisitRequest{Household: h})
		if err != nil || v.FenPer != 80 {
			t.Errorf("a point is reckoned at %d, %v", v.FenPer, err)
		}
		if err := pay(200, 100); !errors.Is(err, market.ErrTopUp) {
			t.Errorf("at the value before: %v", err)
		}
		r, err = w.sell(h, 1200, market.RedeemRequest{TopUp: &market.TopUp{Points: 200, Fen: 160}}, want(rice, 2))
		must(t, err)
		_, err = w.cancel(r.ID)
		must(t, err)

		_, err = w.market.SetGoodsTerms(ctx, w.keeper, w.village, w.shop, rice, market.GoodsTermsRequest{RequestID: w.request(), GoodsTerms: market.GoodsTerms{LimitQty: 1, LimitSpan: "week"}})
		must(t, err)
		if _, err := w.redeem(h, 1200, want(rice, 2)); !errors.Is(err, market.ErrLimited) {
			t.Errorf("two of one: %v", err)
		}
		n, err := w.reserve(w.person(0), h, 600, want(rice, 1))
		if err != nil {
			t.Log("reservations are off in these terms:", err)
		}
		must(t, w.terms(market.ShopTerms{ProofAbove: 100_000, ReserveDays: 3}))
		n, err = w.reserve(w.person(0), h, 600, want(rice, 1))
		must(t, err)
		if _, err := w.redeem(h, 600, want(rice, 1)); !errors.Is(err, market.ErrLimited) {
			t.Errorf("one is reserved already: %v", err)
		}
		_, err = w.market.CancelReservation(ctx, w.person(0), w.village, h, n.ID, market.CancelRequest{RequestID: w.request()})
		must(t, err)

		fee := w.goods("卫生费抵扣", 100, 0)
		_, err = w.market.SetGoodsTerms(ctx, w.keeper, w.village, w.shop, fee, market.GoodsTermsRequest{RequestID: w.request(), GoodsTerms: market.GoodsTerms{Fee: true}})
		must(t, err)
		if _, err := w.redeem(h, 300, want(fee, 3)); !errors.Is(err, market.ErrFee) {
			t.Errorf("a fee without a name: %v", err)
		}
		r, err = w.sell(h, 300, market.RedeemRequest{FeeFor: "2026年卫生费"}, want(fee, 3))
		if err != nil || r.FeeFor != "2026年卫生费" || !r.Lines[0].Fee || w.balance(h, "spend") != 700 {
			t.Errorf("%+v %v", r, err)
		}
		audit(t, db)
	})
}
