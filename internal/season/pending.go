package season

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
)

// Waiting is something that is not settled while a period is to be closed.
type Waiting struct {
	Kind     string  `json:"kind" enum:"case_submitted,case_decided,case_published,case_objected,inspection,lease,lease_return,reservation"`
	Name     string  `json:"name"`
	Count    int     `json:"count"`
	Blocks   bool    `json:"blocks" doc:"nothing is closed while it waits, unless it is overridden by name and with a reason"`
	Why      string  `json:"why,omitempty" doc:"the reason with which it was overridden"`
	Examples []id.ID `json:"examples" doc:"some of them, the oldest first"`
}

// Override closes although something waits.
type Override struct {
	Kind string `json:"kind" enum:"case_submitted,case_decided,case_published,case_objected,inspection,lease,lease_return"`
	Why  string `json:"why" minLength:"1" maxLength:"200"`
}

const maxExamples = 20

// waits says what is looked for: a SELECT of ids of the village, up to the last day of the period.
var waits = []struct {
	kind, name, sql string
	byDay, blocks   bool
}{
	{"case_submitted", "待审核的申报", "SELECT id FROM cases WHERE village_id = ? AND state = 'submitted' AND occurred_on <= ? ORDER BY id", true, true},
	{"case_decided", "已评定、等着公示的积分", "SELECT id FROM cases WHERE village_id = ? AND state = 'decided' AND occurred_on <= ? ORDER BY id", true, true},
	{"case_published", "正在公示、还没有生效的积分", "SELECT id FROM cases WHERE village_id = ? AND state = 'published' AND occurred_on <= ? ORDER BY id", true, true},
	{"case_objected", "有异议、还没有处理的积分", "SELECT id FROM cases WHERE village_id = ? AND state = 'objected' AND occurred_on <= ? ORDER BY id", true, true},
	{"inspection", "没有办完的检查", "SELECT id FROM inspections WHERE village_id = ? AND state IN ('draft', 'submitted') AND occurred_on <= ? ORDER BY id", true, true},
	{"lease", "还没有交回的离线兑换", "SELECT id FROM leases WHERE village_id = ? AND closed_at = 0 ORDER BY id", false, true},
	{"lease_return", "对不上、还没有处理的离线兑换", "SELECT id FROM lease_returns WHERE village_id = ? AND state = 'waiting' ORDER BY id", false, true},
	{"reservation", "还没有领走的预约（预约占用的积分不清零）", "SELECT id FROM reservations WHERE village_id = ? AND state = 'open' ORDER BY id", false, false},
}

// waiting lists what is not settled up to a day.
func waiting(read query, village id.ID, until clock.Day) ([]Waiting, error) {
	out := []Waiting{}
	for _, w := range waits {
		x := Waiting{Kind: w.kind, Name: w.name, Blocks: w.blocks, Examples: []id.ID{}}
		args := []any{village}
		if w.byDay {
			args = append(args, until)
		}
		rows, err := read(w.sql, args...)
		err = each(rows, err, func(r *sql.Rows) error {
			var v id.ID
			err := r.Scan(&v)
			if x.Count++; x.Count <= maxExamples {
				x.Examples = append(x.Examples, v)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what waits: %w", err)
		}
		if x.Count > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// override notes the reasons on what waits and refuses what blocks without one.
func override(list []Waiting, overrides []Override) error {
	var missing []errs.Field
	for i := range list {
		w := &list[i]
		at := slices.IndexFunc(overrides, func(o Override) bool { return o.Kind == w.Kind })
		if at >= 0 {
			w.Why = strings.TrimSpace(overrides[at].Why)
		}
		if w.Blocks && w.Why == "" {
			missing = append(missing, errs.Field{Path: w.Kind, Msg: fmt.Sprintf("%s：%d件", w.Name, w.Count)})
		}
	}
	if missing == nil {
		return nil
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.Msg
	}
	return ErrWaiting.With("还有事项没有办完：%s。请先办完，或者逐项写明不等的理由", strings.Join(names, "；")).WithFields(missing...)
}

// checkOverrides refuses reasons that are empty or too long.
func checkOverrides(overrides []Override) error {
	for _, o := range overrides {
		if n := utf8.RuneCountInString(strings.TrimSpace(o.Why)); n == 0 || n > 200 {
			return ErrWhy
		}
	}
	return nil
}
