package cases

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// ObjectionPage is a page of objections, the newest first.
type ObjectionPage struct {
	Items []Objection `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty at the end"`
}

// Objections lists the objections of a village: those that are open, or all of them.
func (s *Service) Objections(ctx context.Context, a access.Actor, where id.ID, open bool, before id.ID) (ObjectionPage, error) {
	if err := a.Allow(MaySeeObjection, access.Place{Village: where}); err != nil {
		return ObjectionPage{}, err
	}
	cond, args := "o.village_id = ?", []any{where}
	if open {
		cond += " AND o.outcome = ''"
	}
	return s.objectionPage(ctx, cond, args, before)
}

// RaisedObjections lists the overdue objections of a town or county.
func (s *Service) RaisedObjections(ctx context.Context, a access.Actor, region, before id.ID) (ObjectionPage, error) {
	if err := a.Allow(MaySeeRaised, access.Place{Region: region}); err != nil {
		return ObjectionPage{}, err
	}
	return s.objectionPage(ctx, "o.village_id IN (SELECT id FROM regions WHERE kind = 'village' AND (town_id = ? OR county_id = ?)) AND o.outcome = '' AND o.due_on < ?",
		[]any{region, region, clock.DayOf(s.now())}, before)
}

func (s *Service) objectionPage(ctx context.Context, cond string, args []any, before id.ID) (ObjectionPage, error) {
	if before != 0 {
		cond, args = cond+" AND o.id < ?", append(args, before)
	}
	all, err := s.objections(ctx, cond+" ORDER BY o.id DESC LIMIT "+strconv.Itoa(DefaultLimit+1), args...)
	page := ObjectionPage{Items: all}
	if len(all) > DefaultLimit {
		page.Items = all[:DefaultLimit]
		page.Next = all[DefaultLimit-1].ID.String()
	}
	return page, err
}

// ObjectionsOf lists the objections of a household, the newest first.
func (s *Service) ObjectionsOf(ctx context.Context, a access.Actor, where, household id.ID) ([]Objection, error) {
	if err := a.Allow(MayObject, access.Place{Village: where, Household: household}); err != nil {
		return nil, err
	}
	return s.objections(ctx, "o.household_id = ? AND o.village_id = ? ORDER BY o.id DESC LIMIT 100", household, where)
}

// objectionsTo are those to a case, as the caller may see them: who objects only officials and the household itself know.
func (s *Service) objectionsTo(ctx context.Context, a access.Actor, where, caseID id.ID) ([]Objection, error) {
	all, err := s.objections(ctx, "o.case_id = ? ORDER BY o.id", caseID)
	if err != nil || a.Allow(knowReporters, access.Place{Village: where}) == nil {
		return all, err
	}
	for i := range all {
		if !slices.Contains(a.Households(), all[i].Household) {
			all[i].Household, all[i].Name = 0, ""
		}
	}
	return all, nil
}

// canObject reports whether the caller may object to a case now, for a household that it concerns or names.
func (s *Service) canObject(ctx context.Context, a access.Actor, v *View) (bool, error) {
	if _, err := v.State.next(object); err != nil || v.ObjectUntil < clock.DayOf(s.now()) || v.CanObject {
		return v.CanObject, nil
	}
	homes := storage.Padded(homesIn(a, v.village))
	var n int
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM case_shares WHERE case_id = ? AND household_id IN "+storage.In(len(homes)), storage.Args(homes, v.ID)...).Scan(&n)
	return n > 0, err
}

// RaiseObjections notes the open objections whose day has passed, and tells the officials: the nightly job. It answers how
// many went up.
func (s *Service) RaiseObjections(ctx context.Context) (int, error) {
	at := s.now()
	rows, err := s.db.Query(ctx, "SELECT o.id, o.village_id, c.item_name FROM objections o JOIN regions r ON r.id = o.village_id AND r.kind = 'village' JOIN cases c ON c.id = o.case_id"+
		" WHERE o.outcome = '' AND o.due_on < ? AND o.raised_at = 0 ORDER BY o.id LIMIT 1000", clock.DayOf(at))
	if err != nil {
		return 0, fmt.Errorf("read objections: %w", err)
	}
	type overdue struct {
		id, village id.ID
		item        string
	}
	var all []overdue
	defer rows.Close()
	for rows.Next() {
		var o overdue
		if err := rows.Scan(&o.id, &o.village, &o.item); err != nil {
			return 0, err
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	rows.Close()
	raised := 0
	for _, o := range all {
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			n, err := tx.Exec("UPDATE objections SET raised_at = ? WHERE id = ? AND outcome = '' AND raised_at = 0", clock.Ms(at), o.id)
			if err != nil || n == 0 {
				return err
			}
			raised++
			return message.Tell(tx, message.Message{Village: o.village, Kind: message.Waiting, Title: "异议逾期，已上报：" + o.item, Body: "村里没有按期答复，由镇或县处理",
				About: message.About{Kind: "objection", ID: o.id}, At: at})
		})
		if err != nil {
			return raised, fmt.Errorf("raise objection %s: %w", o.id, err)
		}
	}
	return raised, nil
}

const objectionSelect = `SELECT o.id, o.village_id, o.case_id, o.household_id, o.by_user, o.name, o.how, o.said, o.was, o.frozen, o.short, o.made_at, o.due_on, o.raised_at,
	o.outcome, o.answer, o.decided_at, COALESCE(d.name, ''), c.item_name, COALESCE(h.number, ''), COALESCE(h.name, '')
	FROM objections o JOIN cases c ON c.id = o.case_id LEFT JOIN households h ON h.id = c.household_id LEFT JOIN users d ON d.id = o.decided_by WHERE `

func (s *Service) objections(ctx context.Context, where string, args ...any) ([]Objection, error) {
	rows, err := s.db.Query(ctx, objectionSelect+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	defer rows.Close()
	out := []Objection{}
	for rows.Next() {
		var o Objection
		var raised int64
		var number, name string
		if err := rows.Scan(&o.ID, &o.Village, &o.Case, &o.Household, &o.by, &o.Name, &o.How, &o.Text, &o.was, &o.Frozen, &o.Short, &o.MadeAt, &o.DueOn, &raised,
			&o.Outcome, &o.Answer, &o.DecidedAt, &o.DeciderName, &o.ItemName, &number, &name); err != nil {
			return nil, fmt.Errorf("read objections: %w", err)
		}
		o.CaseName, o.OutcomeName = strings.TrimSpace(number+" "+name), outcomeNames[o.Outcome]
		o.Raised = raised > 0 || o.Outcome == "" && o.DueOn < clock.DayOf(s.now())
		out = append(out, o)
	}
	return out, rows.Err()
}

func (s *Service) objection(ctx context.Context, where, objection id.ID) (Objection, error) {
	all, err := s.objections(ctx, "o.id = ? AND o.village_id = ?", objection, where)
	if err != nil || len(all) == 0 {
		return Objection{}, errOr(err, ErrNoObjection)
	}
	return all[0], nil
}

func (s *Service) answerObjection(ctx context.Context, a access.Actor, objection id.ID, repeated bool) (Objection, error) {
	all, err := s.objections(ctx, "o.id = ?", objection)
	if err != nil || len(all) == 0 {
		return Objection{}, errOr(err, ErrNoObjection)
	}
	all[0].Repeated = repeated
	return all[0], nil
}
