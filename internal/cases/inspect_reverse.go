package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/standing"
	"hefen/internal/storage"
)

// ReverseInspection takes back an inspection in effect as a whole, with a reason: not by its author, not by somebody who
// has an own or kin household in it. Every case of it that still counts is reversed under the inspection's batch id, all
// or none; the report says row by row what was taken back. Points that were spent leave a debt, and later decisions that
// rested on the cases are replayed, as with Reverse.
func (s *Service) ReverseInspection(ctx context.Context, a access.Actor, where, inspection id.ID, r Step) (Report, error) {
	if err := a.Allow(MayReverse, access.Place{Village: where}); err != nil {
		return Report{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Report{}, err
	}
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Report{}, err
	}
	if in.Author == a.User() {
		return Report{}, ErrOwnReverse
	}
	cs, err := many(s.outside(ctx)("SELECT "+columnList+" FROM cases WHERE batch_id = ?", inspection))
	if err != nil {
		return Report{}, err
	}
	vs, err := s.versionsOf(ctx, cs...)
	if err != nil {
		return Report{}, err
	}
	for _, c := range cs {
		if err := c.notOwn(a); err != nil {
			return Report{}, err
		}
	}
	repeated, at, why := false, s.now(), strings.TrimSpace(r.Why)
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, "cases.inspection.reverse", []any{where, inspection, r.Why}, inspection); err != nil || repeated {
			return err
		}
		to, err := in.State.next(reverse)
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE inspections SET reversed_at = ?, changed_at = ?, rev = rev + 1 WHERE id = ? AND state = ? AND reversed_at = 0",
			clock.Ms(at), clock.Ms(at), inspection, string(Effective))
		if err != nil {
			return fmt.Errorf("reverse inspection: %w", err)
		}
		if n == 0 {
			return ErrState
		}
		if err := event(tx, where, inspection, a.User(), clock.Ms(at), in.State, to, why); err != nil {
			return err
		}
		return vs.undoBatch(tx, where, inspection, a.User(), at, why)
	})
	if err != nil {
		return Report{}, err
	}
	return s.reversedReport(ctx, where, inspection, repeated)
}

// undoBatch reverses every case of a batch that still counts, set by set.
func (vs versions) undoBatch(tx *storage.Tx, where, batch, by id.ID, at time.Time, why string) error {
	const inEffect = " FROM cases WHERE batch_id = ? AND" + thatStand + " ORDER BY account_id, id"
	cs, err := many(tx.Query("SELECT "+columnList+inEffect, batch))
	if err != nil {
		return err
	}
	if err := vs.guard(tx, cs...); err != nil {
		return err
	}
	if cs, err = many(tx.Query("SELECT "+columnList+inEffect, batch)); err != nil { // as they stand now that nobody else can correct them
		return err
	}
	if len(cs) == 0 {
		return ErrState.With("这次检查的记录都已经逐户冲正，没有要再冲正的")
	}
	objected := 0
	for _, c := range cs {
		if c.state == Objected {
			objected++
		}
	}
	if objected > 0 {
		return ErrState.With("这次检查有%d户的异议还没有处理完，请先处理异议，再冲正整次检查", objected)
	}
	n, err := tx.Exec("UPDATE cases SET state = ?, changed_at = ? WHERE batch_id = ? AND"+thatStand, string(Reversed), clock.Ms(at), batch)
	if err != nil {
		return fmt.Errorf("reverse cases: %w", err)
	}
	if int(n) != len(cs) {
		return ErrState
	}
	if err := reversedEvents(tx, cs, by, clock.Ms(at), why); err != nil {
		return err
	}
	var posted []ledger.OfCase
	for _, c := range cs {
		if err := vs.readAside(tx.Query, c); err != nil {
			return err
		}
		for _, account := range c.accounts() {
			posted = append(posted, ledger.OfCase{Case: c.id, Account: account})
		}
		c.state, c.changedAt = Reversed, clock.Ms(at)
	}
	if _, err := ledger.ReverseCases(tx, posted, ledger.Correction{Village: where, By: by, At: at, Batch: batch}); err != nil {
		return err
	}
	ids, accounts := make([]id.ID, len(cs)), make([]id.ID, len(posted))
	for i, c := range cs {
		ids[i] = c.id
	}
	for i, p := range posted {
		accounts[i] = p.Account
	}
	faults, err := standing.OpenFaults(tx.Query, accounts)
	if err != nil {
		return err
	}
	if err := standing.LiftOfCases(tx, accounts, ids, clock.DayOf(at), by, at); err != nil {
		return err
	}
	if err := release(tx, where, batch, faultsOf(faults, ids...), by, at, "没有待整改的问题了，生效："); err != nil {
		return err
	}
	return vs.replay(tx, by, at, cs...)
}

func reversedEvents(tx *storage.Tx, cs []*record, by id.ID, at int64, why string) error {
	for chunk := range storage.Chunks(cs, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*8)
		for _, c := range chunk {
			args = append(args, tx.NewID(), c.village, c.id, at, by, string(c.state), string(Reversed), why)
		}
		if _, err := tx.Exec("INSERT INTO case_events (id, village_id, case_id, at_ms, by_user, from_state, to_state, why) VALUES "+storage.Rows(len(chunk), 8), args...); err != nil {
			return fmt.Errorf("insert events: %w", err)
		}
	}
	return nil
}

// reversedReport is what a reversal took back, row by row. Rows that had been reversed one by one before it are counted
// as left out.
func (s *Service) reversedReport(ctx context.Context, where, inspection id.ID, repeated bool) (Report, error) {
	out, err := s.reported(ctx, where, inspection)
	if err != nil {
		return out, err
	}
	var at int64
	if err := s.db.QueryRow(ctx, "SELECT reversed_at FROM inspections WHERE id = ?", inspection).Scan(&at); err != nil {
		return out, fmt.Errorf("read inspection: %w", err)
	}
	all := len(out.Rows)
	out.Rows = slices.DeleteFunc(out.Rows, func(r ReportRow) bool { return r.changedAt != at })
	for i := range out.Rows {
		out.Rows[i].Points = (-out.Rows[i].worth).Signed()
	}
	out.Repeated, out.Decided, out.Skipped = repeated, len(out.Rows), all-len(out.Rows)
	return out, nil
}
