package cases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

var (
	ErrNoInspection = errs.New(errs.NotFound, "cases_inspection_not_found", "没有找到这次检查，请刷新后再看")
	ErrInspectAll   = errs.New(errs.Invalid, "cases_inspection_too_large", "一次检查最多500户，请按小组分开检查")
	ErrInspectNone  = errs.New(errs.Invalid, "cases_inspection_empty", "这个小组当天没有可以检查的户，请核对小组和日期")
	ErrInspectOne   = errs.New(errs.Conflict, "cases_inspection_by_person", "本村按人积分，请用登记来逐人记录")
	ErrInspector    = errs.New(errs.Forbidden, "cases_not_inspector", "只有发起检查的人可以填写和提交")
	ErrRows         = errs.New(errs.Invalid, "cases_inspection_rows", "有几行填写不对，请改好后再提交；所有户都还没有记分")
	ErrNothingSeen  = errs.New(errs.Invalid, "cases_inspection_nothing_seen", "还没有填写任何一户，请先填写再提交")
)

// InspectionRequest begins a round of looking at the households of a group or of the village for one item.
type InspectionRequest struct {
	RequestID  string    `json:"request_id" minLength:"16" maxLength:"64"`
	Item       string    `json:"item" maxLength:"32"`
	OccurredOn clock.Day `json:"occurred_on,omitempty" doc:"day of the inspection; today if empty"`
	Group      id.ID     `json:"group,omitempty" doc:"empty: the whole village"`
}

// Inspection is a round of looking at up to 500 households for one item (逐户检查).
type Inspection struct {
	ID         id.ID            `json:"id"`
	Village    id.ID            `json:"-"`
	Group      id.ID            `json:"group,omitempty"`
	Item       string           `json:"item"`
	ItemName   string           `json:"item_name"`
	OccurredOn clock.Day        `json:"occurred_on"`
	State      State            `json:"state" enum:"draft,submitted,effective,withdrawn,reversed"`
	StateName  string           `json:"state_name"`
	Author     id.ID            `json:"author"`
	AuthorName string           `json:"author_name"`
	CreatedAt  int64            `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Total      int              `json:"total" doc:"households on the list"`
	Seen       int              `json:"seen" doc:"households filled in"`
	CanFill    bool             `json:"can_fill" doc:"the caller may fill in and submit it"`
	CanReview  bool             `json:"can_review" doc:"the caller may decide it"`
	CanReverse bool             `json:"can_reverse" doc:"the caller may take it back as a whole; refused if an own or kin household is in it"`
	Lines      []InspectionLine `json:"lines,omitempty"`
	Photos     []media.Shot     `json:"photos,omitempty" doc:"evidence; part is the household"`
	Repeated   bool             `json:"repeated"`

	approvals int
}

// InspectionLine is one household of an inspection.
type InspectionLine struct {
	Row       int           `json:"row"`
	Household id.ID         `json:"household"`
	Number    string        `json:"number"`
	Name      string        `json:"name"`
	Rev       int64         `json:"rev" doc:"number the device gives each change of a line; the highest stays"`
	Seen      bool          `json:"seen" doc:"looked at; a line that was not is not scored"`
	Points    points.Amount `json:"points,omitempty"`
	Grade     string        `json:"grade,omitempty"`
	Quantity  int64         `json:"quantity,omitempty"`
	Note      string        `json:"note,omitempty"`
	Case      id.ID         `json:"case,omitempty" doc:"after the decision"`
	Counted   points.Amount `json:"counted" doc:"after the decision: what counts"`
}

// StartInspection makes the list: households in force on the day that are not suspended, without the author's own and
// kin, which somebody else records.
func (s *Service) StartInspection(ctx context.Context, a access.Actor, where id.ID, r InspectionRequest) (Inspection, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Inspection{}, err
	}
	body := []any{where, r.Item, r.OccurredOn, r.Group}
	made := s.db.NewID()
	in, households, err := s.planInspection(ctx, a, where, r)
	if err != nil {
		if earlier, e := s.before(ctx, a, r.RequestID, "cases.inspect", body); e == nil && earlier != 0 {
			made, err = earlier, nil
			return s.answerInspection(ctx, a, where, made, true)
		}
		return Inspection{}, err
	}
	repeated := false
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		var earlier id.ID
		if earlier, repeated, err = tx.Once(a.User(), r.RequestID, "cases.inspect", body, made); err != nil || repeated {
			made = earlier
			return err
		}
		_, err = tx.Exec(`INSERT INTO inspections (id, village_id, group_id, item, item_name, occurred_on, state, approvals, author, decider, created_at, changed_at, rev)
			VALUES (?,?,?,?,?,?,?,0,?,0,?,?,0)`, made, where, in.Group, in.Item, in.ItemName, in.OccurredOn, string(Draft), a.User(), in.CreatedAt, in.CreatedAt)
		if err != nil {
			return fmt.Errorf("insert inspection: %w", err)
		}
		lines := make([]InspectionLine, len(households))
		for i, h := range households {
			lines[i] = InspectionLine{Row: i + 1, Household: h}
		}
		return insertLines(tx, made, a.User(), in.CreatedAt, lines)
	})
	if err != nil {
		return Inspection{}, err
	}
	return s.answerInspection(ctx, a, where, made, repeated)
}

func (s *Service) planInspection(ctx context.Context, a access.Actor, where id.ID, r InspectionRequest) (Inspection, []id.ID, error) {
	at := s.now()
	in := Inspection{Item: r.Item, Group: r.Group, OccurredOn: r.OccurredOn, CreatedAt: clock.Ms(at)}
	today := clock.DayOf(at)
	if in.OccurredOn == 0 {
		in.OccurredOn = today
	}
	if err := checkDay(in.OccurredOn, today); err != nil {
		return in, nil, err
	}
	if leaderOnly(a, where) && !slices.Contains(a.Leads(where), r.Group) && len(a.Leads(where)) > 0 {
		return in, nil, ErrOtherGroup
	}
	v, err := s.rules.InForce(ctx, where, in.OccurredOn)
	if err != nil {
		return in, nil, err
	}
	item, ok := v.Scheme.Item(r.Item)
	switch {
	case !ok:
		return in, nil, scheme.ErrItemUnknown
	case !item.InForce(in.OccurredOn):
		return in, nil, scheme.ErrNotInForce
	case v.Scheme.Subject != scheme.SubjectHousehold:
		return in, nil, ErrInspectOne
	}
	in.ItemName = item.Name
	households, err := s.householdsOf(ctx, a, where, r.Group, in.OccurredOn)
	return in, households, err
}

// householdsOf lists who is inspected.
func (s *Service) householdsOf(ctx context.Context, a access.Actor, where, group id.ID, day clock.Day) ([]id.ID, error) {
	var all []id.ID
	f := village.Filter{Group: group, Day: day, Limit: village.MaxLimit}
	for {
		page, next, err := s.villages.List(ctx, where, f)
		if err != nil {
			return nil, err
		}
		for _, h := range page {
			if h.Status != village.Suspended && !a.IsOwn(h.ID) {
				all = append(all, h.ID)
			}
		}
		if len(all) > MaxInspection {
			return nil, ErrInspectAll
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	if len(all) == 0 {
		return nil, ErrInspectNone
	}
	return all, nil
}

const lineColumns = "inspection_id, household_id, row_no, rev, seen, points, grade, quantity, note, by_user, saved_at"

func insertLines(tx *storage.Tx, inspection, by id.ID, at int64, lines []InspectionLine) error {
	for chunk := range storage.Chunks(lines, storage.ChunkRows) {
		args := make([]any, 0, len(chunk)*11)
		for _, l := range chunk {
			args = append(args, inspection, l.Household, l.Row, l.Rev, bit(l.Seen), int64(l.Points), l.Grade, l.Quantity, l.Note, by, at)
		}
		if _, err := tx.Exec("INSERT INTO inspection_lines ("+lineColumns+") VALUES "+storage.Rows(len(chunk), 11), args...); err != nil {
			return fmt.Errorf("insert lines: %w", err)
		}
	}
	return nil
}

// Inspection is one inspection with its lines. Officials of the village see it.
func (s *Service) Inspection(ctx context.Context, a access.Actor, where, inspection id.ID) (Inspection, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Inspection{}, err
	}
	return s.answerInspection(ctx, a, where, inspection, false)
}

func (s *Service) answerInspection(ctx context.Context, a access.Actor, where, inspection id.ID, repeated bool) (Inspection, error) {
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Inspection{}, err
	}
	in.Repeated = repeated
	if in.Lines, err = readScored(s.outside(ctx), inspection); err != nil {
		return Inspection{}, err
	}
	for _, l := range in.Lines {
		in.Total++
		if l.Seen {
			in.Seen++
		}
	}
	shots, err := s.photos.Shots(ctx, s.viewer(a, where), PhotosOfCases, inspection)
	if err != nil {
		return Inspection{}, err
	}
	in.Photos = shots[inspection]
	return in, s.may(ctx, a, &in)
}

// may fills in what the caller may do with the inspection.
func (s *Service) may(ctx context.Context, a access.Actor, in *Inspection) error {
	fills, err := s.fills(ctx, a, in)
	if err != nil {
		return err
	}
	in.CanFill = fills && in.State == Draft
	in.CanReview = in.State == Submitted && in.Author != a.User() && a.Allow(MayApprove, access.Place{Village: in.Village}) == nil
	in.CanReverse = in.State == Effective && in.Author != a.User() && a.Allow(MayReverse, access.Place{Village: in.Village}) == nil
	return nil
}

// fills reports whether the actor began the inspection, or took over the work of who did.
func (s *Service) fills(ctx context.Context, a access.Actor, in *Inspection) (bool, error) {
	if in.Author == a.User() {
		return true, nil
	}
	before, err := s.people.Predecessors(ctx, in.Village, a.User())
	return slices.Contains(before, in.Author), err
}

const inspectionSelect = `SELECT i.id, i.village_id, i.group_id, i.item, i.item_name, i.occurred_on, i.state, i.approvals, i.author, COALESCE(u.name, ''), i.created_at, i.reversed_at
	FROM inspections i LEFT JOIN users u ON u.id = i.author`

func (in *Inspection) scan(row interface{ Scan(...any) error }) error {
	var reversedAt int64
	err := row.Scan(&in.ID, &in.Village, &in.Group, &in.Item, &in.ItemName, &in.OccurredOn, &in.State, &in.approvals, &in.Author, &in.AuthorName, &in.CreatedAt, &reversedAt)
	if reversedAt != 0 {
		in.State = Reversed
	}
	in.StateName = inspectionName(in.State)
	return err
}

// inspectionName is the state of an inspection in Chinese. Its cases may have to wait for publication when it is decided.
func inspectionName(state State) string {
	if state == Effective {
		return "已审定"
	}
	return state.Name()
}

func (s *Service) inspection(ctx context.Context, where, inspection id.ID) (Inspection, error) {
	var in Inspection
	err := in.scan(s.db.QueryRow(ctx, inspectionSelect+" WHERE i.id = ? AND i.village_id = ?", inspection, where))
	if errors.Is(err, sql.ErrNoRows) {
		return in, ErrNoInspection
	}
	if err != nil {
		return in, fmt.Errorf("read inspection: %w", err)
	}
	return in, nil
}

// readLines reads the list in its order as it was filled in.
func readLines(read query, inspection id.ID) ([]InspectionLine, error) {
	return scanLines(read(`SELECT l.row_no, l.household_id, h.number, h.name, l.rev, l.seen, l.points, l.grade, l.quantity, l.note, 0, 0
		FROM inspection_lines l JOIN households h ON h.id = l.household_id WHERE l.inspection_id = ? ORDER BY l.row_no`, inspection))
}

// readScored is readLines with the cases that have come of it.
func readScored(read query, inspection id.ID) ([]InspectionLine, error) {
	return scanLines(read(`SELECT l.row_no, l.household_id, h.number, h.name, l.rev, l.seen, l.points, l.grade, l.quantity, l.note,
		COALESCE(c.id, 0), CASE WHEN`+cThatStand+` THEN c.counted ELSE 0 END
		FROM inspection_lines l JOIN households h ON h.id = l.household_id
		LEFT JOIN cases c ON c.batch_id = l.inspection_id AND c.household_id = l.household_id
		WHERE l.inspection_id = ? ORDER BY l.row_no`, inspection))
}

func scanLines(rows *sql.Rows, err error) ([]InspectionLine, error) {
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	defer rows.Close()
	var out []InspectionLine
	for rows.Next() {
		var l InspectionLine
		var seen int
		if err := rows.Scan(&l.Row, &l.Household, &l.Number, &l.Name, &l.Rev, &seen, &l.Points, &l.Grade, &l.Quantity, &l.Note, &l.Case, &l.Counted); err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		l.Seen = seen != 0
		out = append(out, l)
	}
	return out, rows.Err()
}

// InspectionPage is a page of inspections, newest first.
type InspectionPage struct {
	Items []Inspection `json:"items"`
	Next  string       `json:"next" doc:"cursor of the next page; empty at the end"`
}

// Inspections lists the inspections of a village in a state, without their lines.
func (s *Service) Inspections(ctx context.Context, a access.Actor, where id.ID, f Filter) (InspectionPage, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return InspectionPage{}, err
	}
	if _, ok := stateNames[f.State]; !ok {
		return InspectionPage{}, ErrNoSuchState
	}
	cond, args := " WHERE i.village_id = ?", []any{where}
	switch f.State {
	case fresh:
	case Reversed:
		cond += " AND i.state = 'effective' AND i.reversed_at > 0"
	default:
		cond, args = cond+" AND i.state = ? AND i.reversed_at = 0", append(args, string(f.State))
	}
	if f.Before != 0 {
		cond, args = cond+" AND i.id < ?", append(args, f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	rows, err := s.db.Query(ctx, inspectionSelect+cond+" ORDER BY i.id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...)
	if err != nil {
		return InspectionPage{}, fmt.Errorf("list inspections: %w", err)
	}
	defer rows.Close()
	page := InspectionPage{Items: []Inspection{}}
	for rows.Next() {
		var in Inspection
		if err := in.scan(rows); err != nil {
			return page, err
		}
		page.Items = append(page.Items, in)
	}
	if err := rows.Err(); err != nil {
		return page, err
	}
	rows.Close()
	if len(page.Items) > f.Limit {
		page.Items = page.Items[:f.Limit]
		page.Next = page.Items[f.Limit-1].ID.String()
	}
	for i := range page.Items {
		if err := s.may(ctx, a, &page.Items[i]); err != nil {
			return page, err
		}
	}
	return page, nil
}
