package access

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

func TestBindPhone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		u := w.login("zhang").User
		r := PhoneRequest{RequestID: w.request(), Code: "demo:" + phoneA}
		got, err := w.BindPhone(ctx, w.actor(u), r)
		if w.ok("bind", err); got.Members != 2 || got.Phone != "139****1111" || got.Repeated {
			t.Errorf("%+v: one phone stands for two members in two villages", got)
		}
		a := w.actor(u)
		if !a.IsOwn(w.house) || !a.IsOwn(w.houseOther) || a.IsOwn(w.house2) || !a.Has(Villager, w.village) || !a.Has(Villager, w.other) {
			t.Errorf("homes %+v", a.Homes())
		}
		again, err := w.BindPhone(ctx, a, r)
		if w.ok("repeat", err); !again.Repeated || again.Members != 2 {
			t.Errorf("%+v", again)
		}
		_, err = w.BindPhone(ctx, a, PhoneRequest{RequestID: r.RequestID, Code: "demo:" + phoneB})
		w.want("same id, other content", err, storage.ErrRequestReused)
		_, err = w.BindPhone(ctx, a, PhoneRequest{RequestID: w.request(), Code: "used-up"})
		w.want("bad code", err, wechat.ErrCode)
		_, err = w.BindPhone(ctx, Actor{}, PhoneRequest{})
		w.want("visitor", err, ErrSignIn)
		for _, row := range dbtest.Rows(t, db, "SELECT phone_enc, phone_idx FROM users WHERE phone_idx <> ''") {
			if strings.Contains(row, phoneA) {
				t.Error("the number lies open")
			}
		}
		me, err := w.Me(ctx, a)
		if w.ok("me", err); me.Phone != "139****1111" || len(me.Memberships) != 2 || len(me.Villages) != 2 || me.Memberships[0].Number != "001" || me.Name != "张三" {
			t.Errorf("%+v", me)
		}
		// Another phone: what the user stood for stays; nobody in the register has the new one.
		got, err = w.BindPhone(ctx, a, PhoneRequest{RequestID: w.request(), Code: "demo:" + phoneB})
		if w.ok("new phone", err); got.Members != 2 || got.Phone != "139****2222" {
			t.Errorf("%+v", got)
		}
		found, err := w.UserByPhone(ctx, "+86 "+phoneB)
		if w.ok("by phone", err); found != u {
			t.Errorf("found %v", found)
		}
		_, err = w.UserByPhone(ctx, phoneA)
		w.want("by the old phone", err, ErrUserUnknown)
	})
}

func TestPhoneTriesAreLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		a := w.actor(w.login("zhang").User)
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for range triesPhone + 5 {
			r := PhoneRequest{RequestID: w.request(), Code: "wrong"}
			wg.Go(func() {
				_, err := w.BindPhone(t.Context(), a, r)
				mu.Lock()
				defer mu.Unlock()
				if strings.Contains(err.Error(), ErrTries.Code) {
					refused++
				}
			})
		}
		wg.Wait()
		if refused != 5 {
			t.Errorf("%d refused, want 5", refused)
		}
		w.pass(1)
		_, err := w.BindPhone(t.Context(), a, PhoneRequest{RequestID: w.request(), Code: "demo:" + phoneA})
		w.ok("next day", err)
	})
}

func TestBindingByHouseholdCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		u := w.user("son")
		a := w.actor(u)
		team := w.actor(w.user("team", Grant{Role: TeamMember}))
		ask := BindingRequest{RequestID: w.request(), HouseholdCode: code1, Name: " 李小 "}
		b, err := w.AskBinding(ctx, a, ask)
		if w.ok("ask", err); b.State != BindingPending || b.Household != w.house2 || b.Number != "002" || b.Name != "李小" || b.Village != w.village {
			t.Errorf("%+v", b)
		}
		if w.actor(u).IsOwn(w.house2) {
			t.Error("asking alone binds")
		}
		same, err := w.AskBinding(ctx, a, ask)
		if w.ok("repeat", err); same.ID != b.ID || !same.Repeated {
			t.Errorf("%+v", same)
		}
		for what, c := range map[string]struct {
			r    BindingRequest
			want error
		}{
			"asked already": {BindingRequest{w.request(), code1, "李小"}, ErrBindingAsked},
			"unknown code":  {BindingRequest{w.request(), "HF-0000000000000000", "李小"}, ErrHouseholdCode},
			"no code":       {BindingRequest{w.request(), "  ", "李小"}, ErrHouseholdCode},
			"no name":       {BindingRequest{w.request(), code1, " "}, ErrBindingName},
			"long name":     {BindingRequest{w.request(), code1, strings.Repeat("李", 21)}, ErrBindingName},
			"bad request":   {BindingRequest{"short", code1, "李小"}, storage.ErrRequestID},
		} {
			_, err := w.AskBinding(ctx, a, c.r)
			w.want(what, err, c.want)
		}
		list, err := w.Bindings(ctx, team, w.village, BindingPending, 0, 0)
		if w.ok("list", err); len(list) != 1 || list[0].ID != b.ID {
			t.Errorf("%+v", list)
		}
		_, err = w.Bindings(ctx, team, w.other, BindingPending, 0, 0)
		w.want("list of a foreign village", err, ErrForbidden)
		decision := BindingDecision{RequestID: w.request(), Member: w.memberB}
		for what, c := range map[string]struct {
			a       Actor
			village id.ID
			binding id.ID
			member  id.ID
			want    error
		}{
			"by the asker":          {a, w.village, b.ID, w.memberB, ErrForbidden},
			"in a foreign village":  {team, w.other, b.ID, w.memberB, ErrForbidden},
			"no such request":       {team, w.village, 77, w.memberB, ErrNoBinding},
			"member of other house": {team, w.village, b.ID, w.memberA, ErrNotInHome},
			"no member":             {team, w.village, b.ID, 0, ErrNotInHome},
		} {
			_, err := w.ConfirmBinding(ctx, c.a, c.village, c.binding, BindingDecision{RequestID: w.request(), Member: c.member})
			w.want(what, err, c.want)
		}
		if _, err := w.Install(ctx, Place{Village: w.village}, Grant{User: u, Role: GroupLeader}); err != nil {
			t.Fatal(err)
		}
		_, err = w.ConfirmBinding(ctx, w.actor(u), w.village, b.ID, decision)
		w.want("own request as an official", err, ErrOwnBinding)
		if w.actor(u).IsOwn(w.house2) {
			t.Fatal("a refused confirmation bound")
		}
		done, err := w.ConfirmBinding(ctx, team, w.village, b.ID, decision)
		if w.ok("confirm", err); done.State != BindingConfirmed || done.Member != w.memberB || !w.actor(u).IsOwn(w.house2) {
			t.Errorf("%+v", done)
		}
		done, err = w.ConfirmBinding(ctx, team, w.village, b.ID, decision)
		if w.ok("confirm again", err); !done.Repeated {
			t.Errorf("%+v", done)
		}
		_, err = w.RefuseBinding(ctx, team, w.village, b.ID, BindingDecision{RequestID: w.request()})
		w.want("decided twice", err, ErrDecided)
		_, err = w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), code1, "李小"})
		w.want("bound already", err, ErrBound)
	})
}

func TestBindingRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		u := w.user("stranger")
		team := w.actor(w.user("team", Grant{Role: TeamMember}))
		b, err := w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), code1, "王某"})
		w.ok("ask", err)
		b, err = w.RefuseBinding(ctx, team, w.village, b.ID, BindingDecision{RequestID: w.request(), Member: w.memberB, Note: "不认识"})
		if w.ok("refuse", err); b.State != BindingRefused || b.Note != "不认识" || b.Member != 0 || w.actor(u).IsOwn(w.house2) {
			t.Errorf("%+v", b)
		}
		_, err = w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), code1, "王某"})
		w.ok("ask again", err)
		for range triesBinding - 2 {
			_, err = w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), "HF-wrong-wrong-wrong", "王某"})
			w.want("guess", err, ErrHouseholdCode)
		}
		_, err = w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), code1, "王某"})
		w.want("too many tries", err, ErrTries)
		w.exec("UPDATE household_codes SET ended_at = 1")
		w.pass(1)
		_, err = w.AskBinding(ctx, w.actor(u), BindingRequest{w.request(), code1, "王某"})
		w.want("a code that was replaced", err, ErrHouseholdCode)
	})
}

func TestResealUsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		keys, err := storage.CreateKeyring(t.TempDir() + "/keys")
		if err != nil {
			t.Fatal(err)
		}
		db.Keys = keys
		w := newWorld(t, db)
		for _, code := range []string{"a", "b", "c"} {
			_, err := w.AddUser(t.Context(), code, code, phoneB)
			w.ok("user", err)
		}
		w.user("without phone")
		read := func() (out [][]byte) {
			rows, err := db.Query(t.Context(), "SELECT phone_enc FROM users ORDER BY id")
			w.ok("read", err)
			w.ok("read", eachRow(rows, func() error {
				var b []byte
				err := rows.Scan(&b)
				out = append(out, b)
				return err
			}))
			return out
		}
		before := read()
		if _, err := keys.Rotate(); err != nil {
			t.Fatal(err)
		}
		columns := append([]storage.SealedColumn{{Table: "members", Column: "phone_enc"}}, Sealed...)
		n, err := db.Reseal(t.Context(), columns, func(int) {})
		if w.ok("reseal", err); n != 5 { // two members and three users have a number
			t.Errorf("%d resealed", n)
		}
		for i, after := range read() {
			if keys.Stale(after) || len(before[i]) > 0 && bytes.Equal(before[i], after) {
				t.Error("left under the old key")
			}
		}
		if n, err = db.Reseal(t.Context(), columns, nil); n != 0 || err != nil {
			t.Errorf("second run: %d, %v", n, err)
		}
		u, err := w.identity(t.Context(), "demo-a")
		w.ok("identity", err)
		phone, err := w.phoneOf(t.Context(), u)
		if w.ok("phone", err); phone != "139****2222" {
			t.Errorf("%q", phone)
		}
		w.exec("UPDATE users SET phone_enc = ? WHERE id = ?", append([]byte{1, 0, 0, 0, 1}, make([]byte, 40)...), u)
		_, err = db.Reseal(t.Context(), columns, nil)
		w.want("a value that does not open", err, storage.ErrTampered)
	})
}
