package httpapi

import (
	"testing"

	"hefen/internal/access"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// TestNeighbour: a villager finds a household by its whole number and learns no more than a board shows; strangers of the village
// learn nothing. People come along only where persons are scored.
func TestNeighbour(t *testing.T) {
	for template, people := range map[string]bool{"linyuan.yaml": false, "luoyu.yaml": true} {
		t.Run(template, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *storage.DB) {
				w := newCasesWorld(t, db, template)
				path := "/api/villages/" + w.here.village.String() + "/neighbour"
				all, err := w.side.villages.Detail(t.Context(), w.here.village, w.here.household, w.side.villages.Today())
				if err != nil {
					t.Fatal(err)
				}
				var found neighbourView
				body := `{"number":"` + all.Number + `"}`
				villager := w.villager()
				w.call(villager, "POST", path, body, 200, &found)
				if found.Household != w.here.household || found.Name != village.MaskName(all.Name) || found.Name == all.Name {
					t.Errorf("%+v", found)
				}
				if people != (len(found.People) == len(all.People)) {
					t.Errorf("people %+v of %d", found.People, len(all.People))
				}
				for _, p := range found.People {
					for _, m := range all.People {
						if p.Name == m.Name {
							t.Errorf("%q is not masked", p.Name)
						}
					}
				}
				stranger, _ := w.user(db, "stranger", "", access.Place{})
				w.call(stranger, "POST", path, body, 403, nil)
				w.call(villager, "POST", path, `{"number":"no such"}`, 404, nil)
			})
		})
	}
}
