package access

import (
	"testing"
	"time"

	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func TestSessionsListAndEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		w.user("a")
		w.user("b")
		one := w.login("a")
		w.at = w.at.Add(time.Second)
		two := w.login("a")
		foreign := w.login("b")
		a, err := w.Actor(ctx, two.Token)
		w.ok("actor", err)
		list, err := w.Sessions(ctx, a)
		w.ok("list", err)
		if len(list) != 2 || !list[0].Current || list[1].Current || list[1].How != ByWeChat || list[1].Device != "test phone" {
			t.Fatalf("list %+v", list)
		}
		w.ok("end", w.EndSession(ctx, a, list[1].Ref))
		_, err = w.Actor(ctx, one.Token)
		w.want("ended", err, ErrSignIn)
		w.want("again", w.EndSession(ctx, a, list[1].Ref), ErrNoSession)
		b, _ := w.Actor(ctx, foreign.Token)
		theirs, _ := w.Sessions(ctx, b)
		w.want("another's session", w.EndSession(ctx, a, theirs[0].Ref), ErrNoSession)
		w.ok("everywhere", w.LogoutEverywhere(ctx, a))
		_, err = w.Actor(ctx, two.Token)
		w.want("after everywhere", err, ErrSignIn)
	})
}

func TestConsentAndClosing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		o := w.sends()
		w.ask(phoneA)
		s, err := w.LoginByCode(ctx, CodeLogin{Phone: phoneA, Code: o.last(phoneA)})
		w.ok("login", err)
		a, _ := w.Actor(ctx, s.Token)
		r := ConsentRequest{RequestID: w.request(), Kind: ConsentPhone}
		_, err = w.Agree(ctx, a, r)
		w.ok("take back the phone", err)
		repeated, err := w.Agree(ctx, a, r)
		if err != nil || !repeated {
			t.Errorf("repeat: %v, %v", repeated, err)
		}
		a, err = w.Actor(ctx, s.Token)
		w.ok("still logged in", err)
		if me, _ := w.Me(ctx, a); me.Phone != "" || len(me.Memberships) != 2 {
			t.Errorf("me %+v", me)
		}
		_, err = w.Agree(ctx, a, ConsentRequest{RequestID: w.request(), Kind: ConsentPrivacy})
		w.ok("take back everything", err)
		_, err = w.Actor(ctx, s.Token)
		w.want("no session is left", err, ErrSignIn)

		official := w.actor(w.user("official", Grant{Role: TeamMember}))
		w.want("official", w.CloseOwn(ctx, official, CloseRequest{Confirm: "注销"}), ErrHoldsOffice)
		v := w.login("villager") // a new WeChat account
		b, _ := w.Actor(ctx, v.Token)
		w.ok("stand", w.Stand(ctx, b.User(), w.memberB, w.village))
		b, _ = w.Actor(ctx, v.Token)
		w.want("not sure", w.CloseOwn(ctx, b, CloseRequest{Confirm: "是"}), ErrNotSure)
		w.ok("close", w.CloseOwn(ctx, b, CloseRequest{Confirm: "注销"}))
		_, err = w.Actor(ctx, v.Token)
		w.want("closed", err, ErrSignIn)
		again := w.login("villager")
		c, err := w.Actor(ctx, again.Token)
		w.ok("a new beginning", err)
		if !again.New || c.User() == b.User() || len(c.Homes()) != 0 {
			t.Errorf("%+v lives in %v", again, c.Homes())
		}
	})
}
