package season

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Outlook is where the end of a span stands: what waits, and what its periods' ends did or would do today.
type Outlook struct {
	Span     clock.Span `json:"span"`
	State    string     `json:"state" enum:"open,grace,closed" doc:"of the ledger: grace: stopped, deeds count in the next period; closed: its standings never change"`
	Since    int64      `json:"since,omitempty" doc:"since when, milliseconds since 1970 UTC; a stopped span can be closed a minute later"`
	Waiting  []Waiting  `json:"waiting" doc:"what is not settled yet"`
	Closings []Closing  `json:"closings" doc:"in order of day; those not done yet with what they would do today"`
}

// Look tells where the end of a span stands and changes nothing: the dry run.
func (s *Service) Look(ctx context.Context, a access.Actor, village id.ID, span clock.Span) (Outlook, error) {
	if err := a.Allow(MaySee, access.Place{Village: village}); err != nil {
		return Outlook{}, err
	}
	return s.LookAt(ctx, village, span)
}

// LookAt is Look for a command on the server.
func (s *Service) LookAt(ctx context.Context, village id.ID, span clock.Span) (Outlook, error) {
	if span <= 0 || !span.First().Valid() {
		return Outlook{}, ErrSpan
	}
	o := Outlook{Span: span}
	if err := s.knows(ctx, village, span); err != nil {
		return o, err
	}
	_, state, since, err := s.period(ctx, village, span)
	if err != nil {
		return o, err
	}
	if o.State = state; !since.IsZero() {
		o.Since = clock.Ms(since)
	}
	if o.Waiting, err = waiting(s.query(ctx), village, span.Last()); err != nil {
		return o, err
	}
	had, err := s.closings(ctx, village, span)
	if err != nil {
		return o, err
	}
	o.Closings = had
	list, err := s.due(ctx, village, span)
	if err != nil {
		return o, err
	}
	for i := range list {
		if begun(had, &list[i]) {
			continue
		}
		c, err := s.try(ctx, village, &list[i])
		if err != nil {
			return o, err
		}
		o.Closings = append(o.Closings, c)
	}
	return o, nil
}

// Runs are the orders of a village, the latest first.
type Runs struct {
	Items []Run `json:"items"`
}

// Runs lists the spans of a village that were stopped or closed.
func (s *Service) Runs(ctx context.Context, a access.Actor, village id.ID) (Runs, error) {
	if err := a.Allow(MaySee, access.Place{Village: village}); err != nil {
		return Runs{}, err
	}
	var spans []clock.Span
	rows, err := s.db.Query(ctx, "SELECT span FROM season_runs WHERE village_id = ? ORDER BY id DESC LIMIT 50", village)
	err = each(rows, err, func(r *sql.Rows) error {
		var v clock.Span
		err := r.Scan(&v)
		spans = append(spans, v)
		return err
	})
	if err != nil {
		return Runs{}, fmt.Errorf("list runs: %w", err)
	}
	out := Runs{Items: []Run{}}
	for _, span := range spans {
		r, err := s.run(ctx, village, span)
		if err != nil {
			return Runs{}, err
		}
		out.Items = append(out.Items, r)
	}
	return out, nil
}

// Place is where an account stood when a period was closed.
type Place struct {
	Account id.ID         `json:"account"`
	Number  string        `json:"number"`
	Name    string        `json:"name"`
	Rank    int           `json:"rank" doc:"those above plus one: ties share it"`
	Score   points.Amount `json:"score"`
}

// Places is a page of a ranking.
type Places struct {
	Items []Place `json:"items"`
	Next  string  `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Ranks is the ranking as it was frozen at a close, best first.
func (s *Service) Ranks(ctx context.Context, a access.Actor, village, closing id.ID, page Page) (Places, error) {
	if err := a.Allow(MaySee, access.Place{Village: village}); err != nil {
		return Places{}, err
	}
	skip, err := page.after(0)
	if err != nil || skip < 0 {
		return Places{}, ErrCursor
	}
	out := Places{Items: []Place{}}
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT r.account_id, r.place, r.score, COALESCE(h.number, ''), COALESCE(h.name, m.name, '') FROM season_ranks r
		JOIN season_closes c ON c.id = r.close_id AND c.village_id = ? LEFT JOIN households h ON h.id = r.account_id LEFT JOIN members m ON m.id = r.account_id
		WHERE r.close_id = ? ORDER BY r.place, r.account_id LIMIT %d OFFSET %d`, page.limit()+1, skip), village, closing)
	err = each(rows, err, func(r *sql.Rows) error {
		var p Place
		err := r.Scan(&p.Account, &p.Rank, &p.Score, &p.Number, &p.Name)
		out.Items = append(out.Items, p)
		return err
	})
	if err != nil {
		return Places{}, fmt.Errorf("list ranks: %w", err)
	}
	if len(out.Items) > page.limit() {
		out.Items, out.Next = out.Items[:page.limit()], (skip + id.ID(page.limit())).String()
	}
	return out, nil
}

// Said is something that the close of a period said of an account.
type Said struct {
	Closing id.ID         `json:"closing"`
	Span    clock.Span    `json:"span"`
	DueOn   clock.Day     `json:"due_on"`
	Account id.ID         `json:"account"`
	Kind    string        `json:"kind" enum:"rank,coin,tag,lift,watch"`
	Wallet  string        `json:"wallet,omitempty"`
	Amount  points.Amount `json:"amount,omitempty" doc:"of coin: points; of rank: the score"`
	Rank    int           `json:"rank,omitempty"`
	Reason  string        `json:"reason" doc:"why, in plain Chinese"`
}

// SaidList is what closes said of a household.
type SaidList struct {
	Items []Said `json:"items" doc:"the latest first, at most 100"`
}

// Said lists what the closes said of a household and its people: ranks, points for them, consequences and their lifting.
// What was emptied or granted stands in the passbook.
func (s *Service) Said(ctx context.Context, a access.Actor, village, household id.ID) (SaidList, error) {
	if err := a.Allow(MaySeeOwn, access.Place{Village: village, Household: household}); err != nil {
		return SaidList{}, err
	}
	accounts, err := s.accountsOf(ctx, village, household)
	if err != nil {
		return SaidList{}, err
	}
	in := storage.In(len(accounts))
	out := SaidList{Items: []Said{}}
	rows, err := s.db.Query(ctx, `SELECT c.id, c.span, c.due_on, x.account_id, x.kind, x.wallet, x.amount, x.place, x.reason FROM (
		SELECT close_id, account_id, line, kind, wallet, amount, 0 AS place, reason FROM season_lines WHERE account_id IN `+in+`
		UNION ALL SELECT close_id, account_id, 0, 'rank', '', score, place, '' FROM season_ranks WHERE account_id IN `+in+`) x
		JOIN season_closes c ON c.id = x.close_id ORDER BY c.due_on DESC, c.id DESC, x.account_id, x.line LIMIT 100`, storage.Args(accounts, storage.Args(accounts)...)...)
	err = each(rows, err, func(r *sql.Rows) error {
		var x Said
		if err := r.Scan(&x.Closing, &x.Span, &x.DueOn, &x.Account, &x.Kind, &x.Wallet, &x.Amount, &x.Rank, &x.Reason); err != nil {
			return err
		}
		if x.Kind == "rank" {
			x.Reason = fmt.Sprintf("%s得%s分，排第%d名", x.Span.Chinese(), x.Amount, x.Rank)
		}
		out.Items = append(out.Items, x)
		return nil
	})
	if err != nil {
		return SaidList{}, fmt.Errorf("read what closes said: %w", err)
	}
	return out, nil
}

// accountsOf are the accounts of a household and of the people who live in it. Ranks are looked up by account.
func (s *Service) accountsOf(ctx context.Context, village, household id.ID) ([]id.ID, error) {
	h, err := s.villages.Detail(ctx, village, household, clock.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	out := []id.ID{household}
	for _, p := range h.People {
		out = append(out, p.ID)
	}
	return out, nil
}
