package access

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestGrantTable walks every role that grants × every role granted, in the own and in a foreign village.
func TestGrantTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		for _, giver := range Officials {
			a := w.actor(w.user("giver-"+string(giver), Grant{Role: giver, Shop: 5}))
			for _, role := range Officials {
				for _, village := range []id.ID{w.village, w.other} {
					target := w.user("t-" + string(giver) + "-" + string(role) + "-" + village.String())
					p := Place{Village: village}
					if role.seat() == onRegion {
						p = Place{Region: w.town}
					}
					allowed := giver == CountyAdmin || giver == FirstSecretary && role != FirstSecretary && role.seat() != onRegion && village == w.village
					term, err := w.Grant(ctx, a, p, Grant{RequestID: w.request(), User: target, Role: role, Shop: 6})
					if allowed {
						w.ok(string(giver)+" gives "+string(role), err)
						if term.Role != role || term.FromDay != w.today() || term.ToDay != clock.Forever || term.GrantedBy != a.User() {
							t.Errorf("%+v", term)
						}
						continue
					}
					if !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrAbove) {
						t.Errorf("%s gives %s: %v", giver, role, err)
					}
					if got := w.actor(target); len(got.Offices()) != 0 {
						t.Errorf("%s gave %s", giver, role)
					}
				}
			}
		}
	})
}

func TestGrantRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		boss := w.actor(w.user("boss", Grant{Role: FirstSecretary}))
		county := w.actor(w.user("county", Grant{Role: CountyAdmin}))
		u := w.user("u", Grant{Role: PanelMember})
		here := Place{Village: w.village}
		otherGroup := db.NewID()
		w.exec(`INSERT INTO regions (id, parent_id, kind, county_id, town_id, village_id, code, name, pinyin, rev, from_day, to_day, into_id)
			VALUES (?,?,'group',0,0,0,'g','g','',0,20250101,99991231,0)`, otherGroup, w.other)
		for what, c := range map[string]struct {
			a    Actor
			p    Place
			g    Grant
			want error
		}{
			"to oneself":            {boss, here, Grant{User: boss.User(), Role: TeamMember}, ErrOwnRole},
			"villager":              {boss, here, Grant{User: u, Role: Villager}, ErrRole},
			"made-up role":          {boss, here, Grant{User: u, Role: "king"}, ErrRole},
			"keeper without shop":   {boss, here, Grant{User: u, Role: Keeper}, ErrRole},
			"held already":          {boss, here, Grant{User: u, Role: PanelMember}, ErrRoleHeld},
			"held later":            {boss, here, Grant{User: u, Role: PanelMember, FromDay: w.today().Add(9), ToDay: w.today().Add(10)}, ErrRoleHeld},
			"unknown user":          {boss, here, Grant{User: 77, Role: TeamMember}, ErrUserUnknown},
			"nobody":                {boss, here, Grant{Role: TeamMember}, ErrUserUnknown},
			"unknown phone":         {boss, here, Grant{Phone: phoneB, Role: TeamMember}, ErrUserUnknown},
			"from yesterday":        {boss, here, Grant{User: u, Role: TeamMember, FromDay: w.today().Add(-1)}, ErrRoleTerm},
			"ends before it begins": {boss, here, Grant{User: u, Role: TeamMember, ToDay: w.today()}, ErrRoleTerm},
			"no such day":           {boss, here, Grant{User: u, Role: TeamMember, ToDay: 20269999}, ErrRoleTerm},
			"group of elsewhere":    {boss, here, Grant{User: u, Role: GroupLeader, Group: otherGroup}, ErrNoRegion},
			"over a village":        {county, Place{Region: w.village}, Grant{User: u, Role: Supervisor}, ErrNoRegion},
			"in a town":             {county, Place{Village: w.town}, Grant{User: u, Role: TeamMember}, ErrNoRegion},
			"visitor":               {Actor{}, here, Grant{User: u, Role: TeamMember}, ErrSignIn},
		} {
			c.g.RequestID = w.request()
			_, err := w.Grant(ctx, c.a, c.p, c.g)
			w.want(what, err, c.want)
		}
		g := Grant{RequestID: w.request(), User: u, Role: TeamMember}
		first, err := w.Grant(ctx, boss, here, g)
		w.ok("grant", err)
		second, err := w.Grant(ctx, boss, here, g)
		if w.ok("repeat", err); second.ID != first.ID || !second.Repeated {
			t.Errorf("%+v", second)
		}
		list, err := w.Roles(ctx, boss, here, false)
		if w.ok("list", err); len(list) != 3 {
			t.Errorf("%d roles listed: %+v", len(list), list)
		}
		_, err = w.Roles(ctx, boss, Place{Village: w.other}, false)
		w.want("list of a foreign village", err, ErrForbidden)
		_, err = w.Roles(ctx, boss, Place{Region: w.county}, false)
		w.want("list of the county", err, ErrForbidden)
		names, err := w.Names(ctx, u, boss.User(), 77)
		if w.ok("names", err); len(names) != 2 || names[u] != "u" {
			t.Errorf("%v", names)
		}
	})
}

func TestEndRole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		boss := w.actor(w.user("boss", Grant{Role: FirstSecretary}))
		u := w.user("u", Grant{Role: TeamMember}, Grant{Role: PanelMember})
		here := Place{Village: w.village}
		session := w.login("u")
		terms, err := w.Roles(ctx, boss, here, false)
		w.ok("list", err)
		byRole := map[Role]Term{}
		for _, term := range terms {
			byRole[term.Role] = term
		}
		_, err = w.EndRole(ctx, w.actor(u), here, byRole[FirstSecretary].ID, w.request())
		w.want("ended from below", err, ErrAbove)
		_, err = w.EndRole(ctx, boss, Place{Village: w.other}, byRole[TeamMember].ID, w.request())
		w.want("through a foreign village", err, ErrForbidden)
		_, err = w.EndRole(ctx, boss, here, 77, w.request())
		w.want("no such role", err, ErrNoRole)
		request := w.request()
		ended, err := w.EndRole(ctx, boss, here, byRole[TeamMember].ID, request)
		if w.ok("end", err); ended.ToDay != w.today() || ended.EndedBy != boss.User() {
			t.Errorf("%+v", ended)
		}
		_, err = w.Actor(ctx, session.Token)
		w.want("session after the role ended", err, ErrSignIn)
		if a := w.actor(u); a.Has(TeamMember, w.village) || !a.Has(PanelMember, w.village) {
			t.Error("the role is still held, or the other is lost")
		}
		ended, err = w.EndRole(ctx, boss, here, ended.ID, request)
		if w.ok("repeat", err); !ended.Repeated {
			t.Error("not told as repeated")
		}
		_, err = w.EndRole(ctx, boss, here, ended.ID, w.request())
		w.want("twice", err, ErrRoleEnded)
		_, err = w.EndRole(ctx, w.actor(u), here, byRole[PanelMember].ID, w.request())
		w.ok("resign", err)
		alone := w.user("alone", Grant{Role: TeamMember})
		terms, err = w.Roles(ctx, boss, here, false)
		w.ok("list", err)
		last := terms[slices.IndexFunc(terms, func(t Term) bool { return t.User == alone })]
		request = w.request()
		_, err = w.EndRole(ctx, w.actor(alone), here, last.ID, request)
		w.ok("resign the only role", err)
		ended, err = w.EndRole(ctx, w.actor(alone), here, last.ID, request)
		if w.ok("the repeat by who holds nothing any more", err); !ended.Repeated || ended.ID != last.ID {
			t.Errorf("%+v", ended)
		}
		_, err = w.EndRole(ctx, w.actor(alone), here, last.ID, w.request())
		w.want("another request", err, ErrForbidden)
		_, err = w.Grant(ctx, boss, here, Grant{RequestID: w.request(), User: u, Role: TeamMember})
		w.ok("granted anew on the same day", err)
		if !w.actor(u).Has(TeamMember, w.village) {
			t.Error("the new term is not in force")
		}
		future, err := w.Grant(ctx, boss, here, Grant{RequestID: w.request(), User: u, Role: PanelMember, FromDay: w.today().Add(3)})
		w.ok("future", err)
		_, err = w.EndRole(ctx, boss, here, future.ID, w.request())
		w.ok("ended before it began", err)
		w.pass(4)
		if w.actor(u).Has(PanelMember, w.village) {
			t.Error("a term that was called off came into force")
		}
	})
}

func TestOneGrantOfMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		boss := w.actor(w.user("boss", Grant{Role: FirstSecretary}))
		u := w.user("u")
		var wg sync.WaitGroup
		var granted atomic.Int32
		for range 10 {
			request := w.request()
			wg.Go(func() {
				_, err := w.Grant(t.Context(), boss, Place{Village: w.village}, Grant{RequestID: request, User: u, Role: TeamMember})
				if err == nil {
					granted.Add(1)
				} else if !errors.Is(err, ErrRoleHeld) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if granted.Load() != 1 {
			t.Errorf("granted %d times", granted.Load())
		}
	})
}

func TestHandOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		bossUser := w.user("boss", Grant{Role: FirstSecretary})
		boss := w.actor(bossUser)
		old := w.user("old", Grant{Role: TeamMember, ToDay: w.today().Add(300)}, Grant{Role: PanelMember})
		next, third := w.user("next", Grant{Role: PanelMember}), w.user("third")
		began := w.today()
		w.pass(100)
		session := w.login("old")
		oldActor := w.actor(old)

		_, err := w.HandOver(ctx, oldActor, w.village, HandOverRequest{RequestID: w.request(), From: old, To: next})
		w.want("alone, to one who holds less", err, ErrAbove)
		_, err = w.HandOver(ctx, boss, w.village, HandOverRequest{RequestID: w.request(), From: third, To: next})
		w.want("nothing to hand over", err, ErrNothingHeld)
		_, err = w.HandOver(ctx, boss, w.village, HandOverRequest{RequestID: w.request(), From: old, To: old})
		w.want("to oneself", err, ErrSamePerson)
		_, err = w.HandOver(ctx, boss, w.other, HandOverRequest{RequestID: w.request(), From: old, To: next})
		w.want("foreign village", err, ErrForbidden)
		_, err = w.HandOver(ctx, w.actor(next), w.village, HandOverRequest{RequestID: w.request(), From: old, To: next})
		w.want("by the one who gains", err, ErrAbove)
		if !w.actor(old).Has(TeamMember, w.village) {
			t.Fatal("a refused hand-over ended the role")
		}

		r := HandOverRequest{RequestID: w.request(), From: old, To: next, Note: "期满"}
		h, err := w.HandOver(ctx, boss, w.village, r)
		if w.ok("hand over", err); h.FromDay != began || h.ToDay != w.today() || len(h.Roles) != 2 {
			t.Errorf("%+v", h)
		}
		for _, role := range h.Roles {
			if role.Role == TeamMember && role.ToDay != began.Add(300) {
				t.Errorf("the term of the successor ends %v", role.ToDay)
			}
		}
		again, err := w.HandOver(ctx, boss, w.village, r)
		if w.ok("repeat", err); again.ID != h.ID || !again.Repeated {
			t.Errorf("%+v", again)
		}
		_, err = w.Actor(ctx, session.Token)
		w.want("session of who left", err, ErrSignIn)
		if w.actor(old).Has(TeamMember, w.village) || !w.actor(next).Has(TeamMember, w.village) {
			t.Error("roles did not pass on")
		}

		who := func(user, want id.ID) {
			t.Helper()
			got, ok, err := w.Successor(ctx, w.village, user)
			if err != nil || got != want && ok || ok != (want != 0) {
				t.Errorf("successor of %v: %v %v %v, want %v", user, got, ok, err, want)
			}
		}
		who(old, next)
		who(next, 0)
		who(third, 0)
		draft := func(user id.ID, day clock.Day, want id.ID) {
			t.Helper()
			got, ok, err := w.ProposalFor(ctx, w.actor(user), w.village, day)
			if err != nil || ok != (want != 0) || ok && got != want {
				t.Errorf("draft of %v: %v %v %v, want %v", day, got, ok, err, want)
			}
		}
		draft(old, began, next)
		draft(old, w.today(), next)
		draft(old, began.Add(-1), 0)
		draft(old, w.today().Add(1), 0)
		draft(third, began, 0)
		handed := w.today()
		w.pass(ProposalDays)
		draft(old, handed, next)

		_, err = w.HandOver(ctx, boss, w.village, HandOverRequest{RequestID: w.request(), From: next, To: third})
		w.ok("second hand-over", err)
		who(old, third)
		who(next, third)
		got, err := w.Predecessors(ctx, w.village, third)
		if w.ok("predecessors", err); len(got) != 2 {
			t.Errorf("%v", got)
		}
		draft(old, handed, third)
		w.pass(1)
		draft(old, handed, 0)
		draft(next, handed, third)

		_, err = w.Grant(ctx, boss, Place{Village: w.village}, Grant{RequestID: w.request(), User: old, Role: TeamMember})
		w.ok("comes back", err)
		who(old, 0)
		w.ok("close", w.CloseUser(ctx, third))
		_, err = w.HandOver(ctx, boss, w.village, HandOverRequest{RequestID: w.request(), From: third, To: old})
		w.ok("from a closed user", err)
		_, err = w.HandOver(ctx, boss, w.village, HandOverRequest{RequestID: w.request(), From: old, To: third})
		w.want("to a closed user", err, ErrUserUnknown)
		who(third, old)
		who(old, 0)
	})
}

func TestHandOverAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		from, to := w.user("from", Grant{Role: TeamMember}), w.user("to", Grant{Role: TeamMember})
		r := HandOverRequest{RequestID: w.request(), From: from, To: to, ToName: strings.Repeat("长", 21)}
		_, err := w.HandOver(t.Context(), w.actor(from), w.village, r)
		w.want("a name too long", err, ErrHandName)
		r.ToName = ""
		first, err := w.HandOver(t.Context(), w.actor(from), w.village, r)
		w.ok("to a colleague of the same rank", err)
		again, err := w.HandOver(t.Context(), w.actor(from), w.village, r)
		if w.ok("the repeat by who holds nothing any more", err); !again.Repeated || again.ID != first.ID {
			t.Errorf("%+v", again)
		}
		r.Note = "别的话"
		_, err = w.HandOver(t.Context(), w.actor(from), w.village, r)
		w.want("the same request with another note", err, ErrForbidden)
		r.RequestID = w.request()
		_, err = w.HandOver(t.Context(), w.actor(from), w.village, r)
		w.want("another request", err, ErrForbidden)
		if w.actor(from).Has(TeamMember, w.village) || len(w.actor(to).Offices()) != 1 {
			t.Error("roles")
		}
	})
}
