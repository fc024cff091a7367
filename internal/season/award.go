package season

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Award is a round about a span as it was published (一次评比).
type Award struct {
	ID          id.ID      `json:"id"`
	Code        string     `json:"code" doc:"the round of the rules"`
	Span        clock.Span `json:"span"`
	Revision    int        `json:"revision" doc:"1, 2, 3 …: a list that was withdrawn is published anew"`
	Name        string     `json:"name"`
	Of          string     `json:"of" enum:"household,person,group"`
	State       string     `json:"state" enum:"published,frozen,issuing,issued,withdrawn"`
	On          clock.Day  `json:"on" doc:"day of the cut-off"`
	Hash        string     `json:"hash" doc:"SHA-256 of the sealed list: it was sealed before lots were drawn"`
	PublishedAt int64      `json:"published_at" doc:"milliseconds since 1970 UTC"`
	ObjectUntil clock.Day  `json:"object_until" doc:"last day for objections"`
	FrozenAt    int64      `json:"frozen_at,omitempty"`
	Number      string     `json:"number,omitempty" doc:"the number drawn in public"`
	How         string     `json:"how,omitempty" doc:"where and before whom it was drawn"`
	DrawnAt     int64      `json:"drawn_at,omitempty"`
	IssuedAt    int64      `json:"issued_at,omitempty"`
	Why         string     `json:"why,omitempty" doc:"why it was withdrawn"`
	Drawings    []Drawing  `json:"drawings" doc:"lots that are to be drawn, or were"`
	Repeated    bool       `json:"repeated,omitempty" doc:"the request had been carried out before"`

	rules, cursor id.ID
	village       id.ID
	list          string
}

// Drawing is one drawing of lots.
type Drawing struct {
	No       int     `json:"no"`
	What     string  `json:"what"`
	Seats    int     `json:"seats"`
	Accounts []id.ID `json:"accounts" doc:"in the order of their numbers: lot 0, 1, 2 …"`
	Drawn    []id.ID `json:"drawn,omitempty" doc:"in the order in which they came"`
}

// States of an award.
const (
	awardPublished = "published"
	awardFrozen    = "frozen"
	awardIssuing   = "issuing"
	awardIssued    = "issued"
	awardWithdrawn = "withdrawn"
)

// MaxObjectDays is the longest time for objections.
const MaxObjectDays = 30

// Publish is a request to publish the list of a round.
type Publish struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64"`
	Code      string     `json:"code" minLength:"1" maxLength:"32"`
	Span      clock.Span `json:"span"`
	Days      int        `json:"days" minimum:"1" maximum:"30" doc:"days for objections, today not counted"`
}

// Publish computes a round and publishes its list: who is in, who is out, and why. The span must be shut, so that no score
// of it can change any more.
func (s *Service) Publish(ctx context.Context, a access.Actor, in id.ID, p Publish) (Award, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Award{}, err
	}
	if p.Days < 1 || p.Days > MaxObjectDays {
		return Award{}, ErrDays
	}
	at := s.now()
	d, err := s.declared(ctx, in, p.Code, p.Span)
	if err != nil {
		return Award{}, err
	}
	if err := s.shutBy(ctx, in, p.Span); err != nil {
		return Award{}, err
	}
	if on := d.On(d.span); on > clock.DayOf(at) {
		return Award{}, ErrCutoff.With("这项评比以%s为准，到那天才能公布", on.Chinese())
	}
	source, err := s.book.Source(ctx, d.rules.ID)
	if err != nil {
		return Award{}, err
	}
	made, repeated, secret := s.db.NewID(), false, salt()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), p.RequestID, "season.publish", []any{in, p}, made)
		if made, repeated = earlier, again; err != nil || again {
			return err
		}
		if err := ledger.Guard(tx, nil, []string{"award:" + in.String()}); err != nil {
			return err
		}
		var last, active int
		if err := tx.QueryRow("SELECT COALESCE(MAX(revision), 0), COALESCE(SUM(CASE WHEN state <> 'withdrawn' THEN 1 ELSE 0 END), 0) FROM award_rounds WHERE village_id = ? AND code = ? AND span = ?",
			in, p.Code, p.Span).Scan(&last, &active); err != nil {
			return err
		}
		if active > 0 {
			return ErrRoundOn
		}
		l := &loading{read: tx.Query, village: in, until: d.span.Last()}
		f, err := l.field(ctx, s, d)
		if err != nil {
			return err
		}
		text, hash, err := d.seal(in, secret, source, f.standings)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO award_rounds (id, village_id, code, span, revision, name, of_kind, state, rules_id, on_day, list, hash, published_at, published_by, object_until,
			frozen_at, frozen_by, number, how, drawn_at, drawn_by, cursor_id, issued_at, issued_by, why, ended_at, ended_by, rev) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,'','',0,0,0,0,0,'',0,0,0)`,
			made, in, p.Code, p.Span, last+1, short(d.Name, 60), d.Of, awardPublished, d.rules.ID, d.On(d.span), text, hash, clock.Ms(at), a.User(), clock.DayOf(at).Add(p.Days))
		if err != nil {
			return fmt.Errorf("publish award: %w", err)
		}
		return writeOutcome(tx, made, scheme.Award(d.rules.Scheme, d.Round, d.span, f.standings, nil), f.people)
	})
	if err != nil {
		return Award{}, err
	}
	return s.award(ctx, in, made, repeated)
}

// writeOutcome writes down what a round says of everybody, in place of what it said before.
func writeOutcome(tx *storage.Tx, round id.ID, out scheme.Outcome, people map[id.ID]*person) error {
	_, err := tx.Exec("DELETE FROM award_places WHERE round_id = ?", round)
	if err == nil {
		_, err = tx.Exec("DELETE FROM award_drawings WHERE round_id = ?", round)
	}
	if err != nil {
		return fmt.Errorf("write outcome: %w", err)
	}
	const width = 19
	args := make([]any, 0, len(out.Places)*width)
	for i := range out.Places {
		p := &out.Places[i]
		who := people[p.Account]
		prizes, err := json.Marshal(p.Prizes)
		if err != nil {
			return err
		}
		args = append(args, int64(round), int64(p.Account), i+1, int64(who.household), int64(who.member), who.number, who.name, int64(who.group), who.groupName, int64(p.Score), bit(p.Eligible), p.Rank,
			bit(p.Wins), p.Tier, short(p.Title, 60), p.Stars, p.Drawing, string(prizes), strings.Join(p.Reasons, "\n"))
	}
	if err := tx.Insert(`INSERT INTO award_places (round_id, account_id, position, household_id, member_id, number, name, group_id, group_name, score, eligible, place, wins, tier, tier_name, stars, drawing, prizes, reasons) VALUES `,
		width, args); err != nil {
		return fmt.Errorf("write outcome: %w", err)
	}
	for _, d := range out.Drawings {
		_, err := tx.Exec("INSERT INTO award_drawings (round_id, number, what, seats, accounts, drawn) VALUES (?,?,?,?,?,?)", round, d.No, short(d.What, 200), d.Seats, idList(d.Accounts), idList(d.Drawn))
		if err != nil {
			return fmt.Errorf("write drawing: %w", err)
		}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// idList is ids as text, a space between two.
func idList(list []id.ID) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return strings.Join(out, " ")
}

func ofList(text string) ([]id.ID, error) {
	var out []id.ID
	for _, f := range strings.Fields(text) {
		v, err := id.Parse(f)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

const awardColumns = "id, village_id, code, span, revision, name, of_kind, state, rules_id, on_day, hash, published_at, object_until, frozen_at, number, how, drawn_at, cursor_id, issued_at, why"

func (w *Award) into() []any {
	return []any{&w.ID, &w.village, &w.Code, &w.Span, &w.Revision, &w.Name, &w.Of, &w.State, &w.rules, &w.On, &w.Hash, &w.PublishedAt, &w.ObjectUntil, &w.FrozenAt, &w.Number, &w.How, &w.DrawnAt, &w.cursor, &w.IssuedAt, &w.Why}
}

// award reads one with its drawings.
func (s *Service) award(ctx context.Context, in, round id.ID, repeated bool) (Award, error) {
	w := Award{Repeated: repeated, Drawings: []Drawing{}}
	err := s.db.QueryRow(ctx, "SELECT "+awardColumns+" FROM award_rounds WHERE id = ? AND village_id = ?", round, in).Scan(w.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return w, ErrNoAward
	}
	if err != nil {
		return w, fmt.Errorf("read award: %w", err)
	}
	rows, err := s.db.Query(ctx, "SELECT number, what, seats, accounts, drawn FROM award_drawings WHERE round_id = ? ORDER BY number", round)
	err = each(rows, err, func(r *sql.Rows) error {
		var d Drawing
		var accounts, drawn string
		err := r.Scan(&d.No, &d.What, &d.Seats, &accounts, &drawn)
		if err == nil {
			d.Accounts, err = ofList(accounts)
		}
		if err == nil {
			d.Drawn, err = ofList(drawn)
		}
		w.Drawings = append(w.Drawings, d)
		return err
	})
	return w, err
}

// hold takes the row of an award, which must be in one of some states, and reads it.
func hold(tx *storage.Tx, in, round id.ID, states ...string) (w Award, err error) {
	n, err := tx.Exec("UPDATE award_rounds SET rev = rev + 1 WHERE id = ? AND village_id = ?", round, in)
	if err == nil && n == 0 {
		err = ErrNoAward
	}
	if err != nil {
		return w, err
	}
	if err := tx.QueryRow("SELECT "+awardColumns+", list FROM award_rounds WHERE id = ?", round).Scan(append(w.into(), &w.list)...); err != nil {
		return w, fmt.Errorf("read award: %w", err)
	}
	for _, s := range states {
		if w.State == s {
			return w, nil
		}
	}
	return w, ErrAwardState
}

// Step is a request that moves an award on.
type Step struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	Why       string `json:"why,omitempty" maxLength:"200" doc:"withdraw: why; everybody reads it"`
	Number    string `json:"number,omitempty" maxLength:"200" doc:"draw: the number drawn in public, exactly as it was written down"`
	How       string `json:"how,omitempty" maxLength:"200" doc:"draw: what number it is, where and before whom it was drawn"`
}

// step runs a change of an award under its row, once for a request.
func (s *Service) step(ctx context.Context, a access.Actor, in, round id.ID, op string, r Step, states []string, change func(tx *storage.Tx, w *Award, at time.Time) error) (Award, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Award{}, err
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, op, []any{in, round, r}, round); err != nil || repeated {
			return err
		}
		w, err := hold(tx, in, round, states...)
		if err != nil {
			return err
		}
		return change(tx, &w, at)
	})
	if err != nil {
		return Award{}, err
	}
	return s.award(ctx, in, round, repeated)
}

// Withdraw takes a list back of which nothing has been drawn or issued, so that another can be published.
func (s *Service) Withdraw(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	why := strings.TrimSpace(r.Why)
	if n := utf8.RuneCountInString(why); n == 0 || n > 200 {
		return Award{}, ErrWhy
	}
	return s.step(ctx, a, in, round, "season.withdraw", r, []string{awardPublished, awardFrozen}, func(tx *storage.Tx, w *Award, at time.Time) error {
		if w.Number != "" {
			return ErrAwardState.With("已经抽签，不能撤回")
		}
		_, err := tx.Exec("UPDATE award_rounds SET state = ?, why = ?, ended_at = ?, ended_by = ? WHERE id = ?", awardWithdrawn, why, clock.Ms(at), a.User(), round)
		return err
	})
}

// Freeze ends the time for objections: every one must have been answered, none upheld, and the list must still be what it
// was when it was published.
func (s *Service) Freeze(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	return s.step(ctx, a, in, round, "season.freeze", r, []string{awardPublished}, func(tx *storage.Tx, w *Award, at time.Time) error {
		if clock.DayOf(at) <= w.ObjectUntil {
			return ErrObjecting.With("异议期到%s为止，过了才能定名单", w.ObjectUntil.Chinese())
		}
		var open, upheld int
		if err := tx.QueryRow("SELECT COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'upheld' THEN 1 ELSE 0 END), 0) FROM award_objections WHERE round_id = ?", round).
			Scan(&open, &upheld); err != nil {
			return err
		}
		if open > 0 {
			return ErrObjecting.With("还有%d件异议没有答复", open)
		}
		if upheld > 0 {
			return ErrObjecting.With("有%d件异议成立，请撤回名单，改正以后重新公布", upheld)
		}
		same, err := s.same(ctx, tx, w)
		if err != nil {
			return err
		}
		if !same {
			return ErrChanged
		}
		_, err = tx.Exec("UPDATE award_rounds SET state = ?, frozen_at = ?, frozen_by = ? WHERE id = ?", awardFrozen, clock.Ms(at), a.User(), round)
		return err
	})
}

// same reports whether the list would be the same today.
func (s *Service) same(ctx context.Context, tx *storage.Tx, w *Award) (bool, error) {
	v, err := s.book.Version(ctx, w.rules)
	if err != nil {
		return false, err
	}
	d, err := ofRules(v, w.Code, w.Span)
	if err != nil {
		return false, err
	}
	source, err := s.book.Source(ctx, w.rules)
	if err != nil {
		return false, err
	}
	was, _, err := open(w.list)
	if err != nil {
		return false, err
	}
	l := &loading{read: tx.Query, village: w.village, until: w.Span.Last()}
	f, err := l.field(ctx, s, d)
	if err != nil {
		return false, err
	}
	_, hash, err := d.seal(w.village, was.Salt, source, f.standings)
	return hash == w.Hash, err
}
