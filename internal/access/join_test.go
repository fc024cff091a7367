package access

import (
	"testing"
	"time"

	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// byCode logs in with a code to a number.
func (w *world) byCode(o *outbound, phone string) Session {
	w.t.Helper()
	w.at = w.at.Add(2 * time.Minute)
	w.ask(phone)
	s, err := w.LoginByCode(w.t.Context(), CodeLogin{Phone: phone, Code: o.last(phone), Privacy: "1"})
	w.ok("login by code", err)
	return s
}

func (w *world) bindPhone(token, phone string) PhoneBound {
	w.t.Helper()
	a, err := w.Actor(w.t.Context(), token)
	w.ok("actor", err)
	got, err := w.BindPhone(w.t.Context(), a, PhoneRequest{RequestID: w.request(), Code: "demo:" + phone})
	w.ok("bind phone", err)
	return got
}

func (w *world) userOfToken(token string) id.ID {
	w.t.Helper()
	a, err := w.Actor(w.t.Context(), token)
	w.ok("actor", err)
	return a.User()
}

// Who came in with a code on H5 and later by WeChat with the same number is one user, with the homes of both; every device stays
// logged in, and the next login either way finds that user.
func TestPhoneAndWeChatBecomeOneUser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		o := w.sends()
		web := w.byCode(o, phoneA)
		mini := w.login("zhang")
		w.ok("stand", w.Stand(ctx, mini.User, w.memberB, w.village)) // by card, say
		w.exec("UPDATE users SET name = '张三' WHERE id = ?", mini.User)
		w.exec("INSERT INTO bindings (id, village_id, user_id, household_id, name, state, open_key, member_id, note, created_at, decided_at, decided_by) VALUES (?,?,?,?,'张三','pending',?,0,'',0,0,0)",
			db.NewID(), w.village, mini.User, w.house2, openKey(mini.User, w.house2))
		a, _ := w.Actor(ctx, mini.Token)
		r := PhoneRequest{RequestID: w.request(), Code: "demo:" + phoneA}
		got, err := w.BindPhone(ctx, a, r)
		w.ok("bind", err)
		if !got.Joined || got.Members != 3 || got.Phone != "139****1111" {
			t.Errorf("bound %+v", got)
		}
		again, err := w.BindPhone(ctx, w.actor(web.User), r)
		if w.ok("the answer was lost", err); !again.Repeated || again.Members != 3 {
			t.Errorf("repeat %+v", again)
		}
		for name, token := range map[string]string{"web": web.Token, "mini-program": mini.Token, "WeChat again": w.login("zhang").Token, "code again": w.byCode(o, phoneA).Token} {
			if user := w.userOfToken(token); user != web.User {
				t.Errorf("%s is user %v, want %v", name, user, web.User)
			}
		}
		a, _ = w.Actor(ctx, mini.Token)
		me, err := w.Me(ctx, a)
		w.ok("me", err)
		if len(me.Memberships) != 3 || len(me.Bindings) != 1 || me.Name != "张三" {
			t.Errorf("me %+v", me)
		}
		_, err = w.ActAs(ctx, mini.User)
		w.want("the other is closed", err, ErrUserUnknown)
		if found, err := w.UserByPhone(ctx, phoneA); err != nil || found != web.User {
			t.Errorf("by phone %v, %v", found, err)
		}
	})
}

// What makes two users of one number two persons, or leaves it open: they stay two.
func TestUsersOfOneNumberStayTwo(t *testing.T) {
	for name, between := range map[string]func(w *world, web, mini id.ID){
		"names differ": func(w *world, _, mini id.ID) { w.exec("UPDATE users SET name = '张小' WHERE id = ?", mini) },
		"proved too long ago": func(w *world, web, _ id.ID) {
			w.exec("UPDATE users SET phone_at = ? WHERE id = ?", w.at.AddDate(0, 0, -provedDays-1).UnixMilli(), web)
		},
		"both hold offices": func(w *world, web, mini id.ID) {
			for _, u := range []id.ID{web, mini} {
				_, err := w.Install(w.t.Context(), Place{Village: w.village}, Grant{User: u, Role: TeamMember})
				w.ok("office", err)
			}
		},
		"both come in by WeChat": func(w *world, web, _ id.ID) {
			w.exec("INSERT INTO identities (appid, openid, unionid, user_id, created_at) VALUES ('x', 'y', '', ?, 0)", web)
		},
		"a third has the number": func(w *world, _, _ id.ID) {
			third := w.user("third")
			w.ok("phone", w.db.InTx(w.t.Context(), func(tx *storage.Tx) error { return w.setPhone(tx, third, phoneA) }))
		},
		"the first took the number back": func(w *world, web, _ id.ID) {
			_, err := w.Agree(w.t.Context(), w.actor(web), ConsentRequest{RequestID: w.request(), Kind: ConsentPhone})
			w.ok("take back", err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *storage.DB) {
				w := newWorld(t, db)
				o := w.sends()
				web, mini := w.byCode(o, phoneA), w.login("zhang")
				between(w, web.User, mini.User)
				if got := w.bindPhone(mini.Token, phoneA); got.Joined {
					t.Errorf("joined: %+v", got)
				}
				if w.userOfToken(web.Token) == w.userOfToken(mini.Token) {
					t.Error("one user")
				}
			})
		})
	}
}

// The one in office remains, whichever is older, so that records and offices keep their user.
func TestTheOfficialRemains(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		o := w.sends()
		web, mini := w.byCode(o, phoneB), w.login("li")
		_, err := w.Install(ctx, Place{Village: w.village}, Grant{User: mini.User, Role: TeamMember, Name: "李队员"})
		w.ok("office", err)
		if got := w.bindPhone(mini.Token, phoneB); !got.Joined {
			t.Errorf("bound %+v", got)
		}
		a, err := w.Actor(ctx, web.Token)
		w.ok("actor", err)
		if a.User() != mini.User || !a.Has(TeamMember, w.village) {
			t.Errorf("the web session is user %v", a.User())
		}
	})
}

func TestSessionsTellWhenTheyWereUsed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		w.user("a")
		one, two := w.login("a"), w.login("a")
		w.pass(3)
		_, err := w.Actor(ctx, one.Token)
		w.ok("used", err)
		used := w.at.UnixMilli()
		n, err := w.WriteSeen(ctx)
		if w.ok("write", err); n != 1 {
			t.Errorf("%d written", n)
		}
		if n, err := w.WriteSeen(ctx); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		w.pass(1)
		a, err := w.Actor(ctx, two.Token)
		w.ok("actor", err)
		list, err := w.Sessions(ctx, a)
		w.ok("list", err)
		for _, d := range list {
			if d.Current && d.SeenAt != w.at.UnixMilli() || !d.Current && d.SeenAt != used {
				t.Errorf("session %+v", d)
			}
		}
	})
}
