package board_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const rules = `format: 1
title: 排行试验细则
subject: SUBJECT
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
boards: {BOARDS}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

var (
	day   = clock.MakeDay(2026, 5, 20)
	noon  = day.Start().Add(12 * time.Hour)
	year  = clock.YearSpan(day)
	month = clock.MonthSpan(day)
)

func now() time.Time { return noon }

// town is a county with one town, in whose villages tests live.
type town struct {
	t        *testing.T
	db       *storage.DB
	people   *village.Service
	book     *rulebook.Book
	boards   *board.Service
	region   village.Region
	villages int
	refs     int
}

func newTown(t *testing.T, db *storage.DB) *town {
	t.Helper()
	w := &town{t: t, db: db, people: village.New(db, now, ledger.OpenAccounts), book: rulebook.New(db, now)}
	w.boards = board.New(db, nil, now, w.book, w.people, board.Options{Sums: -1, Names: -1})
	if err := w.boards.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	county, err := w.people.CreateCounty(t.Context(), village.NewRegion{Code: "530423", Name: "试验县"})
	w.check(err)
	w.region, err = w.people.CreateTown(t.Context(), county.ID, village.NewRegion{Code: "530423101", Name: "试验镇"})
	w.check(err)
	return w
}

func (w *town) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

type home struct {
	id      id.ID
	members []id.ID
	group   id.ID
}

type hamlet struct {
	*town
	id     id.ID
	book   *scheme.Scheme
	groups []id.ID
	homes  []home
}

// village makes a village of two groups with four households of two people each, under its own rules.
func (w *town) village(subject, boards string) *hamlet {
	w.t.Helper()
	ctx := w.t.Context()
	w.villages++
	n := w.villages
	v, err := w.people.CreateVillage(ctx, w.region.ID, village.NewRegion{Code: fmt.Sprintf("53042310100%d", n), Name: fmt.Sprintf("试验%d村", n), From: 20200101})
	w.check(err)
	source := strings.NewReplacer("SUBJECT", subject, "BOARDS", boards).Replace(rules)
	first := accesstest.Official(w.t, w.db, now, access.FirstSecretary, access.Place{Village: v.ID})
	adopted, _, err := w.book.Adopt(ctx, first, v.ID, rulebook.AdoptRequest{RequestID: fmt.Sprintf("adopt-%016d", v.ID), Source: source, AdoptedOn: 20260101, FromDay: 20260101})
	w.check(err)
	h := &hamlet{town: w, id: v.ID, book: adopted.Scheme}
	for i := range 2 {
		g, err := w.people.CreateGroup(ctx, v.ID, village.NewRegion{Code: fmt.Sprint("0", i+1), Name: fmt.Sprintf("第%d组", i+1), From: 20200101})
		w.check(err)
		h.groups = append(h.groups, g.ID)
	}
	heads := []string{"张小三", "李四", "王二麻", "欧阳建华"}
	for i, head := range heads {
		group := h.groups[i%2]
		hh, _, err := w.people.CreateHousehold(ctx, village.Write{Village: v.ID, On: 20260101}, village.NewHousehold{
			Number: fmt.Sprintf("%03d", i+1), Group: group, Members: []village.NewMember{
				{Name: head, Relation: "户主", BornOn: 19700101},
				{Name: head[:len("张")] + "小宝", Relation: "子", BornOn: 20120601},
			}})
		w.check(err)
		d, err := w.people.Detail(ctx, v.ID, hh, day)
		w.check(err)
		one := home{id: hh, group: group}
		for _, m := range d.People {
			one.members = append(one.members, m.ID)
		}
		h.homes = append(h.homes, one)
	}
	return h
}

// give posts a deed on the day for an account, done in a group.
func (h *hamlet) give(account, group id.ID, amount points.Amount) {
	h.t.Helper()
	h.refs++
	p := ledger.Posting{Village: h.id, Kind: ledger.Award, Ref: fmt.Sprint("deed-", h.refs), At: noon, Occurred: day, Counted: day, Title: "试验",
		Lines: []ledger.Line{{Account: account, Wallet: "year", Amount: amount, Group: group}, {Account: account, Wallet: "spend", Amount: amount, Group: group}}}
	h.check(h.db.InTx(h.t.Context(), func(tx *storage.Tx) error {
		_, err := ledger.Post(tx, h.book, p)
		return err
	}))
}

func (h *hamlet) villager(i int) access.Actor {
	return accesstest.Villager(h.t, h.db, now, h.id, h.homes[i].members[0])
}

func (h *hamlet) official(role access.Role) access.Actor {
	return accesstest.Official(h.t, h.db, now, role, access.Place{Village: h.id})
}

func text(items []board.Row) string {
	var b strings.Builder
	for _, r := range items {
		fmt.Fprintf(&b, "%d %s%s %s", r.Rank, r.Number, r.Name, r.Amount)
		if r.Tied {
			b.WriteString(" tied")
		}
		if r.Mine {
			b.WriteString(" mine")
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestHouseholdsBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		h := newTown(t, db).village("household", "mask: true")
		me := h.villager(2)
		for i, a := range []points.Amount{500, 300, 300, 100} {
			h.give(h.homes[i].id, h.homes[i].group, a)
		}
		p, err := h.boards.Page(ctx, me, h.id, board.View{Kind: board.Households, Span: month}, "", 0)
		h.check(err)
		if got, want := text(p.Items), "1 张*三 5; 2 李* 3 tied; 2 003王二麻 3 tied mine; 4 欧**华 1"; got != want || p.Of != 4 || p.Next != "" {
			t.Errorf("board %s (of %d, next %q)\nwant  %s", got, p.Of, p.Next, want)
		}
		var pages []string
		for after := ""; ; {
			p, err := h.boards.Page(ctx, me, h.id, board.View{Kind: board.Households, Span: year}, after, 1)
			h.check(err)
			pages = append(pages, fmt.Sprint(p.Items[0].Rank, p.Items[0].Tied))
			if after = p.Next; after == "" {
				break
			}
		}
		if got := strings.Join(pages, " "); got != "1 false 2 true 2 true 4 false" {
			t.Errorf("pages of one row: %s", got)
		}
		around, err := h.boards.Around(ctx, me, h.id, board.View{Kind: board.Households, Span: month}, h.homes[2].id)
		h.check(err)
		if text(around.Items) != text(p.Items) {
			t.Errorf("around %s", text(around.Items))
		}
		st, err := h.boards.Rank(ctx, h.id, month, h.homes[3].id)
		h.check(err)
		if st != (board.Standing{Rank: 4, Of: 4, Amount: 100}) {
			t.Errorf("standing %+v", st)
		}
		if st, err = h.boards.Rank(ctx, h.id, month, h.groups[0]); err != nil || st.Rank != 0 || st.Of != 4 {
			t.Errorf("an account without an entry: %+v %v", st, err)
		}
		ledgertest.Audit(t, db)
	})
}

func TestPersonsBoardMasksMinors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := newTown(t, db).village("person", "mask: false")
		h.give(h.homes[0].members[0], h.homes[0].group, 500)
		h.give(h.homes[1].members[1], h.homes[1].group, 200)
		p, err := h.boards.Page(context.Background(), h.villager(2), h.id, board.View{Kind: board.Persons, Span: year}, "", 0)
		h.check(err)
		if got, want := text(p.Items), "1 张小三 5; 2 李*宝 2"; got != want {
			t.Errorf("board %s, want %s", got, want)
		}
		if _, err := h.boards.Page(context.Background(), h.villager(0), h.id, board.View{Kind: board.Households, Span: year}, "", 0); !errors.Is(err, board.ErrNoHouse) {
			t.Errorf("households where persons are scored: %v", err)
		}
	})
}

func TestGroupsBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := newTown(t, db).village("household", "mask: true")
		me := h.villager(0)
		read := func() string {
			p, err := h.boards.Page(context.Background(), me, h.id, board.View{Kind: board.Groups, Span: month}, "", 0)
			h.check(err)
			return text(p.Items)
		}
		if got := read(); got != "1 第1组 0 tied; 1 第2组 0 tied" {
			t.Errorf("before any deed: %s", got)
		}
		h.give(h.homes[0].id, h.groups[0], 100)
		h.give(h.homes[1].id, h.groups[1], 100)
		h.give(h.homes[0].id, h.groups[1], 50) // done in another group: counts there
		if got := read(); got != "1 第2组 1.5; 2 第1组 1" {
			t.Errorf("groups: %s", got)
		}
	})
}

func TestWhoSeesBoards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		members, open, shut := w.village("household", "mask: false"), w.village("household", "mask: false, show: public"), w.village("household", "mask: false, show: off")
		for _, h := range []*hamlet{members, open, shut} {
			h.give(h.homes[0].id, h.homes[0].group, 100)
		}
		supervisor := accesstest.Official(t, db, now, access.Supervisor, access.Place{Region: w.region.ID})
		for _, c := range []struct {
			name string
			who  access.Actor
			h    *hamlet
			want error
		}{
			{"villager", members.villager(1), members, nil},
			{"keeper", members.official(access.Keeper), members, nil},
			{"supervisor", supervisor, members, nil},
			{"visitor", access.Actor{}, members, access.ErrSignIn},
			{"villager of another village", open.villager(0), members, access.ErrForbidden},
			{"villager where boards are shut", shut.villager(0), shut, board.ErrOff},
			{"team member where boards are shut", shut.official(access.TeamMember), shut, nil},
			{"supervisor where boards are shut", supervisor, shut, nil},
		} {
			_, err := w.boards.Page(ctx, c.who, c.h.id, board.View{Kind: board.Households, Span: year}, "", 0)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			_, err2 := w.boards.Around(ctx, c.who, c.h.id, board.View{Kind: board.Households, Span: year}, c.h.homes[0].id)
			if !errors.Is(err2, c.want) {
				t.Errorf("%s, around: %v, want %v", c.name, err2, c.want)
			}
		}
		p, err := w.boards.PublicPage(ctx, open.id, board.View{Kind: board.Households, Span: year}, "", 0)
		if err != nil || text(p.Items) != "1 张*三 1" {
			t.Errorf("public board: %s %v", text(p.Items), err)
		}
		for _, h := range []*hamlet{members, shut} {
			if _, err := w.boards.PublicPage(ctx, h.id, board.View{Kind: board.Households, Span: year}, "", 0); !errors.Is(err, board.ErrOff) {
				t.Errorf("public page of a board that is not public: %v", err)
			}
		}
	})
}

func TestBadInput(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	h := newTown(t, db).village("household", "mask: true")
	me := h.villager(0)
	for name, c := range map[string]struct {
		view  board.View
		after string
		want  error
	}{
		"unknown kind":    {board.View{Kind: "teams", Span: year}, "", board.ErrKind},
		"unknown class":   {board.View{Kind: board.Households, Span: year, Class: "none"}, "", board.ErrClass},
		"persons":         {board.View{Kind: board.Persons, Span: year}, "", board.ErrNoPersons},
		"next quarter":    {board.View{Kind: board.Households, Span: clock.QuarterSpan(day) + 1}, "", board.ErrSpan},
		"next month":      {board.View{Kind: board.Households, Span: month + 1}, "", board.ErrSpan},
		"no span":         {board.View{Kind: board.Households}, "", board.ErrSpan},
		"cursor":          {board.View{Kind: board.Households, Span: year}, "x", board.ErrCursor},
		"before any rule": {board.View{Kind: board.Households, Span: 202501}, "", rulebook.ErrNone},
	} {
		if _, err := h.boards.Page(t.Context(), me, h.id, c.view, c.after, 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	p, err := h.boards.Page(t.Context(), me, h.id, board.View{Kind: board.Households, Span: year}, "", 100_000)
	if err != nil || p.Items == nil || len(p.Items) != 0 {
		t.Errorf("a board without entries is an empty list: %+v %v", p, err)
	}
}

func TestVillagesBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		a, b, out := w.village("household", "villages: true"), w.village("household", "villages: true"), w.village("household", "mask: true")
		for _, h := range []*hamlet{a, b, out} {
			h.give(h.homes[0].id, h.homes[0].group, 400)
		}
		b.give(b.homes[1].id, b.homes[1].group, 10)
		supervisor := accesstest.Official(t, db, now, access.Supervisor, access.Place{Region: w.region.ID})
		if _, err := w.boards.Villages(ctx, supervisor, w.region.ID, year); !errors.Is(err, board.ErrVillagesOff) {
			t.Errorf("off by default: %v", err)
		}
		w.check(w.boards.OpenVillages(ctx, 0, w.region.ID, true))
		if _, err := w.boards.Villages(ctx, a.villager(0), w.region.ID, year); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a villager: %v", err)
		}
		p, err := w.boards.Villages(ctx, supervisor, w.region.ID, year)
		w.check(err)
		got := ""
		for _, r := range p.Items {
			got += fmt.Sprintf("%d %s %s/%d=%s; ", r.Rank, r.Name, r.Amount, r.Households, r.PerHousehold)
		}
		if want := "1 试验2村 4.1/4=1.02; 2 试验1村 4/4=1; "; got != want || p.Note == "" {
			t.Errorf("villages %s, want %s", got, want)
		}
		w.check(w.boards.OpenVillages(ctx, 0, w.region.ID, false))
		if _, err := w.boards.Villages(ctx, supervisor, w.region.ID, year); !errors.Is(err, board.ErrVillagesOff) {
			t.Errorf("closed again: %v", err)
		}
	})
}
