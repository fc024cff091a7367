package cases

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// NoticeLine is a case as a notice prints it. Names are in full: whoever prints masks them.
type NoticeLine struct {
	ID         id.ID
	Household  id.ID // zero for groups and teams
	Number     string
	Name       string // of the household, the group or the team
	Member     id.ID  // who did it, where a person is named
	MemberName string
	Group      id.ID
	Item       string
	ItemName   string
	Class      string
	GradeName  string
	Quantity   int64 // thousandths of the unit
	OccurredOn clock.Day
	DecidedOn  clock.Day
	Points     points.Amount // what counts
	Warned     bool          // a warning in place of a deduction
	State      State
	Reasons    []string
	Revision   int          // how often it was decided anew
	Shares     []NoticeLine // what it counts for others: Household, Number, Name, Member, MemberName, Group, Points and Warned

	of *record // of the case; nil in shares
}

// ForNotice are the decisions of a village that stand, were made between two days, both inside, and stand on no notice
// yet; of one group, or of all where it is zero. They come by class, group, number of the household and day.
func (s *Service) ForNotice(ctx context.Context, village, group id.ID, from, to clock.Day) ([]NoticeLine, error) {
	cond, args := "", []any{village, clock.Ms(from.Start()), clock.Ms(to.Add(1).Start())}
	if group != 0 {
		cond, args = " AND c.group_id = ?", append(args, group)
	}
	out, err := s.noticeLines(ctx, " WHERE c.village_id = ? AND c.decided_at >= ? AND c.decided_at < ? AND c.notice_id = 0 AND"+cThatStand+cond, args...)
	if err != nil {
		return nil, err
	}
	return out, s.noticeShares(ctx, out)
}

func (s *Service) noticeLines(ctx context.Context, where string, args ...any) ([]NoticeLine, error) {
	rows, err := s.db.Query(ctx, "SELECT "+columnsOfC+`, COALESCE(h.number, ''), COALESCE(h.name, g.name, t.name, ''), COALESCE(m.name, '')
		FROM cases c LEFT JOIN households h ON h.id = c.household_id LEFT JOIN regions g ON g.id = c.account_id LEFT JOIN teams t ON t.id = c.account_id
		LEFT JOIN members m ON m.id = c.member_id`+where+" ORDER BY c.class, c.group_id, COALESCE(h.number, ''), c.occurred_on, c.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read notice: %w", err)
	}
	defer rows.Close()
	var out []NoticeLine
	for rows.Next() {
		var c record
		var l NoticeLine
		if err := c.scan(rows, &l.Number, &l.Name, &l.MemberName); err != nil {
			return nil, fmt.Errorf("read notice: %w", err)
		}
		l.ID, l.Household, l.Member, l.Group, l.Item, l.ItemName, l.Class, l.GradeName = c.id, c.household, c.member, c.group, c.item, c.itemName, c.class, c.gradeName
		l.Quantity, l.OccurredOn, l.DecidedOn, l.Points, l.Warned, l.State, l.Reasons, l.Revision = c.quantity, c.occurred, c.decidedOn(), c.worth, c.warned, c.state, c.reasons, c.revision
		l.of = &c
		out = append(out, l)
	}
	return out, rows.Err()
}

// noticeShares adds what the cases count for others.
func (s *Service) noticeShares(ctx context.Context, lines []NoticeLine) error {
	at := make(map[id.ID]int, len(lines))
	ids := make([]id.ID, len(lines))
	for i := range lines {
		at[lines[i].ID], ids[i] = i, lines[i].ID
	}
	for chunk := range storage.Chunks(ids, storage.ChunkRows) {
		err := each(func(sh *NoticeLine, rows *sql.Rows) error {
			var of id.ID
			var warned int
			if err := rows.Scan(&of, &sh.Household, &sh.Number, &sh.Name, &sh.Member, &sh.MemberName, &sh.Group, &sh.Points, &warned); err != nil {
				return err
			}
			sh.Warned = warned != 0
			lines[at[of]].Shares = append(lines[at[of]].Shares, *sh)
			return nil
		})(s.db.Query(ctx, `SELECT s.case_id, s.household_id, COALESCE(h.number, ''), COALESCE(h.name, g.name, t.name, ''), s.member_id, COALESCE(m.name, ''), s.group_id, s.counted, s.warned
			FROM case_shares s LEFT JOIN households h ON h.id = s.household_id LEFT JOIN regions g ON g.id = s.account_id LEFT JOIN teams t ON t.id = s.account_id
			LEFT JOIN members m ON m.id = s.member_id WHERE s.case_id IN `+storage.In(len(chunk))+" ORDER BY s.case_id, s.line", storage.Args(chunk)...))
		if err != nil {
			return fmt.Errorf("read shares of notice: %w", err)
		}
	}
	return nil
}

// each reads rows, one by one, into a new T each.
func each[T any](read func(*T, *sql.Rows) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := read(new(T), rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

// MarkPublished puts cases on a notice: it stands from the day on, and objections may be made until the last day, inside.
// Cases whose points wait begin their days of publication. ErrState if one of them has been taken back or stands on a notice
// since ForNotice: the notice has to be put together anew.
func MarkPublished(tx *storage.Tx, village, notice id.ID, ids []id.ID, on, until clock.Day, by id.ID, at time.Time) error {
	if notice == 0 || !on.Valid() || until < on {
		return fmt.Errorf("cases: notice %s from %d to %d", notice, on, until)
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	for chunk := range storage.Chunks(slices.Compact(ids), storage.ChunkRows) {
		in := storage.In(len(chunk))
		n, err := tx.Exec(`UPDATE cases SET notice_id = ?, published_on = ?, until_on = ?, changed_at = ?, state = CASE WHEN state = 'decided' THEN 'published' ELSE state END
			WHERE village_id = ? AND notice_id = 0 AND`+thatStand+` AND id IN `+in, storage.Args(chunk, notice, on, until, clock.Ms(at), village)...)
		if err != nil {
			return fmt.Errorf("publish cases: %w", err)
		}
		if n != int64(len(chunk)) {
			return ErrState.With("有记录在制作公示期间发生了变化，请重新生成公示")
		}
		cs, err := many(tx.Query("SELECT "+columnList+" FROM cases WHERE id IN "+in+" ORDER BY id", storage.Args(chunk)...))
		if err != nil {
			return err
		}
		if err := published(tx, cs, on, until, by, at); err != nil {
			return err
		}
	}
	return nil
}

// published notes the step of cases that stand on a notice now, and tells the households.
func published(tx *storage.Tx, cs []*record, on, until clock.Day, by id.ID, at time.Time) error {
	var events []any
	var told []message.Message
	for _, c := range cs {
		from := c.state
		if c.state == Published {
			from = Decided
		}
		to, err := from.next(publish)
		if err != nil || to != c.state {
			return errOr(err, ErrState)
		}
		events = append(events, tx.NewID(), c.village, c.id, clock.Ms(at), by, string(from), string(to), "公示至"+until.Chinese())
		if c.state == Published && c.household != 0 {
			told = append(told, message.Message{Village: c.village, Household: c.household, Member: c.member, Kind: message.Published, Title: "公示：" + c.title(),
				Body: c.worth.Signed() + "分，公示到" + until.Chinese() + "，期满没有异议就生效。", About: message.About{Kind: "case", ID: c.id}, At: at})
		}
	}
	if err := tx.Insert("INSERT INTO case_events (id, village_id, case_id, at_ms, by_user, from_state, to_state, why) VALUES ", 8, events); err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	return message.Tell(tx, told...)
}

// CaseNow is where a case stands today that is on a notice, whose print never changes.
type CaseNow struct {
	ID       id.ID
	State    State
	Points   points.Amount // what counts now; 0 when it was taken back
	Warned   bool
	Revision int  // how often it was decided anew; more than on the notice: it was corrected since
	Objected bool // an objection is being dealt with
	Reversed bool
	Why      string // of the last step
	At       int64  // of the last step, milliseconds since 1970 UTC
}

// SinceNotice answers where cases stand now.
func (s *Service) SinceNotice(ctx context.Context, village id.ID, ids []id.ID) (map[id.ID]CaseNow, error) {
	out := make(map[id.ID]CaseNow, len(ids))
	for chunk := range storage.Chunks(ids, storage.ChunkRows) {
		err := each(func(n *CaseNow, rows *sql.Rows) error {
			var warned int
			if err := rows.Scan(&n.ID, &n.State, &n.Points, &warned, &n.Revision, &n.At, &n.Why); err != nil {
				return err
			}
			n.Warned, n.Objected, n.Reversed = warned != 0, n.State == Objected, n.State == Reversed
			if n.Reversed {
				n.Points = 0
			}
			out[n.ID] = *n
			return nil
		})(s.db.Query(ctx, `SELECT c.id, c.state, c.counted, c.warned, c.revision, c.changed_at,
			COALESCE((SELECT e.why FROM case_events e WHERE e.case_id = c.id ORDER BY e.id DESC LIMIT 1), '') FROM cases c WHERE c.village_id = ? AND c.id IN `+
			storage.In(len(chunk)), storage.Args(chunk, village)...))
		if err != nil {
			return nil, fmt.Errorf("read cases of notice: %w", err)
		}
	}
	return out, nil
}
