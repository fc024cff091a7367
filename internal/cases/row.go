package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// record is a case as it is stored.
type record struct {
	id, village, batch, account id.ID
	household, member, group    id.ID
	item, itemName, class       string
	scheme                      id.ID
	occurred, counted           clock.Day // counted: the day in whose period it counts
	state, enteredAs            State
	points                      points.Amount // asked, for items with a range; where settled, what is left of a fixed value
	settled                     bool
	grade, gradeName            string
	quantity                    int64
	note                        string
	decidedValue, worth         points.Amount // before and after warnings and limits
	warned                      bool
	reasons                     []string
	no                          int64
	revision, levels, approvals int
	author, decider             id.ID
	createdAt, decidedAt        int64
	changedAt                   int64

	event      id.ID         // the event or deed it belongs to, where several records share one
	replaced   points.Amount // what earlier records counted that it takes the place of
	persons    int           // how many took part, where they are not named
	parts      []scheme.PartResult
	repaired   bool
	overdue    bool // the warning has become the deduction, because the fault was not put right in time
	validTo    clock.Day
	who        scheme.Who     // of the account's owner on the day of the deed; for a decision
	parties    []scheme.Party // whom it touches beside its account
	foundRoles []string       // roles of parties that come from the village's records
	shares     []scheme.Share // what it counts for them

	was              State // before an objection
	notice           id.ID
	published, until clock.Day // on the notice, and the last day for objections to it
	way              string    // how it came in, where not by an official
	objection        id.ID     // that is being settled

	changes []scheme.Change // of a decision just made
	tags    []scheme.Tag
	lifts   []scheme.Lift
}

// deed is what the scheme decides on.
func (c *record) deed() scheme.Case {
	return scheme.Case{ID: c.id, Item: c.item, OccurredOn: c.occurred, Account: c.account, Household: c.household, Member: c.member,
		Group: c.group, Points: c.points, Grade: c.grade, Quantity: c.quantity, Note: c.note, CountedOn: c.counted, DecidedOn: c.decidedOn(),
		Event: c.event, Parts: c.parts, Persons: c.persons, Settled: c.settled, Repaired: c.repaired, Overdue: c.overdue, Who: c.who, Parties: c.parties}
}

// decidedOn is the day of the decision; zero before it is made.
func (c *record) decidedOn() clock.Day {
	if c.decidedAt == 0 {
		return 0
	}
	return clock.DayOf(clock.FromMs(c.decidedAt))
}

// decision is what stands of it.
func (c *record) decision() scheme.Decision {
	return scheme.Decision{Value: c.decidedValue, Counted: c.worth, Replaced: c.replaced, Warned: c.warned, Shares: c.shares}
}

// apply takes over a decision.
func (c *record) apply(d scheme.Decision) {
	c.decidedValue, c.worth, c.warned, c.reasons = d.Value, d.Counted, d.Warned, d.Reasons
	c.replaced, c.shares, c.validTo = d.Replaced, d.Shares, d.ValidTo
	c.changes, c.tags, c.lifts = d.Changes, d.Tags, d.Lifts
}

// waits reports whether its points have not counted yet, because the notice is still to stand its days.
func (c *record) waits() bool {
	return c.state == Decided || c.state == Published || c.state == Objected && (c.was == Decided || c.was == Published)
}

// decidedState is where a decision leads: to effect at once, or to wait for publication.
func decidedState(rules *scheme.Scheme) State {
	if rules.Records.Waits() {
		return Decided
	}
	return Effective
}

// title is what the passbook says.
func (c *record) title() string {
	if c.gradeName != "" {
		return c.itemName + "（" + c.gradeName + "）"
	}
	return c.itemName
}

var columns = []string{"id", "village_id", "batch_id", "account_id", "household_id", "member_id", "group_id", "item", "item_name", "class",
	"scheme_id", "occurred_on", "counted_on", "state", "entered_as", "points", "grade", "grade_name", "quantity", "note", "value", "counted",
	"warned", "reasons", "decided_no", "revision", "levels", "approvals", "author", "decider", "created_at", "decided_at", "changed_at",
	"event_id", "replaced"}

// later are the columns that are empty when a case is entered and only few steps change.
var later = []string{"was", "notice_id", "published_on", "until_on", "way", "settled"}

var (
	insertList = strings.Join(columns, ", ")
	columnList = insertList + ", " + strings.Join(later, ", ")
	columnsOfC = "c." + strings.ReplaceAll(columnList, ", ", ", c.")
)

func (c *record) values(args []any) []any {
	return append(args, int64(c.id), int64(c.village), int64(c.batch), int64(c.account), int64(c.household), int64(c.member), int64(c.group),
		c.item, c.itemName, c.class, int64(c.scheme), int64(c.occurred), int64(c.counted), string(c.state), string(c.enteredAs),
		int64(c.points), c.grade, c.gradeName, c.quantity, c.note, int64(c.decidedValue), int64(c.worth), bit(c.warned), encode(c.reasons),
		c.no, c.revision, c.levels, c.approvals, int64(c.author), int64(c.decider), c.createdAt, c.decidedAt, c.changedAt,
		int64(c.event), int64(c.replaced))
}

// scan reads the columns, and whatever follows them, of one row.
func (c *record) scan(row interface{ Scan(...any) error }, more ...any) error {
	var warned, settled int
	var reasons string
	into := append([]any{&c.id, &c.village, &c.batch, &c.account, &c.household, &c.member, &c.group, &c.item, &c.itemName, &c.class, &c.scheme,
		&c.occurred, &c.counted, &c.state, &c.enteredAs, &c.points, &c.grade, &c.gradeName, &c.quantity, &c.note, &c.decidedValue, &c.worth,
		&warned, &reasons, &c.no, &c.revision, &c.levels, &c.approvals, &c.author, &c.decider, &c.createdAt, &c.decidedAt, &c.changedAt,
		&c.event, &c.replaced, &c.was, &c.notice, &c.published, &c.until, &c.way, &settled}, more...)
	if err := row.Scan(into...); err != nil {
		return err
	}
	c.warned, c.settled = warned != 0, settled != 0
	return json.Unmarshal([]byte(reasons), &c.reasons)
}

func insert(tx *storage.Tx, cs []*record) error {
	args := make([]any, 0, len(cs)*len(columns))
	for _, c := range cs {
		args = c.values(args)
	}
	if err := tx.Insert("INSERT INTO cases ("+insertList+") VALUES ", len(columns), args); err != nil {
		return fmt.Errorf("insert cases: %w", err)
	}
	return storeAside(tx, cs, true)
}

// update stores what a step has changed; the case must still be in the state it was read in.
func (c *record) update(tx *storage.Tx, from State) error {
	n, err := tx.Exec(`UPDATE cases SET scheme_id = ?, counted_on = ?, state = ?, points = ?, grade = ?, grade_name = ?, quantity = ?, note = ?,
		value = ?, counted = ?, warned = ?, reasons = ?, decided_no = ?, revision = ?, approvals = ?, decider = ?, decided_at = ?, changed_at = ?,
		replaced = ?, was = ?, settled = ? WHERE id = ? AND state = ?`, c.scheme, c.counted, string(c.state), int64(c.points), c.grade, c.gradeName, c.quantity, c.note,
		int64(c.decidedValue), int64(c.worth), bit(c.warned), encode(c.reasons), c.no, c.revision, c.approvals, c.decider, c.decidedAt, c.changedAt,
		int64(c.replaced), string(c.was), bit(c.settled), c.id, string(from))
	if err != nil {
		return fmt.Errorf("update case: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	return nil
}

// query is a read inside or outside a transaction.
type query func(sql string, args ...any) (*sql.Rows, error)

func (s *Service) outside(ctx context.Context) query {
	return func(q string, args ...any) (*sql.Rows, error) { return s.db.Query(ctx, q, args...) }
}

// one is a case of a village, or ErrNoCase.
func one(tx *storage.Tx, village, caseID id.ID) (*record, error) {
	return scanOne(tx.QueryRow("SELECT "+columnList+" FROM cases WHERE id = ? AND village_id = ?", caseID, village))
}

func (s *Service) one(ctx context.Context, village, caseID id.ID) (*record, error) {
	return scanOne(s.db.QueryRow(ctx, "SELECT "+columnList+" FROM cases WHERE id = ? AND village_id = ?", caseID, village))
}

func scanOne(row *sql.Row) (*record, error) {
	var c record
	err := c.scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoCase
	}
	if err != nil {
		return nil, fmt.Errorf("read case: %w", err)
	}
	return &c, nil
}

func many(rows *sql.Rows, err error) ([]*record, error) {
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	defer rows.Close()
	var out []*record
	for rows.Next() {
		var c record
		if err := c.scan(rows); err != nil {
			return nil, fmt.Errorf("read cases: %w", err)
		}
		out = append(out, &c)
	}
	return out, rows.Err()
}

// event notes a step in the append-only history of a case or an inspection.
func event(tx *storage.Tx, village, of, by id.ID, at int64, from, to State, why string) error {
	_, err := tx.Exec("INSERT INTO case_events (id, village_id, case_id, at_ms, by_user, from_state, to_state, why) VALUES (?,?,?,?,?,?,?,?)",
		tx.NewID(), village, of, at, by, string(from), string(to), why)
	if err != nil {
		return fmt.Errorf("insert event: %w", err)
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func encode(reasons []string) string {
	if reasons == nil {
		reasons = []string{}
	}
	b, err := json.Marshal(reasons)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}
