package board_test

import (
	"context"
	"fmt"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// deed posts one that a member of a household did, of a class of items, on a day.
func (h *hamlet) deed(who home, member id.ID, class string, on clock.Day, amount points.Amount) {
	h.t.Helper()
	h.refs++
	line := ledger.Line{Account: who.id, Wallet: "year", Amount: amount, Group: who.group, Member: member}
	p := ledger.Posting{Village: h.id, Kind: ledger.Award, Ref: fmt.Sprint("deed-", h.refs), At: noon, Occurred: on, Counted: on, Class: class, Title: "试验", Lines: []ledger.Line{line}}
	h.check(h.db.InTx(h.t.Context(), func(tx *storage.Tx) error {
		_, err := ledger.Post(tx, h.book, p)
		return err
	}))
}

// moves is how far each row has moved, "-" where it had no place before.
func moves(items []board.Row) (out []string) {
	for _, r := range items {
		if r.Moved == nil {
			out = append(out, "-")
		} else {
			out = append(out, fmt.Sprint(*r.Moved))
		}
	}
	return out
}

// Boards of a quarter, a half-year and a class, page by page, around one's own and with what moved since the span before.
func TestBoardsOfQuartersAndClasses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		h := newTown(t, db).village("household", "mask: true")
		me := h.villager(2)
		march, april := clock.MakeDay(2026, 3, 5), clock.MakeDay(2026, 4, 5)
		h.deed(h.homes[0], 0, "eco", march, 900) // the first quarter: 1, 2
		h.deed(h.homes[2], 0, "eco", march, 800)
		h.deed(h.homes[0], 0, "eco", april, 100)
		h.deed(h.homes[1], 0, "work", april, 700)
		h.deed(h.homes[2], 0, "eco", day, 300)
		h.deed(h.homes[3], 0, "eco", day, 300)
		read := func(v board.View, after string, limit int) board.Page {
			t.Helper()
			p, err := h.boards.Page(ctx, me, h.id, v, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		quarter := board.View{Kind: board.Households, Span: clock.QuarterSpan(day)}
		for _, c := range []struct {
			view        board.View
			want, moved string
		}{
			{quarter, "1 李* 7; 2 003王二麻 3 tied mine; 2 欧**华 3 tied; 4 张*三 1", "[- 0 - -3]"},
			{board.View{Kind: board.Households, Span: clock.HalfSpan(day)}, "1 003王二麻 11 mine; 2 张*三 10; 3 李* 7; 4 欧**华 3", "[- - - -]"},
			{board.View{Kind: board.Households, Span: month}, "1 003王二麻 3 tied mine; 1 欧**华 3 tied", "[- -]"},
			{board.View{Kind: board.Households, Span: clock.MonthSpan(april)}, "1 李* 7; 2 张*三 1", "[- -1]"},
			{board.View{Kind: board.Groups, Span: quarter.Span, Class: "eco"}, "1 第1组 4; 2 第2组 3", "[- -]"},
		} {
			p := read(c.view, "", 0)
			if got := text(p.Items); got != c.want || fmt.Sprint(moves(p.Items)) != c.moved {
				t.Errorf("%+v: %s %v\nwant %s %s", c.view, got, moves(p.Items), c.want, c.moved)
			}
		}
		first := read(quarter, "", 2) // a page that ends inside a tie
		second := read(quarter, first.Next, 2)
		if got := text(second.Items); first.Next == "" || second.Next != "" || len(first.Items) != 2 || len(second.Items) != 2 || second.Items[1].Rank != 4 {
			t.Errorf("pages: %s and %s", text(first.Items), got)
		}
		around, err := h.boards.Around(ctx, me, h.id, quarter, h.homes[3].id)
		if err != nil || len(around.Items) != 4 || around.Of != 4 {
			t.Errorf("around: %+v %v", around, err)
		}
		if around, err = h.boards.Around(ctx, me, h.id, quarter, 1); err != nil || len(around.Items) != 0 {
			t.Errorf("around a stranger: %+v %v", around, err)
		}
		ledgertest.Audit(t, db)
	})
}

// Party members and group leaders stand on boards of their own, by what they did themselves.
func TestBoardsOfSomePeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		h := w.village("household", "mask: false")
		group := h.groups[0]
		party, _, err := w.people.CreateHousehold(ctx, village.Write{Village: h.id, On: 20260101}, village.NewHousehold{
			Number: "009", Group: group, Members: []village.NewMember{
				{Name: "赵党员", Relation: "户主", BornOn: 19700101, Flags: []string{"党员"}}, {Name: "赵群众", Relation: "妻", BornOn: 19720101}}})
		h.check(err)
		d, err := w.people.Detail(ctx, h.id, party, day)
		h.check(err)
		zhao := home{id: party, group: group, members: []id.ID{d.People[0].ID, d.People[1].ID}}
		h.deed(zhao, zhao.members[0], "eco", day, 200)
		h.deed(zhao, zhao.members[1], "eco", day, 900)
		h.deed(zhao, 0, "eco", day, 50)
		h.deed(h.homes[1], h.homes[1].members[0], "eco", day, 400)
		leader := accesstest.User(t, db, "组长")
		accesstest.Stand(t, db, leader, h.id, h.homes[1].members[0])
		accesstest.Grant(t, db, leader, access.GroupLeader, access.Place{Village: h.id})
		me := h.villager(0)
		for kind, want := range map[board.Kind]string{board.Party: "1 赵党员 2", board.Leaders: "1 李四 4"} {
			for _, class := range []string{"", "eco"} {
				p, err := h.boards.Page(ctx, me, h.id, board.View{Kind: kind, Span: year, Class: class}, "", 0)
				if err != nil || text(p.Items) != want {
					t.Errorf("%s %s: %s %v, want %s", kind, class, text(p.Items), err, want)
				}
			}
		}
		ledgertest.Audit(t, db)
	})
}

// Where the rules publish the first places only, villagers see these and their own; officials see all.
func TestOnlyTheFirstPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		h := newTown(t, db).village("household", "mask: false, top: 2, show: public")
		for i, a := range []points.Amount{500, 300, 300, 100} {
			h.give(h.homes[i].id, h.homes[i].group, a)
		}
		for _, span := range []clock.Span{year, clock.QuarterSpan(day)} {
			v := board.View{Kind: board.Households, Span: span}
			for _, c := range []struct {
				who  access.Actor
				want int
			}{{h.villager(0), 3}, {h.villager(3), 4}, {h.official(access.TeamMember), 4}} {
				p, err := h.boards.Page(ctx, c.who, h.id, v, "", 0)
				if err != nil || len(p.Items) != c.want {
					t.Errorf("%s: %s %v, want %d rows", span, text(p.Items), err, c.want)
				}
			}
			p, err := h.boards.Page(ctx, h.villager(0), h.id, v, "", 3)
			if err != nil || p.Next != "" || p.Top != 2 {
				t.Errorf("%s: a page follows where nothing is to be seen: %+v %v", span, p, err)
			}
			if p, err = h.boards.PublicPage(ctx, h.id, v, "", 0); err != nil || len(p.Items) != 3 {
				t.Errorf("public: %s %v", text(p.Items), err)
			}
			if p, err = h.boards.Around(ctx, h.villager(3), h.id, v, h.homes[3].id); err != nil || len(p.Items) != 4 {
				t.Errorf("around the last: %s %v", text(p.Items), err)
			}
		}
		ledgertest.Audit(t, db)
	})
}
