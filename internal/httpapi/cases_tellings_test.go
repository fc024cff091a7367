package httpapi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const tellingRules = `format: 1
title: 告知试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: fault, name: 反向约束}
items:
  - {code: trash, name: 乱倒<垃圾>, class: fault, points: -5}
records: {effect: after_publication, publish_days: 7}
`

// TestTellings: the slips name each household without a phone once, with what it was told of yet left out.
func TestTellings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		r := newRig(t, db, tellingRules, 4)
		r.hire("second", "team_member", 0)
		r.villager(3) // has a phone
		for _, home := range r.homes {
			var made cases.Recorded
			r.ok("team", "POST", "/cases", map[string]any{"request_id": r.request(), "item": "trash", "subjects": []any{home}}, &made)
			if made.Items[0].State == cases.Submitted {
				r.ok("second", "POST", "/cases/"+made.Items[0].ID.String()+"/approve", cases.Step{RequestID: r.request(), Why: "属实"}, nil)
			}
		}
		days := fmt.Sprintf("?from=%s&to=%s", walkDay, walkDay)
		var list tellingList
		r.ok("team", "GET", "/tellings"+days, nil, &list)
		if len(list.Items) != 3 {
			t.Fatalf("%+v", list.Items)
		}
		r.ok("team", "POST", "/tellings", cases.TellRequest{RequestID: r.request(), Household: list.Items[0].Household, How: cases.BySlip, Who: "户主", Cases: []id.ID{list.Items[0].Case}}, nil)
		var page bytes.Buffer
		r.ok("team", "GET", "/tellings/page"+days, nil, &page)
		text := page.String()
		if n := strings.Count(text, "被告知人签字"); n != 2 || !strings.Contains(text, "扣5分") || !strings.Contains(text, "乱倒&lt;垃圾&gt;") || strings.Contains(text, "户号 "+list.Items[0].Number+" ·") {
			t.Errorf("%d slips: %s", n, text)
		}
		if code := r.call(r.villager(3), "GET", "/tellings"+days, nil, nil); code != "access_forbidden" {
			t.Error(code)
		}
		audit(t, db)
	})
}
