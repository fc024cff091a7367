package httpapi

import (
	"context"
	"errors"
	"slices"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// carryOut calls the feature.
func (c *syncing) carryOut(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	if d.MadeAt <= 0 {
		return syncAnswer{}, errDraftTime
	}
	step, fault := cases.Step{RequestID: d.RequestID, Why: d.Why}, cases.FaultStep{RequestID: d.RequestID, Why: d.Why, Evidence: d.Evidence}
	proofs := cases.EvidenceRequest{RequestID: d.RequestID, Household: d.Household, Evidence: d.Evidence}
	switch d.Kind {
	case draftRecord:
		return c.record(ctx, d)
	case draftEvidence:
		return c.step(c.Cases.AddEvidence(ctx, c.by, c.village, d.Target, proofs))
	case draftCloseFault:
		return c.step(c.Cases.CloseFault(ctx, c.by, c.village, d.Target, fault))
	case draftRecheck:
		return c.step(c.Cases.Recheck(ctx, c.by, c.village, d.Target, fault))
	case draftRepair:
		return c.step(c.Cases.Repair(ctx, c.by, c.village, d.Target, fault))
	case draftWithdraw:
		return c.step(c.Cases.Withdraw(ctx, c.by, c.village, d.Target, step))
	case draftInspect:
		return c.inspect(ctx, d)
	case draftLines:
		return c.lines(ctx, d)
	case draftLineEvidence:
		in, err := c.Cases.AddInspectionEvidence(ctx, c.by, c.village, d.Target, proofs)
		return carriedOutAs(in.ID, in.Repeated), err
	case draftCheckIn:
		return c.checkIn(ctx, d)
	case draftClaim, draftReport:
		return c.claim(ctx, d)
	case draftApprove:
		return c.review(c.Cases.ApproveWith(ctx, c.by, c.village, d.Target, cases.Approval{RequestID: d.RequestID, Why: d.Why, Correct: d.Correct}))
	case draftReject:
		return c.review(c.Cases.Reject(ctx, c.by, c.village, d.Target, step))
	case draftSubmit:
		report, err := c.Cases.DecideInspection(ctx, c.by, c.village, d.Target, step)
		a := carriedOutAs(d.Target, report.Repeated)
		a.Cases, a.Waits = report.Decided, report.State == cases.Submitted
		return a, err
	}
	return c.oversee(ctx, d)
}

func (c *syncing) step(got cases.Answer, err error) (syncAnswer, error) {
	return carriedOutAs(got.Batch, got.Repeated), err
}

// lines fills an inspection in. One that was begun without signal has the households that the device knew; the list that was made
// of it leaves out those that the author may not inspect, and so do its lines.
func (c *syncing) lines(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	lines, skipped := d.Lines, []id.ID(nil)
	if d.Of != "" {
		in, err := c.Cases.Inspection(ctx, c.by, c.village, d.Target)
		if err != nil {
			return syncAnswer{}, err
		}
		listed := make(map[id.ID]bool, len(in.Lines))
		for _, l := range in.Lines {
			listed[l.Household] = true
		}
		lines = slices.DeleteFunc(slices.Clone(lines), func(l cases.LineInput) bool { return !listed[l.Household] })
		for _, l := range d.Lines {
			if !listed[l.Household] {
				skipped = append(skipped, l.Household)
			}
		}
	}
	saved, err := c.Cases.SaveLines(ctx, c.by, c.village, d.Target, cases.LinesRequest{RequestID: d.RequestID, Lines: lines})
	a := carriedOutAs(d.Target, saved.Repeated)
	a.Stale, a.Skipped = saved.Stale, skipped
	return a, err
}

// checkIn hands over a code that was scanned without signal, dated by the server's time.
func (c *syncing) checkIn(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	if d.CheckIn == nil {
		return syncAnswer{}, errDraftKind
	}
	r := *d.CheckIn
	r.RequestID, r.ScannedAt = d.RequestID, d.MadeAt-c.ahead
	seat, err := c.Activity.CheckIn(ctx, c.by, c.village, d.Target, r)
	a := carriedOutAs(seat.ID, seat.Repeated)
	a.Waits = seat.State == activity.Asked
	return a, err
}

// claim hands over what a household tells of itself or of another.
func (c *syncing) claim(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	if d.Claim == nil || d.Household == 0 {
		return syncAnswer{}, errDraftKind
	}
	r, tell := *d.Claim, c.Cases.Claim
	if d.Kind == draftReport {
		tell = c.Cases.Report
		if made, err := c.named(ctx, d, &r); err != nil || made != 0 {
			return carriedOutAs(made, true), err
		}
	}
	r.RequestID = d.RequestID
	if day, ok := c.days[d.RequestID]; ok {
		r.OccurredOn = day
	}
	got, err := tell(ctx, c.by, c.village, d.Household, r)
	a, err := c.step(got, err)
	a.Day, a.Cases, a.Waits = r.OccurredOn, 1, got.State == cases.Submitted
	return a, err
}

// review answers with what counts of the case now; approved by one of two it still waits.
func (c *syncing) review(got cases.Answer, err error) (syncAnswer, error) {
	a, err := c.step(got, err)
	a.Cases, a.Points, a.Waits = 1, got.Points, got.State == cases.Submitted
	return a, err
}

func (c *syncing) inspect(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	if d.Inspection == nil {
		return syncAnswer{}, errDraftKind
	}
	r := *d.Inspection
	r.RequestID = d.RequestID
	if day, ok := c.days[d.RequestID]; ok {
		r.OccurredOn = day
	}
	in, err := c.Cases.StartInspection(ctx, c.by, c.village, r)
	a := carriedOutAs(in.ID, in.Repeated)
	a.Day = r.OccurredOn
	return a, err
}

func (c *syncing) record(ctx context.Context, d *syncDraft) (syncAnswer, error) {
	if d.Record == nil {
		return syncAnswer{}, errDraftKind
	}
	r := *d.Record
	r.RequestID = d.RequestID
	if day, ok := c.days[d.RequestID]; ok {
		r.OccurredOn = day
	}
	got, err := c.recordOrPropose(ctx, r)
	if err != nil {
		return syncAnswer{}, err
	}
	a := syncAnswer{State: syncDone, Day: r.OccurredOn, Cases: len(got.Items)}
	if got.Repeated {
		a.State = syncRepeated
	}
	for _, v := range got.Items {
		a.Made, a.Points = v.Batch, a.Points+v.Points
		a.Waits = a.Waits || v.State == cases.Submitted
	}
	return a, nil
}

// recordOrPropose enters a deed; from somebody who has handed the office over it becomes a proposal to the successor. What was
// entered the one way before is not entered the other way.
func (c *syncing) recordOrPropose(ctx context.Context, r cases.Request) (cases.Recorded, error) {
	got, err := c.Cases.Record(ctx, c.by, c.village, r)
	former := errors.Is(err, access.ErrForbidden) && c.by.Allow(cases.MayRecord, access.Place{Village: c.village}) != nil
	if !former && !errors.Is(err, storage.ErrRequestReused) {
		return got, err
	}
	proposed, e := c.Cases.Propose(ctx, c.by, c.village, r)
	if !former && (e != nil || !proposed.Repeated) {
		return got, err
	}
	return proposed, e
}
