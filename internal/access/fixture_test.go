package access

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

const (
	phoneA = "13900001111" // of members A (household 1) and A2 (household 9 in the other village)
	phoneB = "13900002222" // of nobody in the register
	code1  = "HF-0123456789abcdef"
)

// world is a county with one town and two villages, some people, and a clock that tests move.
type world struct {
	*Service
	t  *testing.T
	at time.Time

	county, town, village, other, otherTown, group id.ID
	house, house2, houseOther                      id.ID
	memberA, memberB, memberA2                     id.ID
	requests                                       int
}

func newWorld(t *testing.T, db *storage.DB) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC)}
	w.Service = New(db, func() time.Time { return w.at }, &wechat.Fake{})
	w.cost = bcrypt.MinCost
	region := func(kind string, parent id.ID, name string) id.ID {
		i := db.NewID()
		w.exec(`INSERT INTO regions (id, parent_id, kind, county_id, town_id, village_id, code, name, pinyin, rev, from_day, to_day, into_id)
			VALUES (?,?,?,0,0,0,?,?,'',0,20250101,99991231,0)`, i, parent, kind, name, name)
		return i
	}
	w.county = region("county", 0, "县")
	w.town, w.otherTown = region("town", w.county, "镇"), region("town", w.county, "另一镇")
	w.village, w.other = region("village", w.town, "林源村"), region("village", w.otherTown, "远村")
	w.group = region("group", w.village, "一组")
	household := func(village id.ID, number string) id.ID {
		i := db.NewID()
		w.exec("INSERT INTO households (id, village_id, number, name, pinyin, initials, created_at, from_day, to_day) VALUES (?,?,?,?,'','',0,20250101,99991231)", i, village, number, "户主"+number)
		return i
	}
	w.house, w.house2, w.houseOther = household(w.village, "001"), household(w.village, "002"), household(w.other, "009")
	member := func(village, house id.ID, name, phone string) id.ID {
		i := db.NewID()
		sealed, err := db.Keys.Seal("members", "phone_enc", i, phone)
		if err != nil {
			t.Fatal(err)
		}
		w.exec(`INSERT INTO members (id, village_id, name, pinyin, initials, phone_enc, phone_idx, idno_enc, idno_idx, born_on, created_at)
			VALUES (?,?,?,'','',?,?,?,?,0,0)`, i, village, name, sealed, db.Keys.Index(storage.IndexPhone, phone), []byte{}, []byte{})
		w.exec("INSERT INTO memberships (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES (?,?,?,?,'户主',20250101,99991231,0)", db.NewID(), village, i, house)
		return i
	}
	w.memberA = member(w.village, w.house, "张三", phoneA)
	w.memberB = member(w.village, w.house2, "李四", "")
	w.memberA2 = member(w.other, w.houseOther, "张老", phoneA)
	w.exec("INSERT INTO household_codes (id, village_id, household_id, token_idx, made_at, made_by, ended_at) VALUES (?,?,?,?,0,0,0)",
		db.NewID(), w.village, w.house2, db.Keys.Index(storage.IndexCode, code1))
	return w
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	err := w.db.InTx(w.t.Context(), func(tx *storage.Tx) error { _, err := tx.Exec(query, args...); return err })
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// user makes a user named by a login code and gives it the roles.
func (w *world) user(code string, grants ...Grant) id.ID {
	w.t.Helper()
	u, err := w.AddUser(w.t.Context(), code, code, "")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, g := range grants {
		g.User = u
		p := Place{Village: w.village}
		if g.Role.seat() == onRegion {
			p = Place{Region: w.county}
		}
		if _, err := w.Install(w.t.Context(), p, g); err != nil {
			w.t.Fatal(err)
		}
	}
	return u
}

func (w *world) actor(user id.ID) Actor {
	w.t.Helper()
	a, err := w.ActAs(w.t.Context(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) login(code string) Session {
	w.t.Helper()
	s, err := w.Login(w.t.Context(), "demo:"+code, "test phone")
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// request is a fresh request id.
func (w *world) request() string {
	w.requests++
	return fmt.Sprintf("request-%010d", w.requests)
}

func (w *world) pass(days int) { w.at = w.at.AddDate(0, 0, days) }

func (w *world) today() clock.Day { return clock.DayOf(w.at) }

// want fails unless the error is the sentinel, and if its text holds what must not be logged.
func (w *world) want(what string, err, sentinel error) {
	w.t.Helper()
	if !errors.Is(err, sentinel) {
		w.t.Errorf("%s: %v, want %v", what, err, sentinel)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range []string{phoneA, phoneB, "demo-", "张三", code1} {
			if strings.Contains(e.Error(), secret) {
				w.t.Errorf("%s: the error holds %q: %v", what, secret, e)
			}
		}
	}
}

func (w *world) ok(what string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}
