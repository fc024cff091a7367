package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// rig is a whole server on a socket with one village: a clock that the test moves, and people known by a word.
type rig struct {
	t      *testing.T
	db     *storage.DB
	server *Server
	base   string // of the server
	url    string // of the village's operations
	at     atomic.Int64
	n      atomic.Int64
	actors sync.Map

	rules   *scheme.Scheme
	here    spot
	village id.ID
	homes   []id.ID
	members []id.ID // householders
}

// newRig makes a village of so many households under rules of its own, with a team member "team" and a first secretary
// "secretary". It is nine o'clock on walkDay.
func newRig(t *testing.T, db *storage.DB, rules string, homes int) *rig {
	r := &rig{t: t, db: db}
	r.day(0, 9)
	c := &countyside{t: t, db: db, now: r.now, villages: village.New(db, r.now, ledger.OpenAccounts)}
	c.here = c.spot("510131", "东")
	r.here, r.village, r.homes = c.here, c.here.village, []id.ID{c.here.household, c.here.neighbour}
	for i := len(r.homes); i < homes; i++ {
		r.homes = append(r.homes, c.household(c.here, fmt.Sprint(i+1), "张三"))
	}
	for _, h := range r.homes {
		var m id.ID
		r.must(db.QueryRow(t.Context(), "SELECT member_id FROM memberships WHERE household_id = ?", h).Scan(&m))
		r.members = append(r.members, m)
	}
	s, h, _ := frame(t, func(s *Server) {
		s.features = nil
		s.Config.Limits.PerUser, s.Config.Limits.PerAddress = 1e9, 1e9
		c.services(s)
		s.Session = func(_ context.Context, token string) (access.Actor, error) {
			if a, ok := r.actors.Load(token); ok {
				return a.(access.Actor), nil
			}
			return access.Actor{}, access.ErrSignIn
		}
	})
	socket := httptest.NewServer(h)
	t.Cleanup(socket.Close)
	r.server, r.base, r.url = s, socket.URL, socket.URL+"/api/villages/"+r.village.String()
	r.hire("team", access.TeamMember, 0)
	secretary := r.hire("secretary", access.FirstSecretary, 0)
	version, _, err := s.Book.Adopt(t.Context(), secretary, r.village, rulebook.AdoptRequest{RequestID: r.request(), Source: rules, AdoptedOn: walkDay, FromDay: walkDay})
	r.must(err)
	r.rules = version.Scheme
	return r
}

// hire gives a role to somebody new, who is known by a word.
func (r *rig) hire(word string, role access.Role, shop id.ID) access.Actor {
	a := accesstest.Official(r.t, r.db, r.now, role, access.Place{Village: r.village, Shop: shop})
	r.actors.Store(word, a)
	return a
}

// villager is somebody of the n-th household, at their phone.
func (r *rig) villager(n int) string {
	word := fmt.Sprintf("villager %d", n)
	if _, there := r.actors.Load(word); !there {
		r.actors.Store(word, accesstest.Villager(r.t, r.db, r.now, r.village, r.members[n]))
	}
	return word
}

func (r *rig) now() time.Time { return clock.FromMs(r.at.Load()) }

// day sets the clock to an hour some days after the first.
func (r *rig) day(n, hour int) {
	r.at.Store(clock.Ms(walkDay.Add(n).Start().Add(time.Duration(hour) * time.Hour)))
}

func (r *rig) request() string { return fmt.Sprintf("request-%016d", r.n.Add(1)) }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// call sends a request as somebody and answers the code of its refusal; a second goes by.
func (r *rig) call(who, method, path string, body, out any) string {
	r.at.Add(1000)
	var text bytes.Buffer
	switch b := body.(type) {
	case nil:
	case []byte:
		text.Write(b)
	default:
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			panic(err)
		}
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, &text)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+who)
	req.Header.Set("Content-Type", "application/json")
	if _, raw := body.([]byte); raw {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Error(err)
		return "no answer"
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var e Error
		if err := json.NewDecoder(answer.Body).Decode(&e); err != nil || e.Fault.Msg == "" {
			r.t.Errorf("%s %s: %d %v", method, path, answer.StatusCode, err)
		}
		return e.Fault.Code
	}
	switch o := out.(type) {
	case nil:
	case *bytes.Buffer:
		if _, err := o.ReadFrom(answer.Body); err != nil {
			r.t.Errorf("%s %s: %v", method, path, err)
		}
	default:
		if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
			r.t.Errorf("%s %s: %v", method, path, err)
		}
	}
	return ""
}

// ok is call for what must be done.
func (r *rig) ok(who, method, path string, body, out any) {
	r.t.Helper()
	if code := r.call(who, method, path, body, out); code != "" {
		r.t.Fatalf("%s %s %s: %s", who, method, path, code)
	}
}
