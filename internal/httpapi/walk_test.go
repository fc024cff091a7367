package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/activity"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/notify"
	"hefen/internal/preview"
	"hefen/internal/publication"
	"hefen/internal/report"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/season"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/succession"
	"hefen/internal/village"
	"hefen/internal/voice"
	"hefen/internal/wechat"
)

// countyside is two counties with one village each, alike but for their names: what somebody holds in the other one must
// open nothing in the first.
type countyside struct {
	t        *testing.T
	db       *storage.DB
	now      clock.Clock
	villages *village.Service
	here     spot
	there    spot
}

// spot is one village with what paths may name.
type spot struct {
	county, town, village, group, shop id.ID
	household, member                  id.ID // of the villager who calls
	neighbour                          id.ID // another household
}

var walkDay = clock.MakeDay(2026, 5, 20)

func newCountyside(t *testing.T, db *storage.DB) *countyside {
	c := &countyside{t: t, db: db, now: func() time.Time { return walkDay.Start().Add(9 * time.Hour) }}
	c.villages = village.New(db, c.now, ledger.OpenAccounts)
	c.here, c.there = c.spot("510131", "东"), c.spot("510132", "西")
	return c
}

func (c *countyside) spot(code, name string) (s spot) {
	ctx := context.Background()
	region := func(r village.Region, err error) id.ID {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
		return r.ID
	}
	s.county = region(c.villages.CreateCounty(ctx, village.NewRegion{Code: code, Name: name + "县", From: 20260101}))
	s.town = region(c.villages.CreateTown(ctx, s.county, village.NewRegion{Code: code + "100", Name: name + "镇", From: 20260101}))
	s.village = region(c.villages.CreateVillage(ctx, s.town, village.NewRegion{Code: code + "100201", Name: name + "村", From: 20260101}))
	s.group = region(c.villages.CreateGroup(ctx, s.village, village.NewRegion{Code: "01", Name: "一组", From: 20260101}))
	s.household = c.household(s, "1", "张三")
	s.neighbour = c.household(s, "2", "李四")
	s.shop = c.db.NewID()
	if err := c.db.QueryRow(ctx, "SELECT member_id FROM memberships WHERE household_id = ?", s.household).Scan(&s.member); err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *countyside) household(s spot, number, head string) id.ID {
	h, _, err := c.villages.CreateHousehold(context.Background(), village.Write{Village: s.village, On: 20260101}, village.NewHousehold{
		Number: number, Group: s.group, Members: []village.NewMember{{Name: head, Relation: village.Head, BornOn: 19600101}}})
	if err != nil {
		c.t.Fatal(err)
	}
	return h
}

// holder is a user with one role at a spot; of "visitor" there is none.
func (c *countyside) holder(role access.Role, s spot) access.Actor {
	switch role {
	case "visitor":
		return access.Actor{}
	case access.Villager:
		return accesstest.Villager(c.t, c.db, c.now, s.village, s.member)
	case access.Keeper:
		return accesstest.Official(c.t, c.db, c.now, role, access.Place{Village: s.village, Shop: s.shop})
	case access.Supervisor, access.CountyAdmin:
		return accesstest.Official(c.t, c.db, c.now, role, access.Place{Region: s.county})
	}
	return accesstest.Official(c.t, c.db, c.now, role, access.Place{Village: s.village})
}

// path fills an operation's path with what lies at a spot; other parameters get an id of nothing.
func (s spot) path(pattern string) string {
	parts := strings.Split(pattern, "/")
	for i, p := range parts {
		if !strings.HasPrefix(p, "{") {
			continue
		}
		switch strings.Trim(p, "{}") {
		case "village":
			parts[i] = s.village.String()
		case "shop":
			parts[i] = s.shop.String()
		case "household":
			parts[i] = s.household.String()
		case "region", "county":
			parts[i] = s.county.String()
		case "town":
			parts[i] = s.town.String()
		case "kind":
			parts[i] = "households"
		default:
			parts[i] = "7"
		}
	}
	return strings.Join(parts, "/")
}

// mayCallAt is the law written out: who an operation at a spot is for. atHome: the caller's role is held there.
func mayCallAt(o Operation, role access.Role, atHome bool) bool {
	listed := slices.Contains(o.Need.Roles, role)
	regional := role == access.Supervisor || role == access.CountyAdmin
	switch o.Need.Scope {
	case access.Public:
		return true
	case access.Signed:
		return role != "visitor"
	case access.Self:
		return atHome && (listed || role == access.Villager && strings.Contains(o.Path, "{household}"))
	case access.Village, access.Shop:
		return atHome && listed
	case access.Region:
		return atHome && listed && regional
	}
	return false
}

// Law 9: each operation answers 401 or 403 to everyone whom its declaration does not name, with every role, without a
// session, from another village and at a neighbour's household, and to nobody else. New operations are walked by themselves.
func TestWalkAllOperationsWithEveryRole(t *testing.T) {
	dbtest.Each(t, walk)
}

func walk(t *testing.T, db *storage.DB) {
	c := newCountyside(t, db)
	actors := map[string]access.Actor{}
	s, h, _ := frame(t, func(s *Server) {
		s.features = nil
		s.Config.Demo = true
		s.Config.Limits.PerUser, s.Config.Limits.PerAddress, s.Config.Limits.LoginsPerAddress = 1e9, 1e9, 1e9
		c.services(s)
		s.Session = func(_ context.Context, token string) (access.Actor, error) {
			if a, ok := actors[token]; ok {
				return a, nil
			}
			return access.Actor{}, access.ErrSignIn
		}
	})
	ops := s.Operations()
	if len(ops) < 10 {
		t.Fatalf("only %d operations are registered", len(ops))
	}
	roles := append([]access.Role{"visitor"}, access.Everyone...)
	calls := 0
	for _, role := range roles {
		for _, from := range []string{"here", "there"} {
			at := map[string]spot{"here": c.here, "there": c.there}[from]
			token := string(role) + "-" + from
			actors[token] = c.holder(role, at)
			if role == "visitor" {
				delete(actors, token)
			}
			for _, o := range ops {
				calls++
				c.call(t, h, o, role, token, c.here, from == "here")
				if role == access.Villager && strings.Contains(o.Path, "{household}") {
					next := c.here
					next.household = next.neighbour
					c.call(t, h, o, role, token, next, from == "here" && slices.Contains(o.Need.Roles, role))
				}
			}
		}
	}
	t.Logf("%d operations, %d calls", len(ops), calls)
}

func (c *countyside) call(t *testing.T, h http.Handler, o Operation, role access.Role, token string, at spot, atHome bool) {
	t.Helper()
	body := ""
	if o.Method != http.MethodGet && o.Method != http.MethodDelete {
		body = "{}"
	}
	w := do(h, o.Method, at.path(o.Path), body, "Authorization", "Bearer "+token)
	name := fmt.Sprintf("%s %s as %s at home %v: %d %s", o.Method, o.Path, role, atHome, w.Code, strings.TrimSpace(w.Body.String()))
	switch may := mayCallAt(o, role, atHome); {
	case w.Code >= 500:
		t.Error(name)
	case may && (w.Code == 401 || w.Code == 403 && strings.Contains(w.Body.String(), access.ErrForbidden.Code)):
		t.Errorf("refused to whom it is for: %s", name)
	case !may && role == "visitor" && w.Code != 401:
		t.Errorf("open without a session: %s", name)
	case !may && role != "visitor" && w.Code != 403:
		t.Errorf("open to whom it is not for: %s", name)
	}
}

// Operations that act somewhere name the place in their path, so that the frame can check it before anything is read.
func TestOperationsNameTheirPlace(t *testing.T) {
	s, _, _ := frame(t, func(s *Server) { s.features, s.Config.Demo = nil, true })
	for _, o := range s.Operations() {
		want := map[access.Scope][]string{
			access.Self: {"{village}"}, access.Village: {"{village}"}, access.Shop: {"{village}"},
			access.Region: {"{region}", "{town}", "{county}"},
		}[o.Need.Scope]
		if len(want) > 0 && !slices.ContainsFunc(want, func(p string) bool { return strings.Contains(o.Path, p) }) {
			t.Errorf("%s %s needs one of %v in its path", o.Method, o.Path, want)
		}
		// A former official holds no role any more: the verb itself looks for the term and its hand-over.
		formerToo := o.Path == "/api/villages/{village}/proposals"
		if strings.Contains(o.Path, "{village}") && o.Need.Scope == access.Signed && !formerToo {
			t.Errorf("%s %s acts in a village for anyone who is signed in", o.Method, o.Path)
		}
	}
}

// services are those of the program, on the test's database.
func (c *countyside) services(s *Server) {
	s.DB, s.Now = c.db, c.now
	s.Access = access.New(c.db, c.now, &wechat.Fake{})
	s.Village = c.villages
	s.Book = rulebook.New(c.db, c.now)
	s.Market = market.New(c.db, c.now, s.Village, s.Book, s.Access.Names)
	s.Standing = standing.New(c.db, c.now, s.Village)
	s.Board = board.New(c.db, nil, c.now, s.Book, s.Village, board.Options{})
	s.Report = report.New(c.db, c.now, s.Book, s.Village, s.Board)
	photos, err := media.NewFolder(c.t.TempDir())
	if err != nil {
		c.t.Fatal(err)
	}
	s.Media = media.New(c.db, c.now, photos, s.Config.Photos)
	s.Cases = cases.New(c.db, c.now, s.Village, s.Book, s.Access, s.Media)
	s.Publication = publication.New(c.db, c.now, s.Cases, s.Village, s.Book)
	s.Activity = activity.New(c.db, c.now, s.Cases, s.Book, s.Village, s.Media, s.Access.Names)
	s.Preview = preview.New(c.db, s.Cases, s.Village, s.Book, s.Market)
	s.Voice = voice.New(c.db, c.now, s.Media, s.Access.Names, clock.Weekdays, 7)
	if s.Notify, err = notify.New(c.db, c.now, s.Access, &wechat.Fake{}, config.Notify{ExpiringDays: 30}); err != nil {
		c.t.Fatal(err)
	}
	s.Season = season.New(c.db, c.now, s.Village, s.Book, s.Market, s.Media)
	s.Successions = succession.New(c.db, c.now, s.Village, func(ctx context.Context, village id.ID, day clock.Day) (*scheme.Scheme, error) {
		v, err := s.Book.InForce(ctx, village, day)
		if err != nil {
			return nil, err
		}
		return v.Scheme, nil
	})
	s.Successions.Carries(CarryOver)
}
