package succession

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

func TestMergeVillages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w, other := newWorld(t, db), newWorld(t, db)
		a, _ := w.home("001", "张三")
		b, people := other.home("001", "李四", "李五")
		other.n = 1000
		other.give(b, ledger.Award, ledger.Line{Wallet: "spend", Amount: 300}, ledger.Line{Wallet: "year", Amount: 300})
		other.give(people[0], ledger.Award, ledger.Line{Wallet: "spend", Amount: 50})
		codes, _, err := w.v.ReplaceCodes(ctx, village.Write{Village: other.village, By: 1}, []id.ID{b})
		must(t, err)
		w.today = w.today.Add(40)
		other.today = w.today
		in := MergeVillages{Act: w.act(), From: other.village}
		if _, err := w.mergeVillages(ctx, 1, w.village, in); !errors.Is(err, village.ErrNumberTaken) {
			t.Fatalf("the same number twice: %v", err)
		}
		in.Prefix = "东"
		var wg sync.WaitGroup
		var mu sync.Mutex
		repeated := 0
		for range 4 {
			wg.Go(func() {
				rec, err := w.mergeVillages(ctx, 1, w.village, in)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if rec.Repeated {
					repeated++
				}
			})
		}
		wg.Wait()
		if repeated != 3 {
			t.Errorf("%d repeats of 4", repeated)
		}
		if found, err := w.v.ByNumber(ctx, w.village, "东001", w.today); err != nil || found[0].ID != b || found[0].GroupName != "林源村1组" {
			t.Errorf("%+v %v", found, err)
		}
		if found, err := w.v.ByNumber(ctx, w.village, "001", w.today); err != nil || len(found) != 1 || found[0].ID != a {
			t.Errorf("a present number comes before an old one: %+v %v", found, err)
		}
		if h, err := w.v.ByCode(ctx, w.village, codes[0].Code); err != nil || h.ID != b {
			t.Errorf("the printed code: %+v %v", h, err)
		}
		if s, err := w.v.Subjects(ctx, w.village, w.today, []id.ID{b, people[0]}); err != nil || s[0].Group != other.groups[0] || s[1].Household != b {
			t.Errorf("%+v %v", s, err)
		}
		if got := fmt.Sprint(dbtest.Rows(t, db, "SELECT account_id, amount FROM totals WHERE village_id = ? AND span = 202600", w.village)); got != fmt.Sprintf("[%s|300]", b) {
			t.Errorf("totals: %s", got)
		}
		if w.balance(b) != "spend 3, year 3" || w.balance(people[0]) != "spend 0.5" {
			t.Errorf("%s; %s", w.balance(b), w.balance(people[0]))
		}
		w.n = 2000
		w.give(b, ledger.Redeem, ledger.Line{Wallet: "spend", Amount: -100})
		if _, _, err := w.v.CreateHousehold(ctx, village.Write{Village: other.village}, village.NewHousehold{Number: "9", Group: other.groups[0],
			Members: []village.NewMember{{Name: "王六", Relation: village.Head}}}); !errors.Is(err, village.ErrNoVillage) {
			t.Errorf("the village that ended takes a household: %v", err)
		}
		in.Act = w.act()
		if _, err := w.mergeVillages(ctx, 1, w.village, in); !errors.Is(err, village.ErrNoVillage) {
			t.Errorf("merged twice: %v", err)
		}
	})
}
