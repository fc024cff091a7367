package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

// accessWorld is a server with a village of one household, whose people are known by their login codes.
type accessWorld struct {
	t                          *testing.T
	h                          http.Handler
	logs                       *logBuffer
	access                     *access.Service
	county, village, household id.ID
	n                          int
}

func newAccessWorld(t *testing.T, db *storage.DB, wx wechat.Client, demo bool) *accessWorld {
	t.Helper()
	ctx := t.Context()
	now := clock.Clock(func() time.Time { return time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC) })
	w := &accessWorld{t: t, access: access.New(db, now, wx)}
	_, w.h, w.logs = frame(t, func(s *Server) {
		s.features, s.Config.Demo = []func(*Server, *api){(*Server).registerAccess}, demo
		s.DB, s.Now, s.Access, s.Session = db, now, w.access, w.access.Actor
	})
	v := village.New(db, now, func(*storage.Tx, id.ID, []village.Owner) error { return nil })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	county, err := v.CreateCounty(ctx, village.NewRegion{Code: "C1", Name: "县"})
	must(err)
	town, err := v.CreateTown(ctx, county.ID, village.NewRegion{Code: "T1", Name: "镇"})
	must(err)
	made, err := v.CreateVillage(ctx, town.ID, village.NewRegion{Code: "V1", Name: "林源村"})
	must(err)
	w.county, w.village = county.ID, made.ID
	return w
}

// user logs a persona in and gives it a role; the answer is the token.
func (w *accessWorld) user(db *storage.DB, code string, role access.Role, p access.Place) (token string, user id.ID) {
	w.t.Helper()
	user, err := w.access.AddUser(w.t.Context(), code, code, "")
	if err != nil {
		w.t.Fatal(err)
	}
	if role != "" {
		accesstest.Grant(w.t, db, user, role, p)
	}
	var s access.Session
	w.call("", "POST", "/api/login/wechat", fmt.Sprintf(`{"code":"demo:%s"}`, code), 200, &s)
	return s.Token, user
}

// call sends a request and decodes the answer into out, which may be nil.
func (w *accessWorld) call(token, method, path, body string, status int, out any) string {
	w.t.Helper()
	var headers []string
	if token != "" {
		headers = []string{"Authorization", "Bearer " + token}
	}
	body = strings.ReplaceAll(body, "$R", w.request())
	r := do(w.h, method, path, body, headers...)
	if r.Code != status {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, r.Code, r.Body, status)
	}
	if out != nil {
		if err := json.Unmarshal(r.Body.Bytes(), out); err != nil {
			w.t.Fatal(err)
		}
		return ""
	}
	if status >= 400 {
		return fault(w.t, r).Code
	}
	return ""
}

func (w *accessWorld) request() string {
	w.n++
	return fmt.Sprintf("request-%010d", w.n)
}

func TestAccessOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newAccessWorld(t, db, &wechat.Fake{}, true)
		boss, _ := w.user(db, "boss", access.FirstSecretary, access.Place{Village: w.village})
		team, teamUser := w.user(db, "team", access.TeamMember, access.Place{Village: w.village})
		admin, _ := w.user(db, "admin", access.CountyAdmin, access.Place{Region: w.county})
		plain, plainUser := w.user(db, "plain", "", access.Place{})
		v, county := "/api/villages/"+w.village.String(), "/api/regions/"+w.county.String()

		var me access.Me
		w.call(boss, "GET", "/api/me", "", 200, &me)
		if len(me.Roles) != 1 || me.Roles[0].VillageName != "林源村" || me.Roles[0].RoleName != "第一书记" || len(me.Villages) != 1 {
			t.Errorf("%+v", me)
		}
		w.call("", "GET", "/api/me", "", 401, nil)
		w.call(plain, "GET", v+"/roles", "", 403, nil)
		w.call(plain, "POST", v+"/roles", `{"request_id":"$R","user_id":"`+plainUser.String()+`","role":"team_member"}`, 403, nil)
		var term access.Term
		w.call(boss, "POST", v+"/roles", `{"request_id":"$R","user_id":"`+plainUser.String()+`","role":"panel_member","to_day":"2026-12-31"}`, 200, &term)
		if term.FromDay != 20260310 || term.ToDay != 20261231 || term.Name != "plain" {
			t.Errorf("%+v", term)
		}
		if code := w.call(team, "POST", v+"/roles/"+term.ID.String()+"/end", `{"request_id":"$R"}`, 403, nil); code != "access_above" {
			t.Error(code)
		}
		w.call(boss, "POST", v+"/roles/"+term.ID.String()+"/end", `{"request_id":"$R"}`, 200, &term)
		w.call(plain, "GET", "/api/me", "", 401, nil) // revoked with the role
		var list termList
		w.call(boss, "GET", v+"/roles?ended=true", "", 200, &list)
		if len(list.Items) != 3 {
			t.Errorf("%d roles", len(list.Items))
		}
		w.call(boss, "POST", county+"/roles", `{"request_id":"$R","user_id":"`+plainUser.String()+`","role":"supervisor"}`, 403, nil)
		w.call(admin, "POST", county+"/roles", `{"request_id":"$R","user_id":"`+plainUser.String()+`","role":"supervisor"}`, 200, &term)
		w.call(admin, "GET", county+"/roles", "", 200, &list)
		if len(list.Items) != 2 {
			t.Errorf("%d roles over the county", len(list.Items))
		}
		w.call(admin, "POST", county+"/roles/"+term.ID.String()+"/end", `{"request_id":"$R"}`, 200, nil)
		var h access.HandOver
		w.call(boss, "POST", v+"/handovers", `{"request_id":"$R","from_user_id":"`+teamUser.String()+`","to_user_id":"`+plainUser.String()+`"}`, 200, &h)
		if len(h.Roles) != 1 || h.To != plainUser {
			t.Errorf("%+v", h)
		}
		w.call(team, "GET", "/api/me", "", 401, nil)
		// The answer is lost: whoever handed over alone logs in again and asks the same, holding nothing any more.
		first, firstUser := w.user(db, "first", access.TeamMember, access.Place{Village: w.village})
		next, nextUser := w.user(db, "next", access.TeamMember, access.Place{Village: w.village})
		alone := `{"request_id":"handing-over-0001","from_user_id":"` + firstUser.String() + `","to_user_id":"` + nextUser.String() + `"}`
		w.call(first, "POST", v+"/handovers", alone, 200, &h)
		var session access.Session
		w.call("", "POST", "/api/login/wechat", `{"code":"demo:first"}`, 200, &session)
		first = session.Token
		var again access.HandOver
		w.call(first, "POST", v+"/handovers", alone, 200, &again)
		if !again.Repeated || again.ID != h.ID {
			t.Errorf("%+v", again)
		}
		w.call(first, "POST", v+"/handovers", strings.Replace(alone, "0001", "0002", 1), 403, nil)
		w.call(first, "POST", "/api/villages/7/handovers", alone, 403, nil)
		w.call(next, "POST", v+"/handovers", strings.Replace(alone, firstUser.String(), nextUser.String(), 1), 422, nil)
		w.call(boss, "POST", "/api/logout", `{}`, 200, nil)
		w.call(boss, "GET", "/api/me", "", 401, nil)
	})
}

func TestBindingsOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newAccessWorld(t, db, &wechat.Fake{}, true)
		boss, bossUser := w.user(db, "boss", access.FirstSecretary, access.Place{Village: w.village})
		plain, _ := w.user(db, "plain", "", access.Place{})
		v := "/api/villages/" + w.village.String()
		member, code := w.settle(db, bossUser)

		if code := w.call(plain, "POST", "/api/me/bindings", `{"request_id":"$R","household_code":"HF1-0000000000000000000000","name":"李四"}`, 404, nil); code != "access_household_code" {
			t.Error(code)
		}
		var b access.Binding
		w.call(plain, "POST", "/api/me/bindings", `{"request_id":"$R","household_code":"`+code+`","name":"李四"}`, 200, &b)
		w.call(plain, "GET", v+"/bindings", "", 403, nil)
		var page bindingPage
		w.call(boss, "GET", v+"/bindings?limit=1", "", 200, &page)
		if len(page.Items) != 1 || page.Next != b.ID {
			t.Errorf("%+v", page)
		}
		w.call(boss, "GET", v+"/bindings?limit=1&cursor="+page.Next.String(), "", 200, &page)
		w.call(boss, "POST", v+"/bindings/"+b.ID.String()+"/confirm", `{"request_id":"$R","member_id":"`+member.String()+`"}`, 200, &b)
		if b.State != access.BindingConfirmed {
			t.Errorf("%+v", b)
		}
		w.call(boss, "POST", v+"/bindings/"+b.ID.String()+"/refuse", `{"request_id":"$R"}`, 409, nil)
		var me access.Me
		w.call(plain, "GET", "/api/me", "", 200, &me)
		if len(me.Memberships) != 1 || me.Memberships[0].MemberName != "李四" || me.Memberships[0].HouseholdName != "李四" {
			t.Errorf("%+v", me)
		}
		var bound access.PhoneBound
		w.call(plain, "POST", "/api/me/phone", `{"request_id":"$R","code":"demo:13900001111"}`, 200, &bound)
		if bound.Phone != "139****1111" {
			t.Errorf("%+v", bound)
		}
		w.call(plain, "POST", "/api/me/phone", `{"request_id":"$R","code":"wrong"}`, 422, nil)
		for _, secret := range []string{"13900001111", "李四", code, plain, "demo-plain"} {
			if strings.Contains(w.logs.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
}

// settle makes the household of 李四 with a code.
func (w *accessWorld) settle(db *storage.DB, by id.ID) (member id.ID, code string) {
	w.t.Helper()
	v := village.New(db, func() time.Time { return time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC) }, func(*storage.Tx, id.ID, []village.Owner) error { return nil })
	group, err := v.CreateGroup(w.t.Context(), w.village, village.NewRegion{Code: "G1", Name: "一组"})
	if err != nil {
		w.t.Fatal(err)
	}
	household, _, err := v.CreateHousehold(w.t.Context(), village.Write{Village: w.village, By: by, RequestID: w.request()},
		village.NewHousehold{Number: "001", Group: group.ID, Members: []village.NewMember{{Name: "李四", Relation: "户主"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	codes, _, err := v.ReplaceCodes(w.t.Context(), village.Write{Village: w.village, By: by}, []id.ID{household})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := db.QueryRow(w.t.Context(), "SELECT member_id FROM memberships WHERE household_id = ?", household).Scan(&member); err != nil {
		w.t.Fatal(err)
	}
	return member, codes[0].Code
}

func TestDemoOverHTTP(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	w := newAccessWorld(t, db, &wechat.Fake{}, true)
	_, user := w.user(db, "keeper", access.Keeper, access.Place{Village: w.village, Shop: 3})
	if err := w.access.AddPersona(t.Context(), access.Persona{Code: "keeper", Name: "王五", Role: access.Keeper, Village: w.village, User: user}, 1); err != nil {
		t.Fatal(err)
	}
	var list personaList
	w.call("", "GET", "/api/demo/personas", "", 200, &list)
	var s access.Session
	w.call("", "POST", "/api/login/demo", `{"persona":"keeper"}`, 200, &s)
	if len(list.Items) != 1 || s.User != user {
		t.Errorf("%+v, %+v", list, s)
	}
	w.call("", "POST", "/api/login/demo", `{"persona":"nobody"}`, 404, nil)

	real, err := wechat.NewReal(wechat.Options{AppID: "wx1", AppSecret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	w = newAccessWorld(t, dbtest.Open(t, storage.SQLite), real, false)
	w.call("", "GET", "/api/demo/personas", "", 404, nil)
	w.call("", "POST", "/api/login/demo", `{"persona":"keeper"}`, 404, nil)
}
