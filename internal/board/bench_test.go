package board

import (
	"fmt"
	"testing"

	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/redisx"
	"hefen/internal/redisx/redistest"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// fill makes a village with n accounts and one total each, in bulk: the benchmark reads only.
func fill(b *testing.B, db *storage.DB, n int) (*place, ref) {
	b.Helper()
	p := &place{t: b, db: db, book: parse(b, rules), village: db.NewID()}
	r := p.ref("year", year)
	for start := 0; start < n; start += storage.ChunkRows {
		size := min(storage.ChunkRows, n-start)
		var accounts, totals []any
		for i := range size {
			a := db.NewID()
			p.accounts = append(p.accounts, a)
			accounts = append(accounts, a, p.village, r.kind, 99991231, 0)
			totals = append(totals, a, r.wallet, r.span, p.village, r.kind, points.Amount((start+i)*7919%(n*3)))
		}
		p.tx(func(tx *storage.Tx) error {
			if _, err := tx.Exec("INSERT INTO accounts (id, village_id, kind, closed_on, rev) VALUES "+storage.Rows(size, 5), accounts...); err != nil {
				return err
			}
			_, err := tx.Exec("INSERT INTO totals (account_id, wallet, span, village_id, kind, amount) VALUES "+storage.Rows(size, 6), totals...)
			return err
		})
	}
	return p, r
}

// BenchmarkBoard measures the page in the middle and the place of one account, on each way there is.
func BenchmarkBoard(b *testing.B) {
	redis := redistest.Start(b)
	for _, n := range []int{400, 120_000} {
		for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
			db := dbtest.Open(b, engine)
			client := redisx.Open(redis.Config())
			s := newServer(b, db, client, Options{})
			p, r := fill(b, db, n)
			top, err := s.sqlPage(b.Context(), r, cursor{}, 20)
			if err != nil {
				b.Fatal(err)
			}
			middle := p.accounts[n/2]
			at, err := s.sqlAround(b.Context(), r, middle, 0)
			if err != nil {
				b.Fatal(err)
			}
			second := cursor{top.lines[19].amount, top.lines[19].account, true}
			half := cursor{at.lines[0].amount, middle, true}
			ways := map[string]func(ref, cursor, id.ID, bool) bool{
				string(engine): func(r ref, c cursor, a id.ID, page bool) bool {
					if page {
						_, err := s.sqlPage(b.Context(), r, c, 20)
						return err == nil
					}
					_, err := s.sqlAround(b.Context(), r, a, 0)
					return err == nil
				},
			}
			if engine == storage.SQLite {
				if err := s.Rebuild(b.Context(), p.village); err != nil {
					b.Fatal(err)
				}
				s.drain(b)
				ways["redis"] = func(r ref, c cursor, a id.ID, page bool) (ok bool) {
					if page {
						_, ok = s.redisPage(b.Context(), r, c, 20)
					} else {
						_, ok = s.redisAround(b.Context(), r, a, 0)
					}
					return ok
				}
			}
			for name, ask := range ways {
				run := func(what string, c cursor, page bool) {
					b.Run(fmt.Sprintf("%d/%s/%s", n, name, what), func(b *testing.B) {
						b.RunParallel(func(pb *testing.PB) {
							for pb.Next() {
								if !ask(r, c, middle, page) {
									b.Fatal("no answer")
								}
							}
						})
					})
				}
				run("top", cursor{}, true)
				run("second", second, true)
				run("middle", half, true)
				run("rank", cursor{}, false)
			}
			client.Close()
		}
	}
}
