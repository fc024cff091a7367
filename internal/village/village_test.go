package village

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// fixture is a village with two groups, and the owners that were announced.
type fixture struct {
	*Service
	db      *storage.DB
	village Region
	group   [2]Region
	mu      sync.Mutex
	owners  []Owner
	today   clock.Day
}

func (f *fixture) write() Write { return Write{Village: f.village.ID, By: 9} }

func newFixture(t testing.TB, db *storage.DB) *fixture {
	t.Helper()
	ctx := context.Background()
	f := &fixture{db: db, today: clock.MakeDay(2026, 6, 1)}
	f.Service = New(db, func() time.Time { return f.today.Start().Add(9 * time.Hour) }, func(tx *storage.Tx, v id.ID, owners []Owner) error {
		tx.AfterCommit(func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.owners = append(f.owners, owners...)
		})
		return nil
	})
	start := clock.MakeDay(2020, 1, 1)
	county, err := f.CreateCounty(ctx, NewRegion{Code: fmt.Sprint(db.NewID()), Name: "靖州县", From: start})
	must(t, err)
	town, err := f.CreateTown(ctx, county.ID, NewRegion{Code: "431229100", Name: "渠阳镇", From: start})
	must(t, err)
	f.village, err = f.CreateVillage(ctx, town.ID, NewRegion{Code: "431229100201", Name: "林源村", From: start})
	must(t, err)
	for i := range f.group {
		f.group[i], err = f.CreateGroup(ctx, f.village.ID, NewRegion{Code: fmt.Sprintf("%02d", i+1), Name: fmt.Sprintf("第%d组", i+1), From: start})
		must(t, err)
	}
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// household enters a household of a head and other names.
func (f *fixture) household(t testing.TB, number string, group int, head string, others ...string) id.ID {
	t.Helper()
	n := NewHousehold{Number: number, Group: f.group[group].ID, Members: []NewMember{{Name: head, Relation: Head}}}
	for _, o := range others {
		n.Members = append(n.Members, NewMember{Name: o, Relation: "儿子"})
	}
	h, _, err := f.CreateHousehold(context.Background(), f.write(), n)
	must(t, err)
	return h
}

func TestCreateHousehold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		w := f.write()
		w.RequestID = "req-0123456789abcdef"
		n := NewHousehold{Number: "001", Group: f.group[0].ID, Flags: []string{"监测户", "党员户"}, Members: []NewMember{
			{Name: "张小三", Relation: Head, Phone: "138 0013 8000", IDNo: "11010519491231002X"},
			{Name: "张苗苗", Relation: "孙女", BornOn: clock.MakeDay(2015, 3, 1), Flags: []string{"学生"}},
		}}
		h, repeated, err := f.CreateHousehold(ctx, w, n)
		must(t, err)
		again, twice, err := f.CreateHousehold(ctx, w, n)
		must(t, err)
		if repeated || !twice || again != h {
			t.Fatalf("repeat: %v %v %v %v", h, repeated, again, twice)
		}
		n.Number = "002"
		if _, _, err := f.CreateHousehold(ctx, w, n); !errors.Is(err, storage.ErrRequestReused) {
			t.Fatalf("same request id with other content: %v", err)
		}
		if got := len(f.owners); got != 2+3 { // two groups, the household, two people
			t.Fatalf("%d owners were announced", got)
		}
		d, err := f.Detail(ctx, f.village.ID, h, f.Today())
		must(t, err)
		if d.Name != "张小三" || d.GroupName != "第1组" || d.Members != 2 || d.HasCode || !slices.Equal(d.Flags, []string{"党员户", "监测户"}) {
			t.Errorf("%+v", d)
		}
		if p := d.People[0]; p.Phone != "138****8000" || !p.HasIDNo || p.Minor || p.Relation != Head {
			t.Errorf("%+v", p)
		}
		if p := d.People[1]; !p.Minor || !slices.Equal(p.Flags, []string{"学生"}) {
			t.Errorf("%+v", p)
		}
		if m := d.Masked(); m.Name != "张*三" || m.People[1].Name != "张*苗" || m.People[0].Phone != "" || d.People[0].Phone == "" {
			t.Errorf("masked: %+v", m)
		}
		for _, row := range dbtest.Rows(t, db, "SELECT name, phone_enc, phone_idx, idno_enc, idno_idx FROM members") {
			if strings.Contains(row, "13800138000") || strings.Contains(row, "11010519491231002X") {
				t.Error("a number is stored in the open")
			}
		}
	})
}

func TestCreateHouseholdRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		other := newFixture(t, db)
		f.household(t, "001", 0, "张三")
		good := func() NewHousehold {
			return NewHousehold{Number: "002", Group: f.group[0].ID, Members: []NewMember{{Name: "李四", Relation: Head}}}
		}
		count := func() string { return strings.Join(dbtest.Rows(t, db, "SELECT COUNT(*) FROM members"), "") }
		before := count()
		for name, c := range map[string]struct {
			change func(n *NewHousehold)
			want   error
		}{
			"number taken":    {func(n *NewHousehold) { n.Number = "001" }, ErrNumberTaken},
			"odd number":      {func(n *NewHousehold) { n.Number = "0 1" }, ErrInvalid},
			"no number":       {func(n *NewHousehold) { n.Number = "" }, ErrInvalid},
			"foreign group":   {func(n *NewHousehold) { n.Group = other.group[0].ID }, ErrNoGroup},
			"no members":      {func(n *NewHousehold) { n.Members = nil }, ErrInvalid},
			"two heads":       {func(n *NewHousehold) { n.Members = append(n.Members, n.Members[0]) }, ErrInvalid},
			"formula as name": {func(n *NewHousehold) { n.Members[0].Name = "=1+1" }, ErrInvalid},
			"bad id number":   {func(n *NewHousehold) { n.Members[0].IDNo = "110105194912310021" }, ErrInvalid},
			"bad phone":       {func(n *NewHousehold) { n.Members[0].Phone = "1380013800" }, ErrInvalid},
			"dead":            {func(n *NewHousehold) { n.Status = Dead }, ErrInvalid},
			"flag twice":      {func(n *NewHousehold) { n.Flags = []string{"党员户", "党员户"} }, ErrInvalid},
		} {
			n := good()
			c.change(&n)
			if _, _, err := f.CreateHousehold(ctx, f.write(), n); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w := f.write()
		w.On = f.today.Add(1)
		if _, _, err := f.CreateHousehold(ctx, w, good()); !errors.Is(err, ErrBadDay) {
			t.Errorf("future: %v", err)
		}
		if _, _, err := f.CreateHousehold(ctx, Write{Village: 77}, good()); !errors.Is(err, ErrNoVillage) {
			t.Errorf("no village: %v", err)
		}
		if count() != before {
			t.Error("a refused household left members behind")
		}
	})
}

func TestHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		h := f.household(t, "001", 0, "张三", "张小四")
		v := f.village.ID
		f.today = clock.MakeDay(2026, 7, 1)
		if _, err := f.SetFlags(ctx, f.write(), h, []string{"党员户"}); err != nil {
			t.Fatal(err)
		}
		f.today = clock.MakeDay(2026, 8, 1)
		_, err := f.SetFlags(ctx, f.write(), h, []string{"监测户"})
		must(t, err)
		_, err = f.SetStatus(ctx, f.write(), h, Suspended)
		must(t, err)
		must(t, db.InTx(ctx, func(tx *storage.Tx) error {
			must(t, f.Lock(tx, v))
			must(t, f.SetGroup(tx, f.write(), h, f.group[1].ID, f.today))
			return f.Renumber(tx, f.write(), h, "A-1", f.today)
		}))
		people, err := f.people(ctx, h, f.today)
		must(t, err)
		_, err = f.ChangeHead(ctx, f.write(), h, people[1].ID, "父亲")
		must(t, err)

		for day, want := range map[clock.Day]Subject{
			20260630: {Group: f.group[0].ID, Status: Resident, Active: true},
			20260701: {Group: f.group[0].ID, Status: Resident, Active: true, Flags: []string{"党员户"}},
			20260731: {Group: f.group[0].ID, Status: Resident, Active: true, Flags: []string{"党员户"}},
			20260801: {Group: f.group[1].ID, Status: Suspended, Flags: []string{"监测户"}},
		} {
			got, err := f.Subjects(ctx, v, day, []id.ID{h, people[0].ID})
			must(t, err)
			if g := got[0]; g.Group != want.Group || g.Status != want.Status || g.Active != want.Active || !slices.Equal(g.Flags, want.Flags) || g.Household != h || g.Member != 0 {
				t.Errorf("%s: %+v", day, g)
			}
			if g := got[1]; g.Household != h || g.Member != people[0].ID || g.Name != "张三" || g.Group != want.Group || g.Active != want.Active || g.Status != Resident || !slices.Equal(g.Flags, want.Flags) {
				t.Errorf("%s: %+v", day, g)
			}
		}
		past, err := f.people(ctx, h, 20260731)
		must(t, err)
		if past[0].Name != "张三" || past[0].Relation != Head {
			t.Errorf("the former householder is forgotten: %+v", past)
		}
		now, err := f.Get(ctx, v, h, f.today)
		must(t, err)
		if now.Name != "张小四" || now.Number != "A-1" {
			t.Errorf("%+v", now)
		}
		if old, err := f.ByNumber(ctx, v, "001", f.today); err != nil || old[0].ID != h {
			t.Errorf("old number: %v %v", old, err)
		}
		if _, _, err := f.CreateHousehold(ctx, f.write(), NewHousehold{Number: "001", Group: f.group[0].ID, Members: []NewMember{{Name: "王五", Relation: Head}}}); !errors.Is(err, ErrNumberTaken) {
			t.Errorf("an old number was given away: %v", err)
		}
		if _, err := f.SetFlags(ctx, Write{Village: v, On: 20260715}, h, nil); !errors.Is(err, ErrBadDay) {
			t.Errorf("a change before the last one: %v", err)
		}
		if _, err := f.Subjects(ctx, v, f.today, []id.ID{h, 77}); !errors.Is(err, ErrNotInForce) || errs.As(err).Fields[0].Path != "subjects[1]" {
			t.Errorf("an unknown household names its position: %v, %+v", err, errs.As(err))
		}
		if _, err := f.Subjects(ctx, v, 20260501, []id.ID{h}); !errors.Is(err, ErrNotInForce) {
			t.Errorf("before it was entered: %v", err)
		}
		if _, err := f.Subjects(ctx, newFixture(t, db).village.ID, f.today, []id.ID{h}); !errors.Is(err, ErrNotInForce) {
			t.Errorf("another village: %v", err)
		}
	})
}

func TestSubjectsInOneStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		f := newFixture(t, db)
		rows, _ := bigTable(500, 3)
		_, err := f.ImportHouseholds(context.Background(), f.write(), rows, ImportOptions{CreateGroups: true})
		must(t, err)
		var ids []id.ID
		for _, r := range dbtest.Rows(t, db, "SELECT id FROM households ORDER BY id") {
			n, err := id.Parse(r)
			must(t, err)
			ids = append(ids, n)
		}
		ctx, count := storage.CountStatements(context.Background())
		got, err := f.Subjects(ctx, f.village.ID, f.today, ids)
		must(t, err)
		if len(got) != 500 || count.Load() != 1 {
			t.Errorf("%d subjects in %d statements", len(got), count.Load())
		}
		for i := range got {
			if got[i].Household != ids[i] {
				t.Fatal("not in the order asked")
			}
		}
	})
}
