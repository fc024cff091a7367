package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// phone is a model of the pages' queue on a phone in the hills: it keeps drafts and photos until a definite answer, and
// loses requests, answers and itself at random.
type phone struct {
	w      *casesWorld
	rand   *rand.Rand
	token  string
	ahead  time.Duration // its clock against the server's
	queue  []*kept
	photos map[string][]byte // by hash
	sent   map[string]bool   // hashes that the server has said it has
	cuts   int
	calls  int
}

// kept is a draft on the phone.
type kept struct {
	draft    map[string]any
	photos   []string
	answer   *syncAnswer // definite
	answered int         // how often the server carried it out or said that it had
}

func (p *phone) village() string { return "/api/villages/" + p.w.here.village.String() }

// draft keeps one thing done at an instant of the phone's clock.
func (p *phone) draft(kind string, madeAt time.Time, of map[string]any, photos ...string) *kept {
	d := map[string]any{"request_id": p.w.request(), "kind": kind, "made_at": clock.Ms(madeAt.Add(p.ahead))}
	for k, v := range of {
		d[k] = v
	}
	k := &kept{draft: d, photos: photos}
	p.queue = append(p.queue, k)
	return k
}

func (k *kept) id() string { return k.draft["request_id"].(string) }

// photo is a new picture, known by its hash.
func (p *phone) photo() string {
	img := image.NewGray(image.Rect(0, 0, 24, 16))
	for i := range img.Pix {
		img.Pix[i] = uint8(p.rand.Uint32())
	}
	img.Set(0, 0, color.Gray{Y: uint8(len(p.photos))})
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	sum := sha256.Sum256(b.Bytes())
	hash := hex.EncodeToString(sum[:])
	p.photos[hash] = b.Bytes()
	return hash
}

// call sends a request through the hills: it may be lost before or after the server has carried it out.
func (p *phone) call(method, path, kind string, body []byte) *httptest.ResponseRecorder {
	p.calls++
	cut := p.rand.Float64()
	if cut < 0.10 {
		p.cuts++
		return nil
	}
	got := send(p.w.h, method, p.village()+path, p.token, kind, body)
	if cut < 0.22 {
		p.cuts++
		if cut < 0.12 { // the app was killed: what it knew of uploads is gone
			clear(p.sent)
		}
		return nil
	}
	return got
}

func readAs[T any](p *phone, got *httptest.ResponseRecorder) (v T, ok bool) {
	p.w.t.Helper()
	if got == nil {
		return v, false
	}
	if got.Code != 200 {
		p.w.t.Fatalf("%d %s", got.Code, got.Body)
	}
	if err := json.Unmarshal(got.Body.Bytes(), &v); err != nil {
		p.w.t.Fatal(err)
	}
	return v, true
}

// upload sends one photo in pieces and gives up at the first cut.
func (p *phone) upload(hash string) {
	data := p.photos[hash]
	u, ok := readAs[media.Upload](p, p.call("POST", "/photos/uploads", "application/json", fmt.Appendf(nil, `{"sha256":%q,"size":%d}`, hash, len(data))))
	at := "/photos/uploads/" + u.ID.String()
	for ok && u.Received < u.Size {
		piece := data[u.Received:min(u.Received+256, u.Size)]
		u, ok = readAs[media.Upload](p, p.call("PUT", fmt.Sprintf("%s/chunks?offset=%d", at, u.Received), "application/octet-stream", piece))
	}
	if ok && !u.Done {
		u, ok = readAs[media.Upload](p, p.call("POST", at+"/complete", "application/json", nil))
	}
	if ok && u.Done {
		p.sent[hash] = true
	}
}

// sync is one coming into signal: some photos, then some drafts, whose photos may or may not have come.
func (p *phone) sync() {
	var batch []*kept
	for _, k := range p.queue {
		if k.answer == nil && len(batch) < 30 {
			batch = append(batch, k)
		}
	}
	for _, k := range batch {
		for _, h := range k.photos {
			if !p.sent[h] && p.rand.Float64() < 0.9 {
				p.upload(h)
			}
		}
	}
	drafts := make([]map[string]any, len(batch))
	for i, k := range batch {
		drafts[i] = k.draft
	}
	body, _ := json.Marshal(map[string]any{"device_now": clock.Ms(p.w.side.now().Add(p.ahead)), "drafts": drafts})
	got, ok := readAs[syncList](p, p.call("POST", "/sync", "application/json", body))
	if !ok {
		return
	}
	for i, a := range got.Drafts {
		k := batch[i]
		switch {
		case a.RequestID != k.id():
			p.w.t.Fatalf("answer %d is of %s, not %s", i, a.RequestID, k.id())
		case a.State == syncDone || a.State == syncRepeated || a.State == syncConflict:
			k.answer = &a
		case a.State == syncPhoto:
			for _, h := range a.Missing {
				if !slices.Contains(k.photos, h) {
					p.w.t.Fatalf("missing %s is not of %s", h, k.id())
				}
				delete(p.sent, h)
			}
		}
	}
}

func (p *phone) waiting() int {
	n := 0
	for _, k := range p.queue {
		if k.answer == nil {
			n++
		}
	}
	return n
}

func newPhone(w *casesWorld, seed uint64, token string) *phone {
	return &phone{w: w, rand: rand.New(rand.NewPCG(seed, 7)), token: token, photos: map[string][]byte{}, sent: map[string]bool{}}
}

// newSyncWorld is a village of some more households.
func newSyncWorld(t *testing.T, db *storage.DB, more int) (*casesWorld, []id.ID) {
	w := newCasesWorld(t, db, "linyuan.yaml", (*Server).registerSync, (*Server).registerStanding)
	homes := []id.ID{w.here.household, w.here.neighbour}
	for i := range more {
		homes = append(homes, w.side.household(w.here, fmt.Sprint(10+i), "王"+strings.Repeat("小", i%3)+"山"))
	}
	return w, homes
}

// TestDayInTheHills: a day's 300 drafts with photos, an inspection among them, come through cuts, lost answers and a killed
// app: each is carried out once, none is lost, and the points are those of the same day on paper.
func TestDayInTheHills(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 38)
		token, user := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		seed := uint64(20261122)
		p := newPhone(w, seed, token)
		p.ahead = 7*time.Hour + 11*time.Minute // the phone believes it is late; its evening would be tomorrow
		now := w.side.now()

		want := map[id.ID]points.Amount{}
		effective, submitted, photos := 0, 0, 0
		refused := map[*kept]string{}
		days := map[*kept]clock.Day{}
		for n := range 240 {
			home, ago := homes[n%len(homes)], n/len(homes)
			hash := p.photo()
			proof := []map[string]any{{"kind": "photo", "sha256": hash}}
			deed := map[string]any{"item": "laodong", "subjects": []id.ID{home}, "evidence": proof, "note": fmt.Sprint("第", n, "条")}
			k := p.draft(draftRecord, now.AddDate(0, 0, -ago), map[string]any{"record": deed}, hash)
			days[k] = clock.DayOf(now.AddDate(0, 0, -ago))
			effective++
			photos++
			want[home] += 8 * points.Point
			switch n % 20 {
			case 3: // taken back at once
				p.draft(draftWithdraw, now, map[string]any{"of": k.id(), "why": "记错了"})
				want[home] -= 8 * points.Point
				effective--
			case 7: // one more photo afterwards
				more := p.photo()
				p.draft(draftEvidence, now, map[string]any{"of": k.id(), "evidence": []map[string]any{{"kind": "photo", "sha256": more}}}, more)
				photos++
			case 11: // waits for a review
				other := p.photo()
				p.draft(draftRecord, now, map[string]any{"record": map[string]any{"item": "linli", "subjects": []id.ID{home},
					"evidence": []map[string]any{{"kind": "photo", "sha256": other}}}}, other)
				submitted++
				photos++
			case 13: // long ago: waits too
				p.draft(draftRecord, now.AddDate(0, 0, -31), map[string]any{"record": map[string]any{"item": "fenlei", "subjects": []id.ID{home}}})
				submitted++
			case 17:
				refused[p.draft(draftRecord, now.Add(20*time.Hour), map[string]any{"record": map[string]any{"item": "fenlei", "subjects": []id.ID{home}}})] = "cases_in_future"
				refused[p.draft(draftRecord, now, map[string]any{"record": map[string]any{"item": "nothing", "subjects": []id.ID{home}}})] = "scheme_item_unknown"
			}
		}
		walk := p.draft(draftInspect, now, map[string]any{"inspection": map[string]any{"request_id": "not-the-one-that-counts", "item": "weisheng"}})
		for i, home := range homes {
			hash := p.photo()
			line := map[string]any{"household": home, "rev": 1 + i, "seen": true, "grade": "clean"}
			p.draft(draftLines, now, map[string]any{"of": walk.id(), "lines": []any{line}})
			p.draft(draftLineEvidence, now, map[string]any{"of": walk.id(), "household": home, "evidence": []map[string]any{{"kind": "photo", "sha256": hash}}}, hash)
			photos++
		}
		if len(p.queue) < 300 {
			t.Fatalf("%d drafts", len(p.queue))
		}
		for rounds := 0; p.waiting() > 0; rounds++ {
			if rounds > 400 {
				t.Fatalf("%d drafts still wait after %d calls", p.waiting(), p.calls)
			}
			p.sync()
		}
		p.draft(draftSubmit, now, map[string]any{"of": walk.id()})
		for p.waiting() > 0 {
			p.sync()
		}
		for _, k := range p.queue { // all of it once more, as a phone would whose store is older than it knows
			first := k.answer
			k.answer = nil
			for k.answer == nil {
				p.sync()
			}
			if code := refused[k]; k.answer.Code != code || code == "" && (k.answer.State != syncRepeated || k.answer.Made != first.Made) {
				t.Fatalf("again %v: %+v, first %+v", k.draft, k.answer, first)
			}
			if day := days[k]; day != 0 && (first.Day != day || k.answer.Day != day) {
				t.Errorf("%s happened on %s, answered %s and %s", k.id(), day, first.Day, k.answer.Day)
			}
		}

		count := func(query string, args ...any) (n int) {
			t.Helper()
			if err := db.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := count("SELECT COUNT(*) FROM cases WHERE state = 'effective' AND item = 'laodong'"); n != effective {
			t.Errorf("%d in effect, want %d", n, effective)
		}
		if n := count("SELECT COUNT(*) FROM cases WHERE state = 'submitted'"); n != submitted {
			t.Errorf("%d wait, want %d", n, submitted)
		}
		if n := count("SELECT COUNT(DISTINCT note) FROM cases WHERE item = 'laodong'"); n != 240 {
			t.Errorf("%d different deeds of 240", n)
		}
		if n := count("SELECT COUNT(*) FROM cases"); n != 240+submitted {
			t.Errorf("%d cases in all", n)
		}
		if n := count("SELECT COUNT(*) FROM media_uses WHERE ended_at = 0"); n != photos {
			t.Errorf("%d photos shown, want %d", n, photos)
		}
		if n := count("SELECT COUNT(*) FROM inspections WHERE state = 'submitted'"); n != 1 {
			t.Errorf("%d inspections wait", n)
		}
		if n := count("SELECT COUNT(*) FROM inspection_lines WHERE seen = 1 AND grade = 'clean'"); n != len(homes) {
			t.Errorf("%d lines of %d", n, len(homes))
		}
		for _, home := range homes {
			got, err := ledger.Balances(t.Context(), db, home)
			if err != nil {
				t.Fatal(err)
			}
			if i := slices.IndexFunc(got, func(b ledger.Balance) bool { return b.Wallet == "spend" }); i < 0 || got[i].Amount != want[home] {
				t.Errorf("household %s: %+v, want %s", home, got, want[home])
			}
		}
		audit(t, db)
		t.Logf("user %s: %d drafts, %d photos, %d calls, %d of them cut", user, len(p.queue), len(p.photos), p.calls, p.cuts)
	})
}

// sync sends drafts without cuts and answers what became of them.
func (w *casesWorld) sync(token string, deviceNow time.Time, status int, drafts ...string) []syncAnswer {
	w.t.Helper()
	var got syncList
	w.call(token, "POST", "/api/villages/"+w.here.village.String()+"/sync",
		fmt.Sprintf(`{"device_now":%d,"drafts":[%s]}`, clock.Ms(deviceNow), strings.Join(drafts, ",")), status, &got)
	return got.Drafts
}

func deedDraft(request string, madeAt time.Time, home id.ID, more string) string {
	return fmt.Sprintf(`{"request_id":%q,"kind":"record","made_at":%d,"record":{"item":"fenlei","subjects":[%q]%s}}`, request, clock.Ms(madeAt), home, more)
}

// The day of a deed is fixed when it first comes: setting the phone's clock right between two calls moves nothing.
func TestSyncKeepsTheDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 2)
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		now := w.side.now()
		wrong := 3 * 24 * time.Hour
		photo := newPhone(w, 1, team).photo()
		waits := deedDraft("request-sync-day-01", now.Add(wrong-time.Hour), homes[2], fmt.Sprintf(`,"evidence":[{"kind":"photo","sha256":%q}]`, photo))
		got := w.sync(team, now.Add(wrong), 200, waits)
		if got[0].State != syncPhoto || !slices.Equal(got[0].Missing, []string{photo}) {
			t.Fatalf("%+v", got)
		}
		bare := strings.Replace(waits, fmt.Sprintf(`,"evidence":[{"kind":"photo","sha256":%q}]`, photo), "", 1)
		for _, state := range []string{syncDone, syncRepeated} { // the phone's clock was set right meanwhile
			if got = w.sync(team, now, 200, bare); got[0].State != state || got[0].Day != walkDay {
				t.Errorf("%+v, want %s on %s", got, state, walkDay)
			}
		}
		chosen := deedDraft("request-sync-day-02", now.Add(wrong), homes[2], `,"occurred_on":"2026-05-18"`)
		if got = w.sync(team, now.Add(wrong), 200, chosen); got[0].State != syncDone || got[0].Day != 20260518 {
			t.Errorf("a day that was chosen: %+v", got)
		}
		other := strings.Replace(bare, "fenlei", "fanghuo", 1)
		if got = w.sync(team, now, 200, other); got[0].State != syncConflict || got[0].Code != "request_id_reused" {
			t.Errorf("other content: %+v", got)
		}
		audit(t, db)
	})
}

// What a former official did in office comes as proposals, with photos; what was entered before the hand-over stays entered.
func TestSyncAfterHandOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 2)
		old, oldUser := w.user(db, "old", access.TeamMember, access.Place{Village: w.here.village})
		_, newUser := w.user(db, "new", access.TeamMember, access.Place{Village: w.here.village})
		now := w.side.now()
		before := deedDraft("request-hand-over-01", now, homes[2], "")
		if got := w.sync(old, now, 200, before); got[0].State != syncDone {
			t.Fatalf("%+v", got)
		}
		w.call(old, "POST", "/api/villages/"+w.here.village.String()+"/handovers",
			fmt.Sprintf(`{"request_id":"$R","from_user_id":%q,"to_user_id":%q}`, oldUser, newUser), 200, nil)
		var again access.Session
		w.call("", "POST", "/api/login/wechat", `{"code":"demo:old"}`, 200, &again)
		old = again.Token

		p := newPhone(w, 3, old)
		photo := p.photo()
		whole := send(w.h, "POST", p.village()+"/photos", old, "application/octet-stream", p.photos[photo])
		if whole.Code != 200 {
			t.Fatalf("photo of a former official: %d %s", whole.Code, whole.Body)
		}
		after := deedDraft("request-hand-over-02", now, homes[3], fmt.Sprintf(`,"evidence":[{"kind":"photo","sha256":%q}]`, photo))
		got := w.sync(old, now, 200, before, after)
		if got[0].State != syncRepeated || got[1].State != syncDone || !got[1].Waits {
			t.Errorf("%+v", got)
		}
		if got = w.sync(old, now, 200, after); got[0].State != syncRepeated || !got[0].Waits {
			t.Errorf("%+v", got)
		}
		line := fmt.Sprintf(`{"request_id":"request-hand-over-03","kind":"inspect","made_at":%d,"inspection":{"request_id":"0123456789abcdef","item":"weisheng"}}`, clock.Ms(now))
		if got = w.sync(old, now, 200, line); got[0].State != syncConflict || got[0].Code != access.ErrForbidden.Code {
			t.Errorf("%+v", got)
		}
		stranger, _ := w.user(db, "stranger", access.TeamMember, access.Place{Village: w.side.there.village})
		if code := w.call(stranger, "POST", p.village()+"/sync", `{"device_now":1,"drafts":[`+before+`]}`, 403, nil); code != access.ErrForbidden.Code {
			t.Error(code)
		}
		var cs int
		if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM cases").Scan(&cs); err != nil || cs != 2 {
			t.Errorf("%d cases, %v", cs, err)
		}
		audit(t, db)
	})
}

// A draft that rests on another waits for it or is refused with it; one bad draft does not stop the others; limits hold.
func TestSyncDraftByDraft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 2)
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		now := w.side.now()
		on := func(kind, request, of, more string) string {
			return fmt.Sprintf(`{"request_id":%q,"kind":%q,"made_at":%d,"of":%q%s}`, request, kind, clock.Ms(now), of, more)
		}
		photo := newPhone(w, 5, team).photo()
		got := w.sync(team, now, 200,
			deedDraft("request-each-000001", now, homes[2], fmt.Sprintf(`,"evidence":[{"kind":"photo","sha256":%q}]`, photo)),
			on(draftWithdraw, "request-each-000002", "request-each-000001", `,"why":"记错"`),
			deedDraft("request-each-000003", now.Add(48*time.Hour), homes[2], ""),
			on(draftWithdraw, "request-each-000004", "request-each-000003", `,"why":"记错"`),
			on(draftWithdraw, "request-each-000005", "request-each-nobody", `,"why":"记错"`),
			on(draftLines, "request-each-000006", "", `,"target":"7","lines":[]`),
			strings.Replace(deedDraft("request-each-000007", now, homes[3], ""), `"record":{`, `"lines":[],"record":{`, 1),
			fmt.Sprintf(`{"request_id":"request-each-000008","kind":"record","made_at":%d}`, clock.Ms(now)),
			deedDraft("request-each-000009", time.UnixMilli(0), homes[3], ""))
		want := []string{syncPhoto, syncLater, syncConflict, syncConflict, syncConflict, syncConflict, syncDone, syncConflict, syncConflict}
		for i, a := range got {
			if a.State != want[i] || a.State == syncConflict && a.Reason == "" {
				t.Errorf("%d: %+v, want %s", i, a, want[i])
			}
		}
		body := func(drafts ...string) string {
			return fmt.Sprintf(`{"device_now":%d,"drafts":[%s]}`, clock.Ms(now), strings.Join(drafts, ","))
		}
		v := "/api/villages/" + w.here.village.String() + "/sync"
		many := slices.Repeat([]string{deedDraft("request-each-000007", now, homes[3], "")}, 51)
		w.call(team, "POST", v, body(many...), 422, nil)
		w.call(team, "POST", v, body(), 422, nil)
		w.call(team, "POST", v, body(deedDraft("short", now, homes[3], "")), 422, nil)
		w.call(team, "POST", v, body(deedDraft("request-each-000010", now, homes[3], `,"note":"`+strings.Repeat("长", maxSyncBytes/3)+`"`)), 413, nil)
		if a := w.sync(team, now, 200, many[:50]...); a[0].State != syncRepeated || a[49].State != syncRepeated {
			t.Errorf("%+v", a[0])
		}
		audit(t, db)
	})
}

// The field book marks the own household and shows a group leader the own group only; an inspection begun without signal leaves out
// whom its author may not inspect.
func TestFieldBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 2)
		token, user := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		accesstest.Stand(t, db, user, w.here.village, w.here.member)
		path := "/api/villages/" + w.here.village.String() + "/fieldbook"
		var book fieldBookView
		w.call(token, "GET", path, "", 200, &book)
		if len(book.Households) != len(homes) {
			t.Fatalf("%+v", book)
		}
		for _, h := range book.Households {
			if h.Own != (h.ID == w.here.household) || h.Name == "" || h.Initials == "" || h.People != nil {
				t.Errorf("%+v", h)
			}
		}
		w.call(w.villager(), "GET", path, "", 403, nil)

		now := clock.Ms(w.side.now())
		lines := ""
		for _, h := range homes {
			lines += fmt.Sprintf(`,{"household":%q,"rev":1,"seen":true,"grade":"clean"}`, h)
		}
		got := w.sync(token, w.side.now(), 200,
			fmt.Sprintf(`{"request_id":"request-field-00001","kind":"inspect","made_at":%d,"inspection":{"request_id":"0123456789abcdef","item":"weisheng"}}`, now),
			fmt.Sprintf(`{"request_id":"request-field-00002","kind":"lines","made_at":%d,"of":"request-field-00001","lines":[%s]}`, now, lines[1:]),
			fmt.Sprintf(`{"request_id":"request-field-00003","kind":"submit_inspection","made_at":%d,"of":"request-field-00001"}`, now))
		if got[1].State != syncDone || !slices.Equal(got[1].Skipped, []id.ID{w.here.household}) || got[2].State != syncDone {
			t.Errorf("%+v", got)
		}
		audit(t, db)
	})
}

// A fault is seen by the village's officials with who may close it, and closed from a device without signal with its photos.
func TestSyncClosesFaults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 1)
		author, _ := w.user(db, "author", access.TeamMember, access.Place{Village: w.here.village})
		other, _ := w.user(db, "other", access.TeamMember, access.Place{Village: w.here.village})
		v := "/api/villages/" + w.here.village.String()
		var found cases.Recorded
		w.call(author, "POST", v+"/cases", fmt.Sprintf(`{"request_id":"$R","item":"laodong","subjects":[%q]}`, homes[2]), 200, &found)
		fault := found.Items[0].ID
		err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			return standing.Add(tx, 1, w.side.now(), standing.Tag{Village: w.here.village, Account: homes[2], Kind: scheme.TagOpenFault, From: walkDay, To: clock.Forever,
				Case: fault, Reason: "门前堆柴", Due: walkDay.Add(7)})
		})
		if err != nil {
			t.Fatal(err)
		}
		var list faultList
		w.call(author, "GET", v+"/faults", "", 200, &list)
		if len(list.Items) != 1 || list.Items[0].Closable || list.Items[0].Due != walkDay.Add(7) || list.Items[0].Overdue {
			t.Fatalf("the author sees %+v", list)
		}
		w.call(other, "GET", v+"/faults", "", 200, &list)
		if len(list.Items) != 1 || !list.Items[0].Closable || list.Items[0].Name == "" {
			t.Fatalf("another sees %+v", list)
		}
		p := newPhone(w, 9, other)
		photo := p.photo()
		closing := fmt.Sprintf(`{"request_id":"request-fault-00001","kind":"close_fault","made_at":%d,"target":%q,"why":"柴搬走了","evidence":[{"kind":"after","sha256":%q}]}`,
			clock.Ms(w.side.now()), fault, photo)
		if got := w.sync(other, w.side.now(), 200, closing); got[0].State != syncPhoto {
			t.Fatalf("%+v", got)
		}
		p.token = other
		if whole := send(w.h, "POST", p.village()+"/photos", other, "application/octet-stream", p.photos[photo]); whole.Code != 200 {
			t.Fatal(whole.Body)
		}
		for _, state := range []string{syncDone, syncRepeated} {
			if got := w.sync(other, w.side.now(), 200, closing); got[0].State != state {
				t.Fatalf("%+v, want %s", got, state)
			}
		}
		w.call(other, "GET", v+"/faults", "", 200, &list)
		var shown cases.View
		w.call(other, "GET", v+"/cases/"+fault.String(), "", 200, &shown)
		if len(list.Items) != 0 || len(shown.Photos) != 1 || shown.Photos[0].Role != "after" {
			t.Errorf("%+v %+v", list, shown.Photos)
		}
		audit(t, db)
	})
}
