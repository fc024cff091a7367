package access

import (
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const goodPIN = "384915"

// withPIN is a villager of household 2, whose code is code1, after a PIN was set.
func (w *world) withPIN() Actor {
	w.t.Helper()
	user := w.user("villager")
	w.ok("stand", w.Stand(w.t.Context(), user, w.memberB, w.village))
	a := w.actor(user)
	_, err := w.SetPIN(w.t.Context(), a, w.village, w.house2, PINRequest{RequestID: w.request(), PIN: goodPIN})
	w.ok("set pin", err)
	return a
}

func (w *world) byPIN(pin string) (Session, error) {
	return w.LoginByPIN(w.t.Context(), PINLogin{HouseholdCode: code1, PIN: pin, Device: "网页"})
}

func TestLoginByPIN(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		_, err := w.byPIN(goodPIN)
		w.want("before a PIN is set", err, ErrNoPIN)
		a := w.withPIN()
		for _, pin := range []string{"12345", "1234567", "12345a", ""} {
			_, err := w.byPIN(pin)
			w.want("form "+pin, err, ErrPINForm)
		}
		_, err = w.LoginByPIN(ctx, PINLogin{HouseholdCode: "HF-nobody0000000000", PIN: goodPIN})
		w.want("code of nobody", err, ErrPINCode)
		_, err = w.byPIN("384916")
		w.want("wrong", err, ErrPIN)
		s, err := w.byPIN("３８４９１５") // typed wide
		w.ok("login", err)
		if s.Household != w.house2 || s.ChoosePIN || s.User == a.User() {
			t.Errorf("session %+v", s)
		}
		b, err := w.Actor(ctx, s.Token)
		w.ok("actor", err)
		if b.OnlyHousehold() != w.house2 || len(b.Homes()) != 1 || b.Homes()[0] != (Home{w.village, w.house2, w.memberB}) {
			t.Errorf("actor %+v", b)
		}
		here, there := Place{Village: w.village, Household: w.house2}, Place{Village: w.village, Household: w.house}
		w.ok("own household", b.Allow(MayOwn, here))
		w.ok("villager", b.Allow(Need{Roles: []Role{Villager}, Scope: Village}, here))
		w.want("neighbour", b.Allow(MayOwn, there), ErrForbidden)
		w.want("office", b.Allow(Need{Roles: Officials, Scope: Village}, here), ErrForbidden)
		me, err := w.Me(ctx, b)
		w.ok("me", err)
		if me.Only != w.house2 || len(me.Memberships) != 1 || me.Memberships[0].Number != "002" || me.Memberships[0].MemberName != "李四" || len(me.Roles) != 0 {
			t.Errorf("me %+v", me)
		}
		// What concerns a person is not for a household.
		_, err = w.BindPhone(ctx, b, PhoneRequest{RequestID: w.request(), Code: "demo:" + phoneA})
		w.want("phone", err, ErrHouseholdOnly)
		_, err = w.AskBinding(ctx, b, BindingRequest{RequestID: w.request(), HouseholdCode: code1, Name: "王五"})
		w.want("binding", err, ErrHouseholdOnly)
		w.want("close", w.CloseOwn(ctx, b, CloseRequest{Confirm: "注销"}), ErrHouseholdOnly)
	})
}

// The person may hold any office: a session by PIN has none of it, and the household as a user can be given none.
func TestPINGivesNoOffice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		official := w.user("official", Grant{Role: FirstSecretary}, Grant{Role: TeamMember})
		w.ok("stand", w.Stand(ctx, official, w.memberB, w.village))
		_, err := w.SetPIN(ctx, w.actor(official), w.village, w.house2, PINRequest{RequestID: w.request(), PIN: goodPIN})
		w.ok("set", err)
		s, err := w.byPIN(goodPIN)
		w.ok("login", err)
		b, err := w.Actor(ctx, s.Token)
		w.ok("actor", err)
		if len(b.Offices()) != 0 || b.Has(TeamMember, w.village) {
			t.Errorf("offices %v", b.Offices())
		}
		_, err = w.Install(ctx, Place{Village: w.village}, Grant{User: s.User, Role: TeamMember})
		w.want("office for a household", err, ErrUserUnknown)
		_, err = w.HandOver(ctx, w.actor(w.user("county", Grant{Role: CountyAdmin})), w.village, HandOverRequest{RequestID: w.request(), From: official, To: s.User})
		w.want("hand-over to a household", err, ErrUserUnknown)
		// Even a role written into the table has no effect.
		w.exec(`INSERT INTO user_roles (id, user_id, role, village_id, shop_id, group_id, region_id, from_day, to_day, granted_by, granted_at, ended_by, ended_at)
			VALUES (?,?,'team_member',?,0,0,0,20260101,99991231,0,0,0,0)`, db.NewID(), s.User, w.village)
		b, _ = w.Actor(ctx, s.Token)
		w.want("role in the table", b.Allow(MayIssuePIN, Place{Village: w.village}), ErrForbidden)
		// The household ends: so does the session.
		w.exec("UPDATE households SET to_day = ? WHERE id = ?", w.today(), w.house2)
		_, err = w.Actor(ctx, s.Token)
		w.want("ended household", err, ErrSignIn)
		_, err = w.byPIN(goodPIN)
		w.want("login to an ended household", err, ErrPINCode)
	})
}

func TestPINLockAndUnlock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		own := w.withPIN()
		wrong, locked := storm(t, func(i int) error {
			if i%2 == 0 { // the counter of the shop asks by another way for the same tries
				return w.CheckPIN(ctx, w.village, w.house2, "907146")
			}
			_, err := w.byPIN("907146")
			return err
		}, ErrPIN, ErrPINLocked)
		if wrong != 4 || locked != 46 { // the fifth wrong one is told that it has locked
			t.Errorf("%d wrong, %d locked", wrong, locked)
		}
		p, err := w.pin(ctx, w.house2)
		w.ok("pin", err)
		if p.tries != 5 { // each try that is counted is one comparison
			t.Errorf("%d compared", p.tries)
		}
		_, err = w.byPIN(goodPIN)
		w.want("the right one while locked", err, ErrPINLocked)
		state, err := w.PINState(ctx, own, w.village, w.house2)
		w.ok("state", err)
		if !state.Set || !state.Locked || state.TriesLeft != 0 || state.SetBy != "villager" {
			t.Errorf("state %+v", state)
		}
		team := w.actor(w.user("team", Grant{Role: TeamMember}))
		leader := w.actor(w.user("leader", Grant{Role: GroupLeader}))
		_, err = w.UnlockPIN(ctx, own, w.village, w.house2, w.request())
		w.want("unlock by oneself", err, ErrForbidden)
		_, err = w.UnlockPIN(ctx, leader, w.village, w.house2, w.request())
		w.want("unlock by another office", err, ErrForbidden)
		_, err = w.UnlockPIN(ctx, team, w.village, w.houseOther, w.request())
		w.want("household of another village", err, ErrPINCode)
		_, err = w.UnlockPIN(ctx, team, w.village, w.house, w.request())
		w.want("household without a PIN", err, ErrNoPIN)
		_, err = w.UnlockPIN(ctx, team, w.village, w.house2, w.request())
		w.ok("unlock", err)
		_, err = w.byPIN("907146")
		w.want("wrong again", err, ErrPIN)
		w.ok("right", w.CheckPIN(ctx, w.village, w.house2, goodPIN))
		if state, _ = w.PINState(ctx, team, w.village, w.house2); state.TriesLeft != 5 || state.Locked {
			t.Errorf("state %+v", state)
		}
		w.want("pin in another village", w.CheckPIN(ctx, w.other, w.house2, goodPIN), ErrPINCode)
		if has, err := w.HasPIN(ctx, w.house2); err != nil || !has {
			t.Error(has, err)
		}
		if has, err := w.HasPIN(ctx, w.house); err != nil || has {
			t.Error(has, err)
		}
	})
}

func TestChangePIN(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		own := w.withPIN()
		set := func(a Actor, household id.ID, r PINRequest) error {
			if r.RequestID == "" {
				r.RequestID = w.request()
			}
			_, err := w.SetPIN(ctx, a, w.village, household, r)
			return err
		}
		w.want("weak", set(own, w.house2, PINRequest{PIN: "123456"}), ErrPINWeak)
		w.want("of another household", set(own, w.house, PINRequest{PIN: "907146"}), ErrForbidden)
		s, err := w.byPIN(goodPIN)
		w.ok("login", err)
		other, err := w.byPIN(goodPIN)
		w.ok("another phone", err)
		b, _ := w.Actor(ctx, s.Token)
		w.want("without the present one", set(b, w.house2, PINRequest{PIN: "907146"}), ErrPINForm)
		w.want("with a wrong one", set(b, w.house2, PINRequest{PIN: "907146", Old: "111112"}), ErrPIN)
		change := PINRequest{RequestID: w.request(), PIN: "907146", Old: goodPIN}
		w.ok("change", set(b, w.house2, change))
		w.ok("repeat", set(b, w.house2, change))
		_, err = w.Actor(ctx, s.Token)
		w.ok("the session that changed it", err)
		_, err = w.Actor(ctx, other.Token)
		w.want("the other one", err, ErrSignIn)
		_, err = w.byPIN(goodPIN)
		w.want("the earlier PIN", err, ErrPIN)
		r := w.request()
		_, err = w.RemovePIN(ctx, own, w.village, w.house2, r)
		w.ok("remove", err)
		if again, err := w.RemovePIN(ctx, own, w.village, w.house2, r); err != nil || !again {
			t.Error(again, err)
		}
		_, err = w.Actor(ctx, s.Token)
		w.want("session of a PIN that is gone", err, ErrSignIn)
		_, err = w.byPIN("907146")
		w.want("after removing", err, ErrNoPIN)
		w.ok("set anew", set(own, w.house2, PINRequest{PIN: goodPIN}))
		again, err := w.byPIN(goodPIN)
		w.ok("login", err)
		if again.User != s.User {
			t.Error("the household is another user now")
		}
	})
}

func TestSlipPIN(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		own := w.withPIN()
		before, err := w.byPIN(goodPIN)
		w.ok("login", err)
		team := w.user("team", Grant{Role: TeamMember})
		w.ok("stand", w.Stand(ctx, team, w.memberA, w.village))
		_, err = w.IssuePIN(ctx, w.actor(team), w.village, w.house, w.request())
		w.want("for the own household", err, ErrOwn)
		_, err = w.IssuePIN(ctx, own, w.village, w.house2, w.request())
		w.want("by a villager", err, ErrForbidden)
		r := w.request()
		slip, err := w.IssuePIN(ctx, w.actor(team), w.village, w.house2, r)
		w.ok("issue", err)
		if slip.Number != "002" || slip.Village != "林源村" || len(slip.PIN) != 6 || len(slip.Lines) == 0 {
			t.Errorf("slip %+v", slip)
		}
		again, err := w.IssuePIN(ctx, w.actor(team), w.village, w.house2, r)
		w.ok("repeat", err)
		if !again.Repeated || again.PIN != slip.PIN {
			t.Error("the repeat gives another slip")
		}
		_, err = w.Actor(ctx, before.Token)
		w.want("session before", err, ErrSignIn)
		s, err := w.byPIN(slip.PIN)
		w.ok("login with the slip", err)
		if !s.ChoosePIN {
			t.Error("nobody asks for an own PIN")
		}
		b, _ := w.Actor(ctx, s.Token)
		if state, _ := w.PINState(ctx, b, w.village, w.house2); !state.FromSlip || state.SetBy != "team" {
			t.Errorf("state %+v", state)
		}
		_, err = w.SetPIN(ctx, b, w.village, w.house2, PINRequest{RequestID: w.request(), PIN: "907146"})
		w.ok("own PIN after a slip, without the old one", err)
		_, err = w.IssuePIN(ctx, w.actor(team), w.village, w.house2, r)
		w.want("repeat after another PIN", err, ErrPINChanged)
		second, err := w.IssuePIN(ctx, w.actor(team), w.village, w.house2, w.request())
		w.ok("another slip", err)
		if second.PIN == slip.PIN {
			t.Error("two slips have one PIN")
		}
	})
}

// Two phones that set the first PIN at once leave one, and one user for the household.
func TestFirstPINAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		user := w.user("villager")
		w.ok("stand", w.Stand(t.Context(), user, w.memberB, w.village))
		a := w.actor(user)
		done := make(chan error, 4)
		for i := range 4 {
			go func() {
				_, err := w.SetPIN(t.Context(), a, w.village, w.house2, PINRequest{RequestID: "first-pin-000000" + id.ID(i).String(), PIN: goodPIN})
				done <- err
			}()
		}
		for range 4 {
			w.ok("set", <-done)
		}
		var pins, users int
		if err := db.QueryRow(t.Context(), "SELECT (SELECT COUNT(*) FROM household_pins), (SELECT COUNT(*) FROM users WHERE name LIKE '户主%')").Scan(&pins, &users); err != nil {
			t.Fatal(err)
		}
		if pins != 1 || users != 1 {
			t.Errorf("%d PINs, %d users", pins, users)
		}
		w.at = w.at.Add(time.Minute)
		_, err := w.byPIN(goodPIN)
		w.ok("login", err)
	})
}

func TestWeakPIN(t *testing.T) {
	born := []clock.Day{clock.MakeDay(1960, 7, 14), 0}
	for _, pin := range []string{"123456", "000000", "654321", "890123", "210987", "121212", "123123", "777777", "112233", "000012", "600714", "196007", "520520"} {
		if weakPIN(pin, "一组12号", born) == nil {
			t.Errorf("%s passes", pin)
		}
	}
	for _, pin := range []string{"384915", "907146", "112358", "600715"} {
		if err := weakPIN(pin, "12", born); err != nil {
			t.Errorf("%s: %v", pin, err)
		}
	}
	if weakPIN("204817", "51013204817", nil) == nil {
		t.Error("the end of the household's number passes")
	}
}
