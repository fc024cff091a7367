package board

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/redisx"
	"hefen/internal/redisx/redistest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// model is the ranking by hand: sort, then count those above.
func model(lines []line) (sorted []line, ranks []int64) {
	sorted = slices.Clone(lines)
	slices.SortFunc(sorted, inOrder)
	for _, l := range sorted {
		above := int64(0)
		for _, o := range sorted {
			if o.amount > l.amount {
				above++
			}
		}
		ranks = append(ranks, above+1)
	}
	return sorted, ranks
}

// The ranking of any totals, with ties, accounts without entries and closed ones, is the model's: in SQL on both engines,
// in Redis and folded, for every page size, and around every account.
func TestRankingIsTheModels(t *testing.T) {
	redis := redistest.Start(t)
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		client := redisx.Open(redis.Config())
		defer client.Close()
		s := newServer(t, db, client, Options{Fresh: -1})
		rounds := 0
		rapid.Check(t, func(rt *rapid.T) {
			if rounds++; rounds > 12 {
				return // each makes a village in a real database
			}
			amounts := rapid.SliceOfN(rapid.SampledFrom([]points.Amount{0, 0, 100, 200, 200, 350, -100, 5000}), 1, 14).Draw(rt, "amounts")
			p := newPlace(t, db, len(amounts))
			p.give(day, amounts...)
			gone := rapid.IntRange(-1, len(amounts)-1).Draw(rt, "closed")
			if gone >= 0 {
				p.close(p.accounts[gone], day)
			}
			var lines []line
			for i, a := range amounts {
				if a != 0 && i != gone {
					lines = append(lines, line{p.accounts[i], a})
				}
			}
			compareWithModel(t, s, p, lines, rapid.IntRange(1, 6).Draw(rt, "limit"))
		})
		ledgertest.Audit(t, db)
	})
}

func compareWithModel(t *testing.T, s *server, p *place, lines []line, limit int) {
	t.Helper()
	ctx := context.Background()
	want, ranks := model(lines)
	s.drain(t)
	if _, err := s.page(ctx, foldKey{ref: p.ref("year", month), kind: Households}, cursor{}, 1); err != nil { // asks for the first rebuild
		t.Fatal(err)
	}
	s.drain(t)
	ways := map[string]struct {
		page   func(ref) func(cursor, int) (part, error)
		around func(ref, id.ID, int) (part, error)
	}{
		"sql": {
			func(r ref) func(cursor, int) (part, error) {
				return func(c cursor, n int) (part, error) { return s.sqlPage(ctx, r, c, n) }
			},
			func(r ref, a id.ID, n int) (part, error) { return s.sqlAround(ctx, r, a, n) },
		},
		"redis": {
			func(r ref) func(cursor, int) (part, error) {
				return func(c cursor, n int) (part, error) {
					return fromRedis(t, s, func() (part, bool) { return s.redisPage(ctx, r, c, n) }), nil
				}
			},
			func(r ref, a id.ID, n int) (part, error) {
				return fromRedis(t, s, func() (part, bool) { return s.redisAround(ctx, r, a, n) }), nil
			},
		},
	}
	ways["folded"] = struct {
		page   func(ref) func(cursor, int) (part, error)
		around func(ref, id.ID, int) (part, error)
	}{
		func(r ref) func(cursor, int) (part, error) {
			return func(c cursor, n int) (part, error) {
				f, err := s.foldTotals(ctx, foldKey{ref: r, kind: Households})
				return f.page(c, n), err
			}
		},
		func(r ref, a id.ID, n int) (part, error) {
			f, err := s.foldTotals(ctx, foldKey{ref: r, kind: Households})
			return f.around(a, n), err
		},
	}
	for name, way := range ways {
		for _, span := range []clock.Span{month, year, clock.QuarterSpan(day)} {
			if span == clock.QuarterSpan(day) && name != "folded" {
				continue // no index holds it
			}
			r := p.ref("year", span)
			got, gotRanks, of := all(t, way.page(r), limit)
			if !slices.Equal(got, want) || !slices.Equal(gotRanks, ranks) || of != int64(len(want)) {
				t.Fatalf("%s, pages of %d: %v %v of %d\nwant %v %v", name, limit, got, gotRanks, of, want, ranks)
			}
			for i, l := range want {
				for _, n := range []int{0, 2} {
					lo, hi := max(0, i-n), min(len(want), i+n+1)
					a, err := way.around(r, l.account, n)
					if err != nil || !slices.Equal(a.lines, want[lo:hi]) || !slices.Equal(a.ranks(), ranks[lo:hi]) || a.of != int64(len(want)) {
						t.Fatalf("%s, %d around %v: %+v %v (%v)\nwant %v %v", name, n, l, a, a.ranks(), err, want[lo:hi], ranks[lo:hi])
					}
				}
			}
			if a, err := way.around(r, 1, 5); err != nil || len(a.lines) != 0 || a.of != int64(len(want)) {
				t.Fatalf("%s: around a stranger: %+v %v", name, a, err)
			}
		}
	}
}

func TestTiesShareARank(t *testing.T) {
	p := part{lines: []line{{4, 300}, {3, 200}, {2, 200}, {1, 100}}}
	if got := p.ranks(); !slices.Equal(got, []int64{1, 2, 2, 4}) {
		t.Errorf("ranks %v, want 1-2-2-4", got)
	}
	p = part{lines: []line{{3, 200}, {2, 200}, {1, 100}}, before: 2, above: 1} // a page that begins inside a tie
	if got := p.ranks(); !slices.Equal(got, []int64{2, 2, 5}) {
		t.Errorf("ranks %v, want 2-2-5", got)
	}
}

// Law 6: the same deeds, one household has spent everything: the same rank.
func TestSpendingMovesNoRank(t *testing.T) {
	redis := redistest.Start(t)
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		client := redisx.Open(redis.Config())
		defer client.Close()
		s := newServer(t, db, client, Options{Fresh: -1})
		p := newPlace(t, db, 3)
		p.give(day, 500, 500, 300)
		if err := s.Rebuild(t.Context(), p.village); err != nil {
			t.Fatal(err)
		}
		s.drain(t)
		read := func() (sql, redis part) {
			sql, err := s.sqlPage(t.Context(), p.ref("year", year), cursor{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return sql, fromRedis(t, s, func() (part, bool) { return s.redisPage(t.Context(), p.ref("year", year), cursor{}, 10) })
		}
		sql, red := read()
		p.tx(func(tx *storage.Tx) error {
			_, err := ledger.Spend(tx, p.book, ledger.Posting{Village: p.village, Kind: ledger.Redeem, Ref: "soap", At: noon, Occurred: day, Counted: day, Title: "肥皂"}, p.accounts[0], 500)
			return err
		})
		p.give(day, -200, -200) // the one who spent has nothing left to take; the score still falls in full
		s.drain(t)
		sql2, red2 := read()
		for i, got := range []part{sql2, red2} {
			if got.lines[0].amount != 300 || got.lines[2].amount != 300 || !slices.Equal(got.ranks(), []int64{1, 1, 1}) {
				t.Errorf("way %d: %v %v: spending or its floor moved a rank", i, got.lines, got.ranks())
			}
		}
		if !reflect.DeepEqual(sql, red) || !reflect.DeepEqual(sql2, red2) {
			t.Errorf("SQL %v %v, Redis %v %v", sql, sql2, red, red2)
		}
		ledgertest.Audit(t, db)
	})
}

// A household that left in May stands on no board that was still running, and keeps its place on April's.
func TestClosedAccountKeepsPastBoards(t *testing.T) {
	redis := redistest.Start(t)
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		client := redisx.Open(redis.Config())
		defer client.Close()
		s := newServer(t, db, client, Options{Fresh: -1})
		p := newPlace(t, db, 2)
		april := clock.MakeDay(2026, 4, 3)
		p.give(april, 100, 200)
		p.give(day, 100, 200)
		if err := s.Rebuild(t.Context(), p.village); err != nil {
			t.Fatal(err)
		}
		s.drain(t)
		p.close(p.accounts[1], day)
		s.drain(t)
		for span, n := range map[clock.Span]int{clock.MonthSpan(april): 2, month: 1, year: 1} {
			r := p.ref("year", span)
			sql, err := s.sqlPage(t.Context(), r, cursor{}, 10)
			red := fromRedis(t, s, func() (part, bool) { return s.redisPage(t.Context(), r, cursor{}, 10) })
			if err != nil || len(sql.lines) != n || !reflect.DeepEqual(sql, red) {
				t.Errorf("%s: SQL %+v (%v), Redis %+v, want %d rows", span, sql, err, red, n)
			}
		}
	})
}

func TestCursor(t *testing.T) {
	c := cursor{-150, 12345, true}
	if got, err := parseCursor(c.String()); err != nil || got != c {
		t.Errorf("%v %v", got, err)
	}
	if got, err := parseCursor(""); err != nil || got.set {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"x", "1", "1.", ".1", "1.x", "1.-2", "1.2.3", "9999999999999999999.1", fmt.Sprint(1e30, ".1")} {
		if _, err := parseCursor(bad); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
