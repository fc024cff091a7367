package httpapi

import (
	"fmt"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// TestClaimAndObjectionOverHTTP walks a claim from a villager's phone to points, an objection and its answer, and a sample.
func TestClaimAndObjectionOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "linyuan.yaml")
		here := access.Place{Village: w.here.village}
		team, _ := w.user(db, "team", access.TeamMember, here)
		second, _ := w.user(db, "second", access.TeamMember, here)
		look, _ := w.user(db, "look", access.VillageSupervisor, here)
		villager := w.villager()
		v := "/api/villages/" + w.here.village.String()
		h := v + "/households/" + w.here.household.String()
		neighbour := v + "/households/" + w.here.neighbour.String()

		var claimed cases.Answer
		w.call(villager, "POST", h+"/claims", `{"request_id":"$R","item":"qingsao","note":"扫了村道"}`, 200, &claimed)
		if claimed.State != cases.Submitted || claimed.Way != "claim" {
			t.Errorf("%+v", claimed.View)
		}
		w.call(villager, "POST", neighbour+"/claims", `{"request_id":"$R","item":"qingsao"}`, 403, nil)
		if code := w.call(villager, "POST", h+"/claims", `{"request_id":"$R","item":"dubo"}`, 409, nil); code != "cases_way" {
			t.Error(code)
		}
		c := v + "/cases/" + claimed.ID.String()
		w.call(villager, "POST", c+"/approve", `{"request_id":"$R"}`, 403, nil)
		var page cases.Page
		w.call(villager, "GET", v+"/cases?mine=true", "", 200, &page)
		if len(page.Items) != 1 || !page.Items[0].CanWithdraw {
			t.Errorf("%+v", page.Items)
		}
		w.call(team, "POST", c+"/approve", `{"request_id":"$R"}`, 200, nil)
		var one cases.View
		w.call(villager, "GET", c, "", 200, &one)
		if one.State != cases.Effective || !one.CanObject || one.ObjectUntil == 0 {
			t.Errorf("%+v", one)
		}
		var o cases.Objection
		object := h + "/cases/" + claimed.ID.String() + "/objections"
		w.call(villager, "POST", object, `{"request_id":"$R","text":"分数不对，请核实"}`, 200, &o)
		if o.Frozen != one.Points || o.DueOn == 0 {
			t.Errorf("%+v", o)
		}
		var book passbookView
		w.call(villager, "GET", h+"/passbook", "", 200, &book)
		if book.Spendable != 0 {
			t.Errorf("%s can be spent", book.Spendable)
		}
		settle := v + "/objections/" + o.ID.String() + "/settle"
		answer := `{"request_id":"$R","outcome":"kept","answer":"经核实无误"}`
		if code := w.call(team, "POST", settle, answer, 403, nil); code != "cases_own_settle" {
			t.Error(code)
		}
		w.call(look, "POST", settle, answer, 403, nil)
		w.call(second, "POST", settle, answer, 200, &o)
		var mine objectionList
		w.call(villager, "GET", h+"/objections", "", 200, &mine)
		if len(mine.Items) != 1 || mine.Items[0].Answer != "经核实无误" {
			t.Errorf("%+v", mine.Items)
		}
		var figures collectorList
		span := fmt.Sprintf("?from=%s&to=%s", one.OccurredOn, one.OccurredOn.Add(1))
		w.call(look, "GET", v+"/collectors"+span, "", 200, &figures)
		w.call(team, "GET", v+"/collectors"+span, "", 403, nil)
		if code := w.call(look, "POST", v+"/samples", fmt.Sprintf(`{"request_id":"$R","month":"%s","seed":"2026070","size":3}`, one.OccurredOn), 422, nil); code != "cases_sample_month" {
			t.Error(code)
		}
		audit(t, db)
	})
}
