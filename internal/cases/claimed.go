package cases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Approval lets a case through, perhaps with another value than was claimed.
type Approval struct {
	RequestID string   `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string   `json:"why,omitempty" maxLength:"200" doc:"mandatory with a correction: the household reads it"`
	Correct   *Content `json:"correct,omitempty" doc:"what counts instead of what was claimed; absent: as claimed"`
}

// Claimed is what was claimed, where something else was given.
type Claimed struct {
	Said     string        `json:"said" doc:"what was claimed and what was given instead, in words"`
	Why      string        `json:"why"`
	Points   points.Amount `json:"points,omitempty" doc:"items with a range: what was claimed, in hundredths"`
	Grade    string        `json:"grade_name,omitempty"`
	Quantity int64         `json:"quantity,omitempty" doc:"thousandths of the unit"`
	At       int64         `json:"at" doc:"milliseconds since 1970 UTC"`
}

// ErrNotCorrectable refuses to correct what the rules fix.
var ErrNotCorrectable = errs.New(errs.Invalid, "cases_not_correctable", "这个事项的分值由细则确定，没有可以改的；记得不对的请退回，写明理由")

// ApproveWith is Approve where what was claimed may be corrected with a reason: the value that the household gave itself, the
// grade, the quantity, the lines of a sheet. The household sees both, and why. A later level may correct again; what stood there
// first is kept.
func (s *Service) ApproveWith(ctx context.Context, a access.Actor, village, caseID id.ID, r Approval) (Answer, error) {
	if err := a.Allow(MayApprove, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	if r.Correct != nil {
		if err := checkWhy(r.Why); err != nil {
			return Answer{}, err
		}
	}
	c, err := s.toReview(ctx, a, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	v, err := s.rules.InForce(ctx, village, c.occurred)
	if err != nil {
		return Answer{}, err
	}
	if err := s.complete(ctx, v.Scheme, c); err != nil {
		return Answer{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Answer{}, err
	}
	if err := s.beforePanel(ctx, c); err != nil {
		return Answer{}, err
	}
	var asks []any
	if r.Correct != nil {
		if err := mayCorrect(v.Scheme, c, *r.Correct); err != nil {
			return Answer{}, err
		}
		asks = append(asks, r.Correct)
	}
	return s.step(ctx, a, village, caseID, "cases.approve", Step{RequestID: r.RequestID, Why: r.Why}, func(tx *storage.Tx, at time.Time) error {
		return s.approve(tx, v, a.User(), c, r.Correct, r.Why, at)
	}, asks...)
}

// mayCorrect refuses a content that the item does not allow.
func mayCorrect(rules *scheme.Scheme, c *record, x Content) error {
	item, ok := rules.Item(c.item)
	if !ok {
		return scheme.ErrItemUnknown
	}
	if !item.Value.Judged() {
		return ErrNotCorrectable
	}
	changed := *c
	changed.change(rules, x)
	deed := changed.deed()
	if deed.Note == "" {
		deed.Note = item.Name // the reason is with the correction
	}
	return rules.Validate(deed)
}

// correctClaim writes what is given instead of what was claimed, and answers what to say of it. The case is submitted and has
// the approvals that were read.
func correctClaim(tx *storage.Tx, v *rulebook.Version, c *record, x Content, why string, at time.Time) (string, error) {
	item, ok := v.Scheme.Item(c.item)
	if !ok {
		return "", scheme.ErrItemUnknown
	}
	was := c.content()
	if was.equal(&x) {
		return why, nil
	}
	said, err := saidBefore(tx, c.id)
	if err != nil {
		return "", err
	}
	if said == "" {
		said = "申报" + sayContent(item, &was)
	}
	said += "，核定" + sayContent(item, &x)
	gradeName := c.gradeName
	c.change(v.Scheme, x)
	if c.note == "" && item.Value.Kind == scheme.ValueRange { // whoever gives a value says why
		c.note = strings.TrimSpace(why)
	}
	n, err := tx.Exec("UPDATE cases SET points = ?, grade = ?, grade_name = ?, quantity = ?, note = ?, changed_at = ? WHERE id = ? AND state = 'submitted' AND approvals = ?",
		int64(c.points), c.grade, c.gradeName, c.quantity, c.note, clock.Ms(at), c.id, c.approvals)
	if err != nil {
		return "", fmt.Errorf("correct claim: %w", err)
	}
	if n == 0 {
		return "", ErrState
	}
	if err := c.storeContent(tx); err != nil {
		return "", err
	}
	if err := keepClaim(tx, c, was, gradeName, said, why, at); err != nil {
		return "", err
	}
	return strings.TrimSuffix(said+"："+strings.TrimSpace(why), "："), nil
}

// keepClaim keeps what was claimed: what stood there before the first correction, with the words of the last.
func keepClaim(tx *storage.Tx, c *record, was Content, gradeName, said, why string, at time.Time) error {
	said, why = cut(said, MaxEventWhy), cut(strings.TrimSpace(why), MaxEventWhy)
	if n, err := tx.Exec("UPDATE case_claims SET said = ?, why = ?, at_ms = ? WHERE case_id = ?", said, why, clock.Ms(at), c.id); err != nil || n > 0 {
		return err
	}
	_, err := tx.Exec("INSERT INTO case_claims (case_id, village_id, points, grade_name, quantity, said, why, at_ms) VALUES (?,?,?,?,?,?,?,?)",
		c.id, c.village, int64(was.Points), gradeName, was.Quantity, said, why, clock.Ms(at))
	if err != nil {
		return fmt.Errorf("keep claim: %w", err)
	}
	return nil
}

// saidBefore is what an earlier level has said of the claim; empty where it let it pass as claimed.
func saidBefore(tx *storage.Tx, caseID id.ID) (said string, err error) {
	if err = tx.QueryRow("SELECT said FROM case_claims WHERE case_id = ?", caseID).Scan(&said); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read claim: %w", err)
	}
	return said, nil
}

// claimedOf adds to views what was claimed, where something else was given.
func (s *Service) claimedOf(ctx context.Context, views []View) error {
	at := make(map[id.ID]int, len(views))
	ids := make([]id.ID, len(views))
	for i := range views {
		at[views[i].ID], ids[i] = i, views[i].ID
	}
	if len(ids) == 0 {
		return nil
	}
	ids = storage.Padded(ids)
	rows, err := s.db.Query(ctx, "SELECT case_id, said, why, points, grade_name, quantity, at_ms FROM case_claims WHERE case_id IN "+storage.In(len(ids)), storage.Args(ids)...)
	if err != nil {
		return fmt.Errorf("read claims: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var of id.ID
		var x Claimed
		if err := rows.Scan(&of, &x.Said, &x.Why, &x.Points, &x.Grade, &x.Quantity, &x.At); err != nil {
			return err
		}
		views[at[of]].Claimed = &x
	}
	return rows.Err()
}

// claimedBefore reads what was claimed at first, where the case says something else by now.
func claimedBefore(tx *storage.Tx, caseID id.ID, points *points.Amount) error {
	err := tx.QueryRow("SELECT points FROM case_claims WHERE case_id = ?", caseID).Scan(points)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read claim: %w", err)
	}
	return nil
}
