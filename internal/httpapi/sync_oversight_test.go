package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const overseenRules = `format: 1
title: 监督试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: good, name: 好事}
  - {code: fault, name: 反向约束}
items:
  - {code: sweep, name: 扫村道, class: good, points: 3, ways: [entry, peer]}
  - {code: help, name: 帮扶, class: good, points: 10, ways: [claim], review: {panel: true}}
  - {code: rate, name: 义务劳动, class: good, range: {from: 1, to: 30}, ways: [claim]}
  - {code: trash, name: 乱倒垃圾, class: fault, points: -5}
panel: {quorum: 3, majority: half, days: 7}
records: {effect: after_publication, publish_days: 7}
`

// drafts sends what waits on a phone as somebody and answers what became of it.
func (r *rig) drafts(who string, list ...map[string]any) []syncAnswer {
	r.t.Helper()
	for _, d := range list {
		if d["request_id"] == nil {
			d["request_id"] = r.request()
		}
		d["made_at"] = clock.Ms(r.now())
	}
	var got syncList
	r.ok(who, "POST", "/sync", map[string]any{"device_now": clock.Ms(r.now()), "drafts": list}, &got)
	return got.Drafts
}

// twice sends a draft, and once more as after a lost answer.
func (r *rig) twice(who string, draft map[string]any) {
	r.t.Helper()
	for _, state := range []string{syncDone, syncRepeated} {
		got := r.drafts(who, draft)[0]
		if got.State != state && draft["kind"] != draftTelling || got.State == syncConflict {
			r.t.Fatalf("%v: %+v, want %s", draft, got, state)
		}
	}
}

// recorded enters a deed of a household, and lets it through where it waits.
func (r *rig) recorded(item string, home id.ID) id.ID {
	r.t.Helper()
	var made cases.Recorded
	r.ok("team", "POST", "/cases", map[string]any{"request_id": r.request(), "item": item, "subjects": []any{home}}, &made)
	if c := made.Items[0]; c.State == cases.Submitted {
		r.hire("second", access.TeamMember, 0)
		r.ok("second", "POST", "/cases/"+c.ID.String()+"/approve", cases.Step{RequestID: r.request(), Why: "属实"}, nil)
	}
	return made.Items[0].ID
}

// A vote, a correction while approving, an objection noted and one answered, and a household told: each without signal, each once, and
// refused with its reason when another was first or when it is not this person's to say.
func TestSyncOversight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		r := newRig(t, db, overseenRules, 4)
		r.hire("panel", access.PanelMember, 0)
		claim := func(home int, item string, worth points.Amount) id.ID {
			var made cases.Answer
			r.ok(r.villager(home), "POST", fmt.Sprintf("/households/%s/claims", r.homes[home]), cases.Claim{RequestID: r.request(), Item: item, Points: worth, Note: "做了"}, &made)
			return made.ID
		}
		helped := claim(0, "help", 0)
		vote := map[string]any{"kind": draftVote, "target": helped, "vote": map[string]any{"aye": true}}
		if got := r.drafts("team", map[string]any{"kind": draftVote, "target": helped, "vote": map[string]any{"aye": true}})[0]; got.State != syncConflict || got.Code != access.ErrForbidden.Code {
			t.Errorf("not of the panel: %+v", got)
		}
		r.twice("panel", vote)
		if got := r.drafts("panel", map[string]any{"kind": draftVote, "target": helped, "vote": map[string]any{"aye": false, "why": "想了想"}})[0]; got.State != syncConflict || got.Reason == "" {
			t.Errorf("a second vote: %+v", got)
		}

		rated := claim(1, "rate", 20*points.Point)
		r.twice("team", map[string]any{"kind": draftApprove, "target": rated, "why": "按登记的人数", "correct": cases.Content{Points: 8 * points.Point}})
		var now cases.View
		r.ok("team", "GET", "/cases/"+rated.String(), nil, &now)
		if now.Points != 8*points.Point || now.Claimed == nil {
			t.Errorf("corrected while approving: %+v", now)
		}

		thrown := r.recorded("trash", r.homes[2])
		r.twice("team", map[string]any{"kind": draftTelling, "telling": map[string]any{"household": r.homes[2], "cases": []id.ID{thrown}, "how": cases.BySlip, "who": "户主"}})
		r.twice("team", map[string]any{"kind": draftObject, "target": thrown, "objection": map[string]any{"household": r.homes[2], "name": "张三", "how": "visit", "text": "不是我家倒的"}})
		var page cases.ObjectionPage
		r.ok("secretary", "GET", "/objections?open=true", nil, &page)
		if len(page.Items) != 1 {
			t.Fatalf("%+v", page)
		}
		settle := map[string]any{"kind": draftSettle, "target": page.Items[0].ID, "settle": map[string]any{"outcome": cases.Removed, "answer": "看了监控，是外村的车"}}
		if got := r.drafts("team", map[string]any{"kind": draftSettle, "target": page.Items[0].ID, "settle": settle["settle"]})[0]; got.Code != cases.ErrOwnSettle.Code {
			t.Errorf("by who entered it: %+v", got)
		}
		r.twice("secretary", settle)
		for kind := range map[string]bool{draftVote: true, draftObject: true, draftSettle: true, draftFinding: true, draftTelling: true} {
			if got := r.drafts("team", map[string]any{"kind": kind, "target": thrown})[0]; got.State != syncConflict || got.Code != errDraftKind.Code {
				t.Errorf("%s without its content: %+v", kind, got)
			}
		}
		audit(t, db)
	})
}

// What was found of a drawn case comes without signal too; of two supervisors the second learns that it has been looked at.
func TestSyncFinding(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		r := newRig(t, db, overseenRules, 2)
		r.hire("watch", access.VillageSupervisor, 0)
		r.hire("other", access.VillageSupervisor, 0)
		r.recorded("sweep", r.homes[0])
		r.day(31, 9)
		var drawn cases.Sample
		r.ok("watch", "POST", "/samples", cases.SampleRequest{RequestID: r.request(), Month: walkDay, Seed: "06 11 19", Size: 1}, &drawn)
		found := func() map[string]any {
			return map[string]any{"kind": draftFinding, "target": drawn.ID, "line": 1, "finding": map[string]any{"finding": cases.FoundFlawed, "note": "照片不清楚"}}
		}
		r.twice("watch", found())
		if got := r.drafts("other", found())[0]; got.State != syncConflict || got.Code != cases.ErrFound.Code {
			t.Errorf("%+v", got)
		}
		audit(t, db)
	})
}

// A good deed of a neighbour is told by the number on the door, and where persons are scored by a whole name.
func TestSyncReportByNumber(t *testing.T) {
	for _, subject := range []string{scheme.SubjectHousehold, scheme.SubjectPerson} {
		t.Run(subject, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *storage.DB) {
				r := newRig(t, db, strings.Replace(overseenRules, "subject: household", "subject: "+subject, 1), 4)
				report := func(number, who string) map[string]any {
					return map[string]any{"kind": draftReport, "household": r.homes[0], "number": number, "who": who, "claim": map[string]any{"item": "sweep", "note": "扫了一早上"}}
				}
				r.twice(r.villager(0), report("3", "张三"))
				if got := r.drafts(r.villager(0), report("999", "张三"))[0]; got.State != syncConflict || got.Code != village.ErrNoHousehold.Code {
					t.Errorf("no such number: %+v", got)
				}
				got := r.drafts(r.villager(0), report("3", "李四"))[0]
				if byName := subject == scheme.SubjectPerson; (got.Code == errDraftWho.Code) != byName {
					t.Errorf("another name: %+v", got)
				}
				audit(t, r.db)
			})
		})
	}
}
