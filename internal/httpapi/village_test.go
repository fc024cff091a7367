package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// registerOpenly offers operations of the register to anyone: the gate has tests of its own.
func registerOpenly(s *Server, a *api) {
	register(a, get("/villages/{village}", "get-village", "x"), anyone, s.getVillage)
	register(a, get("/villages/{village}/households", "list", "x"), anyone, s.listHouseholds)
	register(a, get("/villages/{village}/households/{household}", "get", "x"), anyone, s.getHousehold)
	register(a, post("/villages/{village}/households", "add", "x"), anyone, s.addHousehold)
	register(a, post("/villages/{village}/households/{household}/flags", "flags", "x"), anyone, s.setFlags)
	register(a, post("/villages/{village}/household-lookup", "find", "x"), anyone, s.findHousehold)
	register(a, post("/villages/{village}/household-codes", "codes", "x"), anyone, s.replaceCodes)
	register(a, post("/villages/{village}/register/import", "import", "x").withBody(MaxUpload), anyone, s.importHouseholds)
	registerRaw(a, get("/villages/{village}/register/template", "template", "x"), anyone, s.householdTemplate)
	registerRaw(a, get("/villages/{village}/register/export", "export", "x"), anyone, s.exportHouseholds)
}

var uploads atomic.Int64

// upload is a form with a file and a request id of its own.
func upload(t *testing.T, file string, fields ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "名册.csv")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	fields = append([]string{"request_id", fmt.Sprintf("upload-%012d", uploads.Add(1))}, fields...)
	for i := 0; i+1 < len(fields) && err == nil; i += 2 {
		err = w.WriteField(fields[i], fields[i+1])
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func answer[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRegisterOverHTTP(t *testing.T) {
	ctx := context.Background()
	db := dbtest.Open(t, storage.SQLite)
	noon := clock.MakeDay(2026, 5, 20).Start().Add(12 * time.Hour)
	v := village.New(db, func() time.Time { return noon }, ledger.OpenAccounts)
	county, _ := v.CreateCounty(ctx, village.NewRegion{Code: "431229", Name: "靖州县"})
	town, _ := v.CreateTown(ctx, county.ID, village.NewRegion{Code: "431229100", Name: "渠阳镇"})
	vil, err := v.CreateVillage(ctx, town.ID, village.NewRegion{Code: "431229100201", Name: "林源村"})
	if err != nil {
		t.Fatal(err)
	}
	s, h, _ := frame(t, func(s *Server) {
		s.features, s.DB, s.Village = []func(*Server, *api){registerOpenly}, db, v
	})
	base := "/api/villages/" + vil.ID.String()
	if got := answer[villageView](t, do(h, "GET", base, "")); got.TownName != "渠阳镇" || got.Name != "林源村" {
		t.Errorf("%+v", got)
	}

	const good = "户编号,小组,姓名,关系,标签\n001,一组,张三,户主,党员户\n001,一组,张四,儿子,\n002,一组,李五,户主,\n"
	if f := fault(t, do(h, "POST", base+"/register/import", "--x\r\nContent-Disposition: form-data; name=\"partial\"\r\n\r\ntrue\r\n--x--\r\n",
		"Content-Type", "multipart/form-data; boundary=x")); f.Code != "invalid_input" || f.Fields[0].Msg != "请选择要上传的文件" {
		t.Errorf("no file: %+v", f)
	}
	body, form := upload(t, strings.Replace(good, "李五,户主", "李5,户主", 1), "create_groups", "true")
	w := do(h, "POST", base+"/register/import", body, "Content-Type", form)
	if f := fault(t, w); w.Code != 422 || f.Code != "village_import" || len(f.Fields) != 1 || f.Fields[0].Path != "第4行 姓名" {
		t.Fatalf("%d %+v", w.Code, f)
	}
	body, form = upload(t, strings.Repeat("x", MaxUpload))
	if f := fault(t, do(h, "POST", base+"/register/import", body, "Content-Type", form)); f.Code != "too_large" {
		t.Errorf("a file too large: %+v", f)
	}
	r := httptest.NewRequest("POST", base+"/register/import", io.NopCloser(strings.NewReader(body))) // of a length that is not declared
	r.Header.Set("Content-Type", form)
	unsaid := httptest.NewRecorder()
	if h.ServeHTTP(unsaid, r); unsaid.Code != 413 || r.ContentLength >= 0 {
		t.Errorf("a file too large whose length is not declared: %d %s", unsaid.Code, unsaid.Body)
	}
	body, form = upload(t, good, "create_groups", "true")
	s.importWait = 0
	for range maxImports {
		s.imports <- struct{}{}
	}
	if f := fault(t, do(h, "POST", base+"/register/import", body, "Content-Type", form)); f.Code != "imports_busy" {
		t.Errorf("one import too many at a time: %+v", f)
	}
	<-s.imports
	s.importWait = time.Minute
	for _, repeated := range []bool{false, true} {
		if rep := answer[village.ImportReport](t, do(h, "POST", base+"/register/import", body, "Content-Type", form)); rep.Members.New != 3 || rep.Repeated != repeated {
			t.Fatalf("%+v", rep)
		}
	}
	if f := fault(t, do(h, "POST", base+"/register/import", strings.Replace(body, "upload-", "x", 1), "Content-Type", form)); f.Code != "invalid_input" && f.Code != "request_id_format" {
		t.Errorf("a request id too short: %+v", f)
	}
	page := answer[householdPage](t, do(h, "GET", base+"/households?limit=1", ""))
	if len(page.Items) != 1 || page.Items[0].Name != "李五" || page.Next == "" {
		t.Fatalf("%+v", page)
	}
	page = answer[householdPage](t, do(h, "GET", base+"/households?cursor="+page.Next, ""))
	if len(page.Items) != 1 || page.Items[0].Name != "张三" || page.Next != "" {
		t.Fatalf("%+v", page)
	}
	zhang := page.Items[0]
	for _, q := range []string{"zs", "张", "zhangsan", "001", "张四"} {
		if page := answer[householdPage](t, do(h, "GET", base+"/households?q="+url.QueryEscape(q), "")); len(page.Items) != 1 || page.Items[0].ID != zhang.ID {
			t.Errorf("%s: %+v", q, page)
		}
	}
	one := base + "/households/" + zhang.ID.String()
	if d := answer[village.Detail](t, do(h, "GET", one, "")); len(d.People) != 2 || d.Flags[0] != "党员户" {
		t.Errorf("%+v", d)
	}
	write := `{"request_id":"flags-0123456789ab","flags":["监测户"]}`
	for _, repeated := range []bool{false, true} {
		if got := answer[changed](t, do(h, "POST", one+"/flags", write)); got.Repeated != repeated {
			t.Errorf("repeated %v", got)
		}
	}
	ask := fmt.Sprintf(`{"request_id":"codes-0123456789ab","households":["%s"]}`, zhang.ID)
	codes := answer[codeList](t, do(h, "POST", base+"/household-codes", ask))
	if again := answer[codeList](t, do(h, "POST", base+"/household-codes", ask)); !again.Repeated || again.Items[0].Code != codes.Items[0].Code {
		t.Errorf("%+v", again)
	}
	if !bytes.HasPrefix(codes.Items[0].QR, []byte("\x89PNG")) {
		t.Error("no picture of the code")
	}
	find := func(body string) *httptest.ResponseRecorder { return do(h, "POST", base+"/household-lookup", body) }
	if got := answer[foundHouseholds](t, find(fmt.Sprintf(`{"code":%q}`, codes.Items[0].Code.Code))); got.Items[0].ID != zhang.ID {
		t.Errorf("%+v", got)
	}
	do(h, "POST", base+"/household-codes", strings.Replace(ask, "codes-0", "codes-1", 1))
	for body, want := range map[string]string{fmt.Sprintf(`{"code":%q}`, codes.Items[0].Code.Code): "village_code_dead", `{"code":"HF1-x"}`: "village_code_unknown",
		`{"number":"9"}`: "village_household_not_found", `{}`: "village_invalid"} {
		if f := fault(t, find(body)); f.Code != want {
			t.Errorf("%s: %+v", body, f)
		}
	}
	for _, path := range []string{"/register/template", "/register/export"} {
		w := do(h, "GET", base+path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != excelType || !bytes.HasPrefix(w.Body.Bytes(), []byte("PK")) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header())
		}
	}
}

// Whom a declaration of kin binds cannot end it, whoever else may.
func TestKinIsEndedByOthers(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	now := func() time.Time { return clock.MakeDay(2026, 5, 20).Start() }
	s := &Server{DB: db, Village: village.New(db, now, ledger.OpenAccounts)}
	place := villageOf(t, s.Village)
	var ids [2]struct{ household, member id.ID }
	for i, number := range []string{"001", "002"} {
		h, _, err := s.Village.CreateHousehold(t.Context(), village.Write{Village: place.ID, By: 1},
			village.NewHousehold{Number: number, Group: placeGroup(t, s.Village, place.ID, number), Members: []village.NewMember{{Name: "张三", Relation: village.Head}}})
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Village.Detail(t.Context(), place.ID, h, s.Village.Today())
		if err != nil {
			t.Fatal(err)
		}
		ids[i].household, ids[i].member = h, d.People[0].ID
	}
	official := func(member id.ID) access.Actor {
		user := accesstest.User(t, db, "队员")
		accesstest.Grant(t, db, user, access.TeamMember, access.Place{Village: place.ID})
		if member != 0 {
			accesstest.Stand(t, db, user, place.ID, member)
		}
		return accesstest.Actor(t, db, now, user)
	}
	var in kinInput
	in.Village.ID = place.ID
	in.Body.Member, in.Body.Household, in.Body.Relation = ids[0].member, ids[1].household, "兄弟"
	in.Body.RequestID = "declare-0123456789"
	if _, err := s.declareKin(t.Context(), official(ids[0].member), &in); err != nil {
		t.Fatal(err)
	}
	in.Body.RequestID = "end-0123456789abcdef"
	bound := official(ids[0].member)
	if _, err := s.endKin(t.Context(), bound, &in); !errors.Is(err, access.ErrOwn) {
		t.Errorf("ended by whom it binds: %v", err)
	}
	other := official(0)
	for _, repeated := range []bool{false, true} {
		if got, err := s.endKin(t.Context(), other, &in); err != nil || got.Repeated != repeated {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func villageOf(t *testing.T, v *village.Service) village.Region {
	t.Helper()
	county, err := v.CreateCounty(t.Context(), village.NewRegion{Code: "431229", Name: "靖州县"})
	if err == nil {
		county, err = v.CreateTown(t.Context(), county.ID, village.NewRegion{Code: "431229100", Name: "渠阳镇"})
	}
	if err == nil {
		county, err = v.CreateVillage(t.Context(), county.ID, village.NewRegion{Code: "431229100201", Name: "林源村"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return county
}

func placeGroup(t *testing.T, v *village.Service, in id.ID, code string) id.ID {
	t.Helper()
	g, err := v.CreateGroup(t.Context(), in, village.NewRegion{Code: code, Name: code + "组"})
	if err != nil {
		t.Fatal(err)
	}
	return g.ID
}
