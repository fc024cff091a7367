package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/paper"
	"hefen/internal/publication"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const namedRules = `format: 1
title: 实名公示试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
boards: {wallet: year, mask: false}
`

// open fetches an address outside the API, as a phone that never signed in.
func (r *rig) open(path string) (int, string) {
	r.t.Helper()
	answer, err := http.Get(r.base + path)
	r.must(err)
	defer answer.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	r.must(err)
	if h := answer.Header; answer.StatusCode == 200 && (h.Get("X-Robots-Tag") != "noindex" || h.Get("Cache-Control") != "no-store") {
		r.t.Errorf("%s: %v", path, h)
	}
	return answer.StatusCode, text.String()
}

// TestNoticeOnPaper: village, chat group and the public each get the notice with the names that are for them; hidden deeds
// leave all of them, and the link ends.
func TestNoticeOnPaper(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		r := newRig(t, db, namedRules, 3)
		r.server.Config.PublicURL = "https://hefen.example"
		r.hire("village supervisor", access.VillageSupervisor, 0)
		var made cases.Recorded
		r.ok("team", "POST", "/cases", cases.Request{RequestID: r.request(), Item: "sweep", Subjects: r.homes}, &made)
		var preview publication.Preview
		r.ok("team", "GET", fmt.Sprintf("/notice-preview?from=%s&to=%s", walkDay, walkDay), nil, &preview)
		var n publication.Notice
		r.ok("secretary", "POST", "/notices", publication.PublishRequest{RequestID: r.request(), Range: publication.Range{From: walkDay, To: walkDay}, Digest: preview.Digest, PublicDays: 5}, &n)
		at := "/notices/" + n.ID.String()

		var page, pdf, picture, snapshot bytes.Buffer
		r.ok("team", "GET", at+"/page", nil, &page)
		if text := page.String(); !strings.Contains(text, "张三") || !strings.Contains(text, n.Seal.Code()) || !strings.Contains(text, "data:image/png") {
			t.Errorf("page: %.400s", text)
		}
		if r.ok("village supervisor", "GET", at+"/pdf", nil, &pdf); !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) {
			t.Errorf("PDF: %.40s", pdf.String())
		}
		r.ok("team", "GET", at+"/picture", nil, &picture)
		if img, err := png.Decode(&picture); err != nil || img.Bounds().Dx() != 750 {
			t.Errorf("picture: %v", err)
		}
		r.ok("team", "GET", at+"/snapshot", nil, &snapshot)
		if sum := sha256.Sum256(snapshot.Bytes()); hex.EncodeToString(sum[:]) != n.Hash {
			t.Errorf("the snapshot's hash is not %s", n.Hash)
		}
		for _, kind := range []string{"/pdf", "/picture", "/snapshot"} {
			if code := r.call(r.villager(0), "GET", at+kind, nil, nil); code != access.ErrForbidden.Code {
				t.Errorf("a villager at %s: %q", kind, code)
			}
		}

		status, text := r.open(n.Link)
		if status != 200 || strings.Contains(text, "张三") || strings.Contains(text, r.homes[0].String()) || !strings.Contains(text, "张*") {
			t.Errorf("public page %d: %.400s", status, text)
		}
		if status, text := r.open(publication.PagePath + strings.Repeat("a", 26)); status != http.StatusNotFound || !strings.Contains(text, "没有找到") {
			t.Errorf("a guessed link: %d %.200s", status, text)
		}

		me := "/households/" + r.homes[0].String()
		r.ok(r.villager(0), "POST", me+"/hidden-records", publication.HideRequest{RequestID: r.request(), Case: made.Items[0].ID, Why: "不想张扬"}, nil)
		if code := r.call(r.villager(1), "POST", me+"/notice-name", publication.NamesRequest{RequestID: r.request(), Masked: true}, nil); code != access.ErrForbidden.Code {
			t.Errorf("a neighbour changes the name: %q", code)
		}
		page.Reset()
		r.ok("team", "GET", at+"/page", nil, &page)
		if _, text := r.open(n.Link); strings.Count(page.String(), "已隐去") != 1 || strings.Count(text, "已隐去") != 1 {
			t.Errorf("hidden: %.600s", page.String())
		}

		var book bytes.Buffer
		r.ok(r.villager(1), "GET", "/households/"+r.homes[1].String()+"/passbook/page", nil, &book)
		if !strings.Contains(book.String(), n.Seal.Code()) {
			t.Error("the passbook page lacks the seal")
		}
		r.day(5, 9)
		if status, text := r.open(n.Link); status != http.StatusNotFound || !strings.Contains(text, "公开时间已过") {
			t.Errorf("after its days: %d %.200s", status, text)
		}
		r.server.font = paper.NewFont("/nowhere.ttf")
		if code := r.call("team", "GET", at+"/pdf", nil, nil); code != paper.ErrNoFont.Code {
			t.Errorf("without a font: %q", code)
		}
		ledgertest.Audit(t, db)
	})
}
