package cases_test

import (
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

const panelRules = `
format: 1
title: 评议细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事}
  - {code: fault, name: 反向约束}
items:
  - {code: sweep, name: 参加清扫, class: good, points: 5, review: {direct: true}}
  - {code: help, name: 帮扶, class: good, points: 10, review: {panel: true}}
  - {code: brave, name: 见义勇为, class: good, panel: {from: 1, to: 50}}
  - {code: rate, name: 庭院自评, class: good, panel: {from: 1, to: 50}, review: {panel: true, average: true}}
  - {code: closed, name: 村内奖励, class: good, points: 6, ways: [entry]}
  - {code: litter, name: 乱倒垃圾, class: fault, points: -10}
  - {code: seen, name: 焚烧秸秆, class: fault, points: -4, ways: [entry, peer]}
panel: {quorum: 3, majority: half, days: 7}
`

// lives is somebody who stands for the head of a household.
func (w *world) lives(home id.ID) access.Actor {
	w.t.Helper()
	return accesstest.Villager(w.t, w.db, w.now, w.village, memberOf(w.t, w, home))
}

// panel is so many elected members who live in the households from the third on.
func (w *world) panel(n int) []access.Actor {
	w.t.Helper()
	out := make([]access.Actor, n)
	for i := range out {
		user := accesstest.User(w.t, w.db, "评议员")
		accesstest.Grant(w.t, w.db, user, access.PanelMember, access.Place{Village: w.village})
		accesstest.Stand(w.t, w.db, user, w.village, memberOf(w.t, w, w.homes[i+2]))
		out[i] = accesstest.Actor(w.t, w.db, w.now, user)
	}
	return out
}

func (w *world) claim(a access.Actor, home id.ID, r cases.Claim) cases.Answer {
	w.t.Helper()
	r.RequestID = w.request()
	got, err := w.cases.Claim(w.t.Context(), a, w.village, home, r)
	w.must(err)
	return got
}

func TestClaim(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(panelRules)
		me, other := w.lives(w.homes[0]), w.lives(w.homes[1])
		r := cases.Claim{RequestID: w.request(), Item: "sweep", Note: "扫了村道"}
		got, err := w.cases.Claim(ctx, me, w.village, w.homes[0], r)
		if err != nil || got.State != cases.Submitted || got.Way != scheme.WayClaim || !got.CanWithdraw || got.Author != me.User() {
			t.Fatalf("%+v %v", got.View, err)
		}
		again, err := w.cases.Claim(ctx, me, w.village, w.homes[0], r)
		if err != nil || !again.Repeated || again.ID != got.ID {
			t.Errorf("%+v %v", again, err)
		}
		claim := func(a access.Actor, home id.ID, item string, subject id.ID) func() error {
			return func() error {
				_, err := w.cases.Claim(ctx, a, w.village, home, cases.Claim{RequestID: w.request(), Item: item, Subject: subject})
				return err
			}
		}
		w.refuses("for another household", access.ErrForbidden, claim(other, w.homes[0], "sweep", 0))
		w.refuses("with another's subject", cases.ErrNotMember, claim(me, w.homes[0], "sweep", w.homes[1]))
		w.refuses("not this way", cases.ErrWay, claim(me, w.homes[0], "closed", 0))
		w.refuses("a deduction", cases.ErrWay, claim(me, w.homes[0], "litter", 0))
		w.refuses("by an official for others", access.ErrForbidden, claim(w.member, w.homes[0], "sweep", 0))
		w.refuses("in the future", cases.ErrFuture, func() error {
			_, err := w.cases.Claim(ctx, me, w.village, w.homes[0], cases.Claim{RequestID: w.request(), Item: "sweep", OccurredOn: today.Add(1)})
			return err
		})
		mine, err := w.cases.List(ctx, me, w.village, cases.Filter{Mine: true})
		if err != nil || len(mine.Items) != 1 {
			t.Errorf("%d mine, %v", len(mine.Items), err)
		}
		w.refuses("another withdraws", cases.ErrNotYours, func() error {
			_, err := w.cases.WithdrawClaim(ctx, other, w.village, w.homes[1], got.ID, w.step(""))
			return err
		})
		a, err := w.cases.Approve(ctx, w.member, w.village, got.ID, w.step("属实"))
		if err != nil || a.State != cases.Effective {
			t.Fatalf("%+v %v", a, err)
		}
		w.has("approved", w.homes[0], 5, 5, 0, 0)
		w.refuses("withdraw what counts", cases.ErrState, func() error {
			_, err := w.cases.WithdrawClaim(ctx, me, w.village, w.homes[0], got.ID, w.step(""))
			return err
		})
		second := w.claim(me, w.homes[0], cases.Claim{Item: "sweep"})
		if a, err = w.cases.WithdrawClaim(ctx, me, w.village, w.homes[0], second.ID, w.step("")); err != nil || a.State != cases.Withdrawn {
			t.Errorf("%+v %v", a, err)
		}
		third := w.claim(me, w.homes[0], cases.Claim{Item: "sweep"})
		a, err = w.cases.Reject(ctx, w.member, w.village, third.ID, w.step("当天没有清扫"))
		if err != nil || a.State != cases.Rejected {
			t.Errorf("%+v %v", a, err)
		}
		if told := w.told(w.homes[0]); len(told) != 2 || !strings.Contains(told[1], "申报未通过：参加清扫 未通过审核：当天没有清扫") {
			t.Errorf("%q", told)
		}
		for range cases.MaxOpenClaims {
			w.claim(me, w.homes[0], cases.Claim{Item: "sweep"})
		}
		w.refuses("too many", cases.ErrOpenClaims, claim(me, w.homes[0], "sweep", 0))
		// An official claims for the own household and may not let it through.
		kin := accesstest.User(t, w.db, "驻村队员")
		accesstest.Grant(t, w.db, kin, access.TeamMember, access.Place{Village: w.village})
		accesstest.Stand(t, w.db, kin, w.village, memberOf(t, w, w.homes[1]))
		own := accesstest.Actor(t, w.db, w.now, kin)
		c := w.claim(own, w.homes[1], cases.Claim{Item: "sweep"})
		w.refuses("own claim", access.ErrOwn, func() error { _, err := w.cases.Approve(ctx, own, w.village, c.ID, w.step("")); return err })
	})
}

// told are the messages to a household or a user, oldest first.
func (w *world) told(to id.ID) (out []string) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), "SELECT title, body FROM messages WHERE to_id = ? ORDER BY id", to)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var title, body string
		w.must(rows.Scan(&title, &body))
		out = append(out, title+" "+body)
	}
	return out
}

func TestReportHidesWhoTold(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(panelRules)
		me, them := w.lives(w.homes[0]), w.lives(w.homes[1])
		report := func(item string, subject id.ID) (cases.Answer, error) {
			return w.cases.Report(ctx, me, w.village, w.homes[0], cases.Claim{RequestID: w.request(), Item: item, Subject: subject})
		}
		got, err := report("sweep", w.homes[1])
		if err != nil || got.Way != scheme.WayPeer || got.Author != me.User() {
			t.Fatalf("%+v %v", got, err)
		}
		w.refuses("own household", cases.ErrOwnReport, func() error { _, err := report("sweep", w.homes[0]); return err })
		w.refuses("a deduction that others may not tell", cases.ErrWay, func() error { _, err := report("litter", w.homes[1]); return err })
		if _, err := report("seen", w.homes[1]); err != nil {
			t.Error(err)
		}
		for _, v := range []struct {
			who   access.Actor
			knows bool
		}{{me, true}, {them, false}, {w.second, true}, {w.panel(1)[0], false}} {
			c, err := w.cases.Get(ctx, v.who, w.village, got.ID)
			if err != nil || (c.Author == me.User()) != v.knows || (c.AuthorName != "") != v.knows || (c.Events[0].By != "") != v.knows {
				t.Errorf("%v: %+v %v", v.knows, c, err)
			}
		}
		if mine, err := w.cases.List(ctx, me, w.village, cases.Filter{Mine: true}); err != nil || len(mine.Items) != 2 {
			t.Errorf("%d mine, %v", len(mine.Items), err)
		}
		if _, err := w.cases.Approve(ctx, w.second, w.village, got.ID, w.step("")); err != nil {
			t.Error(err)
		}
		w.has("approved", w.homes[1], 5, 5, 0, 0)
		if told := w.told(me.User()); len(told) != 1 || !strings.Contains(told[0], "报送通过") {
			t.Errorf("%q", told)
		}
		if told := w.told(w.homes[1]); len(told) != 1 || !strings.Contains(told[0], "有人报送了您家的好事") {
			t.Errorf("%q", told)
		}
		c, err := w.cases.Get(ctx, me, w.village, got.ID) // what came of it
		if err != nil || c.State != cases.Effective {
			t.Errorf("%+v %v", c, err)
		}
	})
}

func TestVote(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(panelRules)
		me, panel := w.lives(w.homes[0]), w.panel(5)
		vote := func(i int, c id.ID, aye bool, p points.Amount, why string) (cases.Answer, error) {
			return w.cases.Vote(ctx, panel[i], w.village, c, cases.VoteRequest{RequestID: w.request(), Aye: aye, Points: p * points.Point, Why: why})
		}
		votes := func(c id.ID, ayes ...bool) (last cases.Answer) {
			t.Helper()
			for i, aye := range ayes {
				var err error
				last, err = vote(i, c, aye, 0, "不清楚")
				w.must(err)
			}
			return last
		}
		c := w.claim(me, w.homes[0], cases.Claim{Item: "help"}).ID
		w.refuses("officials wait for the panel", cases.ErrPanelFirst, func() error { _, err := w.cases.Approve(ctx, w.second, w.village, c, w.step("")); return err })
		w.refuses("not on the panel", access.ErrForbidden, func() error {
			_, err := w.cases.Vote(ctx, w.second, w.village, c, cases.VoteRequest{RequestID: w.request(), Aye: true})
			return err
		})
		if open, err := w.cases.Polls(ctx, panel[0], w.village); err != nil || len(open) != 1 {
			t.Errorf("%d polls, %v", len(open), err)
		}
		w.refuses("a no without a reason", cases.ErrVoteWhy, func() error { _, err := vote(0, c, false, 0, ""); return err })
		if a := votes(c, true, true); a.State != cases.Submitted {
			t.Errorf("decided before the quorum: %s", a.State)
		}
		w.refuses("twice", cases.ErrVoted, func() error { _, err := vote(0, c, false, 0, "改主意"); return err })
		if a, err := vote(2, c, true, 0, ""); err != nil || a.State != cases.Effective { // 3 of 5: nobody can turn it
			t.Errorf("%s %v", a.State, err)
		}
		w.refuses("after the result", cases.ErrVoteClosed, func() error { _, err := vote(3, c, true, 0, ""); return err })
		w.has("carried", w.homes[0], 10, 10, 0, 0)

		c = w.claim(me, w.homes[0], cases.Claim{Item: "help"}).ID
		if a := votes(c, false, true, false); a.State != cases.Submitted {
			t.Errorf("%s", a.State)
		}
		if a, err := vote(3, c, false, 0, "没有看见"); err != nil || a.State != cases.Rejected || !strings.Contains(a.Reasons[0], "1票赞成，3票反对") {
			t.Errorf("%+v %v", a.View, err)
		}

		// The panel gives the value: everybody is heard, and the mean counts, with what the household gave itself where the item says so.
		c = w.claim(me, w.homes[0], cases.Claim{Item: "rate", Points: 20 * points.Point, Note: "院子干净"}).ID
		w.refuses("out of the range", scheme.ErrCaseInvalid, func() error { _, err := vote(0, c, true, 51, ""); return err })
		for i, p := range []points.Amount{10, 11, 12, 11} {
			a, err := vote(i, c, true, p, "")
			if err != nil || a.State != cases.Submitted {
				t.Errorf("%s %v", a.State, err)
			}
		}
		a, err := vote(4, c, false, 0, "没有去看")
		if err != nil || a.State != cases.Effective || a.Points != 1550 { // (20 + 11) / 2
			t.Errorf("%+v %v", a.View, err)
		}
		got, err := w.cases.Get(ctx, me, w.village, c)
		if err != nil || got.Claimed == nil || got.Claimed.Points != 20*points.Point || got.Claimed.Said != "自评20分，评定15.5分" || !strings.Contains(got.Claimed.Why, "各占一半") {
			t.Errorf("%+v %v", got.Claimed, err)
		}
		got, err = w.cases.Get(ctx, w.second, w.village, c)
		if err != nil || got.Ballot == nil || len(got.Ballot.Votes) != 5 || got.Ballot.Mean != 11*points.Point ||
			!strings.Contains(got.Events[1].Why, "4票赞成，1票反对，平均11分；自评20分，各占一半，为15.5分") {
			t.Errorf("%+v %+v %v", got.Ballot, got.Events, err)
		}
		if got, err = w.cases.Get(ctx, me, w.village, c); err != nil || got.Ballot == nil || got.Ballot.Votes != nil || got.Ballot.Ayes != 4 {
			t.Errorf("the household sees %+v %v", got.Ballot, err)
		}
	})
}

// TestVoteOfKinAndTies: nobody votes on the own household, a tie is a no, and without a quorum the officials decide.
func TestVoteOfKinAndTies(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.adoptNow(strings.Replace(panelRules, "quorum: 3", "quorum: 4", 1))
		panel := w.panel(5)
		vote := func(a access.Actor, c id.ID, aye bool) (cases.Answer, error) {
			return w.cases.Vote(ctx, a, w.village, c, cases.VoteRequest{RequestID: w.request(), Aye: aye, Why: "见上"})
		}
		// The fifth member's own household claims: four may vote, two against two.
		c := w.claim(panel[4], w.homes[6], cases.Claim{Item: "help"}).ID
		w.refuses("own household", access.ErrOwn, func() error { _, err := vote(panel[4], c, true); return err })
		var a cases.Answer
		var err error
		for i, aye := range []bool{true, false, true, false} {
			a, err = vote(panel[i], c, aye)
			w.must(err)
		}
		if a.State != cases.Rejected {
			t.Errorf("a tie is %s", a.State)
		}
		c = w.claim(panel[4], w.homes[6], cases.Claim{Item: "help"}).ID
		for i := range 3 {
			_, err = vote(panel[i], c, true)
			w.must(err)
		}
		w.days(7)
		w.refuses("too late", cases.ErrVoteClosed, func() error { _, err := vote(panel[3], c, true); return err })
		if n, err := w.cases.CountVotes(ctx); err != nil || n != 0 {
			t.Errorf("%d counted without a quorum, %v", n, err)
		}
		if a, err = w.cases.Approve(ctx, w.second, w.village, c, w.step("")); err != nil || a.State != cases.Effective {
			t.Errorf("%+v %v", a.View, err)
		}
		// Four of five have voted when the time is over: the nightly count decides.
		d := w.claim(w.lives(w.homes[0]), w.homes[0], cases.Claim{Item: "brave", Points: 30 * points.Point, Note: "救人", OccurredOn: clock.DayOf(w.now())}).ID
		for i := range 4 {
			_, err = w.cases.Vote(ctx, panel[i], w.village, d, cases.VoteRequest{RequestID: w.request(), Aye: true, Points: 40 * points.Point})
			w.must(err)
		}
		w.days(7)
		w.refuses("officials before the count", cases.ErrPanelFirst, func() error { _, err := w.cases.Approve(ctx, w.second, w.village, d, w.step("")); return err })
		if n, err := w.cases.CountVotes(ctx); err != nil || n != 1 {
			t.Errorf("%d counted, %v", n, err)
		}
		if n, err := w.cases.CountVotes(ctx); err != nil || n != 0 {
			t.Errorf("%d counted again, %v", n, err)
		}
		w.has("the mean counts", w.homes[0], 40, 40, 0, 0)
	})
}
