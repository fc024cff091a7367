package season

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Standing is what a round says of one account, in or out.
type Standing struct {
	Award     id.ID         `json:"award,omitempty"`
	AwardName string        `json:"award_name,omitempty"`
	Span      clock.Span    `json:"span,omitempty"`
	State     string        `json:"state,omitempty" enum:"published,frozen,issuing,issued,withdrawn"`
	Account   id.ID         `json:"account"`
	Household id.ID         `json:"household,omitempty"`
	Number    string        `json:"number,omitempty"`
	Name      string        `json:"name" doc:"masked where the boards mask it"`
	GroupName string        `json:"group_name"`
	Score     points.Amount `json:"score"`
	Eligible  bool          `json:"eligible"`
	Rank      int           `json:"rank,omitempty" doc:"among those eligible; ties share it"`
	Wins      bool          `json:"wins"`
	Tier      int           `json:"tier,omitempty"`
	TierName  string        `json:"tier_name,omitempty"`
	Stars     int           `json:"stars,omitempty"`
	Drawing   int           `json:"drawing,omitempty" doc:"the drawing that is still to decide"`
	Prizes    []string      `json:"prizes" doc:"rewards in words"`
	Reasons   []string      `json:"reasons" doc:"why, in plain Chinese; only for officials and the household itself"`
	Notes     []Note        `json:"notes" doc:"corrections since; what was issued stands"`
}

// Note tells of a correction after a list was sealed.
type Note struct {
	Amount points.Amount `json:"amount" doc:"by how much the score would be another"`
	Title  string        `json:"title"`
	At     int64         `json:"at" doc:"milliseconds since 1970 UTC"`
}

// Standings is a page of a list.
type Standings struct {
	Items    []Standing `json:"items" doc:"the eligible by rank, then the others"`
	Of       int        `json:"of" doc:"how many stand on the list"`
	Winners  int        `json:"winners"`
	Drawings []Drawing  `json:"drawings" doc:"preview: lots that will have to be drawn"`
	Next     string     `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Preview computes a round as it stands today and keeps nothing.
func (s *Service) Preview(ctx context.Context, a access.Actor, in id.ID, code string, span clock.Span, page Page) (Standings, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Standings{}, err
	}
	skip, err := page.after(0)
	if err != nil || skip < 0 {
		return Standings{}, ErrCursor
	}
	d, err := s.declared(ctx, in, code, span)
	if err != nil {
		return Standings{}, err
	}
	o, f, err := s.draft(ctx, in, d)
	if err != nil {
		return Standings{}, err
	}
	out := Standings{Items: []Standing{}, Of: len(o.Places), Drawings: []Drawing{}}
	for i := range o.Places {
		p, who := &o.Places[i], f.people[o.Places[i].Account]
		if p.Wins {
			out.Winners++
		}
		if i < int(skip) || len(out.Items) == page.limit() {
			continue
		}
		out.Items = append(out.Items, placeOf(p, who))
	}
	if end := int(skip) + len(out.Items); end < out.Of && len(out.Items) > 0 {
		out.Next = id.ID(end).String()
	}
	for _, x := range o.Drawings {
		out.Drawings = append(out.Drawings, Drawing{No: x.No, What: x.What, Seats: x.Seats, Accounts: x.Accounts})
	}
	return out, nil
}

// draft computes a round as it stands today.
func (s *Service) draft(ctx context.Context, in id.ID, d declared) (scheme.Outcome, *field, error) {
	l := &loading{read: s.query(ctx), village: in, until: d.span.Last()}
	f, err := l.field(ctx, s, d)
	if err != nil {
		return scheme.Outcome{}, nil, err
	}
	return scheme.Award(d.rules.Scheme, d.Round, d.span, f.standings, nil), f, nil
}

// placeOf is a place of a draft, for officials.
func placeOf(p *scheme.Place, who *person) Standing {
	x := Standing{Account: p.Account, Household: who.household, Number: who.number, Name: who.name, GroupName: who.groupName, Score: p.Score, Eligible: p.Eligible, Rank: p.Rank,
		Wins: p.Wins, Tier: p.Tier, TierName: p.Title, Stars: p.Stars, Drawing: p.Drawing, Prizes: []string{}, Reasons: p.Reasons, Notes: []Note{}}
	for j := range p.Prizes {
		x.Prizes = append(x.Prizes, p.Prizes[j].Words)
	}
	return x
}

const placeColumns = `SELECT w.id, w.name, w.span, w.state, p.account_id, p.household_id, p.member_id, p.number, p.name, p.group_name, p.score, p.eligible, p.place, p.wins, p.tier, p.tier_name, p.stars,
	p.drawing, p.prizes, p.reasons, p.position FROM award_places p JOIN award_rounds w ON w.id = p.round_id `

// places reads some of a list with their positions and their persons.
func (s *Service) places(ctx context.Context, where string, args ...any) (out []Standing, members []id.ID, last int, err error) {
	out = []Standing{}
	rows, err := s.db.Query(ctx, placeColumns+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		x := Standing{Notes: []Note{}}
		var member id.ID
		var prizes, reasons string
		if err := r.Scan(&x.Award, &x.AwardName, &x.Span, &x.State, &x.Account, &x.Household, &member, &x.Number, &x.Name, &x.GroupName, &x.Score, &x.Eligible, &x.Rank, &x.Wins, &x.Tier, &x.TierName,
			&x.Stars, &x.Drawing, &prizes, &reasons, &last); err != nil {
			return err
		}
		var list []scheme.Prize
		if err := json.Unmarshal([]byte(prizes), &list); err != nil {
			return err
		}
		x.Prizes = make([]string, len(list))
		for i := range list {
			x.Prizes[i] = list[i].Words
		}
		x.Reasons = strings.Split(reasons, "\n")
		out, members = append(out, x), append(members, member)
		return nil
	})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read places: %w", err)
	}
	return out, members, last, s.addNotes(ctx, out)
}

func (s *Service) addNotes(ctx context.Context, list []Standing) error {
	if len(list) == 0 {
		return nil
	}
	accounts, rounds := make([]id.ID, len(list)), make([]id.ID, len(list))
	for i := range list {
		accounts[i], rounds[i] = list[i].Account, list[i].Award
	}
	rows, err := s.db.Query(ctx, "SELECT round_id, account_id, amount, title, noted_at FROM award_notes WHERE account_id IN "+storage.In(len(accounts))+" AND round_id IN "+storage.In(len(rounds))+" ORDER BY posting_id",
		storage.Args(rounds, storage.Args(accounts)...)...)
	return each(rows, err, func(r *sql.Rows) error {
		var round, account id.ID
		var n Note
		if err := r.Scan(&round, &account, &n.Amount, &n.Title, &n.At); err != nil {
			return err
		}
		for i := range list {
			if list[i].Award == round && list[i].Account == account {
				list[i].Notes = append(list[i].Notes, n)
			}
		}
		return nil
	})
}

// List is a page of a published list. Officials see names and reasons; the people of the village see names as the boards
// show them, children's always masked, and the reasons of their own household.
func (s *Service) List(ctx context.Context, a access.Actor, in, round id.ID, page Page) (Standings, error) {
	if err := a.Allow(MaySeeList, access.Place{Village: in}); err != nil {
		return Standings{}, err
	}
	after, err := page.after(0)
	if err != nil {
		return Standings{}, err
	}
	w, err := s.award(ctx, in, round, false)
	if err != nil {
		return Standings{}, err
	}
	out := Standings{Drawings: w.Drawings}
	if err := s.db.QueryRow(ctx, "SELECT COUNT(*), COALESCE(SUM(wins), 0) FROM award_places WHERE round_id = ?", round).Scan(&out.Of, &out.Winners); err != nil {
		return out, err
	}
	list, members, last, err := s.places(ctx, fmt.Sprintf("WHERE p.round_id = ? AND p.position > ? ORDER BY p.position LIMIT %d", page.limit()), round, after)
	if err != nil {
		return out, err
	}
	if out.Items = list; last < out.Of && len(list) > 0 {
		out.Next = id.ID(last).String()
	}
	if a.Allow(MaySeeAward, access.Place{Village: in}) == nil {
		return out, nil
	}
	v, err := s.book.Version(ctx, w.rules)
	if err != nil {
		return out, err
	}
	minors, err := s.minors(ctx, members)
	if err != nil {
		return out, err
	}
	for i := range out.Items {
		x := &out.Items[i]
		if a.IsOwn(x.Household) && x.Household != 0 {
			continue
		}
		if w.Of != scheme.SubjectGroup && (v.Scheme.Boards.Mask || minors[members[i]]) {
			x.Name, x.Number = village.MaskName(x.Name), ""
		}
		x.Reasons, x.Notes, x.Household = []string{}, []Note{}, 0
	}
	return out, nil
}

// minors are those of some people who are children today.
func (s *Service) minors(ctx context.Context, members []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	if len(members) == 0 {
		return out, nil
	}
	today := clock.DayOf(s.now())
	rows, err := s.db.Query(ctx, "SELECT id, born_on FROM members WHERE id IN "+storage.In(len(members)), storage.Args(members)...)
	return out, each(rows, err, func(r *sql.Rows) error {
		var m id.ID
		var born clock.Day
		err := r.Scan(&m, &born)
		out[m] = village.Minor(born, today)
		return err
	})
}

// Own is what rounds said of a household and what it got.
type Own struct {
	Items  []Standing `json:"items" doc:"the latest first, at most 50"`
	Prizes []Prize    `json:"prizes" doc:"the latest first, at most 100"`
}

// Own tells a household why it got what it got: its places with all reasons, its prizes and where they stand.
func (s *Service) Own(ctx context.Context, a access.Actor, in, household id.ID) (Own, error) {
	if err := a.Allow(MaySeeOwn, access.Place{Village: in, Household: household}); err != nil {
		return Own{}, err
	}
	if _, err := s.villages.Get(ctx, in, household, clock.DayOf(s.now())); err != nil {
		return Own{}, err
	}
	list, _, _, err := s.places(ctx, "WHERE p.household_id = ? AND w.village_id = ? ORDER BY w.id DESC, p.position LIMIT 50", household, in)
	if err != nil {
		return Own{}, err
	}
	won, err := prizes(s.query(ctx), "WHERE p.household_id = ? AND p.village_id = ? ORDER BY p.id DESC LIMIT 100", household, in)
	return Own{list, won}, err
}

// PrizeList is a page of prizes.
type PrizeList struct {
	Items []Prize `json:"items"`
	Next  string  `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Prizes lists the prizes of an award that was issued, of one state or all.
func (s *Service) Prizes(ctx context.Context, a access.Actor, in, round id.ID, state string, page Page) (PrizeList, error) {
	if err := a.Allow(MaySeeAward, access.Place{Village: in}); err != nil {
		return PrizeList{}, err
	}
	after, err := page.after(0)
	if err != nil {
		return PrizeList{}, err
	}
	list, err := prizes(s.query(ctx), fmt.Sprintf("WHERE p.round_id = ? AND p.village_id = ? AND (? = '' OR p.state = ?) AND p.id > ? ORDER BY p.id LIMIT %d", page.limit()+1), round, in, state, state, after)
	if err != nil {
		return PrizeList{}, err
	}
	today := clock.DayOf(s.now())
	for i := range list {
		list[i].Undoable = list[i].State == prizeCollected && clock.DayOf(clock.FromMs(list[i].CollectedAt)) == today
	}
	items, next := cut(list, page.limit(), func(p Prize) id.ID { return p.ID })
	return PrizeList{items, next}, nil
}
