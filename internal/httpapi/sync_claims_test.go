package httpapi

import (
	"fmt"
	"slices"
	"testing"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// What villagers tell without signal, photos first, comes once; an official's reviews without signal too, and the second of two
// learns that it is decided.
func TestSyncClaimsAndReviews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w, homes := newSyncWorld(t, db, 1)
		here := access.Place{Village: w.here.village}
		team, _ := w.user(db, "team", access.TeamMember, here)
		second, _ := w.user(db, "second", access.TeamMember, here)
		villager := w.villager()
		now := w.side.now()
		p := newPhone(w, 11, villager)
		photo := p.photo()
		told := func(kind, request string, home id.ID, more string) string {
			return fmt.Sprintf(`{"request_id":%q,"kind":%q,"made_at":%d,"household":%q,"claim":{"item":"qingsao","note":"扫了村道"%s}}`,
				request, kind, clock.Ms(now), home, more)
		}
		claim := told(draftClaim, "request-claim-0001", homes[0], fmt.Sprintf(`,"evidence":[{"kind":"photo","sha256":%q}]`, photo))
		report := told(draftReport, "request-claim-0002", homes[0], fmt.Sprintf(`,"subject":%q`, homes[2]))
		foreign := told(draftClaim, "request-claim-0003", homes[1], "")
		empty := fmt.Sprintf(`{"request_id":"request-claim-0004","kind":"claim","made_at":%d}`, clock.Ms(now))

		states := func(got []syncAnswer) (all []string) {
			for _, a := range got {
				all = append(all, a.State)
			}
			return all
		}
		got := w.sync(villager, now, 200, claim, foreign, empty)
		if want := []string{syncPhoto, syncConflict, syncConflict}; !slices.Equal(states(got), want) || !slices.Equal(got[0].Missing, []string{photo}) {
			t.Fatalf("%+v, want %v", got, want)
		}
		if whole := send(w.h, "POST", p.village()+"/photos", villager, "application/octet-stream", p.photos[photo]); whole.Code != 200 {
			t.Fatal(whole.Body)
		}
		for _, state := range []string{syncDone, syncRepeated} {
			got = w.sync(villager, now, 200, claim)
			if got[0].State != state || !got[0].Waits || got[0].Day != walkDay {
				t.Fatalf("%+v, want %s", got, state)
			}
		}
		if got = w.sync(villager, now, 200, report); got[0].State != syncDone || !got[0].Waits {
			t.Errorf("%+v", got)
		}
		var mine cases.Page
		v := "/api/villages/" + w.here.village.String()
		w.call(villager, "GET", v+"/cases?mine=true", "", 200, &mine)
		own := slices.IndexFunc(mine.Items, func(v cases.View) bool { return v.Way == "claim" })
		if len(mine.Items) != 2 || own < 0 || len(mine.Items[own].Photos) != 1 || mine.Items[1-own].Way != "peer" {
			t.Fatalf("%+v", mine.Items)
		}
		claimed := mine.Items[own].ID

		review := func(kind, request string) string {
			return fmt.Sprintf(`{"request_id":%q,"kind":%q,"made_at":%d,"target":%q,"why":"看过了"}`, request, kind, clock.Ms(now), claimed)
		}
		if got = w.sync(villager, now, 200, review(draftApprove, "request-claim-0005")); got[0].State != syncConflict || got[0].Code != access.ErrForbidden.Code {
			t.Errorf("a villager approves: %+v", got)
		}
		for _, state := range []string{syncDone, syncRepeated} {
			if got = w.sync(team, now, 200, review(draftApprove, "request-claim-0006")); got[0].State != state {
				t.Errorf("%+v, want %s", got, state)
			}
		}
		if got = w.sync(second, now, 200, review(draftReject, "request-claim-0007")); got[0].State != syncConflict || got[0].Reason == "" {
			t.Errorf("decided already: %+v", got)
		}
		var shown cases.View
		w.call(villager, "GET", v+"/cases/"+claimed.String(), "", 200, &shown)
		if shown.State != cases.Effective || shown.Points == 0 {
			t.Errorf("%+v", shown)
		}
		audit(t, db)
	})
}
