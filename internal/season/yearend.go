package season

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
)

// RoundStep is an award round at the end of a span: how far it has come and what is to be done next, and by whom.
type RoundStep struct {
	Village id.ID
	Code    string
	Name    string
	Span    clock.Span
	On      clock.Day // of the cut-off
	Award   id.ID     // the list that stands; 0: a draft
	State   string    // early, draft, or the state of the award
	Of      int       // accounts looked at
	Wins    int
	Lots    int    // drawings that are needed
	Due     int    // prizes that wait to be collected
	Next    string // what people have to do, in Chinese; empty: nothing
	Places  []Standing
}

// States of a round that has no list yet.
const (
	roundEarly = "early" // the day of the cut-off is still to come
	roundDraft = "draft" // computed, to be published by people
)

// LookRounds tells where the award rounds of a span stand and what would be done, and changes nothing. With places every
// draft names everybody, in or out, with all reasons.
func (s *Service) LookRounds(ctx context.Context, in id.ID, span clock.Span, places bool) ([]RoundStep, error) {
	return s.eachRound(ctx, in, span, func(d declared) (RoundStep, error) { return s.look(ctx, in, d, places) })
}

// CarryRounds takes the award rounds of a span that was closed as far as a machine may: a list that the rules give no time
// for objections is published; one whose time for objections has passed without an open one is frozen; one that needs no
// lots, or whose lots were drawn, is issued. Of the others a draft is made. What people have to do is named. It may be
// killed at any moment and asked again: each step is one transaction and is done once.
func (s *Service) CarryRounds(ctx context.Context, by, in id.ID, span clock.Span) ([]RoundStep, error) {
	return s.eachRound(ctx, in, span, func(d declared) (RoundStep, error) {
		if err := s.carry(ctx, by, in, d); err != nil {
			return RoundStep{}, fmt.Errorf("%s of %s: %w", d.Code, d.span, err)
		}
		return s.look(ctx, in, d, false)
	})
}

func (s *Service) eachRound(ctx context.Context, in id.ID, span clock.Span, do func(declared) (RoundStep, error)) ([]RoundStep, error) {
	list, err := s.roundsOf(ctx, in, span)
	if err != nil {
		return nil, err
	}
	var out []RoundStep
	for _, d := range list {
		x, err := do(d)
		if err != nil {
			return out, err
		}
		out = append(out, x)
	}
	return out, nil
}

// carry does the steps of one round that need nobody.
func (s *Service) carry(ctx context.Context, by, in id.ID, d declared) error {
	at := s.now()
	if d.On(d.span) > clock.DayOf(at) {
		return nil
	}
	w, err := s.standingList(ctx, in, d)
	if err != nil {
		return err
	}
	if w == nil {
		if d.ObjectDays == nil || *d.ObjectDays > 0 {
			return nil
		}
		if w, err = s.publishAtOnce(ctx, by, in, d); err != nil {
			return err
		}
	}
	if w.State == awardPublished {
		if _, _, err := ledger.Seal(ctx, s.db, in, at); err != nil { // so that little is left for the list's own seal
			return err
		}
	}
	issues := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		issues = false
		held, err := hold(tx, in, w.ID, awardPublished, awardFrozen, awardIssuing)
		if err == nil && held.State == awardPublished {
			err, held.State = s.freeze(ctx, tx, &held, by, at), awardFrozen
		}
		if err == nil {
			err = beginIssue(tx, &held, by)
		}
		if issues = err == nil; errors.Is(err, ErrLots) { // frozen, and the lots are for people to draw
			err = nil
		}
		return err
	})
	switch {
	case errors.Is(err, ErrObjecting), errors.Is(err, ErrChanged), errors.Is(err, ErrAwardState):
		return nil // issued before, or for people to settle: look says so
	case err != nil || !issues:
		return err
	}
	return s.IssueBy(ctx, by, in, w.ID)
}

// publishAtOnce publishes a list against which nobody may object. Whoever comes second finds it.
func (s *Service) publishAtOnce(ctx context.Context, by, in id.ID, d declared) (*Award, error) {
	if err := s.shutBy(ctx, in, d.span); err != nil {
		return nil, err
	}
	source, err := s.book.Source(ctx, d.rules.ID)
	if err != nil {
		return nil, err
	}
	p := listing{by: by, source: source, salt: salt(), at: s.now()}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error { return s.publish(ctx, tx, in, tx.NewID(), d, p) })
	if err != nil && !errors.Is(err, ErrRoundOn) {
		return nil, err
	}
	w, err := s.standingList(ctx, in, d)
	if err == nil && w == nil {
		err = ErrNoAward // withdrawn in between
	}
	return w, err
}

// look says how far a round has come and what people have to do next.
func (s *Service) look(ctx context.Context, in id.ID, d declared, places bool) (RoundStep, error) {
	x := RoundStep{Village: in, Code: d.Code, Name: d.Name, Span: d.span, On: d.On(d.span), State: roundEarly}
	w, err := s.standingList(ctx, in, d)
	switch {
	case err != nil:
		return x, err
	case w != nil:
		return x, s.lookAtList(ctx, w, &x)
	case x.On > clock.DayOf(s.now()):
		x.Next = "以" + x.On.Chinese() + "为准，到那天以后再办"
		return x, nil
	}
	o, f, err := s.draft(ctx, in, d)
	if err != nil {
		return x, err
	}
	x.State, x.Of, x.Lots = roundDraft, len(o.Places), len(o.Drawings)
	for i := range o.Places {
		p := &o.Places[i]
		if p.Wins {
			x.Wins++
		}
		if places {
			x.Places = append(x.Places, placeOf(p, f.people[p.Account]))
		}
	}
	switch days := d.ObjectDays; {
	case days == nil:
		x.Next = "请第一书记核对名单，定下异议期的天数，公布"
	case *days > 0:
		x.Next = fmt.Sprintf("请第一书记核对名单，公布，异议期%d天", *days)
	case x.Lots > 0:
		x.Next = "没有异议期：正式结账时定名单，然后当众抽签"
	default:
		x.Next = "没有异议期：正式结账时直接发放"
	}
	return x, nil
}

// lookAtList is look of a list that was published.
func (s *Service) lookAtList(ctx context.Context, w *Award, x *RoundStep) error {
	x.Award, x.State, x.Lots = w.ID, w.State, len(w.Drawings)
	err := s.db.QueryRow(ctx, "SELECT COUNT(*), COALESCE(SUM(wins), 0), (SELECT COUNT(*) FROM award_prizes p WHERE p.round_id = ? AND p.state = 'due') FROM award_places WHERE round_id = ?", w.ID, w.ID).
		Scan(&x.Of, &x.Wins, &x.Due)
	if err != nil {
		return fmt.Errorf("read award: %w", err)
	}
	switch {
	case w.State == awardPublished:
		if err := s.db.QueryRow(ctx, "SELECT list FROM award_rounds WHERE id = ?", w.ID).Scan(&w.list); err != nil {
			return fmt.Errorf("read list: %w", err)
		}
		err := s.mayFreeze(ctx, s.query(ctx), w, s.now())
		e := errs.As(err)
		if err != nil && e == nil {
			return err
		}
		if x.Next = "异议期已过，正式结账时定名单"; e != nil {
			x.Next = e.Msg
		}
	case w.State == awardFrozen && x.Lots > 0 && w.Number == "":
		x.Next = fmt.Sprintf("请当众抽出号码，登记抽签（%d次）", x.Lots)
	case w.State == awardFrozen, w.State == awardIssuing:
		x.Next = "名单已定，正式结账时发放"
	case x.Due > 0:
		x.Next = fmt.Sprintf("还有%d份等人来领，请发给本人并签名", x.Due)
	}
	return nil
}

// CarryAll is CarryRounds of many villages, a few at a time. A village in which something fails is refused; the others go on.
func (s *Service) CarryAll(ctx context.Context, by id.ID, villages []id.ID, span clock.Span, workers int, progress func()) (steps []RoundStep, refused []Refusal, err error) {
	return eachVillage(ctx, villages, workers, progress, func(v id.ID) ([]RoundStep, error) { return s.CarryRounds(ctx, by, v, span) })
}

// LookRoundsAll is LookRounds of many villages.
func (s *Service) LookRoundsAll(ctx context.Context, villages []id.ID, span clock.Span, places bool, progress func()) (steps []RoundStep, refused []Refusal, err error) {
	return eachVillage(ctx, villages, 1, progress, func(v id.ID) ([]RoundStep, error) { return s.LookRounds(ctx, v, span, places) })
}

func eachVillage(ctx context.Context, villages []id.ID, workers int, progress func(), do func(id.ID) ([]RoundStep, error)) (steps []RoundStep, refused []Refusal, err error) {
	var lock sync.Mutex
	var all sync.WaitGroup
	todo := make(chan id.ID)
	for range max(1, workers) {
		all.Go(func() {
			for v := range todo {
				list, err := do(v)
				lock.Lock()
				if err != nil && !errors.Is(err, rulebook.ErrNone) {
					refused = refuse(refused, v, err)
				}
				steps = append(steps, list...)
				if progress != nil {
					progress()
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
	order := map[id.ID]int{}
	for i, v := range villages {
		order[v] = i
	}
	slices.SortStableFunc(steps, func(a, b RoundStep) int { return order[a.Village] - order[b.Village] })
	slices.SortFunc(refused, func(a, b Refusal) int { return order[a.Village] - order[b.Village] })
	return steps, refused, ctx.Err()
}
