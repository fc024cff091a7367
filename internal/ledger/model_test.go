package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Each step is a transaction on a real engine: 25 sequences by default, more with -rapid.checks.
func init() { _ = flag.Set("rapid.checks", "25") }

// model is the ledger as a person would keep it on paper: what each account has in each place, per last day.
type model struct {
	cells map[cell]points.Amount
	score map[id.ID]points.Amount
	undo  map[string][]step // what each reversible posting did
}

type cell struct {
	account id.ID
	wallet  string
	bucket  ledger.Bucket
	until   clock.Day
}

type step struct {
	cell
	amount points.Amount
}

func (m *model) do(ref string, steps ...step) {
	for _, s := range steps {
		m.cells[s.cell] += s.amount
		if s.wallet == "year" && s.bucket == ledger.Available {
			m.score[s.account] += s.amount
		}
	}
	m.undo[ref] = append(m.undo[ref], steps...)
}

func (m *model) sum(account id.ID, wallet string, bucket ledger.Bucket) points.Amount {
	var sum points.Amount
	for c, a := range m.cells {
		if c.account == account && c.wallet == wallet && c.bucket == bucket {
			sum += a
		}
	}
	return sum
}

// draw takes from the lots that end first and are not past their day, then from the rest.
func (m *model) draw(account id.ID, wallet string, amount points.Amount) []step {
	var steps []step
	for d := day; d < day.Add(6) && amount > 0; d = d.Add(1) {
		c := cell{account, wallet, ledger.Available, d}
		if take := min(amount, max(m.cells[c], 0)); take > 0 {
			steps = append(steps, step{c, -take})
			amount -= take
		}
	}
	if amount > 0 {
		steps = append(steps, step{cell{account, wallet, ledger.Available, 0}, -amount})
	}
	return steps
}

func (m *model) spendable(account id.ID, wallet string) points.Amount {
	free := m.sum(account, wallet, ledger.Available)
	for d := day.Add(-5); d < day; d = d.Add(1) {
		free -= m.cells[cell{account, wallet, ledger.Available, d}]
	}
	return max(free, 0)
}

// spend plans over both wallets in order, or says why not.
func (m *model) spend(account id.ID, amount points.Amount) ([]step, error) {
	var steps []step
	for _, wallet := range []string{"gift", "spend"} {
		if m.sum(account, wallet, ledger.Available) < 0 {
			return nil, ledger.ErrInDebt
		}
		if take := min(amount, m.spendable(account, wallet)); take > 0 {
			steps = append(steps, m.draw(account, wallet, take)...)
			amount -= take
		}
	}
	if amount > 0 {
		return nil, ledger.ErrNotEnough
	}
	return steps, nil
}

// TestLedgerMatchesModel drives random sequences against the model and compares every balance after each step.
func TestLedgerMatchesModel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, db, 3)
			m := &model{map[cell]points.Amount{}, map[id.ID]points.Amount{}, map[string][]step{}}
			var refs []string // reversible postings: "kind:ref"
			n := 0
			pick := func() (id.ID, points.Amount, string) {
				n++
				return rapid.SampledFrom(w.accounts).Draw(rt, "account"), points.Amount(rapid.IntRange(1, 900).Draw(rt, "amount")), fmt.Sprintf("r%d", n)
			}
			rt.Repeat(map[string]func(*rapid.T){
				"award": func(*rapid.T) {
					a, amount, ref := pick()
					w.must(w.award(ref, a, amount))
					m.do("award:"+ref, step{cell{a, "spend", ledger.Available, 0}, amount}, step{cell{a, "year", ledger.Available, 0}, amount})
					refs = append(refs, "award:"+ref)
				},
				"prize with a last day": func(rt *rapid.T) {
					a, amount, ref := pick()
					until := day.Add(rapid.IntRange(-2, 5).Draw(rt, "days"))
					w.must(w.posting(ledger.Prize, ref, ledger.Line{Account: a, Wallet: "gift", Amount: amount, ExpiresOn: until}))
					m.do("prize:"+ref, step{cell{a, "gift", ledger.Available, until}, amount})
					refs = append(refs, "prize:"+ref)
				},
				"deduct": func(*rapid.T) {
					a, amount, ref := pick()
					w.must(w.deduct(ref, a, amount))
					var steps []step
					if take := min(amount, max(m.sum(a, "spend", ledger.Available), 0)); take > 0 {
						steps = m.draw(a, "spend", take)
					}
					m.do("deduct:"+ref, append(steps, step{cell{a, "year", ledger.Available, 0}, -amount})...)
					refs = append(refs, "deduct:"+ref)
				},
				"spend or hold": func(rt *rapid.T) {
					a, amount, ref := pick()
					kind := rapid.SampledFrom([]ledger.Kind{ledger.Redeem, ledger.Hold}).Draw(rt, "kind")
					steps, want := m.spend(a, amount)
					if _, err := w.spend(kind, ref, a, amount); !errors.Is(err, want) {
						rt.Fatalf("%s of %s: %v, model says %v", kind, amount, err, want)
					}
					if want != nil {
						return
					}
					if kind == ledger.Hold {
						for _, s := range steps {
							s.bucket, s.amount = ledger.Held, -s.amount
							steps = append(steps, s)
						}
					}
					m.do(string(kind)+":"+ref, steps...)
					refs = append(refs, string(kind)+":"+ref)
				},
				"reverse": func(rt *rapid.T) {
					if len(refs) == 0 {
						return
					}
					i := rapid.IntRange(0, len(refs)-1).Draw(rt, "posting")
					ref := refs[i]
					refs = append(refs[:i], refs[i+1:]...)
					var kind, of string
					for k := range ref {
						if ref[k] == ':' {
							kind, of = ref[:k], ref[k+1:]
						}
					}
					if err := w.reverse(ledger.Kind(kind), of); err != nil {
						rt.Fatal(err)
					}
					for _, s := range m.undo[ref] {
						m.do("undone", step{s.cell, -s.amount})
					}
				},
				"": func(rt *rapid.T) {
					for _, a := range w.accounts {
						for _, wallet := range []string{"gift", "spend", "year"} {
							for _, bucket := range []ledger.Bucket{ledger.Available, ledger.Held} {
								if got, want := w.balance(a, wallet, bucket), m.sum(a, wallet, bucket); got != want {
									rt.Fatalf("%s %s: %s, model %s", wallet, bucket, got, want)
								}
							}
						}
						w.wantTotal(a, clock.YearSpan(day), m.score[a])
					}
				},
			})
		})
		ledgertest.Audit(t, db)
	})
}
