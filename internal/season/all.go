package season

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
)

// Summary is what the closing of many villages came to.
type Summary struct {
	Villages int           // closed, or closed before
	Waiting  int           // of them: something falls due on a later day
	Accounts int64         // looked at
	Resets   int64         // wallets emptied
	ResetSum points.Amount // a negative number
	Grants   int64
	GrantSum points.Amount
	Coins    int64
	CoinSum  points.Amount
	Tags     int64
	Lifts    int64
	Named    int64
	Refused  []Refusal
	NoRules  int // villages without rules: nothing to close
}

// Refusal is a village that was not closed, with the reason in Chinese.
type Refusal struct {
	Village id.ID
	Why     string
}

// StopAll stops a span in many villages and answers the first instant at which all of them may be closed. A village that
// cannot be stopped is refused; the others go on.
func (s *Service) StopAll(ctx context.Context, by id.ID, villages []id.ID, o Order) (ready time.Time, refused []Refusal, err error) {
	for _, v := range villages {
		_, err := s.StopBy(ctx, by, v, o)
		if err != nil {
			if refused = refuse(refused, v, err); ctx.Err() != nil {
				return ready, refused, ctx.Err()
			}
			continue
		}
		_, state, since, err := s.period(ctx, v, o.Span)
		if err != nil {
			return ready, refused, err
		}
		if at := since.Add(grace); state == ledger.PeriodGrace && at.After(ready) {
			ready = at
		}
	}
	return ready, refused, nil
}

func refuse(list []Refusal, v id.ID, err error) []Refusal {
	why := err.Error()
	if e := errs.As(err); e != nil && e.Msg != "" {
		why = e.Msg
	}
	return append(list, Refusal{v, why})
}

// CloseAll closes a span in many villages that were stopped, a few at a time, and tells how many accounts of the county were
// settled. Killed and begun again it goes on where it was. A village in which something waits is refused; the others go on.
func (s *Service) CloseAll(ctx context.Context, by id.ID, villages []id.ID, o Order, workers int, progress func(accounts int)) (Summary, error) {
	var sum Summary
	var lock sync.Mutex
	todo := make(chan id.ID)
	var all sync.WaitGroup
	tell := func(n int) {
		lock.Lock()
		defer lock.Unlock()
		if progress != nil {
			progress(n)
		}
	}
	for range max(1, workers) {
		all.Go(func() {
			for v := range todo {
				run, err := s.CloseBy(ctx, by, v, o, tell)
				lock.Lock()
				if err != nil {
					sum.Refused = refuse(sum.Refused, v, err)
				} else {
					sum.add(&run)
				}
				lock.Unlock()
			}
		})
	}
	for _, v := range villages {
		if ctx.Err() != nil {
			break
		}
		todo <- v
	}
	close(todo)
	all.Wait()
	slices.SortFunc(sum.Refused, func(a, b Refusal) int { return int(min(max(a.Village-b.Village, -1), 1)) })
	return sum, ctx.Err()
}

func (s *Summary) add(r *Run) {
	s.Villages++
	if r.State == runWaiting {
		s.Waiting++
	}
	s.Count(r.Closings)
}

// Count adds up what some closings did.
func (s *Summary) Count(list []Closing) {
	for i := range list {
		c := &list[i]
		s.Accounts += c.Accounts
		s.Resets, s.ResetSum = s.Resets+c.Resets, s.ResetSum+c.ResetSum
		s.Grants, s.GrantSum = s.Grants+c.Grants, s.GrantSum+c.GrantSum
		s.Coins, s.CoinSum = s.Coins+c.Coins, s.CoinSum+c.CoinSum
		s.Tags, s.Lifts, s.Named = s.Tags+c.Tags, s.Lifts+c.Lifts, s.Named+c.Named
	}
}

// LookAll is LookAt of many villages: what a close would do, and what waits, by village.
func (s *Service) LookAll(ctx context.Context, villages []id.ID, span clock.Span, progress func()) (sum Summary, waits map[id.ID][]Waiting, err error) {
	waits = map[id.ID][]Waiting{}
	for _, v := range villages {
		o, err := s.LookAt(ctx, v, span)
		switch {
		case errors.Is(err, rulebook.ErrNone):
			sum.NoRules++
		case err != nil:
			return sum, waits, fmt.Errorf("village %s: %w", v, err)
		default:
			sum.Villages++
			sum.Count(o.Closings)
			if len(o.Waiting) > 0 {
				waits[v] = o.Waiting
			}
		}
		if progress != nil {
			progress()
		}
	}
	return sum, waits, nil
}
