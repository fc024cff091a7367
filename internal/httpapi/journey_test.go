package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	rfcproof "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/publication"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const openRules = `format: 1
title: 公示试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: help, name: 帮扶邻里, class: eco, range: {from: 1, to: 30}, ways: [entry, claim], evidence: [photo], review: {levels: 2}}
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
records: {effect: after_publication, publish_days: 7, answer_days: 7}
boards: {wallet: year}
`

// journey is a claim on its way into the open, with the seals that a villager has copied from paper.
type journey struct {
	*rig
	claim   cases.Answer
	seals   []ledger.Head
	printed int64 // size of the seal on the notice
}

// TestFromAClaimToTheNotice walks a claim from a villager's phone through two reviews to the printed notice, an objection,
// its amendment and the correction notice, until its points count. At each step the book is sealed, the entries are proved in the
// seal and the seal in the one after.
func TestFromAClaimToTheNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		j := &journey{rig: newRig(t, db, openRules, 4)}
		j.hire("second", access.TeamMember, 0)
		j.submit()
		j.review()
		notice := j.publish()
		j.object()
		j.amend()
		j.correct(notice)
		j.count()
		j.told()
		ledgertest.Audit(t, db)
		for name, audit := range map[string]func(context.Context, *storage.DB) (ledger.Report, error){
			"seals": ledger.AuditSeals, "cases": cases.Audit, "notices": publication.Audit,
		} {
			if r, err := audit(t.Context(), db); err != nil || !r.OK() {
				t.Errorf("%s: %+v %v", name, r, err)
			}
		}
	})
}

func (j *journey) home(path string) string { return "/households/" + j.homes[0].String() + path }

// submit: the household sends a photo and says what it did and what it thinks of it.
func (j *journey) submit() {
	me := j.villager(0)
	var photo media.Upload
	j.ok(me, "POST", "/photos", somePNG(j.t, 40), &photo)
	claim := map[string]any{"request_id": j.request(), "item": "help", "points": 2000, "note": "帮李四收稻谷", "evidence": []any{map[string]any{"kind": "photo", "photo": photo.Photo}}}
	j.ok(me, "POST", j.home("/claims"), claim, &j.claim)
	if j.claim.State != cases.Submitted || j.claim.Points != 0 {
		j.t.Fatalf("%+v", j.claim.View)
	}
	var again cases.Answer
	if j.ok(me, "POST", j.home("/claims"), claim, &again); !again.Repeated || again.ID != j.claim.ID {
		j.t.Errorf("the same claim again: %+v", again)
	}
	if code := j.call(j.villager(1), "POST", j.home("/claims"), claim, nil); code == "" {
		j.t.Error("a neighbour claims for the household")
	}
	j.balance("after the claim", 0, 0)
}

func (j *journey) path(step string) string { return "/cases/" + j.claim.ID.String() + step }

// review: two people at two levels, one person not at both.
func (j *journey) review() {
	j.ok("team", "POST", j.path("/approve"), cases.Step{RequestID: j.request(), Why: "照片属实"}, nil)
	if code := j.call("team", "POST", j.path("/approve"), cases.Step{RequestID: j.request()}, nil); code != cases.ErrApproved.Code {
		j.t.Errorf("the same person at both levels: %q", code)
	}
	var got cases.Answer
	j.ok("second", "POST", j.path("/approve"), cases.Step{RequestID: j.request(), Why: "同意"}, &got)
	if got.State != cases.Decided || got.Points != 2000 {
		j.t.Errorf("%+v", got.View)
	}
	j.ok("team", "POST", "/cases", cases.Request{RequestID: j.request(), Item: "sweep", Subjects: j.homes[1:3]}, nil)
	j.balance("decided", 0, 0)
	j.seal()
	j.prove()
}

// publish: the list as it was previewed, on paper and behind the link, with the seal that the villager copies.
func (j *journey) publish() publication.Notice {
	j.day(1, 10)
	today := walkDay.Add(1)
	of := fmt.Sprintf("/notice-preview?from=%s&to=%s", walkDay, today)
	var preview publication.Preview
	j.ok("team", "GET", of, nil, &preview)
	var n publication.Notice
	j.ok("team", "POST", "/notices", publication.PublishRequest{RequestID: j.request(), Range: publication.Range{From: walkDay, To: today}, Digest: preview.Digest}, &n)
	if n.Cases != 3 || n.ObjectUntil != today.Add(7) || !n.Open || n.Link == "" {
		j.t.Fatalf("%+v", n)
	}
	var page bytes.Buffer
	j.ok(j.villager(3), "GET", "/notices/"+n.ID.String()+"/page", nil, &page)
	code := n.Seal.Code()
	for _, want := range []string{n.No, "帮扶邻里", "张*", "李*", code, "异议"} {
		if !strings.Contains(page.String(), want) {
			j.t.Errorf("the printed notice lacks %q", want)
		}
	}
	for _, never := range []string{"张三", "李四"} {
		if strings.Contains(page.String(), never) {
			j.t.Errorf("the printed notice says %q", never)
		}
	}
	j.public(n.Link)
	printed := regexp.MustCompile(`[0-9]+(?:[ -]?[0-9a-f]{4}){16}`).FindString(page.String())
	if printed != code {
		j.t.Errorf("the paper says %q, the seal is %q", printed, code)
	}
	j.printed = n.Seal.Size
	j.seals = append(j.seals, n.Seal)
	j.follow()
	j.prove()
	j.balance("published", 0, 0)
	return n
}

// public is the page behind the QR code, for a phone that has never signed in.
func (j *journey) public(link string) {
	answer, err := http.Get(j.base + link)
	j.must(err)
	defer answer.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	j.must(err)
	if answer.StatusCode != 200 || !strings.Contains(text.String(), "帮扶邻里") || strings.Contains(text.String(), "张三") {
		j.t.Errorf("public page: %d %.300s", answer.StatusCode, text.String())
	}
}

// object: the household thinks that it is too little; nobody of those who recorded and reviewed may answer.
func (j *journey) object() {
	j.day(3, 9)
	var o cases.Objection
	j.ok(j.villager(0), "POST", j.home(j.path("/objections")), cases.ObjectRequest{RequestID: j.request(), Text: "帮了三天，不止这些分"}, &o)
	var got cases.View
	j.ok(j.villager(0), "GET", j.path(""), nil, &got)
	if got.State != cases.Objected || o.DueOn != walkDay.Add(13) { // from Saturday the 23rd of May seven working days on: Tuesday the 2nd of June
		j.t.Errorf("objected: %s, due %s", got.State, o.DueOn)
	}
	settle := cases.SettleRequest{RequestID: j.request(), Outcome: cases.Corrected, Points: 2600, Note: "帮李四收稻谷三天", Answer: "经核实帮了三天，改为26分"}
	if code := j.call("second", "POST", "/objections/"+o.ID.String()+"/settle", settle, nil); code == "" {
		j.t.Error("whoever approved settled the objection")
	}
	j.seal()
	j.prove()
	j.balance("objected", 0, 0)
	j.day(5, 9)
	j.ok("secretary", "POST", "/objections/"+o.ID.String()+"/settle", settle, nil)
}

// amend: what the objection changed is on the page at once.
func (j *journey) amend() {
	var got cases.View
	j.ok(j.villager(0), "GET", j.path(""), nil, &got)
	if got.State != cases.Published || got.Points != 2600 {
		j.t.Errorf("amended: %s %s", got.State, got.Points)
	}
	j.balance("amended, still published", 0, 0)
	j.seal()
	j.prove()
}

// correct: the first notice stays as it was printed, with what has changed laid over it, and a second one says so.
func (j *journey) correct(n publication.Notice) {
	at := "/notices/" + n.ID.String()
	var page publication.Page
	j.ok("team", "GET", at, nil, &page)
	i := slices.IndexFunc(page.Lines, func(l publication.LineNow) bool { return l.Case == j.claim.ID })
	if i < 0 || page.Lines[i].Points != 2000 || page.Lines[i].NowIs != 2600 || page.Lines[i].Now != "amended" || page.Changes != 1 {
		j.t.Fatalf("%+v", page.Lines)
	}
	var c publication.Notice
	j.ok("secretary", "POST", at+"/corrections", publication.CorrectRequest{RequestID: j.request()}, &c)
	var of publication.Page
	j.ok(j.villager(3), "GET", "/notices/"+c.ID.String(), nil, &of)
	if c.Kind != publication.KindCorrection || c.No == n.No || len(of.Lines) != 1 || of.Lines[0].Was == nil || *of.Lines[0].Was != 2000 || of.Lines[0].Points != 2600 {
		j.t.Errorf("%+v %+v", c, of.Lines)
	}
	if code := j.call("secretary", "POST", at+"/corrections", publication.CorrectRequest{RequestID: j.request()}, nil); code != publication.ErrNoChange.Code {
		j.t.Errorf("corrected twice: %q", code)
	}
	var snapshot bytes.Buffer
	j.ok("team", "GET", at+"/snapshot", nil, &snapshot)
	if sum := sha256.Sum256(snapshot.Bytes()); hex.EncodeToString(sum[:]) != n.Hash {
		j.t.Error("the notice is not what was printed any more")
	}
	j.seals = append(j.seals, c.Seal)
	j.follow()
}

// count: the days are over, and the points count on the night after, once.
func (j *journey) count() {
	j.day(8, 2)
	if n, err := j.server.Cases.TakeEffect(j.t.Context()); err != nil || n != 0 {
		j.t.Errorf("%d cases took effect on the last day: %v", n, err)
	}
	j.day(9, 2)
	for _, want := range []int{3, 0} {
		if n, err := j.server.Cases.TakeEffect(j.t.Context()); err != nil || n != want {
			j.t.Errorf("%d cases took effect, want %d: %v", n, want, err)
		}
	}
	j.balance("effective", 2600, 2600)
	j.seal()
	j.prove()
}

// told: each step of the way is among the household's messages.
func (j *journey) told() {
	var inbox struct {
		Items []struct {
			Title string `json:"title"`
		} `json:"items"`
	}
	j.mine(j.villager(0), "/me/messages", &inbox)
	var titles []string
	for _, m := range inbox.Items {
		titles = append(titles, m.Title)
	}
	for _, want := range []string{"公示", "异议"} {
		if !strings.Contains(strings.Join(titles, "\n"), want) {
			j.t.Errorf("no message says %q: %q", want, titles)
		}
	}
}

// mine asks for something outside the village.
func (j *journey) mine(who, path string, out any) {
	r, err := http.NewRequestWithContext(j.t.Context(), "GET", j.base+"/api"+path, nil)
	j.must(err)
	r.Header.Set("Authorization", "Bearer "+who)
	answer, err := http.DefaultClient.Do(r)
	j.must(err)
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		j.t.Fatalf("%s: %d", path, answer.StatusCode)
	}
	j.must(json.NewDecoder(answer.Body).Decode(out))
}

// balance holds what the household can spend and its score against what they should be.
func (j *journey) balance(when string, spendable, score points.Amount) {
	j.t.Helper()
	var book passbookView
	j.ok(j.villager(0), "GET", j.home("/passbook"), nil, &book)
	if book.Spendable != spendable || book.YearScore != score {
		j.t.Errorf("%s: %s can be spent, score %s; want %s and %s", when, book.Spendable, book.YearScore, spendable, score)
	}
}

// seal is the nightly job.
func (j *journey) seal() {
	j.t.Helper()
	head, _, err := ledger.Seal(j.t.Context(), j.db, j.village, j.now())
	j.must(err)
	j.seals = append(j.seals, head)
	j.follow()
}

// follow proves that the newest seal goes on from each one before.
func (j *journey) follow() {
	j.t.Helper()
	last := j.seals[len(j.seals)-1]
	for _, from := range j.seals[:len(j.seals)-1] {
		var c ledger.Consistency
		j.ok(j.villager(0), "GET", fmt.Sprintf("/seals/consistency?from=%d&to=%d", from.Size, last.Size), nil, &c)
		if c.From.Root != from.Root || c.To.Root != last.Root {
			j.t.Errorf("roots of %d and %d are not those that were printed", from.Size, last.Size)
		}
		if err := rfcproof.VerifyConsistency(rfc6962.DefaultHasher, uint64(from.Size), uint64(last.Size), hashes(j.t, c.Path...), hashes(j.t, from.Root)[0], hashes(j.t, last.Root)[0]); err != nil {
			j.t.Errorf("from %d to %d: %v", from.Size, last.Size, err)
		}
	}
}

// prove proves each line of the household's book in the newest seal, as the phone does.
func (j *journey) prove() {
	j.t.Helper()
	var book struct {
		Items []entryView `json:"items"`
	}
	me, last := j.villager(0), j.seals[len(j.seals)-1]
	j.ok(me, "GET", j.home("/entries"), nil, &book)
	if len(book.Items) == 0 {
		j.t.Error("nothing to prove")
	}
	for _, e := range book.Items {
		var p ledger.Proof
		j.ok(me, "GET", j.home("/entries/"+e.ID.String()+"/proof"), nil, &p)
		if p.Head.Root != last.Root || len(p.Entries) == 0 {
			j.t.Errorf("%s is proved in the seal of %d, the newest is of %d", e.Title, p.Head.Size, last.Size)
		}
		for _, x := range p.Entries {
			leaf := sha256.Sum256(append([]byte{0}, x.Text...))
			if err := rfcproof.VerifyInclusion(rfc6962.DefaultHasher, uint64(x.Index), uint64(p.Head.Size), leaf[:], hashes(j.t, x.Path...), hashes(j.t, last.Root)[0]); err != nil {
				j.t.Errorf("%s: %v", e.Title, err)
			}
		}
		if code := j.call(j.villager(1), "GET", j.home("/entries/"+e.ID.String()+"/proof"), nil, nil); code == "" {
			j.t.Error("a neighbour reads the proof")
		}
	}
}

func hashes(t *testing.T, hexes ...string) [][]byte {
	t.Helper()
	out := make([][]byte, len(hexes))
	for i, h := range hexes {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = b
	}
	return out
}
