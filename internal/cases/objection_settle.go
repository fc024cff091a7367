package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// WithdrawObjection takes an objection back: by the people of the household on whose behalf it was made. The case goes on.
func (s *Service) WithdrawObjection(ctx context.Context, a access.Actor, where, household, objection id.ID, r Step) (Objection, error) {
	if err := a.Allow(MayObject, access.Place{Village: where, Household: household}); err != nil {
		return Objection{}, err
	}
	o, err := s.objection(ctx, where, objection)
	if err != nil {
		return Objection{}, err
	}
	if o.Household != household {
		return Objection{}, ErrNoObjection
	}
	return s.settle(ctx, a, o, SettleRequest{RequestID: r.RequestID, Outcome: TakenBack, Answer: strings.TrimSpace(r.Why)})
}

// Settle answers an objection: not by who entered, decided or reviewed the case, nor for an own or kin household. Until its
// day the village settles it, after that the town or the county.
func (s *Service) Settle(ctx context.Context, a access.Actor, where, objection id.ID, r SettleRequest) (Objection, error) {
	if err := a.Allow(MaySettle, access.Place{Village: where}); err != nil {
		return Objection{}, err
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Answer)); n < 2 || n > MaxObjection {
		return Objection{}, ErrObjectionText.With("请写明答复，2到500字")
	}
	if !slices.Contains([]string{Kept, Corrected, Removed}, r.Outcome) {
		return Objection{}, ErrOutcome
	}
	o, err := s.objection(ctx, where, objection)
	if err != nil {
		return Objection{}, err
	}
	overdue := o.DueOn < clock.DayOf(s.now())
	switch above := a.Allow(upstairs, access.Place{Village: where}) == nil; {
	case o.Outcome != "": // a repeat is answered, anything else refused below
	case above && !overdue:
		return Objection{}, ErrNotRaised
	case !above && overdue:
		return Objection{}, ErrRaised
	}
	return s.settle(ctx, a, o, r)
}

func (s *Service) settle(ctx context.Context, a access.Actor, o Objection, r SettleRequest) (Objection, error) {
	c, err := s.one(ctx, o.Village, o.Case)
	if err != nil {
		return Objection{}, err
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Objection{}, err
	}
	if r.Outcome != TakenBack {
		if err := c.notOwn(a); err != nil {
			return Objection{}, err
		}
		if err := a.NotOwn(o.Household); err != nil {
			return Objection{}, err
		}
	}
	at, repeated := s.now(), false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		body := []any{o.ID, r.Outcome, r.Answer, r.Points, r.Grade, r.Quantity, r.Note, r.Parts, r.Persons}
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "cases.settle", body, o.ID); err != nil || repeated {
			return err
		}
		if r.Outcome != TakenBack {
			if err := hadNoPart(tx, c, a.User()); err != nil {
				return err
			}
		}
		if err := vs.guard(tx, c); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE objections SET outcome = ?, answer = ?, decided_by = ?, decided_at = ? WHERE id = ? AND outcome = ''",
			r.Outcome, strings.TrimSpace(r.Answer), a.User(), clock.Ms(at), o.ID)
		if err != nil {
			return fmt.Errorf("settle objection: %w", err)
		}
		if n == 0 {
			return ErrState.With("这条异议已经处理过了，请刷新后再看")
		}
		return s.carryOut(tx, vs, o, r, a.User(), at)
	})
	if err != nil {
		return Objection{}, err
	}
	return s.answerObjection(ctx, a, o.ID, repeated)
}

// hadNoPart refuses who entered a case, decided it or let it through.
func hadNoPart(tx *storage.Tx, c *record, by id.ID) error {
	var n int
	err := tx.QueryRow(`SELECT COUNT(*) FROM case_events WHERE case_id IN (?, ?) AND by_user = ? AND from_state IN ('draft','submitted','effective','decided','published','amended')
		AND to_state NOT IN ('published','objected')`, c.id, c.batch, by).Scan(&n)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	var votes int
	if err := tx.QueryRow("SELECT COUNT(*) FROM case_votes WHERE case_id = ? AND user_id = ?", c.id, by).Scan(&votes); err != nil {
		return fmt.Errorf("read votes: %w", err)
	}
	if n+votes > 0 || c.author == by || c.decider == by {
		return ErrOwnSettle
	}
	return nil
}

// carryOut does what the answer says; the accounts are guarded.
func (s *Service) carryOut(tx *storage.Tx, vs versions, o Objection, r SettleRequest, by id.ID, at time.Time) error {
	c, err := one(tx, o.Village, o.Case)
	if err != nil {
		return err
	}
	if err := vs.readAside(tx.Query, c); err != nil {
		return err
	}
	c.objection = o.ID
	why := cut(outcomeNames[r.Outcome]+"："+strings.TrimSpace(r.Answer), MaxEventWhy)
	switch r.Outcome {
	case Removed:
		c.was = ""
		if err := c.move(tx, remove, by, at, why); err != nil {
			return err
		}
		if err := c.takeBack(tx, by, at); err != nil {
			return err
		}
		if err := vs.replay(tx, by, at, c); err != nil {
			return err
		}
	case Corrected:
		if c, err = s.correct(tx, vs, c, r, by, at, why); err != nil {
			return err
		}
		if err := vs.resume(tx, c, by, at, why); err != nil {
			return err
		}
	default:
		if err := vs.resume(tx, c, by, at, why); err != nil {
			return err
		}
	}
	return tellSettled(tx, c, o, r, at)
}

// correct changes the content of an objected case and decides it anew with those that rest on it.
func (s *Service) correct(tx *storage.Tx, vs versions, c *record, r SettleRequest, by id.ID, at time.Time, why string) (*record, error) {
	if c.says(r.content(), r.Note) {
		return nil, ErrNoChange
	}
	rules := vs.of[c.scheme].Scheme
	c.change(rules, r.content())
	c.note = r.Note
	if err := c.settleValue(rules); err != nil {
		return nil, err
	}
	if err := c.move(tx, rectify, by, at, why); err != nil {
		return nil, err
	}
	if err := c.storeContent(tx); err != nil {
		return nil, err
	}
	if err := s.noteAgain(tx, c, by); err != nil {
		return nil, err
	}
	if err := vs.replay(tx, by, at, c); err != nil {
		return nil, err
	}
	again, err := one(tx, c.village, c.id)
	if err != nil {
		return nil, err
	}
	if again.was == Effective {
		again.was = Amended
	}
	again.objection = c.objection
	return again, vs.readAside(tx.Query, again)
}

// resume lets a case go on where it was before the objection. What was frozen counts again; what waited for the notice goes on
// waiting.
func (vs versions) resume(tx *storage.Tx, c *record, by id.ID, at time.Time, why string) error {
	was := c.was
	c.was = ""
	switch {
	case was == Amended || was == Effective:
		if err := vs.unfreeze(tx, c, by, at); err != nil {
			return err
		}
		if was == Amended {
			return c.move(tx, resumeAmended, by, at, why)
		}
		return c.move(tx, resumeEffective, by, at, why)
	case c.notice != 0:
		return c.move(tx, resumePublished, by, at, why)
	}
	return c.move(tx, resumeDecided, by, at, why)
}

// unfreeze makes available what a case has pending, but for awards that wait for a fault.
func (vs versions) unfreeze(tx *storage.Tx, c *record, by id.ID, at time.Time) error {
	var of []ledger.OfCase
	for _, account := range c.accounts() {
		of = append(of, ledger.OfCase{Case: c.id, Account: account})
	}
	held, err := ledger.WaitingOf(tx, of)
	if err != nil {
		return err
	}
	e := effecting{record: c, book: vs.of[c.scheme].Scheme}
	if e.faults, err = standing.OpenFaults(tx.Query, c.accounts()); err != nil {
		return err
	}
	first, err := ledger.FirstOpen(tx, c.village)
	if err != nil {
		return err
	}
	p := c.posting(ledger.Effect, c.id.String()+":"+c.objection.String(), by, at)
	p.Title, p.Counted = "异议已处理，恢复："+c.title(), max(c.counted, first)
	for _, h := range held {
		if !e.waitsForFault(h.Account) {
			p.Lines = append(p.Lines, h.Lines...)
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	_, err = ledger.Post(tx, e.book, p)
	return err
}

func tellSettled(tx *storage.Tx, c *record, o Objection, r SettleRequest, at time.Time) error {
	if r.Outcome == TakenBack {
		return nil
	}
	ms := []message.Message{{Village: c.village, Household: o.Household, Kind: message.Answered, Title: "异议已答复：" + c.title(),
		Body: outcomeNames[r.Outcome] + "。" + strings.TrimSpace(r.Answer), About: message.About{Kind: "objection", ID: o.ID}, At: at}}
	if c.household != 0 && c.household != o.Household {
		body := outcomeNames[r.Outcome]
		if r.Outcome == Corrected {
			body += "，现计" + c.worth.Signed() + "分"
		}
		ms = append(ms, message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Decided, Title: "异议处理结果：" + c.title(),
			Body: body, About: message.About{Kind: "case", ID: c.id}, At: at})
	}
	return message.Tell(tx, ms...)
}
