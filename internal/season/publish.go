package season

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// MaxObjectDays is the longest time for objections.
const MaxObjectDays = 30

// Publish is a request to publish the list of a round.
type Publish struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64"`
	Code      string     `json:"code" minLength:"1" maxLength:"32"`
	Span      clock.Span `json:"span"`
	Days      int        `json:"days" minimum:"0" maximum:"30" doc:"days for objections, today not counted; 0 only where the rules say so"`
}

// Publish computes a round and publishes its list: who is in, who is out, and why. The span must be shut, so that no score
// of it can change any more.
func (s *Service) Publish(ctx context.Context, a access.Actor, in id.ID, p Publish) (Award, error) {
	if err := a.Allow(MayAward, access.Place{Village: in}); err != nil {
		return Award{}, err
	}
	at := s.now()
	d, err := s.declared(ctx, in, p.Code, p.Span)
	if err != nil {
		return Award{}, err
	}
	if fixed := d.ObjectDays; fixed != nil && *fixed != p.Days {
		return Award{}, ErrDays.With("细则规定这项评比的异议期是%d天", *fixed)
	} else if fixed == nil && (p.Days < 1 || p.Days > MaxObjectDays) {
		return Award{}, ErrDays
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
	made, repeated, list := s.db.NewID(), false, listing{by: a.User(), days: p.Days, source: source, salt: salt(), at: at}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		earlier, again, err := tx.Once(a.User(), p.RequestID, "season.publish", []any{in, p}, made)
		if made, repeated = earlier, again; err != nil || again {
			return err
		}
		return s.publish(ctx, tx, in, made, d, list)
	})
	if err != nil {
		return Award{}, err
	}
	return s.award(ctx, in, made, repeated)
}

// listing is how a list is published.
type listing struct {
	by     id.ID // 0: a machine, by the rules
	days   int   // for objections
	source []byte
	salt   string
	at     time.Time
}

// publish computes a round and writes the list down, unless one of the round stands.
func (s *Service) publish(ctx context.Context, tx *storage.Tx, in, made id.ID, d declared, p listing) error {
	if err := ledger.Guard(tx, nil, []string{"award:" + in.String()}); err != nil {
		return err
	}
	var last, active int
	if err := tx.QueryRow("SELECT COALESCE(MAX(revision), 0), COALESCE(SUM(CASE WHEN state <> 'withdrawn' THEN 1 ELSE 0 END), 0) FROM award_rounds WHERE village_id = ? AND code = ? AND span = ?",
		in, d.Code, d.span).Scan(&last, &active); err != nil {
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
	text, hash, err := d.seal(in, p.salt, p.source, f.standings)
	if err != nil {
		return err
	}
	until := clock.DayOf(p.at).Add(p.days)
	if p.days == 0 { // nobody can object: as if it had been until yesterday
		until = until.Add(-1)
	}
	_, err = tx.Exec(`INSERT INTO award_rounds (id, village_id, code, span, revision, name, of_kind, state, rules_id, on_day, list, hash, published_at, published_by, object_until,
		frozen_at, frozen_by, number, how, drawn_at, drawn_by, cursor_id, issued_at, issued_by, why, ended_at, ended_by, rev) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,'','',0,0,0,0,0,'',0,0,0)`,
		made, in, d.Code, d.span, last+1, short(d.Name, 60), d.Of, awardPublished, d.rules.ID, d.On(d.span), text, hash, clock.Ms(p.at), p.by, until)
	if err != nil {
		return fmt.Errorf("publish award: %w", err)
	}
	return writeOutcome(tx, made, scheme.Award(d.rules.Scheme, d.Round, d.span, f.standings, nil), f.people)
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
