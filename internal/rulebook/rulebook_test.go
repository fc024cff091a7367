package rulebook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

const rules = `format: 1
title: 细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

var today = clock.MakeDay(2026, 5, 20)

func now() time.Time { return today.Start().Add(9 * time.Hour) }

type world struct {
	*rulebook.Book
	village   id.ID
	secretary access.Actor
}

func newWorld(t *testing.T, db *storage.DB) *world {
	w := &world{Book: rulebook.New(db, now), village: db.NewID()}
	w.secretary = accesstest.Official(t, db, now, access.FirstSecretary, access.Place{Village: w.village})
	return w
}

func request(n int, from clock.Day) rulebook.AdoptRequest {
	return rulebook.AdoptRequest{RequestID: fmt.Sprintf("request-%016d", n), Source: rules, AdoptedOn: today.Add(-1), FromDay: from}
}

// Versions entered at the same moment are numbered one after the other, and each is held against the one before.
func TestAdoptAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(0, today.Add(-1))); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var numbers []int
		for n := range 8 { // each request is sent twice
			wg.Go(func() {
				v, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(1+n/2, today.Add(5)))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				numbers = append(numbers, v.Number)
			})
		}
		wg.Wait()
		slices.Sort(numbers)
		if want := []int{2, 2, 3, 3, 4, 4, 5, 5}; !slices.Equal(numbers, want) {
			t.Errorf("numbers %v, want %v", numbers, want)
		}
		if v, err := w.InForce(t.Context(), w.village, today); err != nil || v.Number != 1 {
			t.Errorf("today: %+v %v", v, err)
		}
		if v, err := w.InForce(t.Context(), w.village, today.Add(5)); err != nil || v.Number != 5 {
			t.Errorf("in five days: %+v %v", v, err)
		}
	})
}

func TestAdoptRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		if _, err := w.InForce(t.Context(), w.village, today); !errors.Is(err, rulebook.ErrNone) {
			t.Errorf("without rules: %v", err)
		}
		if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(0, today)); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(*rulebook.AdoptRequest)
			want   error
		}{
			"days that have passed":   {func(r *rulebook.AdoptRequest) { r.FromDay = today.Add(-1) }, rulebook.ErrDays},
			"adopted tomorrow":        {func(r *rulebook.AdoptRequest) { r.AdoptedOn = today.Add(1) }, rulebook.ErrDays},
			"in force before adopted": {func(r *rulebook.AdoptRequest) { r.AdoptedOn, r.FromDay = today, today.Add(-1) }, rulebook.ErrDays},
			"a wallet of other kind": {func(r *rulebook.AdoptRequest) {
				r.Source = strings.Replace(rules, "code: spend", "code: coin", 1)
				r.Source = strings.Replace(r.Source, "code: year", "code: spend", 1)
			}, rulebook.ErrWalletKind},
			"no scheme":     {func(r *rulebook.AdoptRequest) { r.Source = "title: [" }, rulebook.ErrFile},
			"no request id": {func(r *rulebook.AdoptRequest) { r.RequestID = "" }, storage.ErrRequestID},
		} {
			r := request(1, today.Add(1))
			c.change(&r)
			if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, r); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		foreign := accesstest.Official(t, db, now, access.FirstSecretary, access.Place{Village: w.village + 1})
		if _, _, err := w.Adopt(t.Context(), foreign, w.village, request(2, today.Add(1))); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("another village's secretary: %v", err)
		}
		if n := dbtest.Rows(t, db, "SELECT COUNT(*) FROM scheme_versions")[0]; n != "1" {
			t.Errorf("%s versions", n)
		}
	})
}

// What is remembered for a moment gives way to an adoption of the same process.
func TestRemember(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.Remember(time.Hour)
		for n := range 2 {
			if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(n, today)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if v, err := w.InForce(t.Context(), w.village, today); err != nil || v.Number != n+1 {
					t.Errorf("version %d: %+v, %v", n+1, v, err)
				}
			}
		}
		if _, err := w.InForce(t.Context(), w.village+1, today); !errors.Is(err, rulebook.ErrNone) {
			t.Errorf("another village: %v", err)
		}
	})
}

// What another server adds is seen when the moment is over: a version and a period that has shut.
func TestRememberSeesOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(0, today)); err != nil {
			t.Fatal(err)
		}
		slow, quick := rulebook.New(db, now), rulebook.New(db, now)
		slow.Remember(time.Hour)
		quick.Remember(0)
		ask := func(b *rulebook.Book) *rulebook.Version {
			v, err := b.InForce(t.Context(), w.village, today)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		counted, n := storage.CountStatements(t.Context())
		for range 3 {
			if _, err := slow.InForce(counted, w.village, today); err != nil {
				t.Fatal(err)
			}
		}
		if ask(slow).Number != 1 || ask(quick).Number != 1 || n.Load() > 3 { // the stamp, the version, its file
			t.Errorf("%d statements", n.Load())
		}
		if _, _, err := w.Adopt(t.Context(), w.secretary, w.village, request(1, today)); err != nil {
			t.Fatal(err)
		}
		if ask(slow).Number != 1 || ask(quick).Number != 2 {
			t.Errorf("after an adoption: %d within the moment, %d after it", ask(slow).Number, ask(quick).Number)
		}
		err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			return ledger.MarkPeriod(tx, w.village, today.Add(-30), today.Add(-1), ledger.PeriodGrace, 1, now())
		})
		if err != nil {
			t.Fatal(err)
		}
		if v := ask(quick); v.FirstOpen != today {
			t.Errorf("first open day %v after a period has shut", v.FirstOpen)
		}
	})
}
