package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

// casesWorld is the countyside with a shipped template in force and everything a deed needs behind HTTP.
type casesWorld struct {
	*accessWorld
	side *countyside
	here spot
	db   *storage.DB

	photos *media.Service
}

func newCasesWorld(t *testing.T, db *storage.DB, template string, more ...func(*Server, *api)) *casesWorld {
	t.Helper()
	c := newCountyside(t, db)
	w := &casesWorld{side: c, here: c.here, db: db, accessWorld: &accessWorld{t: t, access: access.New(db, c.now, &wechat.Fake{}), village: c.here.village}}
	book := rulebook.New(db, c.now)
	folder, err := media.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	photos := media.New(db, c.now, folder, config.Default().Photos)
	_, w.h, w.logs = frame(t, func(s *Server) {
		s.features, s.Config.Demo = []func(*Server, *api){(*Server).registerAccess, (*Server).registerCases, (*Server).registerLedger, (*Server).registerScheme, (*Server).registerPhotos}, true
		s.features = append(s.features, more...)
		s.Config.Limits.PerUser, s.Config.Limits.PerAddress = 1e9, 1e9
		s.DB, s.Now, s.Access, s.Session = db, c.now, w.access, w.access.Actor
		s.Village, s.Book = c.villages, book
		s.Cases = cases.New(db, c.now, c.villages, book, w.access, photos)
		s.Media, w.photos = photos, photos
		s.Standing = standing.New(db, c.now, c.villages)
		s.Board = board.New(db, nil, c.now, book, c.villages, board.Options{})
	})
	source, err := configs.Schemes.ReadFile("schemes/" + template)
	if err != nil {
		t.Fatal(err)
	}
	secretary := accesstest.Official(t, db, c.now, access.FirstSecretary, access.Place{Village: c.here.village})
	_, _, err = book.Adopt(t.Context(), secretary, c.here.village, rulebook.AdoptRequest{RequestID: "request-0000-adopt", Source: string(source), AdoptedOn: 20260101, FromDay: 20260101})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// villager logs in somebody who stands for the member of the first household.
func (w *casesWorld) villager() string {
	token, user := w.user(w.db, "villager", "", access.Place{})
	accesstest.Stand(w.t, w.db, user, w.here.village, w.here.member)
	return token
}

func TestCasesOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "linyuan.yaml")
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		second, _ := w.user(db, "second", access.TeamMember, access.Place{Village: w.here.village})
		villager := w.villager()
		v := "/api/villages/" + w.here.village.String()
		h := v + "/households/" + w.here.household.String()
		deed := func(item string) string {
			return fmt.Sprintf(`{"request_id":"$R","item":"%s","subjects":["%s"]}`, item, w.here.household)
		}

		var rules schemeView
		w.call(villager, "GET", v+"/scheme", "", 200, &rules)
		if len(rules.Items) < 20 || rules.Items[0].Words.Value == "" {
			t.Errorf("%d items", len(rules.Items))
		}
		var got cases.Recorded
		w.call(team, "POST", v+"/cases/preview", fmt.Sprintf(`{"item":"qingsao","subjects":["%s"]}`, w.here.household), 200, &got)
		if got.Items[0].Points != 500 || got.Items[0].ID != 0 {
			t.Errorf("%+v", got)
		}
		w.call(team, "POST", v+"/cases", deed("qingsao"), 200, &got)
		if got.Items[0].BalanceAfter == nil || *got.Items[0].BalanceAfter != 500 {
			t.Errorf("%+v", got.Items[0])
		}
		var gamble cases.Recorded
		w.call(team, "POST", v+"/cases", deed("dubo"), 200, &gamble)
		waiting := v + "/cases/" + gamble.Items[0].ID.String()
		if code := w.call(team, "POST", waiting+"/approve", `{"request_id":"$R"}`, 403, nil); code != "cases_own_entry" {
			t.Error(code)
		}
		var page cases.Page
		w.call(second, "GET", v+"/cases?state=submitted", "", 200, &page)
		if len(page.Items) != 1 || !page.Items[0].CanReview {
			t.Errorf("%+v", page)
		}
		w.call(second, "POST", waiting+"/approve", `{"request_id":"$R","why":"属实"}`, 200, nil)
		w.call(second, "POST", waiting+"/reject", `{"request_id":"$R","why":"不属实"}`, 409, nil)

		var book passbookView
		w.call(villager, "GET", h+"/passbook", "", 200, &book)
		if book.Spendable != 0 || book.YearScore != -1500 || book.Rank != 1 || len(book.Entries) != 2 || book.Entries[0].Title != "参与赌博" ||
			book.Entries[0].Amount != -500 || book.Entries[0].Score != -2000 || len(book.Entries[1].Reasons) == 0 {
			t.Errorf("%+v", book)
		}
		var outlook outlookList
		w.call(villager, "GET", h+"/outlook", "", 200, &outlook)
		i := slices.IndexFunc(outlook.Items, func(o outlookRow) bool { return o.Item == "qingsao" })
		if i < 0 || outlook.Items[i].Points != 0 || !strings.Contains(outlook.Items[i].Reasons[1], "最多记1次") {
			t.Errorf("%+v", outlook.Items)
		}
		var one cases.View
		w.call(villager, "GET", waiting, "", 200, &one)
		if len(one.Events) != 2 {
			t.Errorf("%+v", one)
		}
		for path, status := range map[string]int{
			v + "/households/" + w.here.neighbour.String() + "/passbook": 403,
			v + "/households/" + w.here.neighbour.String() + "/entries":  403,
			"/api/villages/" + w.side.there.village.String() + "/cases":  403,
			v + "/cases/77":           404,
			v + "/cases?state=nobody": 422,
			v + "/inspections":        403,
			v + "/cases?cursor=1&x=1": 422,
		} {
			if r := do(w.h, "GET", path, "", "Authorization", "Bearer "+villager); r.Code != status && !(status == 422 && r.Code == http.StatusBadRequest) {
				t.Errorf("%s: %d %s, want %d", path, r.Code, r.Body, status)
			}
		}
		if code := w.call(team, "GET", v+"/households/"+w.side.there.household.String()+"/passbook", "", 404, nil); code != "village_household_not_found" {
			t.Error(code)
		}
		audit(t, db)
	})
}

// audit holds the ledger and the cases to their laws.
func audit(t *testing.T, db *storage.DB) {
	t.Helper()
	ledgertest.Audit(t, db)
	if r, err := cases.Audit(t.Context(), db); err != nil || !r.OK() {
		t.Errorf("%s %v", r, err)
	}
}

func TestEntriesPageByPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "linyuan.yaml")
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		v := "/api/villages/" + w.here.village.String()
		var want []id.ID
		for range 23 {
			var got cases.Recorded
			w.call(team, "POST", v+"/cases", fmt.Sprintf(`{"request_id":"$R","item":"tiyu","subjects":["%s"]}`, w.here.household), 200, &got)
			if got.Items[0].Points != 0 {
				want = append(want, got.Items[0].ID)
			}
		}
		err := db.InTx(t.Context(), func(tx *storage.Tx) error { // many postings of one wallet, as openings make them
			for i := range 40 {
				ref := fmt.Sprint("o", i)
				_, err := ledger.Post(tx, nil, ledger.Posting{Village: w.here.village, Kind: ledger.Opening, Ref: ref, Title: ref, At: w.side.now(), Counted: walkDay,
					Lines: []ledger.Line{{Account: w.here.household, Wallet: "spend", Amount: 100}}})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		path := v + "/households/" + w.here.household.String() + "/entries?limit=7"
		for cursor := ""; ; {
			var page entryPage
			w.call(team, "GET", path+"&cursor="+cursor, "", 200, &page)
			for _, e := range page.Items {
				seen = append(seen, e.ID.String())
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		slices.Sort(seen)
		if n := len(slices.Compact(seen)); n != 40+len(want) || n != len(seen) {
			t.Errorf("%d events of %d, %d lines", n, 40+len(want), len(seen))
		}
	})
}

// TestPersonsAreScored: in 罗峪村 deeds stand in a person's book, which the household's page shows.
func TestPersonsAreScored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "luoyu.yaml")
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		villager := w.villager()
		v := "/api/villages/" + w.here.village.String()
		var rules schemeView
		w.call(team, "GET", v+"/scheme", "", 200, &rules)
		item := ""
		for _, i := range rules.Items {
			if i.Value.Kind == "fixed" && i.Value.Points > 0 && i.Review.Direct {
				item = i.Code
			}
		}
		deed := `{"request_id":"$R","item":"%s","subjects":["%s"]}`
		if code := w.call(team, "POST", v+"/cases", fmt.Sprintf(deed, item, w.here.household), 422, nil); code != "scheme_needs_member" {
			t.Error(code)
		}
		var got cases.Recorded
		w.call(team, "POST", v+"/cases", fmt.Sprintf(deed, item, w.here.member), 200, &got)
		if got.Items[0].Account != w.here.member || got.Items[0].MemberName != "张三" || got.Items[0].Household != w.here.household {
			t.Errorf("%+v", got.Items[0])
		}
		var book passbookView
		w.call(villager, "GET", v+"/households/"+w.here.household.String()+"/passbook", "", 200, &book)
		if book.Account != w.here.member || book.MemberName != "张三" || len(book.Entries) != 1 || book.YearScore != got.Items[0].Points {
			t.Errorf("%+v", book)
		}
		if code := w.call(team, "POST", v+"/inspections", fmt.Sprintf(`{"request_id":"$R","item":"%s"}`, item), 409, nil); code != "cases_inspection_by_person" {
			t.Error(code)
		}
		audit(t, db)
	})
}
