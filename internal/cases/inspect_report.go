package cases

import (
	"context"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Report is what a decision or a reversal made of an inspection, row by row.
type Report struct {
	Inspection id.ID       `json:"inspection"`
	State      State       `json:"state" enum:"draft,submitted,effective,withdrawn,reversed" doc:"submitted: it waits for another person's decision"`
	StateName  string      `json:"state_name"`
	Decided    int         `json:"decided" doc:"households scored, or whose points were taken back"`
	Skipped    int         `json:"skipped" doc:"households not looked at, or reversed one by one before"`
	Rows       []ReportRow `json:"rows"`
	Repeated   bool        `json:"repeated"`
}

// ReportRow is the decision on one household.
type ReportRow struct {
	Row       int       `json:"row"`
	Household id.ID     `json:"household"`
	Number    string    `json:"number"`
	Name      string    `json:"name"`
	Case      id.ID     `json:"case"`
	Points    string    `json:"points" doc:"what counts, or what was taken back, with its sign"`
	Reasons   []string  `json:"reasons"`
	On        clock.Day `json:"counted_on"`

	worth     points.Amount
	changedAt int64
}

// report is what has just been decided.
func (d *inspecting) report() Report {
	out := Report{Inspection: d.in.ID, State: d.to, StateName: inspectionName(d.to), Skipped: d.skipped, Rows: []ReportRow{}}
	if d.to != Effective {
		return out
	}
	for i, c := range d.cases {
		l := &d.rows[i]
		out.Rows = append(out.Rows, reportRow(c, l.Row, l.Number, l.Name))
	}
	out.Decided = len(out.Rows)
	return out
}

func reportRow(c *record, row int, number, name string) ReportRow {
	return ReportRow{Row: row, Household: c.household, Number: number, Name: name, Case: c.id, Points: c.worth.Signed(), Reasons: c.reasons, On: c.counted,
		worth: c.worth, changedAt: c.changedAt}
}

// reported reads what the inspection has become, for a repeated request.
func (s *Service) reported(ctx context.Context, where, inspection id.ID) (Report, error) {
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Report{}, err
	}
	out := Report{Inspection: inspection, State: in.State, StateName: in.StateName, Repeated: true, Rows: []ReportRow{}}
	rows, err := s.db.Query(ctx, `SELECT `+columnsOfC+`, l.row_no, h.number, h.name FROM inspection_lines l
		JOIN households h ON h.id = l.household_id JOIN cases c ON c.batch_id = l.inspection_id AND c.household_id = l.household_id
		WHERE l.inspection_id = ? ORDER BY l.row_no`, inspection)
	if err != nil {
		return Report{}, fmt.Errorf("read report: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c record
		var row int
		var number, name string
		if err := c.scan(rows, &row, &number, &name); err != nil {
			return Report{}, fmt.Errorf("read report: %w", err)
		}
		out.Rows = append(out.Rows, reportRow(&c, row, number, name))
	}
	if err := rows.Err(); err != nil {
		return Report{}, err
	}
	rows.Close()
	out.Decided = len(out.Rows)
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM inspection_lines WHERE inspection_id = ? AND seen = 0", inspection).Scan(&out.Skipped)
	return out, err
}
