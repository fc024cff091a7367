package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// LineInput is what was seen at one household.
type LineInput struct {
	Household id.ID         `json:"household"`
	Rev       int64         `json:"rev" minimum:"1" doc:"number the device gives each change of a line, rising; the highest stays"`
	Seen      bool          `json:"seen" doc:"false takes the line back to not looked at"`
	Points    points.Amount `json:"points,omitempty" doc:"items with a range: hundredths, with sign"`
	Grade     string        `json:"grade,omitempty" maxLength:"32"`
	Quantity  int64         `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Note      string        `json:"note,omitempty" maxLength:"500"`
}

// LinesRequest saves lines as one goes.
type LinesRequest struct {
	RequestID string      `json:"request_id" minLength:"16" maxLength:"64"`
	Lines     []LineInput `json:"lines" minItems:"1" maxItems:"500"`
}

// Saved says which lines were kept.
type Saved struct {
	Saved    int     `json:"saved" doc:"lines that are stored as sent"`
	Stale    []id.ID `json:"stale" doc:"households whose stored line is newer than the one sent"`
	Repeated bool    `json:"repeated"`
}

// SaveLines stores drafts of lines; nothing is decided. Sending a line again changes nothing, an older one never
// replaces a newer one.
func (s *Service) SaveLines(ctx context.Context, a access.Actor, where, inspection id.ID, r LinesRequest) (Saved, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Saved{}, err
	}
	if err := checkLines(r.Lines); err != nil {
		return Saved{}, err
	}
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Saved{}, err
	}
	if ok, err := s.fills(ctx, a, &in); err != nil || !ok {
		return Saved{}, errOr(err, ErrInspector)
	}
	v, err := s.rules.InForce(ctx, where, in.OccurredOn)
	if err != nil {
		return Saved{}, err
	}
	at := clock.Ms(s.now())
	var out Saved
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		out = Saved{Stale: []id.ID{}}
		if _, out.Repeated, err = tx.Once(a.User(), r.RequestID, "cases.lines", []any{where, inspection, r.Lines}, inspection); err != nil {
			return err
		}
		if !out.Repeated {
			n, err := tx.Exec("UPDATE inspections SET rev = rev + 1, changed_at = ? WHERE id = ? AND state = ?", at, inspection, string(Draft))
			if err != nil {
				return fmt.Errorf("lock inspection: %w", err)
			}
			if n == 0 {
				return ErrState.With("这次检查已经提交，不能再修改")
			}
		}
		stored, err := readLines(tx.Query, inspection)
		if err != nil {
			return err
		}
		newer, err := out.sort(stored, r.Lines)
		if err != nil || out.Repeated {
			return err
		}
		if err := checkValues(v.Scheme, &in, stored, r.Lines); err != nil {
			return err
		}
		return replaceLines(tx, inspection, a.User(), at, newer)
	})
	return out, err
}

// sort tells lines that are newer than the stored ones from stale ones.
func (out *Saved) sort(stored []InspectionLine, lines []LineInput) ([]InspectionLine, error) {
	at := make(map[id.ID]*InspectionLine, len(stored))
	for i := range stored {
		at[stored[i].Household] = &stored[i]
	}
	var newer []InspectionLine
	var wrong []errs.Field
	for i, l := range lines {
		old := at[l.Household]
		switch {
		case old == nil:
			wrong = append(wrong, errs.Field{Path: "lines[" + strconv.Itoa(i) + "].household", Msg: "这一户不在检查名单里"})
		case l.Rev < old.Rev:
			out.Stale = append(out.Stale, l.Household)
		default:
			out.Saved++
			if l.Rev > old.Rev {
				newer = append(newer, InspectionLine{Row: old.Row, Household: l.Household, Rev: l.Rev, Seen: l.Seen, Points: l.Points,
					Grade: l.Grade, Quantity: l.Quantity, Note: l.Note})
			}
		}
	}
	if wrong != nil {
		return nil, ErrRows.With("有几户不在检查名单里，请刷新名单").WithFields(wrong...)
	}
	return newer, nil
}

func replaceLines(tx *storage.Tx, inspection, by id.ID, at int64, lines []InspectionLine) error {
	if len(lines) == 0 {
		return nil
	}
	households := make([]id.ID, len(lines))
	for i, l := range lines {
		households[i] = l.Household
	}
	households = storage.Padded(households)
	if _, err := tx.Exec("DELETE FROM inspection_lines WHERE inspection_id = ? AND household_id IN "+storage.In(len(households)),
		storage.Args(households, inspection)...); err != nil {
		return fmt.Errorf("replace lines: %w", err)
	}
	return insertLines(tx, inspection, by, at, lines)
}

func checkLines(lines []LineInput) error {
	if len(lines) == 0 || len(lines) > MaxInspection {
		return ErrRows.With("一次保存1到500行，请分批保存")
	}
	seen := make(map[id.ID]bool, len(lines))
	var wrong []errs.Field
	for i, l := range lines {
		msg := ""
		switch {
		case seen[l.Household]:
			msg = "同一户出现了两次"
		case l.Rev < 1:
			msg = "行的修改编号要大于0，请更新小程序后再试"
		case utf8.RuneCountInString(l.Note) > scheme.MaxNote:
			msg = "说明最多500字，请缩短"
		case len(l.Grade) > 32:
			msg = "请选择等级"
		case l.Points.Abs() > points.Max || l.Quantity < 0 || l.Quantity > scheme.MaxQuantity:
			msg = "分数或数量太大，请核对"
		}
		seen[l.Household] = true
		if msg != "" {
			wrong = append(wrong, errs.Field{Path: "lines[" + strconv.Itoa(i) + "]", Msg: msg})
		}
	}
	if wrong != nil {
		return ErrRows.With("有几行填写不对，请改好后再保存").WithFields(wrong...)
	}
	return nil
}

// checkValues refuses what the inspected item does not know: another grade, points out of its range, a quantity it does not
// count. A line that is only begun is kept; what it lacks is told when the inspection is decided.
func checkValues(s *scheme.Scheme, in *Inspection, stored []InspectionLine, lines []LineInput) error {
	var wrong []errs.Field
	for i, l := range lines {
		if l.Grade == "" && l.Points == 0 && l.Quantity == 0 {
			continue
		}
		err := s.Validate(scheme.Case{Item: in.Item, OccurredOn: in.OccurredOn, Account: l.Household, Household: l.Household,
			Points: l.Points, Grade: l.Grade, Quantity: l.Quantity, Note: "-"})
		if !errors.Is(err, scheme.ErrCaseInvalid) { // that the item has gone from the rules is not the line's fault
			continue
		}
		at := slices.IndexFunc(stored, func(o InspectionLine) bool { return o.Household == l.Household })
		wrong = append(wrong, errs.Field{Path: "lines[" + strconv.Itoa(i) + "]", Msg: stored[at].Number + "：" + errs.As(err).Msg})
	}
	if wrong != nil {
		return ErrRows.With("有%d户填写不对，请改好后再保存；这一次的几户都还没有保存", len(wrong)).WithFields(wrong...)
	}
	return nil
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
