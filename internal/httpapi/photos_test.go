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
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

func somePNG(t *testing.T, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 120, 80))
	for x := range 120 {
		for y := range 80 {
			img.Set(x, y, color.RGBA{shade, uint8(x * 2), uint8(y * 3), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// send makes a request with a body of bytes.
func send(h http.Handler, method, path, token, kind string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func read[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A photo's way: sent by a team member in three manners, shown with the record to those who may see it, and to nobody else.
func TestPhotosOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "linyuan.yaml")
		team, teamUser := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		w.user(db, "foreign", access.TeamMember, access.Place{Village: w.side.there.village})
		villager := w.villager()
		v := "/api/villages/" + w.here.village.String()
		data := somePNG(t, 10)

		whole := read[media.Upload](t, send(w.h, "POST", v+"/photos", team, "application/octet-stream", data), 200)
		var form bytes.Buffer
		parts := multipart.NewWriter(&form)
		file, _ := parts.CreateFormFile("file", "evil.exe")
		_, _ = file.Write(data)
		_ = parts.Close()
		if got := read[media.Upload](t, send(w.h, "POST", v+"/photos", team, parts.FormDataContentType(), form.Bytes()), 200); got.Photo != whole.Photo {
			t.Errorf("by form: %+v, whole %+v", got, whole)
		}
		other := somePNG(t, 90)
		sum := sha256.Sum256(other)
		u := read[media.Upload](t, send(w.h, "POST", v+"/photos/uploads", team, "application/json",
			fmt.Appendf(nil, `{"sha256":%q,"size":%d}`, hex.EncodeToString(sum[:]), len(other))), 200)
		at := v + "/photos/uploads/" + u.ID.String()
		for u.Received < u.Size {
			piece := other[u.Received:min(u.Received+100, u.Size)]
			u = read[media.Upload](t, send(w.h, "PUT", fmt.Sprintf("%s/chunks?offset=%d", at, u.Received), team, "application/octet-stream", piece), 200)
		}
		if u = read[media.Upload](t, send(w.h, "POST", at+"/complete", team, "application/json", nil), 200); !u.Done || u.Photo == whole.Photo {
			t.Errorf("in pieces: %+v", u)
		}

		for name, c := range map[string]struct {
			token string
			body  []byte
			want  int
		}{"oversized": {team, make([]byte, 13<<20), 413}, "too_large": {team, make([]byte, 12<<20+1), 413}, "text": {team, []byte("text"), 422}, "empty": {team, nil, 422}, "foreign": {"", data, 401}} {
			if got := send(w.h, "POST", v+"/photos", c.token, "application/octet-stream", c.body); got.Code != c.want {
				t.Errorf("%s: %d %s", name, got.Code, got.Body)
			}
		}

		record := fmt.Sprintf(`{"request_id":"request-photo-0001","item":"linli","subjects":[%q],"evidence":[{"kind":"photo","photo":%q}]}`, w.here.household, whole.Photo)
		made := read[cases.Recorded](t, send(w.h, "POST", v+"/cases", team, "application/json", []byte(record)), 200)
		bare := strings.Replace(strings.Replace(record, "0001", "0002", 1), fmt.Sprintf(`{"kind":"photo","photo":%q}`, whole.Photo), "", 1)
		if got := send(w.h, "POST", v+"/cases", team, "application/json", []byte(bare)); got.Code != 422 || !strings.Contains(got.Body.String(), "照片或双方确认") {
			t.Errorf("without a photo: %d %s", got.Code, got.Body)
		}
		one := v + "/cases/" + made.Items[0].ID.String()
		shot := read[cases.View](t, send(w.h, "GET", one, villager, "", nil), 200).Photos[0]
		opened := send(w.h, "GET", shot.URL, "", "", nil)
		if opened.Code != 200 || opened.Header().Get("Content-Type") != "image/jpeg" || opened.Header().Get("Cache-Control") != "private, no-cache" || opened.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("opened: %d %v", opened.Code, opened.Header())
		}
		if _, kind, err := image.Decode(opened.Body); err != nil || kind != "jpeg" {
			t.Errorf("%s %v", kind, err)
		}
		if small := send(w.h, "GET", shot.Small, "", "", nil); small.Code != 200 || small.Body.Len() > 20_000 {
			t.Errorf("small: %d, %d bytes", small.Code, small.Body.Len())
		}
		known := httptest.NewRequest("GET", shot.URL, nil)
		known.Header.Set("If-None-Match", opened.Header().Get("ETag"))
		again := httptest.NewRecorder()
		if w.h.ServeHTTP(again, known); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("known: %d, %d bytes", again.Code, again.Body.Len())
		}

		// The link was the team member's; when the role has ended it opens nothing, though it has not expired.
		mine := read[cases.View](t, send(w.h, "GET", one, team, "", nil), 200).Photos[0]
		if got := send(w.h, "GET", mine.URL, "", "", nil); got.Code != 200 {
			t.Errorf("own link: %d", got.Code)
		}
		if err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE user_roles SET to_day = from_day WHERE user_id = ?", teamUser)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := send(w.h, "GET", mine.URL, "", "", nil); got.Code != 404 {
			t.Errorf("after the term: %d", got.Code)
		}
		var member id.ID
		if err := db.QueryRow(t.Context(), "SELECT member_id FROM memberships WHERE household_id = ?", w.here.neighbour).Scan(&member); err != nil {
			t.Fatal(err)
		}
		neighbour := accesstest.Villager(t, db, w.side.now, w.here.village, member)
		// A household of others and an official of another village: no case, no link; and a link made for them opens nothing.
		for name, who := range map[string]access.Actor{
			"neighbour": neighbour, "foreign": accesstest.Official(t, db, w.side.now, access.TeamMember, access.Place{Village: w.side.there.village}),
		} {
			links, err := w.photos.Shots(t.Context(), media.Viewer{User: who.User()}, cases.PhotosOfCases, made.Items[0].Batch)
			if err != nil {
				t.Fatal(err)
			}
			if got := send(w.h, "GET", links[made.Items[0].Batch][0].URL, "", "", nil); got.Code != 404 {
				t.Errorf("%s: %d", name, got.Code)
			}
		}
		for _, bad := range []string{"x", strings.Repeat("A", 48), strings.Repeat("A", 65)} {
			if got := send(w.h, "GET", "/api/photos/"+bad, "", "", nil); got.Code != 404 && got.Code != 422 {
				t.Errorf("%q: %d", bad, got.Code)
			}
		}
		if log := w.logs.String(); strings.Contains(log, shot.URL[len(media.LinkPath):]) || strings.Contains(log, whole.SHA256) {
			t.Error("a link or a hash is in the log")
		}
	})
}
