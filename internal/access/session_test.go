package access

import (
	"strings"
	"sync"
	"testing"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

func TestLogin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		first := w.login("zhang")
		if !first.New || len(first.Token) != tokenChars {
			t.Errorf("first login: %+v", first)
		}
		second := w.login("zhang")
		if second.New || second.User != first.User || second.Token == first.Token {
			t.Error("second login")
		}
		if w.login("ZHANG").User == first.User {
			t.Error("openids differ by case")
		}
		a, err := w.Actor(ctx, first.Token)
		if w.ok("actor", err); a.User() != first.User {
			t.Errorf("actor is %v", a.User())
		}
		for _, row := range dbtest.Rows(t, db, "SELECT token_hash FROM sessions") {
			if strings.Contains(row, first.Token) {
				t.Error("the token is stored")
			}
		}
		w.ok("logout", w.Logout(ctx, a))
		_, err = w.Actor(ctx, first.Token)
		w.want("after logout", err, ErrSignIn)
		_, err = w.Actor(ctx, second.Token)
		w.ok("the other session goes on", err)
		w.ok("logout everywhere", w.LogoutEverywhere(ctx, a))
		_, err = w.Actor(ctx, second.Token)
		w.want("after logout everywhere", err, ErrSignIn)
		for _, token := range []string{"", "x", strings.Repeat("a", tokenChars), strings.Repeat("a", 5000)} {
			_, err = w.Actor(ctx, token)
			w.want("made-up token", err, ErrSignIn)
		}
		_, err = w.Login(ctx, "nonsense", "")
		w.want("bad code", err, wechat.ErrCode)
		_, err = New(db, w.now, nil).Login(ctx, "demo:zhang", "")
		w.want("without WeChat", err, ErrNoWeChat)
	})
}

func TestSessionsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		s := w.login("zhang")
		w.pass(sessionDays - 1)
		_, err := w.Actor(ctx, s.Token)
		w.ok("last day", err)
		w.pass(1)
		_, err = w.Actor(ctx, s.Token)
		w.want("expired", err, ErrSignIn)
		if n, err := w.PurgeSessions(ctx); n != 1 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
		oldest := w.login("zhang")
		for range maxSessions {
			w.at = w.at.Add(1e9)
			s = w.login("zhang")
		}
		if n := len(dbtest.Rows(t, db, "SELECT 1 FROM sessions WHERE user_id = ?", s.User)); n != maxSessions {
			t.Errorf("%d sessions", n)
		}
		_, err = w.Actor(ctx, oldest.Token)
		w.want("oldest beyond the limit", err, ErrSignIn)
		w.ok("close", w.CloseUser(ctx, s.User))
		_, err = w.Actor(ctx, s.Token)
		w.want("closed user", err, ErrSignIn)
		_, err = w.Login(ctx, "demo:zhang", "")
		w.want("login of a closed user", err, ErrUserClosed)
		_, err = w.ActAs(ctx, s.User)
		w.want("acting as a closed user", err, ErrUserUnknown)
	})
}

func TestFirstLoginsMakeOneUser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		var wg sync.WaitGroup
		users := make([]id.ID, 12)
		for i := range users {
			wg.Go(func() {
				s, err := w.Login(t.Context(), "demo:twin", "")
				if err != nil {
					t.Error(err)
				}
				users[i] = s.User
			})
		}
		wg.Wait()
		for _, u := range users {
			if u != users[0] {
				t.Fatalf("users %v", users)
			}
		}
		if n := len(dbtest.Rows(t, db, "SELECT id FROM users")); n != 1 {
			t.Errorf("%d users made", n)
		}
	})
}

func TestActorSeesTheDatabaseOfNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		u := w.user("official", Grant{Role: TeamMember, ToDay: w.today().Add(10)}, Grant{Role: GroupLeader, Group: w.group}, Grant{Role: PanelMember, FromDay: w.today().Add(5)})
		w.ok("stand", w.Stand(t.Context(), u, w.memberA, w.village))
		w.exec("INSERT INTO kin (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES (?,?,?,?,'兄弟',20260101,?,0)",
			db.NewID(), w.village, w.memberA, w.house2, w.today().Add(20))
		a := w.actor(u)
		if !a.Has(TeamMember, w.village) || a.Has(TeamMember, w.other) || a.Has(PanelMember, w.village) || !a.Has(Villager, w.village) {
			t.Errorf("roles: %+v", a.Offices())
		}
		if g := a.Leads(w.village); len(g) != 1 || g[0] != w.group {
			t.Errorf("leads %v", g)
		}
		if hs := a.Households(); len(hs) != 1 || hs[0] != w.house || !a.IsOwn(w.house2) || a.IsOwn(w.houseOther) {
			t.Errorf("homes %v", a.Homes())
		}
		w.pass(5)
		if a = w.actor(u); !a.Has(PanelMember, w.village) {
			t.Error("a term that began is not seen")
		}
		w.pass(5)
		if a = w.actor(u); a.Has(TeamMember, w.village) {
			t.Error("a term that ended is still in force")
		}
		w.exec("UPDATE memberships SET to_day = ? WHERE member_id = ?", w.today(), w.memberA)
		w.pass(10)
		if a = w.actor(u); a.IsOwn(w.house) || a.IsOwn(w.house2) || a.Has(Villager, w.village) {
			t.Error("ended membership or kinship still counts")
		}
	})
}

func TestRolesOverRegions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		county := w.actor(w.user("county", Grant{Role: CountyAdmin}))
		townUser := w.user("town")
		_, err := w.Install(t.Context(), Place{Region: w.town}, Grant{User: townUser, Role: Supervisor})
		w.ok("install", err)
		town := w.actor(townUser)
		for what, c := range map[string]struct {
			a    Actor
			role Role
			p    Place
			want bool
		}{
			"county, village":       {county, CountyAdmin, Place{Village: w.village}, true},
			"county, other village": {county, CountyAdmin, Place{Village: w.other}, true},
			"county, region":        {county, CountyAdmin, Place{Village: w.village, Region: w.county}, true},
			"county as supervisor":  {county, Supervisor, Place{Village: w.village}, false},
			"town, village":         {town, Supervisor, Place{Village: w.village}, true},
			"town, foreign village": {town, Supervisor, Place{Village: w.other}, false},
			"town, unknown village": {town, Supervisor, Place{Village: 77}, false},
		} {
			if got := c.a.Allow(Need{Roles: []Role{c.role}, Scope: Village}, c.p) == nil; got != c.want {
				t.Errorf("%s: %v", what, got)
			}
		}
		over := Need{Roles: []Role{Supervisor, CountyAdmin}, Scope: Region}
		w.ok("county over town", county.Allow(over, Place{Region: w.town}))
		w.want("town over county", town.Allow(over, Place{Region: w.county}), ErrForbidden)
		w.want("town over other town", town.Allow(over, Place{Region: w.otherTown}), ErrForbidden)
	})
}

func TestActorIsOneStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.user("team", Grant{Role: TeamMember})
		s := w.login("team")
		ctx, n := storage.CountStatements(t.Context())
		_, err := w.Actor(ctx, s.Token)
		if w.ok("actor", err); n.Load() != 1 {
			t.Errorf("%d statements", n.Load())
		}
	})
}

func TestDemoAllowed(t *testing.T) {
	for _, c := range []struct {
		demo   bool
		listen string
		want   bool
	}{
		{true, "127.0.0.1:8080", true}, {true, "localhost:8080", true}, {true, "[::1]:8080", true},
		{true, "0.0.0.0:8080", false}, {true, ":8080", false}, {true, "192.168.1.5:8080", false}, {true, "[::]:8080", false},
		{true, "example.org:8080", false}, {true, "", false}, {true, "127.0.0.1", false}, {true, "localhost.evil.org:80", false},
		{false, "127.0.0.1:8080", false}, {false, "", false},
	} {
		for _, engine := range []string{config.SQLite, config.MySQL} {
			cfg := config.Config{Demo: c.demo, Listen: c.listen, Database: config.Database{Engine: engine}}
			if got := DemoAllowed(cfg); got != c.want {
				t.Errorf("demo %v on %q: %v", c.demo, c.listen, got)
			}
			wx, err := WeChat(cfg)
			if _, fake := wx.(*wechat.Fake); err != nil || fake != c.want {
				t.Errorf("demo %v on %q: %T, %v", c.demo, c.listen, wx, err)
			}
		}
	}
	wx, err := WeChat(config.Config{Demo: true, Listen: "0.0.0.0:80", Wechat: config.Wechat{AppID: "wx1", Secret: "s"}})
	if _, real := wx.(*wechat.Real); err != nil || !real {
		t.Errorf("%T, %v", wx, err)
	}
}

func TestPersonas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		u := w.user("keeper", Grant{Role: Keeper, Shop: 5})
		w.ok("persona", w.AddPersona(ctx, Persona{Code: "keeper", Name: "王五", Role: Keeper, Village: w.village, User: u}, 1))
		list, err := w.Personas(ctx)
		if w.ok("list", err); len(list) != 1 || list[0].VillageName != "林源村" || list[0].RoleName != "超市管理员" {
			t.Errorf("%+v", list)
		}
		s, err := w.LoginDemo(ctx, "keeper", "")
		if w.ok("login", err); s.User != u {
			t.Error("another user")
		}
		_, err = w.LoginDemo(ctx, "county", "")
		w.want("a code that is not offered", err, ErrUserUnknown)
		real, err := wechat.NewReal(wechat.Options{AppID: "wx1", AppSecret: "s"})
		w.ok("real", err)
		for _, wx := range []wechat.Client{nil, real} {
			s := New(db, w.now, wx)
			_, err = s.Personas(ctx)
			w.want("personas outside the demo", err, ErrNoDemo)
			_, err = s.LoginDemo(ctx, "keeper", "")
			w.want("login outside the demo", err, ErrNoDemo)
		}
	})
}

func BenchmarkActor(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		b.Run(string(engine), func(b *testing.B) {
			db := dbtest.Open(b, engine)
			s := New(db, clock.System, &wechat.Fake{})
			user, err := s.AddUser(b.Context(), "bench", "x", "")
			if err != nil {
				b.Fatal(err)
			}
			session, err := s.Login(b.Context(), "demo:bench", "")
			if err != nil {
				b.Fatal(err)
			}
			err = db.InTx(b.Context(), func(tx *storage.Tx) error {
				if err := s.insertTerm(tx, Term{ID: tx.NewID(), User: user, Role: TeamMember, Village: 1, FromDay: 20200101, ToDay: clock.Forever}); err != nil {
					return err
				}
				if _, err := tx.Exec("INSERT INTO user_members (id, user_id, member_id, village_id, how, from_day, to_day, made_by, ended_by, created_at) VALUES (1,?,7,1,'office',20200101,99991231,0,0,0)", user); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO memberships (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES (1,1,7,8,'',20200101,99991231,0)")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			b.Run("all", func(b *testing.B) {
				for b.Loop() {
					if a, err := s.Actor(b.Context(), session.Token); err != nil || len(a.homes) != 1 {
						b.Fatal(err)
					}
				}
			})
			b.Run("floor_session_and_roles", func(b *testing.B) { // the least a request could ask
				hash := hashToken(session.Token)
				for b.Loop() {
					rows, err := db.Query(b.Context(), `SELECT s.user_id, r.role FROM sessions s LEFT JOIN user_roles r ON r.user_id = s.user_id AND r.to_day > 20260310
						WHERE s.token_hash = ? AND s.expires_at > 0`, hash)
					if err != nil {
						b.Fatal(err)
					}
					if err := eachRow(rows, func() error { var u id.ID; var r string; return rows.Scan(&u, &r) }); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
